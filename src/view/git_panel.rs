//! Settings > Connections: GitHub's panel (D36), above the cards that `github` draws once its code is here.
//! Part of the first file, so kept small.

use super::icon::Icon;
use super::{Scene, notice, status};
use crate::app::Action;
use portico_core::status::Status;
use portico_core::wire::{Provider, Role};
use yew::prelude::*;

pub(crate) fn view(scene: &Scene<'_>) -> Html {
    let admin = scene.ready.booted.session.role == Role::Admin;
    let info = scene.ready.info(Provider::Github);
    let connected = scene.ready.of(Provider::Github).next().is_some();
    html! {
        <>
            <section class="card provider" aria-labelledby="provider-github">
                <div>
                    <h2 id="provider-github">{ "GitHub" }</h2>
                    <p class="small muted">
                        if info.is_some() {
                            { "OAuth with PKCE. Link repositories as backup targets and comparison sources. Backups, comparisons and deployments ask for at least one HubSpot and one GitHub connection." }
                        } else {
                            { "Not set up here. The operator of this proxy adds a GitHub App to its configuration; until then no account can be connected." }
                        }
                    </p>
                </div>
                <div class="buttons">
                    if connected { { status::badge(Status::Connected) } }
                    if admin && info.is_some() {
                        <button id="connect-git" type="button" class="button primary" onclick={scene.click(Action::ConnectGit)}>{ "Connect Git" }</button>
                    }
                </div>
            </section>
            if connected { { cards(scene) } }
        </>
    }
}

fn cards(scene: &Scene<'_>) -> Html {
    match (&scene.ready.git, scene.parts.git.missing()) {
        (Some(git), _) => git.view(scene),
        (None, Some(problem)) => html! {
            <>
                { notice::problem(problem) }
                <div class="buttons"><button type="button" class="button" onclick={scene.click(Action::LoadAgain)}>{ "Try again" }</button></div>
            </>
        },
        (None, None) => html! {
            <div class="blank" role="status">{ Icon::Loader.svg_with("icon spin") }<p>{ "Opening…" }</p></div>
        },
    }
}
