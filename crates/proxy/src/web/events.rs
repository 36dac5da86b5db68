//! `GET /v1/events`: server-sent events of one org, until the session ends or the proxy stops.
//! Owns the stream's form; order and replay are the bus's.

use super::who::Who;
use crate::app::Shared;
use crate::events::{News, Replay};
use crate::session::{self, Principal};
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event as Frame, KeepAlive};
use futures_util::stream::{self, Stream};
use http::HeaderMap;
use portico_core::wire::Event;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

const HEARTBEAT: Duration = Duration::from_secs(15);

struct Feed {
    app: Shared,
    who: Principal,
    ready: VecDeque<Frame>,
    live: Receiver<Arc<News>>,
    /// When the session ends.
    until: Instant,
    /// Tells that tenants, keys or origins were replaced.
    replaced: watch::Receiver<()>,
}

/// Opens a stream, first with what was missed since `Last-Event-ID`.
pub(super) async fn stream(
    State(app): State<Shared>,
    Who(who): Who,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Frame, Infallible>>> {
    let last_id = headers
        .get("last-event-id")
        .map(|id| id.to_str().unwrap_or_default());
    let (last, replay, live) = app.bus.join(last_id);
    let mut ready = VecDeque::new();
    match replay {
        Replay::Missed(news) => {
            // An id without data: a stream that breaks before the first event knows where it stood.
            let first = news
                .first()
                .map_or(last, |news| news.number.saturating_sub(1));
            ready.push_back(Frame::default().id(app.bus.id(first)).comment("open"));
            let own = news.iter().filter(|news| news.is_for(&who.owner, &who.sub));
            ready.extend(own.filter_map(|news| frame(&app, news.number, &news.event)));
        }
        Replay::Lost => ready.extend(frame(&app, last, &Event::Reset)),
    }
    let left = u64::try_from(who.expires_at - session::now()).unwrap_or(0);
    let until = Instant::now() + Duration::from_secs(left);
    let mut replaced = app.sessions.changes();
    // What was replaced between the check of the token and now counts too.
    replaced.mark_changed();
    let feed = Feed {
        app,
        who,
        ready,
        live,
        until,
        replaced,
    };
    Sse::new(stream::unfold(feed, next)).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}

async fn next(mut feed: Feed) -> Option<(Result<Frame, Infallible>, Feed)> {
    loop {
        // A receiver cannot outlive what it listens to: the feed holds both.
        if feed.replaced.has_changed().unwrap_or(false) {
            feed.replaced.mark_unchanged();
            if !feed.app.sessions.admit(&feed.who) {
                return None;
            }
        }
        if let Some(frame) = feed.ready.pop_front() {
            return Some((Ok(frame), feed));
        }
        let heard = tokio::select! {
            () = feed.app.stop.cancelled() => return None,
            () = sleep_until(feed.until) => return None,
            _ = feed.replaced.changed() => {
                feed.replaced.mark_changed();
                continue;
            }
            heard = feed.live.recv() => heard,
        };
        match heard {
            Ok(news) if news.is_for(&feed.who.owner, &feed.who.sub) => {
                feed.ready
                    .extend(frame(&feed.app, news.number, &news.event));
            }
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => {
                let (last, _, live) = feed.app.bus.join(None);
                feed.live = live;
                feed.ready.extend(frame(&feed.app, last, &Event::Reset));
            }
            Err(RecvError::Closed) => return None,
        }
    }
}

fn frame(app: &Shared, number: u64, event: &Event) -> Option<Frame> {
    match serde_json::to_string(event) {
        Ok(data) => Some(
            Frame::default()
                .id(app.bus.id(number))
                .event(event.name())
                .data(data),
        ),
        Err(error) => {
            tracing::error!(error = %error, "an event could not be written");
            None
        }
    }
}
