//! How far the set-up has come: each step against what the proxy knows.
//! Owns the judgement and its words; where the proxy cannot know, it says so.

use crate::connection_type::ConnectionType;
use crate::ids::PortalId;
use crate::scopes::{Asked, Configured, REQUIRED, asked_for, lacking, lint};
use crate::status::display_name;
use crate::wire::{Connection, FaultCause, GrantKind, Provider, ProviderInfo, RefreshOutcome};

/// The guide's steps, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// B2: the app exists.
    App,
    /// B3: its scopes.
    Scopes,
    /// B4: its redirect URL.
    Redirect,
    /// B5: client id and secret.
    Credentials,
    /// `portico.toml`.
    Portico,
    /// B6 to B9: consent.
    Authorize,
    /// B10, B11: the code is exchanged.
    Exchange,
    /// B12: refreshed.
    Refresh,
    /// B14 to B17: a token without OAuth.
    Static,
    /// B18: stored and rotated.
    Secure,
    /// The Ballerina connector.
    Ballerina,
}

impl Step {
    /// In the order of the guide.
    pub const ALL: [Self; 11] = [
        Self::App,
        Self::Scopes,
        Self::Redirect,
        Self::Credentials,
        Self::Portico,
        Self::Authorize,
        Self::Exchange,
        Self::Refresh,
        Self::Static,
        Self::Secure,
        Self::Ballerina,
    ];

    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::App => "Create the HubSpot app",
            Self::Scopes => "Give it its scopes",
            Self::Redirect => "Set the redirect URL",
            Self::Credentials => "Copy client ID and client secret",
            Self::Portico => "Configure Portico",
            Self::Authorize => "Authorize a portal",
            Self::Exchange => "Exchange the code",
            Self::Refresh => "Refresh",
            Self::Static => "Without OAuth: a private app's token",
            Self::Secure => "Keep it safe, and rotate",
            Self::Ballerina => "Use it from Ballerina",
        }
    }

    /// In the page's addresses of parts and in tests.
    pub fn slug(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Scopes => "scopes",
            Self::Redirect => "redirect",
            Self::Credentials => "credentials",
            Self::Portico => "portico",
            Self::Authorize => "authorize",
            Self::Exchange => "exchange",
            Self::Refresh => "refresh",
            Self::Static => "static",
            Self::Secure => "secure",
            Self::Ballerina => "ballerina",
        }
    }
}

/// How a step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// The proxy has seen it work; how.
    Done(String),
    /// Not yet; what to do.
    NotYet(String),
    /// The proxy cannot see it; why.
    Unseen(&'static str),
}

/// How a portal's credential stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// OAuth, with the outcome of the last refresh.
    Oauth(Option<RefreshOutcome>),
    /// OAuth that was given up or is dead.
    Ended,
    /// A private app's token or a service key, with its last characters.
    Static(String),
}

/// What the guide needs of a connection: small, for there may be thousands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portal {
    /// The connection's id.
    pub connection: String,
    /// The account.
    pub portal: PortalId,
    /// For people.
    pub name: String,
    /// Its credential.
    pub standing: Standing,
    /// HubSpot refuses the app's own credentials.
    pub app_refused: bool,
}

/// The guide's part of a connection; nothing for another provider's.
pub fn portal(connection: &Connection) -> Option<Portal> {
    let grant = &connection.grant;
    let fault = grant.fault.as_ref();
    let dead = grant.revoked.is_some()
        || fault.is_some_and(|fault| fault.category == crate::wire::FaultCategory::GrantDead);
    (connection.provider == Provider::Hubspot).then(|| Portal {
        connection: connection.id.as_str().to_owned(),
        portal: connection.account.portal_id,
        name: display_name(connection),
        standing: match grant.kind {
            _ if dead => Standing::Ended,
            GrantKind::Oauth => {
                Standing::Oauth(grant.last_refresh.as_ref().map(|last| last.outcome))
            }
            GrantKind::Static => Standing::Static(grant.hint.clone().unwrap_or_default()),
        },
        app_refused: fault.is_some_and(|fault| fault.cause == FaultCause::ClientCredentials),
    })
}

/// What the judgement rests on.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// HubSpot, as the session describes it; nothing while it is not configured.
    pub hubspot: Option<&'a ProviderInfo>,
    /// The client id that was filled in.
    pub client_id: &'a str,
    /// The portal that was filled in.
    pub portal: Option<PortalId>,
    /// Every portal that is connected.
    pub portals: &'a [Portal],
    /// Origin of this page.
    pub origin: &'a str,
}

impl<'a> Facts<'a> {
    /// The first portal of a kind, of the one filled in if one is.
    fn find(&self, wanted: impl Fn(&Standing) -> bool) -> Option<&'a Portal> {
        self.portals.iter().find(|known| {
            wanted(&known.standing) && self.portal.is_none_or(|portal| portal == known.portal)
        })
    }

    fn authorized(&self) -> Option<&'a Portal> {
        self.find(|standing| matches!(standing, Standing::Oauth(_)))
    }

    /// What one portal proves of the app is so for all.
    fn any_authorized(&self) -> Option<&'a Portal> {
        let mut known = self.portals.iter();
        known.find(|known| matches!(known.standing, Standing::Oauth(_)))
    }
}

/// Judges a step.
pub fn check(step: Step, facts: &Facts<'_>) -> Check {
    match step {
        Step::App => app(facts),
        Step::Scopes => scopes(facts),
        Step::Redirect => redirect(facts),
        Step::Credentials => credentials(facts),
        Step::Portico => portico(facts),
        Step::Authorize => match facts.authorized() {
            Some(known) => done(&[
                "Authorized: ",
                &known.name,
                ", portal ",
                &known.portal.to_string(),
                ".",
            ]),
            None => not_yet(&[
                "Choose Add Portal",
                of_portal(facts),
                ", or go through it by hand with the address below.",
            ]),
        },
        Step::Exchange => match facts.authorized() {
            Some(known) => done(&[
                "Portico exchanged a code for ",
                &known.name,
                " and read back what was granted.",
            ]),
            None => not_yet(&[
                "It follows the authorization by itself: choose Add Portal",
                of_portal(facts),
                ".",
            ]),
        },
        Step::Refresh => refresh(facts),
        Step::Static => match facts.find(|standing| matches!(standing, Standing::Static(_))) {
            Some(Portal {
                name,
                standing: Standing::Static(hint),
                ..
            }) => done(&[
                name,
                " is connected with a token ending in ",
                hint,
                ". It does not expire.",
            ]),
            _ => not_yet(&[
                "Only if you want this way: no portal is connected with a token",
                of_portal(facts),
                ".",
            ]),
        },
        Step::Secure => Check::Unseen("Where you keep your secrets is not for a page to see."),
        Step::Ballerina => Check::Unseen(
            "Your program runs elsewhere; the proxy's journal shows each token it fetches from Portico.",
        ),
    }
}

fn done(parts: &[&str]) -> Check {
    Check::Done(parts.concat())
}

fn not_yet(parts: &[&str]) -> Check {
    Check::NotYet(parts.concat())
}

fn of_portal(facts: &Facts<'_>) -> &'static str {
    match facts.portal {
        Some(_) => " for the portal filled in above",
        None => "",
    }
}

const NOT_CONFIGURED: &str = "This proxy has no HubSpot app yet: go on to Configure Portico.";

fn app(facts: &Facts<'_>) -> Check {
    match facts.hubspot {
        Some(info) => done(&["This proxy works for the app ", &info.client_id, "."]),
        None => not_yet(&[NOT_CONFIGURED]),
    }
}

fn scopes(facts: &Facts<'_>) -> Check {
    let Some(info) = facts.hubspot else {
        return not_yet(&[NOT_CONFIGURED]);
    };
    let needed: Vec<String> = REQUIRED.iter().map(|scope| (*scope).to_owned()).collect();
    let missing = lacking(&needed, &info.required_scopes);
    if !missing.is_empty() {
        return not_yet(&[
            "Add to required_scopes, and to the app in HubSpot: ",
            &missing.join(", "),
            ".",
        ]);
    }
    let configured = Configured {
        required: &info.required_scopes,
        optional: &info.optional_scopes,
    };
    let Asked {
        scope,
        optional_scope,
    } = asked_for(ConnectionType::ConfigAndAudit, &configured);
    match lint(&configured, &scope, &optional_scope) {
        Err(_) => not_yet(&[
            "A scope stands in required_scopes and in optional_scopes: take it out of the optional ones.",
        ]),
        Ok(()) => done(&[
            "This proxy is set up with ",
            &info.required_scopes.len().to_string(),
            " required and ",
            &info.optional_scopes.len().to_string(),
            if facts.any_authorized().is_some() {
                " optional scopes, and HubSpot took them."
            } else {
                " optional scopes. Whether HubSpot has the same, the first authorization shows."
            },
        ]),
    }
}

fn redirect(facts: &Facts<'_>) -> Check {
    match facts.any_authorized() {
        Some(known) => done(&["Registered: HubSpot came back here for ", &known.name, "."]),
        None => not_yet(&[
            "HubSpot has not come back here yet. Register the first address below; whether it fits, the first authorization shows.",
        ]),
    }
}

fn credentials(facts: &Facts<'_>) -> Check {
    let Some(info) = facts.hubspot else {
        return not_yet(&[NOT_CONFIGURED]);
    };
    match () {
        () if facts.portals.iter().any(|known| known.app_refused) => not_yet(&[
            "HubSpot refuses the app's credentials: copy the client secret again, put it into the proxy's secret file, and start the proxy again.",
        ]),
        () if facts.client_id.is_empty() => not_yet(&["Fill in the client ID above."]),
        () if facts.client_id != info.client_id => not_yet(&[
            "The client ID above is not the one this proxy works for, which is ",
            &info.client_id,
            ".",
        ]),
        () if facts.any_authorized().is_some() => {
            done(&["The client ID is this proxy's, and HubSpot took it with its secret."])
        }
        () => done(&[
            "The client ID is this proxy's. Whether the secret fits, the first authorization shows.",
        ]),
    }
}

fn portico(facts: &Facts<'_>) -> Check {
    let Some(info) = facts.hubspot else {
        return not_yet(&[
            "Write portico.toml and the secret's file as below, then start the proxy again.",
        ]);
    };
    let listed = info.return_uris.iter().any(|uri| {
        let rest = uri.strip_prefix(facts.origin);
        !facts.origin.is_empty() && rest.is_some_and(|rest| rest.starts_with('/'))
    });
    if listed {
        done(&["This proxy runs, knows HubSpot, and lists a return page of this page's origin."])
    } else {
        not_yet(&[
            "This proxy runs and knows HubSpot, but lists no return page of ",
            facts.origin,
            ": add it to return_uris.",
        ])
    }
}

fn refresh(facts: &Facts<'_>) -> Check {
    let outcome = |wanted| move |standing: &Standing| *standing == Standing::Oauth(Some(wanted));
    if let Some(known) = facts.find(outcome(RefreshOutcome::Refreshed)) {
        return done(&[
            "Portico has fetched the next access token of ",
            &known.name,
            " by itself.",
        ]);
    }
    if let Some(known) = facts.find(|standing| *standing == Standing::Ended) {
        return not_yet(&[
            "The authorization of ",
            &known.name,
            " has ended: choose Reconnect in its row.",
        ]);
    }
    if let Some(known) = facts.find(outcome(RefreshOutcome::Transient)) {
        return not_yet(&[
            "HubSpot did not answer well for ",
            &known.name,
            ". Portico tries again by itself.",
        ]);
    }
    match facts.authorized() {
        Some(_) => not_yet(&[
            "Nothing to do: it happens by itself at the first call shortly before the half hour is over.",
        ]),
        None => not_yet(&["Authorize a portal first."]),
    }
}

#[cfg(test)]
mod tests;
