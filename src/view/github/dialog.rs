//! Add Repo: account or organization, repository, branch, in one dialog (D38–D41, D59).

use super::super::dialog::Modal;
use super::super::icon::Icon;
use super::super::virtual_list::{VirtualList, row_id};
use super::super::{Scene, notice};
use super::{install_links, not_showing};
use crate::app::{Action, Adding, GitAction, GitHub};
use portico_core::github::{Condition, Installation, Repository};
use portico_core::status::display_name;
use portico_core::text::grouped;
use portico_core::wire::Connection;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// As the style sheet has it.
const ROW_HEIGHT: u32 = 56;

pub(crate) fn view(scene: &Scene<'_>, github: &GitHub, connection: &Connection) -> Html {
    let on_close = scene.act.reform(|()| Action::CloseDialog);
    let adding = github.adding(&connection.id);
    let chosen = adding.and_then(Adding::link);
    let linked = github
        .of(&connection.id)
        .and_then(|held| held.links.as_deref())
        .unwrap_or_default();
    let again = chosen
        .as_ref()
        .is_some_and(|chosen| linked.iter().any(|link| link.id == chosen.id));
    let foot = html! {
        <>
            <button type="button" class="button" onclick={scene.click(Action::CloseDialog)}>{ "Cancel" }</button>
            <button id="add-repo" type="button" class="button primary" disabled={chosen.is_none()}
                onclick={scene.click(Action::Git(GitAction::Add))}>{ if again { "Change branch" } else { "Add" } }</button>
        </>
    };
    let body = adding.map(|adding| match &adding.installations {
        None => waiting("Asking GitHub which accounts you can use…"),
        Some(Err(problem)) => html! {
            <>
                { notice::problem(problem) }
                <div class="buttons"><button type="button" class="button" onclick={again_click(scene)}>{ "Try again" }</button></div>
            </>
        },
        Some(Ok(installations)) if installations.is_empty() => none_installed(scene),
        Some(Ok(installations)) => html! {
            <>
                { accounts(scene, adding, installations) }
                { repositories(scene, adding, |id| linked.iter().any(|link| link.id == id)) }
                { branches(scene, adding) }
                if let Some(problem) = &adding.problem { { notice::problem(problem) } }
                { not_showing(installations) }
            </>
        },
    });
    let lead = "Choose where it is, which one, and the branch to work with. Nothing on GitHub is changed by this.";
    html! {
        <Modal key="add-repo" title={["Add a repository of ", &display_name(connection)].concat()} {lead} {on_close} {foot}>
            { body.unwrap_or_default() }
        </Modal>
    }
}

fn again_click(scene: &Scene<'_>) -> Callback<MouseEvent> {
    scene.click(Action::Git(GitAction::Again))
}

fn waiting(text: &'static str) -> Html {
    html! { <div class="blank" role="status">{ Icon::Loader.svg_with("icon spin") }<p>{ text }</p></div> }
}

fn none_installed(scene: &Scene<'_>) -> Html {
    html! {
        <>
            { notice::line("attention", Icon::Info, "The GitHub App is not installed anywhere this account can see. Open its page on GitHub and install it on your account or organization, or ask an owner there to; then look again. The operator of this proxy knows the page.") }
            <div class="buttons"><button type="button" class="button" onclick={again_click(scene)}>{ Icon::Refresh.svg() }{ "Look again" }</button></div>
        </>
    }
}

fn accounts(scene: &Scene<'_>, adding: &Adding, installations: &[Installation]) -> Html {
    let onchange = scene.act.reform(|event: Event| {
        let value = event.target_unchecked_into::<HtmlSelectElement>().value();
        Action::Git(GitAction::Account(value.parse().ok()))
    });
    let option = |one: &Installation| {
        let kind = match (one.is_suspended, one.is_organization) {
            (true, _) => " (app suspended)",
            (false, true) => " (organization)",
            (false, false) => "",
        };
        html! {
            <option value={one.id.to_string()} selected={adding.account == Some(one.id)} disabled={one.is_suspended}>{ [&one.login, kind].concat() }</option>
        }
    };
    html! {
        <>
            <label class="field">{ "Account or organization" }
                <select id="repo-account" class="input" {onchange}>
                    <option value="" selected={adding.account.is_none()}>{ "Choose one" }</option>
                    { for installations.iter().map(option) }
                </select>
            </label>
            if let Some(one) = adding.installation().filter(|one| !one.sees_all) {
                <p class="small muted">{ "Only repositories that were chosen for the app on GitHub are listed." }</p>
                { install_links(std::slice::from_ref(one)) }
            }
        </>
    }
}

fn repositories(scene: &Scene<'_>, adding: &Adding, is_linked: impl Fn(u64) -> bool) -> Html {
    if adding.account.is_none() {
        return Html::default();
    }
    let on_search = scene.act.reform(|event: InputEvent| {
        let text = event.target_unchecked_into::<HtmlInputElement>().value();
        Action::Git(GitAction::Search(text))
    });
    let (shown, all) = (adding.shown.len(), adding.list.len());
    let number = |count: usize| grouped(u32::try_from(count).unwrap_or(u32::MAX));
    let count = if shown == all {
        [&number(all), " repositories"].concat()
    } else {
        [&number(shown), " of ", &number(all)].concat()
    };
    let list = (adding.list.clone(), adding.shown.clone());
    let selected = adding.repository.and_then(|id| {
        let is_chosen = |at: &usize| list.0.at(*at).is_some_and(|one| one.id == id);
        list.1.iter().position(is_chosen)
    });
    let linked: Vec<u64> = (0..all)
        .filter_map(|at| adding.list.at(at))
        .map(|one| one.id)
        .filter(|id| is_linked(*id))
        .collect();
    let row = {
        let (list, act) = (list.clone(), scene.act.clone());
        Callback::from(
            move |index: usize| match list.1.get(index).and_then(|at| list.0.at(*at)) {
                Some(one) => {
                    let place = (index, list.1.len());
                    row_view(
                        one,
                        place,
                        selected == Some(index),
                        linked.contains(&one.id),
                        &act,
                    )
                }
                None => Html::default(),
            },
        )
    };
    let on_select = {
        let act = scene.act.clone();
        Callback::from(move |index: usize| {
            if let Some(one) = list.1.get(index).and_then(|at| list.0.at(*at)) {
                act.emit(Action::Git(GitAction::Repository(one.id)));
            }
        })
    };
    html! {
        <div class="stack tight">
            <div class="search">
                { Icon::Search.svg() }
                <input id="repo-search" class="input" type="search" aria-label="Search repositories" placeholder="Search by name or description"
                    value={adding.search.clone()} oninput={on_search} />
            </div>
            <p class="small muted" role="status">
                if adding.is_listing() { { Icon::Loader.svg_with("icon spin") }{ " " } }
                { count }{ if adding.is_listing() { ", more are being read" } else { "" } }
            </p>
            if shown > 0 {
                <VirtualList class="repo-list" count={shown} row_height={ROW_HEIGHT} {row} {selected} on_select={Some(on_select)}
                    version={adding.version} label="Repositories" />
            } else if !adding.is_listing() {
                <p class="blank">{ if all > 0 { "No repository matches this search." } else { "This account shows the app no repository." } }</p>
            }
        </div>
    }
}

fn row_view(
    one: &Repository,
    (index, count): (usize, usize),
    selected: bool,
    linked: bool,
    act: &Callback<Action>,
) -> Html {
    let id = one.id;
    let onclick = act.reform(move |_: MouseEvent| Action::Git(GitAction::Repository(id)));
    let (_, name) = one.full_name.split_once('/').unwrap_or_default();
    let flags = [
        (linked, "linked"),
        (one.is_private, "private"),
        (one.condition == Condition::Archived, "archived"),
        (one.condition == Condition::Disabled, "disabled"),
        (one.condition == Condition::ReadOnly, "read only"),
    ];
    html! {
        <div key={id.to_string()} id={row_id(index)} class="row" role="option" aria-selected={selected.to_string()} {onclick}
            aria-setsize={count.to_string()} aria-posinset={(index + 1).to_string()} data-repository={one.full_name.clone()}>
            <span class="row-label">{ name }</span>
            <span class="row-detail">
                <span>{ &one.description }</span>
                { for flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| html! { <span class="tag">{ *flag }</span> }) }
            </span>
        </div>
    }
}

fn branches(scene: &Scene<'_>, adding: &Adding) -> Html {
    let Some(repository) = adding.repository.and_then(|id| adding.list.of(id)) else {
        return Html::default();
    };
    let Some(branches) = &adding.branches else {
        return waiting("Reading its branches…");
    };
    let onchange = scene.act.reform(|event: Event| {
        let name = event.target_unchecked_into::<HtmlSelectElement>().value();
        Action::Git(GitAction::Branch(name))
    });
    let default = &repository.default_branch;
    let others = branches.iter().filter(|name| *name != default);
    html! {
        <>
            <label class="field">{ ["Branch of ", &repository.full_name].concat() }
                <select id="repo-branch" class="input" {onchange}>
                    <option value={default.clone()} selected={adding.branch == *default}>{ [default, " (default)"].concat() }</option>
                    { for others.map(|name| html! { <option value={name.clone()} selected={adding.branch == *name}>{ name }</option> }) }
                </select>
            </label>
            if branches.is_empty() {
                <p class="small muted">{ "This repository is still empty; the first backup makes the branch." }</p>
            }
            if adding.more_branches { <p class="small muted">{ "It has more than a thousand branches; the first thousand are listed." }</p> }
            if repository.condition != Condition::Writable {
                <p class="small muted">{ "You may only read it: it can be a comparison source, not a backup target." }</p>
            }
        </>
    }
}
