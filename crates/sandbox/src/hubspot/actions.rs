//! Owns custom workflow actions of an app (platform 6.3; shapes of the SDK's `automation/actions` models).

use serde_json::{Value, json};

use super::page::{PageRule, flag, json_body, page, whole};
use crate::app_resources::{ActionRevision, missing, of, text};
use crate::error::ApiError;
use crate::http::Response;
use crate::router::{Answer, Call};
use crate::time::iso;

/// Members that a create or patch may set.
const MEMBERS: [&str; 9] = [
    "actionUrl",
    "published",
    "labels",
    "inputFields",
    "outputFields",
    "functions",
    "objectTypes",
    "objectRequestOptions",
    "executionRules",
];

/// `GET /automation/v4/actions/{appId}`: `limit`, `after`, `archived`.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let archived = flag(&call.query, "archived", false);
    let (_, resources) = of(call)?;
    let newest = resources.actions.values().filter_map(|all| all.last());
    let rows: Vec<Value> = newest
        .map(|made| &made.definition)
        .filter(|row| row.get("archivedAt").is_some() == archived)
        .cloned()
        .collect();
    page(call, &rows, PageRule::clamped(100, 100))
}

/// `GET …/{appId}/{definitionId}`.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    let archived = flag(&call.query, "archived", false);
    let revisions = revisions_of(call)?;
    let newest = revisions.last().map(|made| &made.definition);
    let row = newest.filter(|row| row.get("archivedAt").is_some() == archived);
    Ok(Response::json(200, row.ok_or_else(missing)?))
}

/// `POST …/{appId}`: 201.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    text(&body, "actionUrl")?;
    for member in ["labels", "inputFields"] {
        if body.get(member).is_none_or(Value::is_null) {
            return Err(ApiError::validation(format!(
                "Some required fields were not set: [{member}]"
            )));
        }
    }
    let now = call.now;
    let (_, resources) = of(call)?;
    let id = resources.next_id().to_string();
    let mut row = json!({
        "id": id, "revisionId": "1", "published": false, "functions": [], "objectTypes": [], "outputFields": [],
    });
    apply(&body, &mut row)?;
    let response = Response::json(201, &row);
    resources.actions.insert(
        id,
        vec![ActionRevision {
            created_at: now,
            definition: row,
        }],
    );
    Ok(response)
}

/// `PATCH …/{appId}/{definitionId}`: a new revision.
pub(crate) fn patch(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let now = call.now;
    let revisions = revisions_of(call)?;
    let newest = revisions.last().ok_or_else(missing)?;
    let mut row = newest.definition.clone();
    apply(&body, &mut row)?;
    row["revisionId"] = json!((revisions.len() + 1).to_string());
    let response = Response::json(200, &row);
    revisions.push(ActionRevision {
        created_at: now,
        definition: row,
    });
    Ok(response)
}

/// `DELETE …/{appId}/{definitionId}`: archives it.
pub(crate) fn archive(call: &mut Call<'_>) -> Answer {
    let now = call.now;
    let newest = revisions_of(call)?.last_mut().ok_or_else(missing)?;
    let row = &mut newest.definition;
    if row.get("archivedAt").is_some() {
        return Err(missing());
    }
    row["archivedAt"] = json!(now);
    Ok(Response::empty(204))
}

/// `GET …/{definitionId}/functions`.
pub(crate) fn functions(call: &mut Call<'_>) -> Answer {
    let newest = revisions_of(call)?.last().ok_or_else(missing)?;
    let functions = newest.definition["functions"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    whole(functions)
}

/// `GET …/{definitionId}/revisions`: newest first.
pub(crate) fn revisions(call: &mut Call<'_>) -> Answer {
    let rows: Vec<Value> = revisions_of(call)?.iter().rev().map(revision).collect();
    page(call, &rows, PageRule::clamped(100, 100))
}

/// `GET …/{definitionId}/revisions/{revisionId}`.
pub(crate) fn revision_of(call: &mut Call<'_>) -> Answer {
    let wanted = call.param("revisionId").to_owned();
    let rows = revisions_of(call)?;
    let row = rows
        .iter()
        .find(|made| made.definition["revisionId"] == wanted);
    Ok(Response::json(200, &revision(row.ok_or_else(missing)?)))
}

fn revision(made: &ActionRevision) -> Value {
    json!({
        "id": made.definition["revisionId"],
        "revisionId": made.definition["revisionId"],
        "createdAt": iso(made.created_at),
        "definition": made.definition,
    })
}

fn revisions_of<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Vec<ActionRevision>, ApiError> {
    let id = call.param("definitionId").to_owned();
    let (_, resources) = of(call)?;
    resources.actions.get_mut(&id).ok_or_else(missing)
}

fn apply(body: &Value, row: &mut Value) -> Result<(), ApiError> {
    if !body.is_object() {
        return Err(ApiError::validation("The body must be an object."));
    }
    for member in MEMBERS {
        if let Some(value) = body.get(member) {
            row[member] = value.clone();
        }
    }
    Ok(())
}
