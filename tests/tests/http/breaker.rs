//! A provider that refuses the app itself.

use portico_tests::faults::breaker;

/// UF-3: a hundred connections refreshed with a secret that HubSpot no longer takes: none is blamed, the operator hears of
/// it once, nothing more is sent until a minute is over, and then all are refreshed.
#[tokio::test]
async fn a_refused_secret_blames_none_of_a_hundred_connections() {
    breaker::run(100).await;
}
