//! News on its way from whoever changed something to every open event stream.
//! Owns order, replay and who may hear what; speaks no HTTP.

use crate::store::Owner;
use portico_core::wire::Event;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast;

/// Events kept for streams that come back.
const KEPT: usize = 1024;

/// One event and its audience.
#[derive(Debug)]
pub(crate) struct News {
    /// Grows by one; meaningful within one start of the proxy only.
    pub(crate) number: u64,
    owner: Owner,
    /// Set when only this person may hear it.
    sub: Option<String>,
    pub(crate) event: Event,
}

impl News {
    pub(crate) fn is_for(&self, owner: &Owner, sub: &str) -> bool {
        self.owner == *owner && self.sub.as_deref().is_none_or(|only| only == sub)
    }
}

/// What a stream gets that names the last event it saw.
#[derive(Debug)]
pub(crate) enum Replay {
    /// What it missed, perhaps nothing.
    Missed(Vec<Arc<News>>),
    /// Too long ago, or before a restart: read everything again.
    Lost,
}

/// The bus of one process.
#[derive(Debug)]
pub(crate) struct Bus {
    /// Tells event ids of this start from those of another.
    epoch: String,
    kept: Mutex<Kept>,
    live: broadcast::Sender<Arc<News>>,
}

#[derive(Debug, Default)]
struct Kept {
    last: u64,
    news: VecDeque<Arc<News>>,
}

impl Bus {
    pub(crate) fn new(epoch: String) -> Self {
        Self {
            epoch,
            kept: Mutex::default(),
            live: broadcast::channel(256).0,
        }
    }

    /// Tells an org, or one person of it.
    pub(crate) fn publish(&self, owner: &Owner, sub: Option<&str>, event: Event) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.last += 1;
        let news = Arc::new(News {
            number: kept.last,
            owner: owner.clone(),
            sub: sub.map(str::to_owned),
            event,
        });
        if kept.news.len() == KEPT {
            kept.news.pop_front();
        }
        kept.news.push_back(Arc::clone(&news));
        // Sent under the lock, so that streams see the order of the numbers. Nobody listening is no fault.
        let _ = self.live.send(news);
    }

    /// The `id` of an event of this start.
    pub(crate) fn id(&self, number: u64) -> String {
        format!("{}.{number}", self.epoch)
    }

    /// Joins the live stream and answers what was missed since `last_id`, without a gap between the two.
    pub(crate) fn join(
        &self,
        last_id: Option<&str>,
    ) -> (u64, Replay, broadcast::Receiver<Arc<News>>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.live.subscribe();
        let replay = match last_id {
            None => Replay::Missed(Vec::new()),
            Some(id) => self.missed_since(&kept, id),
        };
        (kept.last, replay, receiver)
    }

    fn missed_since(&self, kept: &Kept, id: &str) -> Replay {
        let number = id
            .split_once('.')
            .filter(|(epoch, _)| *epoch == self.epoch)
            .and_then(|(_, number)| number.parse::<u64>().ok())
            .filter(|number| *number <= kept.last);
        let oldest = kept.news.front().map_or(kept.last + 1, |news| news.number);
        match number {
            Some(number) if number + 1 >= oldest => Replay::Missed(
                kept.news
                    .iter()
                    .filter(|news| news.number > number)
                    .cloned()
                    .collect(),
            ),
            _ => Replay::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(org: &str) -> Owner {
        Owner {
            tenant: "t".into(),
            org: org.into(),
        }
    }

    #[test]
    fn a_stream_hears_its_org_and_its_own_flows_only() {
        let bus = Bus::new("e".into());
        let (_, _, mut live) = bus.join(None);
        bus.publish(&owner("a"), None, Event::Reset);
        bus.publish(&owner("a"), Some("ada"), Event::Reset);
        let (for_all, for_ada) = (live.try_recv().unwrap(), live.try_recv().unwrap());
        for (case, news, org, sub, hears) in [
            ("org news", &for_all, "a", "bob", true),
            ("another org", &for_all, "b", "ada", false),
            ("own flow", &for_ada, "a", "ada", true),
            ("somebody else's flow", &for_ada, "a", "bob", false),
        ] {
            assert_eq!(news.is_for(&owner(org), sub), hears, "{case}");
        }
    }

    #[test]
    fn a_stream_that_comes_back_misses_nothing_or_is_told_to_read_again() {
        let bus = Bus::new("e".into());
        for _ in 0..(KEPT + 10) {
            bus.publish(&owner("a"), None, Event::Reset);
        }
        let last = KEPT as u64 + 10;
        let count = |id: &str| match bus.join(Some(id)).1 {
            Replay::Missed(news) => Some(news.len()),
            Replay::Lost => None,
        };
        for (id, want) in [
            (bus.id(last), Some(0)),
            (bus.id(last - 3), Some(3)),
            (bus.id(10), Some(KEPT)),
            (bus.id(9), None),
            (bus.id(last + 1), None),
            ("other.5".into(), None),
            (last.to_string(), None),
            (String::new(), None),
            ("e.x".into(), None),
        ] {
            assert_eq!(count(&id), want, "{id:?}");
        }
    }

    #[test]
    fn before_the_first_event_nothing_is_lost() {
        let bus = Bus::new("e".into());
        assert!(matches!(bus.join(Some("e.0")).1, Replay::Missed(news) if news.is_empty()));
    }
}
