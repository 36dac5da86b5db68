//! Owns the endpoints of branches.

use serde_json::{Value, json};

use super::objects::full_commit;
use crate::github::answer::{Page, in_url, json};
use crate::github::call::{Answer, Call};
use crate::github::error::Error;
use crate::github::model::Repository;

fn protection(on: bool) -> Value {
    json!({
        "enabled": on,
        "required_status_checks": { "enforcement_level": "off", "contexts": [], "checks": [] },
    })
}

fn url(call: &Call<'_>, name: &str) -> Result<String, Error> {
    Ok(format!(
        "{}/branches/{}",
        call.repository_url()?,
        in_url(name)
    ))
}

/// `GET /repos/{owner}/{repo}/branches`, in order of name.
pub(in crate::github) fn list(call: &mut Call<'_>) -> Answer {
    let repository: &Repository = call.repository()?;
    let wanted = call.query.filled("protected").map(|v| v == "true");
    let found: Vec<(String, String, bool)> = repository
        .branches()
        .map(|(name, oid)| {
            (
                name.to_owned(),
                oid.to_string(),
                repository.protected.contains(name),
            )
        })
        .filter(|(_, _, on)| wanted.is_none_or(|wanted| wanted == *on))
        .collect();
    let page = Page::of(call, found);
    let mut shown = Vec::new();
    for (name, sha, on) in &page.items {
        shown.push(json!({
            "name": name,
            "commit": { "sha": sha, "url": format!("{}/commits/{sha}", call.repository_url()?) },
            "protected": on,
            "protection": protection(*on),
            "protection_url": format!("{}/protection", url(call, name)?),
        }));
    }
    Ok(page.respond(&shown))
}

/// `GET /repos/{owner}/{repo}/branches/{branch}`
pub(in crate::github) fn one(call: &mut Call<'_>) -> Answer {
    let name = call.param("branch");
    let repository = call.repository()?;
    let oid = repository
        .branch(name)
        .ok_or_else(|| Error::new(404, "Branch not found"))?;
    let on = repository.protected.contains(name);
    let address = url(call, name)?;
    let html = format!(
        "{}/{}/tree/{}",
        call.base,
        call.full_name(repository),
        in_url(name)
    );
    Ok(json(
        200,
        &json!({
            "name": name,
            "commit": full_commit(call, oid)?,
            "_links": { "self": address, "html": html },
            "protected": on,
            "protection": protection(on),
            "protection_url": format!("{address}/protection"),
        }),
    ))
}
