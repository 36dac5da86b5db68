//! Sessions of a solo proxy: a launch link once, afterwards proof of this browser's key (design, section 9).
//! Owns the exchange with `/v1/solo/*`; the key itself is [`super::device`]'s.

use super::device::{self, Device, Key};
use crate::shell::clock::now_seconds;
use crate::shell::fetch::{self, Request};
use crate::shell::{location, problem, random};
use gloo_net::http::Method;
use portico_core::error::ErrorCode;
use portico_core::pkce::base64url;
use portico_core::wire::{Launch, Launched, Problem, RenewSession, SessionToken, UnixSeconds};
use serde::Serialize;
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    /// One per proxy for as long as the page is open: a second start finds the ticket and key of the first.
    static OF_PAGE: RefCell<Vec<Rc<Solo>>> = const { RefCell::new(Vec::new()) };
}

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
    pub(super) fn new(base_url: String) -> Rc<Self> {
        let solo = OF_PAGE.with_borrow_mut(|all| {
            if let Some(known) = all.iter().find(|solo| solo.base_url == base_url) {
                return Rc::clone(known);
            }
            let solo = Rc::new(Self {
                base_url,
                ticket: RefCell::default(),
                device: RefCell::default(),
            });
            all.push(Rc::clone(&solo));
            solo
        });
        if let Some(ticket) = location::hash().strip_prefix("#launch=") {
            solo.ticket.replace(Some(ticket.to_owned()));
            location::replace_hash("");
        }
        solo
    }

    /// A fresh session: by the ticket if there is one, else by the key.
    pub(super) async fn session(&self) -> Result<SessionToken, Box<Problem>> {
        let Some(ticket) = self.ticket.borrow().clone() else {
            return self.by_key().await;
        };
        let launched = self.launch(&ticket).await;
        let spent = match &launched {
            Ok(_) => true,
            Err(problem) => problem.code == ErrorCode::LaunchInvalid,
        };
        // The network, or a proxy too busy to answer, is no verdict on the ticket: it is tried again.
        if spent {
            // Meanwhile another launch link may have brought a newer one.
            self.ticket.borrow_mut().take_if(|held| *held == ticket);
        }
        match launched {
            // An old link in a browser that is known already does no harm.
            Err(refused) if refused.code != ErrorCode::ProxyUnreachable => {
                match self.by_key().await {
                    Err(problem) if problem.code == ErrorCode::LaunchRequired => Err(refused),
                    other => other,
                }
            }
            other => other,
        }
    }

    async fn launch(&self, ticket: &str) -> Result<SessionToken, Box<Problem>> {
        let key = Key::generate().await?;
        let launch = Launch {
            ticket: ticket.to_owned(),
            public_key: key.public_jwk().await?,
        };
        let launched: Launched = self.post("/v1/solo/launch", &launch).await?;
        let device = Device {
            key,
            id: launched.device_id,
        };
        self.device.replace(Some(device.clone()));
        // Where storage is denied the key lives in memory, until the next reload.
        let _ = device::save(&self.base_url, &device).await;
        Ok(launched.session)
    }

    /// By the key in hand or in the browser's store.
    ///
    /// A refused key stays where it is: the proxy says the same of a key it does not know and of a
    /// computer whose clock is wrong, and the next launch puts its own in the old one's place.
    async fn by_key(&self) -> Result<SessionToken, Box<Problem>> {
        let known = self.device.borrow().clone();
        let mut tried = None;
        // Another tab may have been introduced anew since this one took its key: then the store has a newer one.
        for device in [known, device::load(&self.base_url).await] {
            let Some(device) = device.filter(|device| tried.as_ref() != Some(&device.id)) else {
                continue;
            };
            let assertion = self.assertion(&device).await?;
            let renew = RenewSession { assertion };
            match self.post("/v1/solo/session", &renew).await {
                Err(problem) if problem.status == 401 => tried = Some(device.id),
                other => {
                    self.device.replace(Some(device));
                    return other;
                }
            }
        }
        Err(match tried {
            Some(_) => problem(
                ErrorCode::LaunchRequired,
                "The proxy did not take this browser's key: it does not know it any more, or this \
                 computer's clock is wrong.",
            ),
            None => Box::new(Problem::of(ErrorCode::LaunchRequired)),
        })
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
