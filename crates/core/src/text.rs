//! Provider text made safe to look at: strings from outside never rule our layout or read backwards.
//! Owns what is made visible; escaping is the DOM's business, since text is only ever set as text.

/// Longest name shown in one line, in characters.
pub const NAME_CHARS: usize = 120;

/// Replaces control and direction-changing characters by `U+FFFD` and cuts overlong text with an ellipsis.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(NAME_CHARS * 4));
    for (count, character) in text.chars().enumerate() {
        if count == NAME_CHARS {
            out.push('…');
            break;
        }
        out.push(if is_deceptive(character) {
            '\u{fffd}'
        } else {
            character
        });
    }
    out
}

/// Whether a text holds nothing that [`visible`] would replace.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(is_deceptive)
}

/// Controls, bidirectional overrides and isolates, zero-width characters.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// 12,345 rather than 12345.
pub fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, want) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (4_294_967_295, "4,294,967,295"),
        ] {
            assert_eq!(grouped(number), want);
        }
    }

    /// UI-1, UI-5: what a stranger wrote is shown, and shows what it is.
    #[test]
    fn deceptive_characters_become_visible() {
        for (text, want) in [
            ("Acme GmbH", "Acme GmbH"),
            (
                "<img src=x onerror=alert(1)>",
                "<img src=x onerror=alert(1)>",
            ),
            ("a\u{202e}b", "a\u{fffd}b"),
            ("a\u{200b}b\n", "a\u{fffd}b\u{fffd}"),
            ("日本語 العربية", "日本語 العربية"),
        ] {
            assert_eq!(visible(text), want);
        }
    }

    #[test]
    fn overlong_text_is_cut_between_characters() {
        let shown = visible(&"é".repeat(100_000));
        assert_eq!(shown.chars().count(), NAME_CHARS + 1);
        assert!(shown.ends_with('…'));
    }
}
