//! CB-9: for a tenant that is not trusted, a page of the proxy's own stands between consent and claim.

use portico_core::wire::Role;
use portico_proxy::config::{KeyAlgorithm, Tenant};
use portico_tests::{Caller, Flow, PORTAL, Partner, Stage, encoded, fragment, onward};
use reqwest::Method;
use serde_json::json;

struct Asked {
    stage: Stage,
    admin: Caller,
    flow: Flow,
    callback: String,
    page: String,
}

/// A flow whose callback has answered with the page.
async fn asked() -> Asked {
    let partner = Partner::new("one.example", KeyAlgorithm::EdDSA);
    let untrusted = Tenant {
        name: Some("One <b>& \u{430}nother".into()),
        trusted: false,
        ..partner.tenant()
    };
    let stage = Stage::set(|config, _| config.tenants = vec![untrusted]).await;
    let admin = partner.caller(&stage.config, "acme:7", "ada.l", Role::Admin);
    let flow = admin.start_connect().await;
    let person = stage.person();
    let callback = person.decide(&flow, PORTAL, "connect", |_| true).await;
    let answer = person.visit(&callback).await;
    assert_eq!(answer.status(), 200);
    let headers = answer.headers().clone();
    assert!(headers.get("location").is_none() && headers.get("set-cookie").is_none());
    let policy = headers["content-security-policy"].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(
            policy.split("; ").any(|own| own == part),
            "{part}: {policy}"
        );
    }
    assert!(
        !policy.contains("script-src") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(headers["cache-control"], "no-store");
    Asked {
        admin,
        flow,
        callback,
        page: answer.text().await.unwrap(),
        stage,
    }
}

impl Asked {
    /// Nothing was released: no claim, nothing connected, the code still sealed away.
    async fn nothing_came_of_it(&self) {
        let claims = "SELECT COUNT(*) FROM flow WHERE claim_hash IS NOT NULL";
        assert_eq!(self.stage.count(claims).await, 0);
        for claim in [String::new(), encoded(7)] {
            assert_eq!(
                self.admin.complete(&self.flow, &claim).await.refusal(),
                (403, "claim_required".into())
            );
        }
        assert_eq!(self.stage.token_calls("authorization_code"), 0);
    }

    fn token(&self) -> String {
        let (_, rest) = self.page.split_once("name=\"token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

/// CB-9, UI-5: the page names tenant, org and starter as text, shows what would pass for something else, and
/// holds neither code nor state nor a script.
#[tokio::test]
async fn the_page_names_who_asks() {
    let asked = asked().await;
    for part in [
        "<dd>One &lt;b&gt;&amp; \u{430}[U+0430]nother</dd>",
        "<dd>https://one.example</dd>",
        "<dd>acme:7</dd>",
        "<dd>ada.l</dd>",
    ] {
        assert!(asked.page.contains(part), "{part}: {}", asked.page);
    }
    let code = url::Url::parse(&asked.callback).unwrap();
    let code = code
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1;
    for absent in [
        "<script",
        "<b>",
        asked.flow.state.as_str(),
        &code,
        &asked.flow.id,
    ] {
        assert!(!asked.page.contains(absent), "{absent}");
    }
    // The page's token is no claim.
    let as_claim = asked.admin.complete(&asked.flow, &asked.token()).await;
    assert_eq!(as_claim.refusal(), (403, "claim_required".into()));
    asked.nothing_came_of_it().await;
    assert_eq!(asked.admin.flow(&asked.flow).await["phase"], json!("coded"));
}

/// CB-9: the one same-origin confirmation releases the claim, once; the claim then connects.
#[tokio::test]
async fn one_confirmation_releases_one_claim() {
    let asked = asked().await;
    let person = asked.stage.person();
    let confirmed = person.confirm(&asked.callback, &asked.page).await;
    assert_eq!(confirmed.status(), 200);
    let policy = confirmed.headers()["content-security-policy"].clone();
    assert!(policy.to_str().unwrap().contains("form-action 'self'"));
    assert!(
        !policy.to_str().unwrap().contains("sandbox"),
        "a sandboxed page does not refresh"
    );
    let target = onward(&confirmed.text().await.unwrap());
    assert!(
        target.starts_with("https://app.one.example/return.html#flow="),
        "{target}"
    );
    assert_eq!(fragment(&target, "flow"), Some(asked.flow.id.clone()));
    let claim = fragment(&target, "claim").unwrap();
    let again = person.confirm(&asked.callback, &asked.page).await;
    assert_eq!(again.status(), 409);
    assert!(!again.text().await.unwrap().contains("claim="));
    let done = asked.admin.complete(&asked.flow, &claim).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(
        person.confirm(&asked.callback, &asked.page).await.status(),
        409
    );
    let entries = "SELECT COUNT(*) FROM journal WHERE action = 'flow.confirm' AND outcome = 'done'";
    assert_eq!(asked.stage.count(entries).await, 1);
}

/// CB-9: doing nothing, framing, another site, another method, a prefetch, a guess: no claim.
#[tokio::test]
async fn nothing_but_its_own_form_releases_a_claim() {
    let asked = asked().await;
    let person = asked.stage.person();
    asked.nothing_came_of_it().await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-dest", "empty"),
        ("origin", "null"),
        ("origin", "https://evil.example"),
        ("origin", "https://app.one.example"),
        ("content-type", "text/plain"),
        ("content-type", "application/json"),
        ("sec-purpose", "prefetch"),
        ("purpose", "prefetch"),
    ] {
        let (client, request) = person
            .confirmation(&asked.callback, &asked.page)
            .build_split();
        let mut request = request.unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = client.execute(request).await.unwrap();
        assert_eq!(answer.status(), 403, "{name}: {value}");
    }
    let confirm = "/callback/hubspot/confirm";
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let request = asked
            .admin
            .bare(
                method.clone(),
                &format!("{confirm}?token={}", asked.token()),
            )
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 405, "{method}");
        assert_eq!(answer.headers()["allow"], "POST");
    }
    for (page, status) in [
        (asked.page.replace(&asked.token(), &encoded(9)), 400),
        (asked.page.replace(&asked.token(), "short"), 403),
        (asked.page.replace("name=\"token\"", "name=\"other\""), 403),
        (
            asked.page.replace(
                "</form>",
                "<input type=\"hidden\" name=\"token\" value=\"x\"></form>",
            ),
            403,
        ),
        (
            asked
                .page
                .replace("/callback/hubspot/", "/callback/github/"),
            400,
        ),
    ] {
        assert_eq!(
            person.confirm(&asked.callback, &page).await.status(),
            status
        );
    }
    let framed = asked
        .admin
        .bare(
            Method::GET,
            asked
                .callback
                .strip_prefix(&asked.stage.config.base_url)
                .unwrap(),
        )
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "iframe");
    assert_eq!(framed.send().await.unwrap().status(), 405);
    asked.nothing_came_of_it().await;
    // After all of it, the person's own button still works.
    assert_eq!(
        person.confirm(&asked.callback, &asked.page).await.status(),
        200
    );
}

/// CB-2, CB-9: the callback shown again, with its own or another code, neither asks anew nor replaces the code.
#[tokio::test]
async fn a_second_return_does_not_ask_again() {
    let asked = asked().await;
    let person = asked.stage.person();
    for url in [
        asked.callback.clone(),
        asked.callback.replace("code=", "code=x"),
    ] {
        let answer = person.visit(&url).await;
        assert_eq!(answer.status(), 409);
        assert!(!answer.text().await.unwrap().contains("<form"));
    }
    asked.nothing_came_of_it().await;
}

/// CB-9: the confirmation expires with the code.
#[tokio::test]
async fn a_confirmation_expires_with_the_code() {
    let asked = asked().await;
    let person = asked.stage.person();
    let past = "UPDATE flow SET claim_until = unixepoch('subsec') - 1, code_until = unixepoch('subsec') - 1";
    asked.stage.sql(past).await;
    assert_eq!(
        person.confirm(&asked.callback, &asked.page).await.status(),
        410
    );
    asked.nothing_came_of_it().await;
}

/// CB-9: a flow that its starter cancelled is not confirmed.
#[tokio::test]
async fn a_cancelled_flow_is_not_confirmed() {
    let asked = asked().await;
    let path = format!("/v1/flows/{}", asked.flow.id);
    assert_eq!(asked.admin.delete(&path).await.status, 204);
    let answer = asked
        .stage
        .person()
        .confirm(&asked.callback, &asked.page)
        .await;
    assert_eq!(answer.status(), 410);
}

/// CB-9: the solo organization and trusted tenants go without the page.
#[tokio::test]
async fn the_trusted_are_not_asked() {
    let partner = Partner::new("one.example", KeyAlgorithm::ES256);
    let stage = Stage::set(|config, _| config.tenants = vec![partner.tenant()]).await;
    let theirs = partner.caller(&stage.config, "acme", "ada", Role::Admin);
    for caller in [stage.admin(), theirs] {
        let flow = caller.start_connect().await;
        let person = stage.person();
        let callback = person.decide(&flow, PORTAL, "connect", |_| true).await;
        assert_eq!(person.visit(&callback).await.status(), 303);
    }
}
