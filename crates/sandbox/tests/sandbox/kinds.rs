//! What rows of each kind of metadata hold, and how lists filter, sort and trim: platform 6.2, 6.3.

use portico_sandbox::Request;
use serde_json::{Value, json};

use crate::{LARGE, Reader, sandbox};

/// Platform 6.2, 6.3 and the SDK's models: which members every row of a list must have.
#[test]
fn rows_have_the_members_that_clients_read() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let user = sandbox.with(|state| state.portals[&LARGE].users[0].id.clone());
    let sequences = format!("/automation/v4/sequences?userId={user}");
    let brands = format!("/business-units/v3/business-units/user/{user}?properties=logoMetadata");
    let cases: [(&str, &str); 27] = [
        (
            "/marketing/v3/emails/",
            "id name subject state type subcategory content from to sendOnPublish language isPublished archived createdAt updatedAt",
        ),
        (
            "/marketing/v3/campaigns?properties=hs_name",
            "id properties businessUnits createdAt updatedAt",
        ),
        (
            "/cms/v3/pages/site-pages",
            "id name slug domain url state currentState created updated language htmlTitle templatePath layoutSections widgets publishDate abStatus folderId",
        ),
        (
            "/cms/v3/pages/landing-pages/folders",
            "id name category created updated deletedAt parentFolderId",
        ),
        (
            "/cms/v3/blogs/posts",
            "id name slug blogAuthorId tagIds postBody postSummary contentGroupId url created updated rssBody",
        ),
        (
            "/cms/v3/blogs/authors",
            "id name fullName displayName slug email created updated deletedAt avatar bio website",
        ),
        (
            "/cms/v3/blogs/tags",
            "id name language created updated deletedAt translatedFromId",
        ),
        (
            "/cms/v3/blog-settings/settings",
            "id name absoluteUrl allowComments created updated htmlTitle language publicTitle slug",
        ),
        (
            "/cms/v3/domains/",
            "id domain isResolving isUsedForBlogPost isUsedForEmail isUsedForKnowledge isUsedForLandingPage isUsedForSitePage primaryEmail created updated",
        ),
        (
            "/cms/v3/url-redirects/",
            "id routePrefix destination redirectStyle isMatchFullUrl isMatchQueryString isOnlyAfterNotFound isPattern isProtocolAgnostic isTrailingSlashOptional precedence created updated",
        ),
        (
            "/cms/v3/hubdb/tables",
            "id name label columns columnCount rowCount published deleted deletedAt allowPublicApiAccess createdAt updatedAt publishedAt",
        ),
        (
            "/communication-preferences/v4/definitions",
            "id name description purpose communicationMethod isActive isDefault isInternal businessUnitId createdAt updatedAt",
        ),
        (
            "/events/v3/event-definitions",
            "id name labels objectTypeId fullyQualifiedName archived associations properties createdAt updatedAt",
        ),
        (
            "/conversations/v3/conversations/inboxes",
            "id name type archived createdAt updatedAt",
        ),
        (
            "/conversations/v3/conversations/channel-accounts",
            "id name channelId inboxId active authorized archived createdAt deliveryIdentifier",
        ),
        (
            "/scheduler/v3/meetings/meeting-links",
            "id name slug link type organizerUserId userIdsOfLinkMembers defaultLink createdAt updatedAt",
        ),
        (&sequences, "id name userId folderId createdAt updatedAt"),
        (
            "/automation/2026-09-beta/action-types",
            "actionTypeId actionName groupId inputFieldDefinitions objectTypeIds",
        ),
        (
            "/automation/email-templates/2026-09-beta",
            "id name subject body folderId ownerId createdAt updatedAt",
        ),
        (
            "/marketing/lead-scoring/2026-09-beta/scores",
            "id name scoreStatus scoreType scoredObjectTypeId lastConfigurationChangeTimestamp",
        ),
        (
            "/forecast-settings/2026-09/forecast-types",
            "id forecastTypeId forecastName objectTypeId amountProperty dateProperty defaultType createdAt updatedAt",
        ),
        (
            "/crm/v3/imports/",
            "id state optOutImport mappedObjectTypeIds metadata createdAt updatedAt",
        ),
        (
            "/crm/v3/pipelines/deals/default/audit",
            "identifier portalId action timestamp",
        ),
        (
            "/crm/v3/pipelines/deals/default/stages/closedwon/audit",
            "identifier portalId action timestamp",
        ),
        (
            "/settings/v3/currencies/exchange-rates/current",
            "id fromCurrencyCode toCurrencyCode conversionRate visibleInUI effectiveAt createdAt updatedAt",
        ),
        (
            "/tax-rates/v1/tax-rates",
            "id name label percentageRate active createdAt updatedAt",
        ),
        (&brands, "id name logoMetadata"),
    ];
    for (path, members) in cases {
        let rows = reader.get(path)["results"].clone();
        let rows = rows.as_array().expect("results");
        assert!(!rows.is_empty(), "{path}");
        for row in rows {
            for member in members.split(' ') {
                assert!(
                    row.get(member).is_some_and(|value| !value.is_null()),
                    "{path}: {member} of {row}"
                );
            }
        }
    }
    let hidden = reader.get("/marketing/lead-scoring/2026-09-beta/scores");
    assert!(
        hidden["results"][0].get("groupConfigs").is_none(),
        "only the detail has rules"
    );
    let v3 = reader.get("/communication-preferences/v3/definitions");
    assert_eq!(
        v3["subscriptionDefinitions"].as_array().map(Vec::len),
        Some(4)
    );
}

/// Platform 6.3: times, sort, trimming and each kind's own filters are honoured.
#[test]
fn lists_filter_sort_and_trim() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let rows = |path: &str| reader.walk(path).0;
    let all = rows("/marketing/v3/emails/?limit=100");
    let texts = |rows: &[Value], name: &str| -> Vec<String> {
        rows.iter()
            .map(|row| row[name].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let middle = "2026-01-01T00:00:00Z";
    let after = rows(&format!(
        "/marketing/v3/emails/?limit=100&createdAfter={middle}"
    ));
    let before = rows(&format!(
        "/marketing/v3/emails/?limit=100&createdBefore={middle}"
    ));
    assert!(!after.is_empty() && !before.is_empty());
    assert_eq!(
        after.len() + before.len(),
        all.len(),
        "no e-mail was made at that very moment"
    );
    assert!(
        texts(&after, "createdAt")
            .iter()
            .all(|at| at.as_str() > middle)
    );
    let sorted = texts(
        &rows("/marketing/v3/emails/?limit=100&sort=-updatedAt"),
        "updatedAt",
    );
    assert!(
        sorted.is_sorted_by(|a, b| a.trim_end_matches('Z') >= b.trim_end_matches('Z')),
        "newest first"
    );
    let kinds = texts(
        &rows("/marketing/v3/emails/?limit=100&type=AUTOMATED_EMAIL"),
        "type",
    );
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| kind == "AUTOMATED_EMAIL"));
    let drafts = rows("/marketing/v3/emails/?limit=100&isPublished=false");
    assert!(drafts.len() < all.len() && drafts.iter().all(|row| row["state"] == "DRAFT"));
    let thin = &rows("/marketing/v3/emails/?limit=100&includedProperties=name,state")[0];
    assert_eq!(
        thin.as_object().map(serde_json::Map::len),
        Some(3),
        "id, name, state: {thin}"
    );
    let trimmed =
        &reader.get("/cms/v3/pages/landing-pages?property=name&property=slug")["results"][0];
    assert_eq!(
        trimmed.as_object().map(serde_json::Map::len),
        Some(3),
        "{trimmed}"
    );
    assert_eq!(
        rows("/cms/v3/pages/site-pages?archived=true"),
        Vec::<Value>::new()
    );
    let bad = reader.send(Request::get("/cms/v3/domains?updatedBefore=yesterday"));
    assert_eq!(
        (bad.status, &bad.to_value()["category"]),
        (400, &json!("VALIDATION_ERROR"))
    );
    let campaigns =
        rows("/marketing/v3/campaigns?limit=100&properties=hs_name&name=webinar&sort=hs_name");
    let names: Vec<String> = campaigns
        .iter()
        .map(|row| {
            row["properties"]["hs_name"]
                .as_str()
                .unwrap()
                .to_lowercase()
        })
        .collect();
    assert!(
        !names.is_empty() && names.is_sorted() && names.iter().all(|name| name.contains("webinar"))
    );
    let bare = &reader.get("/marketing/v3/campaigns")["results"][0];
    assert_eq!(bare["properties"], json!({}));
    let accounts = rows("/conversations/v3/conversations/channel-accounts?channelId=1002");
    assert!(accounts.len() == 2 && accounts.iter().all(|row| row["channelId"] == "1002"));
    let events = reader.get("/events/v3/event-definitions?limit=1");
    assert_eq!(events["results"][0]["properties"], json!([]));
    let whole = reader.get("/events/v3/event-definitions?limit=1&includeProperties=true");
    assert_eq!(
        whole["results"][0]["properties"].as_array().map(Vec::len),
        Some(2)
    );
    let rates = rows("/settings/v3/currencies/exchange-rates");
    let current = rows("/settings/v3/currencies/exchange-rates/current");
    assert_eq!((rates.len(), current.len()), (15, 5));
    for rate in &current {
        let code = rate["fromCurrencyCode"].as_str().unwrap();
        let own = rows(&format!(
            "/settings/v3/currencies/exchange-rates?fromCurrencyCode={code}"
        ));
        let newest = texts(&own, "effectiveAt").into_iter().max();
        assert_eq!(
            (own.len(), newest.as_deref()),
            (3, rate["effectiveAt"].as_str())
        );
    }
    let plain = reader.get("/communication-preferences/v4/definitions");
    assert!(
        plain["results"][0]
            .get("subscriptionTranslations")
            .is_none()
    );
    let translated = reader
        .get("/communication-preferences/v4/definitions?includeTranslations=true&businessUnitId=0");
    assert_eq!(
        translated["results"][0]["subscriptionTranslations"][0]["languageCode"],
        "de"
    );
}

/// Platform 6.2: `locale` translates HubSpot's own labels and leaves the account's alone; unknown languages change nothing.
#[test]
fn labels_come_in_the_language_asked_for() {
    let sandbox = sandbox("small");
    let reader = Reader::new(&sandbox, crate::SMALL);
    let english = reader.get("/crm/v3/properties/contacts");
    let german = reader.get("/crm/properties/2026-09/contacts?locale=de-CH");
    let label = |answer: &Value, name: &str| {
        let rows = answer["results"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap()["label"].clone()
    };
    assert_eq!(label(&english, "firstname"), "First Name");
    assert_eq!(label(&german, "firstname"), "Vorname");
    assert_eq!(
        label(&german, "kundennummer"),
        label(&english, "kundennummer")
    );
    assert_eq!(reader.get("/crm/v3/properties/contacts?locale=xx"), english);
    assert_eq!(
        reader.get("/crm/v3/properties/deals/dealname?locale=fr")["label"],
        "Nom de la transaction"
    );
    assert_eq!(
        reader.get("/crm/v3/properties/contacts/groups/contactinformation?locale=es")["label"],
        "Información del contacto"
    );
    assert_eq!(
        reader.get("/crm/v3/properties/contacts/groups?locale=de")["results"][0]["label"],
        "Kontaktinformationen"
    );
}

/// Platform 6.2, 8.3: sensitive properties are read by asking for them, with the scope; one by one as well.
#[test]
fn sensitive_properties_are_asked_for() {
    let sandbox = sandbox("enterprise");
    let reader = Reader::new(&sandbox, LARGE);
    let names = |query: &str| -> Vec<Value> {
        let rows = reader.get(&format!("/crm/v3/properties/contacts{query}"))["results"].clone();
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].clone())
            .collect()
    };
    assert!(!names("").contains(&json!("bank_account_number")));
    assert_eq!(
        names("?dataSensitivity=sensitive"),
        ["health_insurance_number", "union_membership"]
    );
    assert_eq!(
        names("?dataSensitivity=highly_sensitive"),
        ["bank_account_number"]
    );
    let path = "/crm/v3/properties/contacts/union_membership";
    assert_eq!(reader.send(Request::get(path)).status, 404);
    let property = reader.get(&format!("{path}?dataSensitivity=sensitive"));
    assert_eq!(property["sensitiveDataCategories"], json!(["PERSONAL"]));
    let quotes = reader.send(Request::get(
        "/crm/v3/properties/quotes?dataSensitivity=highly_sensitive",
    ));
    assert_eq!(quotes.status, 403);
}
