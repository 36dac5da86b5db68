//! Owns the routes of lists, forms, workflows and the tools of sales (platform 6.3). Holds no logic.

use super::{get, post};
use crate::hubspot::{automation, lists, marketing, sales};
use crate::model::Tier;
use crate::router::{Access, Route};
use crate::scopes::Need;

const LISTS: Access = Access::AnyOf(&["crm.lists.read"]);
const FORMS: Access = Access::AnyOf(&["forms"]);
const AUTOMATION: Access = Access::AnyOf(&["automation"]);
const SEQUENCES: Access = Access::AnyOf(&["automation.sequences.read"]);
const TEMPLATES: Access = Access::AnyOf(&["sales-templates-public-read"]);
const MEETINGS: Access = Access::AnyOf(&["scheduler.meetings.meeting-link.read"]);
/// No scope declared: any token does.
const OAUTH: Access = Access::AnyOf(&["oauth"]);
const SALES: Need = Need::SalesOrService(Tier::Professional);
const PRO: Need = Need::Any(Tier::Professional);

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    post(&["/crm/v3/lists/search", "/crm/lists/{date}/search", "/crm/lists/v3/search"], LISTS, lists::search, "platform 6.3"),
    get(&["/crm/v3/lists", "/crm/lists/{date}", "/crm/lists/v3"], LISTS, lists::several, "platform 6.3"),
    get(&["/crm/v3/lists/folders", "/crm/lists/{date}/folders", "/crm/lists/v3/folders"], LISTS, lists::folders, "platform 6.3"),
    get(&["/crm/v3/lists/idmapping", "/crm/lists/{date}/idmapping", "/crm/lists/v3/idmapping"], LISTS, lists::id_mapping, "platform 6.3"),
    get(&["/crm/v3/lists/object-type-id/{objectTypeId}/name/{listName}", "/crm/lists/{date}/object-type-id/{objectTypeId}/name/{listName}", "/crm/lists/v3/object-type-id/{objectTypeId}/name/{listName}"], LISTS, lists::by_name, "platform 6.3"),
    post(&["/crm/lists/2026-09-beta/all"], LISTS, lists::all, "platform 6.3"),
    get(&["/crm/v3/lists/{listId}", "/crm/lists/{date}/{listId}", "/crm/lists/v3/{listId}"], LISTS, lists::one, "platform 6.3"),
    get(&["/marketing/v3/forms", "/marketing/forms/2026-09-beta", "/marketing/forms/v3/forms", "/marketing/forms/v3"], FORMS, marketing::forms, "platform 6.3"),
    get(&["/marketing/v3/forms/{formId}", "/marketing/forms/2026-09-beta/{formId}", "/marketing/forms/v3/{formId}"], FORMS, marketing::form, "platform 6.3"),
    get(&["/automation/v4/flows", "/automation/2026-09-beta/flows"], AUTOMATION, automation::list, "platform 6.3").needs(PRO),
    post(&["/automation/v4/flows/batch/read", "/automation/2026-09-beta/flows/batch/read"], AUTOMATION, automation::batch_read, "platform 6.3").needs(PRO),
    get(&["/automation/v4/flows/{flowId}", "/automation/2026-09-beta/flows/{flowId}"], AUTOMATION, automation::one, "platform 6.3").needs(PRO),
    get(&["/automation/2026-09-beta/action-types"], AUTOMATION, automation::action_types, "platform 6.3").needs(PRO),
    get(&["/automation/v4/sequences", "/automation/sequences/{date}", "/automation/sequences/v4"], SEQUENCES, sales::sequences, "platform 6.3").needs(SALES),
    get(&["/automation/v4/sequences/{sequenceId}", "/automation/sequences/{date}/{sequenceId}", "/automation/sequences/v4/{sequenceId}"], SEQUENCES, sales::sequence, "platform 6.3").needs(SALES),
    get(&["/automation/email-templates/2026-09-beta", "/automation/email-templates/2026-09-beta/automation/email-templates"], TEMPLATES, sales::email_templates, "platform 6.3"),
    get(&["/automation/email-templates/2026-09-beta/folders", "/automation/email-templates/2026-09-beta/automation/email-templates/folders"], TEMPLATES, sales::email_template_folders, "platform 6.3"),
    get(&["/automation/email-templates/2026-09-beta/{templateId}", "/automation/email-templates/2026-09-beta/automation/email-templates/{templateId}"], TEMPLATES, sales::email_template, "platform 6.3"),
    get(&["/scheduler/v3/meetings/meeting-links", "/scheduler/{date}/meetings/meeting-links"], MEETINGS, sales::meeting_links, "platform 6.3").needs(PRO),
    get(&["/forecast-settings/v3/forecast-types", "/forecast-settings/{date}/forecast-types", "/forecast-settings/2026-09-beta/forecast-types"], OAUTH, sales::forecast_types, "platform 6.3").needs(SALES),
    get(&["/forecast-settings/v3/forecast-types/{forecastTypeId}", "/forecast-settings/{date}/forecast-types/{forecastTypeId}", "/forecast-settings/2026-09-beta/forecast-types/{forecastTypeId}"], OAUTH, sales::forecast_type, "platform 6.3").needs(SALES),
];
