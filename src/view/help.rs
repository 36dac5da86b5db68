//! Help: the index with its search, and one page for each entry. Owns their markup; the words are the core's.
//! Nothing outside of this room and `guide` may name the catalogue, so that it is fetched only when it is read.

mod extras;
mod index;

use super::icon::Icon;
use super::{Scene, status};
use crate::app::Action;
use portico_core::help::{self, Block, Entry, Group};
use portico_core::route::HelpPage;
use portico_core::status::Status;
use yew::prelude::*;

/// Without a scene there is no session: what needs one is left out.
pub(crate) fn view(scene: Option<&Scene<'_>>, page: &HelpPage) -> Html {
    let anchor = page.anchor();
    let Some(entry) = help::entry(anchor) else {
        return html! { <index::Index missing={!anchor.is_empty()} signed_in={scene.is_some()} /> };
    };
    html! {
        <div class="page narrow prose" data-entry={entry.anchor.clone()}>
            <nav class="crumbs" aria-label="Where you are">
                <a href="#/help">{ Icon::ArrowLeft.svg() }{ "All help" }</a>
                if scene.is_none() { <a href="#/accounts">{ "Back to the start" }</a> }
            </nav>
            <header class="page-head"><div>
                <h1>{ entry.title }</h1>
                if !entry.code.is_empty() { <p>{ "Code " }<code>{ entry.code }</code></p> }
                if let Some(of) = status_of(&entry) { <p>{ status::badge(of) }</p> }
            </div></header>
            { extras::before(&entry.anchor) }
            <section class="card pad stack help-body">{ for entry.body.iter().map(|block| text(*block)) }</section>
            { extras::after(scene, &entry.anchor) }
            if !entry.related.is_empty() {
                <section class="stack tight" aria-labelledby="related">
                    <h2 id="related">{ "Goes on here" }</h2>
                    <ul class="link-list">{ for entry.related.iter().map(|anchor| link(anchor)) }</ul>
                </section>
            }
            if let Some(scene) = scene { { feedback(scene) } }
        </div>
    }
}

fn status_of(entry: &Entry) -> Option<Status> {
    let mut all = extras::STATUSES.into_iter();
    all.find(|status| entry.group == Group::Status && status.title() == entry.title)
}

fn text(block: Block) -> Html {
    let words = block.words();
    match block {
        Block::Text(_) => html! { <>{ for words.iter().map(|line| html! { <p>{ line }</p> }) }</> },
        Block::Steps(_) => {
            html! { <ol class="steps">{ for words.iter().map(|line| html! { <li><p>{ line }</p></li> }) }</ol> }
        }
        Block::Points(_) => {
            html! { <ul class="points">{ for words.iter().map(|line| html! { <li>{ line }</li> }) }</ul> }
        }
    }
}

/// Leads to an entry, by its title.
fn link(anchor: &str) -> Html {
    let title = help::entry(anchor).map_or("", |entry| entry.title);
    html! { <li><a href={["#/help/", anchor].concat()}>{ title }</a></li> }
}

/// "Was this helpful?" (S20): the answer can be changed, and stays in this browser.
fn feedback(scene: &Scene<'_>) -> Html {
    let answer = scene.ready.helpful;
    let button = |helpful: bool, label: &'static str| {
        let pressed = answer == Some(helpful);
        html! {
            <button type="button" class="button small" aria-pressed={pressed.to_string()} data-helpful={helpful.to_string()}
                onclick={scene.click(Action::Helpful(helpful))}>
                if pressed { { Icon::Check.svg() } }
                { label }
            </button>
        }
    };
    let thanks = match answer {
        None => "",
        Some(true) => "Thank you. You can change your answer at any time.",
        Some(false) => {
            "Thank you for telling. What to quote to support stands under “What to quote to support”; you can change your answer at any time."
        }
    };
    html! {
        <section class="card pad feedback" aria-labelledby="helpful">
            <h2 id="helpful">{ "Was this helpful?" }</h2>
            <div class="buttons">{ button(true, "Yes") }{ button(false, "No") }</div>
            <p class="small muted" role="status">{ thanks }</p>
        </section>
    }
}
