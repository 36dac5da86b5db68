//! Owns the catalogue of scopes: what each needs of an account and how the consent page words it (platform 8).
//! Knows no app and no grant.

use crate::model::{AccountType, Hubs, Portal, Tier};

/// What an account must have before a scope can be granted in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// Any hub at this edition.
    Any(Tier),
    /// Marketing Hub at this edition.
    Marketing(Tier),
    /// Sales Hub at this edition.
    Sales(Tier),
    /// Service Hub at this edition.
    Service(Tier),
    /// Sales or Service Hub at this edition.
    SalesOrService(Tier),
    /// Content or Marketing Hub at this edition.
    ContentOrMarketing(Tier),
    /// Content Starter or Marketing Professional.
    Content,
    /// The Brands add-on.
    Brands,
}

impl Need {
    /// Whether `portal` has it.
    pub fn met_by(self, portal: &Portal) -> bool {
        let Hubs {
            marketing,
            sales,
            service,
            content,
        } = portal.hubs;
        match self {
            Self::Nothing => true,
            Self::Any(tier) => portal.hubs.highest() >= tier,
            Self::Marketing(tier) => marketing >= tier,
            Self::Sales(tier) => sales >= tier,
            Self::Service(tier) => service >= tier,
            Self::SalesOrService(tier) => sales.max(service) >= tier,
            Self::ContentOrMarketing(tier) => content.max(marketing) >= tier,
            Self::Content => content >= Tier::Starter || marketing >= Tier::Professional,
            Self::Brands => portal.brands,
        }
    }

    /// The words for what is missing.
    pub fn words(self) -> String {
        let plus = |hub: &str, tier: Tier| match tier {
            Tier::Enterprise => format!("{hub} Enterprise"),
            tier => format!("{hub} {} or higher", tier.label()),
        };
        match self {
            Self::Nothing => String::new(),
            Self::Any(Tier::Enterprise) => "any hub at Enterprise".to_owned(),
            Self::Any(tier) => format!("any hub at {} or higher", tier.label()),
            Self::Marketing(tier) => plus("Marketing Hub", tier),
            Self::Sales(tier) => plus("Sales Hub", tier),
            Self::Service(tier) => plus("Service Hub", tier),
            Self::SalesOrService(tier) => plus("Sales or Service Hub", tier),
            Self::ContentOrMarketing(tier) => plus("Content or Marketing Hub", tier),
            Self::Content => "Content Hub Starter or Marketing Hub Professional".to_owned(),
            Self::Brands => "the Brands add-on".to_owned(),
        }
    }
}

/// One scope.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The name on the wire.
    pub name: &'static str,
    /// Heading on the consent page.
    pub group: &'static str,
    /// What it lets an app do, for people.
    pub words: &'static str,
    /// What the account must have.
    pub need: Need,
}

const fn s(name: &'static str, group: &'static str, words: &'static str, need: Need) -> Scope {
    Scope {
        name,
        group,
        words,
        need,
    }
}

const FREE: Need = Need::Nothing;
const ENT: Need = Need::Any(Tier::Enterprise);
const PRO: Need = Need::Any(Tier::Professional);
const ACCOUNT: &str = "Account";
const RECORDS: &str = "CRM records";
const SCHEMAS: &str = "CRM structure";
const CUSTOM: &str = "Custom objects";
const MARKETING: &str = "Marketing and automation";
const CONTENT: &str = "Content";
const SERVICE: &str = "Service and communication";
const SENSITIVE: &str = "Sensitive data";

/// Every scope the sandbox knows, in the order the consent page lists them.
#[rustfmt::skip]
pub const CATALOGUE: &[Scope] = &[
    s("oauth", ACCOUNT, "See basic account information", FREE),
    s("settings.users.read", ACCOUNT, "View users and their permission sets", FREE),
    s("settings.users.teams.read", ACCOUNT, "View teams", FREE),
    s("settings.currencies.read", ACCOUNT, "View currencies and exchange rates", FREE),
    s("account-info.security.read", ACCOUNT, "View account activity logs", FREE),
    s("tax_rates.read", ACCOUNT, "View tax rates", FREE),
    s("business_units_view.read", ACCOUNT, "View brands", Need::Brands),
    s("business_units.view.read", ACCOUNT, "View brands (documented name)", Need::Brands),
    s("crm.schemas.contacts.read", SCHEMAS, "View property settings for contacts", FREE),
    s("crm.schemas.contacts.write", SCHEMAS, "Change property settings for contacts", FREE),
    s("crm.schemas.companies.read", SCHEMAS, "View property settings for companies", FREE),
    s("crm.schemas.companies.write", SCHEMAS, "Change property settings for companies", FREE),
    s("crm.schemas.deals.read", SCHEMAS, "View property settings for deals", FREE),
    s("crm.schemas.deals.write", SCHEMAS, "Change property settings for deals", FREE),
    s("crm.schemas.line_items.read", SCHEMAS, "View property settings for line items", FREE),
    s("crm.schemas.quotes.read", SCHEMAS, "View property settings for quotes", FREE),
    s("crm.schemas.orders.read", SCHEMAS, "View property settings for orders", FREE),
    s("crm.schemas.carts.read", SCHEMAS, "View property settings for carts", FREE),
    s("crm.schemas.invoices.read", SCHEMAS, "View property settings for invoices", FREE),
    s("crm.schemas.subscriptions.read", SCHEMAS, "View property settings for subscriptions", FREE),
    s("crm.schemas.appointments.read", SCHEMAS, "View property settings for appointments", FREE),
    s("crm.schemas.courses.read", SCHEMAS, "View property settings for courses", FREE),
    s("crm.schemas.listings.read", SCHEMAS, "View property settings for listings", FREE),
    s("crm.schemas.services.read", SCHEMAS, "View property settings for services", FREE),
    s("crm.schemas.projects.read", SCHEMAS, "View property settings for projects", PRO),
    s("crm.schemas.quotes.write", SCHEMAS, "Change property settings for quotes", FREE),
    s("crm.schemas.orders.write", SCHEMAS, "Change property settings for orders", FREE),
    s("crm.schemas.carts.write", SCHEMAS, "Change property settings for carts", FREE),
    s("crm.schemas.invoices.write", SCHEMAS, "Change property settings for invoices", FREE),
    s("crm.schemas.subscriptions.write", SCHEMAS, "Change property settings for subscriptions", FREE),
    s("crm.schemas.appointments.write", SCHEMAS, "Change property settings for appointments", FREE),
    s("crm.schemas.courses.write", SCHEMAS, "Change property settings for courses", FREE),
    s("crm.schemas.listings.write", SCHEMAS, "Change property settings for listings", FREE),
    s("crm.schemas.services.write", SCHEMAS, "Change property settings for services", FREE),
    s("crm.schemas.projects.write", SCHEMAS, "Change property settings for projects", PRO),
    s("crm.schemas.commercepayments.write", SCHEMAS, "Change property settings for payments", Need::Any(Tier::Starter)),
    s("crm.schemas.tickets.write", SCHEMAS, "Change property settings for tickets", FREE),
    s("crm.schemas.calls.write", SCHEMAS, "Change property settings for calls", FREE),
    s("crm.schemas.communications.write", SCHEMAS, "Change property settings for communications", FREE),
    s("crm.schemas.emails.write", SCHEMAS, "Change property settings for emails", FREE),
    s("crm.schemas.meetings.write", SCHEMAS, "Change property settings for meetings", FREE),
    s("crm.schemas.notes.write", SCHEMAS, "Change property settings for notes", FREE),
    s("crm.schemas.postal_mail.write", SCHEMAS, "Change property settings for postal mail", FREE),
    s("crm.schemas.tasks.write", SCHEMAS, "Change property settings for tasks", FREE),
    s("crm.pipelines.orders.read", SCHEMAS, "View pipelines of orders", FREE),
    s("crm.pipelines.orders.write", SCHEMAS, "Change pipelines of orders", FREE),
    s("crm.objects.contacts.read", RECORDS, "View contacts", FREE),
    s("crm.objects.contacts.write", RECORDS, "Create and change contacts", FREE),
    s("crm.objects.companies.read", RECORDS, "View companies", FREE),
    s("crm.objects.companies.write", RECORDS, "Create and change companies", FREE),
    s("crm.objects.deals.read", RECORDS, "View deals", FREE),
    s("crm.objects.deals.write", RECORDS, "Create and change deals", FREE),
    s("crm.objects.line_items.read", RECORDS, "View line items", FREE),
    s("crm.objects.quotes.read", RECORDS, "View quotes", FREE),
    s("crm.objects.products.read", RECORDS, "View products", FREE),
    s("e-commerce", RECORDS, "Work with products and e-commerce data", FREE),
    s("crm.objects.owners.read", RECORDS, "View owners", FREE),
    s("crm.objects.users.read", RECORDS, "View user records", FREE),
    s("crm.objects.orders.read", RECORDS, "View orders", FREE),
    s("crm.objects.carts.read", RECORDS, "View carts", FREE),
    s("crm.objects.invoices.read", RECORDS, "View invoices", FREE),
    s("crm.objects.subscriptions.read", RECORDS, "View subscriptions", FREE),
    s("crm.objects.commercepayments.read", RECORDS, "View payments", Need::Any(Tier::Starter)),
    s("crm.objects.appointments.read", RECORDS, "View appointments", FREE),
    s("crm.objects.courses.read", RECORDS, "View courses", FREE),
    s("crm.objects.listings.read", RECORDS, "View listings", FREE),
    s("crm.objects.services.read", RECORDS, "View services", FREE),
    s("crm.objects.marketing_events.read", RECORDS, "View marketing events", FREE),
    s("crm.objects.leads.read", RECORDS, "View leads", Need::Sales(Tier::Professional)),
    s("crm.objects.leads.write", RECORDS, "Create and change leads", Need::Sales(Tier::Professional)),
    s("crm.objects.goals.read", RECORDS, "View goals", Need::Sales(Tier::Starter)),
    s("crm.objects.feedback_submission.read", RECORDS, "View feedback submissions", Need::Service(Tier::Professional)),
    s("crm.objects.projects.read", RECORDS, "View projects", PRO),
    s("crm.objects.line_items.write", RECORDS, "Create and change line items", FREE),
    s("crm.objects.quotes.write", RECORDS, "Create and change quotes", FREE),
    s("crm.objects.products.write", RECORDS, "Create and change products", FREE),
    s("crm.objects.invoices.write", RECORDS, "Create and change invoices", FREE),
    s("crm.objects.subscriptions.write", RECORDS, "Create and change subscriptions", FREE),
    s("crm.objects.appointments.write", RECORDS, "Create and change appointments", FREE),
    s("crm.objects.courses.write", RECORDS, "Create and change courses", FREE),
    s("crm.objects.listings.write", RECORDS, "Create and change listings", FREE),
    s("crm.objects.services.write", RECORDS, "Create and change services", FREE),
    s("crm.objects.commercepayments.write", RECORDS, "Create and change payments", Need::Any(Tier::Starter)),
    s("crm.objects.projects.write", RECORDS, "Create and change projects", PRO),
    s("crm.objects.users.write", RECORDS, "Create and change user records", FREE),
    s("crm.objects.orders.write", RECORDS, "Create and change orders", FREE),
    s("crm.objects.carts.write", RECORDS, "Create and change carts", FREE),
    s("crm.objects.marketing_events.write", RECORDS, "Create and change marketing events", FREE),
    s("crm.objects.goals.write", RECORDS, "Create and change goals", Need::Sales(Tier::Starter)),
    s("crm.dealsplits.read_write", RECORDS, "View and change deal splits", Need::Sales(Tier::Enterprise)),
    s("crm.lists.read", RECORDS, "View lists and their definitions", FREE),
    s("crm-pipelines-governance-read", SCHEMAS, "View rules of pipelines (beta)", FREE),
    s("crm.import", RECORDS, "View and start imports", FREE),
    s("crm.export", RECORDS, "Export records", FREE),
    s("crm.schemas.custom.read", CUSTOM, "View custom object definitions", ENT),
    s("crm.schemas.custom.write", CUSTOM, "Change custom object definitions", ENT),
    s("crm.objects.custom.read", CUSTOM, "View custom object records", ENT),
    s("crm.objects.custom.write", CUSTOM, "Create and change custom object records", ENT),
    s("forms", MARKETING, "View and change forms", FREE),
    s("automation", MARKETING, "View and change workflows", PRO),
    s("automation.sequences.read", MARKETING, "View sequences", Need::SalesOrService(Tier::Professional)),
    s("marketing.campaigns.read", MARKETING, "View marketing campaigns", Need::Marketing(Tier::Professional)),
    s("behavioral_events.event_definitions.read_write", MARKETING, "View and change custom event definitions", Need::Marketing(Tier::Enterprise)),
    s("marketing-email", MARKETING, "Send marketing e-mail", Need::Marketing(Tier::Enterprise)),
    s("transactional-email", MARKETING, "Send transactional e-mail", Need::Marketing(Tier::Professional)),
    s("communication_preferences.read", MARKETING, "View subscription types and preferences", FREE),
    s("sales-templates-public-read", MARKETING, "View sales e-mail templates (beta)", FREE),
    s("timeline", MARKETING, "Create timeline events", FREE),
    s("content", CONTENT, "View and change pages, blogs and marketing e-mail", Need::Content),
    s("hubdb", CONTENT, "View and change HubDB tables", Need::ContentOrMarketing(Tier::Professional)),
    s("hubdb.tables.read", CONTENT, "View HubDB tables", Need::ContentOrMarketing(Tier::Professional)),
    s("ctas.read", CONTENT, "View calls to action", Need::ContentOrMarketing(Tier::Starter)),
    s("cms.domains.read", CONTENT, "View domains", FREE),
    s("files", CONTENT, "View and change files", FREE),
    s("cms.knowledge_base.articles.read", CONTENT, "View knowledge base articles", Need::Service(Tier::Professional)),
    s("cms.knowledge_base.settings.read", CONTENT, "View knowledge base settings", Need::Service(Tier::Professional)),
    s("tickets", SERVICE, "Work with tickets and their settings", FREE),
    s("conversations.read", SERVICE, "View inboxes and conversations", FREE),
    s("scheduler.meetings.meeting-link.read", SERVICE, "View meeting links", PRO),
    s("crm.objects.contacts.sensitive.read", SENSITIVE, "View sensitive properties of contacts", ENT),
    s("crm.objects.contacts.highly_sensitive.read", SENSITIVE, "View highly sensitive properties of contacts", ENT),
    s("crm.objects.companies.highly_sensitive.read", SENSITIVE, "View highly sensitive properties of companies", ENT),
    s("crm.objects.deals.highly_sensitive.read", SENSITIVE, "View highly sensitive properties of deals", ENT),
    s("crm.objects.custom.highly_sensitive.read", SENSITIVE, "View highly sensitive properties of custom objects", ENT),
    s("crm.objects.companies.sensitive.read", SENSITIVE, "View sensitive properties of companies", ENT),
    s("crm.objects.deals.sensitive.read", SENSITIVE, "View sensitive properties of deals", ENT),
    s("crm.objects.custom.sensitive.read", SENSITIVE, "View sensitive properties of custom objects", ENT),
    s("crm.objects.contacts.highly_sensitive.write", SENSITIVE, "Change highly sensitive properties of contacts", ENT),
    s("crm.objects.companies.highly_sensitive.write", SENSITIVE, "Change highly sensitive properties of companies", ENT),
    s("crm.objects.deals.highly_sensitive.write", SENSITIVE, "Change highly sensitive properties of deals", ENT),
    s("crm.objects.custom.highly_sensitive.write", SENSITIVE, "Change highly sensitive properties of custom objects", ENT),
    s("crm.objects.contacts.sensitive.write", SENSITIVE, "Change sensitive properties of contacts", ENT),
    s("crm.objects.companies.sensitive.write", SENSITIVE, "Change sensitive properties of companies", ENT),
    s("crm.objects.deals.sensitive.write", SENSITIVE, "Change sensitive properties of deals", ENT),
    s("crm.objects.custom.sensitive.write", SENSITIVE, "Change sensitive properties of custom objects", ENT),
    s("tickets.sensitive", SENSITIVE, "View sensitive properties of tickets", ENT),
];

/// The required scopes of the demo app.
pub const DEMO_REQUIRED: [&str; 4] = [
    "oauth",
    "crm.schemas.contacts.read",
    "crm.schemas.companies.read",
    "crm.schemas.deals.read",
];

/// The scope of that name.
pub fn find(name: &str) -> Option<&'static Scope> {
    CATALOGUE.iter().find(|scope| scope.name == name)
}

/// Whether an account can grant the scope; none can grant one outside the catalogue.
pub fn available(name: &str, portal: &Portal) -> bool {
    find(name).is_some_and(|scope| scope.need.met_by(portal))
}

/// Scopes of a grant that only a trial opens: in a developer test account, which behaves like an Enterprise trial, those
/// that any edition or add-on gates (platform 3.1).
pub(crate) fn of_trial<'a>(
    granted: &'a [String],
    portal: &Portal,
) -> impl Iterator<Item = &'a String> {
    let trial = portal.account_type == AccountType::DeveloperTest;
    granted
        .iter()
        .filter(move |name| trial && find(name).is_some_and(|scope| scope.need != Need::Nothing))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CATALOGUE, DEMO_REQUIRED, find};

    #[test]
    fn names_are_unique_and_the_demo_app_knows_its_own() {
        let names: BTreeSet<_> = CATALOGUE.iter().map(|scope| scope.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        assert!(DEMO_REQUIRED.iter().all(|name| find(name).is_some()));
    }
}
