//! Owns what a portal is: its account facts and its metadata, in HubSpot's words. Decides no access and answers no call.

use std::collections::BTreeMap;

use crate::shared::Shared;
use serde::Serialize;
use serde_json::Value;

use crate::document::Document;
pub use crate::metadata::{
    AssociationType, CustomObject, List, ModificationMetadata, ObjectMetadata, Owner, Pipeline,
    Property, PropertyGroup, PropertyOption, Role, Stage, Team, User,
};
pub use crate::quota::Shrunk;

pub use crate::records::Records;

/// A hub's edition. No endpoint returns it (platform 3.1); it drives limits, grantable scopes and 403s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Free tools.
    Free,
    /// Starter.
    Starter,
    /// Professional.
    Professional,
    /// Enterprise.
    Enterprise,
}

impl Tier {
    /// The word on the consent page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Free => "Free",
            Self::Starter => "Starter",
            Self::Professional => "Professional",
            Self::Enterprise => "Enterprise",
        }
    }

    /// Daily calls of private apps (platform 3.1, row a).
    pub const fn daily_limit(self) -> u64 {
        match self {
            Self::Free | Self::Starter => 250_000,
            Self::Professional => 625_000,
            Self::Enterprise => 1_000_000,
        }
    }
}

/// The edition of each hub that scopes depend on (platform 8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hubs {
    /// Marketing Hub.
    pub marketing: Tier,
    /// Sales Hub.
    pub sales: Tier,
    /// Service Hub.
    pub service: Tier,
    /// Content Hub.
    pub content: Tier,
}

impl Hubs {
    /// Every hub at the same edition.
    pub const fn all(tier: Tier) -> Self {
        Self {
            marketing: tier,
            sales: tier,
            service: tier,
            content: tier,
        }
    }

    /// The highest edition of any hub, which HubSpot's limits follow.
    pub fn highest(self) -> Tier {
        self.marketing
            .max(self.sales)
            .max(self.service)
            .max(self.content)
    }
}

/// `accountType` of account details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountType {
    /// A paying or free customer.
    Standard,
    /// A developer's test account.
    DeveloperTest,
    /// A standard sandbox of another account.
    Sandbox,
    /// A developer account.
    AppDeveloper,
}

/// What the person at the browser may do in a portal (platform 1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// May install anything.
    SuperAdmin,
    /// Has the App Marketplace Access permission, which is as good for installing.
    MarketplaceAccess,
    /// May only re-install what is already approved.
    Standard,
}

/// The person at the browser, as one portal knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installer {
    /// The portal's id for the user.
    pub user_id: u64,
    /// Shown in token metadata as `user`.
    pub email: String,
    /// What they may install.
    pub rights: Rights,
}

/// What is wrong with a portal, if anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing.
    Well,
    /// Its refresh tokens are refused this many milliseconds after they were issued (authoriser's grant withdrawn).
    RefreshDies {
        /// Life of a refresh token in milliseconds.
        after_ms: u64,
    },
    /// Every API call answers 477.
    Migrating {
        /// Seconds in `Retry-After`.
        retry_after: u32,
    },
    /// App governance refuses the install on the consent page.
    GovernanceBlock,
    /// The account was closed or merged away: refresh answers `BAD_HUB`.
    Gone,
}

/// One HubSpot account with all its metadata.
#[derive(Clone, Debug)]
pub struct Portal {
    /// `portalId` and `hub_id`.
    pub id: u64,
    /// The account name; only a beta version of account details tells it.
    pub name: String,
    /// `hub_domain` of token metadata.
    pub hub_domain: String,
    /// `accountType`.
    pub account_type: AccountType,
    /// Editions.
    pub hubs: Hubs,
    /// Whether the Brands (business units) add-on is bought.
    pub brands: bool,
    /// IANA name.
    pub time_zone: &'static str,
    /// Offset of that zone at the fixture's date, in minutes.
    pub utc_offset_minutes: i32,
    /// ISO 4217.
    pub company_currency: &'static str,
    /// ISO 4217 codes.
    pub additional_currencies: Vec<&'static str>,
    /// `na1`, `eu1`, …: data hosting location and prefix of codes and refresh tokens.
    pub hublet: &'static str,
    /// The person at the browser.
    pub installer: Installer,
    /// What is wrong with it.
    pub health: Health,
    /// Calls of private apps before the first one that the sandbox counts, on that day.
    pub daily_usage: u64,
    /// Calls per rolling ten seconds that one OAuth app may make; HubSpot's 110 unless a test shrinks it.
    pub burst_limit: u32,
    /// API limit increases bought, 0 to 2 (platform 4).
    pub api_addons: u8,
    /// Limits that a test made smaller than the account's own.
    pub shrunk: Shrunk,
    /// Custom object types in order of creation.
    pub custom_objects: Vec<CustomObject>,
    /// Per object type id: properties, groups, pipelines, validation rules.
    pub objects: BTreeMap<String, Shared<ObjectMetadata>>,
    /// Association types beyond HubSpot's unlabelled defaults: labels and custom-object pairs.
    pub association_types: Vec<AssociationType>,
    /// Limits set by admins, keyed like the types.
    pub association_configurations: Vec<Value>,
    /// Changes of pipelines and stages, oldest first, as the `/audit` paths print them: `PublicAuditInfo` with the
    /// pipeline's or stage's id as `identifier` and the type in `rawObject.objectTypeId`.
    pub pipeline_audit: Vec<Value>,
    /// The highest association type id that a write ever gave; deleted ids are not given again.
    pub highest_association_type: u64,
    /// Owners, archived ones included.
    pub owners: Vec<Owner>,
    /// Users.
    pub users: Vec<User>,
    /// Custom permission sets.
    pub roles: Vec<Role>,
    /// Teams.
    pub teams: Vec<Team>,
    /// Lists.
    pub lists: Vec<List>,
    /// Everything that is one flat list of documents.
    pub collections: BTreeMap<Collection, Vec<Document>>,
    /// Records of the types whose records are kept.
    pub records: Records,
    /// Optional library types and whether they are on.
    pub enablement: BTreeMap<String, bool>,
}

impl Portal {
    /// Host of deep links.
    pub fn ui_domain(&self) -> String {
        match self.hublet {
            "na1" => "app.hubspot.com".to_owned(),
            hublet => format!("app-{hublet}.hubspot.com"),
        }
    }

    /// Currencies beside the company's own: none on Free, where none can be added (platform 3.1, row f).
    pub fn currencies_in_use(&self) -> &[&'static str] {
        match self.hubs.highest() {
            Tier::Free => &[],
            _ => &self.additional_currencies,
        }
    }

    /// The documents of one collection.
    pub fn collection(&self, kind: Collection) -> &[Document] {
        self.collections.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Replaces the documents of one collection.
    pub fn fill(&mut self, kind: Collection, rows: impl IntoIterator<Item = Value>) {
        let rows = rows.into_iter().map(Document::from).collect();
        self.collections.insert(kind, rows);
    }

    /// The custom object named by id (`2-5`), name or fully qualified name.
    pub fn custom_object(&self, key: &str) -> Option<&CustomObject> {
        self.custom_objects.iter().find(|object| {
            object.object_type_id == key
                || object.name.eq_ignore_ascii_case(key)
                || object.fully_qualified_name.eq_ignore_ascii_case(key)
        })
    }
}

/// Kinds of metadata that are one flat list of documents each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Collection {
    /// `marketing/v3/forms`.
    Forms,
    /// `automation/v4/flows`, with definitions.
    Workflows,
    /// `cms/v3/domains`.
    Domains,
    /// `communication-preferences/v4/definitions`.
    SubscriptionTypes,
    /// `marketing/v3/emails`.
    MarketingEmails,
    /// `marketing/v3/campaigns`.
    Campaigns,
    /// `cms/v3/pages/site-pages`.
    SitePages,
    /// `cms/v3/pages/landing-pages`.
    LandingPages,
    /// `cms/v3/blog-settings/settings`.
    BlogSettings,
    /// `cms/v3/hubdb/tables`.
    HubDbTables,
    /// `conversations/v3/conversations/inboxes`.
    Inboxes,
    /// `conversations/v3/conversations/channels`.
    Channels,
    /// `events/v3/event-definitions`.
    EventDefinitions,
    /// `crm/v3/imports`.
    Imports,
    /// `business-units/v3/business-units`.
    BusinessUnits,
    /// `settings/v3/currencies/exchange-rates/current`.
    ExchangeRates,
    /// `tax-rates/v1/tax-rates`.
    TaxRates,
    /// `cms/v3/url-redirects`.
    UrlRedirects,
    /// `cms/v3/pages/landing-pages/folders`.
    LandingPageFolders,
    /// `cms/v3/blogs/posts`.
    BlogPosts,
    /// `cms/v3/blogs/authors`.
    BlogAuthors,
    /// `cms/v3/blogs/tags`.
    BlogTags,
    /// `cms/v3/source-code`: files by `path`, from which the folders follow.
    SourceFiles,
    /// `conversations/v3/conversations/channel-accounts`.
    ChannelAccounts,
    /// `automation/v4/sequences`, with steps.
    Sequences,
    /// `scheduler/v3/meetings/meeting-links`.
    MeetingLinks,
    /// `automation/email-templates`.
    EmailTemplates,
    /// `automation/email-templates/…/folders`.
    EmailTemplateFolders,
    /// `marketing/lead-scoring`, with groups.
    LeadScores,
    /// `crm/v3/exports`.
    Exports,
    /// `crm/v3/lists/folders`, flat; the root has no document.
    ListFolders,
    /// `crm/pipelines-rules`: by object type and pipeline.
    PipelineRules,
}
