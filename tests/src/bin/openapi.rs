//! Writes `docs/openapi.json` anew, as the code has it.
#![allow(
    clippy::unwrap_used,
    reason = "what goes wrong here is said and ends it"
)]

fn main() {
    let document = portico_proxy::openapi().unwrap();
    let text = portico_tests::openapi_text(&document);
    std::fs::write(portico_tests::OPENAPI, text).unwrap();
}
