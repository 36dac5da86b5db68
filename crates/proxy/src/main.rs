//! `portico-proxy`: serve, print a launch link, or check a configuration.
//! Owns the command line and the process; everything else is the library's.

use clap::{Parser, Subcommand};
use portico_proxy::config::{self, Config, LogFormat};
use portico_proxy::{Proxy, key_reports, launch_link, live_grants, revoke_all, telemetry};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::error::Error;
use std::path::PathBuf;
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
    /// Say whether the configuration is good.
    Check(File),
    /// Emergency: give up every grant, of a tenant or of all; the proxy may be running.
    RevokeAll(RevokeAll),
}

#[derive(clap::Args)]
struct RevokeAll {
    #[command(flatten)]
    file: File,
    /// Only this tenant's: the issuer of its sessions.
    #[arg(long, value_name = "ISSUER")]
    tenant: Option<String>,
    /// Do it; without, it is only counted.
    #[arg(long)]
    yes: bool,
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
        Command::Serve(file) => {
            let config = file.load()?;
            let exporter = begin_to_log(config.telemetry.clone())?;
            if let Err(error) = dumps {
                tracing::warn!(error = %error, "core dumps cannot be switched off");
            }
            let served = serve(config).await;
            tokio::task::spawn_blocking(|| exporter.finish()).await?;
            served
        }
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
            file.load()?;
            say("the configuration is good");
            Ok(())
        }
        Command::RevokeAll(asked) => {
            begin_to_log(config::Telemetry::default())?;
            give_up_all(&asked).await
        }
    }
}

async fn give_up_all(asked: &RevokeAll) -> Result<(), Box<dyn Error>> {
    let config = asked.file.load()?;
    let tenant = asked.tenant.as_deref();
    let live = live_grants(&config, tenant).await?;
    say(&format!(
        "{} connections of {} organizations are not revoked; {} revocations wait for the provider",
        live.connections, live.organizations, live.pending
    ));
    if !asked.yes {
        return Err("nothing was done; the same command with --yes does it".into());
    }
    let done = revoke_all(&config, tenant).await?;
    say(&format!(
        "{} connections were revoked; {} revocations wait for the provider, and a proxy that serves works them off",
        done.connections, done.pending
    ));
    if done.unlisted > 0 {
        say(&format!(
            "{} of them held no token that opens: end these at the provider itself",
            done.unlisted
        ));
    }
    Ok(())
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

#[expect(
    clippy::print_stdout,
    reason = "what a command answers goes to standard output"
)]
fn say(line: &str) {
    println!("{line}");
}

async fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    // Before anything is started, so that a signal during the start is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|error| format!("{} cannot be bound: {error}", config.listen))?;
    let proxy = Proxy::start(config, listener).await?;
    say(&format!("listening on {}", proxy.base_url()));
    say(&format!("launch: {}", proxy.launch_link()));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
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
