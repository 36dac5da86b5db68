//! `/healthz`: the process runs. `/readyz`: it could store a token now (OV-5).

use crate::app::Shared;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
}

async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn readyz(State(app): State<Shared>) -> (StatusCode, Json<Value>) {
    let writable = tokio::time::timeout(Duration::from_secs(3), app.store.is_writable());
    let ready =
        !app.stop.is_cancelled() && app.sealer.can_seal() && writable.await.unwrap_or(false);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(json!({ "ready": ready })))
}
