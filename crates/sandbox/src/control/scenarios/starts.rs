//! Owns how each scenario begins, and what it must remember to be undone.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table's signature: some scenarios cannot start everywhere"
)]

use std::time::Duration;

use super::Undo;
use crate::control::actions::{self, no_portal};
use crate::control::args::Args;
use crate::control::conditions::Condition;
use crate::control::problem::Problem;
use crate::model::{Health, Hubs, Portal, Rights, Tier};
use crate::scopes;
use crate::state::{FaultAnswer, RefreshToken, State};
use crate::time::{MINUTE, SECOND};

/// A scenario being started.
pub(super) struct Start<'a> {
    pub(super) state: &'a mut State,
    pub(super) args: &'a Args,
    pub(super) name: &'static str,
    pub(super) portal: Option<u64>,
    pub(super) now: u64,
}

impl Start<'_> {
    fn id(&self) -> u64 {
        self.portal.unwrap_or_default()
    }

    pub(super) fn until(&self) -> Option<u64> {
        self.args
            .number("seconds")
            .map(|s| self.now.saturating_add(s.saturating_mul(SECOND)))
    }

    /// Sets an answer for the portal's calls.
    fn stand(&mut self, answer: FaultAnswer) {
        let condition = Condition {
            scenario: self.name,
            portal: self.portal,
            until: self.until(),
            answer,
        };
        self.state.control.standing.conditions.push(condition);
    }

    fn refresh_tokens(&self) -> Vec<(String, RefreshToken)> {
        let portal = self.id();
        let mine = self
            .state
            .refresh_tokens
            .iter()
            .filter(|(_, t)| t.holder.portal == portal);
        mine.map(|(key, token)| (key.clone(), token.clone()))
            .collect()
    }
}

pub(super) fn token_expired(start: &mut Start<'_>) -> Result<Undo, Problem> {
    let portal = start.id();
    let mine = start
        .state
        .access_tokens
        .iter()
        .filter(|(_, t)| t.holder.portal == portal);
    let before = mine
        .map(|(key, token)| (key.clone(), token.expires_at))
        .collect();
    start.state.expire_access_tokens(portal, start.now);
    Ok(Undo::Expiry(before))
}

pub(super) fn authoriser_left(start: &mut Start<'_>) -> Result<Undo, Problem> {
    let id = start.id();
    let missing = || Problem::missing("The portal is gone.");
    let portal = start.state.portals.get(&id).ok_or_else(missing)?;
    let (installer, owners) = (portal.installer.clone(), portal.owners.clone());
    let archived = actions::colleague_takes_over(start.state, id, start.now);
    let owner = archived.and_then(|id| {
        let before = owners.iter().find(|owner| owner.id == id)?;
        Some((id, before.user_id))
    });
    let left = installer.user_id;
    let mut refresh = start.refresh_tokens();
    refresh.retain(|(_, token)| token.holder.user_id == left);
    for (key, _) in &refresh {
        start.state.refresh_tokens.remove(key);
    }
    Ok(Undo::Authoriser {
        installer,
        owner,
        refresh,
    })
}

pub(super) fn app_removed(start: &mut Start<'_>) -> Result<Undo, Problem> {
    let portal = start.id();
    let installs: Vec<_> = start
        .state
        .installs
        .iter()
        .filter(|((_, p), _)| *p == portal)
        .map(|(key, install)| (key.clone(), install.clone()))
        .collect();
    if installs.is_empty() {
        return Err(Problem::conflict("No app is installed in this portal."));
    }
    let refresh = start.refresh_tokens();
    let access = start
        .state
        .access_tokens
        .iter()
        .filter(|(_, t)| t.holder.portal == portal)
        .map(|(key, token)| (key.clone(), token.clone()))
        .collect();
    for ((client_id, _), _) in &installs {
        start.state.kill_tokens(client_id, portal);
        start.state.installs.remove(&(client_id.clone(), portal));
    }
    Ok(Undo::Removed {
        installs,
        refresh,
        access,
    })
}

pub(super) fn scopes_changed(start: &mut Start<'_>) -> Result<Undo, Problem> {
    let portal = start.id();
    let install = start.state.installs.iter().find(|((_, p), _)| *p == portal);
    let Some(((client_id, _), install)) = install else {
        return Err(Problem::conflict("No app is installed in this portal."));
    };
    let (client_id, granted) = (client_id.clone(), install.scopes.clone());
    let required = start
        .state
        .app(&client_id)
        .map(|app| app.required_scopes.clone());
    let required = required.unwrap_or_default();
    let account = start.state.portals.get(&portal);
    let open = |name: &str| account.is_some_and(|portal| scopes::available(name, portal));
    let scope = match start.args.text("scope") {
        Some(scope) if scopes::find(scope).is_some() => scope.to_owned(),
        Some(scope) => {
            return Err(Problem::missing(format!(
                "{scope} is no scope of the catalogue."
            )));
        }
        None => scopes::CATALOGUE
            .iter()
            .map(|scope| scope.name.to_owned())
            .find(|name| !granted.contains(name) && !required.contains(name) && open(name))
            .ok_or_else(|| {
                Problem::conflict("The grant holds every scope that this account can give.")
            })?,
    };
    let lag = std::mem::replace(&mut start.state.switches.refuse_refresh_on_scope_lag, true);
    let app = start
        .state
        .apps
        .iter_mut()
        .find(|app| app.client_id == client_id);
    let app = app.ok_or_else(|| Problem::missing("The app is gone."))?;
    if app.required_scopes.contains(&scope) {
        start.state.switches.refuse_refresh_on_scope_lag = lag;
        return Err(Problem::conflict(format!(
            "The app requires {scope} already."
        )));
    }
    let was_optional = app.optional_scopes.iter().position(|s| *s == scope);
    app.optional_scopes.retain(|s| *s != scope);
    app.required_scopes.push(scope.clone());
    Ok(Undo::App {
        client_id,
        scope,
        was_optional,
        lag,
    })
}

pub(super) fn partial_grant(start: &mut Start<'_>) -> Result<Undo, Problem> {
    let unticked = start.args.words("scopes");
    start
        .state
        .control
        .standing
        .unticked
        .insert(start.id(), unticked);
    Ok(Undo::Standing)
}

pub(super) fn account_downgraded(start: &mut Start<'_>) -> Result<Undo, Problem> {
    let portal = start.state.portals.get_mut(&start.id());
    let portal = portal.ok_or_else(|| Problem::missing("The portal is gone."))?;
    let undo = Undo::Edition {
        hubs: portal.hubs,
        brands: portal.brands,
    };
    if portal.hubs.highest() == Tier::Free && !portal.brands {
        return Err(Problem::conflict("This account is free already."));
    }
    portal.hubs = Hubs::all(Tier::Free);
    portal.brands = false;
    Ok(undo)
}

pub(super) fn hubspot_down(start: &mut Start<'_>) -> Result<Undo, Problem> {
    start.stand(FaultAnswer::Html502);
    Ok(Undo::Standing)
}

pub(super) fn rate_limited(start: &mut Start<'_>) -> Result<Undo, Problem> {
    let (portal, until) = (start.id(), start.until().unwrap_or(u64::MAX));
    let state = &mut *start.state;
    let keys = state.credentials.apps.values();
    let keys = keys
        .filter(|app| app.portal == portal)
        .map(|app| app.app_id.to_string());
    let apps = state
        .apps
        .iter()
        .map(|app| app.client_id.clone())
        .chain(keys);
    for app in apps {
        state.quota.close(&app, portal, until);
    }
    Ok(Undo::Windows)
}

pub(super) fn slow_portal(start: &mut Start<'_>) -> Result<Undo, Problem> {
    let delay = start
        .args
        .number("delayMs")
        .unwrap_or(3_000)
        .min(10 * MINUTE);
    start.stand(FaultAnswer::Slow(Duration::from_millis(delay)));
    Ok(Undo::Standing)
}

pub(super) fn wrong_account(start: &mut Start<'_>) -> Result<Undo, Problem> {
    let pinned = start.id();
    let into = match start.args.number("into") {
        Some(id) if id != pinned && start.state.portals.contains_key(&id) => id,
        Some(id) => return Err(no_portal(start.state, id)),
        None => other_portal(start.state, pinned).ok_or_else(|| {
            Problem::conflict("There is no other portal here; begin anew with the fixture agency.")
        })?,
    };
    start.state.control.standing.elsewhere.insert(pinned, into);
    Ok(Undo::Standing)
}

/// The next portal in which a consent would go through.
pub(super) fn other_portal(state: &State, pinned: u64) -> Option<u64> {
    let usable = |portal: &Portal| {
        portal.health == Health::Well && portal.installer.rights != Rights::Standard
    };
    let mut others = state.portals.values().filter(|portal| portal.id != pinned);
    others.find(|portal| usable(portal)).map(|portal| portal.id)
}
