//! The set-up guide: from nothing to a working app, with a developer's own values in every line (B1–B18).
//! Keeps the values that are filled in. The client secret is not one of them: lines name a variable instead.

mod bodies;

use super::Scene;
use super::icon::Icon;
use crate::app::Action;
use portico_core::guide::{self, BY_HAND, Check, Facts, Portal, Standing, Step, Values};
use portico_core::scopes::{DEFAULT_OPTIONAL, REQUIRED};
use portico_core::wire::ProviderInfo;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub(crate) struct GuideProps {
    hubspot: Option<ProviderInfo>,
    proxy: String,
    origin: String,
    org: String,
    portals: Vec<Portal>,
    act: Callback<Action>,
}

pub(crate) fn view(scene: &Scene<'_>) -> Html {
    let booted = &scene.ready.booted;
    let portals: Vec<Portal> = booted
        .connections
        .iter()
        .filter_map(guide::portal)
        .collect();
    html! {
        <Guide hubspot={scene.ready.hubspot().cloned()} proxy={booted.proxy.base_url().to_owned()}
            origin={booted.origin.clone()} org={booted.session.org.clone()} {portals} act={scene.act.clone()} />
    }
}

/// What is filled in.
#[derive(Clone, PartialEq)]
struct Fields {
    client_id: String,
    redirect_uri: String,
    portal: String,
}

#[component]
fn Guide(props: &GuideProps) -> Html {
    let fields = use_state(|| Fields {
        client_id: props
            .hubspot
            .as_ref()
            .map(|info| info.client_id.clone())
            .unwrap_or_default(),
        redirect_uri: BY_HAND.to_owned(),
        portal: String::new(),
    });
    let values = values(props, &fields);
    let facts = Facts {
        hubspot: props.hubspot.as_ref(),
        client_id: &values.client_id,
        portal: values.portal,
        portals: &props.portals,
        origin: &props.origin,
    };
    let checks = Step::ALL.map(|step| guide::check(step, &facts));
    let seen = checks
        .iter()
        .filter(|check| !matches!(check, Check::Unseen(_)));
    let done = checks
        .iter()
        .filter(|check| matches!(check, Check::Done(_)));
    let count = [
        done.count().to_string().as_str(),
        " of the ",
        seen.count().to_string().as_str(),
        " steps that this proxy can see are done.",
    ]
    .concat();
    let field = |id: &'static str,
                 label: &'static str,
                 value: &str,
                 hint: Html,
                 set: fn(&mut Fields, String)| {
        let fields = fields.clone();
        let oninput = Callback::from(move |event: InputEvent| {
            let mut changed = (*fields).clone();
            let text = event.target_unchecked_into::<HtmlInputElement>().value();
            set(&mut changed, text.trim().to_owned());
            fields.set(changed);
        });
        html! {
            <label class="field">{ label }
                <input {id} class="input mono" autocomplete="off" spellcheck="false" maxlength="300" value={value.to_owned()} {oninput} />
                <span class="small muted">{ hint }</span>
            </label>
        }
    };
    let portal_hint = if fields.portal.is_empty() || values.portal.is_some() {
        "Leave it empty to choose on HubSpot's page."
    } else {
        "A portal ID is a number, as in the addresses of HubSpot's pages."
    };
    html! {
        <div class="page narrow prose">
            <header class="page-head"><div>
                <h1>{ "Set-up guide" }</h1>
                <p>{ "From nothing to a working app: OAuth for any number of portals, or a private app's token for one of your own. Each step looks for itself how far you are." }</p>
            </div></header>
            <section class="card pad stack" aria-labelledby="guide-values">
                <h2 id="guide-values">{ "Your values" }</h2>
                <p class="muted">{ "They fill the lines below, and stay on this page. The client secret is never asked for: the lines take it from a variable of your shell." }</p>
                { field("guide-client-id", "Client ID", &fields.client_id, html! { "From the app's Auth tab in HubSpot." }, |fields, text| fields.client_id = text) }
                { field("guide-redirect-uri", "Redirect URL for trying by hand", &fields.redirect_uri,
                    guide::redirect_fault(&fields.redirect_uri).map_or_else(
                        || html! { "One of your own, registered beside Portico's. Nothing needs to listen there." },
                        |fault| html! { <strong class="bad">{ fault }</strong> }),
                    |fields, text| fields.redirect_uri = text) }
                { field("guide-portal", "Portal ID (optional)", &fields.portal, html! { { portal_hint } }, |fields, text| fields.portal = text) }
            </section>
            <p id="guide-progress" role="status">{ count }</p>
            <ol class="guide-steps">{ for Step::ALL.iter().zip(&checks).map(|(step, check)| card(*step, check, bodies::body(*step, &values, &props.act))) }</ol>
        </div>
    }
}

fn values(props: &GuideProps, fields: &Fields) -> Values {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let portal = fields.portal.parse().ok();
    let oauth = |known: &&Portal| {
        matches!(known.standing, Standing::Oauth(_)) && portal.is_none_or(|id| id == known.portal)
    };
    let info = props.hubspot.as_ref();
    Values {
        client_id: fields.client_id.clone(),
        redirect_uri: fields.redirect_uri.clone(),
        portal,
        host: info.map(|info| info.host.clone()).unwrap_or_default(),
        required: info.map_or_else(|| owned(REQUIRED), |info| info.required_scopes.clone()),
        optional: info.map_or_else(
            || owned(DEFAULT_OPTIONAL),
            |info| info.optional_scopes.clone(),
        ),
        proxy: props.proxy.clone(),
        org: props.org.clone(),
        connection: props
            .portals
            .iter()
            .find(oauth)
            .map(|known| known.connection.clone())
            .unwrap_or_default(),
    }
}

fn card(step: Step, check: &Check, body: Html) -> Html {
    let (word, class, icon, said) = match check {
        Check::Done(said) => ("done", "check good", Icon::CircleCheck, said.as_str()),
        Check::NotYet(said) => ("not-yet", "check", Icon::CircleDashed, said.as_str()),
        Check::Unseen(said) => ("unseen", "check", Icon::Info, *said),
    };
    let lead = match check {
        Check::Done(_) => "Done. ",
        Check::NotYet(_) => "Not yet. ",
        Check::Unseen(_) => "Yours to check. ",
    };
    html! {
        <li id={["step-", step.slug()].concat()} class="card pad stack" data-check={word}>
            <h2>{ step.title() }</h2>
            <p {class}>{ icon.svg() }<span><strong>{ lead }</strong>{ said }</span></p>
            { body }
        </li>
    }
}

/// A line to copy, as it stands.
fn line(act: &Callback<Action>, id: &'static str, what: &'static str, text: &str) -> Html {
    let copied = text.to_owned();
    let onclick = act.reform(move |_: MouseEvent| Action::CopyText(copied.clone()));
    html! {
        <div class="snippet">
            <pre {id}>{ text }</pre>
            <button type="button" class="button small" {onclick} aria-label={["Copy ", what].concat()}>{ Icon::Copy.svg() }{ "Copy" }</button>
        </div>
    }
}
