//! What holds of all entries together.

use super::*;
use std::collections::BTreeSet;

/// J23, S16, D61–D64: everything that is shown with a link has the entry it leads to.
#[test]
fn every_status_and_every_error_has_an_entry() {
    for status in statuses::ORDER {
        let entry = entry(status_anchor(status)).expect("an entry");
        assert_eq!(entry.group, Group::Status);
        assert_eq!(entry.title, status.title());
        assert!(
            entry.related.contains(&"reconnecting"),
            "{status:?} leads to the reconnect help"
        );
    }
    for code in ErrorCode::ALL {
        let words = code.entry();
        let entry = entry(&anchor_of(*code)).expect("an entry");
        assert_eq!((entry.group, entry.title), (Group::Error, words.title));
        assert_eq!(entry.code, words.support_code);
        assert_eq!(entry.body[0], Block::Text(entry.body[0].words()));
        assert_eq!(
            entry.body[0].words(),
            [words.meaning, words.action],
            "{code}: what the notice says stands here too"
        );
    }
}

/// The topics that the promises name.
#[test]
fn every_promised_topic_is_there() {
    for (promise, anchor) in [
        ("J33", "connecting"),
        ("J23", "reconnecting"),
        ("R15", "wrong-portal"),
        ("J31, S14", "pop-up-blocked"),
        ("S15", "clear-cache"),
        ("J28, S13, R30", "admin-role"),
        ("J29", "linked-elsewhere"),
        ("J26, S18", "portal-limit"),
        ("D46, D48", "pending"),
        ("D61–D64", "retrieval"),
        ("D52", "partial-grant"),
        ("D67", "revoking-in-hubspot"),
        ("D27, fact 10", "revoke-or-uninstall"),
        ("D65", "labels"),
        ("D69, D70", "workspaces"),
        ("D34, D35, D60, R31", "roles"),
        ("D26, B14–B17", "static-tokens"),
        ("B18", "rotating-tokens"),
        ("D59", "repository-not-showing"),
        ("D71", "instance-details"),
        ("J30, S4", "browsers"),
        ("P1", "data-kept"),
        ("fact 1", "oauth-v1-sunset"),
        ("fact 2", "why-a-proxy"),
        ("fact 3", "token-refresh"),
        ("fact 4", "portal-name"),
        ("fact 5", "tier"),
        ("facts 7, 8, D57, D68", "scopes"),
        ("fact 9", "scope-mismatch"),
        ("fact 12", "connected-apps"),
        ("fact 13", "install-limit"),
        ("R8–R12", "why-it-ended"),
        ("R33, R34", "troubleshooting"),
        ("D49, D51", "trouble-kinds"),
        ("S16", "support-code"),
        ("B1", "set-up"),
    ] {
        assert!(entry(anchor).is_some(), "{promise}: {anchor}");
    }
}

/// Facts that must stand in the words themselves.
#[test]
fn entries_say_what_is_true() {
    let said = |anchor: &str| {
        let entry = entry(anchor).expect("an entry");
        let words = entry.body.iter().flat_map(|block| block.words());
        words.copied().collect::<Vec<_>>().join("\n")
    };
    for (promise, anchor, words) in [
        (
            "J28",
            "admin-role",
            "Super Admin of the portal, or a user with the App Marketplace Access permission",
        ),
        (
            "R32",
            "admin-role",
            "need not be the person who connected it first",
        ),
        ("D46", "pending", "within one or two minutes"),
        ("D48", "pending", "more than five minutes"),
        ("D61", "retrieval", "Wait about a minute"),
        ("D62", "retrieval", "2 to 10 minutes"),
        ("D63", "retrieval", "ready to use"),
        ("D64", "retrieval", "read the message"),
        (
            "fact 10",
            "revoke-or-uninstall",
            "keep working until they end by themselves",
        ),
        (
            "D27",
            "revoke-or-uninstall",
            "Settings, Integrations, Connected Apps",
        ),
        ("R29", "status-needs-reconnection", "no deadline"),
        ("R7", "status-needs-reconnection", "not a fault"),
        ("fact 1", "oauth-v1-sunset", "/oauth/2026-03/token"),
        ("B17", "static-tokens", "does not expire"),
        ("B15", "static-tokens", "the same scopes"),
        ("fact 13", "install-limit", "25 accounts"),
        ("P1", "data-kept", "keeps none"),
        (
            "S15",
            "clear-cache",
            "deletes the metadata kept in this browser",
        ),
        ("D58", "token-refresh", "invalid or revoked"),
        ("D60", "roles", "ask an admin"),
        ("J29", "linked-elsewhere", "Remove in the portal's row"),
        (
            "S17",
            "error-auth-scope-denied",
            "leave every permission ticked",
        ),
    ] {
        assert!(
            said(anchor).contains(words),
            "{promise}: {anchor} lacks {words:?}"
        );
    }
}

/// Addresses that people share: unique, of one form, and never in need of escaping.
#[test]
fn anchors_are_unique_slugs_and_related_ones_exist() {
    let entries = all();
    let anchors: BTreeSet<&str> = entries.iter().map(|entry| entry.anchor.as_str()).collect();
    assert_eq!(anchors.len(), entries.len(), "an anchor stands twice");
    for one in &entries {
        assert!(is_anchor(&one.anchor), "{}", one.anchor);
        assert_eq!(entry(&one.anchor).as_ref(), Some(one), "{}", one.anchor);
        let related: BTreeSet<&&str> = one.related.iter().collect();
        assert_eq!(
            related.len(),
            one.related.len(),
            "{} repeats one",
            one.anchor
        );
        for other in one.related {
            assert!(anchors.contains(other), "{}: no entry {other}", one.anchor);
            assert_ne!(*other, one.anchor, "an entry leads to itself");
        }
        if one.group != Group::Topic {
            assert!(!one.related.is_empty(), "{} leads nowhere", one.anchor);
        }
    }
}

#[test]
fn words_are_whole_sentences() {
    for entry in all() {
        assert!(
            !entry.title.is_empty() && !entry.title.ends_with('.'),
            "{}",
            entry.anchor
        );
        for words in entry.body.iter().flat_map(|block| block.words()) {
            assert!(words.ends_with(['.', '?']), "{}: {words}", entry.anchor);
            assert!(!words.contains("  "), "{}: {words}", entry.anchor);
        }
    }
}

/// Once published, an address is kept: these are quoted in mails and tickets.
#[test]
fn published_anchors_stay() {
    for (code, want) in [
        (ErrorCode::ScopeDenied, "error-auth-scope-denied"),
        (ErrorCode::PlanLimit, "error-portal-limit-reached"),
        (ErrorCode::FlowExpired, "error-token-expired"),
        (ErrorCode::PopupBlocked, "error-popup-blocked"),
        (ErrorCode::Internal, "error-internal"),
    ] {
        assert_eq!(anchor_of(code), want);
    }
    // By the code on the wire as well, for whoever reads an answer of the proxy.
    for code in ErrorCode::ALL {
        let by_wire = entry(&slugged(code.entry().code)).expect("an entry");
        assert_eq!(by_wire.anchor, anchor_of(*code));
    }
}

#[test]
fn only_slugs_are_anchors() {
    for (text, want) in [
        ("connecting", true),
        ("error-x2", true),
        ("", false),
        ("Connecting", false),
        ("javascript:alert(1)", false),
        ("a b", false),
        ("a/b", false),
        ("é", false),
    ] {
        assert_eq!(is_anchor(text), want, "{text}");
    }
    assert!(!is_anchor(&"a".repeat(65)));
    assert!(entry("no-such-entry").is_none() && entry("").is_none());
}
