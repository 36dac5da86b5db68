//! Errors on the wire: `application/problem+json` (RFC 9457) with Portico's members.

use super::Provider;
use crate::error::ErrorCode;
use serde::{Deserialize, Serialize};

/// The content type of every error answer.
pub const PROBLEM_CONTENT_TYPE: &str = "application/problem+json";

/// An error as the proxy answers it: nothing of the provider's own words but ids and names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// `about:blank#<code>`: the code is the type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, from the catalogue.
    pub title: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Why, and which part: one or two sentences.
    pub detail: String,
    /// What to do now, from the catalogue.
    pub action: String,
    /// Stable code.
    pub code: ErrorCode,
    /// Ties the answer to the proxy's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Seconds to wait before trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// What the provider answered, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
}

/// The provider's error: facts that a machine reads, never its free text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Upstream {
    /// HTTP status.
    pub status: u16,
    /// HubSpot's `category`, or `errorType`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// HubSpot's `policyName` of a 429.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// HubSpot's `correlationId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// `requiredGranularScopes`: any of these would do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_scopes: Vec<String>,
}

impl Problem {
    /// The catalogue's words for a code, without anything particular.
    pub fn of(code: ErrorCode) -> Self {
        let entry = code.entry();
        Self {
            kind: format!("about:blank#{}", entry.code),
            title: entry.title.into(),
            status: entry.http_status,
            detail: entry.meaning.into(),
            action: entry.action.into(),
            code,
            correlation_id: None,
            retry_after: None,
            upstream: None,
        }
    }

    /// With a sentence about this very case.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// In the words of another provider: the catalogue speaks of HubSpot.
    #[must_use]
    pub fn about(mut self, provider: Provider) -> Self {
        if provider == Provider::Github {
            if let Some((title, action)) = of_github(self.code) {
                title.clone_into(&mut self.title);
                action.clone_into(&mut self.action);
            }
            for text in [&mut self.title, &mut self.detail, &mut self.action] {
                *text = text.replace(Provider::Hubspot.title(), provider.title());
            }
        }
        self
    }
}

/// Title and action of the codes whose own words fit portals alone.
fn of_github(code: ErrorCode) -> Option<(&'static str, &'static str)> {
    Some(match code {
        ErrorCode::ConsentDenied => (
            "Access was not granted",
            "Start again and choose Authorize on GitHub's page.",
        ),
        ErrorCode::FlowFinished => (
            "This authorization is already over",
            "Start again with Connect Git.",
        ),
        ErrorCode::BadVerifier => (
            "The proof of the starter did not match",
            "Start again with Connect Git.",
        ),
        ErrorCode::WrongPortal => (
            "Another GitHub account was chosen",
            "Sign in to GitHub as the account named here and start again, or connect the other one with Connect Git.",
        ),
        ErrorCode::PortalLinkedElsewhere => (
            "This GitHub account is linked to another organization",
            "Disconnect it there first, then connect it here.",
        ),
        ErrorCode::NeedsReauth => (
            "The GitHub connection needs reconnection",
            "Choose Reconnect on its card under Connections.",
        ),
        ErrorCode::Disconnected => (
            "The GitHub account is disconnected",
            "Choose Reconnect on its card under Connections; its repositories stay linked.",
        ),
        ErrorCode::UpstreamUnauthorized => (
            "GitHub did not accept the access token",
            "Try again; if it stays, reconnect the GitHub account.",
        ),
        ErrorCode::UpstreamForbidden => (
            "GitHub does not allow this for the connection",
            "Look in GitHub's settings whether the app may see it; an organization may ask for single sign-on.",
        ),
        ErrorCode::UpstreamNotFound => (
            "GitHub does not have this",
            "Look whether it still exists and whether the account may see it, then try again.",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_carries_code_status_and_what_to_do() {
        let problem = Problem::of(ErrorCode::PlanLimit).with_detail("3 of 3 portals are used.");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["code"], "plan_limit");
        assert_eq!(json["status"], 409);
        assert_eq!(json["type"], "about:blank#plan_limit");
        assert_eq!(json["detail"], "3 of 3 portals are used.");
        assert!(json["action"].as_str().unwrap().contains("upgrade"));
        assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
    }

    /// D37, D45: what goes wrong with GitHub is told in GitHub's words, and what goes wrong with HubSpot stays.
    #[test]
    fn a_problem_speaks_of_its_provider() {
        for code in ErrorCode::ALL {
            let plain = Problem::of(*code);
            assert_eq!(plain.clone().about(Provider::Hubspot), plain);
            let github = plain.about(Provider::Github);
            let said = [&github.title, &github.detail, &github.action].map(String::as_str);
            assert!(
                said.iter().all(|text| !text.contains("HubSpot")),
                "{said:?}"
            );
            assert!(said.iter().all(|text| !text.is_empty()), "{said:?}");
        }
        let denied = Problem::of(ErrorCode::ConsentDenied).about(Provider::Github);
        assert!(denied.action.contains("Authorize on GitHub's page"));
        let chosen = Problem::of(ErrorCode::WrongPortal)
            .with_detail("mara was to be reconnected.")
            .about(Provider::Github);
        assert_eq!(chosen.detail, "mara was to be reconnected.");
    }
}
