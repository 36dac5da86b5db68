//! Reading HubSpot's answers: records as they came, the next cursor, and what opens further calls.
//! Owns the shapes of platform sections 6.4 and 6.5; decides nothing.

use super::record::{Record, items};
use crate::operations::Pattern;

/// The answer is not what the endpoint answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// A page, or a whole set.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<'a> {
    pub(super) records: Vec<&'a str>,
    /// `after`, or the next `offset`.
    pub(super) next: Option<String>,
    pub(super) total: Option<u32>,
}

/// Reads `{"results":[…],"paging":…}` and its relatives.
pub(super) fn page(body: &str) -> Result<Page<'_>, Unreadable> {
    let answer = Record::read(body).ok_or(Unreadable)?;
    let records = ["results", "lists", "subscriptionDefinitions"]
        .into_iter()
        .find_map(|name| answer.raw(name))
        .and_then(items)
        .ok_or(Unreadable)?;
    let next = if answer.raw("lists").is_some() {
        if answer.flag("hasMore") {
            Some(answer.text("offset").ok_or(Unreadable)?)
        } else {
            None
        }
    } else {
        answer
            .object("paging")
            .and_then(|paging| paging.object("next"))
            .and_then(|next| next.text("after"))
    };
    let total = answer.text("total").and_then(|total| total.parse().ok());
    Ok(Page {
        records,
        next,
        total,
    })
}

/// The object as its own one record.
pub(super) fn whole(body: &str) -> Result<Page<'_>, Unreadable> {
    Record::read(body).ok_or(Unreadable)?;
    Ok(Page {
        records: vec![body.trim()],
        next: None,
        total: None,
    })
}

/// The records as one JSON array.
pub(super) fn content(records: &[&str]) -> String {
    let bytes: usize = records.iter().map(|record| record.len() + 1).sum();
    let mut out = String::with_capacity(bytes + 2);
    out.push('[');
    for (at, record) in records.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(record);
    }
    out.push(']');
    out
}

/// A record's own identifier.
pub(super) fn id(record: &str, field: &str) -> Option<String> {
    Record::read(record)?.text(field)
}

/// Pairs of `limits.association_labels` that have labels, each once.
pub(super) fn label_pairs(records: &[&str]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for record in records.iter().filter_map(|record| Record::read(record)) {
        let side = |name| {
            record
                .object(name)
                .and_then(|side| side.text("objectTypeId"))
                .filter(|id| Pattern::ObjectType.matches(id))
        };
        let unused = record.raw("usage") == Some("0") && record.items("allLabels").is_empty();
        if let (Some(from), Some(to), false) =
            (side("fromObjectType"), side("toObjectType"), unused)
        {
            let pair = (from, to);
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
    }
    pairs
}

/// Custom types that have pipelines, by `limits.pipelines`; `None` when its rows do not add up to its total,
/// so that none may be left out on its word.
pub(super) fn types_with_pipelines(body: &str) -> Option<Vec<String>> {
    let custom = Record::read(body)?.object("customObjectTypes")?;
    let overall: u64 = custom.text("overallUsage")?.parse().ok()?;
    let mut sum = 0_u64;
    let mut types = Vec::new();
    for row in custom.items("byObjectType") {
        let row = Record::read(row)?;
        let usage: u64 = row.text("usage")?.parse().ok()?;
        if usage > 0 {
            types.push(row.text("objectTypeId")?);
        }
        sum = sum.checked_add(usage)?;
    }
    (sum == overall).then_some(types)
}

/// Object types that the library says are not enabled.
pub(super) fn disabled_types(body: &str) -> Vec<String> {
    let Some(library) = Record::read(body).and_then(|answer| {
        let raw = answer.raw("enablementByObjectTypeId")?;
        Record::read(raw)
    }) else {
        return Vec::new();
    };
    library
        .fields()
        .filter(|(_, enabled)| *enabled == "false")
        .map(|(id, _)| id.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P1, P4: records leave as they came, digits and spaces included.
    #[test]
    fn every_list_shape_is_read_and_records_stay_byte_faithful() {
        for (body, records, next, total) in [
            (
                r#"{"results":[{"a": 1.10},{"b":1e400}]}"#,
                r#"[{"a": 1.10},{"b":1e400}]"#,
                None,
                None,
            ),
            (
                r#"{"results":[1],"paging":{"next":{"after":"NTI1Cg==","link":"x"}}}"#,
                "[1]",
                Some("NTI1Cg=="),
                None,
            ),
            (
                r#"{"total":7,"results":[],"paging":{"next":{"after":100}}}"#,
                "[]",
                Some("100"),
                Some(7),
            ),
            (
                r#"{"lists":[1],"hasMore":true,"offset":500,"total":1800}"#,
                "[1]",
                Some("500"),
                Some(1800),
            ),
            (
                r#"{"lists":[1],"hasMore":false,"offset":1800}"#,
                "[1]",
                None,
                None,
            ),
            (r#"{"results":[],"paging":null}"#, "[]", None, None),
            (r#"{"subscriptionDefinitions":[{}]}"#, "[{}]", None, None),
        ] {
            let page = page(body).expect(body);
            assert_eq!(content(&page.records), records, "{body}");
            assert_eq!((page.next.as_deref(), page.total), (next, total), "{body}");
        }
        for body in [
            "",
            "[]",
            "{}",
            r#"{"results":{}}"#,
            r#"{"results":[1"#,
            "<html>",
            r#"{"lists":[],"hasMore":true}"#,
        ] {
            assert_eq!(page(body), Err(Unreadable), "{body}");
        }
        assert_eq!(
            whole(" {\"limit\": 10} ").unwrap().records,
            ["{\"limit\": 10}"]
        );
        assert_eq!(whole("[1]"), Err(Unreadable));
    }

    #[test]
    fn only_pairs_with_labels_are_asked_for_and_each_once() {
        let row = |from: &str, to: &str, rest: &str| {
            format!(
                r#"{{"fromObjectType":{{"objectTypeId":"{from}"}},"toObjectType":{{"objectTypeId":"{to}"}}{rest}}}"#
            )
        };
        let rows = [
            row("0-1", "0-3", r#","usage":2"#),
            row("0-3", "0-1", ""),
            row("0-1", "0-3", ""),
            row("0-2", "0-3", r#","usage":0,"allLabels":[]"#),
            row("../x", "0-3", ""),
            "7".into(),
        ];
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(label_pairs(&rows), [pair("0-1", "0-3"), pair("0-3", "0-1")]);
    }

    #[test]
    fn a_type_is_left_out_only_when_the_sums_agree() {
        let body = |overall: u32, usage: u32| {
            format!(
                r#"{{"customObjectTypes":{{"overallUsage":{overall},"byObjectType":[{{"objectTypeId":"2-1","usage":{usage}}},{{"objectTypeId":"2-2","usage":0}}]}}}}"#
            )
        };
        assert_eq!(
            types_with_pipelines(&body(3, 3)),
            Some(vec!["2-1".to_owned()])
        );
        assert_eq!(types_with_pipelines(&body(4, 3)), None);
        assert_eq!(types_with_pipelines("{}"), None);
    }

    #[test]
    fn a_disabled_type_is_one_that_says_false() {
        let body = r#"{"enablementByObjectTypeId":{"0-421":true,"0-162":false,"0-410":"?"}}"#;
        assert_eq!(disabled_types(body), ["0-162"]);
        assert!(disabled_types("{}").is_empty() && disabled_types("x").is_empty());
    }
}
