//! The explorer's state: which kind is loaded, what is searched for, which record is open.
//! Owns loading from the browser's store in slices; searching and summarising are the core's.

use super::{App, Msg};
use crate::shell::clock;
use crate::shell::store::Store;
use crate::shell::task::Task;
use crate::shell::timer;
use crate::view::Scene;
use litemap::LiteMap;
use portico_core::explorer::{
    Facet, FacetKind, Lines, ListModel, Query, Row, Summary, TypeTitles, pretty, record_json, rows,
    summary,
};
use portico_core::ids::PortalId;
use portico_core::object_types::part_order;
use portico_core::order::{TextSet, ordered};
use portico_core::retrieval::Kind;
use std::rc::Rc;
use yew::{Context, Html};

/// Longest slice of parsing before the browser gets its turn, in milliseconds.
const SLICE_MS: u64 = 8;
/// Shown when no kind stands in the address.
const FIRST: Kind = Kind::Properties;

/// What a person does in the explorer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExplorerAction {
    /// Go to a kind, or to a record of it.
    Open(Vec<String>),
    Search(String),
    /// Only this value of a facet; none for all.
    Facet(FacetKind, Option<String>),
    Sort(portico_core::explorer::Sort),
    Tab(RecordTab),
    Copy,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RecordTab {
    #[default]
    Summary,
    Json,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Loading {
    #[default]
    Running,
    Ready,
    /// Some stored part could not be read; it is named.
    Damaged(String),
}

/// The explorer as the app knows it: its code is a part of its own, and the first file holds none of it.
pub(crate) trait Explore {
    /// Whose metadata it shows.
    fn portal(&self) -> PortalId;
    /// Follows the address: `[kind[, part][, record]]`.
    fn follow(&mut self, ctx: &Context<App>, store: &Store, path: &[String]);
    /// A part was stored while the explorer is open.
    fn stored(
        &mut self,
        ctx: &Context<App>,
        store: &Store,
        portal: PortalId,
        kind: Kind,
        part: String,
    );
    /// What it was reading is here.
    fn loaded(&mut self, ctx: &Context<App>, store: &Store, loaded: Loaded);
    /// What a person does in it.
    fn act(&mut self, action: ExplorerAction);
    /// The open record's raw JSON.
    fn open_json(&self) -> Option<Rc<str>>;
    /// Draws it.
    fn view(&self, scene: &Scene<'_>) -> Html;
}

/// One stored part, read.
pub(crate) struct Part {
    content: Rc<str>,
    rows: Vec<Row>,
}

/// What a load brings.
pub(crate) struct Loaded {
    portal: PortalId,
    generation: u32,
    parts: Vec<(String, Part)>,
    damaged: Option<String>,
    titles: Option<TypeTitles>,
}

/// The open record.
pub(crate) struct OpenRecord {
    pub(crate) row: Row,
    pub(crate) summary: Result<Summary, String>,
    pub(crate) json: Rc<str>,
    pub(crate) lines: Rc<Lines>,
}

pub(crate) struct Explorer {
    pub(crate) portal: PortalId,
    pub(crate) kind: Kind,
    pub(crate) loading: Loading,
    pub(crate) model: Rc<ListModel>,
    /// What object types are called, custom ones included.
    pub(crate) titles: Rc<TypeTitles>,
    pub(crate) query: Query,
    /// Indices of the rows that match, in the order shown.
    pub(crate) visible: Rc<Vec<u32>>,
    /// Counts per facet under the query.
    pub(crate) facets: Vec<Facet>,
    pub(crate) record: Option<OpenRecord>,
    pub(crate) tab: RecordTab,
    /// Grows with each record opened, so that its JSON starts at the top.
    pub(crate) record_version: u32,
    /// Grows when the list is another one, so that it starts at its top.
    pub(crate) list_version: u32,
    parts: LiteMap<String, Part>,
    /// What the address asks for: part (of kinds by object type) and record.
    wanted: Option<(Option<String>, String)>,
    generation: u32,
    /// Reading the store; ends with the explorer.
    reading: Option<Task>,
    busy: bool,
    due: TextSet,
}

impl Explorer {
    pub(crate) fn new(portal: PortalId) -> Self {
        Self {
            portal,
            kind: FIRST,
            loading: Loading::Running,
            model: Rc::new(ListModel::new(Vec::new())),
            titles: Rc::default(),
            query: Query::default(),
            visible: Rc::default(),
            facets: Vec::new(),
            record: None,
            tab: RecordTab::Summary,
            record_version: 0,
            list_version: 0,
            parts: LiteMap::new(),
            wanted: None,
            generation: 0,
            reading: None,
            busy: false,
            due: TextSet::default(),
        }
    }

    fn load(&mut self, ctx: &Context<App>, store: &Store, only: Option<TextSet>) {
        self.busy = true;
        let (portal, kind, generation) = (self.portal, self.kind, self.generation);
        let (link, store) = (ctx.link().clone(), store.clone());
        self.reading = Some(Task::spawn(async move {
            let (parts, damaged, titles) = read_parts(&store, portal, kind, only).await;
            link.send_message(Msg::Loaded(Box::new(Loaded {
                portal,
                generation,
                parts,
                damaged,
                titles,
            })));
        }));
    }

    /// The index within `visible` of the open record.
    pub(crate) fn selected(&self) -> Option<usize> {
        let open = &self.record.as_ref()?.row;
        let rows = self.model.rows();
        self.visible.iter().position(|index| {
            rows.get(*index as usize)
                .is_some_and(|row| row.id == open.id && row.part == open.part)
        })
    }

    /// The address of a row.
    pub(crate) fn path_of(row: &Row) -> Vec<String> {
        let mut path = vec![row.kind.slug().to_owned()];
        // A label's type id tells it apart only within its pair.
        if row.kind.by_object_type() || row.kind == Kind::AssociationLabels {
            path.push(row.part.to_string());
        }
        path.push(row.id.clone());
        path
    }

    fn narrow(&mut self, kind: FacetKind, value: Option<String>) {
        self.query.facets.retain(|(of, _)| *of != kind);
        self.query.facets.extend(value.map(|value| (kind, value)));
        self.filter();
    }

    /// More rows of the same list: the person keeps the place.
    fn rebuild(&mut self) {
        let parts: Vec<_> = self.parts.iter().collect();
        let place = |at: usize| part_order(parts[at].0);
        let rows = ordered(parts.len(), &mut |a, b| place(a).cmp(&place(b)))
            .into_iter()
            .flat_map(|at| parts[at].1.rows.iter().cloned())
            .collect();
        self.model = Rc::new(ListModel::new(rows));
        self.match_rows();
    }

    /// Another search: the list starts at its top.
    fn filter(&mut self) {
        self.list_version += 1;
        self.match_rows();
    }

    fn match_rows(&mut self) {
        self.visible = Rc::new(self.model.filter(&self.query));
        self.facets = self.model.facets(&self.query);
    }

    fn open_wanted(&mut self) {
        let Some((part, id)) = &self.wanted else {
            self.record = None;
            return;
        };
        let found = self
            .model
            .rows()
            .iter()
            .find(|row| row.id == *id && part.as_ref().is_none_or(|part| *row.part == **part));
        let same = |open: &OpenRecord, row: &Row| open.row == *row;
        self.record = match (found, self.record.take()) {
            (Some(row), Some(open)) if same(&open, row) => Some(open),
            (Some(row), _) => {
                self.record_version += 1;
                self.open(row.clone())
            }
            (None, _) => None,
        };
    }

    fn open(&self, row: Row) -> Option<OpenRecord> {
        let content = &self.parts.get(&*row.part)?.content;
        let json: Rc<str> = record_json(row.kind, &row.part, content, &row.id)?.into();
        let summary = summary(row.kind, &json).map_err(|error| error.to_string());
        Some(OpenRecord {
            summary,
            lines: Rc::new(pretty(&json)),
            json,
            row,
        })
    }

    /// Whether the address asks for a record that is not here.
    pub(crate) fn wants_missing(&self) -> bool {
        self.wanted.is_some() && self.record.is_none() && self.loading != Loading::Running
    }
}

impl Explore for Explorer {
    fn portal(&self) -> PortalId {
        self.portal
    }

    fn follow(&mut self, ctx: &Context<App>, store: &Store, path: &[String]) {
        let kind = path
            .first()
            .and_then(|slug| Kind::from_slug(slug))
            .unwrap_or(FIRST);
        if kind != self.kind || self.generation == 0 {
            self.kind = kind;
            self.query = Query::default();
            self.parts.clear();
            self.due.clear();
            self.generation += 1;
            self.busy = false;
            self.loading = Loading::Running;
            self.list_version += 1;
            self.rebuild();
            self.load(ctx, store, None);
        }
        let rest = path.get(1..).unwrap_or_default();
        self.wanted = match rest {
            [part, id] => Some((Some(part.clone()), id.clone())),
            [one] if kind.by_object_type() => {
                self.narrow(FacetKind::Part, Some(one.clone()));
                None
            }
            [id] => Some((None, id.clone())),
            _ => None,
        };
        self.open_wanted();
    }

    fn stored(
        &mut self,
        ctx: &Context<App>,
        store: &Store,
        portal: PortalId,
        kind: Kind,
        part: String,
    ) {
        if portal == self.portal && kind == self.kind {
            self.due.insert(part);
            if !self.busy {
                let due = std::mem::take(&mut self.due);
                self.load(ctx, store, Some(due));
            }
        }
    }

    fn loaded(&mut self, ctx: &Context<App>, store: &Store, loaded: Loaded) {
        if loaded.portal != self.portal || loaded.generation != self.generation {
            return;
        }
        self.busy = false;
        for (name, part) in loaded.parts {
            self.parts.insert(name, part);
        }
        if let Some(titles) = loaded.titles {
            self.titles = Rc::new(titles);
        }
        self.loading = loaded.damaged.map_or(Loading::Ready, Loading::Damaged);
        self.rebuild();
        if self.record.is_none() {
            self.open_wanted();
        }
        if !self.due.is_empty() {
            let due = std::mem::take(&mut self.due);
            self.load(ctx, store, Some(due));
        }
    }

    fn act(&mut self, action: ExplorerAction) {
        match action {
            ExplorerAction::Search(text) => {
                self.query.text = text;
                self.filter();
            }
            ExplorerAction::Facet(kind, value) => self.narrow(kind, value),
            ExplorerAction::Sort(sort) => {
                self.query.sort = sort;
                self.filter();
            }
            ExplorerAction::Tab(tab) => self.tab = tab,
            ExplorerAction::Copy | ExplorerAction::Open(_) => {}
        }
    }

    fn open_json(&self) -> Option<Rc<str>> {
        self.record.as_ref().map(|record| Rc::clone(&record.json))
    }

    fn view(&self, scene: &Scene<'_>) -> Html {
        crate::view::explorer::view(scene, self)
    }
}

async fn read_parts(
    store: &Store,
    portal: PortalId,
    kind: Kind,
    only: Option<TextSet>,
) -> (Vec<(String, Part)>, Option<String>, Option<TypeTitles>) {
    let stored = match store.load_portal(portal).await {
        Ok(stored) => stored,
        Err(problem) => return (Vec::new(), Some(problem.title.clone()), None),
    };
    let (mut parts, mut damaged, mut titles) = (Vec::new(), None, None);
    let mut slice = clock::now_ms();
    let wanted = |part: &String| only.as_ref().is_none_or(|only| only.contains(part));
    for part in stored.into_iter().flat_map(|portal| portal.parts) {
        if part.kind == Kind::ObjectSchemas
            && let Ok(Some(content)) = store.content(&part.hash).await
        {
            // Without it, custom objects are called by their ids.
            titles = TypeTitles::from_schemas(&content).ok();
        }
        if part.kind != kind || !wanted(&part.part) {
            continue;
        }
        match store.content(&part.hash).await {
            Ok(Some(content)) => match rows(kind, &part.part, &content) {
                Ok(rows) => parts.push((
                    part.part,
                    Part {
                        content: content.into(),
                        rows,
                    },
                )),
                Err(error) => damaged = Some(error.to_string()),
            },
            Ok(None) => {
                damaged = Some(format!(
                    "{} of {} is not in the store any more",
                    kind.title(),
                    part.part
                ));
            }
            Err(problem) => damaged = Some(problem.title.clone()),
        }
        if clock::now_ms() - slice >= SLICE_MS {
            timer::sleep(0).await;
            slice = clock::now_ms();
        }
    }
    (parts, damaged, titles)
}
