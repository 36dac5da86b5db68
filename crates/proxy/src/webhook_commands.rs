//! `portico-proxy webhooks`: what was sent and what was not, and sending it again.
//! Owns the arguments and the lines printed; the work is the library's.

use crate::{File, say};
use clap::{Args, Subcommand};
use portico_proxy::webhooks::{Replay, deliveries, replay};
use std::error::Error;

/// What to do with webhooks; the proxy may be running.
#[derive(Subcommand)]
pub(crate) enum Webhooks {
    /// Print the newest thousand messages, a line each.
    List(List),
    /// Send again: all that is dead, or one message, or all of a time.
    Replay(Again),
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    file: File,
    /// Only of this endpoint, by address or id.
    #[arg(long)]
    endpoint: Option<String>,
    /// Only `pending`, `delivered` or `dead`.
    #[arg(long)]
    state: Option<String>,
}

#[derive(Args)]
pub(crate) struct Again {
    #[command(flatten)]
    file: File,
    /// One message, by its `webhook-id`.
    #[arg(long, conflicts_with = "since")]
    id: Option<String>,
    /// All delivered or dead since then: 2026-01-31T12:00:00Z, or back from now: 90m, 12h, 3d.
    #[arg(long)]
    since: Option<String>,
    /// Only to this endpoint, by address or id.
    #[arg(long)]
    endpoint: Option<String>,
}

pub(crate) async fn webhooks(command: Webhooks) -> Result<(), Box<dyn Error>> {
    match command {
        Webhooks::List(list) => print(&list).await,
        Webhooks::Replay(again) => {
            let wish = Replay {
                message: again.id,
                since: again.since,
                endpoint: again.endpoint,
            };
            let queued = replay(&again.file.load()?, &wish).await?;
            say(&format!("{queued} to be sent again"));
            Ok(())
        }
    }
}

async fn print(list: &List) -> Result<(), Box<dyn Error>> {
    let config = list.file.load()?;
    let found = deliveries(&config, list.endpoint.as_deref(), list.state.as_deref()).await?;
    say("queued\tmessage\tendpoint\torg\ttype\tstate\ttries\tlast answer");
    for one in found {
        say(&format!(
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            one.queued_at,
            one.message,
            one.endpoint,
            one.org,
            one.event_type,
            one.state,
            one.attempts,
            one.last_answer.as_deref().unwrap_or("-"),
        ));
    }
    Ok(())
}
