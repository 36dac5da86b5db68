//! The glass box (P9): the steps of the flow, each with where it is specified.

use super::retrieval::grouped;
use portico_core::trace::TraceEntry;
use yew::prelude::*;

/// Folded, because most people never need it; nothing before the first step.
pub(crate) fn fold(entries: &[TraceEntry]) -> Html {
    let Some(first) = entries.first() else {
        return Html::default();
    };
    html! {
        <details id="flow-trace" class="fold">
            <summary>{ "What happened, step by step" }</summary>
            <div>
                <p class="small muted">{ "No secret can stand here: only lengths, codes, scopes, hosts and times are kept." }</p>
                <ol class="trace">{ for entries.iter().map(|entry| step(entry, first.at_ms)) }</ol>
            </div>
        </details>
    }
}

fn step(entry: &TraceEntry, start: u64) -> Html {
    let elapsed = u32::try_from(entry.at_ms.saturating_sub(start)).unwrap_or(u32::MAX);
    html! {
        <li>
            <span class="mono small nowrap">{ grouped(elapsed) }{ " ms" }</span>
            <div>
                <strong>{ entry.step }</strong>
                if !entry.section.is_empty() { <span class="small mono">{ entry.section }</span> }
                <p class="small muted">{ entry.says }</p>
                <dl class="facts">
                    { for entry.facts.iter().map(|(name, fact)| html! { <><dt>{ *name }</dt><dd class="mono">{ fact.text() }</dd></> }) }
                </dl>
            </div>
        </li>
    }
}
