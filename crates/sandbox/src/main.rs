//! The `portico-sandbox` program: arguments, listening, shutdown. Everything else is the library's.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use portico_sandbox::github::model::{App, DEMO_APP_CLIENT_ID, DEMO_OAUTH_CLIENT_ID};
use portico_sandbox::{
    AppConfig, DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, Sandbox, State, fixture, redirect_uri, served,
};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// From being asked to stop until open answers are given up.
const STOP_WITHIN: Duration = Duration::from_secs(3);

/// HubSpot for trying and testing: invented portals over HTTP. Not for real accounts and not for the open internet.
#[derive(Debug, Parser)]
#[command(name = "portico-sandbox", version)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one, printed on the first line.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: String,
    /// Which portals there are: small, agency, enterprise, hostile or huge.
    #[arg(long, value_name = "NAME", default_value = "small")]
    fixture: String,
    /// Seed of all generated data and tokens.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Client id of the demo app.
    #[arg(long, value_name = "ID", default_value = DEMO_CLIENT_ID)]
    client_id: String,
    /// Client secret of the demo app.
    #[arg(long, value_name = "S", default_value = DEMO_CLIENT_SECRET)]
    client_secret: String,
    /// Registered redirect URI of the demo app: https, or http://localhost. May be given several times.
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Accept redirect URIs that name an IP address, which HubSpot does not.
    #[arg(long)]
    allow_ip_redirect_uri: bool,
    /// Callback URL of the two GitHub demo apps, in place of http://localhost/callback/github on any port. May be
    /// given several times; the OAuth app takes the first.
    #[arg(long, value_name = "URI")]
    github_redirect_uri: Vec<String>,
    /// Serve the control interface and its page under /_sandbox: for loopback and tests only.
    #[arg(long)]
    control: bool,
    /// Print every served path with its scopes and source, and stop.
    #[arg(long)]
    routes: bool,
    /// A JSON file with another app's configuration; replaces the demo app.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["client_id", "client_secret", "redirect_uri"])]
    app: Option<PathBuf>,
}

/// Why the program does not start; printed for people.
#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match start(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => {
            let mut stderr = io::stderr();
            // Nothing to be done when even that cannot be written.
            let _ = writeln!(stderr, "portico-sandbox: {refused}");
            ExitCode::from(2)
        }
    }
}

fn start(arguments: &Arguments) -> Result<(), Refused> {
    if arguments.routes {
        return print_routes().map_err(|error| Refused(format!("cannot print: {error}")));
    }
    let app = app(arguments)?;
    for uri in &app.redirect_urls {
        redirect_uri(uri, arguments.allow_ip_redirect_uri)
            .map_err(|reason| Refused(format!("redirect URI: {reason}")))?;
    }
    let address = address(&arguments.listen)?;
    let mut state = State::fixture(&arguments.fixture, arguments.seed, vec![app])
        .map_err(|unknown| Refused(unknown.to_string()))?;
    state.switches.ip_redirect_uris = arguments.allow_ip_redirect_uri;
    let callbacks = &arguments.github_redirect_uri;
    if let Some(wrong) = callbacks.iter().find(|uri| url::Url::parse(uri).is_err()) {
        return Err(Refused(format!("GitHub redirect URI: {wrong} is no URL")));
    }
    if let Some(first) = callbacks.first() {
        state.github.apps = vec![
            App::demo(callbacks.clone()),
            App::demo_oauth(vec![first.clone()]),
        ];
    }
    let sandbox = Sandbox::new(state);
    if arguments.control {
        // Loopback names answer anyway; what was bound by another name is reached by it.
        let host = arguments.listen.rsplit_once(':').map(|(host, _)| host);
        let hosts = host.filter(|host| !host.is_empty()).map(str::to_owned);
        let now = sandbox.now();
        sandbox.with(|state| state.enable_control(hosts.into_iter().collect(), now));
    }
    // One thread: every call waits for the same state, and handing calls around only makes some of them late.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Refused(format!("cannot start: {error}")))?;
    runtime.block_on(serve(arguments, address, sandbox))
}

fn print_routes() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for route in served() {
        writeln!(
            out,
            "{:6} {}  [{}]  {}",
            route.method, route.path, route.scopes, route.source
        )?;
    }
    out.flush()
}

async fn serve(
    arguments: &Arguments,
    address: SocketAddr,
    sandbox: Sandbox,
) -> Result<(), Refused> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| Refused(format!("cannot listen on {address}: {error}")))?;
    let bound = listener
        .local_addr()
        .map_err(|error| Refused(format!("no address: {error}")))?;
    announce(arguments, bound, &sandbox)
        .map_err(|error| Refused(format!("cannot print: {error}")))?;
    let stop = Arc::new(Notify::new());
    let told = Arc::clone(&stop);
    let served = portico_sandbox::run(listener, sandbox, async move { told.notified().await });
    let overdue = async {
        asked_to_stop().await;
        stop.notify_one();
        // Open answers may finish, but one that a switch made slow does not keep the program alive.
        tokio::time::sleep(STOP_WITHIN).await;
    };
    tokio::select! {
        served = served => served.map_err(|error| Refused(format!("stopped: {error}"))),
        () = overdue => Ok(()),
    }
}

fn app(arguments: &Arguments) -> Result<AppConfig, Refused> {
    if let Some(path) = &arguments.app {
        return read_app(path);
    }
    let mut app = AppConfig::demo(arguments.redirect_uri.clone());
    app.client_id.clone_from(&arguments.client_id);
    app.client_secret.clone_from(&arguments.client_secret);
    Ok(app)
}

fn read_app(path: &Path) -> Result<AppConfig, Refused> {
    let name = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Refused(format!("cannot read the app file {name}: {error}")))?;
    serde_json::from_str(&text).map_err(|error| {
        Refused(format!(
            "the app file {name} is not an app configuration: {error}"
        ))
    })
}

fn address(text: &str) -> Result<SocketAddr, Refused> {
    let refused = |reason: String| Refused(format!("--listen {text}: {reason}"));
    text.to_socket_addrs()
        .map_err(|error| refused(format!("{error}; write HOST:PORT, for example 127.0.0.1:0")))?
        .next()
        .ok_or_else(|| refused("names no address".to_owned()))
}

/// The first line is for programs, the rest for people.
fn announce(arguments: &Arguments, bound: SocketAddr, sandbox: &Sandbox) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "listening on http://{bound}")?;
    if arguments.control {
        writeln!(out, "control at http://{bound}/_sandbox")?;
    }
    let about = fixture::FIXTURES
        .iter()
        .find(|(name, _)| *name == arguments.fixture);
    if let Some((name, about)) = about {
        writeln!(out, "fixture {name}, seed {}: {about}", arguments.seed)?;
    }
    let apps: Vec<(String, String, usize)> = sandbox.with(|state| {
        let app = |app: &AppConfig| {
            (
                app.name.clone(),
                app.client_id.clone(),
                app.redirect_urls.len(),
            )
        };
        state.apps.iter().map(app).collect()
    });
    for (name, client_id, redirects) in apps {
        writeln!(
            out,
            "app {name}: client id {client_id}, {redirects} redirect URI(s)"
        )?;
        if redirects == 0 {
            writeln!(
                out,
                "no redirect URI is registered: give --redirect-uri to let the consent page return"
            )?;
        }
    }
    let (account, key) = sandbox.with(|state| {
        let credentials = &state.credentials;
        (credentials.developer_account, credentials.hapikey.clone())
    });
    writeln!(
        out,
        "developer account {account}, developer API key {key}, for app-level endpoints"
    )?;
    writeln!(
        out,
        "authorize at http://{bound}/oauth/authorize; for trying and testing only"
    )?;
    writeln!(
        out,
        "GitHub: authorize at http://{bound}/login/oauth/authorize, REST below http://{bound}/api/v3, \
         client ids {DEMO_APP_CLIENT_ID} and {DEMO_OAUTH_CLIENT_ID}"
    )?;
    out.flush()
}

/// Ready on Ctrl-C, and on SIGTERM where there is one.
async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler the default action ends the process; never stop by mistake.
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = async {
            match signal(SignalKind::terminate()) {
                Ok(mut terminate) => {
                    terminate.recv().await;
                }
                Err(_) => std::future::pending::<()>().await,
            }
        };
        tokio::select! {
            () = interrupt => {}
            () = terminate => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}
