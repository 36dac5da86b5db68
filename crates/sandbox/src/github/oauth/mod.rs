//! GitHub as an authorization server, and the pages by which an app is installed. Knows no repository's contents.

pub(super) mod authorize;
pub(super) mod install;
pub(super) mod pages;
pub(super) mod redirect;
pub(super) mod scopes;
pub(super) mod token;
