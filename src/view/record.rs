//! One record: a readable summary, and its raw JSON (D18, D19).

use super::icon::Icon;
use super::{Scene, code};
use crate::app::{Action, Explorer, ExplorerAction, Loading, RecordTab};
use portico_core::explorer::{Entry, Summary, Value};
use portico_core::ids::PortalId;
use portico_core::route::Route;
use portico_core::text::visible;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use yew::prelude::*;

pub(crate) fn view(scene: &Scene<'_>, portal: PortalId, explorer: &Explorer) -> Html {
    let Some(record) = &explorer.record else {
        let text = if explorer.wants_missing() {
            "This record is not among those retrieved. It may have been removed, or its part is not there yet."
        } else if explorer.loading == Loading::Running {
            "Reading…"
        } else {
            "Choose a record to see what it holds."
        };
        return html! { <div class="blank">{ Icon::Braces.svg() }<p>{ text }</p></div> };
    };
    let back = Route::explorer(portal, &[explorer.kind.slug()]);
    let other = if explorer.tab == RecordTab::Json {
        RecordTab::Summary
    } else {
        RecordTab::Json
    };
    let act = scene.act.clone();
    let on_key = Callback::from(move |event: KeyboardEvent| {
        if matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight") {
            event.prevent_default();
            act.emit(Action::Explore(ExplorerAction::Tab(other)));
            focus_other_tab(&event);
        }
    });
    let tab = |which: RecordTab, id: &'static str, label: &'static str| {
        let selected = explorer.tab == which;
        let onclick = scene.click(Action::Explore(ExplorerAction::Tab(which)));
        html! {
            <button type="button" role="tab" {id} tabindex={if selected { "0" } else { "-1" }} aria-selected={selected.to_string()} aria-controls="record-panel" {onclick}>{ label }</button>
        }
    };
    html! {
        <>
            <div class="detail-head">
                <a class="button quiet small back-link" href={back.hash()} onclick={scene.nav(&back)}>{ Icon::ArrowLeft.svg() }{ explorer.kind.title() }</a>
                <div class="detail-title">
                    <div>
                        <h2>{ visible(&record.row.label) }</h2>
                        <p class="small muted mono break">{ visible(&record.row.id) }</p>
                    </div>
                    <button type="button" class="button small" onclick={scene.click(Action::Explore(ExplorerAction::Copy))}>{ Icon::Copy.svg() }{ "Copy JSON" }</button>
                </div>
                <div class="tabs" role="tablist" onkeydown={on_key} aria-label="Form of the record">
                    { tab(RecordTab::Summary, "tab-summary", "Summary") }
                    { tab(RecordTab::Json, "tab-json", "Raw JSON") }
                </div>
            </div>
            if explorer.tab == RecordTab::Json {
                <div id="record-panel" role="tabpanel" aria-labelledby="tab-json" class="pane code-pane">{ code::view(&record.lines, explorer.record_version) }</div>
            } else {
                <div id="record-panel" role="tabpanel" aria-labelledby="tab-summary" class="detail-body" tabindex="0">
                    { match &record.summary {
                        Ok(summary) => summary_view(summary),
                        Err(error) => html! { <p>{ error }</p> },
                    } }
                </div>
            }
        </>
    }
}

fn summary_view(summary: &Summary) -> Html {
    html! { <>{ for summary.sections.iter().map(|section| html! {
        <section class="section">
            if !section.title.is_empty() { <h3>{ section.title }</h3> }
            { value_groups(&section.entries) }
        </section>
    }) }</> }
}

/// Facts side by side, tables and lists at full width.
fn value_groups(entries: &[Entry]) -> Html {
    let facts: Vec<_> = entries
        .iter()
        .filter(|entry| matches!(entry.value, Value::Text(_)))
        .collect();
    html! {
        <>
            if !facts.is_empty() {
                <dl class="facts">
                    { for facts.iter().map(|entry| html! { <><dt>{ entry.name }</dt><dd class="lines">{ text_of(&entry.value) }</dd></> }) }
                </dl>
            }
            { for entries.iter().map(|entry| match &entry.value {
                Value::Text(_) => Html::default(),
                Value::List(items) => html! {
                    <div class="stack tight"><p class="small muted">{ entry.name }</p>
                        <ul class="tags">{ for items.iter().map(|item| html! { <li class="tag">{ item }</li> }) }</ul></div>
                },
                Value::Table { columns, rows, more } => html! {
                    <div class="scroll-x" tabindex="0" role="region" aria-label={entry.name}>
                        <table class="data">
                            <thead><tr>{ for columns.iter().map(|column| html! { <th scope="col">{ *column }</th> }) }</tr></thead>
                            <tbody>{ for rows.iter().map(|row| html! {
                                <tr>{ for row.iter().map(|cell| html! { <td>{ cell }</td> }) }</tr>
                            }) }</tbody>
                        </table>
                        if *more > 0 { <p class="small muted">{ format!("{} more rows; the raw JSON has them all.", super::retrieval::grouped(*more)) }</p> }
                    </div>
                },
            }) }
        </>
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::List(_) | Value::Table { .. } => String::new(),
    }
}

/// The focus follows the arrow key to the other of the two tabs.
fn focus_other_tab(event: &KeyboardEvent) {
    let tab: web_sys::Element = event.target_unchecked_into();
    let other = tab
        .next_element_sibling()
        .or_else(|| tab.previous_element_sibling());
    if let Some(other) = other.and_then(|other| other.dyn_into::<web_sys::HtmlElement>().ok()) {
        // A tab on screen takes the focus.
        let _ = other.focus();
    }
}
