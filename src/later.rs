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

use crate::app::{Bulk, Explore, Explorer, Git, GitHub};
use crate::shell::retrieval::{Mode, Run};
use crate::view::{self, Scene};
use futures_util::future::LocalBoxFuture;
use portico_core::error::ErrorCode;
use portico_core::ids::PortalId;
use portico_core::journal::query::JournalQuery;
use portico_core::route::HelpPage;
use portico_core::wire::{Connection, Problem};
use portico_core::xray::XRayQuery;
use wasm_split_helpers::{SplitLoaderError, wasm_split};
use yew::{Callback, Html, MouseEvent};

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

/// What stands beside the table and over it.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    /// The side panel of one portal.
    pub(crate) panel: fn(&Scene<'_>, &Connection, &Callback<MouseEvent>) -> Html,
    /// The dry run of a deed for one portal or many, and how it went.
    pub(crate) bulk: fn(&Scene<'_>, &Bulk) -> Html,
    /// The dialog that takes a token.
    pub(crate) token: fn(&Scene<'_>) -> Html,
}

/// Pages that most visits never open.
#[derive(Clone, Copy)]
pub(crate) struct Pages {
    /// Help, which also opens without a session.
    pub(crate) help: fn(Option<&Scene<'_>>, &HelpPage) -> Html,
    /// The set-up guide.
    pub(crate) guide: fn(&Scene<'_>) -> Html,
    /// Workspaces.
    pub(crate) workspaces: fn(&Scene<'_>) -> Html,
    /// The scope reference.
    pub(crate) scopes: fn(&Scene<'_>) -> Html,
    /// The scope x-ray.
    pub(crate) xray: fn(&Scene<'_>, &XRayQuery) -> Html,
    /// The journal.
    pub(crate) journal: fn(&Scene<'_>, &JournalQuery) -> Html,
}

/// Help, guide, scopes and journal, with the core's texts and verifier.
#[wasm_split(pages, fallible)]
pub(crate) fn pages() -> Result<Pages, NotLoaded> {
    Ok(Pages {
        help: view::help::view,
        guide: view::guide::view,
        workspaces: view::workspaces::view,
        scopes: view::scopes::view,
        xray: view::xray::view,
        journal: view::journal::mount,
    })
}

/// Side panel and dry runs, with the core's diagnosis and forecast.
#[wasm_split(desk, fallible)]
pub(crate) fn desk() -> Result<Desk, NotLoaded> {
    Ok(Desk {
        panel: view::panel::view,
        bulk: view::bulk::view,
        token: view::token_dialog::view,
    })
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

/// A part that has come, or has not.
pub(crate) enum Arrival {
    Explorer(Result<OpenExplorer, NotLoaded>),
    Desk(Result<Desk, NotLoaded>),
    Pages(Result<Pages, NotLoaded>),
    Git(Result<OpenGit, NotLoaded>),
}

/// The parts that are drawn with.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) explorer: Part<OpenExplorer>,
    pub(crate) desk: Part<Desk>,
    pub(crate) pages: Part<Pages>,
    pub(crate) git: Part<OpenGit>,
}

impl Parts {
    /// A part has come, or has not.
    pub(crate) fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Explorer(outcome) => self.explorer.end(outcome),
            Arrival::Desk(outcome) => self.desk.end(outcome),
            Arrival::Pages(outcome) => self.pages.end(outcome),
            Arrival::Git(outcome) => self.git.end(outcome),
        }
    }

    /// What did not come may be asked for once more.
    pub(crate) fn again(&mut self) {
        self.explorer.again();
        self.desk.again();
        self.pages.again();
        self.git.again();
    }

    /// Why something is not here.
    pub(crate) fn missing(&self) -> Option<&Problem> {
        let parts = [self.explorer.missing(), self.desk.missing()];
        parts.into_iter().flatten().next().or(self.pages.missing())
    }
}

/// Where a part stands.
#[derive(Default)]
pub(crate) enum Part<T> {
    /// Nobody has asked for it.
    #[default]
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
    fn again(&mut self) {
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
    fn end(&mut self, outcome: Result<T, NotLoaded>) {
        *self = match outcome {
            Ok(part) => Self::Here(part),
            Err(missing) => Self::Missing(missing.into()),
        };
    }
}
