//! The HTTP interface: which path leads where. Owns routes and the order of the layers around them.
//! Handlers check who asks and what; the work is done in `grant`, `relay` and `store`.

mod admission;
mod app_files;
mod callback;
mod confirm;
mod connections;
mod cors;
mod document;
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
#[cfg(feature = "openapi")]
pub(crate) mod openapi;
mod pages;
mod probe;
mod relay;
mod removal;
mod routes;
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
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use portico_core::error::ErrorCode;
use std::sync::Arc;

/// Everything a browser reaches.
pub(crate) fn router(app: Shared) -> Router {
    let (interface, listed) = routes::interface(app.solo.is_some()).split();
    let interface = interface
        .fallback(async || ApiError::from(ErrorCode::NotFound))
        // One layer for three concerns: each costs every request several allocations.
        .layer(from_fn_with_state((app.clone(), Arc::new(listed)), guard));
    // They refuse what is not a navigation themselves, with pages of their own.
    let callbacks = routes::callbacks()
        .router()
        .layer(from_fn_with_state(app.clone(), admission::admit))
        .layer(from_fn(edge::interface_headers));
    let backend = routes::backend()
        .router()
        .layer(from_fn(edge::interface_headers));
    let public = routes::public()
        .router()
        .layer(from_fn_with_state(app.clone(), admission::admit));
    let mut router = Router::new()
        .nest(routes::INTERFACE, interface)
        .merge(callbacks)
        .merge(backend)
        .merge(public);
    if app.config.health_listen.is_none() {
        router = router.merge(routes::health().router());
    }
    router
        .fallback_service(app_files::service(&app.config))
        .layer(from_fn_with_state(app.clone(), edge::around))
        .with_state(app)
}

/// Around the interface, from the outside in: its headers, which pages may call it, and a place for the request.
async fn guard(
    State((app, listed)): State<(Shared, Arc<routes::Listed>)>,
    request: Request,
    next: Next,
) -> Response {
    let admitted = async |request| admission::admit(State(app.clone()), request, next).await;
    let mut response = cors::guard(&app, &listed, request, admitted).await;
    edge::set_interface_headers(response.headers_mut());
    response
}

/// The listener for whoever watches over the proxy.
pub(crate) fn health_router(app: Shared) -> Router {
    routes::health()
        .router()
        .merge(routes::metrics().router())
        .fallback(async || ApiError::from(ErrorCode::NotFound))
        .layer(from_fn_with_state(app.clone(), edge::around))
        .with_state(app)
}
