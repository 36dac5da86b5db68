//! Somebody who works with one account all day, whatever happens to the processes: connects, reads, reconnects, removes.
//! Owns what such a person saw; judges nothing. Several reads run at once, but a person does one thing after the other.

use super::{Dice, World, locked};
use crate::{Answer, Caller, Person};
use futures_util::future::join_all;
use portico_proxy::config::Config;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::sleep;

/// An account at a provider.
#[derive(Clone, Debug)]
pub(super) enum Account {
    Portal(u64),
    Login(u64, String),
}

impl Account {
    fn id(&self) -> u64 {
        match self {
            Self::Portal(id) | Self::Login(id, _) => *id,
        }
    }

    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::Portal(_) => "account.details",
            Self::Login(..) => "github.user",
        }
    }
}

/// How often each thing is done, of a hundred; the rest are reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    pub(super) reconnect: u64,
    pub(super) remove: u64,
    /// Between two things.
    pub(super) pause: Duration,
}

const IDLE: Habits = Habits {
    reconnect: 0,
    remove: 0,
    pause: Duration::ZERO,
};

/// What all persons share.
pub(super) struct Field {
    /// A page at each process that runs.
    pub(super) doors: RwLock<Vec<Option<Caller>>>,
    pub(super) stop: AtomicBool,
    pub(super) seen: Mutex<Seen>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// What was done and how it was answered.
    pub(super) answers: BTreeMap<String, u64>,
    /// Portals whose grant was called dead.
    pub(super) lost_portals: Vec<String>,
    /// GitHub accounts whose grant was called dead.
    pub(super) lost_logins: Vec<String>,
    /// Every flow that was begun, and who began it.
    pub(super) flows: Vec<(String, String)>,
}

impl Field {
    pub(super) fn new() -> Self {
        Self {
            doors: RwLock::default(),
            stop: AtomicBool::new(false),
            seen: Mutex::default(),
        }
    }

    pub(super) fn set(&self, index: usize, door: Option<Caller>) {
        let mut doors = self.doors.write().unwrap_or_else(PoisonError::into_inner);
        if doors.len() <= index {
            doors.resize(index + 1, None);
        }
        doors[index] = door;
    }

    fn note(&self, what: &str, answer: Option<&Answer>) {
        let how = match answer {
            None => "cut off".to_owned(),
            Some(answer) if answer.status < 400 => answer.status.to_string(),
            // What nobody should hear is told whole.
            Some(answer) => match answer.refusal().1.as_str() {
                code @ ("internal" | "session_required") => format!("{code}: {}", answer.text),
                code => code.to_owned(),
            },
        };
        let mut seen = locked(&self.seen);
        *seen.answers.entry(format!("{what}: {how}")).or_default() += 1;
    }
}

/// One person at work.
pub(super) struct Worker<'a> {
    pub(super) world: &'a World,
    pub(super) field: &'a Field,
    pub(super) account: Account,
    pub(super) habits: Habits,
    pub(super) dice: Dice,
    person: Person,
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        world: &'a World,
        field: &'a Field,
        account: Account,
        habits: Habits,
        dice: Dice,
    ) -> Self {
        Self {
            world,
            field,
            account,
            habits,
            dice,
            person: Person::new(),
        }
    }

    /// Works until the field says stop.
    pub(super) async fn work(mut self) {
        let mut known = None;
        let mut sure = false;
        while !self.field.stop.load(Ordering::Relaxed) {
            let Some(caller) = self.door() else {
                sleep(Duration::from_millis(10)).await;
                continue;
            };
            if !sure {
                // Whatever was cut off, the list tells what came of it.
                let Some(found) = self.find(&caller).await else {
                    continue;
                };
                known = found;
            }
            sure = match &known {
                None => self.connect(&caller, None).await,
                Some(connection) => {
                    let at = self.dice.below(100);
                    if at < self.habits.reconnect {
                        self.connect(&caller, Some(connection)).await
                    } else if at < self.habits.reconnect + self.habits.remove {
                        self.remove(&caller, connection).await
                    } else {
                        self.read(&caller, connection).await
                    }
                }
            };
            sleep(self.habits.pause).await;
        }
    }

    fn sub(&self) -> String {
        format!("u{}", self.account.id())
    }

    fn door(&mut self) -> Option<Caller> {
        let doors = self.field.doors.read();
        let doors = doors.unwrap_or_else(PoisonError::into_inner);
        let open: Vec<_> = doors.iter().flatten().collect();
        if open.is_empty() {
            return None;
        }
        let chosen = self.dice.below(open.len() as u64);
        let page = open[usize::try_from(chosen).unwrap()];
        Some(self.world.as_another(page, &self.sub()))
    }

    /// The account's connection, if it has one; nothing where nobody answered.
    async fn find(&self, caller: &Caller) -> Option<Option<Value>> {
        let answer = caller
            .tried(caller.request(Method::GET, "/v1/connections"))
            .await?;
        if answer.status != 200 {
            self.field.note("list", Some(&answer));
            return None;
        }
        let list = answer.json();
        let mut all = list["connections"].as_array().unwrap().iter();
        let mine = all.find(|one| one["account"]["portal_id"] == self.account.id());
        Some(mine.cloned())
    }

    /// Reads a few times at once; false when the connection may have changed.
    async fn read(&mut self, caller: &Caller, connection: &Value) -> bool {
        let (id, operation) = (connection["id"].as_str().unwrap(), self.account.operation());
        let path = format!("/v1/connections/{id}/relay/{operation}");
        let ask = json!({});
        let calls = (0..=self.dice.below(3)).map(|_| {
            let request = caller.request(Method::POST, &path).json(&ask);
            caller.tried(request)
        });
        let mut sure = true;
        let mut dead = false;
        for answer in join_all(calls).await {
            self.field.note("read", answer.as_ref());
            let Some(answer) = answer else {
                sure = false;
                continue;
            };
            if matches!(answer.status, 404 | 409) {
                sure = false;
                dead |= answer.refusal().1 == "needs_reauth";
            }
        }
        if dead {
            self.lament();
            self.connect(caller, Some(connection)).await;
        }
        sure
    }

    fn lament(&self) {
        let mut seen = locked(&self.field.seen);
        let account = self.account.id().to_string();
        match self.account {
            Account::Portal(_) => seen.lost_portals.push(account),
            Account::Login(..) => seen.lost_logins.push(account),
        }
    }

    async fn remove(&self, caller: &Caller, connection: &Value) -> bool {
        let path = format!("/v1/connections/{}", connection["id"].as_str().unwrap());
        let answer = caller.tried(caller.request(Method::DELETE, &path)).await;
        self.field.note("remove", answer.as_ref());
        false
    }

    /// Connects, or connects again; always false, for afterwards the connection is another one.
    async fn connect(&self, caller: &Caller, connection: Option<&Value>) -> bool {
        let begun = match (&self.account, connection) {
            (Account::Portal(_), None) => caller.begun(|_| {}).await,
            (Account::Portal(_), Some(connection)) => caller.begun_again(connection).await,
            (Account::Login(..), connection) => {
                let change = |body: &mut Value| {
                    caller.turn_to_github(body);
                    if let Some(connection) = connection {
                        body["intent"] = json!("reconnect");
                        body["connection_id"] = connection["id"].clone();
                    }
                };
                caller.begun(change).await
            }
        };
        let flow = match begun {
            Ok(flow) => flow,
            Err(answer) => {
                self.field.note("start", answer.as_ref());
                return false;
            }
        };
        let begun = (self.sub(), flow.id.clone());
        locked(&self.field.seen).flows.push(begun);
        let callback = match &self.account {
            Account::Portal(portal) => {
                let keep = |_: &str| true;
                self.person.decide(&flow, *portal, "connect", keep).await
            }
            Account::Login(_, login) => {
                let person = &self.person;
                person.decide_at_github(&flow, login, "authorize").await
            }
        };
        let Some(claim) = self.person.returned(&callback).await else {
            self.field.note("callback", None);
            return false;
        };
        let proof = json!({ "claim": claim, "code_verifier": flow.verifier });
        let path = format!("/v1/flows/{}/complete", flow.id);
        // As the page does: whoever hears nothing asks again, for the answer is kept.
        for _ in 0..3 {
            let request = caller.request(Method::POST, &path).json(&proof);
            let answer = caller.tried(request).await;
            self.field.note("complete", answer.as_ref());
            if answer.is_some() {
                break;
            }
            sleep(Duration::from_millis(300)).await;
        }
        false
    }
}

/// Connects every account, one after the other; answers their connections' ids.
pub(super) async fn connect_all(world: &World, config: &Config) -> Vec<(Account, String)> {
    let portals = world.portals.iter().map(|id| Account::Portal(*id));
    let logins = world.logins.iter().cloned();
    let accounts = portals.chain(logins.map(|(id, login)| Account::Login(id, login)));
    let mut connected = Vec::new();
    for account in accounts {
        let id = connect(world, config, &account).await;
        connected.push((account, id));
    }
    connected
}

/// Connects an account at a process that stays; answers the connection's id.
pub(super) async fn connect(world: &World, config: &Config, account: &Account) -> String {
    let field = Field::new();
    let worker = Worker::new(world, &field, account.clone(), IDLE, Dice::new(0));
    let caller = world.caller(config, &worker.sub());
    worker.connect(&caller, None).await;
    let found = worker.find(&caller).await.flatten();
    let connection = found.unwrap_or_else(|| panic!("not connected: {:?}", locked(&field.seen)));
    connection["id"].as_str().unwrap().to_owned()
}

/// Waits until a process serves; half a minute is too long.
pub(super) async fn until_ready(caller: &Caller) {
    for _ in 0..1_200 {
        let answer = caller.tried(caller.bare(Method::GET, "/readyz")).await;
        if answer.is_some_and(|answer| answer.status == 200) {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the process was not ready within half a minute");
}
