//! Answers of a provider that the database would not take, kept in files of another volume until it does
//! (threat model, section 8). Owns the folder, the files' form and their replay; seals everything it writes.
//!
//! A file: `{"version":1,"tenant":…,"org":…,"sealed":"<base64>"}`, named by the record's id, mode 0600.

use crate::app::Shared;
use crate::grant::{flight, kept};
use crate::provider::tokens::Tokens;
use crate::random;
use crate::seal::{Place, Sealer};
use crate::session;
use crate::store::{Owner, is_away, kind, seconds};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const VERSION: u32 = 1;
const ENDING: &str = "answer";
/// What cannot be read is set aside for the operator and never tried again.
const ASIDE: &str = "unreadable";
/// Between two looks while something waits.
const PAUSE: Duration = Duration::from_secs(2);

/// What waits: a refresh's tokens, or all of a finished exchange.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Answer {
    Refresh(flight::Kept),
    Exchange(Box<kept::Kept>),
}

/// A provider's tokens as they wait, within what is sealed.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptTokens {
    access_token: String,
    refresh_token: Option<String>,
    /// By this machine's clock, for the database was away; absent where the token has no end.
    expires_at: Option<i64>,
    scopes: Option<Vec<String>>,
}

impl KeptTokens {
    pub(crate) fn of(tokens: &Tokens) -> Self {
        Self {
            access_token: tokens.access_token.as_str().to_owned(),
            refresh_token: tokens
                .refresh_token
                .as_ref()
                .map(|token| token.as_str().to_owned()),
            expires_at: tokens.expires_in.map(|left| session::now() + seconds(left)),
            scopes: tokens.scopes.clone(),
        }
    }

    /// With what is left of their time. One that ran out is stored all the same: the refresh token beside it counts.
    pub(crate) fn again(&self) -> Tokens {
        Tokens {
            access_token: Zeroizing::new(self.access_token.clone()),
            refresh_token: self.refresh_token.clone().map(Zeroizing::new),
            expires_in: self
                .expires_at
                .map(|at| f64::from(u32::try_from(at - session::now()).unwrap_or(0))),
            scopes: self.scopes.clone(),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u32,
    tenant: String,
    org: String,
    sealed: String,
}

/// The folder.
pub(crate) struct Spool {
    folder: PathBuf,
    written: Notify,
}

impl Spool {
    /// Makes the folder, for its owner alone.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        if !folder.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)?;
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        Ok(Self {
            folder,
            written: Notify::new(),
        })
    }

    /// Seals an answer and puts it on disk, synced, before it returns.
    pub(crate) async fn keep(
        &self,
        sealer: &Sealer,
        owner: &Owner,
        answer: &Answer,
    ) -> io::Result<()> {
        let id = random::id();
        let bytes = record(sealer, owner, &id, answer)?;
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || write(&folder, &id, &bytes))
            .await
            .map_err(io::Error::other)??;
        self.written.notify_one();
        Ok(())
    }

    fn waiting(&self) -> io::Result<Vec<PathBuf>> {
        let mut files: Vec<PathBuf> = fs::read_dir(&self.folder)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == ENDING))
            .collect();
        // Ids sort by their time.
        files.sort();
        Ok(files)
    }
}

/// A file's content.
pub(crate) fn record(
    sealer: &Sealer,
    owner: &Owner,
    id: &str,
    answer: &Answer,
) -> io::Result<Vec<u8>> {
    let text = Zeroizing::new(serde_json::to_vec(answer)?);
    let envelope = sealer
        .seal(place(owner, id), &text)
        .map_err(io::Error::other)?;
    Ok(serde_json::to_vec(&Record {
        version: VERSION,
        tenant: owner.tenant.clone(),
        org: owner.org.clone(),
        sealed: STANDARD.encode(envelope),
    })?)
}

/// Where the secret of a record stands.
fn place<'a>(owner: &'a Owner, id: &'a str) -> Place<'a> {
    Place {
        table: "spool",
        column: "sealed",
        tenant: &owner.tenant,
        org: &owner.org,
        row: id,
        generation: 0,
    }
}

/// A file that is there whole or not at all, whenever the power goes.
fn write(folder: &Path, id: &str, bytes: &[u8]) -> io::Result<()> {
    let aside = folder.join(format!("{id}.new"));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, folder.join(format!("{id}.{ENDING}")))?;
    File::open(folder)?.sync_all()
}

fn read(sealer: &Sealer, path: &Path) -> Result<(Owner, Answer), String> {
    let id = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .ok_or("its name is no id")?;
    let bytes = fs::read(path).map_err(|error| error.kind().to_string())?;
    open(sealer, id, &bytes)
}

/// The record of this id.
pub(crate) fn open(sealer: &Sealer, id: &str, bytes: &[u8]) -> Result<(Owner, Answer), String> {
    let record: Record =
        serde_json::from_slice(bytes).map_err(|_| "it does not have the form of a record")?;
    if record.version != VERSION {
        return Err(format!("it is of version {}", record.version));
    }
    let owner = Owner {
        tenant: record.tenant,
        org: record.org,
    };
    let envelope = STANDARD
        .decode(&record.sealed)
        .map_err(|_| "it is damaged")?;
    let text = sealer
        .open(place(&owner, id), &envelope)
        .map_err(|error| error.to_string())?;
    let answer = serde_json::from_slice(&text).map_err(|_| "it is of another version")?;
    Ok((owner, answer))
}

/// Replays what waits, at start, after each new file and while the database is away, until the proxy stops.
pub(crate) async fn run(app: Shared) {
    loop {
        let left = match replay(&app).await {
            Ok(left) => left,
            Err(error) => {
                tracing::error!(error = %error, alert = true, "the spool cannot be read");
                true
            }
        };
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = app.spool.written.notified() => {}
            () = sleep(PAUSE), if left => {}
        }
    }
}

/// True when something still waits.
async fn replay(app: &Shared) -> io::Result<bool> {
    for path in app.spool.waiting()? {
        let (owner, answer) = match read(&app.sealer, &path) {
            Ok(read) => read,
            Err(problem) => {
                tracing::error!(
                    problem,
                    alert = true,
                    "a spooled answer cannot be read; it is set aside"
                );
                fs::rename(&path, path.with_extension(ASIDE))?;
                continue;
            }
        };
        let replayed = match answer {
            Answer::Refresh(kept) => flight::replay(app, &owner, &kept).await,
            Answer::Exchange(kept) => kept::replay(app, &owner, *kept).await,
        };
        match replayed {
            Ok(()) => {
                fs::remove_file(&path)?;
                tracing::info!("a spooled answer was stored");
            }
            Err(error) if is_away(&error) => return Ok(true),
            Err(error) => {
                tracing::error!(
                    kind = kind(&error),
                    alert = true,
                    "a spooled answer cannot be stored; it is set aside"
                );
                fs::rename(&path, path.with_extension(ASIDE))?;
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyRing;

    fn sealer() -> Sealer {
        let ring = "3:QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=";
        let sealer = Sealer::new(KeyRing::parse(ring).unwrap());
        sealer.allow(3, 100);
        sealer
    }

    fn owner() -> Owner {
        Owner {
            tenant: "t".into(),
            org: "o".into(),
        }
    }

    fn answer() -> Answer {
        Answer::Refresh(flight::Kept {
            connection: "con_1".into(),
            generation: 4,
            account: "7".into(),
            old: "canary-old-token".into(),
            tokens: KeptTokens {
                access_token: "canary-access-token".into(),
                refresh_token: Some("canary-refresh-token".into()),
                expires_at: Some(1_790_000_000),
                scopes: None,
            },
        })
    }

    /// ST-1: what waits on disk is sealed and for its owner alone; moved or damaged it does not open.
    #[tokio::test]
    async fn a_spooled_answer_is_sealed_and_bound_to_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path().join("spool")).unwrap();
        let sealer = sealer();
        spool.keep(&sealer, &owner(), &answer()).await.unwrap();
        let files = spool.waiting().unwrap();
        assert_eq!(files.len(), 1);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&files[0]), mode(&spool.folder)), (0o600, 0o700));
        let text = fs::read_to_string(&files[0]).unwrap();
        assert!(
            !text.contains("canary") && !text.contains(&STANDARD.encode("canary")),
            "{text}"
        );
        let (whose, read_back) = read(&sealer, &files[0])
            .map_err(|problem| panic!("{problem}"))
            .unwrap();
        assert_eq!(whose, owner());
        let Answer::Refresh(kept) = read_back else {
            panic!("another kind");
        };
        assert_eq!(
            (kept.generation, kept.tokens.access_token.as_str()),
            (4, "canary-access-token")
        );
        let moved = spool.folder.join(format!("elsewhere.{ENDING}"));
        fs::copy(&files[0], &moved).unwrap();
        assert!(read(&sealer, &moved).is_err(), "moved");
        for (case, damaged) in [
            ("cut", text[..text.len() - 9].to_owned()),
            ("org", text.replace("\"org\":\"o\"", "\"org\":\"p\"")),
            ("version", text.replace("\"version\":1", "\"version\":2")),
            ("nothing", String::new()),
        ] {
            fs::write(&files[0], damaged).unwrap();
            assert!(read(&sealer, &files[0]).is_err(), "{case}");
        }
    }

    #[tokio::test]
    async fn what_was_written_first_is_replayed_first() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path().to_owned()).unwrap();
        for _ in 0..20 {
            spool.keep(&sealer(), &owner(), &answer()).await.unwrap();
        }
        fs::write(folder.path().join("half.new"), "x").unwrap();
        let files = spool.waiting().unwrap();
        assert_eq!(files.len(), 20);
        let written = |path: &PathBuf| fs::metadata(path).unwrap().modified().unwrap();
        assert!(
            files
                .windows(2)
                .all(|pair| written(&pair[0]) <= written(&pair[1]))
        );
    }
}
