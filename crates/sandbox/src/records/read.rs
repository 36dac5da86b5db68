//! Owns reading one record and pages of them (platform 7), and how a record is named: by id or by a unique property.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::derived::Lens;
use super::store::{Record, Store};
use super::view::{Ask, RecordView, sight, view};
use super::{Shape, json, kept};
use crate::error::ApiError;
use crate::hubspot::page::{PageRule, flag, limit, next_link};
use crate::model::Portal;
use crate::router::{Answer, Call};

/// Stands in for a type of which a portal has no record.
static NO_RECORDS: Store = Store::empty();

/// The records of a type as the caller sees them now.
pub(super) fn lens<'a>(call: &'a Call<'_>, shape: &'static Shape) -> Result<Lens<'a>, ApiError> {
    let portal = call.portal()?;
    Ok(Lens {
        portal,
        shape,
        store: portal.records.store(shape.id).unwrap_or(&NO_RECORDS),
        sight: sight(call, shape),
        as_of: None,
    })
}

/// 404 of an unknown, archived or merged-away record; HubSpot gives it no category (platform 9.2).
pub(super) fn not_found() -> ApiError {
    ApiError::new(404, "resource not found")
}

/// How records are named in one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// By id.
    Id,
    /// By the value of a unique property.
    Property(String),
}

impl Key {
    /// From `idProperty`.
    pub(super) fn of(
        portal: &Portal,
        shape: &Shape,
        id_property: Option<&str>,
    ) -> Result<Self, ApiError> {
        let Some(name) = id_property.filter(|name| !name.is_empty() && *name != "hs_object_id")
        else {
            return Ok(Self::Id);
        };
        match shape.property(portal, name) {
            Some(property) if property.has_unique_value => Ok(Self::Property(name.to_owned())),
            Some(_) => Err(ApiError::validation(format!(
                "Property {name} cannot be used as idProperty: its values are not unique"
            ))),
            None => Err(ApiError::validation(format!(
                "Property \"{name}\" does not exist"
            ))),
        }
    }

    /// The id of the record so named, live or in the recycle bin; `None` when there is none.
    pub(super) fn find(
        &self,
        shape: &Shape,
        store: &Store,
        text: &str,
    ) -> Result<Option<u64>, ApiError> {
        match self {
            Self::Id => {
                let id: u64 = text.parse().map_err(|_| {
                    ApiError::new(
                        400,
                        format!(
                            "Unable to parse value for path parameter: {}",
                            shape.id_param
                        ),
                    )
                })?;
                Ok(store.get(id).map(|record| record.id))
            }
            Self::Property(name) => {
                let Some(slot) = store.slot(name) else {
                    return Ok(None);
                };
                let wanted = if name == "email" {
                    text.trim().to_lowercase()
                } else {
                    text.to_owned()
                };
                let holds = |record: &&Record| record.value(slot) == Some(wanted.as_str());
                // A live record goes before an archived one that held the value earlier.
                let found = store.live().find(holds).or_else(|| store.all().find(holds));
                Ok(found.map(|record| record.id))
            }
        }
    }
}

/// `GET …/{objectType}/{objectId}`.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| {
        let lens = lens(call, shape)?;
        let ask = Ask::of_query(call)?;
        let archived = flag(&call.query, "archived", false);
        let key = Key::of(lens.portal, shape, call.query.filled("idProperty"))?;
        let id = key.find(shape, lens.store, call.param("objectId"))?;
        let found = id.and_then(|id| lens.store.state(id, call.now));
        let (record, _) = found
            .filter(|(_, binned)| *binned == archived)
            .ok_or_else(not_found)?;
        Ok(json(200, &view(&lens, record, &ask, &ask.columns(&lens))))
    })
}

#[derive(Serialize)]
struct Page {
    results: Vec<RecordView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
}

#[derive(Serialize)]
struct Paging {
    next: Next,
}

#[derive(Serialize)]
struct Next {
    after: String,
    link: String,
}

/// `GET …/{objectType}`: by id, so that a record created meanwhile never moves another one to a second page.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| {
        let lens = lens(call, shape)?;
        let ask = Ask::of_query(call)?;
        let max = if ask.history.is_empty() { 100 } else { 50 };
        let limit = limit(&call.query, PageRule::strict(10, max))?;
        let after = match call.query.filled("after") {
            None => 0,
            Some(after) => read_cursor(after)
                .ok_or_else(|| ApiError::validation("The paging cursor 'after' is not valid."))?,
        };
        let archived = flag(&call.query, "archived", false);
        let mut rows: Vec<&Record> = lens
            .store
            .page(after, archived, call.now)
            .take(limit + 1)
            .collect();
        let more = rows.len() > limit;
        rows.truncate(limit);
        let columns = ask.columns(&lens);
        let paging = rows.last().filter(|_| more).map(|last| {
            let after = cursor(last.id);
            let link = next_link(call, limit, &after);
            Paging {
                next: Next { after, link },
            }
        });
        let results = rows
            .into_iter()
            .map(|record| view(&lens, record, &ask, &columns))
            .collect();
        Ok(json(200, &Page { results, paging }))
    })
}

/// Opaque, and shaped as the cursors of the other lists are.
fn cursor(id: u64) -> String {
    STANDARD.encode(format!("{id}\n"))
}

fn read_cursor(after: &str) -> Option<u64> {
    let bytes = STANDARD.decode(after.trim()).ok()?;
    std::str::from_utf8(&bytes).ok()?.trim().parse().ok()
}
