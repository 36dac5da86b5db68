//! Owns batches (platform 6.5, 7, 9): at most 100 inputs; a write batch is refused whole unless every input carries an
//! `objectWriteTraceId`, and then tells each failure apart with status 207.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::read::{Key, lens, not_found};
use super::validate::text;
use super::view::{Ask, RecordView, view};
use super::write::{Touched, Writer, traced, writer};
use super::{Shape, json as answer, kept};
use crate::error::{ApiError, Ordered, ordered};
use crate::http::Response;
use crate::hubspot::page::{flag, inputs, json_body};
use crate::router::{Answer, Call};
use crate::time::Instant;

const MOST: usize = 100;
/// The page names it for lists alone (platform 7); a batch that HubSpot might refuse is refused here.
const MOST_WITH_HISTORY: usize = 50;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Batch<'a> {
    status: &'static str,
    results: &'a [RecordView],
    started_at: Instant,
    completed_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_errors: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Ordered<'a>>,
}

fn complete(now: u64, status: u16, results: &[RecordView], errors: &[Value]) -> Response {
    let batch = Batch {
        status: "COMPLETE",
        results,
        started_at: Instant(now),
        completed_at: Instant(now),
        num_errors: (!errors.is_empty()).then_some(errors.len()),
        errors: ordered(errors),
    };
    answer(if errors.is_empty() { status } else { 207 }, &batch)
}

/// `id` of an input.
fn id(input: &Value) -> Result<String, ApiError> {
    let id = input.get("id").and_then(text).filter(|id| !id.is_empty());
    id.ok_or_else(|| ApiError::validation("Some required fields were not set: [inputs[].id]"))
}

fn names(body: &Value, field: &str) -> Result<Vec<String>, ApiError> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(names)) => {
            let name = |name: &Value| name.as_str().map(str::to_owned);
            let names: Option<Vec<String>> = names.iter().map(name).collect();
            names.ok_or_else(|| super::validate::not_text(field))
        }
        Some(_) => Err(super::validate::not_text(field)),
    }
}

/// `POST …/batch/read`: what exists, each once, in the order asked; the ids that do not, in one error of a 207.
pub(crate) fn read(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| {
        let body = json_body(call)?;
        let asked = names(&body, "properties")?;
        let lens = lens(call, shape)?;
        let ask = Ask {
            properties: (!asked.is_empty()).then_some(asked),
            history: names(&body, "propertiesWithHistory")?,
            associations: Vec::new(),
            url: true,
        };
        let archived = flag(&call.query, "archived", false);
        let key = Key::of(
            lens.portal,
            shape,
            body.get("idProperty").and_then(Value::as_str),
        )?;
        let columns = ask.columns(&lens);
        let (mut results, mut missing, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        let most = if ask.history.is_empty() {
            MOST
        } else {
            MOST_WITH_HISTORY
        };
        for input in inputs(&body, most)? {
            let name = id(input)?;
            // A name that is no number is an unknown id here: a body has no path parameter to complain of.
            let found = key.find(shape, lens.store, &name).unwrap_or_default();
            let found = found.and_then(|id| lens.store.state(id, call.now));
            match found.filter(|(_, binned)| *binned == archived) {
                Some((record, _)) if seen.insert(record.id) => {
                    results.push(view(&lens, record, &ask, &columns));
                }
                Some(_) => {}
                None => missing.push(name),
            }
        }
        let errors: Vec<Value> = if missing.is_empty() {
            Vec::new()
        } else {
            vec![unknown(shape, &missing)]
        };
        Ok(complete(call.now, 200, &results, &errors))
    })
}

/// The one error that names every id without record.
fn unknown(shape: &Shape, ids: &[String]) -> Value {
    json!({
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": format!(
            "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid.",
            shape.noun.to_uppercase()
        ),
        "context": { "ids": ids },
    })
}

/// The trace ids if every input has one, each its own.
fn traces(inputs: &[Value]) -> Result<Option<Vec<&str>>, ApiError> {
    let trace = |input| Value::get(input, "objectWriteTraceId").and_then(Value::as_str);
    let traces: Option<Vec<&str>> = inputs.iter().map(trace).collect();
    if let Some(traces) = &traces {
        let distinct: BTreeSet<&&str> = traces.iter().collect();
        if distinct.len() < traces.len() {
            return Err(ApiError::validation(
                "Duplicate objectWriteTraceId values found in the batch input",
            ));
        }
    }
    Ok(traces)
}

type Step = fn(&mut Writer<'_>, &Value) -> Result<Touched, ApiError>;

fn write(call: &mut Call<'_>, shape: &'static Shape, status: u16, step: Step) -> Answer {
    let body = json_body(call)?;
    let inputs = inputs(&body, MOST)?;
    let traces = traces(inputs)?;
    let now = call.now;
    let mut writer = writer(call, shape)?;
    // Records are shared with the copy, so that it costs little.
    let before = writer.portal.records.clone();
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for (index, input) in inputs.iter().enumerate() {
        let done = step(&mut writer, input).and_then(|touched| writer.view(&touched));
        match (done, &traces) {
            (Ok(view), _) => results.push(traced(view, input)),
            (Err(error), Some(traces)) => {
                let mut row = if error.status == 404 {
                    unknown(shape, &[id(input).unwrap_or_default()])
                } else {
                    error.row()
                };
                row["context"]["objectWriteTraceId"] = json!([traces[index]]);
                errors.push(row);
            }
            (Err(error), None) => {
                writer.portal.records = before;
                return Err(error);
            }
        }
    }
    Ok(complete(now, status, &results, &errors))
}

/// 400 when an input names what an earlier one does.
fn distinct(body: &Value) -> Result<(), ApiError> {
    let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for input in inputs(body, MOST)? {
        let id = id(input)?;
        if !seen.insert(id.clone()) {
            twice.insert(id);
        }
    }
    if twice.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = twice.into_iter().collect();
    Err(ApiError::validation(format!(
        "Duplicate IDs found in batch input: [{}]. IDs must be unique",
        ids.join(", ")
    )))
}

fn key(writer: &Writer<'_>, input: &Value) -> Result<Key, ApiError> {
    Key::of(
        writer.portal,
        writer.shape,
        input.get("idProperty").and_then(Value::as_str),
    )
}

/// An id in a body: one that is no number names no record.
fn numeric(key: &Key, id: &str) -> Result<(), ApiError> {
    if *key == Key::Id && id.parse::<u64>().is_err() {
        Err(not_found())
    } else {
        Ok(())
    }
}

fn create_one(writer: &mut Writer<'_>, input: &Value) -> Result<Touched, ApiError> {
    writer.create(input)
}

/// `POST …/batch/create`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| write(call, shape, 201, create_one))
}

/// `POST …/batch/update`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| {
        distinct(&json_body(call)?)?;
        write(call, shape, 200, |writer, input| {
            let (key, id) = (key(writer, input)?, id(input)?);
            numeric(&key, &id)?;
            writer.update(&key, &id, input)
        })
    })
}

/// `POST …/batch/upsert`.
pub(crate) fn upsert(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| {
        distinct(&json_body(call)?)?;
        write(call, shape, 200, |writer, input| {
            let (key, id) = (key(writer, input)?, id(input)?);
            numeric(&key, &id)?;
            writer.upsert(&key, &id, input)
        })
    })
}

/// `POST …/batch/archive`: 204, whatever of it existed.
pub(crate) fn archive(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| {
        let body = json_body(call)?;
        let ids: Vec<String> = inputs(&body, MOST)?
            .iter()
            .map(id)
            .collect::<Result<_, _>>()?;
        let mut writer = writer(call, shape)?;
        for id in ids {
            let store = writer.portal.records.store(shape.id);
            let id = store.and_then(|store| Key::Id.find(shape, store, &id).ok().flatten());
            if let Some(id) = id {
                writer.archive(id);
            }
        }
        Ok(Response::empty(204))
    })
}
