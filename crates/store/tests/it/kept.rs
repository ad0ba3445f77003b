//! Data that an earlier version wrote: schema 1, a day's rows, a roll of the keys, a call that was
//! under way. `tests/data/before-0002` was written by the commit before the second migration.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use domain::keyword::Keyword;
use domain::message::MessageState;
use domain::time::Span;
use store::Clock;
use tlog::Directory;

use crate::base::Base;
use crate::on_sqlite::fixture::TestStore;
use crate::on_sqlite::fixture::both;
use crate::on_sqlite::fixture::bsuid;
use crate::on_sqlite::fixture::copy;
use crate::on_sqlite::fixture::data;
use crate::on_sqlite::fixture::differences;
use crate::on_sqlite::fixture::open;
use crate::on_sqlite::fixture::phone;
use crate::on_sqlite::fixture::start;
use crate::on_sqlite::fixture::text;

/// Today's program over a copy of what was kept.
fn kept() -> TestStore {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/before-0002");
    let directory = tempfile::tempdir().unwrap();
    for folder in [
        "",
        "data",
        "data/log",
        "data/log/checkpoints",
        "data/log/tile/0/000.p",
        "data/log/tile/entries/000.p",
    ] {
        copy(&kept.join(folder), &directory.path().join(folder));
    }
    for key in ["root.key", "keyring"] {
        let closed = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(directory.path().join(key), closed).unwrap();
    }
    let clock = Clock::manual(start() + Span::hours(1));
    let store = Arc::new(open(directory.path(), &Base::File, &clock).unwrap());
    let registry = store.registry();
    let number = |id| registry.number_by_phone_number_id(id).unwrap().id;
    TestStore {
        number: number("1001"),
        other_number: number("1002"),
        directory,
        base: Base::File,
        store,
        clock,
    }
}

/// The entries of the log's files.
fn published() -> Vec<Vec<u8>> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/before-0002/data/log");
    let bundle = std::fs::read(kept.join("tile/entries/000.p/97")).unwrap();
    let mut rest = &bundle[..];
    let mut entries = Vec::new();
    // A bundle holds entries one after the other, each after its length (C2SP, tlog-tiles).
    while let [high, low, after @ ..] = rest {
        let (entry, after) = after.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        entries.push(entry.to_vec());
        rest = after;
    }
    entries
}

#[tokio::test]
async fn every_row_of_before_can_be_read() {
    let test = kept();
    for person in 1..4 {
        let subject = test.find(&bsuid(person)).unwrap();
        let name = test.read(|reader| reader.name(subject));
        // The last thing a person said came with this name.
        assert_eq!(name.as_deref(), Some("Thandi"), "{person}");
        let stops = test.store.suppressions(subject).await.unwrap();
        assert!(!stops.is_empty(), "{person}");
        let events = test.read(|reader| reader.consent_events(subject));
        assert!(!events.is_empty(), "{person}");
        let thread = test.read(|reader| reader.thread(Some(test.last_message(subject)), 20));
        assert!(thread.len() >= 5, "{person}: {}", thread.len());
        for row in thread {
            let content = test.read(|reader| reader.content(&row));
            assert!(!content.content.is_empty());
        }
    }
    let registry = test.store.registry();
    assert_eq!((registry.purposes.len(), registry.templates.len()), (4, 1));
    assert_eq!(registry.apps.len(), 2);
    let subject = test.find(&phone(4)).unwrap();
    let called = test.last_message(subject);
    assert_eq!(test.state(called), MessageState::Indeterminate);
}

#[tokio::test]
async fn the_log_of_before_covers_every_row() {
    let test = kept();
    let log = published();
    assert_eq!(log.len(), 97);
    let found = differences(&test.store, &mut |position| {
        log.get(usize::try_from(position).unwrap()).cloned()
    });
    assert_eq!(found, []);
    let mut files = Directory::open(&data(test.directory.path()).join("log")).unwrap();
    assert_eq!(files.size(), 97);
    test.hear(&both(60), 2_000).await;
    let more = test.read(|reader| reader.leaves(files.size(), u32::MAX));
    assert!(!more.is_empty());
    files
        .append_at(97, more.iter().map(|leaf| leaf.entry.as_slice()))
        .unwrap();
}

#[tokio::test]
async fn life_goes_on_from_before() {
    let mut test = kept();
    let known = test.find(&phone(4)).unwrap();
    assert_eq!(test.hear(&both(4), 1_000).await, known);
    assert_eq!(test.code(&phone(4), text()).await, None);
    test.hear(&both(50), 1_001).await;
    test.say(&both(50), 1_002, Keyword::Stop).await;
    test.store.roll().await.unwrap();
    test.whole();
    test.reopen();
    assert_eq!(test.find(&phone(4)), Some(known));
    test.whole();
}
