//! What a person should have at hand before the flow (J32, S3).

use super::icon::Icon;
use yew::prelude::*;

const ITEMS: [(&str, &str); 4] = [
    (
        "The right role in HubSpot",
        "For a first connection you need to be a Super Admin of the portal, or have App Marketplace access.",
    ),
    (
        "A portal that is not linked elsewhere",
        "A portal belongs to one organization. Disconnect it there first if another one holds it.",
    ),
    (
        "A current browser",
        "Chrome, Firefox, Edge or Safari, with pop-ups allowed for this page and for app.hubspot.com.",
    ),
    (
        "About a minute",
        "You choose the portal and review the permissions on HubSpot's own page. Nothing is typed or pasted here.",
    ),
];

pub(crate) fn list() -> Html {
    html! {
        <ul class="checklist">
            { for ITEMS.iter().map(|(title, text)| html! {
                <li>{ Icon::Check.svg() }<span><strong>{ title }</strong><span>{ text }</span></span></li>
            }) }
        </ul>
    }
}
