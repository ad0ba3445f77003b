//! Letters about what people ask for by right: written once, sent, and kept for the person to read.
//!
//! A letter stands sealed under the person's forms. How it goes out is settled as it is written: in a
//! chat whose window is open, where it is judged like any message and leaves with its decision; by
//! e-mail, where an address is known; else it waits on the person's page. Once the person is erased
//! nothing opens it any more.

mod send;

use std::sync::Arc;

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::DataKeyId;
use domain::ids::LetterId;
use domain::ids::MessageId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::letter::LetterRoute;
use domain::letter::LetterState;
use domain::request::LetterKind;
use domain::time::Timestamp;
use seal::RecordClass;
use seal::RecordKind;
use seal::Zeroizing;
use serde::Deserialize;
use serde::Serialize;

use crate::confirmation::Posted;
use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::dialect::Params;
use crate::dialect::Row;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::keys;
use crate::read::Reader;
use crate::rows::v;
use crate::store::Store;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

pub use self::send::Mailing;
pub(crate) use self::send::adopt;

/// The field of a sealed letter.
const LETTER: u8 = 1;

/// A letter to write. It is personal data throughout.
pub struct NewLetter {
    /// The case it is about.
    pub request: RequestId,
    /// What it tells.
    pub kind: LetterKind,
    /// Its language (BCP 47).
    pub language: String,
    /// What it says.
    pub said: Said,
    /// The message for a chat, without recipient; none where it does not fit one.
    pub chat: Option<Vec<u8>>,
    /// Messages that lead to it outside of a window; at most one for each account at Meta.
    pub templates: Vec<LetterTemplate>,
    /// Whether e-mail can be sent.
    pub mail: bool,
}

/// A message by an approved template of the category utility, that leads to a letter.
#[derive(Clone)]
pub struct LetterTemplate {
    /// The account at Meta that has it.
    pub waba_id: String,
    /// Its name.
    pub name: String,
    /// Its language, as Meta has it.
    pub language: String,
    /// The message, without recipient.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for LetterTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LetterTemplate")
            .field("name", &self.name)
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for NewLetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewLetter")
            .field("request", &self.request)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What a letter says, in the forms it is read in.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Said {
    /// The e-mail address it goes to; none if it goes another way.
    pub to: Option<String>,
    /// What it is about.
    pub subject: String,
    /// The whole letter as text.
    pub text: String,
    /// The whole letter as HTML.
    pub html: String,
    /// What it says alone, as HTML for a page that brings its own frame.
    pub body: String,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said").finish_non_exhaustive()
    }
}

/// A letter, without what it says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LetterView {
    /// Which.
    pub id: LetterId,
    /// The case it is about.
    pub request: RequestId,
    /// Whose case.
    pub subject: SubjectId,
    /// What it tells.
    pub kind: LetterKind,
    /// Its language.
    pub language: String,
    /// How it goes out.
    pub route: LetterRoute,
    /// Where it stands.
    pub state: LetterState,
    /// The message it went out in.
    pub message: Option<MessageId>,
    /// How many times it was tried by e-mail.
    pub attempts: u32,
    /// What the mail server answered last, as an SMTP code.
    pub fault: Option<u32>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    key: DataKeyId,
}

impl Store {
    /// Writes a letter, and sends it in a chat if a window is open there.
    ///
    /// # Errors
    /// [`Refusal::Missing`] for a case that is not there, or whose person is erased.
    pub async fn write_letter(
        &self,
        actor: Actor,
        letter: NewLetter,
    ) -> Result<LetterView, StoreError> {
        self.write(move |tx| write(tx, actor, &letter)).await
    }

    /// When the next letter is due to go out by e-mail.
    ///
    /// # Errors
    /// What the database says.
    pub async fn next_letter_at(self: &Arc<Self>) -> Result<Option<Timestamp>, StoreError> {
        self.read(|reader| send::next_at(reader.connection)).await
    }

    /// Takes the next letter that is due by e-mail.
    ///
    /// # Errors
    /// What the database says.
    pub async fn next_letter(&self) -> Result<Option<Mailing>, StoreError> {
        self.write(send::next).await
    }

    /// Notes how sending a letter ended.
    ///
    /// # Errors
    /// What the database says.
    pub async fn letter_posted(&self, id: LetterId, posted: Posted) -> Result<(), StoreError> {
        self.write(move |tx| send::posted(tx, id, posted)).await
    }

    /// Looks for letters whose message in a chat did not arrive, some at a time: such a letter goes by
    /// e-mail, where one can be sent and an address is known, and is undeliverable otherwise. Returns
    /// how many there were.
    ///
    /// # Errors
    /// What the database says.
    pub async fn letters_unreached(&self, mail: bool) -> Result<usize, StoreError> {
        self.write(move |tx| send::unreached(tx, mail)).await
    }

    /// Notes that a letter came back. Returns whether it was one that had gone out.
    ///
    /// # Errors
    /// What the database says.
    pub async fn letter_bounced(&self, id: LetterId) -> Result<bool, StoreError> {
        self.write(move |tx| send::bounced(tx, id)).await
    }
}

impl Reader<'_> {
    /// The letters about a case, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn letters(&self, request: RequestId) -> Result<Vec<LetterView>, StoreError> {
        rows(self.connection, "request_id = $1 ORDER BY id", [request.0])
    }

    /// One letter.
    ///
    /// # Errors
    /// What the database says.
    pub fn letter(&self, id: LetterId) -> Result<Option<LetterView>, StoreError> {
        Ok(rows(self.connection, "id = $1", [id.0])?.into_iter().next())
    }

    /// What a letter says; none once the person is erased.
    ///
    /// # Errors
    /// What the database says.
    pub fn letter_said(&self, id: LetterId) -> Result<Option<Said>, StoreError> {
        let Some(letter) = self.letter(id)? else {
            return Ok(None);
        };
        match existing(keys::load(self.connection, &self.keys, letter.key))? {
            Some(key) => open(self.connection, &letter, &key).map(Some),
            None => Ok(None),
        }
    }
}

/// A key, if it was not destroyed.
fn existing<K>(key: Result<K, StoreError>) -> Result<Option<K>, StoreError> {
    match key {
        Ok(key) => Ok(Some(key)),
        Err(StoreError::Refused(Refusal::Missing(_))) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What a letter says, with its key at hand.
fn open(
    connection: &Connection,
    letter: &LetterView,
    key: &seal::DataKey,
) -> Result<Said, StoreError> {
    let id = letter.id.0;
    let damaged = || StoreError::Damaged {
        table: "letters",
        column: "sealed_letter",
        id,
    };
    let sql = "SELECT sealed_letter FROM letters WHERE id = $1";
    let sealed: Option<Vec<u8>> = connection
        .prepare_cached(sql)?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let sealed = sealed.ok_or_else(damaged)?;
    let place = place(RecordKind::Letter, LETTER, id, letter.key.0);
    let bytes = key.open(&place, &sealed).map_err(|_| damaged())?;
    serde_json::from_slice(&bytes).map_err(|_| damaged())
}

fn write(tx: &mut Tx<'_>, actor: Actor, letter: &NewLetter) -> Result<LetterView, StoreError> {
    tx.flush()?;
    let subject = whose(tx, letter.request)?;
    let Way {
        route,
        state,
        message,
        to,
    } = way(tx, letter, subject)?;
    let said = Said {
        to,
        ..letter.said.clone()
    };
    let id = keep(tx, actor, (letter, subject, message), (route, state), &said)?;
    tx.effects.posts |= state == LetterState::Waiting;
    tx.flush()?;
    let written = rows(tx.connection, "id = $1", [id.0])?;
    let written = written.into_iter().next();
    written.ok_or_else(|| Refusal::Missing("letter").into())
}

/// How a letter goes out.
struct Way {
    route: LetterRoute,
    state: LetterState,
    message: Option<MessageId>,
    to: Option<String>,
}

impl Way {
    const fn sent(route: LetterRoute, message: MessageId) -> Self {
        Self {
            route,
            state: LetterState::Sent,
            message: Some(message),
            to: None,
        }
    }

    const fn mailed(to: String) -> Self {
        Self {
            route: LetterRoute::Email,
            state: LetterState::Waiting,
            message: None,
            to: Some(to),
        }
    }
}

/// The nearest way there is: a chat whose window is open; the address that the person gave for this case;
/// a template; an address that is known; else the person's page.
fn way(tx: &mut Tx<'_>, letter: &NewLetter, subject: SubjectId) -> Result<Way, StoreError> {
    if let Some(body) = &letter.chat
        && let Some(message) = crate::send::letter(tx, subject, body)?
    {
        return Ok(Way::sent(LetterRoute::Chat, message));
    }
    if letter.mail
        && let Some(to) = send::given(tx, letter)?
    {
        return Ok(Way::mailed(to));
    }
    if let Some(message) = crate::send::letter_template(tx, subject, &letter.templates)? {
        return Ok(Way::sent(LetterRoute::Template, message));
    }
    if letter.mail
        && let Some(to) = send::known(tx, subject)?
    {
        return Ok(Way::mailed(to));
    }
    Ok(Way {
        route: LetterRoute::Page,
        state: LetterState::OnPage,
        message: None,
        to: None,
    })
}

/// Whose case it is. Nobody writes to a person who is erased.
fn whose(tx: &Tx<'_>, request: RequestId) -> Result<SubjectId, StoreError> {
    let sql = "SELECT s.id FROM requests r JOIN subjects s ON s.id = r.subject_id \
               WHERE r.id = $1 AND s.erased_at IS NULL";
    let mut statement = tx.connection.prepare_cached(sql)?;
    let found: Option<i64> = statement
        .query_row([request.0], |row| row.get(0))
        .optional()?;
    let found = found.ok_or(Refusal::Missing("request"))?;
    Ok(SubjectId(found))
}

fn keep(
    tx: &mut Tx<'_>,
    actor: Actor,
    (letter, subject, sent): (&NewLetter, SubjectId, Option<MessageId>),
    (route, state): (LetterRoute, LetterState),
    said: &Said,
) -> Result<LetterId, StoreError> {
    let mut leaf = tx.open_leaf()?;
    let (key_id, key) = tx.key(&mut leaf, subject, RecordClass::Form)?;
    let id = LetterId(tx.id(&tables::LETTERS));
    let unfit = |_| StoreError::Damaged {
        table: "letters",
        column: "sealed_letter",
        id: id.0,
    };
    let bytes = Zeroizing::new(serde_json::to_vec(said).map_err(unfit)?);
    let place = place(RecordKind::Letter, LETTER, id.0, key_id.0);
    let sealed = tx.seal(&key, &place, &bytes)?;
    let now = tx.now();
    let row = [
        v(id.0),
        v(letter.request.0),
        v(subject),
        v(letter.kind.code()),
        v(letter.language.as_str()),
        v(route.code()),
        v(key_id),
        v(sealed),
        v(state.code()),
        v(sent),
        v(0_i64),
        v(now),
        v(None::<i64>),
        v(now),
        v(now),
    ];
    tx.cover(&mut leaf, &tables::LETTERS, row);
    let rules = [rule(state)];
    tx.close_leaf(leaf, actor, Action::LetterSent, &rules);
    Ok(id)
}

/// Changes where a letter stands, and says so in the log.
fn mark(tx: &mut Tx<'_>, letter: &LetterView, state: LetterState) -> Result<(), StoreError> {
    let sql = "UPDATE letters SET state = $1, updated_at = $2 WHERE id = $3";
    let parameters = (state.code(), tx.now().micros(), letter.id.0);
    tx.update_one(&tables::LETTERS, sql, parameters)?;
    let detail = format!("letter {} {}", letter.id, state.name());
    let told = (Actor::System, Action::LetterSent, &[rule(state)] as &[&str]);
    // Of somebody who was erased there is no key left to seal it under.
    let erased = crate::erase::is_erased(tx.connection, letter.subject)?;
    tx.note((!erased).then_some(letter.subject), &detail, told)
}

/// Ends what waited to go out when a snapshot was made, some at a time: whether it went out since is not
/// known, and nobody is sent it twice. It stands on the person's page. Returns how many.
pub(crate) fn close_unknown(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let some = "state = $1 ORDER BY id LIMIT 500";
    let waiting = rows(tx.connection, some, [LetterState::Waiting.code()])?;
    for letter in &waiting {
        mark(tx, letter, LetterState::Unknown)?;
    }
    tx.flush()?;
    Ok(waiting.len() as u64)
}

const fn rule(state: LetterState) -> &'static str {
    match state {
        LetterState::Waiting => "letter/written",
        LetterState::Sent => "letter/sent",
        LetterState::Undeliverable => "letter/undeliverable",
        LetterState::OnPage => "letter/on-page",
        LetterState::Unknown => "letter/restored",
    }
}

const COLUMNS: &str = "id, request_id, subject_id, kind, language, route, key_id, state, message_id, \
                       attempts, fault, created_at, updated_at";

fn rows(
    connection: &Connection,
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<LetterView>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM letters WHERE {condition}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(parameters)?;
    let mut letters = Vec::new();
    while let Some(row) = found.next()? {
        letters.push(view(&row)?);
    }
    Ok(letters)
}

fn view(row: &Row<'_>) -> Result<LetterView, StoreError> {
    let id: i64 = row.get(0)?;
    let damaged = |column| StoreError::Damaged {
        table: "letters",
        column,
        id,
    };
    Ok(LetterView {
        id: LetterId(id),
        request: RequestId(row.get(1)?),
        subject: SubjectId(row.get(2)?),
        kind: LetterKind::from_code(row.get(3)?).ok_or_else(|| damaged("kind"))?,
        language: row.get(4)?,
        route: LetterRoute::from_code(row.get(5)?).ok_or_else(|| damaged("route"))?,
        key: DataKeyId(row.get(6)?),
        state: LetterState::from_code(row.get(7)?).ok_or_else(|| damaged("state"))?,
        message: row.get::<Option<i64>>(8)?.map(MessageId),
        attempts: row.get(9)?,
        fault: row.get(10)?,
        created_at: Timestamp::from_micros(row.get(11)?),
        updated_at: Timestamp::from_micros(row.get(12)?),
    })
}
