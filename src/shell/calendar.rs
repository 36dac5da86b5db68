//! Days and times as this computer's clock tells them. Owns the way between them and milliseconds since 1970.

use js_sys::Date;
use portico_core::journal::query::Day;
use wasm_bindgen::JsValue;

/// When a day begins here, so many days later, in milliseconds since 1970.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast saturates; no day of four digits is that far"
)]
pub(crate) fn day_begins(day: Day, later: u8) -> i64 {
    let month = i32::from(day.month) - 1;
    let date = Date::new_with_year_month_day(
        day.year.into(),
        month,
        i32::from(day.day) + i32::from(later),
    );
    date.get_time() as i64
}

/// `2026-10-01 14:03:22`, by this computer's clock.
#[expect(clippy::cast_precision_loss, reason = "exact for 285,000 years")]
pub(crate) fn local_time(at_ms: i64) -> String {
    let date = Date::new(&JsValue::from_f64(at_ms as f64));
    let mut out = date.get_full_year().to_string();
    for (before, number) in [
        ('-', date.get_month() + 1),
        ('-', date.get_date()),
        (' ', date.get_hours()),
        (':', date.get_minutes()),
        (':', date.get_seconds()),
    ] {
        out.push(before);
        if number < 10 {
            out.push('0');
        }
        out.push_str(&number.to_string());
    }
    out
}
