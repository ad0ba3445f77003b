//! Snapshots.

use std::collections::BTreeMap;

use backup::BackupError;
use backup::snapshot;
use backup::snapshot::Manifest;
use backup::snapshot::Object;
use backup::snapshot::SnapshotWriter;
use backup::snapshot::Target;
use proptest::prelude::*;
use seal::Random;

use crate::age_tool::identity;

fn manifest() -> Manifest {
    Manifest {
        instance: "00112233445566778899aabbccddeeff".to_owned(),
        created_at: 1,
        database: "sqlite".to_owned(),
        schema: 4,
        bundle: 9,
        leaves: 3,
        checkpoint: String::new(),
        log_key: String::new(),
        rows: BTreeMap::from([("messages".to_owned(), 5)]),
    }
}

#[derive(Debug, Default, Eq, PartialEq)]
struct Held {
    objects: Vec<Object>,
    parts: Vec<(String, Vec<u8>, bool)>,
}

impl Target for Held {
    fn manifest(&mut self, told: &Manifest) -> Result<(), BackupError> {
        assert_eq!(*told, manifest());
        Ok(())
    }

    fn object(&mut self, object: Object) -> Result<(), BackupError> {
        self.objects.push(object);
        Ok(())
    }

    fn part(&mut self, name: &str, bytes: Option<&[u8]>) -> Result<(), BackupError> {
        if self.parts.last().is_none_or(|(last, _, _)| last != name) {
            self.parts.push((name.to_owned(), Vec::new(), false));
        }
        let (_, held, whole) = self.parts.last_mut().unwrap();
        match bytes {
            Some(bytes) => held.extend_from_slice(bytes),
            None => *whole = true,
        }
        Ok(())
    }
}

fn write(objects: &[Object], content: &[u8]) -> Vec<u8> {
    let to = [identity(1).recipient()];
    let mut writer =
        SnapshotWriter::new(Vec::new(), (&Random::system(), &to), &manifest()).unwrap();
    for object in objects {
        writer.object(object).unwrap();
    }
    let size = writer.part(snapshot::DATABASE, &mut &*content).unwrap();
    assert_eq!(size, content.len() as u64);
    writer.finish().unwrap()
}

#[test]
fn what_is_written_is_read() {
    let objects: Vec<Object> = (0..9_000)
        .map(|number: u64| Object {
            name: format!("object-{number}"),
            size: number,
            hash: [number.to_be_bytes()[7]; 32],
        })
        .collect();
    for length in [0, 1, 256 * 1024, 1_000_000] {
        let content = vec![3; length];
        let file = write(&objects, &content);
        let mut held = Held::default();
        snapshot::read(file.as_slice(), &[identity(1)], &mut held).unwrap();
        assert_eq!(held.objects, objects);
        assert_eq!(held.parts, [("database".to_owned(), content, true)]);
    }
}

#[test]
fn every_fault_has_its_error() {
    let file = write(&[], &vec![3; 500_000]);
    let read = |file: &[u8], seed| snapshot::read(file, &[identity(seed)], &mut Held::default());
    assert!(read(&file, 1).is_ok());
    assert!(matches!(read(&file, 2), Err(BackupError::WrongKey)));
    assert!(matches!(
        read(&file[..300_000], 1),
        Err(BackupError::Truncated)
    ));
    let mut flipped = file;
    flipped[100_000] ^= 1;
    assert!(matches!(read(&flipped, 1), Err(BackupError::Altered)));
    let newer = snapshot::read_frames(b"IMVMSNAP\0\x09".as_slice(), &mut Held::default());
    assert!(matches!(
        newer,
        Err(BackupError::Newer { found: 9, known: 1 })
    ));
}

#[test]
fn the_name_of_an_object_is_no_path() {
    for name in ["", "../keyring", "a/b", "a.new", "\u{e9}"] {
        let object = Object {
            name: name.to_owned(),
            size: 0,
            hash: [0; 32],
        };
        let file = write(&[object], b"");
        let read = snapshot::read(file.as_slice(), &[identity(1)], &mut Held::default());
        assert!(matches!(read, Err(BackupError::Altered)), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut framed = b"IMVMSNAP\0\x01".to_vec();
        framed.extend(&bytes);
        prop_assert!(snapshot::read_frames(framed.as_slice(), &mut Held::default()).is_err());
    }
}
