//! Nothing is lost: small runs of what `cargo xtask bench --only faults` does at length.

use portico_tests::faults::{any_seed, herd, kills, soak};
use std::time::Duration;

async fn killed(kills: u32, processes: usize) {
    let seed = any_seed();
    let figures = kills::run(kills::Plan {
        kills,
        processes,
        seed,
    })
    .await;
    figures.print();
    figures.check();
}

/// CP-5, with CP-1, CP-2, CP-3 at random moments: a process killed again and again while people connect, read,
/// reconnect and remove. No code twice, no HubSpot grant lost, no plain token, journal and connections agree.
#[tokio::test]
async fn nothing_is_lost_when_the_only_process_is_killed() {
    killed(8, 1).await;
}

/// CP-5: the same when one of two processes over one database dies, and the other goes on.
#[tokio::test]
async fn nothing_is_lost_when_one_of_two_processes_is_killed() {
    killed(4, 2).await;
}

/// RR-6: refresh tokens that work once, access tokens of two seconds, two processes on SQLite or four on PostgreSQL.
#[tokio::test]
async fn tokens_that_work_once_are_never_used_twice() {
    let figures = soak::run(Duration::from_secs(15)).await;
    figures.print();
    figures.check();
}

/// OV-3: what runs out in one second is refreshed at the proxy's pace; whoever is sent away is told when to come back.
#[tokio::test]
async fn a_herd_of_expired_tokens_is_refreshed_at_a_walk() {
    let figures = herd::run(500, Some(2)).await;
    figures.print();
    figures.check();
}
