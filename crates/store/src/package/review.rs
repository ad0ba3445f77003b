//! What of others was found in a person's messages, and what is decided about it. A row names a place
//! and never holds what stands there.

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::MessageId;
use domain::ids::PackageId;
use domain::ids::RedactionId;

use crate::dialect::Params;
use crate::error::StoreError;
use crate::package::PackageState;
use crate::package::row;
use crate::read::Reader;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// How many rows a decision about all of a kind takes at once.
const SLICE: i64 = 2_000;

/// A passage that was found.
#[derive(Clone, Copy, Debug)]
pub struct NewRedaction {
    /// The message it stands in.
    pub message: MessageId,
    /// What it is: a code of whoever looks.
    pub kind: u8,
    /// Where it begins in what the message says.
    pub start: u32,
    /// How long it is, in bytes.
    pub length: u32,
    /// What is proposed.
    pub proposed: Decision,
}

/// What becomes of a passage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Decision {
    /// It is left out.
    LeaveOut = 1,
    /// It stays.
    Keep = 2,
}

/// A passage with what is decided about it.
#[derive(Clone, Debug)]
pub struct Redaction {
    /// Its id.
    pub id: RedactionId,
    /// The message it stands in.
    pub message: MessageId,
    /// What it is.
    pub kind: u8,
    /// Where it begins.
    pub start: u32,
    /// How long it is.
    pub length: u32,
    /// What becomes of it.
    pub decision: Decision,
    /// Whether somebody has decided that; otherwise it is proposed.
    pub decided: bool,
}

/// Which passages a decision is about.
#[derive(Clone, Debug)]
pub enum Which {
    /// All.
    All,
    /// All of one kind.
    Kind(u8),
    /// These.
    These(Vec<RedactionId>),
}

impl Decision {
    /// Its name in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::LeaveOut => "leave-out",
        }
    }
}

const COLUMNS: &str = "id, message_id, kind, start, length, decision, actor";

impl Reader<'_> {
    /// Passages of a package, by id, from after `after` on.
    ///
    /// # Errors
    /// What the database says.
    pub fn redactions(
        &self,
        package: PackageId,
        after: Option<RedactionId>,
        limit: u32,
    ) -> Result<Vec<Redaction>, StoreError> {
        let condition = "package_id = $1 AND id > $2 ORDER BY id LIMIT $3";
        let after = after.map_or(0, |id| id.0);
        self.passages(condition, (package.0, after, limit))
    }

    /// Passages of a package in messages between two, both included.
    ///
    /// # Errors
    /// What the database says.
    pub fn redactions_between(
        &self,
        package: PackageId,
        (first, last): (MessageId, MessageId),
    ) -> Result<Vec<Redaction>, StoreError> {
        let condition = "package_id = $1 AND message_id >= $2 AND message_id <= $3 \
                         ORDER BY message_id, start";
        self.passages(condition, (package.0, first.0, last.0))
    }

    /// How many passages of a package there are, by kind and decision.
    ///
    /// # Errors
    /// What the database says.
    pub fn redaction_counts(
        &self,
        package: PackageId,
    ) -> Result<Vec<(u8, Decision, u64)>, StoreError> {
        let sql = "SELECT kind, decision, count(*) FROM redactions WHERE package_id = $1 \
                   GROUP BY kind, decision ORDER BY kind, decision";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map([package.0], |row| {
            let count: i64 = row.get(2)?;
            Ok((row.get(0)?, decision(row.get(1)?), count.cast_unsigned()))
        })?)
    }

    fn passages(
        &self,
        condition: &str,
        parameters: impl Params,
    ) -> Result<Vec<Redaction>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM redactions WHERE {condition}");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_map(parameters, |row| {
            Ok(Redaction {
                id: RedactionId(row.get(0)?),
                message: MessageId(row.get(1)?),
                kind: row.get(2)?,
                start: row.get(3)?,
                length: row.get(4)?,
                decision: decision(row.get(5)?),
                decided: !row.get::<String>(6)?.is_empty(),
            })
        })?)
    }
}

/// Whatever is not known to stay is left out.
fn decision(code: u8) -> Decision {
    if code == Decision::Keep as u8 {
        Decision::Keep
    } else {
        Decision::LeaveOut
    }
}

pub(super) fn note(
    tx: &mut Tx<'_>,
    package: PackageId,
    found: &[NewRedaction],
) -> Result<(), StoreError> {
    row::in_state(tx, package, &[PackageState::Scanning])?;
    for passage in found {
        let id = RedactionId(tx.id(&tables::REDACTIONS));
        let row = [
            v(id.0),
            v(package.0),
            v(passage.message),
            v(passage.kind),
            v(passage.start),
            v(passage.length),
            v(passage.proposed as u8),
            v(""),
            v(tx.now()),
        ];
        tx.put(&tables::REDACTIONS, row);
    }
    tx.flush()
}

pub(super) fn forget(tx: &mut Tx<'_>, package: PackageId) -> Result<(), StoreError> {
    row::in_state(tx, package, &[PackageState::Scanning])?;
    let sql = "DELETE FROM redactions WHERE package_id = $1";
    tx.connection.prepare_cached(sql)?.execute([package.0])?;
    Ok(())
}

pub(super) fn scanned(tx: &mut Tx<'_>, package: PackageId) -> Result<PackageState, StoreError> {
    let sql = "SELECT 1 FROM redactions WHERE package_id = $1 LIMIT 1";
    let any = tx.connection.prepare_cached(sql)?.exists([package.0])?;
    let (to, rule) = if any {
        (PackageState::Review, "package/to-review")
    } else {
        (PackageState::Making, "package/nothing-to-review")
    };
    let from = (package, PackageState::Scanning);
    row::step(tx, Actor::System, from, (to, rule))?;
    Ok(to)
}

pub(super) fn decide(
    tx: &mut Tx<'_>,
    actor: Actor,
    package: PackageId,
    (which, decision): (&Which, Decision),
) -> Result<u64, StoreError> {
    let view = row::in_state(tx, package, &[PackageState::Review])?;
    let (now, by) = (tx.now().micros(), actor.to_string());
    let head = "UPDATE redactions SET decision = $1, actor = $2, at = $3 WHERE package_id = $4";
    let code = decision as u8;
    let touched = match which {
        Which::All => {
            let mut statement = tx.connection.prepare_cached(head)?;
            statement.execute((code, by.as_str(), now, package.0))?
        }
        Which::Kind(kind) => {
            let sql = format!("{head} AND kind = $5");
            let mut statement = tx.connection.prepare_cached(&sql)?;
            statement.execute((code, by.as_str(), now, package.0, *kind))?
        }
        Which::These(ids) => {
            let sql = format!("{head} AND id = $5");
            let mut statement = tx.connection.prepare_cached(&sql)?;
            let mut touched = 0;
            for id in ids.iter().take(usize::try_from(SLICE).unwrap_or_default()) {
                touched += statement.execute((code, by.as_str(), now, package.0, id.0))?;
            }
            touched
        }
    };
    let detail = format!(
        "package {package}: {} of {touched} passages",
        decision.name()
    );
    let told = (
        actor,
        Action::PackageChanged,
        &["package/reviewed"] as &[&str],
    );
    tx.note(Some(view.subject), &detail, told)?;
    tx.flush()?;
    Ok(touched as u64)
}
