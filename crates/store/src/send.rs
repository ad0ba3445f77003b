//! Send: facts → gate → decision, message and leaf, in one transaction. The call to Meta follows
//! only after the commit.

use crate::dialect::OptionalRow;
use domain::audit::Action;
use domain::audit::Actor;
use domain::call;
use domain::call::Permission;
use domain::decision::Decision;
use domain::decision::Outcome;
use domain::event::EventKind;
use domain::gate;
use domain::gate::Content;
use domain::gate::Facts;
use domain::gate::Judgement;
use domain::group::decide_all;
use domain::ids::AppId;
use domain::ids::DataKeyId;
use domain::ids::DecisionId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::message::Direction;
use domain::message::MessageState;
use domain::subject::IdentifierKind;
use domain::time::Timestamp;
use seal::RecordKind;
use seal::Zeroizing;

use crate::error::StoreError;
use crate::event::About;
use crate::facts;
use crate::group;
use crate::known::Known;
use crate::leaf::OpenLeaf;
use crate::message::CONTENT;
use crate::message::Draft;
use crate::message::UPSTREAM;
use crate::operation::Address;
use crate::operation::Judged;
use crate::operation::Outgoing;
use crate::operation::OwnCall;
use crate::operation::Recipient;
use crate::operation::Repeated;
use crate::operation::Send;
use crate::operation::SendReply;
use crate::people::Which;
use crate::permission;
use crate::question::Question;
use crate::question::gather;
use crate::queue;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

mod letters;

pub(crate) use self::letters::letter;
pub(crate) use self::letters::letter_template;

/// The code of a call that did nothing and is worth making again: Graph's "service temporarily
/// unavailable".
const NOTHING_DONE: u32 = 2;

/// Judges a message and stores the judgement.
pub(crate) fn send(tx: &mut Tx<'_>, send: &Send) -> Result<SendReply, StoreError> {
    if let Some(reply) = repeated(tx, send)? {
        return Ok(reply);
    }
    let mut known = Known::default();
    let mut leaf = tx.open_leaf()?;
    let Some(subject) = recipient(tx, &mut leaf, &mut known, send)? else {
        let (rule, reply) = match send.recipient {
            Recipient::Group(_) => ("send/unknown-group", SendReply::UnknownGroup),
            Recipient::Alias(_) | Recipient::Identifier(_) => {
                ("send/unknown-recipient", SendReply::UnknownRecipient)
            }
        };
        tx.close_leaf(leaf, actor(send.app), Action::DecisionRefused, &[rule]);
        tx.flush()?;
        return Ok(reply);
    };
    let Some((references, media)) = referred(tx, send)? else {
        tx.close_leaf(
            leaf,
            actor(send.app),
            Action::DecisionRefused,
            &["send/unknown-reference"],
        );
        tx.flush()?;
        return Ok(SendReply::UnknownReference);
    };
    let case = case(tx, &mut known, subject, send)?;
    let judged = judge(tx, &mut leaf, &mut known, (subject, send), &case)?;
    let queued = queue::join(tx, &mut known, (subject, send), &judged)?;
    tx.put_conversations(&mut known);
    // "Not yet" is no answer to keep: the same request is to be judged anew when its time has come.
    if (queued || !matches!(judged.decision.outcome, Outcome::Defer { .. }))
        && let Some((tag, request)) = &send.idempotency
        && let Some(app) = send.app
    {
        let row = [v(app), v(*tag), v(*request), v(judged.message), v(tx.now())];
        tx.put(&tables::IDEMPOTENCY, row);
    }
    close(tx, leaf, actor(send.app), &judged.decision);
    let address = address(tx, subject)?;
    Ok(SendReply::Judged(Box::new(Judged {
        message: judged.message,
        decision_id: judged.id,
        decision: judged.decision,
        queued,
        address,
        references,
        media,
    })))
}

pub(crate) const fn actor(app: Option<AppId>) -> Actor {
    match app {
        Some(app) => Actor::App(app),
        None => Actor::System,
    }
}

pub(crate) fn close(tx: &mut Tx<'_>, leaf: OpenLeaf, actor: Actor, decision: &Decision) {
    let action = match decision.outcome {
        Outcome::Allow => Action::DecisionAllowed,
        Outcome::Defer { .. } => Action::DecisionDeferred,
        Outcome::Refuse => Action::DecisionRefused,
    };
    tx.close_leaf(leaf, actor, action, &decision.rules());
}

fn repeated(tx: &Tx<'_>, send: &Send) -> Result<Option<SendReply>, StoreError> {
    let (Some((tag, request)), Some(app)) = (&send.idempotency, send.app) else {
        return Ok(None);
    };
    let sql = "SELECT i.request, m.id, m.state, COALESCE(m.code, d.code), d.id, d.sentences, \
               d.outcome, q.due_at FROM idempotency i JOIN messages m ON m.id = i.message_id \
               LEFT JOIN decisions d ON d.id = m.decision_id \
               LEFT JOIN queue q ON q.message_id = m.id \
               WHERE i.app_id = $1 AND i.tag = $2";
    let row = tx
        .connection
        .prepare_cached(sql)?
        .query_row((app.0, tag), |row| {
            let sentences: Option<String> = row.get(5)?;
            let state = MessageState::from_code(row.get(2)?).unwrap_or(MessageState::Indeterminate);
            let first: Option<u8> = row.get(6)?;
            let repeated = Repeated {
                message: MessageId(row.get(1)?),
                state,
                code: row.get(3)?,
                decision_id: row.get::<Option<i64>>(4)?.map(DecisionId),
                sentences: sentences
                    .unwrap_or_default()
                    .lines()
                    .map(str::to_owned)
                    .collect(),
                waited: state == MessageState::Refused
                    && first.is_some_and(|outcome| outcome != Outcome::Refuse.code()),
                due: row.get::<Option<i64>>(7)?.and_then(queue::due),
            };
            Ok((row.get::<Vec<u8>>(0)?, repeated))
        })
        .optional()?;
    if let Some((stored, repeated)) = &row
        && stored == request
        && repeated.state == MessageState::Rejected
        && repeated.code == Some(NOTHING_DONE)
    {
        // "Try again" is no answer to keep either.
        tx.connection
            .prepare_cached("DELETE FROM idempotency WHERE app_id = $1 AND tag = $2")?
            .execute((app.0, tag))?;
        return Ok(None);
    }
    Ok(row.map(|(stored, repeated)| {
        if stored == request {
            SendReply::Repeated(repeated)
        } else {
            SendReply::KeyReused
        }
    }))
}

fn recipient(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    send: &Send,
) -> Result<Option<SubjectId>, StoreError> {
    match (&send.recipient, send.app) {
        (Recipient::Identifier(identifier), _) => {
            tx.look_up(known, std::iter::once(identifier))?;
            tx.resolve(leaf, known, std::slice::from_ref(identifier))
                .map(Some)
        }
        (Recipient::Alias(alias), Some(app)) => {
            let Some(subject) = tx.by_alias(app, alias)? else {
                return Ok(None);
            };
            tx.look_up_subjects(known, &[subject])?;
            Ok(Some(subject))
        }
        (Recipient::Alias(_), None) => Ok(None),
        (Recipient::Group(id), _) => group::thread(tx, known, send.number, id),
    }
}

pub(crate) type Referred = (Vec<Zeroizing<String>>, Vec<Zeroizing<Vec<u8>>>);

/// Meta's ids of what the message refers to; none if any of it does not exist for this app.
pub(crate) fn referred(tx: &mut Tx<'_>, send: &Send) -> Result<Option<Referred>, StoreError> {
    let mut references = Vec::with_capacity(send.references.len());
    for message in &send.references {
        let Some(wamid) = wamid(tx, *message, send.number)? else {
            return Ok(None);
        };
        references.push(wamid);
    }
    let mut media = Vec::with_capacity(send.media.len());
    for object in &send.media {
        let Some(reference) = media_reference(tx, *object, send.app)? else {
            return Ok(None);
        };
        media.push(reference);
    }
    Ok(Some((references, media)))
}

/// Meta's id of a message on a number; none where it is of somebody who is restricted or was erased:
/// they are shown nothing of an app, not even that it has read what they wrote.
pub(crate) fn wamid(
    tx: &mut Tx<'_>,
    message: MessageId,
    number: NumberId,
) -> Result<Option<Zeroizing<String>>, StoreError> {
    let sql = "SELECT m.key_id, m.sealed_upstream FROM messages m \
               JOIN conversations c ON c.id = m.conversation_id \
               JOIN subjects s ON s.id = m.subject_id AND s.restricted_at IS NULL \
               WHERE m.id = $1 AND c.number_id = $2 AND m.sealed_upstream IS NOT NULL";
    let row = tx
        .connection
        .prepare_cached(sql)?
        .query_row((message.0, number.0), |row| {
            Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?))
        })
        .optional()?;
    let Some((key_id, sealed)) = row else {
        return Ok(None);
    };
    let key = tx.key_by_id(DataKeyId(key_id))?;
    let place = place(RecordKind::Message, UPSTREAM, message.0, key_id);
    let wamid = key
        .open(&place, &sealed)
        .ok()
        .and_then(|id| String::from_utf8(id.to_vec()).ok());
    wamid
        .map(Zeroizing::new)
        .map(Some)
        .ok_or(StoreError::Damaged {
            table: "messages",
            column: "sealed_upstream",
            id: message.0,
        })
}

fn media_reference(
    tx: &mut Tx<'_>,
    media: MediaId,
    app: Option<AppId>,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let sql = "SELECT key_id, sealed_reference FROM media \
               WHERE id = $1 AND deleted_at IS NULL AND (app_id IS NULL OR app_id = $2)";
    let row = tx
        .connection
        .prepare_cached(sql)?
        .query_row((media.0, app.map(|app| app.0)), |row| {
            Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?))
        })
        .optional()?;
    let Some((key_id, sealed)) = row else {
        return Ok(None);
    };
    let key = tx.key_by_id(DataKeyId(key_id))?;
    key.open(&place(RecordKind::Media, 1, media.0, key_id), &sealed)
        .map(Some)
        .map_err(|_| StoreError::Damaged {
            table: "media",
            column: "sealed_reference",
            id: media.0,
        })
}

/// What the gate is to judge, with its facts.
pub(crate) enum Case {
    /// A call to a person, with what they said to being called.
    Call(Facts, Option<Permission>),
    /// A message to everybody in a group.
    Group(Facts, Vec<Facts>),
    /// A message to one person.
    Message(Facts),
}

impl Case {
    fn decide(&self, now: Timestamp) -> Judgement {
        match self {
            Self::Call(facts, permission) => call::decide(facts, *permission, now),
            Self::Group(first, others) => decide_all(first, others, now),
            Self::Message(facts) => gate::decide(facts, now),
        }
    }

    /// The facts as they are stored.
    fn encode(&self) -> String {
        match self {
            Self::Call(facts, permission) => facts::encode_call(facts, *permission),
            Self::Group(first, others) => facts::encode_all(first, others),
            Self::Message(facts) => facts::encode(facts),
        }
    }
}

fn case(
    tx: &mut Tx<'_>,
    known: &mut Known,
    subject: SubjectId,
    send: &Send,
) -> Result<Case, StoreError> {
    if matches!(send.recipient, Recipient::Group(_)) {
        let (first, others) = group::gather_all(tx, known, subject, send)?;
        return Ok(Case::Group(first, others));
    }
    let mut facts = gather(tx, known, subject, &Question::of(send))?;
    let conversation = tx.conversation(known, subject, send.number).id;
    if send.content == Outgoing::Plain(Content::Call) {
        return Ok(Case::Call(facts, permission::held(tx, conversation)?));
    }
    if send.queue.is_some() {
        facts.behind = queue::first_due(tx, conversation)?;
    }
    Ok(Case::Message(facts))
}

/// A judgement that was written.
pub(crate) struct Stored {
    pub(crate) message: MessageId,
    pub(crate) id: DecisionId,
    pub(crate) decision: Decision,
}

/// Decides, and writes the decision with its message.
pub(crate) fn judge(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    (subject, send): (SubjectId, &Send),
    case: &Case,
) -> Result<Stored, StoreError> {
    let judgement = case.decide(tx.now());
    let decision = &judgement.decision;
    let waits = matches!(decision.outcome, Outcome::Defer { until }
        if send.queue.as_ref().is_some_and(|queue| until <= queue.until));
    let state = match (&decision.outcome, send.app) {
        (Outcome::Allow, Some(_)) => MessageState::Calling,
        (Outcome::Allow, None) => MessageState::Judged,
        _ if waits => MessageState::Queued,
        _ => MessageState::Refused,
    };
    let id = DecisionId(tx.id(&tables::DECISIONS));
    let draft = Draft {
        subject,
        number: send.number,
        direction: Direction::Outbound,
        kind: send.kind,
        state,
        meta_at: None,
        app: send.app,
        decision: Some(id),
        content: &send.body,
        wamid: None,
    };
    let message = tx.write_message(leaf, known, &draft)?;
    let about = (subject, send.number, send.app);
    let judged = (judgement, case.encode());
    let decision = keep(tx, (leaf, known), about, (id, message), judged)?;
    match state {
        MessageState::Calling => {
            tx.put(&tables::CALLS, [v(message), v(tx.run()), v(tx.now())]);
        }
        MessageState::Judged => {
            tx.put(&tables::OUTBOX, [v(message), v(tx.now())]);
            tx.effects.outbox = true;
        }
        _ => {}
    }
    Ok(Stored {
        message,
        id,
        decision,
    })
}

/// Writes a judgement of a message, and what it takes from the buckets.
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    (leaf, known): (&mut OpenLeaf, &mut Known),
    (subject, number, app): (SubjectId, NumberId, Option<AppId>),
    (id, message): (DecisionId, MessageId),
    (judgement, facts): (Judgement, String),
) -> Result<Decision, StoreError> {
    let decision = judgement.decision;
    let row = [
        v(id),
        v(subject),
        v(message),
        v(number),
        v(app),
        v(decision.purpose),
        v(decision.outcome.code()),
        v(decision.code()),
        v(decision.rules().join(" ")),
        v(decision.sentences().join("\n")),
        v(facts),
        v(tx.now()),
    ];
    tx.cover(leaf, &tables::DECISIONS, row);
    tx.conversation(known, subject, number).pair_at = judgement.pair;
    tx.state.throughput.insert(number, judgement.throughput);
    if decision.outcome == Outcome::Refuse {
        let about = About {
            subject: Some(subject),
            number: Some(number),
            app,
            purpose: decision.purpose,
            thing: Some(id.0),
            detail: decision.code().map(i64::from),
        };
        tx.emit(EventKind::DecisionRefused, about)?;
    }
    Ok(decision)
}

/// The gateway's own answer to a word: judged like any other message.
pub(crate) fn confirm(
    tx: &mut Tx<'_>,
    known: &mut Known,
    (subject, number): (SubjectId, NumberId),
    body: &[u8],
) -> Result<(), StoreError> {
    let send = own(number, (Content::Confirmation, "confirmation"), body);
    let facts = gather(tx, known, subject, &Question::of(&send))?;
    let mut own = tx.open_leaf()?;
    let judged = judge(tx, &mut own, known, (subject, &send), &Case::Message(facts))?;
    close(tx, own, Actor::System, &judged.decision);
    Ok(())
}

fn own(number: NumberId, (content, kind): (Content, &'static str), body: &[u8]) -> Send {
    Send {
        app: None,
        number,
        recipient: Recipient::Alias(String::new()),
        content: Outgoing::Plain(content),
        declared: None,
        kind,
        body: body.to_vec(),
        references: Vec::new(),
        media: Vec::new(),
        idempotency: None,
        queue: None,
    }
}

/// Where a subject can be reached: the newest phone number, then the newest BSUID.
pub(crate) fn address(tx: &mut Tx<'_>, subject: SubjectId) -> Result<Address, StoreError> {
    let mut identifiers = tx.identifiers(subject, Which::Current)?;
    identifiers.retain(|identifier| {
        matches!(
            identifier.kind(),
            IdentifierKind::Phone | IdentifierKind::Bsuid
        )
    });
    identifiers.sort_by_key(domain::subject::Identifier::kind);
    Ok(Address {
        subject,
        identifiers,
    })
}

/// Takes the next of the gateway's own messages out of the outbox, with its call begun.
pub(crate) fn next_own(tx: &mut Tx<'_>) -> Result<Option<OwnCall>, StoreError> {
    let sql = "SELECT o.message_id, m.subject_id, m.key_id, m.sealed_content, c.number_id \
               FROM outbox o JOIN messages m ON m.id = o.message_id \
               JOIN subjects s ON s.id = m.subject_id AND s.erased_at IS NULL \
               JOIN conversations c ON c.id = m.conversation_id ORDER BY o.message_id LIMIT 1";
    let row = tx
        .connection
        .prepare_cached(sql)?
        .query_row((), |row| {
            Ok((
                row.get::<i64>(0)?,
                row.get::<i64>(1)?,
                row.get::<i64>(2)?,
                row.get::<Vec<u8>>(3)?,
                row.get::<i64>(4)?,
            ))
        })
        .optional()?;
    let Some((message, subject, key_id, sealed, number)) = row else {
        return Ok(None);
    };
    let key = tx.key_by_id(DataKeyId(key_id))?;
    let body = key
        .open(
            &place(RecordKind::Message, CONTENT, message, key_id),
            &sealed,
        )
        .map_err(|_| StoreError::Damaged {
            table: "messages",
            column: "sealed_content",
            id: message,
        })?;
    tx.connection
        .execute("DELETE FROM outbox WHERE message_id = $1", [message])?;
    let sql = "UPDATE messages SET state = $1 WHERE id = $2";
    tx.update_one(
        &tables::MESSAGES,
        sql,
        (MessageState::Calling.code(), message),
    )?;
    tx.put(&tables::CALLS, [v(message), v(tx.run()), v(tx.now())]);
    tx.flush()?;
    Ok(Some(OwnCall {
        message: MessageId(message),
        number: NumberId(number),
        address: address(tx, SubjectId(subject))?,
        body,
    }))
}

/// What the gate would say now. Nothing is written.
pub(crate) fn preview(
    tx: &mut Tx<'_>,
    subject: SubjectId,
    question: &Question<'_>,
) -> Result<(Decision, String), StoreError> {
    let mut known = Known::default();
    tx.look_up_subjects(&mut known, &[subject])?;
    let facts = gather(tx, &mut known, subject, question)?;
    Ok((
        gate::decide(&facts, tx.now()).decision,
        facts::encode(&facts),
    ))
}
