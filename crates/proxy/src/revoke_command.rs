//! `portico-proxy revoke-all`: the operator's last resort, counted before it is done.
//! Owns its arguments and words; what happens is the library's.

use crate::{File, say};
use portico_proxy::{live_grants, revoke_all};
use std::error::Error;

/// What is asked for.
#[derive(clap::Args)]
pub(crate) struct RevokeAll {
    #[command(flatten)]
    file: File,
    /// Only this tenant's: the issuer of its sessions.
    #[arg(long, value_name = "ISSUER")]
    tenant: Option<String>,
    /// Do it; without, it is only counted.
    #[arg(long)]
    yes: bool,
}

/// Counts, and with `--yes` revokes.
pub(crate) async fn revoke(asked: &RevokeAll) -> Result<(), Box<dyn Error>> {
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
            "{} of them cannot be revoked from here, for they are static tokens or do not open: end these at the provider",
            done.unlisted
        ));
    }
    Ok(())
}
