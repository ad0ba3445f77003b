//! Messages: written once, chained per conversation.

use domain::ids::AppId;
use domain::ids::DataKeyId;
use domain::ids::DecisionId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::message::Direction;
use domain::message::MessageState;
use domain::time::Timestamp;
use seal::Place;
use seal::RecordClass;
use seal::RecordKind;

use crate::error::StoreError;
use crate::known::Known;
use crate::leaf::OpenLeaf;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// The field of a message that holds its content.
pub(crate) const CONTENT: u8 = 1;
/// The field of a message that holds Meta's id of it.
pub(crate) const UPSTREAM: u8 = 2;
/// The field of a status that holds it as Meta sent it.
pub(crate) const STATUS: u8 = 3;

/// A message to write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) subject: SubjectId,
    pub(crate) number: NumberId,
    pub(crate) direction: Direction,
    pub(crate) kind: &'static str,
    pub(crate) state: MessageState,
    pub(crate) meta_at: Option<Timestamp>,
    pub(crate) app: Option<AppId>,
    pub(crate) decision: Option<DecisionId>,
    pub(crate) content: &'a [u8],
    pub(crate) wamid: Option<&'a str>,
}

impl Tx<'_> {
    /// Seals a message and puts it at the head of its conversation.
    pub(crate) fn write_message(
        &mut self,
        leaf: &mut OpenLeaf,
        known: &mut Known,
        draft: &Draft<'_>,
    ) -> Result<MessageId, StoreError> {
        let (key_id, key) =
            self.class_key(leaf, known, draft.subject, RecordClass::Conversation)?;
        let id = MessageId(self.id(&tables::MESSAGES));
        let place = place(RecordKind::Message, CONTENT, id.0, key_id.0);
        let sealed = self.seal(&key, &place, draft.content)?;
        let upstream = match draft.wamid {
            Some(wamid) => Some(self.seal(
                &key,
                &Place {
                    field: UPSTREAM,
                    ..place
                },
                wamid.as_bytes(),
            )?),
            None => None,
        };
        let conversation = self.conversation(known, draft.subject, draft.number);
        let previous = conversation.last_message.replace(id);
        let conversation = conversation.id;
        let row = [
            v(id),
            v(conversation),
            v(draft.subject),
            v(previous),
            v(draft.direction.code()),
            v(draft.kind),
            v(draft.state.code()),
            v(self.now()),
            v(draft.meta_at),
            v(draft.app),
            v(draft.decision),
            v(key_id),
            v(sealed),
            v(upstream),
            v(None::<i64>),
        ];
        self.cover(leaf, &tables::MESSAGES, row);
        Ok(id)
    }

    /// Keeps Meta's id of a message, and where it stands.
    pub(crate) fn settle(
        &mut self,
        id: MessageId,
        key: DataKeyId,
        (state, code): (MessageState, Option<u32>),
        wamid: Option<&str>,
    ) -> Result<(), StoreError> {
        let sealed = match wamid {
            Some(wamid) => {
                let opened = self.key_by_id(key)?;
                let place = place(RecordKind::Message, UPSTREAM, id.0, key.0);
                Some(self.seal(&opened, &place, wamid.as_bytes())?)
            }
            None => None,
        };
        let sql = "UPDATE messages SET state = $1, code = coalesce($2, code), \
                   sealed_upstream = coalesce($3, sealed_upstream) WHERE id = $4";
        self.update_one(&tables::MESSAGES, sql, (state.code(), code, sealed, id.0))
    }
}
