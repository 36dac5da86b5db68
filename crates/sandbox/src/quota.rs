//! Owns the counting of calls against the limits of platform 4: burst, daily, search and associations windows, with the
//! headers and the 429 of each. Who calls is `judge.rs`'s to know.

use std::collections::HashMap;

use crate::credentials::{Credential, StaticKind};
use crate::error::ApiError;
use crate::model::{Portal, Tier};
use crate::rate::{BURST_SPAN_MS, SEARCH_LIMIT, SEARCH_SPAN_MS, Window};
use crate::router::{Call, RateClass, Route};
use crate::state::State;
use crate::zone::local_day;

/// Calls per ten seconds of a private app with at least one API limit increase.
const BURST_WITH_ADDON: u32 = 250;
/// Daily calls that each API limit increase adds; at most two count.
const DAILY_PER_ADDON: u64 = 1_000_000;
/// Daily association calls by private apps, service keys and privately distributed apps of Professional and Enterprise accounts.
const ASSOCIATIONS_DAILY: u64 = 500_000;

/// Limits smaller than HubSpot's, for tests that want to meet them; `None` keeps the account's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shrunk {
    /// Calls per ten seconds of one private app, service key or privately distributed app.
    pub private_burst: Option<u32>,
    /// Calls a day of all of those together.
    pub daily: Option<u64>,
    /// CRM searches a second of the account.
    pub search: Option<u32>,
    /// Association calls per ten seconds of one app.
    pub associations_burst: Option<u32>,
    /// Association calls a day of the account.
    pub associations_daily: Option<u64>,
}

impl Portal {
    /// Calls per ten seconds of one private app, service key or privately distributed app (platform 4).
    pub fn private_burst_limit(&self) -> u32 {
        self.shrunk.private_burst.unwrap_or_else(|| {
            if self.api_addons > 0 {
                BURST_WITH_ADDON
            } else if self.hubs.highest() >= Tier::Professional {
                190
            } else {
                100
            }
        })
    }

    /// Calls a day of all of those together: `usageLimit` (platform 3.1, row a).
    pub fn daily_limit(&self) -> u64 {
        self.shrunk.daily.unwrap_or_else(|| {
            self.hubs.highest().daily_limit() + u64::from(self.api_addons.min(2)) * DAILY_PER_ADDON
        })
    }

    /// CRM searches per second, all apps together (platform 4).
    pub fn search_limit(&self) -> u32 {
        self.shrunk.search.unwrap_or(SEARCH_LIMIT)
    }

    /// Association calls per ten seconds of one private app, service key or privately distributed app, within its burst
    /// limit (platform 4).
    pub fn associations_burst_limit(&self) -> u32 {
        self.shrunk.associations_burst.unwrap_or_else(|| {
            if self.api_addons > 0 {
                200
            } else if self.hubs.highest() >= Tier::Professional {
                150
            } else {
                100
            }
        })
    }

    /// Association calls a day; below Professional only the account's daily limit holds.
    pub fn associations_daily_limit(&self) -> Option<u64> {
        let own = (self.hubs.highest() >= Tier::Professional).then_some(ASSOCIATIONS_DAILY);
        self.shrunk.associations_daily.or(own)
    }
}

/// Everything counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quota {
    /// By app and account.
    burst: HashMap<(String, u64), Window>,
    /// Association calls by app and account.
    associations: HashMap<(String, u64), Window>,
    /// By account.
    search: HashMap<u64, Window>,
    /// By account.
    days: HashMap<u64, Day>,
}

impl Quota {
    /// Forgets the calls of every window; the days stay.
    pub(crate) fn empty_windows(&mut self) {
        self.burst.clear();
        self.associations.clear();
        self.search.clear();
    }

    /// Closes the ten-second windows of an app in an account until a moment.
    pub(crate) fn close(&mut self, app: &str, portal: u64, until: u64) {
        for windows in [&mut self.burst, &mut self.associations] {
            let key = (app.to_owned(), portal);
            windows.entry(key).or_default().close(until);
        }
    }

    /// Opens every closed window of an account.
    pub(crate) fn reopen(&mut self, portal: u64) {
        for windows in [&mut self.burst, &mut self.associations] {
            let mine = windows.iter_mut().filter(|((_, id), _)| *id == portal);
            mine.for_each(|(_, window)| window.close(0));
        }
    }
}

/// One account's day. The first one that is counted begins at [`Portal::daily_usage`]. Kept apart from the portal, which a
/// snapshot shares and every change copies.
#[derive(Clone, Copy, Debug, Default)]
struct Day {
    /// In the account's time zone, since the epoch.
    number: u64,
    /// Calls of private apps, static apps and service keys.
    private: u64,
    /// Calls of privately distributed OAuth apps: limited, but not told by `api-usage`.
    others: u64,
    /// Association calls of all apps.
    associations: u64,
}

/// Calls of private apps in the account's day (platform 3).
pub(crate) fn usage_today(state: &State, portal: &Portal, now: u64) -> u64 {
    match state.quota.days.get(&portal.id) {
        None => portal.daily_usage,
        Some(day) if day.number != local_day(portal, now) => 0,
        Some(day) => day.private,
    }
}

impl State {
    /// Sets how many calls private apps have made in the account's day. False when the account is unknown.
    pub fn set_daily_usage(&mut self, portal: u64, used: u64, now: u64) -> bool {
        let Some(owner) = self.portals.get(&portal) else {
            return false;
        };
        let number = local_day(owner, now);
        let day = self.quota.days.entry(portal).or_default();
        if day.number != number {
            *day = Day {
                number,
                ..Day::default()
            };
        }
        day.private = used;
        true
    }
}

/// Whether a route reads or writes associations, which have a ceiling of their own.
fn class_of(route: &Route) -> RateClass {
    let associations = |path: &&str| path.starts_with("/crm/v4/associations/");
    match route.rate {
        RateClass::Burst if route.patterns.iter().any(associations) => RateClass::Associations,
        class => class,
    }
}

type Headers = Vec<(&'static str, String)>;

/// Counts the call and gives the headers of its window. A refused call counts nowhere.
pub(crate) fn limited(call: &mut Call<'_>, route: &Route) -> Result<Headers, ApiError> {
    let (by_static, daily) = match call.credential {
        Credential::Static(_) => (true, true),
        Credential::OAuth { private } => (false, private),
        Credential::None | Credential::Developer { .. } => (false, false),
    };
    let class = match class_of(route) {
        // Of an OAuth app's 110 only searches are excepted (platform 4).
        RateClass::Associations if !daily => RateClass::Burst,
        class => class,
    };
    let Some(holder) = call.holder.as_ref().filter(|_| class != RateClass::Free) else {
        return Ok(Headers::new());
    };
    let now = call.now;
    let state = &mut *call.state;
    let Some(portal) = state.portals.get(&holder.portal) else {
        return Ok(Headers::new());
    };
    let today = local_day(portal, now);
    let begun = Day {
        number: today,
        private: portal.daily_usage,
        ..Day::default()
    };
    let day = state.quota.days.entry(portal.id).or_insert(begun);
    if day.number != today {
        *day = Day {
            private: 0,
            ..begun
        };
    }
    let left = portal
        .daily_limit()
        .saturating_sub(day.private + day.others);
    let spent = (daily && left == 0)
        || (class == RateClass::Associations
            && portal
                .associations_daily_limit()
                .is_some_and(|limit| day.associations >= limit));
    let own_burst = if daily {
        portal.private_burst_limit()
    } else {
        portal.burst_limit
    };
    let mut headers = Headers::new();
    if by_static && class != RateClass::Search {
        let left_after = if spent { left } else { left.saturating_sub(1) };
        headers.push((
            "x-hubspot-ratelimit-daily",
            portal.daily_limit().to_string(),
        ));
        headers.push((
            "x-hubspot-ratelimit-daily-remaining",
            left_after.to_string(),
        ));
    }
    let key = || (holder.client_id.clone(), portal.id);
    let (mut window, span, mut limit, policy) = match class {
        RateClass::Free | RateClass::Burst | RateClass::Associations => (
            state.quota.burst.entry(key()).or_default(),
            BURST_SPAN_MS,
            own_burst,
            "TEN_SECONDLY_ROLLING",
        ),
        RateClass::Search => (
            state.quota.search.entry(portal.id).or_default(),
            SEARCH_SPAN_MS,
            portal.search_limit(),
            "SECONDLY",
        ),
    };
    let ceiling = portal.associations_burst_limit();
    let mut associations = (class == RateClass::Associations)
        .then(|| state.quota.associations.entry(key()).or_default());
    let full = associations
        .as_ref()
        .is_some_and(|own| own.is_full(now, span, ceiling));
    let admitted = if spent || full {
        None
    } else {
        window.admit(now, span, limit)
    };
    if let Some(own) = associations.as_mut().filter(|_| admitted.is_some()) {
        own.admit(now, span, ceiling);
    }
    if let Some(own) = associations.filter(|_| full && !spent) {
        // Told is the limit that refuses.
        (window, limit) = (own, ceiling);
    }
    if class != RateClass::Search {
        let remaining = admitted
            .unwrap_or_else(|| limit.saturating_sub(window.since((now + 1).saturating_sub(span))));
        headers.extend(burst_headers(window, now, limit, remaining));
    }
    if admitted.is_none() {
        let mut error = ApiError::rate_limit(if spent { "DAILY" } else { policy });
        if policy == "TEN_SECONDLY_ROLLING" && !spent {
            error = error.group(group(&call.credential, &holder.client_id));
        }
        error.detail.headers = headers;
        return Err(error);
    }
    if by_static {
        day.private += 1;
    } else if daily {
        day.others += 1;
    }
    if class == RateClass::Associations {
        day.associations += 1;
    }
    Ok(headers)
}

fn burst_headers(window: &Window, now: u64, limit: u32, remaining: u32) -> Headers {
    let secondly = limit / 10;
    let secondly_left = secondly.saturating_sub(window.since(now.saturating_sub(999)));
    vec![
        (
            "x-hubspot-ratelimit-interval-milliseconds",
            BURST_SPAN_MS.to_string(),
        ),
        ("x-hubspot-ratelimit-max", limit.to_string()),
        ("x-hubspot-ratelimit-remaining", remaining.to_string()),
        ("x-hubspot-ratelimit-secondly", secondly.to_string()),
        (
            "x-hubspot-ratelimit-secondly-remaining",
            secondly_left.to_string(),
        ),
    ]
}

/// `groupName` of a 429. Only its beginning is documented for private apps, and none for OAuth.
fn group(credential: &Credential, client_id: &str) -> String {
    match credential {
        Credential::Static(
            StaticKind::PrivateApp | StaticKind::StaticApp | StaticKind::ServiceKey,
        ) => format!("publicapi:private-apps:{client_id}"),
        _ => crate::error::OAUTH_GROUP.to_owned(),
    }
}
