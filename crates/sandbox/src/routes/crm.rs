//! Owns the routes of CRM configuration (platform 6.2). Holds no logic.

use super::{get, post};
use crate::hubspot::{
    associations, limits, owners, pipeline_rules, pipelines, properties, schemas, transfers,
};
use crate::router::{Access, Route};

const CUSTOM: Access = Access::AnyOf(&[
    "crm.schemas.custom.read",
    "crm.objects.custom.read",
    "crm.objects.custom.sensitive.read",
    "crm.objects.custom.highly_sensitive.read",
]);
const SCHEMA: Access = Access::AnyOf(&[
    "crm.schemas.custom.read",
    "crm.objects.custom.read",
    "oauth",
]);
const OWNERS: Access = Access::AnyOf(&["crm.objects.owners.read"]);
const IMPORT: Access = Access::AnyOf(&["crm.import"]);
const EXPORT: Access = Access::AnyOf(&["crm.export"]);
/// The rules beta; the name is HubSpot's internal one.
const GOVERNANCE: Access = Access::AnyOf(&["crm-pipelines-governance-read"]);
const DEFINITION: Access = Access::Definition;
const OBJECT: Access = Access::AnyObject;

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    get(&["/crm-object-schemas/v3/schemas", "/crm-object-schemas/{date}/schemas", "/crm/v3/schemas"], CUSTOM, schemas::list, "platform 6.2"),
    post(&["/crm-object-schemas/v3/schemas/batch/read", "/crm-object-schemas/{date}/schemas/batch/read", "/crm/v3/schemas/batch/read"], SCHEMA, schemas::batch_read, "platform 6.2"),
    get(&["/crm-object-schemas/v3/schemas/{objectType}", "/crm-object-schemas/{date}/schemas/{objectType}", "/crm/v3/schemas/{objectType}"], SCHEMA, schemas::one, "platform 6.2"),
    get(&["/crm/v3/properties/{objectType}", "/crm/properties/{date}/{objectType}", "/crm/properties/v3/{objectType}"], DEFINITION, properties::list, "platform 6.2"),
    get(&["/crm/v3/properties/{objectType}/groups", "/crm/properties/{date}/{objectType}/groups", "/crm/properties/v3/{objectType}/groups"], DEFINITION, properties::groups, "platform 6.2"),
    post(&["/crm/v3/properties/{objectType}/batch/read", "/crm/properties/{date}/{objectType}/batch/read", "/crm/properties/v3/{objectType}/batch/read"], DEFINITION, properties::batch_read, "platform 6.2"),
    get(&["/crm/v3/properties/{objectType}/groups/{groupName}", "/crm/properties/{date}/{objectType}/groups/{groupName}", "/crm/properties/v3/{objectType}/groups/{groupName}"], DEFINITION, properties::group, "platform 6.2"),
    get(&["/crm/v3/properties/{objectType}/{propertyName}", "/crm/properties/{date}/{objectType}/{propertyName}", "/crm/properties/v3/{objectType}/{propertyName}"], DEFINITION, properties::one, "platform 6.2"),
    get(&["/crm/v3/property-validations/{objectTypeId}", "/crm/property-validations/{date}/{objectTypeId}", "/crm/property-validations/v3/{objectTypeId}"], DEFINITION, properties::validations, "platform 6.2"),
    get(&["/crm/v3/property-validations/{objectTypeId}/{propertyName}", "/crm/property-validations/{date}/{objectTypeId}/{propertyName}", "/crm/property-validations/v3/{objectTypeId}/{propertyName}"], DEFINITION, properties::property_validations, "platform 6.2"),
    get(&["/crm/v3/property-validations/{objectTypeId}/{propertyName}/rule-type/{ruleType}", "/crm/property-validations/{date}/{objectTypeId}/{propertyName}/rule-type/{ruleType}", "/crm/property-validations/v3/{objectTypeId}/{propertyName}/rule-type/{ruleType}"], DEFINITION, properties::property_validation, "platform 6.2"),
    get(&["/crm/v3/pipelines/{objectType}", "/crm/pipelines/{date}/{objectType}", "/crm/pipelines/v3/{objectType}"], DEFINITION, pipelines::list, "platform 6.2"),
    get(&["/crm/v3/pipelines/{objectType}/{pipelineId}", "/crm/pipelines/{date}/{objectType}/{pipelineId}", "/crm/pipelines/v3/{objectType}/{pipelineId}"], DEFINITION, pipelines::one, "platform 6.2"),
    get(&["/crm/v3/pipelines/{objectType}/{pipelineId}/stages", "/crm/pipelines/{date}/{objectType}/{pipelineId}/stages", "/crm/pipelines/v3/{objectType}/{pipelineId}/stages"], DEFINITION, pipelines::stages, "platform 6.2"),
    get(&["/crm/v3/pipelines/{objectType}/{pipelineId}/audit", "/crm/pipelines/{date}/{objectType}/{pipelineId}/audit", "/crm/pipelines/v3/{objectType}/{pipelineId}/audit"], DEFINITION, pipeline_rules::pipeline_audit, "platform 6.2"),
    get(&["/crm/v3/pipelines/{objectType}/{pipelineId}/stages/{stageId}", "/crm/pipelines/{date}/{objectType}/{pipelineId}/stages/{stageId}", "/crm/pipelines/v3/{objectType}/{pipelineId}/stages/{stageId}"], DEFINITION, pipeline_rules::stage, "platform 6.2"),
    get(&["/crm/v3/pipelines/{objectType}/{pipelineId}/stages/{stageId}/audit", "/crm/pipelines/{date}/{objectType}/{pipelineId}/stages/{stageId}/audit", "/crm/pipelines/v3/{objectType}/{pipelineId}/stages/{stageId}/audit"], DEFINITION, pipeline_rules::stage_audit, "platform 6.2"),
    get(&["/crm/pipelines-rules/2026-09-beta/{objectTypeId}/{pipelineId}"], GOVERNANCE, pipeline_rules::rules, "platform 6.2"),
    get(&["/crm/v4/associations/definitions/configurations/all", "/crm/associations/{date}/definitions/configurations/all", "/crm/associations/v4/definitions/configurations/all"], OBJECT, associations::configurations, "platform 6.2"),
    get(&["/crm/v4/associations/definitions/configurations/{fromObjectType}/{toObjectType}", "/crm/associations/{date}/definitions/configurations/{fromObjectType}/{toObjectType}", "/crm/associations/v4/definitions/configurations/{fromObjectType}/{toObjectType}"], OBJECT, associations::configurations_of, "platform 6.2"),
    get(&["/crm/v3/associations/{fromObjectType}/{toObjectType}/types"], OBJECT, associations::types, "platform 6.2"),
    get(&["/crm/v4/associations/{fromObjectType}/{toObjectType}/labels", "/crm/associations/{date}/{fromObjectType}/{toObjectType}/labels", "/crm/associations/v4/{fromObjectType}/{toObjectType}/labels"], OBJECT, associations::labels, "platform 6.2"),
    get(&["/crm/v3/limits/associations/labels", "/crm/limits/{date}/associations/labels", "/crm/limits/v3/associations/labels"], OBJECT, limits::association_labels, "platform 6.4"),
    get(&["/crm/v3/limits/custom-properties", "/crm/limits/{date}/custom-properties", "/crm/limits/v3/custom-properties"], OBJECT, limits::custom_properties, "platform 6.4"),
    get(&["/crm/v3/limits/calculated-properties", "/crm/limits/{date}/calculated-properties", "/crm/limits/v3/calculated-properties"], OBJECT, limits::calculated_properties, "platform 6.4"),
    get(&["/crm/v3/limits/custom-object-types", "/crm/limits/{date}/custom-object-types", "/crm/limits/v3/custom-object-types"], CUSTOM, limits::custom_object_types, "platform 6.4"),
    get(&["/crm/v3/limits/pipelines", "/crm/limits/{date}/pipelines", "/crm/limits/v3/pipelines"], OBJECT, limits::pipelines, "platform 6.4"),
    get(&["/crm/v3/limits/records", "/crm/limits/{date}/records", "/crm/limits/v3/records"], OBJECT, limits::records, "platform 6.4"),
    get(&["/crm/v3/object-library/enablement", "/crm/object-library/{date}/enablement", "/crm/object-library/v3/enablement"], OBJECT, limits::enablement, "platform 6.2"),
    get(&["/crm/v3/object-library/enablement/{objectTypeId}", "/crm/object-library/{date}/enablement/{objectTypeId}", "/crm/object-library/v3/enablement/{objectTypeId}"], OBJECT, limits::enablement_of, "platform 6.2"),
    get(&["/crm/v3/owners", "/crm/owners/{date}", "/crm/owners/v3", "/crm/owners/v3/owners"], OWNERS, owners::list, "platform 6.2"),
    get(&["/crm/v3/owners/{ownerId}", "/crm/owners/{date}/{ownerId}", "/crm/owners/v3/owners/{ownerId}"], OWNERS, owners::one, "platform 6.2"),
    get(&["/crm/v3/imports", "/crm/imports/{date}", "/crm/imports/v3"], IMPORT, transfers::imports, "platform 6.2"),
    get(&["/crm/v3/imports/{importId}", "/crm/imports/{date}/{importId}", "/crm/imports/v3/{importId}"], IMPORT, transfers::import, "platform 6.2"),
    get(&["/crm/v3/imports/{importId}/errors", "/crm/imports/{date}/{importId}/errors", "/crm/imports/v3/{importId}/errors"], IMPORT, transfers::import_errors, "platform 6.2"),
    get(&["/crm/v3/exports/export/{exportId}", "/crm/exports/{date}/export/{exportId}", "/crm/exports/v3/export/{exportId}"], EXPORT, transfers::one_export, "platform 6.2"),
    get(&["/crm/v3/exports/export/async/tasks/{taskId}/status", "/crm/exports/{date}/export/async/tasks/{taskId}/status", "/crm/exports/v3/export/async/tasks/{taskId}/status"], EXPORT, transfers::export_status, "platform 6.2"),
];
