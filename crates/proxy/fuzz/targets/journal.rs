//! Exports of the journal (P12): the command line's reader against the core's, and what a change does to a chain.

use super::{cut, order};
use crate::export::{VerifyError, verify_journal};
use portico_core::journal::{
    ExportFault, JournalEntry, JournalHeader, Verified, genesis, verify_export,
};

/// Lines longer than any of ours are refused by the reader that streams.
const LONGEST: usize = 64 * 1024;

/// An export as it is; or `chain`, a change in hexadecimal and words of which entries are made, a line an entry.
pub fn journal(data: &[u8]) {
    let (first, rest) = order(data);
    if first == "chain" {
        chain(rest);
        return;
    }
    let found = verify(data);
    match std::str::from_utf8(data) {
        Ok(text) if text.lines().all(|line| line.len() < LONGEST) => {
            assert_eq!(found, verify_export(text), "two readers, one verdict");
        }
        _ => {}
    }
    match found {
        Ok(verified) => {
            let text = std::str::from_utf8(data).expect("what is no UTF-8 is no export");
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(verified.entries, lines.len() as u64 - 1);
            let last = lines.last().expect("a header at least");
            if verified.entries > 0 {
                assert!(last.contains(&verified.head), "{last}");
            } else {
                assert_eq!(verified.head, verified.header.previous);
            }
        }
        Err(fault) => assert!(fault.to_string().len() < 200, "{fault}"),
    }
}

fn verify(data: &[u8]) -> Result<Verified, ExportFault> {
    match verify_journal(data) {
        Ok(verified) => Ok(verified),
        Err(VerifyError::Fault(fault)) => Err(fault),
        Err(VerifyError::Read(error)) => panic!("a slice can be read: {error}"),
    }
}

/// An honest journal verifies; with anything changed it does not, unless it says the same.
fn chain(data: &[u8]) {
    let (how, words) = cut(data, b"\n");
    let words = String::from_utf8_lossy(words);
    let word = |line: &str, at: usize| line.split('\t').nth(at).map(str::to_owned);
    let header = JournalHeader {
        portico_journal: 1,
        tenant: "https://partner.example".into(),
        org: "acme".into(),
        first: 1,
        previous: genesis("https://partner.example", "acme"),
    };
    let mut previous = header.previous.clone();
    let mut text = serde_json::to_string(&header).expect("JSON") + "\n";
    let mut entries = Vec::new();
    for (line, seq) in words.split('\n').take(20).zip(1..) {
        let mut entry = JournalEntry {
            seq,
            at_ms: 1_790_000_000_000,
            actor: word(line, 0).unwrap_or_default(),
            action: word(line, 1).unwrap_or_default(),
            target: word(line, 2),
            outcome: word(line, 3).unwrap_or_default(),
            reason: word(line, 4),
            session: word(line, 5),
            hash: String::new(),
        };
        entry.hash = entry.hash_after(&previous);
        previous.clone_from(&entry.hash);
        text += &serde_json::to_string(&entry).expect("JSON");
        text.push('\n');
        entries.push(entry);
    }
    if text.len() > LONGEST {
        return;
    }
    let whole = verify(text.as_bytes()).expect("an honest journal");
    assert_eq!(
        (whole.entries, &whole.head),
        (entries.len() as u64, &previous)
    );
    let changed = change(text.as_bytes(), how);
    if let Ok(verified) = verify(&changed) {
        // Another header is another journal, or a later part of one: none of these entries can follow it by chance.
        if verified.header != header {
            assert!(verified.entries == 0 || verified.header.first > 1);
            return;
        }
        let lines = String::from_utf8(changed).expect("verified, so text");
        let read: Vec<JournalEntry> = lines
            .lines()
            .skip(1)
            .map(|line| serde_json::from_str(line).expect("verified, so an entry"))
            .collect();
        // An end that was cut shows by the head alone, which is what it is for.
        assert!(read.len() <= entries.len());
        assert_eq!(read, entries[..read.len()], "a changed entry passes");
        let head = read.last().map_or(&header.previous, |last| &last.hash);
        assert_eq!(&verified.head, head);
    }
}

/// `at length new`: bytes from a place on, so many of them, give way to others.
fn change(whole: &[u8], how: &[u8]) -> Vec<u8> {
    let how = String::from_utf8_lossy(how);
    let mut parts = how.splitn(3, ' ');
    let mut number = || {
        let part = parts.next().and_then(|part| part.parse::<usize>().ok());
        part.unwrap_or_default()
    };
    let (at, length) = (number(), number());
    let at = at % (whole.len() + 1);
    let end = at.saturating_add(length).min(whole.len());
    let new = parts.next().unwrap_or_default();
    [&whole[..at], new.as_bytes(), &whole[end..]].concat()
}
