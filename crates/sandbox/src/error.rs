//! Owns HubSpot's API error envelope (platform 9). OAuth's own errors live in `oauth::error`.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use serde_json::{Value, json};

use crate::http::Response;
use crate::rng::Rng;

/// `groupName` of an OAuth app's 429; not documented.
pub(crate) const OAUTH_GROUP: &str = "publicapi:oauth:install";

/// The envelope in HubSpot's own order of keys, which a JSON map would lose.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    status: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<&'a str>,
    correlation_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_category: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// The 403 of scopes tells its links before its errors (shape A of the page).
    #[serde(rename = "links", skip_serializing_if = "Option::is_none")]
    links_first: Option<&'a Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Ordered<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<&'a Value>,
}

/// Members of an error in the order in which the page prints them (platform 9.1).
const ORDER: [&str; 10] = [
    "status",
    "message",
    "id",
    "code",
    "in",
    "category",
    "subCategory",
    "errors",
    "context",
    "links",
];

/// A row of `errors[]` in HubSpot's order of keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ordered<'a>(pub(crate) &'a Value);

/// Rows of `errors[]` in HubSpot's order of keys.
pub(crate) fn ordered(rows: &[Value]) -> Vec<Ordered<'_>> {
    rows.iter().map(Ordered).collect()
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(members) = self.0 else {
            return self.0.serialize(serializer);
        };
        let known = ORDER.iter().filter_map(|name| members.get_key_value(*name));
        let others = members
            .iter()
            .filter(|(name, _)| !ORDER.contains(&name.as_str()));
        let mut map = serializer.serialize_map(Some(members.len()))?;
        for (name, value) in known.chain(others) {
            match value {
                Value::Array(rows) if name == "errors" => {
                    map.serialize_entry(name, &ordered(rows))?;
                }
                value => map.serialize_entry(name, value)?,
            }
        }
        map.end()
    }
}

/// Why an API call was refused; turned into the envelope when the correlation id is known.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub(crate) status: u16,
    /// For people; matched by clients only where the platform page quotes it.
    pub(crate) message: String,
    /// What only some errors have; boxed, because every handler's result carries an error's size.
    pub(crate) detail: Box<Detail>,
}

/// The optional members of the envelope.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detail {
    pub(crate) category: Option<&'static str>,
    /// The finer word, for the errors whose word is known.
    pub(crate) sub_category: Option<&'static str>,
    pub(crate) errors: Vec<Value>,
    /// `context`: names to lists of strings.
    pub(crate) context: Option<Value>,
    links: Option<Value>,
    /// The policy of a 429, which also brings `errorType`.
    policy: Option<String>,
    /// `groupName` of a 429.
    group: Option<String>,
    /// Extra response headers.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl ApiError {
    /// An error of `status` with a message and no category.
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            detail: Box::default(),
        }
    }

    /// The same error with a category.
    #[must_use]
    pub(crate) fn category(mut self, category: &'static str) -> Self {
        self.detail.category = Some(category);
        self
    }

    /// The same error with a sub-category (`PipelineError.STAGE_ID_IN_USE`).
    #[must_use]
    pub(crate) fn sub_category(mut self, sub_category: &'static str) -> Self {
        self.detail.sub_category = Some(sub_category);
        self
    }

    /// The same error with `context`: names to lists of strings.
    #[must_use]
    pub(crate) fn context(mut self, context: Value) -> Self {
        self.detail.context = Some(context);
        self
    }

    /// The same error with `errors[]`.
    #[must_use]
    pub(crate) fn errors(mut self, errors: Vec<Value>) -> Self {
        self.detail.errors = errors;
        self
    }

    /// The error as one row of a multi-status answer (platform 6.5, 7).
    pub(crate) fn row(&self) -> Value {
        let mut row = json!({ "status": "error", "message": self.message });
        if let Some(category) = self.detail.category {
            row["category"] = json!(category);
        }
        if !self.detail.errors.is_empty() {
            row["errors"] = json!(self.detail.errors);
        }
        row["context"] = self.detail.context.clone().unwrap_or_else(|| json!({}));
        row
    }

    /// 400 `VALIDATION_ERROR`.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, message).category("VALIDATION_ERROR")
    }

    /// 404 `OBJECT_NOT_FOUND`.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, message).category("OBJECT_NOT_FOUND")
    }

    /// 401 for no or an unknown token.
    pub(crate) fn no_credentials() -> Self {
        Self::new(
            401,
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and \
             you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        )
        .category("INVALID_AUTHENTICATION")
    }

    /// 401 for no token on routes of the generations v1 and v2 (platform 9.2).
    pub(crate) fn no_legacy_credentials() -> Self {
        Self::new(
            401,
            "Any of the listed authentication credentials are missing",
        )
        .category("INVALID_AUTHENTICATION")
    }

    /// 403 for an edition or add-on that the account lacks, where every scope is held: a permission, told in internal
    /// names and without category (platform 8.4).
    pub(crate) fn no_product(portal: u64, internal: &str) -> Self {
        Self::new(
            403,
            format!(
                "You do not have permissions to make this call in portal {portal} (requires one of [{internal}])"
            ),
        )
    }

    /// 401 for a token past its life.
    pub(crate) fn expired(minutes: u64) -> Self {
        let mut error = Self::new(
            401,
            format!("The OAuth token used to make this call expired {minutes} minute(s) ago."),
        )
        .category("EXPIRED_AUTHENTICATION");
        error.detail.context = Some(json!({ "expire time": [minutes.to_string()] }));
        error
    }

    /// 403 shape A: the granular scopes of which one is needed.
    pub(crate) fn missing_scopes(any_of: &[String]) -> Self {
        let mut error = Self::new(
            403,
            "This app hasn't been granted all required scopes to make this call. Read more about \
             required scopes here: https://developers.hubspot.com/scopes.",
        )
        .category("MISSING_SCOPES");
        error.detail.links = Some(json!({ "scopes": "https://developers.hubspot.com/scopes" }));
        error.detail.errors = vec![json!({
            "message": "One or more of the following scopes are required.",
            "context": { "requiredGranularScopes": any_of },
        })];
        error
    }

    /// 403 shape B: a permission, told in HubSpot's internal names and without category.
    pub(crate) fn no_permission(
        what: &str,
        legacy_type: &str,
        portal: u64,
        internal: &str,
    ) -> Self {
        Self::new(
            403,
            format!(
                "You do not have permissions to {what} object type \
                 ObjectTypeId{{legacyObjectType={legacy_type}}} in portal {portal} (requires one of [{internal}])"
            ),
        )
    }

    /// 429 of one policy. `policy` is `TEN_SECONDLY_ROLLING`, `DAILY` or `SECONDLY`.
    pub(crate) fn rate_limit(policy: &str) -> Self {
        let mut error = Self::new(
            429,
            format!(
                "You have reached your {} limit.",
                policy.to_ascii_lowercase()
            ),
        );
        error.detail.policy = Some(policy.to_owned());
        if policy == "TEN_SECONDLY_ROLLING" {
            error.detail.group = Some(OAUTH_GROUP.to_owned());
        }
        error
    }

    /// The same 429 with another `groupName`.
    #[must_use]
    pub(crate) fn group(mut self, group: String) -> Self {
        self.detail.group = Some(group);
        self
    }

    /// 403 for a credential whose creator has lost the rights it leans on (platform 1.6).
    pub(crate) fn user_without_permissions() -> Self {
        Self::new(
            403,
            "The user who created this app no longer has the permissions to make this call.",
        )
        .category("USER_DOES_NOT_HAVE_PERMISSIONS")
    }

    /// The response, body and header sharing one correlation id.
    pub(crate) fn respond(&self, correlation_id: &str) -> Response {
        let detail = &self.detail;
        let limited = detail.policy.as_deref();
        let scopes = detail.category == Some("MISSING_SCOPES");
        // The documented example of a spent day has one; as stable as the answer's own id.
        let request_id = (limited == Some("DAILY")).then(|| Rng::fork(0, correlation_id).uuid());
        let mut response = Response::json(
            self.status,
            &Envelope {
                status: "error",
                message: &self.message,
                error_type: limited.map(|_| "RATE_LIMIT"),
                correlation_id,
                category: detail.category,
                sub_category: detail.sub_category,
                policy_name: limited,
                group_name: detail.group.as_deref(),
                request_id: request_id.as_deref(),
                links_first: detail.links.as_ref().filter(|_| scopes),
                errors: ordered(&detail.errors),
                context: detail.context.as_ref(),
                links: detail.links.as_ref().filter(|_| !scopes),
            },
        );
        for (name, value) in &detail.headers {
            response.set(name, value);
        }
        response
    }
}
