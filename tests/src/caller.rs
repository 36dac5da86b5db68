//! A page with a session: calls the proxy's interface as the widget does.

use portico_core::authorize::AuthorizationRequest;
use portico_core::pkce::{CodeVerifier, State, base64url, sha256_base64url};
use portico_core::sse::EventStreamParser;
use portico_proxy::config::Config;
use reqwest::header::{AUTHORIZATION, HeaderMap, ORIGIN};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// 43 characters of base64url that no other call gives.
fn unique(what: &str) -> String {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    sha256_base64url(&format!("{what} {number} {}", std::process::id()))
}

/// 32 bytes that nobody can guess.
fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub text: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        Self {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error} in {} {}", self.status, self.text))
    }

    /// The stable code of a problem; nothing on success.
    pub fn code(&self) -> Option<String> {
        if self.status < 400 {
            return None;
        }
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        assert!(problem["correlation_id"].is_string(), "{problem}");
        Some(problem["code"].as_str().unwrap().to_owned())
    }

    /// Status and code at once.
    pub fn refusal(&self) -> (u16, String) {
        (
            self.status,
            self.code()
                .unwrap_or_else(|| panic!("not refused: {}", self.text)),
        )
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// A flow this page started, with what only the page knows.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its id.
    pub id: String,
    /// What the pop-up is sent to.
    pub authorize_url: String,
    /// `state` of RFC 6749.
    pub state: String,
    /// `code_verifier` of RFC 7636.
    pub verifier: String,
    /// Answer of `POST /v1/flows`.
    pub started: Value,
}

/// A page with a session.
#[derive(Clone)]
pub struct Caller {
    /// What the proxy runs with.
    pub config: Config,
    /// Its bearer token.
    pub token: String,
    /// Where the page stands.
    pub origin: String,
    client: Client,
}

impl Caller {
    /// A page on `origin` with a token.
    pub fn new(config: Config, token: String, origin: String) -> Self {
        let client = Client::builder()
            .no_proxy()
            // What comes is looked at as it came.
            .no_gzip()
            .no_brotli()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(40))
            .build()
            .unwrap();
        Self {
            config,
            token,
            origin,
            client,
        }
    }

    /// The same page with another session, over the same connections.
    #[must_use]
    pub fn with_token(&self, token: String) -> Self {
        Self {
            token,
            ..self.clone()
        }
    }

    /// A request that is not yet sent, with session and origin.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(ORIGIN, &self.origin)
    }

    /// A request with neither.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.config.base_url))
    }

    /// Sends a request and reads the answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::of(request.send().await.unwrap()).await
    }

    /// The same of a process that may be killed meanwhile: nothing where no whole answer came.
    pub async fn tried(&self, request: RequestBuilder) -> Option<Answer> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.ok()?;
        Some(Answer {
            status,
            headers,
            text,
        })
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A good body of `POST /v1/flows` for state and verifier.
    pub fn connect_body(&self, state: &str, verifier: &str) -> Value {
        json!({
            "provider": "hubspot",
            "intent": "connect",
            "connection_type": "config_and_audit",
            "scopes": self.config.hubspot.required_scopes,
            "optional_scopes": self.config.hubspot.optional_scopes,
            "code_challenge": sha256_base64url(verifier),
            "code_challenge_method": "S256",
            "state_hash": sha256_base64url(state),
            "return_uri": format!("{}/return.html", self.origin),
        })
    }

    /// A good body with fresh state and verifier that nobody will need.
    pub fn any_connect_body(&self) -> Value {
        self.connect_body(&unique("state"), &unique("verifier"))
    }

    /// Starts a flow that adds a portal.
    pub async fn start_connect(&self) -> Flow {
        self.start(|_| {}).await
    }

    /// Starts a flow for a known connection, with the scopes it holds.
    pub async fn start_reconnect(&self, connection: &Value) -> Flow {
        self.start(|body| self.turn_to_reconnect(body, connection))
            .await
    }

    /// The same, as [`Caller::begun`].
    pub async fn begun_again(&self, connection: &Value) -> Result<Flow, Option<Answer>> {
        self.begun(|body| self.turn_to_reconnect(body, connection))
            .await
    }

    fn turn_to_reconnect(&self, body: &mut Value, connection: &Value) {
        let held = connection["grant"]["granted"].as_array().unwrap();
        let required = &self.config.hubspot.required_scopes;
        let optional: Vec<&Value> = held
            .iter()
            .filter(|scope| required.iter().all(|known| *scope != known))
            .collect();
        body["intent"] = json!("reconnect");
        body["connection_id"] = connection["id"].clone();
        body["optional_scopes"] = json!(optional);
    }

    /// Starts a flow that connects a GitHub account.
    pub async fn start_github(&self) -> Flow {
        self.start(|body| self.turn_to_github(body)).await
    }

    /// Starts a flow that reconnects one.
    pub async fn start_github_reconnect(&self, connection: &Value) -> Flow {
        self.start(|body| {
            self.turn_to_github(body);
            body["intent"] = json!("reconnect");
            body["connection_id"] = connection["id"].clone();
        })
        .await
    }

    /// Makes a body of `POST /v1/flows` one for GitHub.
    pub fn turn_to_github(&self, body: &mut Value) {
        let github = self.config.github.as_ref().expect("GitHub is configured");
        body["provider"] = json!("github");
        body["scopes"] = json!(github.scopes);
        body["optional_scopes"] = json!([]);
    }

    /// Starts a flow with a changed body.
    pub async fn start(&self, change: impl FnOnce(&mut Value)) -> Flow {
        match self.begun(change).await {
            Ok(flow) => flow,
            Err(answer) => panic!("not started: {answer:?}"),
        }
    }

    /// The same; else what was answered, or nothing where nobody answered.
    pub async fn begun(&self, change: impl FnOnce(&mut Value)) -> Result<Flow, Option<Answer>> {
        let state = State::from_random(random());
        let verifier = CodeVerifier::from_random(random());
        let mut body = self.connect_body(state.expose(), verifier.expose());
        change(&mut body);
        let request = self.request(Method::POST, "/v1/flows").json(&body);
        let answer = self.tried(request).await.ok_or(None)?;
        if answer.status != 201 {
            return Err(Some(answer));
        }
        let started = answer.json();
        let words = |name: &str| {
            let list = body[name].as_array().unwrap();
            list.iter()
                .map(|word| word.as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let text = |name: &str| started[name].as_str().unwrap().to_owned();
        // Built by the core, as the app does.
        let request = AuthorizationRequest {
            authorize_endpoint: &text("authorize_endpoint"),
            client_id: &text("client_id"),
            redirect_uri: &text("redirect_uri"),
            scope: &words("scopes"),
            optional_scope: &words("optional_scopes"),
            state: &state,
            code_challenge: body["code_challenge"].as_str().unwrap(),
        };
        let authorize_url = request.url().unwrap();
        Ok(Flow {
            id: text("flow_id"),
            authorize_url,
            state: state.expose().to_owned(),
            verifier: verifier.expose().to_owned(),
            started,
        })
    }

    /// Completes a flow with its own verifier.
    pub async fn complete(&self, flow: &Flow, claim: &str) -> Answer {
        let proof = json!({ "claim": claim, "code_verifier": flow.verifier });
        self.post(&format!("/v1/flows/{}/complete", flow.id), &proof)
            .await
    }

    /// Where a flow stands.
    pub async fn flow(&self, flow: &Flow) -> Value {
        self.get(&format!("/v1/flows/{}", flow.id)).await.json()
    }

    /// One connection.
    pub async fn connection(&self, id: &str) -> Value {
        self.get(&format!("/v1/connections/{id}")).await.json()
    }

    /// A relayed operation.
    pub async fn relay(&self, id: &str, operation: &str, arguments: &Value) -> Answer {
        self.post(
            &format!("/v1/connections/{id}/relay/{operation}"),
            arguments,
        )
        .await
    }

    /// An open event stream.
    pub async fn events(&self, last_id: Option<&str>) -> Streaming {
        let mut request = self
            .request(Method::GET, "/v1/events")
            .timeout(Duration::from_mins(10));
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Streaming {
            response,
            parser: EventStreamParser::default(),
            ready: Vec::new(),
        }
    }
}

/// One event as the browser would see it.
#[derive(Clone, Debug)]
pub struct StreamedEvent {
    /// For `Last-Event-ID`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its JSON.
    pub data: Value,
}

/// An open event stream.
pub struct Streaming {
    response: Response,
    parser: EventStreamParser,
    ready: Vec<StreamedEvent>,
}

impl Streaming {
    /// The next event; nothing when the stream has ended. A stream that stays silent fails the test.
    pub async fn next(&mut self) -> Option<StreamedEvent> {
        while self.ready.is_empty() {
            let chunk = tokio::time::timeout(Duration::from_secs(30), self.response.chunk());
            let bytes = chunk.await.expect("news within half a minute").ok()??;
            self.ready.extend(
                self.parser
                    .push(&bytes)
                    .into_iter()
                    .map(|event| StreamedEvent {
                        id: event.id,
                        name: event.event,
                        data: serde_json::from_str(&event.data).unwrap(),
                    }),
            );
        }
        Some(self.ready.remove(0))
    }

    /// Skips to the next event that fits.
    pub async fn find(&mut self, fits: impl Fn(&StreamedEvent) -> bool) -> StreamedEvent {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if fits(&event) {
                return event;
            }
        }
    }
}

/// 32 bytes as base64url, for tests that need a value of the right form.
pub fn encoded(byte: u8) -> String {
    base64url(&[byte; 32])
}
