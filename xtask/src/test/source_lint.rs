//! What the browser side must not contain (threat model, section 5; UI-2): ways to turn text into
//! markup or code, and inline style, which the policy forbids.

use super::Note;
use super::sources;
use crate::say::{Failure, Outcome};

/// Words and why they are refused. Matched as whole words where they begin or end with a letter.
const FORBIDDEN: [(&str, &str); 19] = [
    ("innerHTML", "text is never parsed as markup"),
    ("outerHTML", "text is never parsed as markup"),
    ("insertAdjacentHTML", "text is never parsed as markup"),
    ("set_inner_html", "text is never parsed as markup"),
    ("set_outer_html", "text is never parsed as markup"),
    ("insert_adjacent_html", "text is never parsed as markup"),
    ("from_html_unchecked", "text is never parsed as markup"),
    ("createContextualFragment", "text is never parsed as markup"),
    (
        "create_contextual_fragment",
        "text is never parsed as markup",
    ),
    ("DOMParser", "text is never parsed as markup"),
    ("srcdoc", "text is never parsed as markup"),
    ("document.write", "text is never parsed as markup"),
    ("eval(", "text is never run as code"),
    ("new Function", "text is never run as code"),
    ("Function::new_with_args", "text is never run as code"),
    ("Function::new_no_args", "text is never run as code"),
    ("javascript:", "a link never runs code"),
    (
        "<style",
        "the policy forbids style elements: use a file or adoptedStyleSheets",
    ),
    (
        "postMessage(message, \"*\"",
        "a message has one target origin",
    ),
];

/// Reads src/, www/ and the page.
pub(super) fn check() -> Outcome<Note> {
    let endings = [".rs", ".js", ".mjs", ".ts", ".html", ".css", ".svg"];
    let mut found = Vec::new();
    for source in sources::below(&["src", "www", "index.html"], &endings)? {
        for (number, line) in source.text.lines().enumerate() {
            for (what, why) in offences(line) {
                found.push(format!("{}:{}: {what}: {why}", source.path, number + 1));
            }
        }
    }
    if found.is_empty() {
        Ok("")
    } else {
        Err(Failure::new(found.join("\n")))
    }
}

/// What is wrong with a line; its comment may speak of anything.
fn offences(line: &str) -> Vec<(&'static str, &'static str)> {
    let code = without_comment(line);
    let mut found: Vec<_> = FORBIDDEN
        .iter()
        .filter(|(word, _)| has_word(code, word))
        .copied()
        .collect();
    if has_attribute(code, "style") {
        found.push((
            "style=",
            "the policy forbids inline style: use a class or the CSSOM",
        ));
    }
    if ["onclick", "onload", "onerror", "onsubmit"]
        .iter()
        .any(|name| code.contains(&format!(" {name}=\"")))
    {
        found.push(("on…=\"", "the policy forbids inline handlers"));
    }
    found
}

/// The line up to `//`, unless that stands in a URL.
fn without_comment(line: &str) -> &str {
    let comment = line
        .match_indices("//")
        .find(|(at, _)| !line[..*at].ends_with(':'));
    comment.map_or(line, |(at, _)| &line[..at])
}

fn has_word(code: &str, word: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    code.match_indices(word).any(|(at, _)| {
        let before = letter(word.chars().next()) && letter(code[..at].chars().next_back());
        let after =
            letter(word.chars().next_back()) && letter(code[at + word.len()..].chars().next());
        !before && !after
    })
}

/// An attribute in markup: after a space, with no space before the value.
fn has_attribute(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at]
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace);
        let rest = &code[at + name.len()..];
        before
            && ["=\"", "='", "={"]
                .iter()
                .any(|value| rest.starts_with(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// UI-2: no way from text to markup or code.
    #[test]
    fn ways_from_text_to_markup_are_found_and_lookalikes_are_not() {
        let cases = [
            ("element.innerHTML = name;", true),
            ("element.set_inner_html(&name);", true),
            ("let view = Html::from_html_unchecked(text.into());", true),
            ("window.eval(text)", true),
            ("start_retrieval(text)", false),
            ("// never innerHTML", false),
            ("let link = \"https://example.org\"; eval(x)", true),
            ("<p style=\"color: red\">", true),
            ("html! { <p style={style}> }", true),
            ("let style = tokens();", false),
            ("font-style: italic;", false),
            ("a.href = 'javascript:void 0'", true),
            ("<body onload=\"start()\">", true),
            ("<button onclick={on_connect}>", false),
            ("<link rel=\"stylesheet\" href=\"page.css\">", false),
        ];
        for (line, bad) in cases {
            assert_eq!(!offences(line).is_empty(), bad, "{line}");
        }
    }
}
