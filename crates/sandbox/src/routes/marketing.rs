//! Owns the routes of marketing: e-mails, campaigns, lead scores, events (platform 6.3). Holds no logic.

use super::{get, post};
use crate::hubspot::marketing;
use crate::model::Tier;
use crate::router::{Access, Route};
use crate::scopes::Need;

/// Marketing e-mails are content to HubSpot's scopes.
const CONTENT: Access = Access::AnyOf(&["content"]);
const CAMPAIGNS: Access = Access::AnyOf(&["marketing.campaigns.read"]);
const EVENTS: Access = Access::AnyOf(&["behavioral_events.event_definitions.read_write"]);
/// No scope declared: any token does.
const OAUTH: Access = Access::AnyOf(&["oauth"]);
const PRO: Need = Need::Marketing(Tier::Professional);
const ENTERPRISE: Need = Need::Marketing(Tier::Enterprise);

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    get(&["/marketing/v3/emails", "/marketing/emails/{date}", "/marketing/emails/v3"], CONTENT, marketing::emails, "platform 6.3"),
    get(&["/marketing/v3/emails/{emailId}", "/marketing/emails/{date}/{emailId}", "/marketing/emails/v3/{emailId}"], CONTENT, marketing::email, "platform 6.3"),
    get(&["/marketing/v3/emails/{emailId}/draft", "/marketing/emails/{date}/{emailId}/draft", "/marketing/emails/v3/{emailId}/draft"], CONTENT, marketing::email, "platform 6.3"),
    get(&["/marketing/v3/emails/{emailId}/revisions", "/marketing/emails/{date}/{emailId}/revisions", "/marketing/emails/v3/{emailId}/revisions"], CONTENT, marketing::email_revisions, "platform 6.3"),
    get(&["/marketing/v3/emails/{emailId}/revisions/{revisionId}", "/marketing/emails/{date}/{emailId}/revisions/{revisionId}", "/marketing/emails/v3/{emailId}/revisions/{revisionId}"], CONTENT, marketing::email_revision, "platform 6.3"),
    get(&["/marketing/v3/campaigns", "/marketing/campaigns/{date}"], CAMPAIGNS, marketing::campaigns, "platform 6.3").needs(PRO),
    post(&["/marketing/v3/campaigns/batch/read", "/marketing/campaigns/{date}/batch/read"], CAMPAIGNS, marketing::campaigns_batch, "platform 6.3").needs(PRO),
    get(&["/marketing/v3/campaigns/{campaignGuid}", "/marketing/campaigns/{date}/{campaignGuid}"], CAMPAIGNS, marketing::one_campaign, "platform 6.3").needs(PRO),
    get(&["/marketing/v3/campaigns/{campaignGuid}/assets/{assetType}", "/marketing/campaigns/{date}/{campaignGuid}/assets/{assetType}"], CAMPAIGNS, marketing::campaign_assets, "platform 6.3").needs(PRO),
    get(&["/marketing/lead-scoring/2026-09-beta/scores"], OAUTH, marketing::lead_scores, "platform 6.3"),
    get(&["/marketing/lead-scoring/2026-09-beta/scores/{scoreId}"], OAUTH, marketing::lead_score, "platform 6.3"),
    get(&["/marketing/lead-scoring/2026-09-beta/scores/{scoreId}/draft"], OAUTH, marketing::lead_score, "platform 6.3"),
    get(&["/events/v3/event-definitions", "/events/custom/{date}/event-definitions", "/events/{date}/event-definitions"], EVENTS, marketing::event_definitions, "platform 6.3").needs(ENTERPRISE),
    get(&["/events/v3/event-definitions/{eventName}", "/events/custom/{date}/event-definitions/{eventName}", "/events/{date}/event-definitions/{eventName}"], EVENTS, marketing::event_definition, "platform 6.3").needs(ENTERPRISE),
    get(&["/events/v3/events/event-types", "/events/event-occurrences/{date}/event-types"], OAUTH, marketing::event_types, "platform 6.3").needs(Need::Any(Tier::Enterprise)),
];
