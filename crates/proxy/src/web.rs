//! The HTTP interface: which path leads where. Owns routes and the order of the layers around them.
//! Handlers check who asks and what; the work is done in `grant`, `relay` and `store`.

mod admission;
mod app_files;
mod callback;
mod confirm;
mod connections;
mod cors;
mod edge;
mod events;
mod flows;
#[cfg(any(test, feature = "fuzzing"))]
#[path = "../fuzz/targets/web/mod.rs"]
pub(crate) mod fuzzing;
mod health;
mod id;
mod journal;
mod json;
mod pages;
mod probe;
mod relay;
mod session;
mod solo;
mod static_credentials;
mod tokens;
mod who;
mod workspaces;

pub(crate) use admission::{Place, Places};

use crate::app::Shared;
use crate::error::ApiError;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, patch, post, put};
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
        .route("/connections/static", post(static_credentials::add))
        .route(
            "/connections/{id}/credential",
            put(static_credentials::replace),
        )
        .route("/connections/{id}/test", post(probe::test))
        .route("/connections/{id}/relay/{operation}", post(relay::perform))
        .route("/workspaces", get(workspaces::list).post(workspaces::add))
        .route(
            "/workspaces/{id}",
            patch(workspaces::rename).delete(workspaces::remove),
        )
        .route("/events", get(events::stream))
        .route("/journal", get(journal::list))
        .route("/journal/export", get(journal::export));
    if app.solo.is_some() {
        interface = interface
            .route("/solo/launch", post(solo::launch))
            .route("/solo/session", post(solo::renew));
    }
    let interface = interface
        .fallback(async || ApiError::from(ErrorCode::NotFound))
        .layer(from_fn_with_state(app.clone(), admission::admit))
        .layer(from_fn_with_state(app.clone(), cors::guard))
        .layer(from_fn(edge::interface_headers));
    // `any`: the handler itself refuses what is not a navigation, with its own pages.
    let callbacks = Router::new()
        .route("/callback/{provider}", any(callback::arrive))
        .route("/callback/{provider}/confirm", any(confirm::release))
        .layer(from_fn_with_state(app.clone(), admission::admit))
        .layer(from_fn(edge::interface_headers));
    // Beside the interface: no page may call it, so no preflight is answered.
    let backend = Router::new()
        .route("/v1/connections/{id}/token", post(tokens::issue))
        .route("/oauth/token", post(tokens::exchange))
        .layer(from_fn(edge::interface_headers));
    let mut router = Router::new()
        .nest("/v1", interface)
        .merge(callbacks)
        .merge(backend);
    if app.config.health_listen.is_none() {
        router = router.merge(health::routes());
    }
    router
        .fallback_service(app_files::service(&app.config))
        .layer(from_fn_with_state(app.clone(), edge::around))
        .with_state(app)
}

/// The listener for whoever watches over the proxy.
pub(crate) fn health_router(app: Shared) -> Router {
    health::routes()
        .merge(health::metrics())
        .fallback(async || ApiError::from(ErrorCode::NotFound))
        .layer(from_fn_with_state(app.clone(), edge::around))
        .with_state(app)
}
