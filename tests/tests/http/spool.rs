//! A database that is away at the wrong moment: nothing is asked that could not be kept, and nothing that was
//! given is lost.

use crate::exchange::until;
use crate::refresh::{EXPIRED, details};
use crate::secrets;
use portico_tests::{Database, PORTAL, Replica, Stage};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use sqlx::{PgConnection, postgres::PgConnectOptions};
use std::str::FromStr as _;
use std::time::{Duration, Instant};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Holds the tables against every other writer until dropped or told to let go.
enum Blockade {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Blockade {
    async fn of(stage: &Stage) -> Self {
        match stage.database() {
            Database::Sqlite(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .busy_timeout(Duration::from_secs(10));
                let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
                connection.execute("BEGIN IMMEDIATE").await.unwrap();
                Self::Sqlite(connection)
            }
            database @ Database::Postgres(_) => {
                let options = PgConnectOptions::from_str(&database.url().unwrap()).unwrap();
                let mut connection = PgConnection::connect_with(&options).await.unwrap();
                connection
                    .execute("BEGIN; LOCK TABLE connection, flow, proxy, org IN EXCLUSIVE MODE")
                    .await
                    .unwrap();
                Self::Postgres(connection)
            }
        }
    }

    async fn lift(self) {
        match self {
            Self::Sqlite(mut connection) => {
                connection.execute("ROLLBACK").await.unwrap();
            }
            Self::Postgres(mut connection) => {
                connection.execute("ROLLBACK").await.unwrap();
            }
        }
    }
}

/// OV-5's three seconds, and what a machine that does much else takes to say so.
const SOON_ENOUGH: Duration = Duration::from_secs(4);

fn spooled(stage: &Stage) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(stage.data().join("spool"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

/// OV-5: while nothing can be stored, the proxy says so within three seconds and makes no token call; the old token
/// serves while it lives.
#[tokio::test]
async fn no_token_call_is_made_while_its_answer_could_not_be_stored() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage.sql(EXPIRED).await;
    let flow = stage.admin().start_connect().await;
    let claim = stage.person().consent(&flow, 25_733_019).await;
    let exchanges = stage.token_calls("authorization_code");
    let blockade = Blockade::of(&stage).await;
    let began = Instant::now();
    let (refresh, exchange, ready) = tokio::join!(
        details(&stage, &id),
        async { stage.admin().complete(&flow, &claim).await },
        async { stage.admin().get("/readyz").await },
    );
    let took = began.elapsed();
    assert!(took <= SOON_ENOUGH, "answered after {took:?}");
    assert_eq!(refresh.refusal(), (503, "store_unavailable".into()));
    assert!(refresh.header("retry-after").is_some());
    assert_eq!(exchange.refusal(), (503, "store_unavailable".into()));
    assert_eq!(ready.status, 503);
    assert_eq!(stage.token_calls("refresh_token"), 0);
    assert_eq!(stage.token_calls("authorization_code"), exchanges);
    blockade.lift().await;
    assert_eq!(details(&stage, &id).await.status, 200);
    let answer = stage.admin().complete(&flow, &claim).await;
    assert_eq!(
        answer.status, 200,
        "the flow was left as it was: {}",
        answer.text
    );
    assert_eq!(stage.admin().get("/readyz").await.status, 200);
}

/// Threat model 8, ST-1: tokens that the database would not take wait on disk, sealed, and are stored once it is back:
/// no second token call is made.
#[tokio::test]
async fn fresh_tokens_that_could_not_be_stored_wait_in_the_spool() {
    let stage = Stage::set(|_, state| {
        state.switches.token_latency = Duration::from_secs(1);
        state.switches.rotate_refresh_tokens = true;
    })
    .await;
    let id = stage.connected(PORTAL).await;
    stage.sql(EXPIRED).await;
    let call = tokio::spawn({
        let caller = stage.admin();
        let id = id.clone();
        async move {
            caller
                .relay(&id, "account.details", &serde_json::json!({}))
                .await
        }
    });
    until(async || stage.token_calls("refresh_token") == 1).await;
    let blockade = Blockade::of(&stage).await;
    assert_eq!(call.await.unwrap().status, 503);
    assert_eq!(spooled(&stage).len(), 1);
    let tokens: Vec<String> = stage
        .sandbox
        .with(|state| state.refresh_tokens.keys().cloned().collect());
    let kept = std::fs::read(&spooled(&stage)[0]).unwrap();
    for form in tokens.iter().flat_map(|token| secrets::forms(token)) {
        assert!(
            !secrets::contains(&kept, &form),
            "a token stands in the spool"
        );
    }
    blockade.lift().await;
    until(async || spooled(&stage).is_empty()).await;
    assert_eq!(details(&stage, &id).await.status, 200);
    assert_eq!(stage.token_calls("refresh_token"), 1);
    assert_eq!(stage.count("SELECT generation FROM connection").await, 2);
}

/// Threat model 8: the same for a grant that was just obtained: it is connected, not lost, also when the proxy was
/// stopped in between.
#[tokio::test]
async fn a_new_grant_that_could_not_be_stored_is_connected_later() {
    let stage = Stage::set(|_, state| state.switches.token_latency = Duration::from_secs(1)).await;
    let flow = stage.admin().start_connect().await;
    let claim = stage.person().consent(&flow, PORTAL).await;
    let completing = tokio::spawn({
        let (caller, flow) = (stage.admin(), flow.clone());
        async move { caller.complete(&flow, &claim).await }
    });
    until(async || stage.token_calls("authorization_code") == 1).await;
    let blockade = Blockade::of(&stage).await;
    assert_eq!(
        completing.await.unwrap().refusal(),
        (503, "store_unavailable".into())
    );
    assert_eq!(spooled(&stage).len(), 1);
    assert_eq!(stage.admin().flow(&flow).await["phase"], "exchanging");
    blockade.lift().await;
    until(async || stage.count("SELECT COUNT(*) FROM connection").await == 1).await;
    assert_eq!(stage.admin().flow(&flow).await["phase"], "done");
    assert_eq!(stage.token_calls("authorization_code"), 1);
    until(async || spooled(&stage).is_empty()).await;
    let id = stage.text("SELECT id FROM connection").await.unwrap();
    assert_eq!(details(&stage, &id).await.status, 200);
}

/// A way to a database that can be cut: whoever comes by it then is hung up on.
struct Line {
    url: String,
    is_cut: watch::Sender<bool>,
}

impl Line {
    async fn to(url: &str) -> Self {
        let mut url: url::Url = url.parse().unwrap();
        let there = (url.host_str().unwrap().to_owned(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        url.set_port(Some(port)).unwrap();
        let (is_cut, cut) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let (there, mut cut) = (there.clone(), cut.clone());
                tokio::spawn(async move {
                    let carry = async {
                        let mut there = TcpStream::connect(there).await.unwrap();
                        let _ = copy_bidirectional(&mut here, &mut there).await;
                    };
                    tokio::select! {
                        biased;
                        _ = cut.wait_for(|cut| *cut) => {}
                        () = carry => {}
                    }
                });
            }
        });
        let url = url.into();
        Self { url, is_cut }
    }

    fn cut(&self, is_cut: bool) {
        self.is_cut.send_replace(is_cut);
    }
}

/// OV-5: with its database gone, or its disk full, a process says so in time and asks for no token; once it is back, so is
/// the process, by itself.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_database_that_is_gone_costs_no_token() {
    let stage = Stage::open().await;
    let id = stage.connected(PORTAL).await;
    stage.sql(EXPIRED).await;
    // SQLite's disk takes no more; PostgreSQL is not there.
    let (replica, line) = match stage.database() {
        Database::Sqlite(_) => (Replica::start_on_a_disk_that_may_fill(&stage).await, None),
        Database::Postgres(_) => {
            let line = Line::to(&stage.database().url().unwrap()).await;
            let replica = Replica::start_by_way_of(&stage, &line.url).await;
            (replica, Some(line))
        }
    };
    let caller = replica.launched().await;
    assert_eq!(caller.get("/readyz").await.status, 200);
    let flow = caller.start_connect().await;
    let claim = stage.person().consent(&flow, 25_733_019).await;
    let exchanges = stage.token_calls("authorization_code");
    let lose = |is_lost: bool| match &line {
        None => replica.fill_the_disk(is_lost),
        Some(line) => line.cut(is_lost),
    };
    lose(true);
    let path = format!("/v1/connections/{id}/relay/account.details");
    let proof = serde_json::json!({ "claim": claim, "code_verifier": flow.verifier });
    let complete = format!("/v1/flows/{}/complete", flow.id);
    for round in 0..3 {
        let began = Instant::now();
        let ask = serde_json::json!({});
        let (refresh, exchange, ready) = tokio::join!(
            caller.post(&path, &ask),
            caller.post(&complete, &proof),
            caller.get("/readyz"),
        );
        let took = began.elapsed();
        assert!(
            took <= SOON_ENOUGH,
            "round {round}: answered after {took:?}"
        );
        assert_eq!(
            refresh.refusal(),
            (503, "store_unavailable".into()),
            "round {round}: {}",
            replica.log().join("\n")
        );
        assert!(refresh.header("retry-after").is_some());
        assert_eq!(
            exchange.refusal(),
            (503, "store_unavailable".into()),
            "round {round}"
        );
        assert_eq!(ready.status, 503, "round {round}");
    }
    assert_eq!(stage.token_calls("refresh_token"), 0);
    assert_eq!(stage.token_calls("authorization_code"), exchanges);
    lose(false);
    until(async || caller.get("/readyz").await.status == 200).await;
    let answer = caller.post(&path, &serde_json::json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = caller.post(&complete, &proof).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}
