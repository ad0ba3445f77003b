//! Content snapshots: a view of the database that stands still while it is copied, and what is known
//! of the snapshots that were made.

use std::collections::BTreeMap;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::SnapshotId;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::dialect::Dump;
use crate::dialect::Scan;
use crate::dialect::Source;
use crate::dialect::Tools;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::read::Reader;
use crate::rows::v;
use crate::store::Store;
use crate::tables;
use crate::tx::Tx;

/// The tables whose rows are counted.
const COUNTED: [&str; 8] = [
    "consent_events",
    "conversations",
    "data_keys",
    "decisions",
    "erasures",
    "messages",
    "subjects",
    "suppressions",
];

/// A view of the database that stands still.
#[derive(Debug)]
pub struct Still {
    connection: Connection,
    source: Source,
    tools: Tools,
}

/// The database on its way out.
#[derive(Debug)]
pub struct Copy(Dump);

/// How far a snapshot has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SnapshotState {
    /// It is being made.
    Making,
    /// It is durable at its place.
    Made,
    /// It could not be made.
    Failed,
    /// It was removed, because newer ones are kept.
    Removed,
}

impl SnapshotState {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Making => 1,
            Self::Made => 2,
            Self::Failed => 3,
            Self::Removed => 4,
        }
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Making => "making",
            Self::Made => "made",
            Self::Failed => "failed",
            Self::Removed => "removed",
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        let all = [Self::Making, Self::Made, Self::Failed, Self::Removed];
        all.into_iter().find(|state| state.code() == code)
    }
}

/// What is known of a snapshot at a place.
#[derive(Clone, Debug)]
pub struct SnapshotRow {
    /// Its id.
    pub id: SnapshotId,
    /// Its name.
    pub name: String,
    /// The place.
    pub place: i64,
    /// When it was begun.
    pub started_at: Timestamp,
    /// How far it is.
    pub state: SnapshotState,
    /// Its length in bytes.
    pub size: u64,
    /// How many media objects belong to it.
    pub objects: u64,
    /// How many leaves its database has.
    pub head: u64,
    /// When it was last restored into a scratch place and found whole.
    pub verified_at: Option<Timestamp>,
    /// When this was last changed.
    pub updated_at: Timestamp,
}

/// What a snapshot came to.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// How it ended.
    pub state: SnapshotState,
    /// Its length in bytes.
    pub size: u64,
    /// How many media objects belong to it.
    pub objects: u64,
    /// How many leaves its database has.
    pub head: u64,
}

impl Store {
    /// Takes a view that stands still. On a server `programs` is the folder of its programs, where they
    /// are not found as any program is.
    ///
    /// # Errors
    /// What the database says.
    pub fn still(&self, programs: Option<&Path>) -> Result<Still, StoreError> {
        let source = self.shared.source.clone();
        let connection = source.open_reader()?;
        connection.begin_read()?;
        let still = Still {
            connection,
            source,
            tools: Tools(programs.map(PathBuf::from)),
        };
        // On a file the view begins with the first look.
        still.leaves()?;
        Ok(still)
    }

    /// Records that a snapshot is being made for a place.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin_snapshot(
        &self,
        actor: Actor,
        (name, place): (&str, i64),
    ) -> Result<SnapshotId, StoreError> {
        let name = name.to_owned();
        self.write(move |tx| begin(tx, actor, (&name, place))).await
    }

    /// Records what a snapshot came to.
    ///
    /// # Errors
    /// [`Refusal::Missing`] for one that is not known.
    pub async fn end_snapshot(
        &self,
        actor: Actor,
        id: SnapshotId,
        ended: Ended,
    ) -> Result<(), StoreError> {
        self.write(move |tx| end(tx, actor, id, ended)).await
    }

    /// Records that a snapshot is not at a place any more, because newer ones are kept. One that is not
    /// known here may have been made in a past that was not restored.
    ///
    /// # Errors
    /// What the database says.
    pub async fn snapshot_removed(
        &self,
        actor: Actor,
        (name, place): (&str, i64),
    ) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |tx| {
            let sql = "UPDATE snapshots SET state = $1, updated_at = $2 \
                       WHERE name = $3 AND place = $4 AND state = $5";
            let (removed, made) = (SnapshotState::Removed.code(), SnapshotState::Made.code());
            let parameters = (removed, tx.now().micros(), name.as_str(), place, made);
            let touched = tx.connection.prepare_cached(sql)?.execute(parameters)?;
            if touched == 0 {
                return Ok(());
            }
            let detail = format!("snapshot {name} removed");
            let told = (actor, Action::BackupMade, &["backup/removed"] as &[&str]);
            tx.note(None, &detail, told)?;
            tx.flush()
        })
        .await
    }

    /// Records that a snapshot was restored into a scratch place and is whole.
    ///
    /// # Errors
    /// What the database says.
    pub async fn verified_snapshot(&self, actor: Actor, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |tx| {
            let sql = "UPDATE snapshots SET verified_at = $1, updated_at = $1 WHERE name = $2";
            let mut statement = tx.connection.prepare_cached(sql)?;
            statement.execute((tx.now().micros(), name.as_str()))?;
            let detail = format!("snapshot {name} verified");
            tx.note(
                None,
                &detail,
                (actor, Action::BackupMade, &["backup/verified"]),
            )?;
            tx.flush()
        })
        .await
    }
}

impl Still {
    /// What kind of database it is, as manifests name it.
    pub const fn database(&self) -> &'static str {
        self.source.kind()
    }

    /// How many leaves there are.
    ///
    /// # Errors
    /// What the database says.
    pub fn leaves(&self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(max(position) + 1, 0) FROM leaves";
        let found: i64 = self.connection.query_row(sql, (), |row| row.get(0))?;
        Ok(found.cast_unsigned())
    }

    /// How many rows the main tables have.
    ///
    /// # Errors
    /// What the database says.
    pub fn rows(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let count = |table: &str| {
            let sql = format!("SELECT count(*) FROM {table}");
            let found: i64 = self.connection.query_row(&sql, (), |row| row.get(0))?;
            Ok((table.to_owned(), found.cast_unsigned()))
        };
        COUNTED.into_iter().map(count).collect()
    }

    /// The names of the media objects that are kept.
    ///
    /// # Errors
    /// What the database or `take` says.
    pub fn objects(
        &self,
        take: &mut dyn FnMut(String) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sql = "SELECT object FROM media WHERE object IS NOT NULL AND deleted_at IS NULL \
                   ORDER BY id";
        let mut scan = Scan::new(&self.connection, sql)?;
        let mut rows = scan.rows()?;
        while let Some(row) = rows.next()? {
            take(row.get(0)?)?;
        }
        Ok(())
    }

    /// Begins to copy the database. `scratch` is a file that may be made for it; whoever calls removes
    /// it. `going` is asked in between whether to go on.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] if not; [`StoreError::Full`] where there is no room.
    pub fn copy(
        &self,
        scratch: &Path,
        going: &mut dyn FnMut() -> bool,
    ) -> Result<Copy, StoreError> {
        let of = (&self.source, &self.connection);
        self.tools.dump(of, scratch, going).map(Copy)
    }
}

impl Copy {
    /// That all of it was there.
    ///
    /// # Errors
    /// [`StoreError::Server`] where the server's program failed.
    pub fn end(self) -> Result<(), StoreError> {
        self.0.end()
    }
}

impl Read for Copy {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl Reader<'_> {
    /// When the last snapshot was begun that came to this.
    ///
    /// # Errors
    /// What the database says.
    pub fn last_snapshot(&self, state: SnapshotState) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT max(started_at) FROM snapshots WHERE state = $1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let last: Option<i64> = statement.query_row([state.code()], |row| row.get(0))?;
        Ok(last.map(Timestamp::from_micros))
    }

    /// The snapshots that are known here, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn snapshots(&self, limit: u32) -> Result<Vec<SnapshotRow>, StoreError> {
        let sql = "SELECT id, name, place, started_at, state, size, objects, head, verified_at, \
                   updated_at FROM snapshots ORDER BY id DESC LIMIT $1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([limit])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let id = SnapshotId(row.get(0)?);
            let state = SnapshotState::from_code(row.get(4)?).ok_or(StoreError::Damaged {
                table: "snapshots",
                column: "state",
                id: id.0,
            })?;
            let verified: Option<i64> = row.get(8)?;
            all.push(SnapshotRow {
                id,
                name: row.get(1)?,
                place: row.get(2)?,
                started_at: Timestamp::from_micros(row.get(3)?),
                state,
                size: row.get::<i64>(5)?.cast_unsigned(),
                objects: row.get::<i64>(6)?.cast_unsigned(),
                head: row.get::<i64>(7)?.cast_unsigned(),
                verified_at: verified.map(Timestamp::from_micros),
                updated_at: Timestamp::from_micros(row.get(9)?),
            });
        }
        Ok(all)
    }
}

/// Whatever was being made when an earlier run ended was not made.
pub(crate) fn adopt(tx: &Tx<'_>) -> Result<(), StoreError> {
    let sql = "UPDATE snapshots SET state = $1, updated_at = $2 WHERE state = $3";
    let (failed, making) = (SnapshotState::Failed.code(), SnapshotState::Making.code());
    let mut statement = tx.connection.prepare_cached(sql)?;
    statement.execute((failed, tx.now().micros(), making))?;
    Ok(())
}

fn begin(
    tx: &mut Tx<'_>,
    actor: Actor,
    (name, place): (&str, i64),
) -> Result<SnapshotId, StoreError> {
    let id = SnapshotId(tx.id(&tables::SNAPSHOTS));
    let row = [
        v(id),
        v(name),
        v(place),
        v(tx.now()),
        v(SnapshotState::Making.code()),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v(None::<i64>),
        v(None::<i64>),
        v(tx.now()),
    ];
    let told = (actor, Action::BackupMade, &["backup/begun"][..]);
    tx.record(&tables::SNAPSHOTS, row, told)?;
    tx.flush()?;
    Ok(id)
}

fn end(tx: &mut Tx<'_>, actor: Actor, id: SnapshotId, ended: Ended) -> Result<(), StoreError> {
    let sql = "UPDATE snapshots SET state = $1, size = $2, objects = $3, head = $4, updated_at = $5 \
               WHERE id = $6";
    let parameters = (
        ended.state.code(),
        ended.size.cast_signed(),
        ended.objects.cast_signed(),
        ended.head.cast_signed(),
        tx.now().micros(),
        id.0,
    );
    let touched = tx.connection.prepare_cached(sql)?.execute(parameters)?;
    if touched == 0 {
        return Err(Refusal::Missing("snapshot").into());
    }
    let rule = match ended.state {
        SnapshotState::Made => "backup/made",
        SnapshotState::Removed => "backup/removed",
        SnapshotState::Failed | SnapshotState::Making => "backup/failed",
    };
    let detail = format!(
        "snapshot {id}: {} bytes, {} objects",
        ended.size, ended.objects
    );
    tx.note(None, &detail, (actor, Action::BackupMade, &[rule]))?;
    tx.flush()
}
