//! What a person should have at hand before the flow (J32, S3).

use super::icon::Icon;
use portico_core::wire::Provider;
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

/// The same for GitHub.
const GITHUB: [(&str, &str); 3] = [
    (
        "The right GitHub account",
        "GitHub takes the account this browser is signed in as. It should see the repositories you want to work with.",
    ),
    (
        "The app on your account or organization",
        "An owner installs Portico's GitHub App there, for all repositories or for chosen ones.",
    ),
    (
        "A current browser",
        "With pop-ups allowed for this page. Nothing is typed or pasted here.",
    ),
];

pub(crate) fn list() -> Html {
    list_of(Provider::Hubspot)
}

pub(crate) fn list_of(provider: Provider) -> Html {
    let items: &[(&str, &str)] = match provider {
        Provider::Hubspot => &ITEMS,
        Provider::Github => &GITHUB,
    };
    html! {
        <ul class="checklist">
            { for items.iter().map(|(title, text)| html! {
                <li>{ Icon::Check.svg() }<span><strong>{ title }</strong><span>{ text }</span></span></li>
            }) }
        </ul>
    }
}
