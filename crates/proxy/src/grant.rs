//! The life of a grant (threat model, section 8): exchange, refresh, revoke, its account's facts, static credentials.
//! Owns the order of database steps and token calls. No transaction is open during a call.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod cache;
pub(crate) mod dead;
pub(crate) mod exchange;
pub(crate) mod fault;
pub(crate) mod flight;
pub(crate) mod kept;
pub(crate) mod refresh;
pub(crate) mod revoke;
pub(crate) mod static_credential;
pub(crate) mod static_entry;
pub(crate) mod uninstall;

use crate::seal::Place;
use crate::store::Owner;

/// Columns that hold sealed tokens of a connection.
#[derive(Clone, Copy)]
pub(crate) enum TokenColumn {
    Access,
    Refresh,
}

/// Where a connection's token stands.
pub(crate) fn token_place<'a>(
    owner: &'a Owner,
    id: &'a str,
    generation: u64,
    column: TokenColumn,
) -> Place<'a> {
    Place {
        table: "connection",
        column: match column {
            TokenColumn::Access => "access_token",
            TokenColumn::Refresh => "refresh_token",
        },
        tenant: &owner.tenant,
        org: &owner.org,
        row: id,
        generation,
    }
}

/// Where a flow's authorization code stands.
pub(crate) fn code_place<'a>(owner: &'a Owner, flow: &'a str) -> Place<'a> {
    Place {
        table: "flow",
        column: "code",
        tenant: &owner.tenant,
        org: &owner.org,
        row: flow,
        generation: 0,
    }
}

/// Where a signing key of the local issuer stands.
pub(crate) fn issuer_key_place<'a>(owner: &'a Owner, kid: &'a str) -> Place<'a> {
    Place {
        table: "issuer_key",
        column: "sealed",
        tenant: &owner.tenant,
        org: &owner.org,
        row: kid,
        generation: 0,
    }
}

/// Where the token of a pending revocation stands.
pub(crate) fn revocation_place<'a>(owner: &'a Owner, id: &'a str) -> Place<'a> {
    Place {
        table: "revocation",
        column: "refresh_token",
        tenant: &owner.tenant,
        org: &owner.org,
        row: id,
        generation: 0,
    }
}

/// A named point of a grant's life, where a test may have this process stand still to be killed. Nothing in a release.
pub(crate) fn pass_point(name: &str) {
    if fail::list().iter().any(|(point, _)| point == name) {
        tracing::warn!(point = name, "the point is reached");
    }
    fail::fail_point!(name);
}
