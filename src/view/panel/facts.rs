//! The facts of one connection, as the proxy and the provider tell them.

use super::moment;
use crate::view::Scene;
use portico_core::status::read_status;
use portico_core::text::visible;
use portico_core::wire::{
    AccountType, Connection, GrantKind, Provider, RefreshOutcome, UnixSeconds,
};
use yew::prelude::*;

/// An access token with less than this many seconds left is renewed before it is used (D22).
const RENEWED_BELOW: i64 = 300;

pub(super) fn view(scene: &Scene<'_>, connection: &Connection, now: UnixSeconds) -> Html {
    let (account, grant) = (&connection.account, &connection.grant);
    let entered = grant.kind == GrantKind::Static;
    let myself = connection.connected_by == scene.ready.booted.session.sub;
    let by = if myself {
        "You".to_owned()
    } else {
        visible(&connection.connected_by)
    };
    let alive = read_status(connection, now).status.calls_allowed();
    let mut currencies = account.company_currency.clone().unwrap_or_default();
    for currency in &account.additional_currencies {
        currencies.push_str(", ");
        currencies.push_str(currency);
    }
    let text = |name: &'static str, value: &Option<String>| match value.as_deref() {
        Some(value) if !value.is_empty() => fact(name, html! { { visible(value) } }),
        _ => Html::default(),
    };
    html! {
        <section class="section" aria-labelledby="panel-facts">
            <h3 id="panel-facts">{ "About this connection" }</h3>
            <dl class="facts">
                { text("Label", &connection.label) }
                { text("Authorized by", &account.authorised_by) }
                { fact("Connected by", html! { { by } }) }
                { fact("Connected", moment(connection.created_at, now)) }
                { fact(if entered { "Token entered" } else { "Authorized" }, moment(grant.obtained_at, now)) }
                if let Some(hint) = &grant.hint { { fact("Token ends in", html! { <code>{ visible(hint) }</code> }) } }
                { fact("Last refresh", last_refresh(connection, now)) }
                { fact("Next refresh", next_refresh(connection, alive, now)) }
                if let Some(kind) = account.account_type { { fact("Account type", html! { { account_type(kind) } }) } }
                { text("Hub domain", &account.hub_domain) }
                { text("Data hosting", &account.data_hosting_location) }
                { text("Time zone", &account.time_zone) }
                { text("Currencies", &Some(currencies)) }
            </dl>
        </section>
    }
}

fn fact(name: &'static str, value: Html) -> Html {
    html! { <><dt>{ name }</dt><dd>{ value }</dd></> }
}

fn last_refresh(connection: &Connection, now: UnixSeconds) -> Html {
    match (&connection.grant.last_refresh, connection.grant.kind) {
        (_, GrantKind::Static) => html! { { "Never needed: the token does not expire" } },
        (None, GrantKind::Oauth) => html! { { "None yet" } },
        (Some(refresh), GrantKind::Oauth) => {
            let how = match refresh.outcome {
                RefreshOutcome::Refreshed => "succeeded",
                RefreshOutcome::Transient => "did not get through",
                RefreshOutcome::Refused => "was refused",
            };
            html! { <>{ how }{ " " }{ moment(refresh.at, now) }</> }
        }
    }
}

fn next_refresh(connection: &Connection, alive: bool, now: UnixSeconds) -> Html {
    let grant = &connection.grant;
    let retry = grant.fault.as_ref().and_then(|fault| fault.next_try_at);
    match (grant.expires_at, retry) {
        _ if !alive => html! { { "After it is repaired" } },
        (_, Some(at)) if at > now => html! { <>{ "Tried again " }{ moment(at, now) }</> },
        (None, _) if connection.provider == Provider::Github || grant.kind == GrantKind::Static => {
            html! { { "None: the token has no end" } }
        }
        (Some(at), _) if at - RENEWED_BELOW > now => {
            html! { <>{ "At the first use from " }{ moment(at - RENEWED_BELOW, now) }{ " on" }</> }
        }
        _ => html! { { "At the next use" } },
    }
}

fn account_type(kind: AccountType) -> &'static str {
    match kind {
        AccountType::Standard => "Standard",
        AccountType::DeveloperTest => "Developer test account",
        AccountType::Sandbox => "Sandbox of an account",
        AccountType::AppDeveloper => "App developer account",
        AccountType::Unknown => "Newer than this version knows",
    }
}
