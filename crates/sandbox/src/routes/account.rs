//! Owns the routes of account information (platform 3). Holds no logic.

use super::get;
use crate::hubspot::account;
use crate::router::{Access, Route};

const OAUTH: Access = Access::AnyOf(&["oauth"]);

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    get(&["/account-info/v3/details", "/account-info/{date}/details"], OAUTH, account::details, "platform 3"),
    get(&["/account-info/2027-03-beta/details"], OAUTH, account::details_with_name, "mission fact 4"),
    get(&["/account-info/v3/api-usage/daily/private-apps", "/account-info/{date}/api-usage/daily/private-apps"], OAUTH, account::daily_usage, "platform 3"),
];
