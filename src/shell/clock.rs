//! What time it is. Owns the clocks; decides nothing by them.

use portico_core::wire::UnixSeconds;

/// Milliseconds since 1970-01-01T00:00:00Z by the computer's clock, which may jump.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates; the clock is years below the limits of both types"
)]
pub(crate) fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// Seconds since 1970-01-01T00:00:00Z by the computer's clock, which may jump.
pub(crate) fn now_seconds() -> UnixSeconds {
    UnixSeconds::try_from(now_ms() / 1000).unwrap_or(UnixSeconds::MAX)
}

/// Milliseconds since the page was opened; never runs backwards.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates; no page is open for that long"
)]
pub(crate) fn monotonic_ms() -> u64 {
    let precise = web_sys::window().and_then(|window| window.performance());
    precise.map_or_else(now_ms, |performance| performance.now() as u64)
}
