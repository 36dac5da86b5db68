//! What an operator sees: metrics by name, logs and traces by configuration.
//! Owns every metric's name and labels. No label is a stranger's text: each value is from a list of ours.

mod process;
mod subscriber;

pub use subscriber::{Exporter, init};

use crate::app::App;
use crate::provider::ProviderClient;
use crate::provider::classify::Meaning;
use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use prometheus_text::CONTENT_TYPE;

/// Seconds, from a cached answer to the longest deadline.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0,
];

type Labels<const N: usize> = [(&'static str, Label); N];
/// A route of the router, an operation of the core's table, or a word that stands in this source.
type Label = Cow<'static, str>;
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Histograms<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;

/// The metrics of one proxy; cheap to clone.
#[derive(Clone)]
pub(crate) struct Telemetry(Arc<Metrics>);

struct Metrics {
    registry: Registry,
    requests: Counters<3>,
    request_seconds: Histograms<1>,
    in_flight: Gauge,
    refusals: Counters<1>,
    token_calls: Counters<2>,
    token_call_seconds: Histograms<1>,
    refreshes: Counters<1>,
    breaker_open: Gauge,
    relay_calls: Counters<2>,
    relay_call_seconds: Histograms<1>,
    relay_bytes: Counter,
    relay_wait_seconds: Histogram,
    connections: Gauge,
    connections_refused: Counters<1>,
    event_streams: Gauge,
    faults: Counters<1>,
    database_seconds: Histograms<1>,
}

/// Counts one open connection; dropping it counts it out.
pub(crate) struct OpenConnection(Telemetry);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.connections.dec();
    }
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// `2xx` and its like.
fn class(status: u16) -> Label {
    Cow::Borrowed(match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    })
}

fn method(method: &http::Method) -> Label {
    Cow::Borrowed(match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    })
}

impl Telemetry {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("portico");
        let mut metrics = Metrics {
            registry: Registry::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(histogram),
            in_flight: Gauge::default(),
            refusals: Family::default(),
            token_calls: Family::default(),
            token_call_seconds: Family::new_with_constructor(histogram),
            refreshes: Family::default(),
            breaker_open: Gauge::default(),
            relay_calls: Family::default(),
            relay_call_seconds: Family::new_with_constructor(histogram),
            relay_bytes: Counter::default(),
            relay_wait_seconds: histogram(),
            connections: Gauge::default(),
            connections_refused: Family::default(),
            event_streams: Gauge::default(),
            faults: Family::default(),
            database_seconds: Family::new_with_constructor(histogram),
        };
        metrics.register(&mut registry);
        metrics.registry = registry;
        Self(Arc::new(metrics))
    }

    /// Prometheus text, with what is read only when somebody looks.
    pub(crate) fn render(&self, app: &App) -> String {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.0.in_flight.set(number(app.places.taken()));
        self.0.event_streams.set(number(app.streams.taken()));
        let is_broken = app.providers.iter().any(ProviderClient::is_broken);
        self.0.breaker_open.set(is_broken.into());
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = prometheus_text::encode(&mut text, &self.0.registry);
        text
    }

    /// Names of all metrics, as they are scraped.
    #[cfg(test)]
    pub(crate) fn names(&self) -> std::collections::BTreeSet<String> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.0.registry).unwrap();
        let described = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        described
            .filter_map(|rest| Some(rest.split_once(' ')?.0.to_owned()))
            .collect()
    }

    /// One answered request. `route` is what the router matched.
    pub(crate) fn request(&self, asked: &http::Method, route: &str, status: u16, took: Duration) {
        let route: Label = Cow::Owned(route.to_owned());
        self.0
            .requests
            .get_or_create(&[
                ("route", route.clone()),
                ("method", method(asked)),
                ("status", class(status)),
            ])
            .inc();
        self.0
            .request_seconds
            .get_or_create(&[("route", route)])
            .observe(took.as_secs_f64());
    }

    pub(crate) fn refusal(&self, code: &'static str) {
        count(&self.0.refusals, [("code", code)]);
    }

    /// One call of an OAuth endpoint, and what came of it.
    pub(crate) fn token_call(&self, kind: &'static str, outcome: &'static str, took: Duration) {
        count(&self.0.token_calls, [("kind", kind), ("outcome", outcome)]);
        time(&self.0.token_call_seconds, [("kind", kind)], took);
    }

    /// One refresh, after all its tries.
    pub(crate) fn refresh(&self, outcome: &'static str) {
        count(&self.0.refreshes, [("outcome", outcome)]);
    }

    /// One call of an operation. `status` is HubSpot's; nothing when it did not answer.
    pub(crate) fn relay_call(&self, operation: &'static str, status: Option<u16>, took: Duration) {
        let status = status.map_or(Cow::Borrowed("none"), class);
        self.0
            .relay_calls
            .get_or_create(&[("operation", operation.into()), ("status", status)])
            .inc();
        time(&self.0.relay_call_seconds, [("operation", operation)], took);
    }

    /// Bytes of an answer that passes on.
    pub(crate) fn relayed(&self, bytes: usize) {
        self.0.relay_bytes.inc_by(bytes as u64);
    }

    /// How long a call waited for one of its connection's slots.
    pub(crate) fn waited_for_slot(&self, took: Duration) {
        self.0.relay_wait_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn connection_opened(&self) -> OpenConnection {
        self.0.connections.inc();
        OpenConnection(self.clone())
    }

    pub(crate) fn connection_refused(&self, reason: &'static str) {
        count(&self.0.connections_refused, [("reason", reason)]);
    }

    /// A fault of our own: `database`, `sealing`, `random`.
    pub(crate) fn fault(&self, kind: &'static str) {
        count(&self.0.faults, [("kind", kind)]);
    }

    /// How long the database took for a piece of work.
    pub(crate) fn database(&self, work: &'static str, took: Duration) {
        time(&self.0.database_seconds, [("work", work)], took);
    }
}

/// The word for a refused token call.
pub(crate) fn outcome(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Dead(_) => "dead",
        Meaning::CodeRefused => "code_refused",
        Meaning::OurConfiguration => "configuration",
        Meaning::Transient(_) => "transient",
        Meaning::Migration(_) => "migration",
    }
}

fn count<const N: usize>(counters: &Counters<N>, labels: [(&'static str, &'static str); N])
where
    Labels<N>: EncodeLabelSet,
{
    let labels = labels.map(|(name, value)| (name, Cow::Borrowed(value)));
    counters.get_or_create(&labels).inc();
}

fn time<const N: usize>(
    histograms: &Histograms<N>,
    labels: [(&'static str, &'static str); N],
    took: Duration,
) {
    let labels = labels.map(|(name, value)| (name, Cow::Borrowed(value)));
    histograms
        .get_or_create(&labels)
        .observe(took.as_secs_f64());
}

impl Metrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "request",
            "Time to the head of the answer",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register(
            "requests_in_flight",
            "Requests being answered",
            self.in_flight.clone(),
        );
        registry.register(
            "refusals",
            "Problems answered, by code",
            self.refusals.clone(),
        );
        registry.register(
            "token_calls",
            "Calls of HubSpot's OAuth endpoints",
            self.token_calls.clone(),
        );
        registry.register_with_unit(
            "token_call",
            "Time of such a call, the wait for our own pace included",
            Unit::Seconds,
            self.token_call_seconds.clone(),
        );
        registry.register(
            "refreshes",
            "Refreshes, by how they ended",
            self.refreshes.clone(),
        );
        registry.register(
            "breaker_open",
            "1 while token calls rest because HubSpot refuses the app itself",
            self.breaker_open.clone(),
        );
        registry.register(
            "relay_calls",
            "Calls of operations, by HubSpot's status",
            self.relay_calls.clone(),
        );
        registry.register_with_unit(
            "relay_call",
            "Time of such a call",
            Unit::Seconds,
            self.relay_call_seconds.clone(),
        );
        registry.register_with_unit(
            "relay_answers",
            "Size of the answers that passed on",
            Unit::Bytes,
            self.relay_bytes.clone(),
        );
        registry.register_with_unit(
            "relay_slot_wait",
            "Time a call waited for one of its connection's slots",
            Unit::Seconds,
            self.relay_wait_seconds.clone(),
        );
        registry.register("open_connections", "Sockets open", self.connections.clone());
        registry.register(
            "connections_refused",
            "Sockets closed at once, by reason",
            self.connections_refused.clone(),
        );
        registry.register(
            "event_streams",
            "Event streams open",
            self.event_streams.clone(),
        );
        registry.register("faults", "Faults of our own, by kind", self.faults.clone());
        registry.register_with_unit(
            "database",
            "Time the database took, by work",
            Unit::Seconds,
            self.database_seconds.clone(),
        );
        process::register(registry);
    }
}
