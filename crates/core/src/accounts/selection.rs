//! The rows somebody has chosen: by identity, so that neither order nor filter changes who is meant.
//! Owns the set; knows no row beyond its identifier.

use super::entry::Entry;
use crate::ids::ConnectionId;
use crate::order::ordered;

/// A set of connections, and where a range begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Sorted, each once.
    ids: Vec<ConnectionId>,
    /// The row chosen last, one at a time.
    anchor: Option<ConnectionId>,
}

impl Selection {
    /// Who is chosen, sorted.
    pub fn ids(&self) -> &[ConnectionId] {
        &self.ids
    }

    /// How many are chosen, whether shown or not.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether this one is.
    pub fn contains(&self, id: &ConnectionId) -> bool {
        self.ids.binary_search(id).is_ok()
    }

    /// Chooses this one, or no longer; a range begins here.
    pub fn toggle(&mut self, id: &ConnectionId) {
        match self.ids.binary_search(id) {
            Ok(at) => {
                self.ids.remove(at);
            }
            Err(at) => self.ids.insert(at, id.clone()),
        }
        self.anchor = Some(id.clone());
    }

    /// Chooses all between the row chosen last and this one, as they are shown; without the former, this one alone.
    pub fn select_range(&mut self, entries: &[Entry], visible: &[u32], to: &ConnectionId) {
        let find = |id: &ConnectionId| {
            let mut rows = visible.iter();
            rows.position(|row| entries[*row as usize].id == *id)
        };
        let Some(end) = find(to) else {
            return;
        };
        let anchor = self.anchor.as_ref().and_then(find);
        let start = anchor.unwrap_or(end);
        self.add(entries, &visible[start.min(end)..=start.max(end)]);
        if anchor.is_none() {
            self.anchor = Some(to.clone());
        }
    }

    /// Chooses these rows too.
    pub fn add(&mut self, entries: &[Entry], rows: &[u32]) {
        let new = rows.iter().map(|row| entries[*row as usize].id.clone());
        let mut all: Vec<Option<ConnectionId>> = self.ids.drain(..).chain(new).map(Some).collect();
        let order = ordered(all.len(), &mut |a, b| all[a].cmp(&all[b]));
        for at in order {
            if let Some(id) = all[at].take()
                && self.ids.last() != Some(&id)
            {
                self.ids.push(id);
            }
        }
    }

    /// Chooses these rows no longer.
    pub fn drop_rows(&mut self, entries: &[Entry], rows: &[u32]) {
        let mut gone = vec![false; self.ids.len()];
        for row in rows {
            if let Ok(at) = self.ids.binary_search(&entries[*row as usize].id) {
                gone[at] = true;
            }
        }
        self.keep(|at| !gone[at]);
    }

    /// Chooses nobody.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// How many of these rows are chosen: none, some or all is what the box above them shows.
    pub fn among(&self, entries: &[Entry], rows: &[u32]) -> usize {
        let chosen = rows
            .iter()
            .filter(|row| self.contains(&entries[**row as usize].id));
        chosen.count()
    }

    /// Forgets whoever is no longer there.
    pub fn retain(&mut self, entries: &[Entry]) {
        if self.ids.is_empty() {
            return;
        }
        let mut there = vec![false; self.ids.len()];
        for entry in entries {
            if let Ok(at) = self.ids.binary_search(&entry.id) {
                there[at] = true;
            }
        }
        self.keep(|at| there[at]);
    }

    fn keep(&mut self, kept: impl Fn(usize) -> bool) {
        let mut at = 0;
        self.ids.retain(|_| {
            at += 1;
            kept(at - 1)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::AccountsIndex;
    use crate::status::tests::connection;
    use proptest::prelude::*;

    fn entries(count: usize) -> Vec<Entry> {
        let connections: Vec<_> = (0..count)
            .map(|at| {
                let mut connection = connection();
                connection.id = id(at);
                connection
            })
            .collect();
        AccountsIndex::new(&connections, &[], 0).entries().to_vec()
    }

    fn id(at: usize) -> ConnectionId {
        format!("c{at}").parse().unwrap()
    }

    fn chosen(selection: &Selection) -> Vec<&str> {
        selection.ids().iter().map(ConnectionId::as_str).collect()
    }

    /// J22: a range follows the order on screen and begins at the row chosen last.
    #[test]
    fn a_range_runs_as_the_rows_are_shown() {
        let entries = entries(5);
        let shown = [4, 2, 0, 3];
        let mut selection = Selection::default();
        selection.select_range(&entries, &shown, &id(1));
        assert!(selection.is_empty(), "a row that is not shown");
        selection.select_range(&entries, &shown, &id(0));
        assert_eq!(chosen(&selection), ["c0"], "no beginning yet");
        selection.select_range(&entries, &shown, &id(4));
        assert_eq!(chosen(&selection), ["c0", "c2", "c4"], "upwards");
        selection.clear();
        selection.toggle(&id(1));
        selection.select_range(&entries, &shown, &id(3));
        assert_eq!(chosen(&selection), ["c1", "c3"], "its beginning is hidden");
        selection.select_range(&entries, &shown, &id(2));
        assert_eq!(chosen(&selection), ["c0", "c1", "c2", "c3"]);
    }

    /// J22: what is chosen stays chosen while hidden, and is counted.
    #[test]
    fn a_filter_changes_nobody_s_choice() {
        let entries = entries(5);
        let mut selection = Selection::default();
        selection.toggle(&id(3));
        selection.add(&entries, &[0, 1]);
        assert_eq!(selection.len(), 3);
        assert_eq!(selection.among(&entries, &[0, 1, 2]), 2);
        assert_eq!(selection.among(&entries, &[]), 0);
        selection.drop_rows(&entries, &[0, 1, 2]);
        assert_eq!(chosen(&selection), ["c3"]);
        selection.toggle(&id(3));
        assert!(selection.is_empty());
    }

    /// D28: whoever was removed is not acted on.
    #[test]
    fn who_is_gone_is_forgotten() {
        let all = entries(4);
        let mut selection = Selection::default();
        selection.add(&all, &[0, 2, 3]);
        selection.retain(&all[1..3]);
        assert_eq!(chosen(&selection), ["c2"]);
        selection.retain(&[]);
        assert!(selection.is_empty());
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_set(deeds in proptest::collection::vec((0u8..3, proptest::collection::vec(0u32..30, 0..12)), 0..12)) {
            let entries = entries(30);
            let mut selection = Selection::default();
            let mut naive = std::collections::BTreeSet::new();
            for (deed, rows) in deeds {
                match deed {
                    0 => {
                        selection.add(&entries, &rows);
                        naive.extend(rows.iter().map(|row| id(*row as usize)));
                    }
                    1 => {
                        selection.drop_rows(&entries, &rows);
                        for row in rows {
                            naive.remove(&id(row as usize));
                        }
                    }
                    _ => for row in rows {
                        let id = id(row as usize);
                        selection.toggle(&id);
                        if !naive.remove(&id) {
                            naive.insert(id);
                        }
                    }
                }
                prop_assert!(selection.ids().iter().eq(naive.iter()));
            }
        }
    }
}
