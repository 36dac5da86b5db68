//! `/healthz`: the process runs. `/readyz`: it could store a token now (OV-5). `/metrics`: how it does.

use crate::app::Shared;
use crate::telemetry::CONTENT_TYPE as METRICS;
use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How it does, for Prometheus.
pub(super) async fn render(State(app): State<Shared>) -> impl IntoResponse {
    ([(CONTENT_TYPE, METRICS)], app.telemetry.render(&app))
}

/// The process runs.
pub(super) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// It could store a token now.
pub(super) async fn readyz(State(app): State<Shared>) -> (StatusCode, Json<Value>) {
    let writable = tokio::time::timeout(Duration::from_secs(3), app.store.is_writable());
    let began = Instant::now();
    let ready =
        !app.stop.is_cancelled() && app.sealer.can_seal() && writable.await.unwrap_or(false);
    app.telemetry.database("probe", began.elapsed());
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(json!({ "ready": ready })))
}
