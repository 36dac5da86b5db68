//! Owns what happens to an account: edition, add-ons, name, health, limits, merging.

use serde_json::{Value, json};

use super::{Act, Action, Done, action};
use crate::control::args::{Field, Kind, may, need};
use crate::control::problem::Problem;
use crate::model::{Health, Hubs, Portal, Tier};
use crate::quota::Shrunk;
use crate::rate::BURST_LIMIT;

const PORTAL: Field = need("portal", Kind::Portal, "the portal");

#[rustfmt::skip]
pub(super) const ACTIONS: &[Action] = &[
    action("set-tier", "Moves a portal, or one hub of it, to another edition; grants keep their scopes.", &[
        PORTAL, need("tier", Kind::OneOf(&["free", "starter", "professional", "enterprise"]), "the edition"),
        may("hub", Kind::OneOf(&["marketing", "sales", "service", "content"]), "every hub if left out"),
    ], set_tier),
    action("set-add-ons", "Buys or drops add-ons.", &[
        PORTAL, may("brands", Kind::Flag, "the Brands add-on"), may("apiIncreases", Kind::Integer, "API limit increases bought: 0 to 2"),
    ], set_add_ons),
    action("rename-portal", "Gives a portal another account name.", &[
        PORTAL, need("name", Kind::Text, "the name"),
    ], rename),
    action("set-health", "Says what is wrong with a portal: migrating answers 477, gone answers BAD_HUB to refreshes.", &[
        PORTAL, need("health", Kind::OneOf(&["well", "migrating", "governance-block", "refresh-dies", "gone"]), "its state"),
        may("retryAfter", Kind::Integer, "for migrating: seconds; 60 if left out"),
        may("afterMs", Kind::Millis, "for refresh-dies: life of a refresh token; 0 if left out"),
    ], set_health),
    action("merge-portals", "Merges one portal into another: it is gone, and its properties, owners and lists are the survivor's.", &[
        need("portal", Kind::Portal, "the portal that goes"), need("into", Kind::Portal, "the portal that stays"),
    ], merge),
    action("set-limits", "Shrinks or widens a portal's rate limits; what is left out stays.", &[
        PORTAL, may("burst", Kind::Integer, "calls of one OAuth app per rolling ten seconds; HubSpot's is 110"),
        may("privateBurst", Kind::Integer, "the same of one private app or service key"),
        may("daily", Kind::Integer, "calls a day of all of those together"),
        may("search", Kind::Integer, "CRM searches a second"),
        may("associationsBurst", Kind::Integer, "association calls of one app per rolling ten seconds"),
        may("associationsDaily", Kind::Integer, "association calls a day"),
        may("usedToday", Kind::Integer, "calls that private apps have made in the account's day"),
    ], set_limits),
    action("reset-limits", "Gives a portal HubSpot's rate limits again, and empties every window.", &[PORTAL], reset_limits),
];

fn set_tier(act: &mut Act<'_>) -> Done {
    let tier = match act.args.needed("tier") {
        "free" => Tier::Free,
        "starter" => Tier::Starter,
        "professional" => Tier::Professional,
        _ => Tier::Enterprise,
    };
    let hub = act.args.text("hub").map(str::to_owned);
    let hubs = &mut act.portal()?.hubs;
    match hub.as_deref() {
        Some("marketing") => hubs.marketing = tier,
        Some("sales") => hubs.sales = tier,
        Some("service") => hubs.service = tier,
        Some(_) => hubs.content = tier,
        None => *hubs = Hubs::all(tier),
    }
    Ok(json!({ "highest": hubs.highest().label() }))
}

fn set_add_ons(act: &mut Act<'_>) -> Done {
    let (brands, increases) = (act.args.flag("brands"), act.args.number("apiIncreases"));
    let increases = increases.map(u8::try_from).transpose().ok().flatten();
    if act.args.number("apiIncreases").is_some_and(|n| n > 2) {
        return Err(Problem::invalid("apiIncreases takes 0 to 2."));
    }
    let portal = act.portal()?;
    portal.brands = brands.unwrap_or(portal.brands);
    portal.api_addons = increases.unwrap_or(portal.api_addons);
    Ok(json!({ "brands": portal.brands, "apiIncreases": portal.api_addons }))
}

fn rename(act: &mut Act<'_>) -> Done {
    let name = act.args.needed("name").to_owned();
    act.portal()?.name.clone_from(&name);
    Ok(json!({ "name": name }))
}

fn set_health(act: &mut Act<'_>) -> Done {
    let health = match act.args.needed("health") {
        "migrating" => Health::Migrating {
            retry_after: act.args.small("retryAfter").unwrap_or(60),
        },
        "governance-block" => Health::GovernanceBlock,
        "refresh-dies" => Health::RefreshDies {
            after_ms: act.args.number("afterMs").unwrap_or(0),
        },
        "gone" => Health::Gone,
        _ => Health::Well,
    };
    act.portal()?.health = health;
    Ok(json!({ "health": act.args.needed("health") }))
}

fn merge(act: &mut Act<'_>) -> Done {
    let (gone, survivor) = (act.portal_id()?, act.portal_in("into")?);
    if gone == survivor {
        return Err(Problem::conflict("A portal cannot be merged into itself."));
    }
    let portals = &mut act.state.portals;
    let source = portals.get(&gone).cloned();
    if let Some((source, target)) = source.zip(portals.get_mut(&survivor)) {
        take_over(&source, target);
    }
    act.portal()?.health = Health::Gone;
    Ok(json!({ "gone": gone, "survivor": survivor }))
}

/// What the survivor lacks of the portal that goes.
fn take_over(source: &Portal, target: &mut Portal) {
    for (kind, theirs) in &source.objects {
        // Custom types of the other portal have ids of their own; HubSpot merges none.
        let Some(ours) = target.objects.get_mut(kind) else {
            continue;
        };
        for property in &theirs.properties {
            if !ours.properties.iter().any(|p| p.name == property.name) {
                let mut property = property.clone();
                if !ours.groups.iter().any(|g| g.name == property.group_name) {
                    let group = theirs.groups.iter().find(|g| g.name == property.group_name);
                    match group {
                        Some(group) => ours.groups.push(group.clone()),
                        None => ours
                            .groups
                            .first()
                            .map_or("", |g| &g.name)
                            .clone_into(&mut property.group_name),
                    }
                }
                ours.properties.push(property);
            }
        }
    }
    for owner in &source.owners {
        if !target
            .owners
            .iter()
            .any(|o| o.id == owner.id || o.email == owner.email)
        {
            target.owners.push(owner.clone());
        }
    }
    let mut next = target
        .lists
        .iter()
        .filter_map(|l| l.id.parse::<u64>().ok())
        .max()
        .unwrap_or(0);
    for list in &source.lists {
        next += 1;
        let mut list = list.clone();
        list.id = next.to_string();
        target.lists.push(list);
    }
}

fn set_limits(act: &mut Act<'_>) -> Done {
    let (args, now) = (act.args, act.now);
    let portal = act.portal()?;
    let id = portal.id;
    portal.burst_limit = args.small("burst").unwrap_or(portal.burst_limit);
    let shrunk = &mut portal.shrunk;
    shrunk.private_burst = args.small("privateBurst").or(shrunk.private_burst);
    shrunk.daily = args.number("daily").or(shrunk.daily);
    shrunk.search = args.small("search").or(shrunk.search);
    shrunk.associations_burst = args
        .small("associationsBurst")
        .or(shrunk.associations_burst);
    shrunk.associations_daily = args
        .number("associationsDaily")
        .or(shrunk.associations_daily);
    let told = limits(portal);
    if let Some(used) = args.number("usedToday") {
        act.state.set_daily_usage(id, used, now);
    }
    Ok(told)
}

fn reset_limits(act: &mut Act<'_>) -> Done {
    let portal = act.portal()?;
    portal.burst_limit = BURST_LIMIT;
    portal.shrunk = Shrunk::default();
    let told = limits(portal);
    act.state.empty_windows();
    Ok(told)
}

fn limits(portal: &Portal) -> Value {
    json!({
        "burst": portal.burst_limit,
        "privateBurst": portal.private_burst_limit(),
        "daily": portal.daily_limit(),
        "search": portal.search_limit(),
        "associationsBurst": portal.associations_burst_limit(),
        "associationsDaily": portal.associations_daily_limit(),
    })
}
