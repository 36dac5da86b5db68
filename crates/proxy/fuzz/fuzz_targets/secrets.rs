//! Feeds `fuzzing::secrets`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portico_proxy::fuzzing::secrets(data));
