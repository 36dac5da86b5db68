//! What a test bears: the ids in the comment directly above it.
//!
//! Owns reading Rust's tests and their comments. Which ids there are, and what bearing one means, its callers know.

/// A test that runs when nobody asks for it by name. Ignored ones prove nothing and are left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Test<'a> {
    /// As in `fn name`.
    pub(super) name: &'a str,
    /// The lines of its comment, without their slashes.
    pub(super) comment: Vec<&'a str>,
}

/// The tests of a file, in its order.
pub(super) fn tests(text: &str) -> Vec<Test<'_>> {
    let mut found = Vec::new();
    let mut comment = Vec::new();
    let (mut is_test, mut ignored, mut within_attribute) = (false, false, false);
    for line in text.lines().map(str::trim) {
        if within_attribute {
            within_attribute = !line.ends_with(']');
        } else if let Some(words) = line.strip_prefix("///") {
            comment.push(words);
        } else if line.starts_with("#[") {
            is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
            ignored |= line.starts_with("#[ignore");
            within_attribute = !line.ends_with(']');
        } else {
            let comment = std::mem::take(&mut comment);
            if let Some(name) = function(line).filter(|_| is_test && !ignored) {
                found.push(Test { name, comment });
            }
            (is_test, ignored) = (false, false);
        }
    }
    found
}

/// The name in `async fn name(`.
fn function(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    let rest = line.strip_prefix("fn ")?;
    Some(&rest[..rest.find(['(', '<']).unwrap_or(rest.len())])
}

/// Acceptance cases: two capitals, a hyphen, a number.
pub(super) fn cases(words: &str) -> impl Iterator<Item = &str> {
    let apart = |c: char| !c.is_ascii_alphanumeric() && c != '-';
    words.split(apart).filter(|word| is_case(word))
}

/// `AB-1`.
pub(super) fn is_case(word: &str) -> bool {
    word.split_once('-').is_some_and(|(kind, number)| {
        kind.len() == 2
            && kind.bytes().all(|byte| byte.is_ascii_uppercase())
            && (1..=3).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Promises: `J5`, and each of a range: `J2–J10`, `R25-R27`, `B1–18`.
pub(super) fn promises(words: &str) -> Vec<String> {
    let words = words.replace('–', "-");
    let apart = |c: char| !c.is_alphanumeric() && c != '-' && c != '_';
    let mut found = Vec::new();
    for word in words.split(apart) {
        let ends: Vec<&str> = word.split('-').filter(|end| !end.is_empty()).collect();
        let first = ends.first().and_then(|end| promise(end));
        match (first, ends.as_slice()) {
            (Some((family, number)), [_]) => found.push(format!("{family}{number}")),
            (Some((family, from)), [_, end]) => match (promise(end), end.parse()) {
                (Some((other, to)), _) if other == family => {
                    found.extend(range(family, from, to));
                }
                (None, Ok(to)) => found.extend(range(family, from, to)),
                _ => {}
            },
            _ => {}
        }
    }
    found
}

/// Both ends stay where they do not come in order, so that a slip is seen and not swallowed.
fn range(family: char, from: u8, to: u8) -> Vec<String> {
    let numbers: Vec<u8> = if from < to {
        (from..=to).collect()
    } else {
        vec![from, to]
    };
    let ids = numbers.iter().map(|number| format!("{family}{number}"));
    ids.collect()
}

/// A family's letter and a number of one or two digits.
pub(super) fn promise(word: &str) -> Option<(char, u8)> {
    let family = word.chars().next().filter(|c| "JRDSBP".contains(*c))?;
    let number = &word[1..];
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=2).contains(&number.len()) && digits && !number.starts_with('0');
    Some((family, number.parse().ok().filter(|_| fits)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_belongs_to_the_test_directly_below() {
        let text = "//! AB-1: of the file.\n/// AB-2: of a function.\nfn a() {}\n\n\
            /// AB-3, J9, and further AB-4:\n/// (AB-5).\n#[tokio::test(flavor = \"multi_thread\")]\n\
            #[expect(\n    clippy::x,\n    reason = \"y\"\n)]\nasync fn b() {}\n\
            /// AB-6.\n#[test]\n#[ignore = \"AB-6\"]\nfn c() {}\n/// AB-7\nconst D: u8 = 1; // AB-8\n\
            #[test]\nfn e() {}\n/// AB-9\n#[test]\nfn f(x in 0..2) {\n";
        let found = tests(text);
        let names: Vec<&str> = found.iter().map(|test| test.name).collect();
        assert_eq!(names, ["b", "e", "f"]);
        assert_eq!(
            found[0].comment,
            [" AB-3, J9, and further AB-4:", " (AB-5)."]
        );
        assert!(found[1].comment.is_empty());
    }

    #[test]
    fn a_case_is_two_capitals_and_a_number() {
        let found: Vec<&str> = cases(" AB-1, (CD-22): UTF-8 ABC-9 A-1 AB-1234 AB-1x J9.").collect();
        assert_eq!(found, ["AB-1", "CD-22"]);
    }

    #[test]
    fn a_promise_is_a_letter_and_a_number_and_ranges_are_counted_out() {
        for (words, want) in [
            ("J2: one", "J2"),
            ("J2–J4, R7; (P12)", "J2 J3 J4 R7 P12"),
            ("R25-R27: and B1–3 by hand", "R25 R26 R27 B1 B2 B3"),
            ("J4–J2 and D7–D7", "J4 J2 D7 D7"),
            ("S4– and –S5", "S4 S5"),
            (
                "EX-6, CP-1, UTF-8, P4-like, J2–R4, J123, J0, J07, XJ5, J5x, j5, p99, J_5",
                "",
            ),
            ("Mission fact 6, issue 4.3", ""),
        ] {
            assert_eq!(promises(words).join(" "), want, "{words:?}");
        }
    }
}
