//! Places for requests (threat model, section 6; OV-2): so many at once, a fair part of them for each
//! tenant, and an answer at once to whoever finds none. Nobody waits here, so nothing can pile up.

use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::peers::Peer;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use portico_core::error::ErrorCode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Whoever has shown no session yet: all of them together are treated as one tenant.
const NOBODY: &str = "";

/// The places of one kind.
pub(crate) struct Places {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    total: usize,
    by_tenant: HashMap<String, usize>,
}

impl Held {
    /// Takes one of a tenant's share: equal parts, one of which is kept for whoever comes next. Those not known yet
    /// have half of all, since every request is one of them for a moment, and lessen nobody's share.
    fn take(&mut self, tenant: &str, most: usize) -> bool {
        let own = self.by_tenant.get(tenant).copied().unwrap_or(0);
        let others = if tenant == NOBODY {
            0
        } else {
            let holders = self.by_tenant.keys().map(String::as_str);
            holders
                .filter(|holder| *holder != NOBODY && *holder != tenant)
                .count()
        };
        let share = (most / (others + 2)).max(1);
        if self.total >= most || own >= share {
            return false;
        }
        self.total += 1;
        *self.by_tenant.entry(tenant.to_owned()).or_insert(0) += 1;
        true
    }

    fn give_back(&mut self, tenant: &str) {
        self.total -= 1;
        if let Some(count) = self.by_tenant.get_mut(tenant) {
            *count -= 1;
            if *count == 0 {
                self.by_tenant.remove(tenant);
            }
        }
    }
}

impl Places {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            held: Mutex::default(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.lock().total
    }

    /// A place for somebody who is not known yet.
    fn enter(self: &Arc<Self>) -> Option<Place> {
        self.lock().take(NOBODY, self.most).then(|| {
            Place(Arc::new(Inner {
                places: Arc::clone(self),
                tenant: Mutex::new(NOBODY.to_owned()),
            }))
        })
    }
}

/// A place, kept until the answer is written to its end; the last clone gives it back.
#[derive(Clone)]
pub(crate) struct Place(Arc<Inner>);

struct Inner {
    places: Arc<Places>,
    tenant: Mutex<String>,
}

impl Place {
    /// Counts it as this tenant's from now on.
    fn claim(&self, tenant: &str) -> bool {
        let mut holder = self.0.tenant.lock().unwrap_or_else(PoisonError::into_inner);
        let mut held = self.0.places.lock();
        held.give_back(&holder);
        if held.take(tenant, self.0.places.most) {
            tenant.clone_into(&mut holder);
            return true;
        }
        // It stays what it was until the refusal is written.
        held.total += 1;
        *held.by_tenant.entry(holder.clone()).or_insert(0) += 1;
        false
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let holder = self
            .tenant
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let holder = std::mem::take(holder);
        self.places.lock().give_back(&holder);
    }
}

/// Innermost of the layers, so that a page may read the refusal.
pub(super) async fn admit(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", |path| path.as_str());
    let (is_stream, is_relay) = (route.ends_with("/events"), route.contains("/relay/"));
    if !is_stream
        && !is_relay
        && let Some(Peer(peer)) = request.extensions().get().copied()
        && let Some(client) = app.forwarders.client(peer, request.headers())
        && let Err(refusal) = app.limiter.check_address(client)
    {
        return refusal.into_response();
    }
    let places = if is_stream { &app.streams } else { &app.places };
    let Some(place) = places.enter() else {
        return overloaded().into_response();
    };
    request.extensions_mut().insert(place.clone());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(place);
    response
}

/// Counts a request as a tenant's, once the session told whose it is.
pub(super) fn claim(extensions: &http::Extensions, tenant: &str) -> ApiResult<()> {
    match extensions.get::<Place>() {
        Some(place) if !place.claim(tenant) => Err(overloaded()),
        _ => Ok(()),
    }
}

fn overloaded() -> ApiError {
    // Apart from each other, so that all who were refused do not come back at once.
    ApiError::from(ErrorCode::Overloaded).retry_after(1.0 + crate::random::jitter(2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(places: &Arc<Places>, tenant: &str) -> Option<Place> {
        let place = places.enter()?;
        place.claim(tenant).then_some(place)
    }

    /// OV-2: no tenant takes all, newcomers find room, and all is given back.
    #[test]
    fn a_tenant_has_its_share_and_newcomers_find_room() {
        let places = Arc::new(Places::new(12));
        let mut held: Vec<Place> = Vec::new();
        held.extend(std::iter::from_fn(|| claimed(&places, "a")).take(100));
        assert_eq!(held.len(), 6, "alone, half");
        held.extend(std::iter::from_fn(|| claimed(&places, "b")).take(100));
        assert_eq!(held.len(), 10, "beside another, a third");
        held.extend(std::iter::from_fn(|| claimed(&places, "c")).take(100));
        assert_eq!(held.len(), 12, "what is left, at most a quarter");
        assert!(places.enter().is_none(), "full");
        drop(held);
        assert_eq!(places.taken(), 0);
        assert!(places.lock().by_tenant.is_empty());
    }

    /// OV-2: who shows no session cannot keep those out who do.
    #[test]
    fn strangers_share_one_part() {
        let places = Arc::new(Places::new(10));
        let strangers: Vec<Place> = std::iter::from_fn(|| places.enter()).take(100).collect();
        assert_eq!(strangers.len(), 5);
        drop(strangers);
        let tenant: Vec<Place> = std::iter::from_fn(|| claimed(&places, "a"))
            .take(100)
            .collect();
        assert_eq!(tenant.len(), 5);
        let place = places.enter().unwrap();
        assert!(!place.claim("a"), "the share is used up");
        assert_eq!(
            places.taken(),
            6,
            "a refused place is kept until it is dropped"
        );
        drop((place, tenant));
        assert_eq!(places.taken(), 0);
    }
}
