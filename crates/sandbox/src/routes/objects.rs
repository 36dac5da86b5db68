//! Owns the routes of CRM records (platform 7): the same twelve operations for every kept type. Holds no logic.

use super::{get, post};
use crate::records;
use crate::router::{Access, Route};

const READ: Access = Access::ReadRecords;
const WRITE: Access = Access::WriteRecords;

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    get(&["/crm/v3/objects/{objectType}", "/crm/objects/{date}/{objectType}", "/crm/objects/v3/{objectType}"], READ, records::list, "platform 7"),
    post(&["/crm/v3/objects/{objectType}", "/crm/objects/{date}/{objectType}", "/crm/objects/v3/{objectType}"], WRITE, records::create, "platform 7"),
    post(&["/crm/v3/objects/{objectType}/search", "/crm/objects/{date}/{objectType}/search", "/crm/objects/v3/{objectType}/search"], READ, records::search, "platform 4, 7").search(),
    post(&["/crm/v3/objects/{objectType}/merge", "/crm/objects/{date}/{objectType}/merge", "/crm/objects/v3/{objectType}/merge"], WRITE, records::merge, "platform 7"),
    post(&["/crm/v3/objects/{objectType}/batch/read", "/crm/objects/{date}/{objectType}/batch/read", "/crm/objects/v3/{objectType}/batch/read"], READ, records::batch_read, "platform 7"),
    post(&["/crm/v3/objects/{objectType}/batch/create", "/crm/objects/{date}/{objectType}/batch/create", "/crm/objects/v3/{objectType}/batch/create"], WRITE, records::batch_create, "platform 7"),
    post(&["/crm/v3/objects/{objectType}/batch/update", "/crm/objects/{date}/{objectType}/batch/update", "/crm/objects/v3/{objectType}/batch/update"], WRITE, records::batch_update, "platform 7"),
    post(&["/crm/v3/objects/{objectType}/batch/upsert", "/crm/objects/{date}/{objectType}/batch/upsert", "/crm/objects/v3/{objectType}/batch/upsert"], WRITE, records::batch_upsert, "platform 7"),
    post(&["/crm/v3/objects/{objectType}/batch/archive", "/crm/objects/{date}/{objectType}/batch/archive", "/crm/objects/v3/{objectType}/batch/archive"], WRITE, records::batch_archive, "platform 7"),
    get(&["/crm/v3/objects/{objectType}/{objectId}", "/crm/objects/{date}/{objectType}/{objectId}", "/crm/objects/v3/{objectType}/{objectId}"], READ, records::one, "platform 7"),
    get(&["/crm/v3/objects/{objectType}/{objectId}", "/crm/objects/{date}/{objectType}/{objectId}", "/crm/objects/v3/{objectType}/{objectId}"], WRITE, records::update, "platform 7").patch(),
    get(&["/crm/v3/objects/{objectType}/{objectId}", "/crm/objects/{date}/{objectType}/{objectId}", "/crm/objects/v3/{objectType}/{objectId}"], WRITE, records::archive, "platform 7").delete(),
];
