//! The store's records, on the layer in memory, which every browser falls back to.

use super::*;
use futures_util::FutureExt as _;

/// In memory nothing is waited for.
pub(super) fn now<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("memory answers at once")
}

pub(super) fn store() -> Store {
    Store {
        name: "test".into(),
        layers: Rc::new(Layers::new(None)),
        set_aside: Rc::default(),
    }
}

fn part(part: &str, content: &str) -> NewPart {
    NewPart {
        kind: Kind::Properties,
        part: part.to_owned(),
        content: content.to_owned(),
        records: 1,
        hash: sha256_base64url(content),
    }
}

fn standing(completed_at: Option<u64>) -> Standing {
    Standing {
        checkpoint: "{}".into(),
        started_at: 5,
        completed_at,
    }
}

const ONE: PortalId = PortalId(4);
const OTHER: PortalId = PortalId(42);

fn names(store: &Store, portal: PortalId) -> Vec<String> {
    let stored = now(store.load_portal(portal)).unwrap().unwrap();
    stored.parts.into_iter().map(|part| part.part).collect()
}

/// R28, ST-9: without storage the app works on, for as long as the page is open.
#[test]
fn what_is_saved_can_be_loaded_and_read() {
    let store = store();
    assert!(!store.is_persistent());
    assert_eq!(now(store.load_portal(ONE)).unwrap(), None);
    let contacts = part("contacts", "[1.00]");
    let hash = contacts.hash.clone();
    now(store.save(ONE, vec![contacts], &standing(Some(9)), 7));
    let stored = now(store.load_portal(ONE)).unwrap().unwrap();
    assert_eq!(
        (
            stored.started_at,
            stored.completed_at,
            stored.checkpoint.as_str()
        ),
        (5, Some(9), "{}")
    );
    assert_eq!(stored.parts.len(), 1);
    assert_eq!(
        (stored.parts[0].kind, stored.parts[0].at),
        (Kind::Properties, 7)
    );
    assert_eq!(
        now(store.content(&hash)).unwrap().as_deref(),
        Some("[1.00]")
    );
    assert_eq!(now(store.content("unknown")).unwrap(), None);
}

/// D29: a portal goes with all of its own, and takes nothing that another one shares.
#[test]
fn a_deleted_portal_leaves_the_others_whole() {
    let store = store();
    let shared = sha256_base64url("[1]");
    let own = sha256_base64url("[2]");
    now(store.save(
        ONE,
        vec![part("a", "[1]"), part("b", "[2]")],
        &standing(None),
        7,
    ));
    now(store.save(OTHER, vec![part("a", "[1]")], &standing(None), 7));
    now(store.delete_portal(ONE)).unwrap();
    assert_eq!(now(store.load_portal(ONE)).unwrap(), None);
    assert_eq!(names(&store, OTHER), ["a"]);
    assert_eq!(now(store.content(&shared)).unwrap().as_deref(), Some("[1]"));
    assert_eq!(now(store.content(&own)).unwrap(), None);
}

/// P4: what a portal no longer has is not shown as if it had.
#[test]
fn stale_parts_go_and_the_rest_stays() {
    let store = store();
    let parts = vec![part("page-1", "[1]"), part("page-2", "[2]")];
    now(store.save(ONE, parts, &standing(None), 7));
    now(store.save(OTHER, vec![part("page-2", "[2]")], &standing(None), 7));
    now(store.drop_parts(ONE, |part| part.part == "page-2"));
    assert_eq!(names(&store, ONE), ["page-1"]);
    assert_eq!(names(&store, OTHER), ["page-2"]);
}

/// ST-9: a damaged record, or one of another version, is named once, set aside, and the rest is there.
#[test]
fn an_unreadable_record_is_set_aside_once() {
    let crafted = [
        "",
        "no json",
        "[]",
        r#"{"v":2,"kind":"properties","part":"x","hash":"h","records":1,"at":1}"#,
        r#"{"v":1,"kind":"no-such-kind","part":"x","hash":"h","records":1,"at":1}"#,
        r#"{"v":1,"kind":"properties","part":"x","hash":"h","records":-1,"at":1}"#,
        r#"{"v":1,"kind":"properties","part":"x","hash":"h","records":1,"at":1,"more":1}"#,
    ];
    for text in crafted {
        let store = store();
        now(store.save(ONE, vec![part("good", "[1]")], &standing(None), 7));
        let bad = (PARTS, "4/properties/x".to_owned(), Some(text.to_owned()));
        now(store.layers.write(vec![bad]));
        assert!(!store.has_set_aside(ONE), "{text}");
        let problem = now(store.load_portal(ONE)).unwrap_err();
        assert_eq!(problem.code, ErrorCode::SnapshotUnreadable, "{text}");
        assert_eq!(names(&store, ONE), ["good"], "{text}");
        // Whoever finds it, the progress of the portal tells it, and of no other.
        assert!(store.has_set_aside(ONE), "{text}");
        assert!(!store.has_set_aside(OTHER), "{text}");
        let aside = now(store.layers.get(PARTS, "aside/4/properties/x")).unwrap();
        assert_eq!(aside.as_deref(), Some(text));
    }
    for text in [
        "",
        r#"{"v":7,"checkpoint":"{}","started_at":1,"completed_at":null}"#,
    ] {
        let store = store();
        now(store
            .layers
            .write(vec![(PORTALS, "4".to_owned(), Some(text.to_owned()))]));
        let problem = now(store.load_portal(ONE)).unwrap_err();
        assert_eq!(problem.code, ErrorCode::SnapshotUnreadable, "{text}");
        assert_eq!(now(store.load_portal(ONE)).unwrap(), None, "{text}");
    }
}

/// ST-9: content that is not what its hash says is never shown.
#[test]
fn altered_content_is_refused() {
    let store = store();
    let hash = sha256_base64url("[1]");
    now(store
        .layers
        .write(vec![(CONTENTS, hash.clone(), Some("[666]".to_owned()))]));
    let problem = now(store.content(&hash)).unwrap_err();
    assert_eq!(problem.code, ErrorCode::SnapshotUnreadable);
}
