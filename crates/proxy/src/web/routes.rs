//! Which routes there are, written down as they are added: the router, a preflight's methods and the list that
//! `docs/openapi.json` is held against are one. Owns paths and methods; handlers are elsewhere.

use super::{
    callback, confirm, connections, document, events, flows, health, journal, probe, relay,
    removal, session, solo, static_credentials, tokens, workspaces,
};
use crate::app::Shared;
use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, any, on};
use http::Method;

/// Where the interface stands.
pub(super) const INTERFACE: &str = "/v1";

/// A router and what was put into it.
#[derive(Default)]
pub(super) struct Routes {
    router: Router<Shared>,
    list: Vec<(Method, &'static str)>,
}

/// Methods of each path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed(Vec<(Method, &'static str)>);

impl Routes {
    fn on<H, T>(mut self, method: Method, filter: MethodFilter, path: &'static str, to: H) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        self.router = self.router.route(path, on(filter, to));
        self.list.push((method, path));
        self
    }

    fn get<T: 'static>(self, path: &'static str, to: impl Handler<T, Shared>) -> Self {
        self.on(Method::GET, MethodFilter::GET, path, to)
    }

    fn post<T: 'static>(self, path: &'static str, to: impl Handler<T, Shared>) -> Self {
        self.on(Method::POST, MethodFilter::POST, path, to)
    }

    fn put<T: 'static>(self, path: &'static str, to: impl Handler<T, Shared>) -> Self {
        self.on(Method::PUT, MethodFilter::PUT, path, to)
    }

    fn patch<T: 'static>(self, path: &'static str, to: impl Handler<T, Shared>) -> Self {
        self.on(Method::PATCH, MethodFilter::PATCH, path, to)
    }

    fn delete<T: 'static>(self, path: &'static str, to: impl Handler<T, Shared>) -> Self {
        self.on(Method::DELETE, MethodFilter::DELETE, path, to)
    }

    /// One that itself refuses, with a page of ours, what is not of this method.
    fn page<T: 'static>(
        mut self,
        method: Method,
        path: &'static str,
        to: impl Handler<T, Shared>,
    ) -> Self {
        self.router = self.router.route(path, any(to));
        self.list.push((method, path));
        self
    }

    /// The router, and the list of what is in it.
    pub(super) fn split(self) -> (Router<Shared>, Listed) {
        (self.router, Listed(self.list))
    }

    /// The router alone.
    pub(super) fn router(self) -> Router<Shared> {
        self.router
    }
}

impl Listed {
    /// Methods of a path as it was listed, as a preflight's answer names them; nothing for a path that is not there.
    pub(super) fn methods(&self, path: &str) -> String {
        let of_path = self.0.iter().filter(|(_, listed)| *listed == path);
        let methods: Vec<&str> = of_path.map(|(method, _)| method.as_str()).collect();
        methods.join(", ")
    }
}

/// What pages call with a session, below [`INTERFACE`].
pub(super) fn interface(solo: bool) -> Routes {
    let routes = Routes::default()
        .get("/session", session::show)
        .post("/flows", flows::start)
        .get("/flows/{id}", flows::show)
        .delete("/flows/{id}", flows::cancel)
        .post("/flows/{id}/complete", flows::complete)
        .get("/connections", connections::list)
        .get("/connections/{id}", connections::show)
        .patch("/connections/{id}", connections::update)
        .delete("/connections/{id}", removal::remove)
        .post("/connections/static", static_credentials::add)
        .put("/connections/{id}/credential", static_credentials::replace)
        .post("/connections/{id}/test", probe::test)
        .post("/connections/{id}/relay/{operation}", relay::perform)
        .get("/workspaces", workspaces::list)
        .post("/workspaces", workspaces::add)
        .patch("/workspaces/{id}", workspaces::rename)
        .delete("/workspaces/{id}", workspaces::remove)
        .get("/events", events::stream)
        .get("/journal", journal::list)
        .get("/journal/export", journal::export);
    if solo {
        routes
            .post("/solo/launch", solo::launch)
            .post("/solo/session", solo::renew)
    } else {
        routes
    }
}

/// Where the consent pages send browsers.
pub(super) fn callbacks() -> Routes {
    Routes::default()
        .page(Method::GET, "/callback/{provider}", callback::arrive)
        .page(
            Method::POST,
            "/callback/{provider}/confirm",
            confirm::release,
        )
}

/// For partners' backends. Beside the interface: no page may call it, so no preflight is answered.
pub(super) fn backend() -> Routes {
    Routes::default()
        .post("/v1/connections/{id}/token", tokens::issue)
        .post("/oauth/token", tokens::exchange)
}

/// For anybody.
pub(super) fn public() -> Routes {
    Routes::default().get(document::PATH, document::show)
}

/// For whoever watches over the proxy.
pub(super) fn health() -> Routes {
    Routes::default()
        .get("/healthz", health::healthz)
        .get("/readyz", health::readyz)
}

/// On the listener of their own only: who reads them learns how busy the proxy is.
pub(super) fn metrics() -> Routes {
    Routes::default().get("/metrics", health::render)
}

/// All there are, with their whole paths.
#[cfg(feature = "openapi")]
pub(super) fn all() -> Vec<(Method, String)> {
    let below = |prefix: &str, routes: Routes| {
        let whole = routes.list.into_iter();
        whole
            .map(|(method, path)| (method, format!("{prefix}{path}")))
            .collect::<Vec<_>>()
    };
    [
        below(INTERFACE, interface(true)),
        below("", public()),
        below("", backend()),
        below("", callbacks()),
        below("", health()),
        below("", metrics()),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_names_its_own_methods() {
        let (_, listed) = interface(true).split();
        for (path, want) in [
            ("/session", "GET"),
            ("/flows", "POST"),
            ("/flows/{id}", "GET, DELETE"),
            ("/connections/{id}", "GET, PATCH, DELETE"),
            ("/connections/static", "POST"),
            ("/connections/{id}/credential", "PUT"),
            ("/connections/{id}/relay/{operation}", "POST"),
            ("/workspaces", "GET, POST"),
            ("/workspaces/{id}", "PATCH, DELETE"),
            ("/solo/launch", "POST"),
            ("/nowhere", ""),
        ] {
            assert_eq!(listed.methods(path), want, "{path}");
        }
        let (_, listed) = interface(false).split();
        assert_eq!(listed.methods("/solo/launch"), "");
    }
}
