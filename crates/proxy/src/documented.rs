//! `docs/operate.md` names what there is: every field of the configuration, in its section, and no metric of its own.
//! Tests only.

use crate::config::{
    Backend, Config, Edge, GitHub, HubSpot, Limits, Solo, Telemetry, Tenant, TenantKey, Webhook,
};
use crate::telemetry;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::time::Duration;
use toml::{Table, Value};

const OPERATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operate.md");

fn document() -> String {
    std::fs::read_to_string(OPERATE).unwrap()
}

/// The fields a struct takes, as the refusal of an unknown one lists them.
fn fields<T: DeserializeOwned>() -> BTreeSet<String> {
    let unknown = Table::from_iter([("no-such-field".to_owned(), Value::Boolean(true))]);
    let Err(refusal) = Value::Table(unknown).try_into::<T>() else {
        panic!("an unknown field is taken");
    };
    let said = refusal.message();
    let listed = said.split_once("expected").expect("fields").1;
    listed
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// First column of the table under a heading.
fn documented(text: &str, heading: &str) -> BTreeSet<String> {
    let section = text
        .split_once(&format!("\n### {heading}\n"))
        .unwrap_or_else(|| panic!("no heading {heading}"))
        .1;
    section
        .lines()
        .take_while(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()))
        .collect()
}

/// Issue 4.10: an operator finds every field, and none that is not there.
#[test]
fn every_field_of_the_configuration_is_documented() {
    let text = document();
    let mut top = fields::<Config>();
    for (heading, its_fields) in [
        ("`[solo]`", fields::<Solo>()),
        ("`[[tenants]]`", fields::<Tenant>()),
        ("`[[tenants.keys]]`", fields::<TenantKey>()),
        ("`[solo.backend]`, `[tenants.backend]`", fields::<Backend>()),
        ("`[hubspot]`", fields::<HubSpot>()),
        ("`[github]`", fields::<GitHub>()),
        ("`[[webhooks]]`", fields::<Webhook>()),
        ("`[limits]`", fields::<Limits>()),
        ("`[edge]`", fields::<Edge>()),
        ("`[telemetry]`", fields::<Telemetry>()),
    ] {
        assert!(!its_fields.is_empty(), "{heading}");
        assert_eq!(documented(&text, heading), its_fields, "{heading}");
        top.remove(heading.trim_matches(['`', '[', ']']));
    }
    assert_eq!(documented(&text, "Top level"), top);
}

/// Issue 4.10: what is worth an alert exists.
#[test]
fn every_metric_that_is_documented_exists() {
    let telemetry = telemetry::Telemetry::new();
    // One with labels appears with its first count.
    let no_time = Duration::ZERO;
    telemetry.request(&http::Method::GET, "/", 200, no_time);
    telemetry.refusal("code");
    telemetry.token_call("kind", "outcome", no_time);
    telemetry.refresh("outcome");
    telemetry.relay_call("operation", None, no_time);
    telemetry.connection_refused("reason");
    telemetry.fault("kind");
    telemetry.database("work", no_time);
    let known = telemetry.names();
    let text = document();
    let mut count = 0;
    for piece in text.split('`').skip(1).step_by(2) {
        for name in piece.split(|c: char| !c.is_ascii_lowercase() && c != '_') {
            if name.starts_with("portico_") {
                count += 1;
                assert!(known.contains(name), "{name} is none of {known:?}");
            }
        }
    }
    assert!(count > 5, "{count}");
}
