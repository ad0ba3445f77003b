//! What cannot be restored is refused before anything is touched, in one line that says why; what a kill or
//! a place that was away leaves is gone on from.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use backup::age::Recipient;
use backup::age::Sealer;
use backup::bundle;
use backup::bundle::Part;
use backup::bundle::PartHeader;
use backup::bundle::PartWriter;
use backup::bundle::Piece;
use backup::snapshot;
use backup::snapshot::Manifest;
use backup::snapshot::SnapshotWriter;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::event::EventKind;
use domain::time::Span;
use seal::Random;
use serde_json::Value;
use serde_json::json;
use store::MARKER;
use store::event::NewEndpoint;
use testkit::ANNELIE;
use testkit::Person;
use testkit::SIPHO;
use testkit::THANDI;

use crate::backups_rig::Kind;
use crate::backups_rig::Machine;
use crate::backups_rig::Rig;
use crate::backups_rig::STAFF;
use crate::backups_rig::contents;
use crate::backups_rig::recovery;

/// A part that is read, with what it holds.
fn part(file: &Path) -> (Part, Vec<Piece>) {
    let mut pieces = Vec::new();
    let bytes = fs::read(file).unwrap();
    let part = bundle::read(bytes.as_slice(), &[recovery(7)], &mut |piece| {
        pieces.push(piece);
        Ok(())
    });
    (part.unwrap(), pieces)
}

/// The same part with another header.
fn rewritten(file: &Path, change: impl FnOnce(&mut PartHeader)) -> Vec<u8> {
    let (mut part, pieces) = part(file);
    change(&mut part.header);
    let to = [recovery(7).recipient(), recovery(8).recipient()];
    let random = Random::system();
    let (header, lasting) = (&part.header, &part.lasting);
    let mut writer = PartWriter::new(Vec::new(), (&random, &to), header, lasting).unwrap();
    for piece in pieces {
        match piece {
            Piece::Key(id, key) => writer.key(id, &key).unwrap(),
            Piece::Entry(entry) => writer.entry(&entry).unwrap(),
        }
    }
    writer.finish().unwrap().0
}

/// A file of a format that is not known yet.
fn newer(magic: [u8; 8], to: &[Recipient]) -> Vec<u8> {
    let mut sealer = Sealer::new(Vec::new(), &Random::system(), to).unwrap();
    sealer.write_all(&magic).unwrap();
    sealer.write_all(&99_u16.to_be_bytes()).unwrap();
    sealer.finish().unwrap()
}

/// A gateway with a whole part, an appended one, and a snapshot.
async fn rig(kind: Kind) -> Rig {
    let rig = Rig::start(kind).await;
    rig.gateway.hear_text(&THANDI, "hello").await;
    rig.append().await;
    rig.gateway.hear_text(&SIPHO, "hello").await;
    rig.snapshot().await;
    rig
}

/// Puts a file in the place of one that is there, does something, and puts that back.
async fn instead(rig: &Rig, file: &Path, bytes: &[u8], words: &str) {
    let whole = fs::read(file).unwrap();
    fs::write(file, bytes).unwrap();
    refused(rig, words).await;
    fs::write(file, &whole).unwrap();
}

/// A machine that knows the first place alone: each has a chain of its own.
fn machine(rig: &Rig, name: &str) -> Machine {
    let mut machine = rig.machine(name);
    machine.order.places.truncate(1);
    machine
}

async fn refused(rig: &Rig, words: &str) {
    let machine = machine(rig, "machine");
    let told = machine.restore().await.unwrap_err().to_string();
    assert!(told.contains(words), "{words}: {told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(!machine.order.directory.join(MARKER).exists(), "{words}");
    assert!(!machine.order.directory.exists(), "{words}");
    assert!(!machine.order.keyring.exists(), "{words}");
    fs::remove_dir_all(&machine.root).unwrap();
}

fn one(rig: &Rig, ends: &str) -> PathBuf {
    let mut found = rig.files("one", ends);
    assert_eq!(found.len(), 1, "{ends}");
    found.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_damaged_is_refused_whichever_it_is() {
    let rig = rig(Kind::File).await;
    for ends in ["-whole.age", "-part.age", ".imvume"] {
        let file = one(&rig, ends);
        let whole = fs::read(&file).unwrap();
        instead(&rig, &file, &whole[..whole.len() / 2], "cut short").await;
        instead(&rig, &file, &whole[..whole.len() - 1], "cut short").await;
        instead(&rig, &file, b"", "cut short").await;
        // One bit in the middle, in each kind of place an age file has.
        for at in [whole.len() / 2, whole.len() - 20] {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            instead(&rig, &file, &flipped, "altered").await;
        }
        instead(&rig, &file, b"Dear diary,\n", "the file is not").await;
    }
    machine(&rig, "at last").restore().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_program_s_files_are_refused() {
    let rig = rig(Kind::File).await;
    let file = one(&rig, "-whole.age");
    let identity = part(&file).0.lasting.identity;
    let recovery = [recovery(8).recipient()];
    instead(
        &rig,
        &file,
        &newer(*b"IMVMPART", &recovery),
        "use the newer program",
    )
    .await;
    let file = one(&rig, ".imvume");
    let to = [identity.recipient()];
    instead(
        &rig,
        &file,
        &newer(*b"IMVMSNAP", &to),
        "use the newer program",
    )
    .await;
    let random = Random::system();
    let made = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = Manifest {
            instance: rig.gateway.store.keyring().instance_id().to_owned(),
            created_at: 0,
            database: "sqlite".to_owned(),
            schema: store::SCHEMA,
            bundle: 1,
            leaves: 0,
            checkpoint: String::new(),
            log_key: String::new(),
            rows: std::collections::BTreeMap::new(),
        };
        change(&mut manifest);
        let mut writer = SnapshotWriter::new(Vec::new(), (&random, &to), &manifest).unwrap();
        writer
            .part(snapshot::DATABASE, &mut &b"nothing"[..])
            .unwrap();
        writer.finish().unwrap()
    };
    let schema = made(&|manifest| manifest.schema += 1);
    instead(&rig, &file, &schema, "use the newer program").await;
    let other = made(&|manifest| manifest.instance = "00".repeat(16));
    instead(&rig, &file, &other, "another instance").await;
    let server = made(&|manifest| "postgresql".clone_into(&mut manifest.database));
    instead(&rig, &file, &server, "postgresql").await;
    let ahead = made(&|manifest| manifest.bundle = 1_000);
    instead(&rig, &file, &ahead, "older than the snapshot").await;
}

/// A part that arrived and was not recorded, because the process was killed in between, is followed by one
/// that goes on from the same part. One that goes on from a part which is not there is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_not_recorded_breaks_no_chain() {
    let rig = rig(Kind::File).await;
    let last = one(&rig, "-part.age");
    let sequence = part(&last).0.header.sequence;
    let next = |after: u64| {
        rewritten(&last, |header| {
            header.sequence = sequence + 1;
            header.after = after;
        })
    };
    let after = part(&last).0.header.after;
    for (bytes, words) in [
        (next(after), None),
        (next(sequence + 7), Some("is missing")),
    ] {
        let name = format!("{:012}-part.age", sequence + 1);
        fs::write(last.with_file_name(name), &bytes).unwrap();
        if let Some(words) = words {
            refused(&rig, words).await;
        } else {
            let machine = machine(&rig, "again");
            machine.restore().await.unwrap();
            assert_eq!(contents(&machine.open()).0.len(), 2);
        }
    }
}

/// A database of a server that holds something is left alone, and so is the rest of the target.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_holds_something_is_left_alone() {
    let rig = rig(Kind::Server).await;
    let mut machine = rig.machine("machine");
    machine.order.database = rig.database.clone();
    let told = machine.restore().await.unwrap_err().to_string();
    assert!(told.contains("the database holds something"), "{told}");
    assert!(!machine.order.directory.exists());
    assert!(!machine.order.keyring.exists());
    assert_eq!(contents(&rig.gateway.store).0.len(), 2);
}

/// What a process that was killed had on its way is gone at the next start, and no half file counts.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_on_its_way_does_not_count_and_goes() {
    let rig = rig(Kind::File).await;
    let snapshot = one(&rig, ".imvume");
    let left = [
        snapshot.with_file_name("20000101T000000000000Z.imvume.new"),
        one(&rig, "-whole.age").with_file_name("000000000099-part.age.new"),
    ];
    for file in &left {
        fs::write(file, b"half of it").unwrap();
    }
    let id = rig.gateway.store.keyring().instance_id().to_owned();
    let places = rig.checking(None).places;
    let (_, there) = service::backup::available(&places, Some(&id))
        .await
        .unwrap();
    assert_eq!(there.snapshots.len(), 1);
    rig.snapshot().await;
    rig.gateway.hear_text(&ANNELIE, "more").await;
    rig.append().await;
    for file in &left {
        assert!(!file.exists(), "{}", file.display());
    }
}

/// While no place takes a snapshot that is told once, and once more when one does again.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_cannot_be_made_is_told_of() {
    let rig = Rig::start(Kind::File).await;
    rig.gateway.hear_text(&THANDI, "hello").await;
    let first = rig.snapshot().await;
    let listener = NewEndpoint {
        name: "operators".to_owned(),
        url: "http://127.0.0.1:9/".to_owned(),
        kinds: [EventKind::BackupChanged].into_iter().collect(),
    };
    let added = rig.gateway.store.add_event_endpoint(STAFF, listener).await;
    added.unwrap();
    let told = || {
        let events = rig
            .gateway
            .store
            .read_now(|reader| reader.events(None, 200));
        let kind = EventKind::BackupChanged;
        let events = events.unwrap();
        events
            .iter()
            .filter(|event| event.kind == Some(kind))
            .count()
    };
    assert_eq!(told(), 0);
    // The folder of snapshots is none.
    let folders: Vec<PathBuf> = ["one", "two"]
        .map(|place| rig.files(place, ".imvume"))
        .concat();
    let aside = |path: &Path| path.with_file_name("aside");
    for file in &folders {
        let folder = file.parent().unwrap();
        fs::rename(folder, aside(folder)).unwrap();
        fs::write(folder, b"").unwrap();
    }
    for _ in 0..2 {
        let made = rig.gateway.service.backups().snapshot(STAFF).await;
        assert!(made.is_err(), "{made:?}");
    }
    assert_eq!(told(), 1);
    for file in &folders {
        let folder = file.parent().unwrap();
        fs::remove_file(folder).unwrap();
        fs::rename(aside(folder), folder).unwrap();
    }
    rig.gateway.advance(Span::hours(1)).await;
    let last = rig.snapshot().await;
    assert_eq!(told(), 2);
    let names: Vec<String> = rig
        .files("one", ".imvume")
        .iter()
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, [first, last]);
}

/// A media object that is altered at a place is missed, and everything else comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_media_object_that_is_altered_is_not_put_back() {
    let rig = Rig::start(Kind::File).await;
    for name in ["one.pdf", "two.pdf"] {
        keep_document(&rig, &THANDI, name).await;
    }
    assert_eq!(objects(&rig), 2, "fetched");
    rig.snapshot().await;
    for place in ["one", "two"] {
        let object = &rig.files(place, "/media/")[0];
        let mut bytes = fs::read(object).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(object, bytes).unwrap();
    }
    let machine = rig.machine("machine");
    let came = machine.restore().await.unwrap();
    assert_eq!((came.objects, came.objects_missing), (1, 1), "{came:?}");
    let back = fs::read_dir(&machine.order.media).unwrap().count();
    assert_eq!(back, 1);
}

/// A person sends a document, and an app fetches it.
async fn keep_document(rig: &Rig, person: &Person, name: &str) {
    let gateway = &rig.gateway;
    let data = STANDARD.encode(format!("%PDF-1.7 {name}"));
    let document = json!({"filename": name, "mime_type": "application/pdf", "data": data});
    let message = json!({"from": person.handle, "type": "document", "document": document});
    gateway.hear(message).await;
    let delivered = gateway.real.take().remove(0);
    let told = delivered.message().unwrap();
    let url = told.pointer("/document/url").unwrap().as_str().unwrap();
    let fetched = gateway.call(&gateway.real, "GET", url, &Value::Null).await;
    assert_eq!(fetched.status, 200, "{told}");
}

/// How many media objects are kept.
fn objects(rig: &Rig) -> usize {
    let media = rig.gateway.data().join("media");
    fs::read_dir(media).unwrap().count()
}

/// A media object stays at a place for as long as a snapshot there needs it, and no longer; while it is not
/// known what a snapshot needs, everything stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_media_object_goes_with_the_last_snapshot_that_needs_it() {
    let rig = Rig::start(Kind::File).await;
    keep_document(&rig, &THANDI, "hers.pdf").await;
    keep_document(&rig, &SIPHO, "his.pdf").await;
    let next = async || {
        rig.gateway.advance(Span::hours(1)).await;
        rig.snapshot().await
    };
    let first = next().await;
    rig.erase(&THANDI).await;
    rig.gateway.service.step_erasures().await.unwrap();
    assert_eq!(objects(&rig), 1, "swept");
    let second = next().await;
    let at = |place: &str, part: &str| rig.files(place, part);
    assert_eq!(at("one", "/media/").len(), 2, "{first} needs it");
    // At one of the places nobody knows what the second needs.
    let unknown = at("two", &format!("/objects/{second}")).remove(0);
    fs::remove_file(unknown).unwrap();
    next().await;
    for (place, left) in [("one", 1), ("two", 2)] {
        assert_eq!(at(place, "/media/").len(), left, "{place}");
    }
    assert_eq!(at("one", "/objects/").len(), 2);
    next().await;
    assert_eq!(at("two", "/media/").len(), 1, "made good");
    assert_eq!(at("two", "/objects/").len(), 2);
    let machine = rig.machine("machine");
    let came = machine.restore().await.unwrap();
    assert_eq!((came.objects, came.objects_missing), (1, 0), "{came:?}");
}

/// A snapshot that is damaged at one place comes from the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_comes_from_the_place_at_which_it_is_whole() {
    let rig = rig(Kind::File).await;
    let file = one(&rig, ".imvume");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let machine = rig.machine("machine");
    machine.restore().await.unwrap();
    assert_eq!(contents(&machine.open()).0.len(), 2);
}
