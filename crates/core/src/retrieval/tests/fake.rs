//! A portal that answers the planner's calls from memory, for tests of the planner alone.
//! Owns records and paging; the sandbox is the faithful one.

use crate::error::ErrorCode;
use crate::operations::{operation, request_target};
use crate::wire::{Problem, RelayRequest, Upstream};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a portal holds, by number.
#[derive(Clone, Debug)]
pub(super) struct Fake {
    pub(super) custom: u32,
    /// Custom types up to this number have a pipeline.
    pub(super) with_pipelines: u32,
    pub(super) pairs: u32,
    pub(super) owners: u32,
    pub(super) users: u32,
    pub(super) lists: u32,
    pub(super) forms: u32,
    pub(super) workflows: u32,
    /// Library types that are not enabled.
    pub(super) disabled: Vec<&'static str>,
    /// Operations that are always refused so.
    pub(super) refused: BTreeMap<&'static str, Problem>,
}

pub(super) const SMALL: Fake = Fake {
    custom: 0,
    with_pipelines: 0,
    pairs: 0,
    owners: 3,
    users: 3,
    lists: 12,
    forms: 4,
    workflows: 0,
    disabled: Vec::new(),
    refused: BTreeMap::new(),
};

pub(super) const LARGE: Fake = Fake {
    custom: 10,
    with_pipelines: 4,
    pairs: 40,
    owners: 620,
    users: 600,
    lists: 1_800,
    forms: 260,
    workflows: 350,
    disabled: Vec::new(),
    refused: BTreeMap::new(),
};

/// A problem as the proxy would put it.
pub(super) fn problem(code: ErrorCode, policy: Option<&str>, scopes: &[&str]) -> Problem {
    Problem {
        upstream: Some(Upstream {
            policy: policy.map(Into::into),
            required_scopes: scopes.iter().map(|&scope| scope.into()).collect(),
            ..Upstream::default()
        }),
        ..Problem::of(code)
    }
}

fn results(records: impl Iterator<Item = String>) -> String {
    format!(
        r#"{{"results":[{}]}}"#,
        records.collect::<Vec<_>>().join(",")
    )
}

impl Fake {
    pub(super) fn refusing(mut self, operation: &'static str, problem: Problem) -> Self {
        self.refused.insert(operation, problem);
        self
    }

    /// Answers as HubSpot would, or refuses; panics on a call that the relay would not take.
    pub(super) fn answer(
        &self,
        name: &str,
        request: &RelayRequest,
    ) -> Result<String, Box<Problem>> {
        let row = operation(name).unwrap_or_else(|| panic!("no operation {name}"));
        request_target(row, request).unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Some(problem) = self.refused.get(name) {
            return Err(Box::new(problem.clone()));
        }
        let param = |name: &str| request.params.get(name).cloned().unwrap_or_default();
        let usage = |id: &u32| u32::from(*id <= self.with_pipelines);
        Ok(match name {
            "schemas.list" => results((1..=self.custom).map(|id| {
                format!(r#"{{"objectTypeId":"2-{id}","name":"c{id}","properties":[{{"name":"p{id}", "n": 1.{id}0}}]}}"#)
            })),
            "properties.list" | "properties.groups" | "pipelines.list" => {
                let of = param("objectType");
                results((1..=3).map(|n| format!(r#"{{"name":"{of}_{n}","id":"{of}_{n}"}}"#)))
            }
            "limits.association_labels" => results((1..=self.pairs).map(|n| {
                format!(r#"{{"fromObjectType":{{"objectTypeId":"0-1"}},"toObjectType":{{"objectTypeId":"2-{n}"}},"usage":1}}"#)
            })),
            "associations.labels" => {
                format!(r#"{{"results":[{{"category":"USER_DEFINED","typeId":{}}}]}}"#, param("toObjectType").len())
            }
            "limits.pipelines" => {
                let rows: Vec<String> = (1..=self.custom)
                    .map(|id| format!(r#"{{"objectTypeId":"2-{id}","usage":{}}}"#, usage(&id)))
                    .collect();
                let sum: u32 = (1..=self.custom).map(|id| usage(&id)).sum();
                format!(r#"{{"customObjectTypes":{{"overallUsage":{sum},"byObjectType":[{}]}}}}"#, rows.join(","))
            }
            "object_library.enablement" => {
                let types: Vec<String> = self.disabled.iter().map(|id| format!(r#""{id}":false"#)).collect();
                format!(r#"{{"enablementByObjectTypeId":{{{}}}}}"#, types.join(","))
            }
            "owners.list" => paged(self.owners, request),
            "users.list" => paged(self.users, request),
            "forms.list" => paged(self.forms, request),
            "workflows.list" => paged(self.workflows, request),
            "domains.list" => paged(1, request),
            "lists.search" => self.lists(request),
            "workflows.read" => definitions(request),
            "users.roles" | "users.teams" | "currencies.rates" | "subscriptions.list" => {
                results((1..=2).map(|id| format!(r#"{{"id":"{id}"}}"#)))
            }
            _ => r#"{"limit": 10.0,"usage":2}"#.into(),
        })
    }

    fn lists(&self, request: &RelayRequest) -> String {
        let number = |name: &str| {
            let value = request.body.as_ref().and_then(|body| body.get(name));
            u32::try_from(value.and_then(Value::as_u64).unwrap()).unwrap()
        };
        let (offset, count) = (number("offset"), number("count"));
        let end = self.lists.min(offset + count);
        let rows: Vec<String> = (offset..end)
            .map(|id| format!(r#"{{"listId":"{id}"}}"#))
            .collect();
        let more = end < self.lists;
        format!(
            r#"{{"lists":[{}],"hasMore":{more},"offset":{end},"total":{}}}"#,
            rows.join(","),
            self.lists
        )
    }
}

fn paged(size: u32, request: &RelayRequest) -> String {
    let number = |name: &str| {
        request
            .query
            .get(name)
            .map(|text| text.parse::<u32>().unwrap())
    };
    let start = number("after").unwrap_or(0);
    let end = size.min(start + number("limit").unwrap());
    let rows: Vec<String> = (start..end)
        .map(|id| format!(r#"{{"id":"{id}","name":"n{id}"}}"#))
        .collect();
    let paging = if end < size {
        format!(r#","paging":{{"next":{{"after":"{end}"}}}}"#)
    } else {
        String::new()
    };
    format!(r#"{{"results":[{}]{paging}}}"#, rows.join(","))
}

fn definitions(request: &RelayRequest) -> String {
    let inputs = request.body.as_ref().and_then(|body| body.get("inputs"));
    let ids = inputs.and_then(Value::as_array).unwrap().iter();
    // In another order than asked, as a batch may answer.
    results(ids.rev().map(|input| {
        let id = input.get("flowId").and_then(Value::as_str).unwrap();
        format!(r#"{{"id":"{id}","actions":[]}}"#)
    }))
}
