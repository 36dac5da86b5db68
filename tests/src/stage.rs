//! A proxy and a sandbox on free ports, each over real HTTP, and a database to look into.

use crate::caller::Caller;
use crate::database::Database;
use crate::person::Person;
use portico_core::wire::{Provider, Role};
use portico_proxy::config::{Config, GitHub, HubSpot};
use portico_proxy::{Proxy, RunningProxy};
use portico_sandbox::github::model::{
    DEMO_APP_CLIENT_ID, DEMO_APP_CLIENT_SECRET, DEMO_OAUTH_CLIENT_ID, DEMO_OAUTH_CLIENT_SECRET,
};
use portico_sandbox::{
    AppConfig, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, RecordedCall, Sandbox, State,
};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A healthy Enterprise portal of the `agency` fixture, whose user may install apps.
pub const PORTAL: u64 = 26_104_388;
/// How long a grant that was read may count in the proxy, and a little more.
const READINGS: Duration = Duration::from_millis(550);

/// Everything one test plays on.
pub struct Stage {
    /// The proxy under test.
    pub proxy: RunningProxy,
    /// The sandbox, to look in and reach in.
    pub sandbox: Sandbox,
    /// Its origin.
    pub sandbox_url: String,
    /// What the proxy was started with, base URL filled in.
    pub config: Config,
    database: Database,
    folder: TempDir,
    stop_sandbox: oneshot::Sender<()>,
}

impl Stage {
    /// The usual: fixture `agency`, an admin's proxy without tight limits.
    pub async fn open() -> Self {
        Self::set(|_, _| {}).await
    }

    /// The usual, and the sandbox's GitHub App beside HubSpot: an Enterprise Server, as far as addresses go.
    pub async fn with_github() -> Self {
        Self::set(offer_github).await
    }

    /// The same with the sandbox's OAuth app of GitHub and these scopes.
    pub async fn with_github_oauth_app(scopes: &[&str]) -> Self {
        Self::set(|config, state| {
            offer_github(config, state);
            if let Some(github) = &mut config.github {
                github.client_id = DEMO_OAUTH_CLIENT_ID.into();
                github.client_secret = DEMO_OAUTH_CLIENT_SECRET.to_owned().into();
                github.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            }
        })
        .await
    }

    /// The usual, with changes to configuration and sandbox before anything runs.
    pub async fn set(change: impl FnOnce(&mut Config, &mut State)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let for_sandbox = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sandbox_url = format!(
            "http://localhost:{}",
            for_sandbox.local_addr().unwrap().port()
        );
        let folder = tempfile::tempdir().unwrap();

        let app = AppConfig::demo(vec![format!("{base_url}/callback/hubspot")]);
        let mut hubspot = HubSpot::new(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET.to_owned().into());
        hubspot.authorize_base.clone_from(&sandbox_url);
        hubspot.api_base.clone_from(&sandbox_url);
        hubspot.required_scopes.clone_from(&app.required_scopes);
        hubspot
            .optional_scopes
            .retain(|scope| app.optional_scopes.contains(scope));
        let data = folder.path().join("data");
        let database = Database::fresh(&data).await;
        let mut config = Config::loopback(data, hubspot);
        config.database_url = database.url().map(Into::into);
        config.base_url = base_url;
        config.limits.user_per_minute = 100_000;
        config.limits.org_per_minute = 100_000;
        config.limits.address_per_minute = 100_000;
        let mut state = State::fixture("agency", 1, vec![app]).unwrap();
        change(&mut config, &mut state);

        let sandbox = Sandbox::new(state);
        let (stop_sandbox, stopped) = oneshot::channel::<()>();
        let serving = portico_sandbox::run(for_sandbox, sandbox.clone(), async {
            let _ = stopped.await;
        });
        tokio::spawn(serving);
        let proxy = Proxy::start(config.clone(), listener).await.unwrap();
        Self {
            proxy,
            sandbox,
            sandbox_url,
            config,
            database,
            folder,
            stop_sandbox,
        }
    }

    /// Stops the proxy in good order and starts it again on the same port over the same data.
    pub async fn restart(self) -> Self {
        let Self {
            proxy,
            sandbox,
            sandbox_url,
            config,
            database,
            folder,
            stop_sandbox,
        } = self;
        let address = proxy.address();
        proxy.shutdown().await;
        let listener = TcpListener::bind(address).await.unwrap();
        let proxy = Proxy::start(config.clone(), listener).await.unwrap();
        Self {
            proxy,
            sandbox,
            sandbox_url,
            config,
            database,
            folder,
            stop_sandbox,
        }
    }

    /// An admin on the app's own origin.
    pub fn admin(&self) -> Caller {
        self.caller("you", Role::Admin)
    }

    /// A member on the app's own origin.
    pub fn member(&self) -> Caller {
        self.caller("mel", Role::Member)
    }

    /// Anybody on the app's own origin.
    pub fn caller(&self, sub: &str, role: Role) -> Caller {
        let origin = self.config.base_url.clone();
        let session = self.proxy.mint_session(sub, role, &origin).unwrap();
        Caller::new(self.config.clone(), session.token, origin)
    }

    /// Somebody at a browser, who consents in a portal.
    pub fn person(&self) -> Person {
        Person::new()
    }

    /// Connects a portal with all optional scopes; answers the connection's JSON.
    pub async fn connect(&self, portal: u64) -> serde_json::Value {
        let flow = self.admin().start_connect().await;
        let claim = self.person().consent(&flow, portal).await;
        let answer = self.admin().complete(&flow, &claim).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["connection"].clone()
    }

    /// As [`Stage::connect`], answering the connection's id.
    pub async fn connected(&self, portal: u64) -> String {
        self.connect(portal).await["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Connects a GitHub account; answers the connection's JSON.
    pub async fn connect_github(&self, login: &str) -> serde_json::Value {
        let flow = self.admin().start_github().await;
        let claim = self.person().authorize(&flow, login).await;
        let answer = self.admin().complete(&flow, &claim).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["connection"].clone()
    }

    /// Calls the sandbox received under a path, oldest first.
    pub fn calls(&self, prefix: &str) -> Vec<RecordedCall> {
        self.sandbox
            .with(|state| state.calls_to(prefix).into_iter().cloned().collect())
    }

    /// How many token calls of a kind HubSpot received: `authorization_code` or `refresh_token`.
    pub fn token_calls(&self, grant_type: &str) -> usize {
        token_calls(&self.sandbox, grant_type)
    }

    /// How many token calls GitHub received that begin so: `redirect_uri` with a code, `grant_type` for a refresh.
    pub fn github_token_calls(&self, field: &str) -> usize {
        self.calls("/login/oauth/access_token")
            .iter()
            .filter(|call| call.form_fields.iter().any(|name| name == field))
            .count()
    }

    /// Folder of database and keys.
    pub fn data(&self) -> PathBuf {
        self.config.data_dir.clone()
    }

    /// Where the rows are.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Changes rows behind the proxy's back: how tests shift time. Waits until no reading from before counts.
    pub async fn sql(&self, statement: &str) {
        self.database.run(statement).await;
        tokio::time::sleep(READINGS).await;
    }

    /// All there is of the proxy at rest: the files of its folder and every row of its database.
    pub async fn at_rest(&self) -> Vec<(String, Vec<u8>)> {
        at_rest(&self.config, &self.database).await
    }

    /// Ends the stage's own proxy: what runs from now on are processes alone.
    pub async fn bare(self) -> BareStage {
        let Self {
            proxy,
            sandbox,
            config,
            database,
            folder,
            stop_sandbox,
            ..
        } = self;
        proxy.shutdown().await;
        BareStage {
            sandbox,
            config,
            database,
            _folder: folder,
            _stop_sandbox: stop_sandbox,
        }
    }

    /// The first column of the first row, as a number.
    pub async fn count(&self, query: &str) -> i64 {
        self.database.count(query).await
    }

    /// The first column of the first row, as text.
    pub async fn text(&self, query: &str) -> Option<String> {
        self.database.text(query).await
    }
}

/// A stage without a proxy of its own.
pub struct BareStage {
    /// The sandbox, to look in and reach in.
    pub sandbox: Sandbox,
    /// What processes are started with; `base_url` names a port that is free now.
    pub config: Config,
    /// Where the rows are.
    pub database: Database,
    _folder: TempDir,
    _stop_sandbox: oneshot::Sender<()>,
}

impl BareStage {
    /// As [`Stage::sql`].
    pub async fn sql(&self, statement: &str) {
        self.database.run(statement).await;
        tokio::time::sleep(READINGS).await;
    }

    /// How many token calls of a kind HubSpot received: `authorization_code` or `refresh_token`.
    pub fn token_calls(&self, grant_type: &str) -> usize {
        token_calls(&self.sandbox, grant_type)
    }

    /// As [`Stage::at_rest`].
    pub async fn at_rest(&self) -> Vec<(String, Vec<u8>)> {
        at_rest(&self.config, &self.database).await
    }
}

fn token_calls(sandbox: &Sandbox, grant_type: &str) -> usize {
    const PATH: &str = "/oauth/2026-03/token";
    let wanted = format!("grant_type={grant_type}");
    sandbox.with(|state| {
        let calls = state.calls_to(PATH).into_iter();
        calls
            .filter(|call| call.path == PATH && call.body.contains(&wanted))
            .count()
    })
}

async fn at_rest(config: &Config, database: &Database) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![config.data_dir.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                // What is gone meanwhile was a file of a moment, such as one of the database.
                found.push((path.display().to_string(), bytes));
            }
        }
    }
    found.extend(database.rows().await);
    found
}

/// The sandbox's GitHub App, which calls back to this proxy.
pub fn offer_github(config: &mut Config, state: &mut State) {
    let callback = config.redirect_uri(Provider::Github);
    for app in &mut state.github.apps {
        app.callback_urls = vec![callback.clone()];
    }
    let sandbox_url = &config.hubspot.api_base;
    let mut github = GitHub::new(DEMO_APP_CLIENT_ID, DEMO_APP_CLIENT_SECRET.to_owned().into());
    github.web_base.clone_from(sandbox_url);
    github.api_base = format!("{sandbox_url}/api/v3");
    config.github = Some(github);
}
