//! What a removal takes along, and the proof that it is meant (D27–D33).
//! Owns these words; removes nothing.

use super::{portals, revocable};
use crate::explorer::fold;
use crate::status::display_name;
use crate::text::{NAME_CHARS, is_plain};
use crate::wire::{Connection, GrantKind, Provider};

/// What must be typed before a removal begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// As it is to be typed.
    pub expects: String,
    /// `Type 5, the number of portals to remove.`
    pub ask: String,
}

impl Confirmation {
    /// For one portal its name, which shows that the right one is meant; for several their number.
    pub(super) fn of_removal(removed: &[&Connection]) -> Option<Self> {
        let (expects, what) = match removed {
            [] => return None,
            [one] => {
                let name = display_name(one);
                // Nobody can type what is cut or does not show what it is.
                if is_plain(&name)
                    && !name.contains('\u{fffd}')
                    && name.chars().count() <= NAME_CHARS
                {
                    (
                        name,
                        if one.provider == Provider::Github {
                            "the account's name"
                        } else {
                            "the portal's name"
                        },
                    )
                } else {
                    (one.account.portal_id.to_string(), "the portal's id")
                }
            }
            several => (several.len().to_string(), "the number of portals to remove"),
        };
        Some(Self {
            ask: format!("Type {expects}, {what}."),
            expects,
        })
    }

    /// Whether this is it; case, Latin marks and spaces around do not matter.
    pub fn accepts(&self, typed: &str) -> bool {
        fold(typed.trim()) == fold(self.expects.trim())
    }
}

/// What goes and does not come back.
pub(super) fn lost(removed: &[&Connection]) -> Vec<String> {
    let all = count(removed, |_| true);
    let mut lost = Vec::new();
    if all == 0 {
        return lost;
    }
    if let [one] = removed
        && one.provider == Provider::Github
    {
        return github(one);
    }
    lost.push(if all == 1 {
        "The connection with its label, connection type and workspace.".to_owned()
    } else {
        format!(
            "The connections of {} with their labels, connection types and workspaces.",
            portals(all)
        )
    });
    lost.push(if all == 1 {
        "The portal's metadata kept in this browser.".to_owned()
    } else {
        "The portals' metadata kept in this browser.".to_owned()
    });
    let revoked = count(removed, revocable);
    if revoked > 0 {
        lost.push(format!(
            "The authorization of {}: it is revoked at HubSpot, and access already handed out ends within 30 minutes.",
            portals(revoked)
        ));
    }
    lost
}

/// What goes with a GitHub account.
fn github(removed: &Connection) -> Vec<String> {
    let mut lost = vec![
        "The connection with its label.".to_owned(),
        "The list of its linked repositories kept in this browser. The repositories themselves stay as they are."
            .to_owned(),
    ];
    if revocable(removed) {
        lost.push(
            "The authorization: it is revoked at GitHub, and with it all that this account granted to the app."
                .to_owned(),
        );
    }
    lost
}

/// What is left to know.
pub(super) fn notes(removed: &[&Connection]) -> Vec<String> {
    if let [one] = removed
        && one.provider == Provider::Github
    {
        return vec![
            "This cannot be undone. The app stays installed on accounts and organizations until an owner uninstalls \
             it in GitHub's settings."
                .to_owned(),
        ];
    }
    let mut notes = vec![
        "This cannot be undone. Save what you still need first.".to_owned(),
        format!(
            "Room for {} becomes free in your plan.",
            portals(count(removed, |_| true))
        ),
    ];
    let entered = count(removed, |connection| {
        connection.grant.kind == GrantKind::Static
    });
    if entered > 0 {
        notes.push(format!(
            "The private app token or service key of {} is forgotten here and stays valid at HubSpot until it is \
             rotated or deleted there.",
            portals(entered)
        ));
    }
    if count(removed, revocable) > 0 {
        notes.push(
            "The app stays listed in HubSpot until a Super Admin removes it under Settings > Integrations > \
             Connected Apps."
                .to_owned(),
        );
    }
    notes
}

fn count(removed: &[&Connection], which: impl Fn(&Connection) -> bool) -> u32 {
    let counted = removed
        .iter()
        .filter(|connection| which(connection))
        .count();
    u32::try_from(counted).unwrap_or(u32::MAX)
}
