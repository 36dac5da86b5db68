//! What the fuzzers have seen, replayed: no request of any kind brings a panic or an answer that is not HubSpot's.

#[path = "../../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(name);
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the corpus") {
        target(&fs::read(entry.expect("a file").path()).expect("its bytes"));
        count += 1;
    }
    assert!(count >= 8, "the corpus of {name} is not there");
}

#[test]
fn the_routers_corpus_is_answered() {
    replay("router", targets::router);
}

#[test]
fn the_forms_corpus_is_answered() {
    replay("form", targets::form);
}

#[test]
fn the_searches_corpus_is_answered() {
    replay("search", targets::search);
}
