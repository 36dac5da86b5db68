//! Owns currencies and exchange rates (platform 6.2): the account's own, the present rates and their history.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::documents::{self, Shelf, instant};
use super::page::{PageRule, whole};
use crate::document::Document;
use crate::http::Response;
use crate::model::Collection;
use crate::router::{Answer, Call};
use crate::time::{DAY, FIXTURE_NOW, iso};

/// Every code HubSpot's own clients name, with its name.
const CODES: &str = include_str!("../../data/currencies.psv");

const RATES: Shelf = Shelf::plain(Collection::ExchangeRates, PageRule::clamped(100, 100));

/// `GET …/company-currency`.
pub(crate) fn company(call: &mut Call<'_>) -> Answer {
    let portal = call.portal()?;
    let at = iso(FIXTURE_NOW - 1_500 * DAY);
    Ok(Response::json(
        200,
        &json!({ "id": portal.id.to_string(), "currencyCode": portal.company_currency, "createdAt": at, "updatedAt": at }),
    ))
}

/// `GET …/exchange-rates/current`: the newest rate of each additional currency.
pub(crate) fn current_rates(call: &mut Call<'_>) -> Answer {
    if call.portal()?.currencies_in_use().is_empty() {
        return whole::<&Document>(&[]);
    }
    let mut newest: BTreeMap<String, (u64, &Document)> = BTreeMap::new();
    for rate in call.portal()?.collection(Collection::ExchangeRates) {
        let text = |name: &str| {
            let value = rate.member(name);
            value
                .as_ref()
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let at = instant(&text("effectiveAt")).unwrap_or_default();
        let known = newest.entry(text("fromCurrencyCode")).or_insert((at, rate));
        if known.0 < at {
            *known = (at, rate);
        }
    }
    let rows: Vec<&Document> = newest.into_values().map(|(_, rate)| rate).collect();
    whole(&rows)
}

/// `GET …/exchange-rates`: the history, paged, of one pair where named.
pub(crate) fn rates(call: &mut Call<'_>) -> Answer {
    let (from, to) = (
        call.query.filled("fromCurrencyCode"),
        call.query.filled("toCurrencyCode"),
    );
    documents::list_where(call, &RATES, |rate| {
        from.is_none_or(|code| rate.has("fromCurrencyCode", code))
            && to.is_none_or(|code| rate.has("toCurrencyCode", code))
    })
}

/// `GET …/exchange-rates/{exchangeRateId}`.
pub(crate) fn rate(call: &mut Call<'_>) -> Answer {
    documents::one(call, &RATES, "exchangeRateId")
}

/// `POST …/exchange-rates/batch/read`.
pub(crate) fn rates_batch(call: &mut Call<'_>) -> Answer {
    documents::several(call, &RATES)
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
        .lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(code, name)| json!({ "currencyCode": code, "currencyName": name }))
        .collect();
    whole(&rows)
}
