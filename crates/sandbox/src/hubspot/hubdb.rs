//! Owns HubDB: tables with their columns, and rows made from a table's size (platform 6.3). Rows are never stored.

use serde_json::{Value, json};

use super::documents::{self, Shelf, instant};
use super::page::{PageRule, batch, inputs, json_body, page};
use crate::document::Document;
use crate::error::ApiError;
use crate::http::Response;
use crate::model::Collection;
use crate::router::{Answer, Call};
use crate::time::{HOUR, iso};

const TABLES: Shelf = Shelf {
    hidden: &[],
    template: r#"{"allowChildTables":false,"allowPublicApiAccess":false,"archived":false,"deleted":false,"deletedAt":"1970-01-01T00:00:00Z","dynamicMetaTags":{},"enableChildTablePages":false,"isOrderedManually":false,"useForPages":false}"#,
    ..Shelf::plain(
        Collection::HubDbTables,
        PageRule::clamped(1_000, 1_000).with_total(),
    )
};

/// `GET /cms/hubdb/{version}/tables`, published; `…/tables/draft`, whose tables are the same until one is edited.
pub(crate) fn tables(call: &mut Call<'_>) -> Answer {
    documents::list(call, &TABLES)
}

/// The table named by id or name.
fn find<'a>(call: &'a Call<'_>) -> Result<&'a Document, ApiError> {
    let key = call.param("tableIdOrName");
    call.portal()?
        .collection(Collection::HubDbTables)
        .iter()
        .find(|table| table.has("id", key) || table.has("name", key))
        .ok_or_else(|| ApiError::not_found(format!("HubDB table {key} does not exist")))
}

/// `GET …/tables/{tableIdOrName}` and its draft.
pub(crate) fn table(call: &mut Call<'_>) -> Answer {
    let mut table: serde_json::Map<String, Value> =
        serde_json::from_str(TABLES.template).unwrap_or_default();
    if let Value::Object(own) = find(call)?.value() {
        table.extend(own);
    }
    Ok(Response::json(200, &table))
}

/// The rows of a table: ids count on from the table's own, values follow the columns' types.
fn row(table: &Value, n: u64) -> Value {
    let base: u64 = table["id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .unwrap_or_default();
    let made = table["createdAt"]
        .as_str()
        .and_then(instant)
        .unwrap_or_default();
    let columns = table["columns"].as_array().map_or(&[][..], Vec::as_slice);
    let values: serde_json::Map<String, Value> = columns
        .iter()
        .map(|column| {
            let name = column["name"].as_str().unwrap_or_default().to_owned();
            let label = column["label"].as_str().unwrap_or_default();
            let value = match column["type"].as_str() {
                Some("NUMBER" | "CURRENCY") => json!((base + n * 37) % 990 + 10),
                Some("BOOLEAN") => json!(u8::from((base + n).is_multiple_of(2))),
                Some("DATE" | "DATETIME") => json!(made + n * HOUR),
                _ => json!(format!("{label} {}", n + 1)),
            };
            (name, value)
        })
        .collect();
    json!({
        "id": (base * 1_000 + n + 1).to_string(),
        "path": "",
        "name": "",
        "childTableId": "0",
        "createdAt": iso(made + n * HOUR),
        "updatedAt": iso(made + n * HOUR),
        "publishedAt": iso(made + n * HOUR),
        "values": values,
    })
}

fn count(table: &Value) -> u64 {
    table["rowCount"].as_u64().unwrap_or_default()
}

/// `GET …/tables/{tableIdOrName}/rows` and `…/rows/draft`.
pub(crate) fn rows(call: &mut Call<'_>) -> Answer {
    let table = find(call)?.value();
    let wanted = call.query.list("properties");
    let rows: Vec<Value> = (0..count(&table))
        .map(|n| {
            let mut row = row(&table, n);
            if let (false, Some(values)) = (wanted.is_empty(), row["values"].as_object_mut()) {
                values.retain(|name, _| wanted.contains(name));
            }
            row
        })
        .collect();
    let rule = PageRule::clamped(1_000, 1_000).with_total();
    page(call, &rows, rule.of_kind("RANDOM_ACCESS"))
}

/// The row of that id.
fn found(table: &Value, id: &str) -> Option<Value> {
    let base: u64 = table["id"].as_str().and_then(|id| id.parse().ok())?;
    let n = id.parse::<u64>().ok()?.checked_sub(base * 1_000 + 1)?;
    (n < count(table)).then(|| row(table, n))
}

/// `GET …/rows/{rowId}` and its draft.
pub(crate) fn one_row(call: &mut Call<'_>) -> Answer {
    documents::number(call, "rowId")?;
    let id = call.param("rowId");
    found(&find(call)?.value(), id)
        .map(|row| Response::json(200, &row))
        .ok_or_else(|| ApiError::not_found(format!("HubDB row {id} does not exist")))
}

/// `POST …/rows/batch/read` and `…/rows/draft/batch/read`.
pub(crate) fn rows_batch(call: &mut Call<'_>) -> Answer {
    let table = find(call)?.value();
    let body = json_body(call)?;
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for input in inputs(&body, 100)? {
        let id = input
            .as_str()
            .ok_or_else(|| ApiError::validation("inputs must be a list of ids"))?;
        match found(&table, id) {
            Some(row) => rows.push(row),
            None => errors.push(json!({
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "message": format!("HubDB row {id} does not exist"),
                "context": { "ids": [id] },
            })),
        }
    }
    Ok(batch(call.now, &rows, &errors))
}
