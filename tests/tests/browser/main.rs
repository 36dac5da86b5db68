//! What people live through, in a real Chromium, with the finished bundle: one browser, one profile per test.
//! Run by `cargo xtask test --only browser`. Each test names the promises it serves (mission, threat model).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod actions;
mod consent;
mod embedded;
mod github;
mod hostile;
mod large;
mod looks;
mod secrets;
mod story;
mod trouble;

/// An Enterprise portal of `agency` that grants all that is asked.
const PORTAL: u64 = 26_104_388;
/// The one portal of `small`: free, EU.
const SMALL: u64 = 146_250_417;
