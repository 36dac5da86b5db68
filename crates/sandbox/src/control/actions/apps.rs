//! Owns what the app's developer may change in the middle of the day: scopes and the client secret.

use serde_json::json;

use super::{Act, Action, Done, action};
use crate::control::args::{Field, Kind, may, need};
use crate::control::problem::Problem;
use crate::scopes;

const APP: Field = may("app", Kind::Text, "client id; the first app if left out");

#[rustfmt::skip]
pub(super) const ACTIONS: &[Action] = &[
    action("add-app-scope", "Adds a scope to the app's settings, or moves it; grants stay as they are.", &[
        APP, need("scope", Kind::Text, "the scope"),
        need("as", Kind::OneOf(&["required", "conditionally-required", "optional"]), "which list it goes to"),
    ], add_scope),
    action("drop-app-scope", "Takes a scope out of the app's settings; grants stay as they are.", &[
        APP, need("scope", Kind::Text, "the scope"),
    ], drop_scope),
    action("rotate-client-secret", "Gives the app a new client secret; the old one is refused at once.", &[
        APP, may("secret", Kind::Text, "the new one; made up if left out"),
    ], rotate),
];

fn add_scope(act: &mut Act<'_>) -> Done {
    let (scope, list) = (
        act.args.needed("scope").to_owned(),
        act.args.needed("as").to_owned(),
    );
    if scopes::find(&scope).is_none() {
        return Err(Problem::missing(format!(
            "{scope} is no scope of the catalogue."
        )));
    }
    let app = act.app()?;
    for held in [
        &mut app.required_scopes,
        &mut app.conditionally_required_scopes,
        &mut app.optional_scopes,
    ] {
        held.retain(|s| *s != scope);
    }
    match list.as_str() {
        "required" => app.required_scopes.push(scope),
        "optional" => app.optional_scopes.push(scope),
        _ => app.conditionally_required_scopes.push(scope),
    }
    Ok(json!({
        "required": app.required_scopes,
        "conditionallyRequired": app.conditionally_required_scopes,
        "optional": app.optional_scopes,
    }))
}

fn drop_scope(act: &mut Act<'_>) -> Done {
    let scope = act.args.needed("scope").to_owned();
    let app = act.app()?;
    let mut dropped = false;
    for held in [
        &mut app.required_scopes,
        &mut app.conditionally_required_scopes,
        &mut app.optional_scopes,
    ] {
        dropped |= held.contains(&scope);
        held.retain(|s| *s != scope);
    }
    if dropped {
        Ok(json!({ "dropped": scope }))
    } else {
        Err(Problem::missing(format!(
            "The app does not have the scope {scope}."
        )))
    }
}

fn rotate(act: &mut Act<'_>) -> Done {
    let secret = match act.args.text("secret") {
        Some("") => return Err(Problem::invalid("A client secret cannot be empty.")),
        Some(secret) => secret.to_owned(),
        None => act.state.rng.uuid(),
    };
    let app = act.app()?;
    app.client_secret.clone_from(&secret);
    Ok(json!({ "clientId": app.client_id, "clientSecret": secret }))
}
