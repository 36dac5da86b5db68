//! Owns the options of a deal's pipeline and stage, which are the account's pipelines and stages themselves.
//! Made when read, so that no change of a pipeline leaves them behind; stores nothing.
//!
//! Clients of HubSpot take stage labels from here (`GET …/properties/deals/dealstage`). Other types' `hs_pipeline` and
//! `hs_pipeline_stage` have external options instead: an empty set, read through the pipelines API.

use std::borrow::Cow;

use crate::model::{ObjectMetadata, Pipeline, Property, PropertyOption};

fn option(value: &str, label: &str, order: usize) -> PropertyOption {
    PropertyOption {
        label: label.to_owned(),
        value: value.to_owned(),
        display_order: i32::try_from(order).unwrap_or(i32::MAX),
        hidden: false,
        description: None,
    }
}

/// The property as an API prints it.
pub(crate) fn shown<'a>(metadata: &ObjectMetadata, property: &'a Property) -> Cow<'a, Property> {
    let pipelines = metadata.pipelines.iter().filter(|p| !p.archived);
    let options: Vec<PropertyOption> = match property.name.as_str() {
        _ if !property.hubspot_defined => return Cow::Borrowed(property),
        "pipeline" => pipelines
            .enumerate()
            .map(|(n, pipeline)| option(&pipeline.id, &pipeline.label, n))
            .collect(),
        "dealstage" => pipelines
            .flat_map(|pipeline: &Pipeline| &pipeline.stages)
            .filter(|stage| !stage.archived)
            .enumerate()
            .map(|(n, stage)| option(&stage.id, &stage.label, n))
            .collect(),
        _ => return Cow::Borrowed(property),
    };
    Cow::Owned(Property {
        options,
        ..property.clone()
    })
}
