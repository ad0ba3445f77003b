//! Every sealed value opened in its place, and every data key.

use crate::dialect::Connection;
use crate::dialect::Scan;
use domain::ids::DataKeyId;
use seal::DataKey;
use seal::KeySet;
use seal::Keyring;
use seal::RecordKind;

use super::Difference;
use super::buried;
use crate::error::StoreError;
use crate::keys;
use crate::keys::KeyRow;
use crate::people::open_identifier;
use crate::tx::place;

/// Opens every sealed value there is, and reports those that do not open.
pub(crate) fn open_all(
    connection: &Connection,
    keyring: &Keyring,
    report: &mut dyn FnMut(Difference),
) -> Result<u64, StoreError> {
    let keys = keyring.keys();
    let buried = buried::keys(connection)?;
    let mut held = Held(None);
    let mut opened = 0;
    for sealed in SEALED {
        let sql = format!(
            "SELECT {}, {}, {}, {} FROM {} WHERE {0} IS NOT NULL",
            sealed.column, sealed.id, sealed.key, sealed.field, sealed.table
        );
        let mut scan = Scan::new(connection, &sql)?;
        let mut rows = scan.rows()?;
        while let Some(row) = rows.next()? {
            opened += 1;
            let (id, key): (i64, i64) = (row.get(1)?, row.get(2)?);
            let value = row.blob(0).unwrap_or_default();
            // A field that no value can stand in was tampered with.
            let field = u8::try_from(row.get::<i64>(3)?).unwrap_or(u8::MAX);
            if sealed.under == Under::DataKey && buried.contains(&key) {
                continue;
            }
            let place = place(sealed.record, field, id, key);
            let whole = match (sealed.under, key) {
                (Under::Day, day) => keyring
                    .existing_quarantine_key(day)
                    .is_none_or(|key| key.open(&seal::Place { key: 0, ..place }, value).is_ok()),
                (Under::DataKey, 0) => keyring.setting_key().open(&place, value).is_ok(),
                (Under::DataKey, _) => held
                    .key(connection, &keys, key)
                    .is_some_and(|key| key.open(&place, value).is_ok()),
            };
            if !whole {
                let row = format!("{}/{id}/{}", sealed.table, sealed.column);
                report(Difference::Sealed { row });
            }
        }
    }
    opened += data_keys(connection, &keys, report)?;
    tags(connection, &keys, report)?;
    index(connection, report)?;
    Ok(opened)
}

/// Every data key opens under its epoch, and is the one that was committed to.
fn data_keys(
    connection: &Connection,
    keys: &KeySet,
    report: &mut dyn FnMut(Difference),
) -> Result<u64, StoreError> {
    let mut scan = Scan::new(
        connection,
        &format!("SELECT {} FROM data_keys", keys::COLUMNS),
    )?;
    let mut rows = scan.rows()?;
    let mut opened = 0;
    while let Some(row) = rows.next()? {
        opened += 1;
        let whole = KeyRow::read(&row).is_ok_and(|row| row.open(keys).is_ok());
        if !whole {
            let row = format!("data_keys/{}/wrapped", row.get::<i64>(0)?);
            report(Difference::Sealed { row });
        }
    }
    Ok(opened)
}

/// Every identifier is found under its own value: a tag that was moved would lead to somebody else.
fn tags(
    connection: &Connection,
    keys: &KeySet,
    report: &mut dyn FnMut(Difference),
) -> Result<(), StoreError> {
    let sql = "SELECT sealed_value, id, kind, key_id, epoch, tag FROM identifiers \
               WHERE ended_at IS NULL";
    let mut held = Held(None);
    let mut scan = Scan::new(connection, sql)?;
    let mut rows = scan.rows()?;
    while let Some(row) = rows.next()? {
        let (id, kind, key_id): (i64, u8, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
        // One that does not open was reported as such.
        let Some(key) = held.key(connection, keys, key_id) else {
            continue;
        };
        let Ok(identifier) = open_identifier(
            id,
            kind,
            (key_id, key),
            Some(row.blob(0).unwrap_or_default()),
        ) else {
            continue;
        };
        let tag = keys
            .epoch(row.get(4)?)
            .map(|epoch| epoch.index(kind, identifier.value()));
        if tag.is_none_or(|tag| tag != row.blob(5).unwrap_or_default()) {
            let row = format!("identifiers/{id}/tag");
            report(Difference::Sealed { row });
        }
    }
    Ok(())
}

/// Every identifier the index covers is in it, and leads to its own subject.
fn index(connection: &Connection, report: &mut dyn FnMut(Difference)) -> Result<(), StoreError> {
    let sql = "SELECT i.id FROM identifiers i \
               LEFT JOIN identifier_tags t ON t.tag = i.tag AND t.subject_id = i.subject_id \
               WHERE i.ended_at IS NULL AND t.tag IS NULL \
               AND i.id <= coalesce((SELECT value FROM settings WHERE name = 'tags'), 0)";
    let mut scan = Scan::new(connection, sql)?;
    let mut rows = scan.rows()?;
    while let Some(row) = rows.next()? {
        let row = format!("identifiers/{}/tag", row.get::<i64>(0)?);
        report(Difference::Sealed { row });
    }
    Ok(())
}

/// The data key used last: rows of one person stand side by side.
struct Held(Option<(i64, DataKey)>);

impl Held {
    fn key(&mut self, connection: &Connection, keys: &KeySet, id: i64) -> Option<&DataKey> {
        if self.0.as_ref().is_none_or(|(held, _)| *held != id) {
            let loaded = keys::load(connection, keys, DataKeyId(id)).ok();
            self.0 = loaded.map(|key| (id, key));
        }
        self.0.as_ref().map(|(_, key)| key)
    }
}

/// Under which key a column is sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Under {
    /// The data key of the row, or the instance's own where it names none.
    DataKey,
    /// The key of the day, as long as there is one.
    Day,
}

/// A sealed column, and where its values say they stand.
struct Sealed {
    table: &'static str,
    column: &'static str,
    id: &'static str,
    key: &'static str,
    field: &'static str,
    record: RecordKind,
    under: Under,
}

const fn sealed(
    (table, column): (&'static str, &'static str),
    (key, field): (&'static str, &'static str),
    record: RecordKind,
) -> Sealed {
    Sealed {
        table,
        column,
        id: "id",
        key,
        field,
        record,
        under: Under::DataKey,
    }
}

/// Every sealed column.
const SEALED: &[Sealed] = &[
    sealed(("apps", "sealed_secret"), ("0", "1"), RecordKind::Setting),
    sealed(("numbers", "sealed_token"), ("0", "2"), RecordKind::Setting),
    sealed(
        ("event_endpoints", "sealed_secret"),
        ("0", "3"),
        RecordKind::Setting,
    ),
    Sealed {
        id: "message_id",
        ..sealed(
            ("queue", "sealed_request"),
            ("key_id", "4"),
            RecordKind::Message,
        )
    },
    sealed(
        ("identifiers", "sealed_value"),
        ("key_id", "kind"),
        RecordKind::Identifier,
    ),
    Sealed {
        id: "subject_id",
        ..sealed(
            ("profiles", "sealed_name"),
            ("key_id", "1"),
            RecordKind::Profile,
        )
    },
    sealed(
        ("messages", "sealed_content"),
        ("key_id", "1"),
        RecordKind::Message,
    ),
    sealed(
        ("messages", "sealed_upstream"),
        ("key_id", "2"),
        RecordKind::Message,
    ),
    sealed(
        ("statuses", "sealed_raw"),
        ("key_id", "3"),
        RecordKind::Message,
    ),
    sealed(
        ("media", "sealed_reference"),
        ("key_id", "1"),
        RecordKind::Media,
    ),
    sealed(("media", "sealed_key"), ("key_id", "2"), RecordKind::Media),
    sealed(
        ("consent_events", "sealed_evidence"),
        ("key_id", "1"),
        RecordKind::ConsentEvidence,
    ),
    sealed(
        ("audit_details", "sealed_detail"),
        ("key_id", "1"),
        RecordKind::Detail,
    ),
    sealed(
        ("traits", "sealed_value"),
        ("key_id", "kind"),
        RecordKind::Trait,
    ),
    sealed(
        ("confirmations", "sealed_request"),
        ("key_id", "1"),
        RecordKind::Confirmation,
    ),
    sealed(
        ("requests", "sealed_request"),
        ("key_id", "1"),
        RecordKind::Request,
    ),
    sealed(
        ("request_steps", "sealed_note"),
        ("key_id", "2"),
        RecordKind::Request,
    ),
    sealed(
        ("letters", "sealed_letter"),
        ("key_id", "1"),
        RecordKind::Letter,
    ),
    sealed(
        ("packages", "sealed_key"),
        ("key_id", "1"),
        RecordKind::Package,
    ),
    Sealed {
        under: Under::Day,
        ..sealed(
            ("quarantine", "sealed_raw"),
            ("day", "1"),
            RecordKind::Quarantine,
        )
    },
];
