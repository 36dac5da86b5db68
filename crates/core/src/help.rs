//! Help: one entry for every status, every error code and every topic people ask about, and the search over them.
//! Owns the words; never draws, stores or decides. Whoever only needs an address takes [`anchor_of`] or
//! [`status_anchor`]: the words themselves are fetched when help is opened (first view, size).

mod errors;
mod search;
mod statuses;
mod topics;
mod topics_connections;
mod topics_trouble;

pub use search::Index;

use crate::error::ErrorCode;
use crate::status::Status;

/// Which part of the index an entry stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What a badge in the table says.
    Status,
    /// What people come with a question about.
    Topic,
    /// What a notice says, with its code.
    Error,
}

impl Group {
    /// In the order of the index.
    pub const ALL: [Self; 3] = [Self::Status, Self::Topic, Self::Error];

    /// As on screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Status => "Statuses",
            Self::Topic => "Topics",
            Self::Error => "Errors",
        }
    }
}

/// A piece of an entry's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Paragraphs.
    Text(&'static [&'static str]),
    /// To be done one after the other.
    Steps(&'static [&'static str]),
    /// In no order.
    Points(&'static [&'static str]),
}

impl Block {
    /// Its sentences.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Text(words) | Self::Steps(words) | Self::Points(words) => words,
        }
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its address behind `#/help/`; never changed once published.
    pub anchor: String,
    /// Where it stands in the index.
    pub group: Group,
    /// What it is about.
    pub title: &'static str,
    /// The code that people quote, for an error.
    pub code: &'static str,
    /// The text.
    pub body: Vec<Block>,
    /// Anchors of entries that go on from here.
    pub related: &'static [&'static str],
}

/// A topic as it is written down.
struct Topic {
    anchor: &'static str,
    title: &'static str,
    related: &'static [&'static str],
    body: &'static [Block],
}

/// Rows of topics: anchor, title, related anchors, then blocks, ended by a semicolon.
macro_rules! rows {
    ($($anchor:literal $title:literal [$($related:literal)*] $($kind:ident [$($words:literal)+])+;)*) => {
        pub(super) const TOPICS: &[super::Topic] = &[$(super::Topic {
            anchor: $anchor,
            title: $title,
            related: &[$($related),*],
            body: &[$(super::Block::$kind(&[$($words),+])),+],
        }),*];
    };
}
use rows;

/// The anchor of an error's entry: `error-` and the code that people quote, as a slug.
pub fn anchor_of(code: ErrorCode) -> String {
    slugged(code.entry().support_code)
}

/// The anchor of a status's entry.
pub fn status_anchor(status: Status) -> &'static str {
    match status {
        Status::Connected => "status-connected",
        Status::ConnectedLimited => "status-connected-limited",
        Status::Checking => "status-checking",
        Status::NeedsReconnection => "status-needs-reconnection",
        Status::Disconnected => "status-disconnected",
        Status::Suspended => "status-suspended",
    }
}

/// Whether a text has the form of an anchor: what else stands in an address is nobody's entry.
pub fn is_anchor(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn slugged(code: &str) -> String {
    let mut anchor = String::from("error-");
    for character in code.chars() {
        anchor.push(match character {
            '_' => '-',
            other => other.to_ascii_lowercase(),
        });
    }
    anchor
}

/// Every entry, in the order of the index.
pub fn all() -> Vec<Entry> {
    let mut entries = statuses::entries();
    entries.extend(topic_rows().map(from_topic));
    entries.extend(ErrorCode::ALL.iter().map(|code| errors::entry(*code)));
    entries
}

/// The entry of an anchor; an error's is also found by its code on the wire.
pub fn entry(anchor: &str) -> Option<Entry> {
    let topic = topic_rows().find(|topic| topic.anchor == anchor);
    topic.map(from_topic).or_else(|| {
        let status = statuses::entries()
            .into_iter()
            .find(|entry| entry.anchor == anchor);
        status.or_else(|| {
            let mut codes = ErrorCode::ALL.iter();
            let code = codes
                .find(|code| anchor_of(**code) == anchor || slugged(code.entry().code) == anchor);
            code.map(|code| errors::entry(*code))
        })
    })
}

fn topic_rows() -> impl Iterator<Item = &'static Topic> {
    [
        topics::TOPICS,
        topics_connections::TOPICS,
        topics_trouble::TOPICS,
    ]
    .into_iter()
    .flatten()
}

fn from_topic(topic: &Topic) -> Entry {
    Entry {
        anchor: topic.anchor.to_owned(),
        group: Group::Topic,
        title: topic.title,
        code: "",
        body: topic.body.to_vec(),
        related: topic.related,
    }
}

#[cfg(test)]
mod tests;
