//! Owns what surrounds a pipeline: one stage, the audit of pipelines and stages, the rules beta (platform 6.2).

use serde_json::{Value, json};

use super::page::whole;
use super::properties::object;
use crate::error::ApiError;
use crate::http::Response;
use crate::model::{Collection, Pipeline, Stage};
use crate::router::{Answer, Call};
use crate::time::Instant;

fn pipeline<'a>(call: &'a Call<'_>) -> Result<(String, &'a Pipeline), ApiError> {
    let key = match call.param("objectType") {
        "" => call.param("objectTypeId"),
        key => key,
    };
    let (kind, metadata) = object(call.portal()?, key)?;
    let id = call.param("pipelineId");
    let found = metadata.pipelines.iter().find(|pipeline| pipeline.id == id);
    found
        .map(|pipeline| (kind.id().to_owned(), pipeline))
        .ok_or_else(|| ApiError::not_found(format!("Pipeline {id} does not exist")))
}

fn find<'a>(call: &'a Call<'_>) -> Result<&'a Stage, ApiError> {
    let (_, pipeline) = pipeline(call)?;
    let id = call.param("stageId");
    pipeline
        .stages
        .iter()
        .find(|stage| stage.id == id)
        .ok_or_else(|| ApiError::not_found(format!("Pipeline stage {id} does not exist")))
}

/// `GET …/{objectType}/{pipelineId}/stages/{stageId}`.
pub(crate) fn stage(call: &mut Call<'_>) -> Answer {
    find(call).map(|stage| Response::json(200, stage))
}

/// What is known of the past of one pipeline or stage, newest first: the changes that calls made, and of what is older
/// than any call its making and its last change.
fn audit(call: &Call<'_>, id: &str, made: Instant, changed: Instant, now: &Value) -> Answer {
    let portal = call.portal()?;
    let (kind, _) = object(portal, call.param("objectType"))?;
    let written = portal
        .pipeline_audit
        .iter()
        .rev()
        .filter(|row| row["identifier"] == id && row["rawObject"]["objectTypeId"] == kind.id());
    let written: Vec<Value> = written.cloned().collect();
    let entry = |action: &str, at: Instant| {
        json!({
            "identifier": id,
            "portalId": portal.id,
            "action": action,
            "timestamp": at,
            "fromUserId": portal.installer.user_id,
            "message": format!("{action} by API or settings"),
            "rawObject": now,
        })
    };
    let mut entries = written;
    if entries.last().is_none_or(|row| row["action"] != "CREATE") {
        if entries.is_empty() && changed > made {
            entries.push(entry("UPDATE", changed));
        }
        entries.push(entry("CREATE", made));
    }
    whole(&entries)
}

/// `GET …/{objectType}/{pipelineId}/audit`.
pub(crate) fn pipeline_audit(call: &mut Call<'_>) -> Answer {
    let (_, pipeline) = pipeline(call)?;
    let raw = json!({ "id": pipeline.id, "label": pipeline.label, "displayOrder": pipeline.display_order });
    audit(
        call,
        &pipeline.id,
        pipeline.created_at,
        pipeline.updated_at,
        &raw,
    )
}

/// `GET …/{objectType}/{pipelineId}/stages/{stageId}/audit`.
pub(crate) fn stage_audit(call: &mut Call<'_>) -> Answer {
    let stage = find(call)?;
    let raw = json!({ "id": stage.id, "label": stage.label, "metadata": stage.metadata });
    audit(call, &stage.id, stage.created_at, stage.updated_at, &raw)
}

/// `GET /crm/pipelines-rules/2026-09-beta/{objectTypeId}/{pipelineId}`: where nobody set a rule, none is on.
pub(crate) fn rules(call: &mut Call<'_>) -> Answer {
    let (object_type_id, pipeline) = pipeline(call)?;
    let all = call.portal()?.collection(Collection::PipelineRules);
    let set = all.iter().find(|rule| {
        rule.has("objectTypeId", &object_type_id) && rule.has("pipelineId", &pipeline.id)
    });
    let off = json!({ "enabledForAllStages": false, "pipelineStageIds": [] });
    let rules = set.and_then(|rule| rule.member("governanceValidationRules"));
    Ok(Response::json(
        200,
        &json!({
            "objectTypeId": object_type_id,
            "pipelineId": pipeline.id,
            "governanceValidationRules": rules.unwrap_or_else(|| json!({
                "noBackwardsMovementRule": off,
                "noSkippingStagesRule": off,
                "objectCreationRule": { "pipelineStageIds": [] },
            })),
            "approvalStages": [],
        }),
    ))
}
