//! Owns the routes of account information (platform 3). Holds no logic.

use super::get;
use crate::hubspot::{account, activity};
use crate::model::Tier;
use crate::router::{Access, Route};
use crate::scopes::Need;

const OAUTH: Access = Access::AnyOf(&["oauth"]);
const SECURITY: Access = Access::AnyOf(&["account-info.security.read"]);

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    get(&["/account-info/v3/details", "/account-info/{date}/details"], OAUTH, account::details, "platform 3"),
    get(&["/account-info/2027-03-beta/details"], OAUTH, account::details_with_name, "mission fact 4"),
    get(&["/account-info/v3/api-usage/daily/private-apps", "/account-info/{date}/api-usage/daily/private-apps"], OAUTH, account::daily_usage, "platform 3"),
    get(&["/account-info/v3/activity/audit-logs", "/account-info/{date}/activity/audit-logs"], SECURITY, activity::audit_logs, "platform 3").needs(Need::Any(Tier::Enterprise)),
    get(&["/account-info/v3/activity/login", "/account-info/{date}/activity/login"], SECURITY, activity::logins, "platform 3"),
    get(&["/account-info/v3/activity/security", "/account-info/{date}/activity/security"], SECURITY, activity::security, "platform 3"),
];
