//! `tests/promises.txt`: each promise by its id and words, and what is said where proof is missing.
//!
//! Owns the file's form, reading it and striking notes out. What a note must and must not say is the caller's.

use super::super::bearing;

/// Where it stands.
pub(super) const PATH: &str = "tests/promises.txt";

/// One line `ID | statement`, and the note below it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Promise {
    pub(super) id: String,
    pub(super) statement: String,
    pub(super) note: Option<Note>,
}

/// An indented line `not yet: why` or `in part: why`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) kind: Kind,
    pub(super) why: String,
    /// Counted from one.
    pub(super) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// No test comes through a door.
    NotYet,
    /// Only HTTP tests do, and they leave something out.
    InPart,
}

impl Kind {
    const ALL: [Self; 2] = [Self::NotYet, Self::InPart];

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::NotYet => "not yet",
            Self::InPart => "in part",
        }
    }
}

/// All promises in their order, or what is wrong with the file.
pub(super) fn read(text: &str) -> Result<Vec<Promise>, Vec<String>> {
    let mut promises: Vec<Promise> = Vec::new();
    let mut wrong = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let number = at + 1;
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with(char::is_whitespace) {
            match (promises.last_mut(), note(line.trim(), number)) {
                (Some(promise), Some(note)) if promise.note.is_none() => promise.note = Some(note),
                (_, None) => wrong.push(format!(
                    "{PATH}:{number}: a note is `not yet: why` or `in part: why`."
                )),
                _ => wrong.push(format!("{PATH}:{number}: one note below each promise.")),
            }
            continue;
        }
        let parts = line
            .split_once('|')
            .map(|(id, said)| (id.trim(), said.trim()));
        match parts.filter(|(id, said)| bearing::promise(id).is_some() && !said.is_empty()) {
            Some((id, _)) if promises.iter().any(|promise| promise.id == id) => {
                wrong.push(format!("{PATH}:{number}: {id} stands twice."));
            }
            Some((id, statement)) => promises.push(Promise {
                id: id.to_owned(),
                statement: statement.to_owned(),
                note: None,
            }),
            None => wrong.push(format!(
                "{PATH}:{number}: {line:?} is not `ID | statement`."
            )),
        }
    }
    if promises.is_empty() {
        wrong.push(format!("{PATH} names no promise."));
    }
    if wrong.is_empty() {
        Ok(promises)
    } else {
        Err(wrong)
    }
}

fn note(line: &str, number: usize) -> Option<Note> {
    let (kind, why) = Kind::ALL.iter().find_map(|kind| {
        let why = line.strip_prefix(kind.words())?.strip_prefix(':')?;
        Some((*kind, why.trim()))
    })?;
    (!why.is_empty()).then(|| Note {
        kind,
        why: why.to_owned(),
        line: number,
    })
}

/// The text without these lines.
pub(super) fn without(text: &str, lines: &[usize]) -> String {
    let kept = text.lines().enumerate();
    let kept = kept.filter(|(at, _)| !lines.contains(&(at + 1)));
    kept.flat_map(|(_, line)| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_promise_and_an_indented_one_its_note() {
        let text =
            "# words\n\nJ1 | One `x`\nR2 | Two\n  not yet: why: so\nP3 | Three\n\tin part: half\n";
        let read = read(text).unwrap();
        let said: Vec<(&str, &str)> = read
            .iter()
            .map(|promise| (promise.id.as_str(), promise.statement.as_str()))
            .collect();
        assert_eq!(said, [("J1", "One `x`"), ("R2", "Two"), ("P3", "Three")]);
        assert_eq!(read[0].note, None);
        let notes: Vec<(Kind, &str, usize)> = read
            .iter()
            .filter_map(|promise| promise.note.as_ref())
            .map(|note| (note.kind, note.why.as_str(), note.line))
            .collect();
        assert_eq!(
            notes,
            [(Kind::NotYet, "why: so", 5), (Kind::InPart, "half", 7)]
        );
        assert_eq!(
            without(text, &[5, 7]),
            "# words\n\nJ1 | One `x`\nR2 | Two\nP3 | Three\n"
        );
    }

    #[test]
    fn whatever_is_neither_is_named_with_its_line() {
        for (text, want) in [
            ("", "names no promise"),
            ("J1 One", ":1: \"J1 One\" is not"),
            ("J1 |", "is not"),
            ("X1 | One", "is not"),
            ("J1 | One\nJ1 | Two", ":2: J1 stands twice"),
            ("J1 | One\n  later: x", ":2: a note is"),
            ("J1 | One\n  not yet:", ":2: a note is"),
            ("J1 | One\n  not yet: a\n  in part: b", ":3: one note"),
            ("  not yet: a", ":1: one note"),
        ] {
            let wrong = read(text).unwrap_err().join("\n");
            assert!(wrong.contains(want), "{text:?}: {wrong}");
        }
    }
}
