//! Owns the routes of app-level endpoints, which only the developer's credentials open (platform 6.3). Holds no logic.

use super::get as any_get;
use crate::hubspot::{actions, feature_flags, timeline, webhooks};
use crate::router::{Access, Answer, Call, RateClass, Route};

const fn get(patterns: super::Paths, handler: fn(&mut Call<'_>) -> Answer) -> Route {
    let source = "platform 6.3, app-level";
    Route {
        rate: RateClass::Free,
        ..any_get(patterns, Access::DeveloperKey, handler, source)
    }
}

const fn with(
    method: &'static str,
    patterns: super::Paths,
    handler: fn(&mut Call<'_>) -> Answer,
) -> Route {
    Route {
        method,
        ..get(patterns, handler)
    }
}

const SETTINGS: super::Paths = &[
    "/webhooks/v3/{appId}/settings",
    "/app-webhooks/{date}/{appId}/settings",
];
const SUBSCRIPTIONS: super::Paths = &[
    "/webhooks/v3/{appId}/subscriptions",
    "/app-webhooks/{date}/{appId}/subscriptions",
];
const SUBSCRIPTION: super::Paths = &[
    "/webhooks/v3/{appId}/subscriptions/{subscriptionId}",
    "/app-webhooks/{date}/{appId}/subscriptions/{subscriptionId}",
];
const TEMPLATES: super::Paths = &["/integrators/timeline/v3/{appId}/event-templates"];
const TEMPLATE: super::Paths =
    &["/integrators/timeline/v3/{appId}/event-templates/{eventTemplateId}"];
const TOKEN: super::Paths =
    &["/integrators/timeline/v3/{appId}/event-templates/{eventTemplateId}/tokens/{tokenName}"];
const ACTIONS: super::Paths = &[
    "/automation/v4/actions/{appId}",
    "/automation/actions/{date}/{appId}",
];
const ACTION: super::Paths = &[
    "/automation/v4/actions/{appId}/{definitionId}",
    "/automation/actions/{date}/{appId}/{definitionId}",
];
const FLAG: super::Paths = &[
    "/feature-flags/v3/{appId}/flags/{flagName}",
    "/feature-flags/{date}/{appId}/flags/{flagName}",
];
const FLAG_PORTAL: super::Paths = &[
    "/feature-flags/v3/{appId}/flags/{flagName}/portals/{portalId}",
    "/feature-flags/{date}/{appId}/flags/{flagName}/portals/{portalId}",
];

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    get(SETTINGS, webhooks::settings),
    with("PUT", SETTINGS, webhooks::put_settings),
    with("DELETE", SETTINGS, webhooks::delete_settings),
    get(SUBSCRIPTIONS, webhooks::subscriptions),
    with("POST", SUBSCRIPTIONS, webhooks::subscribe),
    with("POST", &["/webhooks/v3/{appId}/subscriptions/batch/update", "/app-webhooks/{date}/{appId}/subscriptions/batch/update"], webhooks::batch_update),
    get(SUBSCRIPTION, webhooks::one),
    with("PATCH", SUBSCRIPTION, webhooks::patch),
    with("DELETE", SUBSCRIPTION, webhooks::delete),
    get(TEMPLATES, timeline::list),
    with("POST", TEMPLATES, timeline::create),
    get(TEMPLATE, timeline::one),
    with("PUT", TEMPLATE, timeline::update),
    with("DELETE", TEMPLATE, timeline::delete),
    with("POST", &["/integrators/timeline/v3/{appId}/event-templates/{eventTemplateId}/tokens"], timeline::add_token),
    with("PUT", TOKEN, timeline::update_token),
    with("DELETE", TOKEN, timeline::delete_token),
    get(ACTIONS, actions::list),
    with("POST", ACTIONS, actions::create),
    get(ACTION, actions::one),
    with("PATCH", ACTION, actions::patch),
    with("DELETE", ACTION, actions::archive),
    get(&["/automation/v4/actions/{appId}/{definitionId}/functions", "/automation/actions/{date}/{appId}/{definitionId}/functions"], actions::functions),
    get(&["/automation/v4/actions/{appId}/{definitionId}/revisions", "/automation/actions/{date}/{appId}/{definitionId}/revisions"], actions::revisions),
    get(&["/automation/v4/actions/{appId}/{definitionId}/revisions/{revisionId}", "/automation/actions/{date}/{appId}/{definitionId}/revisions/{revisionId}"], actions::revision_of),
    get(&["/feature-flags/v3/{appId}/flags/all", "/feature-flags/{date}/{appId}/flags/all"], feature_flags::all),
    get(FLAG, feature_flags::one),
    with("PUT", FLAG, feature_flags::put),
    get(&["/feature-flags/v3/{appId}/flags/{flagName}/portals", "/feature-flags/{date}/{appId}/flags/{flagName}/portals"], feature_flags::portals),
    get(FLAG_PORTAL, feature_flags::portal),
    with("PUT", FLAG_PORTAL, feature_flags::put_portal),
];
