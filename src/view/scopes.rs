//! The scope reference: what each scope enables, why Portico asks, and how it stands on this app (D57, S8).

use super::icon::Icon;
use super::{Scene, notice};
use portico_core::connection_type::ConnectionType;
use portico_core::explorer::fold;
use portico_core::features::Feature;
use portico_core::route::Route;
use portico_core::scopes::{Configured, Gate};
use portico_core::xray::{Area, ScopeRow, Standing, XRayQuery, reference};
use yew::prelude::*;

pub(crate) fn view(scene: &Scene<'_>) -> Html {
    let xray = Route::XRay(XRayQuery::default());
    html! {
        <div class="page">
            <header class="page-head">
                <div>
                    <h1>{ "Scopes" }</h1>
                    <p>{ "HubSpot calls permissions scopes. Here is each one that Portico knows: why it asks, what it enables, and what an account must have to grant it." }</p>
                </div>
                <div class="buttons">
                    <a id="open-xray" class="button primary" href={xray.hash()} onclick={scene.nav(&xray)}>{ Icon::Search.svg() }{ "Scope x-ray" }</a>
                </div>
            </header>
            if let Some(info) = scene.ready.hubspot() {
                <ScopeTable required={info.required_scopes.clone()} optional={info.optional_scopes.clone()} />
            } else {
                { not_configured() }
            }
        </div>
    }
}

/// Nothing can be said of an app that is not there.
pub(super) fn not_configured() -> Html {
    notice::line(
        "attention",
        Icon::TriangleAlert,
        "The operator has not configured HubSpot on this proxy, so there is no app to compare with. Ask the operator to set it up.",
    )
}

#[derive(PartialEq, Properties)]
struct ScopeTableProps {
    /// As the operator has set them on the app.
    required: Vec<String>,
    optional: Vec<String>,
}

/// Every scope by area. Keeps the search, which concerns nothing else.
#[component]
fn ScopeTable(props: &ScopeTableProps) -> Html {
    let search = use_state_eq(String::new);
    let on_search = {
        let search = search.clone();
        Callback::from(move |event: InputEvent| {
            search.set(
                event
                    .target_unchecked_into::<web_sys::HtmlInputElement>()
                    .value(),
            );
        })
    };
    let mut rows = reference(&Configured {
        required: &props.required,
        optional: &props.optional,
    });
    let all = rows.len();
    let folded = fold(&search);
    rows.retain(|row| row.matches(&folded));
    let count = if rows.len() == all {
        format!("{all} scopes")
    } else {
        format!("{} of {all} scopes", rows.len())
    };
    html! {
        <>
            <div class="stack tight">
                <div class="search">
                    { Icon::Search.svg() }
                    <input id="scope-search" class="input" type="search" aria-label="Search scopes"
                        placeholder="Search by scope, feature, tier or connection type" value={(*search).clone()} oninput={on_search} />
                </div>
                <p class="list-count" role="status">{ count }</p>
            </div>
            if rows.is_empty() {
                <p class="card blank">{ "No scope matches this search. Try the name of a feature, such as lists or workflows." }</p>
            }
            { for Area::ALL.into_iter().map(|area| area_section(area, &rows)) }
        </>
    }
}

fn area_section(area: Area, rows: &[ScopeRow<'_>]) -> Html {
    let own: Vec<&ScopeRow<'_>> = rows.iter().filter(|row| row.area == area).collect();
    if own.is_empty() {
        return Html::default();
    }
    html! {
        <section class="stack tight scope-area" key={area.title()}>
            <h2>{ area.title() }</h2>
            <div class="card">
                <table class="table scope-table">
                    <caption class="visually-hidden">{ ["Scopes: ", area.title()].concat() }</caption>
                    <thead>
                        <tr>
                            <th scope="col">{ "Scope" }</th>
                            <th scope="col">{ "Why Portico asks" }</th>
                            <th scope="col">{ "What it enables" }</th>
                            <th scope="col">{ "Asked by" }</th>
                        </tr>
                    </thead>
                    <tbody>{ for own.into_iter().map(row) }</tbody>
                </table>
            </div>
        </section>
    }
}

fn row(row: &ScopeRow<'_>) -> Html {
    let asked_by = if row.types.len() == ConnectionType::ALL.len() {
        "Every connection type".to_owned()
    } else if row.types.is_empty() {
        "No connection type".to_owned()
    } else {
        let titles: Vec<&str> = row.types.iter().map(|kind| kind.title()).collect();
        titles.join(", ")
    };
    html! {
        <tr key={row.scope.to_owned()} data-scope={row.scope.to_owned()}>
            <td>
                <div class="account">
                    <code class="scope-name">{ row.scope }</code>
                    <span class="tags">
                        { standing_tag(row.standing) }
                        { gate_tag(row.gate) }
                        <span class="tag">{ if row.writes { "Reads and changes" } else { "Reads only" } }</span>
                    </span>
                </div>
            </td>
            <td data-label="Why Portico asks">{ row.reason }</td>
            <td data-label="What it enables">{ titles(&row.features) }</td>
            <td data-label="Asked by">{ asked_by }</td>
        </tr>
    }
}

/// How a scope stands on the app, in words and tone.
pub(super) fn standing_tag(standing: Standing) -> Html {
    let tone = match standing {
        Standing::Required => "strong",
        Standing::Optional => "",
        Standing::NotConfigured => "attention",
    };
    html! { <span class={classes!("tag", tone)}>{ standing.title() }</span> }
}

/// What an account must have; nothing where every account will do.
pub(super) fn gate_tag(gate: Gate) -> Html {
    match gate.title() {
        "" => Html::default(),
        title => html! { <span class="tag">{ ["Needs ", title].concat() }</span> },
    }
}

/// Features in one line.
pub(super) fn titles(features: &[Feature]) -> String {
    let titles: Vec<&str> = features.iter().map(|feature| feature.title()).collect();
    titles.join(", ")
}
