//! Owns the routes that change CRM configuration (platform 6.2, write side). Holds no logic.

use super::{Handler, Paths, post};
use crate::hubspot::write::{
    configurations, groups, labels, pipelines, properties, schema_associations, schemas, stages,
    validations,
};
use crate::model::Tier;
use crate::router::{Access, Route};
use crate::scopes::Need;

const WRITE: Access = Access::DefinitionWrite;
const LABELS: Access = Access::AnyWrite;
const SCHEMA: Access = Access::AnyOf(&["crm.schemas.custom.write"]);
const ENTERPRISE: Need = Need::Any(Tier::Enterprise);

const fn with(method: &'static str, paths: Paths, access: Access, handler: Handler) -> Route {
    Route {
        method,
        ..post(paths, access, handler, "platform 6.2, write side")
    }
}

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    with("POST", &["/crm/v3/properties/{objectType}", "/crm/properties/{date}/{objectType}", "/crm/properties/v3/{objectType}"], WRITE, properties::create),
    with("POST", &["/crm/v3/properties/{objectType}/batch/create", "/crm/properties/{date}/{objectType}/batch/create", "/crm/properties/v3/{objectType}/batch/create"], WRITE, properties::batch_create),
    with("POST", &["/crm/v3/properties/{objectType}/batch/archive", "/crm/properties/{date}/{objectType}/batch/archive", "/crm/properties/v3/{objectType}/batch/archive"], WRITE, properties::batch_archive),
    with("POST", &["/crm/v3/properties/{objectType}/groups", "/crm/properties/{date}/{objectType}/groups", "/crm/properties/v3/{objectType}/groups"], WRITE, groups::create),
    with("PATCH", &["/crm/v3/properties/{objectType}/groups/{groupName}", "/crm/properties/{date}/{objectType}/groups/{groupName}", "/crm/properties/v3/{objectType}/groups/{groupName}"], WRITE, groups::update),
    with("DELETE", &["/crm/v3/properties/{objectType}/groups/{groupName}", "/crm/properties/{date}/{objectType}/groups/{groupName}", "/crm/properties/v3/{objectType}/groups/{groupName}"], WRITE, groups::archive),
    with("PATCH", &["/crm/v3/properties/{objectType}/{propertyName}", "/crm/properties/{date}/{objectType}/{propertyName}", "/crm/properties/v3/{objectType}/{propertyName}"], WRITE, properties::update),
    with("DELETE", &["/crm/v3/properties/{objectType}/{propertyName}", "/crm/properties/{date}/{objectType}/{propertyName}", "/crm/properties/v3/{objectType}/{propertyName}"], WRITE, properties::archive),
    with("PUT", &["/crm/v3/property-validations/{objectTypeId}/{propertyName}/rule-type/{ruleType}", "/crm/property-validations/{date}/{objectTypeId}/{propertyName}/rule-type/{ruleType}", "/crm/property-validations/v3/{objectTypeId}/{propertyName}/rule-type/{ruleType}"], WRITE, validations::replace),
    with("POST", &["/crm/v3/pipelines/{objectType}", "/crm/pipelines/{date}/{objectType}", "/crm/pipelines/v3/{objectType}"], WRITE, pipelines::create),
    with("PUT", &["/crm/v3/pipelines/{objectType}/{pipelineId}", "/crm/pipelines/{date}/{objectType}/{pipelineId}", "/crm/pipelines/v3/{objectType}/{pipelineId}"], WRITE, pipelines::replace),
    with("PATCH", &["/crm/v3/pipelines/{objectType}/{pipelineId}", "/crm/pipelines/{date}/{objectType}/{pipelineId}", "/crm/pipelines/v3/{objectType}/{pipelineId}"], WRITE, pipelines::update),
    with("DELETE", &["/crm/v3/pipelines/{objectType}/{pipelineId}", "/crm/pipelines/{date}/{objectType}/{pipelineId}", "/crm/pipelines/v3/{objectType}/{pipelineId}"], WRITE, pipelines::delete),
    with("POST", &["/crm/v3/pipelines/{objectType}/{pipelineId}/stages", "/crm/pipelines/{date}/{objectType}/{pipelineId}/stages", "/crm/pipelines/v3/{objectType}/{pipelineId}/stages"], WRITE, stages::create),
    with("PUT", &["/crm/v3/pipelines/{objectType}/{pipelineId}/stages/{stageId}", "/crm/pipelines/{date}/{objectType}/{pipelineId}/stages/{stageId}", "/crm/pipelines/v3/{objectType}/{pipelineId}/stages/{stageId}"], WRITE, stages::replace),
    with("PATCH", &["/crm/v3/pipelines/{objectType}/{pipelineId}/stages/{stageId}", "/crm/pipelines/{date}/{objectType}/{pipelineId}/stages/{stageId}", "/crm/pipelines/v3/{objectType}/{pipelineId}/stages/{stageId}"], WRITE, stages::update),
    with("DELETE", &["/crm/v3/pipelines/{objectType}/{pipelineId}/stages/{stageId}", "/crm/pipelines/{date}/{objectType}/{pipelineId}/stages/{stageId}", "/crm/pipelines/v3/{objectType}/{pipelineId}/stages/{stageId}"], WRITE, stages::delete),
    with("POST", &["/crm-object-schemas/v3/schemas", "/crm-object-schemas/{date}/schemas", "/crm/v3/schemas"], SCHEMA, schemas::create).needs(ENTERPRISE),
    with("PATCH", &["/crm-object-schemas/v3/schemas/{objectType}", "/crm-object-schemas/{date}/schemas/{objectType}", "/crm/v3/schemas/{objectType}"], SCHEMA, schemas::update).needs(ENTERPRISE),
    with("DELETE", &["/crm-object-schemas/v3/schemas/{objectType}", "/crm-object-schemas/{date}/schemas/{objectType}", "/crm/v3/schemas/{objectType}"], SCHEMA, schemas::delete).needs(ENTERPRISE),
    with("POST", &["/crm-object-schemas/v3/schemas/{objectType}/associations", "/crm-object-schemas/{date}/schemas/{objectType}/associations", "/crm/v3/schemas/{objectType}/associations"], SCHEMA, schema_associations::create).needs(ENTERPRISE),
    with("DELETE", &["/crm-object-schemas/v3/schemas/{objectType}/associations/{associationIdentifier}", "/crm-object-schemas/{date}/schemas/{objectType}/associations/{associationIdentifier}", "/crm/v3/schemas/{objectType}/associations/{associationIdentifier}"], SCHEMA, schema_associations::delete).needs(ENTERPRISE),
    with("POST", &["/crm/v4/associations/definitions/configurations/{fromObjectType}/{toObjectType}/batch/create", "/crm/associations/{date}/definitions/configurations/{fromObjectType}/{toObjectType}/batch/create", "/crm/associations/v4/definitions/configurations/{fromObjectType}/{toObjectType}/batch/create"], LABELS, configurations::create),
    with("POST", &["/crm/v4/associations/definitions/configurations/{fromObjectType}/{toObjectType}/batch/update", "/crm/associations/{date}/definitions/configurations/{fromObjectType}/{toObjectType}/batch/update", "/crm/associations/v4/definitions/configurations/{fromObjectType}/{toObjectType}/batch/update"], LABELS, configurations::update),
    with("POST", &["/crm/v4/associations/definitions/configurations/{fromObjectType}/{toObjectType}/batch/purge", "/crm/associations/{date}/definitions/configurations/{fromObjectType}/{toObjectType}/batch/purge", "/crm/associations/v4/definitions/configurations/{fromObjectType}/{toObjectType}/batch/purge"], LABELS, configurations::purge),
    with("POST", &["/crm/v4/associations/{fromObjectType}/{toObjectType}/labels", "/crm/associations/{date}/{fromObjectType}/{toObjectType}/labels", "/crm/associations/v4/{fromObjectType}/{toObjectType}/labels"], LABELS, labels::create),
    with("PUT", &["/crm/v4/associations/{fromObjectType}/{toObjectType}/labels", "/crm/associations/{date}/{fromObjectType}/{toObjectType}/labels", "/crm/associations/v4/{fromObjectType}/{toObjectType}/labels"], LABELS, labels::update),
    with("DELETE", &["/crm/v4/associations/{fromObjectType}/{toObjectType}/labels/{associationTypeId}", "/crm/associations/{date}/{fromObjectType}/{toObjectType}/labels/{associationTypeId}", "/crm/associations/v4/{fromObjectType}/{toObjectType}/labels/{associationTypeId}"], LABELS, labels::delete),
];
