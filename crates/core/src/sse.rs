//! Server-sent events out of a byte stream (WHATWG HTML, section 9.2.6), because `EventSource`
//! cannot carry an `Authorization` header.
//! Owns the framing; knows nothing of what the events mean.

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerSentEvent {
    /// The last `id` seen so far, for `Last-Event-ID`.
    pub id: String,
    /// `event`; empty means `message`.
    pub event: String,
    /// `data` lines joined by line feeds.
    pub data: String,
}

/// Largest event kept; a longer one is dropped whole.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// Takes bytes as they come, gives events as they are complete.
#[derive(Debug, Default)]
pub struct EventStreamParser {
    line: Vec<u8>,
    pending: ServerSentEvent,
    has_data: bool,
    overlong: bool,
    after_carriage_return: bool,
}

impl EventStreamParser {
    /// The events that these bytes complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<ServerSentEvent> {
        let mut events = Vec::new();
        for &byte in bytes {
            let second_half_of_crlf = self.after_carriage_return && byte == b'\n';
            self.after_carriage_return = byte == b'\r';
            if second_half_of_crlf {
                continue;
            }
            if byte == b'\n' || byte == b'\r' {
                let line = std::mem::take(&mut self.line);
                events.extend(self.end_of_line(&String::from_utf8_lossy(&line)));
            } else if self.line.len() < MAX_EVENT_BYTES {
                self.line.push(byte);
            } else {
                self.overlong = true;
            }
        }
        events
    }

    fn end_of_line(&mut self, line: &str) -> Option<ServerSentEvent> {
        if line.is_empty() {
            let complete = self.has_data && !self.overlong;
            let event = complete.then(|| self.pending.clone());
            self.pending.event.clear();
            self.pending.data.clear();
            self.has_data = false;
            self.overlong = false;
            return event;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.pending.event),
            "id" if !value.contains('\0') => value.clone_into(&mut self.pending.id),
            "data" => {
                if self.has_data {
                    self.pending.data.push('\n');
                }
                self.has_data = true;
                if self.pending.data.len() + value.len() > MAX_EVENT_BYTES {
                    self.overlong = true;
                } else {
                    self.pending.data.push_str(value);
                }
            }
            // A comment (empty name), `retry`, or a field of the future.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn event(id: &str, name: &str, data: &str) -> ServerSentEvent {
        ServerSentEvent {
            id: id.into(),
            event: name.into(),
            data: data.into(),
        }
    }

    #[test]
    fn framing_follows_the_standard() {
        for (stream, want) in [
            ("data: a\n\n", vec![event("", "", "a")]),
            ("id: 7\nevent: x\ndata: {}\n\n", vec![event("7", "x", "{}")]),
            ("data: a\ndata: b\n\n", vec![event("", "", "a\nb")]),
            (": heartbeat\n\n", vec![]),
            ("event: x\n\ndata: a\n\n", vec![event("", "", "a")]),
            (
                "id: 1\ndata: a\n\ndata: b\n\n",
                vec![event("1", "", "a"), event("1", "", "b")],
            ),
            (
                "data:a\r\n\r\ndata: é\r\r",
                vec![event("", "", "a"), event("", "", "é")],
            ),
            ("data\n\n", vec![event("", "", "")]),
            ("data: never finished\n", vec![]),
        ] {
            assert_eq!(
                EventStreamParser::default().push(stream.as_bytes()),
                want,
                "{stream:?}"
            );
        }
    }

    #[test]
    fn an_overlong_event_is_dropped_and_the_next_one_read() {
        let mut parser = EventStreamParser::default();
        let long = format!("data: {}\n\n", "x".repeat(MAX_EVENT_BYTES + 10));
        assert_eq!(parser.push(long.as_bytes()), vec![]);
        assert_eq!(parser.push(b"data: b\n\n"), vec![event("", "", "b")]);
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(texts in proptest::collection::vec("[a-zé ]{0,8}", 1..6), size in 1usize..7) {
            let events: Vec<String> = texts.iter().map(|text| format!("id: 1\ndata: {text}\n\n")).collect();
            let stream = events.concat();
            let mut whole = EventStreamParser::default();
            let mut parts = EventStreamParser::default();
            let want = whole.push(stream.as_bytes());
            let got: Vec<_> = stream.as_bytes().chunks(size).flat_map(|chunk| parts.push(chunk)).collect();
            prop_assert_eq!(got, want);
        }
    }
}
