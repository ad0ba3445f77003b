//! Double opt-in: requests for consent that wait for their confirmation.
//!
//! A request about several purposes is one row for each, found under one token. Of the token only a
//! keyed hash is kept, so a confirmation that has to go out a second time carries a new one.

mod answer;
mod chat;
mod post;
mod request;

use std::sync::Arc;

use domain::audit::Action;
use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::ConfirmationState;
use domain::confirmation::Route;
use domain::event::EventKind;
use domain::ids::ConfirmationId;
use domain::ids::DataKeyId;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::subject::Identifier;
use domain::time::Span;
use domain::time::Timestamp;
use seal::RecordKind;
use serde::Deserialize;
use serde::Serialize;

use crate::dialect::Connection;
use crate::dialect::DbResult;
use crate::dialect::Params;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::event::About;
use crate::read::Reader;
use crate::store::Store;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

pub use self::answer::Answer;
pub use self::answer::Answered;
pub use self::answer::LinkReply;
pub use self::answer::LinkState;
pub use self::answer::OpenLink;
pub(crate) use self::chat::take as take_chat;
pub use self::post::Post;
pub use self::post::Posted;
pub(crate) use self::request::jurisdictions;
pub(crate) use self::request::request as ask;

/// A request for consent that was made outside of the chat.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// For what.
    pub purposes: Vec<PurposeId>,
    /// The number that was named.
    pub phone: Option<Identifier>,
    /// The e-mail address that was named.
    pub email: Option<Identifier>,
    /// The language of the request, a BCP 47 tag.
    pub language: String,
    /// Where it comes from.
    pub source: AskedBy,
    /// How the confirmation is to go out.
    pub route: Route,
    /// How long the person has, once it went out.
    pub good_for: Span,
    /// Where from, as JSON: sealed, and part of the evidence.
    pub details: String,
}

/// What became of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Requested {
    /// It waits for its confirmation: one id for each purpose.
    Taken(Vec<ConfirmationId>),
    /// There were too many requests for this number or address; nothing was noted.
    Limited,
    /// The person may not be asked; that is noted.
    NotAsked(Vec<ConfirmationId>),
}

/// What a person answers to somebody who asks in the chat, by a reference of ours.
#[derive(Clone, Debug)]
pub struct ChatSaid {
    /// The request that was made for this person; none for a link that names nobody.
    pub request: Option<ConfirmationId>,
    /// For what.
    pub purposes: Vec<PurposeId>,
    /// The language of the link.
    pub language: String,
    /// What the person says.
    pub step: ChatStep,
}

/// Where the exchange in a chat stands.
#[derive(Clone, Debug)]
pub enum ChatStep {
    /// The person came by the link, and is to be asked: the body of that message, without recipient.
    Opened(Vec<u8>),
    /// The person answered.
    Answered(Answer),
    /// The person came for their own page: the body of the answer, without recipient.
    Choices(Vec<u8>),
}

/// A request as staff see it.
#[derive(Clone, Debug)]
pub struct ConfirmationView {
    /// Its id.
    pub id: ConfirmationId,
    /// For what.
    pub purpose: PurposeId,
    /// The notice version that is agreed to.
    pub notice: Option<NoticeId>,
    /// The language.
    pub language: String,
    /// Where it comes from.
    pub source: AskedBy,
    /// How the confirmation goes out.
    pub route: Route,
    /// Where it stands.
    pub state: ConfirmationState,
    /// How often it was tried to send it.
    pub attempts: u32,
    /// Why it could not be sent: a code of the mail server's or the provider's.
    pub fault: Option<u32>,
    /// Until when it counts.
    pub expires: Timestamp,
    /// Since when.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// What is sealed of a request.
#[derive(Deserialize, Serialize)]
struct Sealed {
    /// Where the confirmation goes.
    to: String,
    /// The phone number, where the confirmation goes elsewhere.
    phone: Option<String>,
    /// How long the person has, in microseconds.
    good_for: i64,
    /// Where from.
    details: Box<serde_json::value::RawValue>,
}

/// A row with what the verbs ask of it.
struct Row {
    view: ConfirmationView,
    subject: SubjectId,
    key: DataKeyId,
    sealed: Vec<u8>,
}

const COLUMNS: &str = "id, subject_id, purpose_id, notice_id, language, source, route, state, \
                       attempts, fault, expires_at, created_at, updated_at, key_id, sealed_request";

/// The rows that `condition` finds, by id.
fn rows(
    connection: &Connection,
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<Row>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM confirmations WHERE {condition}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(parameters)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push(Row::read(&row)?);
    }
    Ok(rows)
}

impl Row {
    fn read(row: &crate::dialect::Row<'_>) -> Result<Self, StoreError> {
        let id: i64 = row.get(0)?;
        let damaged = |column| StoreError::Damaged {
            table: "confirmations",
            column,
            id,
        };
        let instant =
            |column| -> DbResult<Timestamp> { row.get(column).map(Timestamp::from_micros) };
        Ok(Self {
            view: ConfirmationView {
                id: ConfirmationId(id),
                purpose: PurposeId(row.get(2)?),
                notice: row.get::<Option<i64>>(3)?.map(NoticeId),
                language: row.get(4)?,
                source: AskedBy::from_code(row.get(5)?).ok_or_else(|| damaged("source"))?,
                route: Route::from_code(row.get(6)?).ok_or_else(|| damaged("route"))?,
                state: ConfirmationState::from_code(row.get(7)?).ok_or_else(|| damaged("state"))?,
                attempts: row.get(8)?,
                fault: row.get(9)?,
                expires: instant(10)?,
                created: instant(11)?,
                updated: instant(12)?,
            },
            subject: SubjectId(row.get(1)?),
            key: DataKeyId(row.get(13)?),
            sealed: row.get(14)?,
        })
    }

    const fn is_open(&self) -> bool {
        matches!(
            self.view.state,
            ConfirmationState::Sent | ConfirmationState::Waiting
        )
    }

    fn open(&self, tx: &mut Tx<'_>) -> Result<Sealed, StoreError> {
        let damaged = StoreError::Damaged {
            table: "confirmations",
            column: "sealed_request",
            id: self.view.id.0,
        };
        let key = tx.key_by_id(self.key)?;
        let place = place(RecordKind::Confirmation, 1, self.view.id.0, self.key.0);
        let opened = key.open(&place, &self.sealed).ok();
        opened
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or(damaged)
    }
}

/// Changes the state of a row, and says so in the log and to whoever listens.
fn mark(
    tx: &mut Tx<'_>,
    (id, subject, purpose): (ConfirmationId, SubjectId, PurposeId),
    (state, actor, rule): (ConfirmationState, Actor, &str),
) -> Result<(), StoreError> {
    let sql = "UPDATE confirmations SET state = $1, updated_at = $2 WHERE id = $3";
    let parameters = (state.code(), tx.now().micros(), id.0);
    tx.update_one(&tables::CONFIRMATIONS, sql, parameters)?;
    if state == ConfirmationState::Undeliverable {
        tx.undelivered(id)?;
    }
    let detail = format!("confirmation {id} {}", state.name());
    let told = (actor, Action::ConfirmationChanged, &[rule] as &[&str]);
    tx.note(Some(subject), &detail, told)?;
    tell(tx, (id, subject, purpose), state)
}

fn tell(
    tx: &mut Tx<'_>,
    (id, subject, purpose): (ConfirmationId, SubjectId, PurposeId),
    state: ConfirmationState,
) -> Result<(), StoreError> {
    let about = About {
        subject: Some(subject),
        purpose: Some(purpose),
        thing: Some(id.0),
        detail: Some(state.code().into()),
        ..About::default()
    };
    tx.emit(EventKind::ConfirmationChanged, about)
}

/// What an earlier run was about to send is due at once: whether it went out is not known, and twice is
/// better than never.
pub(crate) fn adopt(tx: &Tx<'_>) -> Result<(), StoreError> {
    let sql = "UPDATE confirmations SET next_at = $1 WHERE state = $2 AND next_at > $3";
    let (now, waiting) = (tx.now().micros(), ConfirmationState::Waiting.code());
    tx.connection.execute(sql, (now, waiting, now))?;
    Ok(())
}

/// Ends what waited to go out when a snapshot was made, some at a time: whether it went out since is not
/// known, and nobody is asked twice. Returns how many.
pub(crate) fn close_unknown(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let some = "state = $1 ORDER BY id LIMIT 500";
    let waiting = rows(tx.connection, some, [ConfirmationState::Waiting.code()])?;
    for row in &waiting {
        let what = (row.view.id, row.subject, row.view.purpose);
        let rule = "confirmation/restored";
        mark(tx, what, (ConfirmationState::Unknown, Actor::System, rule))?;
    }
    tx.flush()?;
    Ok(waiting.len() as u64)
}

/// Takes a request back.
fn cancel(
    tx: &mut Tx<'_>,
    actor: Actor,
    (subject, id): (SubjectId, ConfirmationId),
) -> Result<(), StoreError> {
    let found = rows(
        tx.connection,
        "id = $1 AND subject_id = $2",
        (id.0, subject.0),
    )?;
    let row = found
        .into_iter()
        .next()
        .ok_or(Refusal::Missing("confirmation"))?;
    if !row.is_open() {
        return Err(Refusal::Ended("confirmation").into());
    }
    let what = (id, subject, row.view.purpose);
    let rule = "confirmation/cancelled";
    mark(tx, what, (ConfirmationState::Cancelled, actor, rule))?;
    tx.flush()
}

/// Notes that a confirmation came back. One that was answered meanwhile stays answered.
fn bounced(tx: &mut Tx<'_>, id: ConfirmationId, fault: Option<u32>) -> Result<bool, StoreError> {
    let mut touched = false;
    for row in rows(tx.connection, GROUP, [id.0])? {
        if row.is_open() {
            post::undeliverable(tx, &row, fault, "confirmation/bounced")?;
            touched = true;
        }
    }
    tx.flush()?;
    Ok(touched)
}

/// The rows that share a token with the one of this id.
const GROUP: &str = "tag = (SELECT tag FROM confirmations WHERE id = $1) ORDER BY id";

impl Store {
    /// Takes a request for consent.
    ///
    /// # Errors
    /// [`Refusal::Missing`] for an unknown purpose, or without the number or address that the route
    /// takes.
    pub async fn request_consent(
        &self,
        actor: Actor,
        request: NewRequest,
    ) -> Result<Requested, StoreError> {
        self.write(move |tx| request::request(tx, actor, &request))
            .await
    }

    /// The next confirmation that is due to go out by one of these routes, with a token of its own.
    ///
    /// # Errors
    /// What the database says.
    pub async fn next_post(&self, routes: Vec<Route>) -> Result<Option<Post>, StoreError> {
        self.write(move |tx| post::next(tx, &routes)).await
    }

    /// When the next confirmation is due, to go out or to expire.
    ///
    /// # Errors
    /// What the database says.
    pub async fn next_post_at(self: &Arc<Self>) -> Result<Option<Timestamp>, StoreError> {
        self.read(|reader| post::next_at(reader.connection)).await
    }

    /// Records how sending a confirmation ended.
    ///
    /// # Errors
    /// What the database says.
    pub async fn posted(&self, ids: Vec<ConfirmationId>, posted: Posted) -> Result<(), StoreError> {
        self.write(move |tx| post::posted(tx, &ids, posted)).await
    }

    /// What the link with this token asks. Nothing changes.
    ///
    /// # Errors
    /// What the database says.
    pub async fn link(&self, token: &str) -> Result<LinkState, StoreError> {
        let hash = self.keyring().token_hash(token);
        self.write(move |tx| answer::look(tx, &hash)).await
    }

    /// Records what a person answers to the link with this token. `details` is JSON: where from, and
    /// what the confirmation said.
    ///
    /// # Errors
    /// What the database says.
    pub async fn answer_link(
        &self,
        token: &str,
        answer: Answer,
        details: String,
    ) -> Result<LinkReply, StoreError> {
        let hash = self.keyring().token_hash(token);
        self.write(move |tx| answer::answer(tx, &hash, (answer, &details)))
            .await
    }

    /// Takes back a request of a person's.
    ///
    /// # Errors
    /// [`Refusal::Missing`], [`Refusal::Ended`].
    pub async fn cancel_confirmation(
        &self,
        actor: Actor,
        (subject, id): (SubjectId, ConfirmationId),
    ) -> Result<(), StoreError> {
        self.write(move |tx| cancel(tx, actor, (subject, id))).await
    }

    /// Notes that a confirmation came back for good. Returns whether that changed anything.
    ///
    /// # Errors
    /// What the database says.
    pub async fn confirmation_bounced(
        &self,
        id: ConfirmationId,
        fault: Option<u32>,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| bounced(tx, id, fault)).await
    }
}

impl Reader<'_> {
    /// A person's requests, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn confirmations(&self, subject: SubjectId) -> Result<Vec<ConfirmationView>, StoreError> {
        let condition = "subject_id = $1 ORDER BY id DESC";
        let found = rows(self.connection, condition, [subject.0])?;
        Ok(found.into_iter().map(|row| row.view).collect())
    }
}
