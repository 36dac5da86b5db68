//! Owns the records of the CRM: which object types have them, and what other rooms may ask about them (platform 7).
//! Knows metadata only through the portal it is given; who may call is decided before it is asked.

mod batch;
mod derived;
mod filter;
mod links;
mod read;
mod rules;
mod search;
mod store;
mod validate;
mod value;
mod view;
mod write;

pub(crate) use batch::{
    archive as batch_archive, create as batch_create, read as batch_read, update as batch_update,
    upsert as batch_upsert,
};
pub(crate) use links::{Category, connect, forget};
pub(crate) use read::{list, one};
pub(crate) use search::search;
pub use store::Records;
pub(crate) use store::{Record, Source, Store};
pub(crate) use write::{archive, create, merge, update};

use crate::error::ApiError;
use crate::http::Response;
use crate::hubspot::object_types;
use crate::model::{ObjectMetadata, Portal, Property};
use crate::router::{self, Answer, Call};

/// What a create must carry.
#[derive(Debug)]
enum Required {
    /// All of these.
    All(&'static [&'static str]),
    /// One of these at least.
    AnyOf(&'static [&'static str]),
}

/// How the records of one object type behave.
#[derive(Debug)]
pub(crate) struct Shape {
    /// `0-n`.
    pub(crate) id: &'static str,
    /// The name in paths and in `associations`.
    pub(crate) plural: &'static str,
    /// The name inside association names: `deal_to_contact`.
    pub(crate) singular: &'static str,
    /// In messages: `Deal already exists`.
    noun: &'static str,
    /// The name of the id in HubSpot's paths.
    id_param: &'static str,
    /// Scope of every read.
    pub(crate) read: &'static str,
    /// Scope of every write.
    pub(crate) write: &'static str,
    /// Answered when no `properties` are asked for.
    defaults: &'static [&'static str],
    /// The property that holds the moment of the last change.
    modified: &'static str,
    /// What `query` of a search looks at.
    searchable: &'static [&'static str],
    required: Required,
    /// The properties of pipeline and stage.
    pipeline: Option<(&'static str, &'static str)>,
}

/// Every type whose records are kept.
pub(crate) const SHAPES: &[Shape] = &[
    Shape {
        id: "0-1",
        plural: "contacts",
        singular: "contact",
        noun: "Contact",
        id_param: "contactId",
        read: "crm.objects.contacts.read",
        write: "crm.objects.contacts.write",
        defaults: &[
            "createdate",
            "email",
            "firstname",
            "hs_object_id",
            "lastmodifieddate",
            "lastname",
        ],
        modified: "lastmodifieddate",
        searchable: &[
            "firstname",
            "lastname",
            "email",
            "phone",
            "mobilephone",
            "fax",
            "company",
        ],
        required: Required::AnyOf(&["email", "firstname", "lastname"]),
        pipeline: None,
    },
    Shape {
        id: "0-2",
        plural: "companies",
        singular: "company",
        noun: "Company",
        id_param: "companyId",
        read: "crm.objects.companies.read",
        write: "crm.objects.companies.write",
        defaults: &[
            "createdate",
            "domain",
            "hs_lastmodifieddate",
            "hs_object_id",
            "name",
        ],
        modified: "hs_lastmodifieddate",
        searchable: &["name", "domain", "website", "phone"],
        required: Required::AnyOf(&["name", "domain"]),
        pipeline: None,
    },
    Shape {
        id: "0-3",
        plural: "deals",
        singular: "deal",
        noun: "Deal",
        id_param: "dealId",
        read: "crm.objects.deals.read",
        write: "crm.objects.deals.write",
        defaults: &[
            "amount",
            "closedate",
            "createdate",
            "dealname",
            "dealstage",
            "hs_lastmodifieddate",
            "hs_object_id",
            "pipeline",
        ],
        modified: "hs_lastmodifieddate",
        searchable: &[
            "dealname",
            "pipeline",
            "dealstage",
            "description",
            "dealtype",
        ],
        required: Required::All(&["dealname", "dealstage", "pipeline"]),
        pipeline: Some(("pipeline", "dealstage")),
    },
    Shape {
        id: "0-5",
        plural: "tickets",
        singular: "ticket",
        noun: "Ticket",
        id_param: "ticketId",
        read: "tickets",
        write: "tickets",
        defaults: &[
            "content",
            "createdate",
            "hs_lastmodifieddate",
            "hs_object_id",
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_priority",
            "subject",
        ],
        modified: "hs_lastmodifieddate",
        searchable: &[
            "subject",
            "content",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_id",
        ],
        required: Required::All(&["subject", "hs_pipeline_stage", "hs_pipeline"]),
        pipeline: Some(("hs_pipeline", "hs_pipeline_stage")),
    },
];

impl Shape {
    /// Properties that every answer carries, whatever was asked for.
    fn always(&self) -> [&'static str; 3] {
        ["createdate", self.modified, "hs_object_id"]
    }

    /// Its place in [`SHAPES`].
    fn index(&self) -> u8 {
        let at = SHAPES.iter().position(|shape| shape.id == self.id);
        at.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
    }

    fn metadata<'a>(&self, portal: &'a Portal) -> Option<&'a ObjectMetadata> {
        portal.objects.get(self.id).map(|object| &**object)
    }

    /// A live property by name.
    fn property<'a>(&self, portal: &'a Portal, name: &str) -> Option<&'a Property> {
        self.metadata(portal)?
            .properties
            .iter()
            .find(|property| property.name == name && !property.archived)
    }
}

/// The kept type of that id.
pub(crate) fn shape_of(object_type_id: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.id == object_type_id)
}

/// The kept type that a path names by id, plural or singular name.
pub(crate) fn shape_named(key: &str) -> Option<&'static Shape> {
    object_types::standard(key).and_then(|kind| shape_of(kind.id))
}

/// Runs a handler for the type in the path. An unknown type is HubSpot's 400; a type whose records the sandbox does
/// not keep has no such route, which only who may read its records is told: the HTML 404 of every unknown one.
fn kept(call: &mut Call<'_>, handler: fn(&mut Call<'_>, &'static Shape) -> Answer) -> Answer {
    let key = call.param("objectType");
    if let Some(shape) = shape_named(key) {
        return handler(call, shape);
    }
    match object_types::resolve(call.portal()?, key) {
        Some(_) => Ok(router::not_found_page()),
        None => Err(ApiError::new(
            400,
            format!("Unable to infer object type from: {key}"),
        )),
    }
}

/// Live records of a type; `None` when the sandbox keeps none of that type.
pub(crate) fn count(portal: &Portal, object_type_id: &str) -> Option<usize> {
    shape_of(object_type_id)?;
    Some(portal.records.count(object_type_id))
}

/// Ids of the live records that stand in a stage, for deletes of stages (platform 9.2, `STAGE_ID_IN_USE`).
pub(crate) fn uses_stage(portal: &Portal, object_type_id: &str, stage_id: &str) -> Vec<u64> {
    let stage = shape_of(object_type_id).and_then(|shape| shape.pipeline);
    stage.map_or_else(Vec::new, |(_, stage)| {
        holding(portal, object_type_id, stage, stage_id)
    })
}

fn holding(portal: &Portal, object_type_id: &str, name: &str, value: &str) -> Vec<u64> {
    let Some(store) = portal.records.store(object_type_id) else {
        return Vec::new();
    };
    let Some(slot) = store.slot(name) else {
        return Vec::new();
    };
    store
        .live()
        .filter(|record| record.value(slot).is_some_and(|held| held == value))
        .map(|record| record.id)
        .collect()
}

/// A JSON answer of any status.
fn json<T: serde::Serialize + ?Sized>(status: u16, body: &T) -> Response {
    Response::json(status, body)
}

#[cfg(test)]
mod tests {
    use super::{count, uses_stage};
    use crate::fixture;

    /// Platform 9.2: deletes of referenced metadata name the records.
    #[test]
    fn metadata_in_use_names_its_records() {
        let mut portals = fixture::portals("small", 7).expect("a known fixture");
        let portal = &mut portals[0];
        let all = count(portal, "0-3").expect("deals are kept");
        let won = uses_stage(portal, "0-3", "closedwon");
        assert!(!won.is_empty() && won.len() < all);
        let store = portal.records.store_mut("0-3");
        store.get_mut(won[0]).expect("a deal").archived_at = Some(1);
        assert_eq!(uses_stage(portal, "0-3", "closedwon"), won[1..]);
        assert!(uses_stage(portal, "0-3", "nowhere").is_empty());
        assert!(uses_stage(portal, "0-14", "closedwon").is_empty());
        assert_eq!(count(portal, "0-14"), None);
    }
}
