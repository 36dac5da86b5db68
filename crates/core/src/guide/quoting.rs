//! Quoting: a value stays one value, whatever it holds.
//! Owns three small grammars: POSIX shell words, here-documents, TOML's basic strings.

use std::fmt::Write as _;

/// A word of a POSIX shell: as it stands where that is safe, else in single quotes.
pub fn shell(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/:=@%+,".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) && !text.starts_with(['~', '=']) {
        return text.to_owned();
    }
    ["'", &text.replace('\'', r"'\''"), "'"].concat()
}

/// Text inside a here-document whose end is not quoted: nothing in it is expanded.
pub fn heredoc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// A basic string of TOML, with its quotes.
pub fn toml(text: &str) -> String {
    ["\"", &toml_inside(text), "\""].concat()
}

/// What stands between the quotes.
pub(super) fn toml_inside(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            _ if character.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// B13: what somebody pastes into a field is one argument, and never a command.
    #[test]
    fn a_shell_word_is_one_word() {
        for (text, want) in [
            ("abc-1.2_3", "abc-1.2_3"),
            (
                "redirect_uri=http://localhost:9090/callback",
                "redirect_uri=http://localhost:9090/callback",
            ),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(id)", "'$(id)'"),
            ("`id`", "'`id`'"),
            ("a'b", r"'a'\''b'"),
            ("a;b", "'a;b'"),
            ("~root", "'~root'"),
            ("a&b?c", "'a&b?c'"),
            ("é", "'é'"),
            ("a\nb", "'a\nb'"),
        ] {
            assert_eq!(shell(text), want, "{text}");
        }
    }

    #[test]
    fn toml_and_here_documents_keep_what_stands_in_them() {
        for (text, want) in [
            ("plain", "\"plain\""),
            ("a\"b\\c", "\"a\\\"b\\\\c\""),
            ("a\nb", "\"a\\u000Ab\""),
            ("é", "\"é\""),
        ] {
            assert_eq!(toml(text), want, "{text}");
        }
        assert_eq!(heredoc("a$b`c\\d"), "a\\$b\\`c\\\\d");
    }

    /// The word as a shell reads it: quotes taken off, nothing expanded.
    fn unquoted(word: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = word.chars();
        while let Some(character) = rest.next() {
            match character {
                '\'' => loop {
                    match rest.next()? {
                        '\'' => break,
                        inside => out.push(inside),
                    }
                },
                '\\' => out.push(rest.next()?),
                ' ' | '\n' | '$' | '`' | ';' | '&' | '|' | '<' | '>' | '(' | ')' | '*' | '?'
                | '"' => {
                    return None;
                }
                plain => out.push(plain),
            }
        }
        Some(out)
    }

    proptest! {
        #[test]
        fn every_text_reads_back_from_its_word(text in "[ -~é\n]{0,24}") {
            prop_assert_eq!(unquoted(&shell(&text)), Some(text));
        }

        #[test]
        fn toml_strings_hold_one_line(text in "\\PC{0,24}|[\\x00-\\x7f]{0,24}") {
            let quoted = toml(&text);
            prop_assert!(quoted.starts_with('"') && quoted.ends_with('"'));
            prop_assert!(!quoted.contains('\n'));
        }
    }
}
