//! Owns the authorization endpoint: checks, account picker, consent, the redirect (platform 1.1, 1.2, 8.1).
//! What the pages look like is in `pages.rs`.

#![expect(
    clippy::unnecessary_wraps,
    reason = "a handler's signature is the router's"
)]

use url::{Host, Url};

use super::{mint, pages};
use crate::control::scenarios;
use crate::http::{Fields, Response};
use crate::model::{Health, Portal, Rights};
use crate::router::{Answer, Call};
use crate::scopes;
use crate::state::{AppConfig, Holder, State};

/// An authorization request that passed every check that needs no account.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) client_id: String,
    pub(super) app_name: String,
    pub(super) redirect_uri: Url,
    pub(super) redirect_text: String,
    pub(super) required: Vec<String>,
    pub(super) optional: Vec<String>,
    pub(super) state: Option<String>,
    pub(super) challenge: Option<String>,
}

/// Why the pages refuse; never told to the redirect URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    UnknownClient,
    BadRedirectUri,
    ScopesInsufficient(Vec<String>),
    ScopeMismatch(Vec<String>),
    ChallengeMethod,
    UnknownAccount,
    MissingProduct(Vec<String>),
    NoRights,
    Governance,
    InstallLimit(usize),
    NotUserLevel,
}

/// Parameters of an authorization request that the pages carry along.
pub(super) const CARRIED: [&str; 8] = [
    "client_id",
    "redirect_uri",
    "scope",
    "optional_scope",
    "state",
    "response_type",
    "code_challenge",
    "code_challenge_method",
];

/// Checks everything that depends on the app alone.
fn check(state: &State, fields: &Fields) -> Result<Checked, Refusal> {
    let app = fields
        .filled("client_id")
        .and_then(|id| state.app(id))
        .ok_or(Refusal::UnknownClient)?;
    let redirect_text = fields
        .filled("redirect_uri")
        .ok_or(Refusal::BadRedirectUri)?;
    if !app.redirect_urls.iter().any(|url| url == redirect_text) {
        return Err(Refusal::BadRedirectUri);
    }
    let redirect_uri = redirect_uri(redirect_text, state.switches.ip_redirect_uris)
        .map_err(|_| Refusal::BadRedirectUri)?;
    let required = words(fields.first("scope"));
    let mut optional = words(fields.first("optional_scope"));
    check_scopes(app, &required, &optional)?;
    // A name that is no scope can be granted nowhere, as if the account lacked it.
    optional.retain(|name| scopes::find(name).is_some());
    let challenge = fields.filled("code_challenge").map(str::to_owned);
    if challenge.is_some() && fields.filled("code_challenge_method") != Some("S256") {
        return Err(Refusal::ChallengeMethod);
    }
    Ok(Checked {
        client_id: app.client_id.clone(),
        app_name: app.name.clone(),
        redirect_uri,
        redirect_text: redirect_text.to_owned(),
        required,
        optional,
        state: fields.first("state").map(str::to_owned),
        challenge,
    })
}

fn check_scopes(app: &AppConfig, required: &[String], optional: &[String]) -> Result<(), Refusal> {
    let missing: Vec<String> = app
        .required_scopes
        .iter()
        .filter(|s| !required.contains(s))
        .cloned()
        .collect();
    if !missing.is_empty() {
        return Err(Refusal::ScopesInsufficient(missing));
    }
    let in_scope = |s: &&String| {
        let configured =
            app.required_scopes.contains(s) || app.conditionally_required_scopes.contains(s);
        !configured || scopes::find(s).is_none()
    };
    let misplaced: Vec<String> = required
        .iter()
        .filter(in_scope)
        .chain(optional.iter().filter(|s| !app.optional_scopes.contains(s)))
        .cloned()
        .collect();
    if misplaced.is_empty() {
        Ok(())
    } else {
        Err(Refusal::ScopeMismatch(misplaced))
    }
}

/// Space-separated scopes, each once, in the order asked.
fn words(text: Option<&str>) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for word in text.unwrap_or_default().split_whitespace() {
        if !list.iter().any(|seen| seen == word) {
            list.push(word.to_owned());
        }
    }
    list
}

/// What HubSpot lets an app register: `https`, or `http://localhost`; no IP address (platform 1.1).
pub fn redirect_uri(text: &str, ip_allowed: bool) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{text} is no URL: {error}"))?;
    let is_ip = matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)));
    if is_ip && !ip_allowed {
        return Err(format!(
            "{text} names an IP address; HubSpot takes host names only"
        ));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if url.host_str() == Some("localhost") || is_ip => Ok(url),
        _ => Err(format!(
            "{text} must begin with https://, or with http://localhost while developing"
        )),
    }
}

/// Why a person may not choose this portal; shown in the picker and on a pinned request.
pub(super) fn obstacle(state: &State, request: &Checked, portal: &Portal) -> Option<Refusal> {
    if portal.health == Health::Gone {
        return Some(Refusal::UnknownAccount);
    }
    let install = state.installs.get(&(request.client_id.clone(), portal.id));
    if portal.installer.rights == Rights::Standard {
        // Anybody may ask again for what the account has approved (mission fact 6).
        let approved = install.is_some_and(|install| {
            let mut asked = request.required.iter().chain(&request.optional);
            asked.all(|scope| install.scopes.contains(scope))
        });
        if !approved {
            return Some(Refusal::NoRights);
        }
    }
    let limit = state
        .app(&request.client_id)
        .and_then(|app| app.install_limit);
    if let Some(limit) = limit.filter(|_| install.is_none()) {
        let held = state
            .installs
            .keys()
            .filter(|(id, _)| *id == request.client_id)
            .count();
        if held >= limit {
            return Some(Refusal::InstallLimit(limit));
        }
    }
    None
}

/// Where the consent for this portal ends instead, while a scenario says so.
fn elsewhere(call: &Call<'_>) -> Option<u64> {
    let pinned: u64 = call.param("portalId").parse().ok()?;
    call.state.control.standing.elsewhere.get(&pinned).copied()
}

/// Checks the account: rights, products behind required scopes, governance.
fn check_account<'a>(call: &'a Call<'_>, request: &Checked) -> Result<&'a Portal, Refusal> {
    let portal = elsewhere(call)
        .or_else(|| call.param("portalId").parse().ok())
        .and_then(|id| call.state.portals.get(&id))
        .ok_or(Refusal::UnknownAccount)?;
    if let Some(refusal) = obstacle(call.state, request, portal) {
        return Err(refusal);
    }
    let above: Vec<String> = request
        .required
        .iter()
        .filter(|s| !scopes::available(s, portal))
        .cloned()
        .collect();
    if !above.is_empty() {
        return Err(Refusal::MissingProduct(above));
    }
    if portal.health == Health::GovernanceBlock {
        return Err(Refusal::Governance);
    }
    Ok(portal)
}

/// Headers of every page of this endpoint.
fn page(call: &Call<'_>, html: String) -> Response {
    // HTTP 200 even for refusals, as HubSpot's single-page app answers (platform 1.2).
    let mut response = Response::html(200, html);
    // No `form-action`: Chromium applies it to the redirect that follows the form, and that leaves for the app.
    response.set(
        "content-security-policy",
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    response.set("x-content-type-options", "nosniff");
    response.set("referrer-policy", "no-referrer");
    response.set("cache-control", "no-store");
    if call.state.switches.consent_coop {
        response.set("cross-origin-opener-policy", "same-origin");
    }
    response
}

fn redirect(call: &Call<'_>, location: &str) -> Response {
    let mut response = Response::empty(302);
    response.set("location", location);
    response.set("cache-control", "no-store");
    response.set("referrer-policy", "no-referrer");
    if call.state.switches.consent_coop {
        response.set("cross-origin-opener-policy", "same-origin");
    }
    response
}

/// `GET /oauth/consent.css`.
pub(crate) fn stylesheet(_call: &mut Call<'_>) -> Answer {
    let mut response = Response::empty(200);
    response.set("content-type", "text/css;charset=utf-8");
    response.set("cache-control", "max-age=300");
    response.set("x-content-type-options", "nosniff");
    response.body = include_bytes!("../../assets/consent.css").to_vec();
    Ok(response)
}

/// `GET /oauth/authorize`, and `/oauth/authorize/user` for user-level apps (platform 1.1): the account picker; with the picked `portal`, on to the consent page.
pub(crate) fn choose_account(call: &mut Call<'_>) -> Answer {
    let of_users = call.request.path.ends_with("/user");
    let checked = check(call.state, &call.query).and_then(|request| {
        let app = call.state.app(&request.client_id);
        if of_users && !app.is_some_and(|app| app.user_level) {
            return Err(Refusal::NotUserLevel);
        }
        Ok(request)
    });
    let request = match checked {
        Ok(request) => request,
        Err(refusal) => return Ok(page(call, pages::refused(&refusal))),
    };
    if let Some(portal) = call
        .query
        .filled("portal")
        .and_then(|id| id.parse::<u64>().ok())
    {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for name in CARRIED {
            if let Some(value) = call.query.first(name) {
                query.append_pair(name, value);
            }
        }
        return Ok(redirect(
            call,
            &format!("/oauth/{portal}/authorize?{}", query.finish()),
        ));
    }
    Ok(page(call, pages::picker(call.state, &request, &call.query)))
}

/// `GET /oauth/{portalId}/authorize`: the permissions asked.
pub(crate) fn review(call: &mut Call<'_>) -> Answer {
    if let Some(other) = elsewhere(call) {
        // Signed in to another account, the person sees that one's page.
        let query = &call.request.query;
        return Ok(redirect(call, &format!("/oauth/{other}/authorize?{query}")));
    }
    let shown = check(call.state, &call.query).and_then(|request| {
        let portal = check_account(call, &request)?;
        let unticked = call.state.control.standing.unticked.get(&portal.id);
        let ticked = |scope: &str| {
            unticked.is_none_or(|list| {
                list.as_ref()
                    .is_some_and(|list| !list.iter().any(|s| s == scope))
            })
        };
        Ok(pages::consent(&request, portal, &call.query, &ticked))
    });
    let html = shown.unwrap_or_else(|refusal| pages::refused(&refusal));
    Ok(page(call, html))
}

/// `POST /oauth/{portalId}/authorize`: `decision` is `connect` (with the ticked `grant`s) or `cancel`.
pub(crate) fn decide(call: &mut Call<'_>) -> Answer {
    let fields = super::token::form(call)?;
    // Checked anew: hidden fields are the sender's to change.
    let checked = check(call.state, &fields)
        .and_then(|request| check_account(call, &request).map(|portal| (request.clone(), portal)));
    let (request, portal) = match checked {
        Ok(checked) => checked,
        Err(refusal) => return Ok(page(call, pages::refused(&refusal))),
    };
    if fields.first("decision") != Some("connect") {
        return Ok(denied(call, &request));
    }
    let ticked: Vec<&str> = fields.all("grant").collect();
    let optional = request
        .optional
        .iter()
        .filter(|scope| ticked.contains(&scope.as_str()) && scopes::available(scope, portal))
        .cloned();
    let holder = Holder {
        client_id: request.client_id.clone(),
        portal: portal.id,
        user_id: portal.installer.user_id,
        email: portal.installer.email.clone(),
        scopes: mint::ordered(request.required.iter().cloned().chain(optional)),
    };
    scenarios::consented(call.state, holder.portal);
    let code = mint::code(
        call.state,
        holder,
        request.redirect_text.clone(),
        request.challenge.clone(),
        call.now,
    );
    Ok(return_to(call, &request, &[("code", &code)]))
}

fn denied(call: &Call<'_>, request: &Checked) -> Response {
    let switches = &call.state.switches;
    if !switches.denial_redirects {
        return page(call, pages::cancelled(&request.app_name));
    }
    let description = switches
        .denial_description
        .clone()
        .unwrap_or_else(|| "The user cancelled the connection.".to_owned());
    return_to(
        call,
        request,
        &[
            ("error", "access_denied"),
            ("error_description", &description),
        ],
    )
}

/// The redirect back, keeping the query that the redirect URI already has.
fn return_to(call: &Call<'_>, request: &Checked, params: &[(&str, &str)]) -> Response {
    let mut url = request.redirect_uri.clone();
    let mut query = url.query_pairs_mut();
    query.extend_pairs(params);
    if let Some(state) = &request.state {
        query.append_pair("state", state);
    }
    if let Some(iss) = &call.state.switches.iss {
        query.append_pair("iss", iss);
    }
    drop(query);
    redirect(call, url.as_str())
}

#[cfg(test)]
mod tests {
    use super::redirect_uri;

    #[test]
    fn only_what_hubspot_registers_is_a_redirect_uri() {
        let cases = [
            ("https://partner.example/callback", false, true),
            ("http://localhost:8080/callback/hubspot", false, true),
            ("http://127.0.0.1:8080/callback", false, false),
            ("http://127.0.0.1:8080/callback", true, true),
            ("https://[::1]/callback", false, false),
            ("http://partner.example/callback", false, false),
            ("javascript:alert(1)", false, false),
            ("/relative", false, false),
        ];
        for (text, ip_allowed, want) in cases {
            assert_eq!(redirect_uri(text, ip_allowed).is_ok(), want, "{text}");
        }
    }
}
