//! What is looked at without anybody's call: faults whose next try is due, and grants that nobody uses, so that a
//! dead one is found before its user finds it. Owns when and how many; what is done is `grant`'s.

use crate::app::Shared;
use crate::grant::refresh;
use crate::random;
use crate::store::{DbResult, Owner, grants, static_grants};
use futures_util::StreamExt as _;
use futures_util::stream;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

const TICK: Duration = Duration::from_secs(5);
/// Checks that run at once, so that one slow answer holds up no other.
const AT_ONCE: usize = 8;
/// Seconds between two looks at a grant that nobody uses.
const LOOK_EVERY: f64 = 43_200.0;
/// Grants of one tick: with their refreshes a fifth of the pace of token calls, which people's calls share.
const LOOKS_A_TICK: i64 = 20;

/// Until the proxy stops.
pub(crate) async fn run(app: Shared) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        // A refresh that runs is tracked and finishes by itself; only the waiting ends here.
        if app.stop.run_until_cancelled(tick(&app)).await.is_none() {
            return;
        }
    }
}

async fn tick(app: &Shared) {
    match due(app).await {
        Ok(due) => {
            stream::iter(due)
                .for_each_concurrent(AT_ONCE, async |(owner, id, generation)| {
                    refresh::check_again(app, &owner, &id, generation).await;
                })
                .await;
        }
        Err(error) => tracing::error!(error = %error, "due checks cannot be read"),
    }
    match idle(app).await {
        Ok(idle) => {
            stream::iter(idle)
                .for_each_concurrent(AT_ONCE, async |(owner, id)| {
                    // Fresh tokens are left alone; whatever else comes of it stands in the row.
                    let _ = refresh::fresh(app, &owner, &id).await;
                })
                .await;
        }
        Err(error) => tracing::error!(error = %error, "idle grants cannot be read"),
    }
}

async fn due(app: &Shared) -> DbResult<Vec<(Owner, String, u64)>> {
    let mut due = grants::due_checks(app.store.readers()).await?;
    due.extend(static_grants::due(app.store.readers()).await?);
    Ok(due)
}

/// Takes the grants that nobody has looked at for longest; another process takes others.
async fn idle(app: &Shared) -> DbResult<Vec<(Owner, String)>> {
    let mut tx = app.store.begin().await?;
    // Those that came together do not stay together.
    let earlier = random::jitter(LOOK_EVERY / 10.0);
    let dialect = app.store.dialect();
    let taken = grants::take_idle(&mut tx, dialect, LOOK_EVERY, earlier, LOOKS_A_TICK).await?;
    tx.commit().await?;
    Ok(taken)
}
