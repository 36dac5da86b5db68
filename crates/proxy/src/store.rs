//! The database, SQLite or PostgreSQL: opening it, its pools, and the clock everything is timed by.
//! Owns SQL, in the modules below; knows no HTTP. Every query names tenant and org, or says why not.
//!
//! SQLite: one writer, every write under `BEGIN IMMEDIATE`, readers beside it by WAL. PostgreSQL: read committed,
//! whoever must be alone locks a row first (threat model, section 8). One text of each query serves both.

pub(crate) mod confirmations;
pub(crate) mod connections;
pub(crate) mod deliveries;
pub(crate) mod emergency;
pub(crate) mod events;
pub(crate) mod flows;
pub(crate) mod grant_ends;
pub(crate) mod grants;
pub(crate) mod journal;
pub(crate) mod keys;
pub(crate) mod revocations;
pub(crate) mod solo;
pub(crate) mod static_grants;
mod tx;
pub(crate) mod workspaces;

pub(crate) use tx::Tx;

use crate::config::Config;
use crate::events::Bus;
use crate::random;
use secrecy::ExposeSecret as _;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Executor as _};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What the database answers.
pub(crate) type DbResult<T> = Result<T, sqlx::Error>;

/// How long a call waits for a place at the database, or for another's lock (OV-5: refused within three seconds).
const PATIENCE: Duration = Duration::from_millis(2500);
/// Transactions of one process that PostgreSQL sees at once. Writers of one organization wait for each other there, so
/// readers have places of their own.
const POSTGRES_WRITERS: u32 = 10;
const POSTGRES_READERS: u32 = 6;
const SQLITE_READERS: u32 = 4;

/// Which of the two dialects the database speaks. Almost every query is the same text in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// Tenant and org: whose a row is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Owner {
    pub(crate) tenant: String,
    pub(crate) org: String,
}

/// Why the database is not usable.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Folder or file cannot be made or protected.
    #[error("the data folder {} cannot be used", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The address of the database is not one of PostgreSQL.
    #[error("the address of the database is not understood")]
    Address,
    /// SQLite or PostgreSQL refuses.
    #[error("the database cannot be opened")]
    Database(#[from] sqlx::Error),
    /// The schema is newer than this program, or was changed by hand.
    #[error("the database does not fit this version")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// The database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    dialect: Dialect,
    writer: AnyPool,
    readers: AnyPool,
    /// Whom a commit wakes.
    bus: Arc<Bus>,
}

impl Store {
    /// Opens the configured database and brings its schema up to date.
    pub(crate) async fn open(config: &Config) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        // The folder also holds key file and spool, whichever the database.
        let file = private_file(&config.data_dir)?;
        match &config.database_url {
            None => Self::sqlite(&file).await,
            Some(url) => Self::postgres(url.expose_secret()).await,
        }
    }

    async fn sqlite(file: &Path) -> Result<Self, StoreError> {
        let options = options(&sqlite_url(file))?;
        let pool = |size, reads_only: bool| {
            AnyPoolOptions::new()
                .max_connections(size)
                .acquire_timeout(PATIENCE)
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        connection.execute(SQLITE_SETTINGS).await?;
                        if reads_only {
                            connection.execute("PRAGMA query_only = ON").await?;
                        }
                        Ok(())
                    })
                })
                .after_release(|connection, _| Box::pin(is_clean(connection)))
                .connect_with(options.clone())
        };
        let writer = pool(1, false).await?;
        sqlx::migrate!("./migrations/sqlite").run(&writer).await?;
        Ok(Self {
            dialect: Dialect::Sqlite,
            writer,
            readers: pool(SQLITE_READERS, true).await?,
            bus: Arc::default(),
        })
    }

    async fn postgres(url: &str) -> Result<Self, StoreError> {
        let options = options(url)?;
        let pool = |size| {
            AnyPoolOptions::new()
                .max_connections(size)
                .acquire_timeout(PATIENCE)
                .after_connect(|connection, _| {
                    Box::pin(async move {
                        connection.execute(POSTGRES_SETTINGS).await?;
                        Ok(())
                    })
                })
                .connect_with(options.clone())
        };
        let writer = pool(POSTGRES_WRITERS).await?;
        sqlx::migrate!("./migrations/postgres").run(&writer).await?;
        Ok(Self {
            dialect: Dialect::Postgres,
            writer,
            readers: pool(POSTGRES_READERS).await?,
            bus: Arc::default(),
        })
    }

    /// A write transaction; dropping it undoes it.
    pub(crate) async fn begin(&self) -> DbResult<Tx> {
        let inner = match self.dialect {
            // From the start the only one that writes, or two that read first could never both end.
            Dialect::Sqlite => self.writer.begin_with("BEGIN IMMEDIATE").await?,
            Dialect::Postgres => self.writer.begin().await?,
        };
        Ok(Tx::new(inner, Arc::clone(&self.bus)))
    }

    /// As [`Store::begin`], and alone in an organization from the start. Whoever announces a change or writes
    /// into the journal begins so: all take the organization first and its rows after it, and never wait for
    /// each other in a circle.
    pub(crate) async fn begin_in(&self, owner: &Owner) -> DbResult<Tx> {
        let mut tx = self.begin().await?;
        journal::lock_org(&mut tx, owner).await?;
        Ok(tx)
    }

    /// For queries that change nothing.
    pub(crate) fn readers(&self) -> &AnyPool {
        &self.readers
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Who hears of commits.
    pub(crate) fn bus(&self) -> &Arc<Bus> {
        &self.bus
    }

    /// Whether a write can be made now: one is, for a disk that is full shows only when it is to keep something (OV-5).
    pub(crate) async fn is_writable(&self) -> bool {
        let write = async {
            let mut tx = self.begin().await?;
            // A value that differs each time: SQLite does not write what stands there already.
            sqlx::query(
                "INSERT INTO proxy (name, value) VALUES ('probe', $1)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )
            .bind(random::id())
            .execute(&mut *tx)
            .await?;
            tx.commit().await
        };
        write.await.is_ok()
    }

    /// Writes back the log and closes both pools.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Threat model, section 8.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 2500; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON";
/// A statement that hangs must not hold its place for ever; a commit is on disk before it is answered.
const POSTGRES_SETTINGS: &str = "SET statement_timeout = '10s'; SET lock_timeout = '2500ms'; \
    SET idle_in_transaction_session_timeout = '30s'; SET synchronous_commit = on; \
    SET application_name = 'portico-proxy'";

/// Whether a connection may serve again. Where the disk was full at a commit, SQLite has ended the transaction by itself,
/// and the driver, which goes on to believe in it, would never begin another (OV-5).
async fn is_clean(connection: &mut AnyConnection) -> DbResult<bool> {
    // After what is still to be undone.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

fn options(url: &str) -> Result<AnyConnectOptions, StoreError> {
    // The error would quote the address, which may hold a password.
    let options: AnyConnectOptions = url.parse().map_err(|_| StoreError::Address)?;
    Ok(options.disable_statement_logging())
}

/// A path as SQLite's driver takes it: an address whose odd characters are percent-encoded.
fn sqlite_url(file: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    let mut url = String::from("sqlite://");
    for byte in file.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            url.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url + "?mode=rw"
}

fn private_file(folder: &Path) -> Result<PathBuf, StoreError> {
    let fault = |source| StoreError::Folder {
        path: folder.to_owned(),
        source,
    };
    if !folder.is_dir() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(fault)?;
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(fault)?;
    let path = std::path::absolute(folder.join("portico.sqlite")).map_err(fault)?;
    // SQLite gives its log and shared-memory files the mode of the database.
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .and_then(|file| file.set_permissions(fs::Permissions::from_mode(0o600)))
        .map_err(fault)?;
    Ok(path)
}

/// Whether the database cannot be had or cannot write just now, as opposed to a fault of ours.
pub(crate) fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(fault) => fault.code().is_some_and(|code| {
            match code.parse::<u32>() {
                // SQLite: busy, locked, read-only, I/O, full, cannot open; the extended codes end in the same byte.
                Ok(number) if code.len() != 5 => matches!(number & 0xff, 5 | 6 | 8 | 10 | 13 | 14),
                // PostgreSQL: connection, rolled back, resources, in use or locked, operator, system.
                _ => ["08", "25006", "40", "53", "55", "57", "58"]
                    .iter()
                    .any(|class| code.starts_with(class)),
            }
        }),
        _ => false,
    }
}

/// What kind of fault it was, for the log: never a value, never a stranger's text.
pub(crate) fn kind(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(fault) => format!(
            "database error {}",
            fault.code().as_deref().unwrap_or("without a code")
        ),
        sqlx::Error::PoolTimedOut => "no place in time".into(),
        sqlx::Error::Io(error) => format!("connection: {}", error.kind()),
        sqlx::Error::ColumnDecode { index, .. } => format!("column {index} does not read"),
        sqlx::Error::RowNotFound => "a row is missing".into(),
        sqlx::Error::Encode(_) => "a value cannot be written".into(),
        sqlx::Error::Decode(_) => "a value cannot be read".into(),
        _ => "other".into(),
    }
}

/// A list of texts as its column holds it.
pub(crate) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> DbResult<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// Back from a column; a row of another version is an error, never a panic.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> DbResult<T> {
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// An enum by its wire name, as its column holds it.
pub(crate) fn to_word<T: serde::Serialize>(value: T) -> DbResult<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(_) => Err(sqlx::Error::Encode("not a word".into())),
        Err(error) => Err(sqlx::Error::Encode(Box::new(error))),
    }
}

/// Back from such a column.
pub(crate) fn from_word<T: serde::de::DeserializeOwned>(word: &str) -> DbResult<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned()))
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Whole seconds of a database time.
#[expect(
    clippy::cast_possible_truncation,
    reason = "database times are far below 2^53"
)]
pub(crate) fn seconds(time: f64) -> portico_core::wire::UnixSeconds {
    time.floor() as i64
}
