//! What people live through, in a real Chromium, with the finished bundle: one browser, one profile per test.
//! Run by `cargo xtask test --only browser`. Each test names the promises it serves (mission, threat model).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod accounts;
mod actions;
mod consent;
mod embedded;
mod gallery;
mod github;
mod guide;
mod help;
mod hostile;
mod journal;
mod large;
mod limited;
mod looks;
mod places;
mod scopes;
mod secrets;
mod static_token;
mod story;
mod trouble;

/// An Enterprise portal of `agency` that grants all that is asked.
const PORTAL: u64 = 26_104_388;
/// The one portal of `small`: free, EU.
const SMALL: u64 = 146_250_417;
/// How many records the browser keeps, in all of its stores.
const KEPT_RECORDS: &str = "return (async () => {
    const wait = (request) => new Promise((done) => { request.onsuccess = () => done(request.result); });
    let count = 0;
    for (const { name } of await indexedDB.databases()) {
        if (!name.startsWith('portico.v1.')) continue;
        const database = await wait(indexedDB.open(name));
        for (const store of database.objectStoreNames) {
            count += await wait(database.transaction(store).objectStore(store).count());
        }
        database.close();
    }
    return count;
})()";
