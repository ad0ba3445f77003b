//! Words of a person who is erased, planted in every way in, and looked for everywhere: as bytes in every
//! spelling, and in what opens to whoever has the keys that are left.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use backup::age::Identity;
use backup::bundle;
use domain::erasure::EraseReason;
use domain::time::Span;
use seal::Keyring;
use seal::RootKey;
use testkit::Needles;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestGateway;
use testkit::postgres::Cluster;

use crate::backups_rig::Kind;
use crate::backups_rig::Rig;
use crate::backups_rig::STAFF;
use crate::backups_rig::found;
use crate::backups_rig::recovery;
use crate::canary_open::Held;
use crate::canary_open::Opened;
use crate::canary_open::everything;
use crate::canary_open::files;
use crate::canary_open::keys_of;
use crate::canary_open::unsealed;
use crate::canary_plant::House;
use crate::canary_plant::Planted;

/// The keyring as it stands on disk.
fn keyring(gateway: &TestGateway) -> Keyring {
    let data = gateway.data();
    let base = data.parent().unwrap();
    let root = RootKey::read_file(&base.join("root.key")).unwrap();
    Keyring::open(&base.join("keyring"), &root).unwrap()
}

/// What opens on the host that serves.
fn live(rig: &Rig) -> Opened {
    let data = rig.gateway.data();
    let rows = rig.base.rows(&data);
    everything(&rows, &keyring(&rig.gateway), &data.join("media"))
}

/// Every folder that anything of the instance lies in: data directory with logs, keyring, backup places,
/// and the files of a server's database with its write-ahead log.
fn folders(rig: &Rig) -> Vec<PathBuf> {
    let data = rig.gateway.data();
    let mut folders = vec![data.parent().unwrap().to_owned()];
    folders.extend(["one", "two"].map(|place| rig.place(place)));
    if let Some(url) = &rig.base.url {
        let ask = |sql: &str| Cluster::shared().psql(url, sql);
        ask("CHECKPOINT");
        let server = PathBuf::from(ask("SHOW data_directory"));
        let own = ask("SELECT oid FROM pg_database WHERE datname = current_database()");
        folders.push(server.join("base").join(own));
        folders.extend(["global", "pg_wal"].map(|name| server.join(name)));
    }
    folders
}

/// Where bytes are found: in files, and in what the process logged down to the finest level.
fn scan(rig: &Rig, needles: &Needles) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = 0;
    let mut look = |place: &Path, bytes: &[u8]| {
        seen += bytes.len();
        let what = needles.found_in(bytes).into_iter();
        found.extend(what.map(|what| format!("{}: {what}", place.display())));
    };
    for folder in folders(rig) {
        for (path, bytes) in files(&folder) {
            look(&path, &bytes);
        }
    }
    look(Path::new("log"), &testkit::capture::logged());
    assert!(seen > 1_000_000, "the scan has looked at little: {seen}");
    found
}

/// The data keys of a person, as they are.
fn bare(keys: &[Held]) -> Needles {
    let keys = keys.iter().map(|held| held.key.danger_export());
    keys.fold(Needles::default(), |needles, key| {
        needles.bytes("a data key", key.as_slice())
    })
}

/// What leads to a person, and their data keys as rows have them.
fn as_stored(rig: &Rig, keys: &[Held]) -> Needles {
    let epoch = keyring(&rig.gateway).current_epoch();
    let tags = THANDI
        .identifiers()
        .into_iter()
        .fold(Needles::default(), |needles, identifier| {
            let tag = epoch.index(identifier.kind().code(), identifier.value());
            needles.bytes("an index value", &tag)
        });
    keys.iter().fold(tags, |needles, held| {
        needles.bytes("a wrapped key", &held.wrapped)
    })
}

/// The newest key bundle at a place in clear, and the identity that opens snapshots.
fn bundle_in_clear(rig: &Rig, place: &str) -> (Vec<u8>, Identity) {
    let mut clear = Vec::new();
    let mut identity = None;
    for part in rig.files(place, "bundle/") {
        clear.extend(unsealed(&part, &recovery(8)));
        let file = fs::File::open(&part).unwrap();
        let read = bundle::read(file, &[recovery(8)], &mut |_| Ok(()));
        identity = Some(read.unwrap().lasting.identity);
    }
    (clear, identity.unwrap())
}

/// With the recovery identity, a snapshot and the newest bundle, on an empty machine.
async fn elsewhere(rig: &Rig, name: &str, snapshot: Option<String>) -> Opened {
    let mut machine = rig.machine(name);
    machine.order.snapshot = snapshot;
    machine.restore().await.unwrap();
    let rows = machine.base.rows(&machine.order.directory);
    let opened = everything(&rows, &machine.keyring(), &machine.order.media);
    drop(rows);
    let store = machine.open();
    assert_eq!(found(&store, &THANDI), None, "{name}");
    assert!(found(&store, &SIPHO).is_some(), "{name}");
    store.close();
    opened
}

/// Nothing of hers opens but what nobody knows to be hers, and all of his does.
fn judge(place: &str, opened: &Opened, (hers, his): (&Planted, &Planted), aside: bool) {
    let found = hers.needles().found_in(&opened.bytes).join(", ");
    assert_eq!(found, "", "{place}");
    assert_eq!(his.missing(&opened.bytes), [""; 0], "{place}");
    for planted in [hers, his] {
        let needles = Needles::default().text("aside", &planted.aside);
        let found = !needles.found_in(&opened.bytes).is_empty();
        assert_eq!(found, aside, "{place}: {}", planted.aside);
    }
}

async fn erase(rig: &Rig, planted: &Planted) {
    let why = (None, EraseReason::Requested);
    let service = &rig.gateway.service;
    let begun = service.begin_erasure(STAFF, planted.subject, why).await;
    begun.unwrap();
    service.step_erasures().await.unwrap();
    let filter = store::erase::ErasureFilter::default();
    let read = rig
        .gateway
        .store
        .read_now(|reader| reader.erasures(filter, 10));
    let erasures = read.unwrap();
    assert_eq!(erasures.len(), 1);
    assert!(erasures.iter().all(|erasure| erasure.swept_at.is_some()));
}

async fn roll(rig: &Rig) {
    let clock = &rig.gateway.clock;
    clock.set(clock.now() + Span::seconds(1));
    rig.roll().await;
    rig.append().await;
}

/// As bytes: nothing readable, in whatever spelling, and no key that would make it so.
fn nothing_lies_about(rig: &Rig, hers: &Planted, keys: &[Held], stored: &Needles) {
    assert_eq!(scan(rig, &hers.all()), [""; 0]);
    assert_eq!(scan(rig, &bare(keys)), [""; 0]);
    if rig.kind == Kind::File {
        assert_eq!(scan(rig, stored), [""; 0]);
    }
    // A server's write-ahead log may keep what was written once: no key that lives opens it, and none
    // makes the index values that led to her.
    let keyring = keyring(&rig.gateway);
    let epochs = keyring.keys();
    for held in keys {
        let mut opening = epochs.epochs();
        assert!(!opening.any(|epoch| epoch.unwrap(&held.wrapped, &held.binding).is_ok()));
    }
    for identifier in THANDI.identifiers() {
        for epoch in epochs.epochs() {
            let tag = epoch.index(identifier.kind().code(), identifier.value());
            assert_eq!(stored.found_in(&tag), [""; 0]);
        }
    }
    // The control: one of her words in a file, as no eye would find it, and the scan fails.
    let planted = rig.gateway.data().join("planted");
    fs::write(&planted, "…request%20%C3%AB%20of%20thandi…").unwrap();
    assert_ne!(scan(rig, &hers.all()), [""; 0]);
    fs::remove_file(planted).unwrap();
}

async fn canaries(kind: Kind) {
    let house = House::start(kind).await;
    let rig = &house.rig;
    let hers = house.plant(THANDI).await;
    let his = house.plant(SIPHO).await;
    let before = live(rig);
    // The control: everything is there, everything opens, and nothing of it is readable.
    assert_eq!(before.shut, [""; 0]);
    for planted in [&hers, &his] {
        assert_eq!(planted.missing(&before.bytes), [""; 0]);
        assert_eq!(scan(rig, &planted.all()), [""; 0]);
    }
    rig.append().await;
    let older = rig.snapshot().await;
    let rows = rig.base.rows(&rig.gateway.data());
    let keys = keys_of(&rows, &keyring(&rig.gateway), hers.subject);
    let neighbours = keys_of(&rows, &keyring(&rig.gateway), his.subject);
    drop(rows);
    assert!(keys.len() > 5, "{}", keys.len());
    let stored = as_stored(rig, &keys);
    assert!(!scan(rig, &stored).is_empty(), "they do stand there");

    erase(rig, &hers).await;
    roll(rig).await;
    let newest = rig.snapshot().await;
    nothing_lies_about(rig, &hers, &keys, &stored);
    judge("live", &live(rig), (&hers, &his), true);

    // The same with the recovery identity: the bundle, what snapshots hold, and coming back from them.
    for place in ["one", "two"] {
        let (clear, identity) = bundle_in_clear(rig, place);
        assert_eq!(hers.all().found_in(&clear), [""; 0]);
        assert_eq!(bare(&keys).found_in(&clear), [""; 0]);
        assert!(!bare(&neighbours).found_in(&clear).is_empty());
        let snapshots = rig.files(place, "snapshots/");
        assert_eq!(snapshots.len(), 2);
        for snapshot in snapshots {
            let clear = unsealed(&snapshot, &identity);
            assert!(clear.len() > 100_000);
            for needles in [hers.all(), his.all(), bare(&keys)] {
                assert_eq!(needles.found_in(&clear), [""; 0]);
            }
        }
    }
    for (name, snapshot) in [("older", &older), ("newest", &newest)] {
        let opened = elsewhere(rig, name, Some(snapshot.clone())).await;
        judge(name, &opened, (&hers, &his), true);
    }

    // What was kept aside goes after 30 days, and with it the last of her.
    let clock = &rig.gateway.clock;
    clock.set(clock.now() + Span::days(32));
    rig.gateway.store.tidy().await.unwrap();
    roll(rig).await;
    judge("live, later", &live(rig), (&hers, &his), false);
    let opened = elsewhere(rig, "later", Some(older)).await;
    judge("older, later", &opened, (&hers, &his), false);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_erased_is_left_on_sqlite() {
    Box::pin(canaries(Kind::File)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_erased_is_left_on_postgres() {
    Box::pin(canaries(Kind::Server)).await;
}
