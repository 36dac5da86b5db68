//! The proxy as people run it: a process with a configuration file, which can be killed.
//! Owns the process by its id; it ends with the value. Every wait is bounded.

use crate::caller::Caller;
use crate::database::Database;
use crate::device::launch;
use crate::stage::{BareStage, Stage};
use portico_core::wire::Provider;
use portico_proxy::config::Config;
use portico_sandbox::Sandbox;
use portico_sandbox::github::model::DEMO_APP_CLIENT_SECRET;
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// What a process says at the point where it was told to stop.
const REACHED: &str = "the point is reached";
/// From start to `listening on`, on a machine that does much else.
const START: Duration = Duration::from_mins(1);
/// CP-4: what a proxy may take to end in good order.
const LAST: Duration = Duration::from_secs(30);

/// What a process stands on.
#[derive(Clone, Copy)]
pub struct Footing<'a> {
    config: &'a Config,
    database: &'a Database,
    sandbox: &'a Sandbox,
}

impl<'a> From<&'a Stage> for Footing<'a> {
    fn from(stage: &'a Stage) -> Self {
        Self {
            config: &stage.config,
            database: stage.database(),
            sandbox: &stage.sandbox,
        }
    }
}

impl<'a> From<&'a BareStage> for Footing<'a> {
    fn from(stage: &'a BareStage) -> Self {
        Self {
            config: &stage.config,
            database: &stage.database,
            sandbox: &stage.sandbox,
        }
    }
}

/// One proxy process over a stage's database.
///
/// The stage's own proxy stands by: it makes the connections that a test needs.
pub struct Replica {
    /// As the stage's, with this process's own address.
    pub config: Config,
    process: Child,
    launch_link: String,
    said: Lines,
    _folder: TempDir,
}

/// Lines of standard error, as far as they came.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }

    fn all(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Replica {
    /// Starts a proxy over the stage's database and keys, and waits until it listens.
    pub async fn start(stage: &Stage) -> Self {
        Self::start_with(stage.into(), "http://localhost:0", Manner::default()).await
    }

    /// The same at an address of its own, where it can be started again after its end.
    pub async fn start_at(stage: &BareStage, base_url: &str) -> Self {
        Self::start_with(stage.into(), base_url, Manner::default()).await
    }

    /// The same with a clock that is ahead by so many seconds, or behind. Ends it by [`Replica::ended`], never by force:
    /// the library keeps a file in shared memory as long as the process runs.
    pub async fn start_with_clock(stage: &BareStage, clocks: &WrongClocks, ahead: i64) -> Self {
        Self::start_with(stage.into(), "http://localhost:0", clocks.ahead(ahead)).await
    }

    /// The same; it will say that it reached the point named and then stand still there.
    pub async fn start_stopping_at(stage: &Stage, point: &str) -> Self {
        Self::start_with(stage.into(), "http://localhost:0", stopping_at(point)).await
    }

    /// The same, saying all that a level lets through.
    pub async fn start_with_log(stage: &Stage, level: &str) -> Self {
        let manner = Manner {
            environment: vec![("PORTICO_LOG", level.into())],
            ..Manner::default()
        };
        Self::start_with(stage.into(), "http://localhost:0", manner).await
    }

    /// The same, reaching its PostgreSQL by another address.
    pub async fn start_by_way_of(stage: &Stage, database_url: &str) -> Self {
        let manner = Manner {
            database_url: Some(database_url.into()),
            ..Manner::default()
        };
        Self::start_with(stage.into(), "http://localhost:0", manner).await
    }

    /// The same on a disk that [`Replica::fill_the_disk`] can fill.
    pub async fn start_on_a_disk_that_may_fill(stage: &Stage) -> Self {
        let manner = Manner {
            minds_no_full_disk: true,
            ..Manner::default()
        };
        Self::start_with(stage.into(), "http://localhost:0", manner).await
    }

    /// From now on, or no longer, no file of this process takes another byte.
    #[cfg(target_os = "linux")]
    pub fn fill_the_disk(&self, is_full: bool) {
        use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
        let maximum = getrlimit(Resource::Fsize).maximum;
        let current = if is_full { Some(0) } else { maximum };
        let id = Pid::from_raw(i32::try_from(self.process_id()).unwrap());
        prlimit(id, Resource::Fsize, Rlimit { current, maximum }).unwrap();
    }

    /// As [`Replica::start_stopping_at`], going on after some milliseconds.
    pub async fn start_pausing_at(stage: &Stage, point: &str, milliseconds: u64) -> Self {
        let manner = pausing_at(point, milliseconds);
        Self::start_with(stage.into(), "http://localhost:0", manner).await
    }

    /// Stops the process as a whole: no timer of it runs out.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a stopped process go on.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Waits until the point is reached.
    pub async fn reached(&self) {
        for _ in 0..1200 {
            if self.log().iter().any(|line| line.contains(REACHED)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the point was not reached:\n{}", self.log().join("\n"));
    }

    async fn start_with(on: Footing<'_>, base_url: &str, manner: Manner) -> Self {
        let mut config = on.config.clone();
        config.base_url = base_url.into();
        let port = url::Url::parse(base_url).unwrap().port().unwrap_or(0);
        config.listen.set_port(port);
        let (mut command, folder) = configured(on, &mut config, "serve", manner);
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let said = Lines::default();
        tokio::spawn(gather(process.stderr.take().unwrap(), said.clone()));
        let mut out = BufReader::new(process.stdout.take().unwrap()).lines();
        let first_words = async {
            let mut after = async |prefix: &str| {
                let line = out.next_line().await.ok()??;
                line.strip_prefix(prefix).map(str::to_owned)
            };
            Some((after("listening on ").await?, after("launch: ").await?))
        };
        let Ok(Some((base_url, launch_link))) = timeout(START, first_words).await else {
            panic!(
                "the proxy did not start; it said:\n{}",
                said.all().join("\n")
            );
        };
        config.base_url = base_url;
        on.sandbox.with(|state| {
            let hubspot = &mut state.apps[0].redirect_urls;
            register(hubspot, config.redirect_uri(Provider::Hubspot));
            for app in &mut state.github.apps {
                register(
                    &mut app.callback_urls,
                    config.redirect_uri(Provider::Github),
                );
            }
        });
        Self {
            config,
            process,
            launch_link,
            said,
            _folder: folder,
        }
    }

    /// Somebody who opened this process's launch link; the link works once.
    pub async fn launched(&self) -> Caller {
        self.caller(launch(&self.launch_link).await)
    }

    /// A page on the app's own origin with a token that comes from elsewhere, such as a partner's backend.
    pub fn caller(&self, token: String) -> Caller {
        Caller::new(self.config.clone(), token, self.config.base_url.clone())
    }

    /// Its number among the machine's processes.
    pub fn process_id(&self) -> u32 {
        self.process.id().expect("it was not waited for yet")
    }

    /// What it logged so far.
    pub fn log(&self) -> Vec<String> {
        self.said.all()
    }

    /// `kill -9`: no last word, no tidying up.
    pub async fn kill9(mut self) {
        self.signal(Signal::KILL);
        timeout(LAST, self.process.wait())
            .await
            .expect("a killed process is gone")
            .unwrap();
    }

    /// Asks it to end, which is answered later by [`Replica::ended`].
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// How it ended, and how long that took. One that goes on for longer than CP-4 allows fails the test.
    pub async fn ended(&mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        let Ok(status) = timeout(LAST, self.process.wait()).await else {
            panic!("still running; it said:\n{}", self.log().join("\n"));
        };
        (status.unwrap(), start.elapsed())
    }

    fn signal(&self, signal: Signal) {
        let id = self.process_id();
        let id = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        kill_process(id, signal).unwrap();
    }
}

/// The program with one of its commands over the stage's database and keys, as an operator types it. The folder holds
/// its configuration and must outlive it.
///
/// With a point, it will say that it reached that and then stand still there, to be killed.
pub fn command<'a>(
    on: impl Into<Footing<'a>>,
    name: &str,
    point: Option<&str>,
) -> (Command, TempDir) {
    let on = on.into();
    let mut config = on.config.clone();
    let manner = point.map(stopping_at).unwrap_or_default();
    configured(on, &mut config, name, manner)
}

/// How a process is started, beside its configuration.
#[derive(Default)]
struct Manner {
    environment: Vec<(&'static str, OsString)>,
    /// Instead of the database's own address.
    database_url: Option<String>,
    /// A file that may not grow is an error to it, and not its end by a signal.
    minds_no_full_disk: bool,
}

fn stopping_at(point: &str) -> Manner {
    pausing_at(point, 600_000)
}

fn pausing_at(point: &str, milliseconds: u64) -> Manner {
    let points = format!("{point}=sleep({milliseconds})");
    Manner {
        environment: vec![("FAILPOINTS", points.into())],
        ..Manner::default()
    }
}

/// libfaketime, by which a process reads a clock that is wrong (RR-8). Durations run on as they are.
pub struct WrongClocks(PathBuf);

impl WrongClocks {
    /// Where the environment names the library; elsewhere the test's output says that nothing was tested.
    pub fn at_hand() -> Option<Self> {
        const LIBRARY: &str = "PORTICO_TEST_FAKETIME";
        let library = std::env::var_os(LIBRARY).map(PathBuf::from);
        if library.is_none() {
            eprintln!(
                "nothing to test: {LIBRARY} names no library; `cargo xtask test` finds or installs one"
            );
        }
        library.map(Self)
    }

    fn ahead(&self, seconds: i64) -> Manner {
        Manner {
            environment: vec![
                ("LD_PRELOAD", self.0.clone().into()),
                ("FAKETIME", format!("{seconds:+}").into()),
                ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ],
            ..Manner::default()
        }
    }
}

fn register(known: &mut Vec<String>, callback: String) {
    if !known.contains(&callback) {
        known.push(callback);
    }
}

fn configured(
    on: Footing<'_>,
    config: &mut Config,
    name: &str,
    manner: Manner,
) -> (Command, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let private = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file
    };
    let secret = portico_sandbox::DEMO_CLIENT_SECRET;
    config.hubspot.client_secret_file = Some(private("hubspot-client-secret", secret));
    if let Some(github) = &mut config.github {
        github.client_secret_file = Some(private("github-client-secret", DEMO_APP_CLIENT_SECRET));
    }
    let mut text = written(config, on.database);
    if let (Some(way), Some(own)) = (manner.database_url, on.database.url()) {
        text = text.replace(&own, &way);
    }
    let file = private("portico.toml", &text);

    let mut command = if manner.minds_no_full_disk {
        let mut shell = Command::new("sh");
        // What a shell ignores, what it turns into ignores too.
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
        shell.arg(proxy_binary());
        shell
    } else {
        Command::new(proxy_binary())
    };
    for (name, _) in std::env::vars_os() {
        // The file is the whole of its configuration.
        if name.to_string_lossy().starts_with("PORTICO_") {
            command.env_remove(name);
        }
    }
    command.envs(manner.environment);
    command.arg(name).arg("--config").arg(&file);
    (command, folder)
}

async fn gather(stderr: impl AsyncRead + Unpin, said: Lines) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        said.add(line);
    }
}

/// What `cargo xtask test` built for the run, or what lies beside the test's own program.
pub fn proxy_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("PORTICO_PROXY_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/http-…
    let beside = test.ancestors().nth(2).unwrap().join("portico-proxy");
    assert!(
        beside.is_file(),
        "{} is missing: `cargo build -p portico-proxy` makes it, and `cargo xtask test` keeps it fresh",
        beside.display()
    );
    beside
}

/// A list or text as TOML writes it: as JSON does.
fn quoted(value: impl Into<serde_json::Value>) -> String {
    value.into().to_string()
}

/// `portico.toml` of a configuration that tests use, over a database.
pub fn written(config: &Config, database: &Database) -> String {
    let (hubspot, limits) = (&config.hubspot, config.limits);
    let path = |path: &std::path::Path| quoted(path.to_string_lossy());
    let mut text = format!(
        "base_url = {}\nlisten = \"{}\"\ndata_dir = {}\n",
        quoted(config.base_url.as_str()),
        config.listen,
        path(&config.data_dir)
    );
    if let Some(url) = database.url() {
        let _ = writeln!(text, "database_url = {}", quoted(url));
    }
    if let Some(file) = &config.key_file {
        let _ = writeln!(text, "key_file = {}", path(file));
    }
    if let Some(solo) = &config.solo {
        let _ = write!(
            text,
            "\n[solo]\norg = {}\nuser = {}\nmax_connections = {}\norigins = {}\nreturn_uris = {}\n",
            quoted(solo.org.as_str()),
            quoted(solo.user.as_str()),
            solo.max_connections,
            quoted(solo.origins.clone()),
            quoted(solo.return_uris.clone()),
        );
    }
    let _ = write!(
        text,
        "\n[limits]\nuser_per_minute = {}\norg_per_minute = {}\naddress_per_minute = {}\nmax_per_address = {}\n\
         \n[hubspot]\nclient_id = {}\nauthorize_base = {}\napi_base = {}\nrequired_scopes = {}\noptional_scopes = {}\n",
        limits.user_per_minute,
        limits.org_per_minute,
        limits.address_per_minute,
        limits.max_per_address,
        quoted(hubspot.client_id.as_str()),
        quoted(hubspot.authorize_base.as_str()),
        quoted(hubspot.api_base.as_str()),
        quoted(hubspot.required_scopes.clone()),
        quoted(hubspot.optional_scopes.clone()),
    );
    if let Some(file) = &hubspot.client_secret_file {
        let _ = writeln!(text, "client_secret_file = {}", path(file));
    }
    if let Some(github) = &config.github {
        let _ = write!(
            text,
            "\n[github]\nclient_id = {}\nweb_base = {}\napi_base = {}\nscopes = {}\n",
            quoted(github.client_id.as_str()),
            quoted(github.web_base.as_str()),
            quoted(github.api_base.as_str()),
            quoted(github.scopes.clone()),
        );
        if let Some(file) = &github.client_secret_file {
            let _ = writeln!(text, "client_secret_file = {}", path(file));
        }
    }
    for tenant in &config.tenants {
        let _ = write!(
            text,
            "\n[[tenants]]\nissuer = {}\norigins = {}\nreturn_uris = {}\ntrusted = {}\n",
            quoted(tenant.issuer.as_str()),
            quoted(tenant.origins.clone()),
            quoted(tenant.return_uris.clone()),
            tenant.trusted,
        );
        if let Some(name) = &tenant.name {
            let _ = writeln!(text, "name = {}", quoted(name.as_str()));
        }
        for key in &tenant.keys {
            let _ = write!(
                text,
                "\n[[tenants.keys]]\nkid = {}\nalg = \"{}\"\npublic_key = {}\n",
                quoted(key.kid.as_str()),
                key.alg,
                quoted(key.public_key.as_str()),
            );
        }
    }
    text
}
