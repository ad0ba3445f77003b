//! A subject's record, and the decisions and log entries that staff look at.

use std::sync::Arc;

use crate::dialect::Row;
use domain::audit::Action;
use domain::audit::Actor;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::AppId;
use domain::ids::ConsentEventId;
use domain::ids::DecisionId;
use domain::ids::MessageId;
use domain::ids::NoticeId;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::subject::RestrictedUse;
use domain::subject::Restriction;
use domain::suppression::Suppression;
use domain::suppression::distinct;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::people;
use crate::read::LIVING;
use crate::read::Reader;
use crate::store::Store;
use crate::tx::Tx;

/// A consent event as staff see it.
#[derive(Clone, Debug)]
pub struct ConsentView {
    /// Its id.
    pub id: ConsentEventId,
    /// For what.
    pub purpose: PurposeId,
    /// Where.
    pub channel: Channel,
    /// The state it brought about.
    pub state: ConsentState,
    /// How it came about.
    pub method: Method,
    /// How well it can be proved.
    pub grade: EvidenceGrade,
    /// The notice version behind it.
    pub notice: Option<NoticeId>,
    /// The language of the exchange.
    pub language: String,
    /// The rule it was recorded under.
    pub rule: String,
    /// Who recorded it.
    pub actor: String,
    /// When it runs out by itself.
    pub expires: Option<Timestamp>,
    /// When.
    pub at: Timestamp,
    /// The position of its leaf.
    pub leaf: i64,
}

/// A stored decision.
#[derive(Clone, Debug)]
pub struct DecisionView {
    /// Its id.
    pub id: DecisionId,
    /// About whom.
    pub subject: SubjectId,
    /// About which message.
    pub message: MessageId,
    /// On which number.
    pub number: NumberId,
    /// Asked by which app; none for the gateway's own answers.
    pub app: Option<AppId>,
    /// Under which purpose.
    pub purpose: Option<PurposeId>,
    /// `allow`, `defer` or `refuse`.
    pub outcome: &'static str,
    /// The error code the app got.
    pub code: Option<u32>,
    /// The rules behind it.
    pub rules: Vec<String>,
    /// The same as sentences.
    pub sentences: Vec<String>,
    /// The facts, as canonical JSON.
    pub facts: String,
    /// When.
    pub at: Timestamp,
    /// The position of its leaf.
    pub leaf: i64,
}

/// A log entry that waits in the database or has been written to files.
#[derive(Clone, Debug)]
pub struct LeafRow {
    /// Its position.
    pub position: u64,
    /// The entry.
    pub entry: Vec<u8>,
}

pub(crate) const DECISIONS: &str = "SELECT id, subject_id, message_id, number_id, app_id, purpose_id, outcome, \
                         code, rules, sentences, facts, at, leaf FROM decisions";

impl Reader<'_> {
    /// A subject's consent events, oldest first.
    pub fn consent_events(&self, subject: SubjectId) -> Result<Vec<ConsentView>, StoreError> {
        let sql = "SELECT id, purpose_id, channel, state, method, grade, notice_id, language, rule, \
                   actor, expires_at, at, leaf FROM consent_events WHERE subject_id = $1";
        let sql = format!("{sql} AND {LIVING} ORDER BY id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([subject.0])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            events.push(consent_view(&row)?);
        }
        Ok(events)
    }

    /// Decisions, newest first, from below `before`; of one subject if wanted.
    pub fn decisions(
        &self,
        subject: Option<SubjectId>,
        before: Option<DecisionId>,
        limit: u32,
    ) -> Result<Vec<DecisionView>, StoreError> {
        let before = before.map_or(i64::MAX, |id| id.0);
        let Some(subject) = subject else {
            let sql = format!("{DECISIONS} WHERE id < $1 AND {LIVING} ORDER BY id DESC LIMIT $2");
            let mut statement = self.connection.prepare_cached(&sql)?;
            let rows = statement.query_map((before, limit), decision)?;
            return Ok(rows);
        };
        let sql = format!(
            "{DECISIONS} WHERE subject_id = $1 AND id < $2 AND {LIVING} ORDER BY id DESC LIMIT $3"
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let rows = statement.query_map((subject.0, before, limit), decision)?;
        Ok(rows)
    }

    /// One decision.
    pub fn decision(&self, id: DecisionId) -> Result<Option<DecisionView>, StoreError> {
        let found = self.decisions(None, Some(DecisionId(id.0.saturating_add(1))), 1)?;
        Ok(found.into_iter().find(|decision| decision.id == id))
    }

    /// Log entries from a position on.
    pub fn leaves(&self, from: u64, limit: u32) -> Result<Vec<LeafRow>, StoreError> {
        let sql = "SELECT position, entry FROM leaves WHERE position >= $1 \
                   ORDER BY position LIMIT $2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map((from.cast_signed(), limit), |row| {
            Ok(LeafRow {
                position: row.get::<i64>(0)?.cast_unsigned(),
                entry: row.get(1)?,
            })
        })?;
        Ok(rows)
    }

    /// How many bytes are sealed of a message, the cipher's own included. No key is needed.
    pub fn sealed_length(&self, id: MessageId) -> Result<u64, StoreError> {
        let sql = "SELECT length(sealed_content) FROM messages WHERE id = $1";
        let length: i64 = self
            .connection
            .prepare_cached(sql)?
            .query_row([id.0], |row| row.get(0))?;
        Ok(length.cast_unsigned())
    }

    /// How many entries the log has.
    pub fn log_size(&self) -> Result<u64, StoreError> {
        let sql = "SELECT coalesce(max(position) + 1, 0) FROM leaves";
        let size: i64 = self
            .connection
            .prepare_cached(sql)?
            .query_row((), |row| row.get(0))?;
        Ok(size.cast_unsigned())
    }
}

/// The suppressions in force on a person.
pub(crate) fn suppressions(
    tx: &mut Tx<'_>,
    subject: SubjectId,
) -> Result<Vec<Suppression>, StoreError> {
    let identifiers = tx.suppressible(subject)?;
    let standing = tx.suppressions(&identifiers)?;
    Ok(distinct(
        standing.into_iter().map(|held| held.entry).collect(),
    ))
}

/// Appends the leaf of a read of personal data, with who asked and why sealed as its detail.
pub(crate) fn access(
    tx: &mut Tx<'_>,
    actor: Actor,
    subject: SubjectId,
    reason: &str,
) -> Result<(), StoreError> {
    let told = (
        actor,
        Action::PersonalDataRead,
        &["access/reveal"] as &[&str],
    );
    tx.note(Some(subject), reason, told)?;
    tx.flush()
}

impl Store {
    /// Reads personal data for staff, as [`Store::reveal`] does. Of somebody who is restricted nothing is
    /// shown unless it is said for what it is read all the same; that stands in the log.
    ///
    /// # Errors
    /// [`Refusal::Restricted`] where that is missing; whatever the closure returns.
    pub async fn reveal_for<T, F>(
        self: &Arc<Self>,
        (actor, subject): (Actor, SubjectId),
        (reason, despite): (&str, Option<RestrictedUse>),
        work: F,
    ) -> Result<T, StoreError>
    where
        F: FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let reason = reason.to_owned();
        self.write(move |tx| {
            let mut rules = vec!["access/reveal"];
            if people::restriction(tx.connection, Some(subject))? != Restriction::None {
                rules.push(despite.ok_or(Refusal::Restricted)?.rule());
            }
            let told = (actor, Action::PersonalDataRead, rules.as_slice());
            tx.note(Some(subject), &reason, told)?;
            tx.flush()
        })
        .await?;
        self.read(work).await
    }
}

/// The last event of a subject for a purpose before a position of the log.
pub(crate) fn consent_before(
    connection: &Connection,
    (subject, purpose): (SubjectId, PurposeId),
    position: i64,
) -> Result<Option<ConsentView>, StoreError> {
    let sql = "SELECT id, purpose_id, channel, state, method, grade, notice_id, language, rule, \
               actor, expires_at, at, leaf FROM consent_events WHERE subject_id = $1 \
               AND purpose_id = $2 AND leaf < $3 ORDER BY id DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((subject.0, purpose.0, position))?;
    let newest = rows.next()?;
    newest.map(|row| consent_view(&row)).transpose()
}

fn consent_view(row: &Row<'_>) -> Result<ConsentView, StoreError> {
    let id: i64 = row.get(0)?;
    let damaged = |column| StoreError::Damaged {
        table: "consent_events",
        column,
        id,
    };
    Ok(ConsentView {
        id: ConsentEventId(id),
        purpose: PurposeId(row.get(1)?),
        channel: Channel::WhatsApp,
        state: ConsentState::from_code(row.get(3)?).ok_or_else(|| damaged("state"))?,
        method: Method::from_code(row.get(4)?).ok_or_else(|| damaged("method"))?,
        grade: EvidenceGrade::from_code(row.get(5)?).ok_or_else(|| damaged("grade"))?,
        notice: row.get::<Option<i64>>(6)?.map(NoticeId),
        language: row.get(7)?,
        rule: row.get(8)?,
        actor: row.get(9)?,
        expires: row.get::<Option<i64>>(10)?.map(Timestamp::from_micros),
        at: Timestamp::from_micros(row.get(11)?),
        leaf: row.get(12)?,
    })
}

pub(crate) fn decision(row: &Row<'_>) -> DbResult<DecisionView> {
    let outcome: u8 = row.get(6)?;
    let rules: String = row.get(8)?;
    let sentences: String = row.get(9)?;
    Ok(DecisionView {
        id: DecisionId(row.get(0)?),
        subject: SubjectId(row.get(1)?),
        message: MessageId(row.get(2)?),
        number: NumberId(row.get(3)?),
        app: row.get::<Option<i64>>(4)?.map(AppId),
        purpose: row.get::<Option<i64>>(5)?.map(PurposeId),
        outcome: match outcome {
            1 => "allow",
            2 => "defer",
            _ => "refuse",
        },
        code: row.get(7)?,
        rules: rules.split_whitespace().map(str::to_owned).collect(),
        sentences: sentences.lines().map(str::to_owned).collect(),
        facts: row.get(10)?,
        at: Timestamp::from_micros(row.get(11)?),
        leaf: row.get(12)?,
    })
}
