//! What the other tests stand on: a database of each test's own, which is gone when the test is over.

use portico_tests::Database;

/// On PostgreSQL two tests share nothing, numbers of either width are numbers, and nothing stays behind.
#[tokio::test]
async fn a_test_has_a_database_of_its_own_that_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, other) = (
        Database::fresh(folder.path()).await,
        Database::fresh(folder.path()).await,
    );
    let (Some(url), Some(_)) = (mine.url(), other.url()) else {
        // A file in the test's own folder needs no proof.
        return;
    };
    mine.run("CREATE TABLE kept (narrow INTEGER, wide BIGINT, word TEXT); INSERT INTO kept VALUES (1, 2, 'three')")
        .await;
    assert_eq!(mine.count("SELECT narrow FROM kept").await, 1);
    assert_eq!(mine.count("SELECT wide FROM kept").await, 2);
    let word = mine.text("SELECT word FROM kept").await;
    assert_eq!(word.as_deref(), Some("three"));
    let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'kept'";
    assert_eq!(other.count(tables).await, 0);

    let name = url.rsplit('/').next().unwrap();
    let left = format!("SELECT COUNT(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(other.count(&left).await, 1);
    drop(mine);
    assert_eq!(other.count(&left).await, 0);
}
