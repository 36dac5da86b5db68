//! What goes on as before and what fails, by status and by what the connection's type allows.
//! Owns these sentences; the gate is the connection type's.

use crate::connection_type::Capability;
use crate::status::Status;
use crate::wire::{Connection, Provider};

/// What works in spite of everything (R28, D53).
pub(super) fn still_works(connection: &Connection, status: Status) -> Vec<&'static str> {
    let mut works = vec![];
    if connection.provider == Provider::Github {
        works.push(if status.calls_allowed() {
            "Repositories and their branches can be read."
        } else {
            "The label, the workspace and the list of chosen repositories stay."
        });
        works.push("The journal stays readable.");
        return works;
    }
    works.push(match status {
        Status::Connected => "Metadata is retrieved, searched and compared.",
        Status::ConnectedLimited => {
            "Everything that the granted permissions open works, and metadata stays readable."
        }
        Status::Checking => {
            "Metadata retrieved before stays readable and searchable; calls are still tried."
        }
        _ => "Metadata retrieved before stays readable and searchable in this browser.",
    });
    if connection.connection_type.allows(Capability::Audit) {
        works.push("Finished audits stay readable.");
    }
    if connection.connection_type.allows(Capability::Import) {
        works.push("Imported assets and the history of deployments stay.");
    }
    works.push("Label, connection type, workspace and journal stay as they are.");
    works
}

/// What fails now. What the type never allowed is not listed, for nobody has lost it.
pub(super) fn fails(connection: &Connection, status: Status) -> Vec<&'static str> {
    let mut fails = vec![];
    if status == Status::Checking {
        fails.push("New calls may fail until the provider answers well again.");
    }
    if status.calls_allowed() {
        return fails;
    }
    if connection.provider == Provider::Github {
        fails.push("Repositories and their branches cannot be read.");
        return fails;
    }
    let waits = status == Status::Suspended;
    let kind = connection.connection_type;
    fails.push("Metadata cannot be retrieved anew.");
    // R25.
    if kind.allows(Capability::Import) {
        fails.push(if waits {
            "An import fails at once, for no call is made."
        } else {
            "An import fails at once with an authentication error."
        });
    }
    // R26.
    if kind.allows(Capability::Deploy) {
        fails.push("A deployment fails at its first call.");
    }
    // R27.
    if kind.allows(Capability::Audit) {
        fails.push("An audit cannot be started.");
    }
    fails
}
