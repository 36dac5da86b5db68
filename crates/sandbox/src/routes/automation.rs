//! Owns the routes of lists, forms and workflows (platform 6.3). Holds no logic.

use super::{get, post};
use crate::hubspot::{automation, collections, lists};
use crate::model::Tier;
use crate::router::{Access, Route};
use crate::scopes::Need;

const LISTS: Access = Access::AnyOf(&["crm.lists.read"]);
const FORMS: Access = Access::AnyOf(&["forms"]);
const AUTOMATION: Access = Access::AnyOf(&["automation"]);
const PRO: Need = Need::Any(Tier::Professional);

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    post(&["/crm/v3/lists/search", "/crm/lists/{date}/search", "/crm/lists/v3/search"], LISTS, lists::search, "platform 6.3").search(),
    get(&["/crm/v3/lists", "/crm/lists/{date}", "/crm/lists/v3"], LISTS, lists::several, "platform 6.3"),
    get(&["/crm/v3/lists/folders", "/crm/lists/{date}/folders"], LISTS, lists::folders, "platform 6.3"),
    get(&["/crm/v3/lists/{listId}", "/crm/lists/{date}/{listId}"], LISTS, lists::one, "platform 6.3"),
    get(&["/marketing/v3/forms", "/marketing/forms/{date}", "/marketing/forms/2026-09-beta", "/marketing/forms/v3/forms"], FORMS, collections::forms, "platform 6.3"),
    get(&["/marketing/v3/forms/{formId}", "/marketing/forms/{date}/{formId}", "/marketing/forms/2026-09-beta/{formId}"], FORMS, collections::form, "platform 6.3"),
    get(&["/automation/v4/flows", "/automation/2026-09-beta/flows", "/automation/{date}/flows"], AUTOMATION, automation::list, "platform 6.3").needs(PRO),
    post(&["/automation/v4/flows/batch/read", "/automation/2026-09-beta/flows/batch/read", "/automation/{date}/flows/batch/read"], AUTOMATION, automation::batch_read, "platform 6.3").needs(PRO),
    get(&["/automation/v4/flows/{flowId}", "/automation/2026-09-beta/flows/{flowId}", "/automation/{date}/flows/{flowId}"], AUTOMATION, automation::one, "platform 6.3").needs(PRO),
];
