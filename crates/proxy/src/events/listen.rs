//! How this process hears of commits in others: PostgreSQL's notifications, or a look at SQLite's file.
//! Owns that connection and its repair. After every gap everybody looks, so none lasts.

use super::Bus;
use crate::app::Shared;
use crate::store::events::{self, PAGE};
use crate::store::{DbResult, Owner};
use secrecy::ExposeSecret as _;
use sqlx::Executor as _;
use sqlx::postgres::PgListener;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Between two looks at SQLite's file, while somebody listens.
const LOOK: Duration = Duration::from_secs(1);
/// Between two tries to reach PostgreSQL.
const RETRY: Duration = Duration::from_secs(1);
/// Silence after which the connection is tried: one that died without a word must not go unnoticed.
const SILENCE: Duration = Duration::from_secs(15);
const PROOF: Duration = Duration::from_secs(5);
/// PostgreSQL takes less than 8,000 bytes.
const LONGEST_PAYLOAD: usize = 7_900;

/// Runs until the proxy stops.
pub(crate) async fn listen(app: Shared) {
    let url = app.config.database_url.as_ref();
    let listening = async {
        match url {
            Some(url) => notifications(app.store.bus(), url.expose_secret()).await,
            None => looks(&app).await,
        }
    };
    app.stop.run_until_cancelled(listening).await;
}

/// What a notification says: whose, and which connection if one. Empty when that is too long to say.
pub(super) fn payload(owner: &Owner, connection: Option<&str>) -> String {
    let said = serde_json::to_string(&(&owner.tenant, &owner.org, connection)).unwrap_or_default();
    if said.len() > LONGEST_PAYLOAD {
        return String::new();
    }
    said
}

async fn notifications(bus: &Bus, url: &str) {
    loop {
        if let Err(error) = hear(bus, url).await {
            tracing::warn!(error = %error, "PostgreSQL's notifications are lost; listening again");
        }
        sleep(RETRY).await;
    }
}

async fn hear(bus: &Bus, url: &str) -> DbResult<()> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen("portico").await?;
    // From here on nothing is missed; what happened before has to be looked for.
    bus.anything_changed();
    loop {
        match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => take(bus, notification.payload()),
            Ok(Ok(None)) => bus.anything_changed(),
            Ok(Err(error)) => return Err(error),
            Err(_) => match timeout(PROOF, listener.execute("SELECT 1")).await {
                Ok(answer) => {
                    answer?;
                }
                Err(_) => return Err(sqlx::Error::PoolTimedOut),
            },
        }
    }
}

fn take(bus: &Bus, payload: &str) {
    match serde_json::from_str::<(String, String, Option<String>)>(payload) {
        Ok((tenant, org, connection)) => bus.changed(&Owner { tenant, org }, connection),
        Err(_) => bus.anything_changed(),
    }
}

async fn looks(app: &Shared) {
    let bus = app.store.bus();
    let mut audience = bus.audience.subscribe();
    let mut place = None;
    loop {
        if !bus.is_listened_to() {
            place = None;
            let _ = audience.changed().await;
            continue;
        }
        match look(app, place).await {
            Ok(next) => place = Some(next),
            Err(error) => tracing::error!(error = %error, "other processes' news cannot be read"),
        }
        sleep(LOOK).await;
    }
}

/// Wakes whom the commits behind `place` concern; answers the place reached.
async fn look(app: &Shared, place: Option<i64>) -> DbResult<i64> {
    let bus = app.store.bus();
    let Some(mut place) = place else {
        let end = events::end_of_file(app.store.readers()).await?;
        // Whoever began to listen a moment ago may have begun before this end.
        bus.anything_changed();
        return Ok(end);
    };
    loop {
        let traces = events::committed_since(app.store.readers(), place).await?;
        let is_all = traces.len() < PAGE;
        for trace in traces {
            place = trace.id;
            let (owner, connection) = trace.parts();
            bus.changed(&owner, connection);
        }
        if is_all {
            return Ok(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Changed;
    use super::*;

    fn owner(tenant: &str) -> Owner {
        Owner {
            tenant: tenant.into(),
            org: "o".into(),
        }
    }

    #[tokio::test]
    async fn a_notification_names_owner_and_connection_or_wakes_everybody() {
        let bus = Bus::default();
        let mut changes = bus.subscribe_changes();
        let odd = owner("https://issuer.example/\"ä\\");
        let long = owner(&"t".repeat(9000));
        for (case, said, want) in [
            (
                "a connection",
                payload(&odd, Some("c1")),
                Some(Changed::Connection(odd.clone(), "c1".into())),
            ),
            ("a flow", payload(&odd, None), None),
            (
                "too long",
                payload(&long, Some("c")),
                Some(Changed::Anything),
            ),
            ("foreign", "nonsense".into(), Some(Changed::Anything)),
        ] {
            assert!(said.len() <= LONGEST_PAYLOAD, "{case}");
            let before = bus.stamp(&odd, "c1");
            take(&bus, &said);
            let counts = u64::from(want.is_some());
            assert_eq!(bus.stamp(&odd, "c1"), before + counts, "{case}");
            if let Some(want) = want {
                assert_eq!(changes.next().await, Some(want), "{case}");
            }
        }
        for _ in 0..2000 {
            bus.changed(&odd, Some("c".into()));
        }
        assert_eq!(changes.next().await, Some(Changed::Anything), "too slow");
        drop(bus);
    }
}
