//! What goes into the key bundle, how far each place has it, and what was shipped.
//!
//! Ids only grow, so what came since a part is what has a higher one. Restrictions have no id of their
//! own and go by their instant; legal holds change, and go by the sum of their versions: all of them
//! whenever one was placed, changed or released.

use backup::BackupError;
use backup::bundle::Piece;
use backup::ledger::Entry;
use backup::ledger::Kind;
use backup::ledger::Value;
use domain::audit::Action;
use domain::audit::Actor;
use domain::consent::ConsentState;
use domain::event::EventKind;
use domain::ids::BundleId;
use domain::time::Timestamp;
use seal::KeySet;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use crate::dialect::Scan;
use crate::dialect::Value as Cell;
use crate::error::StoreError;
use crate::event::About;
use crate::keys;
use crate::keys::KeyRow;
use crate::read::Reader;
use crate::rows::v;
use crate::setting;
use crate::snapshot::SnapshotState;
use crate::store::Store;
use crate::tables;
use crate::tx::Tx;

/// The setting that counts parts.
const SEQUENCE: &str = "bundle";

/// How far a place has what goes into the bundle: the highest id of each thing.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Upto([i64; 12]);

impl Upto {
    /// As it is stored.
    fn to_text(self) -> String {
        let numbers: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        numbers.join(" ")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut upto = Self::default();
        let mut numbers = text.split(' ');
        for (highest, number) in upto.0.iter_mut().zip(&mut numbers) {
            *highest = number.parse().ok()?;
        }
        // Older programs knew fewer things: of the others the place has nothing.
        numbers.next().is_none().then_some(upto)
    }
}

/// What is gathered of one kind: the statement, whose first column is compared with how far the place
/// is, and how that is found.
struct Source {
    kind: Kind,
    /// What the ids are compared by.
    by: &'static str,
    columns: &'static str,
    table: &'static str,
    only: &'static str,
}

/// The sources, in the order of [`Upto`] after the data keys.
const SOURCES: [Source; 11] = [
    Source {
        kind: Kind::Suppression,
        by: "id",
        columns: "id, group_id, key_version, tag, scope, purpose_id, source, rule, since",
        table: "suppressions",
        only: "",
    },
    Source {
        kind: Kind::Lift,
        by: "id",
        columns: "id, suppression_id, rule, at",
        table: "suppression_lifts",
        only: "",
    },
    Source {
        kind: Kind::Restriction,
        // Two may fall on one instant: the last one is given again.
        by: "restricted_at + 1",
        columns: "id, restricted_at",
        table: "subjects",
        only: "restricted_at IS NOT NULL AND erased_at IS NULL",
    },
    Source {
        kind: Kind::Consent,
        by: "id",
        columns: "id, subject_id, purpose_id, channel, state, method, grade, language, \
                  jurisdictions, rule, actor, at",
        table: "consent_events",
        only: "state IN (4, 5)",
    },
    Source {
        kind: Kind::Redaction,
        by: "leaf",
        columns: "message_id, conversation_id, previous, direction, rule, at, redacted_at",
        table: "redacted_messages",
        only: "",
    },
    Source {
        kind: Kind::Erasure,
        by: "id",
        columns: "id, subject_id, request_id, reason, classes, keys, identifiers, suppressed, \
                  epoch, media_at_meta, contact_at_meta, erased_at",
        table: "erasures",
        only: "",
    },
    Source {
        kind: Kind::Kept,
        by: "id",
        columns: "id, erasure_id, subject_id, class, rule, hold_id, until",
        table: "erasure_kept",
        only: "",
    },
    // Of no use in a whole part, which does not have the key.
    Source {
        kind: Kind::Destroyed,
        by: "id",
        columns: "row_id",
        table: "tombstones",
        only: "row_table = 11",
    },
    Source {
        kind: Kind::Hold,
        by: "(SELECT CAST(coalesce(sum(version), 0) AS BIGINT) FROM holds)",
        columns: "id, code, matter, owner, query, everybody, classes, from_at, to_at, \
                  created_at, review_at, released_at, version",
        table: "holds",
        only: "",
    },
    Source {
        kind: Kind::HoldSubject,
        by: "id",
        columns: "id, hold_id, subject_id, at",
        table: "hold_subjects",
        only: "",
    },
    Source {
        kind: Kind::HoldNumber,
        by: "id",
        columns: "id, hold_id, number_id",
        table: "hold_numbers",
        only: "",
    },
];

const _: () = assert!(tables::DATA_KEYS.code == 11, "the code of the table above");

const _: () = assert!(
    ConsentState::Refused.code() == 4 && ConsentState::Withdrawn.code() == 5,
    "the states that are named by their codes above"
);

/// The newest part that a place has.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// Its number.
    pub sequence: u64,
    /// The epoch in which it was made.
    pub epoch: u32,
    /// How many parts are there since the whole one, which is counted.
    pub parts: u64,
    /// The number of the whole one.
    pub whole: u64,
    /// The epoch in which the whole one was made.
    pub whole_epoch: u32,
    /// How far it goes.
    pub upto: Upto,
    /// Since when it is there.
    pub at: Timestamp,
}

/// When a place was last given something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LastAt {
    /// The place.
    pub place: i64,
    /// When its newest part of the key bundle arrived.
    pub bundle: Option<Timestamp>,
    /// When its newest snapshot was begun.
    pub snapshot: Option<Timestamp>,
}

/// When each place that has anything was last given it, by the number of the place.
pub(crate) fn last_at(connection: &Connection) -> Result<Vec<LastAt>, StoreError> {
    let sql = "SELECT h.place, max(h.bundle), max(h.snapshot) FROM (\
               SELECT place, shipped_at AS bundle, CAST(NULL AS BIGINT) AS snapshot FROM bundles \
               WHERE gone_at IS NULL UNION ALL \
               SELECT place, CAST(NULL AS BIGINT), started_at FROM snapshots WHERE state = $1\
               ) h GROUP BY h.place ORDER BY h.place";
    let instant = |micros: Option<i64>| micros.map(Timestamp::from_micros);
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_map([SnapshotState::Made.code()], |row| {
        Ok(LastAt {
            place: row.get(0)?,
            bundle: instant(row.get(1)?),
            snapshot: instant(row.get(2)?),
        })
    })?)
}

/// A part that is durable at a place.
#[derive(Clone, Copy, Debug)]
pub struct NewShipped {
    /// The place.
    pub place: i64,
    /// Its number.
    pub sequence: u64,
    /// The epoch in which it was made.
    pub epoch: u32,
    /// Whether it carries everything.
    pub whole: bool,
    /// How many data keys it has.
    pub keys: u64,
    /// Its length in bytes.
    pub size: u64,
    /// How far it goes.
    pub upto: Upto,
}

impl Reader<'_> {
    /// How far a part would go that is made now. It is less than what [`Reader::gather`] gives out only
    /// if more came meanwhile.
    ///
    /// # Errors
    /// What the database says.
    pub fn bundle_due(&self, after: Upto) -> Result<Upto, StoreError> {
        upto(self.connection, after)
    }

    /// Gives out what came since `after`, or everything, and says how far that is.
    ///
    /// # Errors
    /// What `take` says; [`StoreError::Damaged`] for a key that does not open.
    pub fn gather(
        &self,
        after: Option<Upto>,
        take: &mut dyn FnMut(Piece) -> Result<(), BackupError>,
    ) -> Result<Upto, StoreError> {
        let whole = after.is_none();
        let after = after.unwrap_or_default();
        let upto = upto(self.connection, after)?;
        let [first, rest @ ..] = after.0;
        data_keys(self.connection, &self.keys, first, take)?;
        let wanted = |source: &&Source| !whole || source.kind != Kind::Destroyed;
        for (source, after) in SOURCES.iter().zip(rest).filter(|(one, _)| wanted(one)) {
            source.gather(self.connection, after, take)?;
        }
        Ok(upto)
    }

    /// The newest part that a place has, as far as is known here.
    ///
    /// # Errors
    /// What the database says.
    pub fn shipped(&self, place: i64) -> Result<Option<Shipped>, StoreError> {
        let sql = "SELECT n.id, n.sequence, n.epoch, n.upto, n.shipped_at, w.sequence, w.epoch, \
                   (SELECT count(*) FROM bundles o WHERE o.place = n.place AND o.gone_at IS NULL \
                   AND o.sequence >= w.sequence) \
                   FROM bundles n JOIN bundles w ON w.place = n.place AND w.gone_at IS NULL \
                   AND w.whole = 1 WHERE n.place = $1 AND n.gone_at IS NULL \
                   ORDER BY n.id DESC, w.id DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row([place], |row| {
            let upto: String = row.get(3)?;
            let part = Shipped {
                sequence: row.get::<i64>(1)?.cast_unsigned(),
                epoch: row.get(2)?,
                whole: row.get::<i64>(5)?.cast_unsigned(),
                whole_epoch: row.get(6)?,
                parts: row.get::<i64>(7)?.cast_unsigned(),
                upto: Upto::default(),
                at: Timestamp::from_micros(row.get(4)?),
            };
            Ok((row.get::<i64>(0)?, part, upto))
        });
        let Some((id, part, text)) = found.optional()? else {
            return Ok(None);
        };
        let upto = Upto::parse(&text).ok_or(StoreError::Damaged {
            table: "bundles",
            column: "upto",
            id,
        })?;
        Ok(Some(Shipped { upto, ..part }))
    }

    /// The newest part of every place that has any, by the number of the place.
    ///
    /// # Errors
    /// What the database says.
    pub fn shipped_all(&self) -> Result<Vec<(i64, Shipped)>, StoreError> {
        let sql = "SELECT DISTINCT place FROM bundles WHERE gone_at IS NULL ORDER BY place";
        let places: Vec<i64> = {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_map((), |row| row.get(0))?
        };
        let mut all = Vec::new();
        for place in places {
            if let Some(part) = self.shipped(place)? {
                all.push((place, part));
            }
        }
        Ok(all)
    }

    /// When each place that has anything was last given it, by the number of the place.
    ///
    /// # Errors
    /// What the database says.
    pub fn backups_at(&self) -> Result<Vec<LastAt>, StoreError> {
        last_at(self.connection)
    }

    /// The least of the numbers of the newest parts that are on record at these places: whichever of them
    /// a bundle comes from, it has that one or a later. Nothing is at a place that is not on record.
    ///
    /// # Errors
    /// What the database says.
    pub fn bundle_sequence(&self, places: &[i64]) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(max(sequence), 0) FROM bundles \
                   WHERE gone_at IS NULL AND place = $1";
        let mut least: Option<i64> = None;
        for place in places {
            let mut statement = self.connection.prepare_cached(sql)?;
            let there: i64 = statement.query_row([*place], |row| row.get(0))?;
            least = Some(least.map_or(there, |least| least.min(there)));
        }
        Ok(least.unwrap_or(0).cast_unsigned())
    }
}

impl Store {
    /// Takes the number of the next part.
    ///
    /// # Errors
    /// What the database says.
    pub async fn next_bundle(&self) -> Result<u64, StoreError> {
        self.write(|tx| {
            let last = setting::get(tx.connection, SEQUENCE)?.unwrap_or(0);
            let next = last.cast_unsigned() + 1;
            set_sequence(tx, next)?;
            Ok(next)
        })
        .await
    }

    /// Records that a part is durable at a place.
    ///
    /// # Errors
    /// What the database says.
    pub async fn record_shipped(&self, part: NewShipped) -> Result<BundleId, StoreError> {
        self.write(move |tx| shipped(tx, part)).await
    }

    /// Tells whoever listens that a backup place took what was meant for it again, or does not.
    ///
    /// # Errors
    /// What the database says.
    pub async fn backup_changed(&self, reached: bool) -> Result<(), StoreError> {
        self.write(move |tx| {
            let about = About {
                detail: Some(i64::from(reached)),
                ..About::default()
            };
            tx.emit(EventKind::BackupChanged, about)?;
            tx.flush()
        })
        .await
    }

    /// Records that all parts before this one are gone from a place.
    ///
    /// # Errors
    /// What the database says.
    pub async fn record_gone(&self, place: i64, before: u64) -> Result<u64, StoreError> {
        self.write(move |tx| {
            let sql = "UPDATE bundles SET gone_at = $1 \
                       WHERE place = $2 AND sequence < $3 AND gone_at IS NULL";
            let now = tx.now().micros();
            let mut statement = tx.connection.prepare_cached(sql)?;
            let gone = statement.execute((now, place, before.cast_signed()))? as u64;
            if gone > 0 {
                let detail = format!("{gone} parts before {before} removed");
                let told = (Actor::System, Action::KeyBundleShipped, RULES_GONE);
                tx.note(None, &detail, told)?;
                tx.flush()?;
            }
            Ok(gone)
        })
        .await
    }
}

const RULES_GONE: &[&str] = &["bundle/removed"];

impl Source {
    fn gather(
        &self,
        connection: &Connection,
        after: i64,
        take: &mut dyn FnMut(Piece) -> Result<(), BackupError>,
    ) -> Result<(), StoreError> {
        let only = if self.only.is_empty() {
            "1 = 1"
        } else {
            self.only
        };
        let sql = format!(
            "SELECT {} FROM {} WHERE {} > {after} AND {only} ORDER BY {}",
            self.columns, self.table, self.by, self.by
        );
        let mut scan = Scan::new(connection, &sql)?;
        let mut rows = scan.rows()?;
        while let Some(row) = rows.next()? {
            let values = (0..self.kind.columns()).map(|column| value(&row, column));
            take(Piece::Entry(Entry {
                kind: self.kind,
                values: values.collect::<Result<_, _>>()?,
            }))?;
        }
        Ok(())
    }
}

/// Gives out the data keys behind this one.
pub(crate) fn data_keys(
    connection: &Connection,
    epochs: &KeySet,
    after: i64,
    take: &mut dyn FnMut(Piece) -> Result<(), BackupError>,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {} FROM data_keys WHERE id > {after} ORDER BY id",
        keys::COLUMNS
    );
    let mut scan = Scan::new(connection, &sql)?;
    let mut rows = scan.rows()?;
    while let Some(row) = rows.next()? {
        let row = KeyRow::read(&row)?;
        let key = row.open(epochs)?;
        take(Piece::Key(row.id.0, key.danger_export()))?;
    }
    Ok(())
}

fn value(row: &Row<'_>, column: usize) -> Result<Value, StoreError> {
    Ok(match row.get(column)? {
        Cell::Null | Cell::Real(_) => Value::Null,
        Cell::Integer(number) => Value::Integer(number),
        Cell::Text(text) => Value::Text(text),
        Cell::Blob(bytes) => Value::Bytes(bytes),
    })
}

/// The highest of each now, and never less than before: what was removed was given out.
fn upto(connection: &Connection, after: Upto) -> Result<Upto, StoreError> {
    let mut now = after;
    let keys = ("data_keys", "id", "");
    let others = SOURCES.iter().map(|one| (one.table, one.by, one.only));
    for (highest, (table, by, only)) in now.0.iter_mut().zip(std::iter::once(keys).chain(others)) {
        let only = if only.is_empty() { "1 = 1" } else { only };
        // What restrictions are given again by must not make a part due.
        let by = by.trim_end_matches(" + 1");
        let sql = format!("SELECT coalesce(max({by}), 0) FROM {table} WHERE {only}");
        let found: i64 = connection.query_row(&sql, (), |row| row.get(0))?;
        *highest = found.max(*highest);
    }
    Ok(now)
}

/// Numbers the next part higher than this.
pub(crate) fn set_sequence(tx: &Tx<'_>, sequence: u64) -> Result<(), StoreError> {
    setting::set(tx.connection, SEQUENCE, sequence.cast_signed())
}

fn shipped(tx: &mut Tx<'_>, part: NewShipped) -> Result<BundleId, StoreError> {
    let id = BundleId(tx.id(&tables::BUNDLES));
    let row = [
        v(id),
        v(part.place),
        v(part.epoch),
        v(part.sequence.cast_signed()),
        v(i64::from(part.whole)),
        v(part.keys.cast_signed()),
        v(part.size.cast_signed()),
        v(part.upto.to_text()),
        v(tx.now()),
        v(None::<i64>),
    ];
    let rule = if part.whole {
        "bundle/whole"
    } else {
        "bundle/appended"
    };
    let told = (Actor::System, Action::KeyBundleShipped, &[rule][..]);
    tx.record(&tables::BUNDLES, row, told)?;
    tx.flush()?;
    Ok(id)
}
