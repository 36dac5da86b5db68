//! Entering a static credential: proved at HubSpot, then kept in one transaction (D26, B14–B18).
//! Owns that order and its checks. The token is sealed at once and never shown again.

use super::exchange::{check_plan, refused};
use super::flight::seal_fault;
use super::{TokenColumn, token_place};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::events::Change;
use crate::provider::static_token::is_static_token;
use crate::random;
use crate::session::Principal;
use crate::store::connections::{self, ConnectionRow};
use crate::store::journal::{self, Entry};
use crate::store::static_grants::{self, NewConnection, StaticGrant};
use crate::store::{DbResult, Owner, Tx, from_word, grants, workspaces};
use portico_core::connection_type::ConnectionType;
use portico_core::error::ErrorCode;
use portico_core::ids::WorkspaceId;
use portico_core::journal::Action;
use portico_core::scopes::{Configured, asked_for, lacking, required_of};
use portico_core::wire::{Account, GrantKind, Provider};
use zeroize::Zeroizing;

/// A connection that is wanted.
pub(crate) struct Wanted {
    pub(crate) token: Zeroizing<String>,
    pub(crate) connection_type: ConnectionType,
    pub(crate) label: Option<String>,
    pub(crate) workspace: Option<WorkspaceId>,
}

/// A connection that now holds the token.
pub(crate) struct Entered {
    pub(crate) id: String,
    /// False when the portal was connected so before and only its token is new.
    pub(crate) is_new: bool,
}

/// What HubSpot says of a token that it knows.
struct Proved<'a> {
    token: &'a str,
    app_id: String,
    account: Account,
    granted: Vec<String>,
}

/// Adds a portal by its token. One that this organization has connected so already gets the new token.
pub(crate) async fn add(app: &Shared, who: &Principal, wanted: &Wanted) -> ApiResult<Entered> {
    let proved = prove(app, &wanted.token).await?;
    let owner = &who.owner;
    let account = proved.account.portal_id.to_string();
    let mut tx = app.store.begin_in(owner).await?;
    // Of a portal that is known it changes nothing, yet nobody is told that a workspace was taken which is not there.
    if let Some(workspace) = &wanted.workspace {
        workspaces::find(&mut *tx, owner, workspace.as_str())
            .await?
            .ok_or(ErrorCode::UnknownWorkspace)?;
    }
    let holder =
        connections::lock_holder(&mut tx, &owner.tenant, Provider::Hubspot, &account).await?;
    let entered = match holder {
        Some(row) if row.owner() != *owner => {
            return Err(ErrorCode::PortalLinkedElsewhere.into());
        }
        Some(row) => {
            put(app, &mut tx, owner, &row, &proved).await?;
            record(&mut tx, who, Action::ConnectionReplaceCredential, &row.id).await?;
            Entered {
                id: row.id,
                is_new: false,
            }
        }
        None => {
            let used = connections::count(&mut *tx, owner).await?;
            check_plan(used, who.plan.max_connections)?;
            let id = random::id();
            insert(app, &mut tx, who, &id, wanted, &proved).await?;
            record(&mut tx, who, Action::ConnectionAddStatic, &id).await?;
            Entered { id, is_new: true }
        }
    };
    let change = if entered.is_new {
        Change::Connected
    } else {
        Change::Reconnected
    };
    app.announce(&mut tx, owner, &entered.id, change).await?;
    tx.commit().await?;
    Ok(entered)
}

/// Puts another token of the same portal in the place of the old one (B18).
pub(crate) async fn replace(
    app: &Shared,
    who: &Principal,
    id: &str,
    token: &Zeroizing<String>,
) -> ApiResult<()> {
    let owner = &who.owner;
    let known = connections::find(app.store.readers(), owner, id).await?;
    // Before anything is sent for it.
    check_static(&known.ok_or(ErrorCode::NotFound)?)?;
    let proved = prove(app, token).await?;
    let mut tx = app.store.begin_in(owner).await?;
    grants::lock(&mut tx, owner, id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    let row = connections::find(&mut *tx, owner, id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    let account = proved.account.portal_id.to_string();
    if row.account != account {
        return Err(ApiError::with_detail(
            ErrorCode::WrongPortal,
            format!(
                "Portal {} was to get a new token, but this one belongs to portal {account}.",
                row.account
            ),
        ));
    }
    put(app, &mut tx, owner, &row, &proved).await?;
    record(&mut tx, who, Action::ConnectionReplaceCredential, id).await?;
    app.announce(&mut tx, owner, id, Change::Reconnected)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// HubSpot must know the token, and it must hold what every use needs.
async fn prove<'a>(app: &Shared, token: &'a Zeroizing<String>) -> ApiResult<Proved<'a>> {
    let token = token.trim();
    if !is_static_token(token) {
        return Err(ErrorCode::InvalidCredential.into());
    }
    let info = app
        .providers
        .hubspot()
        .token_info(token)
        .await
        .map_err(|fault| refused(&fault))?
        .ok_or(ErrorCode::CredentialRefused)?;
    let granted = info.known.scopes.clone();
    let required = required_of(GrantKind::Static, &app.config.hubspot.required_scopes);
    let missing = lacking(&required, &granted);
    if !missing.is_empty() {
        return Err(ApiError::with_detail(
            ErrorCode::ScopeDenied,
            format!(
                "The token lacks these permissions: {}. Add them to the private app or service key in HubSpot.",
                missing.join(", ")
            ),
        ));
    }
    let account = app.providers.hubspot().account(info.known, token).await;
    Ok(Proved {
        token,
        app_id: info.app_id,
        account,
        granted,
    })
}

fn check_static(row: &ConnectionRow) -> ApiResult<()> {
    if row.is_static() {
        Ok(())
    } else {
        Err(ErrorCode::ConnectedByOauth.into())
    }
}

async fn put(
    app: &Shared,
    tx: &mut Tx,
    owner: &Owner,
    row: &ConnectionRow,
    proved: &Proved<'_>,
) -> ApiResult<()> {
    check_static(row)?;
    let generation = row.generation() + 1;
    let token = seal(app, owner, &row.id, generation, proved.token)?;
    let asked = asked(app, from_word(&row.connection_type)?);
    static_grants::replace(tx, row, &proved.grant(&asked, &token, generation)).await?;
    Ok(())
}

async fn insert(
    app: &Shared,
    tx: &mut Tx,
    who: &Principal,
    id: &str,
    wanted: &Wanted,
    proved: &Proved<'_>,
) -> ApiResult<()> {
    let workspace = wanted.workspace.as_ref().map(WorkspaceId::as_str);
    let token = seal(app, &who.owner, id, 1, proved.token)?;
    let new = NewConnection {
        id,
        owner: &who.owner,
        provider: Provider::Hubspot,
        connection_type: wanted.connection_type,
        label: wanted.label.as_deref().map(str::trim),
        workspace,
        connected_by: &who.sub,
    };
    let asked = asked(app, wanted.connection_type);
    static_grants::insert(tx, &new, &proved.grant(&asked, &token, 1))
        .await
        .map_err(|error| match error.as_database_error() {
            // This organization is locked, so it was another one that came first.
            Some(fault) if fault.is_unique_violation() => ErrorCode::PortalLinkedElsewhere.into(),
            _ => ApiError::from(error),
        })
}

/// What OAuth would ask for (B15), so that what the token lacks of it is named.
fn asked(app: &Shared, connection_type: ConnectionType) -> Vec<String> {
    let hubspot = &app.config.hubspot;
    let configured = Configured {
        required: &hubspot.required_scopes,
        optional: &hubspot.optional_scopes,
    };
    let asked = asked_for(connection_type, &configured);
    let mut all = required_of(GrantKind::Static, &asked.scope);
    all.extend(asked.optional_scope);
    all
}

fn seal(app: &Shared, owner: &Owner, id: &str, generation: u64, token: &str) -> DbResult<Vec<u8>> {
    let place = token_place(owner, id, generation, TokenColumn::Access);
    app.sealer.seal(place, token.as_bytes()).map_err(seal_fault)
}

impl Proved<'_> {
    fn grant<'a>(
        &'a self,
        asked: &'a [String],
        token: &'a [u8],
        generation: u64,
    ) -> StaticGrant<'a> {
        StaticGrant {
            account: &self.account,
            app_id: &self.app_id,
            asked,
            granted: &self.granted,
            token,
            generation,
            // A static token is ASCII and longer than this.
            hint: self
                .token
                .get(self.token.len().saturating_sub(4)..)
                .unwrap_or_default(),
        }
    }
}

async fn record(tx: &mut Tx, who: &Principal, action: Action, id: &str) -> DbResult<()> {
    let entry = Entry {
        owner: &who.owner,
        sub: &who.sub,
        action,
        target: Some(id),
        outcome: "done",
        reason: None,
        session: Some(&who.jti),
    };
    journal::record(tx, entry).await
}
