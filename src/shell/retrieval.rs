//! Runs the core's planner for one portal: sends its calls, stores its parts, breathes between slices.
//! Owns the run's lifetime and the lock between tabs; what is asked, when and how often is the core's.

use super::clock::{monotonic_ms, now_ms};
use super::gate::Gate;
use super::lock::Lock;
use super::proxy::{Proxy, RelayAnswer};
use super::store::{NewPart, Standing, Store, StoredPortal};
use super::task::Task;
use super::timer::{breathe, sleep};
use crate::later;
use futures_util::future::{Either, FutureExt as _, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use portico_core::error::ErrorCode;
use portico_core::ids::{ConnectionId, PortalId};
use portico_core::retrieval::{
    Answer, CallId, Effect, Kind, KindProgress, KindState, Meter, Outcome, Overall, Phase,
    PlanInput, Planner, RelayCall,
};
use portico_core::wire::{Connection, Problem};
use std::pin::pin;
use yew::Callback;

/// Longest work between two breaths (design, section 6).
const SLICE_MS: u64 = 8;
/// News is drawn no faster than this.
const REPORT_EVERY_MS: u64 = 100;
/// A lock that is free, or that the run before this one is just giving back, is there by then.
const AT_ONCE_MS: u32 = 150;
/// How often another tab's progress is looked up.
const LOOK_EVERY_MS: u32 = 2_000;

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Goes on where the store stands; a whole snapshot costs no call.
    Resume,
    /// Reads everything again; unchanged content is not written again.
    Fresh,
    /// Only reports what the store holds: the connection may not be asked now (R5, R28).
    ReadOnly,
}

/// Where what is retrieved is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// In this browser, over reloads.
    InBrowser,
    /// In this page's memory: the browser denies storage, or has no room for more.
    OnlyUntilReload,
}

/// Where a portal's retrieval stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ProgressUpdate {
    /// Which portal.
    pub(crate) portal: PortalId,
    /// In one word and a fraction.
    pub(crate) overall: Overall,
    /// Each kind.
    pub(crate) kinds: Vec<KindProgress>,
    /// The live budget.
    pub(crate) meter: Meter,
    /// Another tab is at it; this one waits.
    pub(crate) elsewhere: bool,
    /// For how long it is kept.
    pub(crate) kept: Kept,
    /// Since the page was opened, stored records of this portal could not be read (`SNAPSHOT_UNREADABLE`).
    /// They are set aside, and retrieved again if the connection may be asked.
    pub(crate) set_aside: bool,
}

/// A run, until it is dropped.
#[must_use = "a dropped retrieval stops"]
pub(crate) struct Retrieval {
    _task: Task,
}

impl Retrieval {
    /// Starts a run as soon as the gate has a place. `on_stored` names each part once it can be loaded from the store.
    pub(crate) fn start(
        proxy: Proxy,
        store: Store,
        connection: &Connection,
        mode: Mode,
        on_progress: Callback<ProgressUpdate>,
        on_stored: Callback<(Kind, String)>,
        gate: Gate,
    ) -> Self {
        let run = Run {
            proxy,
            store,
            id: connection.id.clone(),
            portal: connection.account.portal_id,
            granted: connection.grant.granted.clone(),
            on_progress,
            on_stored,
        };
        Self {
            _task: Task::spawn(async move {
                let _place = gate.enter().await;
                match later::retrieval().await {
                    Ok(retrieve) => retrieve(run, mode).await,
                    // The next event of the connection, or the next tick, starts it again.
                    Err(missing) => {
                        let problem: Box<Problem> = missing.into();
                        run.not_loaded(&problem);
                    }
                }
            }),
        }
    }
}

/// All that a run needs.
pub(crate) struct Run {
    proxy: Proxy,
    store: Store,
    id: ConnectionId,
    portal: PortalId,
    granted: Vec<String>,
    on_progress: Callback<ProgressUpdate>,
    on_stored: Callback<(Kind, String)>,
}

impl Run {
    pub(crate) async fn run(self, mode: Mode) {
        if mode == Mode::ReadOnly {
            let planner = self.stored().await.and_then(|stored| self.resumed(&stored));
            if planner.is_some() || self.store.has_set_aside(self.portal) {
                self.report(&planner.unwrap_or_else(|| self.anew()), false);
            }
            return;
        }
        let asked_at = now_ms();
        let _lock = self.lock().await;
        // What another tab finished since then is what was asked for.
        let since = |stored: &StoredPortal| stored.completed_at.is_some_and(|at| at > asked_at);
        let stored = self.stored().await;
        let stored = stored.filter(|stored| mode == Mode::Resume || since(stored));
        let resumed = stored.and_then(|stored| Some((self.resumed(&stored)?, stored)));
        if let Some((planner, stored)) = resumed {
            let standing = Standing {
                checkpoint: stored.checkpoint,
                started_at: stored.started_at,
                completed_at: stored.completed_at,
            };
            self.follow(planner, standing).await;
            return;
        }
        // Some browsers put this to the person, who may take their time.
        let store = self.store.clone();
        let _asking = Task::spawn(async move { store.ask_to_persist().await });
        let standing = Standing {
            checkpoint: String::new(),
            started_at: now_ms(),
            completed_at: None,
        };
        self.follow(self.anew(), standing).await;
    }

    /// One tab at a time per portal; the others show how far it has come.
    async fn lock(&self) -> Lock {
        let portal = self.portal.to_string();
        let name = ["portico.retrieve.", self.store.name(), ".", &portal].concat();
        let mut waiting = pin!(Lock::take(&name));
        let mut pause = AT_ONCE_MS;
        loop {
            if let Either::Left((lock, _)) = select(waiting.as_mut(), sleep(pause)).await {
                return lock;
            }
            let planner = self.stored().await.and_then(|stored| self.resumed(&stored));
            self.report(&planner.unwrap_or_else(|| self.anew()), true);
            pause = LOOK_EVERY_MS;
        }
    }

    fn anew(&self) -> Planner {
        Planner::new(PlanInput {
            granted: &self.granted,
        })
    }

    /// What the store holds; nothing, if it holds nothing that can be read. What could not be read is
    /// set aside by the store and retrieved again.
    async fn stored(&self) -> Option<StoredPortal> {
        self.store.load_portal(self.portal).await.ok().flatten()
    }

    /// A planner that stands where the store stands, if the two agree.
    fn resumed(&self, stored: &StoredPortal) -> Option<Planner> {
        let input = PlanInput {
            granted: &self.granted,
        };
        let planner = Planner::resume(&stored.checkpoint, input).ok()?;
        let held: Vec<(Kind, &str, &str)> = stored
            .parts
            .iter()
            .map(|part| (part.kind, part.part.as_str(), part.hash.as_str()))
            .collect();
        let whole = planner
            .manifest()
            .all(|(kind, part, _, hash)| held.contains(&(kind, part, hash)));
        whole.then_some(planner)
    }

    async fn follow(&self, mut planner: Planner, mut standing: Standing) {
        let mut in_flight = FuturesUnordered::new();
        let mut reported_at = None;
        let mut asked = false;
        loop {
            let now = monotonic_ms();
            let next = planner.next(now);
            asked |= !next.calls.is_empty();
            in_flight.extend(next.calls.into_iter().map(|call| self.send(call)));
            if next.done {
                break;
            }
            let due = reported_at.is_none_or(|at| now >= at + REPORT_EVERY_MS);
            if due {
                self.report(&planner, false);
                reported_at = Some(now);
            }
            // A planner that waits for nothing is asked again in a second rather than never.
            let until = next.wake_at.unwrap_or(now + 1_000).min(now + 1_000);
            let pause = u32::try_from(until.saturating_sub(now)).unwrap_or(1_000);
            if in_flight.is_empty() {
                sleep(pause).await;
                continue;
            }
            let Either::Left((Some(answer), _)) = select(in_flight.next(), sleep(pause)).await
            else {
                continue;
            };
            self.take(&mut planner, answer, &mut in_flight, &mut standing)
                .await;
        }
        drop(in_flight);
        self.finish(&planner, standing, asked).await;
    }

    async fn send(&self, call: RelayCall) -> (CallId, RelayAnswer) {
        let answer = self
            .proxy
            .relay(&self.id, call.operation, &call.request)
            .await;
        (call.id, answer)
    }

    /// Hands on every answer that is there, for one slice, and keeps what follows from them.
    async fn take<F: Future<Output = (CallId, RelayAnswer)>>(
        &self,
        planner: &mut Planner,
        first: (CallId, RelayAnswer),
        in_flight: &mut FuturesUnordered<F>,
        standing: &mut Standing,
    ) {
        let began = monotonic_ms();
        let mut parts = Vec::new();
        let mut answer = Some(first);
        while let Some((id, relayed)) = answer {
            let now = monotonic_ms();
            let outcome = match &relayed.outcome {
                Ok(body) => Outcome::Ok(body),
                Err(problem) if problem.code == ErrorCode::ProxyUnreachable => Outcome::Unreachable,
                Err(problem) => Outcome::Problem((**problem).clone()),
            };
            let rate = relayed.rate;
            let effects = planner.answered(id, Answer { outcome, rate }, now);
            parts.extend(effects.into_iter().filter_map(new_part));
            let another_fits = monotonic_ms() < began + SLICE_MS;
            answer = if another_fits {
                in_flight.next().now_or_never().flatten()
            } else {
                None
            };
        }
        if !parts.is_empty() {
            let names: Vec<(Kind, String)> = parts
                .iter()
                .map(|part| (part.kind, part.part.clone()))
                .collect();
            breathe().await;
            standing.checkpoint = planner.checkpoint();
            self.store
                .save(self.portal, parts, standing, now_ms())
                .await;
            for name in names {
                self.on_stored.emit(name);
            }
        }
        breathe().await;
    }

    async fn finish(&self, planner: &Planner, mut standing: Standing, asked: bool) {
        let whole = matches!(
            planner.overall().phase,
            Phase::Completed | Phase::CompletedWithGaps
        );
        // A snapshot that was whole before, and of which nothing was asked, stays as it is.
        if asked || standing.completed_at.is_none() {
            standing.checkpoint = planner.checkpoint();
            standing.completed_at = whole.then(now_ms);
            let nothing_new = Vec::new();
            self.store
                .save(self.portal, nothing_new, &standing, now_ms())
                .await;
            self.drop_stale(planner).await;
        }
        self.report(planner, false);
    }

    /// What a kind, now read to its end, no longer has: a deleted object type, a last page.
    async fn drop_stale(&self, planner: &Planner) {
        let whole: Vec<Kind> = planner
            .progress()
            .iter()
            .filter(|progress| matches!(progress.state, KindState::Completed { .. }))
            .map(|progress| progress.kind)
            .collect();
        let present: Vec<(Kind, &str)> = planner
            .manifest()
            .map(|(kind, part, ..)| (kind, part))
            .collect();
        self.store
            .drop_parts(self.portal, |part| {
                whole.contains(&part.kind) && !present.contains(&(part.kind, part.part.as_str()))
            })
            .await;
    }

    /// Says that nothing can be retrieved for want of the code for it.
    fn not_loaded(&self, problem: &Problem) {
        self.tell(
            Overall {
                phase: Phase::Error(problem.code),
                fraction: 0.0,
            },
            Vec::new(),
            Meter::default(),
            false,
        );
    }

    fn report(&self, planner: &Planner, elsewhere: bool) {
        self.tell(
            planner.overall(),
            planner.progress().to_vec(),
            planner.meter(),
            elsewhere,
        );
    }

    fn tell(&self, overall: Overall, kinds: Vec<KindProgress>, meter: Meter, elsewhere: bool) {
        self.on_progress.emit(ProgressUpdate {
            portal: self.portal,
            overall,
            kinds,
            meter,
            elsewhere,
            kept: if self.store.is_persistent() {
                Kept::InBrowser
            } else {
                Kept::OnlyUntilReload
            },
            set_aside: self.store.has_set_aside(self.portal),
        });
    }
}

fn new_part(effect: Effect) -> Option<NewPart> {
    match effect {
        Effect::Store {
            kind,
            part,
            content,
            records,
            hash,
        } => Some(NewPart {
            kind,
            part,
            content,
            records,
            hash,
        }),
        // Progress is reported by the clock.
        Effect::Progress(_) => None,
    }
}
