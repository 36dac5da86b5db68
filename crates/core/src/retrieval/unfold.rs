//! What an answer holds and opens: parts to store, further calls; and what a missing answer leaves open.
//! Owns the catalogue's dependencies (platform, sections 6.2 and 6.6); judges no error.

use super::answers::{self, Page, Unreadable};
use super::book::Part;
use super::checkpoint::Found;
use super::kind::holds_any;
use super::pages::Step;
use super::planner::{Listed, NOTHING, Planner};
use super::progress::Reason;
use super::record::Record;
use super::tasks::{
    ALL, LABEL_LIMITS, OBJECT_LIBRARY, PAGED, PIPELINE_LIMITS, SINGLES_TABLE, Shape, Single, Task,
    page_part, page_size,
};
use super::{Effect, Kind};
use crate::error::ErrorCode;
use crate::object_types::{ObjectType, STANDARD};
use crate::operations::Pattern;
use crate::pkce::sha256_base64url;

/// Object types that an account must enable before they have anything (platform, section 6.2).
const LIBRARY: [&str; 4] = ["0-162", "0-410", "0-420", "0-421"];

const BY_TYPE: [Kind; 3] = [Kind::Properties, Kind::Pipelines, Kind::PropertyGroups];

/// Answers that further calls wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Which custom objects there are.
    Schemas,
    /// Which of them have pipelines.
    Pipelines,
    /// Which library objects are enabled.
    Library,
    /// Which pairs have labels.
    Labels,
}

/// The gates still shut.
#[derive(Debug, Default)]
pub(super) struct Gates(Vec<Gate>);

impl Gates {
    fn shut(&self, gate: Gate) -> bool {
        self.0.contains(&gate)
    }

    fn open(&mut self, gate: Gate) {
        self.0.retain(|shut| *shut != gate);
    }

    /// Whether further calls of the kind may follow from an answer that is still out.
    pub(super) fn hold(&self, kind: Kind) -> bool {
        self.0.iter().any(|gate| match gate {
            Gate::Schemas | Gate::Library => kind.by_object_type(),
            Gate::Pipelines => kind == Kind::Pipelines,
            Gate::Labels => kind == Kind::Limits,
        })
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}

impl Planner {
    /// The first calls, by what is granted and what is there already.
    pub(super) fn seed(&mut self) {
        for kind in Kind::ALL {
            if !kind.by_object_type() && !holds_any(&self.granted, kind.any_of()) {
                self.books[kind.index()].not_asked = Some(kind.scopes_to_name());
            }
        }
        let custom = self.may(Kind::ObjectSchemas);
        let limits = self.may(Kind::Limits);
        for (gate, asked, kind, part) in [
            (Gate::Schemas, custom, Kind::ObjectSchemas, ALL),
            (
                Gate::Pipelines,
                custom && limits,
                Kind::Limits,
                PIPELINE_LIMITS,
            ),
            (Gate::Library, limits, Kind::Limits, OBJECT_LIBRARY),
            (Gate::Labels, limits, Kind::Limits, LABEL_LIMITS),
        ] {
            if asked && !self.books[kind.index()].has(part) {
                self.gates.0.push(gate);
            }
        }
        if custom {
            self.add(Task::Schemas);
        }
        for kind in BY_TYPE {
            self.seed_types(kind, custom);
        }
        if self.may(Kind::AssociationLabels) {
            self.add(Task::LabelPairs);
        }
        for kind in PAGED {
            let at = self.chains.entry(kind).or_default().at.clone();
            if self.may(kind) && !at.done {
                self.add(Task::Page(kind, at.page, at.after));
            }
        }
        for single in &SINGLES_TABLE {
            if !self.may(single.kind) {
                continue;
            }
            if single.any_of.is_empty() || holds_any(&self.granted, single.any_of) {
                self.add(Task::Single(single));
            }
        }
        // What an earlier planner learnt.
        let Found { custom, pairs, .. } = self.found.clone();
        if !self.gates.shut(Gate::Schemas) {
            self.open_custom(custom);
        }
        if !self.gates.shut(Gate::Library) {
            self.open_library();
        }
        for (from, to) in pairs {
            self.add(Task::Labels(from, to));
        }
    }

    fn may(&self, kind: Kind) -> bool {
        self.books[kind.index()].not_asked.is_none()
    }

    fn seed_types(&mut self, kind: Kind, custom: bool) {
        let mut asked = custom;
        for standard in types_of(kind) {
            if !holds_any(&self.granted, standard.any_of) {
                let book = &mut self.books[kind.index()];
                book.without_scope.push(standard.name);
                continue;
            }
            asked = true;
            if !LIBRARY.contains(&standard.id) {
                self.add(Task::OfType(kind, standard.name.into()));
            }
        }
        if !asked {
            self.books[kind.index()].not_asked = Some(kind.scopes_to_name());
        }
    }

    /// Custom objects are known: their groups, and their properties where the schema did not bring them.
    fn open_custom(&mut self, types: Vec<String>) {
        self.gates.open(Gate::Schemas);
        for id in &types {
            self.add(Task::OfType(Kind::Properties, id.clone()));
            self.add(Task::OfType(Kind::PropertyGroups, id.clone()));
        }
        self.found.custom = types;
        self.open_custom_pipelines();
    }

    /// Once both schemas and limits have answered: pipelines of the custom types that have any.
    fn open_custom_pipelines(&mut self) {
        if self.gates.shut(Gate::Schemas) || self.gates.shut(Gate::Pipelines) {
            return;
        }
        let known = self.found.with_pipelines.clone();
        for id in self.found.custom.clone() {
            if known.as_ref().is_none_or(|known| known.contains(&id)) {
                self.add(Task::OfType(Kind::Pipelines, id));
            }
        }
    }

    /// The library has answered, or will not: its object types, less the disabled ones.
    fn open_library(&mut self) {
        self.gates.open(Gate::Library);
        for kind in BY_TYPE {
            for standard in types_of(kind) {
                let disabled = self.found.disabled.iter().any(|id| id == standard.id);
                if LIBRARY.contains(&standard.id)
                    && !disabled
                    && holds_any(&self.granted, standard.any_of)
                {
                    self.add(Task::OfType(kind, standard.name.into()));
                }
            }
        }
    }

    /// Stores what the answer holds and queues what it opens. An unreadable answer changes nothing.
    pub(super) fn unfold(&mut self, task: &Task, body: &str) -> Result<Vec<Effect>, Unreadable> {
        match task {
            Task::Schemas => {
                let page = answers::page(body)?;
                Ok(self.take_schemas(&page))
            }
            Task::OfType(..) | Task::Labels(..) => {
                let page = answers::page(body)?;
                Ok(vec![self.store_whole(task, &page)])
            }
            Task::LabelPairs => {
                let page = answers::page(body)?;
                self.gates.open(Gate::Labels);
                let effect = self.store_whole(task, &page);
                self.found.pairs = answers::label_pairs(&page.records);
                for (from, to) in self.found.pairs.clone() {
                    self.add(Task::Labels(from, to));
                }
                Ok(vec![effect])
            }
            Task::Single(single) => self.take_single(task, single, body),
            Task::Page(kind, number, _) => {
                let page = answers::page(body)?;
                Ok(self.take_page(*kind, *number, &page))
            }
            Task::Definitions(number, _) => {
                let page = answers::page(body)?;
                Ok(self.take_definitions(*number, &page.records))
            }
        }
    }

    fn take_schemas(&mut self, page: &Page<'_>) -> Vec<Effect> {
        let mut effects = vec![self.store_whole(&Task::Schemas, page)];
        let mut types: Vec<String> = Vec::new();
        for schema in page
            .records
            .iter()
            .filter_map(|record| Record::read(record))
        {
            let id = schema.text("objectTypeId");
            let Some(id) = id.filter(|id| Pattern::ObjectType.matches(id)) else {
                continue;
            };
            if types.contains(&id) {
                continue;
            }
            // The schema brings its properties: they cost no call of their own.
            if let Some(properties) = schema.raw("properties").and_then(super::record::items) {
                effects.push(self.store(Kind::Properties, id.clone(), &properties));
            }
            types.push(id);
        }
        self.open_custom(types);
        effects
    }

    fn take_single(
        &mut self,
        task: &Task,
        single: &Single,
        body: &str,
    ) -> Result<Vec<Effect>, Unreadable> {
        let page = if single.shape == Shape::Whole && body != NOTHING {
            answers::whole(body)?
        } else {
            answers::page(body)?
        };
        let effect = self.store_whole(task, &page);
        if single.part == PIPELINE_LIMITS {
            self.gates.open(Gate::Pipelines);
            self.found.with_pipelines = answers::types_with_pipelines(body);
            self.open_custom_pipelines();
        } else if single.part == OBJECT_LIBRARY {
            self.found.disabled = answers::disabled_types(body);
            self.open_library();
        }
        Ok(vec![effect])
    }

    fn take_page(&mut self, kind: Kind, number: u32, page: &Page<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        let taken = self.books[kind.index()].records();
        let chain = self.chains.entry(kind).or_default();
        let origin = chain.at.clone();
        let (fresh, step) = chain.take(kind, page, taken);
        let at = chain.at.clone();
        let book = &mut self.books[kind.index()];
        book.pages = page
            .total
            .map(|total| total.div_ceil(page_size(kind)).max(1));
        if step == Step::Restart {
            book.parts.clear();
        } else if kind == Kind::Workflows {
            effects.extend(self.list_workflows(number, origin, &fresh));
        } else {
            effects.push(self.store(kind, page_part(number), &fresh));
        }
        let book = &mut self.books[kind.index()];
        match step {
            Step::Next | Step::Restart => self.add(Task::Page(kind, at.page, at.after)),
            Step::End => {}
            Step::Loop => book.flaw(&page_part(number), Reason::CursorLoop),
            Step::Changed => book.flaw(&page_part(number), Reason::ChangedMeanwhile),
        }
        effects
    }

    /// Rows hold no definition: the part is stored when the definitions are there.
    fn list_workflows(
        &mut self,
        number: u32,
        origin: super::pages::Position,
        fresh: &[&str],
    ) -> Option<Effect> {
        let rows: Vec<(Option<String>, String)> = fresh
            .iter()
            .map(|row| (answers::id(row, Kind::Workflows.id_field()), (*row).into()))
            .collect();
        // The relay takes flow ids of up to 20 digits; a row with another keeps itself.
        let asked = |id: &String| id.len() <= 20 && id.bytes().all(|b| b.is_ascii_digit());
        let ids: Vec<String> = rows
            .iter()
            .filter_map(|(id, _)| id.clone())
            .filter(asked)
            .collect();
        self.listed.insert(number, Listed { origin, rows });
        if ids.is_empty() {
            return self.take_definitions(number, &[]).pop();
        }
        self.add(Task::Definitions(number, ids));
        None
    }

    /// A page of workflows in the list's order, each with its definition where there is one.
    fn take_definitions(&mut self, number: u32, definitions: &[&str]) -> Vec<Effect> {
        let Some(listed) = self.listed.remove(&number) else {
            return Vec::new();
        };
        let field = Kind::Workflows.id_field();
        let by_id: Vec<(Option<String>, &str)> = definitions
            .iter()
            .map(|definition| (answers::id(definition, field), *definition))
            .collect();
        let records: Vec<&str> = listed
            .rows
            .iter()
            .map(|(id, row)| {
                let found = by_id.iter().find(|(known, _)| id.is_some() && known == id);
                found.map_or(row.as_str(), |(_, definition)| *definition)
            })
            .collect();
        vec![self.store(Kind::Workflows, page_part(number), &records)]
    }

    /// An answer that will not come: what depended on it.
    pub(super) fn without(&mut self, task: &Task, reason: &Reason) -> Vec<Effect> {
        self.books[task.kind().index()].fail(reason.clone());
        match task {
            Task::Schemas => {
                // A connection that may not see custom objects has none to miss.
                if !matches!(reason, Reason::Forbidden(_)) {
                    for kind in BY_TYPE {
                        self.books[kind.index()].fail(reason.clone());
                    }
                }
                self.open_custom(Vec::new());
            }
            Task::LabelPairs => {
                self.gates.open(Gate::Labels);
                self.books[Kind::Limits.index()].fail(reason.clone());
            }
            Task::Single(single) if single.part == PIPELINE_LIMITS => {
                self.gates.open(Gate::Pipelines);
                self.open_custom_pipelines();
            }
            Task::Single(single) if single.part == OBJECT_LIBRARY => self.open_library(),
            // The list's rows are better than nothing, and the kind says that it is not whole.
            Task::Definitions(number, _) => {
                let effects = self.take_definitions(*number, &[]);
                let book = &mut self.books[Kind::Workflows.index()];
                book.flaw(&page_part(*number), reason.clone());
                return effects;
            }
            _ => {}
        }
        Vec::new()
    }

    fn store_whole(&mut self, task: &Task, page: &Page<'_>) -> Effect {
        let (kind, part) = task.part();
        let effect = self.store(kind, part.clone(), &page.records);
        if page.next.is_some() {
            // Documented as whole, yet there is more: never passed off as whole (P4).
            let reason = Reason::Failed(ErrorCode::UpstreamInvalid);
            self.books[kind.index()].flaw(&part, reason);
        }
        effect
    }

    fn store(&mut self, kind: Kind, part: String, records: &[&str]) -> Effect {
        let content = answers::content(records);
        let hash = sha256_base64url(&content);
        let records = u32::try_from(records.len()).unwrap_or(u32::MAX);
        self.books[kind.index()].put(Part {
            name: part.clone(),
            records,
            hash: hash.clone(),
            flawed: false,
        });
        Effect::Store {
            kind,
            part,
            content,
            records,
            hash,
        }
    }
}

fn types_of(kind: Kind) -> impl Iterator<Item = &'static ObjectType> {
    STANDARD
        .iter()
        .filter(move |standard| kind != Kind::Pipelines || standard.pipelines)
}
