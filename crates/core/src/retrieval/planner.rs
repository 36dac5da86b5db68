//! The planner: next calls out, answers in.
//! Owns the queue, the retries and the end; what an answer opens is in `unfold`.

use super::answers::Unreadable;
use super::book::Book;
use super::checkpoint::{Checkpoint, CheckpointError, Found};
use super::judge::{MAX_THROTTLES, MAX_TRIES, MAX_UNREADABLE, Verdict, backoff_ms, judge};
use super::pages::{Chain, Position};
use super::progress::{KindProgress, KindState, Meter, Overall, Phase, Reason};
use super::tasks::{PAGED, Task, page_part};
use super::unfold::Gates;
use super::window::Window;
use super::{Answer, CallId, Effect, Kind, Next, Outcome, PlanInput, RelayCall};
use crate::error::ErrorCode;
use crate::wire::Problem;
use litemap::LiteMap;

/// No concurrency limit is documented; this many keep the window busy (platform, section 4).
const MAX_IN_FLIGHT: usize = 10;
/// Stands for calls that an open discovery will bring, so that the fraction does not run ahead.
const CALLS_PER_GATE: u32 = 10;
/// What a 404 reads as.
pub(super) const NOTHING: &str = r#"{"results":[]}"#;

/// A task with its history.
#[derive(Debug)]
struct Waiting {
    task: Task,
    tries: u8,
    throttles: u8,
    not_before: u64,
    /// Answers other calls had when this one failed first.
    answers_at_first_failure: Option<u32>,
}

/// Urgency, then age.
type Key = (u8, u32);

/// A page of workflows whose definitions are under way.
#[derive(Debug)]
pub(super) struct Listed {
    /// Where the chain stood before the page: a checkpoint goes back there.
    pub(super) origin: Position,
    /// Id, if it has one, and the row as it came.
    pub(super) rows: Vec<(Option<String>, String)>,
}

/// Plans one portal's retrieval; see the module for a shell's loop.
pub struct Planner {
    pub(super) granted: Vec<String>,
    queue: LiteMap<Key, Waiting>,
    flight: LiteMap<u32, (Key, Waiting)>,
    window: Window,
    pub(super) books: Vec<Book>,
    pub(super) chains: LiteMap<Kind, Chain>,
    pub(super) listed: LiteMap<u32, Listed>,
    pub(super) found: Found,
    pub(super) gates: Gates,
    progress: Vec<KindProgress>,
    stopped: Option<Reason>,
    next_key: u32,
    next_call: u32,
    /// Calls that came to an end.
    ended: u32,
    /// Answers of any kind but weather.
    answers: u32,
    /// Calls that met bad weather since the last answer.
    storm: usize,
    now: u64,
    wake_at: Option<u64>,
    fraction: f32,
}

impl Planner {
    /// A plan of everything that the grant lets be asked. A refresh of a whole snapshot is a new planner.
    pub fn new(input: PlanInput<'_>) -> Self {
        Self::start(input, Checkpoint::default())
    }

    /// A plan of what [`Planner::checkpoint`] had not seen yet; parts that failed are asked again.
    pub fn resume(checkpoint: &str, input: PlanInput<'_>) -> Result<Self, CheckpointError> {
        Ok(Self::start(input, Checkpoint::read(checkpoint)?))
    }

    fn start(input: PlanInput<'_>, checkpoint: Checkpoint) -> Self {
        let mut books: Vec<Book> = Kind::ALL.iter().map(|_| Book::default()).collect();
        for (kind, part) in checkpoint.parts {
            books[kind.index()].put(part);
        }
        let mut chains = LiteMap::new();
        for (kind, position) in checkpoint.chains {
            chains.insert(kind, Chain::resume(position));
        }
        let mut planner = Self {
            granted: input.granted.to_vec(),
            queue: LiteMap::new(),
            flight: LiteMap::new(),
            window: Window::default(),
            books,
            chains,
            listed: LiteMap::new(),
            found: checkpoint.found,
            gates: Gates::default(),
            progress: Vec::new(),
            stopped: None,
            next_key: 0,
            next_call: 0,
            ended: 0,
            answers: 0,
            storm: 0,
            now: 0,
            wake_at: None,
            fraction: 0.0,
        };
        planner.seed();
        planner.refresh();
        planner
    }

    /// What to send now, and when to ask again. `now_ms`: any clock that does not run backwards.
    pub fn next(&mut self, now_ms: u64) -> Next {
        self.now = self.now.max(now_ms);
        let now = self.now;
        let mut calls = Vec::new();
        if self.stopped.is_none() {
            let free = usize::try_from(self.window.free(now)).unwrap_or(usize::MAX);
            let room = free.min(MAX_IN_FLIGHT.saturating_sub(self.flight.len()));
            let due: Vec<Key> = self
                .candidates()
                .filter(|(_, waiting)| waiting.not_before <= now)
                .map(|(key, _)| *key)
                .take(room)
                .collect();
            for key in due {
                calls.extend(self.send(key));
            }
        }
        let done = self.is_done();
        self.wake_at = if done { None } else { self.when_to_wake() };
        self.refresh();
        Next {
            calls,
            wake_at: self.wake_at,
            done,
        }
    }

    fn send(&mut self, key: Key) -> Option<RelayCall> {
        let waiting = self.queue.remove(&key)?;
        let id = self.next_call;
        self.next_call += 1;
        self.window.sent(id, self.now);
        self.books[waiting.task.kind().index()].started = true;
        let (operation, request) = waiting.task.call();
        self.flight.insert(id, (key, waiting));
        Some(RelayCall {
            id: CallId(id),
            operation,
            request,
        })
    }

    /// Calls that may be sent when they are due. In a storm nothing new is begun: what failed is tried again first.
    fn candidates(&self) -> impl Iterator<Item = (&Key, &Waiting)> {
        let failed = |waiting: &Waiting| waiting.tries > 0;
        let in_flight = self.flight.values().map(|(_, waiting)| waiting);
        let storm = self.storm >= MAX_IN_FLIGHT && self.queue.values().chain(in_flight).any(failed);
        self.queue
            .iter()
            .filter(move |(_, waiting)| !storm || failed(waiting))
    }

    /// The next moment at which a waiting call may go, if no answer comes before.
    fn when_to_wake(&self) -> Option<u64> {
        if self.flight.len() >= MAX_IN_FLIGHT {
            return None;
        }
        let due = self
            .queue
            .values()
            .map(|waiting| waiting.not_before)
            .min()?;
        if self.window.free(self.now) > 0 {
            Some(due)
        } else {
            self.window.next_free(self.now).map(|at| at.max(due))
        }
    }

    /// Takes an answer. One that nobody waits for, late or repeated, changes nothing.
    pub fn answered(&mut self, id: CallId, answer: Answer<'_>, now_ms: u64) -> Vec<Effect> {
        self.now = self.now.max(now_ms);
        let Some((key, waiting)) = self.flight.remove(&id.0) else {
            return Vec::new();
        };
        self.window.answered(id.0, self.now, answer.rate);
        let mut effects = match answer.outcome {
            Outcome::Ok(body) => self.take(id, key, waiting, body),
            Outcome::Problem(problem) => self.refused(id, key, waiting, &problem),
            Outcome::Unreachable => {
                let code = ErrorCode::ProxyUnreachable;
                self.again(id, key, waiting, code, MAX_TRIES, 0)
            }
        };
        let before = std::mem::take(&mut self.progress);
        self.refresh();
        let changed = self.progress.iter().zip(&before);
        effects.extend(
            changed
                .filter(|(now, before)| now != before)
                .map(|(now, _)| Effect::Progress(now.kind)),
        );
        effects
    }

    fn take(&mut self, id: CallId, key: Key, waiting: Waiting, body: &str) -> Vec<Effect> {
        let Ok(effects) = self.unfold(&waiting.task, body) else {
            let code = ErrorCode::UpstreamInvalid;
            return self.again(id, key, waiting, code, MAX_UNREADABLE, 0);
        };
        self.answers += 1;
        self.storm = 0;
        self.end(&waiting.task);
        effects
    }

    fn refused(
        &mut self,
        id: CallId,
        key: Key,
        mut waiting: Waiting,
        problem: &Problem,
    ) -> Vec<Effect> {
        let verdict = judge(problem);
        if let Verdict::Transient(wait_ms) = verdict {
            return self.again(id, key, waiting, problem.code, MAX_TRIES, wait_ms);
        }
        self.answers += 1;
        self.storm = 0;
        match verdict {
            Verdict::Throttled(wait_ms) => {
                let wait_ms = wait_ms.unwrap_or(self.window.interval_ms());
                self.window.block(self.now.saturating_add(wait_ms));
                waiting.throttles += 1;
                if waiting.throttles < MAX_THROTTLES {
                    self.queue.insert(key, waiting);
                    Vec::new()
                } else {
                    self.give_up(&waiting.task, Reason::Failed(problem.code))
                }
            }
            Verdict::Forbidden(scopes) => self.give_up(&waiting.task, Reason::Forbidden(scopes)),
            Verdict::Empty => match self.unfold(&waiting.task, NOTHING) {
                Ok(effects) => {
                    self.end(&waiting.task);
                    effects
                }
                Err(Unreadable) => self.give_up(&waiting.task, Reason::Failed(problem.code)),
            },
            Verdict::Daily | Verdict::Stop => {
                // The call stays open, so that its kind says what stopped it.
                let stop = if verdict == Verdict::Daily {
                    Reason::DailyLimit
                } else {
                    Reason::Stopped(problem.code)
                };
                self.queue.insert(key, waiting);
                self.stopped.get_or_insert(stop);
                Vec::new()
            }
            Verdict::Failed | Verdict::Transient(_) => {
                self.give_up(&waiting.task, Reason::Failed(problem.code))
            }
        }
    }

    /// Weather: the call waits its turn again, or is given up.
    fn again(
        &mut self,
        id: CallId,
        key: Key,
        mut waiting: Waiting,
        code: ErrorCode,
        max_tries: u8,
        wait_ms: u64,
    ) -> Vec<Effect> {
        waiting.tries += 1;
        self.storm += 1;
        let answers_then = *waiting.answers_at_first_failure.get_or_insert(self.answers);
        if waiting.tries < max_tries {
            let wait_ms = wait_ms.max(backoff_ms(waiting.tries, id.0));
            waiting.not_before = self.now.saturating_add(wait_ms);
            self.queue.insert(key, waiting);
            return Vec::new();
        }
        // When nothing at all was answered meanwhile and everything else fails too, it is not this call's fault:
        // the retrieval stops, to be resumed, rather than ending kind after kind.
        let mut others = self
            .queue
            .values()
            .chain(self.flight.values().map(|(_, waiting)| waiting))
            .peekable();
        let alone = others.peek().is_none();
        let all_failing = max_tries == MAX_TRIES
            && answers_then == self.answers
            && self.flight.values().all(|(_, other)| other.tries > 0);
        if !alone && all_failing {
            self.queue.insert(key, waiting);
            self.stopped.get_or_insert(Reason::Stopped(code));
            return Vec::new();
        }
        self.give_up(&waiting.task, Reason::Failed(code))
    }

    fn give_up(&mut self, task: &Task, reason: Reason) -> Vec<Effect> {
        let effects = self.without(task, &reason);
        self.end(task);
        effects
    }

    fn end(&mut self, task: &Task) {
        self.ended += 1;
        let book = &mut self.books[task.kind().index()];
        book.open = book.open.saturating_sub(1);
    }

    /// Queues a task unless its part is there.
    pub(super) fn add(&mut self, task: Task) {
        let (kind, part) = task.part();
        if self.books[kind.index()].has(&part) {
            return;
        }
        self.books[task.kind().index()].open += 1;
        let key = (task.urgency(), self.next_key);
        self.next_key += 1;
        self.queue.insert(
            key,
            Waiting {
                task,
                tries: 0,
                throttles: 0,
                not_before: 0,
                answers_at_first_failure: None,
            },
        );
    }

    fn is_done(&self) -> bool {
        self.stopped.is_some() || (self.queue.is_empty() && self.flight.is_empty())
    }

    /// Derives the progress anew.
    fn refresh(&mut self) {
        let stopped = self.stopped.as_ref();
        self.progress = Kind::ALL
            .into_iter()
            .map(|kind| {
                let book = &self.books[kind.index()];
                KindProgress {
                    kind,
                    state: book.state(self.gates.hold(kind), PAGED.contains(&kind), stopped),
                    without_scope: book.without_scope.clone(),
                }
            })
            .collect();
        let open = self.queue.len() + self.flight.len();
        let open = u32::try_from(open).unwrap_or(u32::MAX);
        let open = open.saturating_add(self.gates.count() * CALLS_PER_GATE);
        let fraction = if self.queue.is_empty() && self.flight.is_empty() {
            1.0
        } else {
            ratio(self.ended, self.ended.saturating_add(open))
        };
        self.fraction = self.fraction.max(fraction);
    }

    /// Per kind, in the order of [`Kind::ALL`].
    pub fn progress(&self) -> &[KindProgress] {
        &self.progress
    }

    /// The whole retrieval in one word and a fraction.
    pub fn overall(&self) -> Overall {
        Overall {
            phase: self.phase(),
            fraction: self.fraction,
        }
    }

    fn phase(&self) -> Phase {
        if let Some(Reason::Stopped(code)) = self.stopped {
            return Phase::Error(code);
        }
        if !self.is_done() {
            return if self.next_call == 0 {
                Phase::Pending
            } else {
                Phase::InProgress
            };
        }
        let states = || self.progress.iter().map(|progress| &progress.state);
        let any = |wanted: fn(&KindState) -> bool| states().any(wanted);
        let got = any(|state| {
            matches!(
                state,
                KindState::Completed { .. } | KindState::Partial { .. }
            )
        });
        let failed = states().find_map(|state| match state {
            KindState::Error { code } => Some(*code),
            _ => None,
        });
        match failed {
            Some(code) if !got => Phase::Error(code),
            None if got && !any(|state| matches!(state, KindState::Partial { .. })) => {
                Phase::Completed
            }
            _ => Phase::CompletedWithGaps,
        }
    }

    /// The live budget at the time of the last call of this planner's.
    pub fn meter(&self) -> Meter {
        Meter {
            in_flight: u32::try_from(self.flight.len()).unwrap_or(u32::MAX),
            used_in_window: self.window.used(self.now),
            window_max: self.window.max(),
            waiting_until: self.wake_at,
        }
    }

    /// Sends nothing more. For a connection that may not be asked now: the progress then tells what the store
    /// holds, and `code` why there is no more (R5, R28).
    pub fn stop(&mut self, code: ErrorCode) {
        if !self.is_done() {
            self.stopped = Some(Reason::Stopped(code));
            self.refresh();
        }
    }

    /// The parts that make up the snapshot, as (kind, part, records, hash).
    ///
    /// Once a kind is completed, whatever else the store holds of it is of an older retrieval and may go.
    pub fn manifest(&self) -> impl Iterator<Item = (Kind, &str, u32, &str)> {
        Kind::ALL.into_iter().flat_map(|kind| {
            let parts = &self.books[kind.index()].parts;
            parts
                .iter()
                .map(move |part| (kind, part.name.as_str(), part.records, part.hash.as_str()))
        })
    }

    /// How far it came: JSON of some kilobytes, to be kept after the parts it speaks of are stored.
    pub fn checkpoint(&self) -> String {
        let mut checkpoint = Checkpoint {
            found: self.found.clone(),
            ..Checkpoint::default()
        };
        for kind in Kind::ALL {
            let parts = &self.books[kind.index()].parts;
            let whole = parts.iter().filter(|part| !part.flawed);
            if !PAGED.contains(&kind) {
                checkpoint
                    .parts
                    .extend(whole.map(|part| (kind, part.clone())));
                continue;
            }
            // Pages follow from each other: one that is not whole, and all are read again.
            let flawed = parts.iter().any(|part| part.flawed);
            let chain = self.chains.get(&kind).map(|chain| &chain.at);
            // Workflows go back to the first page whose definitions are not there.
            let unfinished = self
                .listed
                .values()
                .next()
                .filter(|_| kind == Kind::Workflows);
            let position = unfinished.map(|listed| &listed.origin).or(chain);
            let Some(position) = position.filter(|_| !flawed) else {
                continue;
            };
            let kept = |name: &str| (1..position.page).any(|page| page_part(page) == name);
            let whole = whole.filter(|part| kept(&part.name));
            checkpoint
                .parts
                .extend(whole.map(|part| (kind, part.clone())));
            checkpoint.chains.push((kind, position.clone()));
        }
        checkpoint.write()
    }
}

/// Counts of calls are small: an `f32` holds them to the last one that could be seen.
#[expect(clippy::cast_precision_loss, reason = "a fraction to draw")]
fn ratio(part: u32, whole: u32) -> f32 {
    part as f32 / whole.max(1) as f32
}
