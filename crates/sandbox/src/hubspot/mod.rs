//! HubSpot's API areas, one room each. Handlers read the portal of the caller's token and nothing else.

pub(crate) mod account;
pub(crate) mod actions;
pub(crate) mod activity;
pub(crate) mod associations;
pub(crate) mod automation;
pub(crate) mod collections;
pub(crate) mod currencies;
pub(crate) mod feature_flags;
pub(crate) mod limits;
pub(crate) mod lists;
pub(crate) mod object_types;
pub(crate) mod owners;
pub(crate) mod page;
pub(crate) mod pipelines;
pub(crate) mod properties;
pub(crate) mod schemas;
pub(crate) mod timeline;
pub(crate) mod users;
pub(crate) mod webhooks;
pub(crate) mod write;
