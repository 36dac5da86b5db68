//! What helps a partner's first hour: `issue-key`, `sign-session`, and what `check` found good.
//! Owns their arguments and words; keys and tokens are the library's.

use clap::{Args, ValueEnum};
use portico_core::wire::Role;
use portico_proxy::config::{Config, KeyAlgorithm};
use portico_proxy::{PartnerKey, PartnerKeyError, SessionOf};
use std::path::PathBuf;

/// As written in `alg`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Algorithm {
    /// Ed25519.
    #[value(name = "EdDSA", alias = "eddsa")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    #[value(name = "ES256", alias = "es256")]
    Es256,
}

/// Arguments of `issue-key`.
#[derive(Args, Debug)]
pub(crate) struct IssueKey {
    /// Algorithm of the key.
    #[arg(long, value_enum, default_value = "EdDSA")]
    alg: Algorithm,
    /// Where the private key goes, as PKCS#8 PEM, mode 0600; the file must not exist yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Makes the pair; answers the block of the configuration.
pub(crate) fn issue_key(arguments: &IssueKey) -> Result<String, PartnerKeyError> {
    let key = PartnerKey::generate(match arguments.alg {
        Algorithm::EdDsa => KeyAlgorithm::EdDSA,
        Algorithm::Es256 => KeyAlgorithm::ES256,
    })?;
    key.write(&arguments.out)?;
    Ok(format!(
        "[[tenants.keys]]\nkid = \"{}\"\nalg = \"{}\"\npublic_key = \"{}\"",
        key.kid(),
        key.algorithm(),
        key.public_key()
    ))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    Admin,
    Member,
}

/// Arguments of `sign-session`.
#[derive(Args, Debug)]
pub(crate) struct SignSession {
    /// The private key that issue-key wrote.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The key's name in the configuration, if it is not the one that issue-key gave it.
    #[arg(long)]
    kid: Option<String>,
    /// `issuer` of the tenant.
    #[arg(long)]
    issuer: String,
    /// `base_url` of the proxy.
    #[arg(long)]
    audience: String,
    /// Organization.
    #[arg(long)]
    org: String,
    /// Person.
    #[arg(long)]
    sub: String,
    /// What the person may do.
    #[arg(long, value_enum, default_value = "admin")]
    role: RoleName,
    /// Simultaneous portals.
    #[arg(long, default_value_t = 10)]
    max_connections: u32,
    /// Origin of the page that shows the session, one of the tenant's.
    #[arg(long)]
    origin: String,
}

/// A token of ten minutes.
pub(crate) fn sign_session(arguments: SignSession) -> Result<String, PartnerKeyError> {
    let key = PartnerKey::load(&arguments.key)?;
    let kid = arguments.kid.unwrap_or_else(|| key.kid());
    let role = match arguments.role {
        RoleName::Admin => Role::Admin,
        RoleName::Member => Role::Member,
    };
    let of = SessionOf {
        issuer: arguments.issuer,
        audience: arguments.audience,
        sub: arguments.sub,
        org: arguments.org,
        role,
        max_connections: arguments.max_connections,
        origin: arguments.origin,
    };
    key.sign_session(&kid, of)
}

/// What a good configuration says of who may sign in, a line each.
pub(crate) fn found_good(config: &Config) -> String {
    let mut lines = vec!["the configuration is good".to_owned()];
    if let Some(solo) = &config.solo {
        lines.push(format!(
            "solo: organization {}, user {}",
            solo.org, solo.user
        ));
    }
    for tenant in &config.tenants {
        let keys: Vec<String> = tenant
            .keys
            .iter()
            .map(|key| format!("{} ({})", key.kid, key.alg))
            .collect();
        let name = tenant
            .name
            .as_ref()
            .map(|name| format!(" ({name})"))
            .unwrap_or_default();
        let trust = if tenant.trusted {
            "trusted, without a confirmation page"
        } else {
            "with a confirmation page"
        };
        lines.push(format!(
            "tenant {}{name}: keys {}; origins {}; {trust}",
            tenant.issuer,
            keys.join(", "),
            tenant.origins.join(", ")
        ));
    }
    lines.join("\n")
}
