//! The index of help: search as you type, and every entry in its group. Keeps the text of the search.

use crate::view::icon::Icon;
use crate::view::notice;
use portico_core::help::{self, Entry, Group};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub(super) struct IndexProps {
    /// An address led here that names no entry.
    pub(super) missing: bool,
    pub(super) signed_in: bool,
}

/// Where people are sent most often.
const FIRST: [&str; 6] = [
    "connecting",
    "reconnecting",
    "scopes",
    "workspaces",
    "roles",
    "instance-details",
];

#[component]
pub(super) fn Index(props: &IndexProps) -> Html {
    let text = use_state(String::new);
    let index = use_memo((), |()| help::Index::new());
    let on_input = {
        let text = text.clone();
        Callback::from(move |event: InputEvent| {
            text.set(
                event
                    .target_unchecked_into::<web_sys::HtmlInputElement>()
                    .value(),
            );
        })
    };
    let searching = !text.trim().is_empty();
    let found = if searching {
        index.search(&text)
    } else {
        Vec::new()
    };
    let said = match found.len() {
        _ if !searching => String::new(),
        0 => "Nothing found. Try fewer words, or a code such as AUTH_SCOPE_DENIED.".to_owned(),
        1 => "One entry.".to_owned(),
        many => [many.to_string().as_str(), " entries, the best first."].concat(),
    };
    html! {
        <div class="page narrow prose">
            if !props.signed_in { <nav class="crumbs" aria-label="Where you are"><a href="#/accounts">{ Icon::ArrowLeft.svg() }{ "Back to the start" }</a></nav> }
            <header class="page-head"><div>
                <h1>{ "Help" }</h1>
                <p>{ "Every status, every error with its code, and how things are done." }</p>
            </div></header>
            if props.missing { { notice::line("attention", Icon::Info, "There is no help entry of this name. Search for it, or look below.") } }
            <div class="search">
                { Icon::Search.svg() }
                <input id="help-search" class="input" type="search" aria-label="Search help" placeholder="Search by words or by code"
                    value={(*text).clone()} oninput={on_input} />
            </div>
            <p class="small muted" role="status">{ said }</p>
            if searching {
                <ul class="link-list found">{ for found.into_iter().map(row) }</ul>
            } else {
                <section class="stack tight" aria-labelledby="help-first">
                    <h2 id="help-first">{ "Often needed" }</h2>
                    <ul class="link-list">
                        <li><a href="#/guide">{ "Set-up guide" }</a></li>
                        { for FIRST.iter().map(|anchor| super::link(anchor)) }
                    </ul>
                </section>
                { for Group::ALL.into_iter().map(|group| html! {
                    <section class="stack tight" data-group={group.title()}>
                        <h2>{ group.title() }</h2>
                        <ul class="link-list">{ for index.entries().iter().filter(|entry| entry.group == group).map(row) }</ul>
                    </section>
                }) }
            }
        </div>
    }
}

fn row(entry: &Entry) -> Html {
    html! {
        <li key={entry.anchor.clone()} data-anchor={entry.anchor.clone()}>
            <a href={["#/help/", &entry.anchor].concat()}>{ entry.title }</a>
            if !entry.code.is_empty() { <code class="small muted">{ entry.code }</code> }
        </li>
    }
}
