//! Nothing is lost: bounded runs of what `cargo xtask bench --only faults` does at length, with their figures.
//! Owns the sizes; what happens and what must hold is `portico_tests::faults`'. The environment names the database.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "figures are printed, and whatever goes wrong here is a failed test"
)]

use portico_tests::faults::{any_seed, herd, kills, soak};
use std::time::Duration;
use tokio::time::timeout;

/// A guard against a run that hangs; none takes a minute.
const PATIENCE: Duration = Duration::from_mins(5);

async fn killed(kills: u32, processes: usize) {
    let seed = any_seed();
    let plan = kills::Plan {
        kills,
        processes,
        seed,
    };
    println!("kills begin, seed {seed}");
    let figures = timeout(PATIENCE, kills::run(plan)).await;
    let figures = figures.expect("it ends");
    figures.print();
    figures.check();
}

/// CP-5, with CP-1, CP-2, CP-3 at random moments: a process killed again and again while people connect, read,
/// reconnect and remove. No code twice, no HubSpot grant lost, no plain token, journal and connections agree.
#[tokio::test]
async fn nothing_is_lost_when_the_only_process_is_killed() {
    killed(7, 1).await;
}

/// CP-5: the same when one of two processes over one database dies, and the other goes on.
#[tokio::test]
async fn nothing_is_lost_when_one_of_two_processes_is_killed() {
    killed(4, 2).await;
}

/// RR-6: refresh tokens that work once, access tokens of two seconds, two processes on SQLite or four on PostgreSQL.
#[tokio::test]
async fn tokens_that_work_once_are_never_used_twice() {
    let figures = timeout(PATIENCE, soak::run(Duration::from_secs(10))).await;
    let figures = figures.expect("it ends");
    figures.print();
    figures.check();
}

/// OV-3: three hundred tokens of one app that run out in one second, asked for at once at two processes, are refreshed at
/// the proxies' pace: HubSpot never has to ask to slow down, and none is lost.
#[tokio::test]
async fn a_herd_of_expired_tokens_is_refreshed_at_a_walk() {
    herded(300, 2).await;
}

/// OV-3: the same at one process, where more come than may wait: they are sent away with `refresh_busy`, told when to come
/// back, and served in the end.
#[tokio::test]
async fn whom_a_crowded_process_sends_away_is_served_later() {
    let figures = herded(400, 1).await;
    assert!(figures.was_crowded(), "more came at once than may wait");
}

async fn herded(size: u64, processes: u32) -> herd::Figures {
    let figures = timeout(PATIENCE, herd::run(size, Some(processes))).await;
    let figures = figures.expect("it ends");
    figures.print();
    figures.check();
    figures
}
