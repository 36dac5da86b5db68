//! `docs/openapi.json` against a running proxy, by schemathesis.
//!
//! Owns what that needs. What is called and what may be answered stands in `tests/openapi` and
//! `tests/tests/http/openapi_live.rs`.

use std::fs;

use super::{Note, suites};
use crate::place;
use crate::say::{self, OrSay, Outcome};
use crate::tools::clients;

/// What schemathesis 4 declares.
const PYTHON_LEAST: u32 = 11;

/// Fetches schemathesis and lets it call every operation of the document.
pub(super) fn check() -> Outcome<Note> {
    let list = place::root().join("tests/openapi");
    let (python, packages) =
        clients::python_modules(&list, "schemathesis", "openapi", PYTHON_LEAST)?;
    let out = std::path::absolute(place::out().join("openapi")).or_say("out/openapi")?;
    fs::create_dir_all(&out).or_say(out.display())?;
    let note = suites::described(&python, &packages, &out)?;
    for group in ["backend", "solo", "browser", "pages"] {
        let log = out.join(format!("{group}.log"));
        let said = fs::read_to_string(&log).or_say(log.display())?;
        let count = said.lines().find(|line| line.contains(" generated, "));
        say::progress(format_args!("{group}: {}", count.unwrap_or("?").trim()));
    }
    Ok(note)
}
