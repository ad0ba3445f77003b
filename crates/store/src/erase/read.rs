//! Erasures as those who answer for them see them, and what a certificate says.

use domain::erasure::AtMeta;
use domain::erasure::EraseReason;
use domain::erasure::ErasureState;
use domain::ids::AppId;
use domain::ids::ErasureId;
use domain::ids::EventEndpointId;
use domain::ids::HoldId;
use domain::ids::MessageId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;
use domain::time::Timestamp;

use crate::dialect::DbResult;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use crate::error::StoreError;
use crate::read::Reader;

/// An erasure.
#[derive(Clone, Debug)]
pub struct ErasureView {
    /// Its id.
    pub id: ErasureId,
    /// Who it was: a number that leads nowhere any more.
    pub subject: SubjectId,
    /// The request behind it.
    pub request: Option<RequestId>,
    /// Why.
    pub reason: EraseReason,
    /// The record classes that went whole.
    pub classes: RecordClasses,
    /// How many data keys were destroyed.
    pub keys: u64,
    /// How many identifiers were removed.
    pub identifiers: u64,
    /// How many entries of the suppression list stay.
    pub suppressed: u64,
    /// The epoch key under which the data keys last stood.
    pub epoch: u32,
    /// What came of the media at Meta.
    pub media_at_meta: AtMeta,
    /// What came of the contact-book entry at Meta.
    pub contact_at_meta: AtMeta,
    /// Since when the person is unreachable.
    pub at: Timestamp,
    /// How far the sweep is.
    pub state: ErasureState,
    /// How many rows the sweep has removed.
    pub rows: u64,
    /// How many files the sweep has removed.
    pub objects: u64,
    /// When nothing was left to sweep.
    pub swept_at: Option<Timestamp>,
    /// From when the last copy of the data keys is gone, too: from then on nothing of the person can be
    /// decrypted anywhere.
    pub horizon_at: Option<Timestamp>,
    /// The position of its leaf. Erasures of one person share it.
    pub leaf: i64,
}

/// Something an erasure left.
#[derive(Clone, Debug)]
pub struct KeptView {
    /// Which class.
    pub class: RecordClass,
    /// The rule that keeps it; `hold` for a legal hold.
    pub rule: String,
    /// The hold.
    pub hold: Option<HoldId>,
    /// Until when; none for a hold, and where somebody has to decide.
    pub until: Option<Timestamp>,
    /// When this reason ended.
    pub ended_at: Option<Timestamp>,
}

/// Who was told to erase, too.
#[derive(Clone, Debug)]
pub struct RecipientView {
    /// The erasure.
    pub erasure: ErasureId,
    /// The app.
    pub app: Option<AppId>,
    /// The endpoint of the event channel.
    pub endpoint: Option<EventEndpointId>,
    /// By what the app knows the person, until it has acknowledged.
    pub known: Option<KnownAs>,
    /// When it was told.
    pub told_at: Timestamp,
    /// Until when it has to erase.
    pub due_at: Timestamp,
    /// When it told that it has.
    pub acknowledged_at: Option<Timestamp>,
}

/// By what an app knows a person.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum KnownAs {
    /// By an alias.
    Alias(String),
    /// By a message that it has.
    Message(MessageId),
}

impl KnownAs {
    fn read(text: Option<String>) -> Option<Self> {
        let text = text?;
        let message = text.strip_prefix(super::recipients::MESSAGE);
        Some(match message.map(str::parse) {
            Some(Ok(id)) => Self::Message(MessageId(id)),
            Some(Err(_)) | None => Self::Alias(text),
        })
    }
}

/// What a certificate of erasure says, as data.
#[derive(Clone, Debug)]
pub struct ErasureCertificate {
    /// The erasure, and those of who was the same person.
    pub cases: Vec<ErasureView>,
    /// What was left, by the case.
    pub kept: Vec<(ErasureId, KeptView)>,
    /// Who was told.
    pub recipients: Vec<RecipientView>,
    /// When the last of the data keys was destroyed here: the horizon counts from it.
    pub destroyed_at: Timestamp,
    /// The position of the leaf that proves it.
    pub leaf: i64,
}

impl ErasureCertificate {
    /// When nothing of the person could be decrypted anywhere any more; none while an older copy of
    /// the keys may exist.
    pub fn horizon_at(&self) -> Option<Timestamp> {
        let reached: Option<Vec<Timestamp>> =
            self.cases.iter().map(|case| case.horizon_at).collect();
        reached.and_then(|reached| reached.into_iter().max())
    }
}

/// Which erasures.
#[derive(Clone, Copy, Debug, Default)]
pub struct ErasureFilter {
    /// Only those of which a recipient has not acknowledged in time, at this instant.
    pub overdue_at: Option<Timestamp>,
    /// Only those that left something about which somebody has to decide.
    pub undecided: bool,
    /// Only those from below this id.
    pub before: Option<ErasureId>,
}

const ERASURE: &str = "SELECT id, subject_id, request_id, reason, classes, keys, identifiers, \
                       suppressed, epoch, media_at_meta, contact_at_meta, erased_at, state, rows, \
                       objects, swept_at, horizon_at, leaf FROM erasures";

/// Of which something is kept that neither a hold nor an instant ends.
const UNDECIDED: &str = " AND id IN (SELECT erasure_id FROM erasure_kept WHERE hold_id IS NULL \
                         AND until IS NULL AND ended_at IS NULL)";

const RECIPIENT: &str = "SELECT erasure_id, app_id, endpoint_id, alias, told_at, due_at, \
                         acknowledged_at FROM erasure_recipients";

impl Reader<'_> {
    /// Erasures, newest first.
    pub fn erasures(
        &self,
        filter: ErasureFilter,
        limit: u32,
    ) -> Result<Vec<ErasureView>, StoreError> {
        let before = filter.before.map_or(i64::MAX, |id| id.0);
        let undecided = if filter.undecided { UNDECIDED } else { "" };
        let Some(now) = filter.overdue_at else {
            let sql = format!("{ERASURE} WHERE id < $1{undecided} ORDER BY id DESC LIMIT $2");
            let mut statement = self.connection.prepare_cached(&sql)?;
            return Ok(statement.query_map((before, limit), view)?);
        };
        let sql = format!(
            "{ERASURE} WHERE id < $1 AND id IN (SELECT erasure_id FROM erasure_recipients \
             WHERE acknowledged_at IS NULL AND due_at <= $2){undecided} ORDER BY id DESC LIMIT $3"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_map((before, now.micros(), limit), view)?)
    }

    /// One erasure.
    pub fn erasure(&self, id: ErasureId) -> Result<Option<ErasureView>, StoreError> {
        let sql = format!("{ERASURE} WHERE id = $1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row([id.0], view).optional()?)
    }

    /// What an erasure left, and why.
    pub fn erasure_kept(&self, id: ErasureId) -> Result<Vec<KeptView>, StoreError> {
        let sql = "SELECT class, rule, hold_id, until, ended_at FROM erasure_kept \
                   WHERE erasure_id = $1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let kept = statement.query_map([id.0], |row| {
            let instant = |column| -> DbResult<_> {
                Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_micros))
            };
            Ok((
                row.get::<u8>(0)?,
                KeptView {
                    class: RecordClass::AuditDetail,
                    rule: row.get(1)?,
                    hold: row.get::<Option<i64>>(2)?.map(HoldId),
                    until: instant(3)?,
                    ended_at: instant(4)?,
                },
            ))
        })?;
        let with = |(class, kept): (u8, KeptView)| {
            let class = RecordClass::from_code(class)?;
            Some(KeptView { class, ..kept })
        };
        Ok(kept.into_iter().filter_map(with).collect())
    }

    /// Who was told of an erasure.
    pub fn erasure_recipients(&self, id: ErasureId) -> Result<Vec<RecipientView>, StoreError> {
        let sql = format!("{RECIPIENT} WHERE erasure_id = $1 ORDER BY id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_map([id.0], recipient)?)
    }

    /// What an app was told to erase and has not acknowledged, oldest first, after an erasure.
    pub fn erasures_for(
        &self,
        app: AppId,
        after: Option<ErasureId>,
        limit: u32,
    ) -> Result<Vec<RecipientView>, StoreError> {
        let sql = format!(
            "{RECIPIENT} WHERE acknowledged_at IS NULL AND app_id = $1 AND erasure_id > $2 \
             ORDER BY erasure_id LIMIT $3"
        );
        let after = after.map_or(0, |id| id.0);
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_map((app.0, after, limit), recipient)?)
    }

    /// How many recipients should have erased by now and have not said so.
    pub fn erasures_overdue(&self, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM erasure_recipients \
                   WHERE acknowledged_at IS NULL AND due_at <= $1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let overdue: i64 = statement.query_row([now.micros()], |row| row.get(0))?;
        Ok(overdue.cast_unsigned())
    }

    /// What a certificate of an erasure says; none for an erasure that is not there.
    pub fn erasure_certificate(
        &self,
        id: ErasureId,
    ) -> Result<Option<ErasureCertificate>, StoreError> {
        let Some(first) = self.erasure(id)? else {
            return Ok(None);
        };
        // What was erased along stands beside it, under the same leaf.
        let sql = format!("{ERASURE} WHERE id >= $1 AND id < $2 AND leaf = $3 ORDER BY id");
        let range = (
            first.id.0.saturating_sub(64),
            first.id.0.saturating_add(64),
            first.leaf,
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let cases = statement.query_map(range, view)?;
        let mut certificate = ErasureCertificate {
            destroyed_at: first.at,
            leaf: first.leaf,
            kept: Vec::new(),
            recipients: Vec::new(),
            cases,
        };
        for case in &certificate.cases {
            for kept in self.erasure_kept(case.id)? {
                let ended = kept.ended_at.unwrap_or(case.at);
                certificate.destroyed_at = certificate.destroyed_at.max(ended);
                certificate.kept.push((case.id, kept));
            }
            let told = self.erasure_recipients(case.id)?;
            certificate.recipients.extend(told);
        }
        Ok(Some(certificate))
    }

    /// Which of these names of files some row leads to.
    pub fn objects_known(&self, names: &[String]) -> Result<Vec<String>, StoreError> {
        let mut known = Vec::new();
        for table in ["media", "packages"] {
            let sql = format!("SELECT object FROM {table} WHERE object IS NOT NULL");
            let mut scan = crate::dialect::Scan::new(self.connection, &sql)?;
            let mut rows = scan.rows()?;
            while let Some(row) = rows.next()? {
                let object: String = row.get(0)?;
                if names.binary_search(&object).is_ok() {
                    known.push(object);
                }
            }
        }
        known.sort_unstable();
        Ok(known)
    }
}

fn view(row: &Row<'_>) -> DbResult<ErasureView> {
    let instant =
        |column| -> DbResult<_> { Ok(row.get::<Option<i64>>(column)?.map(Timestamp::from_micros)) };
    let count = |column| -> DbResult<_> { Ok(row.get::<i64>(column)?.cast_unsigned()) };
    Ok(ErasureView {
        id: ErasureId(row.get(0)?),
        subject: SubjectId(row.get(1)?),
        request: row.get::<Option<i64>>(2)?.map(RequestId),
        reason: EraseReason::from_code(row.get(3)?).unwrap_or(EraseReason::Requested),
        classes: RecordClasses::from_bits(row.get(4)?),
        keys: count(5)?,
        identifiers: count(6)?,
        suppressed: count(7)?,
        epoch: row.get(8)?,
        media_at_meta: AtMeta::from_code(row.get(9)?).unwrap_or(AtMeta::NotTold),
        contact_at_meta: AtMeta::from_code(row.get(10)?).unwrap_or(AtMeta::NotTold),
        at: Timestamp::from_micros(row.get(11)?),
        state: ErasureState::from_code(row.get(12)?).unwrap_or(ErasureState::Referring),
        rows: count(13)?,
        objects: count(14)?,
        swept_at: instant(15)?,
        horizon_at: instant(16)?,
        leaf: row.get(17)?,
    })
}

fn recipient(row: &Row<'_>) -> DbResult<RecipientView> {
    Ok(RecipientView {
        erasure: ErasureId(row.get(0)?),
        app: row.get::<Option<i64>>(1)?.map(AppId),
        endpoint: row.get::<Option<i64>>(2)?.map(EventEndpointId),
        known: KnownAs::read(row.get(3)?),
        told_at: Timestamp::from_micros(row.get(4)?),
        due_at: Timestamp::from_micros(row.get(5)?),
        acknowledged_at: row.get::<Option<i64>>(6)?.map(Timestamp::from_micros),
    })
}
