//! News on its way from whoever changed something, in any process, to every open event stream of this one.
//! Owns order, replay and who may hear what; speaks no HTTP.
//!
//! The table `event` is the truth: numbered for each organization without a gap, in the order of commits, and
//! written in the transaction of the change. A stream is a number it has reached. What travels here and by
//! `NOTIFY` are wake-ups: one too many costs a reading, and one too few is made good by the next.

mod announce;
mod listen;

pub(crate) use announce::{Change, announce_by_command};
pub(crate) use listen::listen;

use crate::app::App;
use crate::store::events::{self, EventRow, Kind, PAGE};
use crate::store::{DbResult, Owner, connections, flows};
use portico_core::wire::Event;
use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Mutex as AsyncMutex, broadcast, watch};
use tokio::time::sleep;

/// Events of an organization held in memory while somebody listens, so that many streams cost one reading.
const HELD: usize = 256;
/// Changes of connections that a subscriber may be behind.
const CHANGES: usize = 1024;
/// Counters that connections share.
const SHARDS: usize = 64;
/// Rest after a reading that failed.
const REST: Duration = Duration::from_secs(1);

/// One event and its audience.
#[derive(Debug)]
pub(crate) struct News {
    /// Grows by one within the organization; the `id` of the stream.
    pub(crate) seq: u64,
    /// Set when only this person may hear it.
    sub: Option<String>,
    /// As its subject stood when it was read; nothing when that is gone, for its removal is news of its own.
    pub(crate) event: Option<Event>,
}

impl News {
    pub(crate) fn is_for(&self, sub: &str) -> bool {
        self.sub.as_deref().is_none_or(|only| only == sub)
    }
}

/// What a stream hears next.
#[derive(Debug)]
pub(crate) enum Heard {
    /// In order, without a gap to what it heard before.
    News(Vec<Arc<News>>),
    /// It was away too long: read everything again, and go on behind this number.
    Lost(u64),
}

/// What a subscriber of [`Bus::subscribe_changes`] hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// A connection was added, changed or removed, in whichever process.
    Connection(Owner, String),
    /// Something may have been missed: trust nothing that was kept.
    Anything,
}

/// Changes as they become known to this process.
#[derive(Debug)]
pub(crate) struct Changes(broadcast::Receiver<Changed>);

impl Changes {
    /// The next change; nothing when the proxy is gone.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the relay's cache"))]
    pub(crate) async fn next(&mut self) -> Option<Changed> {
        match self.0.recv().await {
            Ok(changed) => Some(changed),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Changed::Anything),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// The bus of one process.
#[derive(Debug)]
pub(crate) struct Bus {
    orgs: Mutex<HashMap<Owner, Weak<Channel>>>,
    changes: broadcast::Sender<Changed>,
    /// Count the changes of the connections that fall on each.
    stamps: [AtomicU64; SHARDS],
    /// Counts how often there was something to send.
    outbox: watch::Sender<u64>,
    /// Counts who began to listen where nobody did.
    audience: watch::Sender<u64>,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            orgs: Mutex::default(),
            changes: broadcast::channel(CHANGES).0,
            stamps: std::array::from_fn(|_| AtomicU64::new(0)),
            outbox: watch::channel(0).0,
            audience: watch::channel(0).0,
        }
    }
}

impl Bus {
    fn lock(&self) -> MutexGuard<'_, HashMap<Owner, Weak<Channel>>> {
        self.orgs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every change of a connection, of any process: what a cache of connections listens to.
    ///
    /// A change of this process is told at once after its commit, one of another by PostgreSQL's notification,
    /// or within a second by SQLite's file. The same change may be told twice.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the relay's cache"))]
    pub(crate) fn subscribe_changes(&self) -> Changes {
        let changes = Changes(self.changes.subscribe());
        self.audience.send_modify(|count| *count += 1);
        changes
    }

    /// Differs from what it was before as soon as a connection may have changed, without waiting for anything: what
    /// was read under another stamp is not to be trusted. It counts before the commit that made it count is answered.
    pub(crate) fn stamp(&self, owner: &Owner, connection: &str) -> u64 {
        self.stamps[shard(owner, connection)].load(Ordering::SeqCst)
    }

    /// Something was committed in an organization, perhaps to a connection.
    pub(crate) fn changed(&self, owner: &Owner, connection: Option<String>) {
        let channel = self.lock().get(owner).and_then(Weak::upgrade);
        if let Some(channel) = channel {
            channel.wake();
        }
        if let Some(id) = connection {
            self.stamps[shard(owner, &id)].fetch_add(1, Ordering::SeqCst);
            // Nobody listening is no fault.
            let _ = self.changes.send(Changed::Connection(owner.clone(), id));
        }
    }

    /// Notifications may have been missed: everybody looks.
    fn anything_changed(&self) {
        let channels: Vec<_> = self.lock().values().filter_map(Weak::upgrade).collect();
        for channel in channels {
            channel.wake();
        }
        for stamp in &self.stamps {
            stamp.fetch_add(1, Ordering::SeqCst);
        }
        let _ = self.changes.send(Changed::Anything);
    }

    fn is_listened_to(&self) -> bool {
        self.changes.receiver_count() > 0
            || self.lock().values().any(|kept| kept.strong_count() > 0)
    }

    /// There is something in the outbox.
    pub(crate) fn wake_senders(&self) {
        self.outbox.send_modify(|count| *count += 1);
    }

    /// Changes whenever there is something in the outbox.
    pub(crate) fn outbox(&self) -> watch::Receiver<u64> {
        self.outbox.subscribe()
    }

    fn channel(&self, owner: &Owner, newest: u64) -> Arc<Channel> {
        let mut orgs = self.lock();
        if let Some(channel) = orgs.get(owner).and_then(Weak::upgrade) {
            return channel;
        }
        // As good a moment as any to forget whom nobody listens to.
        orgs.retain(|_, channel| channel.strong_count() > 0);
        let channel = Arc::new(Channel::new(owner.clone(), newest));
        orgs.insert(owner.clone(), Arc::downgrade(&channel));
        drop(orgs);
        self.audience.send_modify(|count| *count += 1);
        channel
    }

    /// Listens to an organization, behind the event that the stream saw last if it names one.
    ///
    /// Where that was too long ago, or is no number of this organization, the first thing heard is
    /// [`Heard::Lost`].
    pub(crate) async fn follow(
        &self,
        app: &App,
        owner: &Owner,
        last_id: Option<&str>,
    ) -> DbResult<Follow> {
        let newest = events::newest(app.store.readers(), owner).await?;
        let named = last_id.map(|id| id.parse().ok().filter(|seq| *seq <= newest));
        let seen = named.flatten().unwrap_or(newest);
        let channel = self.channel(owner, newest);
        Ok(Follow {
            woken: channel.woken.subscribe(),
            channel,
            seen,
            is_lost: named == Some(None),
        })
    }
}

fn shard(owner: &Owner, connection: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    (owner, connection).hash(&mut hasher);
    usize::try_from(hasher.finish() % SHARDS as u64).unwrap_or(0)
}

/// One organization, while somebody listens to it.
#[derive(Debug)]
struct Channel {
    owner: Owner,
    /// Counts the wake-ups.
    woken: watch::Sender<u64>,
    held: AsyncMutex<Held>,
}

#[derive(Debug)]
struct Held {
    /// The newest event that was read.
    last: u64,
    /// The wake-up up to which everything was read.
    read_at: Option<u64>,
    /// Without a gap, up to `last`.
    news: VecDeque<Arc<News>>,
}

impl Channel {
    fn new(owner: Owner, newest: u64) -> Self {
        Self {
            owner,
            woken: watch::channel(0).0,
            held: AsyncMutex::new(Held {
                last: newest,
                read_at: None,
                news: VecDeque::new(),
            }),
        }
    }

    fn wake(&self) {
        self.woken.send_modify(|count| *count += 1);
    }

    /// What is known behind a number; nothing new is an empty list.
    async fn after(&self, app: &App, seen: u64) -> DbResult<Heard> {
        let mut held = self.held.lock().await;
        // Looked at before the reading: whatever is committed during it wakes again.
        let wake = *self.woken.borrow();
        if held.read_at != Some(wake) {
            let rows = events::after(app.store.readers(), &self.owner, held.last).await?;
            let is_all = rows.len() < PAGE;
            for row in rows {
                let news = Arc::new(app.read_news(&self.owner, &row).await?);
                if news.seq != held.last + 1 {
                    held.news.clear();
                }
                if held.news.len() == HELD {
                    held.news.pop_front();
                }
                held.last = news.seq;
                held.news.push_back(news);
            }
            if is_all {
                held.read_at = Some(wake);
            }
        }
        let first = held.news.front().map_or(held.last + 1, |news| news.seq);
        if seen + 1 >= first {
            let behind = held.news.iter().filter(|news| news.seq > seen);
            return Ok(Heard::News(behind.cloned().collect()));
        }
        drop(held);
        self.read_behind(app, seen).await
    }

    /// For a stream that was away longer than memory goes back.
    async fn read_behind(&self, app: &App, seen: u64) -> DbResult<Heard> {
        let rows = events::after(app.store.readers(), &self.owner, seen).await?;
        let mut news = Vec::with_capacity(rows.len());
        for row in &rows {
            let next = seen + 1 + news.len() as u64;
            if row.seq() != next {
                break;
            }
            news.push(Arc::new(app.read_news(&self.owner, row).await?));
        }
        if news.is_empty() {
            let newest = events::newest(app.store.readers(), &self.owner).await?;
            return Ok(Heard::Lost(newest));
        }
        Ok(Heard::News(news))
    }
}

/// A stream's place in the news of its organization.
#[derive(Debug)]
pub(crate) struct Follow {
    channel: Arc<Channel>,
    woken: watch::Receiver<u64>,
    /// The last event that was heard.
    seen: u64,
    is_lost: bool,
}

impl Follow {
    /// The last event that was heard.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }

    /// Waits for what comes next. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self, app: &App) -> Heard {
        if std::mem::take(&mut self.is_lost) {
            return Heard::Lost(self.seen);
        }
        loop {
            self.woken.mark_unchanged();
            match self.channel.after(app, self.seen).await {
                Ok(Heard::News(news)) => {
                    if let Some(last) = news.last() {
                        self.seen = last.seq;
                        return Heard::News(news);
                    }
                    // Its sender lives in the channel held here, so this never fails.
                    let _ = self.woken.changed().await;
                }
                Ok(Heard::Lost(newest)) => {
                    self.seen = newest;
                    return Heard::Lost(newest);
                }
                Err(error) => {
                    tracing::error!(error = %error, "news cannot be read");
                    sleep(REST).await;
                }
            }
        }
    }
}

impl App {
    /// An event with its subject as that stands now.
    async fn read_news(&self, owner: &Owner, row: &EventRow) -> DbResult<News> {
        let db = self.store.readers();
        let event = match row.kind() {
            Some(Kind::ConnectionChanged) => match connections::find(db, owner, &row.target).await?
            {
                Some(connection) => Some(Event::ConnectionChanged {
                    connection: Box::new(self.facts(&connection)?),
                }),
                None => None,
            },
            Some(Kind::ConnectionRemoved) => Some(Event::ConnectionRemoved {
                id: row
                    .target
                    .parse()
                    .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            }),
            Some(Kind::FlowChanged) => match flows::by_id(db, owner, &row.target).await? {
                Some(flow) => Some(Event::FlowChanged {
                    flow: flow.state()?,
                }),
                None => None,
            },
            Some(Kind::WorkspacesChanged) => Some(Event::WorkspacesChanged),
            Some(Kind::Reset) => Some(Event::Reset),
            // Of a later version, which runs beside this one during an upgrade.
            None => None,
        };
        Ok(News {
            seq: row.seq(),
            sub: row.sub.clone(),
            event,
        })
    }
}
