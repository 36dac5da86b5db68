//! The hub tier, inferred: no HubSpot endpoint returns it (mission, fact 5).
//! Owns the rules of platform section 3.1 and shows its evidence; never guesses beyond it.

use crate::wire::{Account, AccountType};

/// The highest hub's tier, as far as the evidence goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Free and Starter share every signal but currencies.
    FreeOrStarter,
    /// More than one currency: not Free.
    Starter,
    /// Professional.
    Professional,
    /// Enterprise.
    Enterprise,
    /// Nothing tells.
    Unknown,
}

impl Tier {
    /// As on screen (J20).
    pub fn title(self) -> &'static str {
        match self {
            Self::FreeOrStarter => "Free or Starter",
            Self::Starter => "Starter",
            Self::Professional => "Professional",
            Self::Enterprise => "Enterprise",
            Self::Unknown => "Unknown",
        }
    }
}

/// A tier and what it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierReading {
    /// The tier.
    pub tier: Tier,
    /// One sentence: the evidence.
    pub evidence: String,
}

/// Reads the tier from what HubSpot says of the account and from the granted scopes.
pub fn read_tier(account: &Account, granted: &[String]) -> TierReading {
    let reading = |tier, evidence: String| TierReading { tier, evidence };
    if account.account_type == Some(AccountType::DeveloperTest) {
        return reading(
            Tier::Enterprise,
            "A developer test account behaves like an Enterprise trial.".into(),
        );
    }
    if let Some(limit) = account.daily_usage_limit {
        let tier = match limit {
            250_000 | 1_250_000 | 2_250_000 => Some(Tier::FreeOrStarter),
            625_000 | 1_625_000 | 2_625_000 => Some(Tier::Professional),
            1_000_000 | 2_000_000 | 3_000_000 => Some(Tier::Enterprise),
            _ => None,
        };
        match tier {
            Some(Tier::FreeOrStarter) if !account.additional_currencies.is_empty() => {
                return reading(
                    Tier::Starter,
                    format!("Daily API limit {limit}, and more than one currency."),
                );
            }
            Some(tier) => return reading(tier, format!("Daily API limit {limit}.")),
            None => {}
        }
    }
    let holds = |scope: &str| granted.iter().any(|granted| granted == scope);
    for (scope, tier) in [
        ("crm.schemas.custom.read", Tier::Enterprise),
        ("crm.objects.custom.read", Tier::Enterprise),
        ("automation", Tier::Professional),
        ("crm.objects.leads.read", Tier::Professional),
    ] {
        if holds(scope) {
            return reading(
                tier,
                format!("HubSpot granted {scope}, which needs at least this tier."),
            );
        }
    }
    if account.additional_currencies.is_empty() {
        reading(
            Tier::Unknown,
            "HubSpot gave no usable sign of the tier.".into(),
        )
    } else {
        reading(
            Tier::Starter,
            "More than one currency: Starter or higher.".into(),
        )
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ids::PortalId;

    pub(crate) fn account() -> Account {
        Account {
            portal_id: PortalId(4242),
            name: None,
            hub_domain: None,
            account_type: Some(AccountType::Standard),
            ui_domain: None,
            data_hosting_location: None,
            time_zone: None,
            company_currency: None,
            additional_currencies: vec![],
            daily_usage_limit: None,
            authorised_by: None,
            user_id: None,
        }
    }

    /// J20: daily limit first, then scopes, then currencies, and "unknown" where it stays unknown.
    #[test]
    fn the_tier_follows_the_evidence() {
        let test_account = Some(AccountType::DeveloperTest);
        let standard = Some(AccountType::Standard);
        for (limit, kind, currencies, scope, want) in [
            (Some(250_000), standard, 0, "", Tier::FreeOrStarter),
            (Some(250_000), standard, 1, "", Tier::Starter),
            (Some(625_000), standard, 0, "", Tier::Professional),
            (Some(1_000_000), standard, 0, "", Tier::Enterprise),
            (Some(2_625_000), standard, 0, "", Tier::Professional),
            (Some(123), standard, 0, "automation", Tier::Professional),
            (Some(123), standard, 0, "", Tier::Unknown),
            (
                None,
                standard,
                0,
                "crm.schemas.custom.read",
                Tier::Enterprise,
            ),
            (None, standard, 1, "", Tier::Starter),
            (None, standard, 0, "oauth", Tier::Unknown),
            (Some(250_000), test_account, 0, "", Tier::Enterprise),
            // The limit outweighs a scope that a trial may have lent.
            (
                Some(250_000),
                standard,
                0,
                "automation",
                Tier::FreeOrStarter,
            ),
        ] {
            let account = Account {
                daily_usage_limit: limit,
                account_type: kind,
                additional_currencies: vec!["USD".into(); currencies],
                ..account()
            };
            let reading = read_tier(&account, &[scope.to_owned()]);
            assert_eq!(
                reading.tier, want,
                "{limit:?} {kind:?} {currencies} {scope}"
            );
            assert!(!reading.evidence.is_empty());
        }
    }
}
