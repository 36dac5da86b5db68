//! Requests a minute per person, per organization and per address (threat model, section 6).
//! Owns the counters; the relay and the event stream do not come here.

use crate::config::Limits;
use crate::error::{ApiError, ApiResult};
use crate::session::Principal;
use crate::store::Owner;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use portico_core::error::ErrorCode;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;

/// The counters of one process.
pub(crate) struct Limiter {
    users: DefaultKeyedRateLimiter<(Owner, String)>,
    orgs: DefaultKeyedRateLimiter<Owner>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        let quota = |count| Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        Self {
            users: RateLimiter::keyed(quota(limits.user_per_minute)),
            orgs: RateLimiter::keyed(quota(limits.org_per_minute)),
            addresses: RateLimiter::keyed(quota(limits.address_per_minute)),
        }
    }

    /// Counts one request of a person.
    pub(crate) fn check(&self, who: &Principal) -> ApiResult<()> {
        check(&self.users, &(who.owner.clone(), who.sub.clone()))?;
        check(&self.orgs, &who.owner)
    }

    /// Counts one request from an address, whoever sends it.
    pub(crate) fn check_address(&self, address: IpAddr) -> ApiResult<()> {
        check(&self.addresses, &address)
    }

    /// Forgets who has not asked for a while, so that the tables stay small.
    pub(crate) fn forget_idle(&self) {
        self.users.retain_recent();
        self.orgs.retain_recent();
        self.addresses.retain_recent();
    }
}

fn check<K: Clone + Eq + Hash>(limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> ApiResult<()> {
    limiter.check_key(key).map_err(|not_yet| {
        let wait = not_yet.wait_time_from(DefaultClock::default().now());
        ApiError::from(ErrorCode::RateLimited).retry_after(wait.as_secs_f64())
    })
}
