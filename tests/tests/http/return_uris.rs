//! AR-7: a flow returns to a listed address, byte for byte, or is not started.

use portico_core::wire::Role;
use portico_proxy::config::KeyAlgorithm;
use portico_tests::{Partner, Stage};
use serde_json::json;

/// Ways to make one address look like another, collected from open-redirect corpora.
fn variants(good: &str, port: u16) -> Vec<String> {
    let mut all: Vec<String> = [
        "/",
        "?",
        "#",
        "/.",
        "/..",
        "//",
        "\\",
        "%00",
        "%0d%0aLocation:https://evil.example",
        ";a=b",
        "?next=https://evil.example",
        "#claim=x",
        "%2f",
        "%23",
        " ",
        "\t",
        "\n",
        "\r",
        "\u{0}",
        "\u{200b}",
        "\u{feff}",
        ".evil.example",
        "@evil.example",
        "/../x",
        "/%2e%2e/x",
        "&",
        "=",
        "%",
        "%zz",
        "x",
        "l",
    ]
    .iter()
    .map(|tail| format!("{good}{tail}"))
    .collect();
    all.extend(
        [
            " ",
            "\t",
            "\n",
            "\r",
            "\u{0}",
            "\u{200b}",
            "\u{feff}",
            "/",
            "\\",
            "//",
            "javascript:",
            "data:,",
            "view-source:",
        ]
        .iter()
        .map(|head| format!("{head}{good}")),
    );
    for other in [
        "https://localhost:PORT/return.html",
        "HTTP://localhost:PORT/return.html",
        "http://LOCALHOST:PORT/return.html",
        "http://Localhost:PORT/return.html",
        "http://localhost:PORT/Return.html",
        "http://localhost:PORT/RETURN.HTML",
        "http://localhost:PORT/return.htm",
        "http://localhost:PORT/return",
        "http://localhost:PORT/",
        "http://localhost:PORT",
        "http://localhost:PORT//return.html",
        "http://localhost:PORT/./return.html",
        "http://localhost:PORT/x/../return.html",
        "http://localhost:PORT/%72eturn.html",
        "http://localhost:PORT/return%2ehtml",
        "http://localhost:PORT/return.html%20",
        "http://localhost:PORT\\return.html",
        "http://localhost:PORT/\\return.html",
        "http:/localhost:PORT/return.html",
        "http:localhost:PORT/return.html",
        "http:\\\\localhost:PORT\\return.html",
        "http:///localhost:PORT/return.html",
        "http://localhost:0PORT/return.html",
        "http://localhost:80/return.html",
        "http://localhost:/return.html",
        "http://localhost/return.html",
        "http://localhost.:PORT/return.html",
        "http://localhost%2e:PORT/return.html",
        "http://localhost.evil.example:PORT/return.html",
        "http://evil.localhost:PORT/return.html",
        "http://evillocalhost:PORT/return.html",
        "http://127.0.0.1:PORT/return.html",
        "http://127.1:PORT/return.html",
        "http://2130706433:PORT/return.html",
        "http://0x7f.0.0.1:PORT/return.html",
        "http://0177.0.0.1:PORT/return.html",
        "http://[::1]:PORT/return.html",
        "http://[::ffff:127.0.0.1]:PORT/return.html",
        "http://0.0.0.0:PORT/return.html",
        "http://user@localhost:PORT/return.html",
        "http://user:pass@localhost:PORT/return.html",
        "http://localhost:PORT@evil.example/return.html",
        "http://evil.example@localhost:PORT/return.html",
        "http://evil.example#@localhost:PORT/return.html",
        "http://evil.example?@localhost:PORT/return.html",
        "http://evil.example/http://localhost:PORT/return.html",
        "http://evil.example\\@localhost:PORT/return.html",
        "http://evil.example%00.localhost:PORT/return.html",
        "http://evil.example%2f@localhost:PORT/return.html",
        "http://lоcalhost:PORT/return.html",
        "http://ⓛocalhost:PORT/return.html",
        "http://ｌocalhost:PORT/return.html",
        "http://localhost\u{3002}:PORT/return.html",
        "http://local\u{ad}host:PORT/return.html",
        "http://xn--lcalhost-5fg:PORT/return.html",
        "//localhost:PORT/return.html",
        "///localhost:PORT/return.html",
        "/return.html",
        "return.html",
        "./return.html",
        "../return.html",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/%09/evil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "//evil.example/%2f..",
        "//%65vil.example",
        "https://evil.example",
        "https:evil.example",
        "https:/evil.example",
        "ht\ntps://evil.example",
        "h\tttps://evil.example",
        "https://evil.example/return.html",
        "http://evil.example:PORT/return.html",
        "ftp://localhost:PORT/return.html",
        "ws://localhost:PORT/return.html",
        "file:///return.html",
        "blob:http://localhost:PORT/return.html",
        "about:blank",
        "about:srcdoc",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "javascript://localhost:PORT/return.html%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "",
        " ",
        ".",
        "*",
        "null",
        "undefined",
        "http://*:PORT/return.html",
        "http://localhost:*/return.html",
        "http://localhost:PORT/*",
    ] {
        all.push(other.replace("PORT", &port.to_string()));
    }
    all.retain(|variant| variant != good);
    all
}

/// AR-7, EM-10: more than a hundred look-alikes, each refused, no row left.
#[tokio::test]
async fn only_the_listed_return_address_byte_for_byte() {
    let stage = Stage::open().await;
    let admin = stage.admin();
    let good = format!("{}/return.html", stage.config.base_url);
    let variants = variants(&good, stage.proxy.address().port());
    assert!(variants.len() >= 100, "{}", variants.len());
    for variant in &variants {
        let mut body = admin.any_connect_body();
        body["return_uri"] = json!(variant);
        let answer = admin.post("/v1/flows", &body).await;
        assert_eq!(
            answer.refusal(),
            (400, "invalid_return_uri".into()),
            "{variant:?}"
        );
    }
    assert_eq!(stage.count("SELECT COUNT(*) FROM flow").await, 0);
    admin.start_connect().await;
}

/// Threat model 2, step 4: the return page stands where the flow began; another listed origin's is not taken.
#[tokio::test]
async fn a_return_page_belongs_to_the_page_that_started() {
    let partner = "https://partner.example";
    let theirs = format!("{partner}/portico/return.html");
    let stage = Stage::set(|config, _| {
        config.solo.as_mut().unwrap().origins = vec![partner.into()];
        config.solo.as_mut().unwrap().return_uris = vec![format!("{partner}/portico/return.html")];
    })
    .await;
    let session = stage
        .proxy
        .mint_session("pat", portico_core::wire::Role::Admin, partner)
        .unwrap();
    let partner_page =
        portico_tests::Caller::new(stage.config.clone(), session.token, partner.into());
    let listed = partner_page.get("/v1/session").await.json();
    assert_eq!(listed["providers"][0]["return_uris"], json!([theirs]));
    for (caller, return_uri, want) in [
        (&partner_page, theirs.clone(), 201),
        (
            &partner_page,
            format!("{}/return.html", stage.config.base_url),
            400,
        ),
        (&stage.admin(), theirs.clone(), 400),
    ] {
        let mut body = caller.any_connect_body();
        body["return_uri"] = json!(return_uri);
        assert_eq!(
            caller.post("/v1/flows", &body).await.status,
            want,
            "{return_uri}"
        );
    }
}

/// AR-7, JW-6: each tenant has its own list; look-alikes of its page and the pages of others are refused.
#[tokio::test]
async fn a_tenants_flows_return_to_its_own_pages_only() {
    let one = Partner::new("one.example", KeyAlgorithm::EdDSA);
    let two = Partner::new("two.example", KeyAlgorithm::ES256);
    let second_origin = "https://second.one.example";
    let stage = Stage::set(|config, _| {
        let mut first = one.tenant();
        first.origins.push(second_origin.into());
        first
            .return_uris
            .push(format!("{second_origin}/return.html"));
        config.tenants = vec![first, two.tenant()];
    })
    .await;
    let caller = one.caller(&stage.config, "acme", "ada", Role::Admin);
    let listed = caller.get("/v1/session").await.json();
    assert_eq!(
        listed["providers"][0]["return_uris"],
        json!([one.return_uri()])
    );
    let mut refused: Vec<String> = variants(&one.return_uri(), 443)
        .into_iter()
        .chain(variants("http://localhost/return.html", 80))
        .map(|variant| variant.replace("localhost", "app.one.example"))
        .filter(|variant| *variant != one.return_uri())
        .collect();
    refused.extend([
        two.return_uri(),
        format!("{second_origin}/return.html"),
        format!("{}/return.html", stage.config.base_url),
    ]);
    assert!(refused.len() >= 100, "{}", refused.len());
    for return_uri in refused {
        let mut body = caller.any_connect_body();
        body["return_uri"] = json!(return_uri);
        assert_eq!(
            caller.post("/v1/flows", &body).await.refusal(),
            (400, "invalid_return_uri".into()),
            "{return_uri:?}"
        );
    }
    assert_eq!(stage.count("SELECT COUNT(*) FROM flow").await, 0);
    caller.start_connect().await;
}
