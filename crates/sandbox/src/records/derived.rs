//! Owns the reading of a value: what is kept, and what HubSpot computes from it (ids, times, amounts, counts).
//! Computed values are never kept, so a changed stage or pipeline shows at once.

use std::borrow::Cow;

use super::store::{Record, Source, Store};
use super::value::{instant, instant_text, number};
use super::{Shape, shape_named};
use crate::model::{Portal, Stage};
use crate::time::{DAY, iso};

/// A property to be read from many records.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// The property's type.
    pub(super) kind: &'static str,
    /// Whether several options can be chosen.
    pub(super) many: bool,
    slot: Option<u32>,
}

/// Which sensitive values the caller may see (platform 8.3).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sight {
    pub(super) sensitive: bool,
    pub(super) highly_sensitive: bool,
}

/// The records of one type as one caller sees them at one moment.
#[derive(Clone, Copy)]
pub(super) struct Lens<'a> {
    pub(super) portal: &'a Portal,
    pub(super) shape: &'static Shape,
    pub(super) store: &'a Store,
    pub(super) sight: Sight,
    /// Reads values as they were then (search lags writes).
    pub(super) as_of: Option<u64>,
}

impl<'a> Lens<'a> {
    /// The column of a property; `None` for names the caller does not see.
    pub(super) fn column(&self, name: &str) -> Option<Column> {
        let property = self.shape.property(self.portal, name)?;
        let seen = match property.data_sensitivity {
            "sensitive" => self.sight.sensitive,
            "highly_sensitive" => self.sight.highly_sensitive,
            _ => true,
        };
        seen.then(|| Column {
            name: name.to_owned(),
            kind: property.kind,
            many: property.field_type == "checkbox",
            slot: self.store.slot(name),
        })
    }

    /// A record's value, `None` when empty.
    pub(super) fn read(&self, record: &'a Record, column: &Column) -> Option<Cow<'a, str>> {
        self.kept(record, column.slot)
            .map(Cow::Borrowed)
            .or_else(|| self.computed(record, &column.name).map(Cow::Owned))
    }

    fn kept(&self, record: &'a Record, slot: Option<u32>) -> Option<&'a str> {
        match self.as_of {
            None => record.value(slot?),
            Some(at) => record.value_at(slot?, at),
        }
    }

    fn text(&self, record: &'a Record, name: &str) -> Option<&'a str> {
        self.kept(record, self.store.slot(name))
    }

    fn updated(&self, record: &Record) -> u64 {
        self.as_of
            .map_or(record.updated_at, |at| record.updated_by(at))
    }

    fn computed(&self, record: &'a Record, name: &str) -> Option<String> {
        match name {
            "hs_object_id" => Some(record.id.to_string()),
            "hs_ticket_id" if self.shape.id == "0-5" => Some(record.id.to_string()),
            "createdate" | "hs_createdate" => Some(iso(record.created_at)),
            "hs_lastmodifieddate" | "lastmodifieddate" => Some(iso(self.updated(record))),
            "hs_merged_object_ids" => {
                let ids: Vec<String> = record.merged.iter().map(u64::to_string).collect();
                (!ids.is_empty()).then(|| ids.join(";"))
            }
            "hs_all_owner_ids" => self.text(record, "hubspot_owner_id").map(str::to_owned),
            "hs_object_source" | "hs_object_source_label" => {
                record.origin().map(|by| source_type(by).to_owned())
            }
            "hs_object_source_id" => record.origin().map(source_id),
            "num_associated_contacts" => Some(self.neighbours(record, "contacts").to_string()),
            "num_associated_deals" => Some(self.neighbours(record, "deals").to_string()),
            _ => self.of_stage(record, name),
        }
    }

    /// Live records of a type that are associated, each once.
    fn neighbours(&self, record: &Record, plural: &str) -> usize {
        let Some((to, store)) =
            shape_named(plural).and_then(|to| Some((to, self.portal.records.store(to.id)?)))
        else {
            return 0;
        };
        let links = record.links.iter().filter(|link| link.to == to.index());
        let mut ids: Vec<u64> = links
            .map(|link| link.id)
            .filter(|id| store.get_live(*id).is_some())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    }

    fn stage(&self, record: &Record) -> Option<&'a Stage> {
        let (pipeline, stage) = self.shape.pipeline?;
        let (pipeline, stage) = (
            self.text_of(record, pipeline)?,
            self.text_of(record, stage)?,
        );
        let pipelines = &self.shape.metadata(self.portal)?.pipelines;
        let pipeline = pipelines.iter().find(|known| known.id == pipeline)?;
        pipeline.stages.iter().find(|known| known.id == stage)
    }

    fn text_of<'r>(&self, record: &'r Record, name: &str) -> Option<&'r str> {
        let slot = self.store.slot(name)?;
        match self.as_of {
            None => record.value(slot),
            Some(at) => record.value_at(slot, at),
        }
    }

    fn of_stage(&self, record: &'a Record, name: &str) -> Option<String> {
        if self.shape.id != "0-3" {
            return None;
        }
        if let Some(stage) = name.strip_prefix("hs_date_entered_") {
            return self.entered(record, stage).map(|(at, _)| iso(at));
        }
        if let Some(stage) = name.strip_prefix("hs_date_exited_") {
            return self
                .entered(record, stage)
                .and_then(|(_, left)| left)
                .map(iso);
        }
        if name == "hs_v2_date_entered_current_stage" {
            let stage = self.text(record, "dealstage")?;
            return self.entered(record, stage).map(|(at, _)| iso(at));
        }
        if !matches!(
            name,
            "hs_is_closed"
                | "hs_is_closed_won"
                | "hs_is_closed_lost"
                | "hs_deal_stage_probability"
                | "hs_projected_amount"
                | "hs_closed_amount"
                | "amount_in_home_currency"
                | "days_to_close"
                | "hs_is_closed_count"
                | "hs_is_open_count"
                | "hs_closed_won_date"
        ) {
            return None;
        }
        let stage = self.stage(record)?;
        let closed = stage
            .metadata
            .get("isClosed")
            .is_some_and(|closed| closed == "true");
        let probability = stage
            .metadata
            .get("probability")
            .and_then(|text| number(text))
            .unwrap_or(0.0);
        let won = closed && probability >= 1.0;
        let amount = self.text(record, "amount").and_then(number);
        let close = self.text(record, "closedate").and_then(instant);
        match name {
            "hs_is_closed" => Some(closed.to_string()),
            "hs_is_closed_won" => Some(won.to_string()),
            "hs_is_closed_lost" => Some((closed && !won).to_string()),
            "hs_is_closed_count" => Some(u8::from(closed).to_string()),
            "hs_is_open_count" => Some(u8::from(!closed).to_string()),
            "hs_deal_stage_probability" => stage.metadata.get("probability").cloned(),
            "hs_projected_amount" => amount.map(|amount| money(amount * probability)),
            "hs_closed_amount" => amount.map(|amount| money(if won { amount } else { 0.0 })),
            // The sandbox keeps no history of rates: one of the company's own currency is one.
            "amount_in_home_currency" => self.text(record, "amount").map(str::to_owned),
            "hs_closed_won_date" => close.filter(|_| won).map(instant_text),
            "days_to_close" => {
                let created = i64::try_from(record.created_at).ok()?;
                let day = i64::try_from(DAY).ok()?;
                close
                    .filter(|_| closed)
                    .map(|close| ((close - created) / day).max(0).to_string())
            }
            _ => None,
        }
    }

    /// When the record last came into a stage, and when it left it again.
    fn entered(&self, record: &Record, stage: &str) -> Option<(u64, Option<u64>)> {
        let slot = self.store.slot("dealstage")?;
        let mut left = None;
        for version in record.versions(slot) {
            if self.as_of.is_some_and(|at| version.at > at) {
                continue;
            }
            if *version.value == *stage {
                return Some((version.at, left));
            }
            left = Some(version.at);
        }
        None
    }
}

/// Two decimals at most, as sums of money print.
fn money(amount: f64) -> String {
    let text = format!("{amount:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `sourceType` of a version.
pub(super) fn source_type(by: Source) -> &'static str {
    match by {
        Source::Integration(_) => "INTEGRATION",
        Source::User(_) => "CRM_UI",
        Source::Import(_) => "IMPORT",
        Source::Merge(_) => "MERGE_OBJECTS",
    }
}

/// `sourceId` of a version.
pub(super) fn source_id(by: Source) -> String {
    match by {
        Source::User(id) => format!("userId:{id}"),
        Source::Integration(id) | Source::Import(id) | Source::Merge(id) => id.to_string(),
    }
}
