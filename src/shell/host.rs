//! What the page around the widget says and hears: its choices, and the events it is sent.
//! Owns these words; `www/portico-connections.d.ts` says the same to partners.

use serde::Deserialize;
use serde_json::Value;

/// Where the widget stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Layout {
    /// The whole page is ours.
    Page,
    /// A part of a partner's page.
    #[default]
    Embedded,
}

/// Where the present view's address is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Routing {
    /// In the address bar, behind the `#`.
    Hash,
    /// In memory: the address bar belongs to the partner's page.
    Memory,
}

/// News for the page: ids and status words, never a secret (threat model, section 5).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HostEvent {
    /// Name of the `CustomEvent`, e.g. `portico-connection-added`.
    pub(crate) name: &'static str,
    /// Its `detail`.
    pub(crate) detail: Value,
}

/// What the browser calls itself.
pub(crate) fn user_agent() -> String {
    let agent = web_sys::window().and_then(|window| window.navigator().user_agent().ok());
    agent.unwrap_or_default()
}
