//! The locked crates against OSV, which also holds the GitHub advisories that RustSec lacks.
//!
//! Owns one question to api.osv.dev, put by curl, and the reading of its answer. Source:
//! <https://google.github.io/osv.dev/post-v1-querybatch/>; answers come in the order of the questions.

use std::fs;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::say::{Failure, OrSay, Outcome};
use crate::{place, process};

const ADDRESS: &str = "https://api.osv.dev/v1/querybatch";
/// Packages that one question may name.
const MOST: usize = 1000;

/// A locked crate of a registry.
#[derive(Debug, PartialEq, Eq)]
struct Locked<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Found>,
}

#[derive(Default, Deserialize)]
struct Found {
    #[serde(default)]
    vulns: Vec<Advisory>,
    #[serde(default)]
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
}

/// False where OSV cannot be asked; `excepted` holds ids that are known and explained.
///
/// Errors: it knows of something, or its answer cannot be read.
pub(super) fn check(excepted: &[&str]) -> Outcome<bool> {
    let Some(curl) = place::on_path("curl") else {
        return Ok(false);
    };
    let path = place::root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).or_say(path.display())?;
    let mut wrong = Vec::new();
    for packages in locked(&lock).chunks(MOST) {
        let asked = place::out().join("osv-question.json");
        let answer = place::log("osv");
        fs::create_dir_all(place::out()).or_say(place::out().display())?;
        fs::write(&asked, question(packages).to_string()).or_say(asked.display())?;
        let mut command = Command::new(&curl);
        process::in_repository(&mut command);
        command
            .args(["--silent", "--fail", "--max-time", "60", "--data"])
            .arg(format!("@{}", asked.display()))
            .arg(ADDRESS);
        if !process::attempt("advisories of OSV", &mut command, &answer)?.0 {
            return Ok(false);
        }
        let text = fs::read_to_string(&answer).or_say(answer.display())?;
        wrong.extend(findings(packages, &text, excepted)?);
    }
    if wrong.is_empty() {
        Ok(true)
    } else {
        Err(Failure::new(wrong.join("\n")))
    }
}

fn locked(lock: &str) -> Vec<Locked<'_>> {
    let mut found = Vec::new();
    for package in lock.split("[[package]]").skip(1) {
        let read = |name: &str| {
            let (_, value) = package.split_once(&format!("\n{name} = \""))?;
            value.split('"').next()
        };
        // What has no source is ours.
        if let (Some(name), Some(version), Some(source)) =
            (read("name"), read("version"), read("source"))
            && source.starts_with("registry+")
        {
            found.push(Locked { name, version });
        }
    }
    found
}

fn question(packages: &[Locked<'_>]) -> Value {
    let one = |package: &Locked<'_>| {
        json!({
            "package": { "name": package.name, "ecosystem": "crates.io" }, "version": package.version,
        })
    };
    json!({ "queries": packages.iter().map(one).collect::<Vec<_>>() })
}

/// A line for each advisory that is not excepted.
fn findings(packages: &[Locked<'_>], answer: &str, excepted: &[&str]) -> Outcome<Vec<String>> {
    let answer: Answer = serde_json::from_str(answer).or_say("OSV's answer")?;
    if answer.results.len() != packages.len() {
        return Err(Failure::new(
            "OSV did not answer for each package it was asked about.",
        ));
    }
    let mut lines = Vec::new();
    for (package, found) in packages.iter().zip(&answer.results) {
        let known = |advisory: &&Advisory| !excepted.contains(&advisory.id.as_str());
        for advisory in found.vulns.iter().filter(known) {
            let id = &advisory.id;
            lines.push(format!(
                "{} {}: {id}, https://osv.dev/vulnerability/{id}",
                package.name, package.version
            ));
        }
        if found.next_page_token.is_some() {
            lines.push(format!(
                "{}: there are more pages of advisories",
                package.name
            ));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n\
        dependencies = [\n \"a\",\n]\n\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n\
        source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"00\"\n\n\
        [[package]]\nname = \"b\"\nversion = \"0.4.0-rc.1\"\n\
        source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";

    /// SC-1: every crate of a registry is asked about, by name and locked version.
    #[test]
    fn each_locked_crate_is_asked_about() {
        let packages = locked(LOCK);
        let told: Vec<_> = packages.iter().map(|one| (one.name, one.version)).collect();
        assert_eq!(told, [("a", "1.2.3"), ("b", "0.4.0-rc.1")]);
        let first = &question(&packages)["queries"][0];
        assert_eq!(
            *first,
            json!({"package": {"name": "a", "ecosystem": "crates.io"}, "version": "1.2.3"})
        );
        let whole = fs::read_to_string(place::root().join("Cargo.lock")).unwrap();
        let sources = whole.matches("\nsource = \"registry+").count();
        assert_eq!(locked(&whole).len(), sources);
    }

    /// SC-1: each advisory fails the step unless it is excepted; an answer that is not whole is no answer.
    #[test]
    fn an_advisory_is_named_unless_it_is_excepted() {
        let packages = locked(LOCK);
        let answer = r#"{"results": [{}, {"vulns": [{"id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-01-01T00:00:00Z"},
            {"id": "RUSTSEC-2026-0001", "modified": "2026-01-01T00:00:00Z"}]}]}"#;
        let named = findings(&packages, answer, &["RUSTSEC-2026-0001"]).unwrap();
        assert_eq!(
            named,
            [
                "b 0.4.0-rc.1: GHSA-aaaa-bbbb-cccc, https://osv.dev/vulnerability/GHSA-aaaa-bbbb-cccc"
            ]
        );
        let paged = r#"{"results": [{"next_page_token": "x"}, {}]}"#;
        assert_eq!(findings(&packages, paged, &[]).unwrap().len(), 1);
        assert_eq!(
            findings(&packages, r#"{"results": [{}, {}]}"#, &[])
                .unwrap()
                .len(),
            0
        );
        assert!(findings(&packages, r#"{"results": [{}]}"#, &[]).is_err());
        assert!(findings(&packages, "<html>", &[]).is_err());
    }
}
