//! Data that earlier versions wrote: a day's rows, a roll of the keys, a call that was under way.
//! Each folder of `tests/data` was written by the commit before the migration it is named after.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use domain::decision::Basis;
use domain::ids::MessageId;
use domain::keyword::Keyword;
use domain::message::MessageState;
use domain::time::Span;
use store::Clock;
use store::operation::Send;
use store::operation::SendReply;
use store::queue::Turn;
use tempfile::TempDir;
use tlog::Directory;

use crate::base::Base;
use crate::base::Raw;
use crate::base::file;
use crate::on_sqlite::fixture::TestStore;
use crate::on_sqlite::fixture::both;
use crate::on_sqlite::fixture::bsuid;
use crate::on_sqlite::fixture::data;
use crate::on_sqlite::fixture::differences;
use crate::on_sqlite::fixture::open;
use crate::on_sqlite::fixture::phone;
use crate::on_sqlite::fixture::start;
use crate::on_sqlite::fixture::template;
use crate::on_sqlite::fixture::text;

/// What one version left behind.
#[derive(Clone, Copy, Debug)]
struct Kept {
    folder: &'static str,
    /// The files of the log that hold entries, in order.
    bundles: &'static [&'static str],
    leaves: u64,
    schema: &'static str,
    /// Tables that opening it changes, with how many rows go or change and how many come so.
    changed: &'static [(&'static str, usize, usize)],
}

const BEFORE_0002: Kept = Kept {
    folder: "before-0002",
    bundles: &["000.p/97"],
    leaves: 97,
    schema: "1",
    changed: &[("calls", 4, 0), ("messages", 4, 4), ("settings", 1, 2)],
};
/// With what the second migration brought: endpoints of events, health, echoes, messages that wait.
const BEFORE_0003: Kept = Kept {
    folder: "before-0003",
    bundles: &["000", "001.p/23"],
    leaves: 279,
    schema: "2",
    changed: &[("calls", 4, 0), ("messages", 4, 4), ("settings", 1, 1)],
};
/// With what the third migration brought: terms, traits, registries, confirmations, campaigns, lists.
const BEFORE_0004: Kept = Kept {
    folder: "before-0004",
    bundles: &["000", "001.p/61"],
    leaves: 317,
    schema: "3",
    // Both lists were being brought in when that day ended.
    changed: &[
        ("calls", 4, 0),
        ("imports", 2, 2),
        ("messages", 4, 4),
        ("settings", 1, 1),
    ],
};
const ALL: [Kept; 3] = [BEFORE_0002, BEFORE_0003, BEFORE_0004];

impl Kept {
    fn path(&self) -> PathBuf {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        folder.join(self.folder)
    }

    fn copied(&self) -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        copy_all(&self.path(), directory.path());
        directory
    }

    /// Today's program over a copy of it, an hour after that day began.
    fn open(&self) -> TestStore {
        let directory = self.copied();
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
    fn published(&self) -> Vec<Vec<u8>> {
        let bundles = self.path().join("data/log/tile/entries");
        let mut entries = Vec::new();
        for name in self.bundles {
            let bundle = std::fs::read(bundles.join(name)).unwrap();
            let mut rest = &bundle[..];
            // A bundle holds entries one after the other, each after its length (C2SP, tlog-tiles).
            while let [high, low, after @ ..] = rest {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                let (entry, after) = after.split_at(length);
                entries.push(entry.to_vec());
                rest = after;
            }
        }
        entries
    }
}

/// Copies a folder with all it holds, for its owner's eyes only, as keys have to be.
fn copy_all(from: &Path, to: &Path) {
    use std::os::unix::fs::PermissionsExt;

    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
            let closed = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(&to, closed).unwrap();
        }
    }
}

#[tokio::test]
async fn every_row_of_before_can_be_read() {
    for kept in ALL {
        let test = kept.open();
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
}

#[tokio::test]
async fn the_log_of_before_covers_every_row() {
    for kept in ALL {
        let test = kept.open();
        let log = kept.published();
        assert_eq!(u64::try_from(log.len()).unwrap(), kept.leaves);
        let found = differences(&test.store, &mut |position| {
            log.get(usize::try_from(position).unwrap()).cloned()
        });
        assert_eq!(found, []);
        let mut files = Directory::open(&data(test.directory.path()).join("log")).unwrap();
        assert_eq!(files.size(), kept.leaves);
        test.hear(&both(60), 2_000).await;
        let more = test.read(|reader| reader.leaves(files.size(), u32::MAX));
        assert!(!more.is_empty());
        files
            .append_at(kept.leaves, more.iter().map(|leaf| leaf.entry.as_slice()))
            .unwrap();
    }
}

#[tokio::test]
async fn life_goes_on_from_before() {
    for kept in ALL {
        let mut test = kept.open();
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
}

/// All rows of a database, under the columns that it had.
fn rows(raw: &Raw, shape: &[(String, Vec<String>)]) -> Vec<(String, Vec<Vec<String>>)> {
    let rows = shape.iter().map(|(table, columns)| {
        let columns = columns.join(", ");
        let sql = format!("SELECT {columns} FROM {table} ORDER BY 1, 2");
        (table.clone(), raw.rows(&sql))
    });
    rows.collect()
}

/// Opening what was kept changes its schema, notes which calls and lists were under way, and no more.
#[tokio::test]
async fn a_migration_leaves_every_row_as_it_was() {
    for kept in ALL {
        let left = kept.copied();
        let raw = Raw::file(&file(left.path()));
        assert_eq!(raw.text("PRAGMA user_version"), kept.schema);
        let shape: Vec<_> = raw
            .tables()
            .into_iter()
            .map(|table| {
                let columns = raw.columns(&table).into_iter().map(|(name, ..)| name);
                (table, columns.collect())
            })
            .collect();
        let before = rows(&raw, &shape);
        let test = kept.open();
        let after = rows(&test.raw(), &shape);
        let mut changed = Vec::new();
        for ((table, before), (_, after)) in before.iter().zip(&after) {
            let gone = before.iter().filter(|row| !after.contains(row)).count();
            let new = after.iter().filter(|row| !before.contains(row)).count();
            if (gone, new) != (0, 0) {
                changed.push((table.as_str(), gone, new));
            }
        }
        assert_eq!(changed, kept.changed, "{}", kept.folder);
        if kept.changed.iter().any(|(table, ..)| *table == "imports") {
            let columns = "layout, provenance, actor, started_at, rows, people, updated_at, leaf";
            let sql = format!("SELECT id, {columns} FROM imports ORDER BY id");
            assert_eq!(raw.rows(&sql), test.raw().rows(&sql), "{}", kept.folder);
            // Under way before, broken off now.
            for (raw, state) in [(&raw, "1"), (&test.raw(), "5")] {
                let states = raw.rows("SELECT state FROM imports");
                assert!(states.iter().all(|row| row == &[state]), "{states:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_waited_goes_on() {
    let test = BEFORE_0003.open();
    let waiting = test.read(|reader| reader.queued((None, None), None, 9));
    let waiting: Vec<MessageId> = waiting.iter().map(|row| row.message).collect();
    assert_eq!(waiting.len(), 2);
    let mut called = Vec::new();
    while let Turn::Call(call) = test.store.next_queued().await.unwrap() {
        let body = test.request(&phone(1), text()).body;
        assert_eq!(
            (call.edge.as_str(), &call.body[..]),
            ("messages", &body[..])
        );
        test.accept(call.message).await;
        called.push(call.message);
    }
    called.sort_unstable();
    assert_eq!(called, waiting);
    let endpoints = test.store.registry().event_endpoints.clone();
    assert_eq!(endpoints.len(), 2);
    for endpoint in &endpoints {
        let waiting = test.read(|reader| reader.events_waiting(endpoint.id, 99));
        // What its message came to is one more.
        assert!(waiting.len() >= 48, "{}", waiting.len());
    }
    let outside = test.read(|reader| reader.outside(false, None, 9));
    assert_eq!(outside.len(), 2);
    test.whole();
}

#[tokio::test]
async fn a_send_is_judged_as_before() {
    for kept in [BEFORE_0003, BEFORE_0004] {
        judged_as_before(&kept.open()).await;
    }
}

async fn judged_as_before(test: &TestStore) {
    // What the program that wrote it said of each at this hour: an answer, a message of marketing.
    for (person, answer, sale) in [
        (1, None, Some(131_050)),
        (2, None, Some(131_050)),
        (3, None, Some(131_050)),
        (4, None, Some(131_005)),
        (5, None, None),
        (6, None, Some(131_050)),
        (7, Some(131_047), Some(131_005)),
        (60, Some(131_047), Some(131_005)),
    ] {
        assert_eq!(test.code(&phone(person), text()).await, answer, "{person}");
        let judged = test.code(&phone(person), template("sale")).await;
        assert_eq!(judged, sale, "{person}");
    }
    let judged = test.judge(test.request(&phone(5), template("sale"))).await;
    assert!(matches!(
        judged.decision.basis,
        Some(Basis::Consent { at, .. }) if at == start() + Span::minutes(30)
    ));
    let again = Send {
        idempotency: Some(([5; 16], [6; 32])),
        ..test.request(&phone(5), text())
    };
    let SendReply::Repeated(repeated) = test.store.send(again).await.unwrap() else {
        panic!("judged anew")
    };
    assert_eq!(repeated.state, MessageState::Accepted);
    test.whole();
}
