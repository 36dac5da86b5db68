//! Whatever is steered and called in whatever order: a revoked grant never refreshes, no answer exceeds its grant, no window
//! its limit, paging gives each record once, and a snapshot brings back the same bytes.

use std::collections::BTreeSet;

use portico_sandbox::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Request, Response, Sandbox};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::control::{post, steered};
use crate::{GENERATIONS, NOW, authorize_url, redeem, refresh, returned};

const PORTALS: [u64; 2] = [4_418_276, 9_127_730];
const OPTIONAL: [&str; 3] = ["forms", "crm.lists.read", "crm.objects.owners.read"];
/// A path, and the scope without which it never answers 200.
const READS: [(&str, &str); 3] = [
    ("/crm/v3/owners", "crm.objects.owners.read"),
    ("/marketing/v3/forms", "forms"),
    ("/account-info/v3/details", "oauth"),
];

#[derive(Clone, Debug)]
enum Step {
    Connect(usize, u8),
    Refresh(usize),
    Call(usize, usize),
    RevokeByApi(usize),
    UninstallByApi(usize),
    Act(usize, usize, u64),
    Scenario(usize, usize),
    Undo,
    Switch(usize, bool),
    Wait(u64),
    Walk(usize, usize, u8),
    ThereAndBack,
}

fn step() -> impl Strategy<Value = Step> {
    let pick = || any::<prop::sample::Index>().prop_map(|i| i.index(64));
    prop_oneof![
        4 => (pick(), any::<u8>()).prop_map(|(p, keep)| Step::Connect(p, keep)),
        5 => pick().prop_map(Step::Refresh),
        9 => (pick(), pick()).prop_map(|(grant, path)| Step::Call(grant, path)),
        1 => pick().prop_map(Step::RevokeByApi),
        1 => pick().prop_map(Step::UninstallByApi),
        6 => (pick(), pick(), 1_u64..6).prop_map(|(action, p, n)| Step::Act(action, p, n)),
        4 => (pick(), pick()).prop_map(|(name, p)| Step::Scenario(name, p)),
        2 => Just(Step::Undo),
        2 => (pick(), any::<bool>()).prop_map(|(name, on)| Step::Switch(name, on)),
        3 => (0_u64..15_000).prop_map(Step::Wait),
        2 => (pick(), pick(), 1_u8..4).prop_map(|(grant, path, limit)| Step::Walk(grant, path, limit)),
        2 => Just(Step::ThereAndBack),
    ]
}

/// What was granted once.
struct Grant {
    portal: u64,
    /// Everything the consent could have given.
    scopes: BTreeSet<String>,
    /// What a refresh may give: of the account's last consent.
    refreshes: BTreeSet<String>,
    access: String,
    refresh: String,
    /// Ended for good, by the interface or by the API.
    ended: bool,
}

struct World {
    sandbox: Sandbox,
    now: u64,
    grants: Vec<Grant>,
    /// When data calls were let through, by portal.
    let_through: Vec<(u64, u64)>,
}

fn scopes_of(answer: &Value) -> BTreeSet<String> {
    let list = answer["scopes"].as_array().cloned().unwrap_or_default();
    list.iter()
        .filter_map(Value::as_str)
        .map(|s| s.trim_end_matches(".v2").to_owned())
        .collect()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

impl World {
    fn grant(&self, index: usize) -> Option<&Grant> {
        self.grants.get(index.checked_rem(self.grants.len())?)
    }

    fn end(&mut self, portal: u64) {
        for grant in self.grants.iter_mut().filter(|g| g.portal == portal) {
            grant.ended = true;
        }
    }

    fn control(&self, path: &str, body: &Value) -> Result<Response, TestCaseError> {
        let request = Request::json(path, body);
        let response = self.sandbox.call(&request, self.now);
        prop_assert!(
            [200, 404, 409].contains(&response.status),
            "{path} {body}: {}",
            response.text()
        );
        Ok(response)
    }

    /// A data call, held against the grant and the window.
    fn read(&mut self, portal: u64, access: &str, path: &str) -> Result<Response, TestCaseError> {
        let response = self
            .sandbox
            .call(&Request::get(path).bearer(access), self.now);
        let counted =
            response.header("x-hubspot-ratelimit-remaining").is_some() && response.status != 429;
        if counted {
            self.let_through.push((portal, self.now));
            let limit = self
                .sandbox
                .with(|state| state.portals[&portal].burst_limit);
            let inside = self
                .let_through
                .iter()
                .filter(|(p, at)| *p == portal && *at + 10_000 > self.now);
            prop_assert!(
                inside.count() <= limit as usize,
                "the window of {portal} holds more than {limit}"
            );
        }
        Ok(response)
    }

    fn connect(&mut self, portal: usize, keep: u8) -> Result<(), TestCaseError> {
        let portal = PORTALS[portal % PORTALS.len()];
        let kept: Vec<&str> = OPTIONAL
            .iter()
            .enumerate()
            .filter(|(i, _)| keep & (1 << i) != 0)
            .map(|(_, s)| *s)
            .collect();
        let url = authorize_url(&OPTIONAL, &[]);
        let Ok(location) = self
            .sandbox
            .approve_with(&url, portal, |s| kept.contains(&s), self.now)
        else {
            return Ok(());
        };
        let code = returned(&location, "code").expect("a code");
        let answer = redeem(&self.sandbox, GENERATIONS[3], &code, &[], self.now).to_value();
        let (Some(access), Some(refresh)) = (
            text(&answer["access_token"]),
            text(&answer["refresh_token"]),
        ) else {
            return Ok(());
        };
        let required = portico_sandbox::scopes::DEMO_REQUIRED.iter();
        let scopes: BTreeSet<String> = required.chain(&kept).map(|s| (*s).to_owned()).collect();
        prop_assert!(scopes_of(&answer).is_subset(&scopes), "{answer}");
        let portal = answer["hub_id"].as_u64().expect("a portal");
        if self
            .sandbox
            .with(|state| state.switches.reinstall_kills_refresh_tokens)
        {
            self.end(portal);
        }
        // A consent replaces what the account granted before (platform 1.6).
        for grant in self.grants.iter_mut().filter(|g| g.portal == portal) {
            grant.refreshes.clone_from(&scopes);
        }
        self.grants.push(Grant {
            portal,
            refreshes: scopes.clone(),
            scopes,
            access,
            refresh,
            ended: false,
        });
        Ok(())
    }

    fn refresh(&mut self, index: usize) -> Result<(), TestCaseError> {
        for grant in self.grants.iter().filter(|grant| grant.ended) {
            let answer =
                refresh(&self.sandbox, GENERATIONS[1], &grant.refresh, self.now).to_value();
            prop_assert!(
                answer["access_token"].is_null(),
                "an ended grant refreshed: {answer}"
            );
        }
        let Some(grant) = self.grant(index) else {
            return Ok(());
        };
        let answer = refresh(&self.sandbox, GENERATIONS[2], &grant.refresh, self.now).to_value();
        let Some((access, next)) =
            text(&answer["access_token"]).zip(text(&answer["refresh_token"]))
        else {
            return Ok(());
        };
        prop_assert!(scopes_of(&answer).is_subset(&grant.refreshes), "{answer}");
        prop_assert_eq!(answer["hub_id"].as_u64(), Some(grant.portal));
        let fields = [
            ("client_id", DEMO_CLIENT_ID),
            ("client_secret", DEMO_CLIENT_SECRET),
            ("token", &access),
        ];
        let told = self
            .sandbox
            .call(
                &Request::form("/oauth/2026-09/token/introspect", &fields),
                self.now,
            )
            .to_value();
        prop_assert!(scopes_of(&told).is_subset(&grant.refreshes), "{told}");
        let at = index % self.grants.len();
        (self.grants[at].access, self.grants[at].refresh) = (access, next);
        let given = self.grants[at].refreshes.clone();
        self.grants[at].scopes = given;
        Ok(())
    }

    fn act(&mut self, action: usize, portal: usize, n: u64) -> Result<(), TestCaseError> {
        let (portal, other) = (PORTALS[portal % 2], PORTALS[(portal + 1) % 2]);
        let at = |name: &str, more: Value| {
            let mut body = json!({ "portal": portal });
            body.as_object_mut()
                .expect("an object")
                .extend(more.as_object().expect("an object").clone());
            (format!("/_sandbox/actions/{name}"), body)
        };
        let answers = [
            "status",
            "429",
            "477",
            "html-502",
            "garbage",
            "empty",
            "oauth-error",
            "delay",
            "drop",
        ];
        let answer = answers[usize::try_from(n).unwrap_or(0) % answers.len()];
        let (path, body) = match action % 16 {
            0 => at("expire-access-tokens", json!({})),
            1 => at("revoke-grant", json!({})),
            2 => at("uninstall", json!({})),
            3 => at(
                "deactivate-authoriser",
                json!({ "grantDies": n.is_multiple_of(2) }),
            ),
            4 => at(
                "set-tier",
                json!({ "tier": (["free", "enterprise"][usize::from(n > 2)]) }),
            ),
            5 => at(
                "set-health",
                json!({ "health": (["well", "migrating", "refresh-dies", "gone", "well"][usize::try_from(n - 1).unwrap_or(0)]) }),
            ),
            6 => at("set-limits", json!({ "burst": n })),
            7 => at("reset-limits", json!({})),
            8 => (
                "/_sandbox/actions/fault".to_owned(),
                json!({ "path": "/", "answer": answer, "calls": n }),
            ),
            9 => ("/_sandbox/actions/clear-faults".to_owned(), json!({})),
            10 => ("/_sandbox/actions/reset-clock".to_owned(), json!({})),
            11 => (
                "/_sandbox/actions/add-app-scope".to_owned(),
                json!({ "scope": "forms", "as": (["optional", "required"][usize::from(n == 1)]) }),
            ),
            12 => at("add-list", json!({ "objectType": "contacts", "name": "x" })),
            13 => at("deactivate-owner", json!({ "owner": n.to_string() })),
            14 if n == 1 => at("merge-portals", json!({ "into": other })),
            _ => at("rename-portal", json!({ "name": "x" })),
        };
        self.control(&path, &body)?;
        match action % 16 {
            1 | 2 => self.end(portal),
            // These empty the windows, and say so.
            7 | 10 => self.let_through.clear(),
            _ => {}
        }
        Ok(())
    }

    fn walk(&mut self, index: usize, path: usize, limit: u8) -> Result<(), TestCaseError> {
        let Some((portal, access)) = self.grant(index).map(|g| (g.portal, g.access.clone())) else {
            return Ok(());
        };
        let path = READS[path % 2].0;
        let mut seen = Vec::new();
        let mut target = format!("{path}?limit={limit}");
        loop {
            self.now += 1;
            let response = self.read(portal, &access, &target)?;
            let page = response.to_value();
            let Some(rows) = page["results"]
                .as_array()
                .filter(|_| response.status == 200)
            else {
                return Ok(());
            };
            seen.extend(rows.iter().map(|row| row["id"].to_string()));
            match page["paging"]["next"]["after"].as_str() {
                Some(after) => {
                    target = format!("{path}?limit={limit}&after={}", after.replace('=', "%3D"));
                }
                None => break,
            }
        }
        self.now += 1;
        let whole = self.read(portal, &access, &format!("{path}?limit=100"))?;
        if let Some(rows) = whole.to_value()["results"]
            .as_array()
            .filter(|_| whole.status == 200)
        {
            let all: Vec<String> = rows.iter().map(|row| row["id"].to_string()).collect();
            prop_assert_eq!(seen, all, "{} by {}", path, limit);
        }
        Ok(())
    }

    /// The same calls after a snapshot and after its return, whatever state they meet.
    fn there_and_back(&mut self) -> Result<(), TestCaseError> {
        let probe = || {
            let mut seen = Vec::new();
            for grant in self.grants.iter().rev().take(2) {
                let answer = refresh(&self.sandbox, GENERATIONS[3], &grant.refresh, self.now + 1);
                let details = Request::get("/account-info/v3/details").bearer(&grant.access);
                seen.push(format!("{answer:?}"));
                seen.push(format!("{:?}", self.sandbox.call(&details, self.now + 2)));
            }
            seen.push(format!(
                "{:?}",
                self.sandbox
                    .approve(&authorize_url(&[], &[]), PORTALS[0], self.now + 3)
                    .ok()
            ));
            seen
        };
        let restore = || {
            post(
                &self.sandbox,
                "/_sandbox/snapshots/restore",
                &json!({ "name": "probe" }),
            )
        };
        self.control("/_sandbox/snapshots", &json!({ "name": "probe" }))?;
        let first = probe();
        prop_assert_eq!(restore().status, 200);
        prop_assert_eq!(probe(), first);
        prop_assert_eq!(restore().status, 200);
        Ok(())
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Connect(portal, keep) => self.connect(portal, keep)?,
            Step::Refresh(index) => self.refresh(index)?,
            Step::Call(index, path) => {
                let (path, scope) = READS[path % READS.len()];
                if let Some((portal, access, held)) = self
                    .grant(index)
                    .map(|g| (g.portal, g.access.clone(), g.scopes.contains(scope)))
                {
                    let response = self.read(portal, &access, path)?;
                    // Faults may say 200 without a word of data.
                    let told = response.to_value();
                    prop_assert!(
                        held || response.status != 200 || told.is_null(),
                        "{path} without {scope}: {told}"
                    );
                }
            }
            Step::RevokeByApi(index) => {
                if let Some(token) = self.grant(index).map(|g| g.refresh.clone()) {
                    let fields = [
                        ("client_id", DEMO_CLIENT_ID),
                        ("client_secret", DEMO_CLIENT_SECRET),
                        ("token", &token),
                    ];
                    // An answer of a fault is none of the endpoint.
                    let faulty = self.sandbox.with(|state| !state.faults.is_empty());
                    let response = self
                        .sandbox
                        .call(&Request::form("/oauth/v3/token/revoke", &fields), self.now);
                    if response.status == 200 && !faulty {
                        let at = index % self.grants.len();
                        self.grants[at].ended |= self
                            .sandbox
                            .with(|state| !state.refresh_tokens.contains_key(&token));
                    }
                }
            }
            Step::UninstallByApi(index) => {
                if let Some((portal, access)) =
                    self.grant(index).map(|g| (g.portal, g.access.clone()))
                {
                    let request = Request::new("DELETE", "/appinstalls/2026-09/external-install")
                        .bearer(&access);
                    let response = self.sandbox.call(&request, self.now);
                    if response.header("x-hubspot-ratelimit-remaining").is_some()
                        && response.status != 429
                    {
                        self.let_through.push((portal, self.now));
                    }
                    if response.status == 204 {
                        self.end(portal);
                    }
                }
            }
            Step::Act(action, portal, n) => self.act(action, portal, n)?,
            Step::Scenario(name, portal) => {
                let names = [
                    "token-expired",
                    "authoriser-left",
                    "app-removed",
                    "scopes-changed",
                    "partial-grant",
                    "account-downgraded",
                    "hubspot-down",
                    "rate-limited",
                    "slow-portal",
                    "wrong-account",
                ];
                let body = json!({ "portal": PORTALS[portal % 2], "seconds": 12 });
                self.control(
                    &format!("/_sandbox/scenarios/{}", names[name % names.len()]),
                    &body,
                )?;
            }
            Step::Undo => drop(self.control("/_sandbox/scenarios/undo", &json!({}))?),
            Step::Switch(name, on) => {
                let name = [
                    "rotateRefreshTokens",
                    "reinstallKillsRefreshTokens",
                    "refuseRefreshOnScopeLag",
                    "sensitiveScopeSuffix",
                ][name % 4];
                let mut change = serde_json::Map::new();
                change.insert(name.to_owned(), json!(on));
                self.control("/_sandbox/switches", &Value::Object(change))?;
            }
            Step::Wait(ms) => self.now += ms,
            Step::Walk(index, path, limit) => self.walk(index, path, limit)?,
            Step::ThereAndBack => self.there_and_back()?,
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_sequence_keeps_the_invariants(steps in proptest::collection::vec(step(), 1..50)) {
        let mut world = World { sandbox: steered("agency"), now: NOW, grants: Vec::new(), let_through: Vec::new() };
        for step in steps {
            world.now += 1;
            world.take(step)?;
        }
    }
}
