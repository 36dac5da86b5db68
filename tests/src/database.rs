//! The database of one test: which kind the environment asks for, its making and its end, a look inside.
//! Owns databases named `portico_test_…` on the server that the environment names, and no others.

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// `sqlite` (also when absent) or `postgres`.
const KIND: &str = "PORTICO_TEST_DATABASE";
/// A server on which this process may create databases.
const SERVER: &str = "PORTICO_TEST_POSTGRES";

/// Where a stage keeps its rows.
#[derive(Clone, Debug)]
pub enum Database {
    /// The file in the data folder.
    Sqlite(PathBuf),
    /// A database of this test alone, dropped with the last clone.
    Postgres(Arc<OwnDatabase>),
}

impl Database {
    /// A fresh one of the kind that the environment asks for; SQLite's file is the proxy's to make.
    pub async fn fresh(data_dir: &Path) -> Self {
        match std::env::var(KIND).as_deref() {
            Err(_) | Ok("" | "sqlite") => Self::Sqlite(data_dir.join("portico.sqlite")),
            Ok("postgres") => Self::Postgres(Arc::new(OwnDatabase::create().await)),
            Ok(other) => panic!("{KIND} is {other:?}; it may be sqlite or postgres"),
        }
    }

    /// What the proxy is told, where it is told anything: `database_url`.
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(own) => Some(own.url.clone()),
        }
    }

    /// Whether this is SQLite; elsewhere it says in the test's output why nothing was tested.
    ///
    /// For the few tests that look at what only SQLite has, such as its files.
    pub fn only_sqlite(&self, why: &str) -> bool {
        let is_sqlite = matches!(self, Self::Sqlite(_));
        if !is_sqlite {
            eprintln!("nothing to test on PostgreSQL: {why}");
        }
        is_sqlite
    }

    /// Runs statements, several at once if need be.
    pub async fn run(&self, statements: &str) {
        let query = sqlx::raw_sql(AssertSqlSafe(statements));
        match self {
            Self::Sqlite(path) => {
                query.execute(&mut sqlite(path).await).await.unwrap();
            }
            Self::Postgres(own) => {
                let mut database = own.connect().await;
                query.execute(&mut database).await.unwrap();
                database.close().await.unwrap();
            }
        }
    }

    /// What the database says to a statement that it must not carry out.
    pub async fn refusal(&self, statement: &str) -> String {
        let query = sqlx::raw_sql(AssertSqlSafe(statement));
        let refused = match self {
            Self::Sqlite(path) => query.execute(&mut sqlite(path).await).await.map(drop),
            Self::Postgres(own) => query.execute(&mut own.connect().await).await.map(drop),
        };
        refused.unwrap_err().to_string()
    }

    /// Statements that let entries of the journal be changed, which only the database's owner could.
    pub fn journal_unlocked(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => {
                "DROP TRIGGER journal_is_never_changed; DROP TRIGGER journal_is_never_cut;"
            }
            Self::Postgres(_) => "DROP TRIGGER journal_is_never_changed ON journal;",
        }
    }

    /// The first column of the first row, as a number.
    pub async fn count(&self, query: &str) -> i64 {
        match self {
            Self::Sqlite(path) => {
                let query = sqlx::query(AssertSqlSafe(query));
                let row = query.fetch_one(&mut sqlite(path).await).await;
                row.unwrap().get(0)
            }
            Self::Postgres(own) => {
                let row = own.first_row(query).await;
                // An INTEGER is 64 bits wide in SQLite and 32 here; a number is a number.
                row.try_get(0)
                    .or_else(|_| row.try_get::<i32, _>(0).map(i64::from))
                    .unwrap()
            }
        }
    }

    /// Every row of PostgreSQL as text, by table, its bytes in hexadecimal; SQLite's file holds its own.
    pub async fn rows(&self) -> Vec<(String, Vec<u8>)> {
        match self {
            Self::Sqlite(_) => Vec::new(),
            Self::Postgres(own) => own.rows().await,
        }
    }

    /// The first column of the first row, as text.
    pub async fn text(&self, query: &str) -> Option<String> {
        match self {
            Self::Sqlite(path) => {
                let query = sqlx::query(AssertSqlSafe(query));
                let row = query.fetch_one(&mut sqlite(path).await).await;
                row.unwrap().get(0)
            }
            Self::Postgres(own) => own.first_row(query).await.get(0),
        }
    }
}

impl Database {
    /// A copy as an operator makes it, while proxies may serve: `VACUUM INTO`; in PostgreSQL, what `pg_dump` would hold.
    pub async fn backup(&self) -> Backup {
        match self {
            Self::Sqlite(path) => {
                let folder = tempfile::tempdir().unwrap();
                let file = folder.path().join("backup.sqlite");
                let statement = format!("VACUUM INTO '{}'", file.display());
                let query = sqlx::raw_sql(AssertSqlSafe(statement));
                query.execute(&mut sqlite(path).await).await.unwrap();
                Backup::Sqlite(file, folder)
            }
            Self::Postgres(own) => Backup::Postgres(own.copy().await),
        }
    }

    /// Puts a copy in the place of what is there, as `docs/operate.md` says; no proxy may run.
    pub async fn restore(&self, backup: &Backup) {
        match (self, backup) {
            (Self::Sqlite(path), Backup::Sqlite(file, _)) => {
                for ending in ["-wal", "-shm"] {
                    let mut beside = path.clone().into_os_string();
                    beside.push(ending);
                    // A proxy that ended in good order has left none.
                    let _ = std::fs::remove_file(beside);
                }
                std::fs::copy(file, path).unwrap();
            }
            (Self::Postgres(own), Backup::Postgres(copy)) => own.become_like(copy).await,
            _ => panic!("a backup of another kind of database"),
        }
    }
}

/// A copy of a database; gone with the value.
pub enum Backup {
    /// A file, in a folder of its own.
    Sqlite(PathBuf, TempDir),
    /// A database beside it.
    Postgres(OwnDatabase),
}

impl Backup {
    /// All there is of it: the file's bytes, or every row.
    pub async fn at_rest(&self) -> Vec<(String, Vec<u8>)> {
        match self {
            Self::Sqlite(file, _) => {
                vec![("the backup".into(), std::fs::read(file).unwrap())]
            }
            Self::Postgres(copy) => copy.rows().await,
        }
    }
}

async fn sqlite(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_secs(10))
        .connect()
        .await
        .unwrap()
}

/// A database on the server of the run.
#[derive(Debug)]
pub struct OwnDatabase {
    server: String,
    name: String,
    url: String,
}

impl OwnDatabase {
    async fn create() -> Self {
        Self::create_as("").await
    }

    /// A database of the same content. Who is connected is cut off, for PostgreSQL copies nothing that is in use; a proxy
    /// connects again by itself.
    async fn copy(&self) -> Self {
        let may_connect = async |may: bool| {
            let statement = format!("ALTER DATABASE {} ALLOW_CONNECTIONS {may}", self.name);
            self.as_admin(&statement).await;
        };
        may_connect(false).await;
        self.cut_off().await;
        let copy = Self::create_as(&format!(" TEMPLATE {}", self.name)).await;
        may_connect(true).await;
        copy
    }

    async fn become_like(&self, other: &Self) {
        let (mine, theirs) = (&self.name, &other.name);
        for statement in [
            format!("DROP DATABASE {mine} WITH (FORCE)"),
            format!("CREATE DATABASE {mine} TEMPLATE {theirs}"),
        ] {
            self.as_admin(&statement).await;
        }
    }

    async fn cut_off(&self) {
        let statement = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        );
        self.as_admin(&statement).await;
    }

    async fn as_admin(&self, statement: &str) {
        let mut admin = PgConnection::connect(&self.server).await.unwrap();
        let query = sqlx::raw_sql(AssertSqlSafe(statement));
        query.execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
    }

    async fn rows(&self) -> Vec<(String, Vec<u8>)> {
        let mut database = self.connect().await;
        let tables = "SELECT table_name::text FROM information_schema.tables
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
        let mut found = Vec::new();
        for table in sqlx::query(tables).fetch_all(&mut database).await.unwrap() {
            let name: String = table.get(0);
            let rows = sqlx::query(AssertSqlSafe(format!("SELECT t::text FROM {name} AS t")));
            for row in rows.fetch_all(&mut database).await.unwrap() {
                found.push((name.clone(), row.get::<String, _>(0).into_bytes()));
            }
        }
        database.close().await.unwrap();
        found
    }

    async fn create_as(template: &str) -> Self {
        let server = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!("{SERVER} names no server; `cargo xtask test --only http-postgres` starts one")
        });
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let name = format!("portico_test_{:016x}", u64::from_ne_bytes(random));
        let mut url: url::Url = server.parse().expect("a server's URL");
        url.set_path(&name);
        let own = Self {
            server,
            name,
            url: url.into(),
        };
        let statement = format!("CREATE DATABASE {}{template}", own.name);
        own.as_admin(&statement).await;
        own
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    async fn first_row(&self, query: &str) -> PgRow {
        let mut database = self.connect().await;
        let row = sqlx::query(AssertSqlSafe(query)).fetch_one(&mut database);
        let row = row.await.unwrap();
        database.close().await.unwrap();
        row
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // On a thread of its own, for a runtime cannot wait within another. Should it fail, the server's end
        // takes the database with it.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut admin = PgConnection::connect(&server).await?;
                let query = sqlx::raw_sql(AssertSqlSafe(statement));
                query.execute(&mut admin).await?;
                admin.close().await
            })
        });
        let _ = dropping.join();
    }
}
