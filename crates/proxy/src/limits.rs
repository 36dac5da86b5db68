//! Requests a minute per person and per organization (threat model, section 6).
//! Owns the counters; the relay and the event stream do not come here.

use crate::config::Limits;
use crate::error::{ApiError, ApiResult};
use crate::session::Principal;
use crate::store::Owner;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use portico_core::error::ErrorCode;
use std::num::NonZeroU32;

/// The counters of one process.
pub(crate) struct Limiter {
    users: DefaultKeyedRateLimiter<(Owner, String)>,
    orgs: DefaultKeyedRateLimiter<Owner>,
}

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        let quota = |count| Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        Self {
            users: RateLimiter::keyed(quota(limits.user_per_minute)),
            orgs: RateLimiter::keyed(quota(limits.org_per_minute)),
        }
    }

    /// Counts one request.
    pub(crate) fn check(&self, who: &Principal) -> ApiResult<()> {
        let now = DefaultClock::default().now();
        let refused = |wait: std::time::Duration| {
            Err(ApiError::from(ErrorCode::RateLimited).retry_after(wait.as_secs_f64()))
        };
        if let Err(not_yet) = self.users.check_key(&(who.owner.clone(), who.sub.clone())) {
            return refused(not_yet.wait_time_from(now));
        }
        match self.orgs.check_key(&who.owner) {
            Ok(()) => Ok(()),
            Err(not_yet) => refused(not_yet.wait_time_from(now)),
        }
    }

    /// Forgets who has not asked for a while, so that the tables stay small.
    pub(crate) fn forget_idle(&self) {
        self.users.retain_recent();
        self.orgs.retain_recent();
    }
}
