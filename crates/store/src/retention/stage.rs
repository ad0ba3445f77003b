//! What a run goes over, one table after the other, and what hangs on a row that goes.

use domain::consent::ConsentState;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::record_class::RecordClass;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::dialect::Row;
use crate::error::StoreError;
use crate::tables;
use crate::tables::Table;

/// A table to go over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    Messages,
    Statuses,
    Deliveries,
    Decisions,
    Outside,
    Media,
    Confirmations,
    Requests,
    Details,
    Ledgers,
    People,
}

/// A record that may be over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) id: i64,
    /// Whose; 0 for nobody's.
    pub(super) subject: i64,
    /// When it came in, or what else counts as that.
    pub(super) at: Timestamp,
    pub(super) purpose: Option<PurposeId>,
    pub(super) number: Option<NumberId>,
    /// Whether it still serves what it was kept for, however old it is.
    pub(super) serves: bool,
}

impl Stage {
    /// All of them in the order in which they are gone over: what hangs on messages after them.
    pub(super) const ALL: [Self; 11] = [
        Self::Messages,
        Self::Statuses,
        Self::Deliveries,
        Self::Decisions,
        Self::Outside,
        Self::Media,
        Self::Confirmations,
        Self::Requests,
        Self::Details,
        Self::Ledgers,
        Self::People,
    ];

    pub(super) const fn class(self) -> RecordClass {
        match self {
            Self::Messages
            | Self::Statuses
            | Self::Deliveries
            | Self::Decisions
            | Self::Outside => RecordClass::Conversation,
            Self::Media => RecordClass::Media,
            Self::Confirmations | Self::Requests => RecordClass::Form,
            Self::Details => RecordClass::AuditDetail,
            Self::Ledgers => RecordClass::ConsentProof,
            Self::People => RecordClass::Profile,
        }
    }

    pub(super) const fn table(self) -> &'static Table {
        match self {
            Self::Messages => &tables::MESSAGES,
            Self::Statuses => &tables::STATUSES,
            Self::Deliveries => &tables::DELIVERIES,
            Self::Decisions => &tables::DECISIONS,
            Self::Outside => &tables::OUTSIDE,
            Self::Media => &tables::MEDIA,
            Self::Confirmations => &tables::CONFIRMATIONS,
            Self::Requests => &tables::REQUESTS,
            Self::Details => &tables::DETAILS,
            Self::Ledgers => &tables::CONSENT_EVENTS,
            Self::People => &tables::SUBJECTS,
        }
    }

    /// Whether its rows go with the messages they are about, and are not looked at by themselves.
    pub(super) const fn hangs_on_messages(self) -> bool {
        matches!(self, Self::Statuses | Self::Deliveries | Self::Outside)
    }

    /// Whether rows come in about the order of what counts as their age.
    pub(super) const fn is_by_age(self) -> bool {
        !matches!(self, Self::Requests | Self::Ledgers | Self::People)
    }

    /// The next rows behind an id: id, subject, age, purpose, number. Of people who were erased there
    /// are none: theirs fall to the sweep.
    #[expect(clippy::too_many_lines, reason = "one statement for each stage")]
    const fn text(self) -> &'static str {
        match self {
            Self::Messages => {
                "SELECT m.id, m.subject_id, m.at, d.purpose_id, c.number_id FROM messages m \
                 LEFT JOIN conversations c ON c.id = m.conversation_id \
                 LEFT JOIN decisions d ON d.id = m.decision_id \
                 LEFT JOIN subjects s ON s.id = m.subject_id \
                 WHERE m.id > $1 AND s.erased_at IS NULL ORDER BY m.id LIMIT $2"
            }
            Self::Statuses => {
                "SELECT x.id, coalesce(m.id, 0), x.at, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM \
                 (SELECT id, message_id, at FROM statuses WHERE id > $1 ORDER BY id LIMIT $2) x \
                 LEFT JOIN messages m ON m.id = x.message_id ORDER BY x.id"
            }
            Self::Deliveries => {
                "SELECT x.id, coalesce(m.id, 0), x.created_at, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM \
                 (SELECT id, message_id, created_at FROM deliveries WHERE id > $1 \
                 ORDER BY id LIMIT $2) x \
                 LEFT JOIN messages m ON m.id = x.message_id ORDER BY x.id"
            }
            Self::Decisions => {
                "SELECT d.id, d.subject_id, d.at, d.purpose_id, d.number_id FROM decisions d \
                 LEFT JOIN subjects s ON s.id = d.subject_id \
                 WHERE d.id > $1 AND s.erased_at IS NULL ORDER BY d.id LIMIT $2"
            }
            Self::Outside => {
                "SELECT x.message_id, coalesce(m.id, 0), x.at, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) \
                 FROM (SELECT message_id, at FROM outside WHERE message_id > $1 \
                 ORDER BY message_id LIMIT $2) x \
                 LEFT JOIN messages m ON m.id = x.message_id ORDER BY x.message_id"
            }
            Self::Media => {
                "SELECT m.id, m.subject_id, m.created_at, CAST(NULL AS BIGINT), m.number_id FROM media m \
                 LEFT JOIN subjects s ON s.id = m.subject_id \
                 WHERE m.id > $1 AND s.erased_at IS NULL ORDER BY m.id LIMIT $2"
            }
            Self::Confirmations => {
                "SELECT f.id, f.subject_id, f.created_at, f.purpose_id, CAST(NULL AS BIGINT) FROM confirmations f \
                 LEFT JOIN subjects s ON s.id = f.subject_id \
                 WHERE f.id > $1 AND f.state > 2 AND s.erased_at IS NULL ORDER BY f.id LIMIT $2"
            }
            Self::Requests => {
                "SELECT r.id, r.subject_id, r.closed_at, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM requests r \
                 LEFT JOIN subjects s ON s.id = r.subject_id \
                 WHERE r.id > $1 AND r.closed_at IS NOT NULL AND s.erased_at IS NULL \
                 ORDER BY r.id LIMIT $2"
            }
            Self::Details => {
                "SELECT a.id, coalesce(a.subject_id, 0), a.at, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM audit_details a \
                 LEFT JOIN subjects s ON s.id = a.subject_id \
                 WHERE a.id > $1 AND s.erased_at IS NULL ORDER BY a.id LIMIT $2"
            }
            Self::Ledgers => {
                "SELECT e.id, e.subject_id, e.at, e.purpose_id, CAST(NULL AS BIGINT) FROM consent_events e \
                 LEFT JOIN subjects s ON s.id = e.subject_id \
                 WHERE e.id > $1 AND s.erased_at IS NULL ORDER BY e.id LIMIT $2"
            }
            Self::People => {
                "SELECT s.id, s.id, s.created_at, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT) FROM subjects s \
                 WHERE s.id > $1 AND s.erased_at IS NULL \
                 AND NOT EXISTS (SELECT 1 FROM chat_groups g WHERE g.subject_id = s.id) \
                 ORDER BY s.id LIMIT $2"
            }
        }
    }

    /// The next rows behind an id.
    pub(super) fn page(
        self,
        connection: &Connection,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Candidate>, StoreError> {
        let mut statement = connection.prepare_cached(self.text())?;
        let mut rows = statement.query((after, limit))?;
        let mut page = Vec::new();
        while let Some(row) = rows.next()? {
            page.push(self.candidate(&row)?);
        }
        Ok(page)
    }

    fn candidate(self, row: &Row<'_>) -> Result<Candidate, StoreError> {
        let subject: i64 = row.get(1)?;
        let hangs = self.hangs_on_messages();
        Ok(Candidate {
            id: row.get(0)?,
            subject: if hangs { 0 } else { subject },
            at: Timestamp::from_micros(row.get(2)?),
            purpose: row.get::<Option<i64>>(3)?.map(PurposeId),
            number: row.get::<Option<i64>>(4)?.map(NumberId),
            // Its message is still there.
            serves: hangs && subject != 0,
        })
    }

    /// What else has to be known of one that is old enough: of a ledger its newest event, of a person
    /// when they were last heard of.
    pub(super) fn complete(
        self,
        connection: &Connection,
        candidate: &mut Candidate,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self {
            Self::Ledgers => ledger(connection, candidate, now),
            Self::People => last_heard_of(connection, candidate),
            _ => Ok(()),
        }
    }
}

fn ledger(
    connection: &Connection,
    candidate: &mut Candidate,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "SELECT n.state, n.at, n.expires_at FROM consent_events e \
               JOIN consent_events n ON n.subject_id = e.subject_id \
               AND n.purpose_id = e.purpose_id AND n.channel = e.channel \
               WHERE e.id = $1 ORDER BY n.id DESC LIMIT 1";
    let newest = connection
        .prepare_cached(sql)?
        .query_row([candidate.id], |row| {
            Ok((
                row.get::<u8>(0)?,
                row.get::<i64>(1)?,
                row.get::<Option<i64>>(2)?,
            ))
        })
        .optional()?;
    if let Some((state, at, expires)) = newest {
        let carries = ConsentState::from_code(state).is_some_and(ConsentState::is_sendable);
        candidate.at = Timestamp::from_micros(at);
        candidate.serves = carries && expires.is_none_or(|expires| now.micros() < expires);
    }
    Ok(())
}

fn last_heard_of(connection: &Connection, candidate: &mut Candidate) -> Result<(), StoreError> {
    for sql in [
        "SELECT max(pair_at) FROM conversations WHERE subject_id = $1",
        "SELECT max(opened_at) FROM conversations WHERE subject_id = $1",
        "SELECT max(m.at) FROM conversations c JOIN messages m ON m.id = c.last_message \
         WHERE c.subject_id = $1",
        "SELECT max(at) FROM consent_events WHERE subject_id = $1",
        "SELECT max(received_at) FROM requests WHERE subject_id = $1",
    ] {
        let last: Option<i64> = connection
            .prepare_cached(sql)?
            .query_row([candidate.subject], |row| row.get(0))
            .optional()?
            .flatten();
        if let Some(last) = last.map(Timestamp::from_micros) {
            candidate.at = candidate.at.max(last);
        }
    }
    Ok(())
}
