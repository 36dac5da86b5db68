//! Help pages: adding a portal with its exact scopes (J33), and what each status asks for (J23).

use super::flow_dialog::scope_list;
use super::{Scene, before_you_start, status};
use portico_core::connection_type::ConnectionType;
use portico_core::route::{HelpPage, Route};
use portico_core::scopes::{self, Configured};
use portico_core::status::Status;
use yew::prelude::*;

pub(crate) fn view(scene: &Scene<'_>, page: HelpPage) -> Html {
    match page {
        HelpPage::Connecting => connecting(scene),
        HelpPage::Reconnecting => reconnecting(),
    }
}

const STEPS: [(&str, &str); 5] = [
    (
        "Choose Add Portal",
        "On Client Accounts, at the top right. Choose the connection type: Config + Audit for a client portal, Config Only for a destination portal, Audit Only for a prospect.",
    ),
    (
        "Continue to HubSpot",
        "A window with HubSpot's own page opens. If your browser blocks it, Portico shows a link instead.",
    ),
    (
        "Pick the portal",
        "Sign in if HubSpot asks, and choose the account to connect.",
    ),
    (
        "Review the permissions and choose Connect app",
        "Required permissions must be granted. Optional ones may be left out; the parts that need them are then marked.",
    ),
    (
        "Done",
        "The window closes, the portal stands in the table, and its metadata is retrieved by itself.",
    ),
];

fn connecting(scene: &Scene<'_>) -> Html {
    let asked = scene.ready.hubspot().map(|info| {
        let configured = Configured {
            required: &info.required_scopes,
            optional: &info.optional_scopes,
        };
        scopes::asked_for(ConnectionType::ConfigAndAudit, &configured)
    });
    html! {
        <div class="page narrow prose">
            <header class="page-head"><div>
                <h1>{ "Adding a portal" }</h1>
                <p>{ "Portico uses OAuth 2.0 with PKCE. No step asks for an API key, and no password or token is typed here." }</p>
            </div></header>
            <section class="card pad stack"><h2>{ "Before you start" }</h2>{ before_you_start::list() }</section>
            <section class="card pad stack">
                <h2>{ "Step by step" }</h2>
                <ol class="steps">{ for STEPS.iter().map(|(title, text)| html! { <li><strong>{ title }</strong><p>{ text }</p></li> }) }</ol>
            </section>
            if let Some(asked) = asked {
                <section class="card pad stack">
                    <h2>{ "Permissions asked for" }</h2>
                    <p class="muted">{ "These exact scopes stand in the authorization request. Audit Only leaves out those that write." }{ " " }
                        <a href={Route::Scopes.hash()} onclick={scene.nav(&Route::Scopes)}>{ "What each scope enables" }</a>
                    </p>
                    <h3>{ "Required" }</h3>
                    { scope_list(&asked.scope) }
                    <h3>{ "Optional" }</h3>
                    { scope_list(&asked.optional_scope) }
                </section>
            }
        </div>
    }
}

const STATUSES: [(Status, &str, &str); 6] = [
    (
        Status::Connected,
        "The authorization is valid and calls succeed. It is refreshed in the background.",
        "Nothing to do.",
    ),
    (
        Status::ConnectedLimited,
        "The authorization is valid, and some optional permission was not granted. What can be read stays readable.",
        "Reconnect and grant all to open the marked parts.",
    ),
    (
        Status::Checking,
        "HubSpot is slow or answers with faults. Nothing is concluded from that.",
        "Nothing to do; Portico tries again by itself.",
    ),
    (
        Status::NeedsReconnection,
        "The authorization must be refreshed. This is not a fault: the authorising user's rights changed, the app needs more permissions, the app was removed, or the account changed.",
        "Choose Reconnect in the row. There is no deadline; what was retrieved stays readable, new calls wait.",
    ),
    (
        Status::Disconnected,
        "The authorization was revoked here, or the app was removed in HubSpot.",
        "Connect again. Label, type and history stay.",
    ),
    (
        Status::Suspended,
        "HubSpot is moving the account, or the app's own set-up is at fault.",
        "Wait, or tell the operator.",
    ),
];

fn reconnecting() -> Html {
    html! {
        <div class="page narrow prose">
            <header class="page-head"><div>
                <h1>{ "Status and reconnecting" }</h1>
                <p>{ "What each status means, and what to do about it." }</p>
            </div></header>
            { for STATUSES.iter().map(|(status, meaning, action)| html! {
                <section class="card pad stack tight"><div>{ status::badge(*status) }</div><p>{ meaning }</p><p class="muted">{ action }</p></section>
            }) }
            <section class="card pad stack">
                <h2>{ "How to reconnect" }</h2>
                <ol class="steps">
                    <li><strong>{ "Choose Reconnect in the portal's row" }</strong><p>{ "Anybody who may install approved apps in that portal can do it, not only the person who connected it first." }</p></li>
                    <li><strong>{ "Confirm the same portal on HubSpot's page" }</strong><p>{ "Another portal is refused, and nothing is changed." }</p></li>
                    <li><strong>{ "Choose Connect app" }</strong><p>{ "The row turns green by itself. Only the authorization is replaced." }</p></li>
                </ol>
            </section>
        </div>
    }
}
