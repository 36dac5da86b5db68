//! The scope x-ray: features picked on the left, what they need and what a refusal costs on the right (P7, D57).
//! Keeps nothing: what is picked stands in the address.

use super::icon::Icon;
use super::scopes::{gate_tag, not_configured, standing_tag, titles};
use super::{Scene, notice};
use crate::app::Action;
use portico_core::authorize::{hubspot_endpoint, install_url};
use portico_core::connection_type::ConnectionType;
use portico_core::features::Feature;
use portico_core::ids::PortalId;
use portico_core::route::Route;
use portico_core::scopes::Configured;
use portico_core::status::display_name;
use portico_core::wire::{Connection, ProviderInfo};
use portico_core::xray::{Finding, Needed, XRay, XRayQuery, app_hsmeta, look};
use yew::prelude::*;

pub(crate) fn view(scene: &Scene<'_>, query: &XRayQuery) -> Html {
    html! {
        <div class="page">
            <header class="page-head">
                <div>
                    <h1>{ "Scope x-ray" }</h1>
                    <p>{ "Pick what a connection should do, and see the fewest scopes that do it, what HubSpot would object to, and what goes dark when somebody refuses one. The address keeps your choice." }</p>
                </div>
                <div class="buttons">
                    <a class="button" href={Route::Scopes.hash()} onclick={scene.nav(&Route::Scopes)}>{ Icon::ArrowLeft.svg() }{ "All scopes" }</a>
                </div>
            </header>
            if let Some(info) = scene.ready.hubspot() {
                <div class="xray">
                    { choice(scene, query) }
                    { results(scene, query, info) }
                </div>
            } else {
                { not_configured() }
            }
        </div>
    }
}

fn go(query: XRayQuery) -> Action {
    Action::Go(Route::XRay(query))
}

fn choice(scene: &Scene<'_>, query: &XRayQuery) -> Html {
    let with = |features: Vec<Feature>| XRayQuery {
        features,
        ..query.clone()
    };
    let group = |feature: &Feature| match feature {
        Feature::ObjectType(_) => 0,
        Feature::Kind(_) => 1,
        Feature::Capability(_) => 2,
    };
    let groups = ["Object types", "Kinds of metadata", "What can be done"];
    html! {
        <form class="card pad stack xray-choice" aria-label="What the connection should do" onsubmit={|event: SubmitEvent| event.prevent_default()}>
            <fieldset>
                <legend>{ "Connection type" }</legend>
                { for ConnectionType::ALL.into_iter().map(|kind| type_option(scene, query, kind)) }
            </fieldset>
            <div class="buttons">
                <button id="pick-all" type="button" class="button small" onclick={scene.click(go(with(Feature::ALL.to_vec())))}>{ "Pick all" }</button>
                <button id="pick-none" type="button" class="button small" onclick={scene.click(go(with(vec![])))} disabled={query.features.is_empty()}>{ "Clear" }</button>
            </div>
            { for groups.into_iter().enumerate().map(|(at, title)| html! {
                <fieldset key={title}>
                    <legend>{ title }</legend>
                    { for Feature::ALL.into_iter().filter(|feature| group(feature) == at).map(|feature| feature_option(scene, query, feature)) }
                </fieldset>
            }) }
        </form>
    }
}

fn type_option(scene: &Scene<'_>, query: &XRayQuery, kind: ConnectionType) -> Html {
    let next = XRayQuery {
        connection_type: kind,
        ..query.clone()
    };
    let onchange = scene.act.reform(move |_: Event| go(next.clone()));
    html! {
        <label class="pick">
            <input type="radio" name="xray-type" value={kind.wire_name()} checked={kind == query.connection_type} {onchange} />
            <span>{ kind.title() }</span>
        </label>
    }
}

fn feature_option(scene: &Scene<'_>, query: &XRayQuery, feature: Feature) -> Html {
    let next = query.toggled(feature);
    let onchange = scene.act.reform(move |_: Event| go(next.clone()));
    html! {
        <label class="pick" key={feature.slug()} title={feature.description()}>
            <input type="checkbox" value={feature.slug()} checked={query.has(feature)} {onchange} />
            <span>
                { feature.title() }
                if !feature.fits(query.connection_type) {
                    <small class="muted">{ [" not for ", query.connection_type.title()].concat() }</small>
                }
            </span>
        </label>
    }
}

fn results(scene: &Scene<'_>, query: &XRayQuery, info: &ProviderInfo) -> Html {
    let xray = look(
        &query.features,
        query.connection_type,
        &Configured {
            required: &info.required_scopes,
            optional: &info.optional_scopes,
        },
    );
    html! {
        <div class="stack xray-results">
            <p id="xray-summary" class="small muted" role="status">{ summary(query, &xray) }</p>
            <section class="card pad stack" aria-labelledby="xray-sets">
                <h2 id="xray-sets">{ "The fewest scopes that do it" }</h2>
                <div class="stack tight" id="xray-required">
                    <h3>{ "Required" }</h3>
                    <p class="small muted">{ "Every account can grant these. Who refuses one does not connect." }</p>
                    { scope_set(&xray.required) }
                </div>
                <div class="stack tight" id="xray-optional">
                    <h3>{ "Optional" }</h3>
                    if xray.optional.is_empty() {
                        <p class="small muted">{ "None: nothing picked needs more." }</p>
                    } else {
                        <p class="small muted">{ "HubSpot leaves out what the account or the person lacks, and connects all the same." }</p>
                        { scope_set(&xray.optional) }
                    }
                </div>
            </section>
            <section class="card pad stack" aria-labelledby="xray-lint">
                <h2 id="xray-lint">{ "Compared with this app" }</h2>
                if query.features.is_empty() {
                    <p class="muted">{ "Pick a feature first." }</p>
                } else {
                    { findings(&xray.findings) }
                }
                { spare(&xray) }
            </section>
            <section class="card pad stack" aria-labelledby="xray-dark">
                <h2 id="xray-dark">{ "What goes dark" }</h2>
                { dark(&xray) }
                { gates(&xray) }
            </section>
            { install(scene, query, info, &xray) }
            { manifest(scene, &xray) }
        </div>
    }
}

fn summary(query: &XRayQuery, xray: &XRay) -> String {
    if query.features.is_empty() {
        return "Nothing is picked yet: oauth alone identifies the portal.".to_owned();
    }
    format!(
        "Features picked: {} · scopes required: {}, optional: {} · findings: {}",
        query.features.len(),
        xray.required.len(),
        xray.optional.len(),
        xray.findings.len()
    )
}

fn scope_set(needed: &[Needed]) -> Html {
    html! {
        <ul class="scope-list">
            { for needed.iter().map(|needed| html! {
                <li key={needed.scope.clone()}>
                    <span class="tags"><code class="scope-name">{ &needed.scope }</code>{ gate_tag(needed.gate) }</span>
                    <span class="muted">{ needed.reason }</span>
                    if !needed.features.is_empty() {
                        <span class="small">{ ["For ", &titles(&needed.features)].concat() }</span>
                    }
                    <span class="small muted">{ "On this app: " }{ standing_tag(needed.standing) }</span>
                </li>
            }) }
        </ul>
    }
}

fn findings(findings: &[Finding]) -> Html {
    if findings.is_empty() {
        return notice::line(
            "good",
            Icon::CircleCheck,
            "HubSpot has nothing to object to: the sets above fit the app exactly as it is configured.",
        );
    }
    html! {
        <ul class="stack tight findings">
            { for findings.iter().map(|found| {
                let (tone, icon) = if found.kind.is_handled() { ("", Icon::Info) } else { ("attention", Icon::TriangleAlert) };
                html! {
                    <li class={classes!("notice", tone)}>
                        { icon.svg() }
                        <div>
                            <strong>{ found.kind.title() }</strong>
                            if !found.scope.is_empty() { <code class="scope-name">{ &found.scope }</code> }
                            if !found.features.is_empty() { <p>{ ["Concerns ", &titles(&found.features), "."].concat() }</p> }
                            <p>{ found.kind.shows() }</p>
                            <p>{ found.kind.fix() }</p>
                        </div>
                    </li>
                }
            }) }
        </ul>
    }
}

fn spare(xray: &XRay) -> Html {
    if xray.spare.is_empty() {
        return Html::default();
    }
    html! {
        <details class="fold" id="xray-spare">
            <summary>{ format!("{} scopes of this app are needed by nothing picked", xray.spare.len()) }</summary>
            <div>
                <p class="small">{ "Think twice before taking one off the app: portals that are already connected lose it when somebody connects them again." }</p>
                <ul class="scope-list">{ for xray.spare.iter().map(|scope| html! { <li><code class="scope-name">{ scope }</code></li> }) }</ul>
            </div>
        </details>
    }
}

fn dark(xray: &XRay) -> Html {
    if xray.dark.is_empty() {
        return html! { <p class="muted">{ "Nothing can be refused alone here: whoever connects grants all that is needed." }</p> };
    }
    html! {
        <>
            <p class="small muted">{ "Refused alone, each of these darkens what stands beside it. Everything else stays lit." }</p>
            <dl class="facts dark-list">
                { for xray.dark.iter().map(|(scope, features)| html! {
                    <><dt><code class="scope-name">{ scope }</code></dt><dd>{ titles(features) }</dd></>
                }) }
            </dl>
        </>
    }
}

fn gates(xray: &XRay) -> Html {
    if xray.gates.is_empty() {
        return Html::default();
    }
    html! {
        <div class="stack tight" id="xray-gates">
            <h3>{ "Only some accounts can grant it" }</h3>
            <dl class="facts">
                { for xray.gates.iter().map(|(gate, features)| html! {
                    <><dt>{ ["Needs ", gate.title()].concat() }</dt><dd>{ titles(features) }</dd></>
                }) }
            </dl>
        </div>
    }
}

fn install(scene: &Scene<'_>, query: &XRayQuery, info: &ProviderInfo, xray: &XRay) -> Html {
    let redirect_uri = scene.ready.booted.proxy.redirect_uri();
    let endpoint = hubspot_endpoint(&info.host, query.portal);
    let asked = &xray.asked;
    let url = install_url(
        &endpoint,
        &info.client_id,
        &redirect_uri,
        &asked.scope,
        &asked.optional_scope,
    );
    let Ok(url) = url else {
        return notice::line(
            "attention",
            Icon::TriangleAlert,
            "The proxy names no address that a browser should be sent to, so there is no install URL. Tell the operator.",
        );
    };
    html! {
        <section class="card pad stack" aria-labelledby="xray-install">
            <h2 id="xray-install">{ "Install URL" }</h2>
            <p class="small muted">{ "Checked against this app: HubSpot accepts its scopes. Use it to see HubSpot's consent page, or to show it to the person who will connect. It completes no connection: Portico adds state and PKCE to each real request, and its callback refuses a return without them. To connect, use Add Portal." }</p>
            <label class="field">{ "Pinned to" }{ account_picker(scene, query) }</label>
            <code id="install-url" class="code-box">{ &url }</code>
            <div class="buttons">
                { copy_button(scene, "copy-url", "Copy URL", &url) }
                <a class="button small" href={url} target="_blank" rel="noopener noreferrer">{ "Open HubSpot's page" }{ Icon::ExternalLink.svg() }</a>
            </div>
        </section>
    }
}

/// One account, so that nobody picks the wrong one on HubSpot's page.
fn account_picker(scene: &Scene<'_>, query: &XRayQuery) -> Html {
    let connections = &scene.ready.booted.connections;
    let known = |portal: PortalId| scene.ready.portal(portal).is_some();
    let stranger = query.portal.filter(|portal| !known(*portal));
    let base = query.clone();
    let onchange = scene.act.reform(move |event: Event| {
        let value = event
            .target_unchecked_into::<web_sys::HtmlSelectElement>()
            .value();
        go(XRayQuery {
            portal: value.parse().ok(),
            ..base.clone()
        })
    });
    let option = |portal: PortalId, name: String| {
        html! { <option key={portal.to_string()} value={portal.to_string()} selected={query.portal == Some(portal)}>{ name }</option> }
    };
    let named = |connection: &Connection| {
        let portal = connection.account.portal_id;
        option(portal, format!("{} ({portal})", display_name(connection)))
    };
    html! {
        <select id="install-portal" {onchange}>
            <option value="" selected={query.portal.is_none()}>{ "No account: HubSpot lets the person choose" }</option>
            if let Some(portal) = stranger { { option(portal, format!("Portal {portal}")) } }
            { for connections.iter().map(named) }
        </select>
    }
}

fn manifest(scene: &Scene<'_>, xray: &XRay) -> Html {
    let names =
        |set: &[Needed]| -> Vec<String> { set.iter().map(|needed| needed.scope.clone()).collect() };
    let (required, optional) = (names(&xray.required), names(&xray.optional));
    let text = app_hsmeta(
        &scene.ready.booted.proxy.redirect_uri(),
        &required,
        &optional,
    );
    html! {
        <section class="card pad stack" aria-labelledby="xray-manifest">
            <h2 id="xray-manifest">{ "App configuration" }</h2>
            <p class="small muted">{ "The auth block of an app for exactly these features. It belongs into config of app-hsmeta.json in the app's HubSpot project; upload the project to make it count. HubSpot requires each requiredScopes entry in every request." }</p>
            <pre id="app-hsmeta" class="code-box">{ &text }</pre>
            <div class="buttons">{ copy_button(scene, "copy-hsmeta", "Copy block", &text) }</div>
        </section>
    }
}

fn copy_button(scene: &Scene<'_>, id: &'static str, label: &'static str, text: &str) -> Html {
    let onclick = scene.click(Action::CopyText(text.to_owned()));
    html! { <button {id} type="button" class="button small" {onclick}>{ Icon::Copy.svg() }{ label }</button> }
}
