//! The same flow by plain HTTP, without a browser: for stages that need many portals, and as the peer that
//! `bench-connect` measures against. Owns the requests; the person at HubSpot is the sandbox's own.

use std::time::{Duration, Instant};

use portico_core::authorize::AuthorizationRequest;
use portico_core::connection_type::ConnectionType;
use portico_core::pkce::{CodeVerifier, State};
use portico_core::scopes::{Configured, asked_for};
use portico_core::wire::{
    CompleteFlow, CompletedFlow, FlowStarted, Intent, Provider, Role, SessionInfo, StartFlow,
};
use reqwest::redirect::Policy;
use serde::de::DeserializeOwned;

use super::stage::Stage;

/// A person's HTTP client with a session of the proxy's own issuer.
#[derive(Debug)]
pub struct Doors {
    http: reqwest::Client,
    base_url: String,
    token: String,
    /// How long each request of the last [`Doors::connect`] took, by name.
    pub took: Vec<(&'static str, Duration)>,
}

impl Doors {
    /// Signs in as the solo proxy's own person.
    pub fn open(stage: &Stage) -> Self {
        let session = stage
            .proxy()
            .mint_session("you", Role::Admin, stage.base_url())
            .expect("a session of the proxy's own origin");
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .build();
        Self {
            http: http.expect("an HTTP client"),
            base_url: stage.base_url().to_owned(),
            token: session.token,
            took: Vec::new(),
        }
    }

    /// Connects a portal with all that a new connection asks.
    pub async fn connect(&mut self, stage: &Stage, portal: u64) -> CompletedFlow {
        self.took.clear();
        let info: SessionInfo = self.timed("session", self.get("/v1/session")).await;
        let hubspot = info.providers.first().expect("HubSpot is configured");
        let configured = Configured {
            required: &hubspot.required_scopes,
            optional: &hubspot.optional_scopes,
        };
        let connection_type = ConnectionType::default();
        let asked = asked_for(connection_type, &configured);
        let verifier = CodeVerifier::from_random(random());
        let secret = State::from_random(random());
        let start = StartFlow {
            provider: Provider::Hubspot,
            intent: Intent::Connect,
            connection_type,
            connection_id: None,
            scopes: asked.scope,
            optional_scopes: asked.optional_scope,
            code_challenge: verifier.sha256(),
            code_challenge_method: "S256".to_owned(),
            state_hash: secret.sha256(),
            return_uri: format!("{}/return.html", self.base_url),
        };
        let request = self.post("/v1/flows").json(&start);
        let flow: FlowStarted = self.timed("register", request).await;
        let url = AuthorizationRequest {
            authorize_endpoint: &flow.authorize_endpoint,
            client_id: &flow.client_id,
            redirect_uri: &flow.redirect_uri,
            scope: &start.scopes,
            optional_scope: &start.optional_scopes,
            state: &secret,
            code_challenge: &start.code_challenge,
        }
        .url()
        .expect("an authorization URL on this machine");
        let began = Instant::now();
        let now = stage.sandbox.now();
        let back = stage.sandbox.approve(&url, portal, now);
        let back = back.unwrap_or_else(|refused| panic!("{refused}"));
        self.took.push(("consent", began.elapsed()));
        let claim = self.come_back(&back).await;
        let complete = CompleteFlow {
            claim,
            code_verifier: verifier.expose().to_owned(),
        };
        let path = format!("/v1/flows/{}/complete", flow.flow_id);
        let request = self.post(&path).json(&complete);
        self.timed("exchange", request).await
    }

    /// Follows HubSpot's redirect as a browser's window does, and gives the claim.
    async fn come_back(&mut self, location: &str) -> String {
        let began = Instant::now();
        let answer = self
            .http
            .get(location)
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .send()
            .await
            .expect("the callback answers");
        self.took.push(("callback", began.elapsed()));
        let target = answer
            .headers()
            .get("location")
            .and_then(|value| value.to_str().ok());
        let claim = target
            .and_then(|target| target.split_once("&claim="))
            .map(|(_, claim)| claim.to_owned());
        claim.unwrap_or_else(|| panic!("no claim came back: {} {target:?}", answer.status()))
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.base_url);
        self.http
            .get(url)
            .bearer_auth(&self.token)
            .header("origin", &self.base_url)
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.base_url);
        self.http
            .post(url)
            .bearer_auth(&self.token)
            .header("origin", &self.base_url)
    }

    async fn timed<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        request: reqwest::RequestBuilder,
    ) -> T {
        let began = Instant::now();
        let answer = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        self.took.push((name, began.elapsed()));
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{name}: {status} {error}: {text}"))
    }
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system's randomness");
    bytes
}
