//! The checkpoint: how far a retrieval came, as a small JSON text that a later version can recognise.
//! Owns its form and its checks; the parts themselves are in the shell's store.

use super::Kind;
use super::book::Part;
use super::pages::Position;
use super::tasks::{ALL, LABEL_LIMITS, OBJECT_LIBRARY, PAGED, PIPELINE_LIMITS};
use crate::operations::Pattern;
use crate::reading::from_json;
use serde::{Deserialize, Serialize};

/// Raised whenever an older checkpoint could be misread.
const VERSION: u32 = 1;

/// Why a checkpoint cannot be gone on from: start anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Written by another version of Portico.
    #[error("the checkpoint was written by another version of Portico")]
    Version,
    /// Not what a planner wrote.
    #[error("the checkpoint is damaged")]
    Damaged,
}

/// What was learnt on the way, and opens further calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    /// `objectTypeId`s of the custom objects.
    #[serde(default)]
    pub(super) custom: Vec<String>,
    /// Those of them that have pipelines; `None` when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) with_pipelines: Option<Vec<String>>,
    /// Library object types that are not enabled.
    #[serde(default)]
    pub(super) disabled: Vec<String>,
    /// Ordered pairs that have labels.
    #[serde(default)]
    pub(super) pairs: Vec<(String, String)>,
}

/// Everything a planner keeps across a restart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub(super) parts: Vec<(Kind, Part)>,
    pub(super) chains: Vec<(Kind, Position)>,
    pub(super) found: Found,
}

#[derive(Deserialize)]
struct Version {
    portico_checkpoint: u32,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    portico_checkpoint: u32,
    /// Kind, part, records, hash.
    parts: Vec<(String, String, u32, String)>,
    chains: Vec<(String, Position)>,
    found: Found,
}

impl Checkpoint {
    pub(super) fn write(mut self) -> String {
        self.forget_orphans();
        let slug = |kind: Kind| kind.slug().to_owned();
        let wire = Wire {
            portico_checkpoint: VERSION,
            parts: self
                .parts
                .into_iter()
                .map(|(kind, part)| (slug(kind), part.name, part.records, part.hash))
                .collect(),
            chains: self
                .chains
                .into_iter()
                .map(|(kind, position)| (slug(kind), position))
                .collect(),
            found: self.found,
        };
        // Strings, numbers and lists of them always serialise.
        serde_json::to_string(&wire).unwrap_or_default()
    }

    pub(super) fn read(text: &str) -> Result<Self, CheckpointError> {
        let version: Version = from_json(text).map_err(|_| CheckpointError::Damaged)?;
        if version.portico_checkpoint != VERSION {
            return Err(CheckpointError::Version);
        }
        let wire: Wire = from_json(text).map_err(|_| CheckpointError::Damaged)?;
        let kind = |slug: &str| Kind::from_slug(slug).ok_or(CheckpointError::Damaged);
        let mut checkpoint = Self {
            found: wire.found,
            ..Self::default()
        };
        for (slug, name, records, hash) in wire.parts {
            let part = Part {
                name,
                records,
                hash,
                flawed: false,
            };
            checkpoint.parts.push((kind(&slug)?, part));
        }
        for (slug, position) in wire.chains {
            checkpoint.chains.push((kind(&slug)?, position));
        }
        if checkpoint.is_sound() {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Damaged)
        }
    }

    /// What was learnt from a part that is to be read again is learnt again.
    fn forget_orphans(&mut self) {
        if !self.has(Kind::ObjectSchemas, ALL) {
            self.found.custom.clear();
        }
        if !self.has(Kind::Limits, PIPELINE_LIMITS) {
            self.found.with_pipelines = None;
        }
        if !self.has(Kind::Limits, OBJECT_LIBRARY) {
            self.found.disabled.clear();
        }
        if !self.has(Kind::Limits, LABEL_LIMITS) {
            self.found.pairs.clear();
        }
    }

    fn has(&self, kind: Kind, name: &str) -> bool {
        self.parts
            .iter()
            .any(|(of, part)| *of == kind && part.name == name)
    }

    /// What goes into a call must fit the call, and what was learnt must come from a part that is there.
    fn is_sound(&self) -> bool {
        let found = &self.found;
        let mut types = found
            .custom
            .iter()
            .chain(found.pairs.iter().flat_map(|(from, to)| [from, to]));
        let doubled = self.parts.iter().enumerate().any(|(at, (kind, part))| {
            self.parts[..at]
                .iter()
                .any(|(of, before)| of == kind && before.name == part.name)
        });
        types.all(|id| Pattern::ObjectType.matches(id))
            && !doubled
            && self
                .chains
                .iter()
                .all(|(kind, position)| PAGED.contains(kind) && position.is_sound(*kind))
            && (found.custom.is_empty() || self.has(Kind::ObjectSchemas, ALL))
            && (found.with_pipelines.is_none() || self.has(Kind::Limits, PIPELINE_LIMITS))
            && (found.disabled.is_empty() || self.has(Kind::Limits, OBJECT_LIBRARY))
            && (found.pairs.is_empty() || self.has(Kind::Limits, LABEL_LIMITS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str) -> Part {
        Part {
            name: name.into(),
            records: 3,
            hash: "h".into(),
            flawed: false,
        }
    }

    fn sample() -> Checkpoint {
        Checkpoint {
            parts: vec![
                (Kind::ObjectSchemas, part(ALL)),
                (Kind::Limits, part(LABEL_LIMITS)),
                (Kind::Properties, part("contacts")),
            ],
            chains: vec![(Kind::Users, Position::default())],
            found: Found {
                custom: vec!["2-512".into()],
                pairs: vec![("0-1".into(), "2-512".into())],
                ..Found::default()
            },
        }
    }

    #[test]
    fn a_checkpoint_reads_back_as_it_was_written() {
        assert_eq!(Checkpoint::read(&sample().write()), Ok(sample()));
    }

    /// A part that is not whole is not kept, and then neither is what it taught.
    #[test]
    fn what_was_learnt_goes_with_its_part() {
        let mut checkpoint = sample();
        checkpoint.parts.clear();
        let read = Checkpoint::read(&checkpoint.write());
        assert_eq!(read.map(|read| read.found), Ok(Found::default()));
    }

    /// Issue 2: a stored record of another version, or a damaged one, gets a clear error.
    #[test]
    fn another_version_and_damage_are_told_apart() {
        let good = sample().write();
        let other = good.replace("\"portico_checkpoint\":1", "\"portico_checkpoint\":2");
        assert_eq!(Checkpoint::read(&other), Err(CheckpointError::Version));
        for damaged in [
            String::new(),
            "{}".into(),
            "null".into(),
            good[..good.len() - 1].to_owned(),
            good.replace("\"users\"", "\"dashboards\""),
            good.replace("\"users\"", "\"roles\""),
            good.replace("\"2-512\"", "\"../2\""),
            good.replace("\"page\":1", "\"page\":0"),
            good.replace("\"object-schemas\",\"all\"", "\"object-schemas\",\"none\""),
            good.replace("\"association-labels\"", "\"x\""),
            good.replace("\"properties\",\"contacts\"", "\"object-schemas\",\"all\""),
        ] {
            assert_ne!(damaged, good);
            assert_eq!(
                Checkpoint::read(&damaged),
                Err(CheckpointError::Damaged),
                "{damaged}"
            );
        }
    }
}
