//! Owns GitHub's named scenarios: what each sets going, how it is undone, what a client's user should then see.
//! They share the paths of HubSpot's, but are about a repository or a user and no portal.

use serde_json::{Map, Value, json};

use crate::control::args::{Args, Field, Kind, may, need};
use crate::control::problem::Problem;
use crate::github::aside::{Deleted, Renamed, Spent, Unreached};
use crate::state::State;
use crate::time::iso;

/// What a scenario is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// `owner/name` in the field `repository`.
    Repository,
    /// A user in the field `login`.
    User,
}

impl About {
    /// The field that names it.
    pub(crate) const fn field(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::User => "login",
        }
    }
}

/// One scenario of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    /// The last part of `POST /_sandbox/scenarios/{name}`.
    pub(crate) name: &'static str,
    /// On the page.
    pub(crate) title: &'static str,
    /// What happens at GitHub.
    pub(crate) about: &'static str,
    /// What a user of a client should then see.
    pub(crate) sees: &'static str,
    pub(crate) of: About,
    pub(crate) fields: &'static [Field],
    start: fn(&mut State, &Args, u64) -> Result<Undo, Problem>,
}

const REPOSITORY: Field = need("repository", Kind::Text, "owner/name");
const LOGIN: Field = need("login", Kind::Text, "the user's login");

/// Every scenario, in the order of the page.
#[rustfmt::skip]
pub(crate) const ALL: [Scenario; 6] = [
    Scenario { name: "github-repository-deleted", title: "Repository deleted", of: About::Repository, fields: &[REPOSITORY], start: deleted,
        about: "Somebody deletes the repository: every call for it answers 404.",
        sees: "The repository is gone: the next backup says so and asks for another one; the connection stays." },
    Scenario { name: "github-repository-renamed", title: "Repository renamed", of: About::Repository, start: renamed,
        fields: &[REPOSITORY, may("newName", Kind::Text, "the old one with -renamed if left out")],
        about: "The repository gets another name: the old one answers 301 with its new place.",
        sees: "Nothing breaks: the client follows and shows the new name from then on." },
    Scenario { name: "github-access-lost", title: "Access lost", of: About::Repository, fields: &[REPOSITORY], start: unreached,
        about: "The owner takes the repository out of the app's installation: private ones answer 404, public ones refuse writes.",
        sees: "The repository is out of reach: the client asks to let the app have it again; other repositories work." },
    Scenario { name: "github-authorization-revoked", title: "Authorization revoked", of: About::User, fields: &[LOGIN], start: revoked,
        about: "The user revokes every app in GitHub's settings: all their tokens die at once, refresh tokens too.",
        sees: "GitHub is no longer connected, from the next call on; connecting again brings everything back." },
    Scenario { name: "github-token-expired", title: "Token expired", of: About::User, fields: &[LOGIN], start: expired,
        about: "The user's access tokens that expire did so a minute ago; refresh tokens live.",
        sees: "Nothing: the client refreshes, repeats the call, and the answer comes a moment later." },
    Scenario { name: "github-rate-limited", title: "Rate limited", of: About::User, fields: &[LOGIN], start: spent,
        about: "The user's requests of this hour are used up: calls answer 403 with x-ratelimit-remaining 0 until the reset.",
        sees: "The backup waits until the hour that GitHub names and goes on by itself; nothing is reported as broken." },
];

/// A scenario under way.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) scenario: &'static Scenario,
    /// The repository or user, as named at the start.
    pub(crate) target: String,
    pub(crate) since: u64,
    /// When it ends by itself.
    pub(crate) until: Option<u64>,
    undo: Undo,
}

/// What brings things back.
#[derive(Clone, Debug)]
enum Undo {
    Deleted(Box<Deleted>),
    Renamed(Renamed),
    Unreached(Unreached),
    /// The user, with whose name GitHub keeps what is held back.
    Revoked(String),
    Expired(Vec<(String, u64)>),
    Spent(Spent),
}

/// The scenario of that name.
pub(crate) fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

/// Starts a scenario; the same one of the same repository or user is undone first.
pub(crate) fn start(
    state: &mut State,
    scenario: &'static Scenario,
    args: &Args,
    now: u64,
) -> Result<Value, Problem> {
    let target = args.needed(scenario.of.field()).to_owned();
    undo_those(state, |running| {
        running.scenario.name == scenario.name && running.target.eq_ignore_ascii_case(&target)
    });
    let undo = (scenario.start)(state, args, now)?;
    let running = Running {
        scenario,
        target,
        since: now,
        until: match &undo {
            Undo::Spent(spent) => Some(spent.until()),
            _ => None,
        },
        undo,
    };
    let told = describe(&running);
    state.control.standing.github.push(running);
    Ok(told)
}

/// Brings back to normal what fits, the last first. Gives the names of what was undone.
pub(crate) fn undo_those(state: &mut State, fits: impl Fn(&Running) -> bool) -> Vec<&'static str> {
    let running = std::mem::take(&mut state.control.standing.github);
    let (mut ending, staying): (Vec<_>, Vec<_>) = running.into_iter().partition(fits);
    state.control.standing.github = staying;
    ending.reverse();
    let github = &mut state.github;
    for one in &ending {
        match &one.undo {
            Undo::Deleted(deleted) => github.undelete(deleted),
            Undo::Renamed(renamed) => github.unrename(renamed),
            Undo::Unreached(unreached) => github.reach_again(unreached),
            Undo::Revoked(login) => github.bring_authorizations_back(login),
            Undo::Expired(tokens) => github.unexpire(tokens),
            Undo::Spent(spent) => github.unspend(spent),
        }
    }
    ending.iter().map(|running| running.scenario.name).collect()
}

/// Something that runs, as JSON.
pub(crate) fn describe(running: &Running) -> Value {
    let mut told = Map::new();
    told.insert("scenario".to_owned(), json!(running.scenario.name));
    told.insert(
        running.scenario.of.field().to_owned(),
        json!(running.target),
    );
    told.insert("since".to_owned(), json!(iso(running.since)));
    told.insert("until".to_owned(), json!(running.until.map(iso)));
    told.insert("sees".to_owned(), json!(running.scenario.sees));
    Value::Object(told)
}

/// The repository's owner and name, if there is such a repository.
fn repository<'a>(state: &State, args: &'a Args) -> Result<(&'a str, &'a str), Problem> {
    let full = args.needed("repository");
    let known = |(owner, name): &(&str, &str)| state.github.repository(owner, name).is_some();
    full.split_once('/').filter(known).ok_or_else(|| {
        Problem::missing(format!(
            "GitHub has no repository {full:?}; name it as owner/name."
        ))
    })
}

/// The user's login, if there is such a user.
fn user<'a>(state: &State, args: &'a Args) -> Result<&'a str, Problem> {
    let login = args.needed("login");
    let account = state.github.account(login);
    if account.is_some_and(|account| account.organization.is_none()) {
        return Ok(login);
    }
    let users = state.github.accounts.values();
    let users = users.filter(|account| account.organization.is_none());
    Err(Problem::missing(format!("GitHub has no user {login:?}."))
        .known(users.map(|account| account.login.as_str())))
}

fn deleted(state: &mut State, args: &Args, _: u64) -> Result<Undo, Problem> {
    let (owner, name) = repository(state, args)?;
    let deleted = state.github.delete_for_now(owner, name);
    deleted
        .map(|deleted| Undo::Deleted(Box::new(deleted)))
        .ok_or_else(|| Problem::missing("The repository is gone."))
}

fn renamed(state: &mut State, args: &Args, _: u64) -> Result<Undo, Problem> {
    let (owner, name) = repository(state, args)?;
    let to = args
        .text("newName")
        .map_or_else(|| format!("{name}-renamed"), str::to_owned);
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if to.is_empty() || to.len() > 100 || !to.chars().all(fits) {
        return Err(Problem::invalid(
            "newName takes 1 to 100 letters of ASCII, digits, hyphens, underscores and dots.",
        ));
    }
    let renamed = state.github.rename_for_now(owner, name, &to);
    renamed
        .map(Undo::Renamed)
        .ok_or_else(|| Problem::conflict(format!("{owner}/{to} is taken.")))
}

fn unreached(state: &mut State, args: &Args, _: u64) -> Result<Undo, Problem> {
    let (owner, name) = repository(state, args)?;
    let unreached = state.github.unreach(owner, name);
    unreached
        .map(Undo::Unreached)
        .ok_or_else(|| Problem::conflict("No installation reaches this repository."))
}

fn revoked(state: &mut State, args: &Args, _: u64) -> Result<Undo, Problem> {
    let login = user(state, args)?;
    match state.github.put_authorizations_aside(login) {
        Some(_) => Ok(Undo::Revoked(login.to_owned())),
        None => Err(Problem::conflict(format!(
            "{login} has authorized no app; connect GitHub first."
        ))),
    }
}

fn expired(state: &mut State, args: &Args, now: u64) -> Result<Undo, Problem> {
    let login = user(state, args)?;
    let tokens = state.github.expire_for_now(login, now);
    tokens.map(Undo::Expired).ok_or_else(|| {
        Problem::conflict(format!(
            "{login} has no token that expires; connect the GitHub App first."
        ))
    })
}

fn spent(state: &mut State, args: &Args, now: u64) -> Result<Undo, Problem> {
    let login = user(state, args)?;
    let spent = state.github.spend_for_now(login, now);
    spent
        .map(Undo::Spent)
        .ok_or_else(|| Problem::missing("The user is gone."))
}
