//! Owns static credentials as an account's admin handles them (platform 2): private apps, static apps, service keys.

use serde_json::json;

use super::{Act, Action, Done, action};
use crate::control::args::{Field, Kind, may, need};
use crate::control::problem::Problem;
use crate::credentials::{CredentialRefused, StaticKind};

const APP_ID: Field = need(
    "appId",
    Kind::Integer,
    "numeric id of the private app, static app or service key",
);

#[rustfmt::skip]
pub(super) const ACTIONS: &[Action] = &[
    action("issue-static-token", "Makes a private app, static app or service key, and gives its token.", &[
        need("portal", Kind::Portal, "the portal"),
        need("kind", Kind::OneOf(&["private-app", "static-app", "service-key"]), "what is made"),
        may("name", Kind::Text, "for people"), may("scopes", Kind::Words, "oauth alone if left out"),
    ], issue),
    action("rotate-static-token", "Gives it a new token; the old one dies now, or in seven days.", &[
        APP_ID, may("overlap", Kind::Flag, "whether the old one lives for seven days; false if left out"),
    ], rotate),
    action("set-static-scopes", "Edits the scopes of a service key; its token stays.", &[
        APP_ID, need("scopes", Kind::Words, "the scopes; oauth is added by itself"),
    ], set_scopes),
    action("delete-static-token", "Removes it and its tokens.", &[APP_ID], delete),
    action("set-user-rights", "Takes a user's rights or gives them back: private apps of theirs are then refused.", &[
        need("portal", Kind::Portal, "the portal"), need("userId", Kind::Integer, "the user"),
        need("hasRights", Kind::Flag, "whether they have rights"),
    ], set_rights),
];

fn refused(why: CredentialRefused) -> Problem {
    match why {
        CredentialRefused::UnknownPortal(_) | CredentialRefused::UnknownApp(_) => {
            Problem::missing(format!("{why}."))
        }
        _ => Problem::conflict(format!("{why}.")),
    }
}

fn issue(act: &mut Act<'_>) -> Done {
    let portal = act.portal_id()?;
    let kind = match act.args.needed("kind") {
        "private-app" => StaticKind::PrivateApp,
        "static-app" => StaticKind::StaticApp,
        _ => StaticKind::ServiceKey,
    };
    let scopes = act.args.words("scopes").unwrap_or_default();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let name = act.args.text("name").unwrap_or("Made by control");
    let issued = act
        .state
        .issue_static(portal, kind, name, &scopes, act.now)
        .map_err(refused)?;
    Ok(json!({ "appId": issued.app_id, "token": issued.token }))
}

fn id(act: &Act<'_>) -> u64 {
    act.args.number("appId").unwrap_or_default()
}

fn rotate(act: &mut Act<'_>) -> Done {
    let overlap = act.args.flag("overlap").unwrap_or_default();
    let token = act
        .state
        .rotate_static(id(act), overlap, act.now)
        .map_err(refused)?;
    Ok(json!({ "appId": id(act), "token": token }))
}

fn set_scopes(act: &mut Act<'_>) -> Done {
    let scopes = act.args.words("scopes").unwrap_or_default();
    let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
    act.state
        .set_static_scopes(id(act), &names)
        .map_err(refused)?;
    Ok(json!({ "appId": id(act), "scopes": scopes }))
}

fn delete(act: &mut Act<'_>) -> Done {
    if act.state.delete_static(id(act)) {
        Ok(json!({ "appId": id(act) }))
    } else {
        Err(refused(CredentialRefused::UnknownApp(id(act))))
    }
}

fn set_rights(act: &mut Act<'_>) -> Done {
    let (portal, user) = (
        act.portal_id()?,
        act.args.number("userId").unwrap_or_default(),
    );
    let has_rights = act.args.flag("hasRights").unwrap_or_default();
    act.state.set_user_rights(portal, user, has_rights);
    Ok(json!({ "portal": portal, "userId": user, "hasRights": has_rights }))
}
