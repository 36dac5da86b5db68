//! Owns who may call: credential → scope → rate (which `quota.rs` counts), in the order of platform 9.2. Routes and
//! handlers are given to it.

use crate::credentials::{Credential, StaticKind};
use crate::error::ApiError;
use crate::http::Request;
use crate::hubspot::object_types::{self, Kind};
use crate::lag;
use crate::model::{Health, Portal};
use crate::quota::limited;
use crate::records;
use crate::router::{Access, Answer, Call, Route};
use crate::scopes;
use crate::state::{Distribution, Holder};
use crate::time::MINUTE;

/// The handler's answer if the call may be made.
pub(crate) fn judged(call: &mut Call<'_>, route: &Route) -> Answer {
    match route.access {
        Access::Public => return (route.handler)(call),
        Access::DeveloperKey => {
            call.credential = developer(call)?;
            return (route.handler)(call);
        }
        _ => {}
    }
    let (holder, credential) = credential(call)?;
    call.holder = Some(holder);
    call.credential = credential;
    let portal = call.portal()?;
    if let Health::Migrating { retry_after } = portal.health {
        return Err(migration(retry_after));
    }
    allowed(call, route)?;
    let headers = limited(call, route)?;
    let present = lag::look_back(call, route);
    let mut response =
        (route.handler)(call).unwrap_or_else(|error| error.respond(call.correlation_id));
    lag::return_to(call, present);
    for (name, value) in headers {
        response.set(name, &value);
    }
    Ok(response)
}

/// The token of `Authorization: Bearer …`; anything else in that header is no credential.
pub(crate) fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn credential(call: &Call<'_>) -> Result<(Holder, Credential), ApiError> {
    let state = &*call.state;
    let legacy = ["/v1/", "/v2/"].map(|part| call.request.path.contains(part));
    let token = bearer(call.request).ok_or_else(|| {
        if legacy.contains(&true) {
            ApiError::no_legacy_credentials()
        } else {
            ApiError::no_credentials()
        }
    })?;
    let gone = |portal: u64| {
        let portal = state.portals.get(&portal);
        portal.is_none_or(|portal| portal.health == Health::Gone)
    };
    if let Some(app) = state.credentials.app_of(token, call.now) {
        if gone(app.portal) {
            return Err(ApiError::no_credentials());
        }
        return Ok((app.holder(), Credential::Static(app.kind)));
    }
    let record = state
        .access_tokens
        .get(token)
        .filter(|record| !gone(record.holder.portal))
        .ok_or_else(ApiError::no_credentials)?;
    if record.expires_at <= call.now {
        return Err(ApiError::expired((call.now - record.expires_at) / MINUTE));
    }
    let private = state
        .app(&record.holder.client_id)
        .is_some_and(|app| app.distribution == Distribution::Private);
    Ok((record.holder.clone(), Credential::OAuth { private }))
}

/// The developer API key in the query, or a `client_credentials` bearer (platform 2, 6.3).
fn developer(call: &Call<'_>) -> Result<Credential, ApiError> {
    let state = &*call.state;
    if let Some(key) = call.query.filled("hapikey") {
        return if key == state.credentials.hapikey {
            Ok(Credential::Developer { client_id: None })
        } else {
            Err(ApiError::no_credentials())
        };
    }
    let token = bearer(call.request).ok_or_else(ApiError::no_credentials)?;
    if let Some(record) = state.credentials.developer_tokens.get(token) {
        if record.expires_at <= call.now {
            return Err(ApiError::expired((call.now - record.expires_at) / MINUTE));
        }
        let client_id = Some(record.client_id.clone());
        return Ok(Credential::Developer { client_id });
    }
    // An unknown or expired token is told so first.
    credential(call)?;
    if state.switches.app_level_answers_401 {
        return Err(ApiError::no_credentials());
    }
    Err(ApiError::new(
        403,
        "This endpoint needs a developer API key of the app; the token of an install does not open it.",
    ))
}

/// Rights that some credentials borrow from a person (platform 1.6): what needs more than `oauth` ends with them.
fn creator_has_rights(call: &Call<'_>, route: &Route) -> bool {
    let Some(holder) = &call.holder else {
        return true;
    };
    let borrowed = match call.credential {
        Credential::Static(kind) => kind == StaticKind::PrivateApp,
        Credential::OAuth { .. } => call
            .state
            .app(&holder.client_id)
            .is_some_and(|app| app.user_level),
        Credential::None | Credential::Developer { .. } => false,
    };
    let open_to_all = matches!(route.access, Access::AnyOf(["oauth"]));
    let lost = &call.state.credentials.without_rights;
    !borrowed || open_to_all || !lost.contains(&(holder.portal, holder.user_id))
}

fn allowed(call: &Call<'_>, route: &Route) -> Result<(), ApiError> {
    if !creator_has_rights(call, route) {
        return Err(ApiError::user_without_permissions());
    }
    let portal = call.portal()?;
    match route.access {
        Access::Public | Access::DeveloperKey => Ok(()),
        Access::AnyOf(scopes) => {
            if !scopes.iter().any(|scope| call.holds(scope)) {
                let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
                return Err(ApiError::missing_scopes(&scopes));
            }
            if !route.need.met_by(portal) {
                return Err(ApiError::no_product(portal.id, &internal(route)));
            }
            let of_custom = matches!(
                object_types::resolve(portal, call.param("objectType")),
                Some(Kind::Custom(_))
            );
            // Definitions of custom objects end with the edition, `oauth` or not.
            let above = |scope: &&str| scope.contains(".custom.") && !opens(call, portal, scope);
            if scopes.iter().all(above) || (of_custom && !custom_open(portal)) {
                return Err(ApiError::no_permission(
                    "view_schema",
                    "CUSTOM_OBJECT",
                    portal.id,
                    "custom-object-read",
                ));
            }
            Ok(())
        }
        Access::AnyObject => {
            let reads_records = call.holder.as_ref().is_some_and(|holder| {
                holder.scopes.iter().any(|scope| {
                    (scope.starts_with("crm.objects.") && scope.contains(".read"))
                        || scope == "tickets"
                        || scope == "e-commerce"
                })
            });
            if reads_records {
                Ok(())
            } else {
                let any = object_types::all_object_read_scopes();
                Err(ApiError::missing_scopes(&any))
            }
        }
        Access::DefinitionWrite => {
            let key = match call.param("objectType") {
                "" => call.param("objectTypeId"),
                key => key,
            };
            let Some(kind) = object_types::resolve(portal, key) else {
                return Ok(());
            };
            let scopes = kind.write_scopes();
            if scopes.iter().any(|scope| opens(call, portal, scope)) {
                Ok(())
            } else if scopes.iter().any(|scope| call.holds(scope)) {
                let internal = format!("{}-write", kind.plural().replace('_', "-"));
                let name = kind.legacy_name();
                Err(ApiError::no_permission(
                    "edit_schema",
                    name,
                    portal.id,
                    &internal,
                ))
            } else {
                Err(ApiError::missing_scopes(&scopes))
            }
        }
        Access::AnyWrite => {
            let writes = |name: &str| {
                let crm = name.starts_with("crm.objects.") || name.starts_with("crm.schemas.");
                crm && name.rsplit('.').next() == Some("write")
                    || matches!(name, "tickets" | "e-commerce")
            };
            if call
                .holder
                .as_ref()
                .is_some_and(|holder| holder.scopes.iter().any(|scope| writes(scope)))
            {
                Ok(())
            } else {
                let known = scopes::CATALOGUE.iter().map(|scope| scope.name);
                let any: Vec<String> = known.filter(|n| writes(n)).map(str::to_owned).collect();
                Err(ApiError::missing_scopes(&any))
            }
        }
        Access::ReadRecords | Access::WriteRecords => {
            let key = call.param("objectType");
            // An unknown type is the handler's to refuse.
            let Some(kind) = object_types::resolve(portal, key) else {
                return Ok(());
            };
            let writes = matches!(route.access, Access::WriteRecords);
            let scopes = match records::shape_named(key) {
                Some(shape) if writes => vec![shape.write.to_owned()],
                Some(shape) => vec![shape.read.to_owned()],
                None => kind.record_scopes(writes),
            };
            if scopes.iter().any(|scope| call.holds(scope)) {
                Ok(())
            } else {
                Err(ApiError::missing_scopes(&scopes))
            }
        }
        Access::Definition => {
            let key = match call.param("objectType") {
                "" => call.param("objectTypeId"),
                key => key,
            };
            // An unknown type is the handler's to refuse: validation comes after the rate.
            let Some(kind) = object_types::resolve(portal, key) else {
                return Ok(());
            };
            let mut scopes = kind.definition_scopes();
            if kind.id() == "0-123" && route.patterns.iter().any(|p| p.contains("/pipelines/")) {
                // The one type with scopes of its pipelines (platform 6.2).
                scopes.push("crm.pipelines.orders.read".to_owned());
            }
            if scopes.iter().any(|scope| opens(call, portal, scope)) {
                Ok(())
            } else if kind.answers_in_permissions() {
                Err(ApiError::no_permission(
                    "view_schema",
                    kind.legacy_name(),
                    portal.id,
                    &format!("{}-read", kind.plural().replace('_', "-")),
                ))
            } else {
                Err(ApiError::missing_scopes(&scopes))
            }
        }
    }
}

/// Whether the token holds the scope and the account still has what it needs: a tier that was lost takes its scopes'
/// rights along, though the token still names them.
pub(crate) fn opens(call: &Call<'_>, portal: &Portal, scope: &str) -> bool {
    call.holds(scope) && scopes::available(scope, portal)
}

/// Whether the account has custom objects.
fn custom_open(portal: &Portal) -> bool {
    scopes::available("crm.schemas.custom.read", portal)
}

/// A permission's internal name for a route, which HubSpot lists nowhere: the area's with `-access`.
fn internal(route: &Route) -> String {
    let path = route.patterns.first().copied().unwrap_or_default();
    let area = path.trim_start_matches('/').split('/').next();
    format!("{}-access", area.unwrap_or_default())
}

/// 477, while the account moves to another data centre.
pub(crate) fn migration(retry_after: u32) -> ApiError {
    let mut error = ApiError::new(
        477,
        "This account is being migrated to another data center.",
    );
    error.detail.headers = vec![("retry-after", retry_after.to_string())];
    error
}
