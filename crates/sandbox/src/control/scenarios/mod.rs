//! Owns the named scenarios: what each sets going, how it is undone, and what a client's user should then see.

pub(crate) mod github;
mod starts;

use serde_json::{Value, json};

use super::actions::no_portal;
use super::args::{Args, Field, Kind, may};
use super::problem::Problem;
use crate::model::{Hubs, Installer, Tier};
use crate::state::{AccessToken, Holder, Install, RefreshToken, State};
use crate::time::iso;
use starts::Start;

/// One scenario of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    /// The last part of `POST /_sandbox/scenarios/{name}`.
    pub(crate) name: &'static str,
    /// On its button.
    pub(crate) title: &'static str,
    /// What happens at HubSpot.
    pub(crate) about: &'static str,
    /// What a user of a client should then see.
    pub(crate) sees: &'static str,
    /// Whether it can go without a portal.
    pub(crate) anywhere: bool,
    start: fn(&mut Start<'_>) -> Result<Undo, Problem>,
}

/// Fields of every scenario; which portal, and what some take.
pub(crate) const FIELDS: &[Field] = &[
    may(
        "portal",
        Kind::Portal,
        "the portal; hubspot-down takes every portal if left out",
    ),
    may(
        "seconds",
        Kind::Integer,
        "hubspot-down, rate-limited and slow-portal: how long; until undone if left out",
    ),
    may(
        "delayMs",
        Kind::Millis,
        "slow-portal: delay of each answer; 3000 if left out",
    ),
    may(
        "scope",
        Kind::Text,
        "scopes-changed: the scope the app now requires; one the grant lacks if left out",
    ),
    may(
        "scopes",
        Kind::Words,
        "partial-grant: the optional scopes that are unticked; all if left out",
    ),
    may(
        "into",
        Kind::Portal,
        "wrong-account: where the consent ends; the next portal if left out",
    ),
];

/// Fields of the undoing.
pub(crate) const UNDO_FIELDS: &[Field] = &[
    may("name", Kind::Text, "this scenario only"),
    may("portal", Kind::Portal, "this portal only"),
    may(
        "repository",
        Kind::Text,
        "this one of GitHub's only, as owner/name",
    ),
    may("login", Kind::Text, "this user of GitHub's only"),
];

/// Every scenario, in the order of the page.
#[rustfmt::skip]
pub(crate) const ALL: [Scenario; 10] = [
    Scenario { name: "token-expired", title: "Token expired", anywhere: false, start: starts::token_expired,
        about: "Every access token of the portal expired a minute ago; the grant lives.",
        sees: "Nothing: the client refreshes, repeats the call, and the answer comes a moment later." },
    Scenario { name: "authoriser-left", title: "Authoriser left", anywhere: false, start: starts::authoriser_left,
        about: "The person who authorised is deactivated and their refresh tokens die; a colleague signs in from now on.",
        sees: "Once the access token is over, the connection asks to be renewed, and a colleague can do it." },
    Scenario { name: "app-removed", title: "App removed in HubSpot", anywhere: false, start: starts::app_removed,
        about: "Somebody uninstalls the app in HubSpot's settings: every token dies at once.",
        sees: "The portal is no longer connected, from the next call on; connecting again installs the app anew." },
    Scenario { name: "scopes-changed", title: "Scopes changed", anywhere: false, start: starts::scopes_changed,
        about: "The app's developer requires one more scope, and a refresh of a grant without it answers BAD_SCOPES.",
        sees: "The connection asks to be authorised again; HubSpot's page refuses install links that do not ask the new scope." },
    Scenario { name: "partial-grant", title: "Partial grant", anywhere: false, start: starts::partial_grant,
        about: "At the next consent in this portal the optional permissions come unticked.",
        sees: "After connecting, what needs the missing scopes is marked as not permitted; everything else works." },
    Scenario { name: "account-downgraded", title: "Account downgraded", anywhere: false, start: starts::account_downgraded,
        about: "Every hub falls to Free and add-ons go; the grant keeps its scopes.",
        sees: "What needs a paid edition answers 403 and is shown as not available; the connection stays." },
    Scenario { name: "hubspot-down", title: "HubSpot down", anywhere: true, start: starts::hubspot_down,
        about: "Calls answer 502 with an HTML page; with a portal, its calls only.",
        sees: "HubSpot cannot be reached for now, nothing is lost, and the client tries again by itself." },
    Scenario { name: "rate-limited", title: "Rate limited", anywhere: false, start: starts::rate_limited,
        about: "Another use of the app has taken the portal's ten-second limit: data calls answer 429 with its headers.",
        sees: "Reading pauses and goes on by itself; nothing is reported as broken." },
    Scenario { name: "slow-portal", title: "Slow portal", anywhere: false, start: starts::slow_portal,
        about: "Every answer for this portal comes late.",
        sees: "Progress is shown, the page stays usable, and other portals are as fast as before." },
    Scenario { name: "wrong-account", title: "Wrong account", anywhere: false, start: starts::wrong_account,
        about: "The person at the browser is signed in to another account: the next consent for this portal ends there.",
        sees: "The client says that another account was connected than the one asked for, and keeps the two apart." },
];

/// A scenario under way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) scenario: &'static Scenario,
    pub(crate) portal: Option<u64>,
    pub(crate) since: u64,
    /// When it ends by itself.
    pub(crate) until: Option<u64>,
    undo: Undo,
}

/// What brings things back.
#[derive(Clone, Debug)]
enum Undo {
    /// Expiry of each token as it was.
    Expiry(Vec<(String, u64)>),
    Authoriser {
        installer: Installer,
        owner: Option<(String, Option<u64>)>,
        refresh: Vec<(String, RefreshToken)>,
    },
    Removed {
        installs: Vec<((String, u64), Install)>,
        refresh: Vec<(String, RefreshToken)>,
        access: Vec<(String, AccessToken)>,
    },
    /// The scope that became required; the switch as it was.
    App {
        client_id: String,
        scope: String,
        /// Its place among the optional ones.
        was_optional: Option<usize>,
        lag: bool,
    },
    Edition {
        hubs: Hubs,
        brands: bool,
    },
    /// A condition or the next consent, found by name and portal.
    Standing,
    /// Windows that were closed.
    Windows,
}

/// Why a scenario cannot start in a portal now; `None` when it can.
pub(crate) fn obstacle(state: &State, scenario: &Scenario, portal: u64) -> Option<String> {
    let why = match scenario.name {
        "app-removed" | "scopes-changed" if !state.installs.keys().any(|(_, id)| *id == portal) => {
            "Connect the app in this portal first."
        }
        "account-downgraded" => {
            let account = state.portals.get(&portal)?;
            if account.hubs.highest() > Tier::Free || account.brands {
                return None;
            }
            "This account is free already."
        }
        "wrong-account" if starts::other_portal(state, portal).is_none() => {
            "There is no other portal here; begin anew with the fixture agency."
        }
        _ => return None,
    };
    Some(why.to_owned())
}

/// Starts a scenario; the same one in the same portal is undone first.
pub(crate) fn start(
    state: &mut State,
    name: &str,
    args: &Args,
    now: u64,
) -> Result<Value, Problem> {
    let scenario = ALL.iter().find(|s| s.name == name).ok_or_else(|| {
        Problem::missing(format!("There is no scenario {name:?}.")).known(
            ALL.iter()
                .map(|s| s.name)
                .chain(github::ALL.iter().map(|s| s.name)),
        )
    })?;
    let portal = args.number("portal");
    match portal {
        Some(id) if !state.portals.contains_key(&id) => return Err(no_portal(state, id)),
        None if !scenario.anywhere => {
            return Err(Problem::new(
                400,
                "missing-field",
                "portal is missing: the portal.",
            ));
        }
        _ => {}
    }
    undo_those(state, |r| r.scenario.name == name && r.portal == portal);
    let mut start = Start {
        state,
        args,
        name: scenario.name,
        portal,
        now,
    };
    let until = start.until();
    let undo = (scenario.start)(&mut start)?;
    let ends = matches!(undo, Undo::Standing | Undo::Windows);
    let running = Running {
        scenario,
        portal,
        since: now,
        until: until.filter(|_| ends),
        undo,
    };
    let told = describe(&running);
    state.control.standing.running.push(running);
    Ok(told)
}

/// Brings back to normal what fits, the last first. Gives the names of what was undone.
pub(crate) fn undo_those(state: &mut State, fits: impl Fn(&Running) -> bool) -> Vec<&'static str> {
    let running = std::mem::take(&mut state.control.standing.running);
    let (mut ending, staying): (Vec<_>, Vec<_>) = running.into_iter().partition(fits);
    ending.reverse();
    for one in &ending {
        undo(state, one);
    }
    // One switch serves every portal in which the scopes changed.
    state.switches.refuse_refresh_on_scope_lag |=
        staying.iter().any(|r| matches!(r.undo, Undo::App { .. }));
    state.control.standing.running = staying;
    ending.iter().map(|r| r.scenario.name).collect()
}

/// Forgets what ended by itself.
pub(crate) fn forget_ended(state: &mut State, now: u64) {
    let standing = &mut state.control.standing;
    standing
        .conditions
        .retain(|condition| condition.stands(now));
    standing
        .running
        .retain(|running| running.until.is_none_or(|until| now < until));
    standing
        .github
        .retain(|running| running.until.is_none_or(|until| now < until));
}

/// A grant was ended for good: no scenario brings its tokens back.
pub(crate) fn forget_grant(state: &mut State, client_id: &str, portal: u64) {
    let theirs = |holder: &Holder| holder.client_id == client_id && holder.portal == portal;
    for running in &mut state.control.standing.running {
        match &mut running.undo {
            Undo::Authoriser { refresh, .. } => refresh.retain(|(_, t)| !theirs(&t.holder)),
            Undo::Removed {
                installs,
                refresh,
                access,
            } => {
                refresh.retain(|(_, t)| !theirs(&t.holder));
                access.retain(|(_, t)| !theirs(&t.holder));
                installs.retain(|(key, _)| *key != (client_id.to_owned(), portal));
            }
            _ => {}
        }
    }
}

/// An app revoked a token of its own: no scenario brings it back either.
pub(crate) fn forget_token(state: &mut State, token: &str, client_id: &str) {
    let another = |key: &str, holder: &Holder| key != token || holder.client_id != client_id;
    for running in &mut state.control.standing.running {
        if let Undo::Authoriser { refresh, .. } | Undo::Removed { refresh, .. } = &mut running.undo
        {
            refresh.retain(|(key, token)| another(key, &token.holder));
        }
        if let Undo::Removed { access, .. } = &mut running.undo {
            access.retain(|(key, token)| another(key, &token.holder));
        }
    }
}

/// A consent went through in this portal: what was set for the next one is over.
pub(crate) fn consented(state: &mut State, portal: u64) {
    let standing = &mut state.control.standing;
    if standing.unticked.is_empty() && standing.elsewhere.is_empty() {
        return;
    }
    standing.unticked.remove(&portal);
    standing.elsewhere.retain(|_, into| *into != portal);
    let (unticked, elsewhere) = (&standing.unticked, &standing.elsewhere);
    standing
        .running
        .retain(|running| match (running.scenario.name, running.portal) {
            ("partial-grant", Some(id)) => unticked.contains_key(&id),
            ("wrong-account", Some(id)) => elsewhere.contains_key(&id),
            _ => true,
        });
}

/// Something that runs, as JSON.
pub(crate) fn describe(running: &Running) -> Value {
    json!({
        "scenario": running.scenario.name,
        "portal": running.portal,
        "since": iso(running.since),
        "until": running.until.map(iso),
        "sees": running.scenario.sees,
    })
}

/// Refresh tokens live again. A consent that came meanwhile has replaced what their account granted (platform 1.6).
fn bring_back(state: &mut State, tokens: &[(String, RefreshToken)]) {
    for (key, token) in tokens {
        let mut token = token.clone();
        let install = (token.holder.client_id.clone(), token.holder.portal);
        if let Some(install) = state.installs.get(&install) {
            token.holder.scopes.clone_from(&install.scopes);
        }
        state.refresh_tokens.insert(key.clone(), token);
    }
}

fn undo(state: &mut State, running: &Running) {
    let id = running.portal.unwrap_or_default();
    match &running.undo {
        Undo::Expiry(tokens) => {
            for (key, expires_at) in tokens {
                if let Some(token) = state.access_tokens.get_mut(key) {
                    token.expires_at = *expires_at;
                }
            }
        }
        Undo::Authoriser {
            installer,
            owner,
            refresh,
        } => {
            if let Some(portal) = state.portals.get_mut(&id) {
                portal.installer.clone_from(installer);
                if let Some((owner, user_id)) = owner
                    && let Some(owner) = portal.owners.iter_mut().find(|o| o.id == *owner)
                {
                    owner.archived = false;
                    owner.user_id = *user_id;
                }
            }
            state.set_user_rights(id, installer.user_id, true);
            bring_back(state, refresh);
        }
        Undo::Removed {
            installs,
            refresh,
            access,
        } => {
            for (key, install) in installs {
                // Who installed again meanwhile keeps the newer approval.
                state
                    .installs
                    .entry(key.clone())
                    .or_insert_with(|| install.clone());
            }
            bring_back(state, refresh);
            state.access_tokens.extend(access.iter().cloned());
        }
        Undo::App {
            client_id,
            scope,
            was_optional,
            lag,
        } => {
            if let Some(app) = state
                .apps
                .iter_mut()
                .find(|app| app.client_id == *client_id)
            {
                app.required_scopes.retain(|s| s != scope);
                if let Some(place) = was_optional.filter(|_| !app.optional_scopes.contains(scope)) {
                    let place = place.min(app.optional_scopes.len());
                    app.optional_scopes.insert(place, scope.clone());
                }
            }
            state.switches.refuse_refresh_on_scope_lag = *lag;
        }
        Undo::Edition { hubs, brands } => {
            if let Some(portal) = state.portals.get_mut(&id) {
                portal.hubs = *hubs;
                portal.brands = *brands;
            }
        }
        Undo::Standing => {
            let standing = &mut state.control.standing;
            let mine = |name: &str, portal: Option<u64>| {
                name == running.scenario.name && portal == running.portal
            };
            standing.conditions.retain(|c| !mine(c.scenario, c.portal));
            match running.scenario.name {
                "partial-grant" => drop(standing.unticked.remove(&id)),
                "wrong-account" => drop(standing.elsewhere.remove(&id)),
                _ => {}
            }
        }
        Undo::Windows => state.quota.reopen(id),
    }
}
