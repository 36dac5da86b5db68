//! Signed webhooks to a partner's backend, in the form of Standard Webhooks 1.0.0.
//! Owns endpoints, messages and what they say: ids and words, no secret and no e-mail address.
//!
//! A message is written into the outbox in the transaction of the change it tells of, one row for each endpoint,
//! and sent until the endpoint takes it: at least once, in no particular order, `webhook-id` the same at each try.

mod desk;
mod send;
mod sign;

pub use desk::{Delivery, DeskError, Replay, deliveries, replay};
pub(crate) use send::run;
pub(crate) use sign::is_secret;

use crate::app::App;
use crate::config::Webhook;
use crate::random;
use crate::store::deliveries::{self, NewDelivery, Subject};
use crate::store::{DbResult, Owner, Tx};
use portico_core::pkce::sha256_base64url;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use sign::Signer;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

const CONNECT: Duration = Duration::from_secs(3);
/// Deadline of a try, its answer included.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a message tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventType {
    Connected,
    Reconnected,
    Checking,
    NeedsReauth,
    Recovered,
    Updated,
    Removed,
}

impl EventType {
    /// Every type, in the order of the documentation.
    pub(crate) const ALL: [Self; 7] = [
        Self::Connected,
        Self::Reconnected,
        Self::Checking,
        Self::NeedsReauth,
        Self::Recovered,
        Self::Updated,
        Self::Removed,
    ];

    /// `type` of the message, and its name in the configuration.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Connected => "connection.connected",
            Self::Reconnected => "connection.reconnected",
            Self::Checking => "connection.checking",
            Self::NeedsReauth => "connection.needs_reauth",
            Self::Recovered => "connection.recovered",
            Self::Updated => "connection.updated",
            Self::Removed => "connection.removed",
        }
    }
}

/// Where messages of one tenant go.
pub(crate) struct Endpoint {
    /// Names it in rows and logs: an address may hold what is nobody else's business.
    pub(crate) id: String,
    tenant: String,
    url: String,
    /// Empty: all.
    events: Vec<String>,
    signers: Vec<Signer>,
    /// Differs as soon as anything of its configuration does.
    pub(crate) fingerprint: String,
    http: reqwest::Client,
}

impl Endpoint {
    /// The configured ones. `solo` is the tenant of those that name none; without it they tell of nothing.
    pub(crate) fn all(
        webhooks: &[Webhook],
        solo: Option<&str>,
    ) -> Result<Vec<Self>, reqwest::Error> {
        let mut endpoints = Vec::with_capacity(webhooks.len());
        for webhook in webhooks {
            let Some(tenant) = webhook.tenant.as_deref().or(solo) else {
                continue;
            };
            endpoints.push(Self {
                id: endpoint_id(webhook),
                tenant: tenant.to_owned(),
                url: webhook.url.clone(),
                events: webhook.events.clone(),
                signers: webhook.secrets.iter().filter_map(Signer::new).collect(),
                fingerprint: fingerprint(webhook),
                http: reqwest::Client::builder()
                    .redirect(reqwest::redirect::Policy::none())
                    .no_proxy()
                    .no_gzip()
                    .no_brotli()
                    .referer(false)
                    .connect_timeout(CONNECT)
                    .timeout(DEADLINE)
                    .https_only(webhook.url.starts_with("https://"))
                    .user_agent(concat!("portico-proxy/", env!("CARGO_PKG_VERSION")))
                    .build()?,
            });
        }
        Ok(endpoints)
    }

    fn takes(&self, owner: &Owner, event_type: EventType) -> bool {
        self.tenant == owner.tenant
            && (self.events.is_empty() || self.events.iter().any(|name| name == event_type.word()))
    }
}

/// The same in every process and after every start, and without the name that a solo proxy gives itself.
fn endpoint_id(webhook: &Webhook) -> String {
    let tenant = webhook.tenant.as_deref().unwrap_or_default();
    let mut id = sha256_base64url(&format!("{tenant}\n{}", webhook.url));
    id.truncate(16);
    id
}

fn fingerprint(webhook: &Webhook) -> String {
    let mut all = Zeroizing::new(format!("{}\n{}", webhook.url, webhook.events.join(",")));
    for secret in &webhook.secrets {
        all.push('\n');
        all.push_str(secret.expose_secret());
    }
    sha256_base64url(&all)
}

/// The body of a message.
#[derive(Serialize)]
struct Message<'a> {
    r#type: &'static str,
    /// When it happened, by the database's clock.
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    org: &'a str,
    connection_id: &'a str,
    provider: &'a str,
    /// HubSpot's id of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    portal_id: Option<u64>,
    /// Another provider's.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    status: &'a str,
    /// Why it is not connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

impl<'a> Message<'a> {
    fn of(owner: &'a Owner, id: &'a str, event_type: EventType, subject: &'a Subject) -> Self {
        let portal_id = match subject.provider.as_str() {
            "hubspot" => subject.account.parse().ok(),
            _ => None,
        };
        let status = match (event_type, subject.state.as_str()) {
            (EventType::Removed, _) => "removed",
            (_, "revoking" | "revoked") => "disconnected",
            (_, state) => state,
        };
        Self {
            r#type: event_type.word(),
            timestamp: rfc3339(subject.now),
            data: Data {
                org: &owner.org,
                connection_id: id,
                provider: &subject.provider,
                portal_id,
                account: portal_id.is_none().then_some(&subject.account),
                status,
                cause: subject
                    .fault_cause
                    .as_deref()
                    .filter(|_| matches!(status, "checking" | "needs_reauth")),
            },
        }
    }
}

/// A database time to the millisecond, in UTC.
fn rfc3339(time: f64) -> String {
    let nanoseconds = i128::from(crate::store::seconds(time * 1000.0)) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

impl App {
    /// Puts a message for every endpoint that takes it into the outbox.
    pub(crate) async fn enlist(
        &self,
        tx: &mut Tx,
        owner: &Owner,
        id: &str,
        event_type: EventType,
    ) -> DbResult<()> {
        let mut takers: Vec<&Endpoint> = self.endpoints.iter().collect();
        takers.retain(|endpoint| endpoint.takes(owner, event_type));
        if takers.is_empty() {
            return Ok(());
        }
        let Some(subject) = deliveries::subject(tx, owner, id).await? else {
            tracing::error!(connection = id, "a webhook has no connection to tell of");
            return Ok(());
        };
        let message = Message::of(owner, id, event_type, &subject);
        let body = crate::store::to_json(&message)?;
        let message_id = format!("msg_{}", random::id());
        for endpoint in takers {
            let new = NewDelivery {
                message: &message_id,
                endpoint: &endpoint.id,
                fingerprint: &endpoint.fingerprint,
                owner,
                event_type: event_type.word(),
                body: &body,
            };
            deliveries::insert(tx, &new).await?;
        }
        tx.will_deliver();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(event_type: EventType, provider: &str, account: &str, state: &str) -> String {
        let owner = Owner {
            tenant: "https://partner.example".into(),
            org: "acme".into(),
        };
        let subject = Subject {
            provider: provider.into(),
            account: account.into(),
            state: state.into(),
            fault_cause: Some("bad_refresh_token".into()),
            now: 1_667_507_170.344_4,
        };
        serde_json::to_string(&Message::of(&owner, "c1", event_type, &subject)).unwrap()
    }

    /// P1: ids and words, and nothing else.
    #[test]
    fn a_message_says_which_connection_and_how_it_stands() {
        let head = r#"{"type":"connection.TYPE","timestamp":"2022-11-03T20:26:10.344Z","data":{"org":"acme","connection_id":"c1","#;
        for (event_type, provider, account, state, tail) in [
            (
                EventType::Connected,
                "hubspot",
                "26104388",
                "connected",
                r#""provider":"hubspot","portal_id":26104388,"status":"connected"}}"#,
            ),
            (
                EventType::NeedsReauth,
                "hubspot",
                "7",
                "needs_reauth",
                r#""provider":"hubspot","portal_id":7,"status":"needs_reauth","cause":"bad_refresh_token"}}"#,
            ),
            (
                EventType::Removed,
                "github",
                "octo/repo",
                "needs_reauth",
                r#""provider":"github","account":"octo/repo","status":"removed"}}"#,
            ),
            (
                EventType::Updated,
                "github",
                "1",
                "revoking",
                r#""provider":"github","account":"1","status":"disconnected"}}"#,
            ),
        ] {
            let head = head.replace("connection.TYPE", event_type.word());
            assert_eq!(
                said(event_type, provider, account, state),
                format!("{head}{tail}")
            );
        }
    }

    #[test]
    fn an_endpoint_takes_what_it_asked_for_of_its_own_tenant() {
        let mut webhook = Webhook::new("https://partner.example/hooks");
        let owner = |tenant: &str| Owner {
            tenant: tenant.into(),
            org: "o".into(),
        };
        let all = Endpoint::all(std::slice::from_ref(&webhook), Some("solo")).unwrap();
        assert!(all[0].takes(&owner("solo"), EventType::Updated));
        assert!(!all[0].takes(&owner("other"), EventType::Updated));
        assert!(
            Endpoint::all(std::slice::from_ref(&webhook), None)
                .unwrap()
                .is_empty()
        );
        webhook.tenant = Some("https://issuer.example".into());
        webhook.events = vec!["connection.removed".into()];
        let some = Endpoint::all(&[webhook], Some("solo")).unwrap();
        assert!(some[0].takes(&owner("https://issuer.example"), EventType::Removed));
        assert!(!some[0].takes(&owner("https://issuer.example"), EventType::Updated));
        assert!(!some[0].takes(&owner("solo"), EventType::Removed));
        assert_ne!(all[0].id, some[0].id);
    }
}
