//! Owns the labels of HubSpot's own properties and groups in other languages, for the query parameter `locale` (platform
//! 6.2). An account's own words have one language and stay as they are; so do HubSpot's where the table has no word.

use crate::http::Fields;
use crate::model::{Property, PropertyGroup};

/// English, then one column per language of [`LANGUAGES`].
const WORDS: &str = include_str!("../../data/translations.psv");
const LANGUAGES: [&str; 3] = ["de", "fr", "es"];

/// The column of the language asked for: `de`, `de-CH` and `de_ch` are one.
pub(crate) fn asked(query: &Fields) -> Option<usize> {
    let locale = query.filled("locale")?.to_ascii_lowercase();
    let language = locale.split(['-', '_']).next()?;
    LANGUAGES.iter().position(|known| *known == language)
}

fn translated(label: &str, language: usize) -> Option<&'static str> {
    let line = WORDS.lines().find(|line| {
        line.split('|')
            .next()
            .is_some_and(|english| english.eq_ignore_ascii_case(label))
    })?;
    line.split('|').nth(language + 1)
}

/// A property with its label in that language.
pub(crate) fn property(property: &Property, language: usize) -> Property {
    let mut property = property.clone();
    if let (true, Some(label)) = (
        property.hubspot_defined,
        translated(&property.label, language),
    ) {
        label.clone_into(&mut property.label);
    }
    property
}

/// A group with its label in that language.
pub(crate) fn group(group: &PropertyGroup, language: usize) -> PropertyGroup {
    let mut group = group.clone();
    if let Some(label) = translated(&group.label, language) {
        label.clone_into(&mut group.label);
    }
    group
}

#[cfg(test)]
mod tests {
    use super::{LANGUAGES, WORDS};

    #[test]
    fn every_word_has_every_language() {
        for line in WORDS.lines() {
            let words: Vec<&str> = line.split('|').collect();
            assert!(
                words.len() == LANGUAGES.len() + 1 && words.iter().all(|word| !word.is_empty()),
                "{line}"
            );
        }
    }
}
