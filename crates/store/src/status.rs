//! Statuses: what happened to messages of ours, in any order and any number of times.

use crate::dialect::OptionalRow;
use domain::audit::Action;
use domain::audit::Actor;
use domain::event::EventKind;
use domain::ids::AppId;
use domain::ids::ConversationId;
use domain::ids::DataKeyId;
use domain::ids::MessageId;
use domain::ids::StatusId;
use domain::ids::SubjectId;
use domain::message::Direction;
use domain::message::MessageState;
use domain::time::Span;
use domain::time::Timestamp;
use seal::RecordKind;

use crate::error::StoreError;
use crate::event::About;
use crate::known::Known;
use crate::leaf::OpenLeaf;
use crate::message::STATUS;
use crate::operation::Called;
use crate::operation::Status;
use crate::people;
use crate::rows::v;
use crate::tables;
use crate::tombstone;
use crate::tx::Tx;
use crate::tx::place;

/// Meta's code for "the person stopped marketing messages": the native stop, told late.
const STOPPED_MARKETING: u32 = 131_050;

/// Meta's code for "not delivered to maintain healthy ecosystem engagement": this person gets no more
/// promotion for now, whoever it comes from. Meta tells neither the bound nor when it ends.
const HELD_OFF: u32 = 131_049;

/// For how long Meta advises not to try again, at the least.
const HOLD: Span = Span::hours(24);

struct Target {
    conversation: ConversationId,
    subject: SubjectId,
    app: Option<AppId>,
    key: DataKeyId,
    state: MessageState,
    known_upstream: bool,
}

/// Takes a status in. Returns whether the message exists.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    status: &Status,
) -> Result<bool, StoreError> {
    if is_forgotten(tx, status.message)? {
        // Nothing is kept of somebody who was erased; that the call came through is.
        end_call(tx, status.message)?;
        return Ok(true);
    }
    let Some(target) = target(tx, status.message)? else {
        return Ok(false);
    };
    let id = StatusId(tx.id(&tables::STATUSES));
    let key = tx.key_by_id(target.key)?;
    let place = place(RecordKind::Message, STATUS, id.0, target.key.0);
    let row = [
        v(id),
        v(status.message),
        v(status.state.code()),
        v(status.at),
        v(status.code),
        v(target.key),
        v(tx.seal(&key, &place, &status.raw)?),
    ];
    tx.cover(leaf, &tables::STATUSES, row);

    let wamid = (!target.known_upstream).then_some(status.wamid.as_str());
    let state = target.state.after(status.state);
    if state != target.state || wamid.is_some() {
        tx.settle(status.message, target.key, (state, status.code), wamid)?;
    }
    if target.state == MessageState::Calling || target.state == MessageState::Indeterminate {
        end_call(tx, status.message)?;
    }
    if status.code == Some(STOPPED_MARKETING) {
        crate::intake::native_stop(tx, target.subject, "meta/131050")?;
    }
    if status.code == Some(HELD_OFF)
        && let Some(until) = hold_off(tx, target.conversation, status.at)?
    {
        known.capped(target.conversation, until);
    }
    let about = About {
        subject: Some(target.subject),
        app: target.app,
        thing: Some(status.message.0),
        detail: Some(status.state.code().into()),
        ..About::default()
    };
    tx.emit(EventKind::MessageStatus, about)?;
    if let Some(app) = target.app {
        tell(tx, leaf, (app, &target), (status.message, id))?;
    }
    Ok(true)
}

/// Whether a message was one of somebody who was erased meanwhile.
pub(crate) fn is_forgotten(tx: &mut Tx<'_>, message: MessageId) -> Result<bool, StoreError> {
    tx.flush()?;
    let sql = "SELECT s.erased_at IS NOT NULL FROM messages m \
               JOIN subjects s ON s.id = m.subject_id WHERE m.id = $1";
    let erased: Option<bool> = tx
        .connection
        .prepare_cached(sql)?
        .query_row([message.0], |row| row.get(0))
        .optional()?;
    match erased {
        Some(erased) => Ok(erased),
        None => tombstone::is_buried(tx.connection, &tables::MESSAGES, message.0),
    }
}

fn target(tx: &mut Tx<'_>, message: MessageId) -> Result<Option<Target>, StoreError> {
    let sql = "SELECT conversation_id, subject_id, app_id, key_id, state, \
               sealed_upstream IS NOT NULL FROM messages WHERE id = $1 AND direction = $2";
    tx.flush()?;
    let target = tx
        .connection
        .prepare_cached(sql)?
        .query_row((message.0, Direction::Outbound.code()), |row| {
            Ok(Target {
                conversation: ConversationId(row.get(0)?),
                subject: SubjectId(row.get(1)?),
                app: row.get::<Option<i64>>(2)?.map(AppId),
                key: DataKeyId(row.get(3)?),
                state: MessageState::from_code(row.get(4)?).unwrap_or(MessageState::Indeterminate),
                known_upstream: row.get(5)?,
            })
        })
        .optional()?;
    Ok(target)
}

/// Queues the status for the app that sent the message, if it may still have it.
fn tell(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    (app, target): (AppId, &Target),
    (message, status): (MessageId, StatusId),
) -> Result<(), StoreError> {
    let registry = tx.registry();
    let listens = registry.app(app).is_some_and(|app| app.relay_url.is_some());
    if !listens {
        return Ok(());
    }
    let number: i64 = tx
        .connection
        .prepare_cached("SELECT number_id FROM conversations WHERE id = $1")?
        .query_row([target.conversation.0], |row| row.get(0))
        .optional()?
        .unwrap_or_default();
    let restriction = people::restriction(tx.connection, Some(target.subject))?;
    let sharing = tx.sharing_of(app, target.subject)?;
    let number = domain::ids::NumberId(number);
    let contract = crate::intake::contract(&registry, app, number, sharing);
    match domain::disclose::decide(contract, restriction) {
        Ok(_) => tx.queue_in(leaf, (app, target.conversation), (message, Some(status))),
        Err(withheld) => {
            let told = (
                Actor::App(app),
                Action::DisclosureWithheld,
                &[withheld.rule()] as &[&str],
            );
            tx.note(None, &format!("status {status}"), told)?;
        }
    }
    Ok(())
}

/// Remembers that Meta holds promotions off a person. Returns until when.
fn hold_off(
    tx: &Tx<'_>,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    // A status may come days late; nobody is held off for longer than from now on.
    let until = at.min(tx.now()) + HOLD;
    if until <= tx.now() {
        return Ok(None);
    }
    let sql = "UPDATE conversations SET capped_until = $1 \
               WHERE id = $2 AND (capped_until IS NULL OR capped_until < $3)";
    let parameters = (until.micros(), conversation.0, until.micros());
    tx.connection.prepare_cached(sql)?.execute(parameters)?;
    Ok(Some(until))
}

pub(crate) fn end_call(tx: &Tx<'_>, message: MessageId) -> Result<(), StoreError> {
    tx.connection
        .prepare_cached("DELETE FROM calls WHERE message_id = $1")?
        .execute([message.0])?;
    Ok(())
}

/// Records how a call to Meta ended, unless a status has told more meanwhile.
pub(crate) fn called(tx: &mut Tx<'_>, called: &Called) -> Result<(), StoreError> {
    if is_forgotten(tx, called.message)? {
        // How it ended stands without the person: Meta's id of the message is not kept.
        end_call(tx, called.message)?;
        let sql = "UPDATE messages SET state = $1, code = coalesce($2, code) WHERE id = $3";
        let ended = (called.state.code(), called.code, called.message.0);
        tx.connection.prepare_cached(sql)?.execute(ended)?;
        return Ok(());
    }
    let Some(target) = target(tx, called.message)? else {
        return Err(StoreError::Touched {
            table: "messages",
            touched: 0,
        });
    };
    end_call(tx, called.message)?;
    if called.code == Some(HELD_OFF) {
        hold_off(tx, target.conversation, tx.now())?;
    }
    let state = target.state.after(called.state);
    let wamid = called.wamid.as_deref().filter(|_| !target.known_upstream);
    tx.settle(called.message, target.key, (state, called.code), wamid)
}

/// Tells the app of a message that will never leave: as a status that WhatsApp would give.
pub(crate) fn told_failed(
    tx: &mut Tx<'_>,
    message: MessageId,
    code: u32,
    details: &str,
) -> Result<(), StoreError> {
    if is_forgotten(tx, message)? {
        return Ok(());
    }
    let Some(target) = target(tx, message)? else {
        return Ok(());
    };
    let raw = serde_json::json!({"errors": [{
        "code": code,
        "title": "The message was not sent",
        "error_data": {"details": details},
    }]});
    let id = StatusId(tx.id(&tables::STATUSES));
    let key = tx.key_by_id(target.key)?;
    let place = place(RecordKind::Message, STATUS, id.0, target.key.0);
    let row = [
        v(id),
        v(message),
        v(MessageState::Failed.code()),
        v(tx.now()),
        v(code),
        v(target.key),
        v(tx.seal(&key, &place, raw.to_string().as_bytes())?),
    ];
    let mut leaf = tx.open_leaf()?;
    tx.cover(&mut leaf, &tables::STATUSES, row);
    let about = About {
        subject: Some(target.subject),
        app: target.app,
        thing: Some(message.0),
        detail: Some(MessageState::Failed.code().into()),
        ..About::default()
    };
    tx.emit(EventKind::MessageStatus, about)?;
    if let Some(app) = target.app {
        tell(tx, &mut leaf, (app, &target), (message, id))?;
    }
    tx.close_leaf(leaf, Actor::System, Action::Intake, &["status/own"]);
    tx.flush()
}

/// Marks the calls that an earlier run of the process left open: nobody knows how they ended.
pub(crate) fn adopt_calls(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    let open: Vec<i64> = {
        let mut statement = tx
            .connection
            .prepare_cached("SELECT message_id FROM calls WHERE run < $1")?;
        statement.query_map([tx.run()], |row| row.get(0))?
    };
    for message in &open {
        let unknown = Called {
            message: MessageId(*message),
            state: MessageState::Indeterminate,
            wamid: None,
            code: None,
        };
        called(tx, &unknown)?;
    }
    Ok(open.len())
}
