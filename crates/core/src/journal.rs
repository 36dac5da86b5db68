//! The journal: who did what, each entry bound to the one before it by its hash (P12).
//! Owns an entry's form, its hash and the verifier that browser and command line share. Stores nothing.

mod actions;
pub mod check;
pub mod query;
pub mod words;

pub use actions::{ACTIONS, Action, OUTCOMES, outcome_sentence};

use crate::pkce::base64url;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What stands first in every hash, so that no other use of SHA-256 can pass for an entry.
const LABEL: &[u8] = b"portico.journal.v1";
/// Numbers that an entry can have: a database counts no further, and so counting on never comes to an end.
const NUMBERS: std::ops::RangeInclusive<u64> = 1..=i64::MAX.unsigned_abs();

/// One entry. Holds ids and codes, never a secret and never a stranger's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JournalEntry {
    /// Counts from 1 within an organization, without a gap.
    pub seq: u64,
    /// Milliseconds since 1970, by the database's clock.
    pub at_ms: i64,
    /// `sub` of the person; `service:` and a key's id for a partner's backend; `provider` for what came by the
    /// callback, `proxy` for what the proxy did by itself. Only an entry with a `session` is a person's, however
    /// the person is called.
    pub actor: String,
    /// What was done or tried: [`Action::word`]. A text, so that an old verifier reads a newer journal.
    pub action: String,
    /// Id of the flow, connection or workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// One of [`OUTCOMES`], or an error code.
    pub outcome: String,
    /// Why, in our own words or a code; absent where the outcome says it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `jti` of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// [`JournalEntry::hash_after`] of the entry before it: 43 base64url characters.
    pub hash: String,
}

impl JournalEntry {
    /// The hash this entry must bear after `previous`: SHA-256 over the label, `previous` and each field,
    /// every part behind its length as u32be, an absent one as `0xffffffff`; base64url.
    pub fn hash_after(&self, previous: &str) -> String {
        let mut sum = Sum::new();
        sum.part(Some(previous));
        sum.part(Some(&self.seq.to_string()));
        sum.part(Some(&self.at_ms.to_string()));
        sum.part(Some(&self.actor));
        sum.part(Some(&self.action));
        sum.part(self.target.as_deref());
        sum.part(Some(&self.outcome));
        sum.part(self.reason.as_deref());
        sum.part(self.session.as_deref());
        sum.finish()
    }
}

/// What the first entry of an organization follows: no two organizations begin alike, so that the journal of
/// one cannot pass for that of another.
pub fn genesis(tenant: &str, org: &str) -> String {
    let mut sum = Sum::new();
    sum.part(Some(tenant));
    sum.part(Some(org));
    sum.finish()
}

struct Sum(Sha256);

impl Sum {
    fn new() -> Self {
        Self(Sha256::new_with_prefix(LABEL))
    }

    fn part(&mut self, text: Option<&str>) {
        // No field comes near 4 GiB; its length as u32 is its length.
        let length = text.map_or(u32::MAX, |text| {
            u32::try_from(text.len()).unwrap_or(u32::MAX - 1)
        });
        self.0.update(length.to_be_bytes());
        self.0.update(text.unwrap_or_default().as_bytes());
    }

    fn finish(self) -> String {
        base64url(&self.0.finalize())
    }
}

/// Where a journal stands: number and hash of its last entry; 0 and [`genesis`] before the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JournalHead {
    /// Its number.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

/// Answer of `GET /v1/journal`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JournalPage {
    /// Those that fit the filter, newest first unless asked otherwise.
    pub entries: Vec<JournalEntry>,
    /// Where the whole journal stands.
    pub head: JournalHead,
    /// Cursor of the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// First line of an export; the entries follow, one a line (JSON Lines).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JournalHeader {
    /// Version of the form: 1.
    pub portico_journal: u32,
    /// Issuer that names the tenant.
    pub tenant: String,
    /// The organization.
    pub org: String,
    /// Number of the first entry below.
    pub first: u64,
    /// Hash of the entry before it, or [`genesis`].
    pub previous: String,
}

/// Why a journal is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// An entry is missing or stands twice.
    #[error("entry {expected} was expected and {found} stands there")]
    Gap {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// Its content, or that of one before it, is not what was written.
    #[error("entry {0} was changed, or the one before it was")]
    Changed(u64),
}

/// Follows a journal entry by entry.
#[derive(Clone, Debug)]
pub struct Verifier {
    next: u64,
    hash: String,
}

impl Verifier {
    /// From the beginning of an organization's journal.
    pub fn from_genesis(tenant: &str, org: &str) -> Self {
        Self {
            next: 1,
            hash: genesis(tenant, org),
        }
    }

    /// From entry `first`, whose forerunner bore `previous`.
    pub fn from(first: u64, previous: String) -> Self {
        Self {
            next: first,
            hash: previous,
        }
    }

    /// Takes the next entry.
    pub fn push(&mut self, entry: &JournalEntry) -> Result<(), ChainFault> {
        if entry.seq != self.next {
            return Err(ChainFault::Gap {
                expected: self.next,
                found: entry.seq,
            });
        }
        if entry.hash_after(&self.hash) != entry.hash {
            return Err(ChainFault::Changed(entry.seq));
        }
        self.next = entry.seq.saturating_add(1);
        self.hash.clone_from(&entry.hash);
        Ok(())
    }

    /// Hash of the last entry taken. Noted down elsewhere, it later shows whether the end was cut or rewritten.
    pub fn head(&self) -> &str {
        &self.hash
    }
}

/// A whole export that holds together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whose journal it is, as the first line says.
    pub header: JournalHeader,
    /// How many entries it holds.
    pub entries: u64,
    /// Hash of its last entry; [`JournalHeader::previous`] where it holds none.
    pub head: String,
}

/// Why an export does not verify, and at which line (counted from 1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportFault {
    /// The first line is not a header of version 1.
    #[error("line 1 is not the first line of a Portico journal")]
    NoHeader,
    /// A journal begins at entry 1 with the hash of its tenant and organization.
    #[error("the first line does not belong to this tenant and organization")]
    ForeignGenesis,
    /// A line is not an entry.
    #[error("line {0} is not an entry")]
    NoEntry(usize),
    /// The chain is broken.
    #[error("line {line}: {fault}")]
    Chain {
        /// Where.
        line: usize,
        /// How.
        #[source]
        fault: ChainFault,
    },
}

/// Verifies an export line by line, so that its length costs nothing.
///
/// An export that begins at entry 1 is verified whole; a later part is verified against the hash its header names,
/// which must be compared with an earlier export.
#[derive(Clone, Debug, Default)]
pub struct ExportVerifier {
    lines: usize,
    begun: Option<(JournalHeader, Verifier)>,
}

impl ExportVerifier {
    /// Takes the next line, without its end.
    pub fn push(&mut self, line: &str) -> Result<(), ExportFault> {
        self.lines += 1;
        let Some((_, verifier)) = &mut self.begun else {
            let header = header(line)?;
            let verifier = Verifier::from(header.first, header.previous.clone());
            self.begun = Some((header, verifier));
            return Ok(());
        };
        let line_number = self.lines;
        let entry: JournalEntry =
            serde_json::from_str(line).map_err(|_| ExportFault::NoEntry(line_number))?;
        verifier.push(&entry).map_err(|fault| ExportFault::Chain {
            line: line_number,
            fault,
        })
    }

    /// The export has ended.
    pub fn finish(self) -> Result<Verified, ExportFault> {
        let (header, verifier) = self.begun.ok_or(ExportFault::NoHeader)?;
        Ok(Verified {
            entries: verifier.next.saturating_sub(header.first),
            head: verifier.hash,
            header,
        })
    }
}

fn header(line: &str) -> Result<JournalHeader, ExportFault> {
    let header: JournalHeader = serde_json::from_str(line)
        .ok()
        .filter(|header: &JournalHeader| {
            header.portico_journal == 1 && NUMBERS.contains(&header.first)
        })
        .ok_or(ExportFault::NoHeader)?;
    if header.first == 1 && header.previous != genesis(&header.tenant, &header.org) {
        return Err(ExportFault::ForeignGenesis);
    }
    Ok(header)
}

/// Verifies an export that is at hand as a whole: a header, then entries without a gap, each bound to the one
/// before it.
pub fn verify_export(text: &str) -> Result<Verified, ExportFault> {
    let mut verifier = ExportVerifier::default();
    text.lines().try_for_each(|line| verifier.push(line))?;
    verifier.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(seq: u64, target: Option<&str>) -> JournalEntry {
        JournalEntry {
            seq,
            at_ms: 1_790_000_000_000,
            actor: "ada".into(),
            action: "connection.add".into(),
            target: target.map(str::to_owned),
            outcome: "done".into(),
            reason: None,
            session: Some("j1".into()),
            hash: String::new(),
        }
    }

    fn journal(length: u64) -> Vec<JournalEntry> {
        let mut previous = genesis("t", "o");
        (1..=length)
            .map(|seq| {
                let mut entry = entry(seq, Some("con_1"));
                entry.hash = entry.hash_after(&previous);
                previous.clone_from(&entry.hash);
                entry
            })
            .collect()
    }

    fn export(entries: &[JournalEntry]) -> String {
        let header = JournalHeader {
            portico_journal: 1,
            tenant: "t".into(),
            org: "o".into(),
            first: 1,
            previous: genesis("t", "o"),
        };
        let mut text = serde_json::to_string(&header).unwrap() + "\n";
        for entry in entries {
            text += &serde_json::to_string(entry).unwrap();
            text.push('\n');
        }
        text
    }

    /// P12: the hashes are part of the contract: an old journal verifies with a new version.
    #[test]
    fn the_hash_of_an_entry_never_changes() {
        assert_eq!(
            genesis("t", "o"),
            "Tgzc24DW6T9wEOEFbHhESZUWZ72eP6uBoqJL3WD67T8"
        );
        assert_eq!(
            entry(1, None).hash_after(&genesis("t", "o")),
            "9QI_a5VM5LJevVZnA55p3Hy1aCZOa1ngVwwncfw_SOE"
        );
    }

    /// P12: whatever is done to an export shows, and where.
    #[test]
    fn a_journal_that_was_touched_does_not_verify() {
        let whole = journal(5);
        let verified = verify_export(&export(&whole)).unwrap();
        assert_eq!(
            (verified.entries, verified.head.as_str()),
            (5, whole[4].hash.as_str())
        );
        let changed = |change: &dyn Fn(&mut Vec<JournalEntry>)| {
            let mut entries = whole.clone();
            change(&mut entries);
            verify_export(&export(&entries)).unwrap_err()
        };
        let gap = |line, expected, found| ExportFault::Chain {
            line,
            fault: ChainFault::Gap { expected, found },
        };
        let broken = |line, seq| ExportFault::Chain {
            line,
            fault: ChainFault::Changed(seq),
        };
        for (case, fault, want) in [
            ("removed", changed(&|e| drop(e.remove(1))), gap(3, 2, 3)),
            (
                "twice",
                changed(&|e| e.insert(1, e[0].clone())),
                gap(3, 2, 1),
            ),
            ("swapped", changed(&|e| e.swap(1, 2)), gap(3, 2, 3)),
            (
                "actor",
                changed(&|e| e[2].actor = "bob".into()),
                broken(4, 3),
            ),
            ("time", changed(&|e| e[0].at_ms += 1), broken(2, 1)),
            (
                "outcome",
                changed(&|e| e[4].outcome = "x".into()),
                broken(6, 5),
            ),
            (
                "target gone",
                changed(&|e| e[1].target = None),
                broken(3, 2),
            ),
            (
                "reason added",
                changed(&|e| e[1].reason = Some(String::new())),
                broken(3, 2),
            ),
            (
                "session",
                changed(&|e| e[1].session = Some("j2".into())),
                broken(3, 2),
            ),
            (
                "a hash of its own",
                changed(&|e| {
                    e[1].action = "connection.remove".into();
                    e[1].hash = e[1].hash_after(&e[0].hash);
                }),
                broken(4, 3),
            ),
        ] {
            assert_eq!(fault, want, "{case}");
        }
    }

    #[test]
    fn an_export_of_another_form_or_organization_is_refused() {
        let good = export(&journal(1));
        for (text, want) in [
            (String::new(), ExportFault::NoHeader),
            ("{}\n".into(), ExportFault::NoHeader),
            (
                good.replace("\"portico_journal\":1", "\"portico_journal\":2"),
                ExportFault::NoHeader,
            ),
            (
                good.replace("\"org\":\"o\"", "\"org\":\"p\""),
                ExportFault::ForeignGenesis,
            ),
            (
                good.replace("\"first\":1", "\"first\":18446744073709551615"),
                ExportFault::NoHeader,
            ),
            (format!("{good}words\n"), ExportFault::NoEntry(3)),
            (format!("{good}\n"), ExportFault::NoEntry(3)),
        ] {
            assert_eq!(verify_export(&text), Err(want), "{text}");
        }
    }

    proptest! {
        /// P12: no text in one field can stand for another in the next.
        #[test]
        fn two_different_entries_never_hash_alike(
            one in ("[ab]{0,3}", "[ab]{0,3}", proptest::option::of("[ab]{0,3}"), proptest::option::of("[ab]{0,3}")),
            other in ("[ab]{0,3}", "[ab]{0,3}", proptest::option::of("[ab]{0,3}"), proptest::option::of("[ab]{0,3}")),
        ) {
            let built = |(actor, action, target, reason): (String, String, Option<String>, Option<String>)| {
                JournalEntry { actor, action, target, reason, ..entry(1, None) }
            };
            let (one, other) = (built(one), built(other));
            prop_assert_eq!(one == other, one.hash_after("p") == other.hash_after("p"));
        }
    }
}
