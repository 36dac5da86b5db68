//! Owns how a record is printed (platform 7): properties asked for, their history, associations, address.

use std::collections::BTreeMap;

use serde::Serialize;

use super::derived::{Column, Lens, Sight, source_id, source_type};
use super::links;
use super::store::{Record, Source};
use super::{Shape, shape_named};
use crate::error::ApiError;
use crate::hubspot::object_types;
use crate::model::Portal;
use crate::router::Call;
use crate::time::Instant;

/// What a caller wants to see of records.
#[derive(Clone, Debug, Default)]
pub(super) struct Ask {
    /// `None`: the type's defaults.
    pub(super) properties: Option<Vec<String>>,
    pub(super) history: Vec<String>,
    /// The kept types whose associations are asked for; types without kept records have none.
    pub(super) associations: Vec<&'static Shape>,
    /// Whether the record's address is printed; a search leaves it out.
    pub(super) url: bool,
}

impl Ask {
    /// From a query's `properties`, `propertiesWithHistory` and `associations`.
    pub(super) fn of_query(call: &Call<'_>) -> Result<Self, ApiError> {
        let properties = call.query.list("properties");
        let mut associations = Vec::new();
        for key in call.query.list("associations") {
            if let Some(shape) = shape_named(&key) {
                associations.push(shape);
            } else if object_types::resolve(call.portal()?, &key).is_none() {
                return Err(ApiError::new(
                    400,
                    format!("Unable to infer object type from: {key}"),
                ));
            }
        }
        Ok(Self {
            properties: (!properties.is_empty()).then_some(properties),
            history: call.query.list("propertiesWithHistory"),
            associations,
            url: true,
        })
    }

    /// The columns to print, sorted by name.
    pub(super) fn columns(&self, lens: &Lens<'_>) -> Columns {
        let find = |names: &mut dyn Iterator<Item = &str>| {
            names.filter_map(|name| lens.column(name)).collect()
        };
        let always = lens.shape.always();
        Columns {
            properties: match &self.properties {
                None => find(&mut lens.shape.defaults.iter().copied()),
                Some(names) => find(
                    &mut always
                        .into_iter()
                        .chain(names.iter().chain(&self.history).map(String::as_str)),
                ),
            },
            history: find(&mut self.history.iter().map(String::as_str)),
        }
    }
}

/// [`Ask`], looked up.
pub(super) struct Columns {
    properties: Vec<Column>,
    history: Vec<Column>,
}

/// A record on the wire.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordView {
    id: String,
    properties: BTreeMap<String, Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties_with_history: Option<BTreeMap<String, Vec<VersionView>>>,
    created_at: Instant,
    updated_at: Instant,
    archived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<Instant>,
    /// Upserts only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) new: Option<bool>,
    /// Writes that sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_write_trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    associations: Option<BTreeMap<&'static str, Associated>>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionView {
    value: String,
    timestamp: Instant,
    source_type: &'static str,
    source_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_by_user_id: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct Associated {
    results: Vec<AssociatedId>,
}

#[derive(Clone, Debug, Serialize)]
struct AssociatedId {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

/// What the token may see of sensitive values.
pub(super) fn sight(call: &Call<'_>, shape: &Shape) -> Sight {
    let holds = |word: &str| match shape.id {
        "0-5" => call.holds(&format!("tickets.{word}")),
        _ => call.holds(&format!("crm.objects.{}.{word}.read", shape.plural)),
    };
    Sight {
        sensitive: holds("sensitive"),
        highly_sensitive: holds("highly_sensitive"),
    }
}

/// One record as asked for.
pub(super) fn view(lens: &Lens<'_>, record: &Record, ask: &Ask, columns: &Columns) -> RecordView {
    let value = |column: &Column| {
        (
            column.name.clone(),
            lens.read(record, column).map(std::borrow::Cow::into_owned),
        )
    };
    let history = (!ask.history.is_empty()).then(|| {
        let versions = |column: &Column| (column.name.clone(), history(lens, record, &column.name));
        columns.history.iter().map(versions).collect()
    });
    RecordView {
        id: record.id.to_string(),
        properties: columns.properties.iter().map(value).collect(),
        properties_with_history: history,
        created_at: Instant(record.created_at),
        updated_at: Instant(
            lens.as_of
                .map_or(record.updated_at, |at| record.updated_by(at)),
        ),
        archived: record.archived_at.is_some() && lens.as_of.is_none(),
        archived_at: record
            .archived_at
            .filter(|_| lens.as_of.is_none())
            .map(Instant),
        new: None,
        object_write_trace_id: None,
        url: ask.url.then(|| address(lens.portal, lens.shape, record.id)),
        associations: associated(lens, record, &ask.associations),
    }
}

fn address(portal: &Portal, shape: &Shape, id: u64) -> String {
    format!(
        "https://{}/contacts/{}/record/{}/{id}",
        portal.ui_domain(),
        portal.id,
        shape.id
    )
}

fn history(lens: &Lens<'_>, record: &Record, name: &str) -> Vec<VersionView> {
    let Some(slot) = lens.store.slot(name) else {
        return Vec::new();
    };
    let version = |version: &super::store::Version| VersionView {
        value: version.value.to_string(),
        timestamp: Instant(version.at),
        source_type: source_type(version.by),
        source_id: source_id(version.by),
        updated_by_user_id: match version.by {
            Source::User(id) => Some(id),
            _ => None,
        },
    };
    record.versions(slot).map(version).collect()
}

fn associated(
    lens: &Lens<'_>,
    record: &Record,
    asked: &[&'static Shape],
) -> Option<BTreeMap<&'static str, Associated>> {
    let mut found: BTreeMap<&'static str, Associated> = BTreeMap::new();
    for link in &record.links {
        let Some(to) = link
            .shape()
            .filter(|to| asked.iter().any(|shape| shape.id == to.id))
        else {
            continue;
        };
        let store = lens.portal.records.store(to.id);
        if store.and_then(|store| store.get_live(link.id)).is_none() {
            continue;
        }
        let kind = links::name(lens.portal, lens.shape, to, *link);
        let entry = found.entry(to.plural).or_insert_with(|| Associated {
            results: Vec::new(),
        });
        entry.results.push(AssociatedId {
            id: link.id.to_string(),
            kind,
        });
    }
    (!found.is_empty()).then_some(found)
}

/// A record after a write: every value it holds, what was just cleared as null, and the defaults.
pub(super) fn written(lens: &Lens<'_>, record: &Record, sent: &[String]) -> RecordView {
    let mut names: Vec<String> = lens
        .shape
        .defaults
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    names.extend(record.held().map(|slot| lens.store.name(slot).to_owned()));
    names.extend(sent.iter().cloned());
    let ask = Ask {
        properties: Some(names),
        url: true,
        ..Ask::default()
    };
    let columns = ask.columns(lens);
    view(lens, record, &ask, &columns)
}
