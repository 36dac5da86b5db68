//! A record as a readable summary: sections of names and values, declared per kind.
//! Owns which fields are shown and how; the raw JSON stays beside it (D18, D19).

use super::{ContentError, plain};
use crate::retrieval::Kind;
use crate::retrieval::record::{Record, items, scalar};

mod layout;

/// Longer tables end with a count of the rest; the raw JSON has them all.
const TABLE_ROWS: usize = 1_000;

/// A record made readable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Only sections and entries that hold something.
    pub sections: Vec<Section>,
}

/// Entries under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub title: &'static str,
    /// Its entries.
    pub entries: Vec<Entry>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As on screen.
    pub name: &'static str,
    /// Safe to show.
    pub value: Value,
}

/// A value to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text; may have line breaks.
    Text(String),
    /// Several short texts.
    List(Vec<String>),
    /// Rows of short texts.
    Table {
        /// Headings.
        columns: Vec<&'static str>,
        /// Cells, as many as there are headings.
        rows: Vec<Vec<String>>,
        /// Rows left out at the end.
        more: u32,
    },
}

/// How a field is shown.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// As text.
    Text,
    /// `Yes` or `No`.
    Flag,
    /// Items of an array, joined where they are objects by this field.
    List,
    /// How many items an array has.
    Count,
    /// An array of objects: heading and path of each column.
    Table(&'static [(&'static str, &'static str)]),
    /// As [`How::Table`], over the arrays that this path leads to within the items.
    Nested(&'static str, &'static [(&'static str, &'static str)]),
    /// An object: its names and values, as a table of two columns.
    Pairs(&'static str, &'static str),
}

/// Heading, and (name, path, how) of each entry.
pub(super) type Layout = &'static [(&'static str, &'static [(&'static str, &'static str, How)])];

/// A readable summary of one record of that kind.
pub fn summary(kind: Kind, json: &str) -> Result<Summary, ContentError> {
    let record = Record::read(json).ok_or_else(|| ContentError {
        kind,
        part: "record".into(),
    })?;
    let sections = layout::of(kind).iter().filter_map(|(title, entries)| {
        let entries: Vec<Entry> = entries
            .iter()
            .filter_map(|(name, path, how)| {
                let raw = pick(&record, path)?;
                Some(Entry {
                    name,
                    value: value(raw, *how)?,
                })
            })
            .collect();
        (!entries.is_empty()).then_some(Section { title, entries })
    });
    Ok(Summary {
        sections: sections.collect(),
    })
}

/// Follows a dotted path.
fn pick<'a>(record: &Record<'a>, path: &str) -> Option<&'a str> {
    match path.split_once('.') {
        None => record.raw(path),
        Some((first, rest)) => pick(&record.object(first)?, rest),
    }
}

fn value(raw: &str, how: How) -> Option<Value> {
    match how {
        How::Text => shown(raw).map(Value::Text),
        How::Flag => {
            let word = match raw.trim_matches('"') {
                "true" => "Yes",
                "false" => "No",
                _ => return shown(raw).map(Value::Text),
            };
            Some(Value::Text(word.into()))
        }
        How::Count => Some(Value::Text(items(raw)?.len().to_string())),
        How::List => {
            let list: Vec<String> = items(raw)?.into_iter().filter_map(named).collect();
            (!list.is_empty()).then_some(Value::List(list))
        }
        How::Table(columns) => table(&items(raw)?, columns),
        How::Nested(path, columns) => {
            let outer = items(raw)?;
            let inner: Vec<&str> = outer
                .into_iter()
                .filter_map(|item| pick(&Record::read(item)?, path).and_then(items))
                .flatten()
                .collect();
            table(&inner, columns)
        }
        How::Pairs(first, second) => {
            let record = Record::read(raw)?;
            let rows: Vec<Vec<String>> = record
                .fields()
                .map(|(name, raw)| vec![plain(name), shown(raw).unwrap_or_default()])
                .collect();
            (!rows.is_empty()).then(|| Value::Table {
                columns: vec![first, second],
                rows,
                more: 0,
            })
        }
    }
}

/// Text of a scalar; a nested value in a few characters of its JSON.
fn shown(raw: &str) -> Option<String> {
    let text = match scalar(raw) {
        Some(text) => plain(&text),
        None if raw == "null" || raw == "[]" || raw == "{}" => return None,
        None => crate::text::visible(raw),
    };
    (!text.trim().is_empty()).then_some(text)
}

/// An item of a list: itself, or an object's name.
fn named(raw: &str) -> Option<String> {
    let Some(record) = Record::read(raw) else {
        return shown(raw);
    };
    let name = ["label", "name", "email", "id"]
        .into_iter()
        .find_map(|field| record.text(field));
    name.map_or_else(|| shown(raw), |name| Some(plain(&name)))
}

fn table(items: &[&str], columns: &[(&'static str, &'static str)]) -> Option<Value> {
    if items.is_empty() {
        return None;
    }
    let rows = items.iter().take(TABLE_ROWS).map(|item| {
        let record = Record::read(item);
        let cell = |path| {
            record
                .as_ref()
                .and_then(|record| pick(record, path))
                .and_then(shown)
        };
        columns
            .iter()
            .map(|(_, path)| cell(path).unwrap_or_default())
            .collect()
    });
    Some(Value::Table {
        columns: columns.iter().map(|(title, _)| *title).collect(),
        rows: rows.collect(),
        more: u32::try_from(items.len().saturating_sub(TABLE_ROWS)).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn find(summary: &Summary, name: &str) -> Option<Value> {
        let mut entries = summary.sections.iter().flat_map(|section| &section.entries);
        entries
            .find(|entry| entry.name == name)
            .map(|entry| entry.value.clone())
    }

    /// D18: a property, a pipeline and a schema as a person reads them.
    #[test]
    fn a_record_reads_as_sections() {
        let property = r#"{"name":"lifecyclestage","label":"Lifecycle Stage","type":"enumeration","description":"","calculated":false,
            "options":[{"label":"Lead","value":"lead","hidden":false,"displayOrder":0},{"label":"MQL","value":"mql","hidden":true}]}"#;
        let property = summary(Kind::Properties, property).unwrap();
        assert_eq!(
            find(&property, "Label"),
            Some(Value::Text("Lifecycle Stage".into()))
        );
        assert_eq!(find(&property, "Description"), None);
        assert_eq!(
            find(&property, "Calculated"),
            Some(Value::Text("No".into()))
        );
        let Some(Value::Table {
            columns,
            rows,
            more: 0,
        }) = find(&property, "Options")
        else {
            panic!("no options: {property:?}");
        };
        assert_eq!(columns[..2], ["Label", "Value"]);
        assert_eq!(rows[1][..2], ["MQL", "mql"]);

        let pipeline = r#"{"id":"default","stages":[{"id":"won","label":"Won","metadata":{"isClosed":"true","probability":"1.0"}}]}"#;
        let pipeline = summary(Kind::Pipelines, pipeline).unwrap();
        let Some(Value::Table { rows, .. }) = find(&pipeline, "Stages") else {
            panic!("no stages: {pipeline:?}");
        };
        assert!(
            rows[0].contains(&"1.0".to_owned()) && rows[0].contains(&"true".to_owned()),
            "{rows:?}"
        );

        let schema = r#"{"labels":{"singular":"Vehicle"},"properties":[{},{}],"associations":[{"fromObjectTypeId":"2-1","toObjectTypeId":"0-3","name":"v"}]}"#;
        let schema = summary(Kind::ObjectSchemas, schema).unwrap();
        assert_eq!(find(&schema, "Properties"), Some(Value::Text("2".into())));
        assert_eq!(
            find(&schema, "Singular"),
            Some(Value::Text("Vehicle".into()))
        );

        let form = r#"{"name":"f","fieldGroups":[{"fields":[{"name":"email","label":"E-mail"}]},{"fields":[{"name":"city"}]}]}"#;
        let Some(Value::Table { rows, .. }) = find(&summary(Kind::Forms, form).unwrap(), "Fields")
        else {
            panic!("no fields");
        };
        assert_eq!(rows.len(), 2);
        let owner = r#"{"email":"a@example.test","teams":[{"id":"1","name":"North"},{"id":"2"}]}"#;
        assert_eq!(
            find(&summary(Kind::Owners, owner).unwrap(), "Teams"),
            Some(Value::List(vec!["North".into(), "2".into()]))
        );
        let library = r#"{"enablementByObjectTypeId":{"0-421":true}}"#;
        let Some(Value::Table { rows, .. }) =
            find(&summary(Kind::Limits, library).unwrap(), "Object library")
        else {
            panic!("no library");
        };
        assert_eq!(rows, [["0-421", "true"]]);
    }

    #[test]
    fn a_long_table_says_how_many_are_left_out() {
        let options = vec![r#"{"label":"x"}"#; TABLE_ROWS + 7].join(",");
        let property = summary(Kind::Properties, &format!(r#"{{"options":[{options}]}}"#)).unwrap();
        let Some(Value::Table { rows, more, .. }) = find(&property, "Options") else {
            panic!("no options");
        };
        assert_eq!((rows.len(), more), (TABLE_ROWS, 7));
    }

    #[test]
    fn what_is_no_record_is_an_error() {
        for json in ["", "[]", "7", "{\"a\":"] {
            assert_eq!(summary(Kind::Lists, json).unwrap_err().kind, Kind::Lists);
        }
        assert_eq!(summary(Kind::Lists, "{}"), Ok(Summary::default()));
    }

    proptest! {
        /// UI-1: any value in any place is shown or left out, never a panic.
        #[test]
        fn odd_values_are_shown_or_left_out(text in any::<String>(), which in 0_usize..16) {
            let kind = Kind::ALL[which];
            let text = serde_json::to_string(&text).unwrap();
            for value in [text.as_str(), "1e999", "null", "true", "[]", "[[1],null,\"a\"]", "{\"a\":{\"b\":1}}"] {
                for (_, entries) in layout::of(kind) {
                    for (_, path, _) in *entries {
                        let names: Vec<&str> = path.split('.').collect();
                        let mut json = value.to_owned();
                        for name in names.iter().rev() {
                            json = format!("{{\"{name}\":{json}}}");
                        }
                        prop_assert!(summary(kind, &json).is_ok());
                    }
                }
            }
        }
    }
}
