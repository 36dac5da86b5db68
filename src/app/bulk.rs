//! One deed for one portal or many: the plan, the proof that it is meant, and how each portal fared.
//! Owns the run; what it would do, and its words, are the core's.

use super::{App, Dialog, Msg, Ready};
use crate::shell::clock::now_seconds;
use crate::shell::proxy::Proxy;
use crate::shell::task::Task;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use portico_core::accounts::{BulkAction, BulkOutcome, BulkPlan, plan};
use portico_core::ids::{ConnectionId, PortalId};
use portico_core::wire::{Connection, Problem, TestReport, UpdateConnection};
use yew::Context;

/// Requests under way at once: the proxy's own limit of one person leaves room for the rest of the page.
const AT_ONCE: usize = 4;

/// What a person says to the plan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BulkStep {
    /// Plan this for these.
    Plan(BulkAction, Vec<ConnectionId>),
    /// Typed as proof.
    Typed(String),
    /// Take the app out of the portal as well.
    Uninstall(bool),
    Run,
}

/// How it went for one portal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fared {
    Changed(Box<Connection>),
    Removed(Vec<String>),
    Tested(TestReport),
}

/// One portal's end of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BulkResult {
    pub(crate) id: ConnectionId,
    pub(crate) name: String,
    pub(crate) portal: PortalId,
    pub(crate) outcome: Result<Fared, Box<Problem>>,
}

/// A plan, and how far it has come.
pub(crate) struct Bulk {
    pub(crate) plan: BulkPlan,
    pub(crate) typed: String,
    pub(crate) uninstall: bool,
    pub(crate) results: Vec<BulkResult>,
    /// Ends with the run; present from its beginning.
    run: Option<Task>,
}

impl Bulk {
    /// Whether it has begun.
    pub(crate) fn begun(&self) -> bool {
        self.run.is_some()
    }

    /// Whether every portal has its result.
    pub(crate) fn ended(&self) -> bool {
        self.begun() && self.results.len() >= self.plan.changing as usize
    }

    /// Whether it may begin.
    pub(crate) fn may_run(&self) -> bool {
        let meant = |plan: &BulkPlan| {
            plan.confirmation
                .as_ref()
                .is_none_or(|proof| proof.accepts(&self.typed))
        };
        !self.begun() && self.plan.changing > 0 && meant(&self.plan)
    }

    fn failed(&self) -> u32 {
        let failed = self.results.iter().filter(|result| result.outcome.is_err());
        u32::try_from(failed.count()).unwrap_or(u32::MAX)
    }
}

impl Ready {
    /// The chosen portals, in the order of the list.
    fn chosen(&self, ids: &[ConnectionId]) -> Vec<&Connection> {
        let all = self.booted.connections.iter();
        all.filter(|connection| ids.contains(&connection.id))
            .collect()
    }

    pub(super) fn bulk(&mut self, ctx: &Context<App>, step: BulkStep) {
        match (step, &mut self.bulk) {
            (BulkStep::Plan(action, ids), _) => {
                let plan = plan(
                    action,
                    &self.chosen(&ids),
                    &self.booted.session.workspaces,
                    self.booted.session.role,
                    now_seconds(),
                );
                self.bulk = Some(Bulk {
                    plan,
                    typed: String::new(),
                    uninstall: false,
                    results: Vec::new(),
                    run: None,
                });
                self.dialog = Some(Dialog::Bulk);
            }
            (BulkStep::Typed(text), Some(bulk)) => bulk.typed = text,
            (BulkStep::Uninstall(wanted), Some(bulk)) => bulk.uninstall = wanted,
            (BulkStep::Run, Some(bulk)) if bulk.may_run() => {
                let (link, proxy) = (ctx.link().clone(), self.booted.proxy.clone());
                let (action, uninstall) = (bulk.plan.action.clone(), bulk.uninstall);
                let changes: Vec<_> = bulk
                    .plan
                    .items
                    .iter()
                    .filter(|item| matches!(item.outcome, BulkOutcome::Change { .. }))
                    .cloned()
                    .map(|mut item| {
                        // A refresh meanwhile is nobody's change.
                        let all = &self.booted.connections;
                        let known = all.iter().find(|known| known.id == item.id);
                        item.version = known.map_or(item.version, |known| known.version);
                        item
                    })
                    .collect();
                bulk.run = Some(Task::spawn(async move {
                    let mut left = changes.into_iter();
                    let deed = |item: portico_core::accounts::BulkItem| {
                        let (proxy, action) = (proxy.clone(), action.clone());
                        async move {
                            let outcome =
                                carry_out(&proxy, &action, &item.id, item.version, uninstall).await;
                            BulkResult {
                                id: item.id,
                                name: item.name,
                                portal: item.portal,
                                outcome,
                            }
                        }
                    };
                    let mut under_way: FuturesUnordered<_> =
                        left.by_ref().take(AT_ONCE).map(&deed).collect();
                    while let Some(result) = under_way.next().await {
                        link.send_message(Msg::Fared(Box::new(result)));
                        under_way.extend(left.next().map(&deed));
                    }
                }));
            }
            _ => {}
        }
    }

    /// One portal has its result.
    pub(super) fn fared(&mut self, result: BulkResult) {
        match &result.outcome {
            Ok(Fared::Changed(connection)) => self.upsert((**connection).clone()),
            Ok(Fared::Removed(_)) => self.removed(&result.id),
            Ok(Fared::Tested(_)) | Err(_) => {}
        }
        let Some(bulk) = &mut self.bulk else { return };
        bulk.results.push(result);
        if !bulk.ended() {
            return;
        }
        let failed = bulk.failed();
        let done = bulk.plan.changing - failed;
        let told = match bulk.results.as_slice() {
            [one] => match &one.outcome {
                Ok(Fared::Removed(notes)) => notes.join(" "),
                _ => bulk.plan.action.told(done, failed),
            },
            _ => bulk.plan.action.told(done, failed),
        };
        // What a test found stays to be read, and so does what failed.
        let stays = failed > 0 || bulk.plan.action == BulkAction::Test;
        let seen = self.dialog == Some(Dialog::Bulk);
        if !(seen && stays) {
            self.toast = Some(told);
            self.bulk = None;
            if seen {
                self.dialog = None;
            }
        }
        if failed == 0 {
            self.accounts.selection.clear();
        }
    }

    /// The dialog was closed; what has begun goes on and is told at its end.
    pub(super) fn bulk_closed(&mut self) {
        if self
            .bulk
            .as_ref()
            .is_some_and(|bulk| !bulk.begun() || bulk.ended())
        {
            self.bulk = None;
        }
    }
}

async fn carry_out(
    proxy: &Proxy,
    action: &BulkAction,
    id: &ConnectionId,
    version: u64,
    uninstall: bool,
) -> Result<Fared, Box<Problem>> {
    let update = async |change: UpdateConnection| {
        let changed = proxy.update_connection(id, version, &change).await?;
        Ok(Fared::Changed(Box::new(changed)))
    };
    match (action, action.update()) {
        (_, Some(change)) => update(change).await,
        (BulkAction::Remove, None) => {
            let deleted = proxy.delete_connection(id, uninstall).await?;
            Ok(Fared::Removed(deleted.notes))
        }
        (_, None) => Ok(Fared::Tested(proxy.test_connection(id).await?)),
    }
}
