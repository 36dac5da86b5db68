//! A random search held against a plain walk over all records (platform 7).

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::records::{DEALS, id, ok};
use crate::{Reader, SMALL, sandbox};

/// One filter in the test's own words.
#[derive(Clone, Debug)]
struct Plain {
    name: &'static str,
    operator: &'static str,
    values: Vec<String>,
}

impl Plain {
    fn json(&self) -> Value {
        let (name, operator, values) = (self.name, self.operator, &self.values);
        match operator {
            "IN" | "NOT_IN" => {
                json!({ "propertyName": name, "operator": operator, "values": values })
            }
            "BETWEEN" => {
                json!({ "propertyName": name, "operator": operator, "value": values[0], "highValue": values[1] })
            }
            _ => json!({ "propertyName": name, "operator": operator, "value": values[0] }),
        }
    }

    /// What the filter says, by the plainest means.
    fn holds(&self, record: &Value) -> bool {
        let Some(held) = record["properties"][self.name].as_str() else {
            return self.operator == "NOT_HAS_PROPERTY";
        };
        let number = |text: &str| -> f64 {
            if self.name == "amount" {
                text.parse().expect("a number")
            } else {
                text[..4].parse::<f64>().expect("a year")
            }
        };
        let held = held.to_lowercase();
        let wanted: Vec<String> = self
            .values
            .iter()
            .map(|value| value.to_lowercase())
            .collect();
        match self.operator {
            "EQ" => held == wanted[0],
            "NEQ" => held != wanted[0],
            "IN" => wanted.contains(&held),
            "NOT_IN" => !wanted.contains(&held),
            "HAS_PROPERTY" => true,
            "NOT_HAS_PROPERTY" => false,
            "LT" => number(&held) < number(&wanted[0]),
            "GTE" => number(&held) >= number(&wanted[0]),
            "BETWEEN" => number(&held) >= number(&wanted[0]) && number(&held) < number(&wanted[1]),
            "CONTAINS_TOKEN" => held
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| word == wanted[0]),
            other => unreachable!("{other} is not among the generated ones"),
        }
    }
}

fn plain() -> impl Strategy<Value = Plain> {
    let number = (0_u32..45_000).prop_map(|amount| format!("{amount}.5"));
    let amounts = (
        prop_oneof![Just("LT"), Just("GTE"), Just("BETWEEN")],
        number.clone(),
        number,
    )
        .prop_map(|(operator, a, b)| Plain {
            name: "amount",
            operator,
            values: vec![a, b],
        });
    // Whole years, so that a year alone decides.
    let year = (2023_u32..2029).prop_map(|year| format!("{year}-01-01"));
    let dates = (prop_oneof![Just("LT"), Just("GTE")], year).prop_map(|(operator, year)| Plain {
        name: "closedate",
        operator,
        values: vec![year],
    });
    let stage = prop::sample::select(vec![
        "qualifiedtobuy",
        "closedwon",
        "closedlost",
        "contractsent",
        "nowhere",
    ]);
    let stages = (
        prop_oneof![Just("EQ"), Just("NEQ"), Just("IN"), Just("NOT_IN")],
        prop::collection::vec(stage, 1..4),
    )
        .prop_map(|(operator, values)| Plain {
            name: "dealstage",
            operator,
            values: values.into_iter().map(str::to_owned).collect(),
        });
    let word = prop::sample::select(vec!["GmbH", "pilotprojekt", "wartung", "nordwind", "x"]);
    let words = word.prop_map(|word| Plain {
        name: "dealname",
        operator: "CONTAINS_TOKEN",
        values: vec![word.to_owned()],
    });
    let having = (
        prop_oneof![Just("HAS_PROPERTY"), Just("NOT_HAS_PROPERTY")],
        prop_oneof![
            Just("hs_priority"),
            Just("hubspot_owner_id"),
            Just("description")
        ],
    );
    let having = having.prop_map(|(operator, name)| Plain {
        name,
        operator,
        values: vec!["1".to_owned()],
    });
    prop_oneof![amounts, dates, stages, words, having]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_search_finds_what_a_walk_over_all_records_finds(
        groups in prop::collection::vec(prop::collection::vec(plain(), 1..4), 0..5),
    ) {
        let sandbox = sandbox("small");
        let reader = Reader::new(&sandbox, SMALL);
        let asked = "dealname,amount,closedate,dealstage,hs_priority,hubspot_owner_id,description";
        let (all, _) = reader.walk(&format!("{DEALS}?limit=100&properties={asked}"));
        let passes = |record: &&Value| groups.is_empty() || groups.iter().any(|group| group.iter().all(|plain| plain.holds(record)));
        let want: Vec<String> = all.iter().filter(passes).map(id).collect();
        let filters: Vec<Value> = groups
            .iter()
            .map(|group| json!({ "filters": group.iter().map(Plain::json).collect::<Vec<_>>() }))
            .collect();
        let answer = ok(&reader, "POST", &format!("{DEALS}/search"), &json!({ "filterGroups": filters, "limit": 200 }), 200);
        let got: Vec<String> = answer["results"].as_array().expect("results").iter().map(id).collect();
        prop_assert_eq!(&answer["total"], &json!(want.len()));
        prop_assert_eq!(got, want);
    }
}
