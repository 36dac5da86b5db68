//! Owns the question where a property is used, which HubSpot asks before it archives one (platform 9.2).
//! Looks at calculations, forms, lists, workflows and the display of custom objects; changes nothing.

use serde_json::{Value, json};

use super::property_rules::names_in;
use crate::document::Document;
use crate::error::ApiError;
use crate::model::{Collection, ObjectMetadata, Portal};

/// Members under which workflows and lists name a property.
const MEMBERS: [&str; 4] = [
    "property",
    "property_name",
    "propertyName",
    "targetProperty",
];

/// Whether any object inside `value` fits.
fn any(value: &Value, fits: &impl Fn(&serde_json::Map<String, Value>) -> bool) -> bool {
    match value {
        Value::Object(map) => fits(map) || map.values().any(|v| any(v, fits)),
        Value::Array(list) => list.iter().any(|v| any(v, fits)),
        _ => false,
    }
}

fn is(map: &serde_json::Map<String, Value>, member: &str, text: &str) -> bool {
    map.get(member).and_then(Value::as_str) == Some(text)
}

/// Each use: what kind of parent, and its name.
fn uses(portal: &Portal, type_id: &str, name: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let empty = ObjectMetadata::default();
    let object = portal.objects.get(type_id).map_or(&empty, |o| &**o);
    for other in object.properties.iter().filter(|p| !p.archived) {
        let formula = other.calculation_formula.as_deref().unwrap_or_default();
        if names_in(formula).contains(&name) {
            found.push(("CALCULATED_PROPERTY", format!("{type_id}/{}", other.name)));
        }
    }
    let display = portal
        .custom_objects
        .iter()
        .filter(|custom| custom.object_type_id == type_id && !custom.archived)
        .filter(|custom| {
            let lists = [
                &custom.secondary_display_properties,
                &custom.searchable_properties,
                &custom.required_properties,
            ];
            custom.primary_display_property == name
                || lists.iter().any(|list| list.iter().any(|p| p == name))
        });
    found.extend(display.map(|custom| ("OBJECT_SCHEMA", custom.fully_qualified_name.clone())));
    // A name that does not occur in the text is in no member of it, and reading text is cheap.
    let quoted = format!("\"{name}\"");
    let mentions = |document: &&Document| document.text().contains(&quoted);
    let title = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    for form in portal.collection(Collection::Forms).iter().filter(mentions) {
        let form = form.value();
        let field = |map: &serde_json::Map<String, Value>| {
            is(map, "name", name) && is(map, "objectTypeId", type_id)
        };
        if form["archived"] != true && any(&form["fieldGroups"], &field) {
            found.push(("FORM", title(&form)));
        }
    }
    let named =
        |map: &serde_json::Map<String, Value>| MEMBERS.iter().any(|member| is(map, member, name));
    for list in portal.lists.iter().filter(|l| l.object_type_id == type_id) {
        let filters = list.filter_branch.as_ref().filter(mentions);
        if filters.is_some_and(|filters| any(&filters.value(), &named)) {
            found.push(("LIST", list.name.clone()));
        }
    }
    for flow in portal
        .collection(Collection::Workflows)
        .iter()
        .filter(mentions)
    {
        let flow = flow.value();
        if flow["objectTypeId"] == type_id && any(&flow, &named) {
            found.push(("WORKFLOW", title(&flow)));
        }
    }
    found
}

/// Refuses if the property is used.
pub(super) fn refuse_in_use(portal: &Portal, type_id: &str, name: &str) -> Result<(), ApiError> {
    let uses = uses(portal, type_id, name);
    if uses.is_empty() {
        return Ok(());
    }
    let count = uses.len();
    let rows = uses.into_iter().map(|(kind, parent)| {
        json!({
            "message": format!("Property {name} is used by {parent}"),
            "subCategory": "PropertyValidationError.PROPERTY_USAGE",
            "context": { "parentType": [kind], "parentName": [parent] },
        })
    });
    Err(ApiError::validation(format!(
        "Property: {name} of object type {type_id} is currently used in {count} places and cannot be deleted"
    ))
    .sub_category("PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE")
    .errors(rows.collect())
    .context(json!({ "usageCount": [count.to_string()] })))
}
