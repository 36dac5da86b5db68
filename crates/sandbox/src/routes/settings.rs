//! Owns the routes of account settings (platform 6.2). Holds no logic.

use super::get;
use crate::hubspot::{collections, currencies, users};
use crate::router::{Access, Route};
use crate::scopes::Need;

const USERS: Access = Access::AnyOf(&["settings.users.read", "crm.objects.users.read"]);
const TEAMS: Access = Access::AnyOf(&["settings.users.teams.read"]);
const CURRENCIES: Access = Access::AnyOf(&["settings.currencies.read"]);

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
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
];
