//! What is loaded when it is first needed, each part a WebAssembly file of its own beside the first one.
//!
//! Owns where the module is split: what only these functions reach leaves the first file (xtask's
//! `bundle/split.rs` does the cutting). A part hands out functions; it keeps no state.
#![allow(
    unsafe_code,
    reason = "the attribute declares the import and the export that the module is cut at"
)]
#![allow(
    clippy::unnecessary_wraps,
    reason = "the attribute turns a part that does not load into this error"
)]

use crate::app::{Explore, Explorer, Git, GitHub};
use crate::shell::retrieval::{Mode, Run};
use futures_util::future::LocalBoxFuture;
use portico_core::error::ErrorCode;
use portico_core::ids::PortalId;
use portico_core::wire::Problem;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

/// The part did not come: no network, or another version of the app is served by now. Asking again may help.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotLoaded;

impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

impl From<NotLoaded> for Box<Problem> {
    fn from(_: NotLoaded) -> Self {
        Box::new(Problem::of(ErrorCode::PartNotLoaded))
    }
}

/// Makes the explorer of a portal.
pub(crate) type OpenExplorer = fn(PortalId) -> Box<dyn Explore>;

/// The metadata explorer, with the core's readers of records.
#[wasm_split(explorer, fallible)]
pub(crate) fn explorer() -> Result<OpenExplorer, NotLoaded> {
    Ok(|portal| Box::new(Explorer::new(portal)))
}

/// Makes the room of linked repositories.
pub(crate) type OpenGit = fn() -> Box<dyn Git>;

/// Repositories linked to GitHub connections, with the core's readers of GitHub's answers.
#[wasm_split(github, fallible)]
pub(crate) fn github() -> Result<OpenGit, NotLoaded> {
    Ok(|| Box::new(GitHub::default()))
}

/// Carries a retrieval to its end.
pub(crate) type Retrieve = fn(Run, Mode) -> LocalBoxFuture<'static, ()>;

/// The retrieval of metadata, with the core's planner.
#[wasm_split(retrieval, fallible)]
pub(crate) fn retrieval() -> Result<Retrieve, NotLoaded> {
    Ok(|run, mode| Box::pin(run.run(mode)))
}

/// Where a part stands.
pub(crate) enum Part<T> {
    /// Nobody has asked for it.
    Unasked,
    /// On its way.
    Loading,
    /// Here.
    Here(T),
    /// It did not come.
    Missing(Box<Problem>),
}

impl<T: Copy> Part<T> {
    /// The part, if it is here.
    pub(crate) fn here(&self) -> Option<T> {
        match self {
            Self::Here(part) => Some(*part),
            Self::Unasked | Self::Loading | Self::Missing(_) => None,
        }
    }

    /// Why it did not come.
    pub(crate) fn missing(&self) -> Option<&Problem> {
        match self {
            Self::Missing(problem) => Some(problem),
            Self::Unasked | Self::Loading | Self::Here(_) => None,
        }
    }

    /// What did not come may be asked for once more.
    pub(crate) fn again(&mut self) {
        if self.missing().is_some() {
            *self = Self::Unasked;
        }
    }

    /// Whether somebody has to fetch it; from now on somebody does.
    pub(crate) fn begin(&mut self) -> bool {
        let wanted = matches!(self, Self::Unasked);
        if wanted {
            *self = Self::Loading;
        }
        wanted
    }

    /// How the fetch ended.
    pub(crate) fn end(&mut self, outcome: Result<T, NotLoaded>) {
        *self = match outcome {
            Ok(part) => Self::Here(part),
            Err(missing) => Self::Missing(missing.into()),
        };
    }
}
