//! The demo: sandbox, proxy and app on this machine, and its links.
//!
//! Owns the temporary folder and the two children; both are gone when it ends. Starts them by their
//! command lines as anyone would: there is no demo mode in them.

pub(crate) mod children;
mod ready;
pub(crate) mod scratch;

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::say::{self, Failure, OrSay, Outcome};
use crate::{bundle, place, process, random};

use children::Child;
use scratch::Scratch;

/// The port of the app, where nobody asked for another.
const PORT: u16 = 7878;

/// How long a child may take to say its first line.
const PATIENCE: Duration = Duration::from_mins(1);

/// What was asked for.
pub(crate) struct Options {
    pub(crate) port: Option<u16>,
    pub(crate) open: bool,
    pub(crate) fixture: String,
}

/// Builds, starts, prints the link, and waits for Ctrl-C.
///
/// Errors: the port is taken, something does not build, or a child ends by itself.
pub(crate) fn run(options: &Options) -> Outcome {
    // Before the long part: a taken port is known at once.
    let port = choose_port(options.port)?;
    let app = place::out().join("demo-dist");
    bundle::build(&bundle::Site::app(), &app, None)?;
    let mut build = process::cargo();
    build.args(["build", "-p", "portico-proxy", "-p", "portico-sandbox"]);
    process::run(
        "compiling the proxy and the sandbox",
        &mut build,
        &place::log("servers"),
    )?;

    // From here on Ctrl-C must tidy up, so it becomes a message instead of an end.
    let (interrupt, interrupted) = mpsc::channel();
    ctrlc::set_handler(move || {
        // Nobody listening means that the end is under way.
        let _ = interrupt.send(());
    })
    .or_say("Ctrl-C cannot be watched for")?;

    let scratch = Scratch::create()?;
    let outcome = serve(options, port, &scratch, &interrupted);
    drop(scratch);
    if outcome.is_ok() {
        say::progress(
            "\nStopped: sandbox and proxy have ended, their temporary folder is deleted.",
        );
    }
    outcome
}

fn serve(options: &Options, port: u16, scratch: &Scratch, interrupted: &Receiver<()>) -> Outcome {
    let client_id = random::token(12)?;
    let client_secret = random::token(24)?;
    let base_url = format!("http://localhost:{port}");

    let mut command = binary("portico-sandbox");
    command.args([
        "--listen",
        "127.0.0.1:0",
        "--seed",
        "1",
        "--fixture",
        &options.fixture,
        "--control",
    ]);
    command.args(["--redirect-uri", &format!("{base_url}/callback/hubspot")]);
    // Made up for this run and known to nothing outside this machine.
    command.args(["--client-id", &client_id, "--client-secret", &client_secret]);
    let mut sandbox = Child::start("sandbox", command, scratch.path())?;
    let address = sandbox.answer("listening on ", PATIENCE, interrupted)?;
    let control = sandbox.answer("control at ", PATIENCE, interrupted)?;
    let hubspot = address.replace("127.0.0.1", "localhost");

    let config = scratch.path().join("portico.toml");
    let secret_file = scratch.path().join("hubspot-client-secret");
    scratch::write_private(&secret_file, &client_secret)?;
    let app = place::out().join("demo-dist");
    let text = configuration(&Configuration {
        base_url: &base_url,
        port,
        data_dir: &scratch.path().join("data").display().to_string(),
        app_dir: &app.display().to_string(),
        client_id: &client_id,
        client_secret_file: &secret_file.display().to_string(),
        hubspot: &hubspot,
    });
    scratch::write_private(&config, &text)?;

    let mut command = binary("portico-proxy");
    command.arg("serve").arg("--config").arg(&config);
    let mut proxy = Child::start("proxy", command, scratch.path())?;
    proxy.answer("listening on ", PATIENCE, interrupted)?;
    let link = proxy.answer("launch: ", PATIENCE, interrupted)?;
    ready::wait_for_page(port, PATIENCE)?;

    announce(&link, &control);
    if options.open {
        open_browser(&link);
    }
    let ended = children::wait(&mut [&mut sandbox, &mut proxy], interrupted);
    // The proxy first: it may still be talking to the sandbox.
    proxy.stop();
    sandbox.stop();
    ended
}

/// A server that cargo has just built, without Portico's variables of the person's own shell: the
/// demo's configuration file is the whole of it.
pub(crate) fn binary(name: &str) -> Command {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let mut command = Command::new(place::target().join("debug").join(file));
    process::in_repository(&mut command);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PORTICO_") {
            command.env_remove(name);
        }
    }
    command
}

struct Configuration<'a> {
    base_url: &'a str,
    port: u16,
    data_dir: &'a str,
    app_dir: &'a str,
    client_id: &'a str,
    client_secret_file: &'a str,
    hubspot: &'a str,
}

/// `portico.toml` of a solo proxy whose HubSpot is the sandbox: chosen by URL, as any other place.
fn configuration(of: &Configuration<'_>) -> String {
    // TOML's basic strings escape as JSON's do.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    format!(
        "base_url = {}\nlisten = \"127.0.0.1:{}\"\ndata_dir = {}\napp_dir = {}\n\n\
         [solo]\norg = \"demo\"\nuser = \"you\"\n\n\
         [hubspot]\nclient_id = {}\nclient_secret_file = {}\nauthorize_base = {hubspot}\napi_base = {hubspot}\n",
        quoted(of.base_url),
        of.port,
        quoted(of.data_dir),
        quoted(of.app_dir),
        quoted(of.client_id),
        quoted(of.client_secret_file),
        hubspot = quoted(of.hubspot),
    )
}

/// The port asked for, or the first free one from [`PORT`] on.
fn choose_port(asked: Option<u16>) -> Outcome<u16> {
    if let Some(port) = asked {
        if port == 0 {
            return Err(Failure::new(
                "--port 0 has no link to print; name a port, or leave it out.",
            ));
        }
        if is_free(port) {
            return Ok(port);
        }
        return Err(Failure::new(format!(
            "Port {port} is taken. Stop what listens there, or choose another with --port, \
             or leave --port out to get the next free one."
        )));
    }
    let free = (PORT..PORT + 100).find(|port| is_free(*port));
    let port = free.ok_or_else(|| {
        Failure::new(format!(
            "No port from {PORT} to {} is free; name one with --port.",
            PORT + 99
        ))
    })?;
    if port != PORT {
        say::progress(format_args!("Port {PORT} is taken; using {port}."));
    }
    Ok(port)
}

/// Whether nobody listens at the port, on either of the addresses that `localhost` may mean.
fn is_free(port: u16) -> bool {
    let six = TcpListener::bind((Ipv6Addr::LOCALHOST, port));
    // A machine without IPv6 refuses for another reason, which does not matter.
    let six_taken = six.is_err_and(|e| e.kind() == std::io::ErrorKind::AddrInUse);
    !six_taken && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn announce(link: &str, control: &str) {
    println!("\n  Portico is ready. Open this link (it works once):\n");
    println!("    {link}\n");
    println!("  Press Add Portal there; the HubSpot you will meet is the sandbox on this machine.");
    println!("  What can go wrong at HubSpot, by a click (token expired, app removed, …):\n");
    println!("    scenarios: {control}\n");
    println!("  Ctrl-C stops everything and deletes what the demo stored.\n");
}

/// A convenience: the link is printed, so a machine without a browser loses nothing.
fn open_browser(link: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    if place::on_path(opener).is_some() {
        let quiet = std::process::Stdio::null;
        let mut command = Command::new(opener);
        let _ = command
            .arg(link)
            .stdin(quiet())
            .stdout(quiet())
            .stderr(quiet())
            .spawn();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_refused_when_asked_for() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let failure = choose_port(Some(port)).unwrap_err().to_string();
        assert!(
            failure.contains(&format!("Port {port} is taken")),
            "{failure}"
        );
        assert!(choose_port(Some(0)).is_err());
    }

    #[test]
    fn a_folder_with_quotes_cannot_break_the_configuration() {
        let text = configuration(&Configuration {
            base_url: "http://localhost:7878",
            port: 7878,
            data_dir: "/tmp/a\"b\\c",
            app_dir: "/app",
            client_id: "id",
            client_secret_file: "/secret",
            hubspot: "http://localhost:1",
        });
        assert!(text.contains("data_dir = \"/tmp/a\\\"b\\\\c\"\n"), "{text}");
        assert!(
            text.contains("authorize_base = \"http://localhost:1\"\n"),
            "{text}"
        );
        assert!(
            !text.contains("client_secret ="),
            "the secret stays in its own file"
        );
    }
}
