//! Owns the design manager's files: templates, themes and modules as a tree walked folder by folder (platform 6.3).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::ApiError;
use crate::http::Response;
use crate::model::Collection;
use crate::router::{Answer, Call};

/// `GET /cms/source-code/{version}/{environment}/metadata/{path}`: one file or folder; a folder names its children.
/// The root is an empty path, `/` or `@root`.
pub(crate) fn metadata(call: &mut Call<'_>) -> Answer {
    let environment = call.param("environment");
    if !matches!(environment, "draft" | "published") {
        return Err(ApiError::validation(format!(
            "Invalid value for environment: {environment}; use draft or published"
        )));
    }
    let path = call.param("path").trim_matches('/');
    let path = if path == "@root" { "" } else { path };
    let files = call.portal()?.collection(Collection::SourceFiles);
    let mut children = BTreeSet::new();
    let (mut created, mut updated) = (u64::MAX, 0);
    for file in files.iter().map(crate::document::Document::value) {
        let Some(full) = file["path"].as_str() else {
            continue;
        };
        if full == path {
            return Ok(Response::json(200, &describe(&file, full)));
        }
        let inside = match path {
            "" => Some(full),
            path => full
                .strip_prefix(path)
                .and_then(|rest| rest.strip_prefix('/')),
        };
        if let Some(name) = inside.and_then(|rest| rest.split('/').next()) {
            children.insert(name.to_owned());
            created = created.min(file["createdAt"].as_u64().unwrap_or(u64::MAX));
            updated = updated.max(file["updatedAt"].as_u64().unwrap_or(0));
        }
    }
    if children.is_empty() && !path.is_empty() {
        return Err(ApiError::not_found(format!("{path} does not exist")));
    }
    Ok(Response::json(
        200,
        &json!({
            "id": path,
            "name": path.rsplit('/').next().unwrap_or_default(),
            "folder": true,
            "children": children,
            "createdAt": if children.is_empty() { 0 } else { created },
            "updatedAt": updated,
        }),
    ))
}

fn describe(file: &Value, path: &str) -> Value {
    let seed = format!("{path}@{}", file["updatedAt"]);
    let hash = Sha256::digest(seed.as_bytes());
    let hash = hash
        .iter()
        .take(16)
        .fold(0_u128, |hash, byte| (hash << 8) | u128::from(*byte));
    json!({
        "id": path,
        "name": path.rsplit('/').next().unwrap_or_default(),
        "folder": false,
        "hash": format!("{hash:032x}"),
        "createdAt": file["createdAt"],
        "updatedAt": file["updatedAt"],
    })
}
