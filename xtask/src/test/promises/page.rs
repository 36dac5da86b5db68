//! The page's words, given the ledger. Owns its form; decides nothing.

use std::fmt::Write as _;

use super::doors::{Door, Proof};
use super::list::Promise;
use super::{Ledger, Standing};

const FAMILIES: [(&str, &str); 6] = [
    ("J", "Adding a portal"),
    ("R", "Reconnecting a portal"),
    ("D", "Connections"),
    ("S", "Connecting an account"),
    ("B", "Setting up an app"),
    ("P", "What none of the others has"),
];

const HEAD: &str = "\
# Promises and their proofs

<!-- Made by `cargo xtask promises` from tests/promises.txt and the comments of the tests. Not written by hand. -->

Every promise by its id, and the tests that prove it. A test bears a promise by naming it in the comment above itself. \
The step `promises` of `cargo xtask test` refuses a page that differs from what the tests say, and counts only tests that \
its steps run: so a run that ends with `0 failed` means that each test listed here passed.

| what it says | what it means |
| --- | --- |
| **browser** | a test proves it in a real Chromium, as a person would see it |
| **HTTP** | a test proves it through the proxy's interface |
| HTTP, in part | the same, and what is still missing |
| not yet: only its rule is tested | tests beside the code hold it; none comes through a door |
| not yet | no test bears it, and why |

Tests after \u{201c}rule:\u{201d} stand beside the code. They support a promise and do not prove it by themselves.
";

/// What is said of a promise that only tests beside the code bear.
const RULE_ONLY: &str = "only its rule is tested";

/// The whole page.
pub(super) fn text(ledger: &Ledger) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n## Counts\n\n| family | promises | browser | HTTP | HTTP, in part | not yet: rule only | not yet |\n| --- | --: | --: | --: | --: | --: | --: |\n");
    for (family, title) in FAMILIES {
        let count = Count::of(ledger, family);
        let link = slug(family, title);
        let _ = writeln!(
            text,
            "| [{family}: {title}](#{link}) | {} |",
            count.cells().join(" | ")
        );
    }
    let cells = Count::of(ledger, "").cells();
    let cells: Vec<String> = cells.iter().map(|cell| format!("**{cell}**")).collect();
    let _ = writeln!(text, "| **all** | {} |", cells.join(" | "));
    for (family, title) in FAMILIES {
        let count = Count::of(ledger, family);
        let _ = write!(
            text,
            "\n## {family}: {title}\n\n{} of {} are proved in the browser.\n\n| id | promise | proved | tests |\n| --- | --- | --- | --- |\n",
            count.browser, count.all
        );
        for promise in ledger
            .promises
            .iter()
            .filter(|promise| promise.id.starts_with(family))
        {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                promise.id,
                cell(&promise.statement),
                cell(&proved(ledger, promise)),
                tests(ledger.proofs(&promise.id))
            );
        }
    }
    text
}

/// One line for whoever made the page.
pub(super) fn count(ledger: &Ledger) -> String {
    let count = Count::of(ledger, "");
    format!(
        "{} promises: {} proved in the browser, {} over HTTP, {} over HTTP in part, {} by their rule only, {} not yet.",
        count.all, count.browser, count.http, count.in_part, count.rule, count.not_yet
    )
}

#[derive(Default)]
struct Count {
    all: usize,
    browser: usize,
    http: usize,
    in_part: usize,
    rule: usize,
    not_yet: usize,
}

impl Count {
    /// Of one family, or of all.
    fn of(ledger: &Ledger, family: &str) -> Self {
        let mut count = Self::default();
        for promise in &ledger.promises {
            if !promise.id.starts_with(family) {
                continue;
            }
            count.all += 1;
            *match (ledger.standing(&promise.id), &promise.note) {
                (Standing::Browser, _) => &mut count.browser,
                (Standing::Http, None) => &mut count.http,
                (Standing::Http, Some(_)) => &mut count.in_part,
                (Standing::Rule, _) => &mut count.rule,
                (Standing::Nowhere, _) => &mut count.not_yet,
            } += 1;
        }
        count
    }

    fn cells(&self) -> [String; 6] {
        [
            self.all,
            self.browser,
            self.http,
            self.in_part,
            self.rule,
            self.not_yet,
        ]
        .map(|number| number.to_string())
    }
}

fn proved(ledger: &Ledger, promise: &Promise) -> String {
    let why = promise.note.as_ref().map(|note| &note.why);
    match (ledger.standing(&promise.id), why) {
        (Standing::Browser, _) => "**browser**".to_owned(),
        (Standing::Http, None) => "**HTTP**".to_owned(),
        (Standing::Http, Some(why)) => format!("HTTP, in part: {why}"),
        (Standing::Rule, None) => format!("not yet: {RULE_ONLY}"),
        (Standing::Rule, Some(why)) => format!("not yet: {RULE_ONLY}; {why}"),
        (Standing::Nowhere, why) => {
            format!("not yet: {}", why.map_or("nobody says why", String::as_str))
        }
    }
}

/// Files in the order of the proofs, each with its tests.
fn tests(proofs: &[Proof]) -> String {
    let lines = proofs.chunk_by(|a, b| (a.door, &a.path) == (b.door, &b.path));
    let lines = lines.map(|proofs| {
        let Proof { door, path, .. } = &proofs[0];
        let door = match door {
            Some(Door::Browser) => "browser",
            Some(Door::Http) => "HTTP",
            None => "rule",
        };
        let short = path.strip_prefix("tests/tests/").unwrap_or(path);
        let names: Vec<&str> = proofs.iter().map(|proof| proof.name.as_str()).collect();
        format!("{door}: [{short}](../{path}): {}", names.join(", "))
    });
    lines.collect::<Vec<_>>().join("<br>")
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The heading's anchor, as forges make it.
fn slug(family: &str, title: &str) -> String {
    format!("{family} {title}").to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::sources::Source;

    fn ledger(list: &str) -> Ledger {
        let source = |path: &str, text: &str| Source {
            path: path.into(),
            text: text.into(),
        };
        let sources = [
            source(
                "crates/a/src/lib.rs",
                "/// J1, J4.\n#[test]\nfn rule() {}\n",
            ),
            source(
                "tests/tests/browser/main.rs",
                "/// J1.\n#[test]\nfn seen() {}\n/// J1.\n#[test]\nfn heard() {}\n",
            ),
            source(
                "tests/tests/http/main.rs",
                "/// J2, J3, J1.\n#[test]\nfn told() {}\n",
            ),
        ];
        Ledger::of(list, &sources).unwrap()
    }

    #[test]
    fn each_promise_is_a_row_with_what_proves_it() {
        let text = text(&ledger(
            "J1 | One\nJ2 | Two\nJ3 | Three, or a|b\n  in part: half|way\nJ4 | Four\nR5 | Five\n  not yet: later\n",
        ));
        for want in [
            "| J1 | One | **browser** | browser: [browser/main.rs](../tests/tests/browser/main.rs): heard, seen<br>\
             HTTP: [http/main.rs](../tests/tests/http/main.rs): told<br>\
             rule: [crates/a/src/lib.rs](../crates/a/src/lib.rs): rule |\n",
            "| J2 | Two | **HTTP** | HTTP: [",
            "| J3 | Three, or a\\|b | HTTP, in part: half\\|way | HTTP: [",
            "| J4 | Four | not yet: only its rule is tested | rule: [",
            "| R5 | Five | not yet: later |  |\n",
            "| [J: Adding a portal](#j-adding-a-portal) | 4 | 1 | 1 | 1 | 1 | 0 |\n",
            "| [R: Reconnecting a portal](#r-reconnecting-a-portal) | 1 | 0 | 0 | 0 | 0 | 1 |\n",
            "| **all** | **5** | **1** | **1** | **1** | **1** | **1** |\n",
            "\n## J: Adding a portal\n\n1 of 4 are proved in the browser.\n",
        ] {
            assert!(text.contains(want), "{want}\n\n{text}");
        }
    }

    #[test]
    fn nothing_is_called_proved_without_a_test() {
        let ledger = ledger("D1 | One\nD2 | Two\n  in part: most of it\n");
        let text = text(&ledger);
        assert!(text.contains("| D1 | One | not yet: "), "{text}");
        assert!(
            text.contains("| D2 | Two | not yet: most of it |  |"),
            "{text}"
        );
        assert_eq!(ledger.wrong.len(), 2 + 4, "{:?}", ledger.wrong);
    }
}
