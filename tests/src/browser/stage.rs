//! A proxy and a sandbox in this process, on ports of the system's choice, with a folder of their own.
//! Owns their addresses and lives; what they hold is changed by the tests.

use std::collections::BTreeMap;
use std::time::Duration;

use portico_core::wire::Role;
use portico_proxy::config::{Config, HubSpot, Tenant};
use portico_proxy::{Proxy, RunningProxy};
use portico_sandbox::{AppConfig, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Sandbox, State};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::dist;
use crate::{Caller, Person, offer_github};

/// What a test wants otherwise than usual.
#[derive(Debug)]
pub struct Setup {
    /// Of the sandbox: one of the names that the sandbox lists in `FIXTURES`.
    pub fixture: &'static str,
    /// Further origins that may embed the widget.
    pub origins: Vec<String>,
    /// Further return pages.
    pub return_uris: Vec<String>,
    /// Partners, which sign sessions by themselves.
    pub tenants: Vec<Tenant>,
    /// Requests a minute of one person; the proxy's own number unless a test makes many portals at once.
    pub user_per_minute: Option<u32>,
    /// The sandbox's GitHub App beside HubSpot.
    pub github: bool,
}

impl Setup {
    /// A stage over a fixture.
    pub fn of(fixture: &'static str) -> Self {
        Self {
            fixture,
            origins: Vec::new(),
            return_uris: Vec::new(),
            tenants: Vec::new(),
            user_per_minute: None,
            github: false,
        }
    }
}

/// A running proxy and sandbox. Dropping it ends both.
pub struct Stage {
    /// HubSpot's place.
    pub sandbox: Sandbox,
    proxy: Option<RunningProxy>,
    config: Config,
    _data: TempDir,
    _stop_sandbox: oneshot::Sender<()>,
}

impl Stage {
    /// Starts both over a fixture.
    pub async fn of(fixture: &'static str) -> Self {
        Self::set(Setup::of(fixture)).await
    }

    /// The usual over the smallest fixture, and the sandbox's GitHub beside HubSpot.
    pub async fn with_github() -> Self {
        Self::set(Setup {
            github: true,
            ..Setup::of("small")
        })
        .await
    }

    /// Starts both.
    pub async fn set(setup: Setup) -> Self {
        let listener = bind(0).await;
        let port = listener.local_addr().expect("an address").port();
        let base_url = format!("http://localhost:{port}");
        let redirect = format!("{base_url}/callback/hubspot");
        let apps = vec![AppConfig::demo(vec![redirect])];
        let state = State::fixture(setup.fixture, 1, apps).expect("a fixture's name");
        let sandbox = Sandbox::new(state);
        let (stop, stopped) = oneshot::channel::<()>();
        let hubspot_listener = bind(0).await;
        let hubspot_port = hubspot_listener.local_addr().expect("an address").port();
        tokio::spawn(portico_sandbox::run(
            hubspot_listener,
            sandbox.clone(),
            async {
                // An error means that the sender is gone, and so is the test.
                let _ = stopped.await;
            },
        ));
        let data = tempfile::tempdir().expect("a folder for the data");
        let mut hubspot = HubSpot::new(DEMO_CLIENT_ID, DEMO_CLIENT_SECRET.to_owned().into());
        // By number: another site than the app's, as HubSpot is.
        hubspot.authorize_base = format!("http://127.0.0.1:{hubspot_port}");
        hubspot.api_base.clone_from(&hubspot.authorize_base);
        let mut config = Config::loopback(data.path().join("proxy"), hubspot);
        config.base_url = base_url;
        config.listen.set_port(port);
        config.app_dir = Some(dist());
        config.solo.as_mut().unwrap().origins = setup.origins;
        config.solo.as_mut().unwrap().return_uris = setup.return_uris;
        config.tenants = setup.tenants;
        if let Some(limit) = setup.user_per_minute {
            config.limits.user_per_minute = limit;
        }
        if setup.github {
            sandbox.with(|state| offer_github(&mut config, state));
        }
        let proxy = start(&config, listener).await;
        Self {
            sandbox,
            proxy: Some(proxy),
            config,
            _data: data,
            _stop_sandbox: stop,
        }
    }

    /// The proxy, which runs.
    pub fn proxy(&self) -> &RunningProxy {
        self.proxy.as_ref().expect("the proxy runs")
    }

    /// Origin of app and interface.
    pub fn base_url(&self) -> &str {
        &self.config.base_url
    }

    /// What the proxy runs with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Origin of the sandbox.
    pub fn hubspot_url(&self) -> &str {
        &self.config.hubspot.api_base
    }

    /// The solo proxy's own person, by plain HTTP from the app's origin.
    pub fn caller(&self) -> Caller {
        let origin = self.config.base_url.clone();
        let session = self
            .proxy()
            .mint_session(
                &self.config.solo.as_ref().unwrap().user,
                Role::Admin,
                &origin,
            )
            .expect("a session of the proxy's own origin");
        Caller::new(self.config.clone(), session.token, origin)
    }

    /// Connects a portal without a browser, for stages that need many of them.
    pub async fn connect(&self, portal: u64) {
        self.connect_keeping(portal, |_| true).await;
    }

    /// The same by a person who leaves out the optional permissions that `keep` does not name.
    pub async fn connect_keeping(&self, portal: u64, keep: impl Fn(&str) -> bool) {
        let caller = self.caller();
        let flow = caller.start_connect().await;
        let claim = Person::new().consent_keeping(&flow, portal, keep).await;
        let answer = caller.complete(&flow, &claim).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// Stops the proxy, as an operator does.
    pub async fn stop_proxy(&mut self) {
        if let Some(proxy) = self.proxy.take() {
            proxy.shutdown().await;
        }
    }

    /// Starts it again, on the same port and data.
    pub async fn start_proxy(&mut self) {
        let listener = bind(self.config.listen.port()).await;
        self.proxy = Some(start(&self.config, listener).await);
    }

    /// Metadata calls that HubSpot got so far: method, path, query and body, with how often each came.
    pub fn calls(&self) -> BTreeMap<String, usize> {
        self.sandbox.with(|state| {
            let mut calls = BTreeMap::new();
            for call in &state.calls {
                let own = ["/oauth/", "/account-info/"];
                if !own.iter().any(|prefix| call.path.starts_with(prefix)) {
                    let name =
                        format!("{} {}?{} {}", call.method, call.path, call.query, call.body);
                    *calls.entry(name).or_default() += 1;
                }
            }
            calls
        })
    }

    /// How many they are.
    pub fn call_count(&self) -> usize {
        self.calls().values().sum()
    }

    /// Waits until HubSpot got so many metadata calls.
    pub async fn until_calls(&self, count: usize) {
        self.until("calls", |stage| stage.call_count() >= count)
            .await;
    }

    /// Waits until something holds of the stage; a guard ends the wait.
    pub async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(45);
        while !holds(self) {
            assert!(Instant::now() < deadline, "waited in vain for {what}");
            sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn bind(port: u16) -> TcpListener {
    TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("a port of this machine")
}

async fn start(config: &Config, listener: TcpListener) -> RunningProxy {
    match Proxy::start(config.clone(), listener).await {
        Ok(proxy) => proxy,
        Err(error) => panic!("the proxy does not start: {error}"),
    }
}
