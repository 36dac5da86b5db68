//! Sets of statuses, types and tiers: a byte each, and their names in addresses.
//! Owns no rule of what is shown.

use crate::connection_type::ConnectionType;
use crate::status::Status;
use crate::tier::Tier;
use std::marker::PhantomData;

/// One of a few values that rows are narrowed by.
pub trait Choice: Copy + PartialEq + 'static {
    /// In the order of their display; at most eight.
    const ALL: &'static [Self];

    /// In addresses.
    fn slug(self) -> &'static str;

    /// Its own number below eight.
    fn place(self) -> usize;
}

impl Choice for Status {
    /// Worst first, as they are ordered.
    const ALL: &'static [Self] = &[
        Self::Disconnected,
        Self::NeedsReconnection,
        Self::Suspended,
        Self::Checking,
        Self::ConnectedLimited,
        Self::Connected,
    ];

    fn slug(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::NeedsReconnection => "needs_reconnection",
            Self::Suspended => "suspended",
            Self::Checking => "checking",
            Self::ConnectedLimited => "limited",
            Self::Connected => "connected",
        }
    }

    fn place(self) -> usize {
        self as usize
    }
}

impl Choice for ConnectionType {
    const ALL: &'static [Self] = &ConnectionType::ALL;

    fn slug(self) -> &'static str {
        self.wire_name()
    }

    fn place(self) -> usize {
        self as usize
    }
}

impl Choice for Tier {
    const ALL: &'static [Self] = &[
        Self::FreeOrStarter,
        Self::Starter,
        Self::Professional,
        Self::Enterprise,
        Self::Unknown,
    ];

    fn slug(self) -> &'static str {
        match self {
            Self::FreeOrStarter => "free_or_starter",
            Self::Starter => "starter",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
            Self::Unknown => "unknown",
        }
    }

    fn place(self) -> usize {
        self as usize
    }
}

/// A set of choices; none chosen narrows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices<T> {
    bits: u8,
    of: PhantomData<T>,
}

impl<T> Default for Choices<T> {
    fn default() -> Self {
        Self {
            bits: 0,
            of: PhantomData,
        }
    }
}

impl<T: Choice> Choices<T> {
    /// Whether it was chosen.
    pub fn contains(self, choice: T) -> bool {
        self.bits & (1 << choice.place()) != 0
    }

    /// Whether nothing was chosen.
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// Chooses it too.
    pub fn insert(&mut self, choice: T) {
        self.bits |= 1 << choice.place();
    }

    /// Chooses it, or no longer.
    pub fn toggle(&mut self, choice: T) {
        self.bits ^= 1 << choice.place();
    }

    /// What was chosen, in the order of display.
    pub fn iter(self) -> impl Iterator<Item = T> {
        T::ALL
            .iter()
            .copied()
            .filter(move |choice| self.contains(*choice))
    }

    /// Reads names between commas; what names nothing is passed over.
    pub(super) fn read(&mut self, names: &str) {
        for name in names.split(',') {
            for choice in T::ALL {
                if choice.slug() == name {
                    self.insert(*choice);
                }
            }
        }
    }

    /// The names between commas; empty for none.
    pub(super) fn write(self) -> String {
        let mut out = String::new();
        for choice in self.iter() {
            if !out.is_empty() {
                out.push(',');
            }
            out.push_str(choice.slug());
        }
        out
    }
}

impl<T: Choice> FromIterator<T> for Choices<T> {
    fn from_iter<I: IntoIterator<Item = T>>(choices: I) -> Self {
        let mut set = Self::default();
        for choice in choices {
            set.insert(choice);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_apart<T: Choice + std::fmt::Debug>(count: usize) {
        assert_eq!(T::ALL.len(), count);
        for (at, choice) in T::ALL.iter().enumerate() {
            assert!(choice.place() < 8, "{choice:?}");
            let slug = choice.slug();
            assert!(
                slug.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{slug} needs no encoding"
            );
            for other in &T::ALL[..at] {
                assert_ne!(other.place(), choice.place());
                assert_ne!(other.slug(), choice.slug());
            }
            let mut set = Choices::<T>::default();
            set.toggle(*choice);
            assert_eq!(set.iter().collect::<Vec<_>>(), [*choice]);
            set.insert(*choice);
            let mut again = Choices::default();
            again.read(&set.write());
            assert_eq!(again, set);
            set.toggle(*choice);
            assert!(set.is_empty() && set.write().is_empty());
        }
    }

    /// R13: every value has a number and a name of its own.
    #[test]
    fn choices_are_told_apart() {
        told_apart::<Status>(6);
        told_apart::<ConnectionType>(3);
        told_apart::<Tier>(5);
        assert!(Status::ALL.is_sorted(), "worst first");
    }

    #[test]
    fn names_that_name_nothing_are_passed_over() {
        let mut set = Choices::<Tier>::default();
        set.read("enterprise,,Starter,starter ,gold,starter");
        assert_eq!(set, [Tier::Starter, Tier::Enterprise].into_iter().collect());
        assert_eq!(set.write(), "starter,enterprise");
    }
}
