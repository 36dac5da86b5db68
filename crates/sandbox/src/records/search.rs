//! Owns searching (platform 4, 7): the limits of a request, groups of filters, the full-text query, one sort, pages by a
//! numeric offset. Single filters are `filter.rs`.

use std::cmp::Ordering;

use serde::Serialize;
use serde_json::Value;

use super::derived::{Column, Lens};
use super::filter::{Filter, refused, words};
use super::read::lens;
use super::store::Record;
use super::validate::not_text;
use super::value::{instant, number};
use super::view::{Ask, RecordView, view};
use super::{json, kept};
use crate::error::ApiError;
use crate::hubspot::page::json_body;
use crate::router::{Answer, Call};

const MOST_GROUPS: usize = 5;
const MOST_FILTERS: usize = 6;
const MOST_IN_ALL: usize = 18;
const MOST_CHARACTERS: usize = 3_000;
const LARGEST_PAGE: usize = 200;
const MOST_RESULTS: usize = 10_000;

/// A search, read and checked.
struct Search {
    groups: Vec<Vec<Filter>>,
    /// Lower-case words.
    query: Vec<String>,
    sort: Option<(Column, bool)>,
    ask: Ask,
    limit: usize,
    offset: usize,
}

#[derive(Serialize)]
struct Found {
    total: usize,
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
}

/// `POST …/{objectType}/search`.
pub(crate) fn search(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| {
        let characters = String::from_utf8_lossy(&call.request.body).chars().count();
        if characters > MOST_CHARACTERS {
            return Err(refused(format!(
                "The request body has {characters} characters; at most {MOST_CHARACTERS} are allowed"
            )));
        }
        let body = json_body(call)?;
        let lag = u64::try_from(call.state.switches.search_lag.as_millis()).unwrap_or(u64::MAX);
        let mut lens = lens(call, shape)?;
        lens.as_of = (lag > 0).then(|| call.now.saturating_sub(lag));
        let search = Search::of(&lens, &body)?;
        Ok(json(200, &search.run(&lens)))
    })
}

impl Search {
    fn of(lens: &Lens<'_>, body: &Value) -> Result<Self, ApiError> {
        if !body.is_object() {
            return Err(not_text("the body"));
        }
        let properties: Vec<String> = list(body, "properties")?
            .iter()
            .map(|name| {
                name.as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| not_text("properties"))
            })
            .collect::<Result<_, _>>()?;
        let limit = match whole(body, "limit")? {
            None => 10,
            Some(0) => return Err(refused("limit must be at least 1".to_owned())),
            Some(limit) if limit > LARGEST_PAGE => {
                return Err(refused(format!(
                    "limit must be at most {LARGEST_PAGE}, but {limit} was requested"
                )));
            }
            Some(limit) => limit,
        };
        let offset = whole(body, "after")?.unwrap_or(0);
        if offset.saturating_add(limit) > MOST_RESULTS {
            return Err(refused(format!(
                "A search cannot page beyond {MOST_RESULTS} results"
            )));
        }
        let query = match body.get("query") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(query)) => words(query).collect(),
            Some(_) => return Err(not_text("query")),
        };
        Ok(Self {
            groups: groups(lens, body)?,
            query,
            sort: sort(lens, body)?,
            ask: Ask {
                properties: (!properties.is_empty()).then_some(properties),
                ..Ask::default()
            },
            limit,
            offset,
        })
    }

    fn run(&self, lens: &Lens<'_>) -> Found {
        let searchable: Vec<Column> = lens
            .shape
            .searchable
            .iter()
            .filter_map(|name| lens.column(name))
            .collect();
        let mut found: Vec<&Record> = indexed(lens)
            .filter(|record| {
                self.groups.is_empty()
                    || self
                        .groups
                        .iter()
                        .any(|group| group.iter().all(|filter| filter.passes(lens, record)))
            })
            .filter(|record| self.query.is_empty() || says(lens, record, &searchable, &self.query))
            .collect();
        if let Some((column, descending)) = &self.sort {
            order(lens, &mut found, column, *descending);
        }
        let total = found.len();
        let columns = self.ask.columns(lens);
        let shown = found.into_iter().skip(self.offset).take(self.limit);
        let results = shown
            .map(|record| view(lens, record, &self.ask, &columns))
            .collect();
        let next = self.offset + self.limit;
        let paging = (next < total).then(|| Paging {
            next: Next {
                after: next.to_string(),
            },
        });
        Found {
            total,
            results,
            paging,
        }
    }
}

/// The records that the index knows: all live ones, or those that were live when it was written.
fn indexed<'a>(lens: &Lens<'a>) -> impl Iterator<Item = &'a Record> {
    let as_of = lens.as_of;
    lens.store.all().filter(move |record| match as_of {
        None => record.archived_at.is_none(),
        Some(at) => {
            record.created_at <= at && record.archived_at.is_none_or(|archived| archived > at)
        }
    })
}

/// Whether every word of the query begins some word of the searchable values.
fn says(lens: &Lens<'_>, record: &Record, searchable: &[Column], query: &[String]) -> bool {
    let values = searchable
        .iter()
        .filter_map(|column| lens.read(record, column));
    let held: Vec<String> = values
        .flat_map(|value| words(&value).collect::<Vec<_>>())
        .collect();
    query
        .iter()
        .all(|word| held.iter().any(|known| known.starts_with(word.as_str())))
}

fn list<'a>(body: &'a Value, name: &str) -> Result<&'a [Value], ApiError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(rows)) => Ok(rows),
        Some(_) => Err(not_text(name)),
    }
}

/// A whole number, sent as one or as text.
fn whole(body: &Value, name: &str) -> Result<Option<usize>, ApiError> {
    let read = match body.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value
            .as_u64()
            .and_then(|number| usize::try_from(number).ok()),
    };
    read.map(Some)
        .ok_or_else(|| refused(format!("{name} must be a number")))
}

fn groups(lens: &Lens<'_>, body: &Value) -> Result<Vec<Vec<Filter>>, ApiError> {
    let groups = list(body, "filterGroups")?;
    if groups.len() > MOST_GROUPS {
        return Err(refused(format!(
            "A search has at most {MOST_GROUPS} filterGroups"
        )));
    }
    let mut read = Vec::new();
    let mut total = 0;
    for group in groups {
        let filters = list(group, "filters")?;
        total += filters.len();
        if filters.len() > MOST_FILTERS {
            return Err(refused(format!(
                "A filterGroup has at most {MOST_FILTERS} filters"
            )));
        }
        if total > MOST_IN_ALL {
            return Err(refused(format!(
                "A search has at most {MOST_IN_ALL} filters in all"
            )));
        }
        read.push(
            filters
                .iter()
                .map(|filter| Filter::of(lens, filter))
                .collect::<Result<_, _>>()?,
        );
    }
    Ok(read)
}

/// The one sort and whether it descends: `{"propertyName", "direction"}`, the same as text, or a name with or without
/// a leading minus sign.
fn sort(lens: &Lens<'_>, body: &Value) -> Result<Option<(Column, bool)>, ApiError> {
    let sorts = list(body, "sorts")?;
    let Some(first) = sorts.first() else {
        return Ok(None);
    };
    if sorts.len() > 1 {
        return Err(refused("A search has at most one sort".to_owned()));
    }
    let parsed: Value;
    let given = match first.as_str().filter(|text| text.starts_with('{')) {
        Some(text) => {
            parsed = serde_json::from_str(text).map_err(|_| not_text("sorts"))?;
            &parsed
        }
        None => first,
    };
    let (name, descending) = if let Some(text) = given.as_str() {
        text.strip_prefix('-')
            .map_or((text, false), |name| (name, true))
    } else {
        let name = given
            .get("propertyName")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match given.get("direction").and_then(Value::as_str) {
            None | Some("ASCENDING") => (name, false),
            Some("DESCENDING") => (name, true),
            Some(other) => {
                return Err(refused(format!(
                    "{other} is not a direction: ASCENDING or DESCENDING"
                )));
            }
        }
    };
    let column = lens
        .column(name)
        .ok_or_else(|| refused(format!("Property \"{name}\" does not exist")))?;
    Ok(Some((column, descending)))
}

/// What a value sorts by.
#[derive(Debug, PartialEq, PartialOrd)]
enum Rank {
    Number(f64),
    Instant(i64),
    Text(String),
}

/// Records without the value come last in both directions; equal ones stay in order of their ids.
fn order(lens: &Lens<'_>, found: &mut Vec<&Record>, column: &Column, descending: bool) {
    let rank = |record: &Record| {
        let value = lens.read(record, column)?;
        match column.kind {
            "number" => number(&value).map(Rank::Number),
            "date" | "datetime" => instant(&value).map(Rank::Instant),
            _ => Some(Rank::Text(value.to_lowercase())),
        }
    };
    let mut ranked: Vec<(Option<Rank>, &Record)> = found
        .drain(..)
        .map(|record| (rank(record), record))
        .collect();
    ranked.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) => {
            let order = a.partial_cmp(b).unwrap_or(Ordering::Equal);
            if descending { order.reverse() } else { order }
        }
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
    found.extend(ranked.into_iter().map(|(_, record)| record));
}
