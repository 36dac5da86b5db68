//! What the list promises: search, order, facets.

use super::*;
use crate::retrieval::Kind;
use proptest::prelude::*;

fn row(part: &str, id: &str, label: &str, class: &str, origin: Origin) -> Row {
    Row {
        kind: Kind::Properties,
        part: part.into(),
        id: id.into(),
        label: label.into(),
        detail: class.replace('/', " · "),
        badges: vec![],
        group: None,
        class: class.into(),
        origin: Some(origin),
    }
}

fn model() -> ListModel {
    ListModel::new(vec![
        row(
            "contacts",
            "hs_lead_status",
            "Lead Status",
            "enumeration/radio",
            Origin::HubSpot,
        ),
        row(
            "contacts",
            "lifecyclestage",
            "Lifecycle Stage",
            "enumeration/radio",
            Origin::HubSpot,
        ),
        row(
            "deals",
            "dealstage",
            "Deal Stage",
            "enumeration/radio",
            Origin::HubSpot,
        ),
        row(
            "deals",
            "stage_notes",
            "Étape: notes",
            "string/textarea",
            Origin::Custom,
        ),
        row(
            "deals",
            "amount",
            "Amount",
            "number/number",
            Origin::HubSpot,
        ),
        row(
            "contacts",
            "prestage",
            "Prestaged",
            "string/text",
            Origin::Custom,
        ),
    ])
}

fn shown(model: &ListModel, query: &Query) -> Vec<String> {
    let hits = model.filter(query);
    hits.iter()
        .map(|row| model.rows()[*row as usize].id.clone())
        .collect()
}

fn text(text: &str) -> Query {
    Query {
        text: text.into(),
        ..Query::default()
    }
}

/// D17: all words, any order, any field; labels that start with the text first.
#[test]
fn search_finds_all_words_in_any_order() {
    let model = model();
    for (query, want) in [
        (
            "",
            vec![
                "hs_lead_status",
                "lifecyclestage",
                "dealstage",
                "stage_notes",
                "amount",
                "prestage",
            ],
        ),
        (
            "  ",
            vec![
                "hs_lead_status",
                "lifecyclestage",
                "dealstage",
                "stage_notes",
                "amount",
                "prestage",
            ],
        ),
        // "Stage" as a word of the label, then inside one, then in the id alone.
        (
            "STAGE",
            vec!["lifecyclestage", "dealstage", "prestage", "stage_notes"],
        ),
        ("l", vec!["hs_lead_status", "lifecyclestage", "dealstage"]),
        ("etape", vec!["stage_notes"]),
        ("stage deal", vec!["dealstage"]),
        ("textarea étape", vec!["stage_notes"]),
        ("hs_", vec!["hs_lead_status"]),
        // Never across fields or rows.
        ("status\nhs_lead", vec!["hs_lead_status"]),
        ("statushs", vec![]),
        ("nowhere", vec![]),
    ] {
        assert_eq!(shown(&model, &text(query)), want, "{query:?}");
    }
}

#[test]
fn rows_are_sorted_either_way_and_equals_stay() {
    let model = model();
    for (sort, descending, want) in [
        (
            Sort::Label,
            false,
            vec![
                "amount",
                "dealstage",
                "stage_notes",
                "hs_lead_status",
                "lifecyclestage",
                "prestage",
            ],
        ),
        (
            Sort::Id,
            true,
            vec![
                "stage_notes",
                "prestage",
                "lifecyclestage",
                "hs_lead_status",
                "dealstage",
                "amount",
            ],
        ),
        (
            Sort::Detail,
            false,
            vec![
                "hs_lead_status",
                "lifecyclestage",
                "dealstage",
                "amount",
                "prestage",
                "stage_notes",
            ],
        ),
        (
            Sort::Detail,
            true,
            vec![
                "stage_notes",
                "prestage",
                "amount",
                "hs_lead_status",
                "lifecyclestage",
                "dealstage",
            ],
        ),
        (
            Sort::Relevance,
            true,
            vec![
                "prestage",
                "amount",
                "stage_notes",
                "dealstage",
                "lifecyclestage",
                "hs_lead_status",
            ],
        ),
    ] {
        let query = Query {
            sort,
            descending,
            ..Query::default()
        };
        assert_eq!(shown(&model, &query), want, "{sort:?} {descending}");
    }
}

#[test]
fn facets_narrow_and_count_what_choosing_would_show() {
    let model = model();
    let query = Query {
        facets: vec![
            (FacetKind::Part, "contacts".into()),
            (FacetKind::Origin, Origin::HubSpot.title().into()),
        ],
        ..text("stage")
    };
    assert_eq!(shown(&model, &query), ["lifecyclestage"]);
    let counts: Vec<(FacetKind, Vec<_>)> = model
        .facets(&query)
        .into_iter()
        .map(|facet| {
            let values = facet.values.into_iter();
            (
                facet.kind,
                values
                    .map(|value| (value.value, value.count, value.selected))
                    .collect(),
            )
        })
        .collect();
    let value = |value: &str, count, selected| (value.to_owned(), count, selected);
    assert_eq!(
        counts,
        [
            (
                FacetKind::Part,
                vec![value("contacts", 1, true), value("deals", 1, false)]
            ),
            (
                FacetKind::Origin,
                vec![value("HubSpot-defined", 1, true), value("Custom", 1, false)]
            ),
            (
                FacetKind::Class,
                vec![
                    value("enumeration/radio", 1, false),
                    value("string/textarea", 0, false),
                    value("number/number", 0, false),
                    value("string/text", 0, false)
                ]
            ),
        ]
    );
    let unknown = Query {
        facets: vec![(FacetKind::Part, "tickets".into())],
        ..Query::default()
    };
    assert!(model.filter(&unknown).is_empty());
    assert!(ListModel::new(vec![]).filter(&text("x")).is_empty());
}

proptest! {
    /// D17, P10: the arena answers what looking at each row would.
    #[test]
    fn the_arena_agrees_with_a_plain_search(
        labels in proptest::collection::vec("[aAbÉé \\n]{0,6}", 0..20),
        query in "[abé ]{0,4}",
    ) {
        let rows: Vec<Row> = labels.iter().enumerate()
            .map(|(at, label)| row("p", &format!("id{at}"), label, "ab", Origin::Custom))
            .collect();
        let model = ListModel::new(rows);
        let folded = fold(&query);
        let mut hits = model.filter(&text(&query));
        hits.sort_unstable();
        let plain: Vec<u32> = labels.iter().enumerate()
            .filter(|(at, label)| folded.split_whitespace().all(|word| {
                [fold(label), format!("id{at}"), "ab".into()].iter().any(|field| field.contains(word))
            }))
            .map(|(at, _)| index(at))
            .collect();
        prop_assert_eq!(hits, plain);
    }
}
