//! Owns what ends or changes a connection (platform 1.6): tokens, grants, installs, the person who authorised.

use serde_json::json;

use super::{Act, Action, Done, action};
use crate::control::args::{Field, Kind, may, need};
use crate::control::problem::Problem;
use crate::model::{Installer, Rights};
use crate::scopes;
use crate::state::State;
use crate::time::{Instant, MINUTE};

const PORTAL: Field = need("portal", Kind::Portal, "the portal");
const APP: Field = may("app", Kind::Text, "client id; the first app if left out");

#[rustfmt::skip]
pub(super) const ACTIONS: &[Action] = &[
    action("issue-grant", "Installs the app as if a user had consented, and gives the tokens.", &[
        PORTAL, APP, may("scopes", Kind::Words, "the granted scopes; the app's required ones if left out"),
    ], issue),
    action("expire-access-tokens", "Makes access tokens expired since one minute: API calls answer 401 EXPIRED_AUTHENTICATION.", &[
        PORTAL, may("token", Kind::Text, "this one only"),
    ], expire),
    action("revoke-grant", "Kills the app's refresh tokens in a portal; access tokens live on to their expiry.", &[PORTAL, APP], revoke),
    action("uninstall", "Removes the app from a portal: every token of it there dies at once.", &[PORTAL, APP], uninstall),
    action("deactivate-authoriser", "Deactivates the person who authorised; a colleague signs in from now on.", &[
        PORTAL, may("grantDies", Kind::Flag, "whether their refresh tokens die too; false if left out, as tokens belong to the account"),
    ], deactivate),
    action("set-rights", "Sets what the person at the browser may install in a portal.", &[
        PORTAL, need("rights", Kind::OneOf(&["super-admin", "marketplace-access", "standard"]), "their rights"),
    ], set_rights),
];

fn issue(act: &mut Act<'_>) -> Done {
    let (portal, app) = (act.portal_id()?, act.app_id()?);
    let asked = act.args.words("scopes").unwrap_or_else(|| {
        act.state
            .app(&app)
            .map(|app| app.required_scopes.clone())
            .unwrap_or_default()
    });
    let grantable = |scope: &&String| {
        scopes::find(scope).is_some()
            && act
                .state
                .portals
                .get(&portal)
                .is_some_and(|p| scopes::available(scope, p))
    };
    if let Some(scope) = asked.iter().find(|scope| !grantable(scope)) {
        return Err(Problem::conflict(format!(
            "Portal {portal} cannot grant {scope}."
        )));
    }
    let names: Vec<&str> = asked.iter().map(String::as_str).collect();
    let tokens = act.state.issue_grant(&app, portal, &names, act.now);
    let tokens = tokens.ok_or_else(|| Problem::missing("The app or the portal is gone."))?;
    Ok(
        json!({ "accessToken": tokens.access_token, "refreshToken": tokens.refresh_token, "scopes": asked }),
    )
}

fn expire(act: &mut Act<'_>) -> Done {
    let portal = act.portal_id()?;
    let Some(token) = act.args.text("token") else {
        act.state.expire_access_tokens(portal, act.now);
        return Ok(json!({ "portal": portal }));
    };
    let record = act
        .state
        .access_tokens
        .get_mut(token)
        .filter(|t| t.holder.portal == portal);
    let record = record.ok_or_else(|| Problem::missing("The portal has no such access token."))?;
    record.expires_at = record.expires_at.min(act.now.saturating_sub(MINUTE));
    Ok(json!({ "portal": portal }))
}

fn revoke(act: &mut Act<'_>) -> Done {
    let (portal, app) = (act.portal_id()?, act.app_id()?);
    let before = act.state.refresh_tokens.len();
    act.state.revoke_grant(&app, portal);
    Ok(json!({ "portal": portal, "refreshTokensKilled": before - act.state.refresh_tokens.len() }))
}

fn uninstall(act: &mut Act<'_>) -> Done {
    let (portal, app) = (act.portal_id()?, act.app_id()?);
    let installed = act.state.installs.contains_key(&(app.clone(), portal));
    act.state.uninstall(&app, portal);
    Ok(json!({ "portal": portal, "wasInstalled": installed }))
}

fn deactivate(act: &mut Act<'_>) -> Done {
    let portal = act.portal_id()?;
    let left = act.portal()?.installer.clone();
    colleague_takes_over(act.state, portal, act.now);
    if act.args.flag("grantDies") == Some(true) {
        act.state.refresh_tokens.retain(|_, token| {
            token.holder.portal != portal || token.holder.user_id != left.user_id
        });
    }
    let now = act.portal()?.installer.clone();
    Ok(json!({ "left": left.email, "nowAtTheBrowser": now.email }))
}

/// Deactivates the installer as owner and puts a colleague at the browser. Gives the id of the owner deactivated.
pub(crate) fn colleague_takes_over(state: &mut State, portal: u64, now: u64) -> Option<String> {
    let portal = state.portals.get_mut(&portal)?;
    let left = portal.installer.clone();
    let owner = portal
        .owners
        .iter_mut()
        .find(|o| !o.archived && o.email == left.email);
    let archived = owner.map(|owner| {
        owner.archived = true;
        owner.user_id = None;
        owner.updated_at = Instant(now);
        owner.id.clone()
    });
    let colleague = portal.owners.iter().find_map(|owner| {
        let id = owner
            .user_id
            .filter(|id| !owner.archived && *id != left.user_id)?;
        Some((id, owner.email.clone()))
    });
    let domain = left
        .email
        .split_once('@')
        .map_or("portal.example", |(_, domain)| domain);
    let (user_id, email) =
        colleague.unwrap_or_else(|| (left.user_id + 1, format!("colleague@{domain}")));
    let id = portal.id;
    portal.installer = Installer {
        user_id,
        email,
        rights: left.rights,
    };
    // Private apps follow the person who made them (platform 1.6).
    state.set_user_rights(id, left.user_id, false);
    archived
}

fn set_rights(act: &mut Act<'_>) -> Done {
    let rights = match act.args.needed("rights") {
        "super-admin" => Rights::SuperAdmin,
        "marketplace-access" => Rights::MarketplaceAccess,
        _ => Rights::Standard,
    };
    act.portal()?.installer.rights = rights;
    Ok(json!({ "rights": act.args.needed("rights") }))
}
