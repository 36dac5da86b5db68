//! Owns the write side of CRM configuration (platform 6.2), one room per kind, and what its rooms share.
//! Writes the portal of the caller's token and nothing else; who may write is `judge.rs`.

pub(crate) mod audit;
pub(crate) mod body;
pub(crate) mod configurations;
pub(crate) mod groups;
pub(crate) mod labels;
pub(crate) mod pipelines;
pub(crate) mod properties;
pub(crate) mod property_rules;
pub(crate) mod schema_associations;
pub(crate) mod schemas;
pub(crate) mod stage_rules;
pub(crate) mod stages;
pub(crate) mod uses;
pub(crate) mod validations;

use super::object_types::{self, Kind};
use crate::error::ApiError;
use crate::model::{ObjectMetadata, Portal};
use crate::router::Call;

/// What a call writes to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// `0-n` or `2-n`.
    pub(crate) type_id: String,
    /// Unix milliseconds.
    pub(crate) now: u64,
    /// The authorising user, who did it.
    pub(crate) user: u64,
}

/// The type in the path, which must not be archived.
pub(crate) fn target(call: &Call<'_>, param: &str) -> Result<Target, ApiError> {
    let key = call.param(param);
    let type_id = active_type(call.portal()?, key)?;
    Ok(Target {
        type_id,
        now: call.now,
        user: call.holder.as_ref().map_or(0, |holder| holder.user_id),
    })
}

/// The id of a type by id, name or fully qualified name; archived custom objects are none.
pub(crate) fn active_type(portal: &Portal, key: &str) -> Result<String, ApiError> {
    match object_types::resolve(portal, key) {
        Some(Kind::Standard(kind)) => Ok(kind.id.to_owned()),
        Some(Kind::Custom(custom)) if !custom.archived => Ok(custom.object_type_id.clone()),
        _ => Err(ApiError::new(
            400,
            format!("Unable to infer object type from: {key}"),
        )),
    }
}

/// The caller's portal, to be changed. Reads that lag keep seeing what stands now.
pub(crate) fn change<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Portal, ApiError> {
    let id = call.portal()?.id;
    let state = &mut *call.state;
    let portal = state
        .portals
        .get_mut(&id)
        .ok_or_else(ApiError::no_credentials)?;
    state
        .lag
        .remember(portal, call.now, state.switches.read_lag);
    Ok(portal)
}

/// The metadata of the target's type, to be changed.
pub(crate) fn change_object<'a>(
    call: &'a mut Call<'_>,
    target: &Target,
) -> Result<&'a mut ObjectMetadata, ApiError> {
    let portal = change(call)?;
    Ok(portal.objects.entry(target.type_id.clone()).or_default())
}

/// The metadata of the target's type, for the checks before a change.
pub(crate) fn object_of<'a>(
    portal: &'a Portal,
    target: &Target,
) -> Result<&'a ObjectMetadata, ApiError> {
    super::properties::object(portal, &target.type_id).map(|(_, metadata)| metadata)
}

/// Whether the path is of the version whose answers differ from v3's.
pub(crate) fn is_september_2026(call: &Call<'_>) -> bool {
    call.request.path.contains("/2026-09/")
}

/// Two labels are the same for HubSpot if they differ only in case and outer spaces.
pub(crate) fn same_label(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}
