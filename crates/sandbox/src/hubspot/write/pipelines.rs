//! Owns changes of whole pipelines (platform 6.2, write side; 9.2). What a stage must satisfy is `stage_rules.rs`.

use serde_json::{Value, json};

use super::body::Body;
use super::stage_rules::{Sent, draft, fresh_id, given_id, place, whole};
use super::stages::echo_all;
use super::{Target, audit, change, object_of, same_label, target};
use crate::error::ApiError;
use crate::http::Response;
use crate::hubspot::limits;
use crate::hubspot::page::{flag, json_body};
use crate::model::{ModificationMetadata, Pipeline, Portal, Property, Stage};
use crate::records;
use crate::router::{Answer, Call};
use crate::time::Instant;

/// Longest id of a pipeline that HubSpot takes; a longer one ends in a 500.
const PIPELINE_ID_MAX: usize = 36;
/// HubSpot's types that may have pipelines of the portal's own; custom objects may too.
const WITH_PIPELINES: [&str; 8] = [
    "0-3", "0-5", "0-123", "0-136", "0-162", "0-410", "0-420", "0-421",
];
/// Types among which a pipeline's id is unique.
const SHARED_IDS: [&str; 2] = ["0-3", "0-5"];

/// Every pipeline of the portal.
pub(super) fn all(portal: &Portal) -> impl Iterator<Item = &Pipeline> + Clone {
    portal.objects.values().flat_map(|object| &object.pipelines)
}

/// 404 of a pipeline.
pub(super) fn missing(id: &str) -> ApiError {
    ApiError::not_found(format!("Pipeline {id} does not exist"))
}

/// Where a pipeline stands in its type's list.
pub(super) fn position(portal: &Portal, target: &Target, id: &str) -> Option<usize> {
    let pipelines = &portal.objects.get(&target.type_id)?.pipelines;
    pipelines.iter().position(|pipeline| pipeline.id == id)
}

/// Whether a delete asks first where the stages are used: on v3 paths when a flag says so, on dated ones always,
/// unless `honour_delete_flags` lets a flag forbid it.
pub(super) fn checks_references(call: &Call<'_>) -> bool {
    const FLAGS: [&str; 2] = [
        "validateReferencesBeforeDelete",
        "validateDealStageUsagesBeforeDelete",
    ];
    if !call.request.path.contains("/pipelines/20") {
        return FLAGS.iter().any(|name| flag(&call.query, name, false));
    }
    !call.state.switches.honour_delete_flags
        || FLAGS.iter().all(|name| flag(&call.query, name, true))
}

/// Refuses if records stand in one of the stages.
pub(super) fn refuse_in_use(
    portal: &Portal,
    target: &Target,
    stages: &[Stage],
) -> Result<(), ApiError> {
    let (mut used, mut ids) = (Vec::new(), Vec::new());
    for stage in stages {
        let held = records::uses_stage(portal, &target.type_id, &stage.id);
        if !held.is_empty() {
            used.push(stage.id.as_str());
            ids.extend(held.iter().map(u64::to_string));
        }
    }
    if used.is_empty() {
        return Ok(());
    }
    let (stages, objects) = (
        format!("[{}]", used.join(", ")),
        format!("[{}]", ids.join(", ")),
    );
    Err(ApiError::validation(format!(
        "Stage IDs: {stages} are being referenced by object IDs: {objects}"
    ))
    .sub_category("PipelineError.STAGE_ID_IN_USE")
    .context(json!({ "stageIds": [stages], "objectIds": [objects] })))
}

fn free_label(pipelines: &[Pipeline], id: &str, label: &str) -> Result<(), ApiError> {
    let taken = |p: &&Pipeline| p.id != id && !p.archived && same_label(&p.label, label);
    match pipelines.iter().find(taken) {
        Some(other) => Err(ApiError::validation(format!(
            "An active pipeline with label {} already exists",
            other.label
        ))),
        None => Ok(()),
    }
}

fn room_for_one_more(portal: &Portal, target: &Target) -> Result<(), ApiError> {
    let custom = target.type_id.starts_with("2-");
    if !custom && !WITH_PIPELINES.contains(&target.type_id.as_str()) {
        return Err(ApiError::validation(format!(
            "Object type {} does not support pipelines",
            target.type_id
        )));
    }
    let (limit, custom_limit) = limits::pipeline_limits(portal);
    let active = |pipelines: &[Pipeline]| pipelines.iter().filter(|p| !p.archived).count();
    let (usage, limit) = if custom {
        let objects = portal.objects.iter().filter(|(id, _)| id.starts_with("2-"));
        let usage = objects.map(|(_, object)| active(&object.pipelines)).sum();
        (usage, custom_limit)
    } else {
        (active(&object_of(portal, target)?.pipelines), limit)
    };
    if usage >= limit {
        return Err(ApiError::validation(format!(
            "The limit of {limit} pipelines of object type {} is reached",
            target.type_id
        )));
    }
    Ok(())
}

/// The 409 of an id that another pipeline has.
fn taken_elsewhere(stages: &[&str]) -> ApiError {
    let stages = format!("[{}]", stages.join(", "));
    ApiError::new(
        409,
        format!("Stage IDs {stages} already exist in another pipeline"),
    )
    .category("CONFLICT")
    .sub_category("PipelineError.STAGE_ID_EXISTS_IN_ANOTHER_PIPELINE")
    .context(json!({ "stageIds": [stages] }))
}

/// The stages of a body in their places, and the metadata sent for each. `kept` keep what the body does not say.
fn stages_of(
    call: &mut Call<'_>,
    target: &Target,
    pipeline_id: &str,
    inputs: &[Value],
    kept: &[Stage],
) -> Result<(Vec<Stage>, Vec<Sent>), ApiError> {
    let mut rng = call.state.rng.clone();
    let portal = call.portal()?;
    let others: Vec<&str> = object_of(portal, target)?
        .pipelines
        .iter()
        .filter(|pipeline| pipeline.id != pipeline_id)
        .flat_map(|pipeline| pipeline.stages.iter().map(|stage| stage.id.as_str()))
        .collect();
    let (mut stages, mut sent): (Vec<Stage>, Vec<_>) = (Vec::new(), Vec::new());
    for input in inputs {
        let fresh = fresh_id(&mut rng, all(portal));
        let mut stage = draft(target, input, &fresh)?;
        if others.contains(&stage.id.as_str()) {
            return Err(taken_elsewhere(&[&stage.id]));
        }
        if stages.iter().any(|other| other.id == stage.id) {
            return Err(ApiError::validation(format!(
                "Stage id {} is given twice",
                stage.id
            )));
        }
        if stages
            .iter()
            .any(|other| same_label(&other.label, &stage.label))
        {
            return Err(ApiError::validation(format!(
                "Stage labels must be unique within a pipeline: {}",
                stage.label
            )));
        }
        if let Some(old) = kept.iter().find(|old| old.id == stage.id) {
            stage.created_at = old.created_at;
            stage.write_permissions = old.write_permissions;
        }
        sent.push((stage.id.clone(), input.get("metadata").cloned()));
        place(&mut stages, stage);
    }
    whole(&target.type_id, pipeline_id, &stages)?;
    call.state.rng = rng;
    Ok((stages, sent))
}

/// `POST …/{objectType}`: 201. Ids that are sent are taken as they are; others are numbers.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    body.require(&["label", "displayOrder"])?;
    let label = body.filled("label")?.to_owned();
    let display_order = body.integer("displayOrder")?.unwrap_or(0);
    let given = given_id(body, "pipelineId", PIPELINE_ID_MAX)?;
    let inputs = body.list("stages")?.unwrap_or_default();
    let portal = call.portal()?;
    room_for_one_more(portal, &target)?;
    free_label(&object_of(portal, &target)?.pipelines, "", &label)?;
    if let Some(id) = given {
        if position(portal, &target, id).is_some() {
            return Err(ApiError::validation(format!(
                "There's another pipeline with pipelineId {id}"
            )));
        }
        let shares = |type_id: &str| SHARED_IDS.contains(&type_id);
        let held = portal.objects.iter().any(|(type_id, object)| {
            shares(type_id) && object.pipelines.iter().any(|pipeline| pipeline.id == id)
        });
        if held && shares(&target.type_id) {
            return Err(taken_elsewhere(&[]));
        }
    }
    let mut rng = call.state.rng.clone();
    let id = match given {
        Some(id) => id.to_owned(),
        None => fresh_id(&mut rng, all(call.portal()?)),
    };
    call.state.rng = rng;
    let (stages, sent) = stages_of(call, &target, &id, inputs, &[])?;
    let at = Instant(target.now);
    let pipeline = Pipeline {
        id,
        label,
        display_order,
        stages,
        created_at: at,
        updated_at: at,
        archived: false,
    };
    let answer = echo_all(&pipeline, &sent);
    let portal = change(call)?;
    audit::record(portal, &target, "CREATE", &pipeline.id, &pipeline);
    let object = portal.objects.entry(target.type_id.clone()).or_default();
    if target.type_id.starts_with("2-") {
        stage_properties(&target, &mut object.properties);
    }
    object.pipelines.push(pipeline);
    Ok(Response::json(201, &answer))
}

/// The first pipeline of a custom object brings the two properties that say where a record stands.
fn stage_properties(target: &Target, properties: &mut Vec<Property>) {
    for (name, label) in [
        ("hs_pipeline", "Pipeline"),
        ("hs_pipeline_stage", "Pipeline stage"),
    ] {
        let at = properties.partition_point(|property| property.name.as_str() < name);
        let there = properties.get(at).is_some_and(|p| p.name == name);
        let like = properties.iter().find(|p| p.name == "hs_object_id");
        let Some(like) = like.cloned() else {
            continue;
        };
        if there {
            continue;
        }
        let at_now = Instant(target.now);
        let property = Property {
            name: name.to_owned(),
            label: label.to_owned(),
            kind: "enumeration",
            field_type: "select",
            external_options: true,
            number_display_hint: None,
            text_display_hint: None,
            show_currency_symbol: None,
            has_unique_value: false,
            hidden: false,
            created_at: at_now,
            updated_at: at_now,
            modification_metadata: ModificationMetadata {
                archivable: false,
                read_only_definition: true,
                read_only_value: false,
                read_only_options: Some(true),
            },
            ..like
        };
        properties.insert(at, property);
    }
}

fn found(call: &Call<'_>, target: &Target) -> Result<(usize, Pipeline), ApiError> {
    let portal = call.portal()?;
    let id = call.param("pipelineId");
    let at = position(portal, target, id).ok_or_else(|| missing(id))?;
    Ok((at, portal.objects[&target.type_id].pipelines[at].clone()))
}

fn store(
    call: &mut Call<'_>,
    target: &Target,
    at: usize,
    pipeline: Pipeline,
) -> Result<(), ApiError> {
    let portal = change(call)?;
    audit::record(portal, target, "UPDATE", &pipeline.id, &pipeline);
    if let Some(object) = portal.objects.get_mut(&target.type_id) {
        object.pipelines[at] = pipeline;
    }
    Ok(())
}

/// `PATCH …/{objectType}/{pipelineId}`: 200; label and order. `archived: false` restores an archived pipeline.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    let (at, mut pipeline) = found(call, &target)?;
    match body.flag("archived")? {
        Some(false) if pipeline.archived => {
            room_for_one_more(call.portal()?, &target)?;
            pipeline.archived = false;
        }
        Some(_) => {
            return Err(ApiError::validation(
                "archived should only be provided when restoring an archived pipeline",
            ));
        }
        None if pipeline.archived => return Err(missing(&pipeline.id)),
        None => {}
    }
    if body.get("label").is_some() {
        body.filled("label")?.clone_into(&mut pipeline.label);
    }
    let others = &object_of(call.portal()?, &target)?.pipelines;
    free_label(others, &pipeline.id, &pipeline.label)?;
    if let Some(order) = body.integer("displayOrder")? {
        pipeline.display_order = order;
    }
    pipeline.updated_at = Instant(target.now);
    for stage in &mut pipeline.stages {
        stage.updated_at = pipeline.updated_at;
    }
    let answer = Response::json(200, &pipeline);
    store(call, &target, at, pipeline)?;
    Ok(answer)
}

/// `PUT …/{objectType}/{pipelineId}`: 200. Stages named by `stageId` are kept, others are new, and those left out go.
pub(crate) fn replace(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    body.require(&["label", "displayOrder", "stages"])?;
    let (at, mut pipeline) = found(call, &target)?;
    let label = body.filled("label")?;
    let others = &object_of(call.portal()?, &target)?.pipelines;
    free_label(others, &pipeline.id, label)?;
    label.clone_into(&mut pipeline.label);
    pipeline.display_order = body.integer("displayOrder")?.unwrap_or(0);
    let inputs = body.list("stages")?.unwrap_or_default();
    let (stages, sent) = stages_of(call, &target, &pipeline.id, inputs, &pipeline.stages)?;
    if checks_references(call) {
        let mut dropped = pipeline.stages.clone();
        dropped.retain(|old| !stages.iter().any(|stage| stage.id == old.id));
        refuse_in_use(call.portal()?, &target, &dropped)?;
    }
    pipeline.stages = stages;
    pipeline.updated_at = Instant(target.now);
    let answer = echo_all(&pipeline, &sent);
    store(call, &target, at, pipeline)?;
    Ok(Response::json(200, &answer))
}

/// `DELETE …/{objectType}/{pipelineId}`: 204; HubSpot keeps no archive of pipelines.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let (at, pipeline) = found(call, &target)?;
    if checks_references(call) {
        refuse_in_use(call.portal()?, &target, &pipeline.stages)?;
    }
    let portal = change(call)?;
    audit::record(portal, &target, "DELETE", &pipeline.id, &pipeline);
    if let Some(object) = portal.objects.get_mut(&target.type_id) {
        object.pipelines.remove(at);
    }
    Ok(Response::empty(204))
}
