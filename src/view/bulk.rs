//! The dry run of a deed for one portal or many: what will change, what stays, what is refused; then how it went.
//! Owns the markup; plan and words are the core's.

use super::dialog::Modal;
use super::icon::Icon;
use super::{Scene, notice, place};
use crate::app::{Action, Bulk, BulkStep, Fared};
use portico_core::accounts::{BulkAction, BulkItem, BulkOutcome, BulkPlan};
use portico_core::text::grouped;
use portico_core::wire::{
    Connection, GrantKind, ProbeOutcome, Problem, Provider, TestReport, Verdict,
};
use web_sys::HtmlInputElement;
use yew::prelude::*;

pub(crate) fn view(scene: &Scene<'_>, bulk: &Bulk) -> Html {
    let plan = &bulk.plan;
    let title = title(plan);
    let on_close = scene.act.reform(|()| Action::CloseDialog);
    let alone = alone(scene, plan);
    let lead = match alone {
        // Of one alone the title says what is done to it.
        Some(connection) if connection.provider == Provider::Hubspot => {
            place::lead_of(scene, connection)
        }
        _ if bulk.begun() || alone.is_some() => String::new(),
        _ => [&plan.headline, "."].concat(),
    };
    let key = title.clone();
    let (body, foot) = if bulk.begun() {
        (results(bulk), running_foot(scene, bulk))
    } else {
        (planned(scene, bulk), planned_foot(scene, bulk))
    };
    html! { <Modal {key} {title} {lead} {on_close} {foot}>{ body }</Modal> }
}

/// The one connection that the plan is about, if it is about one.
fn alone<'a>(scene: &Scene<'a>, plan: &BulkPlan) -> Option<&'a Connection> {
    match plan.items.as_slice() {
        [one] => scene.ready.connection(&one.id),
        _ => None,
    }
}

fn title(plan: &BulkPlan) -> String {
    let what = match plan.items.as_slice() {
        [one] => one.name.clone(),
        many => format!("{} portals", many.len()),
    };
    match &plan.action {
        BulkAction::Test => format!("Test {what}"),
        BulkAction::ChangeType(_) => format!("Change type of {what}"),
        BulkAction::MoveToWorkspace(_) => format!("Move {what}"),
        BulkAction::Remove => format!("Remove {what}?"),
    }
}

fn planned(scene: &Scene<'_>, bulk: &Bulk) -> Html {
    let plan = &bulk.plan;
    let removing = plan.action == BulkAction::Remove;
    let on_typed = scene.act.reform(|event: InputEvent| {
        let text = event.target_unchecked_into::<HtmlInputElement>().value();
        Action::Bulk(BulkStep::Typed(text))
    });
    let on_uninstall = scene.act.reform(|event: Event| {
        let wanted = event.target_unchecked_into::<HtmlInputElement>().checked();
        Action::Bulk(BulkStep::Uninstall(wanted))
    });
    let by_oauth = plan.changes().any(|item| {
        scene.ready.connection(&item.id).is_some_and(|connection| {
            connection.provider == Provider::Hubspot && connection.grant.kind == GrantKind::Oauth
        })
    });
    html! {
        <>
            if !plan.lost.is_empty() {
                <div class="notice bad">
                    { Icon::TriangleAlert.svg() }
                    <div>
                        <strong>{ "What goes" }</strong>
                        <ul class="plain-list">{ for plan.lost.iter().map(|line| html! { <li>{ line }</li> }) }</ul>
                    </div>
                </div>
            }
            if !plan.notes.is_empty() {
                <div class="notice">{ Icon::Info.svg() }<div>{ for plan.notes.iter().map(|line| html! { <p>{ line }</p> }) }</div></div>
            }
            { items(plan) }
            if let (true, Some(connection)) = (removing, alone(scene, plan).filter(|known| known.provider == Provider::Hubspot)) {
                <p><button id="keep-first" type="button" class="button small" onclick={scene.click(Action::Keep(connection.id.clone()))}>
                    { Icon::Download.svg() }{ "Download what this browser holds first" }
                </button></p>
            }
            if removing && by_oauth && plan.changing > 0 {
                <label class="toggle wrap">
                    <input id="uninstall" type="checkbox" checked={bulk.uninstall} onchange={on_uninstall} />
                    <span>
                        { "Also uninstall the app from HubSpot" }
                        <span class="small muted">{ "It disappears under Connected Apps, for everybody who uses it in that portal. Left out, only this authorization is revoked." }</span>
                    </span>
                </label>
            }
            if let Some(proof) = plan.confirmation.as_ref() {
                <label class="field">{ &proof.ask }
                    <input id="confirm-text" class="input" autocomplete="off" spellcheck="false" value={bulk.typed.clone()} oninput={on_typed} />
                </label>
            }
        </>
    }
}

/// What becomes of each portal; left out for one alone, whom title and headline name.
fn items(plan: &BulkPlan) -> Html {
    let all_same = plan.items.len() == 1 && plan.changing == 1;
    if all_same && plan.action != BulkAction::Test {
        return Html::default();
    }
    html! {
        <div class="scroll-x plan" tabindex="0" role="region" aria-label="What becomes of each portal">
            <table class="data">
                <thead><tr><th scope="col">{ "Portal" }</th><th scope="col">{ "Now" }</th><th scope="col">{ "Then" }</th></tr></thead>
                <tbody>{ for plan.items.iter().map(item) }</tbody>
            </table>
        </div>
    }
}

fn item(item: &BulkItem) -> Html {
    let named = html! { <td><strong>{ &item.name }</strong>{ " " }<span class="mono small muted">{ item.portal.to_string() }</span></td> };
    match &item.outcome {
        BulkOutcome::Change { from, to } => {
            html! { <tr data-outcome="change">{ named }<td>{ from }</td><td>{ to }</td></tr> }
        }
        BulkOutcome::Unchanged { why } => {
            html! { <tr data-outcome="unchanged">{ named }<td colspan="2" class="muted">{ "Stays. " }{ why }</td></tr> }
        }
        BulkOutcome::Refused { why } => {
            html! { <tr data-outcome="refused">{ named }<td colspan="2" class="bad-text">{ "Not possible. " }{ why }</td></tr> }
        }
    }
}

fn is_github(scene: &Scene<'_>, item: &BulkItem) -> bool {
    let known = scene.ready.connection(&item.id);
    known.is_some_and(|connection| connection.provider == Provider::Github)
}

fn planned_foot(scene: &Scene<'_>, bulk: &Bulk) -> Html {
    let plan = &bulk.plan;
    let danger = plan.action == BulkAction::Remove;
    let many = plan.changing > 1;
    let verb = match &plan.action {
        BulkAction::Test => "Test now".to_owned(),
        BulkAction::ChangeType(_) => "Change type".to_owned(),
        BulkAction::MoveToWorkspace(_) => "Move".to_owned(),
        BulkAction::Remove if many => format!("Remove {} portals", grouped(plan.changing)),
        BulkAction::Remove if plan.items.iter().any(|item| is_github(scene, item)) => {
            "Remove connection".to_owned()
        }
        BulkAction::Remove => "Remove portal".to_owned(),
    };
    let class = if danger {
        "button danger solid"
    } else {
        "button primary"
    };
    html! {
        <>
            <button type="button" class="button" onclick={scene.click(Action::CloseDialog)}>{ "Cancel" }</button>
            <button id="confirm" type="button" {class} disabled={!bulk.may_run()} onclick={scene.click(Action::Bulk(BulkStep::Run))}>{ verb }</button>
        </>
    }
}

fn running_foot(scene: &Scene<'_>, bulk: &Bulk) -> Html {
    let label = if bulk.ended() {
        "Done"
    } else {
        "Close; it goes on"
    };
    html! { <button id="bulk-done" type="button" class="button" onclick={scene.click(Action::CloseDialog)}>{ label }</button> }
}

fn results(bulk: &Bulk) -> Html {
    let (done, all) = (bulk.results.len(), bulk.plan.changing);
    html! {
        <>
            <div role="status" class="stack tight">
                if bulk.ended() {
                    <p>{ format!("{} of {} done.", done, grouped(all)) }</p>
                } else {
                    <p class="retrieval-line">{ Icon::Loader.svg_with("icon spin") }{ format!("{} of {}", done, grouped(all)) }</p>
                    <progress max={all.to_string()} value={done.to_string()} aria-label="Progress" />
                }
            </div>
            { for bulk.results.iter().map(|result| html! {
                <section key={result.id.to_string()} class="section fared" data-portal={result.portal.to_string()}>
                    <h3>{ &result.name }{ " " }<span class="mono small muted">{ result.portal.to_string() }</span></h3>
                    { match &result.outcome {
                        Ok(Fared::Tested(report)) => tested(report),
                        Ok(Fared::Changed(_)) => html! { <p class="small">{ "Changed." }</p> },
                        Ok(Fared::Removed(notes)) => html! { <p class="small">{ notes.join(" ") }</p> },
                        Err(problem) => refused(problem),
                    } }
                </section>
            }) }
        </>
    }
}

fn refused(problem: &Problem) -> Html {
    notice::problem(problem)
}

/// Each area with how its read ended (S12).
fn tested(report: &TestReport) -> Html {
    let (tone, icon, words) = match report.verdict {
        Verdict::Ok => (
            "good",
            Icon::CircleCheck,
            "Data flows from every granted area.",
        ),
        Verdict::Partial => (
            "attention",
            Icon::Info,
            "The account answers; some areas gave no data.",
        ),
        Verdict::Failed => ("bad", Icon::CircleX, "No data can flow."),
    };
    html! {
        <>
            <p><span class={classes!("status", tone)}>{ icon.svg() }{ words }</span></p>
            <div class="scroll-x" tabindex="0" role="region" aria-label="Result of each area">
                <table class="data areas">
                    <thead><tr><th scope="col">{ "Area" }</th><th scope="col">{ "Result" }</th><th scope="col" class="end">{ "Time" }</th></tr></thead>
                    <tbody>
                        { for report.areas.iter().map(|area| html! {
                            <tr data-area={area.area.clone()}>
                                <td>{ portico_core::text::visible(&area.title) }</td>
                                <td>
                                    { outcome(area.outcome) }
                                    if let Some(id) = &area.correlation_id { <span class="small muted">{ " · reference " }<code class="break">{ portico_core::text::visible(id) }</code></span> }
                                </td>
                                <td class="end mono">{ format!("{} ms", area.milliseconds) }</td>
                            </tr>
                        }) }
                    </tbody>
                </table>
            </div>
        </>
    }
}

fn outcome(outcome: ProbeOutcome) -> &'static str {
    match outcome {
        ProbeOutcome::Ok => "Data came",
        ProbeOutcome::Forbidden => {
            "Not allowed: a permission is missing, or the plan lacks the feature"
        }
        ProbeOutcome::RateLimited => "HubSpot's rate limit was reached; try again in a moment",
        ProbeOutcome::Unavailable => "HubSpot gave no answer",
        ProbeOutcome::Unauthorized => "The authorization is no longer accepted",
    }
}
