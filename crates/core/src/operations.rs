//! The relay's named operations: the one table of what may be asked of a provider.
//! Owns methods, path templates and argument patterns; builds request targets, sends nothing.
//!
//! HubSpot's paths, scopes and paging: platform, sections 3, 6.2 and 6.3. GitHub's: its REST reference, where pages
//! are counted from 1 by `page` and `per_page`; its `Link` header is not passed on.

mod arguments;
mod table;

pub(crate) use arguments::push_percent_encoded;
pub use arguments::{ArgumentError, RequestTarget, request_target};
pub use table::{OPERATIONS, operation};

use crate::connection_type::Capability;
use crate::wire::Provider;

/// HTTP method of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Reads whose arguments stand in the body.
    Post,
}

/// What a value must look like before it may enter a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Object type name, id, or fully qualified name: 1 to 100 of `[A-Za-z0-9_-]`.
    ObjectType,
    /// Identifier: 1 to 100 of `[A-Za-z0-9_-]`.
    Id,
    /// GitHub's owners and repositories: 1 to 100 of `[A-Za-z0-9._-]`, but neither `.` nor `..`.
    Name,
    /// Decimal number of 1 up to this.
    Limit(u32),
    /// Opaque cursor: 1 to 512 printable ASCII characters; percent-encoded as a query value.
    Cursor,
    /// `true` or `false`.
    Bool,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// A query parameter an operation allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryParameter {
    /// The provider's name for it.
    pub name: &'static str,
    /// What it must look like.
    pub pattern: Pattern,
}

/// What the JSON body must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// No body at all.
    None,
    /// `POST /crm/lists/…/search`: `count` 1 to 500, `offset`, and arrays of words.
    ListSearch,
    /// `POST /automation/v4/flows/batch/read`: 1 to 100 inputs of a flow id.
    FlowBatch,
}

/// How the provider counts a call (platform, section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateClass {
    /// The rolling window per app and account.
    Burst,
    /// GitHub's: the hour per person, and fewer at once.
    Hourly,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name in the relay's path: `[a-z_.]`.
    pub name: &'static str,
    /// Whose API.
    pub provider: Provider,
    /// HTTP method.
    pub method: Method,
    /// Path with `{parameter}` segments; always starts with a slash.
    pub path: &'static str,
    /// Pattern of each path parameter.
    pub params: &'static [(&'static str, Pattern)],
    /// Query parameters it allows; each may be absent.
    pub query: &'static [QueryParameter],
    /// The body it takes.
    pub body: Body,
    /// What the connection type must allow.
    pub capability: Capability,
    /// How calls are counted.
    pub rate: RateClass,
}
