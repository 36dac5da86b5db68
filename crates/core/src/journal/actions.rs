//! The words of the journal: what can be done or tried, and how it can end, each with a sentence for people.
//! Owns words; who writes them and when is the proxy's.

use std::fmt;

macro_rules! actions {
    ($($name:ident $word:literal $sentence:literal;)*) => {
        /// What an entry says was done or tried.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $(#[doc = $sentence] $name,)* }

        /// Every action, in the table's order.
        pub const ACTIONS: &[Action] = &[$(Action::$name),*];

        impl Action {
            /// As it stands in the journal: never changed once published.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// For people.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

actions! {
    DeviceLaunch "device.launch" "A browser was introduced by a launch link.";
    SessionUse "session.use" "A session was used where it does not belong.";
    FlowStart "flow.start" "An authorization was started.";
    FlowReturn "flow.return" "HubSpot sent the browser back.";
    FlowConfirm "flow.confirm" "The return was confirmed on the proxy's own page.";
    FlowComplete "flow.complete" "An authorization was completed.";
    FlowCancel "flow.cancel" "An authorization was cancelled.";
    FlowExpire "flow.expire" "An authorization ran out of time.";
    ConnectionAdd "connection.add" "A portal was added.";
    ConnectionReconnect "connection.reconnect" "A portal was reconnected.";
    ConnectionUpdate "connection.update" "A portal's label, connection type or workspace was changed.";
    ConnectionAddStatic "connection.add_static" "A portal was added by a private app token or service key.";
    ConnectionReplaceCredential "connection.replace_credential" "A portal's static token was replaced.";
    ConnectionRemove "connection.remove" "A portal was removed.";
    ConnectionNeedsReauth "connection.needs_reauth" "A portal's authorization was found to be no longer valid.";
    ConnectionRevoke "connection.revoke" "A portal was disconnected by the operator.";
    WorkspaceAdd "workspace.add" "A workspace was added.";
    WorkspaceRename "workspace.rename" "A workspace was renamed.";
    WorkspaceRemove "workspace.remove" "A workspace was removed.";
    GrantRevoke "grant.revoke" "An authorization was given up at HubSpot.";
    AppUninstall "app.uninstall" "The app was to be removed from the portal.";
    TokenIssue "token.issue" "An access token was handed to the partner's backend.";
    JournalRead "journal.read" "The journal was opened.";
    JournalExport "journal.export" "The journal was exported.";
}

impl Action {
    /// The action of that word; nothing for one of a newer version.
    pub fn from_word(word: &str) -> Option<Self> {
        ACTIONS.iter().copied().find(|action| action.word() == word)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How an action can end besides an error code of the catalogue.
pub const OUTCOMES: &[(&str, &str)] = &[
    ("done", "It was done."),
    ("repeated", "It had come once before; nothing was changed."),
    (
        "kept",
        "It was left alive, because another connection lives on it.",
    ),
    (
        "not_done",
        "HubSpot did not do it, and it is not tried again.",
    ),
    (
        "given_up",
        "HubSpot did not confirm it within seven days; it is tried no more.",
    ),
];

/// What an outcome means, for people; nothing for one of a newer version.
pub fn outcome_sentence(outcome: &str) -> Option<&'static str> {
    let own = OUTCOMES.iter().find(|(word, _)| *word == outcome);
    own.map(|(_, sentence)| *sentence)
        .or_else(|| crate::error::ErrorCode::from_wire(outcome).map(|code| code.entry().meaning))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use std::collections::BTreeSet;

    /// P12: every word is there once, has its form, and a sentence.
    #[test]
    fn every_action_has_one_word_and_a_sentence() {
        let mut words = BTreeSet::new();
        for action in ACTIONS {
            let word = action.word();
            assert!(words.insert(word), "{word} twice");
            let (what, done) = word.split_once('.').unwrap();
            for part in [what, done] {
                assert!(
                    !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                    "{word}"
                );
            }
            assert!(action.sentence().ends_with('.'), "{word}");
            assert_eq!(Action::from_word(word), Some(*action));
        }
        assert_eq!(Action::from_word("from.2030"), None);
    }

    #[test]
    fn no_outcome_of_ours_is_also_an_error_code() {
        for (word, sentence) in OUTCOMES {
            assert_eq!(ErrorCode::from_wire(word), None, "{word}");
            assert_eq!(outcome_sentence(word), Some(*sentence));
        }
        assert_eq!(
            outcome_sentence("plan_limit"),
            Some("Every portal your plan allows is in use.")
        );
        assert_eq!(outcome_sentence("from_2030"), None);
    }
}
