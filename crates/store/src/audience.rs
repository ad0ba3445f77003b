//! Whom a message to many is for.

use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::ids::ImportId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;

use crate::dialect::Connection;
use crate::error::StoreError;

/// Whom a message to many is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Audience {
    /// Everybody who is known.
    Everyone,
    /// Whoever stood on a list that was brought in.
    Import(ImportId),
    /// Whoever has a consent record for a purpose, whatever it says.
    Purpose(PurposeId),
    /// Whoever agreed to a purpose last.
    Agreed(PurposeId),
}

impl Audience {
    /// Where the people are, and the condition under which one is among them, with `$1` for the id to
    /// begin behind. Ids stand in the text: they are numbers, and few.
    fn tables(self) -> (String, &'static str) {
        let people = |condition: String| {
            let from = format!(
                "subjects s WHERE s.id > $1 AND s.erased_at IS NULL AND NOT EXISTS \
                 (SELECT 1 FROM chat_groups g WHERE g.subject_id = s.id){condition}"
            );
            (from, "s.id")
        };
        let channel = Channel::WhatsApp.code();
        match self {
            Self::Everyone => people(String::new()),
            Self::Import(import) => (
                format!(
                    "import_people s JOIN subjects p ON p.id = s.subject_id \
                     AND p.erased_at IS NULL WHERE s.import_id = {import} AND s.subject_id > $1"
                ),
                "s.subject_id",
            ),
            Self::Purpose(purpose) => people(format!(
                " AND EXISTS (SELECT 1 FROM consent_events e WHERE e.subject_id = s.id \
                 AND e.purpose_id = {purpose} AND e.channel = {channel})"
            )),
            Self::Agreed(purpose) => people(format!(
                " AND (SELECT e.state FROM consent_events e WHERE e.subject_id = s.id \
                 AND e.purpose_id = {purpose} AND e.channel = {channel} \
                 ORDER BY e.id DESC LIMIT 1) IN ({}, {})",
                ConsentState::Given.code(),
                ConsentState::Renewed.code()
            )),
        }
    }

    /// The next people behind an id, in the order of their ids.
    pub(crate) fn page(
        self,
        connection: &Connection,
        after: i64,
        limit: u32,
    ) -> Result<Vec<SubjectId>, StoreError> {
        let (tables, id) = self.tables();
        let sql = format!("SELECT {id} FROM {tables} ORDER BY {id} LIMIT $2");
        let mut statement = connection.prepare_cached(&sql)?;
        Ok(statement.query_map((after, limit), |row| row.get(0).map(SubjectId))?)
    }

    /// How many they are.
    pub(crate) fn count(self, connection: &Connection) -> Result<u64, StoreError> {
        let (tables, _) = self.tables();
        let sql = format!("SELECT count(*) FROM {tables}");
        let mut statement = connection.prepare_cached(&sql)?;
        let count: i64 = statement.query_row([0_i64], |row| row.get(0))?;
        Ok(count.cast_unsigned())
    }
}
