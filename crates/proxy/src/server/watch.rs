//! Whether a connection is still of use: a request that begins comes whole in time, answers are taken, and
//! it does not rest for ever. Owns those clocks. Hyper's own time-out of heads runs while a connection rests
//! too, and would end those that a load balancer keeps for the next request.

use super::PATIENCE;
use hyper_util::server::graceful::GracefulConnection;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// How long a connection may rest between requests: longer than load balancers keep theirs, so that they
/// end it and not we, just when the next request is on its way.
const REST: Duration = Duration::from_secs(75);
/// How often a busy connection is looked at.
const LOOK: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(super) struct Watch(Arc<Mutex<State>>);

struct State {
    next: u64,
    /// Requests that are not answered to the end.
    open: usize,
    /// When that became none; at first, when the connection was made.
    idle_since: Instant,
    /// When bytes of a next request came while none was open; at first, when the connection was made.
    head_since: Option<Instant>,
    /// HTTP/2, where bytes are acknowledgements more often than the beginning of a request.
    has_frames: bool,
    /// Answers of which a piece was handed out and the next not yet asked for, and since when.
    untaken: BTreeMap<u64, Instant>,
}

/// One request until its answer is written.
pub(super) struct Exchange {
    watch: Watch,
    number: u64,
}

enum Verdict {
    Fine(Instant),
    Rested,
    Useless,
}

impl Watch {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(State {
            next: 0,
            open: 0,
            idle_since: now,
            head_since: Some(now),
            has_frames: false,
            untaken: BTreeMap::new(),
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has come.
    pub(super) fn begin(&self, version: http::Version) -> Exchange {
        let mut state = self.lock();
        state.has_frames = version == http::Version::HTTP_2;
        state.next += 1;
        state.open += 1;
        state.head_since = None;
        Exchange {
            watch: self.clone(),
            number: state.next,
        }
    }

    /// Bytes have come.
    pub(super) fn heard(&self) {
        let mut state = self.lock();
        if state.open == 0 && !state.has_frames && state.head_since.is_none() {
            state.head_since = Some(Instant::now());
        }
    }

    fn judge(&self, now: Instant) -> Verdict {
        let state = self.lock();
        if state.untaken.values().any(|since| *since + PATIENCE <= now) {
            return Verdict::Useless;
        }
        if state.open > 0 {
            return Verdict::Fine(now + LOOK);
        }
        if let Some(since) = state.head_since {
            let due = since + PATIENCE;
            return if due <= now {
                Verdict::Useless
            } else {
                Verdict::Fine(due)
            };
        }
        let due = state.idle_since + REST;
        if due <= now {
            Verdict::Rested
        } else {
            Verdict::Fine(due.min(now + LOOK))
        }
    }

    /// Runs a connection to its end, which is here as soon as nothing good can come of it.
    pub(super) async fn drive(
        &self,
        connection: impl GracefulConnection,
        stop: &CancellationToken,
    ) {
        let mut connection = pin!(connection);
        let mut look_at = Instant::now();
        // Set once the connection was told to finish.
        let mut until: Option<Instant> = None;
        loop {
            tokio::select! {
                // A peer that breaks off is no event.
                _ = connection.as_mut() => return,
                () = stop.cancelled(), if until.is_none() => {
                    // How long that may take, the accept loop knows.
                    connection.as_mut().graceful_shutdown();
                    until = Some(Instant::now() + REST);
                }
                () = sleep_until(look_at) => match self.judge(Instant::now()) {
                    Verdict::Useless => return,
                    Verdict::Fine(next) => look_at = next,
                    Verdict::Rested if until.is_some_and(|until| until <= Instant::now()) => return,
                    Verdict::Rested => {
                        if until.is_none() {
                            connection.as_mut().graceful_shutdown();
                            until = Some(Instant::now() + PATIENCE);
                        }
                        look_at = Instant::now() + PATIENCE;
                    }
                },
            }
        }
    }
}

impl Exchange {
    /// Whether its connection carries several requests in frames (HTTP/2).
    pub(super) fn has_frames(&self) -> bool {
        self.watch.lock().has_frames
    }

    /// A piece of the answer went out of our hands.
    pub(super) fn handed_out(&self) {
        self.watch
            .lock()
            .untaken
            .insert(self.number, Instant::now());
    }

    /// The peer took it, for the next is asked for.
    pub(super) fn asked_for(&self) {
        self.watch.lock().untaken.remove(&self.number);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut state = self.watch.lock();
        state.untaken.remove(&self.number);
        state.open -= 1;
        if state.open == 0 {
            state.idle_since = Instant::now();
        }
    }
}
