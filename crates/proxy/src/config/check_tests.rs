//! Which configurations are refused, and in what words.

use super::*;
use crate::config::HubSpot;
use std::path::Path;

const GOOD: &str = r#"
        base_url = "http://localhost:7878"
        data_dir = "data"
        [hubspot]
        client_id = "9b1d"
        client_secret_file = "secret"
    "#;

fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "canary-secret\n").unwrap();
    let environment = environment
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    Config::parse(text, folder.path(), environment)
}

#[test]
fn a_small_file_is_enough() {
    let config = parse(GOOD, &[]).unwrap();
    assert_eq!(config.solo.as_ref().unwrap().org, "demo");
    assert_eq!(config.hubspot.api_base, "https://api.hubapi.com");
    assert_eq!(
        config.hubspot.client_secret.expose_secret(),
        "canary-secret"
    );
    assert!(config.data_dir.is_absolute());
    assert!(!format!("{config:?}").contains("canary"));
}

#[test]
fn the_environment_overrides_the_file() {
    let config = parse(
        GOOD,
        &[
            ("PORTICO_HUBSPOT__CLIENT_ID", "12345"),
            ("PORTICO_SOLO__MAX_CONNECTIONS", "3"),
            ("PORTICO_SOLO__ORIGINS", r#"["https://partner.example"]"#),
            ("PORTICO_LISTEN", "127.0.0.1:9000"),
            ("PORTICO_LOG", "info"),
            ("HOME", "/nowhere"),
        ],
    )
    .unwrap();
    assert_eq!(config.hubspot.client_id, "12345");
    let solo = config.solo.unwrap();
    assert_eq!(solo.max_connections, 3);
    assert_eq!(solo.origins, ["https://partner.example"]);
    assert_eq!(config.listen.port(), 9000);
}

#[test]
fn github_is_a_section_that_may_be_absent() {
    assert!(parse(GOOD, &[]).unwrap().github.is_none());
    let text = format!(
        "{GOOD}\n[github]\nclient_id = \"Iv23\"\nclient_secret_file = \"secret\"\n\
         api_base = \"https://ghe.example/api/v3\"\nscopes = [\"repo\", \"read:org\"]"
    );
    let github = parse(&text, &[]).unwrap().github.unwrap();
    assert_eq!(github.web_base, "https://github.com");
    assert_eq!(github.api_base, "https://ghe.example/api/v3");
    assert_eq!(github.client_secret.expose_secret(), "canary-secret");
    let names = [
        ("PORTICO_GITHUB__CLIENT_ID", "Ov23"),
        ("PORTICO_GITHUB__CLIENT_SECRET_FILE", "secret"),
        ("PORTICO_GITHUB__SCOPES", r#"["gist"]"#),
    ];
    let github = parse(GOOD, &names).unwrap().github.unwrap();
    assert_eq!(
        (github.client_id.as_str(), github.scopes),
        ("Ov23", vec!["gist".to_owned()])
    );
    assert_eq!(github.api_base, "https://api.github.com");
}

/// BI-3: the message names the field, and nothing of the secret.
#[test]
fn each_bad_value_is_refused_by_name() {
    let with = |line: &str| format!("{line}\n{GOOD}");
    let replaced = |from: &str, to: &str| GOOD.replace(from, to);
    let solo = |line: &str| format!("{GOOD}\n[solo]\n{line}");
    for (text, named) in [
        (replaced("client_id = \"9b1d\"", ""), "client_id"),
        (replaced("9b1d", ""), "hubspot.client_id"),
        (replaced("data_dir = \"data\"", ""), "data_dir"),
        (
            replaced("http://localhost:7878", "http://portico.example"),
            "base_url",
        ),
        (
            replaced("http://localhost:7878", "http://localhost:7878/"),
            "base_url",
        ),
        (replaced("http://localhost:7878", "localhost"), "base_url"),
        (
            replaced("http://localhost:7878", "http://localhost:0"),
            "base_url",
        ),
        (replaced("\"secret\"", "\"absent\""), "absent"),
        (with("listen = \"0.0.0.0:7878\""), "listen"),
        (with("listen = \"nowhere\""), "listen"),
        (with("app_dir = \"data\""), "app_dir"),
        (with("health_listen = \"127.0.0.1:7878\""), "health_listen"),
        (with("unheard_of = 1"), "unheard_of"),
        (with("client_secret = \"canary-secret\""), "client_secret"),
        (solo("org = \"a b\""), "solo.org"),
        (solo("user = \"\""), "solo.user"),
        (solo("role = \"root\""), "role"),
        (solo("max_connections = 100001"), "solo.max_connections"),
        (solo("max_connections = -1"), "max_connections"),
        (solo("origins = [\"*\"]"), "solo.origins"),
        (
            solo("origins = [\"http://partner.example\"]"),
            "solo.origins",
        ),
        (
            solo("origins = [\"https://partner.example/\"]"),
            "solo.origins",
        ),
        (
            solo("return_uris = [\"https://elsewhere.example/return.html\"]"),
            "solo.return_uris",
        ),
        (
            solo("return_uris = [\"http://localhost:7878/r#x\"]"),
            "solo.return_uris",
        ),
        (
            format!("{GOOD}\nauthorize_base = \"http://hubspot.example\""),
            "hubspot.authorize_base",
        ),
        (
            format!("{GOOD}\napi_base = \"https://u:p@hubspot.example\""),
            "hubspot.api_base",
        ),
        (
            format!("{GOOD}\nrequired_scopes = [\"tickets\"]"),
            "hubspot.required_scopes",
        ),
        (
            format!("{GOOD}\nrequired_scopes = [\"oauth\", \"a b\"]"),
            "hubspot.required_scopes",
        ),
        (
            format!("{GOOD}\noptional_scopes = [\"oauth\"]"),
            "hubspot.optional_scopes",
        ),
        (
            format!("{GOOD}\n[limits]\nuser_per_minute = 0"),
            "limits.user_per_minute",
        ),
    ] {
        let error = parse(&text, &[]).expect_err(named).to_string();
        assert!(error.contains(named), "{named}: {error}");
        assert!(!error.contains("canary"), "{error}");
    }
    let github = |lines: &str| {
        format!("{GOOD}\n[github]\nclient_id = \"Iv23\"\nclient_secret_file = \"secret\"\n{lines}")
    };
    assert!(parse(&github(""), &[]).is_ok());
    for (text, named) in [
        (
            format!("{GOOD}\n[github]\nclient_id = \"Iv23\""),
            "github.client_secret_file",
        ),
        (
            format!("{GOOD}\n[github]\nclient_secret_file = \"secret\""),
            "github.client_id",
        ),
        (github("").replace("Iv23", "a b"), "github.client_id"),
        (
            github("client_secret = \"canary-secret\""),
            "github.client_secret",
        ),
        (
            github("web_base = \"https://ghe.example/x\""),
            "github.web_base",
        ),
        (
            github("api_base = \"http://ghe.example/api/v3\""),
            "github.api_base",
        ),
        (
            github("api_base = \"https://ghe.example/api/v3/\""),
            "github.api_base",
        ),
        (
            github("api_base = \"https://ghe.example/api/../v3\""),
            "github.api_base",
        ),
        (
            github("api_base = \"https://ghe.example/api?x=1\""),
            "github.api_base",
        ),
        (github("scopes = \"repo\""), "github.scopes"),
        (github("scopes = [\"a b\"]"), "github.scopes"),
        (github("scopes = [\"repo\", \"repo\"]"), "github.scopes"),
        (
            github("scopes = [\"public_repo\", \"repo\"]"),
            "github.scopes",
        ),
        (format!("github = 5\n{GOOD}"), "github"),
    ] {
        let error = parse(&text, &[]).expect_err(named).to_string();
        assert!(error.contains(named), "{named}: {error}");
        assert!(!error.contains("canary"), "{error}");
    }
    let error = parse(GOOD, &[("PORTICO_HUBSPOT__CLIENT_SECRET", "canary-secret")]).unwrap_err();
    assert!(error.to_string().contains("client_secret"), "{error}");
    assert!(!error.to_string().contains("canary"), "{error}");
}

/// BI-3: nobody has to start ten times to hear of ten faults; each has one line that begins with its field.
#[test]
fn all_faults_are_told_at_once() {
    let text = r#"
            base_url = "localhost"
            listen = "nowhere"
            health_listen = 5
            unheard_of = "canary-value"
            [solo]
            role = "canary-role"
            max_connections = "canary-number"
            org = "a b"
            origins = ["*", "http://partner.example"]
            return_uris = ["https://elsewhere.example/return.html"]
            [hubspot]
            client_secret_file = "absent"
            client_secret = "canary-secret"
            api_base = "https://u:canary-p@hubspot.example"
            required_scopes = ["tickets", "a b"]
            [limits]
            org_per_minute = 0
        "#;
    let environment = [
        ("PORTICO_LISTEN__PORT", "1"),
        ("PORTICO_LIMITS__USER_PER_MINUTE", "many"),
        ("PORTICO_HUBSPOT__OPTIONAL_SCOPES", "[5]"),
    ];
    let error = parse(text, &environment).unwrap_err().to_string();
    let mut lines = error.lines();
    assert_eq!(
        lines.next(),
        Some("the configuration has 18 faults:"),
        "{error}"
    );
    let mut named: Vec<&str> = lines
        .map(|line| {
            let line = line.trim_start();
            line.strip_prefix("the environment variable ")
                .unwrap_or(line)
                .split(' ')
                .next()
                .unwrap()
        })
        .collect();
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "PORTICO_LIMITS__USER_PER_MINUTE",
            "PORTICO_LISTEN__PORT",
            "base_url",
            "data_dir",
            "health_listen",
            "hubspot.api_base",
            "hubspot.client_id",
            "hubspot.client_secret",
            "hubspot.client_secret_file",
            "hubspot.optional_scopes",
            "hubspot.required_scopes",
            "limits.org_per_minute",
            "listen",
            "solo.max_connections",
            "solo.org",
            "solo.origins",
            "solo.role",
            "unheard_of",
        ],
        "{error}"
    );
    assert!(!error.contains("canary"), "{error}");
}

#[test]
fn a_section_that_is_none_is_named() {
    for (text, named) in [
        (format!("limits = 5\n{GOOD}"), "limits must be a section"),
        ("hubspot = 5".to_owned(), "hubspot must be a section"),
        (String::new(), "hubspot.client_id is missing"),
        (String::new(), "base_url is missing"),
        (
            format!("{GOOD}\n[solo]\nmax_connections = -1"),
            "solo.max_connections must be a whole number",
        ),
    ] {
        let error = parse(&text, &[]).unwrap_err().to_string();
        assert!(error.contains(named), "{named}: {error}");
    }
}

#[test]
fn a_public_address_needs_tls_in_front() {
    let mut config = Config::loopback("data", HubSpot::new("id", "secret".to_owned().into()));
    config.listen = ([0, 0, 0, 0], 443).into();
    config.base_url = "https://portico.example".into();
    assert!(config.check().is_err());
    config.solo.as_mut().unwrap().behind_tls = true;
    config.check().unwrap();
    config.base_url = "http://localhost".into();
    assert!(config.check().is_err());
    assert!(Config::load(Path::new("/nonexistent/portico.toml"), []).is_err());
}

/// Issue 4, item 9: off by default, on by file or environment, and what is wrong is named.
#[test]
fn a_backend_is_configured_by_file_or_environment() {
    assert!(!parse(GOOD, &[]).unwrap().solo.unwrap().backend.tokens);
    let hash = "ab".repeat(32);
    let block = format!(
        "{GOOD}\n[solo.backend]\ntokens = true\n[[solo.backend.service_keys]]\nid = \"a\"\nsha256 = \"{hash}\""
    );
    let inline =
        format!("{{ tokens = true, service_keys = [{{ id = \"a\", sha256 = \"{hash}\" }}] }}");
    for config in [
        parse(&block, &[]).unwrap(),
        parse(GOOD, &[("PORTICO_SOLO__BACKEND", &inline)]).unwrap(),
    ] {
        let backend = config.solo.unwrap().backend;
        assert!(backend.tokens);
        assert_eq!(backend.service_keys[0].id, "a");
    }
    for (change, want) in [
        (
            "token = true",
            "solo.backend holds a field that is not known",
        ),
        ("tokens = 1", "solo.backend must be"),
        (
            "service_keys = [{ id = \"a\" }]",
            "solo.backend does not have the form",
        ),
        (
            "tokens = true",
            "solo.backend.tokens is set, but no service_keys",
        ),
    ] {
        let text = format!("{GOOD}\n[solo.backend]\n{change}");
        let said = parse(&text, &[]).unwrap_err().to_string();
        assert!(said.starts_with(want), "{change}: {said}");
    }
}
