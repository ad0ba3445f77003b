//! What else is kept of a person.

use domain::ids::AppId;
use domain::ids::DataKeyId;
use domain::ids::DecisionId;
use domain::ids::MessageId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::time::Timestamp;

use crate::dialect::DbResult;
use crate::error::StoreError;
use crate::package::at;
use crate::people;
use crate::read::Reader;
use crate::record::DecisionView;

/// How many deliveries are looked at together.
const WINDOW: i64 = 256;

/// An identifier with its time.
#[derive(Debug)]
pub struct HeldIdentifier {
    /// The identifier, in clear.
    pub identifier: Identifier,
    /// Since when it leads to the person.
    pub since: Timestamp,
    /// Until when, if it does no longer.
    pub until: Option<Timestamp>,
}

/// An entry of the log about a person.
#[derive(Debug)]
pub struct AccessRow {
    /// Its place in this list.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The entry.
    pub entry: Vec<u8>,
}

/// A message that was handed to an app.
#[derive(Clone, Copy, Debug)]
pub struct Disclosed {
    /// The message.
    pub message: MessageId,
    /// The app.
    pub app: AppId,
    /// When.
    pub at: Timestamp,
}

/// A request of the person's.
#[derive(Debug)]
pub struct RequestRow {
    /// Its id.
    pub id: i64,
    /// Its kind, by code.
    pub kind: u8,
    /// Where it stands, by code.
    pub state: u8,
    /// When it came.
    pub received: Timestamp,
    /// When it was closed.
    pub closed: Option<Timestamp>,
}

/// A rule of the retention schedule that is in force.
#[derive(Debug)]
pub struct RetentionRow {
    /// The class, by code.
    pub class: u8,
    /// How long the least, in days.
    pub minimum_days: Option<u32>,
    /// How long the most, in days.
    pub maximum_days: Option<u32>,
    /// The provision behind it.
    pub provision: String,
}

/// Where in the list of deliveries a walk in time stands.
#[derive(Debug, Default)]
pub struct DeliveryCursor {
    /// The first that was not looked at.
    next: i64,
    held: Vec<Delivery>,
}

#[derive(Clone, Copy, Debug)]
struct Delivery {
    id: i64,
    app: i64,
    message: i64,
    made: bool,
    created: i64,
    updated: i64,
}

impl Reader<'_> {
    /// A person and those linked who are the same person.
    ///
    /// # Errors
    /// What the database says.
    pub fn same_person(&self, subject: SubjectId) -> Result<Vec<SubjectId>, StoreError> {
        crate::erase::same_person(self.connection, subject)
    }

    /// Every identifier a subject ever had, with its time, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn identifier_history(
        &self,
        subject: SubjectId,
    ) -> Result<Vec<HeldIdentifier>, StoreError> {
        let sql = "SELECT id, kind, key_id, sealed_value, added_at, ended_at FROM identifiers \
                   WHERE subject_id = $1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([subject.0])?;
        let mut history = Vec::new();
        while let Some(row) = rows.next()? {
            let key_id: i64 = row.get(2)?;
            let key = crate::keys::load(self.connection, &self.keys, DataKeyId(key_id))?;
            let held = (key_id, &key);
            history.push(HeldIdentifier {
                identifier: people::open_identifier(row.get(0)?, row.get(1)?, held, row.blob(3))?,
                since: at(row.get(4)?),
                until: row.get::<Option<i64>>(5)?.map(at),
            });
        }
        Ok(history)
    }

    /// The apps that know a subject under an alias, with it.
    ///
    /// # Errors
    /// What the database says.
    pub fn aliases_of(&self, subject: SubjectId) -> Result<Vec<(AppId, String)>, StoreError> {
        let sql = "SELECT app_id, alias FROM aliases WHERE subject_id = $1 ORDER BY app_id";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map([subject.0], |row| Ok((AppId(row.get(0)?), row.get(1)?)))?)
    }

    /// The groups a person is or was in: the subjects their messages hang on.
    ///
    /// # Errors
    /// What the database says.
    pub fn groups_of(&self, subject: SubjectId) -> Result<Vec<SubjectId>, StoreError> {
        let sql = "SELECT group_id FROM group_members WHERE subject_id = $1 ORDER BY group_id";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map([subject.0], |row| Ok(SubjectId(row.get(0)?)))?)
    }

    /// Decisions about a subject, oldest first, from after `after` on.
    ///
    /// # Errors
    /// What the database says.
    pub fn decisions_after(
        &self,
        subject: SubjectId,
        after: DecisionId,
        limit: u32,
    ) -> Result<Vec<DecisionView>, StoreError> {
        let sql = format!(
            "{} WHERE subject_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            crate::record::DECISIONS
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_map((subject.0, after.0, limit), crate::record::decision)?)
    }

    /// The purposes of messages to a subject.
    ///
    /// # Errors
    /// What the database says.
    pub fn purposes_of_decisions(&self, subject: SubjectId) -> Result<Vec<PurposeId>, StoreError> {
        let sql = "SELECT DISTINCT purpose_id FROM decisions WHERE subject_id = $1 \
                   AND purpose_id IS NOT NULL ORDER BY purpose_id";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map([subject.0], |row| Ok(PurposeId(row.get(0)?)))?)
    }

    /// Entries of the log about a subject, oldest first, from after `after` on.
    ///
    /// # Errors
    /// What the database says.
    pub fn accesses(
        &self,
        subject: SubjectId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AccessRow>, StoreError> {
        let sql = "SELECT d.id, d.at, l.entry FROM audit_details d \
                   JOIN leaves l ON l.position = d.leaf \
                   WHERE d.subject_id = $1 AND d.id > $2 ORDER BY d.id LIMIT $3";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map((subject.0, after, limit), |row| {
            Ok(AccessRow {
                id: row.get(0)?,
                at: at(row.get(1)?),
                entry: row.get(2)?,
            })
        })?)
    }

    /// The requests of a person, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn requests_of(&self, subject: SubjectId) -> Result<Vec<RequestRow>, StoreError> {
        let sql = "SELECT id, kind, state, received_at, closed_at FROM requests \
                   WHERE subject_id = $1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map([subject.0], |row| {
            Ok(RequestRow {
                id: row.get(0)?,
                kind: row.get(1)?,
                state: row.get(2)?,
                received: at(row.get(3)?),
                closed: row.get::<Option<i64>>(4)?.map(at),
            })
        })?)
    }

    /// The retention schedule that is switched on.
    ///
    /// # Errors
    /// What the database says.
    pub fn retention_in_force(&self, now: Timestamp) -> Result<Vec<RetentionRow>, StoreError> {
        let sql = "SELECT class, minimum_days, maximum_days, provision FROM retention_rules \
                   WHERE on_at <= $1 AND ended_at IS NULL ORDER BY class, id";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_map([now.micros()], |row| {
            Ok(RetentionRow {
                class: row.get(0)?,
                minimum_days: row.get(1)?,
                maximum_days: row.get(2)?,
                provision: row.get(3)?,
            })
        })?)
    }

    /// To which apps messages were handed, given in the order of their instants. A delivery is made in
    /// the transaction of its message, so it has the message's instant; deliveries stand in the order
    /// of time, so they are found by it without an index.
    ///
    /// # Errors
    /// What the database says.
    pub fn disclosures(
        &self,
        cursor: &mut DeliveryCursor,
        messages: &[(MessageId, Timestamp)],
    ) -> Result<Vec<Disclosed>, StoreError> {
        let mut disclosed = Vec::new();
        for (message, instant) in messages {
            let instant = instant.micros();
            cursor.held.retain(|delivery| instant <= delivery.created);
            if cursor.held.is_empty() {
                cursor.next = self.first_at(cursor.next, instant)?;
            }
            while cursor
                .held
                .last()
                .is_none_or(|delivery| delivery.created <= instant)
            {
                let window = self.window(cursor.next, WINDOW)?;
                let Some(last) = window.last() else {
                    break;
                };
                cursor.next = last.id + 1;
                let kept = window.into_iter().filter(|row| instant <= row.created);
                cursor.held.extend(kept);
            }
            let theirs = cursor
                .held
                .iter()
                .filter(|delivery| delivery.message == message.0 && delivery.made);
            disclosed.extend(theirs.map(|delivery| Disclosed {
                message: *message,
                app: AppId(delivery.app),
                at: at(delivery.updated),
            }));
        }
        Ok(disclosed)
    }

    /// The first delivery, from `from` on, that is not older than an instant: ever longer steps, then
    /// halves.
    fn first_at(&self, from: i64, instant: i64) -> Result<i64, StoreError> {
        let (mut low, mut high, mut step) = (from, from, WINDOW);
        loop {
            match self.window(high, 1)?.first() {
                Some(row) if row.created < instant => {
                    low = row.id + 1;
                    high = row.id.saturating_add(step);
                    step = step.saturating_mul(4);
                }
                _ => break,
            }
        }
        while low < high {
            let middle = low + (high - low) / 2;
            match self.window(middle, 1)?.first() {
                Some(row) if row.created < instant => low = row.id + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    fn window(&self, from: i64, limit: i64) -> Result<Vec<Delivery>, StoreError> {
        let sql = "SELECT id, app_id, message_id, state, status_id, created_at, updated_at \
                   FROM deliveries WHERE id >= $1 ORDER BY id LIMIT $2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows: DbResult<Vec<Delivery>> = statement.query_map((from, limit), |row| {
            let state: u8 = row.get(3)?;
            let status: Option<i64> = row.get(4)?;
            Ok(Delivery {
                id: row.get(0)?,
                app: row.get(1)?,
                message: row.get(2)?,
                made: status.is_none() && state == crate::delivery::DeliveryState::Delivered.code(),
                created: row.get(5)?,
                updated: row.get(6)?,
            })
        });
        Ok(rows?)
    }
}
