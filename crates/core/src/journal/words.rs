//! An entry of the journal for people: who did or tried what, and how it ended.
//! Owns the words; names of portals are looked up by whoever has them.

use super::{Action, JournalEntry, OUTCOMES, outcome_sentence};
use crate::error::ErrorCode;
use crate::ids::PortalId;
use crate::status::Tone;
use crate::text::visible;

/// What was done, or tried.
pub fn deed(entry: &JournalEntry) -> String {
    let Some(action) = Action::from_word(&entry.action) else {
        return format!("{} (of a newer version)", visible(&entry.action));
    };
    match entry.outcome.as_str() {
        "done" => action.sentence().trim_end_matches('.').to_owned(),
        "repeated" => format!("{} (once before)", action.sentence().trim_end_matches('.')),
        _ => format!("Tried to {}", infinitive(action)),
    }
}

/// Who it was. Only an entry with a session is a person's, however that person is called.
pub fn who(entry: &JournalEntry) -> String {
    if entry.session.is_none() {
        if let Some(key) = entry.actor.strip_prefix("service:") {
            return format!("Your backend, with key {}", visible(key));
        }
        match entry.actor.as_str() {
            "provider" => return "The provider's redirect".into(),
            "proxy" => return "Portico itself".into(),
            "operator" => return "The proxy's operator".into(),
            _ => {}
        }
    }
    visible(&entry.actor)
}

/// How it ended, in a word or two.
pub fn ending(outcome: &str) -> String {
    match outcome {
        "done" => "Done".into(),
        "repeated" => "Repeated".into(),
        "kept" => "Kept alive".into(),
        "not_done" => "Not done".into(),
        "given_up" => "Given up".into(),
        code => match ErrorCode::from_wire(code) {
            Some(code) => code.entry().title.into(),
            None => visible(code),
        },
    }
}

/// Its colour.
pub fn ending_tone(outcome: &str) -> Tone {
    match outcome {
        "done" => Tone::Good,
        "repeated" | "kept" => Tone::Quiet,
        "not_done" | "given_up" => Tone::Attention,
        _ => Tone::Bad,
    }
}

/// What the ending means; empty where the word says it all.
pub fn ending_sentence(outcome: &str) -> &'static str {
    if outcome == OUTCOMES[0].0 {
        ""
    } else {
        outcome_sentence(outcome).unwrap_or_default()
    }
}

/// The portal that an entry's reason names: how one that was removed is still recognised.
pub fn portal_of(entry: &JournalEntry) -> Option<PortalId> {
    let (_, rest) = entry.reason.as_deref()?.split_once("portal ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// After "Tried to": an action that did not happen must not read as if it had.
const fn infinitive(action: Action) -> &'static str {
    match action {
        Action::DeviceLaunch => "introduce a browser by a launch link",
        Action::SessionUse => "use a session where it does not belong",
        Action::FlowStart => "start an authorization",
        Action::FlowReturn => "come back from the provider",
        Action::FlowConfirm => "confirm a return on the proxy's own page",
        Action::FlowComplete => "complete an authorization",
        Action::FlowCancel => "cancel an authorization",
        Action::FlowExpire => "end an authorization that ran out of time",
        Action::ConnectionAdd => "add a portal",
        Action::ConnectionReconnect => "reconnect a portal",
        Action::ConnectionUpdate => "change a portal's label, connection type or workspace",
        Action::ConnectionAddStatic => "add a portal by a private app token or service key",
        Action::ConnectionReplaceCredential => "replace a portal's static token",
        Action::ConnectionRemove => "remove a portal",
        Action::ConnectionNeedsReauth => "mark a portal's authorization as no longer valid",
        Action::ConnectionRevoke => "disconnect a portal",
        Action::WorkspaceAdd => "add a workspace",
        Action::WorkspaceRename => "rename a workspace",
        Action::WorkspaceRemove => "remove a workspace",
        Action::GrantRevoke => "give up an authorization at the provider",
        Action::AppUninstall => "remove the app from a portal",
        Action::TokenIssue => "get an access token for the backend",
        Action::JournalRead => "open the journal",
        Action::JournalExport => "export the journal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::ACTIONS;

    fn entry(action: &str, outcome: &str) -> JournalEntry {
        JournalEntry {
            seq: 1,
            at_ms: 0,
            actor: "ada".into(),
            action: action.into(),
            target: None,
            outcome: outcome.into(),
            reason: None,
            session: Some("j".into()),
            hash: String::new(),
        }
    }

    /// P12, wish 24: refused tries read as tries.
    #[test]
    fn what_did_not_happen_does_not_read_as_if_it_had() {
        for (action, outcome, want) in [
            ("connection.add", "done", "A portal was added"),
            ("connection.add", "plan_limit", "Tried to add a portal"),
            (
                "flow.complete",
                "repeated",
                "An authorization was completed (once before)",
            ),
            (
                "grant.revoke",
                "given_up",
                "Tried to give up an authorization at the provider",
            ),
            ("from.2030", "done", "from.2030 (of a newer version)"),
        ] {
            assert_eq!(deed(&entry(action, outcome)), want);
        }
        for action in ACTIONS {
            let tried = infinitive(*action);
            assert!(
                tried.starts_with(|c: char| c.is_ascii_lowercase()),
                "{tried}"
            );
            assert!(!tried.ends_with('.'), "{tried}");
        }
    }

    #[test]
    fn only_an_entry_with_a_session_is_a_persons() {
        for (actor, session, want) in [
            ("ada", Some("j"), "ada"),
            ("ada", None, "ada"),
            ("provider", None, "The provider's redirect"),
            ("provider", Some("j"), "provider"),
            ("proxy", None, "Portico itself"),
            ("operator", None, "The proxy's operator"),
            ("operator", Some("j"), "operator"),
            ("service:k1", None, "Your backend, with key k1"),
            ("service:k1", Some("j"), "service:k1"),
            ("a\u{202e}b", Some("j"), "a\u{fffd}b"),
        ] {
            let told = JournalEntry {
                actor: actor.into(),
                session: session.map(str::to_owned),
                ..entry("flow.start", "done")
            };
            assert_eq!(who(&told), want);
        }
    }

    #[test]
    fn every_ending_has_a_word_a_tone_and_where_it_helps_a_sentence() {
        for (outcome, word, tone) in [
            ("done", "Done", Tone::Good),
            ("kept", "Kept alive", Tone::Quiet),
            ("given_up", "Given up", Tone::Attention),
            ("role_required", "Only an admin can do this", Tone::Bad),
            ("from_2030", "from_2030", Tone::Bad),
        ] {
            assert_eq!(
                (ending(outcome).as_str(), ending_tone(outcome)),
                (word, tone)
            );
        }
        assert_eq!(ending_sentence("done"), "");
        for (outcome, _) in &OUTCOMES[1..] {
            assert!(!ending_sentence(outcome).is_empty(), "{outcome}");
        }
        assert_eq!(ending_sentence("from_2030"), "");
    }

    #[test]
    fn a_removed_portal_is_known_by_its_number() {
        for (reason, want) in [
            (Some("portal 4242, by flow f_1"), Some(4242)),
            (Some("portal 7; its grant is to be revoked"), Some(7)),
            (Some("label, connection type audit_only"), None),
            (Some("portal x"), None),
            (None, None),
        ] {
            let told = JournalEntry {
                reason: reason.map(str::to_owned),
                ..entry("connection.add", "done")
            };
            assert_eq!(portal_of(&told).map(|id| id.0), want);
        }
    }
}
