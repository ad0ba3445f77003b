//! What is to be deleted at Meta while the person's identifiers are still there to name it.
//!
//! An erasure that has errands is ordered first: the person is restricted at once, the errands are
//! tried until they are done or the order's patience is over, then the person is erased.

use domain::audit::Action;
use domain::audit::Actor;
use domain::erasure::AtMeta;
use domain::erasure::EraseReason;
use domain::erasure::ErrandKind;
use domain::erasure::ErrandState;
use domain::ids::ErrandId;
use domain::ids::MediaId;
use domain::ids::NumberId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::time::Span;
use domain::time::Timestamp;

use super::EraseOrder;
use super::Erased;
use super::erase;
use super::ids;
use super::is_person;
use super::same_person;
use super::standing;
use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::error::StoreError;
use crate::read::Reader;
use crate::rows::v;
use crate::store::Store;
use crate::tables;
use crate::tx::Tx;

/// For how long Meta keeps media: what came in can be had for 7 days, what was uploaded for 30 (Cloud API,
/// "Media").
pub const AT_META: Span = Span::days(30);

/// How many media objects of a person Meta is told of at the most; the rest ends there by itself.
const MEDIA: usize = 1_000;

/// How many media rows one statement looks at.
const SLICE: i64 = 2_000;

/// Something to be deleted at Meta.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Errand {
    /// Its id; 0 before it is ordered.
    pub id: ErrandId,
    /// Whose.
    pub subject: SubjectId,
    /// On which number.
    pub number: NumberId,
    /// The media object; none for the contact-book entry.
    pub media: Option<MediaId>,
    /// How often it was tried.
    pub attempts: u32,
}

/// How an attempt at an errand ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrandEnd {
    /// Meta confirmed it, or has nothing of it.
    Done,
    /// It is to be tried again.
    Again(Timestamp),
    /// It is not worth trying again; with Meta's error code.
    GivenUp(Option<u32>),
}

/// An erasure that was ordered.
#[derive(Clone, Debug)]
pub enum Ordered {
    /// It is done.
    Erased(Box<Erased>),
    /// It waits until Meta was told.
    Waiting,
}

impl Store {
    /// Orders an erasure: the person is restricted at once, and erased as soon as no errand waits, or
    /// after `patience`.
    ///
    /// # Errors
    /// [`crate::Refusal::Missing`] where there is no such person.
    pub async fn order_erasure(
        &self,
        actor: Actor,
        order: EraseOrder,
        (errands, patience): (Vec<Errand>, Span),
    ) -> Result<Ordered, StoreError> {
        self.write(move |tx| self::order(tx, actor, order, (&errands, patience)))
            .await
    }

    /// Records how an attempt at an errand ended.
    pub async fn errand_ended(&self, id: ErrandId, end: ErrandEnd) -> Result<(), StoreError> {
        self.write(move |tx| {
            let now = tx.now();
            let (state, next, code) = match end {
                ErrandEnd::Done => (ErrandState::Done, now, None),
                ErrandEnd::Again(next) => (ErrandState::Waiting, next, None),
                ErrandEnd::GivenUp(code) => (ErrandState::GivenUp, now, code),
            };
            let sql = "UPDATE errands SET state = $1, next_at = $2, code = $3, \
                       attempts = attempts + 1, updated_at = $4 WHERE id = $5 AND state = 1";
            // Its time may have run out meanwhile, with the person erased and the row swept.
            let parameters = (state.code(), next.micros(), code, now.micros(), id.0);
            tx.connection.prepare_cached(sql)?.execute(parameters)?;
            Ok(())
        })
        .await
    }

    /// Erases one of those whose errands have ended, or whose order's patience is over. None if there is
    /// nobody.
    pub async fn erase_ordered(&self, within: Span) -> Result<Option<Erased>, StoreError> {
        self.write(move |tx| {
            // What was ordered together shares its instant.
            let sql = "SELECT e.id, e.subject_id, e.request_id, e.code FROM errands e \
                       WHERE e.state = 1 AND e.kind = 3 AND (e.next_at <= $1 OR NOT EXISTS \
                       (SELECT 1 FROM errands o WHERE o.state = 1 AND o.kind <> 3 \
                       AND o.created_at = e.created_at)) ORDER BY e.id LIMIT 1";
            let mut statement = tx.connection.prepare_cached(sql)?;
            let found = statement.query_row([tx.now().micros()], |row| {
                Ok((
                    row.get::<i64>(0)?,
                    SubjectId(row.get(1)?),
                    row.get::<Option<i64>>(2)?.map(RequestId),
                    row.get::<Option<u8>>(3)?,
                ))
            });
            let Some((id, subject, request, reason)) = found.optional()? else {
                return Ok(None);
            };
            if let Some(request) = request
                && !crate::request::may_erase(tx, request)?
            {
                crate::request::spare(tx, request)?;
                return Ok(None);
            }
            let order = EraseOrder {
                subject,
                request,
                reason: reason
                    .and_then(EraseReason::from_code)
                    .unwrap_or(EraseReason::Requested),
                recipients_within: within,
            };
            let sql = "UPDATE errands SET state = $1, updated_at = $2 WHERE id = $3";
            let parameters = (ErrandState::Done.code(), tx.now().micros(), id);
            tx.update_one(&tables::ERRANDS, sql, parameters)?;
            Ok(Some(erase(tx, Actor::System, order)?))
        })
        .await
    }
}

fn order(
    tx: &mut Tx<'_>,
    actor: Actor,
    order: EraseOrder,
    (errands, patience): (&[Errand], Span),
) -> Result<Ordered, StoreError> {
    tx.flush()?;
    if let Some(done) = standing(tx.connection, order.subject)? {
        return Ok(Ordered::Erased(Box::new(done)));
    }
    is_person(tx.connection, order.subject)?;
    if waits(tx.connection, order.subject)? {
        return Ok(Ordered::Waiting);
    }
    if errands.is_empty() {
        return Ok(Ordered::Erased(Box::new(erase(tx, actor, order)?)));
    }
    let now = tx.now();
    for subject in same_person(tx.connection, order.subject)? {
        let sql = "UPDATE subjects SET restricted_at = coalesce(restricted_at, $1) WHERE id = $2";
        tx.update_one(&tables::SUBJECTS, sql, (now.micros(), subject.0))?;
        let detail = "to be erased";
        let told = (
            actor,
            Action::RestrictionChanged,
            &["erase/ordered"] as &[&str],
        );
        tx.note(Some(subject), detail, told)?;
    }
    for errand in errands {
        let kind = match errand.media {
            Some(_) => ErrandKind::Media,
            None => ErrandKind::Contact,
        };
        put(
            tx,
            (order, errand.subject),
            (kind, errand.number, errand.media),
            now,
        );
    }
    let whole = (ErrandKind::Erase, NumberId::default(), None);
    put(tx, (order, order.subject), whole, now + patience);
    tx.flush()?;
    Ok(Ordered::Waiting)
}

fn put(
    tx: &mut Tx<'_>,
    (order, subject): (EraseOrder, SubjectId),
    (kind, number, media): (ErrandKind, NumberId, Option<MediaId>),
    next: Timestamp,
) {
    let id = ErrandId(tx.id(&tables::ERRANDS));
    let code = (kind == ErrandKind::Erase).then(|| order.reason.code());
    let row = [
        v(id),
        v(subject),
        v(order.request),
        v(number),
        v(kind.code()),
        v(media),
        v(ErrandState::Waiting.code()),
        v(0_i64),
        v(next),
        v(code),
        v(tx.now()),
        v(tx.now()),
    ];
    tx.put(&tables::ERRANDS, row);
}

/// Whether a person's erasure was ordered and waits.
pub(crate) fn waits(connection: &Connection, subject: SubjectId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM errands WHERE subject_id = $1 AND state = 1 AND kind = 3";
    Ok(connection.prepare_cached(sql)?.exists([subject.0])?)
}

/// What came of what stood at Meta about a subject: media, and the contact-book entry.
pub(super) fn ended(
    connection: &Connection,
    subject: SubjectId,
) -> Result<(AtMeta, AtMeta), StoreError> {
    let sql = "SELECT kind, state FROM errands WHERE subject_id = $1";
    let mut statement = connection.prepare_cached(sql)?;
    let errands = statement.query_map([subject.0], |row| {
        Ok((row.get::<u8>(0)?, row.get::<u8>(1)?))
    })?;
    let mut ended = (AtMeta::Nothing, AtMeta::Nothing);
    for (kind, state) in errands {
        let came = match ErrandState::from_code(state) {
            ErrandState::Done => AtMeta::Deleted,
            ErrandState::GivenUp | ErrandState::Waiting => AtMeta::NotTold,
        };
        match ErrandKind::from_code(kind) {
            Some(ErrandKind::Contact) => ended.1 = ended.1.and(came),
            Some(ErrandKind::Media) => ended.0 = ended.0.and(came),
            Some(ErrandKind::Erase) | None => {}
        }
    }
    Ok(ended)
}

impl Reader<'_> {
    /// What Meta may still have of a person and of those linked as the same person: media objects since
    /// `since`, and a contact-book entry for everybody who has written on a number.
    pub fn errands_for(
        &self,
        subject: SubjectId,
        since: Timestamp,
    ) -> Result<Vec<Errand>, StoreError> {
        let mut errands = Vec::new();
        let circle = same_person(self.connection, subject)?;
        let errand = |subject, number, media| Errand {
            id: ErrandId::default(),
            subject,
            number: NumberId(number),
            media,
            attempts: 0,
        };
        for subject in &circle {
            let sql = "SELECT c.number_id FROM conversations c WHERE c.subject_id = $1 AND EXISTS \
                       (SELECT 1 FROM identifiers i WHERE i.subject_id = c.subject_id \
                       AND i.kind = 2 AND i.ended_at IS NULL) ORDER BY c.id LIMIT 1";
            let numbers = ids(self.connection, sql, [subject.0])?;
            errands.extend(
                numbers
                    .into_iter()
                    .map(|number| errand(*subject, number, None)),
            );
        }
        // Ids grow with time, and there is no index by person: from the newest to the first too old.
        let sql = "SELECT coalesce(max(id), 0) FROM media";
        let mut before = ids(self.connection, sql, ())?.first().copied().unwrap_or(0) + 1;
        while 1 < before && errands.len() < MEDIA {
            let from = (before - SLICE).max(1);
            let sql = "SELECT id, subject_id, number_id, created_at, deleted_at FROM media \
                       WHERE id >= $1 AND id < $2 ORDER BY id DESC";
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query((from, before))?;
            let mut old = false;
            while let Some(row) = rows.next()? {
                old = row.get::<i64>(3)? < since.micros();
                let whose = SubjectId(row.get(1)?);
                let ended = row.get::<Option<i64>>(4)?.is_some();
                if old || ended || !circle.contains(&whose) {
                    continue;
                }
                errands.push(errand(whose, row.get(2)?, Some(MediaId(row.get(0)?))));
            }
            if old {
                break;
            }
            before = from;
        }
        errands.truncate(MEDIA);
        Ok(errands)
    }

    /// The errands that are due.
    pub fn errands_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Errand>, StoreError> {
        let sql = "SELECT id, subject_id, number_id, media_id, attempts FROM errands \
                   WHERE state = 1 AND kind <> 3 AND next_at <= $1 ORDER BY next_at, id LIMIT $2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let due = statement.query_map((now.micros(), limit), |row| {
            Ok(Errand {
                id: ErrandId(row.get(0)?),
                subject: SubjectId(row.get(1)?),
                number: NumberId(row.get(2)?),
                media: row.get::<Option<i64>>(3)?.map(MediaId),
                attempts: row.get(4)?,
            })
        })?;
        Ok(due)
    }

    /// Whether a person's erasure was ordered and waits until Meta was told.
    pub fn erasure_waits(&self, subject: SubjectId) -> Result<bool, StoreError> {
        waits(self.connection, subject)
    }
}
