//! Owns reads that lag behind writes (platform 6.2 "Live quirks", 11 row 16): what stood before a write, and until when
//! reads still show it. Pure: compares instants, waits for nothing. Knows no endpoint but by the start of its path.

use std::mem;
use std::time::Duration;

use crate::model::Portal;
use crate::router::{Call, Route};
use crate::shared::Shared;

/// What lagging reads still see.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lag {
    /// Portals as they stood before a write, oldest first.
    pasts: Vec<Past>,
    /// Custom objects that schema reads do not show yet.
    unseen: Vec<Unseen>,
}

/// A portal before a write; reads before `until` (unix milliseconds) still show it.
#[derive(Clone, Debug)]
struct Past {
    id: u64,
    until: u64,
    portal: Shared<Portal>,
}

#[derive(Clone, Debug)]
struct Unseen {
    portal: u64,
    until: u64,
    object_type_id: String,
}

fn after(now: u64, lag: Duration) -> u64 {
    now.saturating_add(u64::try_from(lag.as_millis()).unwrap_or(u64::MAX))
}

impl Lag {
    /// Remembers a portal before it is written. Costs nothing without a lag.
    pub(crate) fn remember(&mut self, portal: &Shared<Portal>, now: u64, lag: Duration) {
        self.pasts.retain(|past| past.until > now);
        if !lag.is_zero() {
            self.pasts.push(Past {
                id: portal.id,
                until: after(now, lag),
                portal: portal.clone(),
            });
        }
    }

    /// Hides a custom object from schema reads for `lag`.
    pub(crate) fn hide_schema(
        &mut self,
        portal: u64,
        object_type_id: &str,
        now: u64,
        lag: Duration,
    ) {
        self.unseen.retain(|unseen| unseen.until > now);
        if !lag.is_zero() {
            self.unseen.push(Unseen {
                portal,
                until: after(now, lag),
                object_type_id: object_type_id.to_owned(),
            });
        }
    }

    /// The portal as a read at `now` sees it; `None` when that is as it stands.
    fn view(&self, present: &Shared<Portal>, now: u64, of_schemas: bool) -> Option<Shared<Portal>> {
        let id = present.id;
        let past = self.pasts.iter().find(|p| p.id == id && p.until > now);
        let hidden: Vec<&str> = self
            .unseen
            .iter()
            .filter(|unseen| of_schemas && unseen.portal == id && unseen.until > now)
            .map(|unseen| unseen.object_type_id.as_str())
            .collect();
        if past.is_none() && hidden.is_empty() {
            return None;
        }
        let mut view = past.map_or(present, |past| &past.portal).clone();
        if !hidden.is_empty() {
            let objects = &mut view.custom_objects;
            objects.retain(|custom| !hidden.contains(&custom.object_type_id.as_str()));
        }
        Some(view)
    }
}

/// First segments, versions and `crm` aside, of the paths whose reads lag.
const LAGGING: [&str; 6] = [
    "crm-object-schemas",
    "schemas",
    "properties",
    "property-validations",
    "pipelines",
    "associations",
];

fn area(call: &Call<'_>, route: &Route) -> Option<&'static str> {
    let is_read = route.method == "GET" || call.request.path.ends_with("/batch/read");
    let mut segments = route.patterns.first()?.split('/').skip(1);
    let segment = segments.find(|s| !matches!(*s, "crm" | "v3" | "v4"))?;
    LAGGING.into_iter().find(|area| is_read && *area == segment)
}

/// Puts the portal that this read still sees in its place, and gives the present one; `None` when they are the same.
pub(crate) fn look_back(call: &mut Call<'_>, route: &Route) -> Option<Shared<Portal>> {
    if call.state.lag.pasts.is_empty() && call.state.lag.unseen.is_empty() {
        return None;
    }
    let area = area(call, route)?;
    let of_schemas = matches!(area, "crm-object-schemas" | "schemas");
    let id = call.holder.as_ref()?.portal;
    let present = call.state.portals.get_mut(&id)?;
    let view = call.state.lag.view(present, call.now, of_schemas)?;
    Some(mem::replace(present, view))
}

/// Puts the present back.
pub(crate) fn return_to(call: &mut Call<'_>, present: Option<Shared<Portal>>) {
    if let Some(present) = present {
        call.state.portals.insert(present.id, present);
    }
}
