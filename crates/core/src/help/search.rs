//! Search over the entries: every word must be found; titles and codes count for more than bodies.
//! Owns the order of what is found.

use super::{Entry, all};
use crate::explorer::fold;
use crate::order::ordered;

/// The entries, and their texts folded once.
pub struct Index {
    entries: Vec<Entry>,
    folded: Vec<Folded>,
}

struct Folded {
    title: String,
    /// As quoted, in words, and as on the wire; empty for what has none.
    code: String,
    body: String,
}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}

impl Index {
    /// Over every entry.
    pub fn new() -> Self {
        let entries = all();
        let folded = entries.iter().map(folded).collect();
        Self { entries, folded }
    }

    /// Every entry, in the order of the index.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What a text finds, the best first; all of them for an empty one.
    pub fn search(&self, text: &str) -> Vec<&Entry> {
        let text = fold(text.trim());
        let scores: Vec<u32> = self
            .folded
            .iter()
            .map(|folded| folded.score(&text))
            .collect();
        let order = ordered(scores.len(), &mut |a, b| scores[b].cmp(&scores[a]));
        let found = order.into_iter().filter(|at| scores[*at] > 0);
        found.map(|at| &self.entries[at]).collect()
    }
}

fn folded(entry: &Entry) -> Folded {
    let mut body = String::new();
    for block in &entry.body {
        for words in block.words() {
            body.push_str(words);
            body.push(' ');
        }
    }
    let code = match entry.code {
        "" => String::new(),
        code => [code, " ", &code.replace('_', " "), " ", &entry.anchor].concat(),
    };
    Folded {
        title: fold(entry.title),
        code: fold(&code),
        body: fold(&body),
    }
}

impl Folded {
    /// Nothing where a word is missing.
    fn score(&self, text: &str) -> u32 {
        let mut score = 1;
        for word in text.split_whitespace() {
            score += match () {
                () if begins_a_word(&self.title, word) => 60,
                () if self.code.contains(word) => 50,
                () if self.title.contains(word) => 40,
                () if begins_a_word(&self.body, word) => 4,
                () if self.body.contains(word) => 2,
                () => return 0,
            };
        }
        // The very title or code, or the words in this order.
        if !text.is_empty() {
            score += match () {
                () if self.title == text || self.code.split(' ').next() == Some(text) => 1_000,
                () if self.title.contains(text) || self.code.contains(text) => 100,
                () if self.body.contains(text) => 10,
                () => 0,
            };
        }
        score
    }
}

fn begins_a_word(text: &str, word: &str) -> bool {
    let mut rest = text;
    let mut inside = false;
    while let Some(at) = rest.find(word) {
        let before = rest[..at].chars().next_back();
        if before.map_or(!inside, |before| !before.is_alphanumeric()) {
            return true;
        }
        let Some(step) = rest[at..].chars().next() else {
            return false;
        };
        rest = &rest[at + step.len_utf8()..];
        inside = step.is_alphanumeric();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Of the first few, so that a better word elsewhere does no harm.
    fn found(text: &str, among: usize) -> Vec<String> {
        let index = Index::new();
        let found = index.search(text);
        let first = found.into_iter().take(among);
        first.map(|entry| entry.anchor.clone()).collect()
    }

    /// S16, S17, S18, S19: a code that somebody quotes finds its entry first, however it is written.
    #[test]
    fn a_code_finds_its_entry_first() {
        for (text, want) in [
            ("AUTH_SCOPE_DENIED", "error-auth-scope-denied"),
            ("auth_scope_denied", "error-auth-scope-denied"),
            ("auth scope denied", "error-auth-scope-denied"),
            ("  PORTAL_LIMIT_REACHED ", "error-portal-limit-reached"),
            ("TOKEN_EXPIRED", "error-token-expired"),
            ("wrong_portal", "error-wrong-portal"),
            ("POPUP_BLOCKED", "error-popup-blocked"),
        ] {
            assert_eq!(found(text, 1), [want], "{text}");
        }
        for code in crate::error::ErrorCode::ALL {
            // Two of them are the title of a status as well.
            let first = found(code.entry().support_code, 2);
            assert!(first.contains(&super::super::anchor_of(*code)), "{code}");
        }
    }

    /// D46, D59, D67, S14, S15, J28: what people type leads to what they need.
    #[test]
    fn words_find_topics() {
        for (text, want) in [
            ("stuck pending", "pending"),
            ("Stuck in pending", "pending"),
            ("ad blocker", "pop-up-blocked"),
            ("extension", "pop-up-blocked"),
            ("clear cache", "clear-cache"),
            ("super admin", "admin-role"),
            ("repository", "repository-not-showing"),
            ("workspace", "workspaces"),
            ("firefox", "browsers"),
            ("needs reconnection", "status-needs-reconnection"),
            ("uninstall", "revoke-or-uninstall"),
            ("2027", "oauth-v1-sunset"),
            ("pat-na1", "static-tokens"),
            ("rename", "labels"),
            ("ROTATÉ", "rotating-tokens"),
        ] {
            let found = found(text, 4);
            assert!(
                found.iter().any(|anchor| anchor == want),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn every_word_must_be_found_and_nothing_finds_all() {
        assert_eq!(found("", 1_000).len(), all().len());
        assert_eq!(found("   ", 1_000).len(), all().len());
        assert!(found("zzyzx", 9).is_empty());
        assert!(found("portal zzyzx", 9).is_empty());
    }

    /// A title before a body, a word's beginning before its middle.
    #[test]
    fn titles_come_before_bodies() {
        let folded = |title: &str, code: &str, body: &str| Folded {
            title: title.into(),
            code: code.into(),
            body: body.into(),
        };
        let score = |title: &str, code: &str, body: &str| folded(title, code, body).score("role");
        let ranked = [
            score("role", "", ""),
            score("the role here", "", ""),
            score("x", "no_role y", ""),
            score("a parole", "", ""),
            score("", "", "a role"),
            score("", "", "parole"),
        ];
        assert!(ranked.is_sorted_by(|a, b| a > b), "{ranked:?}");
        assert_eq!(score("rope", "", "hope"), 0);
    }

    #[test]
    fn words_begin_where_letters_do() {
        for (text, word, want) in [
            ("pop-ups blocked", "ups", true),
            ("popups", "ups", false),
            ("aaa aab", "aab", true),
            ("aaab", "aab", false),
            ("ééa", "éa", false),
            ("", "a", false),
        ] {
            assert_eq!(begins_a_word(text, word), want, "{text} {word}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_breaks_the_search(text in "\\PC{0,20}") {
            let index = Index::new();
            prop_assert!(index.search(&text).len() <= index.entries().len());
        }

        /// What a text finds is found by each of its words alone.
        #[test]
        fn more_words_never_find_more(a in "[a-z]{1,5}", b in "[a-z]{1,5}") {
            let index = Index::new();
            let both = index.search(&format!("{a} {b}"));
            let one = index.search(&a);
            prop_assert!(both.iter().all(|entry| one.contains(entry)));
        }
    }
}
