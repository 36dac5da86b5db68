//! What people live through, in a real Chromium, with the finished bundle: one process, one profile per test.
//! Run by `cargo xtask test --only browser`. Each test names the promises it serves (mission, threat model).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod story;
