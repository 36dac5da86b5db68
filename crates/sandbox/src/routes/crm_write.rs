//! Owns the routes that change CRM configuration (platform 6.2, write side). Holds no logic.

use super::{Handler, Paths, post};
use crate::hubspot::write::{groups, properties, validations};
use crate::router::{Access, Route};

const WRITE: Access = Access::DefinitionWrite;

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
];
