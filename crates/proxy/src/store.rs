//! The SQLite database: opening it, its two pools, and the clock everything is timed by.
//! Owns SQL, in the modules below; knows no HTTP. Every query names tenant and org, or says why not.
//!
//! One writer, every write under `BEGIN IMMEDIATE`; readers beside it by WAL (threat model, section 8).

pub(crate) mod audit;
pub(crate) mod confirmations;
pub(crate) mod connections;
pub(crate) mod flows;
pub(crate) mod grants;
pub(crate) mod revocations;
pub(crate) mod solo;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A write transaction.
pub(crate) type Tx = Transaction<'static, Sqlite>;
/// What the database answers.
pub(crate) type DbResult<T> = Result<T, sqlx::Error>;

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
    /// SQLite refuses.
    #[error("the database cannot be opened")]
    Database(#[from] sqlx::Error),
    /// The schema is newer than this program, or was changed by hand.
    #[error("the database does not fit this version")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// The database.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens `portico.sqlite` in a folder that is made private, and brings its schema up to date.
    pub(crate) async fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = private_file(folder)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("secure_delete", "ON");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.clone())
            .await?;
        sqlx::migrate!("./migrations").run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Self { writer, readers })
    }

    /// A write transaction; dropping it undoes it.
    pub(crate) async fn begin(&self) -> DbResult<Tx> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// For queries that change nothing.
    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Whether a write could be made now.
    pub(crate) async fn is_writable(&self) -> bool {
        match self.begin().await {
            Ok(tx) => tx.rollback().await.is_ok(),
            Err(_) => false,
        }
    }

    /// Writes back the log and closes both pools.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
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
    let path = folder.join("portico.sqlite");
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
