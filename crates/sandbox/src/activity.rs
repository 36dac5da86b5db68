//! Owns the activity logs of accounts (platform 3): user actions, logins, security events, seeded and then written by what
//! happens in the sandbox. Who may read them, and how, is `hubspot/activity.rs`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::Portal;
use crate::rng::Rng;
use crate::shared::Shared;
use crate::state::State;
use crate::time::{DAY, FIXTURE_NOW, HOUR, Instant, MINUTE};

/// Days that the logs reach back.
const DAYS: u64 = 90;

/// One account's logs, each newest first.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    /// `activity/audit-logs`.
    pub audit: Vec<AuditLog>,
    /// `activity/login`.
    pub logins: Vec<Login>,
    /// `activity/security`.
    pub security: Vec<SecurityEvent>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActingUser {
    /// The user's id.
    pub user_id: u64,
    /// Their address.
    pub user_email: String,
}

/// One user action (the SDK's `PublicApiUserActionEvent`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditLog {
    /// Opaque.
    pub id: String,
    /// `CRM_OBJECT`, `PROPERTY`, `PIPELINE`, …
    pub category: &'static str,
    /// What of it.
    pub sub_category: &'static str,
    /// `CREATE`, `UPDATE`, `DELETE`.
    pub action: &'static str,
    /// What it was done to.
    pub target_object_id: String,
    /// When.
    pub occurred_at: Instant,
    /// Who.
    pub acting_user: ActingUser,
}

/// Where a person was, as HubSpot tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// From an address block for documentation.
    pub ip_address: String,
    /// Two letters, lower-case.
    pub country_code: &'static str,
    /// A region's letters, lower-case.
    pub region_code: &'static str,
    /// In words.
    pub location: &'static str,
}

/// One login or a failed try (the SDK's `PublicLoginAudit`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// Opaque.
    pub id: String,
    /// Who.
    pub user_id: u64,
    /// Their address.
    pub email: String,
    /// When.
    pub login_at: Instant,
    /// Whether they got in.
    pub login_succeeded: bool,
    /// The browser.
    pub user_agent: &'static str,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

/// One security event (the SDK's `HydratedCriticalAction`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityEvent {
    /// Opaque.
    pub id: String,
    /// When.
    pub created_at: Instant,
    /// `ADD_USER`, `EXPORT`, `INSTALL_INTEGRATION`, …
    pub r#type: &'static str,
    /// Whom or whose it was.
    pub user_id: u64,
    /// Who did it, by address.
    pub acting_user: String,
    /// Where it can be looked at.
    pub info_url: String,
    /// What it was done to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
}

const ACTIONS: [(&str, &str, &str); 12] = [
    ("CRM_OBJECT", "CONTACT", "UPDATE"),
    ("CRM_OBJECT", "CONTACT", "CREATE"),
    ("CRM_OBJECT", "DEAL", "UPDATE"),
    ("CRM_OBJECT", "DEAL", "CREATE"),
    ("CRM_OBJECT", "COMPANY", "DELETE"),
    ("PROPERTY_VALUE", "CONTACT", "UPDATE"),
    ("PROPERTY", "DEAL", "CREATE"),
    ("PROPERTY", "CONTACT", "UPDATE"),
    ("PIPELINE", "DEAL", "UPDATE"),
    ("LIST", "CONTACT", "CREATE"),
    ("CONTENT", "EMAIL", "UPDATE"),
    ("USER", "PERMISSION", "UPDATE"),
];

const EVENTS: [&str; 14] = [
    "ADD_USER",
    "REMOVE_USER",
    "DEACTIVATE_USER",
    "REACTIVATE_USER",
    "ADD_ADMIN_PERMISSIONS",
    "EXPORT",
    "EXPORT_DOWNLOAD",
    "IMPORT",
    "CONTACT_DATA_EXPORT",
    "INSTALL_INTEGRATION",
    "UNINSTALL_INTEGRATION",
    "CHANGE_PASSWORD",
    "PRIVATE_APP_ACCESS_TOKEN_VIEW",
    "TEAM_ADDED",
];

const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
];

/// Country, region and words for the zones that fixtures lie in.
fn land(time_zone: &str) -> (&'static str, &'static str, &'static str) {
    match time_zone {
        "Europe/Berlin" => ("de", "hh", "Hamburg, Germany"),
        "Europe/Paris" => ("fr", "idf", "Paris, France"),
        "Europe/Oslo" => ("no", "03", "Oslo, Norway"),
        "Europe/Warsaw" => ("pl", "14", "Warsaw, Poland"),
        "Europe/Madrid" => ("es", "md", "Madrid, Spain"),
        "Europe/Zurich" => ("ch", "zh", "Zurich, Switzerland"),
        "Asia/Tokyo" => ("jp", "13", "Tokyo, Japan"),
        "America/Sao_Paulo" => ("br", "sp", "Sao Paulo, Brazil"),
        "America/Chicago" => ("us", "il", "Chicago, United States"),
        "America/New_York" => ("us", "ny", "New York, United States"),
        _ => ("ie", "l", "Dublin, Ireland"),
    }
}

fn place(portal: &Portal, rng: &mut Rng) -> Place {
    let (country_code, region_code, location) = land(portal.time_zone);
    let block = *rng.pick(&["192.0.2", "198.51.100", "203.0.113"]);
    Place {
        ip_address: format!("{block}.{}", rng.between(1, 255)),
        country_code,
        region_code,
        location,
    }
}

/// The logs of every account: same seed, same bytes.
pub(crate) fn seeded(
    seed: u64,
    portals: &BTreeMap<u64, Shared<Portal>>,
) -> BTreeMap<u64, Activity> {
    let made = |portal: &Shared<Portal>| {
        let mut rng = Rng::fork(seed, &format!("{}/activity", portal.id));
        (portal.id, of(portal, &mut rng))
    };
    portals.values().map(made).collect()
}

fn of(portal: &Portal, rng: &mut Rng) -> Activity {
    // Some hundred people are enough for the logs of the largest account.
    let mut people: Vec<ActingUser> = portal
        .users
        .iter()
        .take(200)
        .filter_map(|user| {
            Some(ActingUser {
                user_id: user.id.parse().ok()?,
                user_email: user.email.clone(),
            })
        })
        .collect();
    if people.is_empty() {
        people.push(ActingUser {
            user_id: portal.installer.user_id,
            user_email: portal.installer.email.clone(),
        });
    }
    let count = people.len() as u64;
    let moments = |rng: &mut Rng, rows: u64| {
        let mut at: Vec<u64> = (0..rows)
            .map(|_| FIXTURE_NOW - rng.between(HOUR, DAYS * DAY) / 1_000 * 1_000 + rng.below(1_000))
            .collect();
        at.sort_unstable_by(|a, b| b.cmp(a));
        at
    };
    let mut activity = Activity::default();
    let base = rng.between(5_000_000, 6_000_000);
    for (id, at) in (base..).zip(moments(rng, 12 + count * 4)) {
        let who = rng.pick(&people).clone();
        activity.logins.push(Login {
            id: id.to_string(),
            user_id: who.user_id,
            email: who.user_email,
            login_at: Instant(at),
            login_succeeded: !rng.chance(8),
            user_agent: AGENTS[rng.index(AGENTS.len())],
            place: place(portal, rng),
        });
    }
    for (id, at) in (base..).zip(moments(rng, 6 + count)) {
        let (who, whom) = (rng.pick(&people).clone(), rng.pick(&people).user_id);
        let kind = *rng.pick(&EVENTS);
        let object_id = rng
            .chance(60)
            .then(|| rng.between(1_000, 99_999).to_string());
        activity.security.push(SecurityEvent {
            id: id.to_string(),
            created_at: Instant(at),
            r#type: kind,
            user_id: whom,
            acting_user: who.user_email,
            info_url: info_url(portal),
            object_id,
            place: place(portal, rng),
        });
    }
    for at in moments(rng, 20 + count * 3) {
        let (category, sub_category, action) = *rng.pick(&ACTIONS);
        activity.audit.push(AuditLog {
            id: rng.base64url(36),
            category,
            sub_category,
            action,
            target_object_id: rng.between(100_000, 99_999_999).to_string(),
            occurred_at: Instant(at),
            acting_user: rng.pick(&people).clone(),
        });
    }
    activity
}

fn info_url(portal: &Portal) -> String {
    format!("{}/settings/{}/users", portal.ui_domain(), portal.id)
}

impl State {
    /// Writes a security event of an account, by its installer.
    pub(crate) fn log_security(
        &mut self,
        portal: u64,
        kind: &'static str,
        object_id: &str,
        now: u64,
    ) {
        let Some(owner) = self.portals.get(&portal) else {
            return;
        };
        let log = &mut self.activity.entry(portal).or_default().security;
        // Apart from the tokens' randomness: a log line must not change which token comes next.
        let mut rng = Rng::fork(now / MINUTE, &format!("{portal}/{}", log.len()));
        let event = SecurityEvent {
            id: rng.between(6_000_000, 9_000_000).to_string(),
            created_at: Instant(now),
            r#type: kind,
            user_id: owner.installer.user_id,
            acting_user: owner.installer.email.clone(),
            info_url: info_url(owner),
            object_id: Some(object_id.to_owned()),
            place: place(owner, &mut rng),
        };
        // The clock may have been set back: the log stays ordered.
        let at = log.partition_point(|other| other.created_at > event.created_at);
        log.insert(at, event);
    }
}
