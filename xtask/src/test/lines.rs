//! Counts lines: tests beside code in the core, and no file too long without a reason.

use super::Note;
use super::sources::{self, Source};
use crate::say::{self, Failure, Outcome};

/// Test lines for each line of code in the core.
const LEAST_RATIO: f64 = 0.5;
const MOST_LINES: usize = 500;

pub(super) fn check() -> Outcome<Note> {
    let room = sources::below(&["crates/core"], &[".rs"])?;
    let (code, tests) = room
        .iter()
        .map(count)
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let ratio = ratio(tests, code);
    say::progress(format_args!(
        "core: {code} lines of code, {tests} of tests: {ratio:.2}"
    ));
    let mut found = Vec::new();
    if ratio < LEAST_RATIO {
        found.push(format!("crates/core has {ratio:.2} test lines for each line of code; {LEAST_RATIO} is the least."));
    }
    let endings = [".rs", ".js", ".ts", ".css", ".html"];
    for source in sources::below(&["."], &endings)? {
        if let Some(lines) = too_long(&source.text) {
            found.push(format!(
                "{} has {lines} lines: split it, or say why in a line `long: reason` within a comment.",
                source.path
            ));
        }
    }
    if found.is_empty() {
        Ok("")
    } else {
        Err(Failure::new(found.join("\n")))
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of lines, shown to two decimals"
)]
fn ratio(tests: usize, code: usize) -> f64 {
    tests as f64 / code.max(1) as f64
}

/// The number of lines, where it is too large and nothing says why.
fn too_long(text: &str) -> Option<usize> {
    let lines = text.lines().count();
    let reason = |line: &str| {
        let line = line.trim_start();
        ["// long: ", "/* long: ", "<!-- long: "]
            .iter()
            .any(|open| line.starts_with(open))
    };
    (lines > MOST_LINES && !text.lines().any(reason)).then_some(lines)
}

/// Lines of code and of tests; blank lines and comments are neither.
///
/// Tests are what stands in a `#[cfg(test)]` block, in a folder or file called `tests`, or in a file
/// whose name ends with `_tests`. Relies on rustfmt: a block ends where its `}` stands as far left.
fn count(source: &Source) -> (usize, usize) {
    let all_tests = source.path.split('/').any(|part| {
        let stem = part.strip_suffix(".rs").unwrap_or(part);
        stem == "tests" || stem.ends_with("_tests")
    });
    let (mut code, mut tests) = (0, 0);
    // The indentation of the `#[cfg(test)]` that is open.
    let mut open: Option<usize> = None;
    let mut opened = false;
    for line in source.text.lines() {
        let trimmed = line.trim();
        let indent = line.len() - line.trim_start().len();
        if open.is_none() && trimmed == "#[cfg(test)]" {
            (open, opened) = (Some(indent), false);
        }
        if !trimmed.is_empty() && !trimmed.starts_with("//") {
            if all_tests || open.is_some() {
                tests += 1;
            } else {
                code += 1;
            }
        }
        if open == Some(indent) && !trimmed.starts_with("#[") && !trimmed.starts_with("//") {
            opened |= trimmed.ends_with('{');
            let ends_here = if opened {
                trimmed.starts_with('}')
            } else {
                trimmed.ends_with(';')
            };
            if ends_here {
                open = None;
            }
        }
    }
    (code, tests)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(path: &str, text: &str) -> (usize, usize) {
        count(&Source {
            path: path.into(),
            text: text.into(),
        })
    }

    #[test]
    fn a_test_block_ends_where_its_brace_stands() {
        let text = "//! Room.\n\nfn a() {\n    b();\n}\n\n#[cfg(test)]\nmod tests {\n    \
                    #[test]\n    fn x() {\n        // why\n        y();\n    }\n}\n\nfn c() {}\n";
        assert_eq!(counted("crates/core/src/a.rs", text), (4, 7));
    }

    #[test]
    fn a_test_module_in_its_own_file_counts_there() {
        assert_eq!(
            counted(
                "crates/core/src/a.rs",
                "#[cfg(test)]\nmod tests;\nfn c() {}\n"
            ),
            (1, 2)
        );
        assert_eq!(counted("crates/core/src/a/tests.rs", "fn c() {}\n"), (0, 1));
        assert_eq!(counted("crates/core/tests/a.rs", "fn c() {}\n"), (0, 1));
    }

    #[test]
    fn a_long_file_needs_a_reason() {
        let long = "x\n".repeat(501);
        assert_eq!(too_long(&long), Some(501));
        assert_eq!(too_long(&format!("// long: one table\n{long}")), None);
        assert_eq!(too_long(&"x\n".repeat(500)), None);
    }
}
