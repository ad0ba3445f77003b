//! Erasing a person: unreachable from the commit on, undecryptable everywhere from the erasure
//! horizon on.
//!
//! The transaction destroys the data keys of every record class that nothing orders to keep, and
//! everything by which the person is found or would be written to. It touches nothing whose number
//! grows with the person's messages; those rows fall to the sweep ([`crate::sweep`]).

use domain::audit::Action;
use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::erasure::ErasureState;
use domain::ids::DataKeyId;
use domain::ids::ErasureId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::request::step::RequestFault;
use domain::retention::Kept;
use domain::subject::LinkKind;
use domain::time::Span;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::dialect::Params;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::leaf::OpenLeaf;
use crate::rows::v;
use crate::store::Store;
use crate::tables;
use crate::tombstone;
use crate::tx::Tx;

mod acknowledge;
mod errands;
pub(crate) mod keep;
mod read;
mod recipients;
pub(crate) mod replay;
mod sever;
mod weigh;

pub use self::acknowledge::Recipient;
pub(crate) use self::acknowledge::reach_horizons;
pub use self::errands::AT_META;
pub use self::errands::Errand;
pub use self::errands::ErrandEnd;
pub use self::errands::Ordered;
pub(crate) use self::errands::waits;
use self::keep::Split;
pub use self::read::ErasureCertificate;
pub use self::read::ErasureFilter;
pub use self::read::ErasureView;
pub use self::read::KeptView;
pub use self::read::KnownAs;
pub use self::read::RecipientView;
pub use self::weigh::Weighed;
pub(crate) use self::weigh::to_weigh;

/// Whom to erase.
#[derive(Clone, Copy, Debug)]
pub struct EraseOrder {
    /// The person. Everybody linked as the same person is erased along.
    pub subject: SubjectId,
    /// The request behind it.
    pub request: Option<RequestId>,
    /// Why.
    pub reason: EraseReason,
    /// How long recipients have to erase, too.
    pub recipients_within: Span,
}

impl EraseOrder {
    /// How long recipients have unless something else is configured.
    pub const RECIPIENTS_WITHIN: Span = Span::days(30);
}

/// What an erasure did.
#[derive(Clone, Debug)]
pub struct Erased {
    /// Its case.
    pub id: ErasureId,
    /// Since when the person is unreachable.
    pub at: Timestamp,
    /// How many subjects it took: the person and those linked as the same person.
    pub subjects: usize,
    /// How many data keys were destroyed.
    pub keys: u64,
    /// How many identifiers were removed.
    pub identifiers: u64,
    /// What stays, why, and until when.
    pub kept: Vec<Kept>,
    /// Whether the person had been erased before; then nothing was done.
    pub already: bool,
}

/// What was done about one subject.
struct Gone {
    erasure: ErasureId,
    keys: u64,
    identifiers: u64,
    kept: Vec<Kept>,
}

impl Store {
    /// Erases a person. A person who was erased before is not erased again: the answer names the case.
    ///
    /// # Errors
    /// [`Refusal::Missing`] where there is no such person.
    pub async fn erase(&self, actor: Actor, order: EraseOrder) -> Result<Erased, StoreError> {
        self.write(move |tx| erase(tx, actor, order)).await
    }
}

/// Erases a person, and everybody linked as the same person.
pub(crate) fn erase(
    tx: &mut Tx<'_>,
    actor: Actor,
    order: EraseOrder,
) -> Result<Erased, StoreError> {
    tx.flush()?;
    if let Some(standing) = standing(tx.connection, order.subject)? {
        return Ok(standing);
    }
    is_person(tx.connection, order.subject)?;
    // Asked here, where nobody can come between: who took the request back a moment ago stays.
    if let Some(request) = order.request
        && !crate::request::may_erase(tx, request)?
    {
        return Err(Refusal::Request(RequestFault::NotNow).into());
    }
    let circle = same_person(tx.connection, order.subject)?;
    let listed = tx.suppressible(order.subject)?;
    let suppressed = tx.suppressions(&listed)?.len() as u64;
    let mut erased = Erased {
        id: ErasureId::default(),
        at: tx.now(),
        subjects: circle.len(),
        keys: 0,
        identifiers: 0,
        kept: Vec::new(),
        already: false,
    };
    let mut leaf = tx.open_leaf()?;
    // A hold on one of them covers all of them, as long as they are linked.
    let mut split = Vec::with_capacity(circle.len());
    for subject in circle {
        split.push((subject, keep::split(tx, subject, None)?));
    }
    for (place, (subject, split)) in split.into_iter().enumerate() {
        let order = EraseOrder { subject, ..order };
        let gone = one(tx, &mut leaf, (order, split), suppressed)?;
        if place == 0 {
            erased.id = gone.erasure;
        }
        erased.keys += gone.keys;
        erased.identifiers += gone.identifiers;
        erased.kept.extend(gone.kept);
    }
    tx.close_leaf(leaf, actor, Action::SubjectErased, &[order.reason.rule()]);
    tx.flush()?;
    Ok(erased)
}

/// Erases one subject.
fn one(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    (order, split): (EraseOrder, Split),
    suppressed: u64,
) -> Result<Gone, StoreError> {
    let subject = order.subject;
    let erasure = ErasureId(tx.id(&tables::ERASURES));
    let whole = split.whole();
    let (media, contact) = errands::ended(tx.connection, subject)?;
    recipients::tell(tx, (erasure, subject), order.recipients_within)?;
    let identifiers = sever::sever(tx, leaf, subject, whole)?;
    let keys = destroy_keys(tx, leaf, &split.erased)?;
    let now = tx.now();
    let sql = "UPDATE subjects SET erased_at = $1, restricted_at = coalesce(restricted_at, $1) \
               WHERE id = $2";
    tx.update_one(&tables::SUBJECTS, sql, (now.micros(), subject.0))?;
    let row = [
        v(erasure),
        v(subject),
        v(order.request),
        v(order.reason.code()),
        v(whole.bits()),
        v(keys.cast_signed()),
        v(identifiers.cast_signed()),
        v(suppressed.cast_signed()),
        v(tx.keys.current_epoch().id()),
        v(media.code()),
        v(contact.code()),
        v(now),
        v(ErasureState::Referring.code()),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v(None::<i64>),
        v(None::<i64>),
        v(now),
    ];
    tx.cover(leaf, &tables::ERASURES, row);
    keep::record(tx, (erasure, subject), &split.kept)?;
    tx.flush()?;
    Ok(Gone {
        erasure,
        keys,
        identifiers,
        kept: split.kept,
    })
}

/// Destroys data keys: what was sealed under them opens nowhere any more, from the commit on.
/// Returns how many there were.
pub(crate) fn destroy_keys(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    keys: &[DataKeyId],
) -> Result<u64, StoreError> {
    let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
    let destroyed = tombstone::bury(tx, leaf, &tables::DATA_KEYS, &ids)?;
    // INVARIANT: a key is held open only while its row exists.
    tx.state.cache.clear();
    Ok(destroyed)
}

/// Whether a person was erased.
pub(crate) fn is_erased(connection: &Connection, subject: SubjectId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM subjects WHERE id = $1 AND erased_at IS NOT NULL";
    Ok(connection.prepare_cached(sql)?.exists([subject.0])?)
}

/// The erasure of a person who was erased before.
fn standing(connection: &Connection, subject: SubjectId) -> Result<Option<Erased>, StoreError> {
    let sql = "SELECT id, erased_at, keys, identifiers FROM erasures WHERE subject_id = $1 \
               ORDER BY id DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row([subject.0], |row| {
        Ok(Erased {
            id: ErasureId(row.get(0)?),
            at: Timestamp::from_micros(row.get(1)?),
            subjects: 1,
            keys: row.get::<i64>(2)?.cast_unsigned(),
            identifiers: row.get::<i64>(3)?.cast_unsigned(),
            kept: Vec::new(),
            already: true,
        })
    });
    Ok(found.optional()?)
}

/// That there is such a person, who is no group.
fn is_person(connection: &Connection, subject: SubjectId) -> Result<(), StoreError> {
    let sql = "SELECT 1 FROM subjects s WHERE s.id = $1 AND NOT EXISTS \
               (SELECT 1 FROM chat_groups g WHERE g.subject_id = s.id)";
    if connection.prepare_cached(sql)?.exists([subject.0])? {
        Ok(())
    } else {
        Err(Refusal::Missing("person").into())
    }
}

/// The subject and everybody linked as the same person who was not erased, itself first. A successor
/// is somebody else.
pub(crate) fn same_person(
    connection: &Connection,
    subject: SubjectId,
) -> Result<Vec<SubjectId>, StoreError> {
    let sql = "SELECT l.to_subject FROM subject_links l \
               JOIN subjects s ON s.id = l.to_subject AND s.erased_at IS NULL \
               WHERE l.from_subject = $1 AND l.kind = $2 \
               UNION SELECT l.from_subject FROM subject_links l \
               JOIN subjects s ON s.id = l.from_subject AND s.erased_at IS NULL \
               WHERE l.to_subject = $1 AND l.kind = $2";
    let mut all = vec![subject];
    let mut next = 0;
    while let Some(current) = all.get(next).copied() {
        next += 1;
        let parameters = (current.0, LinkKind::SamePerson.code());
        for other in ids(connection, sql, parameters)? {
            if !all.contains(&SubjectId(other)) {
                all.push(SubjectId(other));
            }
        }
    }
    Ok(all)
}

/// The first column of a query's rows.
pub(crate) fn ids(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_map(parameters, |row| row.get(0))?)
}
