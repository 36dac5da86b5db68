//! Owns what a test or a scenario may do to a running sandbox: the events of platform 1.6, without HTTP.

use super::scenarios;
use crate::model::{Hubs, Tier};
use crate::oauth::mint;
use crate::state::{Holder, Install, State};
use crate::time::MINUTE;

/// The tokens of a grant made without a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Bearer for data calls.
    pub access_token: String,
    /// For the token endpoint.
    pub refresh_token: String,
}

impl State {
    /// Installs an app as if a user had consented to `scopes`; `None` when the app or the portal is unknown.
    pub fn issue_grant(
        &mut self,
        client_id: &str,
        portal: u64,
        scopes: &[&str],
        now: u64,
    ) -> Option<Tokens> {
        self.app(client_id)?;
        let installer = &self.portals.get(&portal)?.installer;
        let holder = Holder {
            client_id: client_id.to_owned(),
            portal,
            user_id: installer.user_id,
            email: installer.email.clone(),
            scopes: mint::ordered(scopes.iter().map(|scope| (*scope).to_owned())),
        };
        let install = Install {
            scopes: holder.scopes.clone(),
            since: now,
        };
        self.installs
            .insert((client_id.to_owned(), portal), install);
        let refresh_token = mint::refresh_token(self, holder.clone(), now);
        let access_token = mint::access_token(self, holder, now);
        Some(Tokens {
            access_token,
            refresh_token,
        })
    }

    /// Removes an app from a portal: all its tokens die at once (platform 11, row 6).
    pub fn uninstall(&mut self, client_id: &str, portal: u64) {
        self.kill_tokens(client_id, portal);
        self.installs.remove(&(client_id.to_owned(), portal));
        scenarios::forget_grant(self, client_id, portal);
    }

    /// Forgets every token and code of an app in a portal.
    pub(super) fn kill_tokens(&mut self, client_id: &str, portal: u64) {
        let theirs = |holder: &Holder| holder.client_id == client_id && holder.portal == portal;
        self.refresh_tokens
            .retain(|_, token| !theirs(&token.holder));
        self.access_tokens.retain(|_, token| !theirs(&token.holder));
        self.codes.retain(|_, code| !theirs(&code.holder));
    }

    /// Kills the refresh tokens of an app in a portal; access tokens live on to their expiry.
    pub fn revoke_grant(&mut self, client_id: &str, portal: u64) {
        self.refresh_tokens.retain(|_, token| {
            token.holder.client_id != client_id || token.holder.portal != portal
        });
        scenarios::forget_grant(self, client_id, portal);
    }

    /// Makes every access token of a portal expired since one minute.
    pub fn expire_access_tokens(&mut self, portal: u64, now: u64) {
        for token in self
            .access_tokens
            .values_mut()
            .filter(|t| t.holder.portal == portal)
        {
            token.expires_at = token.expires_at.min(now.saturating_sub(MINUTE));
        }
    }

    /// Moves a whole portal to another tier; grants keep their scopes. False when unknown.
    pub fn set_tier(&mut self, portal: u64, tier: Tier) -> bool {
        self.portals
            .get_mut(&portal)
            .map(|p| p.hubs = Hubs::all(tier))
            .is_some()
    }

    /// Renames a portal. False when unknown.
    pub fn rename_portal(&mut self, portal: u64, name: &str) -> bool {
        self.portals
            .get_mut(&portal)
            .map(|p| name.clone_into(&mut p.name))
            .is_some()
    }

    /// Forgets what counts towards rate limits.
    pub(crate) fn empty_windows(&mut self) {
        self.quota.empty_windows();
    }
}
