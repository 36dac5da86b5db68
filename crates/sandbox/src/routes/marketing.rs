//! Owns the routes of marketing, content and communication (platform 6.3). Holds no logic.

use super::get;
use crate::hubspot::collections;
use crate::model::Tier;
use crate::router::{Access, Route};
use crate::scopes::Need;

const CONTENT: Access = Access::AnyOf(&["content"]);

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    get(&["/marketing/v3/emails", "/marketing/emails/{date}"], CONTENT, collections::marketing_emails, "platform 6.3"),
    get(&["/marketing/v3/campaigns", "/marketing/campaigns/{date}"], Access::AnyOf(&["marketing.campaigns.read"]), collections::campaigns, "platform 6.3").needs(Need::Marketing(Tier::Professional)),
    get(&["/cms/v3/pages/site-pages", "/cms/pages/{date}/site-pages"], CONTENT, collections::site_pages, "platform 6.3"),
    get(&["/cms/v3/pages/landing-pages", "/cms/pages/{date}/landing-pages"], CONTENT, collections::landing_pages, "platform 6.3"),
    get(&["/cms/v3/blog-settings/settings", "/cms/blog-settings/{date}/settings"], CONTENT, collections::blog_settings, "platform 6.3"),
    get(&["/cms/v3/hubdb/tables", "/cms/hubdb/{date}/tables"], Access::AnyOf(&["hubdb", "hubdb.tables.read"]), collections::hubdb_tables, "platform 6.3"),
    get(&["/cms/v3/domains", "/cms/domains/{date}"], Access::AnyOf(&["cms.domains.read", "content"]), collections::domains, "platform 6.3"),
    get(&["/cms/v3/url-redirects", "/cms/url-redirects/{date}"], CONTENT, collections::url_redirects, "platform 6.3"),
    get(&["/communication-preferences/v4/definitions", "/communication-preferences/v3/definitions", "/communication-preferences/{date}/definitions"], Access::AnyOf(&["communication_preferences.read"]), collections::subscription_types, "platform 6.3"),
    get(&["/events/v3/event-definitions", "/events/custom/{date}/event-definitions"], Access::AnyOf(&["behavioral_events.event_definitions.read_write"]), collections::event_definitions, "platform 6.3").needs(Need::Marketing(Tier::Enterprise)),
    get(&["/conversations/v3/conversations/inboxes", "/conversations/conversations/{date}/inboxes"], Access::AnyOf(&["conversations.read"]), collections::inboxes, "platform 6.3"),
    get(&["/conversations/v3/conversations/channels", "/conversations/conversations/{date}/channels"], Access::AnyOf(&["conversations.read"]), collections::channels, "platform 6.3"),
];
