//! `portico-proxy`: serve, print a launch link, check a configuration, or help a partner's first hour.
//! Owns the command line and the process; everything else is the library's.

mod partner_commands;
mod watch;

use crate::partner_commands::{IssueKey, SignSession, found_good, issue_key, sign_session};
use crate::watch::Watch;
use clap::{Parser, Subcommand};
use portico_proxy::config::Config;
use portico_proxy::{Proxy, launch_link};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::error::Error;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

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
    /// Say whether the configuration is good, and who may sign in with it.
    Check(File),
    /// Make a key pair for a partner; prints what the configuration takes.
    IssueKey(IssueKey),
    /// Print a session of ten minutes, signed with a partner's key.
    SignSession(SignSession),
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
    let filter = EnvFilter::try_from_env("PORTICO_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    if let Err(error) = forbid_core_dumps() {
        tracing::warn!(error = %error, "core dumps cannot be switched off");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(run(command_line.command)) {
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

async fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Serve(file) => serve(&file).await,
        Command::Launch(file) => {
            say(&launch_link(&file.load()?).await?);
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
    }
}

#[expect(
    clippy::print_stdout,
    reason = "what a command answers goes to standard output"
)]
fn say(line: &str) {
    println!("{line}");
}

async fn serve(file: &File) -> Result<(), Box<dyn Error>> {
    // Before anything is started, so that a signal during the start is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let hangup = signal(SignalKind::hangup())?;
    let watch = Watch::begin(&file.config);
    let config = file.load()?;
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
