//! Owns the table of routes: method, paths of every generation, scopes, tier, window, room, source; one file per area.
//! Holds no logic; literal paths stand above those with parameters that would swallow them (a test holds this).

mod account;
mod app_level;
mod automation;
mod communication;
mod content;
mod crm;
mod crm_write;
mod marketing;
mod oauth;
mod objects;
mod settings;

use crate::router::{Access, Answer, Call, RateClass, Route};
use crate::scopes::Need;

/// Every area's routes.
const TABLES: &[&[Route]] = &[
    oauth::ROUTES,
    account::ROUTES,
    crm::ROUTES,
    crm_write::ROUTES,
    objects::ROUTES,
    settings::ROUTES,
    automation::ROUTES,
    marketing::ROUTES,
    content::ROUTES,
    communication::ROUTES,
    app_level::ROUTES,
];

/// Every route of the sandbox, in the order in which they are tried.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    TABLES.iter().copied().flatten()
}

type Handler = fn(&mut Call<'_>) -> Answer;
type Paths = &'static [&'static str];

const fn public(
    method: &'static str,
    patterns: Paths,
    handler: Handler,
    source: &'static str,
) -> Route {
    let (need, rate) = (Need::Nothing, RateClass::Free);
    Route {
        method,
        patterns,
        access: Access::Public,
        need,
        rate,
        handler,
        source,
    }
}

const fn get(patterns: Paths, access: Access, handler: Handler, source: &'static str) -> Route {
    let (need, rate) = (Need::Nothing, RateClass::Burst);
    Route {
        method: "GET",
        patterns,
        access,
        need,
        rate,
        handler,
        source,
    }
}

const fn post(patterns: Paths, access: Access, handler: Handler, source: &'static str) -> Route {
    Route {
        method: "POST",
        ..get(patterns, access, handler, source)
    }
}

impl Route {
    const fn needs(self, need: Need) -> Self {
        Self { need, ..self }
    }

    const fn search(self) -> Self {
        Self {
            rate: RateClass::Search,
            ..self
        }
    }

    const fn patch(self) -> Self {
        Self {
            method: "PATCH",
            ..self
        }
    }

    const fn delete(self) -> Self {
        Self {
            method: "DELETE",
            ..self
        }
    }
}
