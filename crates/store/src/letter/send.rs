//! Letters by e-mail: one at a time, until one is taken or it is of no use any more.

use domain::audit::Actor;
use domain::ids::LetterId;
use domain::ids::SubjectId;
use domain::letter::LetterRoute;
use domain::letter::LetterState;
use domain::message::MessageState;
use domain::subject::IdentifierKind;
use domain::time::Span;
use domain::time::Timestamp;

use super::LetterView;
use super::NewLetter;
use super::Said;
use super::existing;
use super::mark;
use super::open;
use super::rows;
use crate::confirmation::Posted;
use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::error::StoreError;
use crate::people::Which;
use crate::tables;
use crate::tx::Tx;

/// How long whoever takes a letter to send it may need before it is due again.
const LEASE: Span = Span::minutes(5);

/// How long after an attempt that failed the next one follows, by how many there were.
const PAUSES: [Span; 8] = [
    Span::seconds(30),
    Span::minutes(2),
    Span::minutes(10),
    Span::minutes(30),
    Span::hours(1),
    Span::hours(3),
    Span::hours(6),
    Span::hours(12),
];

/// How long a letter is tried: then the person's page alone has it, and staff see it as undeliverable.
const PATIENCE: Span = Span::days(4);

/// A letter to send now.
#[derive(Clone, Debug)]
pub struct Mailing {
    /// Which.
    pub id: LetterId,
    /// Its language (BCP 47).
    pub language: String,
    /// How many times it was tried, this one included.
    pub attempt: u32,
    /// What it says, and to whom: for the call only.
    pub said: Said,
}

/// Since when letters are looked after whose message in a chat may not arrive: Meta tells within days.
const LOOKED_AFTER: Span = Span::days(14);

/// So many of them are looked at in one transaction.
const SLICE: u32 = 50;

/// The e-mail address that was given for the case, if whoever reads it said so. What may
/// tell of the person goes to none that somebody gave who may be somebody else.
pub(super) fn given(tx: &mut Tx<'_>, letter: &NewLetter) -> Result<Option<String>, StoreError> {
    if letter.said.to.is_some() {
        return Ok(letter.said.to.clone());
    }
    let given = crate::request::mailbox(tx, letter.request, !letter.kind.is_about_case_alone())?;
    Ok(given.map(|given| given.to_string()))
}

/// The newest e-mail address that is known.
pub(super) fn known(tx: &mut Tx<'_>, subject: SubjectId) -> Result<Option<String>, StoreError> {
    let known = tx.identifiers(subject, Which::Current)?;
    let mut known = known
        .iter()
        .filter(|known| known.kind() == IdentifierKind::Email);
    Ok(known.next_back().map(|known| known.value().to_owned()))
}

pub(super) fn next(tx: &mut Tx<'_>) -> Result<Option<Mailing>, StoreError> {
    let due = "state = $1 AND next_at <= $2 ORDER BY next_at, id LIMIT 1";
    let parameters = (LetterState::Waiting.code(), tx.now().micros());
    while let Some(letter) = rows(tx.connection, due, parameters)?.into_iter().next() {
        if let Some(said) = said(tx, &letter)? {
            let sql = "UPDATE letters SET attempts = attempts + 1, next_at = $1 WHERE id = $2";
            let next = (tx.now() + LEASE).micros();
            tx.update_one(&tables::LETTERS, sql, (next, letter.id.0))?;
            return Ok(Some(Mailing {
                id: letter.id,
                language: letter.language,
                attempt: letter.attempts.saturating_add(1),
                said,
            }));
        }
        // The person is erased: there is nothing left to send.
        let sql = "UPDATE letters SET state = $1, updated_at = $2 WHERE id = $3";
        let gone = LetterState::Undeliverable.code();
        let parameters = (gone, tx.now().micros(), letter.id.0);
        tx.update_one(&tables::LETTERS, sql, parameters)?;
    }
    Ok(None)
}

fn said(tx: &mut Tx<'_>, letter: &LetterView) -> Result<Option<Said>, StoreError> {
    match existing(tx.key_by_id(letter.key))? {
        Some(key) => open(tx.connection, letter, &key).map(Some),
        None => Ok(None),
    }
}

pub(super) fn posted(tx: &mut Tx<'_>, id: LetterId, posted: Posted) -> Result<(), StoreError> {
    let found = rows(tx.connection, "id = $1", [id.0])?;
    let waits = |letter: &LetterView| letter.state == LetterState::Waiting;
    let Some(letter) = found.into_iter().find(waits) else {
        return Ok(());
    };
    match posted {
        Posted::Sent => mark(tx, &letter, LetterState::Sent)?,
        Posted::Again(fault) if tx.now() < letter.created_at + PATIENCE => {
            again(tx, &letter, fault)?;
        }
        Posted::Again(fault) | Posted::Never(fault) => {
            let sql = "UPDATE letters SET fault = $1 WHERE id = $2";
            tx.update_one(&tables::LETTERS, sql, (fault, id.0))?;
            mark(tx, &letter, LetterState::Undeliverable)?;
        }
    }
    tx.flush()
}

fn again(tx: &Tx<'_>, letter: &LetterView, fault: Option<u32>) -> Result<(), StoreError> {
    let tried = usize::try_from(letter.attempts).unwrap_or(usize::MAX);
    let pause = PAUSES.get(tried.saturating_sub(1)).or(PAUSES.last());
    let pause = pause.copied().unwrap_or(LEASE);
    let now = tx.now();
    let sql = "UPDATE letters SET fault = $1, next_at = $2, updated_at = $3 WHERE id = $4";
    let parameters = (fault, (now + pause).micros(), now.micros(), letter.id.0);
    tx.update_one(&tables::LETTERS, sql, parameters)
}

pub(super) fn bounced(tx: &mut Tx<'_>, id: LetterId) -> Result<bool, StoreError> {
    let found = rows(tx.connection, "id = $1", [id.0])?;
    let went = |letter: &LetterView| {
        letter.route == LetterRoute::Email
            && matches!(
                letter.state,
                LetterState::Sent | LetterState::Unknown | LetterState::Waiting
            )
    };
    let Some(letter) = found.into_iter().find(went) else {
        return Ok(false);
    };
    mark(tx, &letter, LetterState::Undeliverable)?;
    tx.flush()?;
    Ok(true)
}

/// Has letters whose message did not arrive go by e-mail, where that can be.
pub(super) fn unreached(tx: &mut Tx<'_>, mail: bool) -> Result<usize, StoreError> {
    let (rejected, failed) = (MessageState::Rejected.code(), MessageState::Failed.code());
    let lost = "state = $1 AND created_at > $2 AND message_id IN (SELECT m.id FROM messages m \
                WHERE m.id = letters.message_id AND m.state IN ($3, $4)) ORDER BY id LIMIT $5";
    let since = (tx.now() - LOOKED_AFTER).micros();
    let sent = LetterState::Sent.code();
    let lost = rows(tx.connection, lost, (sent, since, rejected, failed, SLICE))?;
    for letter in &lost {
        mark(tx, letter, LetterState::Undeliverable)?;
        tx.flush()?;
        let Some(said) = said(tx, letter)? else {
            continue;
        };
        let again = NewLetter {
            request: letter.request,
            kind: letter.kind,
            language: letter.language.clone(),
            said: Said { to: None, ..said },
            chat: None,
            templates: Vec::new(),
            mail,
        };
        // Without an address it is the one that did not arrive that staff see.
        let to = match (mail, given(tx, &again)?) {
            (false, _) => None,
            (true, Some(to)) => Some(to),
            (true, None) => known(tx, letter.subject)?,
        };
        if to.is_some() {
            super::write(tx, Actor::System, &again)?;
        }
    }
    Ok(lost.len())
}

pub(super) fn next_at(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT next_at FROM letters WHERE state = 1 ORDER BY next_at LIMIT 1";
    let found: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row((), |row| row.get(0))
        .optional()?;
    Ok(found.map(Timestamp::from_micros))
}

/// What an earlier run was about to send is due at once: whether it went out is not known, and a letter
/// twice is better than none.
pub(crate) fn adopt(tx: &Tx<'_>) -> Result<(), StoreError> {
    let sql = "UPDATE letters SET next_at = $1 WHERE state = $2 AND next_at > $3 AND attempts > 0";
    let now = tx.now().micros();
    let waiting = LetterState::Waiting.code();
    tx.connection.execute(sql, (now, waiting, now))?;
    Ok(())
}
