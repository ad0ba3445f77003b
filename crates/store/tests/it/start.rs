//! What a start finds, and what it must not touch.

use std::path::Path;

use store::StoreError;

use crate::fixture::TestStore;
use crate::fixture::both;
use crate::fixture::open;
use crate::fixture::phone;
use crate::fixture::raw;

/// Opens a data directory whose database is `database`, and returns the error and whether the file
/// is as it was.
fn start_on(test: &TestStore, database: impl FnOnce(&Path)) -> (StoreError, bool) {
    test.store.close();
    let copied = test.snapshot();
    let path = copied.path().join("data").join("imvume.db");
    database(&path);
    let before = std::fs::read(&path).unwrap();
    let error = open(copied.path(), &test.clock).unwrap_err();
    (error, std::fs::read(&path).unwrap() == before)
}

fn replace(path: &Path, content: &[u8]) {
    std::fs::write(path, content).unwrap();
}

#[tokio::test]
async fn a_directory_has_one_holder() {
    let test = TestStore::new().await;
    let second = open(test.directory.path(), &test.clock);
    assert!(matches!(second, Err(StoreError::Locked)));
    test.hear(&both(1), 1).await;
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let test = TestStore::new().await;
    let (error, untouched) = start_on(&test, |path| {
        let raw = raw(path);
        raw.pragma_update(None, "user_version", 99).unwrap();
    });
    assert!(matches!(error, StoreError::Newer { found: 99, .. }));
    assert!(untouched);
}

#[tokio::test]
async fn foreign_files_are_left_alone() {
    let test = TestStore::new().await;
    let (error, untouched) = start_on(&test, |path| {
        std::fs::remove_file(path).unwrap();
        let raw = raw(path);
        raw.execute_batch("CREATE TABLE other (a); INSERT INTO other VALUES (1)")
            .unwrap();
    });
    assert!(matches!(error, StoreError::Foreign), "{error}");
    assert!(untouched);
    for content in [
        &b"not a database, but long enough to look at"[..],
        &[0; 8_192],
    ] {
        let (error, untouched) = start_on(&test, |path| replace(path, content));
        assert!(matches!(error, StoreError::Foreign), "{error}");
        assert!(untouched);
    }
}

#[tokio::test]
async fn nobody_else_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let test = TestStore::new().await;
    let data = test.directory.path().join("data");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
    }
}

#[tokio::test]
async fn what_was_answered_outlives_a_kill() {
    let mut test = TestStore::new().await;
    let subject = test.hear(&both(1), 1).await;
    let leaves = test.actions();
    test.crash();
    assert_eq!(test.find(&phone(1)), Some(subject));
    assert_eq!(test.actions(), leaves);
    assert_eq!(test.hear(&both(1), 2).await, subject);
    // What came before the kill is still known as such.
    let reply = test
        .take(vec![store::operation::Item::Message(Box::new(
            test.message(&both(1), 1),
        ))])
        .await;
    assert_eq!(reply.duplicates, 1);
    test.whole();
}
