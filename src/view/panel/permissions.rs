//! Permissions of one connection: asked, granted and needed side by side, and what is dark without them
//! (D52–D56, D68, S17).

use super::is_admin;
use crate::app::Action;
use crate::view::Scene;
use crate::view::icon::Icon;
use portico_core::features::Feature;
use portico_core::scope_report::{DarkFeature, ScopeRow, dark, scope_rows};
use portico_core::scopes::{Configured, asked_again, asked_more};
use portico_core::status::{Status, display_name};
use portico_core::wire::{Connection, GrantKind, Provider};
use yew::prelude::*;

pub(super) fn view(scene: &Scene<'_>, connection: &Connection, status: Status) -> Html {
    let providers = &scene.ready.booted.session.providers;
    let info = providers
        .iter()
        .find(|info| info.provider == connection.provider);
    let configured = Configured {
        required: info.map_or(&[], |info| &info.required_scopes),
        optional: info.map_or(&[], |info| &info.optional_scopes),
    };
    let rows = scope_rows(connection, &configured);
    if rows.is_empty() {
        return html! {
            <section class="section" aria-labelledby="panel-scopes">
                <h3 id="panel-scopes">{ "Permissions" }</h3>
                <p>{ "The permissions are those of the app's installations; no scopes are asked for." }</p>
            </section>
        };
    }
    let granted = rows.iter().filter(|row| row.granted).count();
    let wanting = rows.iter().filter(|row| row.wants_attention()).count();
    let dark = dark(connection);
    html! {
        <section class="section" aria-labelledby="panel-scopes">
            <h3 id="panel-scopes">{ "Permissions" }</h3>
            if wanting > 0 { <p>{ "Some requested permissions were not granted." }</p> }
            if !dark.is_empty() {
                <p class="small muted">{ "Dark for lack of a permission:" }</p>
                <ul class="causes">{ for dark.iter().map(dark_feature) }</ul>
            }
            if may_grow(scene, connection, status, &configured) {
                <p><button type="button" class="button small" onclick={scene.click(Action::Upgrade(connection.id.clone()))}
                    aria-label={["Ask for more permissions for ", &display_name(connection)].concat()}>{ Icon::Plus.svg() }{ "Ask for more permissions" }</button></p>
            }
            <details class="fold" open={wanting > 0}>
                <summary>{ format!("Asked, granted and needed: {granted} of {} granted", rows.len()) }</summary>
                <div>{ table(&rows) }</div>
            </details>
        </section>
    }
}

/// Whether asking for more is possible, and the advice above does not offer it already.
fn may_grow(
    scene: &Scene<'_>,
    connection: &Connection,
    status: Status,
    configured: &Configured<'_>,
) -> bool {
    let grant = &connection.grant;
    let more = || {
        let kind = connection.connection_type;
        asked_more(kind, &grant.granted, configured)
            .optional_scope
            .len()
            > asked_again(&grant.granted, configured).optional_scope.len()
    };
    connection.provider == Provider::Hubspot
        && grant.kind == GrantKind::Oauth
        && status == Status::Connected
        && is_admin(scene)
        && more()
}

fn dark_feature(dark: &DarkFeature) -> Html {
    html! {
        <li data-feature={dark.feature.slug()}>
            <strong>{ dark.feature.title() }</strong>
            <p>{ for dark.missing.iter().map(|scope| html! { <><code class="break">{ *scope }</code>{ " " }</> }) }</p>
            <p class="muted">{ dark.because.sentence() }</p>
        </li>
    }
}

fn table(rows: &[ScopeRow]) -> Html {
    html! {
        <div class="scroll-x" tabindex="0" role="region" aria-label="Asked, granted and needed permissions">
            <table class="data scope-table">
                <thead><tr>
                    <th scope="col">{ "Permission" }</th>
                    <th scope="col">{ "Asked" }</th>
                    <th scope="col">{ "Granted" }</th>
                    <th scope="col">{ "Needed for" }</th>
                </tr></thead>
                <tbody>{ for rows.iter().map(row) }</tbody>
            </table>
        </div>
    }
}

fn row(row: &ScopeRow) -> Html {
    html! {
        <tr class={row.wants_attention().then_some("wanting")}>
            <th scope="row">
                <code class="break">{ portico_core::text::visible(&row.scope) }</code>
                if !row.reason.is_empty() { <p>{ row.reason }</p> }
                if !row.configured { <p>{ "No longer set up on the app; it ends with the next authorization." }</p> }
            </th>
            <td>{ mark(row.asked) }</td>
            <td>
                { mark(row.granted) }
                if let Some(because) = row.because { <p class="muted">{ because.sentence() }</p> }
            </td>
            <td>
                if row.required { <strong>{ "Required" }</strong> }
                <p>{ names(&row.needed_by) }</p>
            </td>
        </tr>
    }
}

fn mark(held: bool) -> Html {
    if held {
        html! { <span class="mark good">{ Icon::Check.svg() }{ "Yes" }</span> }
    } else {
        html! { <span class="mark">{ "No" }</span> }
    }
}

fn names(features: &[Feature]) -> String {
    let titles: Vec<&str> = features.iter().map(|feature| feature.title()).collect();
    titles.join(", ")
}
