//! Owns an app's feature flags and their state per account (platform 6.3). They are the developer's: no account's own.

use serde_json::{Value, json};

use super::page::json_body;
use crate::app_resources::{missing, number, of, text};
use crate::error::ApiError;
use crate::http::Response;
use crate::router::{Answer, Call};

const STATES: [&str; 3] = ["ABSENT", "OFF", "ON"];

/// `GET …/{appId}/flags/all`: names only.
pub(crate) fn all(call: &mut Call<'_>) -> Answer {
    let (_, resources) = of(call)?;
    let names: Vec<&String> = resources.flags.keys().collect();
    Ok(Response::json(200, &json!({ "flagsForApp": names })))
}

/// `GET …/{appId}/flags/{flagName}`.
pub(crate) fn one(call: &mut Call<'_>) -> Answer {
    let name = call.param("flagName").to_owned();
    let (_, resources) = of(call)?;
    let row = resources.flags.get(&name).ok_or_else(missing)?;
    Ok(Response::json(200, row))
}

/// `PUT …/{appId}/flags/{flagName}`: `defaultState`, and `overrideState` above all.
pub(crate) fn put(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let default = state(&body, "defaultState")?.to_owned();
    let above = match body.get("overrideState") {
        None | Some(Value::Null) => None,
        Some(_) => Some(state(&body, "overrideState")?),
    };
    let name = call.param("flagName").to_owned();
    let (app_id, resources) = of(call)?;
    let row = resources.flags.get_mut(&name).ok_or_else(missing)?;
    *row = json!({ "appId": app_id, "flagName": name, "defaultState": default });
    if let Some(above) = above {
        row["overrideState"] = json!(above);
    }
    Ok(Response::json(200, row))
}

/// `GET …/{flagName}/portals`: the accounts whose state was set.
pub(crate) fn portals(call: &mut Call<'_>) -> Answer {
    let name = call.param("flagName").to_owned();
    let (app_id, resources) = of(call)?;
    if !resources.flags.contains_key(&name) {
        return Err(missing());
    }
    let set = resources.portal_flags.iter();
    let rows: Vec<Value> = set
        .filter(|((flag, _), _)| *flag == name)
        .map(|((_, portal), state)| portal_row(app_id, &name, *portal, state))
        .collect();
    Ok(Response::json(200, &json!({ "portalFlagStates": rows })))
}

/// `GET …/{flagName}/portals/{portalId}`: what was set, or the flag's own state.
pub(crate) fn portal(call: &mut Call<'_>) -> Answer {
    let (name, portal) = flag_and_portal(call)?;
    let (app_id, resources) = of(call)?;
    let flag = resources.flags.get(&name).ok_or_else(missing)?;
    let set = resources.portal_flags.get(&(name.clone(), portal));
    let state = flag["overrideState"]
        .as_str()
        .or(set.map(String::as_str))
        .or(flag["defaultState"].as_str())
        .unwrap_or("ABSENT");
    Ok(Response::json(
        200,
        &portal_row(app_id, &name, portal, state),
    ))
}

/// `PUT …/{flagName}/portals/{portalId}`: `flagState`.
pub(crate) fn put_portal(call: &mut Call<'_>) -> Answer {
    let body = json_body(call)?;
    let state = state(&body, "flagState")?;
    let (name, portal) = flag_and_portal(call)?;
    let (app_id, resources) = of(call)?;
    if !resources.flags.contains_key(&name) {
        return Err(missing());
    }
    let key = (name.clone(), portal);
    resources.portal_flags.insert(key, state.to_owned());
    Ok(Response::json(
        200,
        &portal_row(app_id, &name, portal, state),
    ))
}

fn flag_and_portal(call: &Call<'_>) -> Result<(String, u64), ApiError> {
    let portal = number(call, "portalId")?;
    if !call.state.portals.contains_key(&portal) {
        return Err(missing());
    }
    Ok((call.param("flagName").to_owned(), portal))
}

fn portal_row(app_id: u64, flag: &str, portal: u64, state: &str) -> Value {
    json!({ "appId": app_id, "flagName": flag, "portalId": portal, "flagState": state })
}

fn state<'a>(body: &'a Value, name: &str) -> Result<&'a str, ApiError> {
    let state = text(body, name)?;
    if STATES.contains(&state) {
        Ok(state)
    } else {
        Err(ApiError::validation(format!("{state} is not a flag state")))
    }
}
