//! Owns reading a kind of metadata that is one list of documents: filters by time, sorting, trimming, one, several,
//! drafts and revisions. Which kinds there are and how each pages is told by the rooms that call it.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::page::{PageRule, batch, flag, inputs, json_body, page};
use crate::document::Document;
use crate::error::ApiError;
use crate::http::{Fields, Response};
use crate::model::Collection;
use crate::router::{Answer, Call};
use crate::time::{DAY, HOUR, MINUTE, SECOND};

/// How one kind is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shelf {
    /// Where its documents are.
    pub(crate) kind: Collection,
    /// How its list pages.
    pub(crate) rule: PageRule,
    /// Members that hold the times of making and of the last change.
    pub(crate) times: [&'static str; 2],
    /// The query parameter that names the members wanted; empty when the endpoint has none.
    pub(crate) trim: &'static str,
    /// Members of one document that rows of the list leave out.
    pub(crate) hidden: &'static [&'static str],
    /// Members that every answer has where the document says nothing, as a JSON object.
    pub(crate) template: &'static str,
}

impl Shelf {
    /// A kind answered as it is kept.
    pub(crate) const fn plain(kind: Collection, rule: PageRule) -> Self {
        Self {
            kind,
            rule,
            times: ["createdAt", "updatedAt"],
            trim: "",
            hidden: &[],
            template: "",
        }
    }
}

/// What of a document is answered.
struct View {
    template: Map<String, Value>,
    hidden: &'static [&'static str],
    wanted: Vec<String>,
}

impl View {
    fn new(call: &Call<'_>, shelf: &Shelf, hidden: &'static [&'static str]) -> Self {
        Self {
            template: serde_json::from_str(shelf.template).unwrap_or_default(),
            hidden,
            wanted: match shelf.trim {
                "" => Vec::new(),
                name => call.query.list(name),
            },
        }
    }

    fn shows(&self, name: &str) -> bool {
        let asked = self.wanted.is_empty() || name == "id" || self.wanted.iter().any(|w| w == name);
        asked && !self.hidden.contains(&name)
    }
}

/// A document as answered; put together only when its page is printed.
struct Row<'a> {
    document: &'a Document,
    view: &'a View,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = self.view;
        if view.template.is_empty() && view.hidden.is_empty() && view.wanted.is_empty() {
            return self.document.serialize(serializer);
        }
        let Value::Object(own) = self.document.value() else {
            return self.document.serialize(serializer);
        };
        let mut map = serializer.serialize_map(None)?;
        let rest = view
            .template
            .iter()
            .filter(|(name, _)| !own.contains_key(*name));
        // The id stands first, as in documents.
        let (id, others): (Vec<_>, Vec<_>) = own.iter().partition(|(name, _)| *name == "id");
        for (name, value) in id.into_iter().chain(others).chain(rest) {
            if view.shows(name) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// The page that the query asks for.
pub(crate) fn list(call: &Call<'_>, shelf: &Shelf) -> Answer {
    list_where(call, shelf, |_| true)
}

/// The page that the query asks for, of the documents that `keep` holds of.
pub(crate) fn list_where(
    call: &Call<'_>,
    shelf: &Shelf,
    keep: impl Fn(&Document) -> bool,
) -> Answer {
    let times = times(&call.query, shelf)?;
    let archived = flag(&call.query, "archived", false);
    let mut found: Vec<&Document> = call
        .portal()?
        .collection(shelf.kind)
        .iter()
        .filter(|document| is_archived(document) == archived)
        .filter(|document| times.iter().all(|time| time.holds(document)) && keep(document))
        .collect();
    for field in call.query.list("sort").iter().rev() {
        sort(&mut found, field, shelf);
    }
    let view = View::new(call, shelf, shelf.hidden);
    let rows: Vec<Row<'_>> = found
        .into_iter()
        .map(|document| Row {
            document,
            view: &view,
        })
        .collect();
    page(call, &rows, shelf.rule)
}

/// Archived ones say so; the text is looked at first because most say nothing.
fn is_archived(document: &Document) -> bool {
    document.text().contains("\"archived\":true")
        && document.member("archived") == Some(Value::Bool(true))
}

fn find<'a>(call: &'a Call<'_>, shelf: &Shelf, id: &str) -> Result<&'a Document, ApiError> {
    let archived = flag(&call.query, "archived", false);
    call.portal()?
        .collection(shelf.kind)
        .iter()
        .find(|document| document.has("id", id) && is_archived(document) == archived)
        .ok_or_else(|| ApiError::new(404, "resource not found"))
}

/// The document whose id is in the path.
pub(crate) fn one(call: &Call<'_>, shelf: &Shelf, param: &str) -> Answer {
    let document = find(call, shelf, call.param(param))?;
    let view = View::new(call, shelf, &[]);
    Ok(Response::json(
        200,
        &Row {
            document,
            view: &view,
        },
    ))
}

/// The document whose id is in the path, which must be a number.
pub(crate) fn numbered(call: &Call<'_>, shelf: &Shelf, param: &str) -> Answer {
    number(call, param)?;
    one(call, shelf, param)
}

/// A path parameter that must be a number.
pub(crate) fn number(call: &Call<'_>, param: &str) -> Result<u64, ApiError> {
    call.param(param).parse().map_err(|_| {
        ApiError::new(
            400,
            format!("Unable to parse value for path parameter: {param}"),
        )
    })
}

/// `POST …/batch/read` with `{"inputs":["id"]}` or `{"inputs":[{"id":"…"}]}`: at most 100.
pub(crate) fn several(call: &Call<'_>, shelf: &Shelf) -> Answer {
    let body = json_body(call)?;
    let view = View::new(call, shelf, &[]);
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for input in inputs(&body, 100)? {
        let id = input
            .as_str()
            .or_else(|| input.get("id").and_then(Value::as_str))
            .ok_or_else(|| ApiError::validation("inputs must be a list of ids"))?;
        match find(call, shelf, id) {
            Ok(document) => found.push(Row {
                document,
                view: &view,
            }),
            Err(_) => errors.push(json!({
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": format!("{id} does not exist"),
                "context": { "ids": [id] },
            })),
        }
    }
    Ok(batch(call.now, &found, &errors))
}

/// The versions of a document: its present one, as nobody has edited it since it was made.
pub(crate) fn revisions(call: &Call<'_>, shelf: &Shelf, param: &str) -> Answer {
    let document = find(call, shelf, call.param(param))?;
    let rows = [revision(call, shelf, document)?];
    page(call, &rows, PageRule::clamped(100, 100).with_total())
}

/// One version of a document.
pub(crate) fn one_revision(call: &Call<'_>, shelf: &Shelf, param: &str) -> Answer {
    let document = find(call, shelf, call.param(param))?;
    let version = revision(call, shelf, document)?;
    if version["id"] == call.param("revisionId") {
        Ok(Response::json(200, &version))
    } else {
        Err(ApiError::new(404, "resource not found"))
    }
}

fn revision(call: &Call<'_>, shelf: &Shelf, document: &Document) -> Result<Value, ApiError> {
    let view = View::new(call, shelf, &[]);
    let object = serde_json::to_value(Row {
        document,
        view: &view,
    })
    .unwrap_or_default();
    let updated = object[shelf.times[1]].clone();
    let author = &call.portal()?.installer;
    // A version is known by the moment it was saved.
    let id = updated.as_str().and_then(instant).unwrap_or_default();
    Ok(json!({
        "id": id.to_string(),
        "updatedAt": updated,
        "user": { "id": author.user_id.to_string(), "email": author.email, "fullName": author.email },
        "object": object,
    }))
}

/// One of `createdAt`, `createdAfter`, `createdBefore` and the like.
struct Time {
    member: &'static str,
    sign: std::cmp::Ordering,
    at: u64,
}

impl Time {
    fn holds(&self, document: &Document) -> bool {
        let value = document.member(self.member);
        let at = value.as_ref().and_then(Value::as_str).and_then(instant);
        at.is_some_and(|at| at.cmp(&self.at) == self.sign)
    }
}

fn times(query: &Fields, shelf: &Shelf) -> Result<Vec<Time>, ApiError> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let [created, updated] = shelf.times;
    let parameters = [
        ("createdAt", created, Equal),
        ("createdAfter", created, Greater),
        ("createdBefore", created, Less),
        ("updatedAt", updated, Equal),
        ("updatedAfter", updated, Greater),
        ("updatedBefore", updated, Less),
        ("publishedAt", "publishedAt", Equal),
        ("publishedAfter", "publishedAt", Greater),
        ("publishedBefore", "publishedAt", Less),
    ];
    let mut found = Vec::new();
    for (name, member, sign) in parameters {
        if let Some(text) = query.filled(name) {
            let at = instant(text).ok_or_else(|| {
                ApiError::validation(format!("Unable to parse value for query parameter: {name}"))
            })?;
            found.push(Time { member, sign, at });
        }
    }
    Ok(found)
}

/// Reads unix milliseconds, or ISO 8601 in UTC or with an offset, to unix milliseconds.
pub(crate) fn instant(text: &str) -> Option<u64> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1970..=9_999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let zone_at = time.find(['Z', '+', '-', ' '])?;
    let (clock, zone) = time.split_at(zone_at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    if hour > 23 || minute > 59 || second > 60 || fraction.is_empty() {
        return None;
    }
    let mut millis = 0;
    for place in 0..3 {
        let digit = fraction.as_bytes().get(place).map_or(Some(0), |byte| {
            byte.is_ascii_digit().then(|| u64::from(byte - b'0'))
        })?;
        millis = millis * 10 + digit;
    }
    let local =
        days(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND + millis;
    let offset = |text: &str| {
        let (hours, minutes) = text.split_once(':').or_else(|| text.split_at_checked(2))?;
        Some(hours.parse::<u64>().ok()? * HOUR + minutes.parse::<u64>().ok()? * MINUTE)
    };
    match zone.split_at_checked(1)? {
        ("Z", "") => Some(local),
        // A plus sign that was not escaped arrives as a space.
        ("+" | " ", rest) => local.checked_sub(offset(rest)?),
        ("-", rest) => local.checked_add(offset(rest)?),
        _ => None,
    }
}

/// Days from 1970-01-01 to a Gregorian date after it (Howard Hinnant's `days_from_civil`).
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = year - u64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// What documents are ordered by: numbers among themselves, before texts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Nothing,
    Number(i64),
    Text(String),
}

/// Orders by one field, `-` for descending; a field that no document has leaves the order as it is.
fn sort(found: &mut [&Document], field: &str, shelf: &Shelf) {
    let (name, descending) = match field.strip_prefix('-') {
        Some(name) => (name, true),
        None => (field, false),
    };
    let member = match name {
        "createdAt" => shelf.times[0],
        "updatedAt" => shelf.times[1],
        name => name,
    };
    let key = |document: &&Document| match document.member(member) {
        Some(Value::String(text)) => instant(&text)
            .and_then(|at| i64::try_from(at).ok())
            .map_or_else(|| Key::Text(text.to_lowercase()), Key::Number),
        Some(Value::Number(number)) => Key::Number(number.as_i64().unwrap_or_default()),
        Some(Value::Bool(flag)) => Key::Number(i64::from(flag)),
        _ => Key::Nothing,
    };
    if descending {
        found.sort_by_cached_key(|document| std::cmp::Reverse(key(document)));
    } else {
        found.sort_by_cached_key(key);
    }
}

#[cfg(test)]
mod tests {
    use super::instant;
    use crate::time::iso;

    #[test]
    fn instants_read_back_as_they_print() {
        for ms in [
            0,
            951_782_400_000,
            1_709_251_199_999,
            1_793_491_200_000,
            4_102_444_800_123,
        ] {
            assert_eq!(instant(&iso(ms)), Some(ms), "{}", iso(ms));
            assert_eq!(instant(&ms.to_string()), Some(ms));
        }
        let same = [
            "2026-11-01T01:30:00+01:30",
            "2026-10-31T22:00:00-0200",
            "2026-11-01",
            "2026-11-01T00:00Z",
        ];
        for text in same {
            assert_eq!(instant(text), Some(1_793_491_200_000), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_instants() {
        let bad = [
            "",
            "x",
            "2026-13-01",
            "2026-01-32",
            "2026-01-01T",
            "2026-01-01T25:00:00Z",
            "1969-12-31T00:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.xZ",
            "2026-01-01T00:00:00+",
            "2026-01-01T00:00:00+é0",
            "99999999999999999999999",
            "2026-01-01T00:00:00ZZ",
            "1970-01-01T00:00:00+01:00",
        ];
        for text in bad {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
