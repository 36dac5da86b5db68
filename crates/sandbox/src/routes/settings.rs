//! Owns the routes of account settings (platform 6.2). Holds no logic.

use super::{get, post};
use crate::hubspot::{currencies, sales, users};
use crate::router::{Access, Route};
use crate::scopes::Need;

const USERS: Access = Access::AnyOf(&["settings.users.read", "crm.objects.users.read"]);
const TEAMS: Access = Access::AnyOf(&["settings.users.teams.read"]);
const TAX_RATES: Access = Access::AnyOf(&["tax_rates.read"]);
const CURRENCIES: Access = Access::AnyOf(&["settings.currencies.read"]);

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    get(&["/settings/v3/users", "/settings/users/{date}", "/settings/users/v3"], USERS, users::list, "platform 6.2"),
    get(&["/settings/v3/users/roles", "/settings/users/{date}/roles", "/settings/users/v3/roles"], USERS, users::roles, "platform 6.2"),
    get(&["/settings/v3/users/teams", "/settings/users/{date}/teams", "/settings/users/v3/teams"], TEAMS, users::teams, "platform 6.2"),
    get(&["/settings/teams/2026-09-beta"], TEAMS, users::team_tree, "platform 6.2"),
    get(&["/settings/v3/users/{userId}", "/settings/users/{date}/{userId}", "/settings/users/v3/{userId}"], USERS, users::one, "platform 6.2"),
    get(&["/settings/v3/currencies/company-currency", "/settings/currencies/{date}/company-currency"], CURRENCIES, currencies::company, "platform 6.2"),
    get(&["/settings/v3/currencies/exchange-rates/current", "/settings/currencies/{date}/exchange-rates/current"], CURRENCIES, currencies::current_rates, "platform 6.2"),
    get(&["/settings/v3/currencies/exchange-rates", "/settings/currencies/{date}/exchange-rates"], CURRENCIES, currencies::rates, "platform 6.2"),
    get(&["/settings/v3/currencies/exchange-rates/{exchangeRateId}", "/settings/currencies/{date}/exchange-rates/{exchangeRateId}"], CURRENCIES, currencies::rate, "platform 6.2"),
    post(&["/settings/v3/currencies/exchange-rates/batch/read", "/settings/currencies/{date}/exchange-rates/batch/read"], CURRENCIES, currencies::rates_batch, "platform 6.2"),
    get(&["/settings/v3/currencies/central-fx-rates/information", "/settings/currencies/{date}/central-fx-rates/information"], CURRENCIES, currencies::central_rates, "platform 6.2"),
    get(&["/settings/v3/currencies/codes", "/settings/currencies/{date}/codes"], CURRENCIES, currencies::codes, "platform 6.2"),
    get(&["/tax-rates/v1/tax-rates", "/tax-rates/{date}/tax-rates"], TAX_RATES, sales::tax_rates, "platform 6.2"),
    get(&["/tax-rates/v1/tax-rates/{taxRateGroupId}", "/tax-rates/{date}/tax-rates/{taxRateGroupId}"], TAX_RATES, sales::tax_rate, "platform 6.2"),
    get(&["/business-units/v3/business-units/user/{userId}", "/business-units/public/{date}/business-units/user/{userId}"], Access::AnyOf(&["business_units_view.read", "business_units.view.read"]), sales::business_units, "platform 6.2").needs(Need::Brands),
];
