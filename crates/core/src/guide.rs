//! The set-up guide's lines: addresses, commands and configuration with a developer's own values filled in (B1–B18).
//! Owns their text and quoting. Knows no secret: where one belongs stands the name of a variable of the shell.
//!
//! Source: platform, sections 1.1, 1.3 and 2; docs/ballerina.md.

mod quoting;
mod steps;

pub use quoting::{heredoc, shell, toml};
pub use steps::{Check, Facts, Portal, Standing, Step, check, portal};

use crate::authorize::{UnsafeEndpoint, install_url};
use crate::ids::PortalId;

/// The variable that holds the app's client secret: it is never typed into a page.
pub const SECRET: &str = "HUBSPOT_CLIENT_SECRET";
const REFRESH_TOKEN: &str = "HUBSPOT_REFRESH_TOKEN";
/// Where a try by hand comes back to by default: nothing needs to listen there, the address bar shows the code.
pub const BY_HAND: &str = "http://localhost:9090/callback";
/// What HubSpot's own pages and interfaces are at.
const API: &str = "https://api.hubapi.com";

/// A piece of a line: what somebody filled in is never read as more than text.
#[derive(Clone, Copy)]
enum Part<'a> {
    Text(&'a str),
    /// Name of a variable of the shell.
    Variable(&'a str),
}
use Part::{Text, Variable};

/// What the lines are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// OAuth client id of the app; empty while it is not known.
    pub client_id: String,
    /// Redirect URL of the try by hand.
    pub redirect_uri: String,
    /// Binds the install page to one account, where it is wanted.
    pub portal: Option<PortalId>,
    /// Host of HubSpot's pages, as the session names it.
    pub host: String,
    /// Scopes that the app's settings require.
    pub required: Vec<String>,
    /// Scopes that they list as optional.
    pub optional: Vec<String>,
    /// Base URL of this proxy.
    pub proxy: String,
    /// The organization's id.
    pub org: String,
    /// The connection that access tokens are wanted for; empty while there is none.
    pub connection: String,
}

impl Values {
    /// The proxy's callback: the redirect URL that the app needs for Portico (B4).
    pub fn callback(&self) -> String {
        [&self.proxy, "/callback/hubspot"].concat()
    }

    /// Origin of HubSpot's pages.
    pub fn web(&self) -> String {
        let scheme = if is_loopback(&self.host) {
            "http://"
        } else {
            "https://"
        };
        [scheme, &self.host].concat()
    }

    /// Origin of token endpoint and interfaces: HubSpot's, or the sandbox's, which serves all from one address.
    pub fn api(&self) -> String {
        if self.is_hubspots_own() {
            API.into()
        } else {
            self.web()
        }
    }

    fn is_hubspots_own(&self) -> bool {
        self.host == "hubspot.com" || self.host.ends_with(".hubspot.com") || self.host.is_empty()
    }

    /// The token endpoint (B10).
    pub fn token_endpoint(&self) -> String {
        [&self.api(), "/oauth/2026-03/token"].concat()
    }

    /// The address to open (B6): scopes joined by `%20`.
    pub fn authorize_url(&self) -> Result<String, UnsafeEndpoint> {
        let mut endpoint = self.web();
        endpoint.push_str("/oauth/");
        if let Some(portal) = self.portal {
            endpoint.push_str(&portal.to_string());
            endpoint.push('/');
        }
        endpoint.push_str("authorize");
        install_url(
            &endpoint,
            self.client_id_or_name(),
            &self.redirect_uri,
            &self.required,
            &self.optional,
        )
    }

    /// What stands for a client id that is not filled in yet.
    fn client_id_or_name(&self) -> &str {
        match self.client_id.as_str() {
            "" => "CLIENT_ID",
            id => id,
        }
    }

    /// The exchange by hand (B10, B13): form-encoded, with exactly these parameters.
    pub fn exchange(&self) -> String {
        self.token_call(&[
            ("grant_type", Text("authorization_code")),
            ("code", Variable("CODE")),
            ("redirect_uri", Text(&self.redirect_uri)),
            ("client_id", Text(self.client_id_or_name())),
            ("client_secret", Variable(SECRET)),
        ])
    }

    /// The refresh by hand (B12).
    pub fn refresh(&self) -> String {
        self.token_call(&[
            ("grant_type", Text("refresh_token")),
            ("refresh_token", Variable(REFRESH_TOKEN)),
            ("client_id", Text(self.client_id_or_name())),
            ("client_secret", Variable(SECRET)),
        ])
    }

    fn token_call(&self, parameters: &[(&str, Part<'_>)]) -> String {
        let mut line =
            String::from("curl --fail-with-body --silent --show-error \\\n  --request POST ");
        line.push_str(&shell(&self.token_endpoint()));
        for (name, value) in parameters {
            line.push_str(" \\\n  --data-urlencode ");
            line.push_str(&match value {
                Text(text) => shell(&[name, "=", text].concat()),
                // Double quotes: the shell fills it in.
                Variable(variable) => ["\"", name, "=$", variable, "\""].concat(),
            });
        }
        line
    }

    /// A first call with an access token, or with a private app's, which is used the same way (B16).
    pub fn first_call(&self, variable: &str) -> String {
        [
            "curl --fail-with-body --silent --show-error \\\n  ",
            &shell(&[&self.api(), "/account-info/2026-03/details"].concat()),
            " \\\n  --header \"Authorization: Bearer $",
            variable,
            "\"",
        ]
        .concat()
    }

    /// Puts the client secret into the file that `portico.toml` names, for its owner alone (B18).
    pub fn secret_file(&self) -> String {
        [
            "(umask 077 && printf '%s\\n' \"$",
            SECRET,
            "\" > hubspot-secret)",
        ]
        .concat()
    }

    /// `portico.toml` of a proxy for one organization.
    pub fn portico_toml(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: &str| {
            text.push_str(name);
            text.push_str(" = ");
            text.push_str(value);
            text.push('\n');
        };
        line("base_url", &toml(&self.proxy));
        line("listen", &toml(&["127.0.0.1:", self.port()].concat()));
        line("data_dir", "\"portico-data\"");
        line("app_dir", "\"dist\"");
        line("\n[solo]\norg", &toml(&self.org));
        if !self.proxy.starts_with("http://") {
            line("behind_tls", "true");
        }
        line("\n[hubspot]\nclient_id", &toml(self.client_id_or_name()));
        line("client_secret_file", "\"hubspot-secret\"");
        if !self.is_hubspots_own() {
            line("authorize_base", &toml(&self.web()));
            line("api_base", &toml(&self.api()));
        }
        line("required_scopes", &list(&self.required));
        line("optional_scopes", &list(&self.optional));
        text
    }

    /// The port of a proxy on this machine; behind TLS it is whichever stands behind.
    fn port(&self) -> &str {
        let port = self.proxy.strip_prefix("http://");
        let port = port.and_then(|rest| rest.rsplit_once(':'));
        match port {
            Some((_, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => port,
            _ => "7878",
        }
    }

    /// `Config.toml` of the Ballerina connector with HubSpot's own tokens, which somebody then has to guard.
    pub fn ballerina_own(&self) -> String {
        config_toml(&[
            ("clientId", &[Text(self.client_id_or_name())]),
            ("clientSecret", &[Variable(SECRET)]),
            ("refreshToken", &[Variable(REFRESH_TOKEN)]),
            ("refreshUrl", &[Text(&self.token_endpoint())]),
        ])
    }

    /// The same with Portico as the broker: no token and no secret of HubSpot's leaves the proxy.
    pub fn ballerina_broker(&self) -> String {
        let connection = match self.connection.as_str() {
            "" => Variable("CONNECTION"),
            id => Text(id),
        };
        config_toml(&[
            ("clientId", &[Text("deals")]),
            ("clientSecret", &[Variable("SERVICE_KEY")]),
            ("refreshToken", &[connection, Text("@"), Text(&self.org)]),
            ("refreshUrl", &[Text(&self.proxy), Text("/oauth/token")]),
        ])
    }
}

/// Written by the shell, so that secrets come from its variables and the file is its owner's alone.
fn config_toml(fields: &[(&str, &[Part<'_>])]) -> String {
    let mut text = String::from("(umask 077 && cat > Config.toml <<END\n");
    for (name, parts) in fields {
        text.push_str(name);
        text.push_str(" = \"");
        for part in *parts {
            match part {
                Text(plain) => text.push_str(&heredoc(&quoting::toml_inside(plain))),
                Variable(variable) => text.push_str(&["$", variable].concat()),
            }
        }
        text.push_str("\"\n");
    }
    text.push_str("END\n)");
    text
}

fn list(scopes: &[String]) -> String {
    let mut text = String::from("[");
    for (at, scope) in scopes.iter().enumerate() {
        text.push_str(if at == 0 { "\n  " } else { ",\n  " });
        text.push_str(&toml(scope));
    }
    text.push_str(if scopes.is_empty() { "]" } else { ",\n]" });
    text
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// What is wrong with a redirect URL, as HubSpot would judge it (platform, section 1.1); nothing, if it is fine.
pub fn redirect_fault(url: &str) -> Option<&'static str> {
    let (rest, secure) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => {
            return Some("It must begin with https://, or http://localhost while trying.");
        }
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    let numbers = host.bytes().all(|b| b.is_ascii_digit() || b == b'.') || host.starts_with('[');
    match () {
        () if host.is_empty() || url.contains(char::is_whitespace) => {
            Some("It is not a whole address.")
        }
        () if rest.contains('#') || authority.contains('@') => {
            Some("It may have no user and no part behind a #.")
        }
        () if numbers => Some("HubSpot takes no IP addresses: write localhost, or a name."),
        () if !secure && host != "localhost" => Some("Without https only localhost is taken."),
        () => None,
    }
}

#[cfg(test)]
mod tests;
