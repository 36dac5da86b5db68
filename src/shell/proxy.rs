//! The proxy's interface as functions (design, section 4). Owns addresses, headers and the one repeat
//! after an ended session; decides nothing by an answer.

use super::fetch::{self, Answer, Cancel, Request};
use super::session::{self, Sessions};
use gloo_net::http::{Headers, Method, Response};
use portico_core::error::ErrorCode;
use portico_core::ids::{ConnectionId, FlowId, WorkspaceId};
use portico_core::journal::JournalPage;
use portico_core::wire::{
    AddStatic, CompleteFlow, CompletedFlow, Connection, FlowStarted, FlowState, NameWorkspace,
    Problem, RateLimit, RelayRequest, ReplaceCredential, SessionInfo, StartFlow, TestConnection,
    TestReport, UpdateConnection, Workspace, Workspaces,
};
use serde::{Deserialize, Serialize};
use web_sys::Blob;

/// The proxy, for one person's sessions.
#[derive(Clone)]
pub(crate) struct Proxy {
    base_url: String,
    sessions: Sessions,
}

/// Answer of `DELETE /v1/connections/{id}`: what was and was not done at the provider (D27).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Deleted {
    /// The grant was revoked at the provider.
    pub(crate) revoked: bool,
    /// Sentences for people.
    #[serde(default)]
    pub(crate) notes: Vec<String>,
}

/// Answer of a relay call.
pub(crate) struct RelayAnswer {
    /// The provider's JSON as it came, or why there is none; `proxy_unreachable` is the network's.
    pub(crate) outcome: Result<String, Box<Problem>>,
    /// What the provider says of its rate limit, if it says anything.
    pub(crate) rate: Option<RateLimit>,
}

#[derive(Deserialize)]
struct Connections {
    connections: Vec<Connection>,
}

type Outcome<T> = Result<T, Box<Problem>>;

impl Proxy {
    /// Takes an absolute or relative URL; see [`session::base`] for what is refused.
    pub(crate) fn new(base_url: &str, sessions: Sessions) -> Outcome<Self> {
        Ok(Self {
            base_url: session::base(base_url)?,
            sessions,
        })
    }

    /// Where it is, without a slash at the end.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where HubSpot returns to: on the proxy, and set as such on the app (B4).
    pub(crate) fn redirect_uri(&self) -> String {
        [&self.base_url, "/callback/hubspot"].concat()
    }

    /// `GET /v1/session`.
    pub(crate) async fn session_info(&self) -> Outcome<SessionInfo> {
        self.read("/v1/session").await
    }

    /// `GET /v1/connections`.
    pub(crate) async fn connections(&self) -> Outcome<Vec<Connection>> {
        let answer: Connections = self.read("/v1/connections").await?;
        Ok(answer.connections)
    }

    /// `POST /v1/flows`.
    pub(crate) async fn start_flow(&self, flow: &StartFlow) -> Outcome<FlowStarted> {
        self.write(Method::POST, "/v1/flows", flow, &[])
            .await?
            .json()
    }

    /// `GET /v1/flows/{id}`.
    pub(crate) async fn flow(&self, id: &FlowId) -> Outcome<FlowState> {
        self.read(&["/v1/flows/", id.as_str()].concat()).await
    }

    /// `POST /v1/flows/{id}/complete`.
    pub(crate) async fn complete_flow(
        &self,
        id: &FlowId,
        proof: &CompleteFlow,
    ) -> Outcome<CompletedFlow> {
        let path = ["/v1/flows/", id.as_str(), "/complete"].concat();
        self.write(Method::POST, &path, proof, &[]).await?.json()
    }

    /// `DELETE /v1/flows/{id}`.
    pub(crate) async fn cancel_flow(&self, id: &FlowId) -> Outcome<()> {
        let path = ["/v1/flows/", id.as_str()].concat();
        let answer = self.send(Method::DELETE, &path, None, &[]).await?;
        answer.success().map(|_| ())
    }

    /// `PATCH /v1/connections/{id}`: `version_conflict` if somebody else was faster.
    pub(crate) async fn update_connection(
        &self,
        id: &ConnectionId,
        version: u64,
        change: &UpdateConnection,
    ) -> Outcome<Connection> {
        let path = ["/v1/connections/", id.as_str()].concat();
        let version = format!("\"{version}\"");
        let headers = [("if-match", version.as_str())];
        self.write(Method::PATCH, &path, change, &headers)
            .await?
            .json()
    }

    /// `POST /v1/connections/{id}/test`: one read of each granted area.
    pub(crate) async fn test_connection(&self, id: &ConnectionId) -> Outcome<TestReport> {
        let path = ["/v1/connections/", id.as_str(), "/test"].concat();
        self.write(Method::POST, &path, &TestConnection {}, &[])
            .await?
            .json()
    }

    /// `DELETE /v1/connections/{id}`: revokes the grant and forgets it; with `uninstall` takes the app out of the
    /// portal first.
    pub(crate) async fn delete_connection(
        &self,
        id: &ConnectionId,
        uninstall: bool,
    ) -> Outcome<Deleted> {
        let uninstall = if uninstall { "&uninstall=true" } else { "" };
        let path = ["/v1/connections/", id.as_str(), "?revoke=true", uninstall].concat();
        self.send(Method::DELETE, &path, None, &[]).await?.json()
    }

    /// `POST /v1/connections/static`, and whether the connection is new: of a known portal only the token is.
    pub(crate) async fn add_static(&self, new: &AddStatic) -> Outcome<(Connection, bool)> {
        let answer = self
            .write(Method::POST, "/v1/connections/static", new, &[])
            .await?;
        let is_new = answer.status == 201;
        Ok((answer.json()?, is_new))
    }

    /// `PUT /v1/connections/{id}/credential`.
    pub(crate) async fn replace_credential(
        &self,
        id: &ConnectionId,
        credential: &ReplaceCredential,
    ) -> Outcome<Connection> {
        let path = ["/v1/connections/", id.as_str(), "/credential"].concat();
        self.write(Method::PUT, &path, credential, &[])
            .await?
            .json()
    }

    /// `GET /v1/workspaces`, by name.
    pub(crate) async fn workspaces(&self) -> Outcome<Vec<Workspace>> {
        let answer: Workspaces = self.read("/v1/workspaces").await?;
        Ok(answer.workspaces)
    }

    /// `POST /v1/workspaces`.
    pub(crate) async fn add_workspace(&self, name: &NameWorkspace) -> Outcome<Workspace> {
        self.write(Method::POST, "/v1/workspaces", name, &[])
            .await?
            .json()
    }

    /// `PATCH /v1/workspaces/{id}`: `version_conflict` if somebody else was faster.
    pub(crate) async fn rename_workspace(
        &self,
        id: &WorkspaceId,
        version: u64,
        name: &NameWorkspace,
    ) -> Outcome<Workspace> {
        let path = ["/v1/workspaces/", id.as_str()].concat();
        let version = format!("\"{version}\"");
        let headers = [("if-match", version.as_str())];
        self.write(Method::PATCH, &path, name, &headers)
            .await?
            .json()
    }

    /// `DELETE /v1/workspaces/{id}`: its connections stay, without a workspace.
    pub(crate) async fn remove_workspace(&self, id: &WorkspaceId, version: u64) -> Outcome<()> {
        let path = ["/v1/workspaces/", id.as_str()].concat();
        let version = format!("\"{version}\"");
        let headers = [("if-match", version.as_str())];
        let answer = self.send(Method::DELETE, &path, None, &headers).await?;
        answer.success().map(|_| ())
    }

    /// `POST /v1/connections/{id}/relay/{operation}`.
    pub(crate) async fn relay(
        &self,
        id: &ConnectionId,
        operation: &str,
        request: &RelayRequest,
    ) -> RelayAnswer {
        let path = ["/v1/connections/", id.as_str(), "/relay/", operation].concat();
        match self.write(Method::POST, &path, request, &[]).await {
            Ok(answer) => RelayAnswer {
                rate: rate_limit(&answer.headers),
                outcome: answer.success(),
            },
            Err(problem) => RelayAnswer {
                outcome: Err(problem),
                rate: None,
            },
        }
    }

    /// `GET /v1/events`, opened: the body is the stream.
    pub(super) async fn events(&self, last_event_id: &str) -> Outcome<(Response, Cancel)> {
        let mut headers = vec![("accept", "text/event-stream")];
        if !last_event_id.is_empty() {
            headers.push(("last-event-id", last_event_id));
        }
        let token = self.sessions.token().await?;
        let opened = fetch::open(&Request {
            method: Method::GET,
            url: [&self.base_url, "/v1/events"].concat(),
            token: Some(&token),
            body: None,
            headers: &headers,
        })
        .await?;
        if opened.0.ok() {
            return Ok(opened);
        }
        let problem = fetch::read(&opened.0).await?.problem();
        if has_ended(&problem) {
            self.sessions.refused(&token);
        }
        Err(problem)
    }

    /// `GET /v1/journal`, with its query; empty for none.
    pub(crate) async fn journal(&self, query: &str) -> Outcome<JournalPage> {
        let mark = if query.is_empty() { "" } else { "?" };
        self.read(&["/v1/journal", mark, query].concat()).await
    }

    /// `GET /v1/journal/export` of a few entries, as text.
    pub(crate) async fn journal_part(&self, query: &str) -> Outcome<String> {
        let path = ["/v1/journal/export", query].concat();
        self.send(Method::GET, &path, None, &[]).await?.success()
    }

    /// `GET /v1/journal/export`, which may be long: it stays outside our memory.
    pub(crate) async fn journal_export(&self, query: &str) -> Outcome<Blob> {
        let mut repeated = false;
        loop {
            let token = self.sessions.token().await?;
            let (response, _cancel) = fetch::open(&Request {
                method: Method::GET,
                url: [&self.base_url, "/v1/journal/export", query].concat(),
                token: Some(&token),
                body: None,
                headers: &[],
            })
            .await?;
            if response.ok() {
                return fetch::blob(response).await;
            }
            let problem = fetch::read(&response).await?.problem();
            if repeated || !has_ended(&problem) {
                return Err(problem);
            }
            self.sessions.refused(&token);
            repeated = true;
        }
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, path: &str) -> Outcome<T> {
        self.send(Method::GET, path, None, &[]).await?.json()
    }

    async fn write(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        headers: &[(&str, &str)],
    ) -> Outcome<Answer> {
        let body =
            serde_json::to_string(body).map_err(|_| Box::new(Problem::of(ErrorCode::Internal)))?;
        self.send(method, path, Some(&body), headers).await
    }

    /// Sends it; once more with a fresh session, if the proxy says that this one has ended. A refused
    /// session means that nothing was done, so even a write may be repeated.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Outcome<Answer> {
        let mut repeated = false;
        loop {
            let token = self.sessions.token().await?;
            let answer = fetch::send(&Request {
                method: method.clone(),
                url: [&self.base_url, path].concat(),
                token: Some(&token),
                body,
                headers,
            })
            .await?;
            if repeated || answer.status != 401 || !has_ended(&answer.problem()) {
                return Ok(answer);
            }
            self.sessions.refused(&token);
            repeated = true;
        }
    }
}

fn has_ended(problem: &Problem) -> bool {
    matches!(
        problem.code,
        ErrorCode::SessionExpired | ErrorCode::SessionRequired
    )
}

fn rate_limit(headers: &Headers) -> Option<RateLimit> {
    let number = |name: &str| headers.get(name)?.parse().ok();
    Some(RateLimit {
        max: number("x-hubspot-ratelimit-max")?,
        remaining: number("x-hubspot-ratelimit-remaining")?,
        interval_ms: number("x-hubspot-ratelimit-interval-milliseconds")?,
    })
}
