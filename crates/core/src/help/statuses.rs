//! The statuses' entries: what each badge means, what still works, what to do (J23, R3–R7, R25–R29).
//! Owns the words; which status holds is `status::read_status`'s.

use super::{Block, Entry, Group, status_anchor};
use crate::status::Status;

/// In the order from well to cut off.
pub(super) const ORDER: [Status; 6] = [
    Status::Connected,
    Status::ConnectedLimited,
    Status::Checking,
    Status::NeedsReconnection,
    Status::Disconnected,
    Status::Suspended,
];

pub(super) fn entries() -> Vec<Entry> {
    ORDER.into_iter().map(entry).collect()
}

fn entry(status: Status) -> Entry {
    let (body, related): (&'static [Block], &'static [&'static str]) = match status {
        // R4, D20–D24.
        Status::Connected => (
            &[Block::Text(&[
                "Green. The authorization is valid, and it holds every permission it needs. Calls to HubSpot succeed.",
                "Nothing to do. HubSpot's access tokens last about half an hour; Portico fetches the next one by itself before the present one ends, without interrupting anybody.",
            ])],
            &["reconnecting", "token-refresh", "retrieval"],
        ),
        // D52–D56.
        Status::ConnectedLimited => (
            &[
                Block::Text(&[
                    "Green with a note. The authorization is valid, but some optional permission that the account could have granted was not granted.",
                ]),
                Block::Points(&[
                    "Everything the granted permissions open works, and what was retrieved stays readable.",
                    "The parts that need a missing permission are marked, and the permissions are listed by name.",
                    "To clear the note, authorize the portal again and leave every permission ticked on HubSpot's page.",
                ]),
            ],
            &["partial-grant", "scopes", "reconnecting"],
        ),
        // R4; users' wish 8: a status that does not flap.
        Status::Checking => (
            &[Block::Text(&[
                "Grey. HubSpot is slow, overloaded or answers with faults. That is weather: nothing is concluded from it about your authorization, so the badge does not turn yellow.",
                "Nothing to do. Portico tries again by itself, with longer and longer pauses, and says since when and when the next try is due. If it lasts for hours, look at HubSpot's own status page.",
            ])],
            &["trouble-kinds", "token-refresh", "reconnecting"],
        ),
        // R5, R7–R12, R25–R29.
        Status::NeedsReconnection => (
            &[
                Block::Text(&[
                    "Yellow. The authorization must be refreshed by a person. This is not a fault of yours or of the portal: HubSpot no longer accepts the old authorization, or the app now needs a permission it does not hold.",
                ]),
                Block::Points(&[
                    "Still works: everything already retrieved, searching and reading it, finished audits, label, type and history.",
                    "Fails at once: imports, deployments and retrieving again; an audit cannot be started. No call is made to HubSpot meanwhile.",
                    "There is no deadline. The portal waits until it is reconnected or removed.",
                ]),
                Block::Steps(&[
                    "Choose Reconnect in the portal's row.",
                    "On HubSpot's page confirm the same portal and choose Connect app.",
                    "The row turns green by itself; only the authorization is replaced.",
                ]),
            ],
            &["reconnecting", "why-it-ended", "admin-role", "wrong-portal"],
        ),
        // R6, R11.
        Status::Disconnected => (
            &[Block::Text(&[
                "Red. The authorization was given up: somebody revoked it here, or the app was removed from the portal in HubSpot. Only a new authorization helps.",
                "Label, type, workspace, history and the metadata in this browser stay. Choose Reconnect in the portal's row to connect it again, or Remove to let it go.",
            ])],
            &[
                "reconnecting",
                "revoke-or-uninstall",
                "why-it-ended",
                "admin-role",
            ],
        ),
        Status::Suspended => (
            &[
                Block::Text(&["Grey. Calls wait, for one of two reasons, and the row says which."]),
                Block::Points(&[
                    "HubSpot is moving the account to another data centre. It says how long, up to a day; Portico goes on by itself afterwards.",
                    "HubSpot does not accept the app's own credentials or addresses. Whoever operates Portico must mend that; reconnecting the portal does not help.",
                ]),
            ],
            &["reconnecting", "error-config-fault", "trouble-kinds"],
        ),
    };
    Entry {
        anchor: status_anchor(status).to_owned(),
        group: Group::Status,
        title: status.title(),
        code: "",
        body: body.to_vec(),
        related,
    }
}
