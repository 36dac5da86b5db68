//! Owns pipelines and stages (platform 6.2).

use super::page::{flag, whole};
use super::properties::object;
use crate::error::ApiError;
use crate::http::Response;
use crate::model::Pipeline;
use crate::router::{Answer, Call};

/// `GET …/{objectType}`: stages embedded; types without pipelines answer an empty set.
pub(crate) fn list(call: &mut Call<'_>) -> Answer {
    let (_, metadata) = object(call.portal()?, call.param("objectType"))?;
    let archived = flag(&call.query, "archived", false);
    let found: Vec<&Pipeline> = metadata
        .pipelines
        .iter()
        .filter(|p| p.archived == archived)
        .collect();
    whole(&found)
}

fn find<'a>(call: &'a Call<'_>) -> Result<&'a Pipeline, ApiError> {
    let (_, metadata) = object(call.portal()?, call.param("objectType"))?;
    let id = call.param("pipelineId");
    metadata
        .pipelines
        .iter()
        .find(|pipeline| pipeline.id == id)
        .ok_or_else(|| ApiError::not_found(format!("Pipeline {id} does not exist")))
}

/// `GET …/{objectType}/{pipelineId}`.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    find(call).map(|pipeline| Response::json(200, pipeline))
}

/// `GET …/{objectType}/{pipelineId}/stages`.
pub(crate) fn stages(call: &mut Call<'_>) -> Answer {
    find(call).and_then(|pipeline| whole(&pipeline.stages))
}
