//! The lines, as a developer copies them.

use super::*;
use proptest::prelude::*;

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

fn values() -> Values {
    Values {
        client_id: "9b1d-id".into(),
        redirect_uri: BY_HAND.into(),
        portal: None,
        host: "app.hubspot.com".into(),
        required: owned(&["oauth", "crm.schemas.deals.read"]),
        optional: owned(&["forms", "tickets"]),
        proxy: "https://portico.example".into(),
        org: "acme".into(),
        connection: "c0ffee".into(),
    }
}

fn sandbox() -> Values {
    Values {
        host: "127.0.0.1:4100".into(),
        proxy: "http://localhost:7979".into(),
        ..values()
    }
}

/// B4: the redirect URL that the app needs is the proxy's callback, localhost included.
#[test]
fn the_redirect_url_is_the_proxys_callback() {
    for (values, want) in [
        (values(), "https://portico.example/callback/hubspot"),
        (sandbox(), "http://localhost:7979/callback/hubspot"),
    ] {
        assert_eq!(values.callback(), want);
        assert_eq!(redirect_fault(&values.callback()), None);
    }
}

/// B6, fact 11: client_id, redirect_uri and scopes joined by %20, pinned to an account where one is named.
#[test]
fn the_authorize_url_carries_ids_and_scopes() {
    let rest = "client_id=9b1d-id&redirect_uri=http%3A%2F%2Flocalhost%3A9090%2Fcallback\
                &scope=oauth%20crm.schemas.deals.read&optional_scope=forms%20tickets";
    for (values, want) in [
        (values(), "https://app.hubspot.com/oauth/authorize?"),
        (
            Values {
                portal: Some(PortalId(4242)),
                ..values()
            },
            "https://app.hubspot.com/oauth/4242/authorize?",
        ),
        (
            Values {
                host: "app-eu1.hubspot.com".into(),
                ..values()
            },
            "https://app-eu1.hubspot.com/oauth/authorize?",
        ),
        (sandbox(), "http://127.0.0.1:4100/oauth/authorize?"),
    ] {
        assert_eq!(
            values.authorize_url().as_deref(),
            Ok(&*[want, rest].concat())
        );
    }
    let bare = Values {
        client_id: String::new(),
        optional: vec![],
        ..values()
    };
    let url = bare.authorize_url().expect("an address");
    assert!(
        url.contains("?client_id=CLIENT_ID&") && !url.contains("optional_scope"),
        "{url}"
    );
    let wrong = Values {
        host: "user@evil.example".into(),
        ..values()
    };
    assert_eq!(wrong.authorize_url(), Err(UnsafeEndpoint));
}

/// B10, B12, B13: the parameters by their exact names, and the secret only by the name of a variable.
#[test]
fn the_token_calls_are_the_documented_ones() {
    assert_eq!(
        values().exchange(),
        r#"curl --fail-with-body --silent --show-error \
  --request POST https://api.hubapi.com/oauth/2026-03/token \
  --data-urlencode grant_type=authorization_code \
  --data-urlencode "code=$CODE" \
  --data-urlencode redirect_uri=http://localhost:9090/callback \
  --data-urlencode client_id=9b1d-id \
  --data-urlencode "client_secret=$HUBSPOT_CLIENT_SECRET""#
    );
    assert_eq!(
        sandbox().refresh(),
        r#"curl --fail-with-body --silent --show-error \
  --request POST http://127.0.0.1:4100/oauth/2026-03/token \
  --data-urlencode grant_type=refresh_token \
  --data-urlencode "refresh_token=$HUBSPOT_REFRESH_TOKEN" \
  --data-urlencode client_id=9b1d-id \
  --data-urlencode "client_secret=$HUBSPOT_CLIENT_SECRET""#
    );
}

/// B16: a private app's token is used as the key, like an access token.
#[test]
fn a_first_call_carries_the_token_as_bearer() {
    assert_eq!(
        values().first_call("PRIVATE_APP_TOKEN"),
        "curl --fail-with-body --silent --show-error \\\n  \
         https://api.hubapi.com/account-info/2026-03/details \\\n  \
         --header \"Authorization: Bearer $PRIVATE_APP_TOKEN\""
    );
}

/// B1, B18: what the proxy is configured with; the secret in a file of its own.
#[test]
fn portico_toml_holds_the_values_and_no_secret() {
    assert_eq!(
        values().portico_toml(),
        "base_url = \"https://portico.example\"\nlisten = \"127.0.0.1:7878\"\ndata_dir = \"portico-data\"\n\
         app_dir = \"dist\"\n\n[solo]\norg = \"acme\"\nbehind_tls = true\n\n[hubspot]\nclient_id = \"9b1d-id\"\n\
         client_secret_file = \"hubspot-secret\"\nrequired_scopes = [\n  \"oauth\",\n  \"crm.schemas.deals.read\",\n]\n\
         optional_scopes = [\n  \"forms\",\n  \"tickets\",\n]\n"
    );
    let local = sandbox().portico_toml();
    for line in [
        "listen = \"127.0.0.1:7979\"\n",
        "authorize_base = \"http://127.0.0.1:4100\"\n",
        "api_base = \"http://127.0.0.1:4100\"\n",
    ] {
        assert!(local.contains(line), "{local}");
    }
    assert!(!local.contains("behind_tls"), "{local}");
    assert!(values().secret_file().contains("umask 077"));
    assert!(
        values()
            .secret_file()
            .contains("\"$HUBSPOT_CLIENT_SECRET\" > hubspot-secret")
    );
}

/// docs/ballerina.md: the connector's three fields, with HubSpot's tokens and with Portico as the broker.
#[test]
fn the_connector_is_configured_both_ways() {
    assert_eq!(
        values().ballerina_own(),
        "(umask 077 && cat > Config.toml <<END\nclientId = \"9b1d-id\"\nclientSecret = \"$HUBSPOT_CLIENT_SECRET\"\n\
         refreshToken = \"$HUBSPOT_REFRESH_TOKEN\"\nrefreshUrl = \"https://api.hubapi.com/oauth/2026-03/token\"\nEND\n)"
    );
    assert_eq!(
        values().ballerina_broker(),
        "(umask 077 && cat > Config.toml <<END\nclientId = \"deals\"\nclientSecret = \"$SERVICE_KEY\"\n\
         refreshToken = \"c0ffee@acme\"\nrefreshUrl = \"https://portico.example/oauth/token\"\nEND\n)"
    );
    let before = Values {
        connection: String::new(),
        ..values()
    };
    assert!(
        before
            .ballerina_broker()
            .contains("refreshToken = \"$CONNECTION@acme\"")
    );
}

/// B4: what HubSpot would not register is said before it is tried.
#[test]
fn redirect_urls_are_judged_as_hubspot_does() {
    for (url, good) in [
        ("https://portico.example/callback/hubspot", true),
        ("http://localhost:9090/callback", true),
        ("http://localhost", true),
        ("http://portico.example/callback", false),
        ("http://127.0.0.1:9090/callback", false),
        ("https://10.0.0.1/callback", false),
        ("https://[::1]/callback", false),
        ("https://user@portico.example/", false),
        ("https://portico.example/#x", false),
        ("https:///callback", false),
        ("https://a b/", false),
        ("portico.example/callback", false),
        ("", false),
    ] {
        assert_eq!(redirect_fault(url).is_none(), good, "{url}");
    }
}

proptest! {
    /// B13: what somebody types is text in every line, never a variable, a command or another line.
    #[test]
    fn typed_values_stay_text(typed in "[ -~]{1,20}") {
        let values = Values { client_id: typed.clone(), redirect_uri: typed.clone(), org: typed.clone(), ..values() };
        let word = shell(&["client_id=", &typed].concat());
        let exchange = values.exchange();
        prop_assert!(exchange.contains(&["--data-urlencode ", &word, " \\\n"].concat()));
        // Of variables there are the guide's own two, outside of single quotes.
        let mut outside = 0;
        let mut quoted = false;
        let mut escaped = false;
        for character in exchange.chars() {
            match character {
                _ if escaped => escaped = false,
                '\\' if !quoted => escaped = true,
                '\'' => quoted = !quoted,
                '$' | '`' if !quoted => outside += 1,
                _ => {}
            }
        }
        prop_assert_eq!(outside, 2);
        prop_assert!(!quoted);
        for text in [values.ballerina_own(), values.ballerina_broker()] {
            prop_assert_eq!(text.lines().count(), 7);
            let bare = text.replace("\\\\", "").replace("\\$", "").replace("\\`", "");
            let variables = bare.matches('$').count() + bare.matches('`').count();
            prop_assert!(variables <= 2, "{}", text);
        }
        prop_assert!(values.portico_toml().contains(&["client_id = ", &toml(&typed), "\n"].concat()));
    }
}
