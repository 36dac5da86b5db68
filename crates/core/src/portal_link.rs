//! The way into the provider's own pages (P3). Owns the address and what may stand in it; opens nothing.

use crate::wire::{Account, Connection, Provider};

/// Where the portal opens in HubSpot, if HubSpot told a host that is HubSpot's (platform, section 3: `uiDomain`).
///
/// What came from outside is never trusted with where a person is led: any other host is no link.
pub fn portal_url(connection: &Connection) -> Option<String> {
    if connection.provider != Provider::Hubspot {
        return None;
    }
    let host = ui_host(&connection.account)?;
    let id = connection.account.portal_id.to_string();
    Some(["https://", host, "/contacts/", &id].concat())
}

/// `uiDomain`, if it is a plain host name under hubspot.com.
pub fn ui_host(account: &Account) -> Option<&str> {
    let host = account.ui_domain.as_deref()?;
    let name = host.strip_suffix(".hubspot.com")?;
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    (host.len() <= 100 && name.split('.').all(label)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::tests::connection;

    /// P3, UI-1: the link leads to HubSpot or is not there.
    #[test]
    fn only_a_host_of_hubspots_becomes_a_link() {
        for (domain, want) in [
            (None, None),
            (
                Some("app.hubspot.com"),
                Some("https://app.hubspot.com/contacts/4242"),
            ),
            (
                Some("app-eu1.hubspot.com"),
                Some("https://app-eu1.hubspot.com/contacts/4242"),
            ),
            (Some("hubspot.com"), None),
            (Some(".hubspot.com"), None),
            (Some("evil.example"), None),
            (Some("evil.example/.hubspot.com"), None),
            (Some("user@app.hubspot.com"), None),
            (Some("app.hubspot.com:8080"), None),
            (Some("app.hubspot.com.evil.example"), None),
            (Some("javascript:alert(1)//.hubspot.com"), None),
            (Some("a..hubspot.com"), None),
            (Some("-a.hubspot.com"), None),
            (Some("APP.hubspot.com"), None),
            (Some("\u{202e}app.hubspot.com"), None),
            (Some(""), None),
        ] {
            let mut connection = connection();
            connection.account.ui_domain = domain.map(str::to_owned);
            assert_eq!(portal_url(&connection).as_deref(), want, "{domain:?}");
            connection.provider = Provider::Github;
            assert_eq!(portal_url(&connection), None);
        }
    }
}
