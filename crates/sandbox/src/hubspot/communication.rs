//! Owns the conversations inbox's settings: inboxes, channels, channel accounts (platform 6.3). Reads no thread.

use super::documents::{self, Shelf};
use super::page::PageRule;
use crate::model::Collection;
use crate::router::{Answer, Call};

const RULE: PageRule = PageRule::clamped(100, 500).with_total();
const INBOXES: Shelf = Shelf::plain(Collection::Inboxes, RULE);
const CHANNELS: Shelf = Shelf::plain(Collection::Channels, RULE);
const ACCOUNTS: Shelf = Shelf::plain(Collection::ChannelAccounts, RULE);

/// `GET /conversations/conversations/{version}/inboxes`.
pub(crate) fn inboxes(call: &mut Call<'_>) -> Answer {
    documents::list(call, &INBOXES)
}

/// `GET …/inboxes/{inboxId}`.
pub(crate) fn inbox(call: &mut Call<'_>) -> Answer {
    documents::numbered(call, &INBOXES, "inboxId")
}

/// `GET …/channels`.
pub(crate) fn channels(call: &mut Call<'_>) -> Answer {
    documents::list(call, &CHANNELS)
}

/// `GET …/channels/{channelId}`.
pub(crate) fn channel(call: &mut Call<'_>) -> Answer {
    documents::numbered(call, &CHANNELS, "channelId")
}

/// `GET …/channel-accounts`: of some channels or inboxes, where named.
pub(crate) fn channel_accounts(call: &mut Call<'_>) -> Answer {
    let (channels, inboxes) = (call.query.list("channelId"), call.query.list("inboxId"));
    documents::list_where(call, &ACCOUNTS, |account| {
        let is_one_of = |ids: &[String], member: &str| {
            ids.is_empty() || ids.iter().any(|id| account.has(member, id))
        };
        is_one_of(&channels, "channelId") && is_one_of(&inboxes, "inboxId")
    })
}

/// `GET …/channel-accounts/{channelAccountId}`.
pub(crate) fn channel_account(call: &mut Call<'_>) -> Answer {
    documents::numbered(call, &ACCOUNTS, "channelAccountId")
}
