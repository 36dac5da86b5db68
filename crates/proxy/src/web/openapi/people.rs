//! What people's pages call with a session.

use super::described::Described;
use super::schemas::Schemas;
use crate::web::connections::Connections;
use crate::web::journal::{Part, Question};
use crate::web::removal::{Removal, Removed};
use http::Method;
#[allow(
    clippy::enum_glob_use,
    reason = "the lists below are made of nothing else"
)]
use portico_core::error::ErrorCode::{self, *};
use portico_core::journal::{JournalEntry, JournalHeader, JournalPage};
use portico_core::wire::{
    AddStatic, CompleteFlow, CompletedFlow, Connection, Event, FlowStarted, FlowState,
    NameWorkspace, ReplaceCredential, SessionInfo, StartFlow, TestConnection, TestReport,
    UpdateConnection, Workspace, Workspaces,
};
use serde_json::json;

/// Why a connection cannot be used just now.
pub(super) const UNUSABLE: &[ErrorCode] = &[NeedsReauth, Disconnected, Suspended, ConfigFault];
/// What HubSpot can say of a token that somebody enters.
const OF_A_TOKEN: &[ErrorCode] = &[
    InvalidCredential,
    CredentialRefused,
    ScopeDenied,
    ConnectedByOauth,
    GrantRefused,
    ProviderUnavailable,
    ConfigFault,
];

pub(super) fn all(schemas: &mut Schemas) -> Vec<Described> {
    let mut all = flows(schemas);
    all.extend(connections(schemas));
    all.extend(workspaces(schemas));
    all.extend(news(schemas));
    all
}

fn flows(schemas: &mut Schemas) -> Vec<Described> {
    vec![
        Described::new(Method::GET, "/v1/session", "showSession", "session", "Who the person is")
            .text("What the plan allows, and what can be connected.")
            .session()
            .answers(200, "The session's facts.", schemas.answer::<SessionInfo>()),
        Described::new(Method::POST, "/v1/flows", "startFlow", "flows", "Start an authorization")
            .text("Registered before any redirect; the answer is what the authorization URL is built from. Scopes and \
                   return addresses must be the operator's.")
            .admin()
            .body(schemas.request::<StartFlow>())
            .answers(201, "The flow, open for 600 seconds.", schemas.answer::<FlowStarted>())
            .refuses(&[
                InvalidPkce, InvalidStateHash, InvalidReturnUri, ScopeNotConfigured, ScopeRequiredMissing,
                TooManyFlows, PlanLimit, NotFound,
            ]),
        Described::new(Method::GET, "/v1/flows/{id}", "showFlow", "flows", "Where a flow stands")
            .text("The starter's own flows only.")
            .session()
            .answers(200, "As it stands now.", schemas.answer::<FlowState>())
            .refuses(&[NotFound]),
        Described::new(Method::DELETE, "/v1/flows/{id}", "cancelFlow", "flows", "Give up a flow")
            .text("One that is over stays over.")
            .admin()
            .answers_as(204, "It is over.", None)
            .refuses(&[NotFound, FlowFinished]),
        Described::new(
            Method::POST, "/v1/flows/{id}/complete", "completeFlow", "flows", "Trade claim and verifier for a connection",
        )
            .text("Repeated, it answers the same for 600 seconds; a flow that failed answers why.")
            .admin()
            .body(schemas.request::<CompleteFlow>())
            .answers(200, "The connection.", schemas.answer::<CompletedFlow>())
            .refuses(&[
                NotFound, ClaimRequired, BadVerifier, InvalidReturnUri, StateMismatch, ConsentDenied, ScopeDenied,
                WrongPortal, PortalLinkedElsewhere, PlanLimit, GrantRefused, ProviderUnavailable, ConfigFault,
                FlowExpired, FlowFinished, FlowLost,
            ]),
    ]
}

fn connections(schemas: &mut Schemas) -> Vec<Described> {
    let one = schemas.answer::<Connection>();
    let path = "/v1/connections/{id}";
    vec![
        Described::new(
            Method::GET,
            "/v1/connections",
            "listConnections",
            "connections",
            "All connections",
        )
        .session()
        .answers(
            200,
            "All of the organization's.",
            schemas.answer::<Connections>(),
        ),
        Described::new(
            Method::GET,
            path,
            "showConnection",
            "connections",
            "One connection",
        )
        .session()
        .answers(200, "As it stands now.", one.clone())
        .tagged()
        .refuses(&[NotFound]),
        Described::new(
            Method::PATCH,
            path,
            "updateConnection",
            "connections",
            "Change label, type or workspace",
        )
        .text("Fields that are absent stay.")
        .admin()
        .versioned()
        .body(schemas.request::<UpdateConnection>())
        .answers(200, "As it stands now.", one.clone())
        .tagged()
        .refuses(&[NotFound, UnknownWorkspace]),
        Described::new(
            Method::DELETE,
            path,
            "removeConnection",
            "connections",
            "Remove a connection",
        )
        .text(
            "The grant is given up at the provider too, unless `revoke` is false. The app stays \
                 installed there, unless `uninstall` is true.",
        )
        .admin()
        .query(schemas.query::<Removal>())
        .answers(
            200,
            "What was and was not done at the provider.",
            schemas.answer::<Removed>(),
        )
        .refuses(&[NotFound, ConfigFault]),
        Described::new(
            Method::POST,
            "/v1/connections/static",
            "addStatic",
            "connections",
            "Add a portal by a token",
        )
        .text("A private app token or service key, proved at HubSpot and never shown again.")
        .admin()
        .body(schemas.request::<AddStatic>())
        .answers(201, "A new connection.", one.clone())
        .answers(
            200,
            "The portal was connected so before: only its token is new.",
            one.clone(),
        )
        .tagged()
        .refuses(OF_A_TOKEN)
        .refuses(&[UnknownWorkspace, PlanLimit, PortalLinkedElsewhere]),
        Described::new(
            Method::PUT,
            "/v1/connections/{id}/credential",
            "replaceCredential",
            "connections",
            "Put another token of the same portal in place of the old one",
        )
        .admin()
        .body(schemas.request::<ReplaceCredential>())
        .answers(200, "As it stands now.", one)
        .tagged()
        .refuses(OF_A_TOKEN)
        .refuses(&[NotFound, WrongPortal]),
        Described::new(
            Method::POST,
            "/v1/connections/{id}/test",
            "testConnection",
            "connections",
            "Prove that data flows",
        )
        .text("Outcomes and times, no metadata. Takes up to 25 seconds.")
        .session()
        .body(schemas.request::<TestConnection>())
        .answers(200, "How each read ended.", schemas.answer::<TestReport>())
        .refuses(&[NotFound])
        .refuses(UNUSABLE),
    ]
}

fn workspaces(schemas: &mut Schemas) -> Vec<Described> {
    let one = schemas.answer::<Workspace>();
    let name = schemas.request::<NameWorkspace>();
    let of_names = [InvalidWorkspaceName, WorkspaceNameTaken];
    let path = "/v1/workspaces/{id}";
    vec![
        Described::new(
            Method::GET,
            "/v1/workspaces",
            "listWorkspaces",
            "workspaces",
            "All workspaces",
        )
        .session()
        .answers(
            200,
            "All of the organization's, by name.",
            schemas.answer::<Workspaces>(),
        ),
        Described::new(
            Method::POST,
            "/v1/workspaces",
            "addWorkspace",
            "workspaces",
            "Add a workspace",
        )
        .admin()
        .body(name.clone())
        .answers(201, "The workspace.", one.clone())
        .tagged()
        .refuses(&of_names)
        // Another admin may remove it before it is answered.
        .refuses(&[WorkspaceLimit, NotFound]),
        Described::new(
            Method::PATCH,
            path,
            "renameWorkspace",
            "workspaces",
            "Rename a workspace",
        )
        .admin()
        .versioned()
        .body(name)
        .answers(200, "As it stands now.", one)
        .tagged()
        .refuses(&of_names)
        .refuses(&[NotFound]),
        Described::new(
            Method::DELETE,
            path,
            "removeWorkspace",
            "workspaces",
            "Remove a workspace",
        )
        .text("Its connections stay, without a workspace.")
        .admin()
        .versioned()
        .answers_as(204, "It is gone.", None)
        .refuses(&[NotFound]),
    ]
}

fn news(schemas: &mut Schemas) -> Vec<Described> {
    let events = json!({
        "type": "string",
        "description": "Server-sent events: `event` names the type, `data` is the JSON of one, `id` a number that \
            grows. A comment comes every 15 seconds. The stream ends with the session.",
        "x-data": schemas.answer::<Event>(),
    });
    let lines = json!({
        "type": "string",
        "description": "JSON Lines: a header, then one entry a line. `portico-proxy journal verify` reads it.",
        "x-first-line": schemas.answer::<JournalHeader>(),
        "x-line": schemas.answer::<JournalEntry>(),
    });
    vec![
        Described::new(Method::GET, "/v1/events", "followEvents", "events", "News of the organization")
            .session()
            // A stream is one request, however long.
            .never(RateLimited)
            .parameter(json!({
                "name": "Last-Event-ID", "in": "header", "required": false,
                "description": "The last `id` that was seen: what was missed since then comes first, or a `reset`.",
                "schema": { "type": "string" },
            }))
            .answers_as(200, "A stream.", Some(("text/event-stream", events))),
        Described::new(Method::GET, "/v1/journal", "readJournal", "journal", "A page of the journal")
            .admin()
            .query(schemas.query::<Question>())
            .answers(200, "Entries, and where the whole journal stands.", schemas.answer::<JournalPage>()),
        Described::new(
            Method::GET, "/v1/journal/export", "exportJournal", "journal", "The journal, or a part of it, as a file",
        )
            .admin()
            .query(schemas.query::<Part>())
            .answers_as(200, "The entries, each bound to the one before it.", Some(("application/x-ndjson", lines)))
            .header("Content-Disposition", &json!({
                "description": "A name for the file.", "required": true,
                "schema": { "type": "string", "pattern": "^attachment; filename=\"[A-Za-z0-9._-]+\"$" },
            })),
    ]
}
