//! Virtual time: sends the planner's calls to the fake portal and brings its answers, with latency and faults.
//! Owns the invariants that hold for every run.

use super::fake::{Fake, problem};
use crate::error::ErrorCode;
use crate::retrieval::{Answer, Effect, Kind, Outcome, Planner, RelayCall};
use crate::wire::{Problem, RateLimit};
use std::collections::{BTreeMap, VecDeque};

/// Deterministic dice.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound.max(1)
    }
}

/// How the world behaves.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) seed: u64,
    /// Calls take up to this long, each way.
    pub(super) latency_ms: u64,
    /// Out of a hundred calls, so many meet bad weather.
    pub(super) faults: u64,
    /// Bad weather befalls one call at most so often.
    pub(super) faults_per_call: u32,
    pub(super) window_max: u32,
    /// Somebody else calls every so many milliseconds; 0 for nobody.
    pub(super) others_every_ms: u64,
    /// The run ends after so many answers.
    pub(super) cut: Option<u32>,
}

impl World {
    pub(super) fn calm(seed: u64) -> Self {
        Self {
            seed,
            latency_ms: 100,
            faults: 0,
            faults_per_call: 0,
            window_max: 110,
            others_every_ms: 0,
            cut: None,
        }
    }
}

/// The shell's store.
pub(super) type Store = BTreeMap<(Kind, String), String>;

/// What a run left behind.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) store: Store,
    /// Operation and arguments of each call, in the order of sending.
    pub(super) sent: Vec<(String, String)>,
    /// How often each was answered with a body that could be read.
    pub(super) good: BTreeMap<(String, String), u32>,
    pub(super) ended_at: u64,
    pub(super) most_in_flight: usize,
    /// Calls that the portal itself refused for its window.
    pub(super) throttled: u32,
    /// Not cut.
    pub(super) done: bool,
}

struct Flying {
    call: RelayCall,
    arrives: u64,
    answered: u64,
    reply: Option<(Reply, Option<RateLimit>)>,
}

enum Reply {
    Body(String),
    Problem(Box<Problem>),
    Silence,
}

/// The portal's own rolling window.
struct Portal<'a> {
    fake: &'a Fake,
    max: u32,
    arrivals: VecDeque<u64>,
    others_every_ms: u64,
    others_next: u64,
}

impl Portal<'_> {
    fn take(&mut self, now: u64, call: &RelayCall) -> (Reply, RateLimit, bool) {
        while self.others_every_ms > 0 && self.others_next <= now {
            let at = self.others_next;
            self.expire(at);
            if self.arrivals.len() < self.max as usize {
                self.arrivals.push_back(at);
            }
            self.others_next += self.others_every_ms;
        }
        self.expire(now);
        let used = u32::try_from(self.arrivals.len()).unwrap();
        let rate = |used: u32| RateLimit {
            max: self.max,
            remaining: self.max - used,
            interval_ms: 10_000,
        };
        if used >= self.max {
            let refusal = problem(
                ErrorCode::UpstreamRateLimited,
                Some("TEN_SECONDLY_ROLLING"),
                &[],
            );
            return (Reply::Problem(Box::new(refusal)), rate(used), true);
        }
        self.arrivals.push_back(now);
        let reply = match self.fake.answer(call.operation, &call.request) {
            Ok(body) => Reply::Body(body),
            Err(problem) => Reply::Problem(problem),
        };
        (reply, rate(used + 1), false)
    }

    fn expire(&mut self, now: u64) {
        while self.arrivals.front().is_some_and(|at| at + 10_000 <= now) {
            self.arrivals.pop_front();
        }
    }
}

fn name(call: &RelayCall) -> (String, String) {
    (
        call.operation.into(),
        serde_json::to_string(&call.request).unwrap(),
    )
}

/// Runs the planner to its end, or to the cut, from `start_ms`.
pub(super) fn drive(
    planner: &mut Planner,
    fake: &Fake,
    world: &World,
    store: Store,
    start_ms: u64,
) -> Run {
    let mut dice = Dice::new(world.seed);
    let mut portal = Portal {
        fake,
        max: world.window_max,
        arrivals: VecDeque::new(),
        others_every_ms: world.others_every_ms,
        others_next: start_ms.saturating_sub(10_000),
    };
    let mut run = Run {
        store,
        ..Run::default()
    };
    let mut misfortunes: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut flight: Vec<Flying> = Vec::new();
    let (mut now, mut answers, mut fraction) = (start_ms, 0_u32, 0.0_f32);
    for _ in 0..200_000 {
        let next = planner.next(now);
        for call in next.calls {
            run.sent.push(name(&call));
            let arrives = now + dice.below(world.latency_ms + 1);
            let answered = arrives + dice.below(world.latency_ms + 1);
            flight.push(Flying {
                call,
                arrives,
                answered,
                reply: None,
            });
        }
        run.most_in_flight = run.most_in_flight.max(flight.len());
        assert_eq!(planner.meter().in_flight as usize, flight.len());
        let overall = planner.overall();
        assert!(
            overall.fraction >= fraction && overall.fraction <= 1.0,
            "the fraction went back"
        );
        fraction = overall.fraction;
        run.ended_at = now;
        if next.done {
            run.done = true;
            return run;
        }
        if world.cut.is_some_and(|cut| answers >= cut) {
            return run;
        }
        // The next thing to happen: an arrival, an answer, or the planner's own wish to be asked.
        let events = flight.iter().map(|one| {
            if one.reply.is_none() {
                one.arrives
            } else {
                one.answered
            }
        });
        let at = events
            .chain(next.wake_at)
            .min()
            .expect("nothing will ever happen again");
        assert!(at >= now, "time ran backwards");
        assert!(
            next.wake_at.is_none_or(|wake| wake > now),
            "woken for nothing at {now}"
        );
        now = at;
        if let Some(one) = flight
            .iter_mut()
            .find(|one| one.reply.is_none() && one.arrives == now)
        {
            let (reply, rate, refused) = portal.take(now, &one.call);
            run.throttled += u32::from(refused);
            let befallen = misfortunes.entry(name(&one.call)).or_default();
            let faulty =
                !refused && *befallen < world.faults_per_call && dice.below(100) < world.faults;
            let (reply, rate) = if faulty {
                *befallen += 1;
                (weather(&mut dice, *befallen), None)
            } else {
                (reply, Some(rate))
            };
            one.reply = Some((reply, rate));
        } else if let Some(at) = flight
            .iter()
            .position(|one| one.reply.is_some() && one.answered <= now)
        {
            let one = flight.swap_remove(at);
            let (reply, rate) = one.reply.unwrap();
            answers += 1;
            let outcome = match &reply {
                Reply::Body(body) => {
                    if body.starts_with('{') {
                        *run.good.entry(name(&one.call)).or_default() += 1;
                    }
                    Outcome::Ok(body)
                }
                Reply::Problem(problem) => Outcome::Problem((**problem).clone()),
                Reply::Silence => Outcome::Unreachable,
            };
            let effects = planner.answered(one.call.id, Answer { outcome, rate }, now);
            for effect in effects {
                if let Effect::Store {
                    kind,
                    part,
                    content,
                    records,
                    hash,
                } = effect
                {
                    let stored: Vec<serde_json::Value> = serde_json::from_str(&content).unwrap();
                    assert_eq!(stored.len(), records as usize);
                    assert_eq!(hash, crate::pkce::sha256_base64url(&content));
                    run.store.insert((kind, part), content);
                }
            }
        }
    }
    panic!(
        "the planner does not come to an end: {:?}",
        planner.progress()
    );
}

/// Some fault that passes.
fn weather(dice: &mut Dice, befallen: u32) -> Reply {
    Reply::Problem(Box::new(match dice.below(6) {
        0 => return Reply::Silence,
        1 => Problem::of(ErrorCode::RefreshBusy),
        2 => problem(ErrorCode::UpstreamRateLimited, None, &[]),
        3 => Problem {
            retry_after: Some(dice.below(20)),
            ..Problem::of(ErrorCode::ProviderUnavailable)
        },
        4 if befallen == 1 => return Reply::Body("<html>502".into()),
        _ => Problem::of(ErrorCode::UpstreamUnavailable),
    }))
}
