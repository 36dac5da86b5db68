//! What some entries show beside their words: exact scopes (J33, D57), badges (J23), this instance (D71).

use crate::view::flow_dialog::scope_list;
use crate::view::icon::Icon;
use crate::view::{Scene, before_you_start, status};
use portico_core::connection_type::ConnectionType;
use portico_core::help::status_anchor;
use portico_core::scopes::{self, Asked, CATALOGUE, Configured};
use portico_core::status::Status;
use portico_core::text::visible;
use portico_core::wire::Role;
use yew::prelude::*;

/// From well to cut off.
pub(super) const STATUSES: [Status; 6] = [
    Status::Connected,
    Status::ConnectedLimited,
    Status::Checking,
    Status::NeedsReconnection,
    Status::Disconnected,
    Status::Suspended,
];

/// Above the words.
pub(super) fn before(anchor: &str) -> Html {
    match anchor {
        "connecting" => html! {
            <section class="card pad stack"><h2>{ "Before you start" }</h2>{ before_you_start::list() }</section>
        },
        "reconnecting" => html! {
            <section class="card pad stack">
                <h2>{ "What each status means" }</h2>
                <ul class="status-list">{ for STATUSES.iter().map(|of| html! {
                    <li><a href={["#/help/", status_anchor(*of)].concat()}>{ status::badge(*of) }</a></li>
                }) }</ul>
            </section>
        },
        _ => Html::default(),
    }
}

/// Below the words.
pub(super) fn after(scene: Option<&Scene<'_>>, anchor: &str) -> Html {
    match anchor {
        "connecting" => scene.and_then(asked).map(asked_scopes).unwrap_or_default(),
        "scopes" => {
            let all: Vec<String> = CATALOGUE.iter().map(|row| row.scope.to_owned()).collect();
            html! {
                <section class="card pad stack">
                    <h2>{ "What each scope enables" }</h2>
                    { scope_list(&all) }
                </section>
            }
        }
        "set-up" => html! {
            <p><a class="button primary" href="#/guide">{ Icon::Braces.svg() }{ "Open the set-up guide" }</a></p>
        },
        "instance-details" => scene.map(instance).unwrap_or_default(),
        _ => Html::default(),
    }
}

fn asked(scene: &Scene<'_>) -> Option<Asked> {
    let info = scene.ready.hubspot()?;
    let configured = Configured {
        required: &info.required_scopes,
        optional: &info.optional_scopes,
    };
    Some(scopes::asked_for(
        ConnectionType::ConfigAndAudit,
        &configured,
    ))
}

fn asked_scopes(asked: Asked) -> Html {
    html! {
        <section class="card pad stack">
            <h2>{ "Permissions asked for" }</h2>
            <p class="muted">{ "These exact scopes stand in the authorization request. Audit Only leaves out those that write." }{ " " }
                <a href="#/scopes">{ "What each scope enables" }</a>
            </p>
            <h3>{ "Required" }</h3>
            { scope_list(&asked.scope) }
            <h3>{ "Optional" }</h3>
            { scope_list(&asked.optional_scope) }
        </section>
    }
}

fn instance(scene: &Scene<'_>) -> Html {
    let booted = &scene.ready.booted;
    let session = &booted.session;
    let role = match session.role {
        Role::Admin => "Admin",
        Role::Member => "Member",
    };
    let places = [
        session.connections_used.to_string().as_str(),
        " of ",
        session.plan.max_connections.to_string().as_str(),
    ]
    .concat();
    let mut rows = vec![
        ("Version of this app", env!("CARGO_PKG_VERSION").to_owned()),
        ("Proxy", booted.proxy.base_url().to_owned()),
        ("Page", booted.origin.clone()),
        ("Organization", visible(&session.org)),
        ("You", visible(&session.sub)),
        ("Role", role.to_owned()),
        ("Portals used", places),
    ];
    for info in &session.providers {
        rows.push((
            info.provider.title(),
            [info.host.as_str(), ", app ", info.client_id.as_str()].concat(),
        ));
    }
    html! {
        <section class="card pad">
            <dl class="facts">{ for rows.into_iter().map(|(name, value)| html! {
                <><dt>{ name }</dt><dd class="mono">{ value }</dd></>
            }) }</dl>
        </section>
    }
}
