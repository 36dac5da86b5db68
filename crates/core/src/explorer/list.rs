//! The list: instant search, facets and sort over many rows.
//! Owns folded haystacks in one arena and the orders; allocates nothing per row when filtering.

use super::fold::{fold, fold_into};
use super::rows::{Origin, Row};
use crate::order::ordered;
use std::cell::OnceCell;

/// What rows are counted and narrowed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FacetKind {
    /// The part: object type, or pair.
    Part,
    /// Type and field type, processing type and the like.
    Class,
    /// Custom or HubSpot-defined.
    Origin,
}

impl FacetKind {
    /// In the order of their display.
    pub const ALL: [Self; 3] = [Self::Part, Self::Origin, Self::Class];
}

/// The order of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Labels that start with the text first, then words that do, then the rest; without text, as stored.
    #[default]
    Relevance,
    /// By label.
    Label,
    /// By identifier.
    Id,
    /// By detail.
    Detail,
}

/// What to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words, all of which must occur, in any order; case and Latin marks do not matter.
    pub text: String,
    /// Values to narrow to: any of those of one facet, and every facet named.
    pub facets: Vec<(FacetKind, String)>,
    /// The order.
    pub sort: Sort,
    /// Whether that order is turned round; equal rows stay as stored.
    pub descending: bool,
}

/// A facet with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// Which.
    pub kind: FacetKind,
    /// In the order of their first row.
    pub values: Vec<FacetValue>,
}

/// A value and how many rows choosing it would show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetValue {
    /// As [`Query::facets`] takes it.
    pub value: String,
    /// Rows that match the text and the other facets.
    pub count: u32,
    /// Whether the query narrows to it.
    pub selected: bool,
}

/// The distinct values of one facet, and each row's.
#[derive(Default)]
struct Column {
    values: Vec<String>,
    of_row: Vec<u32>,
}

impl Column {
    fn push(&mut self, value: &str) {
        // Neighbours are alike: most rows are found at once.
        let last = self.of_row.last().map(|at| *at as usize);
        let at = last
            .filter(|at| self.values[*at] == value)
            .or_else(|| self.values.iter().position(|known| known == value))
            .unwrap_or_else(|| {
                self.values.push(value.to_owned());
                self.values.len() - 1
            });
        self.of_row.push(index(at));
    }
}

/// Where a row's fields stand in the arena; each ends before a line break.
#[derive(Clone, Copy)]
struct Span {
    start: u32,
    label_end: u32,
    id_end: u32,
    detail_end: u32,
}

/// Rows, ready to be searched.
pub struct ListModel {
    rows: Vec<Row>,
    arena: String,
    spans: Vec<Span>,
    columns: [Column; 3],
    ranks: [OnceCell<Vec<u32>>; 3],
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl ListModel {
    /// Takes the rows in their stored order.
    pub fn new(rows: Vec<Row>) -> Self {
        let mut model = Self {
            arena: String::with_capacity(rows.len() * 48),
            spans: Vec::with_capacity(rows.len()),
            columns: Default::default(),
            ranks: Default::default(),
            rows,
        };
        for row in &model.rows {
            let arena = &mut model.arena;
            let mut field = |text: &str| {
                fold_into(arena, text);
                let end = index(arena.len());
                arena.push('\n');
                end
            };
            let start = model
                .spans
                .last()
                .map_or(0, |span: &Span| span.detail_end + 1);
            let span = Span {
                start,
                label_end: field(&row.label),
                id_end: field(&row.id),
                detail_end: field(&row.detail),
            };
            model.spans.push(span);
            model.columns[0].push(&row.part);
            model.columns[1].push(&row.class);
            model.columns[2].push(row.origin.map_or("", Origin::title));
        }
        model
    }

    /// The rows as given; indices of [`ListModel::filter`] point here.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Indices of the rows to show, in their order.
    pub fn filter(&self, query: &Query) -> Vec<u32> {
        let text = fold(&query.text);
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut hits = self.matching(&words);
        let wanted = self.wanted(query);
        if wanted.iter().any(Option::is_some) {
            hits.retain(|row| (0..3).all(|column| self.passes(column, &wanted, *row)));
        }
        self.order(&mut hits, query, text.trim());
        hits
    }

    /// Counts of each facet under the query, each facet's own choice left aside.
    pub fn facets(&self, query: &Query) -> Vec<Facet> {
        let text = fold(&query.text);
        let words: Vec<&str> = text.split_whitespace().collect();
        let hits = self.matching(&words);
        let wanted = self.wanted(query);
        FacetKind::ALL
            .into_iter()
            .map(|kind| {
                let own = kind as usize;
                let column = &self.columns[own];
                let mut counts = vec![0_u32; column.values.len()];
                for row in &hits {
                    let others = (0..3).filter(|column| *column != own);
                    if others
                        .into_iter()
                        .all(|column| self.passes(column, &wanted, *row))
                    {
                        counts[column.of_row[*row as usize] as usize] += 1;
                    }
                }
                let chosen = |value: &String| {
                    let mut facets = query.facets.iter();
                    facets.any(|(of, wanted)| *of == kind && wanted == value)
                };
                let values = column.values.iter().zip(counts);
                Facet {
                    kind,
                    values: values
                        .filter(|(value, _)| !value.is_empty())
                        .map(|(value, count)| FacetValue {
                            value: value.clone(),
                            count,
                            selected: chosen(value),
                        })
                        .collect(),
                }
            })
            .collect()
    }

    /// Rows that hold every word, as stored.
    fn matching(&self, words: &[&str]) -> Vec<u32> {
        // The longest word is the rarest, as a rule.
        let Some((at, first)) = words.iter().enumerate().max_by_key(|(_, word)| word.len()) else {
            return (0..index(self.rows.len())).collect();
        };
        let mut hits = Vec::new();
        let mut row = 0;
        for (position, _) in self.arena.match_indices(first) {
            // Words hold no line break, so that a match lies within one field of one row.
            while self.spans[row].detail_end < index(position) {
                row += 1;
            }
            if hits.last() != Some(&index(row)) {
                hits.push(index(row));
            }
        }
        let others = words.iter().enumerate().filter(|(other, _)| *other != at);
        for (_, word) in others {
            hits.retain(|row| self.haystack(*row).contains(word));
        }
        hits
    }

    fn haystack(&self, row: u32) -> &str {
        let span = self.spans[row as usize];
        &self.arena[span.start as usize..span.detail_end as usize]
    }

    fn field(&self, row: u32, sort: Sort) -> &str {
        let span = self.spans[row as usize];
        let (start, end) = match sort {
            Sort::Label | Sort::Relevance => (span.start, span.label_end),
            Sort::Id => (span.label_end + 1, span.id_end),
            Sort::Detail => (span.id_end + 1, span.detail_end),
        };
        &self.arena[start as usize..end as usize]
    }

    /// Per column: which values pass; `None` for all.
    fn wanted(&self, query: &Query) -> [Option<Vec<bool>>; 3] {
        [FacetKind::Part, FacetKind::Class, FacetKind::Origin].map(|kind| {
            let mut chosen = query.facets.iter().filter(|(of, _)| *of == kind).peekable();
            chosen.peek()?;
            let column = &self.columns[kind as usize];
            let mut pass = vec![false; column.values.len()];
            for (_, value) in chosen {
                if let Some(at) = column.values.iter().position(|known| known == value) {
                    pass[at] = true;
                }
            }
            Some(pass)
        })
    }

    fn passes(&self, column: usize, wanted: &[Option<Vec<bool>>; 3], row: u32) -> bool {
        let of_row = self.columns[column].of_row[row as usize];
        wanted[column]
            .as_ref()
            .is_none_or(|pass| pass[of_row as usize])
    }

    fn order(&self, hits: &mut [u32], query: &Query, text: &str) {
        let descending = query.descending;
        let mut by = |rank: &dyn Fn(u32) -> u32| {
            let stored = hits.to_vec();
            let ranks: Vec<u32> = stored.iter().map(|row| rank(*row)).collect();
            let order = ordered(stored.len(), &mut |a, b| {
                let order = ranks[a].cmp(&ranks[b]);
                if descending { order.reverse() } else { order }
            });
            for (hit, at) in hits.iter_mut().zip(order) {
                *hit = stored[at];
            }
        };
        match query.sort {
            Sort::Relevance if text.is_empty() => {
                if descending {
                    by(&|row| row);
                }
            }
            Sort::Relevance => by(&|row| self.relevance(row, text)),
            sort => {
                let ranks = self.ranks(sort);
                by(&|row| ranks[row as usize]);
            }
        }
    }

    /// 0 when the label starts with the text, then when one of its words does, when it holds it, or when another
    /// field does.
    fn relevance(&self, row: u32, text: &str) -> u32 {
        let label = self.field(row, Sort::Label);
        if label.starts_with(text) {
            return 0;
        }
        let mut rank = 3;
        for (at, _) in label.match_indices(text) {
            let before = label[..at].chars().next_back();
            if before.is_none_or(|before| !before.is_alphanumeric()) {
                return 1;
            }
            rank = 2;
        }
        rank
    }

    /// Each row's place by one field; rows with the same text share it. Made when first asked for.
    fn ranks(&self, sort: Sort) -> &[u32] {
        let cell = match sort {
            Sort::Label | Sort::Relevance => &self.ranks[0],
            Sort::Id => &self.ranks[1],
            Sort::Detail => &self.ranks[2],
        };
        cell.get_or_init(|| {
            let field = |row: usize| self.field(index(row), sort);
            let order = ordered(self.rows.len(), &mut |a, b| field(a).cmp(field(b)));
            let mut ranks = vec![0; order.len()];
            let mut rank = 0;
            for (at, row) in order.iter().enumerate() {
                if at > 0 && field(order[at - 1]) != field(*row) {
                    rank += 1;
                }
                ranks[*row] = rank;
            }
            ranks
        })
    }
}

#[cfg(test)]
mod tests;
