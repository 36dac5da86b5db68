//! An answer's body on its way out: in small pieces, and noticed when nobody takes them.
//! Owns the pieces; `watch` judges.

use super::watch::Exchange;
use crate::provider::call::MemoryShare;
use crate::web::Place;
use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// What is handed out at once: a stream of HTTP/2 buffers no more than that beyond its peer's window.
const PIECE: usize = 16 * 1024;
/// The same of HTTP/1, where each piece is a write: larger ones cost less, and a peer must take one in ten seconds.
const PIECE_OF_HTTP_1: usize = 128 * 1024;

/// What an answer holds until it is written.
type Kept = (Option<Place>, Option<MemoryShare>);

pub(super) struct Outflow {
    body: Body,
    rest: Bytes,
    piece: usize,
    has_begun: bool,
    exchange: Exchange,
    _kept: Kept,
}

impl Outflow {
    pub(super) fn new(body: Body, exchange: Exchange, kept: Kept) -> Self {
        exchange.handed_out();
        let piece = if exchange.has_frames() {
            PIECE
        } else {
            PIECE_OF_HTTP_1
        };
        Self {
            body,
            rest: Bytes::new(),
            piece,
            has_begun: false,
            exchange,
            _kept: kept,
        }
    }

    fn piece(&mut self) -> Frame<Bytes> {
        let length = self.rest.len().min(self.piece);
        self.exchange.handed_out();
        Frame::data(self.rest.split_to(length))
    }
}

impl http_body::Body for Outflow {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let outflow = self.get_mut();
        outflow.has_begun = true;
        outflow.exchange.asked_for();
        if !outflow.rest.is_empty() {
            return Poll::Ready(Some(Ok(outflow.piece())));
        }
        match Pin::new(&mut outflow.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(match frame.into_data() {
                Ok(data) => {
                    outflow.rest = data;
                    outflow.piece()
                }
                Err(trailers) => trailers,
            }))),
            other => other,
        }
    }

    /// Once begun, the end is only told when asked for: asking shows that the last piece was taken.
    fn is_end_stream(&self) -> bool {
        !self.has_begun && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let inner = self.body.size_hint();
        let rest = self.rest.len() as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
