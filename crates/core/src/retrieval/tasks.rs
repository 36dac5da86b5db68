//! The calls a plan is made of: kind, part, urgency and arguments of each.
//! Owns the mapping to operations; knows no answer.

use super::Kind;
use crate::wire::RelayRequest;
use serde_json::json;

/// One call to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Every custom object, with its properties.
    Schemas,
    /// One object type's part of a kind by object type.
    OfType(Kind, String),
    /// Which pairs have labels.
    LabelPairs,
    /// Labels of an ordered pair of object type ids.
    Labels(String, String),
    /// A part that is one call of its own.
    Single(&'static Single),
    /// A page of a paged kind, from 1.
    Page(Kind, u32, Option<String>),
    /// Definitions of the workflows on a page, by id.
    Definitions(u32, Vec<String>),
}

/// How a single call's answer holds its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `{"results":[…]}`.
    Results,
    /// The whole object is the one record.
    Whole,
}

/// A part that is one call of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Single {
    pub(super) kind: Kind,
    pub(super) part: &'static str,
    pub(super) operation: &'static str,
    pub(super) shape: Shape,
    /// Scopes beyond the kind's own; empty for none.
    pub(super) any_of: &'static [&'static str],
    urgency: u8,
}

const fn single(
    kind: Kind,
    part: &'static str,
    operation: &'static str,
    shape: Shape,
    urgency: u8,
) -> Single {
    Single {
        kind,
        part,
        operation,
        shape,
        any_of: &[],
        urgency,
    }
}

/// The part that tells which custom types have pipelines.
pub(super) const PIPELINE_LIMITS: &str = "pipelines";
/// The part that tells which library objects are enabled.
pub(super) const OBJECT_LIBRARY: &str = "object-library";
/// The part that tells which pairs have labels.
pub(super) const LABEL_LIMITS: &str = "association-labels";
/// The one part of a kind that has no other.
pub(super) const ALL: &str = "all";

// Urgencies: lower goes first. Calls that open others go early, so that no chain of calls outlasts the rest.
const FIRST: u8 = 0;
const CORE_PROPERTIES: u8 = 1;
const DISCOVERY: u8 = 2;
const PAGES: u8 = 3;
const PIPELINES: u8 = 4;
const PROPERTIES: u8 = 5;
const LABELS: u8 = 6;
const SINGLES: u8 = 7;
const GROUPS: u8 = 8;
const LIMITS: u8 = 9;

pub(super) static SINGLES_TABLE: [Single; 11] = [
    single(
        Kind::Limits,
        PIPELINE_LIMITS,
        "limits.pipelines",
        Shape::Whole,
        DISCOVERY,
    ),
    single(
        Kind::Limits,
        OBJECT_LIBRARY,
        "object_library.enablement",
        Shape::Whole,
        DISCOVERY,
    ),
    single(Kind::Roles, ALL, "users.roles", Shape::Results, SINGLES),
    single(Kind::Teams, ALL, "users.teams", Shape::Results, SINGLES),
    single(
        Kind::Currencies,
        "company",
        "currencies.company",
        Shape::Whole,
        SINGLES,
    ),
    single(
        Kind::Currencies,
        "rates",
        "currencies.rates",
        Shape::Results,
        SINGLES,
    ),
    single(
        Kind::SubscriptionTypes,
        ALL,
        "subscriptions.list",
        Shape::Results,
        SINGLES,
    ),
    single(
        Kind::Limits,
        "custom-properties",
        "limits.custom_properties",
        Shape::Whole,
        LIMITS,
    ),
    single(
        Kind::Limits,
        "calculated-properties",
        "limits.calculated_properties",
        Shape::Whole,
        LIMITS,
    ),
    single(
        Kind::Limits,
        "records",
        "limits.records",
        Shape::Whole,
        LIMITS,
    ),
    Single {
        any_of: crate::object_types::CUSTOM_ANY_OF,
        ..single(
            Kind::Limits,
            "custom-object-types",
            "limits.custom_object_types",
            Shape::Whole,
            LIMITS,
        )
    },
];

/// Kinds that come in pages, the longest chains first.
pub(super) const PAGED: [Kind; 6] = [
    Kind::Workflows,
    Kind::Users,
    Kind::Lists,
    Kind::Forms,
    Kind::Owners,
    Kind::Domains,
];

/// Records asked for in one page (platform, sections 6.2 and 6.3).
pub(super) const fn page_size(kind: Kind) -> u32 {
    match kind {
        Kind::Lists | Kind::Owners => 500,
        _ => 100,
    }
}

/// The part's name of a page.
pub(super) fn page_part(page: u32) -> String {
    format!("page-{page}")
}

impl Task {
    /// Kind whose outcome this call decides.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Schemas => Kind::ObjectSchemas,
            Self::LabelPairs | Self::Labels(..) => Kind::AssociationLabels,
            Self::OfType(kind, _) | Self::Page(kind, ..) => *kind,
            Self::Single(single) => single.kind,
            Self::Definitions(..) => Kind::Workflows,
        }
    }

    /// Kind and name of the part that is there once the call is answered.
    pub(super) fn part(&self) -> (Kind, String) {
        let part = match self {
            Self::Schemas => ALL.into(),
            Self::OfType(_, object_type) => object_type.clone(),
            Self::LabelPairs => return (Kind::Limits, LABEL_LIMITS.into()),
            Self::Labels(from, to) => format!("{from}:{to}"),
            Self::Single(single) => single.part.into(),
            Self::Page(_, page, _) | Self::Definitions(page, _) => page_part(*page),
        };
        (self.kind(), part)
    }

    /// Lower goes first.
    pub(super) fn urgency(&self) -> u8 {
        match self {
            Self::Schemas => FIRST,
            Self::OfType(Kind::Properties, name)
                if ["contacts", "companies", "deals"].contains(&name.as_str()) =>
            {
                CORE_PROPERTIES
            }
            Self::OfType(Kind::Pipelines, name) if name == "deals" => CORE_PROPERTIES,
            Self::OfType(Kind::Properties, _) => PROPERTIES,
            Self::OfType(Kind::Pipelines, _) => PIPELINES,
            Self::OfType(..) => GROUPS,
            Self::LabelPairs => DISCOVERY,
            Self::Labels(..) => LABELS,
            Self::Single(single) => single.urgency,
            Self::Page(..) | Self::Definitions(..) => PAGES,
        }
    }

    /// Operation and arguments.
    pub(super) fn call(&self) -> (&'static str, RelayRequest) {
        let mut request = RelayRequest::default();
        let operation = match self {
            Self::Schemas => "schemas.list",
            Self::OfType(kind, object_type) => {
                let params = &mut request.params;
                params.insert("objectType".into(), object_type.clone());
                match kind {
                    Kind::PropertyGroups => "properties.groups",
                    Kind::Pipelines => "pipelines.list",
                    _ => "properties.list",
                }
            }
            Self::LabelPairs => "limits.association_labels",
            Self::Labels(from, to) => {
                request.params.insert("fromObjectType".into(), from.clone());
                request.params.insert("toObjectType".into(), to.clone());
                "associations.labels"
            }
            Self::Single(single) => single.operation,
            Self::Page(Kind::Lists, _, offset) => {
                let offset: u32 = offset
                    .as_deref()
                    .and_then(|at| at.parse().ok())
                    .unwrap_or(0);
                request.body = Some(json!({
                    "offset": offset,
                    "count": page_size(Kind::Lists),
                    "listIds": [],
                    "processingTypes": [],
                    "additionalProperties": ["hs_list_size"],
                }));
                "lists.search"
            }
            Self::Page(kind, _, after) => {
                let query = &mut request.query;
                query.insert("limit".into(), page_size(*kind).to_string());
                if let Some(after) = after {
                    query.insert("after".into(), after.clone());
                }
                match kind {
                    Kind::Owners => "owners.list",
                    Kind::Users => "users.list",
                    Kind::Forms => {
                        query.insert("formTypes".into(), "all".into());
                        "forms.list"
                    }
                    Kind::Workflows => "workflows.list",
                    _ => "domains.list",
                }
            }
            Self::Definitions(_, ids) => {
                let inputs: Vec<_> = ids
                    .iter()
                    .map(|id| json!({"flowId": id, "type": "FLOW_ID"}))
                    .collect();
                request.body = Some(json!({ "inputs": inputs }));
                "workflows.read"
            }
        };
        (operation, request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{operation, request_target};

    /// P4, RL-2: whatever the planner asks, the relay's table takes.
    #[test]
    fn every_task_fits_the_operations_table() {
        let mut tasks = vec![
            Task::Schemas,
            Task::LabelPairs,
            Task::Labels("0-1".into(), "2-512".into()),
            Task::Definitions(1, vec!["55".into(); 100]),
        ];
        tasks.extend(SINGLES_TABLE.iter().map(Task::Single));
        for kind in [Kind::Properties, Kind::PropertyGroups, Kind::Pipelines] {
            tasks.push(Task::OfType(kind, "p42_car".into()));
        }
        for kind in PAGED {
            tasks.push(Task::Page(kind, 1, None));
            tasks.push(Task::Page(kind, 2, Some("500".into())));
        }
        for task in tasks {
            let (name, request) = task.call();
            let operation = operation(name).expect(name);
            let target = request_target(operation, &request);
            assert!(target.is_ok(), "{name}: {target:?}");
        }
    }
}
