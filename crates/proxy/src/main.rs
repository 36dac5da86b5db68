//! `portico-proxy`: serve, print a launch link, check a configuration, hand out the journal, help a partner's first
//! hour. Owns the command line and the process; everything else is the library's.

mod partner_commands;
mod revoke_command;
mod watch;
mod webhook_commands;

use crate::partner_commands::{IssueKey, SignSession, found_good, issue_key, sign_session};
use crate::revoke_command::{RevokeAll, revoke};
use crate::watch::Watch;
use crate::webhook_commands::{Webhooks, webhooks};
use clap::{Parser, Subcommand};
use portico_proxy::config::{self, Config, LogFormat};
use portico_proxy::{
    ExportOf, Proxy, VerifyError, export_journal, key_reports, launch_link, new_service_key,
    telemetry, verify_journal,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::error::Error;
use std::fs;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// The tiny token-exchange proxy that guards Portico's secrets.
#[derive(Parser)]
#[command(version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve app and interface.
    Serve(File),
    /// Print a fresh launch link; the proxy may be running.
    Launch(File),
    /// Say what each data key is needed for, and which may go.
    Keys(File),
    /// Say whether the configuration is good, and who may sign in with it.
    Check(File),
    /// Make a key pair for a partner; prints what the configuration takes.
    IssueKey(IssueKey),
    /// Print a session of ten minutes, signed with a partner's key.
    SignSession(SignSession),
    /// Look at webhooks, or send them again.
    #[command(subcommand)]
    Webhooks(Webhooks),
    /// Export the journal, or verify an export.
    #[command(subcommand)]
    Journal(Journal),
    /// Make a key with which a partner's backend fetches access tokens; it is shown once.
    IssueServiceKey {
        /// Its name in configuration and journal.
        #[arg(long, default_value = "backend")]
        id: String,
    },
    /// Emergency: give up every grant, of a tenant or of all; the proxy may be running.
    RevokeAll(RevokeAll),
}

#[derive(Subcommand)]
enum Journal {
    /// Say whether an export holds together, or where it does not.
    Verify {
        /// The export; `-` reads standard input.
        file: PathBuf,
        /// Hash of the last entry, noted down elsewhere: shows whether the end was cut or rewritten.
        // Base64url may begin with a hyphen.
        #[arg(long, allow_hyphen_values = true)]
        head: Option<String>,
    },
    /// Write a journal to standard output, straight from the database; the proxy may be running.
    Export {
        #[command(flatten)]
        file: File,
        /// Issuer that names the tenant; the solo tenant unless told otherwise.
        #[arg(long)]
        tenant: Option<String>,
        /// The organization; that of [solo] unless told otherwise.
        #[arg(long)]
        org: Option<String>,
        /// First entry.
        #[arg(long)]
        first: Option<u64>,
        /// Last entry.
        #[arg(long)]
        last: Option<u64>,
    },
}

#[derive(clap::Args)]
struct File {
    /// The configuration file; PORTICO_… variables override its fields.
    #[arg(long, env = "PORTICO_CONFIG", default_value = "portico.toml")]
    config: PathBuf,
}

impl File {
    fn load(&self) -> Result<Config, Box<dyn Error>> {
        Ok(Config::load(&self.config, std::env::vars())?)
    }
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    // Points where tests stop a process; compiled to nothing in a release.
    let _points = fail::FailScenario::setup();
    let dumps = forbid_core_dumps();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(run(command_line.command, dumps)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&*error),
    }
}

/// No image of a process that holds secrets is written anywhere (threat model, section 6).
fn forbid_core_dumps() -> rustix::io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    // The limit does not bind a program that the kernel pipes images to.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// The whole chain of causes.
#[expect(
    clippy::print_stderr,
    reason = "the last word of a command line goes to its user"
)]
fn fail(error: &dyn Error) -> ExitCode {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    eprintln!("portico-proxy: {said}");
    ExitCode::FAILURE
}

async fn run(command: Command, dumps: rustix::io::Result<()>) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Serve(file) => serve(&file, dumps).await,
        Command::Launch(file) => {
            begin_to_log(config::Telemetry::default())?;
            say(&launch_link(&file.load()?).await?);
            Ok(())
        }
        Command::Keys(file) => {
            for key in key_reports(&file.load()?).await? {
                let role = if key.primary { "seals" } else { "opens only" };
                say(&format!(
                    "key {}: {role}; {} stored secrets need it; {} seals booked of 2147483648{}",
                    key.kid,
                    key.secrets,
                    key.booked,
                    if key.primary || key.secrets > 0 {
                        ""
                    } else {
                        "; its line may go"
                    }
                ));
            }
            Ok(())
        }
        Command::Check(file) => {
            say(&found_good(&file.load()?));
            Ok(())
        }
        Command::IssueKey(arguments) => {
            say(&issue_key(&arguments)?);
            Ok(())
        }
        Command::SignSession(arguments) => {
            say(&sign_session(arguments)?);
            Ok(())
        }
        Command::Journal(Journal::Verify { file, head }) => verify(&file, head.as_deref()),
        Command::Journal(Journal::Export {
            file,
            tenant,
            org,
            first,
            last,
        }) => {
            let what = ExportOf {
                tenant,
                org,
                first,
                last,
            };
            let out = BufWriter::new(io::stdout());
            Ok(export_journal(&file.load()?, what, out).await?)
        }
        Command::IssueServiceKey { id } => issue_service_key(&id),
        Command::Webhooks(command) => webhooks(command).await,
        Command::RevokeAll(asked) => {
            begin_to_log(config::Telemetry::default())?;
            revoke(&asked).await
        }
    }
}

/// With what the environment asks for laid over the configuration.
fn begin_to_log(mut config: config::Telemetry) -> Result<telemetry::Exporter, Box<dyn Error>> {
    match std::env::var("PORTICO_LOG_FORMAT").as_deref() {
        Ok("json") => config.log_format = LogFormat::Json,
        Ok("text") => config.log_format = LogFormat::Text,
        Ok(_) => return Err("PORTICO_LOG_FORMAT must be text or json".into()),
        Err(_) => {}
    }
    let asked = std::env::var("PORTICO_LOG").ok();
    telemetry::init(&config, asked.as_deref()).map_err(|error| error as Box<dyn Error>)
}

fn verify(file: &Path, head: Option<&str>) -> Result<(), Box<dyn Error>> {
    let verified = if file.as_os_str() == "-" {
        verify_journal(io::stdin().lock())
    } else {
        let opened = fs::File::open(file)
            .map_err(|error| format!("{} cannot be opened: {error}", file.display()))?;
        verify_journal(BufReader::new(opened))
    };
    let verified = verified.map_err(|error| match error {
        // Its sentence holds its cause already.
        VerifyError::Fault(fault) => fault.to_string().into(),
        read @ VerifyError::Read(_) => Box::<dyn Error>::from(read),
    })?;
    let header = &verified.header;
    say(&format!("tenant: {}", header.tenant));
    say(&format!("org: {}", header.org));
    say(&format!("entries: {}", verified.entries));
    say(&format!("first: {}", header.first));
    say(&format!("head: {}", verified.head));
    if header.first > 1 {
        say(&format!(
            "This is a part: its entries hold together if {} is the hash of entry {} in an earlier export.",
            header.previous,
            header.first - 1
        ));
    }
    match head {
        Some(head) if head != verified.head => Err(
            "the last entry is not the one whose hash was given: the end was cut or rewritten"
                .into(),
        ),
        _ => Ok(()),
    }
}

fn issue_service_key(id: &str) -> Result<(), Box<dyn Error>> {
    let (key, listed) = new_service_key(id)?;
    say(&key);
    say(
        "# The key is shown this once: keep it where your backend keeps its secrets. The configuration has its hash:",
    );
    say("[solo.backend]");
    say("tokens = true");
    say("[[solo.backend.service_keys]]");
    say(&format!("id = \"{}\"", listed.id));
    say(&format!("sha256 = \"{}\"", listed.sha256));
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "what a command answers goes to standard output"
)]
fn say(line: &str) {
    println!("{line}");
}

async fn serve(file: &File, dumps: rustix::io::Result<()>) -> Result<(), Box<dyn Error>> {
    // Before anything is started, so that a signal during the start is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let hangup = signal(SignalKind::hangup())?;
    let watch = Watch::begin(&file.config);
    let config = file.load()?;
    let exporter = begin_to_log(config.telemetry.clone())?;
    if let Err(error) = dumps {
        tracing::warn!(error = %error, "core dumps cannot be switched off");
    }
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("{} cannot be bound: {error}", config.listen))?;
    let proxy = Proxy::start(config.clone(), listener).await?;
    say(&format!("listening on {}", proxy.base_url()));
    if let Some(link) = proxy.launch_link() {
        say(&format!("launch: {link}"));
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = watch.run(&proxy, &config, hangup) => {}
    }
    proxy.shutdown().await;
    tokio::task::spawn_blocking(|| exporter.finish()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ST-1: a crash leaves no image behind.
    #[test]
    fn no_core_dump_is_written() {
        forbid_core_dumps().unwrap();
        let limit = rustix::process::getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
        #[cfg(target_os = "linux")]
        assert_eq!(
            rustix::process::dumpable_behavior().unwrap(),
            rustix::process::DumpableBehavior::NotDumpable
        );
    }
}
