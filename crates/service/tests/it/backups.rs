//! The key bundle, snapshots, and coming back from them.

use std::fs;
use std::sync::Arc;

use domain::law::Lawless;
use service::backup::BackupFault;
use store::Lease;
use store::MARKER;
use store::StoreError;
use store::snapshot::SnapshotState;
use testkit::ANNELIE;
use testkit::SIPHO;
use testkit::THANDI;

use crate::backups_rig::Kind;
use crate::backups_rig::Rig;
use crate::backups_rig::STAFF;
use crate::backups_rig::contents;
use crate::backups_rig::found;
use crate::backups_rig::recovery;

pub(crate) const THANDIS: &str = "canary of the living";
pub(crate) const SIPHOS: &str = "canary of the erased";

/// The host is lost. A snapshot from before, the newest bundle and the recovery identity bring back what
/// lives; whoever was erased since is nowhere, and whoever said stop since is not written to.
async fn host_lost(kind: Kind) {
    let rig = Rig::start(kind).await;
    let gateway = &rig.gateway;
    gateway.hear_text(&THANDI, THANDIS).await;
    gateway.hear_text(&SIPHO, SIPHOS).await;
    gateway.hear_text(&ANNELIE, "hello").await;
    gateway.consent(&ANNELIE, "marketing").await;
    rig.append().await;
    let snapshot = rig.snapshot().await;
    // After it: one is erased, one says stop, one is restricted.
    let erased = rig.erase(&SIPHO).await;
    gateway.hear_text(&ANNELIE, "STOP").await;
    gateway.restrict(&THANDI, true).await;
    let thandi = gateway.subject(&THANDI).await;
    let annelie = gateway.subject(&ANNELIE).await;
    let token = gateway.real.token.clone();
    rig.append().await;

    let machine = rig.machine("machine");
    let came = machine.restore().await.unwrap();
    assert_eq!(came.snapshot, snapshot);
    assert!(came.restored.lost > 0, "{came:?}");
    assert!(came.restored.suppressions > 0, "{came:?}");
    assert_eq!(came.restored.erasures, 1, "{came:?}");
    assert!(came.restored.restrictions >= 1, "{came:?}");
    let store = machine.open();
    assert_eq!(found(&store, &THANDI), Some(thandi));
    assert_eq!(found(&store, &ANNELIE), Some(annelie));
    assert_eq!(found(&store, &SIPHO), None);
    let (open, shut) = contents(&store);
    assert!(open.iter().any(|text| text.contains(THANDIS)));
    assert!(!open.iter().any(|text| text.contains(SIPHOS)));
    assert_eq!(shut, 0);
    // The token of the app is good.
    let hash = store.keyring().token_hash(&token);
    let registry = store.registry();
    assert!(registry.token(&hash, store.clock().now()).is_some());
    let suppressed = store.suppressions(annelie).await.unwrap();
    assert!(!suppressed.is_empty());
    // Whoever was erased writes again, and is somebody new.
    let again = store.enrol(STAFF, SIPHO.identifiers()).await.unwrap();
    assert_ne!(again, erased);
    store.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_host_comes_back_from_a_file() {
    Box::pin(host_lost(Kind::File)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_host_comes_back_from_a_server() {
    Box::pin(host_lost(Kind::Server)).await;
}

/// The negative control: with the bundle from before, the erased would open.
#[tokio::test(flavor = "multi_thread")]
async fn the_bundle_from_before_would_open_the_erased() {
    let rig = Rig::start(Kind::File).await;
    rig.gateway.hear_text(&SIPHO, SIPHOS).await;
    rig.append().await;
    rig.snapshot().await;
    let machine = rig.machine("machine");
    machine.restore().await.unwrap();
    let store = machine.open();
    let (open, _) = contents(&store);
    assert!(open.iter().any(|text| text.contains(SIPHOS)));
}

/// Somebody came after the snapshot and was erased: their number is not given to somebody else, whose
/// erasure it would be.
#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_somebody_the_snapshot_does_not_know_is_not_given_again() {
    let rig = Rig::start(Kind::File).await;
    rig.gateway.hear_text(&THANDI, THANDIS).await;
    rig.append().await;
    rig.snapshot().await;
    rig.gateway.hear_text(&SIPHO, SIPHOS).await;
    let erased = rig.erase(&SIPHO).await;
    rig.append().await;
    let machine = rig.machine("machine");
    let came = machine.restore().await.unwrap();
    assert_eq!(came.restored.erasures, 1, "{came:?}");
    let store = machine.open();
    let new = store.enrol(STAFF, ANNELIE.identifiers()).await.unwrap();
    assert_ne!(new, erased);
    store.close();
}

/// A roll that had not ended when the snapshot was made has taken no older bundle away.
#[tokio::test(flavor = "multi_thread")]
async fn a_roll_that_was_restored_half_done_reaches_no_horizon() {
    let rig = Rig::start(Kind::File).await;
    rig.gateway.hear_text(&SIPHO, SIPHOS).await;
    rig.append().await;
    rig.erase(&SIPHO).await;
    rig.gateway.advance(domain::time::Span::hours(1)).await;
    fs::rename(rig.place("two"), rig.place("away")).unwrap();
    assert!(rig.gateway.store.roll().await.is_err());
    rig.snapshot().await;
    fs::rename(rig.place("away"), rig.place("two")).unwrap();
    let machine = rig.machine("machine");
    machine.restore().await.unwrap();
    let store = machine.open();
    assert_eq!(store.reach_horizons().await.unwrap(), 0);
    store.close();
}

/// A roll replaces everything at every place, and only then ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_roll_leaves_one_whole_part_at_every_place() {
    let rig = Rig::start(Kind::File).await;
    for text in ["one", "two", "three"] {
        rig.gateway.hear_text(&THANDI, text).await;
        rig.gateway.consent(&ANNELIE, "marketing").await;
        rig.append().await;
    }
    let before = rig.files("one", "bundle/").len();
    assert!(before >= 1);
    rig.roll().await;
    for place in ["one", "two"] {
        let files = rig.files(place, "bundle/");
        let names: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
        assert_eq!(names.len(), 1, "{names:?}");
        assert!(names.iter().all(|name| name.ends_with("-whole.age")));
    }
    // What did not change is not shipped again.
    rig.append().await;
    rig.append().await;
    assert!(rig.files("one", "bundle/").len() <= 2);
}

/// While a place is away the old key stays, and everything goes on once it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_roll_waits_for_a_place_that_is_away() {
    let rig = Rig::start(Kind::File).await;
    rig.gateway.hear_text(&THANDI, "hello").await;
    rig.append().await;
    fs::rename(rig.place("two"), rig.place("away")).unwrap();
    let refused = rig.gateway.store.roll().await;
    assert!(refused.is_err(), "{refused:?}");
    let keys = rig.gateway.store.keyring().keys();
    assert_eq!(keys.old_epochs().count(), 1);
    let standing = rig.gateway.service.backups().standing();
    let faults: Vec<bool> = standing.iter().map(|one| one.fault.is_some()).collect();
    assert_eq!(faults, [false, true]);
    fs::rename(rig.place("away"), rig.place("two")).unwrap();
    while rig
        .gateway
        .store
        .keyring()
        .keys()
        .old_epochs()
        .next()
        .is_some()
    {
        rig.gateway.store.roll_slice().await.unwrap();
    }
    assert_eq!(rig.files("two", "bundle/").len(), 1);
}

/// Everything that can be refused is refused before the target is touched, each with its own words.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_restored_is_refused_before_anything_is_touched() {
    let rig = Rig::start(Kind::File).await;
    rig.gateway.hear_text(&THANDI, "hello").await;
    rig.append().await;
    let first = rig.files("one", "bundle/");
    let old: Vec<Vec<u8>> = first.iter().map(|file| fs::read(file).unwrap()).collect();
    rig.gateway.hear_text(&SIPHO, "hello").await;
    rig.snapshot().await;
    let mut number = 0;
    let mut refused = async |what: &str, words: &str, wrong: bool| {
        number += 1;
        let mut machine = rig.machine(&format!("machine-{number}"));
        if wrong {
            machine.order.identities = vec![recovery(99)];
        }
        let told = machine.restore().await.unwrap_err().to_string();
        assert!(told.contains(words), "{what}: {told}");
        assert!(!machine.order.directory.join(MARKER).exists(), "{what}");
        assert!(!machine.order.keyring.exists(), "{what}");
        assert!(!machine.order.directory.exists(), "{what}");
    };
    refused("a wrong key", "wrong key", true).await;
    for place in ["one", "two"] {
        for file in rig.files(place, "snapshots/") {
            let whole = fs::read(&file).unwrap();
            fs::write(file.with_extension("kept"), &whole).unwrap();
            fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        }
    }
    refused("a truncated snapshot", "cut short", false).await;
    for place in ["one", "two"] {
        for kept in rig.files(place, ".kept") {
            let mut bytes = fs::read(&kept).unwrap();
            bytes[2_000] ^= 1;
            fs::write(kept.with_extension("imvume"), bytes).unwrap();
        }
    }
    refused("a flipped bit", "altered", false).await;
    for place in ["one", "two"] {
        for kept in rig.files(place, ".kept") {
            fs::rename(&kept, kept.with_extension("imvume")).unwrap();
        }
        for file in rig.files(place, "bundle/") {
            fs::remove_file(file).unwrap();
        }
    }
    refused("no bundle", "no key bundle", false).await;
    for (file, bytes) in first.iter().zip(&old) {
        fs::write(file, bytes).unwrap();
    }
    refused("a bundle from before", "older than the snapshot", false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_holds_something_is_left_alone() {
    let rig = Rig::start(Kind::File).await;
    rig.append().await;
    rig.snapshot().await;
    let machine = rig.machine("machine");
    fs::create_dir(&machine.order.directory).unwrap();
    fs::write(machine.order.directory.join("something"), b"here").unwrap();
    let refused = machine.restore().await;
    assert!(
        matches!(refused, Err(BackupFault::NotEmpty(_))),
        "{refused:?}"
    );
    assert_eq!(fs::read_dir(&machine.order.directory).unwrap().count(), 1);
}

/// A restore that was cut off leaves a marker; nobody serves from there, and it begins anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_was_cut_off_begins_anew() {
    for kind in [Kind::File, Kind::Server] {
        let rig = Rig::start(kind).await;
        rig.gateway.hear_text(&THANDI, THANDIS).await;
        rig.append().await;
        rig.snapshot().await;
        let mut machine = rig.machine("machine");
        let marker = machine.order.directory.join(MARKER);
        // Everything but its last step.
        drop(machine.back().await.unwrap());
        assert!(marker.exists());
        let (directory, database) = (
            machine.order.directory.clone(),
            machine.order.database.clone(),
        );
        let taken = Lease::take(&directory, &database);
        assert!(matches!(taken, Err(StoreError::Restoring)), "{taken:?}");
        // Whatever stands in another database is none of its business.
        let ours = std::mem::replace(&mut machine.order.database, kind.fresh());
        if kind == Kind::Server {
            let other = machine.restore().await;
            assert!(matches!(other, Err(BackupFault::OtherTarget)), "{other:?}");
        }
        machine.order.database = ours;
        machine.restore().await.unwrap();
        let store = machine.open();
        assert_eq!(contents(&store).0.len(), 1);
    }
}

/// A snapshot is verified beside the gateway that serves; one that was tampered with is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_verified_beside_the_gateway() {
    for kind in [Kind::File, Kind::Server] {
        let rig = Rig::start(kind).await;
        rig.gateway.hear_text(&THANDI, "hello").await;
        let snapshot = rig.snapshot().await;
        rig.gateway.hear_text(&SIPHO, "hello").await;
        rig.gateway.service.publish_now().await.unwrap();
        let order = rig.checking(Some(snapshot.clone()));
        let checked = Box::pin(service::backup::check(&order, Arc::new(Lawless))).await;
        let checked = checked.unwrap();
        assert_eq!(checked.snapshot, snapshot);
        assert!(checked.opened > 0);
        assert_eq!(checked.gone, 0);
        assert!(!order.scratch.exists());
        // Keys that went since are no fault, and what they sealed is gone.
        rig.erase(&THANDI).await;
        let checked = Box::pin(service::backup::check(&order, Arc::new(Lawless))).await;
        assert!(checked.unwrap().gone > 0);
    }
}

/// The newest snapshots are kept, and every media object is there once.
#[tokio::test(flavor = "multi_thread")]
async fn older_snapshots_go() {
    let rig = Rig::start(Kind::File).await;
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(rig.snapshot().await);
        rig.gateway.advance(domain::time::Span::hours(1)).await;
    }
    let kept = rig.files("two", "snapshots/");
    assert_eq!(kept.len(), 2);
    assert!(
        kept[1]
            .to_str()
            .unwrap()
            .contains(names.last().unwrap().as_str())
    );
    let known = rig.gateway.store.read_now(|reader| reader.snapshots(100));
    let states = known.unwrap().into_iter().map(|row| row.state);
    let made = states.filter(|state| *state == SnapshotState::Made).count();
    assert_eq!(made, 4, "two at each of two places");
}
