//! Somebody at a browser without script: follows redirects by hand and sends the forms of the pages shown.

use crate::caller::Flow;
use reqwest::header::LOCATION;
use reqwest::{Client, RequestBuilder, Response, redirect};
use url::Url;

/// A browser window.
pub struct Person {
    client: Client,
}

impl Default for Person {
    fn default() -> Self {
        Self::new()
    }
}

impl Person {
    /// With nothing remembered.
    pub fn new() -> Self {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { client }
    }

    /// A top-level navigation, as browsers mark it.
    pub async fn visit(&self, url: &str) -> Response {
        self.navigation(url).send().await.unwrap()
    }

    fn navigation(&self, url: &str) -> RequestBuilder {
        self.client
            .get(url)
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header("sec-fetch-site", "cross-site")
    }

    /// Follows a callback of a process that may be killed meanwhile; answers the claim, if one came.
    pub async fn returned(&self, callback: &str) -> Option<String> {
        let answer = self.navigation(callback).send().await.ok()?;
        let target = answer.headers().get(LOCATION)?.to_str().ok()?;
        fragment(target, "claim")
    }

    /// Chooses the portal, leaves every optional permission ticked, and answers the claim that came back.
    pub async fn consent(&self, flow: &Flow, portal: u64) -> String {
        self.consent_keeping(flow, portal, |_| true).await
    }

    /// The same, unticking the optional permissions that `keep` does not name.
    pub async fn consent_keeping(
        &self,
        flow: &Flow,
        portal: u64,
        keep: impl Fn(&str) -> bool,
    ) -> String {
        let callback = self.decide(flow, portal, "connect", keep).await;
        let returned = self.visit(&callback).await;
        let target = if returned.status() == 200 {
            let asked = returned.text().await.unwrap();
            let confirmed = self.confirm(&callback, &asked).await;
            onward(&confirmed.text().await.unwrap())
        } else {
            location(&returned)
        };
        fragment(&target, "claim").unwrap_or_else(|| panic!("no claim in {target}"))
    }

    /// Presses a button of the consent page; answers where HubSpot then sends the browser.
    pub async fn decide(
        &self,
        flow: &Flow,
        portal: u64,
        decision: &str,
        keep: impl Fn(&str) -> bool,
    ) -> String {
        let shown = self.consent_page(&flow.authorize_url, portal).await;
        let (action, fields) = form(&shown, decision, keep);
        let host = Url::parse(&flow.authorize_url).unwrap();
        let target = host.join(&action).unwrap();
        let answer = self.client.post(target).form(&fields).send().await.unwrap();
        assert_eq!(answer.status(), 302, "the consent page refused");
        location(&answer)
    }

    /// Signs in at GitHub, authorizes the app there, and answers the claim that came back.
    pub async fn authorize(&self, flow: &Flow, login: &str) -> String {
        let callback = self.decide_at_github(flow, login, "authorize").await;
        let target = location(&self.visit(&callback).await);
        fragment(&target, "claim").unwrap_or_else(|| panic!("no claim in {target}"))
    }

    /// Presses a button of GitHub's page; answers where GitHub then sends the browser.
    pub async fn decide_at_github(&self, flow: &Flow, login: &str, decision: &str) -> String {
        let page = self.visit(&flow.authorize_url).await.text().await.unwrap();
        assert!(
            page.contains("data-provider=\"github\" data-step=\"authorize\""),
            "not GitHub's consent page: {page}"
        );
        let (action, mut fields) = form(&page, decision, |_| true);
        fields.push(("user".into(), login.into()));
        let host = Url::parse(&flow.authorize_url).unwrap();
        let target = host.join(&action).unwrap();
        let answer = self.client.post(target).form(&fields).send().await.unwrap();
        assert_eq!(answer.status(), 303, "GitHub's consent page refused");
        location(&answer)
    }

    /// Presses the button of the proxy's own confirmation page, as browsers send a form of the same origin.
    pub async fn confirm(&self, page_url: &str, page: &str) -> Response {
        self.confirmation(page_url, page).send().await.unwrap()
    }

    /// The same, not yet sent.
    pub fn confirmation(&self, page_url: &str, page: &str) -> RequestBuilder {
        let (action, mut fields) = form(page, "none", |_| true);
        fields.pop();
        let page_url = Url::parse(page_url).unwrap();
        self.client
            .post(page_url.join(&action).unwrap())
            .header("origin", page_url.origin().ascii_serialization())
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .form(&fields)
    }

    /// The page with the permissions, by way of the account picker when the link is not pinned.
    pub async fn consent_page(&self, authorize_url: &str, portal: u64) -> String {
        let pinned = !authorize_url.contains("/oauth/authorize?");
        let url = if pinned {
            authorize_url.to_owned()
        } else {
            let picker = self.visit(authorize_url).await.text().await.unwrap();
            assert!(picker.contains(&format!("value=\"{portal}\"")), "{picker}");
            let chosen = self
                .visit(&format!("{authorize_url}&portal={portal}"))
                .await;
            assert_eq!(chosen.status(), 302);
            Url::parse(authorize_url)
                .unwrap()
                .join(&location(&chosen))
                .unwrap()
                .into()
        };
        let page = self.visit(&url).await.text().await.unwrap();
        assert!(
            page.contains("id=\"connect-app\""),
            "not a consent page: {page}"
        );
        page
    }
}

/// `Location` of a redirect.
pub fn location(answer: &Response) -> String {
    let value = answer.headers().get(LOCATION);
    value
        .unwrap_or_else(|| panic!("no redirect, but {}", answer.status()))
        .to_str()
        .unwrap()
        .to_owned()
}

/// Where a page refreshes to.
pub fn onward(page: &str) -> String {
    let content = page
        .split_once("http-equiv=\"refresh\" ")
        .and_then(|(_, rest)| attribute(rest, "content"))
        .unwrap_or_else(|| panic!("no refresh in {page}"));
    let target = content.strip_prefix("0;url=").expect("an address at once");
    target.to_owned()
}

/// A member of a fragment of the form `a=b&c=d`.
pub fn fragment(target: &str, name: &str) -> Option<String> {
    let (_, fragment) = target.split_once('#')?;
    let mut pairs = fragment.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// What a browser would send for the page's form: its hidden fields, the ticked boxes, the button.
fn form(
    page: &str,
    decision: &str,
    keep: impl Fn(&str) -> bool,
) -> (String, Vec<(String, String)>) {
    let start = page.find("<form method=\"post\"").expect("a form");
    let body = &page[start..];
    let action = attribute(body, "action").expect("an action");
    let mut fields = Vec::new();
    for tag in body.split("<input ").skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let (Some(name), Some(value)) = (attribute(tag, "name"), attribute(tag, "value")) else {
            continue;
        };
        let sent = match attribute(tag, "type").as_deref() {
            Some("hidden") => true,
            Some("checkbox") => tag.contains("checked") && keep(&value),
            _ => false,
        };
        if sent {
            fields.push((name, value));
        }
    }
    fields.push(("decision".into(), decision.into()));
    (action, fields)
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let value = rest.split('"').next()?;
    let plain = value
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    Some(plain)
}
