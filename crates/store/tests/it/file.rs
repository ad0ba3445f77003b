//! The database as a file: what a start must not touch, and who may read it.

use std::path::Path;

use store::StoreError;

use crate::base::Base;
use crate::base::Raw;
use crate::on_sqlite::fixture::TestStore;
use crate::on_sqlite::fixture::open;

/// Opens a data directory whose database is `database`, and returns the error and whether the file
/// is as it was.
fn start_on(test: &TestStore, database: impl FnOnce(&Path)) -> (StoreError, bool) {
    test.store.close();
    let copied = test.snapshot();
    let path = copied.path().join("data").join("imvume.db");
    database(&path);
    let before = std::fs::read(&path).unwrap();
    let error = open(copied.path(), &Base::File, &test.clock).unwrap_err();
    (error, std::fs::read(&path).unwrap() == before)
}

fn replace(path: &Path, content: &[u8]) {
    std::fs::write(path, content).unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let test = TestStore::new().await;
    let (error, untouched) = start_on(&test, |path| {
        Raw::file(path).batch("PRAGMA user_version = 99");
    });
    assert!(matches!(error, StoreError::Newer { found: 99, .. }));
    assert!(untouched);
}

#[tokio::test]
async fn foreign_files_are_left_alone() {
    let test = TestStore::new().await;
    let (error, untouched) = start_on(&test, |path| {
        std::fs::remove_file(path).unwrap();
        Raw::file(path).batch("CREATE TABLE other (a); INSERT INTO other VALUES (1)");
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
