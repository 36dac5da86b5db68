//! What a page sends and what its policy stops, seen from inside the page.
//! Owns the watching scripts; they change nothing of what the page does.

use serde_json::Value;

use super::page::Page;

const WATCH_POLICY: &str = "
    globalThis.__violations = [];
    document.addEventListener('securitypolicyviolation', (event) => globalThis.__violations.push(
        `${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`));
";

const WATCH_FETCH: &str = "{
    globalThis.__sent = [];
    const real = globalThis.fetch;
    globalThis.fetch = async (input, init) => {
        const request = new Request(input instanceof Request ? input.clone() : input, init);
        const copy = request.method === 'POST' ? await request.clone().text() : '';
        const authorization = request.headers.get('authorization') ?? '';
        globalThis.__sent.push({ url: request.url, authorization, body: copy });
        return real(input, init);
    };
}";

/// Counts what outlives a call: requests whose answer is still being read, intervals, listeners of the window,
/// channels.
const WATCH_LEFTOVERS: &str = "{
    const open = { requests: new Set(), intervals: new Set(), listeners: 0, channels: new Set() };
    globalThis.__open = open;
    const { fetch, setInterval, clearInterval } = globalThis;
    globalThis.fetch = async (input, init) => {
        const request = new Request(input instanceof Request ? input.clone() : input, init);
        open.requests.add(request.url);
        const over = () => open.requests.delete(request.url);
        request.signal.addEventListener('abort', over);
        try {
            const response = await fetch(input, init);
            const read = response.clone().text();
            read.then(over, over);
            return response;
        } catch (error) { over(); throw error; }
    };
    globalThis.setInterval = (...rest) => { const id = setInterval(...rest); open.intervals.add(id); return id; };
    globalThis.clearInterval = (id) => { open.intervals.delete(id); clearInterval(id); };
    const { addEventListener, removeEventListener } = globalThis;
    globalThis.addEventListener = (...rest) => { open.listeners += 1; addEventListener(...rest); };
    globalThis.removeEventListener = (...rest) => { open.listeners -= 1; removeEventListener(...rest); };
    const Channel = globalThis.BroadcastChannel;
    globalThis.BroadcastChannel = class extends Channel {
        constructor(name) { super(name); open.channels.add(name); }
        close() { open.channels.delete(this.name); super.close(); }
    };
}";

const WATCH_FILES: &str = "{
    globalThis.__files = [];
    const blobs = new Map();
    const create = URL.createObjectURL;
    URL.createObjectURL = (blob) => { const url = create.call(URL, blob); blobs.set(url, blob); return url; };
    const { click } = HTMLAnchorElement.prototype;
    HTMLAnchorElement.prototype.click = function () {
        if (!this.download) return click.call(this);
        globalThis.__files.push({ name: this.download, blob: blobs.get(this.href) });
    };
}";

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

    /// Keeps what pages hand out as files from now on, instead of saving it.
    pub async fn watch_files(&self) {
        self.on_new_pages(WATCH_FILES).await;
    }

    /// Waits until the present page has handed out so many files; each with its name and text.
    pub async fn files(&self, count: usize) -> Vec<(String, String)> {
        let script = "return globalThis.__files.length >= arguments[0] && (async () =>
            Promise.all(globalThis.__files.map(async ({ name, blob }) => [name, await blob.text()])))()";
        let found = self.until("a file", script, &[count.into()]).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let files = found.as_array().into_iter().flatten();
        files.map(|file| (text(&file[0]), text(&file[1]))).collect()
    }

    /// Counts what the present window's pages leave open from now on.
    pub async fn watch_leftovers(&self) {
        self.on_new_pages(WATCH_LEFTOVERS).await;
    }

    /// What is open now: requests, intervals, listeners of the window, channels.
    pub async fn leftovers(&self) -> Value {
        let script = "const o = globalThis.__open;
            return { requests: [...o.requests], intervals: o.intervals.size, listeners: o.listeners, channels: o.channels.size }";
        self.js(script, &[]).await
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
