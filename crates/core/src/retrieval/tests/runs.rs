//! Whole runs, cut runs and hostile checkpoints, over portals and weather of all sorts.

use super::drive::Dice;
use super::*;
use proptest::prelude::*;

/// A checkpoint is small, and a finished one has nothing left to ask.
#[test]
fn a_finished_checkpoint_is_small_and_asks_nothing() {
    let (planner, _) = run(&LARGE, &World::calm(13));
    let checkpoint = planner.checkpoint();
    assert!(checkpoint.len() < 32_000, "{} bytes", checkpoint.len());
    let granted = all_scopes();
    let mut again = Planner::resume(&checkpoint, PlanInput { granted: &granted }).unwrap();
    let next = again.next(0);
    assert!(next.done && next.calls.is_empty());
    assert_eq!(again.progress(), planner.progress());
    assert_eq!(again.overall().phase, Phase::Completed);
    // More scopes than before: only what they open is asked.
    let fewer: Vec<String> = granted
        .iter()
        .filter(|scope| *scope != "forms")
        .cloned()
        .collect();
    let mut without = Planner::new(PlanInput { granted: &fewer });
    let first = drive(&mut without, &LARGE, &World::calm(14), Store::new(), 0);
    let mut with = Planner::resume(&without.checkpoint(), PlanInput { granted: &granted }).unwrap();
    let second = drive(&mut with, &LARGE, &World::calm(15), first.store, 0);
    assert_eq!(second.sent.len(), 3);
    assert_eq!(count(&second, "forms.list"), 3);
}

fn fake_from(dice: &mut Dice) -> Fake {
    let mut up_to = |bound: u64| u32::try_from(dice.below(bound + 1)).unwrap();
    let custom = up_to(12);
    Fake {
        custom,
        with_pipelines: up_to(12).min(custom),
        pairs: up_to(40),
        owners: up_to(1_200),
        users: up_to(400),
        lists: up_to(1_600),
        forms: up_to(320),
        workflows: up_to(320),
        ..SMALL
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// P4: whatever the portal, the latency and the weather, the window and ten in flight are never exceeded,
    /// each page is taken exactly once, nothing is missing, and it ends.
    #[test]
    fn every_run_is_whole_and_keeps_the_limits(seed in any::<u64>(), latency_ms in 0_u64..3_000, faults in 0_u64..40, window_max in 20_u32..120) {
        let fake = fake_from(&mut Dice::new(seed));
        let world = World { latency_ms, faults, faults_per_call: 3, window_max, ..World::calm(seed) };
        let (planner, run) = run(&fake, &world);
        prop_assert!(run.done);
        prop_assert_eq!(planner.overall().phase, Phase::Completed);
        prop_assert_eq!(run.throttled, 0);
        prop_assert!(run.most_in_flight <= 10);
        prop_assert!(run.good.values().all(|times| *times == 1), "{:?}", run.good);
        for (kind, records) in [
            (Kind::ObjectSchemas, fake.custom), (Kind::AssociationLabels, fake.pairs), (Kind::Owners, fake.owners),
            (Kind::Users, fake.users), (Kind::Lists, fake.lists), (Kind::Forms, fake.forms), (Kind::Workflows, fake.workflows),
        ] {
            prop_assert_eq!(state(&planner, kind), KindState::Completed { records });
        }
    }

    /// P4: a retrieval cut anywhere and resumed stores what an uninterrupted one does.
    #[test]
    fn a_cut_and_resumed_run_stores_the_same(seed in any::<u64>(), cuts in proptest::collection::vec(0_u32..160, 1..4), faults in 0_u64..20) {
        let fake = fake_from(&mut Dice::new(seed));
        let granted = all_scopes();
        let whole = run(&fake, &World::calm(seed)).1.store;
        let mut planner = Planner::new(PlanInput { granted: &granted });
        let (mut store, mut now) = (Store::new(), 0);
        for (at, cut) in cuts.iter().enumerate() {
            let world = World { faults, faults_per_call: 2, cut: Some(*cut), ..World::calm(seed ^ at as u64) };
            let run = drive(&mut planner, &fake, &world, store, now);
            (store, now) = (run.store, run.ended_at + 60_000);
            planner = Planner::resume(&planner.checkpoint(), PlanInput { granted: &granted }).unwrap();
        }
        let run = drive(&mut planner, &fake, &World::calm(seed), store, now);
        prop_assert!(run.done);
        prop_assert_eq!(planner.overall().phase, Phase::Completed);
        prop_assert_eq!(run.store, whole);
        let manifest = planner.manifest().count();
        prop_assert_eq!(manifest, run_parts(&planner));
    }

    /// A checkpoint that was tampered with is refused, or at least does no harm.
    #[test]
    fn a_tampered_checkpoint_never_panics(seed in any::<u64>(), at in any::<prop::sample::Index>(), byte in 0x20_u8..0x7f) {
        let granted = all_scopes();
        let mut planner = Planner::new(PlanInput { granted: &granted });
        drive(&mut planner, &SMALL, &World { cut: Some(30), ..World::calm(seed) }, Store::new(), 0);
        let mut text = planner.checkpoint().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let text = String::from_utf8(text).unwrap();
        if let Ok(mut planner) = Planner::resume(&text, PlanInput { granted: &granted }) {
            drive(&mut planner, &SMALL, &World::calm(seed), Store::new(), 0);
        }
    }
}

fn run_parts(planner: &Planner) -> usize {
    let names: std::collections::BTreeSet<(Kind, &str)> = planner
        .manifest()
        .map(|(kind, part, ..)| (kind, part))
        .collect();
    names.len()
}
