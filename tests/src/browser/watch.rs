//! What a page sends and what its policy stops, seen from inside the page.
//! Owns the watching scripts; they change nothing of what the page does.

use serde_json::Value;

use super::page::Page;

const WATCH_POLICY: &str = "
    globalThis.__violations = [];
    document.addEventListener('securitypolicyviolation', (event) => globalThis.__violations.push(
        `${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`));
";

const WATCH_FETCH: &str = "
    globalThis.__sent = [];
    const real = globalThis.fetch;
    globalThis.fetch = async (input, init) => {
        const request = new Request(input, init);
        const body = request.method === 'POST' ? await request.clone().text() : '';
        globalThis.__sent.push({ url: request.url, authorization: request.headers.get('authorization') ?? '', body });
        return real(input, init);
    };
";

/// One request of the page's own.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Where to.
    pub url: String,
    /// The header, or nothing.
    pub authorization: String,
    /// Of a POST.
    pub body: String,
}

impl Page {
    /// Keeps each violation of a page's policy from now on.
    pub async fn watch_policy(&self) {
        self.on_new_pages(WATCH_POLICY).await;
    }

    /// What the policy of the present page has stopped.
    pub async fn violations(&self) -> Vec<String> {
        let found = self.js("return globalThis.__violations", &[]).await;
        let lines = found.as_array().expect("the policy is watched").iter();
        lines.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Keeps a copy of each request of a page from now on.
    pub async fn watch_requests(&self) {
        self.on_new_pages(WATCH_FETCH).await;
    }

    /// What the present page has sent.
    pub async fn sent(&self) -> Vec<Sent> {
        let found = self.js("return globalThis.__sent", &[]).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        found
            .as_array()
            .expect("requests are watched")
            .iter()
            .map(|sent| Sent {
                url: text(&sent["url"]),
                authorization: text(&sent["authorization"]),
                body: text(&sent["body"]),
            })
            .collect()
    }
}
