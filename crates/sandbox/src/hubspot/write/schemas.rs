//! Owns changes of custom objects' schemas (platform 6.2, write side and live quirks). Enterprise alone has them.

use serde_json::{Value, json};

use super::body::Body;
use super::labels::{self, Pair, free_name};
use super::{Target, active_type, change, property_rules};
use crate::error::ApiError;
use crate::fixture::common_properties;
use crate::http::Response;
use crate::hubspot::limits;
use crate::hubspot::page::{flag, json_body};
use crate::hubspot::schemas::created;
use crate::model::{CustomObject, ObjectMetadata, Portal, PropertyGroup};
use crate::router::{Answer, Call};
use crate::time::Instant;

/// Longest name and longest label.
const TEXT_MAX: usize = 50;
/// Most secondary display properties.
const SECONDARY_MAX: usize = 2;

fn name(text: &str) -> Result<&str, ApiError> {
    let fits = text.len() <= TEXT_MAX
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if fits {
        Ok(text)
    } else {
        Err(
            ApiError::validation(format!("invalid object type name {text}"))
                .sub_category("InboundDbObjectTypeError.OBJECT_TYPE_NAME_FORMAT"),
        )
    }
}

/// `labels`; what it leaves out stays as in `before`.
fn labels_of(body: Body<'_>, before: &(String, String)) -> Result<(String, String), ApiError> {
    let Some(value) = body.get("labels") else {
        return Ok(before.clone());
    };
    let body = Body::of(value)?;
    let side = |name: &str, before: &str| match body.get(name) {
        Some(_) => body.filled(name).map(str::to_owned),
        None => Ok(before.to_owned()),
    };
    let labels = (side("singular", &before.0)?, side("plural", &before.1)?);
    for label in [&labels.0, &labels.1] {
        if label.is_empty() {
            return Err(ApiError::validation(
                "Some required fields were not set: [labels.singular, labels.plural]",
            ));
        }
        if label.chars().count() > TEXT_MAX {
            return Err(ApiError::validation(format!(
                "A label can have at most {TEXT_MAX} characters: {label}"
            )));
        }
    }
    Ok(labels)
}

/// Sets what `POST` and `PATCH` share, and checks that every display field names a property of the object.
fn apply(
    custom: &mut CustomObject,
    body: Body<'_>,
    object: &ObjectMetadata,
) -> Result<(), ApiError> {
    custom.labels = labels_of(body, &custom.labels)?;
    if let Some(description) = body.text("description")? {
        description.clone_into(&mut custom.description);
    }
    if body.flag("clearDescription")? == Some(true) {
        custom.description.clear();
    }
    if let Some(primary) = body.text("primaryDisplayProperty")? {
        primary.clone_into(&mut custom.primary_display_property);
    }
    if let Some(names) = body.texts("secondaryDisplayProperties")? {
        custom.secondary_display_properties = names;
    }
    if let Some(names) = body.texts("requiredProperties")? {
        custom.required_properties = names;
    }
    if let Some(names) = body.texts("searchableProperties")? {
        custom.searchable_properties = names;
    }
    if custom.searchable_properties.is_empty() {
        custom.searchable_properties = vec!["hs_object_id".to_owned()];
    }
    match body.flag("allowsSensitiveProperties")? {
        Some(false) if custom.allows_sensitive_properties => {
            return Err(ApiError::validation(
                "allowsSensitiveProperties cannot be turned off",
            ));
        }
        Some(allows) => custom.allows_sensitive_properties = allows,
        None => {}
    }
    let secondary = &custom.secondary_display_properties;
    let twice = secondary.len() == 2 && secondary[0] == secondary[1];
    if secondary.len() > SECONDARY_MAX || twice {
        return Err(ApiError::validation(format!(
            "secondaryDisplayProperties takes at most {SECONDARY_MAX} different properties"
        )));
    }
    let held = |name: &String| {
        object
            .properties
            .iter()
            .any(|p| p.name == *name && !p.archived)
    };
    if !held(&custom.primary_display_property) {
        return Err(ApiError::validation(format!(
            "Invalid primary display property {}",
            custom.primary_display_property
        ))
        .sub_category("ObjectSchemasSandboxesSyncErrorType.INVALID_PRIMARY_DISPLAY_PROPERTY"));
    }
    let lists = [
        ("secondaryDisplayProperties", secondary),
        ("requiredProperties", &custom.required_properties),
        ("searchableProperties", &custom.searchable_properties),
    ];
    for (field, names) in lists {
        if let Some(unknown) = names.iter().find(|name| !held(name)) {
            return Err(ApiError::validation(format!(
                "{field} names a property that the object does not have: {unknown}"
            )));
        }
    }
    Ok(())
}

/// The properties and the group that come with a new object, and those of the body.
fn metadata_of(
    target: &Target,
    name: &str,
    singular: &str,
    properties: &[Value],
    limit: usize,
) -> Result<ObjectMetadata, ApiError> {
    let group = format!("{name}_information");
    let mut object = ObjectMetadata {
        properties: common_properties(&group),
        groups: vec![PropertyGroup {
            name: group.clone(),
            label: format!("{singular} Information"),
            display_order: -1,
            archived: false,
        }],
        ..ObjectMetadata::default()
    };
    if properties.len() > limit {
        return Err(ApiError::validation(format!(
            "The limit of {limit} custom properties is reached"
        )));
    }
    for input in properties {
        let property = property_rules::draft(target, input, Some(&group), &object)?;
        if object
            .properties
            .iter()
            .any(|other| other.name == property.name)
        {
            return Err(ApiError::new(
                409,
                format!("A property named '{}' already exists.", property.name),
            )
            .category("OBJECT_ALREADY_EXISTS")
            .sub_category("Properties.PROPERTY_WITH_NAME_EXISTS"));
        }
        object.properties.push(property);
    }
    object.properties.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(object)
}

/// Takes a custom object and everything of it away.
fn purge(portal: &mut Portal, type_id: &str) {
    portal
        .custom_objects
        .retain(|custom| custom.object_type_id != type_id);
    empty(portal, type_id);
}

/// Takes an object's properties, pipelines and associations away.
fn empty(portal: &mut Portal, type_id: &str) {
    portal.objects.remove(type_id);
    let own = |kind: &&crate::model::AssociationType| kind.from == type_id || kind.to == type_id;
    let types: Vec<(u64, u64)> = portal
        .association_types
        .iter()
        .filter(own)
        .map(|kind| (kind.type_id, kind.inverse))
        .collect();
    for (type_id, inverse) in types {
        labels::remove(portal, type_id, inverse);
    }
}

/// `POST …/schemas`: 201. The name of an archived object makes a new one and purges the archived.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    body.require(&["name", "labels"])?;
    let name = name(body.filled("name")?)?.to_owned();
    if body
        .text("primaryDisplayProperty")?
        .is_none_or(str::is_empty)
    {
        return Err(
            ApiError::validation("A primary display property is required")
                .sub_category("ObjectSchemaError.PRIMARY_DISPLAY_PROPERTY_REQUIRED"),
        );
    }
    let portal = call.portal()?;
    let same = |custom: &&CustomObject| custom.name.eq_ignore_ascii_case(&name);
    let same: Vec<&CustomObject> = portal.custom_objects.iter().filter(same).collect();
    if same.iter().any(|custom| !custom.archived) {
        return Err(ApiError::new(409, format!("{name} already exists"))
            .category("OBJECT_ALREADY_EXISTS")
            .sub_category("InboundDbObjectTypeError.OBJECT_TYPE_ALREADY_EXIST"));
    }
    let limit = limits::custom_object_limit(portal);
    if portal.custom_objects.iter().filter(|c| !c.archived).count() >= limit {
        return Err(ApiError::validation(format!(
            "The limit of {limit} custom object types is reached"
        )));
    }
    let archived: Vec<String> = same.iter().map(|c| c.object_type_id.clone()).collect();
    let associated = body.texts("associatedObjects")?.unwrap_or_default();
    let mut associated = associated
        .iter()
        .map(|key| active_type(portal, key))
        .collect::<Result<Vec<_>, _>>()?;
    associated.sort_unstable();
    associated.dedup();
    let labels = labels_of(body, &(String::new(), String::new()))?;
    let mut rng = call.state.rng.clone();
    let id = loop {
        let id = rng.between(20_000_000, 90_000_000);
        let taken = |custom: &CustomObject| custom.id == id;
        if !call.portal()?.custom_objects.iter().any(taken) {
            break id;
        }
    };
    let target = Target {
        type_id: format!("2-{id}"),
        now: call.now,
        user: call.holder.as_ref().map_or(0, |holder| holder.user_id),
    };
    let portal = call.portal()?;
    let properties = body.list("properties")?.unwrap_or_default();
    let limit = limits::custom_property_limit(portal);
    let object = metadata_of(&target, &name, &labels.0, properties, limit)?;
    let at = Instant(target.now);
    let mut custom = CustomObject {
        id,
        object_type_id: target.type_id.clone(),
        fully_qualified_name: format!("p{}_{name}", portal.id),
        name,
        description: String::new(),
        labels,
        primary_display_property: String::new(),
        secondary_display_properties: Vec::new(),
        searchable_properties: Vec::new(),
        required_properties: Vec::new(),
        allows_sensitive_properties: false,
        archived: false,
        created_at: at,
        updated_at: at,
    };
    apply(&mut custom, body, &object)?;
    call.state.rng = rng;
    let portal = change(call)?;
    for type_id in archived {
        purge(portal, &type_id);
    }
    portal.objects.insert(target.type_id.clone(), object.into());
    portal.custom_objects.push(custom);
    for to in associated {
        let pair = Pair {
            from: target.type_id.clone(),
            to,
        };
        let name = free_name(portal, &pair);
        labels::add(portal, &pair, &name, None);
    }
    let id = portal.id;
    let schema_lag = call.state.switches.schema_lag;
    let lag = &mut call.state.lag;
    lag.hide_schema(id, &target.type_id, target.now, schema_lag);
    created(call.portal()?, &target.type_id)
}

fn position(portal: &Portal, key: &str, archived: bool) -> Option<usize> {
    let named = |custom: &CustomObject| {
        custom.archived == archived
            && (custom.object_type_id == key
                || custom.name.eq_ignore_ascii_case(key)
                || custom.fully_qualified_name.eq_ignore_ascii_case(key))
    };
    portal.custom_objects.iter().position(named)
}

fn active(call: &Call<'_>) -> Result<usize, ApiError> {
    let key = call.param("objectType");
    position(call.portal()?, key, false)
        .ok_or_else(|| ApiError::new(400, format!("Unable to infer object type from: {key}")))
}

/// `PATCH …/schemas/{objectType}`: 200 with the definition, which has no properties and no associations.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    let at = active(call)?;
    let portal = call.portal()?;
    let mut custom = portal.custom_objects[at].clone();
    let none = ObjectMetadata::default();
    let object = portal
        .objects
        .get(&custom.object_type_id)
        .map_or(&none, |o| &**o);
    apply(&mut custom, body, object)?;
    custom.updated_at = Instant(call.now);
    let answer = definition(portal.id, &custom);
    change(call)?.custom_objects[at] = custom;
    Ok(Response::json(200, &answer))
}

/// `ObjectTypeDefinition`.
fn definition(portal: u64, custom: &CustomObject) -> Value {
    json!({
        "id": custom.id.to_string(),
        "objectTypeId": custom.object_type_id,
        "name": custom.name,
        "fullyQualifiedName": custom.fully_qualified_name,
        "portalId": portal,
        "labels": { "singular": custom.labels.0, "plural": custom.labels.1 },
        "description": custom.description,
        "primaryDisplayProperty": custom.primary_display_property,
        "secondaryDisplayProperties": custom.secondary_display_properties,
        "requiredProperties": custom.required_properties,
        "searchableProperties": custom.searchable_properties,
        "allowsSensitiveProperties": custom.allows_sensitive_properties,
        "archived": custom.archived,
        "createdAt": custom.created_at,
        "updatedAt": custom.updated_at,
    })
}

/// `DELETE …/schemas/{objectType}`: 204. Archives an object without records; `?archived=true` purges an archived one.
/// No API restores it, so its properties and associations go at once.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    if flag(&call.query, "archived", false) {
        let at = position(call.portal()?, call.param("objectType"), true)
            .ok_or_else(|| ApiError::validation("Couldn't find soft-deleted object type(s)"))?;
        let type_id = call.portal()?.custom_objects[at].object_type_id.clone();
        purge(change(call)?, &type_id);
        return Ok(Response::empty(204));
    }
    let at = active(call)?;
    let portal = call.portal()?;
    let type_id = portal.custom_objects[at].object_type_id.clone();
    if portal
        .objects
        .get(&type_id)
        .is_some_and(|object| object.record_count > 0)
    {
        return Err(ApiError::validation(format!(
            "Object type {type_id} cannot be deleted until all object records are deleted"
        ))
        .sub_category("ObjectSchemaError.EXISTING_OBJECT_RECORDS"));
    }
    let now = Instant(call.now);
    let portal = change(call)?;
    let custom = &mut portal.custom_objects[at];
    custom.archived = true;
    custom.updated_at = now;
    empty(portal, &type_id);
    Ok(Response::empty(204))
}
