//! The description of this interface (OpenAPI 3.1), made from the list of routes, the types of the wire, the table of
//! relayed operations and the catalogue of errors. Owns the frame; what each route takes and answers stands below.
//!
//! Only tools carry it (the feature `openapi`): what they write is `docs/openapi.json`, and the proxy serves that.

mod backend;
mod browsers;
mod described;
mod people;
mod problems;
mod relayed;
mod schemas;
mod watchers;

use super::routes;
use described::Described;
use portico_core::operations::OPERATIONS;
use problems::Problems;
use schemas::Schemas;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// In the router's paths, where the document has one path for each operation.
const OPERATION: &str = "{operation}";

const ABOUT: &str = "Portico guards the grants of HubSpot and GitHub for web apps that may not hold them.\n\n\
    A request carries one `Authorization` header. Pages also send their `Origin`, which must be the one the session \
    was made for; browsers do that by themselves, and a same-origin GET needs none. \
    Every error is an `application/problem+json` with a stable `code`, save the pages of `/callback`. \
    A method that a path does not have is answered with 405 and `method_not_allowed`, a path that is not there with \
    404 and `not_found`. A body has at most 64 KiB (a relayed call's 1 MiB), an address 8 KiB, all header fields \
    16 KiB; a head of more than 64 fields or 32 KiB ends the connection with a bare 431. Fields of answers that a reader does not know are to be ignored; fields of requests that the proxy does \
    not know are refused.";

/// The whole document.
///
/// Errors: a route without a description, a description without a route, or two schemas of one name.
pub(crate) fn document() -> Result<Value, String> {
    let mut schemas = Schemas::new();
    let described: Vec<Described> = [
        people::all(&mut schemas),
        relayed::all(),
        backend::all(&mut schemas),
        browsers::all(&mut schemas),
        watchers::all(),
    ]
    .concat();
    compare(&described)?;
    let mut problems = Problems::default();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for operation in described {
        let of_path = paths.entry(operation.path.clone()).or_default();
        let method = operation.method.as_str().to_ascii_lowercase();
        of_path.insert(method, operation.render(&mut problems));
    }
    let parameters = json!({
        "id": described::id_parameter(),
        "version": described::version_parameter(),
    });
    Ok(json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Portico's proxy",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "The proxy that serves this document." }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas.finish()?,
            "parameters": parameters,
            "headers": problems::headers(),
            "responses": problems.finish(),
            "securitySchemes": security_schemes(),
        },
    }))
}

/// Every route has its description, and every description its route.
fn compare(described: &[Described]) -> Result<(), String> {
    let mut there = BTreeSet::new();
    for (method, path) in routes::all() {
        if path.contains(OPERATION) {
            for operation in OPERATIONS {
                there.insert(format!(
                    "{method} {}",
                    path.replace(OPERATION, operation.name)
                ));
            }
        } else {
            there.insert(format!("{method} {path}"));
        }
    }
    let mut told = BTreeSet::new();
    let mut names = BTreeSet::new();
    for operation in described {
        let name = format!("{} {}", operation.method, operation.path);
        if !told.insert(name.clone()) || !names.insert(operation.id.clone()) {
            return Err(format!("{name} is described twice"));
        }
    }
    let untold: Vec<&String> = there.difference(&told).collect();
    let made_up: Vec<&String> = told.difference(&there).collect();
    if untold.is_empty() && made_up.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "routes without a description: {untold:?}; descriptions without a route: {made_up:?}"
        ))
    }
}

fn tags() -> Value {
    let tags = [
        ("session", "Who asks."),
        (
            "flows",
            "Authorizations: from the Add Portal button to a connection.",
        ),
        ("connections", "Connected accounts, as facts."),
        ("relay", "Named reads at the provider, its JSON as it came."),
        ("workspaces", "Groups of connections."),
        ("events", "News as it happens."),
        ("journal", "Who did what, for admins."),
        (
            "backend",
            "For a partner's own backend, where the operator turned it on.",
        ),
        (
            "solo",
            "For a proxy of one person, introduced by a launch link; absent on others.",
        ),
        (
            "browser",
            "Where consent pages send browsers; the answers are pages.",
        ),
        ("operation", "For whoever runs the proxy."),
    ];
    tags.iter()
        .map(|(name, text)| json!({ "name": name, "description": text }))
        .collect()
}

fn security_schemes() -> Value {
    json!({
        "session": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "A session of at most 600 seconds: a JWT of type `portico-session+jwt`, signed by the partner \
                (`EdDSA` or `ES256`, header `kid`) or by a solo proxy. Claims: `iss`, `aud` (the proxy's base URL), \
                `sub`, `org`, `role` (`admin` or `member`), `plan.max_connections`, `origin`, `iat`, `exp`, `jti`. \
                docs/partners.md shows how one is made.",
        },
        "serviceKey": {
            "type": "http", "scheme": "bearer",
            "description": "A service key of the operator's configuration: `portico_sk_…`. Never from a browser.",
        },
        "serviceClient": {
            "type": "http", "scheme": "basic",
            "description": "The same key as OAuth clients show it: its id as the user, the key as the password.",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_made_and_each_reference_leads_somewhere() {
        let document = document().unwrap();
        let mut open = vec![&document];
        let mut references = 0;
        while let Some(value) = open.pop() {
            match value {
                Value::Array(items) => open.extend(items),
                Value::Object(members) => {
                    if let Some(Value::String(reference)) = members.get("$ref") {
                        let place = reference.strip_prefix('#').unwrap();
                        assert!(document.pointer(place).is_some(), "{reference}");
                        references += 1;
                    }
                    open.extend(members.values());
                }
                _ => {}
            }
        }
        assert!(references > 100, "{references}");
    }

    #[test]
    fn a_route_without_a_description_is_found_and_the_other_way_round() {
        let all = || watchers::all();
        let fault = compare(&all()).unwrap_err();
        assert!(fault.contains("GET /v1/session"), "{fault}");
        let mut more = all();
        more[0].path = "/nowhere".into();
        let fault = compare(&more).unwrap_err();
        assert!(
            fault.contains("without a route: [\"GET /nowhere\"]"),
            "{fault}"
        );
        assert!(compare(&[all(), all()].concat()).is_err());
    }
}
