//! `DELETE /v1/connections/{id}`: a connection goes, and the answer says what was and was not done at the provider.
//! Owns the order: gone here in one commit, then given up there by a task that outlives the request.

use super::connections::entry;
use super::id::Id;
use super::who::{Who, require_admin};
use crate::app::Shared;
use crate::error::{ApiError, ApiResult};
use crate::events::Change;
use crate::grant::access::Access;
use crate::grant::revoke::{self, Grant, Outcome};
use crate::grant::uninstall::{self, Uninstall};
use crate::grant::{TokenColumn, refresh, token_place};
use crate::provider::tokens::Which;
use crate::refusals::journaled;
use crate::session::Principal;
use crate::store::grants::{self, GrantRow};
use crate::store::{connections, journal};
use axum::Json;
use axum::extract::{Query, State};
use portico_core::error::ErrorCode;
use portico_core::journal::Action;
use portico_core::wire::Provider;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// Query of a removal.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Removal {
    #[serde(default = "yes")]
    revoke: bool,
    /// Whether the app is to be removed from the portal too.
    #[serde(default)]
    uninstall: bool,
}

fn yes() -> bool {
    true
}

/// Answer of a removal: what was and was not done at the provider.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub(super) struct Removed {
    revoked: bool,
    uninstalled: bool,
    notes: Cow<'static, [&'static str]>,
}

/// `DELETE /v1/connections/{id}?revoke=true&uninstall=false`.
pub(super) async fn remove(
    State(app): State<Shared>,
    Who(who): Who,
    Id(id): Id,
    Query(removal): Query<Removal>,
) -> ApiResult<Json<Removed>> {
    let action = Action::ConnectionRemove;
    require_admin(&app, &who, action, Some(&id)).await?;
    if removal.uninstall && !removal.revoke {
        return Err(ApiError::with_detail(
            ErrorCode::InvalidRequest,
            "An uninstall ends the authorization: revoke cannot be false with it.",
        ));
    }
    // While the row is there; where none is to be had, the app stays and the answer says so.
    let access = if removal.uninstall {
        refresh::fresh(&app, &who.owner, &id).await.ok()
    } else {
        None
    };
    let forgotten = forget(&app, &who, &id, removal.revoke).await;
    let (provider, forgotten) = journaled(&app, &who, action, Some(&id), forgotten).await?;
    let (outcome, uninstall) = match forgotten {
        Forgotten::Static => return Ok(Json(STATIC_REMOVED)),
        Forgotten::Refused => return Ok(Json(REFUSED_REMOVED)),
        Forgotten::Left => (None, None),
        Forgotten::ToRevoke(revocation) => {
            let app_of_task = app.clone();
            let running = app
                .tasks
                .spawn(async move { give_up(&app_of_task, &revocation, access).await });
            running
                .await
                .map_err(|_| ApiError::from(ErrorCode::Internal))??
        }
    };
    let uninstall = removal
        .uninstall
        .then_some(uninstall.unwrap_or(Uninstall::NotDone));
    Ok(Json(told(provider, outcome, uninstall)))
}

/// Removes the app first, where that is wanted and can be: the grant ends with it.
async fn give_up(
    app: &Shared,
    revocation: &str,
    access: Option<Arc<Access>>,
) -> ApiResult<(Option<Outcome>, Option<Uninstall>)> {
    let uninstall = match access {
        Some(access) => Some(uninstall::uninstall(app, revocation, &access.token).await?),
        None => None,
    };
    let outcome = revoke::work_off(app, Some(revocation)).await?;
    // The worker may have been faster; what it did then shows in the journal.
    Ok((Some(outcome.unwrap_or(Outcome::PutOff)), uninstall))
}

/// What is left to do at the provider.
enum Forgotten {
    /// Nothing can be done from here: a static token is revoked by whoever made it.
    Static,
    /// Nothing can be done from here: the provider has refused the one token that is left, which works once.
    Refused,
    /// Nothing was wanted, or the grant cannot be read.
    Left,
    /// This revocation.
    ToRevoke(String),
}

/// Connection and tokens go in one commit; what must still be revoked stays behind, sealed anew.
async fn forget(
    app: &Shared,
    who: &Principal,
    id: &str,
    revoke: bool,
) -> ApiResult<(Provider, Forgotten)> {
    let owner = &who.owner;
    let mut tx = app.store.begin_in(owner).await?;
    let grant = grants::lock(&mut tx, owner, id)
        .await?
        .ok_or(ErrorCode::NotFound)?;
    let provider = grant.provider()?;
    let (which, sealed) = what_revokes(app, provider, &grant);
    let (forgotten, fate) = match (sealed, revoke) {
        _ if grant.is_static() => (Forgotten::Static, "its token stays valid at HubSpot"),
        // To present it again would be the reuse that RFC 9700, section 4.14.2, has providers look for.
        (Some(_), true) if is_refused(app, provider, which, &grant) => {
            (Forgotten::Refused, "its last token was refused before")
        }
        (Some(sealed), true) => {
            let column = match which {
                Which::Access => TokenColumn::Access,
                Which::Refresh => TokenColumn::Refresh,
            };
            let place = token_place(owner, id, grant.generation(), column);
            match app.sealer.open_text(place, sealed) {
                Ok(token) => {
                    let given_up = Grant {
                        provider,
                        client_id: &grant.client_id,
                        account: &grant.account,
                        which,
                        token: &token,
                        wait: wait_for_flight(app, provider, which, &grant),
                    };
                    let row = revoke::enlist(app, &mut tx, owner, &given_up).await?;
                    (Forgotten::ToRevoke(row), "its grant is to be revoked")
                }
                // A grant that cannot be read cannot be revoked; its connection must still go.
                Err(error) => {
                    tracing::error!(error = %error, connection = id, alert = true, "a grant cannot be opened");
                    (Forgotten::Left, "its grant cannot be read and stays alive")
                }
            }
        }
        (Some(_), false) => (
            Forgotten::Left,
            "its grant was left alive on request (revoke=false)",
        ),
        (None, _) => (Forgotten::Left, "it held no grant to revoke"),
    };
    app.announce(&mut tx, owner, id, Change::Removed).await?;
    connections::delete(&mut tx, owner, id).await?;
    let reason = format!("portal {}; {fate}", grant.account);
    let entry = entry(who, Action::ConnectionRemove, id, &reason);
    journal::record(&mut tx, entry).await?;
    tx.commit().await?;
    Ok((provider, forgotten))
}

/// Seconds until nobody else can be presenting a refresh token that works once: a refresh that is under way spends it,
/// finds the connection gone and gives up what it got.
fn wait_for_flight(app: &Shared, provider: Provider, which: Which, grant: &GrantRow) -> f64 {
    if works_once(app, provider, which) {
        grant.flight_left()
    } else {
        0.0
    }
}

/// Whether the refresh token by which the grant would be given up was refused already, or spent by a lost answer.
fn is_refused(app: &Shared, provider: Provider, which: Which, grant: &GrantRow) -> bool {
    grant.state == "needs_reauth" && works_once(app, provider, which)
}

fn works_once(app: &Shared, provider: Provider, which: Which) -> bool {
    let client = app.providers.find(provider);
    which == Which::Refresh
        && client.is_some_and(|client| client.description().refresh_tokens_work_once)
}

/// The token by which the provider gives up the grant; a provider that is no longer configured gets the refresh token.
fn what_revokes<'a>(
    app: &Shared,
    provider: Provider,
    grant: &'a GrantRow,
) -> (Which, Option<&'a Vec<u8>>) {
    let has_refresh = grant.refresh_token.is_some();
    let which = app
        .providers
        .find(provider)
        .map_or(Which::Refresh, |client| {
            client.revoked_by_stored(has_refresh, grant.seconds_left())
        });
    let sealed = match which {
        Which::Access => &grant.access_token,
        Which::Refresh => &grant.refresh_token,
    };
    (which, sealed.as_ref())
}

const STATIC_REMOVED: Removed = Removed {
    revoked: false,
    uninstalled: false,
    notes: Cow::Borrowed(&[
        "Portico has forgotten the token. HubSpot lets nobody revoke it from here, so it stays valid there.",
        "To end it, rotate it or delete its private app in HubSpot under Settings, Integrations, Private Apps; \
         a service key under Development, Keys, Service keys.",
    ]),
};

const REFUSED_REMOVED: Removed = Removed {
    revoked: false,
    uninstalled: false,
    notes: Cow::Borrowed(&[
        "GitHub had refused the last token before, so there was nothing to end the authorization with.",
        "If it is still listed, remove it in GitHub under Settings, Applications.",
    ]),
};

fn told(provider: Provider, outcome: Option<Outcome>, uninstall: Option<Uninstall>) -> Removed {
    let first = match (outcome, provider) {
        (Some(Outcome::Revoked), Provider::Hubspot) => {
            "The refresh token was revoked at HubSpot; access tokens already issued work for up to 30 minutes."
        }
        (Some(Outcome::Revoked), Provider::Github) => {
            "The authorization was revoked at GitHub, and every token with it."
        }
        (Some(Outcome::DependedOn), Provider::Hubspot) => {
            "The grant was not revoked, because another connection to the same portal lives on it."
        }
        (Some(Outcome::DependedOn), Provider::Github) => {
            "The authorization was not revoked, because another connection to the same account lives on it."
        }
        (Some(Outcome::PutOff), Provider::Hubspot) => {
            "HubSpot did not confirm the revocation; it is tried again for seven days."
        }
        (Some(Outcome::PutOff), Provider::Github) => {
            "GitHub did not confirm the revocation; it is tried again for seven days."
        }
        (None, Provider::Hubspot) => "The grant was left alive at HubSpot.",
        (None, Provider::Github) => "The authorization was left alive at GitHub.",
    };
    let second = match (provider, uninstall) {
        (Provider::Hubspot, Some(Uninstall::Done)) => {
            "The app was removed from the portal; HubSpot tells its Super Admins by e-mail."
        }
        (Provider::Hubspot, Some(Uninstall::DependedOn)) => {
            "The app stays installed, because another connection to the same portal lives on it."
        }
        (Provider::Hubspot, Some(Uninstall::NotDone)) => {
            "HubSpot did not remove the app: remove it in HubSpot under Settings, Integrations, Connected Apps."
        }
        (Provider::Hubspot, None) => {
            "The app stays installed in the portal: remove it in HubSpot under Settings, Integrations, Connected Apps."
        }
        (Provider::Github, _) => {
            "The app stays installed where it was: remove it in GitHub under Settings, Applications."
        }
    };
    Removed {
        revoked: outcome == Some(Outcome::Revoked),
        uninstalled: uninstall == Some(Uninstall::Done),
        notes: vec![first, second].into(),
    }
}
