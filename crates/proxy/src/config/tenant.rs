//! `[[tenants]]`: a partner, its keys and its pages. Owns their field names and what makes a good one;
//! what a key's text may look like is `partner_key`'s.

use super::check::{Faults, is_session_id, origin, web_address};
use crate::partner_key::PublicKey;
use crate::service_keys::Backend;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::fmt;

const MAX_ISSUER: usize = 256;
const MAX_NAME: usize = 80;

/// One partner: one issuer of session tokens (threat model, section 4).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// `iss` of its tokens, byte for byte.
    pub issuer: String,
    /// Its public keys, by `kid`; two or more while it rotates.
    #[serde(default)]
    pub keys: Vec<TenantKey>,
    /// Origins of the pages that embed the widget.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Return pages on those origins; matched byte for byte.
    #[serde(default)]
    pub return_uris: Vec<String>,
    /// What the confirmation page calls it; its issuer stands there in any case.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether its flows go without the confirmation page.
    #[serde(default)]
    pub trusted: bool,
    /// What its backend may do beside its people.
    #[serde(default)]
    pub backend: Backend,
}

/// One public key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantKey {
    /// What `kid` in a token's header says.
    pub kid: String,
    /// The one algorithm it verifies.
    pub alg: KeyAlgorithm,
    /// The key: as `portico-proxy issue-key` prints it, or a JWK, or a PEM.
    pub public_key: String,
}

/// `alg` of a session token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum KeyAlgorithm {
    /// Ed25519.
    EdDSA,
    /// ECDSA on P-256 with SHA-256.
    ES256,
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EdDSA => "EdDSA",
            Self::ES256 => "ES256",
        })
    }
}

/// Adds what is wrong with the tenants, each alone and together.
pub(super) fn collect(tenants: &[Tenant], faults: &mut Faults) {
    let mut issuers = HashSet::new();
    let mut known_keys = HashMap::new();
    for (index, tenant) in tenants.iter().enumerate() {
        let at = |field: &str| format!("tenants[{index}].{field}");
        collect_issuer(&at("issuer"), &tenant.issuer, faults);
        if !issuers.insert(&tenant.issuer) {
            faults.add(&at("issuer"), "is the issuer of another tenant already");
        }
        if let Some(name) = &tenant.name {
            let length = name.chars().count();
            if !(1..=MAX_NAME).contains(&length) || name.trim() != name {
                faults.add(
                    &at("name"),
                    "must be 1 to 80 characters, without blanks around them",
                );
            } else if portico_core::text::visible(name) != *name {
                faults.add(
                    &at("name"),
                    "holds control, invisible or direction-changing characters",
                );
            }
        }
        collect_pages(&format!("tenants[{index}]"), tenant, faults);
        for (field, problem) in tenant.backend.faults() {
            faults.add(&at(&format!("backend.{field}")), problem);
        }
        if tenant.keys.is_empty() {
            faults.add(&at("keys"), "must hold at least one [[tenants.keys]]");
        }
        let mut kids = HashSet::new();
        for (number, key) in tenant.keys.iter().enumerate() {
            let at = |field: &str| format!("tenants[{index}].keys[{number}].{field}");
            if !is_session_id(&key.kid) {
                faults.add(
                    &at("kid"),
                    "must be 1 to 128 characters of letters, digits and . _ : -",
                );
            } else if !kids.insert(&key.kid) {
                faults.add(&at("kid"), "stands twice");
            }
            match PublicKey::read(key.alg, &key.public_key) {
                Err(problem) => faults.add(&at("public_key"), problem),
                // Two holders of one key could each sign as the other.
                Ok(read) => {
                    if let Some(other) = known_keys.insert(read, at("public_key")) {
                        faults.add(&at("public_key"), format!("is the same as {other}"));
                    }
                }
            }
        }
    }
}

fn collect_issuer(field: &str, issuer: &str, faults: &mut Faults) {
    // Compared byte for byte, so nothing that could be written in two ways or not be seen.
    if !(1..=MAX_ISSUER).contains(&issuer.len()) || !issuer.bytes().all(|b| b.is_ascii_graphic()) {
        faults.add(
            field,
            "must be an address of 1 to 256 printable ASCII characters",
        );
        return;
    }
    match web_address(field, issuer) {
        Err(fault) => faults.push(fault),
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            faults.add(field, "must have neither query nor fragment");
        }
        Ok(_) => {}
    }
}

fn collect_pages(section: &str, tenant: &Tenant, faults: &mut Faults) {
    let (origins, pages) = (
        format!("{section}.origins"),
        format!("{section}.return_uris"),
    );
    if tenant.origins.is_empty() {
        faults.add(
            &origins,
            "must name at least one origin, that of the embedding page",
        );
    }
    if tenant.return_uris.is_empty() {
        faults.add(
            &pages,
            "must name at least one return page on one of its origins",
        );
    }
    collect_origins(&origins, &tenant.origins, faults);
    collect_return_uris(
        &pages,
        &tenant.return_uris,
        &tenant.origins,
        "one of its origins",
        faults,
    );
}

/// Origins as browsers write them, each once.
pub(super) fn collect_origins(field: &str, origins: &[String], faults: &mut Faults) {
    for (index, entry) in origins.iter().enumerate() {
        faults.keep(origin(field, entry));
        if origins[..index].contains(entry) {
            faults.add(field, "names an origin twice");
        }
    }
}

/// Return pages in their normal form, each once and on one of `origins`, which `place` names.
pub(super) fn collect_return_uris(
    field: &str,
    pages: &[String],
    origins: &[String],
    place: &str,
    faults: &mut Faults,
) {
    for (index, entry) in pages.iter().enumerate() {
        let Some(url) = faults.keep(web_address(field, entry)) else {
            continue;
        };
        if url.fragment().is_some() || url.query().is_some() {
            faults.add(field, "must have neither query nor fragment");
        } else if url.as_str() != entry {
            faults.add(field, "must be written in its normal form");
        } else if !origins.contains(&url.origin().ascii_serialization()) {
            faults.add(field, format!("must lie on {place}"));
        } else if pages[..index].contains(entry) {
            faults.add(field, "names a page twice");
        }
    }
}

#[cfg(test)]
#[path = "tenant_tests.rs"]
mod tests;
