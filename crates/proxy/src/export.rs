//! The journal on its way out: the lines of an export, for the interface and the command line alike.
//! Owns their order and that nothing is missing among them; the chain's rules are the core's.

use crate::config::Config;
use crate::running::StartError;
use crate::store::{DbResult, Owner, Store, StoreError, journal, solo};
use futures_util::{Stream, TryStreamExt as _, stream};
use portico_core::journal::{ExportFault, ExportVerifier, JournalHeader, Verified, genesis};
use std::io::{self, BufRead, Read as _, Write};

/// Entries that are in memory at once.
const CHUNK: u32 = 500;
/// No line of ours comes near it.
const LONGEST: usize = 64 * 1024;

/// Why an export cannot be made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Neither the command nor the configuration names an organization.
    #[error("without [solo] in the configuration, --tenant and --org say whose journal it is")]
    NoOrg,
    /// The database cannot be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The database fails.
    #[error("the journal cannot be read")]
    Database(#[from] sqlx::Error),
    /// Nothing was ever written down for them.
    #[error("there is no journal of organization {org} of tenant {tenant}")]
    NoJournal {
        /// Issuer that names the tenant.
        tenant: String,
        /// The organization.
        org: String,
    },
    /// The range begins behind the end of the journal, or ends before its beginning.
    #[error("the journal has {0} entries; the range asked for is not among them")]
    OutOfRange(u64),
    /// A row that was written is gone.
    #[error("entry {0} is missing in the database")]
    Missing(u64),
    /// A row does not become a line.
    #[error("an entry cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// Nobody takes the lines.
    #[error("the export cannot be written")]
    Write(#[from] io::Error),
}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        Self::Start(error.into())
    }
}

/// An export under way. What is appended meanwhile does not belong to it.
pub(crate) struct Export {
    owner: Owner,
    header: Option<JournalHeader>,
    next: u64,
    last: u64,
}

impl Export {
    /// From entry `first` to entry `last`, or to where the journal stands now.
    pub(crate) async fn open(
        store: &Store,
        owner: Owner,
        first: u64,
        last: Option<u64>,
    ) -> Result<Self, ExportError> {
        let head = journal::head(store.readers(), &owner).await?;
        let end = head.as_ref().map_or(0, |head| head.seq);
        let last = last.unwrap_or(end).min(end);
        if first == 0 || first > end + 1 || last + 1 < first {
            return Err(ExportError::OutOfRange(end));
        }
        let previous = if first == 1 {
            genesis(&owner.tenant, &owner.org)
        } else {
            let before = journal::range(store.readers(), &owner, first - 1, first - 1, 1).await?;
            let before = before.into_iter().next();
            before.ok_or(ExportError::Missing(first - 1))?.hash
        };
        let header = JournalHeader {
            portico_journal: 1,
            tenant: owner.tenant.clone(),
            org: owner.org.clone(),
            first,
            previous,
        };
        Ok(Self {
            owner,
            header: Some(header),
            next: first,
            last,
        })
    }

    /// The next lines; nothing behind the last.
    async fn lines(&mut self, store: &Store) -> Result<Option<String>, ExportError> {
        if let Some(header) = self.header.take() {
            return Ok(Some(serde_json::to_string(&header)? + "\n"));
        }
        if self.next > self.last {
            return Ok(None);
        }
        let (next, last) = (self.next, self.last);
        let entries = journal::range(store.readers(), &self.owner, next, last, CHUNK).await?;
        // A gap in the middle is for whoever verifies; an end that is gone would not show there.
        self.next = entries.last().ok_or(ExportError::Missing(next))?.seq + 1;
        let mut lines = String::new();
        for entry in &entries {
            lines += &serde_json::to_string(entry)?;
            lines.push('\n');
        }
        Ok(Some(lines))
    }

    /// All lines, read as they are taken.
    pub(crate) fn stream(
        self,
        store: Store,
    ) -> impl Stream<Item = Result<String, ExportError>> + Send {
        stream::try_unfold((self, store), async |(mut export, store)| {
            let lines = export.lines(&store).await?;
            Ok(lines.map(|lines| (lines, (export, store))))
        })
    }
}

/// Whose journal, and which part of it; what is absent means the solo organization and the whole journal.
#[derive(Clone, Debug, Default)]
pub struct ExportOf {
    /// Issuer that names the tenant.
    pub tenant: Option<String>,
    /// The organization.
    pub org: Option<String>,
    /// First entry.
    pub first: Option<u64>,
    /// Last entry.
    pub last: Option<u64>,
}

/// Writes a journal straight from the database; the proxy may be running.
pub async fn export_journal(
    config: &Config,
    what: ExportOf,
    mut out: impl Write,
) -> Result<(), ExportError> {
    let store = Store::open(config).await?;
    let done = write(&store, config, what, &mut out).await;
    store.close().await;
    done
}

async fn write(
    store: &Store,
    config: &Config,
    what: ExportOf,
    out: &mut impl Write,
) -> Result<(), ExportError> {
    let solo_org = config.solo.as_ref().map(|solo| solo.org.clone());
    let owner = Owner {
        tenant: match what.tenant {
            Some(tenant) => tenant,
            None => solo_tenant(store).await?,
        },
        org: what.org.or(solo_org).ok_or(ExportError::NoOrg)?,
    };
    if journal::head(store.readers(), &owner).await?.is_none() {
        let Owner { tenant, org } = owner;
        return Err(ExportError::NoJournal { tenant, org });
    }
    let export = Export::open(store, owner, what.first.unwrap_or(1), what.last).await?;
    let mut lines = std::pin::pin!(export.stream(store.clone()));
    while let Some(lines) = lines.try_next().await? {
        out.write_all(lines.as_bytes())?;
    }
    Ok(out.flush()?)
}

async fn solo_tenant(store: &Store) -> DbResult<String> {
    let mut tx = store.begin().await?;
    let instance = solo::instance_id(&mut tx, &crate::random::id()).await?;
    tx.rollback().await?;
    Ok(crate::running::solo_tenant(&instance))
}

/// Why an export is not believed, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It was changed, cut in the middle, or is none.
    #[error(transparent)]
    Fault(#[from] ExportFault),
    /// It cannot be read.
    #[error("the export cannot be read")]
    Read(#[from] io::Error),
}

/// Verifies an export of any length.
pub fn verify_journal(mut export: impl BufRead) -> Result<Verified, VerifyError> {
    let mut verifier = ExportVerifier::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = export
            .by_ref()
            .take(LONGEST as u64)
            .read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(verifier.finish()?);
        }
        let is_whole = line.pop_if(|last| *last == b'\n').is_some() || line.len() < LONGEST;
        // What is no text, or longer than any line of ours, is no line of a journal: the verifier says which.
        let text = std::str::from_utf8(&line).ok().filter(|_| is_whole);
        verifier.push(text.unwrap_or_default())?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(tenant: &str) -> String {
        let header = JournalHeader {
            portico_journal: 1,
            tenant: tenant.to_owned(),
            org: "o".into(),
            first: 7,
            previous: "p".into(),
        };
        serde_json::to_string(&header).unwrap()
    }

    fn refused(export: &[u8]) -> ExportFault {
        match verify_journal(export) {
            Err(VerifyError::Fault(fault)) => fault,
            other => panic!("{other:?}"),
        }
    }

    /// P12: what is read is what stands there: nothing is repaired, and a line is a line.
    #[test]
    fn an_export_is_read_to_the_letter() {
        let whole = header("t") + "\n";
        assert_eq!(verify_journal(whole.as_bytes()).unwrap().entries, 0);
        let replaced = header("\u{fffd}").into_bytes();
        assert!(verify_journal(&*replaced).is_ok());
        let mark = "\u{fffd}".as_bytes();
        let at = replaced.windows(3).position(|part| part == mark).unwrap();
        let broken = [&replaced[..at], b"\xff", &replaced[at + 3..]].concat();
        assert_eq!(refused(&broken), ExportFault::NoHeader);
        // As much as is read at once, and more behind it without a line's end between.
        let padded = header("t") + &" ".repeat(LONGEST);
        assert_eq!(refused(padded.as_bytes()), ExportFault::NoHeader);
        let second = format!("{whole}{}", " ".repeat(LONGEST + 1));
        assert_eq!(refused(second.as_bytes()), ExportFault::NoEntry(2));
    }
}
