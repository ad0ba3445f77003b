//! Parts of the key bundle.

use backup::BackupError;
use backup::age::Identity;
use backup::bundle;
use backup::bundle::Lasting;
use backup::bundle::PartHeader;
use backup::bundle::PartWriter;
use backup::bundle::Piece;
use backup::ledger::Entry;
use backup::ledger::Kind;
use backup::ledger::Value;
use proptest::prelude::*;
use seal::Random;

use crate::age_tool::identity;

fn header() -> PartHeader {
    PartHeader {
        instance: "00112233445566778899aabbccddeeff".to_owned(),
        sequence: 7,
        after: 0,
        whole: true,
        epoch: 3,
        created_at: 1_800_000_000_000_000,
        log_size: 12,
        log_root: String::new(),
    }
}

fn lasting() -> Lasting {
    Lasting {
        permanent: b"permanent".to_vec().into(),
        identity: identity(3),
    }
}

type Held = (Vec<(i64, [u8; 32])>, Vec<Entry>);

fn write((keys, entries): &Held) -> Vec<u8> {
    let to = [identity(1).recipient()];
    let mut writer =
        PartWriter::new(Vec::new(), (&Random::system(), &to), &header(), &lasting()).unwrap();
    for (id, key) in keys {
        writer.key(*id, key).unwrap();
    }
    for entry in entries {
        writer.entry(entry).unwrap();
    }
    let (file, counts) = writer.finish().unwrap();
    assert_eq!(counts.keys, keys.len() as u64);
    assert_eq!(counts.entries, entries.len() as u64);
    file
}

fn read(file: &[u8], identity: Identity) -> Result<Held, BackupError> {
    let (mut keys, mut entries) = (Vec::new(), Vec::new());
    let part = bundle::read(file, &[identity], &mut |piece| {
        match piece {
            Piece::Key(id, key) => keys.push((id, *key)),
            Piece::Entry(entry) => entries.push(entry),
        }
        Ok(())
    })?;
    assert_eq!(part.header, header());
    assert_eq!(*part.lasting.permanent, b"permanent");
    assert_eq!(part.lasting.identity.to_text(), self::identity(3).to_text());
    Ok((keys, entries))
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Integer),
        ".{0,20}".prop_map(Value::Text),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    prop::sample::select(Kind::ALL.to_vec()).prop_flat_map(|kind| {
        prop::collection::vec(value(), kind.columns())
            .prop_map(move |values| Entry { kind, values })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(
        keys in prop::collection::vec((any::<i64>(), any::<[u8; 32]>()), 0..50),
        entries in prop::collection::vec(entry(), 0..50),
    ) {
        let held = (keys, entries);
        prop_assert_eq!(read(&write(&held), identity(1)).unwrap(), held);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut framed = b"IMVMPART\0\x01".to_vec();
        framed.extend(&bytes);
        prop_assert!(bundle::read_frames(framed.as_slice(), &mut |_| Ok(())).is_err());
        prop_assert!(read(&bytes, identity(1)).is_err());
    }
}

#[test]
fn many_keys_are_many_frames() {
    let keys: Vec<(i64, [u8; 32])> = (0..30_000)
        .map(|id: i64| (id, [id.to_be_bytes()[7]; 32]))
        .collect();
    let entry = Entry {
        kind: Kind::Restriction,
        values: vec![Value::Integer(1), Value::Integer(2)],
    };
    let held = (keys, vec![entry; 30_000]);
    let file = write(&held);
    assert_eq!(read(&file, identity(1)).unwrap(), held);
    let cut = read(&file[..file.len() - 100_000], identity(1));
    assert!(matches!(cut, Err(BackupError::Truncated)));
    let mut flipped = file.clone();
    flipped[10_000] ^= 4;
    assert!(matches!(
        read(&flipped, identity(1)),
        Err(BackupError::Altered)
    ));
    assert!(matches!(
        read(&file, identity(2)),
        Err(BackupError::WrongKey)
    ));
}

#[test]
fn a_newer_format_is_named() {
    let newer = bundle::read_frames(b"IMVMPART\0\x03".as_slice(), &mut |_| Ok(()));
    assert!(matches!(
        newer,
        Err(BackupError::Newer { found: 3, known: 2 })
    ));
    let other = bundle::read_frames(b"IMVMSNAP\0\x01".as_slice(), &mut |_| Ok(()));
    assert_eq!(
        other.unwrap_err().to_string(),
        "the file is not a part of a key bundle"
    );
}

#[test]
fn an_entry_has_the_columns_of_its_kind() {
    let to = [identity(1).recipient()];
    let mut writer =
        PartWriter::new(Vec::new(), (&Random::system(), &to), &header(), &lasting()).unwrap();
    let entry = Entry {
        kind: Kind::Lift,
        values: vec![Value::Null],
    };
    assert!(writer.entry(&entry).is_err());
}
