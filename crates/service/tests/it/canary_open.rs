//! Everything sealed, opened by whoever has the keys: found by the names of columns, in whatever place it
//! opens, so that nothing has to be listed here and nothing is taken from the code that seals.

use std::collections::HashMap;
use std::fs;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use backup::age::Identity;
use backup::age::Opener;
use domain::ids::SubjectId;
use seal::Binding;
use seal::DataKey;
use seal::Keyring;
use seal::Place;
use seal::RecordClass;
use seal::RecordKind;
use seal::Zeroizing;
use testkit::Columns;
use testkit::Rows;

const RECORDS: [RecordKind; 19] = [
    RecordKind::Alias,
    RecordKind::Confirmation,
    RecordKind::ConsentEvidence,
    RecordKind::DataKey,
    RecordKind::Decision,
    RecordKind::Delivery,
    RecordKind::Detail,
    RecordKind::Identifier,
    RecordKind::Letter,
    RecordKind::Media,
    RecordKind::Message,
    RecordKind::Package,
    RecordKind::Portal,
    RecordKind::Profile,
    RecordKind::Quarantine,
    RecordKind::RawEvent,
    RecordKind::Request,
    RecordKind::Setting,
    RecordKind::Trait,
];

/// More fields than any record has.
const FIELDS: u8 = 16;

/// What opened, one value behind the other, and what did not.
#[derive(Default)]
pub(crate) struct Opened {
    pub(crate) bytes: Vec<u8>,
    pub(crate) values: usize,
    pub(crate) shut: Vec<String>,
}

impl Opened {
    fn take(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.bytes.push(b'\n');
        self.values += 1;
    }
}

/// A data key: as its row has it, and as it is.
pub(crate) struct Held {
    pub(crate) binding: Binding,
    pub(crate) wrapped: Vec<u8>,
    pub(crate) key: DataKey,
}

/// Every data key that the keyring opens.
pub(crate) fn data_keys(rows: &Rows, keyring: &Keyring) -> Vec<Held> {
    let keys = keyring.keys();
    let numbers = ["id", "subject_id", "class", "quarter", "epoch"];
    let held = rows.bytes("data_keys", "wrapped", &numbers);
    let opened = held.into_iter().filter_map(|row| {
        let [id, subject, class, quarter, epoch] = row.numbers.try_into().unwrap();
        let binding = Binding {
            key: id.cast_unsigned(),
            subject: subject.cast_unsigned(),
            class: RecordClass::from_code(u8::try_from(class).unwrap()).unwrap(),
            period: u32::try_from(quarter).unwrap(),
        };
        let epoch = keys.epoch(u32::try_from(epoch).unwrap())?;
        let key = epoch.unwrap(&row.bytes, &binding).ok()?;
        Some(Held {
            binding,
            wrapped: row.bytes,
            key,
        })
    });
    opened.collect()
}

/// Those of one person.
pub(crate) fn keys_of(rows: &Rows, keyring: &Keyring, subject: SubjectId) -> Vec<Held> {
    let mut keys = data_keys(rows, keyring);
    keys.retain(|held| held.binding.subject == subject.0.cast_unsigned());
    keys
}

/// Everything sealed in a database and in the files of media, as far as it opens.
pub(crate) fn everything(rows: &Rows, keyring: &Keyring, media: &Path) -> Opened {
    let held = data_keys(rows, keyring).into_iter();
    let keys: HashMap<u64, DataKey> = held.map(|held| (held.binding.key, held.key)).collect();
    let objects: Vec<Vec<u8>> = files(media).into_iter().map(|(_, bytes)| bytes).collect();
    let mut opened = Opened::default();
    for table in rows.tables() {
        for column in &table.columns {
            if column.starts_with("sealed_") {
                let place = (&table, column.as_str(), objects.as_slice());
                read(rows, (keyring, &keys), place, &mut opened);
            }
        }
    }
    opened
}

fn read(
    rows: &Rows,
    (keyring, keys): (&Keyring, &HashMap<u64, DataKey>),
    (table, column, objects): (&Columns, &str, &[Vec<u8>]),
    opened: &mut Opened,
) {
    let id = table.columns.first().unwrap().as_str();
    let named = ["key_id", "day"].into_iter();
    let mut named = named.filter(|name| table.columns.iter().any(|column| column == name));
    let under = named.next().unwrap_or("0");
    for row in rows.bytes(&table.table, column, &[id, under]) {
        let [id, under_key] = row.numbers.try_into().unwrap();
        let (id, under_key) = (id.cast_unsigned(), under_key.cast_unsigned());
        let quarantine = (under == "day")
            .then(|| keyring.existing_quarantine_key(under_key.cast_signed()))
            .flatten();
        let (key, place) = match (under, under_key) {
            ("day", _) => (quarantine.as_deref(), 0),
            (_, 0) => (Some(keyring.setting_key()), 0),
            (_, under_key) => (keys.get(&under_key), under_key),
        };
        let value = key.and_then(|key| {
            let mut places = places(id, place);
            places.find_map(|place| key.open(&place, &row.bytes).ok())
        });
        let Some(value) = value else {
            opened.shut.push(format!("{}/{id}/{column}", table.table));
            continue;
        };
        // A key of a file, perhaps.
        if let Ok(key) = <&[u8; 32]>::try_from(value.as_slice()) {
            let key = DataKey::import(key).unwrap();
            for file in objects.iter().filter_map(|object| file(&key, id, object)) {
                opened.take(&file);
            }
        }
        opened.take(&value);
    }
}

fn file(key: &DataKey, id: u64, object: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut places = places(id, 0);
    places.find_map(|place| key.open_media(&place, object).ok())
}

/// Wherever a value of a row can stand.
fn places(id: u64, key: u64) -> impl Iterator<Item = Place> {
    RECORDS.into_iter().flat_map(move |record| {
        (0..=FIELDS).map(move |field| Place {
            record,
            field,
            id,
            key,
        })
    })
}

/// What stands in an age file.
pub(crate) fn unsealed(path: &Path, identity: &Identity) -> Vec<u8> {
    let identity: Identity = identity.to_text().parse().unwrap();
    let mut opener = Opener::new(File::open(path).unwrap(), &[identity]).unwrap();
    let mut bytes = Vec::new();
    opener.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Every file below a folder, with its bytes. One that goes meanwhile is none.
pub(crate) fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                files.push((path, bytes));
            }
        }
    }
    files
}
