//! What each step of the guide says. Owns the words around the lines; the lines are `core::guide`'s.

use super::line;
use crate::app::Action;
use crate::view::flow_dialog::scope_list;
use crate::view::icon::Icon;
use portico_core::guide::{Step, Values, redirect_fault};
use yew::prelude::*;

type Act = Callback<Action>;

pub(super) fn body(step: Step, values: &Values, act: &Act) -> Html {
    match step {
        Step::App => app(),
        Step::Scopes => scopes(values, act),
        Step::Redirect => redirect(values, act),
        Step::Credentials => credentials(act),
        Step::Portico => portico(values, act),
        Step::Authorize => authorize(values, act),
        Step::Exchange => exchange(values, act),
        Step::Refresh => refresh(values, act),
        Step::Static => private_app(values, act),
        Step::Secure => secure(values, act),
        Step::Ballerina => ballerina(values, act),
    }
}

/// B2.
fn app() -> Html {
    html! {
        <ol class="steps">
            <li><p>{ "Sign in to HubSpot with an account that may develop apps; a free developer account will do. Open Development and create an app with OAuth." }</p></li>
            <li><p>{ "Give it a name and a description. People see both on the page that asks for consent, so name your product and say what it does with their data." }</p></li>
            <li><p>{ "Leave its distribution private while you try. HubSpot then lets it into ten accounts; a marketplace app that is not listed yet into 25." }</p></li>
        </ol>
    }
}

/// B3.
fn scopes(values: &Values, act: &Act) -> Html {
    html! {
        <>
            <p>{ "On the app's Auth tab add the scopes, each in the list it belongs to. Required ones must be granted; optional ones are left out where an account does not have them. The lists in HubSpot and those of portico.toml must be the same." }</p>
            <h3>{ "Required" }</h3>
            { scope_list(&values.required) }
            { line(act, "guide-required", "the required scopes", &values.required.join(" ")) }
            <details class="fold">
                <summary>{ "Optional (" }{ values.optional.len() }{ ")" }</summary>
                <div>
                    { scope_list(&values.optional) }
                    { line(act, "guide-optional", "the optional scopes", &values.optional.join(" ")) }
                </div>
            </details>
            <p class="muted">{ "For the Ballerina deals connector add crm.objects.deals.read, and crm.objects.deals.write if your program changes deals." }</p>
        </>
    }
}

/// B4.
fn redirect(values: &Values, act: &Act) -> Html {
    let callback = values.callback();
    html! {
        <>
            <p>{ "HubSpot returns to registered addresses only. On the Auth tab add Portico's own:" }</p>
            { line(act, "guide-callback", "Portico's redirect URL", &callback) }
            if let Some(fault) = redirect_fault(&callback) {
                <p class="bad">{ "HubSpot will not take this address as it is. " }{ fault }</p>
            }
            <p>{ "To try the exchange by hand, add one you control as well. An address on your own machine is allowed:" }</p>
            { line(act, "guide-by-hand", "the redirect URL for trying by hand", &values.redirect_uri) }
        </>
    }
}

/// B5.
fn credentials(act: &Act) -> Html {
    html! {
        <>
            <p>{ "Both stand on the same Auth tab. Fill in the client ID above. The client secret is for your shell and your proxy alone: type it behind this line, where nothing shows it." }</p>
            { line(act, "guide-secret", "the line that reads the secret", "read -rs HUBSPOT_CLIENT_SECRET") }
        </>
    }
}

fn portico(values: &Values, act: &Act) -> Html {
    html! {
        <>
            <p>{ "Put the secret into a file that only you can read, and this beside it as portico.toml:" }</p>
            { line(act, "guide-secret-file", "the line that writes the secret's file", &values.secret_file()) }
            { line(act, "guide-portico-toml", "portico.toml", &values.portico_toml()) }
            <p>{ "Look it over, and start the proxy:" }</p>
            { line(act, "guide-serve", "the lines that start the proxy", "portico-proxy check --config portico.toml\nportico-proxy serve --config portico.toml") }
        </>
    }
}

/// B6 to B9.
fn authorize(values: &Values, act: &Act) -> Html {
    html! {
        <>
            <p>{ "With Portico: choose Add Portal on Client Accounts. That is all, and the next two steps follow by themselves." }</p>
            <h3>{ "By hand" }</h3>
            <ol class="steps">
                <li><p>{ "Open this address. It names your app, where to return to, and the scopes, separated by %20." }</p></li>
                <li><p>{ "Sign in to HubSpot, choose the portal, review the permissions and choose Connect app." }</p></li>
                <li><p>{ "HubSpot returns to your redirect URL with ?code=… behind it. If nothing listens there the browser says so, and the address bar still shows it. Copy what stands behind code=; it works once, for some minutes." }</p></li>
            </ol>
            if let Ok(url) = values.authorize_url() {
                { line(act, "guide-authorize-url", "the authorization URL", &url) }
                <p><a class="button" href={url} target="_blank" rel="noopener noreferrer">{ "Open it" }{ Icon::ExternalLink.svg() }</a></p>
            } else {
                <p class="bad">{ "The proxy names a host that no browser should be sent to: check authorize_base in portico.toml." }</p>
            }
            <p class="muted">{ "Portico adds state and a PKCE challenge, so that nobody can slip in another's code. A program of your own should do the same." }</p>
        </>
    }
}

/// B10, B11, B13.
fn exchange(values: &Values, act: &Act) -> Html {
    html! {
        <>
            <p>{ "One POST, form-encoded; a JSON body is refused. Put the code into a variable, and send it:" }</p>
            { line(act, "guide-code", "the line that reads the code", "read -r CODE") }
            { line(act, "guide-exchange", "the exchange", &values.exchange()) }
            <details class="fold">
                <summary>{ "In Postman" }</summary>
                <div>
                    <ol class="steps">
                        <li><p>{ "A new request: POST, " }<code class="break">{ values.token_endpoint() }</code></p></li>
                        <li><p>{ "Body: x-www-form-urlencoded, with the keys grant_type (authorization_code), code, redirect_uri, client_id and client_secret." }</p></li>
                        <li><p>{ "Keep the client secret in a variable of the type secret, and send." }</p></li>
                    </ol>
                </div>
            </details>
            <p>{ "The answer holds " }<code>{ "access_token" }</code>{ ", " }<code>{ "refresh_token" }</code>{ " and " }<code>{ "expires_in" }</code>
                { ", seconds until the access token ends: about half an hour, but read it each time. Usually also hub_id, user_id and scopes. Calls carry the access token:" }</p>
            { line(act, "guide-first-call", "a first call", &values.first_call("HUBSPOT_ACCESS_TOKEN")) }
        </>
    }
}

/// B12.
fn refresh(values: &Values, act: &Act) -> Html {
    html! {
        <>
            <p>{ "Keep the refresh token: it brings the next access token without anybody at a screen. Portico does this by itself for every portal. By hand:" }</p>
            { line(act, "guide-refresh", "the refresh", &values.refresh()) }
            <p class="muted">{ "HubSpot answers with the same refresh token today. Store whatever comes back." }</p>
        </>
    }
}

/// B14 to B17.
fn private_app(values: &Values, act: &Act) -> Html {
    html! {
        <>
            <p>{ "For one portal that is your own there is a shorter way:" }</p>
            <ol class="steps">
                <li><p>{ "In the portal's settings create a private app, or a service key under Development, Keys." }</p></li>
                <li><p>{ "Give it the same scopes as above, without oauth." }</p></li>
                <li><p>{ "Copy its access token, which begins with pat-. It is the key: no exchange, no refresh. It does not expire, and Portico shows it so." }</p></li>
            </ol>
            { line(act, "guide-private-app", "a first call with a private app's token", &values.first_call("PRIVATE_APP_TOKEN")) }
            <p><a href="#/help/static-tokens">{ "Private app tokens and service keys" }</a></p>
        </>
    }
}

/// B18.
fn secure(values: &Values, act: &Act) -> Html {
    html! {
        <>
            <ul class="points">
                <li>{ "Client secret, refresh tokens and private app tokens belong into a secret store or a file of mode 0600, never into a repository, a ticket or a chat." }</li>
                <li>{ "If one may have leaked, rotate it at once: the client secret on the app's Auth tab, a private app's token in its settings. Then write the secret's file again and start the proxy again; the portals stay connected." }</li>
                <li>{ "A refresh token got by hand is revoked by removing the app under Connected Apps. That ends every authorization of the app for the portal, Portico's too." }</li>
            </ul>
            { line(act, "guide-rotate", "the line that writes the secret's file again", &values.secret_file()) }
            <p><a href="#/help/rotating-tokens">{ "Storing tokens and rotating them" }</a></p>
        </>
    }
}

const BALLERINA: &str = "deals:OAuth2RefreshTokenGrantConfig auth = {
    clientId,
    clientSecret,
    refreshToken,
    refreshUrl,
    credentialBearer: oauth2:POST_BODY_BEARER,
    clockSkew: 60
};
final deals:Client hubspot = check new ({auth});";

fn ballerina(values: &Values, act: &Act) -> Html {
    html! {
        <>
            <p>{ "The connector ballerinax/hubspot.crm.obj.deals renews its tokens by itself, given four fields. There are two ways to fill them." }</p>
            <h3>{ "With Portico as the broker" }</h3>
            <p>{ "No token and no secret of HubSpot's leaves the proxy; each access token handed out stands in the journal. Turn it on in portico.toml, make a service key, and give the program the key and the name of the connection:" }</p>
            { line(act, "guide-service-key", "the line that makes a service key", "portico-proxy issue-service-key --id deals") }
            { line(act, "guide-ballerina-broker", "Config.toml with Portico as the broker", &values.ballerina_broker()) }
            <p class="muted">{ "SERVICE_KEY is the first line that command prints; the lines below it go into portico.toml, with tokens = true under [solo.backend]. refreshToken is the connection's name and no secret." }</p>
            <h3>{ "With HubSpot's own tokens" }</h3>
            <p>{ "What the exchange by hand brought, which somebody then has to guard:" }</p>
            { line(act, "guide-ballerina-own", "Config.toml with HubSpot's own tokens", &values.ballerina_own()) }
            <h3>{ "In the program" }</h3>
            { line(act, "guide-ballerina-program", "the program's part", BALLERINA) }
            <p class="muted">{ "Set refreshUrl in any case: the connector's own default is HubSpot's first token endpoint, which ends on 16 February 2027. With a private app's token it is auth: {token: …} instead." }</p>
        </>
    }
}
