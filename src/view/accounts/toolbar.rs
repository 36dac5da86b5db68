//! Above the table: search, filters, order, and what can be done to the rows that are chosen.

use super::super::Scene;
use super::super::icon::Icon;
use crate::app::{Action, TableAction};
use portico_core::accounts::{AccountsQuery, BulkAction, Choice, Choices, InWorkspace, Sort};
use portico_core::connection_type::ConnectionType;
use portico_core::status::Status;
use portico_core::text::grouped;
use portico_core::tier::Tier;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Below this many portals all of them are in sight, and tools would only be in the way.
const FEW: u32 = 7;

const SORTS: [(Sort, &str); 8] = [
    (Sort::Attention, "Worst first"),
    (Sort::Name, "By name"),
    (Sort::PortalId, "By portal id"),
    (Sort::Status, "By status"),
    (Sort::Type, "By type"),
    (Sort::Tier, "By tier"),
    (Sort::Workspace, "By workspace"),
    (Sort::Updated, "By last change"),
];

pub(super) fn view(scene: &Scene<'_>) -> Html {
    let accounts = &scene.ready.accounts;
    let query = &accounts.query;
    if accounts.summary.total <= FEW && !query.narrows() && !query.grouped {
        return Html::default();
    }
    let on_search = scene.act.reform(|event: InputEvent| {
        Action::Search(event.target_unchecked_into::<HtmlInputElement>().value())
    });
    let counts = &accounts.counts;
    let shown = if counts.shown == counts.total {
        format!("{} portals", grouped(counts.total))
    } else {
        format!(
            "{} of {} portals",
            grouped(counts.shown),
            grouped(counts.total)
        )
    };
    let copy = scene.click(Action::CopyView);
    html! {
        <div class="toolbar">
            <div class="search">
                { Icon::Search.svg() }
                <input id="accounts-search" class="input" type="search" aria-label="Search portals" placeholder="Search by name, portal id, domain or person"
                    value={query.text.clone()} oninput={on_search} />
            </div>
            <div class="filters">
                { choice(scene, "Status", "All statuses", Status::ALL, query.statuses, Status::title, |s| counts.of_status(s), |q, c| q.statuses = c) }
                { choice(scene, "Connection type", "All types", &ConnectionType::ALL, query.types, ConnectionType::title, |t| counts.of_type(t), |q, c| q.types = c) }
                { choice(scene, "Tier", "All tiers", Tier::ALL, query.tiers, Tier::title, |t| counts.of_tier(t), |q, c| q.tiers = c) }
                { workspaces(scene) }
                { order(scene) }
            </div>
            <div class="toolbar-foot">
                <p class="list-count" role="status">{ shown }</p>
                if query.narrows() {
                    <button type="button" class="button quiet small" onclick={scene.click(ask(query.widened()))}>{ "Clear filters" }</button>
                }
                if *query != AccountsQuery::default() {
                    <button type="button" class="button quiet small" onclick={copy}>{ Icon::Copy.svg() }{ "Copy link to this view" }</button>
                }
            </div>
        </div>
    }
}

pub(super) fn ask(query: AccountsQuery) -> Action {
    Action::Table(TableAction::Ask(Box::new(query)))
}

/// One picker: its first line asks nothing; an address may ask for several, which is then shown as such.
#[expect(
    clippy::too_many_arguments,
    reason = "one line per picker, each with its own words"
)]
fn choice<T: Choice + Copy + PartialEq + 'static>(
    scene: &Scene<'_>,
    label: &'static str,
    all: &'static str,
    choices: &'static [T],
    chosen: Choices<T>,
    title: impl Fn(T) -> &'static str,
    count: impl Fn(T) -> u32,
    set: fn(&mut AccountsQuery, Choices<T>),
) -> Html {
    let query = scene.ready.accounts.query.clone();
    let onchange = scene.act.reform(move |event: Event| {
        let picked = event.target_unchecked_into::<HtmlSelectElement>().value();
        let picked = choices.iter().copied().find(|one| one.slug() == picked);
        let mut query = query.clone();
        set(&mut query, picked.into_iter().collect());
        ask(query)
    });
    let several = chosen.iter().count() > 1;
    html! {
        <select aria-label={label} {onchange}>
            <option value="" selected={chosen.is_empty()}>{ all }</option>
            if several { <option value="several" selected=true disabled=true>{ "Several" }</option> }
            { for choices.iter().map(|one| html! {
                <option value={one.slug()} selected={!several && chosen.contains(*one)}>{ format!("{} ({})", title(*one), grouped(count(*one))) }</option>
            }) }
        </select>
    }
}

fn workspaces(scene: &Scene<'_>) -> Html {
    let accounts = &scene.ready.accounts;
    let places = accounts.index.workspaces();
    if places.is_empty() {
        return Html::default();
    }
    let query = &accounts.query;
    let ids: Vec<_> = places.iter().map(|place| place.id.clone()).collect();
    let onchange = {
        let query = query.clone();
        scene.act.reform(move |event: Event| {
            let picked = event.target_unchecked_into::<HtmlSelectElement>().value();
            let mut query = query.clone();
            query.workspace = match picked.as_str() {
                "none" => InWorkspace::None,
                at => at
                    .parse()
                    .ok()
                    .and_then(|at: usize| ids.get(at))
                    .map_or(InWorkspace::Any, |id| InWorkspace::One(id.clone())),
            };
            ask(query)
        })
    };
    let counts = &accounts.counts;
    let mut grouped_query = query.clone();
    grouped_query.grouped = !query.grouped;
    html! {
        <>
            <select aria-label="Workspace" {onchange}>
                <option value="" selected={query.workspace == InWorkspace::Any}>{ "All workspaces" }</option>
                { for places.iter().zip(&counts.workspaces).enumerate().map(|(at, (place, count))| html! {
                    <option value={at.to_string()} selected={matches!(&query.workspace, InWorkspace::One(id) if *id == place.id)}>{ format!("{} ({})", place.name, grouped(*count)) }</option>
                }) }
                <option value="none" selected={query.workspace == InWorkspace::None}>{ format!("No workspace ({})", grouped(counts.without_workspace)) }</option>
            </select>
            <label class="toggle">
                <input type="checkbox" checked={query.grouped} onchange={scene.act.reform(move |_: Event| ask(grouped_query.clone()))} />
                { "Group" }
            </label>
        </>
    }
}

fn order(scene: &Scene<'_>) -> Html {
    let query = scene.ready.accounts.query.clone();
    let chosen = query.sort;
    let onchange = scene.act.reform(move |event: Event| {
        let picked = event.target_unchecked_into::<HtmlSelectElement>().value();
        let mut query = query.clone();
        let sort = picked.parse::<usize>().ok().and_then(|at| SORTS.get(at));
        query.sort = sort.map_or(Sort::default(), |(sort, _)| *sort);
        query.descending = query.sort == Sort::Updated;
        ask(query)
    });
    html! {
        <select aria-label="Order" {onchange}>
            { for SORTS.iter().enumerate().map(|(at, (sort, title))| html! {
                <option value={at.to_string()} selected={*sort == chosen}>{ *title }</option>
            }) }
        </select>
    }
}

/// What can be done to the chosen rows, each with a dry run first.
pub(super) fn chosen(scene: &Scene<'_>, admin: bool) -> Html {
    let accounts = &scene.ready.accounts;
    let count = accounts.selection.len();
    let shown = accounts.visible.len();
    let all = accounts
        .selection
        .among(accounts.index.entries(), &accounts.visible)
        == shown;
    let plan = |action: BulkAction| scene.click(Action::Table(TableAction::Plan(action)));
    let pick_type = scene.act.reform(|event: Event| {
        let select = event.target_unchecked_into::<HtmlSelectElement>();
        let kind = ConnectionType::from_wire(&select.value()).unwrap_or_default();
        select.set_value("");
        Action::Table(TableAction::Plan(BulkAction::ChangeType(kind)))
    });
    let places = accounts.index.workspaces();
    let ids: Vec<_> = places.iter().map(|place| place.id.clone()).collect();
    let pick_place = scene.act.reform(move |event: Event| {
        let select = event.target_unchecked_into::<HtmlSelectElement>();
        let to = select
            .value()
            .parse::<usize>()
            .ok()
            .and_then(|at| ids.get(at).cloned());
        select.set_value("");
        Action::Table(TableAction::Plan(BulkAction::MoveToWorkspace(to)))
    });
    html! {
        <div class="chosen" role="group" aria-label="Chosen portals">
            <p class="chosen-count" role="status">{ format!("{count} chosen") }</p>
            if !all && shown > 0 {
                <button type="button" class="button small" onclick={scene.click(Action::Table(TableAction::ChooseShown(true)))}>{ format!("Choose all {}", grouped(u32::try_from(shown).unwrap_or(u32::MAX))) }</button>
            }
            <button id="bulk-test" type="button" class="button small" onclick={plan(BulkAction::Test)}>{ Icon::Check.svg() }{ "Test" }</button>
            if admin {
                <select id="bulk-type" aria-label="Change type of the chosen portals" onchange={pick_type}>
                    <option value="" selected=true>{ "Change type…" }</option>
                    { for ConnectionType::ALL.iter().map(|kind| html! { <option value={kind.wire_name()}>{ kind.title() }</option> }) }
                </select>
                if !places.is_empty() {
                    <select id="bulk-workspace" aria-label="Move the chosen portals to a workspace" onchange={pick_place}>
                        <option value="" selected=true>{ "Move to…" }</option>
                        { for places.iter().enumerate().map(|(at, place)| html! { <option value={at.to_string()}>{ &place.name }</option> }) }
                        <option value="none">{ "No workspace" }</option>
                    </select>
                }
                <button id="bulk-remove" type="button" class="button small danger" onclick={plan(BulkAction::Remove)}>{ Icon::Trash.svg() }{ "Remove" }</button>
            }
            <button type="button" class="button quiet small" onclick={scene.click(Action::Table(TableAction::Clear))}>{ "Clear choice" }</button>
        </div>
    }
}
