//! Topics on connections that stand: retrieval, labels, workspaces, tokens, removal, where data is.
//! Owns the words. Sources: platform, sections 1.6, 2 and 3; mission, sections 2 and 5.

super::rows! {
    // D8–D13, D47, D61–D64, D66.
    "retrieval" "What the retrieval's states mean" ["pending" "trouble-kinds" "data-kept" "partial-grant"]
    Text ["Retrieval starts by itself after connecting, and its state is shown live in the row and on the card; nothing needs to be reloaded."]
    Points [
        "Pending: queued. Wait about a minute."
        "In progress: fetching, with the count so far. Usually 2 to 10 minutes by the portal's size, often less: Portico goes as fast as HubSpot's rate limit allows."
        "Completed: ready to use. If a part is missing, it says how many kinds are incomplete, and the explorer names the reason for each."
        "Error: read the message, which says whether to wait, to reconnect or to grant a permission, then retrieve again from the row's menu."
    ]
    Text ["Keep this page open meanwhile, in any tab. If it is closed, retrieval goes on where it stood when you come back."];

    // D46, D48.
    "pending" "Stuck in pending" ["retrieval" "troubleshooting" "support-code" "status-checking"]
    Text ["Retrieval normally starts within one or two minutes after connecting. It runs in this browser, so these are what holds it up."]
    Points [
        "Another tab is retrieving the same portal: the line says so. Let it finish, or close it."
        "The portal is yellow, red or suspended: no call is made until that is over."
        "The proxy or HubSpot cannot be reached just now: a notice at the top says so, and Portico goes on by itself."
        "The browser put the tab to sleep: bring it to the front."
    ]
    Steps [
        "Wait two minutes."
        "Choose Retrieve metadata again in the row's menu."
        "Reload the page; what was retrieved is kept."
        "After more than five minutes, tell whoever operates Portico, with the portal id, the time, and the code of any notice."
    ];

    // D52–D56, S17; fact 7.
    "partial-grant" "Some requested permissions were not granted" ["scopes" "status-connected-limited" "error-auth-scope-denied" "reconnecting"]
    Text ["On HubSpot's page optional permissions can be left out, and HubSpot leaves out by itself what the account or your role does not have. The connection then works, with gaps."]
    Points [
        "What was retrieved stays readable, and everything the granted permissions open works."
        "Types of metadata and operations that will fail are marked, and the missing permissions are listed by name under the status."
        "Permissions that the portal's plan cannot grant are told apart: nobody can do anything about those without another plan."
        "Authorizing again with everything ticked clears the warning."
    ];

    // D67, R11.
    "revoking-in-hubspot" "Do not remove the app in HubSpot while the connection stays here" ["revoke-or-uninstall" "status-disconnected" "connected-apps"]
    Text [
        "Removing the app under Connected Apps, or rotating its credentials, ends the authorization at once and without telling Portico. The portal turns yellow or red at the next refresh, imports and deployments fail, and somebody has to connect it again."
        "To end a connection, remove it here first. Portico then revokes the authorization itself and says what is left to do in HubSpot."
    ];

    // D27, R11; fact 10.
    "revoke-or-uninstall" "Revoking is not uninstalling" ["revoking-in-hubspot" "connected-apps" "data-kept" "linked-elsewhere"]
    Points [
        "Revoking ends the authorization: Portico can fetch no further access. Removing a portal here does that."
        "Access tokens already issued keep working until they end by themselves, within about half an hour."
        "The app stays installed in the portal and listed there. A Super Admin removes it under Settings, Integrations, Connected Apps; then every authorization of the app for that portal ends."
    ]
    Text ["Removing a portal here also deletes its metadata in this browser, and cannot be undone. Keep a copy of what you need first."];

    // Fact 12.
    "connected-apps" "HubSpot's Connected Apps page" ["revoke-or-uninstall" "revoking-in-hubspot" "scopes"]
    Text [
        "In HubSpot, Settings, Integrations, Connected Apps lists every app of the portal. The app appears there once a first authorization was finished."
        "It shows the app's permissions, and in its newer form which apps need attention, a way to reconnect, and a log. It can also be used to check that access was really removed."
    ];

    // R8–R12; platform, section 1.6.
    "why-it-ended" "Why an authorization ends" ["reconnecting" "status-needs-reconnection" "token-refresh" "revoking-in-hubspot" "scopes"]
    Text ["HubSpot does not always say why. Where its answer tells, the row names the one cause; where it does not, it says that it is one of these."]
    Points [
        "The app was removed from the portal under Connected Apps. That works at once."
        "The refresh token is invalid: the authorization was revoked, or HubSpot replaced it."
        "The app now needs more permissions than the connection holds."
        "The person who authorized was deactivated or lost rights. Most authorizations belong to the account and survive that; some do not."
        "The account was merged, downgraded or closed, or its subscription changed."
        "A private app's token was rotated, or its app or key was deleted."
    ]
    Text ["Reconnecting cures all but a closed account. Nothing kept here is lost by waiting."];

    // D20–D25, D58; fact 3.
    "token-refresh" "How authorizations are kept alive" ["why-it-ended" "status-checking" "static-tokens" "why-a-proxy"]
    Text [
        "HubSpot's access tokens last about half an hour; HubSpot says how long with each one. Before a call Portico looks at the time left, and with under five minutes it fetches the next token first. In normal use nobody authorizes again by hand."
        "If HubSpot does not answer, the authorization is kept and tried again. Only HubSpot's word that the refresh token is invalid or revoked turns the row yellow, and only a person can mend that: choose Reconnect."
    ];

    // D14, D15, D65.
    "labels" "Good labels" ["workspaces" "portal-name"]
    Text ["A label is your own name for a portal, and stands wherever the portal is named. Choose Rename in the row's menu."]
    Points [
        "Say whose it is and what for: Acme, production. Acme, sandbox. Prospect: Birch GmbH."
        "HubSpot's own name or domain is often the same for several portals of one company, and a mere default says nothing when you are about to deploy."
        "An empty label goes back to HubSpot's name. The portal id is always shown beside it."
    ];

    // J10, J11, J18; fact 4.
    "portal-name" "Which name a portal has here" ["labels" "instance-details" "tier"]
    Text ["Your label, if you gave one. Otherwise the account's name, where HubSpot tells it: not every version of its interface does. Otherwise the portal's domain, and last its number. Name and id are fetched and never typed; a name changed in HubSpot is followed."];

    // J20; fact 5.
    "tier" "How a portal's tier is known" ["portal-name" "scopes"]
    Text ["HubSpot tells no app which plan an account has. Portico infers it, first from the account's daily limit of calls, then from the permissions it could grant, and shows that evidence when you point at the tier. Free and Starter cannot be told apart, and where nothing speaks for a tier it stays unknown."];

    // D69, D70.
    "workspaces" "Workspaces" ["labels" "roles"]
    Text ["A workspace groups portals: production, staging, one for each client. The one you are in is always named, and the table then shows its portals alone, so that nothing is done to the wrong portal by habit."]
    Points [
        "Admins make, rename and remove workspaces. Removing one keeps its portals."
        "A portal is in one workspace, or in none."
        "A workspace is for order. It hides nothing from the members of your organization."
    ];

    // D26, B14–B17, J3.
    "static-tokens" "Private app tokens and service keys" ["rotating-tokens" "scopes" "set-up" "data-kept"]
    Text ["For a single portal of your own there is a way without OAuth: a private app's token, or a service key, which HubSpot offers as a beta. It is a path of its own; adding a portal never asks for a token."]
    Steps [
        "In HubSpot open Settings, Integrations, Private Apps, or Development, Keys, Service keys, and create one."
        "Give it the same scopes as the app, without oauth."
        "Copy its access token, which begins with pat- and the data centre, such as pat-na1- or pat-eu1-."
        "Enter it here. It is checked, sealed and never shown again; only its last four characters are, so that you can tell tokens apart."
    ]
    Text ["Such a token does not expire, and is shown so. It ends when it is rotated or its app is deleted, and it may lose rights with the person who made it. HubSpot is closing the creation of older private apps; service keys and apps of its developer platform take their place."];

    // B18.
    "rotating-tokens" "Storing tokens and rotating them" ["static-tokens" "token-refresh" "data-kept"]
    Points [
        "Keep client secrets, tokens and keys in a secret store or in a file only you can read. Never in a repository, a ticket or a chat."
        "If one may have leaked, rotate it at once; otherwise from time to time."
        "A private app's token: rotate it in its settings in HubSpot, now or with seven days of overlap, then enter the new one in the portal's row. Label, type and history stay."
        "The app's client secret: rotate it in HubSpot, put the new one into the proxy's secret file, start the proxy again. The portals stay connected."
        "A service key of Portico: issue a second one, move your backend over, delete the first. If it leaked, delete it first."
    ];

    // D71.
    "instance-details" "Instance details" ["portal-name" "roles" "scopes" "workspaces" "support-code"]
    Text ["What whoever helps you will ask for. None of it is secret."];

    // P1; fact 15.
    "data-kept" "Which data is kept where" ["why-a-proxy" "clear-cache" "revoke-or-uninstall" "rotating-tokens"]
    Points [
        "In this browser: the metadata you retrieved, for you and your organization alone, and answers such as whether a help page was useful. No token of HubSpot's or GitHub's ever comes here."
        "In the proxy: which portals are connected, their authorizations, sealed, and the journal of who did what. It passes metadata on and keeps none."
        "At HubSpot: the app and what it was allowed. Portico uses HubSpot's public interfaces only, no extension and nobody's signed-in session."
    ]
    Text ["Removing a portal deletes its metadata here. Clearing this site's data in the browser deletes all of it; it can be retrieved again."];
}
