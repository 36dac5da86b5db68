//! How far the retrieval of a portal has come: pending, in progress, completed or error (D9–D13).

use super::icon::Icon;
use crate::shell::retrieval::{Kept, ProgressUpdate};
use portico_core::error::ErrorCode;
use portico_core::retrieval::{KindState, Phase};
pub(crate) use portico_core::text::grouped;
use yew::prelude::*;

/// Word, numbers and a bar while it runs. `alive`: the portal may be asked now.
pub(crate) fn progress(update: Option<&ProgressUpdate>, alive: bool) -> Html {
    let Some(update) = update else {
        if !alive {
            return line("", Icon::CircleDashed.svg(), "Nothing retrieved yet");
        }
        return line("", Icon::CircleDashed.svg(), "Pending: retrieval is queued");
    };
    html! {
        <>
            { standing(update) }
            if update.set_aside { { line("", Icon::Info.svg(), ErrorCode::SnapshotUnreadable.entry().title) } }
            if update.kept == Kept::OnlyUntilReload {
                { line("", Icon::Info.svg(), "This browser keeps nothing: metadata is retrieved again after each reload") }
            }
        </>
    }
}

fn standing(update: &ProgressUpdate) -> Html {
    let records: u32 = update
        .kinds
        .iter()
        .map(portico_core::retrieval::KindProgress::records)
        .sum();
    match update.overall.phase {
        Phase::Pending if update.elsewhere => line(
            "",
            Icon::CircleDashed.svg(),
            "Another tab is retrieving this portal",
        ),
        Phase::Pending => line("", Icon::CircleDashed.svg(), "Pending: retrieval is queued"),
        Phase::InProgress => {
            let text = format!("In progress: {} records", grouped(records));
            html! {
                <div class="retrieval">
                    { line("", Icon::Loader.svg_with("icon spin"), &text) }
                    <progress max="100" value={percent(update.overall.fraction).to_string()} aria-label="Retrieval progress" />
                </div>
            }
        }
        Phase::Completed => line(
            "",
            Icon::Check.svg(),
            &format!("Completed: {} records", grouped(records)),
        ),
        Phase::CompletedWithGaps => {
            let gaps = update
                .kinds
                .iter()
                .filter(|kind| {
                    matches!(
                        kind.state,
                        KindState::Partial { .. } | KindState::Error { .. }
                    )
                })
                .count();
            let what = if gaps == 1 {
                "one kind is incomplete".to_owned()
            } else {
                format!("{gaps} kinds are incomplete")
            };
            line(
                "",
                Icon::Info.svg(),
                &format!("Completed: {} records, {what}", grouped(records)),
            )
        }
        // Yellow is no fault (R7): the badge beside it says what to do.
        Phase::Error(ErrorCode::NeedsReauth | ErrorCode::Disconnected | ErrorCode::Suspended) => {
            line(
                "",
                Icon::CirclePause.svg(),
                "Retrieval waits until the portal may be asked again",
            )
        }
        Phase::Error(code) => line(
            "bad",
            Icon::TriangleAlert.svg(),
            &format!("Error: {}", code.entry().title),
        ),
    }
}

fn line(tone: &'static str, icon: Html, text: &str) -> Html {
    html! { <p class={classes!("retrieval-line", tone)}>{ icon }{ text }</p> }
}

/// Whole percents: printing a float would cost the module more than this bar is worth.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 1 becomes 0 to 100"
)]
fn percent(fraction: f32) -> u8 {
    (fraction.clamp(0.0, 1.0) * 100.0) as u8
}
