//! Owns currencies and exchange rates (platform 6.2).

use serde_json::json;

use super::page::{PageRule, page, whole};
use crate::http::Response;
use crate::model::Collection;
use crate::router::{Answer, Call};
use crate::time::{FIXTURE_NOW, iso};

/// ISO 4217 codes the sandbox's accounts may use.
const CODES: [(&str, &str); 12] = [
    ("AUD", "Australian dollar"),
    ("BRL", "Brazilian real"),
    ("CAD", "Canadian dollar"),
    ("CHF", "Swiss franc"),
    ("DKK", "Danish krone"),
    ("EUR", "Euro"),
    ("GBP", "Pound sterling"),
    ("JPY", "Yen"),
    ("NOK", "Norwegian krone"),
    ("PLN", "Zloty"),
    ("SEK", "Swedish krona"),
    ("USD", "US dollar"),
];

/// `GET …/company-currency`.
pub(crate) fn company(call: &mut Call<'_>) -> Answer {
    let code = call.portal()?.company_currency;
    Ok(Response::json(
        200,
        &json!({ "currencyCode": code, "createdAt": iso(FIXTURE_NOW), "updatedAt": iso(FIXTURE_NOW) }),
    ))
}

/// `GET …/exchange-rates/current`: one row per additional currency.
pub(crate) fn current_rates(call: &mut Call<'_>) -> Answer {
    whole(call.portal()?.collection(Collection::ExchangeRates))
}

/// `GET …/exchange-rates`: the history, paged.
pub(crate) fn rates(call: &mut Call<'_>) -> Answer {
    let rates = call.portal()?.collection(Collection::ExchangeRates);
    page(call, rates, PageRule::clamped(100, 100))
}

/// `GET …/central-fx-rates/information`.
pub(crate) fn central_rates(call: &mut Call<'_>) -> Answer {
    call.portal()?;
    Ok(Response::json(
        200,
        &json!({ "centralExchangeRatesEnabled": false }),
    ))
}

/// `GET …/codes`.
pub(crate) fn codes(call: &mut Call<'_>) -> Answer {
    call.portal()?;
    let rows: Vec<_> = CODES
        .iter()
        .map(|(code, name)| json!({ "currencyCode": code, "currencyName": name }))
        .collect();
    whole(&rows)
}
