//! One deed for many portals, told before it is done: who will be changed, who stays, who cannot, and why.
//! Owns the dry run and its words; does nothing itself, and the proxy judges each change again.

mod removal;

use crate::connection_type::{Capability, ConnectionType};
use crate::error::ErrorCode;
use crate::ids::{ConnectionId, PortalId, WorkspaceId};
use crate::status::{Status, display_name, read_status};
use crate::text::{grouped, visible};
use crate::wire::{
    Connection, FaultCategory, GrantKind, Role, UnixSeconds, UpdateConnection, Workspace,
};
pub use removal::Confirmation;
use std::fmt::Write as _;

/// What shall be done to every chosen portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkAction {
    /// Prove that data flows (S12).
    Test,
    /// Give it this connection type (J17).
    ChangeType(ConnectionType),
    /// Group it under this workspace, or under none (D69).
    MoveToWorkspace(Option<WorkspaceId>),
    /// Remove it (D28).
    Remove,
}

impl BulkAction {
    /// The change to send for each portal that will be changed; nothing for a test or a removal.
    pub fn update(&self) -> Option<UpdateConnection> {
        match self {
            Self::ChangeType(kind) => Some(UpdateConnection {
                connection_type: Some(*kind),
                ..UpdateConnection::default()
            }),
            Self::MoveToWorkspace(workspace) => Some(UpdateConnection {
                workspace: Some(workspace.clone()),
                ..UpdateConnection::default()
            }),
            Self::Test | Self::Remove => None,
        }
    }

    /// What was done, once all is over.
    pub fn told(&self, done: u32, failed: u32) -> String {
        let deed = self.participle();
        let mut told = match (done, failed) {
            (0, 0) => format!("No portal was {deed}"),
            (0, 1) => return format!("The portal could not be {deed}."),
            (0, _) => return format!("None of the {} portals could be {deed}.", grouped(failed)),
            _ => format!(
                "{} {} {deed}",
                portals(done),
                if done == 1 { "was" } else { "were" }
            ),
        };
        if failed > 0 {
            let _ = write!(told, "; {} could not be", grouped(failed));
        }
        told.push('.');
        told
    }

    fn participle(&self) -> &'static str {
        match self {
            Self::Test => "tested",
            Self::ChangeType(_) => "changed",
            Self::MoveToWorkspace(_) => "moved",
            Self::Remove => "removed",
        }
    }
}

/// What will become of one portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BulkOutcome {
    /// It will be done.
    Change {
        /// What stands now.
        from: String,
        /// What will stand then.
        to: String,
    },
    /// Nothing is to be done.
    Unchanged {
        /// Why.
        why: String,
    },
    /// It cannot be done.
    Refused {
        /// Why, and what helps.
        why: String,
    },
}

/// One portal of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkItem {
    /// Whose.
    pub id: ConnectionId,
    /// For `If-Match`, so that nobody else's change is overwritten.
    pub version: u64,
    /// Its portal.
    pub portal: PortalId,
    /// As shown.
    pub name: String,
    /// What will become of it.
    pub outcome: BulkOutcome,
}

/// The dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkPlan {
    /// What shall be done.
    pub action: BulkAction,
    /// One for each portal, as they were handed in.
    pub items: Vec<BulkItem>,
    /// How many will be changed.
    pub changing: u32,
    /// How many stay as they are.
    pub unchanged: u32,
    /// How many cannot be changed.
    pub refused: u32,
    /// `2 of 5 portals will be changed to Audit Only; 3 already are`, without a full stop.
    pub headline: String,
    /// What goes with a removal and does not come back; empty for all else.
    pub lost: Vec<String>,
    /// What else there is to know, a sentence each.
    pub notes: Vec<String>,
    /// What must be typed before it is done; nothing where it can be undone.
    pub confirmation: Option<Confirmation>,
}

impl BulkPlan {
    /// Who will be changed.
    pub fn changes(&self) -> impl Iterator<Item = &BulkItem> {
        self.items
            .iter()
            .filter(|item| matches!(item.outcome, BulkOutcome::Change { .. }))
    }
}

/// Tells what an action would do to these portals.
pub fn plan(
    action: BulkAction,
    connections: &[&Connection],
    workspaces: &[Workspace],
    role: Role,
    now: UnixSeconds,
) -> BulkPlan {
    let barred = role == Role::Member && action != BulkAction::Test;
    let items: Vec<BulkItem> = connections
        .iter()
        .map(|connection| BulkItem {
            id: connection.id.clone(),
            version: connection.version,
            portal: connection.account.portal_id,
            name: display_name(connection),
            outcome: if barred {
                refused_by(ErrorCode::RoleRequired)
            } else {
                outcome(&action, connection, workspaces, now)
            },
        })
        .collect();
    let mut counts = [0_u32; 3];
    for item in &items {
        counts[match item.outcome {
            BulkOutcome::Change { .. } => 0,
            BulkOutcome::Unchanged { .. } => 1,
            BulkOutcome::Refused { .. } => 2,
        }] += 1;
    }
    let [changing, unchanged, refused] = counts;
    let changed: Vec<&Connection> = connections
        .iter()
        .zip(&items)
        .filter(|(_, item)| matches!(item.outcome, BulkOutcome::Change { .. }))
        .map(|(connection, _)| *connection)
        .collect();
    let mut notes = notes(&action, &changed, workspaces);
    let headline = if barred {
        notes.push(ErrorCode::RoleRequired.entry().action.to_owned());
        let deed = action.participle();
        format!("No portal will be {deed}: only an admin can do this")
    } else {
        headline(&action, counts, workspaces)
    };
    let removing = action == BulkAction::Remove;
    BulkPlan {
        confirmation: removing
            .then(|| Confirmation::of_removal(&changed))
            .flatten(),
        lost: if removing {
            removal::lost(&changed)
        } else {
            Vec::new()
        },
        action,
        items,
        changing,
        unchanged,
        refused,
        headline,
        notes,
    }
}

fn outcome(
    action: &BulkAction,
    connection: &Connection,
    workspaces: &[Workspace],
    now: UnixSeconds,
) -> BulkOutcome {
    let change = |from: &str, to: &str| BulkOutcome::Change {
        from: from.to_owned(),
        to: to.to_owned(),
    };
    match action {
        BulkAction::Test => test_outcome(connection, now),
        BulkAction::ChangeType(kind) if *kind == connection.connection_type => {
            BulkOutcome::Unchanged {
                why: format!("Already is {}.", kind.title()),
            }
        }
        BulkAction::ChangeType(kind) => change(connection.connection_type.title(), kind.title()),
        BulkAction::MoveToWorkspace(to) if *to == connection.workspace => BulkOutcome::Unchanged {
            why: match to {
                Some(_) => "Already stands there.".to_owned(),
                None => "Stands in no workspace already.".to_owned(),
            },
        },
        BulkAction::MoveToWorkspace(to) => match (to, name_of(to.as_ref(), workspaces)) {
            (Some(_), None) => refused_by(ErrorCode::UnknownWorkspace),
            (_, to) => {
                let from = name_of(connection.workspace.as_ref(), workspaces);
                let from = from.unwrap_or_else(|| match connection.workspace {
                    Some(_) => "Unknown workspace".to_owned(),
                    None => "No workspace".to_owned(),
                });
                change(&from, to.as_deref().unwrap_or("No workspace"))
            }
        },
        BulkAction::Remove => change(read_status(connection, now).status.title(), "Removed"),
    }
}

/// As the proxy decides it: what cannot be asked is not tested.
fn test_outcome(connection: &Connection, now: UnixSeconds) -> BulkOutcome {
    let reading = read_status(connection, now);
    let fault = connection.grant.fault.as_ref();
    // Whether the operator has mended the app is what a test may find out.
    let app_at_fault = reading.status == Status::Suspended
        && fault.is_some_and(|fault| fault.category == FaultCategory::Configuration);
    if reading.status.calls_allowed() || app_at_fault {
        return BulkOutcome::Change {
            from: reading.status.title().to_owned(),
            to: "Account and every granted area read once".to_owned(),
        };
    }
    let mut why = reading.reason;
    why.push(' ');
    why.push_str(&reading.action);
    BulkOutcome::Refused { why }
}

fn refused_by(code: ErrorCode) -> BulkOutcome {
    let entry = code.entry();
    BulkOutcome::Refused {
        why: format!("{}. {}", entry.title, entry.action),
    }
}

fn name_of(id: Option<&WorkspaceId>, workspaces: &[Workspace]) -> Option<String> {
    let id = id?;
    let known = workspaces.iter().find(|workspace| workspace.id == *id)?;
    Some(visible(&known.name))
}

/// `1 portal`, `1,200 portals`.
fn portals(count: u32) -> String {
    if count == 1 {
        "1 portal".to_owned()
    } else {
        grouped(count) + " portals"
    }
}

fn headline(action: &BulkAction, counts: [u32; 3], workspaces: &[Workspace]) -> String {
    let [changing, unchanged, refused] = counts;
    let total = changing + unchanged + refused;
    if total == 0 {
        return "No portal is chosen".to_owned();
    }
    let subject = if changing == 0 {
        "No portal".to_owned()
    } else if changing < total {
        format!("{} of {}", grouped(changing), portals(total))
    } else if total == 1 {
        portals(1)
    } else {
        format!("All {}", portals(total))
    };
    let mut headline = format!("{subject} will be {}", action.participle());
    let (to, already) = match action {
        BulkAction::ChangeType(kind) => {
            let title = kind.title();
            (format!(" to {title}"), format!("already {{}} {title}"))
        }
        BulkAction::MoveToWorkspace(Some(id)) => {
            let name = name_of(Some(id), workspaces);
            let name = name.unwrap_or_else(|| "a workspace that is gone".to_owned());
            (format!(" to {name}"), "already {} there".to_owned())
        }
        BulkAction::MoveToWorkspace(None) => {
            let theirs = match changing {
                1 => "its workspace",
                _ => "their workspaces",
            };
            (format!(" out of {theirs}"), "already {} in none".to_owned())
        }
        BulkAction::Test | BulkAction::Remove => Default::default(),
    };
    headline.push_str(&to);
    if unchanged > 0 {
        let is = if unchanged == 1 { "is" } else { "are" };
        let already = already.replace("{}", is);
        let _ = write!(headline, "; {} {already}", grouped(unchanged));
    }
    if refused > 0 {
        let _ = write!(headline, "; {} cannot be", grouped(refused));
        if action == &BulkAction::Test {
            headline.push_str(" asked now");
        }
    }
    headline
}

fn notes(action: &BulkAction, changed: &[&Connection], workspaces: &[Workspace]) -> Vec<String> {
    let mut notes = Vec::new();
    if changed.is_empty() {
        return notes;
    }
    // D70: nobody changes another client's portal unawares.
    if *action != BulkAction::Test {
        notes.extend(spread(changed, workspaces));
    }
    let any = |deploys: bool| {
        let mut all = changed.iter();
        all.any(|connection| connection.connection_type.allows(Capability::Deploy) == deploys)
    };
    match action {
        BulkAction::ChangeType(kind) => {
            let deploys = kind.allows(Capability::Deploy);
            if deploys && any(false) {
                notes.push(
                    "Permissions do not come with the type: a portal connected as Audit Only was not asked for \
                     write access. To grant it, choose Add Portal and pick the portal again."
                        .to_owned(),
                );
            }
            if !deploys && any(true) {
                notes.push(
                    "What HubSpot has granted stays granted; Portico no longer imports or deploys with it."
                        .to_owned(),
                );
            }
        }
        BulkAction::Remove => notes.extend(removal::notes(changed)),
        BulkAction::Test | BulkAction::MoveToWorkspace(_) => {}
    }
    notes
}

/// Which workspaces the portals stand in, where there are several.
fn spread(changed: &[&Connection], workspaces: &[Workspace]) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for connection in changed {
        let name = name_of(connection.workspace.as_ref(), workspaces);
        let name = name.unwrap_or_else(|| "no workspace".to_owned());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = names.len().saturating_sub(3);
    if names.len() < 2 {
        return None;
    }
    names.truncate(3);
    let mut told = format!("They stand in different workspaces: {}", names.join(", "));
    if more > 0 {
        let _ = write!(told, " and {more} more");
    }
    told.push('.');
    Some(told)
}

/// Whether removing a connection has something to revoke at HubSpot.
fn revocable(connection: &Connection) -> bool {
    connection.grant.kind == GrantKind::Oauth && connection.grant.revoked.is_none()
}

#[cfg(test)]
mod tests;
