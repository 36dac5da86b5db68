//! Folding for search: lower case, and Latin letters without their marks.
//! Owns one small table; knows no row.

/// Base letters of U+00C0 to U+017F; digits stand for pairs of letters, `*` for itself.
const LATIN: &[u8; 192] = b"aaaaaa1ceeeeiiiidnooooo*ouuuuy23\
aaaaaa1ceeeeiiiidnooooo*ouuuuy2y\
aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii55jjkkkllllllllllnnnnnnnnnoooooo44rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/// Appends the folded text: one line, so that nothing matches across fields.
pub(crate) fn fold_into(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            'a'..='z' | '0'..='9' => out.push(character),
            _ if character.is_ascii() => out.push(match character {
                '\n' | '\r' => ' ',
                _ => character.to_ascii_lowercase(),
            }),
            '\u{c0}'..='\u{17f}' => {
                let at = usize::try_from(u32::from(character) - 0xc0).unwrap_or(0);
                match LATIN[at] {
                    b'1' => out.push_str("ae"),
                    b'2' => out.push_str("th"),
                    b'3' => out.push_str("ss"),
                    b'4' => out.push_str("oe"),
                    b'5' => out.push_str("ij"),
                    b'*' => out.push(character),
                    letter => out.push(char::from(letter)),
                }
            }
            // Combining marks: an "é" written in two characters meets one written in one.
            '\u{300}'..='\u{36f}' => {}
            _ => out.push(lower(character)),
        }
    }
}

/// Lower case by rule, for the alphabets whose blocks have one: the table of them all is as large as a view.
fn lower(character: char) -> char {
    let code = u32::from(character);
    let lower = match code {
        // Greek, marks left away as in Latin.
        0x386 | 0x3ac => 0x3b1,
        0x388 | 0x3ad => 0x3b5,
        0x389 | 0x3ae => 0x3b7,
        0x38a | 0x3af | 0x390 | 0x3aa | 0x3ca => 0x3b9,
        0x38c | 0x3cc => 0x3bf,
        0x38e | 0x3cd | 0x3b0 | 0x3ab | 0x3cb => 0x3c5,
        0x38f | 0x3ce => 0x3c9,
        // One sigma, wherever in a word.
        0x3c2 => 0x3c3,
        // Greek, Cyrillic, full-width Latin; Cyrillic again; Armenian.
        0x391..=0x3a9 | 0x410..=0x42f | 0xff21..=0xff3a => code + 0x20,
        0x400..=0x40f => code + 0x50,
        0x531..=0x556 => code + 0x30,
        // In pairs: more Cyrillic; Latin with two marks, as in Vietnamese.
        0x460..=0x481 | 0x48a..=0x4bf | 0x4d0..=0x52f | 0x1e00..=0x1e95 | 0x1ea0..=0x1eff => {
            code | 1
        }
        _ => code,
    };
    char::from_u32(lower).unwrap_or(character)
}

/// The folded text.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_and_marks_do_not_matter() {
        for (text, want) in [
            ("Lifecycle Stage", "lifecycle stage"),
            ("ÀÉÎÕÜ àéîõü Ýÿ", "aeiou aeiou yy"),
            ("Straße Æther Œuvre Þor ĳ", "strasse aether oeuvre thor ij"),
            ("Łódź Žižkov Çağrı İstanbul", "lodz zizkov cagri istanbul"),
            ("e\u{301}", "e"),
            ("ΣΟΦΙΑ Москва", "σοφια москва"),
            ("Σοφίας ΐ Ёлка Ґ Ї", "σοφιασ ι ёлка ґ ї"),
            ("ĐÀ NẴNG", "da nẵng"),
            ("Ａｂ ＿", "ａｂ ＿"),
            ("× ÷ 日本語", "× ÷ 日本語"),
            ("a\nb", "a b"),
        ] {
            assert_eq!(fold(text), want, "{text}");
        }
        // The table's ends.
        assert_eq!(fold("\u{17e}\u{17f}\u{180}"), "zs\u{180}");
    }

    proptest! {
        #[test]
        fn folding_is_one_line_and_settled(text in "\\PC{0,60}") {
            let once = fold(&text);
            prop_assert!(!once.contains('\n'));
            // İ and its like fold to a letter and a mark; a second pass changes nothing more.
            prop_assert_eq!(fold(&fold(&once)), fold(&once));
        }
    }
}
