//! The side panel of one portal: what happened, why, what still works, what fails, what to do now, and its facts.
//! Owns this markup; the story is the core's diagnosis, the outlook its forecast.

mod facts;
mod permissions;

use super::icon::Icon;
use super::{Scene, retrieval, status};
use crate::app::Action;
use crate::shell::clock::now_seconds;
use portico_core::diagnosis::{Advice, Cause, Certainty, Diagnosis, diagnose, waiting};
use portico_core::forecast::{Forecast, Level, forecast};
use portico_core::portal_link::portal_url;
use portico_core::retrieval::Phase;
use portico_core::route::{HelpPage, Route};
use portico_core::status::{Status, display_name};
use portico_core::text::visible;
use portico_core::tier::read_tier;
use portico_core::when::{relative, utc};
use portico_core::wire::{Connection, Provider, Role, UnixSeconds};
use yew::prelude::*;

/// The panel of this connection; `close` goes back to where it was opened.
pub(crate) fn view(
    scene: &Scene<'_>,
    connection: &Connection,
    close: &Callback<MouseEvent>,
) -> Html {
    let now = now_seconds();
    let diagnosis = diagnose(connection, scene.ready.booted.session.role, now);
    let outlook = forecast(connection, &scene.ready.booted.session.providers, now);
    html! {
        <aside class="side-panel" aria-labelledby="panel-title" data-portal={connection.account.portal_id.to_string()} part="panel">
            { head(scene, connection, close) }
            <div class="side-panel-body" tabindex="0">
                { story(scene, connection, &diagnosis, now) }
                { metadata(scene, connection, diagnosis.status, now) }
                { permissions::view(scene, connection, diagnosis.status) }
                { forecast_view(&outlook, now) }
                { facts::view(scene, connection, now) }
                { links(scene, connection) }
            </div>
        </aside>
    }
}

/// A moment in words, with the moment itself in UTC behind it.
fn moment(at: UnixSeconds, now: UnixSeconds) -> Html {
    let exact = utc(at);
    html! { <span title={exact.clone()}>{ relative(at, now) }<span class="visually-hidden">{ [" (", &exact, ")"].concat() }</span></span> }
}

fn head(scene: &Scene<'_>, connection: &Connection, close: &Callback<MouseEvent>) -> Html {
    let tier = read_tier(&connection.account, &connection.grant.granted);
    let name = display_name(connection);
    let workspace = connection.workspace.as_ref().and_then(|id| {
        let all = &scene.ready.booted.session.workspaces;
        all.iter().find(|workspace| workspace.id == *id)
    });
    let hubspot = connection.provider == Provider::Hubspot;
    html! {
        <header class="side-panel-head">
            <div class="account">
                <h2 id="panel-title" tabindex="-1">{ &name }</h2>
                <span class="tags">
                    <span>{ if hubspot { "Portal " } else { "Account " } }<span class="mono">{ connection.account.portal_id.to_string() }</span></span>
                    <span class="tag">{ connection.connection_type.title() }</span>
                    if let Some(workspace) = workspace { <span class="tag">{ visible(&workspace.name) }</span> }
                </span>
                if hubspot {
                    <span class="tags"><span class="tag">{ tier.tier.title() }</span><span>{ tier.evidence }</span></span>
                }
            </div>
            <button type="button" class="button quiet small square" aria-label={["Close the details of ", &name].concat()} onclick={close.clone()}>{ Icon::Close.svg() }</button>
        </header>
    }
}

/// What happened, why, what it means, what to do (R8–R12, R25–R34, D49–D51, S16).
fn story(
    scene: &Scene<'_>,
    connection: &Connection,
    diagnosis: &Diagnosis,
    now: UnixSeconds,
) -> Html {
    let healthy = diagnosis.status == Status::Connected;
    html! {
        <>
            <section class="section" aria-labelledby="panel-what">
                <div>{ status::link(scene, diagnosis.status) }</div>
                <h3 id="panel-what">{ diagnosis.headline }</h3>
                <p>{ &diagnosis.what }</p>
                if let Some(since) = diagnosis.since { <p class="small muted">{ "Since " }{ moment(since, now) }{ "." }</p> }
                if !diagnosis.deadline.is_empty() { <p class="small muted">{ diagnosis.deadline }</p> }
            </section>
            if !diagnosis.actions.is_empty() { { what_to_do(scene, connection, diagnosis, now) } }
            if !diagnosis.causes.is_empty() { { causes(&diagnosis.causes) } }
            if !healthy {
                <section class="section" aria-labelledby="panel-works">
                    <h3 id="panel-works">{ "What still works" }</h3>
                    { lines(&diagnosis.still_works, Icon::Check, "good") }
                </section>
                if !diagnosis.fails.is_empty() {
                    <section class="section" aria-labelledby="panel-fails">
                        <h3 id="panel-fails">{ "What fails" }</h3>
                        { lines(&diagnosis.fails, Icon::Close, "bad") }
                    </section>
                }
            }
            if !diagnosis.support_code.is_empty() {
                <p class="small muted">
                    { "Code " }<code>{ diagnosis.support_code }</code>
                    if let Some(reference) = &diagnosis.reference { { " · reference " }<code class="break">{ visible(reference) }</code> }
                </p>
            }
        </>
    }
}

fn lines(sentences: &[&'static str], icon: Icon, tone: &'static str) -> Html {
    html! {
        <ul class={classes!("marked", tone)}>
            { for sentences.iter().map(|sentence| html! { <li>{ icon.svg() }<span>{ *sentence }</span></li> }) }
        </ul>
    }
}

fn what_to_do(
    scene: &Scene<'_>,
    connection: &Connection,
    diagnosis: &Diagnosis,
    now: UnixSeconds,
) -> Html {
    let provider = connection.provider;
    let id = || connection.id.clone();
    let name = display_name(connection);
    let advice = |advice: &Advice| {
        let action = match advice {
            Advice::Reconnect | Advice::ConnectAgain => Some(Action::Reconnect(id())),
            Advice::AskForMore => Some(Action::Upgrade(id())),
            _ => None,
        };
        let title = advice.title(provider);
        html! {
            <li>
                if let Some(action) = action {
                    <button type="button" class="button primary" onclick={scene.click(action)} aria-label={[title, ": ", &name].concat()}>{ Icon::Refresh.svg() }{ title }</button>
                } else {
                    <strong>{ title }</strong>
                }
                <p>
                    { advice.text(provider) }
                    if let Advice::Wait(Some(at)) = advice { { " The next try is due " }{ moment(*at, now) }{ "." } }
                </p>
            </li>
        }
    };
    html! {
        <section class="section" aria-labelledby="panel-actions">
            <h3 id="panel-actions">{ "What to do now" }</h3>
            <ul class="advice">{ for diagnosis.actions.iter().map(advice) }</ul>
            if let Some(rights) = diagnosis.rights {
                <details class="fold">
                    <summary>{ "Who may do it" }</summary>
                    <div>
                        <dl class="facts">
                            <dt>{ ["In ", provider.title()].concat() }</dt><dd>{ rights.there }</dd>
                            <dt>{ "In Portico" }</dt><dd>{ rights.here }</dd>
                        </dl>
                    </div>
                </details>
            }
        </section>
    }
}

fn causes(causes: &[Cause]) -> Html {
    let known = causes
        .iter()
        .all(|cause| cause.certainty == Certainty::Known);
    let title = if known { "Why" } else { "Why: one of these" };
    html! {
        <section class="section" aria-labelledby="panel-causes">
            <h3 id="panel-causes">{ title }</h3>
            <ul class="causes">
                { for causes.iter().map(|cause| html! {
                    <li data-cause={cause.id}>
                        <strong>{ cause.title }</strong>
                        <p>{ cause.explanation }</p>
                        <p class="muted">{ cause.check }</p>
                    </li>
                }) }
            </ul>
        </section>
    }
}

/// Where the retrieval stands, and how long it is normal to wait (D46, D48, D61–D64).
fn metadata(scene: &Scene<'_>, connection: &Connection, status: Status, now: UnixSeconds) -> Html {
    if connection.provider != Provider::Hubspot {
        return Html::default();
    }
    let portal = connection.account.portal_id;
    let update = scene.ready.retrievals.of(portal);
    let alive = status.calls_allowed();
    let phase = update.map_or(Phase::Pending, |update| update.overall.phase);
    let began = scene.ready.retrievals.began(portal).unwrap_or(now);
    // What waits for a reconnect is told above, and nothing is wrong with it.
    let help = alive.then(|| waiting(&phase, now.saturating_sub(began)));
    html! {
        <section class="section" aria-labelledby="panel-metadata">
            <h3 id="panel-metadata">{ "Metadata" }</h3>
            { retrieval::progress(update, alive) }
            if let Some(help) = help {
                if phase != Phase::Completed {
                    <p class="small"><strong>{ help.title }</strong>{ ". " }{ help.text }{ " " }{ help.action }</p>
                }
                if help.escalate || matches!(phase, Phase::Error(_) | Phase::CompletedWithGaps) {
                    <p><button type="button" class="button small" onclick={scene.click(Action::Retrieve(connection.id.clone()))}>{ Icon::Layers.svg() }{ "Retrieve again" }</button></p>
                }
            }
        </section>
    }
}

/// How it is likely to fare (P8).
fn forecast_view(outlook: &Forecast, now: UnixSeconds) -> Html {
    let tone = |level: Level| match level {
        Level::Good => "good",
        Level::Watch => "attention",
        Level::Act => "bad",
    };
    html! {
        <section class="section" aria-labelledby="panel-forecast">
            <h3 id="panel-forecast">{ ["Health forecast: ", outlook.level.title()].concat() }</h3>
            <ul class="outlook">
                { for outlook.reasons.iter().map(|reason| html! {
                    <li data-reason={reason.id}>
                        <span class={classes!("status", tone(reason.level))}>{ reason.level.title() }</span>
                        <div>
                            <strong>{ reason.title }</strong>
                            <p class="muted">{ &reason.detail }</p>
                            if let Some(by) = reason.by { <p class="muted">{ "Date: " }{ moment(by, now) }{ "." }</p> }
                        </div>
                    </li>
                }) }
            </ul>
        </section>
    }
}

/// R34: help and troubleshooting; P3: the portal itself.
fn links(scene: &Scene<'_>, connection: &Connection) -> Html {
    let help = Route::Help(HelpPage::Reconnecting);
    let explorer = Route::explorer(connection.account.portal_id, &[]);
    let name = display_name(connection);
    html! {
        <nav class="buttons" aria-label={["Links of ", &name].concat()}>
            if connection.provider == Provider::Hubspot {
                <a class="button small" href={explorer.hash()} onclick={scene.nav(&explorer)}>{ Icon::Layers.svg() }{ "View metadata" }</a>
            }
            if let Some(url) = portal_url(connection) {
                <a class="button small" href={url} target="_blank" rel="noopener noreferrer">{ Icon::ExternalLink.svg() }{ "Open in HubSpot" }</a>
            }
            <a class="button small" href={help.hash()} onclick={scene.nav(&help)}>{ Icon::Help.svg() }{ "Help and troubleshooting" }</a>
        </nav>
    }
}

/// Whether who looks may change anything here.
fn is_admin(scene: &Scene<'_>) -> bool {
    scene.ready.booted.session.role == Role::Admin
}
