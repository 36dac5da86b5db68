//! Owns imports with their errors, and exports, of which HubSpot has no list (platform 6.2). Starts neither.

use serde_json::{Value, json};

use super::documents::{self, Shelf};
use super::page::{PageRule, flag, page};
use crate::document::Document;
use crate::error::ApiError;
use crate::http::Response;
use crate::model::Collection;
use crate::router::{Answer, Call};

const IMPORTS: Shelf = Shelf::plain(Collection::Imports, PageRule::clamped(10, 100));

/// An import without what only its errors tell.
fn describe(import: &Document) -> Value {
    let mut import = import.value();
    if let Some(members) = import.as_object_mut() {
        members.remove("errors");
    }
    import
}

/// `GET /crm/imports/{version}`.
pub(crate) fn imports(call: &mut Call<'_>) -> Answer {
    let imports = call.portal()?.collection(Collection::Imports);
    let rows: Vec<Value> = imports.iter().map(describe).collect();
    page(call, &rows, IMPORTS.rule)
}

fn find<'a>(call: &'a Call<'_>) -> Result<&'a Document, ApiError> {
    documents::number(call, "importId")?;
    let id = call.param("importId");
    call.portal()?
        .collection(Collection::Imports)
        .iter()
        .find(|import| import.has("id", id))
        .ok_or_else(|| ApiError::not_found(format!("Import {id} does not exist")))
}

/// `GET /crm/imports/{version}/{importId}`.
pub(crate) fn import(call: &mut Call<'_>) -> Answer {
    find(call).map(|import| Response::json(200, &describe(import)))
}

/// `GET …/{importId}/errors`: message and row only where asked for.
pub(crate) fn import_errors(call: &mut Call<'_>) -> Answer {
    let message = flag(&call.query, "includeErrorMessage", false);
    let row = flag(&call.query, "includeRowData", false);
    let Some(Value::Array(mut errors)) = find(call)?.member("errors") else {
        return page::<Value>(call, &[], IMPORTS.rule);
    };
    for error in &mut errors {
        if let Some(members) = error.as_object_mut() {
            members.retain(|name, _| message || name != "errorMessage");
        }
        if !row {
            error["sourceData"]["rowData"] = json!([]);
        }
    }
    page(call, &errors, IMPORTS.rule)
}

fn export<'a>(call: &'a Call<'_>, param: &str) -> Result<&'a Document, ApiError> {
    documents::number(call, param)?;
    let id = call.param(param);
    call.portal()?
        .collection(Collection::Exports)
        .iter()
        .find(|export| export.has("id", id))
        .ok_or_else(|| ApiError::not_found(format!("Export {id} does not exist")))
}

/// `GET /crm/exports/{version}/export/{exportId}`.
pub(crate) fn one_export(call: &mut Call<'_>) -> Answer {
    export(call, "exportId").map(|export| Response::json(200, export))
}

/// `GET …/export/async/tasks/{taskId}/status`: with the file's address when done.
pub(crate) fn export_status(call: &mut Call<'_>) -> Answer {
    let export = export(call, "taskId")?.value();
    let mut status = json!({
        "status": "PROCESSING",
        "requestedAt": export["createdAt"],
        "startedAt": export["createdAt"],
        "completedAt": export["updatedAt"],
    });
    if export["exportState"] == "DONE" {
        let host = call.portal()?.ui_domain();
        let id = call.param("taskId");
        status["status"] = json!("COMPLETE");
        status["result"] = json!(format!("https://{host}/exports/{id}/download"));
    }
    Ok(Response::json(200, &status))
}
