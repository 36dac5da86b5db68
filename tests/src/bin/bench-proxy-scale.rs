//! Prints what a list, a relayed read and the proxy's own housekeeping cost with 10^3 to 10^6 connections in the table.
//! Owns the measurement. Rows of other orgs are written straight into the database, copies of a real one.

#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use portico_tests::bench::Outcome;
use portico_tests::bench::ground::{Ground, READS};
use portico_tests::{Caller, Database};
use serde_json::json;
use tokio::time::sleep;

const SIZES: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Connections of one org, as an agency has them.
const OF_ONE_ORG: u64 = 10;
const CALLS: usize = 200;
/// One round of housekeeping every 30 s and six looks for due checks.
const IDLE: Duration = Duration::from_mins(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match measured().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("bench-proxy-scale: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Milliseconds with a table of one size.
struct Costs {
    start: f64,
    list: f64,
    relay: f64,
    housekeeping: f64,
}

async fn measured() -> Outcome<()> {
    let mut ground = Ground::open().await?;
    let kind = match ground.database {
        Database::Sqlite(_) => "SQLite",
        Database::Postgres(_) => "PostgreSQL",
    };
    println!(
        "Cost by connections in the table ({kind}; median of {CALLS} calls one after the other; \
         an org of {} among orgs of {OF_ONE_ORG}):",
        ground.connections.len()
    );
    println!(
        "  housekeeping: the proxy's own core time in an idle minute; the database server's is not in it"
    );
    println!(
        "  {:>9} {:>12} {:>16} {:>16} {:>22}",
        "rows", "start ms", "list ms", "relay ms", "housekeeping ms/min"
    );
    let mut first: Option<Costs> = None;
    for size in SIZES {
        ground.proxy = None;
        fill(&ground, size).await;
        let costs = costs(&mut ground).await?;
        let base = first.get_or_insert(Costs { ..costs });
        println!(
            "  {size:>9} {:>12.0} {:>9.2} ×{:>5.2} {:>9.2} ×{:>5.2} {:>15.1} ×{:>5.2}",
            costs.start,
            costs.list,
            costs.list / base.list,
            costs.relay,
            costs.relay / base.relay,
            costs.housekeeping,
            costs.housekeeping / base.housekeeping
        );
    }
    println!("  × is the ratio to {} rows", SIZES[0]);
    Ok(())
}

async fn costs(ground: &mut Ground) -> Outcome<Costs> {
    let begin = Instant::now();
    let caller = ground.start_proxy().await?;
    let start = milliseconds(begin.elapsed());
    let id = ground.connections[0].clone();
    let list = median(CALLS, async || caller.get("/v1/connections").await.status).await?;
    let relay = median(CALLS, async || relayed(&caller, &id).await).await?;
    // What was opened for the calls comes to rest.
    sleep(Duration::from_secs(1)).await;
    let before = ground.running()?.cpu()?;
    sleep(IDLE).await;
    let spent = ground.running()?.cpu()?.saturating_sub(before);
    Ok(Costs {
        start,
        list,
        relay,
        housekeeping: milliseconds(spent),
    })
}

async fn relayed(caller: &Caller, id: &str) -> u16 {
    let answer = caller.relay(id, READS[0].operation, &json!({})).await;
    answer.status
}

/// Milliseconds of a call, the middle of many, after some that warm up.
async fn median(count: usize, mut call: impl AsyncFnMut() -> u16) -> Outcome<f64> {
    let mut times = Vec::with_capacity(count);
    for number in 0..count + 20 {
        let begin = Instant::now();
        let status = call().await;
        if status != 200 {
            return Err(format!("a call was answered with {status}").into());
        }
        if number >= 20 {
            times.push(milliseconds(begin.elapsed()));
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times[count / 2])
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Adds rows until the table holds `size`, each a copy of a real one but for whose it is.
async fn fill(ground: &Ground, size: u64) {
    let names = match ground.database {
        Database::Sqlite(_) => "SELECT group_concat(name) FROM pragma_table_info('connection')",
        Database::Postgres(_) => {
            "SELECT string_agg(column_name, ',') FROM information_schema.columns
             WHERE table_name = 'connection' AND table_schema = current_schema()"
        }
    };
    let columns = ground.database.text(names).await.unwrap_or_default();
    let values: Vec<&str> = columns
        .split(',')
        .map(|column| match column {
            "id" => "'row-' || n.i",
            "org" => "'org-' || (n.i / 10)",
            "account" => "CAST(900000000 + n.i AS TEXT)",
            // Thousands of bytes a row that nobody reads.
            "asked" | "granted" => "'[\"oauth\"]'",
            other => other,
        })
        .collect();
    let present = ground
        .database
        .count("SELECT COUNT(*) FROM connection")
        .await;
    ground
        .database
        .run(&format!(
            "INSERT INTO connection ({columns})
             WITH RECURSIVE n(i) AS (SELECT CAST({present} AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {size})
             SELECT {} FROM n, (SELECT * FROM connection WHERE id = '{}') AS real_one;
             ANALYZE connection;",
            values.join(", "),
            ground.connections[0]
        ))
        .await;
}
