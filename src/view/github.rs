//! One card per GitHub connection, with its linked repositories (D39, D42–D45, D59).

pub(crate) mod dialog;

use super::icon::Icon;
use super::{Scene, notice, status};
use crate::app::{Action, GitAction, GitHub, Held};
use crate::shell::clock::now_seconds;
use portico_core::github::{
    Installation, LinkState, MAX_LINKS, RepositoryLink, Standing, read_link,
};
use portico_core::status::{Reading, Status, Tone, display_name, read_status};
use portico_core::text::visible;
use portico_core::wire::{Connection, Provider, Role};
use yew::prelude::*;

pub(crate) fn view(scene: &Scene<'_>, github: &GitHub) -> Html {
    html! {
        <ul class="cards wide">
            { for scene.ready.of(Provider::Github).map(|connection| card(scene, github, connection)) }
        </ul>
    }
}

fn card(scene: &Scene<'_>, github: &GitHub, connection: &Connection) -> Html {
    let reading = read_status(connection, now_seconds());
    let name = display_name(connection);
    let account = &connection.account;
    let login = account.name.as_deref().map(visible).unwrap_or_default();
    let admin = scene.ready.booted.session.role == Role::Admin;
    html! {
        <li key={connection.id.to_string()} class="card connection" data-github={login.clone()} part="card">
            <div class="connection-head">
                <div class="account">
                    <h3>{ &name }</h3>
                    <span class="tags">
                        if login != name { <span class="break">{ ["@", &login].concat() }</span> }
                        if let Some(person) = &account.authorised_by { <span class="break">{ visible(person) }</span> }
                        if let Some(host) = &account.ui_domain { <span class="mono">{ visible(host) }</span> }
                    </span>
                </div>
                if admin { { manage(scene, connection, &name) } }
            </div>
            <div class="stack tight">
                <div>{ status::link(scene, reading.status) }</div>
                if reading.status != Status::Connected {
                    <p class="small muted">{ &reading.reason }{ " " }{ &reading.action }</p>
                }
                if reading.status.wants_reconnect() && admin {
                    <div class="buttons">
                        <button type="button" class="button primary small" onclick={scene.click(Action::Reconnect(connection.id.clone()))}
                            aria-label={["Reconnect ", &name].concat()}>{ Icon::Refresh.svg() }{ "Reconnect" }</button>
                    </div>
                }
            </div>
            if let Some(held) = github.of(&connection.id) {
                { repositories(scene, held, connection, &reading) }
            }
            { not_showing(github.installations(&connection.id)) }
        </li>
    }
}

fn manage(scene: &Scene<'_>, connection: &Connection, name: &str) -> Html {
    let button = |label: &'static str, class: &'static str, icon: Icon, action: Action| {
        html! {
            <button type="button" {class} title={label} aria-label={[label, " ", name].concat()} onclick={scene.click(action)}>{ icon.svg() }</button>
        }
    };
    let id = || connection.id.clone();
    html! {
        <div class="buttons">
            { button("Reconnect", "button small square quiet", Icon::Refresh, Action::Reconnect(id())) }
            { button("Rename", "button small square quiet", Icon::Pencil, Action::Rename(id())) }
            { button("Remove", "button small square quiet", Icon::Trash, Action::Remove(id())) }
        </div>
    }
}

fn repositories(
    scene: &Scene<'_>,
    held: &Held,
    connection: &Connection,
    reading: &Reading,
) -> Html {
    let links = held.links.as_deref().unwrap_or_default();
    let id = || connection.id.clone();
    let full = links.len() >= MAX_LINKS;
    let ready = held.links.is_some() && reading.status.calls_allowed();
    html! {
        <div class="stack tight">
            <div class="repos-head">
                <h4>{ "Repositories" }</h4>
                <div class="buttons">
                    if !links.is_empty() {
                        <button type="button" class="button small" data-check="" disabled={!ready || held.is_checking()}
                            onclick={scene.click(Action::Git(GitAction::Check(id())))}>
                            { if held.is_checking() { Icon::Loader.svg_with("icon spin") } else { Icon::Refresh.svg() } }{ "Check again" }
                        </button>
                    }
                    <button type="button" class="button small" data-add-repo="" disabled={!ready || full}
                        onclick={scene.click(Action::Git(GitAction::AddRepo(id())))}>{ Icon::Plus.svg() }{ "Add Repo" }</button>
                </div>
            </div>
            if let Some(problem) = &held.problem { { notice::problem(problem) } }
            if held.set_aside {
                { notice::line("attention", Icon::Info, "The list of linked repositories in this browser could not be read: it is damaged or of another version. It was set aside; add the repositories again.") }
            }
            if full { <p class="small muted">{ "A connection takes 200 repositories. Remove a link to add another one." }</p> }
            if held.links.is_some() && links.is_empty() {
                <p class="small muted">{ "No repository is linked yet. Choose Add Repo: each one then stands on its own as a backup target or a comparison source. The list is kept in this browser only." }</p>
            }
            if !links.is_empty() {
                <ul class="repos">{ for links.iter().map(|link| {
                    let standing = read_link(link, reading.status, held.facts(link.id));
                    repository(scene, connection, link, &standing)
                }) }</ul>
            }
        </div>
    }
}

fn repository(
    scene: &Scene<'_>,
    connection: &Connection,
    link: &RepositoryLink,
    standing: &Standing,
) -> Html {
    let unlink = GitAction::Unlink(connection.id.clone(), link.id);
    html! {
        <li key={link.id.to_string()} class="repo" data-repo={link.full_name.clone()}>
            <div class="repo-head">
                <span class="repo-name break">{ &link.full_name }</span>
                { badge(standing.state) }
                <button type="button" class="button small square quiet" title="Remove link"
                    aria-label={["Remove the link to ", &link.full_name].concat()} onclick={scene.click(Action::Git(unlink))}>{ Icon::Close.svg() }</button>
            </div>
            <span class="tags">
                <span class="break">{ "Branch " }<code>{ &link.branch }</code></span>
                if !standing.uses.is_empty() { <span>{ standing.uses }</span> }
            </span>
            if !standing.reason.is_empty() {
                <p class="small muted">{ &standing.reason }{ " " }{ &standing.action }</p>
            }
            if let Some(renamed) = &standing.renamed {
                <div class="buttons">
                    <button type="button" class="button small" onclick={scene.click(Action::Git(GitAction::Relink(connection.id.clone(), renamed.clone())))}>{ "Use the new name" }</button>
                </div>
            }
        </li>
    }
}

/// Colour, icon and words together (R3).
fn badge(state: LinkState) -> Html {
    let (tone, icon) = match state {
        LinkState::Connected => (Tone::Good, Icon::CircleCheck.svg()),
        LinkState::Checking => (Tone::Quiet, Icon::Loader.svg_with("icon spin")),
        LinkState::Error(_) => (Tone::Bad, Icon::CircleX.svg()),
    };
    html! {
        <span class={classes!("status", status::tone_class(tone))}>{ icon }{ state.title() }</span>
    }
}

/// D59: in the order in which it helps.
fn not_showing(installations: &[Installation]) -> Html {
    html! {
        <details class="fold" data-help="not-showing">
            <summary>{ "Repository not showing?" }</summary>
            <div>
                <ol class="steps">
                    <li><strong>{ "Choose Add Repo" }</strong><p>{ "Only repositories that were added stand on this card, and only in the browser in which they were added." }</p></li>
                    <li><strong>{ "Does it exist?" }</strong><p>{ "Open it on GitHub. It may have been renamed, handed to another account, or deleted." }</p></li>
                    <li><strong>{ "May this account see it?" }</strong><p>{ "The account on this card needs access of its own. An organization may ask for single sign-on first." }</p></li>
                    <li><strong>{ "Reconnect GitHub" }</strong><p>{ "Choose Reconnect on this card, and sign in as the same account." }</p></li>
                    <li><strong>{ "Install the app on the organization" }</strong><p>{ "The GitHub App sees an account or organization once an owner there has installed it, for all repositories or for chosen ones." }</p></li>
                </ol>
                { install_links(installations) }
            </div>
        </details>
    }
}

/// GitHub's own pages, where its answers named them.
fn install_links(installations: &[Installation]) -> Html {
    let page = |href: &str, label: String| {
        html! {
            <li><a href={href.to_owned()} target="_blank" rel="noopener noreferrer">{ label }{ Icon::ExternalLink.svg() }</a></li>
        }
    };
    let install = installations
        .iter()
        .find_map(|one| one.install_url.as_deref());
    let chosen = installations
        .iter()
        .filter_map(|one| Some((one.manage_url.as_deref()?, &one.login)));
    if install.is_none() && installations.iter().all(|one| one.manage_url.is_none()) {
        return Html::default();
    }
    html! {
        <ul class="links">
            { for chosen.map(|(href, login)| page(href, ["Choose the repositories of ", login].concat())) }
            { for install.map(|href| page(href, "Install the app on another account or organization".to_owned())) }
        </ul>
    }
}
