//! Owns who may call: credential → scope → rate, in the order of platform 9.2. Routes and handlers are given to it.

use crate::error::ApiError;
use crate::hubspot::object_types;
use crate::lag;
use crate::model::Health;
use crate::rate::{BURST_SPAN_MS, SEARCH_LIMIT, SEARCH_SPAN_MS};
use crate::router::{Access, Answer, Call, RateClass, Route};
use crate::scopes;
use crate::state::Holder;
use crate::time::MINUTE;

/// The handler's answer if the call may be made.
pub(crate) fn judged(call: &mut Call<'_>, route: &Route) -> Answer {
    if matches!(route.access, Access::Public) {
        return (route.handler)(call);
    }
    call.holder = Some(credential(call)?);
    let portal = call.portal()?;
    if let Health::Migrating { retry_after } = portal.health {
        return Err(migration(retry_after));
    }
    allowed(call, route)?;
    let headers = limited(call, route.rate)?;
    let present = lag::look_back(call, route);
    let mut response =
        (route.handler)(call).unwrap_or_else(|error| error.respond(call.correlation_id));
    lag::return_to(call, present);
    for (name, value) in headers {
        response.set(name, &value);
    }
    Ok(response)
}

fn credential(call: &Call<'_>) -> Result<Holder, ApiError> {
    let token = call
        .request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(ApiError::no_credentials)?;
    let record = call
        .state
        .access_tokens
        .get(token)
        .ok_or_else(ApiError::no_credentials)?;
    let gone = call
        .state
        .portals
        .get(&record.holder.portal)
        .is_none_or(|portal| portal.health == Health::Gone);
    if gone {
        return Err(ApiError::no_credentials());
    }
    if record.expires_at <= call.now {
        return Err(ApiError::expired((call.now - record.expires_at) / MINUTE));
    }
    Ok(record.holder.clone())
}

fn allowed(call: &Call<'_>, route: &Route) -> Result<(), ApiError> {
    let portal = call.portal()?;
    match route.access {
        Access::Public => Ok(()),
        Access::DeveloperKey => Err(ApiError::new(
            403,
            "This endpoint needs a developer API key of the app; the token of an install does not open it.",
        )),
        Access::AnyOf(scopes) => {
            if route.need.met_by(portal) && scopes.iter().any(|scope| call.holds(scope)) {
                Ok(())
            } else {
                let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
                Err(ApiError::missing_scopes(&scopes))
            }
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
            // A tier that was lost takes its scopes' rights along, though the token still names them.
            let held = |scope: &String| call.holds(scope) && scopes::available(scope, portal);
            if scopes.iter().any(held) {
                Ok(())
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
        Access::Definition => {
            let key = match call.param("objectType") {
                "" => call.param("objectTypeId"),
                key => key,
            };
            // An unknown type is the handler's to refuse: validation comes after the rate.
            let Some(kind) = object_types::resolve(portal, key) else {
                return Ok(());
            };
            let scopes = kind.definition_scopes();
            if scopes.iter().any(|scope| call.holds(scope)) {
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

/// Counts the call and gives the headers of its window.
fn limited(call: &mut Call<'_>, class: RateClass) -> Result<Vec<(&'static str, String)>, ApiError> {
    let Some(holder) = &call.holder else {
        return Ok(Vec::new());
    };
    let (now, portal) = (call.now, holder.portal);
    match class {
        RateClass::Free => Ok(Vec::new()),
        RateClass::Search => {
            let window = call.state.search.entry(portal).or_default();
            match window.admit(now, SEARCH_SPAN_MS, SEARCH_LIMIT) {
                Some(_) => Ok(Vec::new()),
                None => Err(ApiError::rate_limit("SECONDLY")),
            }
        }
        RateClass::Burst => {
            let limit = call.state.portals.get(&portal).map_or(0, |p| p.burst_limit);
            let key = (holder.client_id.clone(), portal);
            let window = call.state.burst.entry(key).or_default();
            let admitted = window.admit(now, BURST_SPAN_MS, limit);
            let secondly = limit / 10;
            let secondly_left = secondly.saturating_sub(window.since(now.saturating_sub(999)));
            let headers = vec![
                (
                    "x-hubspot-ratelimit-interval-milliseconds",
                    BURST_SPAN_MS.to_string(),
                ),
                ("x-hubspot-ratelimit-max", limit.to_string()),
                (
                    "x-hubspot-ratelimit-remaining",
                    admitted.unwrap_or(0).to_string(),
                ),
                ("x-hubspot-ratelimit-secondly", secondly.to_string()),
                (
                    "x-hubspot-ratelimit-secondly-remaining",
                    secondly_left.to_string(),
                ),
            ];
            if admitted.is_some() {
                Ok(headers)
            } else {
                let mut error = ApiError::rate_limit("TEN_SECONDLY_ROLLING");
                error.detail.headers = headers;
                Err(error)
            }
        }
    }
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
