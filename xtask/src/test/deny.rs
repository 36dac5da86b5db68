//! cargo-deny: licences, duplicate and banned crates, sources, known vulnerabilities (SC-1: also those that only
//! OSV knows).
//!
//! It is built once like the other tools, 41 s on two cores without debug information, so that the
//! same checks run everywhere.

use std::fs;

use super::{Note, osv};
use crate::say::{Failure, OrSay, Outcome};
use crate::tools;
use crate::{place, process};

const POLICY: &str = "deny.toml";

/// Said by cargo-deny where the advisories cannot be fetched.
const UNREACHABLE: [&str; 3] = [
    "failed to fetch advisory database",
    "failed to clone",
    "an IO error occurred when talking to the server",
];

pub(super) fn check() -> Outcome<Note> {
    let program = tools::cargo_deny()?;
    let command = |checks: &[&str]| {
        let mut command = std::process::Command::new(&program);
        process::in_repository(&mut command);
        command
            .args(["--all-features", "check", "--hide-inclusion-graph"])
            .args(checks);
        command
    };
    let log = place::log("deny");
    process::run(
        "licences, bans and sources",
        &mut command(&["licenses", "bans", "sources"]),
        &log,
    )?;

    let log = place::log("deny-advisories");
    let (passed, _) =
        process::attempt("known vulnerabilities", &mut command(&["advisories"]), &log)?;
    let said = process::tail(&log, 60);
    let unreachable = UNREACHABLE.iter().any(|sign| said.contains(sign));
    if !passed && !unreachable {
        return Err(Failure::new(said));
    }
    let exceptions = exceptions(&fs::read_to_string(place::root().join(POLICY)).or_say(POLICY)?)?;
    let ids: Vec<&str> = exceptions.iter().map(String::as_str).collect();
    Ok(match (passed, osv::check(&ids)?) {
        (true, true) => "",
        (true, false) => "advisories of OSV not checked: api.osv.dev cannot be reached",
        (false, true) => "advisories of RustSec not checked: their database cannot be reached",
        (false, false) => {
            "known vulnerabilities not checked: neither RustSec's database nor OSV can be reached"
        }
    })
}

/// Ids of advisories that the policy excepts, each on a line of its own with the day and the reason.
///
/// Errors: one has no day or no reason.
fn exceptions(policy: &str) -> Outcome<Vec<String>> {
    let Some((_, rest)) = policy.split_once("\nignore = [") else {
        return Ok(Vec::new());
    };
    let (list, _) = rest.split_once(']').unwrap_or((rest, ""));
    let lines = list.lines().map(str::trim);
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    entries
        .map(|entry| {
            let value = |name: &str| {
                let (_, value) = entry.split_once(&format!("{name} = \""))?;
                Some(value.split('"').next()?.to_owned())
            };
            let reason = value("reason").unwrap_or_default();
            value("id").filter(|_| is_dated(&reason)).ok_or_else(|| {
                Failure::new(format!(
                    "{POLICY}: {entry} is not of the form {{ id = \"RUSTSEC-…\", reason = \"YYYY-MM-DD: why\" }}."
                ))
            })
        })
        .collect()
}

/// `YYYY-MM-DD: ` and words.
fn is_dated(reason: &str) -> bool {
    let Some((day, why)) = reason.split_once(": ") else {
        return false;
    };
    let parts: Vec<&str> = day.split('-').collect();
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts[..], [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
        && why.split_whitespace().count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SC-1: an exception says since when and why, or the step fails.
    #[test]
    fn each_exception_is_dated_and_reasoned() {
        let policy = |entry: &str| {
            format!("[advisories]\nyanked = \"deny\"\nignore = [\n    # words\n    {entry}\n]\n")
        };
        let good = "{ id = \"RUSTSEC-2023-0071\", reason = \"2026-11-27: no RSA key is ours\" },";
        assert_eq!(exceptions(&policy(good)).unwrap(), ["RUSTSEC-2023-0071"]);
        for bad in [
            "\"RUSTSEC-2023-0071\",",
            "{ id = \"RUSTSEC-2023-0071\" },",
            "{ id = \"RUSTSEC-2023-0071\", reason = \"no RSA key is ours\" },",
            "{ id = \"RUSTSEC-2023-0071\", reason = \"2026-11-27: later\" },",
            "{ reason = \"2026-11-27: no RSA key is ours\" },",
        ] {
            assert!(exceptions(&policy(bad)).is_err(), "{bad}");
        }
        let ours = fs::read_to_string(place::root().join(POLICY)).unwrap();
        exceptions(&ours).unwrap();
    }
}
