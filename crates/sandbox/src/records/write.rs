//! Owns changing records one at a time (platform 7): create, update, upsert, archive, merge. Each checks everything
//! before it changes anything, so that a refused write leaves no trace.

use serde_json::{Value, json};

use super::derived::{Lens, Sight};
use super::links::{self, Category, End, Link};
use super::read::{Key, not_found};
use super::store::{Record, Source};
use super::validate::{Demands, Values, checked, given, text, unique};
use super::view::{RecordView, sight, written};
use super::{Shape, json as answer, kept};
use crate::error::ApiError;
use crate::http::Response;
use crate::hubspot::page::json_body;
use crate::model::Portal;
use crate::router::{Answer, Call};

/// A portal being written to by an app.
pub(super) struct Writer<'a> {
    pub(super) portal: &'a mut Portal,
    pub(super) shape: &'static Shape,
    now: u64,
    by: Source,
    sight: Sight,
    demands: Demands,
}

/// What a write touched.
#[derive(Debug)]
pub(super) struct Touched {
    id: u64,
    /// The properties it sent, which are answered even when now empty.
    sent: Vec<String>,
    /// Whether an upsert created it.
    pub(super) new: Option<bool>,
}

/// The writer of a call.
pub(super) fn writer<'a>(
    call: &'a mut Call<'_>,
    shape: &'static Shape,
) -> Result<Writer<'a>, ApiError> {
    let holder = call.holder.clone().ok_or_else(ApiError::no_credentials)?;
    let sight = sight(call, shape);
    let app = call
        .state
        .app(&holder.client_id)
        .map_or(0, |app| app.app_id);
    let (now, switches) = (call.now, &call.state.switches);
    let demands = Demands {
        required: switches.require_on_create,
        rules: switches.enforce_property_rules,
    };
    let portal = call
        .state
        .portals
        .get_mut(&holder.portal)
        .ok_or_else(ApiError::no_credentials)?;
    Ok(Writer {
        portal,
        shape,
        now,
        by: Source::Integration(app),
        sight,
        demands,
    })
}

impl Writer<'_> {
    /// A live record named in an input or a path.
    fn find(&self, key: &Key, name: &str) -> Result<Option<u64>, ApiError> {
        let Some(store) = self.portal.records.store(self.shape.id) else {
            return Ok(None);
        };
        let found = key.find(self.shape, store, name)?;
        Ok(found.filter(|id| store.get_live(*id).is_some()))
    }

    /// Creates from `{"properties", "associations"}`.
    pub(super) fn create(&mut self, input: &Value) -> Result<Touched, ApiError> {
        self.create_with(given(input)?, input)
    }

    fn create_with(&mut self, given: Values, input: &Value) -> Result<Touched, ApiError> {
        let values = checked(self.portal, self.shape, given, None, self.demands)?;
        unique(self.portal, self.shape, &values, None)?;
        let ends = self.ends(input)?;
        let store = self.portal.records.store_mut(self.shape.id);
        let id = store.next_id();
        let mut record = Record::new(id, self.now);
        for (name, value) in &values {
            record.set(store.slot_for(name), value, self.now, self.by);
        }
        store.insert(record);
        for (to, category, type_id) in ends {
            links::connect(self.portal, (self.shape, id), to, category, type_id);
        }
        Ok(Touched {
            id,
            sent: names(&values),
            new: None,
        })
    }

    /// Updates from `{"properties"}`.
    pub(super) fn update(
        &mut self,
        key: &Key,
        name: &str,
        input: &Value,
    ) -> Result<Touched, ApiError> {
        let given = given(input)?;
        let id = self.find(key, name)?.ok_or_else(not_found)?;
        self.update_with(id, given)
    }

    fn update_with(&mut self, id: u64, given: Values) -> Result<Touched, ApiError> {
        let store = self.portal.records.store(self.shape.id);
        let existing = store
            .and_then(|store| store.get_live(id))
            .ok_or_else(not_found)?;
        let values = checked(self.portal, self.shape, given, Some(existing), self.demands)?;
        unique(self.portal, self.shape, &values, Some(id))?;
        let store = self.portal.records.store_mut(self.shape.id);
        let slots: Vec<u32> = values
            .iter()
            .map(|(name, _)| store.slot_for(name))
            .collect();
        if let Some(record) = store.get_mut(id) {
            let mut changed = false;
            for ((_, value), slot) in values.iter().zip(slots) {
                changed |= record.set(slot, value, self.now, self.by);
            }
            if changed {
                record.updated_at = self.now;
            }
        }
        Ok(Touched {
            id,
            sent: names(&values),
            new: None,
        })
    }

    /// Updates the record with the key's value, or creates one that has it.
    pub(super) fn upsert(
        &mut self,
        key: &Key,
        name: &str,
        input: &Value,
    ) -> Result<Touched, ApiError> {
        let mut given = given(input)?;
        let mut touched = match (self.find(key, name)?, key) {
            (Some(id), _) => self.update_with(id, given).map(|touched| (touched, false)),
            (None, Key::Id) => Err(not_found()),
            (None, Key::Property(property)) => {
                if !given.iter().any(|(n, _)| n == property) {
                    given.push((property.clone(), name.to_owned()));
                }
                self.create_with(given, input)
                    .map(|touched| (touched, true))
            }
        }?;
        touched.0.new = Some(touched.1);
        Ok(touched.0)
    }

    /// To the recycle bin. True if it was live; false if it is there already.
    pub(super) fn archive(&mut self, id: u64) -> bool {
        let now = self.now;
        let record = self.portal.records.store_mut(self.shape.id).get_mut(id);
        let live = record.filter(|record| record.archived_at.is_none());
        live.map(|record| record.archived_at = Some(now)).is_some()
    }

    /// The far ends of `associations`, all checked.
    fn ends(&self, input: &Value) -> Result<Vec<(End, Category, u32)>, ApiError> {
        let rows = match input.get("associations") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(rows)) => rows,
            Some(_) => return Err(ApiError::validation("associations must be a list")),
        };
        let mut ends = Vec::new();
        for row in rows {
            let id = row
                .get("to")
                .and_then(|to| to.get("id"))
                .and_then(text)
                .filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| {
                ApiError::validation("Some required fields were not set: [associations[].to.id]")
            })?;
            let types = row
                .get("types")
                .and_then(Value::as_array)
                .filter(|types| !types.is_empty());
            let types = types.ok_or_else(|| {
                ApiError::validation("Some required fields were not set: [associations[].types]")
            })?;
            for kind in types {
                ends.push(self.end(&id, kind)?);
            }
        }
        Ok(ends)
    }

    fn end(&self, id: &str, kind: &Value) -> Result<(End, Category, u32), ApiError> {
        let category = kind
            .get("associationCategory")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let type_id = kind
            .get("associationTypeId")
            .and_then(text)
            .and_then(|id| id.parse::<u32>().ok());
        let known = Category::named(category).zip(type_id);
        let found = known.and_then(|(category, type_id)| {
            links::target(self.portal, self.shape, category, type_id)
                .map(|to| (to, category, type_id))
        });
        let (to, category, type_id) = found.ok_or_else(|| {
            let told = type_id.map_or_else(|| "null".to_owned(), |id| id.to_string());
            ApiError::validation(format!(
                "Association type {told} of category {category} does not exist for object type {}",
                self.shape.id
            ))
        })?;
        let store = self.portal.records.store(to.id);
        let record = id.parse().ok().and_then(|id| store?.get_live(id));
        let record = record.ok_or_else(|| {
            let mut error =
                ApiError::validation(format!("{} {id} to associate does not exist", to.noun));
            error.detail.context = Some(json!({ "id": [id], "objectTypeId": [to.id] }));
            error
        })?;
        Ok(((to, record.id), category, type_id))
    }

    /// The answer for a touched record.
    pub(super) fn view(&self, touched: &Touched) -> Result<RecordView, ApiError> {
        let store = self
            .portal
            .records
            .store(self.shape.id)
            .ok_or_else(not_found)?;
        let record = store.get(touched.id).ok_or_else(not_found)?;
        let lens = Lens {
            portal: self.portal,
            shape: self.shape,
            store,
            sight: self.sight,
            as_of: None,
        };
        let mut view = written(&lens, record, &touched.sent);
        view.new = touched.new;
        Ok(view)
    }

    /// Merges `other` into `primary`: filled values of the primary stay, the other's id leads to it from now on.
    fn merge(&mut self, primary: u64, other: u64) -> Touched {
        let (now, shape) = (self.now, self.shape);
        let store = self.portal.records.store_mut(shape.id);
        let gone = store.forward(other, primary);
        let mut far: Vec<(Link, End)> = Vec::new();
        if let (Some(gone), Some(kept)) = (gone, store.get_mut(primary)) {
            for slot in gone.held() {
                if let (None, Some(value)) = (kept.value(slot), gone.value(slot)) {
                    kept.set(slot, value, now, Source::Merge(other));
                }
            }
            kept.merged.push(other);
            kept.merged.extend(&gone.merged);
            kept.updated_at = now;
            far.extend(
                gone.links
                    .iter()
                    .filter_map(|link| Some((*link, (link.shape()?, link.id)))),
            );
        }
        for (link, to) in far {
            self.unlink(to, other);
            if (to.0.id, to.1) != (shape.id, primary) {
                links::connect(
                    self.portal,
                    (shape, primary),
                    to,
                    link.category,
                    link.type_id,
                );
            }
        }
        Touched {
            id: primary,
            sent: Vec::new(),
            new: None,
        }
    }

    /// Drops an end's links to a record that is no more.
    fn unlink(&mut self, end: End, gone: u64) {
        let to = self.shape.index();
        if let Some(record) = self.portal.records.store_mut(end.0.id).get_mut(end.1) {
            record.links.retain(|link| link.to != to || link.id != gone);
        }
    }
}

fn names(values: &Values) -> Vec<String> {
    values.iter().map(|(name, _)| name.clone()).collect()
}

/// `POST …/{objectType}`.
pub(crate) fn create(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| {
        let body = json_body(call)?;
        let mut writer = writer(call, shape)?;
        let touched = writer.create(&body)?;
        Ok(answer(201, &traced(writer.view(&touched)?, &body)))
    })
}

/// `PATCH …/{objectType}/{objectId}`.
pub(crate) fn update(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| {
        let body = json_body(call)?;
        let key = Key::of(call.portal()?, shape, call.query.filled("idProperty"))?;
        let name = call.param("objectId").to_owned();
        let mut writer = writer(call, shape)?;
        let touched = writer.update(&key, &name, &body)?;
        Ok(answer(200, &traced(writer.view(&touched)?, &body)))
    })
}

/// A view that tells the write's `objectWriteTraceId`, if it sent one.
pub(super) fn traced(mut view: RecordView, input: &Value) -> RecordView {
    view.object_write_trace_id = input
        .get("objectWriteTraceId")
        .and_then(Value::as_str)
        .map(str::to_owned);
    view
}

/// `DELETE …/{objectType}/{objectId}`: 204, also for a record that is in the recycle bin already.
pub(crate) fn archive(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| {
        let name = call.param("objectId").to_owned();
        let mut writer = writer(call, shape)?;
        let store = writer
            .portal
            .records
            .store(shape.id)
            .ok_or_else(not_found)?;
        let id = Key::Id.find(shape, store, &name)?.ok_or_else(not_found)?;
        writer.archive(id);
        Ok(Response::empty(204))
    })
}

/// `POST …/{objectType}/merge`.
pub(crate) fn merge(call: &mut Call<'_>) -> Answer {
    kept(call, |call, shape| {
        let body = json_body(call)?;
        let name = |field: &str| {
            let id = body.get(field).and_then(text).filter(|id| !id.is_empty());
            id.ok_or_else(|| {
                ApiError::validation(format!("Some required fields were not set: [{field}]"))
            })
        };
        let (primary, other) = (name("primaryObjectId")?, name("objectIdToMerge")?);
        let mut writer = writer(call, shape)?;
        let find = |writer: &Writer<'_>, name: &str| {
            let bad = |_| ApiError::validation(format!("{name} is not a valid id"));
            name.parse::<u64>().map_err(bad)?;
            writer
                .find(&Key::Id, name)?
                .ok_or_else(|| ApiError::not_found(format!("{} {name} does not exist", shape.noun)))
        };
        let (primary, other) = (find(&writer, &primary)?, find(&writer, &other)?);
        if primary == other {
            return Err(ApiError::validation(
                "A record cannot be merged with itself",
            ));
        }
        let touched = writer.merge(primary, other);
        Ok(answer(200, &writer.view(&touched)?))
    })
}
