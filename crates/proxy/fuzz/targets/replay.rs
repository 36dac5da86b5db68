//! What the fuzzers have seen, and what was written for them by hand, replayed (BI-1).

use super::TARGETS;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn replay(name: &str) {
    let (_, target) = TARGETS.iter().find(|(own, _)| *own == name).unwrap();
    let mut count = 0;
    for entry in fs::read_dir(fuzz().join("corpus").join(name)).unwrap() {
        let path = entry.unwrap().path();
        // On a failure the last of these lines names the file.
        eprintln!("{}", path.display());
        target(&fs::read(&path).unwrap());
        count += 1;
    }
    if name == "router" {
        crate::web::fuzzing::put_away();
    }
    assert!(count >= 8, "the corpus of {name} is not there");
}

macro_rules! replays {
    ($($test:ident of $name:literal),+ $(,)?) => {
        $(
            #[test]
            fn $test() {
                replay($name);
            }
        )+

        /// A target without a program, a corpus or a test here would be one that nobody runs.
        #[test]
        fn every_target_has_its_program_and_its_corpus() {
            let replayed = BTreeSet::from([$($name.to_owned()),+]);
            let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
            assert_eq!(replayed, names);
            let manifest: toml::Table = fs::read_to_string(fuzz().join("Cargo.toml"))
                .unwrap()
                .parse()
                .unwrap();
            let programs = manifest["bin"].as_array().unwrap().iter();
            let programs: BTreeSet<String> =
                programs.map(|bin| bin["name"].as_str().unwrap().to_owned()).collect();
            assert_eq!(programs, names);
            let corpora = fs::read_dir(fuzz().join("corpus")).unwrap();
            let corpora: BTreeSet<String> = corpora
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            assert_eq!(corpora, names);
        }
    };
}

replays! {
    bodies_are_read_or_refused of "body",
    configurations_are_read_or_refused of "config",
    heads_are_read_or_refused of "head",
    exports_of_the_journal_are_verified_or_refused of "journal",
    answers_of_providers_are_read_or_refused of "provider",
    calls_of_the_relay_are_sent_or_refused of "relay",
    requests_are_answered of "router",
    keys_and_what_they_seal_are_read_or_refused of "secrets",
    session_tokens_are_believed_or_refused of "session",
}
