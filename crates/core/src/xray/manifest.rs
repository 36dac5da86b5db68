//! The auth block of HubSpot's `app-hsmeta.json` (platform, section 1.6).
//! Owns its shape and layout, in the order in which HubSpot documents its members.

/// The block as a JSON document with the one member `auth`, as it stands inside the file's `config`.
///
/// Nothing is conditionally required: a scope that some accounts lack is better asked as optional.
pub fn app_hsmeta(redirect_uri: &str, required: &[String], optional: &[String]) -> String {
    let mut text = String::from("{\n  \"auth\": {\n    \"type\": \"oauth\",\n");
    list(&mut text, "redirectUrls", &[redirect_uri.to_owned()]);
    list(&mut text, "requiredScopes", required);
    list(&mut text, "optionalScopes", optional);
    text.push_str("    \"conditionallyRequiredScopes\": []\n  }\n}\n");
    text
}

fn list(text: &mut String, name: &str, items: &[String]) {
    text.push_str("    \"");
    text.push_str(name);
    text.push_str("\": [");
    for (at, item) in items.iter().enumerate() {
        text.push_str(if at == 0 { "\n      " } else { ",\n      " });
        text.push_str(&serde_json::Value::from(item.as_str()).to_string());
    }
    text.push_str(if items.is_empty() {
        "],\n"
    } else {
        "\n    ],\n"
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn owned(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    /// P7, B2, B4: the block is JSON of HubSpot's shape, whatever the names.
    #[test]
    fn the_block_has_hubspots_shape() {
        for (redirect, required, optional) in [
            (
                "https://proxy.example/callback/hubspot",
                vec!["oauth"],
                vec![],
            ),
            (
                "http://localhost:7878/callback/hubspot",
                vec!["oauth", "crm.schemas.deals.read"],
                vec!["forms", "automation"],
            ),
            ("https://x/\"\\\n", vec!["a\"b"], vec![""]),
        ] {
            let text = app_hsmeta(redirect, &owned(&required), &owned(&optional));
            let parsed: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                parsed,
                json!({ "auth": {
                    "type": "oauth",
                    "redirectUrls": [redirect],
                    "requiredScopes": required,
                    "optionalScopes": optional,
                    "conditionallyRequiredScopes": [],
                } })
            );
        }
    }

    #[test]
    fn the_block_is_laid_out_as_people_write_it() {
        assert_eq!(
            app_hsmeta(
                "https://p.example/callback/hubspot",
                &owned(&["oauth"]),
                &[]
            ),
            "{\n  \"auth\": {\n    \"type\": \"oauth\",\n    \"redirectUrls\": [\n      \
             \"https://p.example/callback/hubspot\"\n    ],\n    \"requiredScopes\": [\n      \"oauth\"\n    ],\n    \
             \"optionalScopes\": [],\n    \"conditionallyRequiredScopes\": []\n  }\n}\n"
        );
    }
}
