//! Identifiers as newtypes: parsed once at the edge, so that the inside cannot be handed a wrong one.
//! Owns their spelling; never touches what they name.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a text is not an identifier of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}")]
pub struct InvalidId {
    /// What was wanted, e.g. `portal id`.
    pub kind: &'static str,
}

/// A HubSpot account's number: `hub_id` in OAuth answers, `portalId` elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct PortalId(pub u64);

impl fmt::Display for PortalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PortalId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { kind: "portal id" };
        // `u64::from_str` takes a leading plus; HubSpot never writes one.
        if !text.bytes().all(|byte| byte.is_ascii_digit()) || text.len() > 15 {
            return Err(invalid);
        }
        match text.parse() {
            Ok(0) | Err(_) => Err(invalid),
            Ok(number) => Ok(Self(number)),
        }
    }
}

macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(
            feature = "schema",
            derive(schemars::JsonSchema),
            schemars(extend("pattern" = crate::schema::OPAQUE_ID))
        )]
        pub struct $name(String);

        impl $name {
            /// The identifier as it stands on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let fits = (1..=64).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
                if fits { Ok(Self(text.to_owned())) } else { Err(InvalidId { kind: $kind }) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

opaque_id!(
    /// One connection of one org, chosen by the proxy: 1 to 64 characters of `[A-Za-z0-9_-]`.
    ConnectionId,
    "connection id"
);
opaque_id!(
    /// One authorization flow, chosen by the proxy: 1 to 64 characters of `[A-Za-z0-9_-]`.
    FlowId,
    "flow id"
);

opaque_id!(
    /// One workspace of one org, chosen by the proxy: 1 to 64 characters of `[A-Za-z0-9_-]`.
    WorkspaceId,
    "workspace id"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_id_is_a_positive_decimal_number() {
        for (text, want) in [
            ("1", Some(1)),
            ("4242", Some(4242)),
            ("999999999999999", Some(999_999_999_999_999)),
            ("0", None),
            ("", None),
            ("+1", None),
            ("-1", None),
            ("1.0", None),
            ("0x10", None),
            (" 1", None),
            ("9999999999999999", None),
        ] {
            assert_eq!(
                text.parse::<PortalId>().ok().map(|id| id.0),
                want,
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_opaque_id_refuses_what_could_change_a_path() {
        let long = "a".repeat(65);
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a%2fb",
            "a b",
            "ä",
            "a\n",
            long.as_str(),
        ] {
            assert!(bad.parse::<FlowId>().is_err(), "{bad:?}");
            assert!(
                serde_json::from_value::<ConnectionId>(bad.into()).is_err(),
                "{bad:?}"
            );
        }
        assert_eq!(
            "f_1-Z".parse::<FlowId>().map(String::from),
            Ok("f_1-Z".into())
        );
    }
}
