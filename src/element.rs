//! All that JavaScript can call: mount, unmount, and the styles to adopt.
//! Owns the options' form; `www/portico-connections.js` is the only caller.

use crate::app::{App, AppProps};
use crate::shell::host::{HostEvent, Layout, Routing};
use crate::shell::session::SessionSource;
use js_sys::{Function, JSON};
use portico_core::reading::from_json;
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use web_sys::HtmlElement;
use yew::{AppHandle, Callback, Renderer};

/// The widget's stylesheet, for `adoptedStyleSheets`.
const STYLES: &str = concat!(
    include_str!("../www/styles.css"),
    include_str!("../www/rooms.css")
);

const INVALID_OPTIONS: &str = "invalid options: proxyUrl must be a text, returnUri a text or nothing, \
    session \"solo\" or \"host\", layout \"page\" or \"embedded\", routing \"hash\" or \"memory\", and there \
    may be nothing else";

/// What the element reads from its attributes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Options {
    proxy_url: String,
    #[serde(default)]
    return_uri: Option<String>,
    session: Session,
    #[serde(default)]
    layout: Layout,
    /// By default what the layout implies.
    #[serde(default)]
    routing: Option<Routing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Session {
    Solo,
    Host,
}

/// A mounted widget.
#[wasm_bindgen]
pub struct Widget {
    app: AppHandle<App>,
}

#[wasm_bindgen]
impl Widget {
    /// Draws the widget into `host`, an element of the shadow root.
    ///
    /// `options`: `{proxyUrl, returnUri?, session: "solo"|"host", layout?: "page"|"embedded",
    /// routing?: "hash"|"memory"}`; nothing else. `get_session` is needed for `session: "host"`.
    /// `emit(name, detail)` dispatches an event to the page.
    pub fn mount(
        host: HtmlElement,
        options: &JsValue,
        get_session: Option<Function>,
        emit: Function,
    ) -> Result<Widget, JsError> {
        // By way of text, because serde-wasm-bindgen passes over unknown members.
        let text = JSON::stringify(options)
            .map(String::from)
            .map_err(|_| JsError::new("the options are no plain object"))?;
        let options: Options = from_json(&text).map_err(|_| JsError::new(INVALID_OPTIONS))?;
        let session = match (options.session, get_session) {
            (Session::Solo, _) => SessionSource::Solo,
            (Session::Host, Some(ask)) => SessionSource::Host(ask),
            (Session::Host, None) => {
                return Err(JsError::new(
                    "session=\"host\" needs the getSession property",
                ));
            }
        };
        let routing = options.routing.unwrap_or(match options.layout {
            Layout::Page => Routing::Hash,
            Layout::Embedded => Routing::Memory,
        });
        let props = AppProps {
            proxy_url: options.proxy_url,
            return_uri: options.return_uri,
            session,
            layout: options.layout,
            routing,
            emit: Callback::from(move |event: HostEvent| tell(&emit, &event)),
        };
        let app = Renderer::<App>::with_root_and_props(host.into(), props).render();
        Ok(Self { app })
    }

    /// Takes the widget away, with every listener, timer and request of it.
    pub fn unmount(self) {
        self.app.destroy();
    }
}

/// The widget's stylesheet.
#[allow(
    unreachable_pub,
    reason = "wasm-bindgen exports public functions only, and JavaScript is who reaches it"
)]
#[wasm_bindgen]
pub fn styles() -> String {
    STYLES.to_owned()
}

fn tell(emit: &Function, event: &HostEvent) {
    let plain = Serializer::json_compatible();
    let detail = event.detail.serialize(&plain).unwrap_or(JsValue::NULL);
    // The page's own listeners may throw; the widget does not fall with them.
    let _ = emit.call2(&JsValue::UNDEFINED, &event.name.into(), &detail);
}
