//! Raw JSON as lines for a viewer that draws only the visible ones.
//! Owns layout and colouring; changes no byte of a name, string or number (D19).
//!
//! Works through the text once, with its own stack: ten thousand levels deep is as good as one.

use serde::de::IgnoredAny;

/// One line; its text is `lines.text[start..end]`, without indentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Byte offset in [`Lines::text`].
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// How far to indent; stays at the highest value beyond it.
    pub depth: u16,
    /// Of a line that opens an object or array: the line that closes it, for folding.
    pub closed_by: Option<u32>,
}

/// A document as lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// All lines after one another.
    pub text: String,
    /// Where each stands.
    pub lines: Vec<Line>,
    /// Why the document is shown as it came, when it is not JSON.
    pub note: Option<String>,
}

impl Lines {
    /// The text of a line; empty beyond the last.
    pub fn line(&self, at: usize) -> &str {
        let line = self.lines.get(at);
        line.and_then(|line| self.text.get(line.start as usize..line.end as usize))
            .unwrap_or_default()
    }
}

/// Lays a JSON document out, one value per line. What is not JSON is shown as it is, with a note.
pub fn pretty(json: &str) -> Lines {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(json) {
        return as_it_is(json, format!("Not valid JSON: {error}."));
    }
    let mut layout = Layout::with_capacity(json.len());
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let end = match byte {
            b'"' => string_end(bytes, at),
            b' ' | b'\t' | b'\n' | b'\r' | b'{' | b'[' | b'}' | b']' | b',' | b':' => at + 1,
            _ => scalar_end(bytes, at),
        };
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'{' | b'[' => layout.open(&json[at..end]),
            b'}' | b']' => layout.close(&json[at..end]),
            b',' => {
                layout.push(",");
                layout.end_line();
            }
            b':' => layout.push(": "),
            _ => layout.push(&json[at..end]),
        }
        at = end;
    }
    layout.finish()
}

/// One past the closing quote of the string that starts at `at`, or the end of the text.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(&byte) = bytes.get(end) {
        match byte {
            b'"' => return end + 1,
            // Whatever is escaped is ASCII; an escaped quote is skipped with its backslash.
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    bytes.len()
}

fn scalar_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let length = rest
        .iter()
        .position(|byte| b" \t\r\n,:{}[]\"".contains(byte));
    at + length.unwrap_or(rest.len()).max(1)
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

struct Layout {
    out: Lines,
    line_start: usize,
    depth: usize,
    line_depth: usize,
    /// Lines that opened something.
    opened: Vec<u32>,
    /// The last thing was an opening bracket, so that its line is not ended yet.
    fresh: bool,
}

impl Layout {
    fn with_capacity(bytes: usize) -> Self {
        Self {
            out: Lines {
                text: String::with_capacity(bytes + bytes / 8),
                ..Lines::default()
            },
            line_start: 0,
            depth: 0,
            line_depth: 0,
            opened: Vec::new(),
            fresh: false,
        }
    }

    fn push(&mut self, text: &str) {
        if self.fresh {
            self.fresh = false;
            self.end_line();
        }
        if self.out.text.len() == self.line_start {
            self.line_depth = self.depth;
        }
        self.out.text.push_str(text);
    }

    fn end_line(&mut self) {
        let end = self.out.text.len();
        self.out.lines.push(Line {
            start: offset(self.line_start),
            end: offset(end),
            depth: u16::try_from(self.line_depth).unwrap_or(u16::MAX),
            closed_by: None,
        });
        self.line_start = end;
    }

    fn open(&mut self, bracket: &str) {
        self.push(bracket);
        self.opened.push(offset(self.out.lines.len()));
        self.depth += 1;
        self.fresh = true;
    }

    fn close(&mut self, bracket: &str) {
        self.depth = self.depth.saturating_sub(1);
        let from = self.opened.pop();
        if self.fresh {
            // Empty: both brackets on one line.
            self.fresh = false;
            self.out.text.push_str(bracket);
            return;
        }
        self.end_line();
        self.push(bracket);
        let here = offset(self.out.lines.len());
        let opener = from.and_then(|line| self.out.lines.get_mut(line as usize));
        if let Some(opener) = opener {
            opener.closed_by = Some(here);
        }
    }

    fn finish(mut self) -> Lines {
        if self.out.text.len() > self.line_start {
            self.end_line();
        }
        self.out
    }
}

fn as_it_is(text: &str, note: String) -> Lines {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let shown = line.trim_end_matches(['\n', '\r']);
        lines.push(Line {
            start: offset(start),
            end: offset(start + shown.len()),
            depth: 0,
            closed_by: None,
        });
        start += line.len();
    }
    Lines {
        text: text.into(),
        lines,
        note: Some(note),
    }
}

/// What a piece of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenClass {
    /// The name of a member.
    Key,
    /// A string.
    String,
    /// A number.
    Number,
    /// `true`, `false`, `null`.
    Literal,
    /// Brackets, commas, colons, spaces, and whatever else stands there.
    Punctuation,
}

/// The pieces of a line: together they are the line, byte for byte.
pub fn tokens(line: &str) -> impl Iterator<Item = (TokenClass, &str)> {
    let bytes = line.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let first = *bytes.get(at)?;
        let (class, end) = match first {
            b'"' => {
                let end = string_end(bytes, at).min(bytes.len());
                let class = if bytes.get(end) == Some(&b':') {
                    TokenClass::Key
                } else {
                    TokenClass::String
                };
                (class, end)
            }
            b' ' | b'\t' | b'\r' | b'\n' | b'{' | b'}' | b'[' | b']' | b',' | b':' => {
                let rest = &bytes[at..];
                let length = rest
                    .iter()
                    .position(|byte| !b" \t\r\n,:{}[]".contains(byte));
                (TokenClass::Punctuation, at + length.unwrap_or(rest.len()))
            }
            _ => {
                let end = scalar_end(bytes, at);
                let class = match &line.get(at..end) {
                    Some("true" | "false" | "null") => TokenClass::Literal,
                    Some(_) if first == b'-' || first.is_ascii_digit() => TokenClass::Number,
                    _ => TokenClass::Punctuation,
                };
                (class, end)
            }
        };
        // Every border is an ASCII byte, hence a border of characters.
        let token = line.get(at..end)?;
        at = end;
        Some((class, token))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn(json: &str) -> Vec<String> {
        let lines = pretty(json);
        assert_eq!(lines.note, None, "{json}");
        lines
            .lines
            .iter()
            .enumerate()
            .map(|(at, line)| format!("{}{}", "  ".repeat(usize::from(line.depth)), lines.line(at)))
            .collect()
    }

    /// D19: one value per line, empty ones closed at once, numbers with every digit.
    #[test]
    fn a_document_is_laid_out_one_value_per_line() {
        assert_eq!(
            drawn(
                r#" {"a":1.10,"b":[],"c":{"d":[12345678901234567890,-0.0e+5,"x\"y, {z"],"e":{ }},"f":null} "#
            ),
            [
                "{",
                r#"  "a": 1.10,"#,
                r#"  "b": [],"#,
                r#"  "c": {"#,
                r#"    "d": ["#,
                "      12345678901234567890,",
                "      -0.0e+5,",
                r#"      "x\"y, {z""#,
                "    ],",
                r#"    "e": {}"#,
                "  },",
                r#"  "f": null"#,
                "}"
            ]
        );
        for scalar in ["1", "\"a\"", "null", "[]", "{}"] {
            assert_eq!(drawn(scalar), [scalar]);
        }
    }

    #[test]
    fn an_opening_line_knows_its_closing_one() {
        let lines = pretty(r#"{"a":[1,{"b":2}],"c":{}}"#);
        let folds: Vec<Option<u32>> = lines.lines.iter().map(|line| line.closed_by).collect();
        assert_eq!(
            folds,
            [
                Some(8),
                Some(6),
                None,
                Some(5),
                None,
                None,
                None,
                None,
                None
            ]
        );
    }

    /// UI-3: deep documents neither overflow the stack nor grow beyond measure.
    #[test]
    fn ten_thousand_levels_are_laid_out() {
        let depth = 10_000;
        let json = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let lines = pretty(&json);
        assert_eq!(lines.note, None);
        assert_eq!(lines.lines.len(), 2 * depth + 1);
        assert_eq!(lines.text.len(), json.len());
        assert_eq!(usize::from(lines.lines[depth].depth), depth);
        assert_eq!(lines.lines[0].closed_by, Some(offset(2 * depth)));
    }

    #[test]
    fn what_is_not_json_is_shown_as_it_is() {
        for (text, count) in [
            ("", 0),
            ("<html>\r\n<b>", 2),
            ("{\"a\":1", 1),
            ("{} x", 1),
            ("é\n\nü", 3),
        ] {
            let lines = pretty(text);
            assert!(
                lines
                    .note
                    .as_deref()
                    .is_some_and(|note| note.starts_with("Not valid JSON"))
            );
            assert_eq!(
                (lines.text.as_str(), lines.lines.len()),
                (text, count),
                "{text:?}"
            );
            assert!((0..count).all(|at| !lines.line(at).contains(['\n', '\r'])));
        }
        assert_eq!(pretty("").line(7), "");
    }

    #[test]
    fn a_line_is_coloured() {
        use TokenClass::{Key, Literal, Number, Punctuation, String};
        for (line, want) in [
            (
                r#""a": "b","#,
                vec![
                    (Key, "\"a\""),
                    (Punctuation, ": "),
                    (String, "\"b\""),
                    (Punctuation, ","),
                ],
            ),
            ("-1.5e3,", vec![(Number, "-1.5e3"), (Punctuation, ",")]),
            ("true", vec![(Literal, "true")]),
            (r#""k": []"#, vec![(Key, "\"k\""), (Punctuation, ": []")]),
            (r#""a\":b""#, vec![(String, r#""a\":b""#)]),
            ("<é>", vec![(Punctuation, "<é>")]),
            ("\"open", vec![(String, "\"open")]),
            ("", vec![]),
        ] {
            assert_eq!(tokens(line).collect::<Vec<_>>(), want, "{line}");
        }
    }

    proptest! {
        #[test]
        fn tokens_make_up_any_line(line in "\\PC{0,80}") {
            let joined: String = tokens(&line).map(|(_, token)| token).collect();
            prop_assert_eq!(joined, line);
        }

        /// D19: all but the white space between values is as it came, and the same document comes out.
        #[test]
        fn the_layout_keeps_the_document(
            names in proptest::collection::vec("[\\PC\"\\\\]{0,8}", 1..6),
            numbers in proptest::collection::vec("-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?", 1..4),
        ) {
            let members: Vec<String> = names.iter().enumerate().map(|(at, name)| {
                let name = serde_json::to_string(name).unwrap();
                format!("{name} : [ {}, {{ {name}:{name} }} ]", numbers[at % numbers.len()])
            }).collect();
            let json = format!("{{{}}}", members.join(" ,\n"));
            let lines = pretty(&json);
            prop_assert_eq!(&lines.note, &None);
            let again: String = (0..lines.lines.len()).map(|at| lines.line(at)).collect();
            prop_assert_eq!(pretty(&again), lines);
            for number in numbers.iter().take(names.len()) {
                prop_assert!(again.contains(number.as_str()));
            }
            let compact = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
            prop_assert_eq!(compact(&again), compact(&json));
        }
    }
}
