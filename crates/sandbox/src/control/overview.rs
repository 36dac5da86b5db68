//! Owns the look at the state: portals with their installs and grants, apps, clock, as one JSON and as data of the page.

use serde::Serialize;
use serde_json::{Value, json};

use super::actions::describe_fault;
use super::scenarios;
use crate::model::{Health, Portal, Rights};
use crate::state::State;
use crate::time::iso;

/// A portal at a glance.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PortalView {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) tier: &'static str,
    pub(super) hubs: [(&'static str, &'static str); 4],
    pub(super) brands: bool,
    pub(super) hublet: &'static str,
    pub(super) health: String,
    pub(super) well: bool,
    pub(super) authoriser: String,
    pub(super) rights: &'static str,
    pub(super) burst_limit: u32,
    pub(super) installs: Vec<InstallView>,
    /// Names of scenarios under way in this portal.
    pub(super) scenarios: Vec<&'static str>,
}

/// An app in a portal, with what it holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstallView {
    pub(super) client_id: String,
    pub(super) app: String,
    pub(super) since: String,
    pub(super) scopes: Vec<String>,
    pub(super) refresh_tokens: usize,
    pub(super) live_access_tokens: usize,
    /// When the last of them ends.
    pub(super) access_until: Option<String>,
}

/// Every portal.
pub(super) fn portals(state: &State, now: u64) -> Vec<PortalView> {
    state
        .portals
        .values()
        .map(|portal| view(state, portal, now))
        .collect()
}

/// One portal.
pub(super) fn view(state: &State, portal: &Portal, now: u64) -> PortalView {
    let hubs = portal.hubs;
    let running = state
        .control
        .standing
        .running
        .iter()
        .filter(|r| r.portal == Some(portal.id));
    PortalView {
        id: portal.id,
        name: portal.name.clone(),
        domain: portal.hub_domain.clone(),
        tier: hubs.highest().label(),
        hubs: [
            ("Marketing", hubs.marketing.label()),
            ("Sales", hubs.sales.label()),
            ("Service", hubs.service.label()),
            ("Content", hubs.content.label()),
        ],
        brands: portal.brands,
        hublet: portal.hublet,
        health: health(portal.health),
        well: portal.health == Health::Well,
        authoriser: portal.installer.email.clone(),
        rights: match portal.installer.rights {
            Rights::SuperAdmin => "super-admin",
            Rights::MarketplaceAccess => "marketplace-access",
            Rights::Standard => "standard",
        },
        burst_limit: portal.burst_limit,
        installs: installs(state, portal.id, now),
        scenarios: running.map(|r| r.scenario.name).collect(),
    }
}

fn installs(state: &State, portal: u64, now: u64) -> Vec<InstallView> {
    let here = state.installs.iter().filter(|((_, id), _)| *id == portal);
    here.map(|((client_id, _), install)| {
        let mine = |client: &str, id: u64| client == client_id && id == portal;
        let live: Vec<u64> = state
            .access_tokens
            .values()
            .filter(|t| mine(&t.holder.client_id, t.holder.portal) && t.expires_at > now)
            .map(|t| t.expires_at)
            .collect();
        let refresh = state.refresh_tokens.values();
        InstallView {
            client_id: client_id.clone(),
            app: state
                .app(client_id)
                .map_or_else(String::new, |app| app.name.clone()),
            since: iso(install.since),
            scopes: install.scopes.clone(),
            refresh_tokens: refresh
                .filter(|t| mine(&t.holder.client_id, t.holder.portal))
                .count(),
            live_access_tokens: live.len(),
            access_until: live.iter().max().map(|at| iso(*at)),
        }
    })
    .collect()
}

/// The words for a portal's health.
fn health(health: Health) -> String {
    match health {
        Health::Well => "well".to_owned(),
        Health::RefreshDies { after_ms } => {
            format!("refresh tokens die after {} s", after_ms / 1_000)
        }
        Health::Migrating { retry_after } => format!("migrating, Retry-After {retry_after} s"),
        Health::GovernanceBlock => "blocked by governance".to_owned(),
        Health::Gone => "gone".to_owned(),
    }
}

/// `GET /_sandbox/state`.
pub(super) fn json(state: &State, now: u64) -> Value {
    let apps: Vec<Value> = state
        .apps
        .iter()
        .map(|app| {
            json!({
                "name": app.name,
                "clientId": app.client_id,
                "appId": app.app_id,
                "redirectUrls": app.redirect_urls,
                "requiredScopes": app.required_scopes,
                "conditionallyRequiredScopes": app.conditionally_required_scopes,
                "optionalScopes": app.optional_scopes,
            })
        })
        .collect();
    let standing = &state.control.standing;
    let github = standing.github.iter().map(scenarios::github::describe);
    let hubspot = standing.running.iter().map(scenarios::describe);
    let running: Vec<Value> = hubspot.chain(github).collect();
    json!({
        "clock": { "now": iso(now), "nowMs": now, "offsetMs": state.clock_offset_ms },
        "portals": portals(state, now),
        "apps": apps,
        "github": { "accounts": super::github::accounts(state, now) },
        "scenarios": running,
        "faults": state.faults.iter().map(describe_fault).collect::<Vec<_>>(),
        "calls": state.control.calls_seen,
    })
}
