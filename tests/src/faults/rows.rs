//! Grants as they stand in the database, with their refresh tokens opened, and the search for plain ones.
//! Owns looking; changes nothing.

use super::vault::{Vault, hex};
use crate::database::Database;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::collections::{HashMap, HashSet};

/// Bytes by which a secret is recognised before it is compared whole.
const HEAD: usize = 12;

/// One grant at rest.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) is_github: bool,
    pub(super) account: String,
    pub(super) id: String,
    /// `connected`, `checking`, `needs_reauth`, …
    pub(super) state: String,
    /// A refresh was begun and has not ended.
    pub(super) is_leased: bool,
    /// Nothing where it was wiped.
    pub(super) refresh_token: Option<String>,
}

impl Row {
    /// Whether the proxy means to use it.
    pub(super) fn lives(&self) -> bool {
        matches!(self.state.as_str(), "connected" | "checking")
    }
}

/// All of them.
pub(super) async fn rows(database: &Database, vault: &Vault) -> Vec<Row> {
    let fields = |hex: &str| {
        format!(
            "provider || '|' || account || '|' || id || '|' || generation || '|' || state || '|' || COALESCE({hex}, '') || '|' ||
             CASE WHEN lease_owner IS NULL THEN '' ELSE 'leased' END"
        )
    };
    let text = listed(database, "connection", fields).await;
    let row = |line: &str| {
        let parts: Vec<&str> = line.split('|').collect();
        let (id, generation) = (parts[2], parts[3].parse().unwrap());
        let sealed = Some(parts[5]).filter(|hex| !hex.is_empty());
        Row {
            is_github: parts[0] == "github",
            account: parts[1].to_owned(),
            id: id.to_owned(),
            state: parts[4].to_owned(),
            is_leased: !parts[6].is_empty(),
            refresh_token: sealed.map(|hex| vault.unseal("connection", id, generation, hex)),
        }
    };
    text.iter().map(|line| row(line)).collect()
}

/// Tokens by which grants at GitHub are being given up.
pub(super) async fn being_revoked(database: &Database, vault: &Vault) -> Vec<String> {
    let fields = |hex: &str| format!("provider || '|' || id || '|' || {hex}");
    let rows = listed(database, "revocation", fields).await;
    let token = |line: &String| {
        let parts: Vec<&str> = line.split('|').collect();
        (parts[0] == "github").then(|| vault.unseal("revocation", parts[1], 0, parts[2]))
    };
    rows.iter().filter_map(token).collect()
}

/// Every row of a table as one line, its refresh token in hexadecimal.
async fn listed(database: &Database, table: &str, fields: impl Fn(&str) -> String) -> Vec<String> {
    let (gather, hex) = match database {
        Database::Sqlite(_) => ("group_concat", "hex(refresh_token)"),
        Database::Postgres(_) => ("string_agg", "encode(refresh_token, 'hex')"),
    };
    let query = format!("SELECT {gather}({}, ';') FROM {table}", fields(hex));
    let text = database.text(&query).await.unwrap_or_default();
    let lines = text.split(';').filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// Places at which one of the secrets stands as it is, in base64 or in hexadecimal.
pub(super) fn plain(at_rest: &[(String, Vec<u8>)], secrets: &HashSet<String>) -> Vec<String> {
    let mut heads: HashMap<[u8; HEAD], Vec<Vec<u8>>> = HashMap::new();
    for form in secrets.iter().flat_map(|secret| forms(secret)) {
        let head = form.first_chunk().expect("secrets are long");
        heads.entry(*head).or_default().push(form);
    }
    let stands = |bytes: &[u8]| {
        bytes.windows(HEAD).enumerate().any(|(at, window)| {
            let head: &[u8; HEAD] = window.try_into().unwrap();
            let forms = heads.get(head).into_iter().flatten();
            forms.into_iter().any(|form| bytes[at..].starts_with(form))
        })
    };
    at_rest
        .iter()
        .filter(|(_, bytes)| stands(bytes))
        .map(|(place, _)| place.clone())
        .collect()
}

fn forms(secret: &str) -> [Vec<u8>; 5] {
    let hex = hex(secret.as_bytes());
    [
        secret.to_owned(),
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        hex.to_uppercase(),
        hex,
    ]
    .map(String::into_bytes)
}

#[cfg(test)]
mod tests {
    use super::{forms, plain};
    use std::collections::HashSet;

    #[test]
    fn a_secret_is_found_in_every_form_and_nothing_else_is() {
        let secret = "na1-canary-of-the-search";
        let secrets = HashSet::from([secret.to_owned()]);
        for form in forms(secret) {
            let bytes = [b"before".as_slice(), &form, b"after"].concat();
            assert_eq!(plain(&[("here".into(), bytes)], &secrets), ["here"]);
        }
        let near = b"na1-canary-of-the-other-thing".to_vec();
        assert!(plain(&[("there".into(), near)], &secrets).is_empty());
    }
}
