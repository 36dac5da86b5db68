//! Owns the routes of communication: subscription types, inboxes and channels (platform 6.3). Holds no logic.

use super::get;
use crate::hubspot::{communication, marketing};
use crate::router::{Access, Route};

const PREFERENCES: Access = Access::AnyOf(&["communication_preferences.read"]);
const CONVERSATIONS: Access = Access::AnyOf(&["conversations.read"]);

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    get(&["/communication-preferences/v4/definitions", "/communication-preferences/{date}/definitions"], PREFERENCES, marketing::subscription_types, "platform 6.3"),
    get(&["/communication-preferences/v3/definitions"], PREFERENCES, marketing::subscription_types_v3, "platform 6.3"),
    get(&["/conversations/v3/conversations/inboxes", "/conversations/conversations/{date}/inboxes"], CONVERSATIONS, communication::inboxes, "platform 6.3"),
    get(&["/conversations/v3/conversations/inboxes/{inboxId}", "/conversations/conversations/{date}/inboxes/{inboxId}"], CONVERSATIONS, communication::inbox, "platform 6.3"),
    get(&["/conversations/v3/conversations/channels", "/conversations/conversations/{date}/channels"], CONVERSATIONS, communication::channels, "platform 6.3"),
    get(&["/conversations/v3/conversations/channels/{channelId}", "/conversations/conversations/{date}/channels/{channelId}"], CONVERSATIONS, communication::channel, "platform 6.3"),
    get(&["/conversations/v3/conversations/channel-accounts", "/conversations/conversations/{date}/channel-accounts"], CONVERSATIONS, communication::channel_accounts, "platform 6.3"),
    get(&["/conversations/v3/conversations/channel-accounts/{channelAccountId}", "/conversations/conversations/{date}/channel-accounts/{channelAccountId}"], CONVERSATIONS, communication::channel_account, "platform 6.3"),
];
