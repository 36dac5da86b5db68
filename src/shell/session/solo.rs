//! Sessions of a solo proxy: a launch link once, afterwards proof of this browser's key (design, section 9).
//! Owns the exchange with `/v1/solo/*`; the key itself is [`super::device`]'s.

use super::device::{self, Device, Key};
use crate::shell::clock::now_seconds;
use crate::shell::fetch::{self, Request};
use crate::shell::{location, random};
use gloo_net::http::Method;
use portico_core::error::ErrorCode;
use portico_core::pkce::base64url;
use portico_core::wire::{Launch, Launched, Problem, RenewSession, SessionToken, UnixSeconds};
use serde::Serialize;
use std::cell::RefCell;

/// A solo proxy's sessions.
pub(super) struct Solo {
    base_url: String,
    /// From the launch link, until it is used up.
    ticket: RefCell<Option<String>>,
    /// This browser's key; in memory as well, for browsers that store nothing.
    device: RefCell<Option<Device>>,
}

impl Solo {
    /// Takes the ticket out of the address, so that it is in no history and no bookmark.
    pub(super) fn new(base_url: String) -> Self {
        let hash = location::hash();
        let ticket = hash.strip_prefix("#launch=").map(str::to_owned);
        if ticket.is_some() {
            location::replace_hash("");
        }
        Self {
            base_url,
            ticket: RefCell::new(ticket),
            device: RefCell::default(),
        }
    }

    /// A fresh session: by the ticket if there is one, else by the key.
    pub(super) async fn session(&self) -> Result<SessionToken, Box<Problem>> {
        let ticket = self.ticket.borrow().clone();
        if let Some(ticket) = ticket {
            match self.launch(ticket).await {
                // The network is no verdict on the ticket: it is tried again.
                Err(problem) if problem.code == ErrorCode::ProxyUnreachable => return Err(problem),
                Err(refused) => {
                    self.ticket.replace(None);
                    // An old link in a browser that is known already does no harm.
                    return match self.by_key().await {
                        Err(problem) if problem.code == ErrorCode::LaunchRequired => Err(refused),
                        other => other,
                    };
                }
                Ok(session) => {
                    self.ticket.replace(None);
                    return Ok(session);
                }
            }
        }
        self.by_key().await
    }

    async fn launch(&self, ticket: String) -> Result<SessionToken, Box<Problem>> {
        let key = Key::generate().await?;
        let launch = Launch {
            ticket,
            public_key: key.public_jwk().await?,
        };
        let launched: Launched = self.post("/v1/solo/launch", &launch).await?;
        let device = Device {
            key,
            id: launched.device_id,
        };
        // Where storage is denied the key lives in memory, until the next reload.
        let _ = device::save(&self.base_url, &device).await;
        self.device.replace(Some(device));
        Ok(launched.session)
    }

    async fn by_key(&self) -> Result<SessionToken, Box<Problem>> {
        let launch_required = || Box::new(Problem::of(ErrorCode::LaunchRequired));
        let known = self.device.borrow().clone();
        let device = match known {
            Some(device) => device,
            None => device::load(&self.base_url)
                .await
                .ok_or_else(launch_required)?,
        };
        let assertion = self.assertion(&device).await?;
        match self
            .post("/v1/solo/session", &RenewSession { assertion })
            .await
        {
            Ok(session) => {
                self.device.replace(Some(device));
                Ok(session)
            }
            Err(problem) if problem.status == 401 => {
                // The proxy does not know this key, or no longer: another database, or it was removed.
                self.device.replace(None);
                device::forget(&self.base_url).await;
                Err(launch_required())
            }
            Err(problem) => Err(problem),
        }
    }

    /// JWT of type `portico-device+jwt`, ES256: see [`RenewSession`].
    async fn assertion(&self, device: &Device) -> Result<String, Box<Problem>> {
        let now = now_seconds();
        let header = Header {
            alg: "ES256",
            typ: "portico-device+jwt",
            kid: &device.id,
        };
        let claims = Claims {
            iss: &device.id,
            aud: &self.base_url,
            iat: now,
            exp: now + 60,
            jti: &base64url(&random::bytes32()?),
        };
        let mut jwt = [part(&header)?, part(&claims)?].join(".");
        let signature = device.key.sign(jwt.as_bytes()).await?;
        jwt.push('.');
        jwt.push_str(&base64url(&signature));
        Ok(jwt)
    }

    async fn post<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Box<Problem>> {
        let body =
            serde_json::to_string(body).map_err(|_| Box::new(Problem::of(ErrorCode::Internal)))?;
        let request = Request {
            method: Method::POST,
            url: [&self.base_url, path].concat(),
            token: None,
            body: Some(&body),
            headers: &[],
        };
        fetch::send(&request).await?.json()
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: UnixSeconds,
    exp: UnixSeconds,
    jti: &'a str,
}

/// A part of a JWT.
fn part(value: &impl Serialize) -> Result<String, Box<Problem>> {
    Ok(base64url(json(value)?.as_bytes()))
}

fn json(value: &impl Serialize) -> Result<String, Box<Problem>> {
    serde_json::to_string(value).map_err(|_| Box::new(Problem::of(ErrorCode::Internal)))
}
