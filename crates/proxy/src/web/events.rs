//! `GET /v1/events`: server-sent events of one org, until the session ends or the proxy stops.
//! Owns the stream's form; order and replay are `crate::events`'.

use super::who::Who;
use crate::app::Shared;
use crate::error::ApiResult;
use crate::events::{Follow, Heard};
use crate::session::{self, Principal};
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event as Frame, KeepAlive};
use futures_util::stream::{self, Stream};
use http::HeaderMap;
use portico_core::wire::Event;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

const HEARTBEAT: Duration = Duration::from_secs(15);

struct Feed {
    app: Shared,
    who: Principal,
    ready: VecDeque<Frame>,
    follow: Follow,
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
) -> ApiResult<Sse<impl Stream<Item = Result<Frame, Infallible>>>> {
    let last_id = headers
        .get("last-event-id")
        .map(|id| id.to_str().unwrap_or_default());
    let follow = app.store.bus().follow(&app, &who.owner, last_id).await?;
    // An id without data: a stream that breaks before the first event knows where it stood.
    let open = Frame::default().id(follow.seen().to_string());
    let ready = VecDeque::from([open.comment("open")]);
    let left = u64::try_from(who.expires_at - session::now()).unwrap_or(0);
    let until = Instant::now() + Duration::from_secs(left);
    let mut replaced = app.sessions.changes();
    // What was replaced between the check of the token and now counts too.
    replaced.mark_changed();
    let feed = Feed {
        app,
        who,
        ready,
        follow,
        until,
        replaced,
    };
    Ok(Sse::new(stream::unfold(feed, next)).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
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
            heard = feed.follow.next(&feed.app) => heard,
            _ = feed.replaced.changed() => {
                feed.replaced.mark_changed();
                continue;
            }
        };
        match heard {
            Heard::News(news) => {
                for news in news.iter().filter(|news| news.is_for(&feed.who.sub)) {
                    if let Some(event) = &news.event {
                        feed.ready.extend(frame(news.seq, event));
                    }
                }
            }
            Heard::Lost(newest) => feed.ready.extend(frame(newest, &Event::Reset)),
        }
    }
}

fn frame(seq: u64, event: &Event) -> Option<Frame> {
    match serde_json::to_string(event) {
        Ok(data) => Some(
            Frame::default()
                .id(seq.to_string())
                .event(event.name())
                .data(data),
        ),
        Err(error) => {
            tracing::error!(error = %error, "an event could not be written");
            None
        }
    }
}
