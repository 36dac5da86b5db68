//! Topics on getting connected: adding, reconnecting, roles, limits, set-up.
//! Owns the words. Sources: platform, sections 1, 2 and 8; mission, section 2.

super::rows! {
    // J3, J4, J7, J8, J12, J33, S6, S7. The view adds the exact scopes and the list to read before.
    "connecting" "Adding a portal" ["admin-role" "connection-types" "scopes" "pop-up-blocked" "portal-limit" "linked-elsewhere"]
    Text ["Portico uses OAuth 2.0 with PKCE. No step asks for an API key, and no password or token is typed here."]
    Steps [
        "Choose Add Portal on Client Accounts, at the top right, and the connection type: Config + Audit for a client portal, Config Only for a destination portal, Audit Only for a prospect."
        "Continue to HubSpot. A window with HubSpot's own page opens; if your browser blocks it, Portico shows a link instead."
        "Pick the portal. Sign in if HubSpot asks, and choose the account to connect; with several accounts HubSpot asks which one."
        "Review the permissions and choose Connect app. Required permissions must be granted. Optional ones may be left out; the parts that need them are then marked."
        "Done. The window closes, the portal stands in the table, and its metadata is retrieved by itself."
    ];

    // J23, R14–R24, P5, P6.
    "reconnecting" "Status and reconnecting" ["status-needs-reconnection" "status-disconnected" "why-it-ended" "wrong-portal" "admin-role" "troubleshooting"]
    Text ["The badge in a portal's row says how its authorization stands. Yellow asks to refresh it, red to connect again. Both are the same flow as the first connection."]
    Steps [
        "Choose Reconnect in the portal's row. Anybody who may install approved apps in that portal can do it, not only the person who connected it first."
        "Confirm the same portal on HubSpot's page. Another portal is refused, and nothing is changed."
        "Choose Connect app. The row turns green by itself, without a reload."
    ]
    Text ["A reconnection asks for exactly the permissions the portal has already granted, so that it needs no administrator. The new authorization is proved before it takes the old one's place. Only the authorization is replaced: label, type, workspace, history and retrieved metadata stay."];

    // R15; fact 11.
    "wrong-portal" "Another portal was chosen" ["reconnecting" "connecting" "error-wrong-portal"]
    Text [
        "A reconnection must end at the portal it began with. If HubSpot's page was answered for another one, Portico refuses with WRONG_PORTAL and changes nothing."
        "Portico opens HubSpot's page for the one account, so this happens when that page was left and another account chosen, or when the browser is signed in as somebody who cannot see the right portal."
    ]
    Steps [
        "Choose Reconnect again."
        "Compare the portal id on HubSpot's page with the one in the row."
        "If the account is not offered, sign out of HubSpot and sign in as somebody who is a user of that portal."
    ]
    Text ["To work with the other portal as well, add it with Add Portal: both can stand side by side."];

    // J28, R30–R32, S3, S13; fact 6.
    "admin-role" "Who may connect a portal in HubSpot" ["roles" "reconnecting" "connecting" "error-consent-denied"]
    Text ["Asked for first when an authorization fails: does the person at HubSpot's page have the role for it?"]
    Points [
        "A first connection needs a Super Admin of the portal, or a user with the App Marketplace Access permission. Other users see that they lack permission."
        "New permissions for a connected portal need the same."
        "Reconnecting with the permissions already approved is open to any user of the portal, so it need not be the person who connected it first."
    ]
    Steps [
        "In HubSpot open Settings, Users & Teams, choose your user and look under Permissions for Super Admin or App Marketplace Access."
        "If you have neither, ask a Super Admin of the portal to grant you App Marketplace Access, or to make the connection."
        "Then start again here."
    ]
    Text ["In Portico itself only admins of your organization add, change and reconnect portals. That is a role of its own."];

    // J29.
    "linked-elsewhere" "The portal is linked to another organization" ["revoke-or-uninstall" "error-portal-linked-elsewhere" "roles"]
    Text ["A portal belongs to one organization of Portico at a time, so that two do not change it behind each other's back. Which organization holds it is not told to others."]
    Steps [
        "Find out who in your company or at your agency connected it: a colleague, a former agency, a trial account."
        "Let an admin there choose Remove in the portal's row. Removing the app in HubSpot alone does not free it."
        "Add it here."
    ];

    // J25–J27, S18; fact 13 stands under install-limit.
    "portal-limit" "The number of portals your plan allows" ["error-portal-limit-reached" "revoke-or-uninstall" "install-limit"]
    Text ["A plan allows so many portals at once: Pro 3, Ultimate 10, Custom any number, or what your provider agreed with you. At the limit adding is refused with PORTAL_LIMIT_REACHED, before anybody is sent to HubSpot. There are two ways out."]
    Points [
        "Remove a portal you no longer need. Its place is free at once."
        "Upgrade the plan, where whoever provides Portico offers it."
    ]
    Text ["Reconnecting a portal takes no further place. A yellow or red portal keeps its place until it is removed."];

    // Fact 13; platform, section 1.1.
    "install-limit" "HubSpot limits how often an app is installed" ["portal-limit" "set-up" "error-config-fault"]
    Text [
        "Besides your plan, HubSpot itself limits apps: an app for the marketplace that is not listed yet can be installed in 25 accounts, a privately distributed one in 10, or 100 for a solutions partner. HubSpot shows this on its own page and sends nothing back, so Portico only sees that nobody returned."
        "If HubSpot's page refuses a new portal while others go on working, tell whoever operates Portico: the app must be listed, or portals it no longer needs must uninstall it."
    ];

    // J12–J17.
    "connection-types" "Connection types" ["connecting" "scopes" "error-connection-type-forbids"]
    Points [
        "Config + Audit, for a client portal under your care: import, deploy and audit."
        "Config Only, for a destination portal: import and deploy, no audits."
        "Audit Only, for a prospect: audit with read access only. No permission that writes is asked for."
    ]
    Text ["Change it later with Edit connection type in the row's menu. A change to a type that writes may need further permissions; they are then named, and asked for by their own step."];

    // D34, D35, D60, R31.
    "roles" "Roles and permissions in Portico" ["admin-role" "workspaces" "error-role-required"]
    Points [
        "Members see every connection, its status and its metadata. They change nothing."
        "Admins also add, reconnect, rename, move, change and remove connections."
    ]
    Text ["Your role stands at the foot of the sidebar. It comes with your session: whoever runs the dashboard you opened Portico from, or operates the proxy, gives it. If you need a portal connected, ask an admin of your organization to connect it, or to give you the admin role."];

    // D57, D68, S8; facts 7 and 8. The view adds every scope of the catalogue.
    "scopes" "Permissions and scopes" ["scope-mismatch" "partial-grant" "admin-role" "connection-types"]
    Text ["HubSpot calls its permissions scopes. Portico asks for a small required set, which every account has, and for optional ones, each with its reason. Where the metadata alone is wanted it asks for the narrow crm.schemas scopes, which open definitions and no records."]
    Points [
        "Required scopes are granted all together, or the connection is not made."
        "Optional scopes are left out silently where the account's plan or the person's role lacks them. What was granted is therefore read back from HubSpot, never assumed."
        "Scopes can be added later, when a new type of metadata is wanted: the portal is authorized again, and the new ones are named first. That needs the role of a first connection."
        "A scope that is taken out of the app's settings falls away from a portal at its next authorization; those still configured stay."
    ];

    // Fact 9.
    "scope-mismatch" "HubSpot says that scopes are insufficient, or mismatch" ["scopes" "set-up" "error-scope-not-configured" "error-scope-required-missing"]
    Text ["Two faults of an install address are shown on HubSpot's own page, without a way back. Each has one cause."]
    Points [
        "Insufficient: a scope that the app's settings require does not stand in scope. Standing in optional_scope does not count."
        "Mismatch: the address asks for a scope that the app's settings do not list, or an optional one in the wrong place."
    ]
    Text ["Portico checks both against its own configuration before the redirect. If HubSpot still shows one, the scopes in portico.toml differ from those of the app in HubSpot: whoever operates Portico must make them the same."];

    // B1.
    "set-up" "Setting up your own app" ["why-a-proxy" "static-tokens" "scopes" "oauth-v1-sunset" "rotating-tokens"]
    Text [
        "The set-up guide takes a developer from nothing to a working app: making it in HubSpot, scopes, redirect URL, the exchange by hand with your own values filled in, Portico's configuration and the one of the Ballerina connector. Its steps check themselves against this proxy."
        "It never asks for the client secret, because a page needs none."
    ];

    // Fact 2.
    "why-a-proxy" "Why there is a proxy, and what PKCE does" ["data-kept" "set-up" "token-refresh"]
    Points [
        "HubSpot's token endpoint wants the app's client secret, also with PKCE, and a browser cannot keep a secret. So the secret and the tokens stay in the proxy."
        "HubSpot's interfaces do not allow calls from web pages, so the calls for data go through the proxy too. It relays a fixed list of them and keeps no answer."
        "PKCE binds the authorization to the browser that began it: the proof is made here, and only who holds it can finish."
    ];

    // J30, S4.
    "browsers" "Browsers that work" ["pop-up-blocked" "data-kept" "clear-cache"]
    Text ["The present versions of Chrome, Firefox, Edge and Safari, on a computer or a phone. Allow pop-ups for this page and for app.hubspot.com."]
    Points [
        "Private windows work; what they keep is gone when they are closed, so metadata is retrieved again."
        "Embedded where the browser denies storage, Portico works as well and says that it keeps nothing."
        "Internet Explorer and browsers without WebAssembly do not work."
    ];
}
