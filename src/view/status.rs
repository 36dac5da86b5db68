//! The status of a connection: colour, icon and words together, never colour alone (R3).

use super::Scene;
use super::icon::Icon;
use portico_core::accounts::SummaryGroup;
use portico_core::help::status_anchor;
use portico_core::route::{HelpPage, Route};
use portico_core::status::{Status, Tone};
use yew::prelude::*;

pub(crate) fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Attention => "attention",
        Tone::Bad => "bad",
        Tone::Quiet => "quiet",
    }
}

fn icon(status: Status) -> Html {
    match status {
        Status::Connected => Icon::CircleCheck.svg(),
        Status::ConnectedLimited => Icon::Info.svg(),
        Status::Checking => Icon::Loader.svg_with("icon spin"),
        Status::NeedsReconnection => Icon::TriangleAlert.svg(),
        Status::Disconnected => Icon::CircleX.svg(),
        Status::Suspended => Icon::CirclePause.svg(),
    }
}

/// The icon of a group of statuses.
pub(crate) fn group_icon(group: SummaryGroup) -> Html {
    icon(match group {
        SummaryGroup::Attention => Status::NeedsReconnection,
        SummaryGroup::Checking => Status::Checking,
        SummaryGroup::Limited => Status::ConnectedLimited,
        SummaryGroup::Connected => Status::Connected,
        SummaryGroup::Suspended => Status::Suspended,
    })
}

/// The badge in the table: links to its own help entry, which leads on to the reconnect help (J23).
pub(crate) fn link(scene: &Scene<'_>, status: Status) -> Html {
    let help = Route::Help(HelpPage::of(status_anchor(status)));
    html! {
        <a class={classes!("status", tone_class(status.tone()))} href={help.hash()} onclick={scene.nav(&help)}
            title="What this status means" part="status">
            { icon(status) }{ status.title() }
        </a>
    }
}

/// The badge alone.
pub(crate) fn badge(status: Status) -> Html {
    html! {
        <span class={classes!("status", tone_class(status.tone()))} part="status">{ icon(status) }{ status.title() }</span>
    }
}
