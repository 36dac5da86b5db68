//! The one sort and the one set of texts that the browser carries: each further one is kilobytes of code.
//! Owns no rule of what comes first.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, DefaultHasher};

/// Texts to look for; in no order, and without randomness.
pub type TextSet = HashSet<String, BuildHasherDefault<DefaultHasher>>;

/// Indices below `length` in the order that `compare` gives to what they stand for; equals stay as they stood.
pub fn ordered(length: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..length).collect();
    indices.sort_by(|a, b| compare(*a, *b));
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_keep_their_places() {
        let names = ["b1", "a1", "c", "b2", "a2"];
        let order = ordered(names.len(), &mut |a, b| names[a][..1].cmp(&names[b][..1]));
        assert_eq!(order, [1, 4, 0, 3, 2]);
        assert!(ordered(0, &mut |_, _| Ordering::Equal).is_empty());
    }
}
