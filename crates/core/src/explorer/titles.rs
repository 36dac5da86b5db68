//! What object types and parts are called on screen.
//! Owns the join of standard types and stored schemas; falls back to the id.

use super::ContentError;
use super::describe::limit_title;
use crate::object_types::standard_type;
use crate::retrieval::Kind;
use crate::retrieval::record::{Record, items};
use crate::text::visible;

/// Titles of object types, custom ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeTitles {
    /// `objectTypeId`, title.
    custom: Vec<(String, String)>,
}

impl TypeTitles {
    /// From the stored part `all` of [`Kind::ObjectSchemas`].
    pub fn from_schemas(content: &str) -> Result<Self, ContentError> {
        let schemas = items(content).ok_or_else(|| ContentError {
            kind: Kind::ObjectSchemas,
            part: "all".into(),
        })?;
        let custom = schemas.into_iter().filter_map(|schema| {
            let schema = Record::read(schema)?;
            let labels = schema.object("labels");
            let title = labels
                .as_ref()
                .and_then(|labels| labels.text("plural").or_else(|| labels.text("singular")))
                .or_else(|| schema.text("name"))?;
            Some((schema.text("objectTypeId")?, visible(&title)))
        });
        Ok(Self {
            custom: custom.collect(),
        })
    }

    /// Title of an object type by name or id: `contacts`, `0-1`, `2-512`.
    pub fn title(&self, object_type: &str) -> String {
        if let Some(standard) = standard_type(object_type) {
            return standard.title.into();
        }
        let custom = self.custom.iter().find(|(id, _)| id == object_type);
        custom.map_or_else(|| visible(object_type), |(_, title)| title.clone())
    }

    /// Title of a part: an object type, a pair of them, a limit; empty for pages and whole sets.
    pub fn part(&self, kind: Kind, part: &str) -> String {
        match kind {
            Kind::AssociationLabels => match part.split_once(':') {
                Some((from, to)) => format!("{} → {}", self.title(from), self.title(to)),
                None => visible(part),
            },
            Kind::Limits => limit_title(part).into(),
            _ if kind.by_object_type() => self.title(part),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_pairs_are_called_by_their_titles() {
        let schemas = r#"[{"objectTypeId":"2-512","labels":{"plural":"Vehicles"}},{"objectTypeId":"2-9","name":"plot"},{},7]"#;
        let titles = TypeTitles::from_schemas(schemas).unwrap();
        for (kind, part, want) in [
            (Kind::Properties, "contacts", "Contacts"),
            (Kind::Pipelines, "2-512", "Vehicles"),
            (Kind::PropertyGroups, "2-9", "plot"),
            (Kind::Properties, "2-77", "2-77"),
            (Kind::AssociationLabels, "0-1:2-512", "Contacts → Vehicles"),
            (Kind::AssociationLabels, "odd", "odd"),
            (Kind::Limits, "records", "Records"),
            (Kind::Lists, "page-3", ""),
        ] {
            assert_eq!(titles.part(kind, part), want, "{part}");
        }
        assert_eq!(TypeTitles::default().title("0-3"), "Deals");
        let error = TypeTitles::from_schemas("{").unwrap_err();
        assert_eq!(error.kind, Kind::ObjectSchemas);
    }
}
