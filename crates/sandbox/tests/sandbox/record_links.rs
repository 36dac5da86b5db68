//! Associations and merges of records (platform 7), and that a fixture's records fit its metadata.

use std::collections::{BTreeMap, BTreeSet};

use portico_sandbox::Request;
use serde_json::{Value, json};

use crate::records::{DEALS, deal, id, made, ok, send};
use crate::{LARGE, Reader, SMALL, sandbox};

const CONTACTS: &str = "/crm/v3/objects/contacts";
const COMPANIES: &str = "/crm/v3/objects/companies";

fn to(id: &str, category: &str, kind: u64) -> Value {
    json!({ "to": { "id": id }, "types": [{ "associationCategory": category, "associationTypeId": kind }] })
}

fn first(reader: &Reader<'_>, base: &str) -> String {
    id(&reader.get(&format!("{base}?limit=1"))["results"][0])
}

fn kinds(record: &Value, plural: &str) -> Vec<(String, String)> {
    let rows = record["associations"][plural]["results"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    rows.iter()
        .map(|row| (text(&row["id"]), text(&row["type"])))
        .collect()
}

#[test]
fn a_create_associates_in_both_directions() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let (contact, company) = (first(&reader, CONTACTS), first(&reader, COMPANIES));
    let body = json!({
        "properties": deal("Linked"),
        "associations": [to(&contact, "HUBSPOT_DEFINED", 3), to(&company, "HUBSPOT_DEFINED", 5)],
    });
    let deal = id(&ok(&reader, "POST", DEALS, &body, 201));
    let read = reader.get(&format!(
        "{DEALS}/{deal}?associations=contacts,0-2&associations=line_items"
    ));
    assert_eq!(
        kinds(&read, "contacts"),
        [(contact.clone(), "deal_to_contact".to_owned())]
    );
    let want = ["deal_to_company", "deal_to_company_unlabeled"]
        .map(|kind| (company.clone(), kind.to_owned()));
    assert_eq!(kinds(&read, "companies"), want);
    let back = reader.get(&format!("{COMPANIES}/{company}?associations=deals"));
    let back: Vec<_> = kinds(&back, "deals")
        .into_iter()
        .filter(|(to, _)| *to == deal)
        .map(|(_, kind)| kind)
        .collect();
    assert_eq!(back, ["company_to_deal", "company_to_deal_unlabeled"]);
    assert_eq!(
        reader.get(&format!("{DEALS}/{deal}")).get("associations"),
        None
    );
    let counted = reader.get(&format!(
        "{DEALS}/{deal}?properties=num_associated_contacts"
    ));
    assert_eq!(counted["properties"]["num_associated_contacts"], "1");
    send(
        &reader,
        "DELETE",
        &format!("{CONTACTS}/{contact}"),
        &Value::Null,
    );
    let read = reader.get(&format!("{DEALS}/{deal}?associations=contacts"));
    assert_eq!(
        read.get("associations"),
        None,
        "an archived record is no neighbour"
    );
}

#[test]
fn associations_that_cannot_be_are_refused_and_nothing_is_made() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let (contact, company) = (first(&reader, CONTACTS), first(&reader, COMPANIES));
    let before = sandbox.with(|state| state.portals[&SMALL].records.count("0-3"));
    let cases = [
        to(&contact, "HUBSPOT_DEFINED", 4),
        to(&contact, "HUBSPOT_DEFINED", 19),
        to(&contact, "USER_DEFINED", 3),
        to(&contact, "NONSENSE", 3),
        to(&company, "HUBSPOT_DEFINED", 3),
        to("1", "HUBSPOT_DEFINED", 3),
        to("abc", "HUBSPOT_DEFINED", 3),
        json!({ "to": {}, "types": [] }),
        json!({ "to": { "id": contact }, "types": [] }),
        json!("nonsense"),
    ];
    for row in cases {
        let body = json!({ "properties": deal("Refused"), "associations": [row] });
        let error = ok(&reader, "POST", DEALS, &body, 400);
        assert_eq!(error["category"], "VALIDATION_ERROR", "{body}");
    }
    assert_eq!(
        sandbox.with(|state| state.portals[&SMALL].records.count("0-3")),
        before
    );
}

#[test]
fn a_label_of_the_portal_associates_and_brings_the_plain_type() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let labels = reader.get("/crm/v4/associations/deals/contacts/labels");
    let labels = labels["results"].as_array().expect("labels");
    let own = labels
        .iter()
        .find(|row| row["category"] == "USER_DEFINED")
        .expect("a label of the portal");
    let contact = first(&reader, CONTACTS);
    let link = to(
        &contact,
        "USER_DEFINED",
        own["typeId"].as_u64().expect("an id"),
    );
    let mut properties = deal("Labelled");
    properties["pipeline"] = json!("default");
    let deal = id(&ok(
        &reader,
        "POST",
        DEALS,
        &json!({ "properties": properties, "associations": [link] }),
        201,
    ));
    let read = reader.get(&format!("{DEALS}/{deal}?associations=contacts"));
    let kinds: Vec<String> = kinds(&read, "contacts")
        .into_iter()
        .map(|(_, kind)| kind)
        .collect();
    let name = own["label"]
        .as_str()
        .expect("a label")
        .to_lowercase()
        .replace(' ', "_");
    assert_eq!(kinds, [name, "deal_to_contact".to_owned()]);
}

#[test]
fn a_merged_record_lives_on_in_the_other() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let contact = first(&reader, CONTACTS);
    let kept = made(&reader, &deal("Kept"));
    let mut other = deal("Gone");
    other["description"] = json!("only here");
    let body = json!({ "properties": other, "associations": [to(&contact, "HUBSPOT_DEFINED", 3)] });
    let gone = id(&ok(&reader, "POST", DEALS, &body, 201));
    let before = reader.walk(DEALS).0.len();
    let merged = ok(
        &reader,
        "POST",
        &format!("{DEALS}/merge"),
        &json!({ "primaryObjectId": kept, "objectIdToMerge": gone }),
        200,
    );
    assert_eq!(id(&merged), kept);
    assert_eq!(reader.walk(DEALS).0.len(), before - 1);
    let query = "properties=dealname,description,hs_merged_object_ids&associations=contacts&propertiesWithHistory=description";
    for name in [&kept, &gone] {
        let read = reader.get(&format!("{DEALS}/{name}?{query}"));
        assert_eq!(id(&read), kept);
        assert_eq!(
            read["properties"]["dealname"], "Kept",
            "the primary's values win"
        );
        assert_eq!(read["properties"]["description"], "only here");
        assert_eq!(read["properties"]["hs_merged_object_ids"], gone.as_str());
        assert_eq!(
            read["propertiesWithHistory"]["description"][0]["sourceType"],
            "MERGE_OBJECTS"
        );
        assert_eq!(
            kinds(&read, "contacts"),
            [(contact.clone(), "deal_to_contact".to_owned())]
        );
    }
    let back = reader.get(&format!("{CONTACTS}/{contact}?associations=deals"));
    let back: Vec<String> = kinds(&back, "deals")
        .into_iter()
        .map(|(to, _)| to)
        .collect();
    assert!(back.contains(&kept) && !back.contains(&gone));
    ok(
        &reader,
        "PATCH",
        &format!("{DEALS}/{gone}"),
        &json!({ "properties": { "amount": "5" } }),
        200,
    );
    assert_eq!(
        reader.get(&format!("{DEALS}/{kept}"))["properties"]["amount"],
        "5"
    );
    let third = made(&reader, &deal("Third"));
    ok(
        &reader,
        "POST",
        &format!("{DEALS}/merge"),
        &json!({ "primaryObjectId": third, "objectIdToMerge": kept }),
        200,
    );
    assert_eq!(
        id(&reader.get(&format!("{DEALS}/{gone}"))),
        third,
        "merges chain"
    );
    let ids = reader.get(&format!("{DEALS}/{third}?properties=hs_merged_object_ids"));
    assert_eq!(
        ids["properties"]["hs_merged_object_ids"],
        format!("{kept};{gone}")
    );
    let cases = [
        (
            json!({ "primaryObjectId": third, "objectIdToMerge": gone }),
            400,
        ),
        (json!({ "primaryObjectId": third }), 400),
        (
            json!({ "primaryObjectId": third, "objectIdToMerge": "abc" }),
            400,
        ),
        (
            json!({ "primaryObjectId": third, "objectIdToMerge": "1" }),
            404,
        ),
    ];
    for (body, status) in cases {
        ok(&reader, "POST", &format!("{DEALS}/merge"), &body, status);
    }
}

#[test]
fn contacts_companies_and_tickets_go_through_the_same_operations() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, SMALL);
    let cases = [
        (
            "contacts",
            json!({ "email": "Ada.Probe@Example.com" }),
            "ada.probe@example.com",
            "email",
            "lastmodifieddate",
        ),
        (
            "companies",
            json!({ "name": "Probe" }),
            "Probe",
            "name",
            "hs_lastmodifieddate",
        ),
        (
            "tickets",
            json!({ "subject": "Probe", "hs_pipeline_stage": "1" }),
            "Probe",
            "subject",
            "hs_lastmodifieddate",
        ),
    ];
    for (plural, properties, value, name, modified) in cases {
        let base = format!("/crm/v3/objects/{plural}");
        let created = id(&ok(
            &reader,
            "POST",
            &base,
            &json!({ "properties": properties }),
            201,
        ));
        let read = reader.get(&format!("{base}/{created}"));
        assert_eq!(read["properties"][name], value);
        assert_eq!(read["properties"][modified], read["updatedAt"]);
        assert_eq!(
            reader.get(&base)["results"].as_array().map(Vec::len),
            Some(10),
            "ten is the default"
        );
        let error = ok(&reader, "POST", &base, &json!({ "properties": {} }), 400);
        assert_eq!(error["errors"][0]["code"], "MISSING_REQUIRED_PROPERTY");
    }
    let contact = reader.get(&format!(
        "{CONTACTS}/ada.probe@EXAMPLE.com?idProperty=email"
    ));
    let twice = ok(
        &reader,
        "POST",
        CONTACTS,
        &json!({ "properties": { "email": "ada.probe@example.com" } }),
        409,
    );
    assert_eq!(
        twice["message"],
        format!("Contact already exists. Existing ID: {}", id(&contact))
    );
    let error = ok(
        &reader,
        "POST",
        CONTACTS,
        &json!({ "properties": { "email": "nobody" } }),
        400,
    );
    assert_eq!(error["errors"][0]["code"], "INVALID_EMAIL");
}

#[test]
fn a_fixtures_records_fit_their_metadata() {
    for (fixture, portal, fewest) in [("small", SMALL, 50), ("enterprise", LARGE, 2_000)] {
        let sandbox = sandbox(fixture);
        let reader = Reader::new(&sandbox, portal);
        let pipelines = reader.get("/crm/v3/pipelines/deals");
        let mut stages: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for pipeline in pipelines["results"].as_array().expect("pipelines") {
            let ids = pipeline["stages"]
                .as_array()
                .expect("stages")
                .iter()
                .filter_map(|stage| stage["id"].as_str());
            stages.insert(pipeline["id"].as_str().expect("an id"), ids.collect());
        }
        let (owners, _) = reader.walk("/crm/v3/owners?limit=500");
        let owners: BTreeSet<&str> = owners
            .iter()
            .filter_map(|owner| owner["id"].as_str())
            .collect();
        let asked = "properties=dealname,pipeline,dealstage,hubspot_owner_id,amount,hs_is_closed,closedate&associations=companies,contacts";
        let (deals, _) = reader.walk(&format!("{DEALS}?limit=100&{asked}"));
        assert!(deals.len() > fewest, "{}", deals.len());
        let (mut closed, mut used) = (0, BTreeSet::new());
        for deal in &deals {
            let text = |name: &str| deal["properties"][name].as_str();
            let pipeline = text("pipeline").expect("a pipeline");
            assert!(
                stages[pipeline].contains(text("dealstage").expect("a stage")),
                "{deal}"
            );
            assert!(
                text("hubspot_owner_id").is_none_or(|owner| owners.contains(owner)),
                "{deal}"
            );
            assert!(
                text("amount").is_some_and(|amount| amount.parse::<f64>().is_ok()),
                "{deal}"
            );
            assert!(
                text("closedate").is_some() && text("dealname").is_some(),
                "{deal}"
            );
            assert_eq!(
                kinds(deal, "companies").len(),
                2,
                "the primary company, and plain: {deal}"
            );
            assert!(!kinds(deal, "contacts").is_empty(), "{deal}");
            closed += usize::from(text("hs_is_closed") == Some("true"));
            used.insert(text("dealstage"));
        }
        assert!(
            closed > deals.len() / 5 && closed < deals.len() * 4 / 5,
            "{closed} of {}",
            deals.len()
        );
        assert!(
            used.len() >= stages.values().map(BTreeSet::len).sum::<usize>() - 1,
            "every stage has its deals: {used:?}"
        );
        // What a fixture holds can be written again: the rules of writes hold for it.
        for deal in deals.iter().step_by(97) {
            let mut properties = deal["properties"].clone();
            for name in [
                "createdate",
                "hs_object_id",
                "hs_lastmodifieddate",
                "hs_is_closed",
            ] {
                properties.as_object_mut().expect("an object").remove(name);
            }
            ok(
                &reader,
                "PATCH",
                &format!("{DEALS}/{}", id(deal)),
                &json!({ "properties": properties }),
                200,
            );
        }
        assert_eq!(
            reader
                .send(Request::get(&format!("{DEALS}?limit=0")))
                .status,
            400
        );
    }
}
