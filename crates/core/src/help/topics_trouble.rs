//! Topics on what goes wrong: windows, caches, networks, repositories, what is coming to an end.
//! Owns the words. Sources: platform, sections 1.2, 1.3 and 4; mission, section 2.

super::rows! {
    // R33, R34, S13–S16, D49–D51.
    "troubleshooting" "When connecting or reconnecting keeps failing" ["trouble-kinds" "admin-role" "pop-up-blocked" "clear-cache" "support-code" "why-it-ended"]
    Text ["Three causes explain almost all of it. The notice names the one Portico sees."]
    Points [
        "The window: it was blocked, or an extension broke HubSpot's page. The code is POPUP_BLOCKED or POPUP_CLOSED, or nothing happens at all."
        "The role: HubSpot's page says that you lack permission, or the code is CONSENT_DENIED or AUTH_SCOPE_DENIED."
        "HubSpot itself: the code is PROVIDER_UNAVAILABLE or begins with UPSTREAM. Waiting helps; nothing was changed."
    ]
    Steps [
        "Check that you have the role, and that you chose the right portal."
        "Allow pop-ups, switch off ad blockers and extensions for this page and for app.hubspot.com, or try a private window."
        "Clear the cache and try again."
        "Check in HubSpot that the app was not removed under Connected Apps."
        "If it still fails, quote the code and the reference of the notice to support."
    ];

    // D49–D51.
    "trouble-kinds" "HubSpot down, token revoked, permission missing, or the network?" ["status-checking" "status-needs-reconnection" "partial-grant" "troubleshooting"]
    Points [
        "HubSpot is down or busy: the badge says Checking, codes begin with UPSTREAM or are PROVIDER_UNAVAILABLE. Wait; status.hubspot.com tells of outages."
        "The token was revoked: the badge says Needs reconnection or Disconnected. Reconnect; check in HubSpot whether the app was removed."
        "A permission is missing: the badge says Connected, limited, or one kind of metadata is marked. Authorize again and grant it."
        "The network: a notice at the top says that the proxy cannot be reached, code PROXY_UNREACHABLE. Check the connection and any filter between; what was retrieved stays readable."
    ];

    // J31, S14, R33.
    "pop-up-blocked" "Pop-ups, ad blockers and extensions" ["error-popup-blocked" "error-popup-closed" "clear-cache" "browsers" "troubleshooting"]
    Text ["HubSpot's page opens in a window of its own. If the browser stops it, Portico notices and offers a link that opens it with a second click; that is enough to go on."]
    Steps [
        "Allow pop-ups for this page and for app.hubspot.com. Chrome and Edge show a sign at the right of the address bar, Firefox a bar above the page; in Safari it is Settings, Websites, Pop-up Windows."
        "Switch off ad blockers and privacy extensions for both, and start again. They can also stop calls to the proxy, or break HubSpot's page so that Connect app does nothing."
        "If that is not yours to decide, use a private window, where extensions are usually off, or another browser."
    ]
    Text ["A window that seems closed may still be at work. Finish in it: a late return is still accepted."];

    // S15.
    "clear-cache" "Clear the cache and try again" ["pop-up-blocked" "data-kept" "browsers" "troubleshooting"]
    Text ["After an update of Portico, or when HubSpot's page behaves oddly, files kept by the browser may be out of date."]
    Steps [
        "Reload this page without the cache: Ctrl+Shift+R, or Cmd+Shift+R on a Mac."
        "If it is HubSpot's page, clear the browser's cached images and files, sign in to HubSpot again, and start again here."
        "Only if that does not help, clear this site's data as well."
    ]
    Text ["Clearing this site's data deletes the metadata kept in this browser, which can be retrieved again, and may ask for a fresh launch link. The connections themselves are kept in the proxy."];

    // S16.
    "support-code" "What to quote to support" ["instance-details" "troubleshooting"]
    Points [
        "The code of the notice, such as AUTH_SCOPE_DENIED. Codes stay the same in every language and version, and each can be found by this page's search."
        "The reference beside it, if there is one: it ties what you saw to one line of the proxy's log."
        "The portal id and the time."
    ]
    Text ["Never send a token, a client secret or a password. Nobody needs one to help you."];

    // D36–D45, D59.
    "repository-not-showing" "A repository does not show" ["roles" "retrieval" "trouble-kinds"]
    Steps [
        "Choose Add Repo on the GitHub connection: connecting an account adds none of its repositories by itself."
        "Check that the repository exists under the account or organization you chose, and was not renamed or deleted."
        "Check your access: the GitHub user who connected must see it, and an organization may have to approve the app for it."
        "Reconnect GitHub, and pick the repository on GitHub's page where it asks for a choice."
    ]
    Text ["A repository that was deleted, or whose access was revoked, shows an error instead of Connected. One GitHub connection can hold many repositories; each works on its own."];

    // Fact 1, P8.
    "oauth-v1-sunset" "HubSpot's OAuth v1 ends on 16 February 2027" ["set-up" "token-refresh"]
    Text [
        "HubSpot switches off its first OAuth endpoints on that day: /oauth/v1/token, /oauth/v1/access-tokens and /oauth/v1/refresh-tokens. Portico uses their successors, /oauth/2026-03/token with introspection and revocation below it, so its connections are not concerned."
        "Programs of your own may be: the Ballerina connector's default refreshUrl is still the old one, and so are many guides. Set the address by hand. Refresh tokens from the old endpoint work at the new one; parameters go in the body, and errors follow RFC 6749."
    ];
}
