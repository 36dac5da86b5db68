//! What a workspace may be called, and how many an organization may have (D69, D70).
//! Owns these rules; stores nothing.

use crate::text::is_plain;

/// Workspaces of one organization.
pub const MOST_WORKSPACES: u32 = 500;
/// Longest name, in characters.
const LONGEST_NAME: usize = 60;

/// A name as it is kept: trimmed, 1 to 60 characters, nothing invisible in it, for names that look alike would
/// lead to the wrong portal. Nothing when it is not acceptable.
pub fn workspace_name(text: &str) -> Option<&str> {
    let name = text.trim();
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count()) && is_plain(name);
    fits.then_some(name)
}

/// What must be unique in an organization: the name regardless of case.
pub fn name_key(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D69, D70: names of 1 to 60 characters that show what they are.
    #[test]
    fn a_name_is_short_and_shows_what_it_is() {
        let longest = "é".repeat(60);
        let too_long = "é".repeat(61);
        for (text, want) in [
            ("  Weser  ", Some("Weser")),
            ("Weser & Söhne / Test", Some("Weser & Söhne / Test")),
            (longest.as_str(), Some(longest.as_str())),
            (too_long.as_str(), None),
            ("", None),
            ("  ", None),
            ("a\nb", None),
            ("a\u{0}b", None),
            ("Prod\u{200b}uction", None),
            ("Prod\u{202e}noitcu", None),
        ] {
            assert_eq!(workspace_name(text), want, "{text:?}");
        }
    }

    #[test]
    fn names_are_told_apart_regardless_of_case() {
        assert_eq!(name_key("PRODUCTION Ä"), name_key("production ä"));
        assert_ne!(name_key("production"), name_key("production 2"));
    }
}
