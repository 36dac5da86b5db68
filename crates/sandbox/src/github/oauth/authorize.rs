//! Owns the authorization endpoint: who signs in, what they allow, where they go. What the page looks like is in
//! `pages.rs`.

#![expect(
    clippy::unnecessary_wraps,
    reason = "a handler's signature is the table's"
)]

use std::collections::BTreeSet;

use url::Url;

use super::{pages, redirect, scopes};
use crate::github::answer;
use crate::github::call::{Answer, Call};
use crate::github::model::{App, AppKind, Code, GitHub, Grant};
use crate::http::{Fields, Request, Response};

/// Parameters that the page carries along.
pub(super) const CARRIED: [&str; 8] = [
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "login",
    "allow_signup",
];
/// The cookie of who is signed in.
const SESSION: &str = "sandbox_github_user";
const ERRORS: &str = "/apps/building-integrations/setting-up-and-registering-oauth-apps/troubleshooting-authorization-request-errors/";

/// A request that passed every check that needs no user.
pub(super) struct Checked {
    pub(super) app: App,
    pub(super) redirect_uri: Url,
    pub(super) asked_uri: Option<String>,
    pub(super) scopes: BTreeSet<String>,
    state: Option<String>,
    challenge: Option<String>,
}

fn refused(url: &Url, error: &str, description: &str, state: Option<&str>) -> Response {
    let anchor = error.replace('_', "-");
    let uri = format!("{ERRORS}#{anchor}");
    let pairs = [
        ("error", error),
        ("error_description", description),
        ("error_uri", &uri),
    ];
    answer::redirect(302, &redirect::with(url, &pairs, state))
}

fn check(github: &GitHub, fields: &Fields) -> Result<Checked, Response> {
    let app = fields
        .filled("client_id")
        .and_then(|id| github.app(id))
        .ok_or_else(pages::not_found)?;
    let state = fields.first("state");
    let first = redirect::chosen(app, None).ok_or_else(pages::not_found)?;
    if app.suspended {
        let why = "Your application has been suspended. Contact support@github.com.";
        return Err(refused(&first, "application_suspended", why, state));
    }
    let asked = fields.filled("redirect_uri");
    let Some(redirect_uri) = redirect::chosen(app, asked) else {
        if !github.switches.mismatch_redirects {
            return Err(pages::mismatch());
        }
        let why = "The redirect_uri MUST match the registered callback URL for this application.";
        return Err(refused(&first, "redirect_uri_mismatch", why, state));
    };
    let challenge = fields.filled("code_challenge").map(str::to_owned);
    if challenge.is_some() && fields.first("code_challenge_method") != Some("S256") {
        let why = "Only the S256 code challenge method is accepted.";
        return Err(refused(&redirect_uri, "invalid_request", why, state));
    }
    let scopes = match app.kind {
        AppKind::OAuthApp => scopes::normalized(fields.first("scope").unwrap_or_default()),
        AppKind::GitHubApp => BTreeSet::new(),
    };
    Ok(Checked {
        app: app.clone(),
        redirect_uri,
        asked_uri: asked.map(str::to_owned),
        scopes,
        state: state.map(str::to_owned),
        challenge,
    })
}

/// Who the browser is signed in as.
pub(super) fn signed_in(github: &GitHub, request: &Request) -> Option<u64> {
    let cookies = request
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("cookie"));
    let login = cookies
        .flat_map(|(_, value)| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(SESSION)?.strip_prefix('='))?;
    github
        .account(login)
        .filter(|a| a.organization.is_none())
        .map(|a| a.id)
}

/// Signs the browser in.
pub(super) fn sign_in(response: &mut Response, login: &str) {
    response.set(
        "set-cookie",
        &format!("{SESSION}={login}; Path=/; HttpOnly; SameSite=Lax"),
    );
}

/// `GET /login/oauth/authorize`: at once when the signed-in user has granted as much before, a page otherwise.
pub(in crate::github) fn page(call: &mut Call<'_>) -> Answer {
    let checked = match check(call.github, &call.query) {
        Ok(checked) => checked,
        Err(response) => return Ok(response),
    };
    let user = signed_in(call.github, call.request);
    let hint = call
        .query
        .filled("login")
        .and_then(|login| call.github.account(login))
        .map(|a| a.id);
    let choose = call.query.first("prompt") == Some("select_account");
    if let Some(user) = user.filter(|user| !choose && hint.is_none_or(|hint| hint == *user)) {
        let granted = call
            .github
            .grants
            .get(&(checked.app.client_id.clone(), user));
        if granted.is_some_and(|grant| scopes::covers(&grant.scopes, &checked.scopes)) {
            return Ok(answer::redirect(
                302,
                &granted_code(call, &checked, user, &[]),
            ));
        }
    }
    let preset = hint.or(user);
    let body = pages::consent(call.github, &checked, &call.query, preset);
    Ok(Response::html(200, body))
}

/// `POST /login/oauth/authorize`: the decision. Fields: `user` (a login), `decision` and what the page carried along.
pub(in crate::github) fn decide(call: &mut Call<'_>) -> Answer {
    let fields = Fields::parse(&call.request.body);
    let checked = match check(call.github, &fields) {
        Ok(checked) => checked,
        Err(response) => return Ok(response),
    };
    if fields.first("decision") != Some("authorize") {
        if !call.github.switches.denial_redirects {
            return Ok(pages::cancelled(&checked.app.name));
        }
        let why = "The user has denied your application access.";
        let mut response = refused(
            &checked.redirect_uri,
            "access_denied",
            why,
            checked.state.as_deref(),
        );
        response.status = 303;
        return Ok(response);
    }
    let user = fields
        .filled("user")
        .and_then(|login| call.github.account(login));
    let Some((id, login)) = user
        .filter(|a| a.organization.is_none())
        .map(|a| (a.id, a.login.clone()))
    else {
        return Ok(pages::not_found());
    };
    let location = granted_code(call, &checked, id, &[]);
    let mut response = answer::redirect(303, &location);
    sign_in(&mut response, &login);
    Ok(response)
}

/// Records the grant and makes a code; the redirect that carries it, with `more` parameters.
fn granted_code(
    call: &mut Call<'_>,
    checked: &Checked,
    user: u64,
    more: &[(&str, &str)],
) -> String {
    let code = code_for(
        call,
        &checked.app,
        user,
        &checked.scopes,
        checked.asked_uri.clone(),
        checked.challenge.clone(),
    );
    let mut pairs = vec![("code", code.as_str())];
    pairs.extend_from_slice(more);
    redirect::with(&checked.redirect_uri, &pairs, checked.state.as_deref())
}

/// Records the grant and makes a code. An OAuth app without scopes gets what was granted before.
pub(super) fn code_for(
    call: &mut Call<'_>,
    app: &App,
    user: u64,
    asked: &BTreeSet<String>,
    redirect_uri: Option<String>,
    challenge: Option<String>,
) -> String {
    let now = call.now;
    let github = &mut *call.github;
    let grant = github.grants.entry((app.client_id.clone(), user));
    let grant = grant.or_insert_with(|| Grant {
        scopes: BTreeSet::new(),
        since: now,
    });
    grant.scopes = scopes::joined(&grant.scopes, asked);
    let scopes = if asked.is_empty() {
        grant.scopes.clone()
    } else {
        asked.clone()
    };
    let code = format!(
        "{:016x}{:04x}",
        github.rng.next_u64(),
        github.rng.next_u64() & 0xffff
    );
    github.codes.retain(|_, code| code.expires_at > now);
    let expires_at = now.saturating_add(github.switches.code_lifetime.as_secs());
    let record = Code {
        client_id: app.client_id.clone(),
        user,
        scopes,
        redirect_uri,
        challenge,
        expires_at,
    };
    github.codes.insert(code.clone(), record);
    code
}
