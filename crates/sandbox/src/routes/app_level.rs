//! Owns the routes of app-level endpoints, which an installer's token never opens (platform 6.3). Holds no logic.

use super::get;
use crate::hubspot::collections;
use crate::router::{Access, Route};

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    get(&["/webhooks/v3/{appId}/settings", "/app-webhooks/{date}/{appId}/settings"], Access::DeveloperKey, collections::app_level, "platform 6.3"),
    get(&["/automation/v4/actions/{appId}", "/automation/actions/{date}/{appId}"], Access::DeveloperKey, collections::app_level, "platform 6.3"),
];
