//! Add Portal and Reconnect: one dialog that follows the flow from choice to outcome (J4, J7–J9, S6–S11).

use super::dialog::{Modal, type_picker};
use super::icon::Icon;
use super::{Scene, before_you_start, notice, place, trace};
use crate::app::{Action, EntryAction, GitAction};
use portico_core::connection_type::ConnectionType;
use portico_core::error::ErrorCode;
use portico_core::flow::{Phase, Window};
use portico_core::scopes::{self, Configured};
use portico_core::status::display_name;
use portico_core::text::visible;
use portico_core::tier::read_tier;
use portico_core::wire::{CompletedFlow, Connection, Intent, Problem, Provider};
use yew::prelude::*;

pub(crate) fn view(
    scene: &Scene<'_>,
    provider: Provider,
    intent: Intent,
    known: Option<&Connection>,
    chosen: ConnectionType,
) -> Html {
    let title = match known {
        Some(connection) if intent == Intent::Upgrade => {
            format!("More permissions for {}", display_name(connection))
        }
        Some(connection) if intent != Intent::Connect => {
            format!("Reconnect {}", display_name(connection))
        }
        _ if provider == Provider::Github => "Connect Git".to_owned(),
        _ => "Add Portal".to_owned(),
    };
    let on_close = scene.act.reform(|()| Action::CloseDialog);
    let (lead, body, foot) = match scene.ready.flow.phase() {
        Phase::Idle if provider == Provider::Github => choosing_github(scene, intent, known),
        Phase::Idle => choosing(scene, intent, known, chosen),
        Phase::Registering { window, .. } | Phase::AwaitingConsent { window, .. } => {
            waiting(scene, provider, window)
        }
        Phase::AwaitingClaim { .. } => handing_over(scene, provider),
        Phase::Completing { .. } => finishing(scene, provider),
        Phase::Done(completed) if provider == Provider::Github => done_github(scene, &completed),
        Phase::Done(completed) => done(scene, &completed),
        // The catalogue's own words are HubSpot's.
        Phase::Failed(problem) => failed(scene, &problem.about(provider)),
    };
    let steps = !matches!(scene.ready.flow.phase(), Phase::Idle);
    html! {
        <Modal {title} {lead} {on_close} {foot}>
            { body }
            if steps { { trace::fold(&scene.ready.flow.trace()) } }
        </Modal>
    }
}

type Parts = (String, Html, Html);

fn choosing(
    scene: &Scene<'_>,
    intent: Intent,
    known: Option<&Connection>,
    chosen: ConnectionType,
) -> Parts {
    let asked = scene.ready.hubspot().map(|info| {
        let configured = Configured {
            required: &info.required_scopes,
            optional: &info.optional_scopes,
        };
        let granted = known.map_or(&[][..], |known| &known.grant.granted);
        scopes::asked_by(intent, chosen, granted, &configured)
    });
    let start = scene.start.reform(|_: MouseEvent| ());
    let body = html! {
        <>
            if intent == Intent::Connect {
                { type_picker(scene, chosen) }
            } else if let (Intent::Upgrade, Some(connection), Some(asked)) = (intent, known, &asked) {
                { growth(connection, asked) }
            } else if let Some(connection) = known {
                <p>{ format!("Choose the same portal on HubSpot's page: {} ({}). Exactly the permissions it already has are asked for, and nothing else changes: label, type, history and metadata stay.", display_name(connection), place::described(scene, connection)) }</p>
            }
            if let Some(asked) = &asked {
                <details class="fold">
                    <summary>{ format!("Permissions HubSpot will ask for ({})", asked.scope.len() + asked.optional_scope.len()) }</summary>
                    <div>
                        <div class="stack tight"><h3>{ "Required" }</h3>{ scope_list(&asked.scope) }</div>
                        if !asked.optional_scope.is_empty() {
                            <div class="stack tight"><h3>{ "Optional, left out where your account does not have them" }</h3>{ scope_list(&asked.optional_scope) }</div>
                        }
                    </div>
                </details>
            } else {
                { notice::line("bad", Icon::TriangleAlert, "The operator has not configured HubSpot on this proxy.") }
            }
            <details class="fold" open={scene.ready.of(Provider::Hubspot).next().is_none()}>
                <summary>{ "Before you start" }</summary>
                <div>{ before_you_start::list() }</div>
            </details>
            if intent == Intent::Connect {
                <p class="small muted">
                    { "Nobody can pass HubSpot's consent page? " }
                    <button id="token-instead" type="button" class="link" onclick={scene.click(Action::Entry(EntryAction::Open(None)))}>{ "Use a private app token instead" }</button>
                </p>
            }
        </>
    };
    let foot = html! {
        <>
            <button type="button" class="button" onclick={scene.click(Action::CloseDialog)}>{ "Cancel" }</button>
            <button id="continue-to-hubspot" type="button" class="button primary" disabled={asked.is_none()} onclick={start}>
                { "Continue to HubSpot" }{ Icon::ExternalLink.svg() }
            </button>
        </>
    };
    let lead = match intent {
        Intent::Connect => {
            "Choose what this portal is for. HubSpot then asks you to pick the portal and to review the permissions."
        }
        Intent::Reconnect => {
            "Refresh the authorization. You need not be the person who connected it first."
        }
        Intent::Upgrade => {
            "Grant what this connection does not hold yet. New permissions take a Super Admin of the portal, or the App Marketplace Access permission."
        }
    };
    (lead.to_owned(), body, foot)
}

/// What an upgrade asks on top of what is granted, each with its reason (D68, S8).
fn growth(connection: &Connection, asked: &scopes::Asked) -> Html {
    let all = asked.scope.iter().chain(&asked.optional_scope);
    let new: Vec<String> = all
        .filter(|scope| !connection.grant.granted.contains(scope))
        .cloned()
        .collect();
    html! {
        <>
            <p>{ format!("Choose the same portal on HubSpot's page: {} (portal {}). What is granted stays granted; label, type, history and metadata stay.", display_name(connection), connection.account.portal_id) }</p>
            if new.is_empty() {
                { notice::line("good", Icon::Info, "This connection holds every permission its type asks for.") }
            } else {
                <div class="stack tight"><h3>{ "New" }</h3>{ scope_list(&new) }</div>
            }
        </>
    }
}

/// GitHub's page asks whose account and what for; there is nothing to choose here (D37, D38).
fn choosing_github(scene: &Scene<'_>, intent: Intent, known: Option<&Connection>) -> Parts {
    let info = scene.ready.info(Provider::Github);
    let start = scene.start.reform(|_: MouseEvent| ());
    let body = html! {
        <>
            if let Some(connection) = known {
                <p>{ format!("Sign in to GitHub as the same account: {}. Nothing else changes: the label and the linked repositories stay.", display_name(connection)) }</p>
            }
            if let Some(info) = info {
                if !info.required_scopes.is_empty() {
                    <details class="fold">
                        <summary>{ format!("Permissions GitHub will ask for ({})", info.required_scopes.len()) }</summary>
                        <div>{ scope_list(&info.required_scopes) }</div>
                    </details>
                }
            } else {
                { notice::line("bad", Icon::TriangleAlert, "The operator has not configured GitHub on this proxy.") }
            }
            <details class="fold" open={known.is_none()}>
                <summary>{ "Before you start" }</summary>
                <div>{ before_you_start::list_of(Provider::Github) }</div>
            </details>
        </>
    };
    let foot = html! {
        <>
            <button type="button" class="button" onclick={scene.click(Action::CloseDialog)}>{ "Cancel" }</button>
            <button id="continue-to-github" type="button" class="button primary" disabled={info.is_none()} onclick={start}>
                { "Continue to GitHub" }{ Icon::ExternalLink.svg() }
            </button>
        </>
    };
    let lead = match intent {
        Intent::Connect => {
            "GitHub asks you to sign in and to authorize the app. Afterwards you choose the account or organization and its repositories here."
        }
        Intent::Reconnect | Intent::Upgrade => "Refresh the authorization on GitHub's page.",
    };
    (lead.to_owned(), body, foot)
}

/// Each scope with its reason (S8, J33).
pub(crate) fn scope_list(names: &[String]) -> Html {
    html! {
        <ul class="scope-list">
            { for names.iter().map(|scope| {
                let entry = scopes::entry(scope);
                html! {
                    <li>
                        <code>{ scope }</code>
                        if let Some(entry) = entry {
                            <span class="muted">
                                { entry.reason }
                                if !entry.gate.title().is_empty() { { format!(" Needs {}.", entry.gate.title()) } }
                            </span>
                        }
                    </li>
                }
            }) }
        </ul>
    }
}

fn waiting(scene: &Scene<'_>, provider: Provider, window: Window) -> Parts {
    let name = provider.title();
    let link = scene.ready.flow.url();
    let reopen = scene.reopen.reform(|_: MouseEvent| ());
    let cancel = scene.click(Action::CancelFlow);
    let of = |code| Problem::of(code).about(provider);
    let blocked = of(ErrorCode::PopupBlocked);
    let closed = of(ErrorCode::PopupClosed);
    let body = match window {
        Window::Blocked => html! {
            <>
                <div class="notice attention" role="alert">
                    { Icon::TriangleAlert.svg() }
                    <div>
                        <strong>{ blocked.title }</strong>
                        <p>{ blocked.detail }{ " " }{ blocked.action }</p>
                        <p class="small muted">{ "Code " }<code>{ blocked.code.entry().support_code }</code>{ " · " }{ notice::help(ErrorCode::PopupBlocked) }</p>
                    </div>
                </div>
                if let Some(url) = link {
                    <p><a id="open-hubspot" class="button primary" href={url} target="_blank" rel="opener">{ format!("Open {name}'s page") }{ Icon::ExternalLink.svg() }</a></p>
                }
            </>
        },
        Window::SeemsClosed => html! {
            <>
                <div class="notice attention" role="status">
                    { Icon::Info.svg() }
                    <div><strong>{ closed.title }</strong><p>{ closed.detail }{ " " }{ closed.action }</p></div>
                </div>
                <p><button id="reopen-hubspot" type="button" class="button" onclick={reopen}>{ format!("Open {name}'s page again") }{ Icon::ExternalLink.svg() }</button></p>
            </>
        },
        Window::Open => html! {
            <div class="wait" role="status">
                { Icon::Loader.svg_with("big spin") }
                <h3>{ format!("Continue in {name}'s window") }</h3>
                <p>{ match provider {
                    Provider::Hubspot => "Pick the portal, review the permissions and choose Connect app. This page goes on by itself.",
                    Provider::Github => "Sign in and choose Authorize. This page goes on by itself.",
                } }</p>
            </div>
        },
    };
    let foot = html! { <button id="cancel-flow" type="button" class="button" onclick={cancel}>{ "Cancel" }</button> };
    (String::new(), body, foot)
}

/// Consent was given, and the window has yet to hand over the proof of it.
fn handing_over(scene: &Scene<'_>, provider: Provider) -> Parts {
    let body = html! {
        <div class="wait" role="status">
            { Icon::Loader.svg_with("big spin") }
            <h3>{ format!("Waiting for {}'s window to come back", provider.title()) }</h3>
            <p>{ "Consent was given. The window hands it over and closes by itself; if it was closed too early, cancel and start again." }</p>
        </div>
    };
    let cancel = scene.click(Action::CancelFlow);
    let foot = html! { <button id="cancel-flow" type="button" class="button" onclick={cancel}>{ "Cancel" }</button> };
    (String::new(), body, foot)
}

fn finishing(scene: &Scene<'_>, provider: Provider) -> Parts {
    let what = match provider {
        Provider::Hubspot => "portal",
        Provider::Github => "account",
    };
    let body = html! {
        <div class="wait" role="status">
            { Icon::Loader.svg_with("big spin") }
            <h3>{ "Finishing the connection" }</h3>
            <p>{ format!("Portico checks the account and stores the connection. You may close this; the {what} appears by itself.") }</p>
        </div>
    };
    let foot = html! { <button type="button" class="button" onclick={scene.click(Action::CloseDialog)}>{ "Close" }</button> };
    (String::new(), body, foot)
}

fn done(scene: &Scene<'_>, completed: &CompletedFlow) -> Parts {
    let connection = &completed.connection;
    let tier = read_tier(&connection.account, &connection.grant.granted);
    let grant = &connection.grant;
    let refused = scopes::refused(&grant.asked, &grant.granted, tier.tier).len();
    let shut_out = scopes::denied(&grant.asked, &grant.granted).len() - refused;
    let portal = connection.account.portal_id;
    let body = html! {
        <>
            <div class="wait" role="status">
                { Icon::CircleCheck.svg_with("big good") }
                <h3>{ if completed.reconnected { "Reconnected" } else { "Connected" } }</h3>
                <p>{ "Retrieval of the metadata has started by itself." }</p>
            </div>
            <dl class="facts">
                <dt>{ "Account name" }</dt><dd>{ display_name(connection) }</dd>
                <dt>{ "Portal ID" }</dt><dd class="mono">{ portal.to_string() }</dd>
                <dt>{ "Tier" }</dt><dd>{ tier.tier.title() }<span class="muted">{ " · " }{ tier.evidence }</span></dd>
                <dt>{ "Type" }</dt><dd>{ connection.connection_type.title() }</dd>
            </dl>
            if refused > 0 {
                { notice::line("", Icon::Info, &format!("{refused} of the optional permissions were not granted; the parts that need them are marked.")) }
            }
            if shut_out > 0 {
                <p class="small muted">{ format!("{shut_out} optional permissions were left out because HubSpot gives them to higher plans or other hubs only.") }</p>
            }
        </>
    };
    let foot = html! {
        <>
            <button type="button" class="button" onclick={scene.click(Action::ViewMetadataAfterFlow(portal))}>{ Icon::Layers.svg() }{ "View metadata" }</button>
            <button id="flow-done" type="button" class="button primary" onclick={scene.click(Action::CloseDialog)}>{ "Done" }</button>
        </>
    };
    (String::new(), body, foot)
}

/// D39: what comes next is a repository.
fn done_github(scene: &Scene<'_>, completed: &CompletedFlow) -> Parts {
    let connection = &completed.connection;
    let account = &connection.account;
    let body = html! {
        <>
            <div class="wait" role="status">
                { Icon::CircleCheck.svg_with("big good") }
                <h3>{ if completed.reconnected { "Reconnected" } else { "Connected" } }</h3>
                <p>{ "Now add the repositories you want to back up into or compare with." }</p>
            </div>
            <dl class="facts">
                <dt>{ "Account" }</dt><dd>{ display_name(connection) }</dd>
                if let Some(host) = &account.ui_domain { <dt>{ "At" }</dt><dd class="mono">{ visible(host) }</dd> }
            </dl>
        </>
    };
    let add = Action::Git(GitAction::AddRepo(connection.id.clone()));
    let foot = html! {
        <>
            if scene.ready.git.is_some() {
                <button type="button" class="button" onclick={scene.click(add)}>{ Icon::Plus.svg() }{ "Add Repo" }</button>
            }
            <button id="flow-done" type="button" class="button primary" onclick={scene.click(Action::CloseDialog)}>{ "Done" }</button>
        </>
    };
    (String::new(), body, foot)
}

fn failed(scene: &Scene<'_>, problem: &Problem) -> Parts {
    let start = scene.start.reform(|_: MouseEvent| ());
    let foot = html! {
        <>
            <button type="button" class="button" onclick={scene.click(Action::CloseDialog)}>{ "Close" }</button>
            <button id="start-again" type="button" class="button primary" onclick={start}>{ "Start again" }</button>
        </>
    };
    (String::new(), notice::supported(scene, problem), foot)
}
