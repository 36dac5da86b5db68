//! Owns the routes of OAuth endpoints and pages (platform 1). Holds no logic.

use super::{get, public};
use crate::oauth;
use crate::router::{Access, Route};

const OAUTH: Access = Access::AnyOf(&["oauth"]);

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    public("GET", &["/oauth/consent.css"], oauth::authorize::stylesheet, "ours"),
    public("GET", &["/oauth/authorize", "/oauth/authorize/user"], oauth::authorize::choose_account, "platform 1.1"),
    public("GET", &["/oauth/{portalId}/authorize"], oauth::authorize::review, "platform 1.1"),
    public("POST", &["/oauth/{portalId}/authorize"], oauth::authorize::decide, "platform 1.2"),
    public("POST", &["/oauth/v1/token"], oauth::token::v1, "platform 1.3"),
    public("POST", &["/oauth/v3/token", "/oauth/{date}/token"], oauth::token::standard, "platform 1.3"),
    public("POST", &["/oauth/v3/token/introspect", "/oauth/{date}/token/introspect"], oauth::introspect::introspect, "platform 1.4"),
    public("POST", &["/oauth/v3/token/revoke", "/oauth/{date}/token/revoke"], oauth::introspect::revoke, "platform 1.4"),
    public("GET", &["/oauth/v1/access-tokens/{token}"], oauth::introspect::v1_access_token, "platform 1.4"),
    public("GET", &["/oauth/v1/refresh-tokens/{token}"], oauth::introspect::v1_refresh_token, "platform 1.4"),
    public("DELETE", &["/oauth/v1/refresh-tokens/{token}"], oauth::introspect::v1_delete_refresh_token, "platform 1.4"),
    public("POST", &["/oauth/v2/private-apps/get/access-token-info"], oauth::static_info::access_token_info, "platform 2"),
    get(&["/appinstalls/v3/external-install", "/appinstalls/{date}/external-install"], OAUTH, oauth::introspect::uninstall, "platform 1.6").delete(),
];
