//! Verifies an exported journal as it comes in, piece by piece, so that the browser stays free meanwhile.
//! Owns cutting bytes into lines and the words of the verdict; the chain's rules are the verifier's.

use super::{ChainFault, ExportFault, ExportVerifier, JournalEntry, JournalHeader, Verified};
use crate::text::visible;

/// No line of an export comes near it.
const LONGEST_LINE: usize = 64 * 1024;

/// What broke, and the line it broke at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Why.
    pub fault: ExportFault,
    /// The beginning of the line, for people to look at; empty where the file ended instead.
    pub line: String,
}

/// An export under examination.
#[derive(Clone, Debug, Default)]
pub struct FileCheck {
    verifier: ExportVerifier,
    /// A line whose end has not come yet.
    rest: Vec<u8>,
    lines: usize,
    broken: Option<Broken>,
}

impl FileCheck {
    /// Takes the next bytes. False once nothing further can matter.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let mut pieces = bytes.split(|byte| *byte == b'\n');
        let last = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            if self.broken.is_some() {
                return false;
            }
            if self.rest.is_empty() {
                self.line(piece);
            } else {
                let mut line = std::mem::take(&mut self.rest);
                line.extend_from_slice(piece);
                self.line(&line);
            }
        }
        self.rest.extend_from_slice(last);
        // A file without ends of lines is no export, and is not gathered whole to find that out.
        if self.broken.is_none() && self.rest.len() > LONGEST_LINE {
            let line = std::mem::take(&mut self.rest);
            self.line(&line);
        }
        self.broken.is_none()
    }

    /// Entries that held so far.
    pub fn entries(&self) -> usize {
        self.lines.saturating_sub(1)
    }

    /// The file has ended.
    pub fn finish(mut self) -> Result<Verified, Broken> {
        if self.broken.is_none() && !self.rest.is_empty() {
            let line = std::mem::take(&mut self.rest);
            self.line(&line);
        }
        match self.broken {
            Some(broken) => Err(broken),
            None => self.verifier.finish().map_err(|fault| Broken {
                fault,
                line: String::new(),
            }),
        }
    }

    fn line(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = if line.len() > LONGEST_LINE {
            None
        } else {
            std::str::from_utf8(line).ok()
        };
        let taken = match text {
            Some(text) => self.verifier.push(text),
            None if self.lines == 0 => Err(ExportFault::NoHeader),
            None => Err(ExportFault::NoEntry(self.lines + 1)),
        };
        match taken {
            Ok(()) => self.lines += 1,
            Err(fault) => {
                let shown = &line[..line.len().min(2_000)];
                self.broken = Some(Broken {
                    fault,
                    line: shown_whole(&String::from_utf8_lossy(shown)),
                });
            }
        }
    }
}

/// Like [`visible`], and as long as it is given.
fn shown_whole(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let parts = characters.chunks(crate::text::NAME_CHARS);
    parts
        .map(|part| visible(&part.iter().collect::<String>()))
        .collect()
}

/// Which entry breaks the chain and how, for people.
pub fn fault_words(fault: &ExportFault) -> String {
    match fault {
        ExportFault::NoHeader => {
            "This is not an exported journal: its first line does not say whose it is.".into()
        }
        ExportFault::ForeignGenesis => {
            "The first line names another tenant or organization than the one whose journal this was.".into()
        }
        ExportFault::NoEntry(line) => {
            format!("Line {line} is not an entry of a journal. Up to there the chain holds.")
        }
        ExportFault::Chain { line, fault } => match fault {
            ChainFault::Changed(seq) => format!(
                "Entry {seq} (line {line}) does not bear the hash that its content and the entries before it give: it was changed after it was written, or the one before it was replaced. Up to there the chain holds."
            ),
            ChainFault::Gap { expected, found } if found > expected => format!(
                "Entry {expected} is missing: in its place (line {line}) stands entry {found}. Up to there the chain holds."
            ),
            ChainFault::Gap { expected, found } => format!(
                "Entry {found} stands a second time (line {line}), where entry {expected} belongs. Up to there the chain holds."
            ),
        },
    }
}

/// A verified export beside the journal as it stands at the proxy today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The entry it ends with stands there, unchanged.
    Same,
    /// It belongs to another organization.
    Foreign,
    /// The journal no longer has that entry as it was: its end was cut, or it was written anew.
    Rewritten,
}

/// Compares with what the proxy exports of the one entry that the file ends with; nothing for an answer that is none.
///
/// `None` for the proxy's text means that it has no such entry.
pub fn beside(verified: &Verified, today: Option<&str>) -> Option<Beside> {
    let Some(today) = today else {
        return Some(Beside::Rewritten);
    };
    let mut lines = today.lines();
    let header: JournalHeader = crate::reading::from_json(lines.next()?).ok()?;
    if (&header.tenant, &header.org) != (&verified.header.tenant, &verified.header.org) {
        return Some(Beside::Foreign);
    }
    let entry: JournalEntry = crate::reading::from_json(lines.next()?).ok()?;
    Some(if entry.hash == verified.head {
        Beside::Same
    } else {
        Beside::Rewritten
    })
}

/// Number of the last entry of a verified export; 0 where it holds none.
pub fn last_seq(verified: &Verified) -> u64 {
    (verified.header.first + verified.entries).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::super::{genesis, verify_export};
    use super::*;
    use proptest::prelude::*;

    fn export(first: u64, last: u64) -> String {
        let mut previous = genesis("t", "o");
        let mut text = String::new();
        for seq in 1..=last {
            if seq == first {
                let header = JournalHeader {
                    portico_journal: 1,
                    tenant: "t".into(),
                    org: "o".into(),
                    first,
                    previous: previous.clone(),
                };
                text = serde_json::to_string(&header).unwrap() + "\n";
            }
            let mut entry = JournalEntry {
                seq,
                at_ms: 1_790_000_000_000,
                actor: "ädä".into(),
                action: "connection.add".into(),
                target: Some("con_1".into()),
                outcome: "done".into(),
                reason: None,
                session: Some("j1".into()),
                hash: String::new(),
            };
            entry.hash = entry.hash_after(&previous);
            previous.clone_from(&entry.hash);
            text += &(serde_json::to_string(&entry).unwrap() + "\n");
        }
        text
    }

    fn check(pieces: &[&[u8]]) -> Result<Verified, Broken> {
        let mut check = FileCheck::default();
        for piece in pieces {
            if !check.push(piece) {
                break;
            }
        }
        check.finish()
    }

    fn fault(text: &[u8]) -> ExportFault {
        check(&[text]).unwrap_err().fault
    }

    /// P12: the verdict names the entry and what is wrong with it.
    #[test]
    fn a_broken_file_is_named_with_its_entry() {
        let whole = export(1, 4);
        let verified = check(&[whole.as_bytes()]).unwrap();
        assert_eq!((verified.entries, last_seq(&verified)), (4, 4));
        let lines: Vec<&str> = whole.lines().collect();
        let joined = |lines: &[&str]| lines.join("\n").into_bytes();
        for (file, want, words) in [
            (
                whole
                    .replace("\"seq\":3,\"at_ms\":1790000000000", "\"seq\":3,\"at_ms\":1")
                    .into_bytes(),
                ExportFault::Chain {
                    line: 4,
                    fault: ChainFault::Changed(3),
                },
                "Entry 3 (line 4)",
            ),
            (
                joined(&[lines[0], lines[1], lines[3], lines[4]]),
                ExportFault::Chain {
                    line: 3,
                    fault: ChainFault::Gap {
                        expected: 2,
                        found: 3,
                    },
                },
                "Entry 2 is missing: in its place (line 3) stands entry 3",
            ),
            (
                joined(&[lines[0], lines[1], lines[1]]),
                ExportFault::Chain {
                    line: 3,
                    fault: ChainFault::Gap {
                        expected: 2,
                        found: 1,
                    },
                },
                "Entry 1 stands a second time (line 3)",
            ),
            (
                joined(&[lines[0], lines[1], "{}"]),
                ExportFault::NoEntry(3),
                "Line 3 is not an entry",
            ),
            (
                joined(&lines[1..]),
                ExportFault::NoHeader,
                "not an exported journal",
            ),
            (
                b"".to_vec(),
                ExportFault::NoHeader,
                "not an exported journal",
            ),
            (
                b"\xff\n".to_vec(),
                ExportFault::NoHeader,
                "not an exported journal",
            ),
            (
                whole
                    .replacen("\"org\":\"o\"", "\"org\":\"p\"", 1)
                    .into_bytes(),
                ExportFault::ForeignGenesis,
                "another tenant or organization",
            ),
        ] {
            let found = fault(&file);
            assert_eq!(found, want);
            assert!(
                fault_words(&found).contains(words),
                "{}",
                fault_words(&found)
            );
        }
    }

    /// What does not end is not gathered, what is no text is no entry, and what is shown of it is visible.
    #[test]
    fn no_file_takes_more_than_a_line_of_memory() {
        assert_eq!(fault(&vec![b'x'; LONGEST_LINE + 1]), ExportFault::NoHeader);
        let mut endless = export(1, 2).into_bytes();
        endless.extend(vec![b'{'; LONGEST_LINE + 2]);
        assert_eq!(fault(&endless), ExportFault::NoEntry(4));
        let mut check = FileCheck::default();
        assert!(!check.push(&[b'\n'; 10]));
        assert!(!check.push(b"more\n"));
        let mut odd = export(1, 1).into_bytes();
        odd.extend(b"\xff\xfe");
        assert_eq!(fault(&odd), ExportFault::NoEntry(3));
        let lines = "a\u{202e}b".repeat(300);
        let broken = super::tests::check(&[lines.as_bytes()]).unwrap_err();
        assert!(crate::text::is_plain(&broken.line) && broken.line.chars().count() > 300);
    }

    /// P12: whoever kept an export sees whether the journal still agrees with it.
    #[test]
    fn an_export_is_held_against_the_journal_of_today() {
        let kept = verify_export(&export(1, 3)).unwrap();
        let other = export(3, 3).replace("\"hash\":\"", "\"hash\":\"x");
        let foreign = export(3, 3).replace("\"org\":\"o\"", "\"org\":\"p\"");
        for (today, want) in [
            (Some(export(3, 3)), Some(Beside::Same)),
            (Some(other), Some(Beside::Rewritten)),
            (Some(foreign), Some(Beside::Foreign)),
            (Some(String::new()), None),
            (None, Some(Beside::Rewritten)),
        ] {
            assert_eq!(beside(&kept, today.as_deref()), want);
        }
        let part = verify_export(&export(2, 3)).unwrap();
        assert_eq!((part.entries, last_seq(&part)), (2, 3));
    }

    proptest! {
        /// P12: in whatever pieces a file arrives, the verdict is the verifier's.
        #[test]
        fn pieces_change_nothing(cuts in proptest::collection::vec(0usize..2000, 0..6), last in 1u64..5, crlf: bool, touched in proptest::option::of(0usize..2000)) {
            let mut text = export(1, last);
            if crlf { text = text.replace('\n', "\r\n"); }
            let mut bytes = text.into_bytes();
            if let Some(at) = touched && let Some(byte) = bytes.get_mut(at) && *byte < 128 && *byte != b'\n' && *byte != b'\r' {
                *byte ^= 1;
                if *byte == b'\n' || *byte == b'\r' { *byte ^= 1; }
            }
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let want = verify_export(std::str::from_utf8(&bytes).unwrap());
            prop_assert_eq!(check(&pieces).map_err(|broken| broken.fault), want);
        }
    }
}
