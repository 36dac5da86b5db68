//! The repositories of an account as a list to search (D40).
//! Owns their order and what a search finds; knows no link.

use super::answers::Repository;
use crate::explorer::fold;
use crate::order::ordered;

/// Repositories by name, as pages of them arrive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepositoryList {
    rows: Vec<Row>,
    /// Places of the rows, by name.
    order: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    repository: Repository,
    /// Folded name of the repository alone, then all else it is found by.
    name: String,
    text: String,
}

impl RepositoryList {
    /// Takes one more page; a repository that is there already (pages shift while they are read) is taken once.
    pub fn add(&mut self, page: Vec<Repository>) {
        for repository in page {
            let known = |row: &Row| row.repository.id == repository.id;
            if self.rows.iter().any(known) {
                continue;
            }
            let full = fold(&repository.full_name);
            let name = full.split_once('/').map_or(full.as_str(), |(_, name)| name);
            self.rows.push(Row {
                name: name.to_owned(),
                text: [full.as_str(), " ", &fold(&repository.description)].concat(),
                repository,
            });
        }
        let rows = &self.rows;
        self.order = ordered(rows.len(), &mut |a, b| rows[a].name.cmp(&rows[b].name));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The repository at a place that [`RepositoryList::matching`] gave.
    pub fn at(&self, place: usize) -> Option<&Repository> {
        self.rows.get(place).map(|row| &row.repository)
    }

    /// The repository of that number.
    pub fn of(&self, id: u64) -> Option<&Repository> {
        let mut rows = self.rows.iter();
        rows.find(|row| row.repository.id == id)
            .map(|row| &row.repository)
    }

    /// Places of those that hold every word, names that begin so first; case and marks do not matter.
    pub fn matching(&self, text: &str) -> Vec<usize> {
        let text = fold(text);
        let words: Vec<&str> = text.split_whitespace().collect();
        let whole = text.trim();
        let hits = |first: bool| {
            let words = &words;
            let places = self.order.iter().copied();
            places.filter(move |place| {
                let row = &self.rows[*place];
                row.name.starts_with(whole) == first
                    && words.iter().all(|word| row.text.contains(word))
            })
        };
        hits(true).chain(hits(false)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::answers::Condition;
    use super::*;
    use proptest::prelude::*;

    fn repository(id: u64, full_name: &str, description: &str) -> Repository {
        Repository {
            id,
            full_name: full_name.to_owned(),
            description: description.to_owned(),
            is_private: true,
            condition: Condition::Writable,
            default_branch: "main".to_owned(),
        }
    }

    fn list() -> RepositoryList {
        let mut list = RepositoryList::default();
        list.add(vec![
            repository(1, "mara/website", "The public site"),
            repository(2, "mara/Portal-Config", "Weekly"),
        ]);
        list.add(vec![
            repository(3, "mara/old", "Portal of Café"),
            repository(2, "mara/Portal-Config", "Weekly"),
        ]);
        list
    }

    /// D40: found by name, owner or description, by any of its words in any order.
    #[test]
    fn a_search_finds_names_first() {
        let list = list();
        let found = |text: &str| -> Vec<u64> {
            let places = list.matching(text).into_iter();
            places.filter_map(|at| Some(list.at(at)?.id)).collect()
        };
        for (text, want) in [
            ("", vec![3, 2, 1]),
            ("portal", vec![2, 3]),
            ("PORTAL config", vec![2]),
            ("config portal", vec![2]),
            ("mara", vec![3, 2, 1]),
            ("mara/web", vec![1]),
            ("cafe", vec![3]),
            ("nothing", vec![]),
            ("  web  ", vec![1]),
        ] {
            assert_eq!(found(text), want, "{text:?}");
        }
        assert_eq!((list.len(), list.is_empty()), (3, false));
        assert_eq!(list.of(3).map(|r| r.full_name.as_str()), Some("mara/old"));
        assert_eq!((list.of(9), list.at(9)), (None, None));
    }

    proptest! {
        /// Every hit holds the text's words, and none is found twice.
        #[test]
        fn hits_are_distinct_rows(text in "[a-zA-Z /-]{0,12}") {
            let list = list();
            let mut places = list.matching(&text);
            let found = places.len();
            places.sort_unstable();
            places.dedup();
            prop_assert_eq!(places.len(), found);
            prop_assert!(places.iter().all(|at| list.at(*at).is_some()));
        }
    }
}
