//! One HTTP request. Owns time limit and cancelling; knows no address and no session.

use super::problem;
use super::timer::within;
use gloo_net::http::{Headers, Method, RequestBuilder, Response};
use portico_core::error::ErrorCode;
use portico_core::reading::from_json;
use portico_core::wire::Problem;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Blob, ReferrerPolicy, RequestCache, RequestCredentials, RequestRedirect,
};

/// The proxy's own deadline is 30 s (threat model, section 6); this one is for a dead network.
const TIME_LIMIT_MS: u32 = 45_000;
/// For what is as long as an organization's history.
const LONG_LIMIT_MS: u32 = 600_000;

/// What to send.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) url: String,
    /// For the `Authorization` header and nowhere else.
    pub(super) token: Option<&'a str>,
    /// JSON text.
    pub(super) body: Option<&'a str>,
    /// Further headers.
    pub(super) headers: &'a [(&'a str, &'a str)],
}

/// A complete answer, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) text: String,
}

/// Cancels the request, and the reading of its answer, when dropped.
pub(super) struct Cancel(AbortController);

impl Drop for Cancel {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends it and returns once the head of the answer is there; the body can be read while `Cancel` lives.
pub(super) async fn open(request: &Request<'_>) -> Result<(Response, Cancel), Box<Problem>> {
    let controller = AbortController::new()
        .map_err(|_| problem(ErrorCode::Internal, "This browser cannot cancel requests."))?;
    let mut builder = RequestBuilder::new(&request.url)
        .method(request.method.clone())
        .cache(RequestCache::NoStore)
        .credentials(RequestCredentials::Omit)
        .redirect(RequestRedirect::Error)
        .referrer_policy(ReferrerPolicy::NoReferrer)
        .abort_signal(Some(&controller.signal()));
    let cancel = Cancel(controller);
    if let Some(token) = request.token {
        builder = builder.header("authorization", &["Bearer ", token].concat());
    }
    for (name, value) in request.headers {
        builder = builder.header(name, value);
    }
    let ready = match request.body {
        Some(body) => builder
            .header("content-type", "application/json")
            .body(body),
        None => builder.build(),
    };
    let ready =
        ready.map_err(|_| problem(ErrorCode::Internal, "The request could not be built."))?;
    match within(TIME_LIMIT_MS, ready.send()).await {
        Some(Ok(response)) => Ok((response, cancel)),
        Some(Err(_)) => Err(Box::new(Problem::of(ErrorCode::ProxyUnreachable))),
        None => Err(problem(
            ErrorCode::ProxyUnreachable,
            "The proxy did not answer within 45 seconds.",
        )),
    }
}

/// Sends it and reads the whole answer.
pub(super) async fn send(request: &Request<'_>) -> Result<Answer, Box<Problem>> {
    let (response, _cancel) = open(request).await?;
    read(&response).await
}

/// The rest of an opened answer.
pub(super) async fn read(response: &Response) -> Result<Answer, Box<Problem>> {
    match within(TIME_LIMIT_MS, response.text()).await {
        Some(Ok(text)) => Ok(Answer {
            status: response.status(),
            headers: response.headers(),
            text,
        }),
        Some(Err(_)) | None => Err(problem(
            ErrorCode::ProxyUnreachable,
            "The connection broke off in the middle of an answer.",
        )),
    }
}

/// The rest of an opened answer, however long, kept by the browser and not in our memory.
pub(super) async fn blob(response: Response) -> Result<Blob, Box<Problem>> {
    let broken = || {
        problem(
            ErrorCode::ProxyUnreachable,
            "The connection broke off in the middle of an answer.",
        )
    };
    let promise = web_sys::Response::from(response).blob();
    let read = JsFuture::from(promise.map_err(|_| broken())?);
    let blob = within(LONG_LIMIT_MS, read).await.ok_or_else(broken)?;
    blob.ok()
        .and_then(|blob| blob.dyn_into().ok())
        .ok_or_else(broken)
}

impl Answer {
    /// The text of a success, or the problem.
    pub(super) fn success(self) -> Result<String, Box<Problem>> {
        if (200..300).contains(&self.status) {
            Ok(self.text)
        } else {
            Err(self.problem())
        }
    }

    /// The value of a success, or the problem.
    pub(super) fn json<T: DeserializeOwned>(self) -> Result<T, Box<Problem>> {
        let text = self.success()?;
        from_json(&text).map_err(|_| Box::new(Problem::of(ErrorCode::AnswerInvalid)))
    }

    /// What the answer says went wrong.
    pub(super) fn problem(&self) -> Box<Problem> {
        match from_json(&self.text) {
            Ok(problem) => Box::new(problem),
            // Something in front of the proxy answered in its place.
            Err(_) if matches!(self.status, 502..=504) => problem(
                ErrorCode::ProxyUnreachable,
                "Something in front of the proxy says that it is down.",
            ),
            Err(_) => Box::new(Problem::of(ErrorCode::AnswerInvalid)),
        }
    }
}
