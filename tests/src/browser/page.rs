//! The browser's windows as a person sees them: what is said, what can be clicked, what is typed.
//!
//! Selectors are looked up in the element's shadow root where there is one, else in the document. Every
//! wait has a deadline; a wait that fails says what was on screen and where its picture is.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use fantoccini::Client;
use fantoccini::elements::{Element, ElementRef};
use fantoccini::error::CmdError;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use http::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use url::{ParseError, Url};

use super::pictures;

/// How long anything may take before the test gives up: a guard, no judgement of speed.
const PATIENCE: Duration = Duration::from_secs(45);
const LOOK_EVERY: Duration = Duration::from_millis(40);
/// WebDriver's name of an element reference.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// In front of every script.
const PRELUDE: &str = "
    const host = document.querySelector('portico-connections');
    const root = host?.shadowRoot ?? document;
    const $ = (s) => root.querySelector(s);
    const $$ = (s) => [...root.querySelectorAll(s)];
    const said = (e) => (e?.innerText ?? e?.textContent ?? '').replace(/\\s+/g, ' ').trim();
    const seen = (e) => e.checkVisibility({ visibilityProperty: true });
";

/// Which colours the system asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// As in `prefers-color-scheme`, and in the names of pictures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The windows of one browser; one of them is looked at.
#[derive(Clone)]
pub struct Page {
    client: Client,
    home: WindowHandle,
    name: String,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Page({})", self.name)
    }
}

impl Page {
    pub(super) async fn new(client: Client, name: &str) -> Self {
        let home = client.window().await.expect("a first window");
        let name = name.to_owned();
        Self { client, home, name }
    }

    /// Opens an address in the present window.
    pub async fn open(&self, url: &str) {
        if let Err(error) = self.client.goto(url).await {
            self.fail(&format!("{url} does not open: {error}")).await;
        }
    }

    /// The present window's address.
    pub async fn url(&self) -> String {
        text_of(&self.js("return location.href", &[]).await)
    }

    /// Loads the present page again.
    pub async fn reload(&self) {
        if let Err(error) = self.client.refresh().await {
            self.fail(&format!("reloading: {error}")).await;
        }
    }

    /// Runs a script in the page. `$`, `$$` look things up, `said` gives visible text, `seen` tells visibility.
    pub async fn js(&self, script: &str, arguments: &[Value]) -> Value {
        match self.try_js(script, arguments).await {
            Ok(value) => value,
            Err(error) => self.fail(&format!("{script}: {error}")).await,
        }
    }

    /// Waits until a script gives something true, and gives it.
    pub async fn until(&self, what: &str, script: &str, arguments: &[Value]) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // A page that is just being left has no answer; the next one will.
            let last = match self.try_js(script, arguments).await {
                Ok(value) if is_true(&value) => return value,
                Ok(value) => value.to_string(),
                Err(error) => error.to_string(),
            };
            if Instant::now() >= deadline {
                self.fail(&format!("waited in vain for {what}; last: {last}"))
                    .await;
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until something is to be seen.
    pub async fn see(&self, selector: &str) {
        let script = "return $$(arguments[0]).some(seen)";
        self.until(selector, script, &[json!(selector)]).await;
    }

    /// Waits until something is not to be seen.
    pub async fn see_no(&self, selector: &str) {
        let script = "return !$$(arguments[0]).some(seen)";
        self.until(&format!("no {selector}"), script, &[json!(selector)])
            .await;
    }

    /// Waits until some element says this.
    pub async fn read(&self, selector: &str, text: &str) {
        let script =
            "return $$(arguments[0]).some((e) => seen(e) && said(e).includes(arguments[1]))";
        let what = format!("{selector} to say {text:?}");
        self.until(&what, script, &[json!(selector), json!(text)])
            .await;
    }

    /// What the first of them says now, in one line.
    pub async fn text(&self, selector: &str) -> String {
        text_of(
            &self
                .js("return said($(arguments[0]))", &[json!(selector)])
                .await,
        )
    }

    /// What each of them says now.
    pub async fn texts(&self, selector: &str) -> Vec<String> {
        let script = "return $$(arguments[0]).filter(seen).map(said)";
        let found = self.js(script, &[json!(selector)]).await;
        found
            .as_array()
            .into_iter()
            .flatten()
            .map(text_of)
            .collect()
    }

    /// How many there are now, seen or not.
    pub async fn count(&self, selector: &str) -> u64 {
        let script = "return $$(arguments[0]).length";
        self.js(script, &[json!(selector)])
            .await
            .as_u64()
            .unwrap_or_default()
    }

    /// Clicks as a person does, once it can be clicked.
    pub async fn click(&self, selector: &str) {
        self.click_one(selector, "").await;
    }

    /// Clicks the one that says this.
    pub async fn click_text(&self, selector: &str, text: &str) {
        self.click_one(selector, text).await;
    }

    async fn click_one(&self, selector: &str, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let last = match self.find(selector, text).await {
                Ok(Some(element)) => match element.click().await {
                    Ok(()) => return,
                    // The click itself may close the window it was made in.
                    Err(error) if error.is_no_such_window() => return,
                    Err(error) => error.to_string(),
                },
                Ok(None) => "there is none".to_owned(),
                Err(error) => error.to_string(),
            };
            if Instant::now() >= deadline {
                self.fail(&format!("cannot click {selector} {text:?}: {last}"))
                    .await;
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Types into a field, in place of what stands there.
    pub async fn write(&self, selector: &str, text: &str) {
        self.see(selector).await;
        let typed = async {
            let element = self.find(selector, "").await?;
            if let Some(element) = element {
                element.click().await?;
                // ChromeDriver puts the caret behind what stands in a field of a shadow root, whatever was selected.
                let clear = "const field = $(arguments[0]);
                    if (field.value) {
                        field.value = '';
                        field.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
                    }";
                self.try_js(clear, &[json!(selector)]).await?;
                element.send_keys(text).await?;
            }
            Ok::<(), CmdError>(())
        };
        if let Err(error) = typed.await {
            self.fail(&format!("cannot type into {selector}: {error}"))
                .await;
        }
    }

    /// Chooses a file of this machine in a file field.
    pub async fn choose_file(&self, selector: &str, path: &std::path::Path) {
        self.see(selector).await;
        let chosen = async {
            if let Some(element) = self.find(selector, "").await? {
                element.send_keys(&path.display().to_string()).await?;
            }
            Ok::<(), CmdError>(())
        };
        if let Err(error) = chosen.await {
            self.fail(&format!("cannot choose a file in {selector}: {error}"))
                .await;
        }
    }

    /// Chooses an option of a list by its value, as the browser tells of it.
    pub async fn choose_option(&self, selector: &str, value: &str) {
        let script = "const list = $(arguments[0]);
            if (![...(list?.options ?? [])].some((option) => option.value === arguments[1])) return false;
            list.value = arguments[1];
            list.dispatchEvent(new Event('change', { bubbles: true, composed: true }));
            return true";
        self.until(
            &format!("{selector} to offer {value}"),
            script,
            &[json!(selector), json!(value)],
        )
        .await;
    }

    /// Presses keys where the focus is.
    pub async fn press(&self, keys: &str) {
        let pressed = async { self.client.active_element().await?.send_keys(keys).await };
        if let Err(error) = pressed.await {
            self.fail(&format!("cannot press {keys:?}: {error}")).await;
        }
    }

    async fn find(&self, selector: &str, text: &str) -> Result<Option<Element>, CmdError> {
        let script = "return $$(arguments[0]).find((e) => seen(e) && said(e).includes(arguments[1])) ?? null";
        let found = self.try_js(script, &[json!(selector), json!(text)]).await?;
        let id = found.get(ELEMENT).and_then(Value::as_str);
        Ok(id.map(|id| {
            Element::from_element_id(self.client.clone(), ElementRef::from(id.to_owned()))
        }))
    }

    async fn try_js(&self, script: &str, arguments: &[Value]) -> Result<Value, CmdError> {
        let script = format!("{PRELUDE}{script}");
        self.client.execute(&script, arguments.to_vec()).await
    }

    /// Clicks by script, which is no gesture of a person's.
    pub async fn click_without_gesture(&self, selector: &str) {
        self.see(selector).await;
        let click = format!(
            "document.querySelector('portico-connections').shadowRoot.querySelector({}).click()",
            json!(selector)
        );
        let parameters = json!({ "expression": click, "userGesture": false });
        self.devtools("Runtime.evaluate", parameters).await;
    }

    /// Turns to the window that was opened last.
    pub async fn turn_to_other(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let others = self.windows().await;
            if let Some(other) = others.iter().rfind(|window| **window != self.home)
                && self.client.switch_to_window(other.clone()).await.is_ok()
            {
                return;
            }
            if Instant::now() >= deadline {
                self.fail("no other window opens").await;
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Turns back to the first window.
    pub async fn turn_home(&self) {
        self.client
            .switch_to_window(self.home.clone())
            .await
            .expect("the first window is still there");
    }

    /// Opens an empty tab and turns to it.
    pub async fn open_tab(&self) {
        let tab = self.client.new_window(true).await.expect("a new tab");
        let turned = self.client.switch_to_window(tab.handle).await;
        turned.expect("the new tab can be turned to");
    }

    /// Closes the present window, as a person does, and turns home.
    pub async fn close(&self) {
        self.client.close_window().await.expect("the window closes");
        self.turn_home().await;
    }

    /// Waits until only the first window is left, and turns to it.
    pub async fn home_alone(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.windows().await.len() > 1 {
            if Instant::now() >= deadline {
                self.fail("the other window does not close").await;
            }
            sleep(LOOK_EVERY).await;
        }
        self.turn_home().await;
    }

    /// How many windows are open.
    pub async fn windows(&self) -> Vec<WindowHandle> {
        self.client.windows().await.unwrap_or_default()
    }

    /// The system's colours, for the present window.
    pub async fn emulate(&self, theme: Theme) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": theme.name() },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await;
        let drawn = "return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
        self.until("two frames", drawn, &[]).await;
    }

    /// Size of the present window's page, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await;
        self.until(
            "the size",
            "return innerWidth === arguments[0]",
            &[json!(width)],
        )
        .await;
    }

    /// Runs a script in every page that this window opens from now on, before the page's own.
    pub async fn on_new_pages(&self, source: &str) {
        let parameters = json!({ "source": source });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", parameters)
            .await;
    }

    /// Calls the browser's own tools.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let asked = Post(
            "goog/cdp/execute",
            json!({ "cmd": command, "params": parameters }),
        );
        match self.client.issue_cmd(asked).await {
            Ok(value) => value,
            Err(error) => self.fail(&format!("{command}: {error}")).await,
        }
    }

    /// What the browser wrote to its log since the last time: level and message.
    pub async fn log(&self) -> Vec<(String, String)> {
        let asked = Post("se/log", json!({ "type": "browser" }));
        let entries = self
            .client
            .issue_cmd(asked)
            .await
            .expect("the browser's log");
        let member = |entry: &Value, name: &str| text_of(&entry[name]);
        entries
            .as_array()
            .into_iter()
            .flatten()
            .map(|entry| (member(entry, "level"), member(entry, "message")))
            .collect()
    }

    /// A picture of what is in sight, under this name.
    pub async fn picture(&self, name: &str) -> PathBuf {
        self.keep(name, self.client.screenshot().await.ok()).await
    }

    async fn keep(&self, name: &str, picture: Option<Vec<u8>>) -> PathBuf {
        let path = pictures().join(format!("{name}.png"));
        let written = picture.map(|bytes| std::fs::write(&path, bytes));
        if !matches!(written, Some(Ok(()))) {
            self.fail(&format!("no picture {name}: {written:?}")).await;
        }
        path
    }

    /// A picture of one element, whole, also where it is taller than the window.
    pub async fn picture_of(&self, name: &str, selector: &str) -> PathBuf {
        let script = "const b = $$(arguments[0]).find(seen).getBoundingClientRect();
            return { x: b.x + scrollX, y: b.y + scrollY, width: b.width, height: b.height, scale: 1 }";
        let clip = self.js(script, &[json!(selector)]).await;
        let asked = json!({ "format": "png", "clip": clip, "captureBeyondViewport": true });
        let answer = self.devtools("Page.captureScreenshot", asked).await;
        let bytes = BASE64_STANDARD.decode(text_of(&answer["data"]));
        self.keep(name, bytes.ok()).await
    }

    /// Fails the test with what is on screen.
    pub async fn fail(&self, what: &str) -> ! {
        let folder = pictures().join("failures");
        let path = folder.join(format!("{}.png", self.name));
        let _ = std::fs::create_dir_all(&folder);
        let bytes = self.client.screenshot().await.unwrap_or_default();
        let shot = match std::fs::write(&path, bytes) {
            Ok(()) => path.display().to_string(),
            Err(error) => format!("none, for {error}"),
        };
        let script = "return [location.href, said(root === document ? document.body : root.firstElementChild)]";
        let screen = self.try_js(script, &[]).await.unwrap_or_default();
        let log = Post("se/log", json!({ "type": "browser" }));
        let log = self.client.issue_cmd(log).await.unwrap_or_default();
        panic!("{what}\n  on screen: {screen}\n  picture: {shot}\n  log: {log}");
    }
}

/// A command of ChromeDriver's own.
#[derive(Debug)]
struct Post(&'static str, Value);

impl WebDriverCompatibleCommand for Post {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.0
        ))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.1.to_string()))
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Array(_) | Value::Object(_) => true,
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
