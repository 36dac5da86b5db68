//! The journal's page: who did what, filters, export, and the verdict on the chain (P12).
//! Owns markup; what an entry and a verdict mean is said by the core.

use super::icon::Icon;
use super::{Scene, notice};
use crate::app::{Action, Check, JournalMsg, JournalPage, JournalProps};
use crate::shell::calendar::local_time;
use portico_core::error::ErrorCode;
use portico_core::journal::check::{Beside, fault_words, last_seq};
use portico_core::journal::query::{Day, JournalQuery};
use portico_core::journal::words::{deed, ending, ending_sentence, ending_tone, portal_of, who};
use portico_core::journal::{ACTIONS, JournalEntry, OUTCOMES, Verified};
use portico_core::route::Route;
use portico_core::status::{Tone, display_name};
use portico_core::text::visible;
use portico_core::wire::Role;
use std::rc::Rc;
use wasm_bindgen::JsCast as _;
use web_sys::{Event, HtmlInputElement, HtmlSelectElement};
use yew::html::Scope;
use yew::prelude::*;

/// The page within the app.
pub(crate) fn mount(scene: &Scene<'_>, query: &JournalQuery) -> Html {
    let booted = &scene.ready.booted;
    let portals = booted
        .connections
        .iter()
        .map(|known| (known.id.as_str().to_owned(), display_name(known)))
        .collect();
    let go = scene.act.reform(|query| Action::Go(Route::Journal(query)));
    html! {
        <JournalPage proxy={booted.proxy.clone()} query={query.clone()} portals={Rc::new(portals)}
            role={booted.session.role} org={booted.session.org.clone()} {go} />
    }
}

type Link = Scope<JournalPage>;

pub(crate) fn page(page: &JournalPage, props: &JournalProps, link: &Link) -> Html {
    let admin = props.role == Role::Admin;
    html! {
        <div class="page" id="journal">
            <header class="page-head">
                <div>
                    <h1>{ "Journal" }</h1>
                    <p>{ "Who did what with your organization's portals, refused tries included. Each entry is bound to the one before it by its hash, so that a change shows." }</p>
                </div>
                if admin { { tools(page, link) } }
            </header>
            if admin {
                <div role="status">{ verdict(page.check.as_ref()) }</div>
                { filters(props, link) }
                if let Some(problem) = &page.problem { { notice::problem(problem) } }
                { list(page, props, link) }
            } else {
                { for_members(&props.org) }
            }
        </div>
    }
}

/// Why not, and whom to ask (D60).
fn for_members(org: &str) -> Html {
    let entry = ErrorCode::RoleRequired.entry();
    html! {
        <div class="notice attention">
            { Icon::Info.svg() }
            <div>
                <strong>{ "The journal is for admins" }</strong>
                <p>{ "It names people and what they tried, so members do not see it. " }{ entry.meaning }</p>
                <p>{ format!("Ask an admin of {} to look something up or to export it for you, or to give you the admin role.", visible(org)) }</p>
            </div>
        </div>
    }
}

fn tools(page: &JournalPage, link: &Link) -> Html {
    let on_file = link.batch_callback(|event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let file = input.files().and_then(|files| files.item(0));
        // So that the same file can be chosen again.
        input.set_value("");
        file.map(|file| JournalMsg::VerifyFile(visible(&file.name()), file.unchecked_into()))
    });
    let verifying = matches!(page.check, Some(Check::Fetching | Check::Working { .. }));
    html! {
        <div class="buttons">
            <button id="journal-refresh" type="button" class="button" disabled={page.loading} onclick={link.callback(|_| JournalMsg::Refresh)}>{ Icon::Refresh.svg() }{ "Refresh" }</button>
            <button id="journal-export" type="button" class="button" disabled={page.exporting} onclick={link.callback(|_| JournalMsg::Export)}>{ Icon::Download.svg() }{ "Export" }</button>
            <label class="button file-button">
                { Icon::Braces.svg() }{ "Verify a file" }
                <input id="journal-file" class="visually-hidden" type="file" accept=".jsonl,.ndjson,.json" onchange={on_file} />
            </label>
            <button id="journal-verify" type="button" class="button primary" disabled={verifying} onclick={link.callback(|_| JournalMsg::Verify)}>{ Icon::ShieldCheck.svg() }{ "Verify chain" }</button>
        </div>
    }
}

fn verdict(check: Option<&Check>) -> Html {
    match check {
        None => Html::default(),
        Some(Check::Fetching) => html! {
            <div class="notice">
                { Icon::Loader.svg_with("icon spin") }
                <div><p>{ "Fetching the whole journal…" }</p></div>
            </div>
        },
        Some(Check::Working { percent, entries }) => html! {
            <div class="notice">
                { Icon::Loader.svg_with("icon spin") }
                <div>
                    <p>{ format!("Verifying in this browser: {entries} entries hold so far.") }</p>
                    <progress max="100" value={percent.to_string()} aria-label="Verified"></progress>
                </div>
            </div>
        },
        Some(Check::Holds {
            file,
            verified,
            beside,
        }) => holds(file.as_deref(), verified, *beside),
        Some(Check::Broken { file, broken }) => {
            let title = match file {
                Some(name) => format!("{name} does not verify"),
                None => "The chain is broken".to_owned(),
            };
            html! {
                <div id="journal-verdict" class="notice bad" data-verdict="broken">
                    { Icon::TriangleAlert.svg() }
                    <div>
                        <strong>{ title }</strong>
                        <p>{ fault_words(&broken.fault) }</p>
                        if !broken.line.is_empty() { <pre class="journal-json">{ &broken.line }</pre> }
                        <p>{ if file.is_some() { "Compare it with another export, or verify the chain itself." } else { "Keep this export and tell the operator of the proxy: somebody changed its database." } }</p>
                    </div>
                </div>
            }
        }
        Some(Check::Failed(problem)) => notice::problem(problem),
    }
}

fn holds(file: Option<&str>, verified: &Verified, beside: Option<Beside>) -> Html {
    let title = match file {
        Some(name) => format!("{name} is intact"),
        None => "The chain is intact".to_owned(),
    };
    let (first, entries) = (verified.header.first, verified.entries);
    let said = match (entries, first) {
        (0, _) => "It holds no entry yet.".to_owned(),
        (1, _) => format!("1 entry, number {first}, bears the hash it must."),
        _ => format!(
            "{entries} entries, from {first} to {}, bear the hashes they must.",
            last_seq(verified)
        ),
    };
    let (tone, beside) = match beside {
        None | Some(Beside::Same) => (
            "good",
            match beside {
                Some(_) => "The journal at the proxy still holds its last entry, unchanged.",
                None => "",
            },
        ),
        Some(Beside::Foreign) => (
            "attention",
            "It is the journal of another organization than this one.",
        ),
        Some(Beside::Rewritten) => (
            "bad",
            "Yet the journal at the proxy no longer holds its last entry as it was: the journal's end was cut, or it was written anew. Keep this file and tell the operator.",
        ),
    };
    html! {
        <div id="journal-verdict" class={classes!("notice", tone)} data-verdict="intact">
            { if tone == "good" { Icon::CircleCheck } else { Icon::TriangleAlert }.svg() }
            <div>
                <strong>{ title }</strong>
                <p>{ said }</p>
                if first > 1 { <p>{ format!("It begins in the middle: what came before entry {first} is vouched for by an earlier export only.") }</p> }
                if !beside.is_empty() { <p>{ beside }</p> }
                <p class="small">{ "Head hash " }<code class="break">{ &verified.head }</code>{ ". Note it down elsewhere: whoever cuts or rewrites the journal cannot bring it back." }</p>
            </div>
        </div>
    }
}

const ROOMS: [(&str, &str); 8] = [
    ("connection.", "Portals"),
    ("flow.", "Authorizations"),
    ("grant.", "Grants at the provider"),
    ("app.", "The app at the provider"),
    ("workspace.", "Workspaces"),
    ("token.", "Tokens for the backend"),
    ("session.", "Sessions"),
    ("journal.", "The journal itself"),
];

fn filters(props: &JournalProps, link: &Link) -> Html {
    let query = &props.query;
    let strange = |value: &str, known: bool| {
        (!value.is_empty() && !known).then(
            || html! { <option value={value.to_owned()} selected=true>{ visible(value) }</option> },
        )
    };
    let option = |value: &str, title: String, chosen: &str| {
        html! { <option value={value.to_owned()} selected={value == chosen}>{ title }</option> }
    };
    let known_action = ACTIONS.iter().any(|action| action.word() == query.action)
        || ROOMS.iter().any(|(room, _)| *room == query.action);
    let known_outcome = OUTCOMES.iter().any(|(word, _)| *word == query.outcome)
        || ErrorCode::from_wire(&query.outcome).is_some();
    let known_portal = props.portals.iter().any(|(id, _)| *id == query.target);
    let words = |action: &'static str| {
        ACTIONS
            .iter()
            .filter(move |known| known.word().starts_with(action))
    };
    let clear = link.callback(|_: MouseEvent| JournalMsg::Filter(JournalQuery::default()));
    html! {
        <div class="card pad journal-filters" role="search" aria-label="Filter the journal">
            <label class="field">{ "What" }
                <select id="journal-action" onchange={choose(query, link, |query, value| query.action = value)}>
                    { option("", "Everything".into(), &query.action) }
                    { strange(&query.action, known_action) }
                    { for ROOMS.iter().map(|(room, title)| html! {
                        <optgroup label={*title}>
                            { option(room, format!("{title}: all"), &query.action) }
                            { for words(room).map(|action| option(action.word(), action.sentence().trim_end_matches('.').to_owned(), &query.action)) }
                        </optgroup>
                    }) }
                    { option("device.launch", "A browser was introduced by a launch link".into(), &query.action) }
                </select>
            </label>
            <label class="field">{ "Outcome" }
                <select id="journal-outcome" onchange={choose(query, link, |query, value| query.outcome = value)}>
                    { option("", "Any".into(), &query.outcome) }
                    { strange(&query.outcome, known_outcome) }
                    { for OUTCOMES.iter().map(|(word, _)| option(word, ending(word), &query.outcome)) }
                    <optgroup label="Refused or failed">
                        { for ErrorCode::ALL.iter().filter(|code| code.entry().http_status > 0).map(|code| option(code.entry().code, ending(code.entry().code), &query.outcome)) }
                    </optgroup>
                </select>
            </label>
            <label class="field">{ "Portal" }
                <select id="journal-connection" onchange={choose(query, link, |query, value| query.target = value)}>
                    { option("", "Any".into(), &query.target) }
                    { strange(&query.target, known_portal) }
                    { for props.portals.iter().map(|(id, name)| option(id, name.clone(), &query.target)) }
                </select>
            </label>
            <label class="field">{ "Who" }
                <input id="journal-actor" class="input" type="search" placeholder="A person's id, exactly" value={query.actor.clone()}
                    onchange={fill(query, link, |query, value| value.trim().clone_into(&mut query.actor))} />
            </label>
            <label class="field">{ "From" }
                <input id="journal-from" class="input" type="date" value={query.from.map(|day| day.to_string())}
                    onchange={fill(query, link, |query, value| query.from = Day::parse(value))} />
            </label>
            <label class="field">{ "To" }
                <input id="journal-to" class="input" type="date" value={query.to.map(|day| day.to_string())}
                    onchange={fill(query, link, |query, value| query.to = Day::parse(value))} />
            </label>
            if !query.is_empty() {
                <button id="journal-clear" type="button" class="button small" onclick={clear}>{ "Clear filters" }</button>
            }
        </div>
    }
}

/// A choice that changes one filter.
fn choose(
    query: &JournalQuery,
    link: &Link,
    set: fn(&mut JournalQuery, String),
) -> Callback<Event> {
    let query = query.clone();
    link.callback(move |event: Event| {
        let mut query = query.clone();
        let field: HtmlSelectElement = event.target_unchecked_into();
        set(&mut query, field.value());
        JournalMsg::Filter(query)
    })
}

/// A field that changes one filter, once it is left or Enter is pressed.
fn fill(query: &JournalQuery, link: &Link, set: fn(&mut JournalQuery, &str)) -> Callback<Event> {
    let query = query.clone();
    link.callback(move |event: Event| {
        let mut query = query.clone();
        let field: HtmlInputElement = event.target_unchecked_into();
        set(&mut query, &field.value());
        JournalMsg::Filter(query)
    })
}

fn list(page: &JournalPage, props: &JournalProps, link: &Link) -> Html {
    if page.entries.is_empty() {
        return match (page.loading, page.problem.is_some()) {
            (true, _) => {
                html! { <div class="blank" role="status">{ Icon::Loader.svg_with("icon spin") }<p>{ "Reading the journal…" }</p></div> }
            }
            (false, true) => Html::default(),
            (false, false) if props.query.is_empty() => {
                html! { <div class="card blank"><p>{ "Nothing has been written down yet. Whatever is done with portals from now on stands here." }</p></div> }
            }
            (false, false) => {
                html! { <div class="card blank"><p>{ "No entry fits these filters. Widen the days, or clear the filters." }</p></div> }
            }
        };
    }
    let all = page.head.as_ref().map_or(0, |head| head.seq);
    html! {
        <>
            <p class="small muted" id="journal-count">{ match page.entries.len() {
                1 => format!("1 entry shown; the whole journal has {all}."),
                shown => format!("{shown} entries shown, newest first; the whole journal has {all}."),
            } }</p>
            <ol class="card journal-list" aria-busy={page.loading.to_string()}>
                { for page.entries.iter().map(|entry| row(entry, page, props, link)) }
            </ol>
            if page.next.is_some() {
                <div class="buttons">
                    <button id="journal-more" type="button" class="button" disabled={page.loading} onclick={link.callback(|_| JournalMsg::More)}>{ "Load more" }</button>
                </div>
            }
        </>
    }
}

fn row(entry: &JournalEntry, page: &JournalPage, props: &JournalProps, link: &Link) -> Html {
    let seq = entry.seq;
    let open = page.open.contains(&seq);
    let (tone, icon) = match ending_tone(&entry.outcome) {
        Tone::Good => ("good", Icon::CircleCheck),
        Tone::Quiet => ("quiet", Icon::Info),
        Tone::Attention => ("attention", Icon::TriangleAlert),
        Tone::Bad => ("bad", Icon::CircleX),
    };
    let meaning = ending_sentence(&entry.outcome);
    html! {
        <li key={seq} class="journal-entry" data-seq={seq.to_string()} data-action={entry.action.clone()} data-outcome={entry.outcome.clone()}>
            <div class="journal-line">
                <p><strong>{ deed(entry) }</strong>{ subject(entry, props, link) }</p>
                <span class={classes!("status", tone)}>{ icon.svg() }{ ending(&entry.outcome) }</span>
            </div>
            <p class="small muted">
                { "By " }<span class="journal-who">{ who(entry) }</span>{ " · " }<time>{ local_time(entry.at_ms) }</time>
                if let Some(reason) = &entry.reason { { " · " }<span class="break">{ visible(reason) }</span> }
            </p>
            if !meaning.is_empty() { <p class="small">{ meaning }</p> }
            <button type="button" class="button quiet small" aria-expanded={open.to_string()} onclick={link.callback(move |_| JournalMsg::Toggle(seq))}>
                { format!("Entry {seq}") }<span class="visually-hidden">{ " as it was written down" }</span>
            </button>
            if open { { unfolded(entry) } }
        </li>
    }
}

/// What it was done to: a portal by its name, even one that was removed.
fn subject(entry: &JournalEntry, props: &JournalProps, link: &Link) -> Html {
    let Some(target) = &entry.target else {
        return Html::default();
    };
    if entry.action.starts_with("flow.") || entry.action.starts_with("workspace.") {
        return Html::default();
    }
    let known = props.portals.iter().find(|(id, _)| id == target);
    let name = match (known, portal_of(entry)) {
        (Some((_, name)), _) => name.clone(),
        (None, Some(portal)) => format!("Portal {portal}, no longer connected"),
        (None, None) => "a portal that is no longer connected".to_owned(),
    };
    let query = JournalQuery {
        target: target.clone(),
        ..JournalQuery::default()
    };
    let href = Route::Journal(query.clone()).hash();
    let onclick = link.callback(move |event: MouseEvent| {
        event.prevent_default();
        JournalMsg::Filter(query.clone())
    });
    html! { <>{ " · " }<a {href} {onclick} title="All entries of this portal">{ name }</a></> }
}

fn unfolded(entry: &JournalEntry) -> Html {
    let json = serde_json::to_string(entry).unwrap_or_default();
    html! {
        <div class="stack tight">
            <dl class="facts">
                if let Some(target) = &entry.target { <dt>{ "Concerns" }</dt><dd class="mono">{ visible(target) }</dd> }
                if let Some(session) = &entry.session { <dt>{ "Session" }</dt><dd class="mono">{ visible(session) }</dd> }
                <dt>{ "Hash" }</dt><dd class="mono">{ &entry.hash }</dd>
            </dl>
            <pre class="journal-json" tabindex="0" role="region" aria-label={format!("Entry {} as JSON", entry.seq)}>{ json }</pre>
        </div>
    }
}
