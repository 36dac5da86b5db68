//! Prints what is lost when processes are killed at random, when tokens work once, and when all run out at once.
//! Owns the sizes; what happens and what must hold is `portico_tests::faults`'. The environment names the database.
//!
//! `bench-faults [KILLS [SOAK_SECONDS [HERD [SEED]]]]`, or the same words in `PORTICO_BENCH_FAULTS`, which reaches it
//! through `cargo xtask bench --only faults`. A size of 0 leaves that part out.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use portico_tests::bench::Outcome;
use portico_tests::faults::{any_seed, herd, kills, soak};
use std::process::ExitCode;
use std::time::Duration;

/// On each database; half of them with one process, half with two.
const KILLS: u64 = 1_000;
const SOAK_SECONDS: u64 = 600;
const HERD: u64 = 10_000;

#[tokio::main]
async fn main() -> ExitCode {
    match measured().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("bench-faults: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measured() -> Outcome<()> {
    let sizes = sizes()?;
    let size = |index: usize, usual| sizes.get(index).copied().unwrap_or(usual);
    let seed = sizes.get(3).copied().unwrap_or_else(any_seed);
    let total = u32::try_from(size(0, KILLS))?;
    for (processes, kills) in [(1, total - total / 2), (2, total / 2)] {
        if kills > 0 {
            let plan = kills::Plan {
                kills,
                processes,
                seed,
            };
            println!("kills begin, seed {seed}");
            let figures = kills::run(plan).await;
            figures.print();
            figures.check();
        }
    }
    let seconds = size(1, SOAK_SECONDS);
    if seconds > 0 {
        let figures = soak::run(Duration::from_secs(seconds)).await;
        figures.print();
        figures.check();
    }
    let many = size(2, HERD);
    if many > 0 {
        let figures = herd::run(many, None).await;
        figures.print();
        figures.check();
    }
    Ok(())
}

fn sizes() -> Outcome<Vec<u64>> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if let (true, Ok(text)) = (words.is_empty(), std::env::var("PORTICO_BENCH_FAULTS")) {
        words.extend(text.split_whitespace().map(str::to_owned));
    }
    let numbers = words.iter().map(|word| word.parse());
    Ok(numbers.collect::<Result<_, _>>()?)
}
