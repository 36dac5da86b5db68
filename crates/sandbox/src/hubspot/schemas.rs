//! Owns object schemas: custom ones in full, standard ones one at a time (platform 6.2).

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::associations;
use super::object_types::{self, Kind};
use super::page::{batch, flag, inputs, json_body, whole};
use super::properties::object;
use super::stage_options::shown;
use crate::error::ApiError;
use crate::http::Response;
use crate::model::{Portal, Property};
use crate::router::{Answer, Call};
use crate::time::{FIXTURE_NOW, Instant};

/// What of a schema is asked for.
#[derive(Clone, Copy)]
struct Parts {
    properties: bool,
    associations: bool,
    audit: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Schema<'a> {
    id: String,
    object_type_id: &'a str,
    name: &'a str,
    fully_qualified_name: String,
    labels: Labels<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_display_property: Option<&'a str>,
    required_properties: &'a [String],
    searchable_properties: &'a [String],
    secondary_display_properties: &'a [String],
    archived: bool,
    allows_sensitive_properties: bool,
    properties: Vec<Cow<'a, Property>>,
    associations: Vec<Value>,
    created_at: Instant,
    updated_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by_user_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by_user_id: Option<u64>,
}

#[derive(Serialize)]
struct Labels<'a> {
    singular: &'a str,
    plural: &'a str,
}

fn describe<'a>(portal: &'a Portal, kind: Kind<'a>, parts: Parts) -> Result<Schema<'a>, ApiError> {
    // Through the path's own lookup, so that both endpoints agree on what a type holds.
    let metadata = match kind {
        Kind::Standard(standard) => object(portal, standard.id)?.1,
        Kind::Custom(custom) => object(portal, &custom.object_type_id)?.1,
    };
    let properties = if parts.properties {
        {
            // Sensitive ones are read on their own endpoint, with their own scope.
            let open = metadata.properties.iter();
            let open = open.filter(|p| !p.archived && p.data_sensitivity == "non_sensitive");
            open.map(|p| shown(metadata, p)).collect()
        }
    } else {
        Vec::new()
    };
    let user = parts.audit.then_some(portal.installer.user_id);
    let mut schema = match kind {
        Kind::Standard(standard) => Schema {
            id: standard.id.to_owned(),
            object_type_id: standard.id,
            name: standard.singular,
            fully_qualified_name: standard.singular.to_uppercase(),
            labels: Labels {
                singular: standard.labels.0,
                plural: standard.labels.1,
            },
            description: None,
            primary_display_property: primary_display(standard.id),
            required_properties: &[],
            searchable_properties: &[],
            secondary_display_properties: &[],
            archived: false,
            allows_sensitive_properties: true,
            properties,
            associations: Vec::new(),
            // HubSpot's own types are as old as the fixture's calendar.
            created_at: Instant(FIXTURE_NOW),
            updated_at: Instant(FIXTURE_NOW),
            created_by_user_id: None,
            updated_by_user_id: None,
        },
        Kind::Custom(custom) => Schema {
            id: custom.id.to_string(),
            object_type_id: &custom.object_type_id,
            name: &custom.name,
            fully_qualified_name: custom.fully_qualified_name.clone(),
            labels: Labels {
                singular: &custom.labels.0,
                plural: &custom.labels.1,
            },
            description: Some(&custom.description),
            primary_display_property: Some(&custom.primary_display_property),
            required_properties: &custom.required_properties,
            searchable_properties: &custom.searchable_properties,
            secondary_display_properties: &custom.secondary_display_properties,
            archived: custom.archived,
            allows_sensitive_properties: custom.allows_sensitive_properties,
            properties,
            associations: Vec::new(),
            created_at: custom.created_at,
            updated_at: custom.updated_at,
            created_by_user_id: user,
            updated_by_user_id: user,
        },
    };
    if parts.associations {
        schema.associations = associations::definitions(portal, schema.object_type_id);
    }
    Ok(schema)
}

fn primary_display(id: &str) -> Option<&'static str> {
    match id {
        "0-1" => Some("email"),
        "0-2" | "0-7" | "0-8" => Some("name"),
        "0-3" => Some("dealname"),
        "0-5" => Some("subject"),
        _ => None,
    }
}

fn parts_of(call: &Call<'_>) -> Parts {
    Parts {
        properties: flag(&call.query, "includePropertyDefinitions", true),
        associations: flag(&call.query, "includeAssociationDefinitions", true),
        audit: flag(&call.query, "includeAuditMetadata", true),
    }
}

/// The answer to the creation of a custom object: 201 with everything.
pub(crate) fn created(portal: &Portal, key: &str) -> Answer {
    let (kind, _) = object(portal, key)?;
    let parts = Parts {
        properties: true,
        associations: true,
        audit: true,
    };
    Ok(Response::json(201, &describe(portal, kind, parts)?))
}

/// `GET …/schemas`: every custom object with all its properties and association types, in one answer.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let archived = flag(&call.query, "archived", false);
    let parts = parts_of(call);
    let schemas = portal
        .custom_objects
        .iter()
        .filter(|custom| custom.archived == archived)
        .map(|custom| describe(portal, Kind::Custom(custom), parts))
        .collect::<Result<Vec<_>, _>>()?;
    whole(&schemas)
}

/// `GET …/schemas/{objectType}`: any type, standard ones too.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let (kind, _) = object(portal, call.param("objectType"))?;
    Ok(Response::json(
        200,
        &describe(portal, kind, parts_of(call))?,
    ))
}

/// `POST …/schemas/batch/read`: the four fields are all mandatory.
pub(crate) fn batch_read(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let field = |name: &str| {
        body.get(name).and_then(Value::as_bool).ok_or_else(|| {
            ApiError::validation(format!("Some required fields were not set: [{name}]"))
        })
    };
    let parts = Parts {
        properties: field("includePropertyDefinitions")?,
        associations: field("includeAssociationDefinitions")?,
        audit: field("includeAuditMetadata")?,
    };
    let portal = call.portal()?;
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for input in inputs(&body, 100)? {
        let key = input
            .as_str()
            .ok_or_else(|| ApiError::validation("inputs must be a list of object type ids"))?;
        match object_types::resolve(portal, key) {
            Some(Kind::Standard(_)) if !call.state.switches.batch_read_standard_schemas => {
                return Err(ApiError::validation(format!(
                    "{key} is not a custom object type"
                )));
            }
            Some(kind) => found.push(describe(portal, kind, parts)?),
            None => errors.push(json!({
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": format!("Unable to infer object type from: {key}"),
                "context": { "objectTypeId": [key] },
            })),
        }
    }
    Ok(batch(call.now, &found, &errors))
}
