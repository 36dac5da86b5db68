//! The support bundle of the last failure (S16, P9): gathered when it happens, saved when somebody wants it.
//! Owns where its parts come from; its form, and that no secret is in it, is the core's.

use super::Ready;
use crate::shell::clock::now_seconds;
use crate::shell::download::{self, Saved};
use crate::shell::host;
use portico_core::error::ErrorCode;
use portico_core::ids::ConnectionId;
use portico_core::support::{Bundle, Evidence};
use portico_core::wire::Problem;

/// A bundle, which problem it is about, and the file that was last handed out.
pub(crate) struct Support {
    about: ErrorCode,
    pub(crate) bundle: Bundle,
    saved: Option<Saved>,
}

impl Ready {
    /// Gathers what support will need of a problem that is about to be shown. The steps belong to it where the
    /// problem is the flow's.
    pub(super) fn gather_support(
        &mut self,
        problem: &Problem,
        id: Option<&ConnectionId>,
        flow: bool,
    ) {
        let steps = if flow { self.flow.trace() } else { Vec::new() };
        let session = &self.booted.session;
        let bundle = Bundle::of(&Evidence {
            version: env!("CARGO_PKG_VERSION"),
            at: now_seconds(),
            org: &session.org,
            role: session.role,
            provider_host: self.hubspot().map_or("", |info| info.host.as_str()),
            user_agent: &host::user_agent(),
            problem,
            connection: id.and_then(|id| self.connection(id)),
            trace: &steps,
        });
        self.support = Some(Support {
            about: problem.code,
            bundle,
            saved: None,
        });
    }

    /// The bundle about this problem, if one was gathered.
    pub(crate) fn support_for(&self, problem: &Problem) -> Option<&Bundle> {
        let support = self.support.as_ref();
        support
            .filter(|support| support.about == problem.code)
            .map(|support| &support.bundle)
    }

    /// Hands the bundle out as a file; says so where the browser does not let it.
    pub(super) fn save_support(&mut self) {
        let Some(support) = &mut self.support else {
            return;
        };
        let bundle = &support.bundle;
        match download::save_text(&bundle.file_name(), "application/json", &bundle.text) {
            Ok(saved) => support.saved = Some(saved),
            Err(problem) => self.toast = Some(problem.detail),
        }
    }
}
