//! Owns what a developer configures per app and HubSpot keeps beside it (platform 6.3, "App-level"): webhook settings and
//! subscriptions, timeline event templates, custom workflow actions, feature flags. The endpoints are in `hubspot/`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::credentials::Credential;
use crate::error::ApiError;
use crate::router::Call;
use crate::state::AppConfig;
use crate::time::{DAY, FIXTURE_NOW, iso};

/// Flags that every app has (the documentation's list).
pub(crate) const FLAGS: [&str; 3] = [
    "hs-hide-crm-cards",
    "hs-release-app-cards",
    "hs-release-mcp-server",
];

/// One app's resources, as its endpoints print them.
#[derive(Clone, Debug, Default)]
pub struct AppResources {
    /// `targetUrl` and `throttling`; `None` after a delete.
    pub webhook_settings: Option<Value>,
    /// By id.
    pub subscriptions: BTreeMap<u64, Value>,
    /// Timeline event templates by id.
    pub event_templates: BTreeMap<String, Value>,
    /// Custom workflow actions by id: revisions, oldest first; an archived one has `archivedAt`.
    pub actions: BTreeMap<String, Vec<ActionRevision>>,
    /// `defaultState` and `overrideState` by flag name.
    pub flags: BTreeMap<String, Value>,
    /// A flag's state in an account, by flag name and account.
    pub portal_flags: BTreeMap<(String, u64), String>,
    /// The last id given.
    last_id: u64,
}

/// One revision of a custom workflow action.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionRevision {
    /// Unix milliseconds.
    pub created_at: u64,
    /// As the endpoint prints it.
    pub definition: Value,
}

impl AppResources {
    /// What an app of some age has: the same for the same app id.
    fn seeded(app: &AppConfig) -> Self {
        let made = iso(FIXTURE_NOW - 120 * DAY);
        let mut resources = Self {
            webhook_settings: Some(json!({
                "targetUrl": "https://app.example/hubspot/webhooks",
                "throttling": { "period": "SECONDLY", "maxConcurrentRequests": 10 },
                "createdAt": made,
                "updatedAt": made,
            })),
            last_id: 1_000 + app.app_id % 1_000,
            ..Self::default()
        };
        for (event, property) in [
            ("deal.propertyChange", Some("dealstage")),
            ("contact.creation", None),
            ("contact.privacyDeletion", None),
        ] {
            let id = resources.next_id();
            let row = subscription(
                id,
                event,
                None,
                property,
                event != "contact.creation",
                &made,
            );
            resources.subscriptions.insert(id, row);
        }
        let template = resources.next_id().to_string();
        let row = json!({
            "id": template,
            "name": "Account connected",
            "objectType": "COMPANY",
            "headerTemplate": "{{portalName}} was connected",
            "detailTemplate": "By {{person}}",
            "tokens": [
                { "name": "portalName", "label": "Account", "type": "string", "options": [], "createdAt": made, "updatedAt": made },
                { "name": "person", "label": "Person", "type": "string", "options": [], "createdAt": made, "updatedAt": made },
            ],
            "createdAt": made,
            "updatedAt": made,
        });
        resources.event_templates.insert(template, row);
        let action = resources.next_id().to_string();
        let row = json!({
            "id": action,
            "revisionId": "1",
            "actionUrl": "https://app.example/hubspot/actions/refresh",
            "published": true,
            "functions": [{ "functionType": "POST_ACTION_EXECUTION", "id": "refresh" }],
            "labels": { "en": { "actionName": "Refresh the mirror", "inputFieldLabels": { "scope": "What to refresh" } } },
            "inputFields": [{
                "isRequired": true,
                "supportedValueTypes": ["STATIC_VALUE"],
                "typeDefinition": {
                    "name": "scope", "type": "enumeration", "fieldType": "select", "externalOptions": false,
                    "options": [
                        { "value": "all", "label": "Everything", "displayOrder": 0, "hidden": false, "readOnly": false, "doubleData": 0.0, "description": "" },
                    ],
                },
            }],
            "outputFields": [],
            "objectTypes": ["DEAL"],
            "objectRequestOptions": { "properties": ["dealstage"] },
        });
        resources.actions.insert(
            action,
            vec![ActionRevision {
                created_at: FIXTURE_NOW - 120 * DAY,
                definition: row,
            }],
        );
        for flag in FLAGS {
            let row = json!({ "appId": app.app_id, "flagName": flag, "defaultState": "OFF" });
            resources.flags.insert(flag.to_owned(), row);
        }
        resources
    }

    /// A new id, larger than all before.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

/// One webhook subscription as its endpoints print it.
pub(crate) fn subscription(
    id: u64,
    event: &str,
    object_type_id: Option<&str>,
    property: Option<&str>,
    active: bool,
    at: &str,
) -> Value {
    let mut row = json!({
        "id": id.to_string(),
        "eventType": event,
        "active": active,
        "createdAt": at,
        "updatedAt": at,
    });
    if let Some(property) = property {
        row["propertyName"] = json!(property);
    }
    if let Some(object_type_id) = object_type_id {
        row["objectTypeId"] = json!(object_type_id);
    }
    row
}

/// The resources of the app in `{appId}`, if the caller's developer credential is good for it.
///
/// Errors: 400 for an id that is no number, 404 for an app that the developer account does not have, 403 for the bearer
/// of another app.
pub(crate) fn of<'a>(call: &'a mut Call<'_>) -> Result<(u64, &'a mut AppResources), ApiError> {
    let id: u64 = number(call, "appId")?;
    let app = call.state.apps.iter().find(|app| app.app_id == id);
    let app = app.ok_or_else(|| ApiError::not_found(format!("No app found with id {id}")))?;
    let of_another = matches!(&call.credential, Credential::Developer { client_id: Some(own) } if *own != app.client_id);
    if of_another {
        return Err(ApiError::new(
            403,
            "The credentials of one app do not open another app.",
        ));
    }
    let resources = call.state.app_resources.entry(id);
    Ok((id, resources.or_insert_with(|| AppResources::seeded(app))))
}

/// A path parameter that must be a number (platform 9.2).
pub(crate) fn number(call: &Call<'_>, name: &str) -> Result<u64, ApiError> {
    let text = call.param(name);
    text.parse().map_err(|_| {
        ApiError::new(
            400,
            format!("Unable to parse value for path parameter: {name}"),
        )
        .category("VALIDATION_ERROR")
    })
}

/// A member of a body that must be a text with something in it.
pub(crate) fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    body.get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| ApiError::validation(format!("Some required fields were not set: [{name}]")))
}

/// HubSpot's answer for an id that is not there.
pub(crate) fn missing() -> ApiError {
    ApiError::not_found("resource not found")
}
