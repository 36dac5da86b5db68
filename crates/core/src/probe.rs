//! Which read proves which granted area, and what the outcomes say together (S12).
//! Owns the table; asks nobody. Each read is small, and none opens more than its area.

use crate::error::ErrorCode;
use crate::object_types::STANDARD;
use crate::operations::{ArgumentError, Operation, RequestTarget, operation, request_target};
use crate::retrieval::{Kind, holds_any};
use crate::wire::{ProbeOutcome, RelayRequest, Verdict};
use serde_json::json;

/// One read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Stable name of the area it proves.
    pub area: &'static str,
    /// As on screen.
    pub title: &'static str,
    /// The relay's operation.
    pub operation: &'static str,
    ask: Ask,
}

/// What is asked of the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    /// It as it is.
    Plain,
    /// One record of a paged answer.
    One,
    /// Archived ones only: as good a proof, and few.
    Archived,
    /// The definitions of an object type.
    Of(&'static str),
    /// One list; the search takes a body.
    Search,
}

/// Asked first and always: every credential opens it.
pub const ACCOUNT: Probe = Probe {
    area: "account",
    title: "Account",
    operation: "account.details",
    ask: Ask::Plain,
};

/// Areas that are kinds of metadata, beside the definitions of each standard object type.
const KINDS: &[(Kind, &str, Ask)] = &[
    (Kind::ObjectSchemas, "schemas.list", Ask::Archived),
    (Kind::Lists, "lists.search", Ask::Search),
    (Kind::Forms, "forms.list", Ask::One),
    (Kind::Workflows, "workflows.list", Ask::One),
    (Kind::Owners, "owners.list", Ask::One),
    (Kind::Users, "users.list", Ask::One),
    (Kind::Teams, "users.teams", Ask::Plain),
    (Kind::Currencies, "currencies.company", Ask::Plain),
    (Kind::Domains, "domains.list", Ask::One),
    (Kind::SubscriptionTypes, "subscriptions.list", Ask::Plain),
    (Kind::Limits, "limits.records", Ask::Plain),
];

/// One read for each area that these scopes open, beyond [`ACCOUNT`].
pub fn probes(granted: &[String]) -> Vec<Probe> {
    let types = STANDARD
        .iter()
        .filter(|kind| holds_any(granted, kind.any_of))
        .map(|kind| Probe {
            area: kind.name,
            title: kind.title,
            operation: "properties.groups",
            ask: Ask::Of(kind.name),
        });
    let kinds = KINDS
        .iter()
        .filter(|(kind, ..)| holds_any(granted, kind.any_of()))
        .map(|&(kind, operation, ask)| Probe {
            area: kind.slug(),
            title: kind.title(),
            operation,
            ask,
        });
    types.chain(kinds).collect()
}

impl Probe {
    /// The operation with its target. An error would be a fault of the table, which a test excludes.
    pub fn target(&self) -> Result<(&'static Operation, RequestTarget), ArgumentError> {
        let operation = operation(self.operation).ok_or(ArgumentError::Unknown)?;
        let mut request = RelayRequest::default();
        match self.ask {
            Ask::Plain => {}
            Ask::One => drop(request.query.insert("limit".into(), "1".into())),
            Ask::Archived => drop(request.query.insert("archived".into(), "true".into())),
            Ask::Of(name) => drop(request.params.insert("objectType".into(), name.into())),
            // HubSpot demands all four.
            Ask::Search => {
                request.body =
                    Some(json!({"count": 1, "offset": 0, "listIds": [], "processingTypes": []}));
            }
        }
        Ok((operation, request_target(operation, &request)?))
    }
}

/// What a refused or failed read says of its area.
pub fn outcome(code: ErrorCode) -> ProbeOutcome {
    match code {
        ErrorCode::UpstreamForbidden => ProbeOutcome::Forbidden,
        ErrorCode::UpstreamUnauthorized | ErrorCode::NeedsReauth | ErrorCode::Disconnected => {
            ProbeOutcome::Unauthorized
        }
        ErrorCode::UpstreamRateLimited | ErrorCode::RateLimited => ProbeOutcome::RateLimited,
        _ => ProbeOutcome::Unavailable,
    }
}

/// What all outcomes say, the account's first.
pub fn verdict(outcomes: &[ProbeOutcome]) -> Verdict {
    let account_answers = outcomes.first() == Some(&ProbeOutcome::Ok);
    if !account_answers || outcomes.contains(&ProbeOutcome::Unauthorized) {
        return Verdict::Failed;
    }
    if outcomes.iter().all(|outcome| *outcome == ProbeOutcome::Ok) {
        Verdict::Ok
    } else {
        Verdict::Partial
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scopes::CATALOGUE;
    use std::collections::BTreeSet;

    fn areas(scopes: &[&str]) -> Vec<&'static str> {
        let granted: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        probes(&granted).iter().map(|probe| probe.area).collect()
    }

    /// S12: a scope opens its own areas and no other.
    #[test]
    fn a_scope_is_proved_by_a_read_of_its_area() {
        for (scopes, want) in [
            (vec![], vec![]),
            (vec!["oauth"], vec![]),
            (vec!["crm.schemas.deals.read"], vec!["deals"]),
            (vec!["tickets"], vec!["tickets", "limits"]),
            (vec!["e-commerce"], vec!["products", "limits"]),
            (vec!["crm.objects.owners.read"], vec!["owners", "limits"]),
            (vec!["crm.schemas.custom.read"], vec!["object-schemas"]),
            (vec!["settings.users.read"], vec!["users"]),
            (vec!["forms", "automation"], vec!["forms", "workflows"]),
            (vec!["crm.objects.deals.write"], vec![]),
        ] {
            assert_eq!(areas(&scopes), want, "{scopes:?}");
        }
    }

    /// S12: no scope that reads is left unproved, and every read fits its operation.
    #[test]
    fn every_scope_that_reads_has_a_read_that_can_be_sent() {
        let reads = CATALOGUE
            .iter()
            .filter(|entry| !entry.writes && entry.scope != "oauth");
        let mut all = vec![];
        for entry in reads {
            assert!(!areas(&[entry.scope]).is_empty(), "{}", entry.scope);
            all.push(entry.scope.to_owned());
        }
        let mut seen = BTreeSet::new();
        for probe in std::iter::once(ACCOUNT).chain(probes(&all)) {
            assert!(seen.insert(probe.area), "{} twice", probe.area);
            let (operation, target) = probe.target().expect(probe.area);
            assert_eq!(operation.name, probe.operation);
            assert!(target.path.starts_with('/'), "{}", target.path);
        }
        assert_eq!(seen.len(), 1 + STANDARD.len() + KINDS.len());
    }

    /// S12: each refusal has its outcome; what is neither is no data.
    #[test]
    fn a_refusal_has_its_outcome() {
        use ProbeOutcome::{Forbidden, RateLimited, Unauthorized, Unavailable};
        for (code, want) in [
            (ErrorCode::UpstreamForbidden, Forbidden),
            (ErrorCode::UpstreamUnauthorized, Unauthorized),
            (ErrorCode::NeedsReauth, Unauthorized),
            (ErrorCode::UpstreamRateLimited, RateLimited),
            (ErrorCode::RateLimited, RateLimited),
            (ErrorCode::UpstreamUnavailable, Unavailable),
            (ErrorCode::UpstreamNotFound, Unavailable),
            (ErrorCode::UpstreamInvalid, Unavailable),
            (ErrorCode::Internal, Unavailable),
        ] {
            assert_eq!(outcome(code), want, "{code}");
        }
    }

    /// S12: data flows, flows in part, or does not.
    #[test]
    fn the_verdict_follows_the_outcomes() {
        use ProbeOutcome::{Forbidden, Ok, RateLimited, Unauthorized, Unavailable};
        for (outcomes, want) in [
            (vec![Ok], Verdict::Ok),
            (vec![Ok, Ok, Ok], Verdict::Ok),
            (vec![Ok, Forbidden], Verdict::Partial),
            (vec![Ok, RateLimited, Ok], Verdict::Partial),
            (vec![Ok, Unavailable], Verdict::Partial),
            (vec![Ok, Ok, Unauthorized], Verdict::Failed),
            (vec![Unavailable], Verdict::Failed),
            (vec![RateLimited], Verdict::Failed),
            (vec![Unauthorized], Verdict::Failed),
            (vec![], Verdict::Failed),
        ] {
            assert_eq!(verdict(&outcomes), want, "{outcomes:?}");
        }
    }
}
