//! The proxy's news (`GET /v1/events`), read from a fetch because `EventSource` carries no session.
//! Owns staying connected; the framing is `core::sse`, what an event means is the app's.

use super::clock::now_seconds;
use super::proxy::Proxy;
use super::task::Task;
use super::timer::{sleep, within};
use super::{problem, random};
use js_sys::{Reflect, Uint8Array};
use portico_core::error::ErrorCode;
use portico_core::reading::from_json;
use portico_core::sse::EventStreamParser;
use portico_core::wire::{Event, Problem, UnixSeconds};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStreamDefaultReader;
use yew::Callback;

/// The proxy sends a sign of life every 15 s; three missing ones mean a dead connection.
const SILENCE_MS: u32 = 45_000;
const FIRST_WAIT_MS: u32 = 1_000;
const LONGEST_WAIT_MS: u32 = 30_000;

/// Whether news arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamState {
    /// The stream is open.
    Live,
    /// It is being tried again.
    Lost {
        /// Since when nothing arrives.
        since: UnixSeconds,
    },
}

/// Hears the proxy's news until it is dropped.
#[must_use = "a dropped subscription hears nothing"]
pub(crate) struct Subscription {
    _task: Task,
}

/// Reports each event in order, [`StreamState::Live`] each time the stream opens, and each loss once.
///
/// After a gap the stream goes on behind the last event, or begins with [`Event::Reset`]. A stream
/// that opens before any event was heard knows of no gap: what was read before it opened may be old.
pub(crate) fn subscribe(
    proxy: Proxy,
    on_event: Callback<Event>,
    on_state: Callback<StreamState>,
) -> Subscription {
    let mut stream = Stream {
        proxy,
        on_event,
        on_state,
        parser: EventStreamParser::default(),
        last_event_id: String::new(),
        lost: false,
    };
    Subscription {
        _task: Task::spawn(async move { stream.follow().await }),
    }
}

struct Stream {
    proxy: Proxy,
    on_event: Callback<Event>,
    on_state: Callback<StreamState>,
    parser: EventStreamParser,
    last_event_id: String,
    lost: bool,
}

impl Stream {
    async fn follow(&mut self) {
        let mut wait = FIRST_WAIT_MS;
        loop {
            // The proxy ends each stream with its session: opened again at once, it is no loss.
            if self.read_one().await.is_ok() {
                wait = FIRST_WAIT_MS;
            } else {
                if !self.lost {
                    self.lost = true;
                    let since = now_seconds();
                    self.on_state.emit(StreamState::Lost { since });
                }
                sleep(wait / 2 + random::below(wait / 2)).await;
                wait = (wait * 2).min(LONGEST_WAIT_MS);
                continue;
            }
            // Not at full speed, should every stream end as soon as it is opened.
            sleep(FIRST_WAIT_MS / 2 + random::below(FIRST_WAIT_MS)).await;
        }
    }

    /// One stream from head to end. An error if it never opened, or broke off.
    async fn read_one(&mut self) -> Result<(), Box<Problem>> {
        let broken = || Box::new(Problem::of(ErrorCode::ProxyUnreachable));
        let (response, _cancel) = self.proxy.events(&self.last_event_id).await?;
        let body = response.body().ok_or_else(broken)?;
        let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
        self.lost = false;
        self.on_state.emit(StreamState::Live);
        self.parser = EventStreamParser::default();
        loop {
            let Some(read) = within(SILENCE_MS, JsFuture::from(reader.read())).await else {
                return Err(problem(
                    ErrorCode::ProxyUnreachable,
                    "The proxy has gone silent.",
                ));
            };
            let chunk = read.map_err(|_| broken())?;
            let member = |name: &str| Reflect::get(&chunk, &JsValue::from_str(name));
            if member("done").is_ok_and(|done| done.is_truthy()) {
                return Ok(());
            }
            let bytes: Uint8Array = member("value")
                .ok()
                .and_then(|value| value.dyn_into().ok())
                .ok_or_else(broken)?;
            self.take(&bytes.to_vec());
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for framed in self.parser.push(bytes) {
            if !framed.id.is_empty() {
                self.last_event_id.clone_from(&framed.id);
            }
            // An event of a newer proxy is passed over.
            if let Ok(event) = from_json(&framed.data) {
                self.on_event.emit(event);
            }
        }
    }
}
