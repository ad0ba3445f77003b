//! Intake: what signed webhooks brought, many POSTs in one transaction.

use std::collections::HashSet;

use domain::audit::Action;
use domain::audit::Actor;
use domain::disclose;
use domain::disclose::Contract;
use domain::disclose::Sharing;
use domain::event::EventKind;
use domain::ids::DeliveryId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::ids::QuarantineId;
use domain::ids::SubjectId;
use domain::message::Direction;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::subject::LinkKind;
use domain::subject::Restriction;
use domain::suppression::Suppression;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;
use domain::time::Timestamp;
use seal::RecordClass;
use seal::RecordKind;

use crate::dialect;
use crate::dialect::Held;
use crate::dialect::Pairs;
use crate::error::StoreError;
use crate::event::About;
use crate::known::Known;
use crate::known::Seen;
use crate::leaf::OpenLeaf;
use crate::message::Draft;
use crate::operation::Intake;
use crate::operation::IntakeReply;
use crate::operation::Item;
use crate::operation::Message;
use crate::operation::Preference;
use crate::operation::Quarantine;
use crate::operation::Succession;
use crate::registry::Registry;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// The rule ids of effects that no keyword causes.
const NATIVE_STOP: &str = "whatsapp/native-stop";
const NATIVE_RESUME: &str = "whatsapp/native-resume";
const SUCCESSOR: &str = "subject/successor";

/// What a batch has to know before anything of it is decided.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    known: Known,
    /// Items that had not come before.
    new: HashSet<Seen>,
}

impl Loaded {
    /// What the next batch has to know while this one's rows are on their way into the database.
    pub(crate) fn carried(&self) -> Self {
        Self {
            known: self.known.carried(),
            new: self.new.clone(),
        }
    }
}

/// Loads what a batch has to know. `before` is what the batch before it did that cannot be found in the
/// database yet.
pub(crate) fn load(
    tx: &mut Tx<'_>,
    batch: &[&Intake],
    before: Loaded,
) -> Result<Loaded, StoreError> {
    let mut known = before.known;
    let items = || batch.iter().flat_map(|intake| &intake.items);
    let identifiers = items().filter_map(|item| match item {
        Item::Echo(echo) => Some(&echo.identifiers),
        Item::Message(message) => Some(&message.identifiers),
        Item::Asked(_)
        | Item::CallPermission(_)
        | Item::Group(_)
        | Item::Health(_)
        | Item::Preference(_)
        | Item::Quarantine(_)
        | Item::Status(_)
        | Item::Succession(_)
        | Item::Template(_) => None,
    });
    let mut keys: Vec<Seen> = items().filter_map(seen).collect();
    keys.sort_unstable();
    keys.dedup();
    let new = if tx.connection.takes_columns() {
        let asked = keys.clone();
        let came = tx.look_up_with(&mut known, identifiers.flatten(), asked)?;
        keys.retain(|key| !came.contains(key) && !before.new.contains(key));
        keys.into_iter().collect()
    } else {
        let new = first_time(tx, &keys)?;
        tx.look_up(&mut known, identifiers.flatten())?;
        new
    };
    tx.look_up_sharing(&mut known)?;
    Ok(Loaded { known, new })
}

/// Takes in a batch: decides in order, and leaves the rows to be written.
pub(crate) fn intake(
    tx: &mut Tx<'_>,
    batch: &[&Intake],
    loaded: &mut Loaded,
) -> Result<Vec<IntakeReply>, StoreError> {
    let mut new = loaded.new.clone();
    let known = &mut loaded.known;
    if tx.connection.takes_columns() {
        let mut items: Vec<&Seen> = new.iter().collect();
        items.sort_unstable();
        for (second, tag) in items {
            tx.state.rows.remember(*second, *tag);
        }
    }
    let mut replies = Vec::with_capacity(batch.len());
    for intake in batch {
        let mut leaf = tx.open_leaf()?;
        let mut reply = IntakeReply::default();
        for item in &intake.items {
            one(tx, &mut leaf, known, &mut new, item, &mut reply)?;
        }
        tx.close_leaf(leaf, Actor::Meta, Action::Intake, &[]);
        replies.push(reply);
    }
    tx.put_conversations(known);
    Ok(replies)
}

fn one(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    new: &mut HashSet<Seen>,
    item: &Item,
    reply: &mut IntakeReply,
) -> Result<(), StoreError> {
    if seen(item).is_some_and(|seen| !new.remove(&seen)) {
        reply.duplicates += 1;
        return Ok(());
    }
    match item {
        Item::Asked(asked) => crate::confirmation::take_chat(tx, leaf, known, asked)?,
        Item::CallPermission(told) => crate::permission::take(tx, leaf, known, told)?,
        Item::Echo(echo) => crate::echo::take(tx, known, echo)?,
        Item::Group(news) => crate::group::take(tx, leaf, known, news)?,
        Item::Health(health) => crate::health::take(tx, health)?,
        Item::Message(message) => take_message(tx, leaf, known, message)?,
        Item::Preference(preference) => take_preference(tx, leaf, known, preference)?,
        Item::Quarantine(quarantine) => {
            put_aside(tx, quarantine)?;
            reply.quarantined += 1;
            return Ok(());
        }
        Item::Status(status) => {
            if !crate::status::take(tx, leaf, known, status)? {
                put_aside(
                    tx,
                    &Quarantine {
                        why: "status of an unknown message",
                        raw: status.raw.clone(),
                    },
                )?;
                reply.quarantined += 1;
                return Ok(());
            }
        }
        Item::Succession(change) => succeed(tx, leaf, known, change)?,
        Item::Template(change) => crate::catalogue::change(tx, change)?,
    }
    reply.stored += 1;
    Ok(())
}

fn seen(item: &Item) -> Option<Seen> {
    let (dedup, at) = match item {
        Item::Asked(asked) => (asked.dedup, None),
        Item::CallPermission(told) => (told.dedup, None),
        Item::Echo(echo) => (echo.dedup, echo.meta_at),
        Item::Group(news) => (news.dedup?, None),
        Item::Health(health) => (health.dedup?, None),
        Item::Message(message) => (message.dedup, message.meta_at),
        Item::Preference(preference) => (preference.dedup, None),
        Item::Status(status) => (status.dedup, Some(status.at)),
        Item::Succession(change) => (change.dedup, None),
        Item::Quarantine(_) | Item::Template(_) => return None,
    };
    let second = at.map_or_else(|| dedup.hour.saturating_mul(3_600), Timestamp::seconds);
    Some((second, dedup.tag))
}

/// Remembers items and returns those that had not come before, where that takes one statement.
fn first_time(tx: &mut Tx<'_>, keys: &[Seen]) -> Result<HashSet<Seen>, StoreError> {
    let mut new = HashSet::with_capacity(keys.len());
    for piece in dialect::pieces(keys.len()) {
        let sql = tx.state.sql.of("dedup", piece.len(), |rows| {
            format!(
                "INSERT INTO dedup (second, tag) VALUES {} ON CONFLICT DO NOTHING \
                 RETURNING second, tag",
                dialect::tuples(rows, 2)
            )
        });
        let mut statement = tx.connection.prepare_cached(sql)?;
        let mut rows = statement.query(Pairs(keys.get(piece).unwrap_or_default()))?;
        while let Some(row) = rows.next()? {
            new.insert((row.get(0)?, row.get(1)?));
        }
    }
    Ok(new)
}

fn take_message(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    message: &Message,
) -> Result<(), StoreError> {
    let subject = tx.resolve(leaf, known, &message.identifiers)?;
    if let Some(name) = &message.name {
        keep_name(tx, leaf, known, subject, name)?;
    }
    let draft = Draft {
        subject,
        number: message.number,
        direction: Direction::Inbound,
        kind: message.kind,
        state: MessageState::Received,
        meta_at: message.meta_at,
        app: None,
        decision: None,
        content: &message.content,
        wamid: Some(&message.wamid),
    };
    let id = tx.write_message(leaf, known, &draft)?;
    if message.opens_window {
        let now = tx.now();
        tx.conversation(known, subject, message.number).opened_at = Some(now);
    }
    if let Some(reference) = &message.media {
        keep_media(tx, leaf, known, subject, (id, message, reference))?;
    }
    let about = About {
        subject: Some(subject),
        number: Some(message.number),
        thing: Some(id.0),
        ..About::default()
    };
    tx.emit(EventKind::MessageReceived, about)?;
    if message.relayed {
        relay(tx, known, subject, message, id)?;
    }
    if let Some(said) = &message.said {
        known.shared.spoke(subject);
        crate::said::apply(tx, known, (subject, message.number, id), said)?;
    }
    if let Some(successor) = &message.successor {
        hand_over(tx, leaf, known, subject, successor)?;
    }
    Ok(())
}

fn keep_name(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    subject: SubjectId,
    name: &str,
) -> Result<(), StoreError> {
    if tx.has_name(known, subject, name)? {
        return Ok(());
    }
    let (key_id, key) = tx.class_key(leaf, known, subject, RecordClass::Profile)?;
    let place = place(RecordKind::Profile, 1, subject.0, key_id.0);
    let sealed = tx.seal(&key, &place, name.as_bytes())?;
    let held = if known.named(subject, name) {
        Held::None
    } else {
        Held::Perhaps
    };
    let row = [v(subject), v(key_id), v(sealed), v(tx.now())];
    tx.state.rows.push_as(&tables::PROFILES, held, row);
    Ok(())
}

fn keep_media(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    subject: SubjectId,
    (id, message, reference): (MessageId, &Message, &[u8]),
) -> Result<(), StoreError> {
    let (key_id, key) = tx.class_key(leaf, known, subject, RecordClass::Media)?;
    let media = MediaId(tx.id(&tables::MEDIA));
    let place = place(RecordKind::Media, 1, media.0, key_id.0);
    let row = [
        v(media),
        v(subject),
        v(id),
        v(None::<i64>),
        v(message.number),
        v(key_id),
        v(tx.seal(&key, &place, reference)?),
        v(None::<Vec<u8>>),
        v(None::<String>),
        v(None::<i64>),
        v(tx.now()),
        v(None::<i64>),
    ];
    tx.put(&tables::MEDIA, row);
    Ok(())
}

/// Judges the disclosure to every app that listens, and queues what may go.
fn relay(
    tx: &mut Tx<'_>,
    known: &mut Known,
    subject: SubjectId,
    message: &Message,
    id: MessageId,
) -> Result<(), StoreError> {
    let registry = tx.registry();
    let restriction = known
        .restricted_since(subject)
        .map_or(Restriction::None, |since| Restriction::Restricted { since });
    for app in registry.apps.iter().filter(|app| app.relay_url.is_some()) {
        let sharing = tx.sharing(known, app, subject)?;
        let contract = contract(&registry, app.id, message.number, sharing);
        let actor = Actor::App(app.id);
        match disclose::decide(contract, restriction) {
            Ok(leave) => {
                let mut told = tx.open_leaf()?;
                tx.queue(
                    &mut told,
                    known,
                    (app.id, subject, message.number),
                    (id, None),
                );
                tx.close_leaf(told, actor, Action::Disclosed, &[leave.rule()]);
            }
            // A contract that does not concern the number withholds nothing anybody asked for.
            Err(disclose::Withheld::ContractEnded | disclose::Withheld::NumberNotCovered) => {}
            Err(withheld) => {
                let detail = format!("message {id}");
                tx.note(
                    None,
                    &detail,
                    (actor, Action::DisclosureWithheld, &[withheld.rule()]),
                )?;
            }
        }
    }
    Ok(())
}

/// An app's contract as it concerns a number, and somebody who agrees or not to what it asks for.
pub(crate) fn contract(
    registry: &Registry,
    app: domain::ids::AppId,
    number: domain::ids::NumberId,
    sharing: Option<Sharing>,
) -> Contract {
    registry.app(app).map_or(
        Contract {
            active: false,
            covers_number: false,
            identity: domain::message::IdentityMode::Alias,
            sharing,
        },
        |app| Contract {
            active: app.ended_at.is_none(),
            covers_number: app.number.is_none_or(|own| own == number),
            identity: app.identity,
            sharing,
        },
    )
}

impl Tx<'_> {
    /// Queues a message, or a status of one, for an app.
    pub(crate) fn queue(
        &mut self,
        leaf: &mut OpenLeaf,
        known: &mut Known,
        (app, subject, number): (domain::ids::AppId, SubjectId, domain::ids::NumberId),
        (message, status): (MessageId, Option<domain::ids::StatusId>),
    ) {
        let conversation = self.conversation(known, subject, number).id;
        self.queue_in(leaf, (app, conversation), (message, status));
    }

    /// The same where the conversation is at hand.
    pub(crate) fn queue_in(
        &mut self,
        leaf: &mut OpenLeaf,
        (app, conversation): (domain::ids::AppId, domain::ids::ConversationId),
        (message, status): (MessageId, Option<domain::ids::StatusId>),
    ) {
        let id = DeliveryId(self.id(&tables::DELIVERIES));
        let now = self.now();
        let row = [
            v(id),
            v(app),
            v(conversation),
            v(message),
            v(status),
            v(crate::delivery::WAITING),
            v(0_i64),
            v(now),
            v(None::<i64>),
            v(now),
            v(now),
        ];
        self.cover(leaf, &tables::DELIVERIES, row);
        self.effects.deliveries = true;
    }
}

fn take_preference(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    preference: &Preference,
) -> Result<(), StoreError> {
    tx.look_up(known, preference.identifiers.iter())?;
    let subject = tx.resolve(leaf, known, &preference.identifiers)?;
    if preference.stop {
        native_stop(tx, subject, NATIVE_STOP)
    } else {
        tx.lift(
            subject,
            Actor::Meta,
            NATIVE_RESUME,
            Suppression::lifted_by_native_resume,
        )
    }
}

/// Folds WhatsApp's native stop into the list.
pub(crate) fn native_stop(
    tx: &mut Tx<'_>,
    subject: SubjectId,
    rule: &str,
) -> Result<(), StoreError> {
    let what = (SuppressionScope::Promotional, SuppressionSource::Native);
    tx.suppress(subject, what, Actor::Meta, rule).map(drop)
}

/// A BSUID was made anew. One that leads to nobody, or no longer, needs no successor.
fn succeed(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    change: &Succession,
) -> Result<(), StoreError> {
    tx.look_up(known, std::iter::once(&change.old))?;
    let tag = tx.tag(&change.old);
    match known.subjects.get(&tag).copied() {
        Some(subject) => hand_over(tx, leaf, known, subject, &change.new),
        None => Ok(()),
    }
}

/// A number or BSUID changed: a new subject takes over, linked as successor. Stops are copied;
/// consent and history stay behind.
fn hand_over(
    tx: &mut Tx<'_>,
    leaf: &mut OpenLeaf,
    known: &mut Known,
    subject: SubjectId,
    successor: &[Identifier],
) -> Result<(), StoreError> {
    tx.flush()?;
    let standing = tx.suppressible(subject)?;
    let standing = tx.suppressions(&standing)?;
    for identifier in tx.identifiers(subject, crate::people::Which::Current)? {
        tx.end_identifier(known, subject, &identifier)?;
    }
    tx.look_up(known, successor.iter())?;
    let next = tx.resolve(leaf, known, successor)?;
    tx.link(subject, next, LinkKind::Successor)?;
    for held in standing {
        tx.suppress(
            next,
            (held.entry.scope, held.entry.source),
            Actor::Meta,
            SUCCESSOR,
        )?;
    }
    Ok(())
}

fn put_aside(tx: &mut Tx<'_>, quarantine: &Quarantine) -> Result<(), StoreError> {
    let id = QuarantineId(tx.id(&tables::QUARANTINE));
    let day = tx.now().day();
    let key = tx.keyring().quarantine_key(day, tx.random())?;
    let place = place(RecordKind::Quarantine, 1, id.0, 0);
    let sealed = tx.seal(&key, &place, &quarantine.raw)?;
    tx.put(
        &tables::QUARANTINE,
        [v(id), v(day), v(quarantine.why), v(sealed), v(tx.now())],
    );
    Ok(())
}
