//! Owns copy-on-write: a value that a snapshot shares with the living state until one of them changes it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A `T` whose clone costs a pointer; the first change after a clone copies the value.
#[derive(Debug, Default)]
pub struct Shared<T>(Arc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Shared;

    #[test]
    fn a_change_is_seen_by_its_owner_alone() {
        let mut living = Shared::from(vec![1]);
        let snapshot = living.clone();
        living.push(2);
        assert_eq!((living.len(), snapshot.len()), (2, 1));
    }
}
