//! Owns the table of actions: name, fields, a sentence, the function. What each does is in the files of its area.

mod apps;
mod clock;
mod credentials;
mod faults;
mod github;
mod grants;
mod metadata;
mod portals;
mod snapshots;

use serde_json::Value;

use super::args::{Args, Field};
use super::problem::Problem;
use crate::model::Portal;
use crate::shared::Shared;
use crate::state::{AppConfig, State};

pub(super) use faults::{describe as describe_fault, words as fault_words};
pub(super) use grants::colleague_takes_over;
pub(super) use snapshots::save as save_snapshot;

/// What an action gives back: a JSON object.
pub(crate) type Done = Result<Value, Problem>;

/// One action on its way.
pub(crate) struct Act<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) args: &'a Args,
    /// Unix milliseconds.
    pub(crate) now: u64,
}

/// One row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Action {
    /// The last part of `POST /_sandbox/actions/{name}`.
    pub(crate) name: &'static str,
    /// What it does, in a sentence.
    pub(crate) about: &'static str,
    pub(crate) fields: &'static [Field],
    pub(crate) run: fn(&mut Act<'_>) -> Done,
}

const fn action(
    name: &'static str,
    about: &'static str,
    fields: &'static [Field],
    run: fn(&mut Act<'_>) -> Done,
) -> Action {
    Action {
        name,
        about,
        fields,
        run,
    }
}

const TABLES: [&[Action]; 9] = [
    clock::ACTIONS,
    grants::ACTIONS,
    credentials::ACTIONS,
    portals::ACTIONS,
    apps::ACTIONS,
    metadata::ACTIONS,
    faults::ACTIONS,
    github::ACTIONS,
    snapshots::ACTIONS,
];

/// Every action.
pub(crate) fn all() -> impl Iterator<Item = &'static Action> {
    TABLES.into_iter().flatten()
}

impl Act<'_> {
    /// The id of the portal in the field `portal`.
    pub(crate) fn portal_id(&self) -> Result<u64, Problem> {
        self.portal_in("portal")
    }

    /// The id of the portal in a field.
    pub(crate) fn portal_in(&self, field: &str) -> Result<u64, Problem> {
        let id = self.args.number(field).unwrap_or_default();
        if self.state.portals.contains_key(&id) {
            return Ok(id);
        }
        Err(no_portal(self.state, id))
    }

    /// The portal in the field `portal`, to change it.
    pub(crate) fn portal(&mut self) -> Result<&mut Shared<Portal>, Problem> {
        let id = self.portal_id()?;
        match self.state.portals.get_mut(&id) {
            Some(portal) => Ok(portal),
            None => Err(Problem::missing(format!("There is no portal {id}."))),
        }
    }

    /// The client id in the field `app`; without it, the first app's.
    pub(crate) fn app_id(&self) -> Result<String, Problem> {
        let apps = &self.state.apps;
        let found = match self.args.text("app") {
            Some(id) => self.state.app(id),
            None => apps.first(),
        };
        found.map(|app| app.client_id.clone()).ok_or_else(|| {
            Problem::missing("There is no app of that client id.")
                .known(apps.iter().map(|app| app.client_id.as_str()))
        })
    }

    /// The app in the field `app`, to change it.
    pub(crate) fn app(&mut self) -> Result<&mut AppConfig, Problem> {
        let id = self.app_id()?;
        let app = self.state.apps.iter_mut().find(|app| app.client_id == id);
        app.ok_or_else(|| Problem::missing("There is no app of that client id."))
    }
}

/// 404 for a portal, with those there are.
pub(super) fn no_portal(state: &State, id: u64) -> Problem {
    let ids: Vec<String> = state.portals.keys().map(u64::to_string).collect();
    Problem::missing(format!("There is no portal {id}.")).known(ids.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_action_has_its_own_name_and_a_sentence() {
        let names: BTreeSet<_> = super::all().map(|action| action.name).collect();
        assert_eq!(names.len(), super::all().count());
        for action in super::all() {
            assert!(action.about.ends_with('.'), "{}", action.name);
            let fields: BTreeSet<_> = action.fields.iter().map(|field| field.name).collect();
            assert_eq!(fields.len(), action.fields.len(), "{}", action.name);
        }
    }
}
