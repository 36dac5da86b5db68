//! Owns the table of routes: method, paths of every generation, scopes, tier, window, room, source.
//! Holds no logic; literal paths stand above those with parameters that would swallow them (a test holds this).

use crate::hubspot::{
    account, associations, automation, collections, currencies, limits, lists, owners, pipelines,
    properties, schemas, users,
};
use crate::model::Tier;
use crate::oauth;
use crate::router::{Access, Answer, Call, RateClass, Route};
use crate::scopes::Need;

type Handler = fn(&mut Call<'_>) -> Answer;
type Paths = &'static [&'static str];

const fn public(
    method: &'static str,
    patterns: Paths,
    handler: Handler,
    source: &'static str,
) -> Route {
    let (need, rate) = (Need::Nothing, RateClass::Free);
    Route {
        method,
        patterns,
        access: Access::Public,
        need,
        rate,
        handler,
        source,
    }
}

const fn get(patterns: Paths, access: Access, handler: Handler, source: &'static str) -> Route {
    let (need, rate) = (Need::Nothing, RateClass::Burst);
    Route {
        method: "GET",
        patterns,
        access,
        need,
        rate,
        handler,
        source,
    }
}

const fn post(patterns: Paths, access: Access, handler: Handler, source: &'static str) -> Route {
    Route {
        method: "POST",
        ..get(patterns, access, handler, source)
    }
}

impl Route {
    const fn needs(self, need: Need) -> Self {
        Self { need, ..self }
    }

    const fn search(self) -> Self {
        Self {
            rate: RateClass::Search,
            ..self
        }
    }

    const fn delete(self) -> Self {
        Self {
            method: "DELETE",
            ..self
        }
    }
}

const OAUTH: Access = Access::AnyOf(&["oauth"]);
const CUSTOM: Access = Access::AnyOf(&[
    "crm.schemas.custom.read",
    "crm.objects.custom.read",
    "crm.objects.custom.sensitive.read",
    "crm.objects.custom.highly_sensitive.read",
]);
const SCHEMA: Access = Access::AnyOf(&[
    "crm.schemas.custom.read",
    "crm.objects.custom.read",
    "oauth",
]);
const USERS: Access = Access::AnyOf(&["settings.users.read", "crm.objects.users.read"]);
const OWNERS: Access = Access::AnyOf(&["crm.objects.owners.read"]);
const TEAMS: Access = Access::AnyOf(&["settings.users.teams.read"]);
const CURRENCIES: Access = Access::AnyOf(&["settings.currencies.read"]);
const LISTS: Access = Access::AnyOf(&["crm.lists.read"]);
const FORMS: Access = Access::AnyOf(&["forms"]);
const AUTOMATION: Access = Access::AnyOf(&["automation"]);
const CONTENT: Access = Access::AnyOf(&["content"]);
const PRO: Need = Need::Any(Tier::Professional);
const DEFINITION: Access = Access::Definition;
const OBJECT: Access = Access::AnyObject;

/// Every route of the sandbox.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Route] = &[
    // OAuth (platform 1)
    public("GET", &["/oauth/consent.css"], oauth::authorize::stylesheet, "ours"),
    public("GET", &["/oauth/authorize"], oauth::authorize::choose_account, "platform 1.1"),
    public("GET", &["/oauth/{portalId}/authorize"], oauth::authorize::review, "platform 1.1"),
    public("POST", &["/oauth/{portalId}/authorize"], oauth::authorize::decide, "platform 1.2"),
    public("POST", &["/oauth/v1/token"], oauth::token::v1, "platform 1.3"),
    public("POST", &["/oauth/v3/token", "/oauth/{date}/token"], oauth::token::standard, "platform 1.3"),
    public("POST", &["/oauth/v3/token/introspect", "/oauth/{date}/token/introspect"], oauth::introspect::introspect, "platform 1.4"),
    public("POST", &["/oauth/v3/token/revoke", "/oauth/{date}/token/revoke"], oauth::introspect::revoke, "platform 1.4"),
    public("GET", &["/oauth/v1/access-tokens/{token}"], oauth::introspect::v1_access_token, "platform 1.4"),
    public("GET", &["/oauth/v1/refresh-tokens/{token}"], oauth::introspect::v1_refresh_token, "platform 1.4"),
    public("DELETE", &["/oauth/v1/refresh-tokens/{token}"], oauth::introspect::v1_delete_refresh_token, "platform 1.4"),
    get(&["/appinstalls/v3/external-install", "/appinstalls/{date}/external-install"], OAUTH, oauth::introspect::uninstall, "platform 1.6").delete(),
    // Account (platform 3)
    get(&["/account-info/v3/details", "/account-info/{date}/details"], OAUTH, account::details, "platform 3"),
    get(&["/account-info/2027-03-beta/details"], OAUTH, account::details_with_name, "mission fact 4"),
    get(&["/account-info/v3/api-usage/daily/private-apps", "/account-info/{date}/api-usage/daily/private-apps"], OAUTH, account::daily_usage, "platform 3"),
    // CRM configuration (platform 6.2)
    get(&["/crm-object-schemas/v3/schemas", "/crm-object-schemas/{date}/schemas", "/crm/v3/schemas"], CUSTOM, schemas::list, "platform 6.2"),
    post(&["/crm-object-schemas/v3/schemas/batch/read", "/crm-object-schemas/{date}/schemas/batch/read", "/crm/v3/schemas/batch/read"], SCHEMA, schemas::batch_read, "platform 6.2"),
    get(&["/crm-object-schemas/v3/schemas/{objectType}", "/crm-object-schemas/{date}/schemas/{objectType}", "/crm/v3/schemas/{objectType}"], SCHEMA, schemas::one, "platform 6.2"),
    get(&["/crm/v3/properties/{objectType}", "/crm/properties/{date}/{objectType}", "/crm/properties/v3/{objectType}"], DEFINITION, properties::list, "platform 6.2"),
    get(&["/crm/v3/properties/{objectType}/groups", "/crm/properties/{date}/{objectType}/groups", "/crm/properties/v3/{objectType}/groups"], DEFINITION, properties::groups, "platform 6.2"),
    post(&["/crm/v3/properties/{objectType}/batch/read", "/crm/properties/{date}/{objectType}/batch/read", "/crm/properties/v3/{objectType}/batch/read"], DEFINITION, properties::batch_read, "platform 6.2"),
    get(&["/crm/v3/properties/{objectType}/groups/{groupName}", "/crm/properties/{date}/{objectType}/groups/{groupName}"], DEFINITION, properties::group, "platform 6.2"),
    get(&["/crm/v3/properties/{objectType}/{propertyName}", "/crm/properties/{date}/{objectType}/{propertyName}", "/crm/properties/v3/{objectType}/{propertyName}"], DEFINITION, properties::one, "platform 6.2"),
    get(&["/crm/v3/property-validations/{objectTypeId}", "/crm/property-validations/{date}/{objectTypeId}", "/crm/property-validations/v3/{objectTypeId}"], DEFINITION, properties::validations, "platform 6.2"),
    get(&["/crm/v3/property-validations/{objectTypeId}/{propertyName}", "/crm/property-validations/{date}/{objectTypeId}/{propertyName}"], DEFINITION, properties::property_validations, "platform 6.2"),
    get(&["/crm/v3/pipelines/{objectType}", "/crm/pipelines/{date}/{objectType}", "/crm/pipelines/v3/{objectType}"], DEFINITION, pipelines::list, "platform 6.2"),
    get(&["/crm/v3/pipelines/{objectType}/{pipelineId}", "/crm/pipelines/{date}/{objectType}/{pipelineId}"], DEFINITION, pipelines::one, "platform 6.2"),
    get(&["/crm/v3/pipelines/{objectType}/{pipelineId}/stages", "/crm/pipelines/{date}/{objectType}/{pipelineId}/stages"], DEFINITION, pipelines::stages, "platform 6.2"),
    get(&["/crm/v4/associations/definitions/configurations/all", "/crm/associations/{date}/definitions/configurations/all", "/crm/associations/v4/definitions/configurations/all"], OBJECT, associations::configurations, "platform 6.2"),
    get(&["/crm/v4/associations/{fromObjectType}/{toObjectType}/labels", "/crm/associations/{date}/{fromObjectType}/{toObjectType}/labels", "/crm/associations/v4/{fromObjectType}/{toObjectType}/labels"], OBJECT, associations::labels, "platform 6.2"),
    get(&["/crm/v3/limits/associations/labels", "/crm/limits/{date}/associations/labels", "/crm/limits/v3/associations/labels"], OBJECT, limits::association_labels, "platform 6.4"),
    get(&["/crm/v3/limits/custom-properties", "/crm/limits/{date}/custom-properties", "/crm/limits/v3/custom-properties"], OBJECT, limits::custom_properties, "platform 6.4"),
    get(&["/crm/v3/limits/calculated-properties", "/crm/limits/{date}/calculated-properties", "/crm/limits/v3/calculated-properties"], OBJECT, limits::calculated_properties, "platform 6.4"),
    get(&["/crm/v3/limits/custom-object-types", "/crm/limits/{date}/custom-object-types", "/crm/limits/v3/custom-object-types"], CUSTOM, limits::custom_object_types, "platform 6.4"),
    get(&["/crm/v3/limits/pipelines", "/crm/limits/{date}/pipelines", "/crm/limits/v3/pipelines"], OBJECT, limits::pipelines, "platform 6.4"),
    get(&["/crm/v3/limits/records", "/crm/limits/{date}/records", "/crm/limits/v3/records"], OBJECT, limits::records, "platform 6.4"),
    get(&["/crm/v3/object-library/enablement", "/crm/object-library/{date}/enablement", "/crm/object-library/v3/enablement"], OBJECT, limits::enablement, "platform 6.2"),
    get(&["/crm/v3/object-library/enablement/{objectTypeId}", "/crm/object-library/{date}/enablement/{objectTypeId}"], OBJECT, limits::enablement_of, "platform 6.2"),
    get(&["/crm/v3/owners", "/crm/owners/{date}", "/crm/owners/v3/owners"], OWNERS, owners::list, "platform 6.2"),
    get(&["/crm/v3/owners/{ownerId}", "/crm/owners/{date}/{ownerId}"], OWNERS, owners::one, "platform 6.2"),
    get(&["/crm/v3/imports", "/crm/imports/{date}", "/crm/imports/v3"], Access::AnyOf(&["crm.import"]), collections::imports, "platform 6.2"),
    // Settings (platform 6.2)
    get(&["/settings/v3/users", "/settings/users/{date}", "/settings/users/v3"], USERS, users::list, "platform 6.2"),
    get(&["/settings/v3/users/roles", "/settings/users/{date}/roles"], USERS, users::roles, "platform 6.2"),
    get(&["/settings/v3/users/teams", "/settings/users/{date}/teams"], TEAMS, users::teams, "platform 6.2"),
    get(&["/settings/v3/users/{userId}", "/settings/users/{date}/{userId}"], USERS, users::one, "platform 6.2"),
    get(&["/settings/v3/currencies/company-currency", "/settings/currencies/{date}/company-currency"], CURRENCIES, currencies::company, "platform 6.2"),
    get(&["/settings/v3/currencies/exchange-rates/current", "/settings/currencies/{date}/exchange-rates/current"], CURRENCIES, currencies::current_rates, "platform 6.2"),
    get(&["/settings/v3/currencies/exchange-rates", "/settings/currencies/{date}/exchange-rates"], CURRENCIES, currencies::rates, "platform 6.2"),
    get(&["/settings/v3/currencies/central-fx-rates/information", "/settings/currencies/{date}/central-fx-rates/information"], CURRENCIES, currencies::central_rates, "platform 6.2"),
    get(&["/settings/v3/currencies/codes", "/settings/currencies/{date}/codes"], CURRENCIES, currencies::codes, "platform 6.2"),
    get(&["/tax-rates/v1/tax-rates", "/tax-rates/{date}/tax-rates"], Access::AnyOf(&["tax_rates.read"]), collections::tax_rates, "platform 6.2"),
    get(&["/business-units/v3/business-units/user/{userId}", "/business-units/public/{date}/business-units/user/{userId}"], Access::AnyOf(&["business_units_view.read", "business_units.view.read"]), collections::business_units, "platform 6.2").needs(Need::Brands),
    // Lists, forms, workflows (platform 6.3)
    post(&["/crm/v3/lists/search", "/crm/lists/{date}/search", "/crm/lists/v3/search"], LISTS, lists::search, "platform 6.3").search(),
    get(&["/crm/v3/lists", "/crm/lists/{date}", "/crm/lists/v3"], LISTS, lists::several, "platform 6.3"),
    get(&["/crm/v3/lists/folders", "/crm/lists/{date}/folders"], LISTS, lists::folders, "platform 6.3"),
    get(&["/crm/v3/lists/{listId}", "/crm/lists/{date}/{listId}"], LISTS, lists::one, "platform 6.3"),
    get(&["/marketing/v3/forms", "/marketing/forms/{date}", "/marketing/forms/2026-09-beta", "/marketing/forms/v3/forms"], FORMS, collections::forms, "platform 6.3"),
    get(&["/marketing/v3/forms/{formId}", "/marketing/forms/{date}/{formId}", "/marketing/forms/2026-09-beta/{formId}"], FORMS, collections::form, "platform 6.3"),
    get(&["/automation/v4/flows", "/automation/2026-09-beta/flows", "/automation/{date}/flows"], AUTOMATION, automation::list, "platform 6.3").needs(PRO),
    post(&["/automation/v4/flows/batch/read", "/automation/2026-09-beta/flows/batch/read", "/automation/{date}/flows/batch/read"], AUTOMATION, automation::batch_read, "platform 6.3").needs(PRO),
    get(&["/automation/v4/flows/{flowId}", "/automation/2026-09-beta/flows/{flowId}", "/automation/{date}/flows/{flowId}"], AUTOMATION, automation::one, "platform 6.3").needs(PRO),
    // Marketing, content, communication (platform 6.3)
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
    // App-level: never for an installer's token (platform 6.3)
    get(&["/webhooks/v3/{appId}/settings", "/app-webhooks/{date}/{appId}/settings"], Access::DeveloperKey, collections::app_level, "platform 6.3"),
    get(&["/automation/v4/actions/{appId}", "/automation/actions/{date}/{appId}"], Access::DeveloperKey, collections::app_level, "platform 6.3"),
];
