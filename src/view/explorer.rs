//! The metadata explorer: kinds with counts, a searchable list, one record (D16–D19).

use super::icon::Icon;
use super::retrieval::{grouped, progress};
use super::virtual_list::{VirtualList, row_id};
use super::{Scene, notice, place, record};
use crate::app::{Action, Explorer, ExplorerAction, Loading};
use crate::shell::clock::now_seconds;
use portico_core::explorer::{Facet, FacetKind, ListModel, Row, Sort, TypeTitles};
use portico_core::ids::PortalId;
use portico_core::retrieval::{Kind, KindProgress, KindState};
use portico_core::route::Route;
use portico_core::status::{display_name, read_status};
use std::rc::Rc;
use yew::prelude::*;

const ROW_HEIGHT: u32 = 56;

pub(crate) fn view(scene: &Scene<'_>, explorer: &Explorer) -> Html {
    let portal = explorer.portal;
    let Some(connection) = scene.ready.portal(portal) else {
        return unknown(scene, portal);
    };
    let update = scene.ready.retrievals.of(portal);
    let kinds = update
        .map(|update| update.kinds.as_slice())
        .unwrap_or_default();
    let alive = read_status(connection, now_seconds())
        .status
        .calls_allowed();
    let has_record = explorer.record.is_some() || explorer.wants_missing();
    let retrieve = scene.click(Action::Retrieve(connection.id.clone()));
    let back = place::accounts(scene);
    html! {
        <div class={classes!("explorer", has_record.then_some("has-record"))}>
            <header class="explorer-head">
                <a class="button quiet square" href={back.hash()} onclick={scene.nav(&back)} aria-label="Back to Client Accounts">{ Icon::ArrowLeft.svg() }</a>
                <div>
                    <h1>{ display_name(connection) }</h1>
                    <p class="small muted">{ "Portal " }<span class="mono">{ portal.to_string() }</span>{ " " }{ place::tag(scene, connection) }</p>
                </div>
                <span class="spacer"></span>
                <div>{ progress(update, alive) }</div>
                <button type="button" class="button small" onclick={retrieve}>{ Icon::Refresh.svg() }{ "Retrieve again" }</button>
            </header>
            <nav class="pane kinds" aria-label="Kinds of metadata">
                { for Kind::ALL.into_iter().map(|kind| kind_link(scene, portal, kind, explorer.kind == kind, kinds)) }
            </nav>
            <section class="pane list-pane" aria-label={explorer.kind.title()}>{ list(scene, explorer, kinds) }</section>
            <section class="pane detail-pane" aria-label="Record">{ record::view(scene, portal, explorer) }</section>
        </div>
    }
}

fn unknown(scene: &Scene<'_>, portal: PortalId) -> Html {
    html! {
        <div class="main"><div class="page narrow">
            { notice::line("attention", Icon::Info, &format!("Portal {portal} is not connected here.")) }
            <p><a href={Route::default().hash()} onclick={scene.nav(&Route::default())}>{ "Back to Client Accounts" }</a></p>
        </div></div>
    }
}

fn kind_link(
    scene: &Scene<'_>,
    portal: PortalId,
    kind: Kind,
    here: bool,
    kinds: &[KindProgress],
) -> Html {
    let route = Route::explorer(portal, &[kind.slug()]);
    let state = kinds.iter().find(|progress| progress.kind == kind);
    let (count, off) = match state.map(|progress| (&progress.state, progress.records())) {
        Some((KindState::Completed { .. }, records)) => (html! { grouped(records) }, false),
        Some((KindState::InProgress { .. }, records)) => (
            html! { <>{ Icon::Loader.svg_with("icon spin") }{ grouped(records) }</> },
            false,
        ),
        Some((KindState::Partial { reason, .. }, records)) => (
            html! { <><span title={reason.sentence()}>{ Icon::Info.svg() }</span>{ grouped(records) }<span class="visually-hidden">{ "incomplete" }</span></> },
            false,
        ),
        Some((KindState::NotAvailable { reason }, _)) => (
            html! { <span title={reason.sentence()}>{ "not available" }</span> },
            true,
        ),
        Some((KindState::Error { code }, _)) => (
            html! { <span title={code.entry().title}>{ Icon::TriangleAlert.svg() }<span class="visually-hidden">{ "error" }</span></span> },
            false,
        ),
        Some((KindState::Pending, _)) | None => (html! { "…" }, false),
    };
    html! {
        <a href={route.hash()} onclick={scene.nav(&route)} aria-current={here.then_some("true")} class={off.then_some("off")}
            data-kind={kind.slug()}>
            <span>{ kind.title() }</span><span class="count">{ count }</span>
        </a>
    }
}

fn list(scene: &Scene<'_>, explorer: &Explorer, kinds: &[KindProgress]) -> Html {
    let shown = explorer.visible.len();
    let all = explorer.model.rows().len();
    let count = if shown == all {
        format!("{} records", grouped_len(all))
    } else {
        format!("{} of {}", grouped_len(shown), grouped_len(all))
    };
    let on_search = scene.act.reform(|event: InputEvent| {
        Action::Explore(ExplorerAction::Search(
            event
                .target_unchecked_into::<web_sys::HtmlInputElement>()
                .value(),
        ))
    });
    let title = explorer.kind.title();
    html! {
        <>
            <div class="list-tools">
                <div class="search">
                    { Icon::Search.svg() }
                    <input id="explorer-search" class="input" type="search" aria-label={format!("Search {title}")} placeholder={format!("Search {}", title.to_ascii_lowercase())}
                        value={explorer.query.text.clone()} oninput={on_search} />
                </div>
                <div class="list-tools-row">
                    { facet_pickers(scene, explorer) }
                    { sort_picker(scene, explorer) }
                </div>
                <p class="list-count" role="status">{ count }</p>
            </div>
            if shown == 0 { { blank(explorer, kinds, all) } } else { { rows(scene, explorer) } }
        </>
    }
}

fn grouped_len(length: usize) -> String {
    grouped(u32::try_from(length).unwrap_or(u32::MAX))
}

/// Why the list shows nothing.
fn blank(explorer: &Explorer, kinds: &[KindProgress], all: usize) -> Html {
    let state = kinds
        .iter()
        .find(|progress| progress.kind == explorer.kind)
        .map(|progress| &progress.state);
    let text = match (&explorer.loading, state) {
        _ if all > 0 => "Nothing matches this search.".to_owned(),
        (Loading::Damaged(what), _) => format!("{what}. Retrieve again to mend it."),
        (_, Some(KindState::NotAvailable { reason })) => reason.sentence(),
        (_, Some(KindState::Error { code })) => {
            format!("{}. {}", code.entry().title, code.entry().action)
        }
        (_, Some(KindState::Pending | KindState::InProgress { .. }) | None) => {
            "Retrieval has not come to this yet.".to_owned()
        }
        (Loading::Running, _) => "Reading…".to_owned(),
        (Loading::Ready, _) => "This portal has none.".to_owned(),
    };
    html! { <div class="blank"><p>{ text }</p></div> }
}

fn rows(scene: &Scene<'_>, explorer: &Explorer) -> Html {
    let selected = explorer.selected();
    let (model, visible) = (explorer.model.clone(), explorer.visible.clone());
    let titles = explorer.titles.clone();
    let act = scene.act.clone();
    let row = {
        let (model, visible, act) = (model.clone(), visible.clone(), act.clone());
        Callback::from(move |index: usize| match row_at(&model, &visible, index) {
            Some(row) => row_view(
                row,
                (index, visible.len()),
                selected == Some(index),
                &titles,
                &act,
            ),
            None => Html::default(),
        })
    };
    let on_select = Callback::from(move |index: usize| {
        if let Some(row) = row_at(&model, &visible, index) {
            act.emit(Action::Explore(ExplorerAction::Open(Explorer::path_of(
                row,
            ))));
        }
    });
    html! {
        <VirtualList count={explorer.visible.len()} row_height={ROW_HEIGHT} {row} {selected} on_select={Some(on_select)}
            version={explorer.list_version} label={explorer.kind.title()} />
    }
}

fn row_at<'a>(model: &'a Rc<ListModel>, visible: &[u32], index: usize) -> Option<&'a Row> {
    model.rows().get(*visible.get(index)? as usize)
}

fn row_view(
    row: &Row,
    (index, count): (usize, usize),
    selected: bool,
    titles: &TypeTitles,
    act: &Callback<Action>,
) -> Html {
    let path = Explorer::path_of(row);
    let part = titles.part(row.kind, &row.part);
    let onclick =
        act.reform(move |_: MouseEvent| Action::Explore(ExplorerAction::Open(path.clone())));
    html! {
        <div key={format!("{}/{}", row.part, row.id)} id={row_id(index)} class="row" role="option" aria-selected={selected.to_string()} {onclick}
            aria-setsize={count.to_string()} aria-posinset={(index + 1).to_string()}
            data-record={row.id.clone()}>
            <span class="row-label">{ portico_core::text::visible(&row.label) }</span>
            <span class="row-detail">
                <span>
                    if !part.is_empty() { { part }{ " · " } }
                    { &row.detail }
                </span>
                { for row.badges.iter().map(|badge| html! { <span class="tag">{ *badge }</span> }) }
            </span>
        </div>
    }
}

/// One picker per facet that tells rows apart.
fn facet_pickers(scene: &Scene<'_>, explorer: &Explorer) -> Html {
    html! { <>{ for explorer.facets.iter().filter(|facet| facet.values.len() > 1).map(|facet| facet_picker(scene, explorer, facet)) }</> }
}

fn facet_picker(scene: &Scene<'_>, explorer: &Explorer, facet: &Facet) -> Html {
    let kind = facet.kind;
    let (label, all) = match kind {
        FacetKind::Part => ("Object type", "All objects"),
        FacetKind::Class => ("Type", "All types"),
        FacetKind::Origin => ("Origin", "Custom and HubSpot"),
    };
    // Pages of a paged kind are no object types.
    if kind == FacetKind::Part
        && explorer
            .titles
            .part(explorer.kind, &facet.values[0].value)
            .is_empty()
    {
        return Html::default();
    }
    let onchange = scene.act.reform(move |event: Event| {
        let value = event
            .target_unchecked_into::<web_sys::HtmlSelectElement>()
            .value();
        Action::Explore(ExplorerAction::Facet(
            kind,
            (!value.is_empty()).then_some(value),
        ))
    });
    let any = facet.values.iter().any(|value| value.selected);
    html! {
        <select aria-label={label} {onchange} data-facet={label}>
            <option value="" selected={!any}>{ all }</option>
            { for facet.values.iter().map(|value| {
                let title = if kind == FacetKind::Part { explorer.titles.part(explorer.kind, &value.value) } else { value.value.clone() };
                html! { <option value={value.value.clone()} selected={value.selected}>{ format!("{title} ({})", grouped(value.count)) }</option> }
            }) }
        </select>
    }
}

fn sort_picker(scene: &Scene<'_>, explorer: &Explorer) -> Html {
    let onchange = scene.act.reform(|event: Event| {
        let value = event
            .target_unchecked_into::<web_sys::HtmlSelectElement>()
            .value();
        let sort = SORTS
            .iter()
            .find(|(name, _)| *name == value)
            .map_or(Sort::Relevance, |(_, sort)| *sort);
        Action::Explore(ExplorerAction::Sort(sort))
    });
    html! {
        <select aria-label="Sort by" {onchange}>
            { for SORTS.iter().map(|(name, sort)| html! {
                <option value={*name} selected={*sort == explorer.query.sort}>{ *name }</option>
            }) }
        </select>
    }
}

const SORTS: [(&str, Sort); 4] = [
    ("By relevance", Sort::Relevance),
    ("By label", Sort::Label),
    ("By name", Sort::Id),
    ("By type", Sort::Detail),
];
