//! Owns changes of a portal's metadata as its users make them in HubSpot's settings (platform 11, row 15).

use serde_json::json;

use super::{Act, Action, Done, action};
use crate::control::args::{Field, Kind, may, need};
use crate::control::problem::Problem;
use crate::hubspot::object_types;
use crate::model::{AssociationType, List, ModificationMetadata, ObjectMetadata, Portal, Property};
use crate::shared::Shared;
use crate::time::Instant;

const PORTAL: Field = need("portal", Kind::Portal, "the portal");
const TYPE: Field = need("objectType", Kind::Text, "name, id or fully qualified name");

#[rustfmt::skip]
pub(super) const ACTIONS: &[Action] = &[
    action("add-property", "Adds a property to an object type.", &[
        PORTAL, TYPE, need("name", Kind::Text, "internal name"), need("label", Kind::Text, "its label"),
        may("type", Kind::OneOf(&["string", "number", "date", "datetime", "bool"]), "string if left out"),
        may("group", Kind::Text, "the group's name; the type's first if left out"),
    ], add_property),
    action("rename-property", "Gives a property another label.", &[
        PORTAL, TYPE, need("name", Kind::Text, "internal name"), need("label", Kind::Text, "its new label"),
    ], rename_property),
    action("archive-property", "Archives a property: only archived=true still lists it.", &[
        PORTAL, TYPE, need("name", Kind::Text, "internal name"),
    ], archive_property),
    action("remove-property", "Removes a property without a trace.", &[
        PORTAL, TYPE, need("name", Kind::Text, "internal name"),
    ], remove_property),
    action("rename-stage", "Gives a stage of a pipeline another label.", &[
        PORTAL, TYPE, need("pipeline", Kind::Text, "its id"), need("stage", Kind::Text, "its id"), need("label", Kind::Text, "its new label"),
    ], rename_stage),
    action("add-label", "Adds an association label between two object types, in both directions.", &[
        PORTAL, need("from", Kind::Text, "object type"), need("to", Kind::Text, "object type"), need("label", Kind::Text, "the label"),
    ], add_label),
    action("add-list", "Adds a manual list.", &[
        PORTAL, TYPE, need("name", Kind::Text, "its name"),
    ], add_list),
    action("deactivate-owner", "Deactivates an owner: archived, without user id.", &[
        PORTAL, need("owner", Kind::Text, "owner id"),
    ], deactivate_owner),
];

/// The id of an object type by any of its names.
fn type_id(portal: &Portal, key: &str) -> Result<String, Problem> {
    object_types::resolve(portal, key)
        .map(|kind| kind.id().to_owned())
        .ok_or_else(|| Problem::missing(format!("There is no object type {key:?} in this portal.")))
}

/// The metadata of the type in the field `objectType`.
fn of_type<'a>(act: &'a mut Act<'_>) -> Result<&'a mut ObjectMetadata, Problem> {
    let key = act.args.needed("objectType").to_owned();
    let portal: &mut Shared<Portal> = act.portal()?;
    let id = type_id(portal, &key)?;
    Ok(portal.objects.entry(id).or_default())
}

fn property<'a>(act: &'a mut Act<'_>) -> Result<&'a mut Property, Problem> {
    let (name, now) = (act.args.needed("name").to_owned(), act.now);
    let found = of_type(act)?.properties.iter_mut().find(|p| p.name == name);
    let property =
        found.ok_or_else(|| Problem::missing(format!("The type has no property {name:?}.")))?;
    property.updated_at = Instant(now);
    Ok(property)
}

fn add_property(act: &mut Act<'_>) -> Done {
    let (args, now) = (act.args, Instant(act.now));
    let (name, label) = (
        args.needed("name").to_owned(),
        args.needed("label").to_owned(),
    );
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(fits) {
        return Err(Problem::invalid(
            "name takes small letters, digits and _, a letter first.",
        ));
    }
    let (kind, field_type) = match args.text("type").unwrap_or("string") {
        "number" => ("number", "number"),
        "date" => ("date", "date"),
        "datetime" => ("datetime", "date"),
        "bool" => ("bool", "booleancheckbox"),
        _ => ("string", "text"),
    };
    let author = act.portal()?.installer.user_id.to_string();
    let metadata = of_type(act)?;
    if metadata.properties.iter().any(|p| p.name == name) {
        return Err(Problem::conflict(format!(
            "The type has a property {name:?} already."
        )));
    }
    let group = match args.text("group") {
        Some(group) if metadata.groups.iter().any(|g| g.name == group) => group.to_owned(),
        Some(group) => {
            return Err(Problem::missing(format!(
                "The type has no group {group:?}."
            )));
        }
        None => metadata
            .groups
            .first()
            .map(|g| g.name.clone())
            .unwrap_or_default(),
    };
    metadata.properties.push(Property {
        name: name.clone(),
        label,
        kind,
        field_type,
        group_name: group,
        description: String::new(),
        options: Vec::new(),
        display_order: -1,
        calculated: false,
        calculation_formula: None,
        external_options: false,
        referenced_object_type: None,
        has_unique_value: false,
        hidden: false,
        hubspot_defined: false,
        form_field: true,
        data_sensitivity: "non_sensitive",
        number_display_hint: (kind == "number").then_some("formatted"),
        show_currency_symbol: (kind == "number").then_some(false),
        currency_property_name: None,
        text_display_hint: None,
        date_display_hint: None,
        sensitive_data_categories: Vec::new(),
        modification_metadata: ModificationMetadata {
            archivable: true,
            read_only_definition: false,
            read_only_value: false,
            read_only_options: None,
        },
        created_at: now,
        updated_at: now,
        created_user_id: Some(author.clone()),
        updated_user_id: Some(author),
        archived: false,
        archived_at: None,
    });
    Ok(json!({ "name": name }))
}

fn rename_property(act: &mut Act<'_>) -> Done {
    let label = act.args.needed("label").to_owned();
    property(act)?.label.clone_from(&label);
    Ok(json!({ "label": label }))
}

fn archive_property(act: &mut Act<'_>) -> Done {
    let now = Instant(act.now);
    let property = property(act)?;
    property.archived = true;
    property.archived_at = Some(now);
    Ok(json!({ "archived": property.name }))
}

fn remove_property(act: &mut Act<'_>) -> Done {
    let name = property(act)?.name.clone();
    of_type(act)?.properties.retain(|p| p.name != name);
    Ok(json!({ "removed": name }))
}

fn rename_stage(act: &mut Act<'_>) -> Done {
    let (args, now) = (act.args, Instant(act.now));
    let (pipeline, stage) = (args.needed("pipeline"), args.needed("stage"));
    let found = of_type(act)?
        .pipelines
        .iter_mut()
        .find(|p| p.id == pipeline);
    let pipeline =
        found.ok_or_else(|| Problem::missing(format!("The type has no pipeline {pipeline:?}.")))?;
    let found = pipeline.stages.iter_mut().find(|s| s.id == stage);
    let stage =
        found.ok_or_else(|| Problem::missing(format!("The pipeline has no stage {stage:?}.")))?;
    args.needed("label").clone_into(&mut stage.label);
    stage.updated_at = now;
    pipeline.updated_at = now;
    Ok(json!({ "label": args.needed("label") }))
}

fn add_label(act: &mut Act<'_>) -> Done {
    let (from, to) = (
        act.args.needed("from").to_owned(),
        act.args.needed("to").to_owned(),
    );
    let label = act.args.needed("label").to_owned();
    let portal = act.portal()?;
    let (from, to) = (type_id(portal, &from)?, type_id(portal, &to)?);
    let used = portal
        .association_types
        .iter()
        .filter(|t| t.category == "USER_DEFINED");
    let next = used.map(|t| t.type_id).max().unwrap_or(0) + 1;
    // A type with itself has one direction.
    let other = if from == to { next } else { next + 1 };
    let pairs = [
        (from.clone(), to.clone(), next, other),
        (to, from, other, next),
    ];
    let count = if other == next { 1 } else { 2 };
    for (from, to, type_id, inverse) in pairs.into_iter().take(count) {
        portal.association_types.push(AssociationType {
            from,
            to,
            category: "USER_DEFINED",
            type_id,
            inverse,
            label: Some(label.clone()),
            name: None,
        });
    }
    Ok(json!({ "typeId": next, "label": label }))
}

fn add_list(act: &mut Act<'_>) -> Done {
    let (key, name) = (
        act.args.needed("objectType").to_owned(),
        act.args.needed("name").to_owned(),
    );
    let now = Instant(act.now);
    let portal = act.portal()?;
    let object_type_id = type_id(portal, &key)?;
    let used = portal
        .lists
        .iter()
        .filter_map(|list| list.id.parse::<u64>().ok());
    let id = (used.max().unwrap_or(0) + 1).to_string();
    portal.lists.push(List {
        id: id.clone(),
        version: 1,
        name,
        object_type_id,
        processing_type: "MANUAL",
        size: 0,
        folder_id: 0,
        created_at: now,
        updated_at: now,
        filter_branch: None,
    });
    Ok(json!({ "listId": id }))
}

fn deactivate_owner(act: &mut Act<'_>) -> Done {
    let (id, now) = (act.args.needed("owner").to_owned(), Instant(act.now));
    let found = act.portal()?.owners.iter_mut().find(|owner| owner.id == id);
    let owner =
        found.ok_or_else(|| Problem::missing(format!("The portal has no owner {id:?}.")))?;
    owner.archived = true;
    owner.user_id = None;
    owner.updated_at = now;
    Ok(json!({ "owner": id }))
}
