//! Owns changes of single stages (platform 6.2, write side).

use serde_json::{Value, json};

use super::body::Body;
use super::pipelines::{all, checks_references, missing, position, refuse_in_use};
use super::stage_rules::{Sent, draft, echo, free_label, fresh_id, metadata, order, place, whole};
use super::{Target, audit, change, target};
use crate::error::ApiError;
use crate::http::Response;
use crate::hubspot::page::json_body;
use crate::model::{Pipeline, Portal, Stage};
use crate::router::{Answer, Call};
use crate::time::Instant;

fn unknown(id: &str) -> ApiError {
    ApiError::not_found(format!("Stage {id} does not exist"))
}

/// Stores the pipeline with its changed stages.
fn store(
    call: &mut Call<'_>,
    target: &Target,
    at: usize,
    mut pipeline: Pipeline,
    action: &str,
    stage: &Stage,
) -> Result<(), ApiError> {
    pipeline.updated_at = Instant(target.now);
    let portal = change(call)?;
    audit::record(portal, target, action, &stage.id, stage);
    if let Some(object) = portal.objects.get_mut(&target.type_id) {
        object.pipelines[at] = pipeline;
    }
    Ok(())
}

fn pipeline_of(call: &Call<'_>, target: &Target) -> Result<Option<(usize, Pipeline)>, ApiError> {
    let portal = call.portal()?;
    let at = position(portal, target, call.param("pipelineId"));
    Ok(at.map(|at| (at, portal.objects[&target.type_id].pipelines[at].clone())))
}

/// The pipeline and the stage in the path.
fn found(call: &Call<'_>, target: &Target) -> Result<(usize, Pipeline, usize), ApiError> {
    let (at, pipeline) =
        pipeline_of(call, target)?.ok_or_else(|| missing(call.param("pipelineId")))?;
    let id = call.param("stageId");
    let stage = pipeline.stages.iter().position(|stage| stage.id == id);
    let stage = stage.ok_or_else(|| unknown(id))?;
    Ok((at, pipeline, stage))
}

fn taken(portal: &Portal, target: &Target, id: &str) -> bool {
    let mut pipelines = portal.objects[&target.type_id].pipelines.iter();
    pipelines.any(|pipeline| pipeline.stages.iter().any(|stage| stage.id == id))
}

/// `POST …/{pipelineId}/stages`: 201.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    let (at, mut pipeline) =
        pipeline_of(call, &target)?.ok_or_else(|| missing(call.param("pipelineId")))?;
    let mut rng = call.state.rng.clone();
    let fresh = fresh_id(&mut rng, all(call.portal()?));
    let stage = draft(&target, &value, &fresh)?;
    if taken(call.portal()?, &target, &stage.id) {
        return Err(ApiError::new(
            400,
            format!(
                "An existing active stage is already using stage id {}",
                stage.id
            ),
        ));
    }
    free_label(&pipeline.stages, &stage.id, &stage.label)?;
    let id = stage.id.clone();
    place(&mut pipeline.stages, stage);
    whole(&target.type_id, &pipeline.id, &pipeline.stages)?;
    call.state.rng = rng;
    let placed = stage_named(&pipeline, &id)?;
    store(call, &target, at, pipeline, "CREATE", &placed)?;
    Ok(Response::json(201, &echo(&placed, body.get("metadata"))))
}

fn stage_named(pipeline: &Pipeline, id: &str) -> Result<Stage, ApiError> {
    let stage = pipeline.stages.iter().find(|stage| stage.id == id);
    stage.cloned().ok_or_else(|| unknown(id))
}

/// The change that `PATCH` and `PUT` share: what is sent replaces what is there, metadata key by key.
fn write(call: &mut Call<'_>, target: &Target, body: Body<'_>) -> Answer {
    let (at, mut pipeline, index) = found(call, target)?;
    let mut stage = pipeline.stages[index].clone();
    let before = stage.metadata.clone();
    if body.get("label").is_some() {
        let label = body.filled("label")?;
        free_label(&pipeline.stages, &stage.id, label)?;
        label.clone_into(&mut stage.label);
    }
    let sent = body.get("metadata");
    stage.metadata = metadata(&target.type_id, sent, &stage.metadata)?;
    stage.updated_at = Instant(target.now);
    let moved = order(body)?.filter(|order| *order != stage.display_order);
    if let Some(order) = moved {
        pipeline.stages.remove(index);
        stage.display_order = order;
        place(&mut pipeline.stages, stage.clone());
    } else {
        pipeline.stages[index] = stage.clone();
    }
    whole(&target.type_id, &pipeline.id, &pipeline.stages)?;
    let placed = stage_named(&pipeline, &stage.id)?;
    store(call, target, at, pipeline, "UPDATE", &placed)?;
    // The answer shows what was stored before under what was sent; only a read shows what is stored now.
    let shown = Stage {
        metadata: before,
        ..placed
    };
    Ok(Response::json(200, &echo(&shown, sent)))
}

/// `PATCH …/stages/{stageId}`: 200; changes only what is sent.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    if body.flag("archived")? == Some(true) {
        return Err(ApiError::validation(
            "archived is only for restoring; use DELETE to remove a stage",
        ));
    }
    write(call, &target, body)
}

/// `PUT …/stages/{stageId}`: 200; label and order must be sent.
pub(crate) fn replace(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let value = json_body(call)?;
    let body = Body::of(&value)?;
    body.require(&["label", "displayOrder"])?;
    write(call, &target, body)
}

/// `DELETE …/stages/{stageId}`: 204, also for a stage that is not there; the stage is gone for good.
pub(crate) fn delete(call: &mut Call<'_>) -> Answer {
    let target = target(call, "objectType")?;
    let Ok((at, mut pipeline, index)) = found(call, &target) else {
        return Ok(Response::empty(204));
    };
    if checks_references(call) {
        refuse_in_use(call.portal()?, &target, &pipeline.stages[index..=index])?;
    }
    let stage = pipeline.stages.remove(index);
    whole(&target.type_id, &pipeline.id, &pipeline.stages)?;
    store(call, &target, at, pipeline, "DELETE", &stage)?;
    Ok(Response::empty(204))
}

/// The stages of an answer to a write, each with the metadata that was sent for it.
pub(super) fn echo_all(pipeline: &Pipeline, sent: &[Sent]) -> Value {
    let stages = pipeline.stages.iter().map(|stage| {
        let sent = sent.iter().find(|(id, _)| *id == stage.id);
        echo(stage, sent.and_then(|(_, metadata)| metadata.as_ref()))
    });
    let stages: Vec<Value> = stages.collect();
    let mut answer = json!(pipeline);
    answer["stages"] = json!(stages);
    answer
}
