//! The HTTP interface: which path leads where. Owns routes and the order of the layers around them.
//! Handlers check who asks and what; the work is done in `grant`, `relay` and `store`.

mod app_files;
mod callback;
mod confirm;
mod connections;
mod cors;
mod edge;
mod events;
mod flows;
mod health;
mod json;
mod pages;
mod relay;
mod session;
mod solo;
mod who;

use crate::app::Shared;
use crate::error::ApiError;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use portico_core::error::ErrorCode;

/// Everything a browser reaches.
pub(crate) fn router(app: Shared) -> Router {
    let mut interface = Router::new()
        .route("/session", get(session::show))
        .route("/flows", post(flows::start))
        .route("/flows/{id}", get(flows::show).delete(flows::cancel))
        .route("/flows/{id}/complete", post(flows::complete))
        .route("/connections", get(connections::list))
        .route(
            "/connections/{id}",
            get(connections::show)
                .patch(connections::update)
                .delete(connections::remove),
        )
        .route("/connections/{id}/relay/{operation}", post(relay::perform))
        .route("/events", get(events::stream));
    if app.solo.is_some() {
        interface = interface
            .route("/solo/launch", post(solo::launch))
            .route("/solo/session", post(solo::renew));
    }
    let interface = interface
        .fallback(async || ApiError::from(ErrorCode::NotFound))
        .layer(from_fn_with_state(app.clone(), cors::guard))
        .layer(from_fn(edge::interface_headers));
    // `any`: the handler itself refuses what is not a navigation, with its own pages.
    let callbacks = Router::new()
        .route("/callback/{provider}", any(callback::arrive))
        .route("/callback/{provider}/confirm", any(confirm::release))
        .layer(from_fn(edge::interface_headers));
    let mut router = Router::new().nest("/v1", interface).merge(callbacks);
    if app.config.health_listen.is_none() {
        router = router.merge(health::routes());
    }
    router
        .fallback_service(app_files::service(&app.config))
        .layer(from_fn(edge::around))
        .with_state(app)
}

/// The listener for whoever watches over the proxy.
pub(crate) fn health_router(app: Shared) -> Router {
    health::routes()
        .fallback(async || ApiError::from(ErrorCode::NotFound))
        .layer(from_fn(edge::around))
        .with_state(app)
}
