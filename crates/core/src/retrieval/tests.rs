//! The planner in virtual time: what it asks, how fast, and how it ends.

mod asks;
mod drive;
mod ends;
mod fake;
mod runs;

use self::drive::{Run, Store, World, drive};
use self::fake::{Fake, LARGE, SMALL, problem};
use super::*;
use crate::error::ErrorCode;
use crate::scopes::{DEFAULT_OPTIONAL, REQUIRED};

fn all_scopes() -> Vec<String> {
    REQUIRED
        .iter()
        .chain(DEFAULT_OPTIONAL)
        .map(|&scope| scope.into())
        .collect()
}

fn planner(granted: &[String]) -> Planner {
    Planner::new(PlanInput { granted })
}

fn run(fake: &Fake, world: &World) -> (Planner, Run) {
    let mut planner = planner(&all_scopes());
    let run = drive(&mut planner, fake, world, Store::new(), 0);
    (planner, run)
}

fn state(planner: &Planner, kind: Kind) -> KindState {
    planner.progress()[kind.index()].state.clone()
}

fn count(run: &Run, operation: &str) -> usize {
    run.sent
        .iter()
        .filter(|(name, _)| name == operation)
        .count()
}

fn run_small(fake: &Fake) -> (Planner, Run) {
    run(fake, &World::calm(5))
}
