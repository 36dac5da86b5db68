//! The explorer's model: stored parts as rows, search, summaries and raw JSON, without DOM.
//! Owns what is shown of a record and in which order; never fetches, stores or draws.
//!
//! Source of the records' fields: platform, sections 6.2 to 6.4; every field may be missing.

mod describe;
mod fold;
pub(crate) mod json;
mod list;
mod rows;
mod summary;
mod titles;

pub use fold::fold;
pub(crate) use fold::fold_into;
pub use json::{Line, Lines, TokenClass, pretty, tokens};
pub use list::{Facet, FacetKind, FacetValue, ListModel, Query, Sort};
pub use rows::{Origin, Row, record_json, rows};
pub use summary::{Entry, Section, Summary, Value, summary};
pub use titles::TypeTitles;

use crate::retrieval::Kind;

/// A stored part, or a record of it, is not what a retrieval stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored {} ({part}) cannot be read", kind.title().to_ascii_lowercase())]
pub struct ContentError {
    /// Kind of the part.
    pub kind: Kind,
    /// Its name.
    pub part: String,
}

/// A stranger's text, whole, with line breaks: what could mislead is made visible as in [`crate::text::visible`].
fn plain(text: &str) -> String {
    const LONGEST: usize = 4_000;
    let mut out = String::with_capacity(text.len().min(LONGEST));
    let mut buffer = [0; 4];
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            out.push('…');
            break;
        }
        match character {
            '\n' | '\t' => out.push(character),
            '\r' => {}
            _ => out.push_str(&crate::text::visible(character.encode_utf8(&mut buffer))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// UI-1, UI-5: long text stays whole, and shows what it is.
    #[test]
    fn plain_text_keeps_lines_and_shows_what_deceives() {
        assert_eq!(plain("a\r\nb\tc\u{202e}d\0"), "a\nb\tc\u{fffd}d\u{fffd}");
        let long = plain(&"é".repeat(10_000));
        assert_eq!(long.chars().count(), 4_001);
        let error = ContentError {
            kind: Kind::Properties,
            part: "contacts".into(),
        };
        assert_eq!(
            error.to_string(),
            "the stored properties (contacts) cannot be read"
        );
    }
}
