//! Makes what wasm-bindgen wrote small: short names between script and module, no comments or indents.
//!
//! Owns both sides of an import's name. Knows no script but wasm-bindgen's, and leaves alone what it
//! does not understand.

use crate::say::{Failure, Outcome};

/// Of the WebAssembly format: the section of imports, and the kind of a function.
const IMPORTS: u8 = 2;
const FUNCTION: u8 = 0;

/// The script and the module, under shorter names.
///
/// Errors: the script is no text, or the module no WebAssembly.
pub(super) fn shorten(script: Vec<u8>, wasm: &[u8]) -> Outcome<(Vec<u8>, Vec<u8>)> {
    let damaged = || Failure::new("wasm-bindgen's output cannot be read.");
    let script = String::from_utf8(script).map_err(|_| damaged())?;
    let mut script = without_comments(&script);
    let wasm = with_sections(wasm, |id, content| {
        if id == IMPORTS {
            rename(content, &mut script)
        } else {
            Some(content.to_vec())
        }
    });
    Ok((script.into_bytes(), wasm.ok_or_else(damaged)?))
}

/// Line by line, so that no statement meets another; a text over several lines is left as it is.
fn without_comments(script: &str) -> String {
    let mut out = String::with_capacity(script.len());
    let mut comment = false;
    for line in script.lines().map(str::trim) {
        comment |= line.starts_with("/*");
        if comment {
            comment = !line.ends_with("*/");
        } else if line.matches('`').count() % 2 == 1 && !line.starts_with("//") {
            return script.to_owned();
        } else if !line.is_empty() && !line.starts_with("//") {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// The module with each section's content replaced by what `make` makes of it; `None` when it is none.
fn with_sections(
    wasm: &[u8],
    mut make: impl FnMut(u8, &[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let header = wasm
        .get(..8)
        .filter(|header| header.starts_with(b"\0asm"))?;
    let mut out = header.to_vec();
    let mut rest = Reader(&wasm[8..]);
    while let Some(id) = rest.byte() {
        let content = make(id, rest.counted()?)?;
        out.push(id);
        push_counted(&mut out, &content);
    }
    Some(out)
}

/// The section of imports with short names for functions that the script names once, and nowhere else.
fn rename(content: &[u8], script: &mut String) -> Option<Vec<u8>> {
    let mut reader = Reader(content);
    let count = reader.number()?;
    let mut out = Vec::new();
    push_number(&mut out, count);
    for number in 0..count {
        let (module, name) = (reader.counted()?, reader.counted()?);
        if reader.byte()? != FUNCTION {
            // What else may be imported is not wasm-bindgen's way; nothing is renamed then.
            return Some(content.to_vec());
        }
        let kind = reader.number()?;
        push_counted(&mut out, module);
        match std::str::from_utf8(name)
            .ok()
            .and_then(|name| only_place(script, name))
        {
            Some(place) => {
                let short = short_name(number);
                push_counted(&mut out, short.as_bytes());
                script.replace_range(place..place + name.len(), &short);
            }
            None => push_counted(&mut out, name),
        }
        out.push(FUNCTION);
        push_number(&mut out, kind);
    }
    Some(out)
}

/// Where the script defines the import, if it speaks of it once.
fn only_place(script: &str, name: &str) -> Option<usize> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut places = script.match_indices(name).map(|(at, _)| at).filter(|at| {
        !script[..*at].ends_with(word) && !script[at + name.len()..].starts_with(word)
    });
    let place = places.next().filter(|_| places.next().is_none())?;
    let defines = script[place + name.len()..].starts_with(':');
    (defines && name.starts_with("__wb")).then_some(place)
}

/// `$` and the number to the base of 36: no name of wasm-bindgen's own begins so.
fn short_name(mut number: u32) -> String {
    let mut name = String::from("$");
    loop {
        let digit = char::from_digit(number % 36, 36).unwrap_or('_');
        name.push(digit);
        number /= 36;
        if number == 0 {
            return name;
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// LEB128 of 32 bits.
    fn number(&mut self) -> Option<u32> {
        let mut number = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// As many bytes as the number before them says.
    fn counted(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}

fn push_number(out: &mut Vec<u8>, mut number: u32) {
    while let [low, ..] = number.to_le_bytes()
        && number >= 0x80
    {
        out.push(low | 0x80);
        number >>= 7;
    }
    out.extend(number.to_le_bytes().first());
}

fn push_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    push_number(out, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(imports: &[(&str, u8)]) -> Vec<u8> {
        let mut section = Vec::new();
        push_number(&mut section, u32::try_from(imports.len()).unwrap());
        for (name, kind) in imports {
            push_counted(&mut section, b"./x_bg.js");
            push_counted(&mut section, name.as_bytes());
            section.extend([*kind, 5]);
        }
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([1, 1, 0]);
        wasm.push(IMPORTS);
        push_counted(&mut wasm, &section);
        wasm.extend([10, 1, 0]);
        wasm
    }

    #[test]
    fn both_sides_take_the_same_short_name() {
        let script = b"const i = {\n  __wbg_a_1: function() {},\n  __wbg_a_12: f,\n  __wbg_load: 1,\n};\n__wbg_load();";
        let names = [("__wbg_a_1", 0), ("__wbg_a_12", 0), ("__wbg_load", 0)];
        let (script, wasm) = shorten(script.to_vec(), &module(&names)).unwrap();
        // A name that is used elsewhere, too, stays on both sides.
        assert_eq!(
            String::from_utf8(script).unwrap(),
            "const i = {\n$0: function() {},\n$1: f,\n__wbg_load: 1,\n};\n__wbg_load();\n"
        );
        assert_eq!(wasm, module(&[("$0", 0), ("$1", 0), ("__wbg_load", 0)]));
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        let memory = module(&[("__wbg_a", 2)]);
        let script = b"__wbg_a: 1\n".to_vec();
        assert_eq!(shorten(script.clone(), &memory).unwrap(), (script, memory));
        let text = "const a = `\n  // stays\n`;\n";
        assert_eq!(without_comments(text), text);
    }

    #[test]
    fn comments_and_indents_go_and_the_rest_stays() {
        let script = "/** x\n * y\n */\nif (a) {\n\n    // why\n    b(`${c} // d`);\n}\n";
        assert_eq!(without_comments(script), "if (a) {\nb(`${c} // d`);\n}\n");
    }

    #[test]
    fn a_damaged_module_is_an_error() {
        for wasm in [&b""[..], b"\0asm", b"\0asm\x01\0\0\0\x02\x09\x01"] {
            assert!(shorten(Vec::new(), wasm).is_err(), "{wasm:?}");
        }
        assert!(shorten(vec![0xff], &module(&[])).is_err());
    }

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for number in [0, 1, 127, 128, 300, 16_384, u32::MAX] {
            let mut bytes = Vec::new();
            push_number(&mut bytes, number);
            assert_eq!(Reader(&bytes).number(), Some(number));
        }
        assert_eq!(
            [short_name(0), short_name(35), short_name(36)],
            ["$0", "$z", "$01"]
        );
    }
}
