//! Messages of the business that went out beside the gateway: nobody judged them, so they are
//! recorded as what they are.

use domain::audit::Action;
use domain::audit::Actor;
use domain::event::EventKind;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::message::Direction;
use domain::message::MessageState;
use domain::rate;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::event::About;
use crate::known::Known;
use crate::message::Draft;
use crate::operation::Echo;
use crate::read::Reader;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// The rule id of a message to somebody who had said stop.
const OPTED_OUT: &str = "echo/opted-out";

/// Who sent a message beside the gateway.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum EchoSource {
    /// Staff, in the WhatsApp Business app.
    BusinessApp,
    /// Another app of the same number.
    OtherApp,
    /// Whoever held the thread: another app, or Meta's agent.
    ThreadOwner,
}

impl EchoSource {
    /// All sources in the order of their codes.
    pub const ALL: [Self; 3] = [Self::BusinessApp, Self::OtherApp, Self::ThreadOwner];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::BusinessApp => 1,
            Self::OtherApp => 2,
            Self::ThreadOwner => 3,
        }
    }

    /// The source with this code; one this program does not know is another app.
    pub fn from_code(code: u8) -> Self {
        let known = Self::ALL.into_iter().find(|source| source.code() == code);
        known.unwrap_or(Self::OtherApp)
    }

    const fn rule(self) -> &'static str {
        match self {
            Self::BusinessApp => "echo/business-app",
            Self::OtherApp => "echo/other-app",
            Self::ThreadOwner => "echo/thread-owner",
        }
    }
}

/// A message that went out beside the gateway, without its content.
#[derive(Clone, Debug)]
pub struct OutsideView {
    /// The message.
    pub message: MessageId,
    /// To whom.
    pub subject: SubjectId,
    /// From which number.
    pub number: NumberId,
    /// Its type on the wire.
    pub kind: String,
    /// Who sent it.
    pub source: EchoSource,
    /// Whether a stop of the person's was in force.
    pub opted_out: bool,
    /// When it was told of.
    pub at: Timestamp,
}

/// Records an echo: message, mark and leaf, and what it takes from the pair's bucket.
pub(crate) fn take(tx: &mut Tx<'_>, known: &mut Known, echo: &Echo) -> Result<(), StoreError> {
    let mut leaf = tx.open_leaf()?;
    let subject = tx.resolve(&mut leaf, known, &echo.identifiers)?;
    tx.flush()?;
    let identifiers = tx.suppressible(subject)?;
    let opted_out = !tx.suppressions(&identifiers)?.is_empty();
    let draft = Draft {
        subject,
        number: echo.number,
        direction: Direction::Outbound,
        kind: echo.kind,
        state: MessageState::Accepted,
        meta_at: echo.meta_at,
        app: None,
        decision: None,
        content: &echo.content,
        wamid: Some(&echo.wamid),
    };
    let message = tx.write_message(&mut leaf, known, &draft)?;
    let now = tx.now();
    // WhatsApp counts it against the pair like any other.
    let conversation = tx.conversation(known, subject, echo.number);
    conversation.pair_at = rate::PAIR.spent(conversation.pair_at, now);
    let row = [
        v(message),
        v(echo.source.code()),
        v(i64::from(opted_out)),
        v(now),
        v(subject),
    ];
    tx.cover(&mut leaf, &tables::OUTSIDE, row);
    let mut rules = vec![echo.source.rule()];
    rules.extend(opted_out.then_some(OPTED_OUT));
    tx.close_leaf(leaf, Actor::Meta, Action::MessageOutside, &rules);
    let about = About {
        subject: Some(subject),
        number: Some(echo.number),
        thing: Some(message.0),
        detail: Some(i64::from(opted_out)),
        ..About::default()
    };
    tx.emit(EventKind::MessageOutside, about)
}

impl Reader<'_> {
    /// Messages that went out beside the gateway, newest first, from below `before`; only those to
    /// people who had said stop if wanted.
    pub fn outside(
        &self,
        opted_out: bool,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<OutsideView>, StoreError> {
        let sql = "SELECT o.message_id, m.subject_id, c.number_id, m.type, o.source, o.opted_out, \
                   o.at FROM outside o JOIN messages m ON m.id = o.message_id \
                   JOIN conversations c ON c.id = m.conversation_id \
                   WHERE o.message_id < $1 AND o.opted_out >= $2 \
                   ORDER BY o.message_id DESC LIMIT $3";
        let parameters = (
            before.map_or(i64::MAX, |id| id.0),
            i64::from(opted_out),
            limit,
        );
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(parameters, |row| {
            Ok(OutsideView {
                message: MessageId(row.get(0)?),
                subject: SubjectId(row.get(1)?),
                number: NumberId(row.get(2)?),
                kind: row.get(3)?,
                source: EchoSource::from_code(row.get(4)?),
                opted_out: row.get::<i64>(5)? != 0,
                at: Timestamp::from_micros(row.get(6)?),
            })
        })?;
        Ok(rows)
    }
}
