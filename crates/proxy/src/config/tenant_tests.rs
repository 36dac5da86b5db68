//! Which tenants are refused, and in what words.

use super::*;
use crate::config::{Config, ConfigError};
use crate::partner_key::PartnerKey;
use std::path::Path;

const TOP: &str = r#"
base_url = "https://portico.example"
listen = "0.0.0.0:7878"
data_dir = "data"
[hubspot]
client_id = "9b1d"
client_secret_file = "secret"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "canary-secret\n").unwrap();
    Config::parse(&format!("{TOP}{text}"), folder.path(), [])
}

fn key(kid: &str, algorithm: KeyAlgorithm) -> String {
    let key = PartnerKey::generate(algorithm).unwrap().public_key();
    format!("[[tenants.keys]]\nkid = \"{kid}\"\nalg = \"{algorithm}\"\npublic_key = \"{key}\"\n")
}

/// A good tenant, its keys apart.
fn tenant(host: &str) -> String {
    format!(
        "[[tenants]]\nissuer = \"https://{host}\"\norigins = [\"https://app.{host}\"]\n\
         return_uris = [\"https://app.{host}/return.html\"]\n"
    )
}

/// Without `[solo]` there is no local issuer, and a public address needs no more than https.
#[test]
fn several_tenants_make_a_proxy_without_a_local_issuer() {
    let text = [
        tenant("one.example"),
        "name = \"One & Söhne\"\ntrusted = true\n".into(),
        key("a", KeyAlgorithm::EdDSA),
        key("b", KeyAlgorithm::ES256),
        tenant("two.example"),
        key("a", KeyAlgorithm::ES256),
    ]
    .concat();
    let config = parse(&text).unwrap();
    assert_eq!(config.solo, None);
    let (one, two) = (&config.tenants[0], &config.tenants[1]);
    assert_eq!((one.trusted, two.trusted), (true, false));
    assert_eq!((one.keys.len(), two.keys[0].alg), (2, KeyAlgorithm::ES256));
    let beside = parse(&format!("[solo]\nbehind_tls = true\n{text}")).unwrap();
    assert_eq!(
        (beside.solo.unwrap().org.as_str(), beside.tenants.len()),
        ("demo", 2)
    );
    let error = parse(&format!("[solo]\n{text}")).unwrap_err().to_string();
    assert!(error.starts_with("listen is not a loopback"), "{error}");
    // Nobody at all: the demo's solo organization, which a public address may not serve.
    let error = parse("").unwrap_err().to_string();
    assert!(error.starts_with("listen is not a loopback"), "{error}");
    let local = text
        .replace("https://", "http://localhost.")
        .replace("localhost.", "");
    assert!(parse(&local).is_err());
}

/// BI-3: the message names the very field, and nothing of what stood there.
#[test]
fn each_bad_value_of_a_tenant_is_refused_by_name() {
    let good = tenant("one.example") + &key("a", KeyAlgorithm::EdDSA);
    parse(&good).unwrap();
    let again = tenant("two.example") + &key("a", KeyAlgorithm::ES256);
    let private = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        PartnerKey::generate(KeyAlgorithm::EdDSA)
            .unwrap()
            .write(&path)
            .unwrap();
        std::fs::read_to_string(path).unwrap()
    };
    let private_line = private.lines().nth(1).unwrap().to_owned();
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let with_key = |line: &str| {
        let before = good.rsplit_once("public_key").unwrap().0;
        format!("{before}public_key = {line}\n")
    };
    let issuer = "issuer = \"https://one.example\"";
    for (text, named) in [
        (replaced(issuer, ""), "tenants[0].issuer is missing"),
        (
            replaced(issuer, "issuer = \"http://one.example\""),
            "tenants[0].issuer must be https",
        ),
        (
            replaced(issuer, "issuer = \"one.example\""),
            "tenants[0].issuer",
        ),
        (
            replaced(issuer, "issuer = \"https://u:canary@one.example\""),
            "tenants[0].issuer",
        ),
        (
            replaced(issuer, "issuer = \"https://one.example?canary\""),
            "tenants[0].issuer",
        ),
        (
            replaced(issuer, "issuer = \"https://öne.example\""),
            "tenants[0].issuer",
        ),
        (replaced(issuer, "issuer = 5"), "tenants[0].issuer"),
        (
            format!("{good}{again}").replace("two.example", "one.example"),
            "tenants[1].issuer",
        ),
        (
            replaced("[\"https://app.one.example\"]", "[\"*\"]"),
            "tenants[0].origins",
        ),
        (
            replaced("[\"https://app.one.example\"]", "[\"null\"]"),
            "tenants[0].origins",
        ),
        (
            replaced(
                "[\"https://app.one.example\"]",
                "[\"http://app.one.example\"]",
            ),
            "tenants[0].origins",
        ),
        (
            replaced(
                "[\"https://app.one.example\"]",
                "[\"https://app.one.example/\"]",
            ),
            "tenants[0].origins",
        ),
        (
            replaced(
                "[\"https://app.one.example\"]",
                "[\"https://app.one.example\", \"https://app.one.example\"]",
            ),
            "tenants[0].origins names an origin twice",
        ),
        (
            replaced("origins = [\"https://app.one.example\"]\n", ""),
            "tenants[0].origins must name",
        ),
        (
            replaced("one.example/return", "two.example/return"),
            "tenants[0].return_uris must lie",
        ),
        (
            replaced("return.html", "return.html?x"),
            "tenants[0].return_uris",
        ),
        (
            replaced("return.html", "a/../return.html"),
            "tenants[0].return_uris",
        ),
        (
            replaced(
                "return_uris = [\"https://app.one.example/return.html\"]",
                "",
            ),
            "tenants[0].return_uris",
        ),
        (
            replaced(issuer, &format!("{issuer}\nname = \"\"")),
            "tenants[0].name",
        ),
        (
            replaced(issuer, &format!("{issuer}\nname = \"a\\u202eb\"")),
            "tenants[0].name",
        ),
        (
            replaced(issuer, &format!("{issuer}\ntrusted = \"yes\"")),
            "tenants[0].trusted must be a boolean",
        ),
        (
            replaced(issuer, &format!("{issuer}\nsecret = \"canary\"")),
            "tenants[0].secret is not a known",
        ),
        (tenant("one.example"), "tenants[0].keys must hold"),
        (
            format!("{}keys = 5\n", tenant("one.example")),
            "tenants[0].keys must be a list",
        ),
        (
            replaced("kid = \"a\"", "kid = \"a b\""),
            "tenants[0].keys[0].kid",
        ),
        (
            replaced("kid = \"a\"", ""),
            "tenants[0].keys[0].kid is missing",
        ),
        (
            replaced("\"EdDSA\"", "\"HS256\""),
            "tenants[0].keys[0].alg must be `EdDSA` or `ES256`",
        ),
        (
            replaced("\"EdDSA\"", "\"ES256\""),
            "tenants[0].keys[0].public_key is an Ed25519 key",
        ),
        (
            replaced("alg = \"EdDSA\"", ""),
            "tenants[0].keys[0].alg is missing",
        ),
        (
            good.clone() + &key("a", KeyAlgorithm::ES256),
            "tenants[0].keys[1].kid stands twice",
        ),
        (
            good.clone() + &good.replace("one.example", "two.example"),
            "tenants[1].keys[0].public_key is the same as tenants[0].keys[0].public_key",
        ),
        (
            with_key(&format!("\"\"\"\n{private}\"\"\"")),
            "tenants[0].keys[0].public_key holds a private key",
        ),
        (
            with_key(&format!("\"{private_line}\"")),
            "tenants[0].keys[0].public_key holds a private key",
        ),
        (
            good.clone() + "private_key = \"canary\"",
            "tenants[0].keys[0].private_key is not a known",
        ),
        (
            format!("{good}[tenants.solo]\norg = \"x\""),
            "tenants[0].solo",
        ),
    ] {
        let error = parse(&text).expect_err(named).to_string();
        assert!(error.contains(named), "{named}: {error}");
        for secret in ["canary", &private_line] {
            assert!(!error.contains(secret), "{error}");
        }
    }
    let top = TOP.replace("[hubspot]", "tenants = 5\n[hubspot]");
    let error = Config::parse(&top, Path::new("/nowhere"), []).unwrap_err();
    assert!(
        error.to_string().contains("tenants must be a list"),
        "{error}"
    );
}

/// BI-3: faults of several tenants and of everything else in one go.
#[test]
fn the_faults_of_all_tenants_are_told_at_once() {
    let text = "[[tenants]]\nname = \"\"\n[[tenants.keys]]\nkid = \"\"\n[[tenants]]\nissuer = 1\norigins = 2\n";
    let error = parse(text).unwrap_err().to_string();
    for line in [
        "tenants[0].issuer is missing",
        "tenants[0].name must be",
        "tenants[0].origins must name",
        "tenants[0].return_uris must name",
        "tenants[0].keys[0].kid must be",
        "tenants[0].keys[0].alg is missing",
        "tenants[0].keys[0].public_key is missing",
        "tenants[1].issuer must be a string",
        "tenants[1].origins must be a sequence",
        "tenants[1].keys must hold",
    ] {
        assert!(error.contains(&format!("\n  {line}")), "{line}: {error}");
    }
}

/// JW-9: what counts at once and what waits; the last tenant may go without a solo organization in its place.
#[test]
fn a_changed_file_tells_what_waits_for_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "canary-secret\n").unwrap();
    let path = folder.path().join("portico.toml");
    let one = tenant("one.example") + &key("a", KeyAlgorithm::EdDSA);
    std::fs::write(&path, format!("{TOP}{one}")).unwrap();
    let started = Config::load(&path, []).unwrap();
    let two = tenant("two.example") + &key("a", KeyAlgorithm::EdDSA);
    std::fs::write(&path, format!("{TOP}{one}{two}")).unwrap();
    let newer = started.load_again(&path, []).unwrap();
    assert_eq!(newer.tenants.len(), 2);
    assert!(started.waits_for_restart(&newer).is_empty());
    std::fs::write(&path, TOP).unwrap();
    let none = started.load_again(&path, []).unwrap();
    assert_eq!((&none.solo, none.tenants.len()), (&None, 0));
    std::fs::write(folder.path().join("secret"), "another\n").unwrap();
    let changed = TOP
        .replace("0.0.0.0", "127.0.0.1")
        .replace("\"data\"", "\"other\"");
    std::fs::write(
        &path,
        format!("{changed}[limits]\nuser_per_minute = 1\n{one}"),
    )
    .unwrap();
    let newer = started.load_again(&path, []).unwrap();
    assert_eq!(
        started.waits_for_restart(&newer),
        ["listen", "data_dir", "hubspot", "limits"]
    );
}
