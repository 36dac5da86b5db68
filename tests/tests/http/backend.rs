//! A partner's backend for webhooks, and a proxy process that sends to it.
//! Owns what it received and how it answers.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use portico_proxy::config::Webhook;
use portico_tests::{Caller, PORTAL, Stage, proxy_binary};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const ANOTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// What a backend received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn told(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// As the library that receivers use reads it; it also refuses a time that is five minutes off.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        standardwebhooks::Webhook::new(secret)
            .unwrap()
            .verify(self.body.as_bytes(), &self.headers)
            .is_ok()
    }
}

/// A partner's backend: keeps what comes and answers as it is told to, or not at all; 204 when it is told nothing.
pub(crate) struct Backend {
    pub(crate) url: String,
    answers: Arc<Mutex<VecDeque<Option<Response>>>>,
    received: mpsc::UnboundedReceiver<Received>,
}

#[derive(Clone)]
struct Door {
    answers: Arc<Mutex<VecDeque<Option<Response>>>>,
    came: mpsc::UnboundedSender<Received>,
}

async fn take(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> Response {
    let answer = door.answers.lock().unwrap().pop_front();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let _ = door.came.send(Received { headers, body });
    match answer {
        Some(Some(answer)) => answer,
        Some(None) => std::future::pending().await,
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

impl Backend {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "http://{}/hooks?who=portico",
            listener.local_addr().unwrap()
        );
        let (came, received) = mpsc::unbounded_channel();
        let answers = Arc::default();
        let door = Door {
            answers: Arc::clone(&answers),
            came,
        };
        let router = Router::new().fallback(take).with_state(door);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            answers,
            received,
        }
    }

    pub(crate) fn webhook(&self) -> Webhook {
        let mut webhook = Webhook::new(&self.url);
        webhook.secrets = vec![SECRET.to_owned().into()];
        webhook
    }

    pub(crate) fn will_answer(&self, answer: impl axum::response::IntoResponse) {
        let answer = Some(answer.into_response());
        self.answers.lock().unwrap().push_back(answer);
    }

    pub(crate) fn will_not_answer(&self) {
        self.answers.lock().unwrap().push_back(None);
    }

    pub(crate) async fn next(&mut self) -> Received {
        timeout(Duration::from_mins(1), self.received.recv())
            .await
            .expect("a message within a minute")
            .unwrap()
    }

    /// A stage whose news comes here, and the first of it: a portal was connected.
    pub(crate) async fn stage(&mut self) -> (Stage, String) {
        let stage = Stage::set(|config, _| config.webhooks = vec![self.webhook()]).await;
        let id = stage.connected(PORTAL).await;
        (stage, id)
    }
}

pub(crate) async fn rename(caller: &Caller, id: &str, label: &str) {
    let path = format!("/v1/connections/{id}");
    let version = caller.connection(id).await["version"].as_u64().unwrap();
    let request = caller
        .request(Method::PATCH, &path)
        .header("if-match", format!("\"{version}\""))
        .json(&json!({ "label": label }));
    assert_eq!(caller.send(request).await.status, 200);
}

/// Waits until a count is reached.
pub(crate) async fn until(stage: &Stage, query: &str, wanted: i64) {
    for _ in 0..600 {
        if stage.count(query).await == wanted {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("{query} is {}, not {wanted}", stage.count(query).await);
}

pub(crate) const PENDING: &str = "SELECT COUNT(*) FROM delivery WHERE state = 'pending'";
pub(crate) const DELIVERED: &str = "SELECT COUNT(*) FROM delivery WHERE state = 'delivered'";
pub(crate) const DEAD: &str = "SELECT COUNT(*) FROM delivery WHERE state = 'dead'";
/// Nobody waits for the clock: what is put off is due now.
pub(crate) const NOW: &str = "UPDATE delivery SET next_try_at = 0 WHERE state = 'pending'";

/// A proxy process over the stage's database, with its own webhooks.
pub(crate) struct Own {
    pub(crate) process: Child,
    pub(crate) caller: Caller,
}

impl Own {
    pub(crate) async fn start(stage: &Stage, backend: &Backend, folder: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let config = &stage.config;
        let url = match &config.database_url {
            Some(url) => {
                use secrecy::ExposeSecret as _;
                format!("database_url = {:?}\n", url.expose_secret())
            }
            None => String::new(),
        };
        let text = format!(
            "base_url = {:?}\nlisten = \"{address}\"\ndata_dir = {:?}\n{url}\
             [hubspot]\nclient_id = {:?}\nclient_secret_file = \"hubspot\"\nauthorize_base = {:?}\napi_base = {:?}\n\
             required_scopes = {:?}\noptional_scopes = {:?}\n\
             [[webhooks]]\nurl = {:?}\nsecret_file = \"secret\"\n",
            config.base_url,
            config.data_dir.display().to_string(),
            config.hubspot.client_id,
            config.hubspot.authorize_base,
            config.hubspot.api_base,
            config.hubspot.required_scopes,
            config.hubspot.optional_scopes,
            backend.url,
        );
        std::fs::write(folder.join("portico.toml"), text).unwrap();
        std::fs::write(folder.join("hubspot"), portico_sandbox::DEMO_CLIENT_SECRET).unwrap();
        std::fs::write(folder.join("secret"), SECRET).unwrap();
        let mut command = Command::new(proxy_binary());
        for (name, _) in std::env::vars_os() {
            // Of the tests, and no fields of a configuration.
            if name.to_string_lossy().starts_with("PORTICO_") {
                command.env_remove(name);
            }
        }
        let process = command
            .arg("serve")
            .arg("--config")
            .arg(folder.join("portico.toml"))
            .env("PORTICO_LOG", "error")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // The same base URL, so that the stage's sessions are good here too.
        let mut caller = stage.admin();
        caller.config.base_url = format!("http://{address}");
        for _ in 0..600 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return Self { process, caller };
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("the proxy does not listen");
    }
}
