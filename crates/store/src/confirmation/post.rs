//! Sending confirmations: one at a time, each with a token of its own.

use domain::audit::Actor;
use domain::confirmation::ConfirmationState;
use domain::confirmation::Route;
use domain::ids::ConfirmationId;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::subject::Restriction;
use domain::time::Span;
use domain::time::Timestamp;
use seal::Zeroizing;

use super::GROUP;
use super::Row;
use super::mark;
use super::rows;
use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::error::StoreError;
use crate::people::restriction;
use crate::tables;
use crate::tx::Tx;

/// How long whoever takes a confirmation to send it may need before it is due again.
const LEASE: Span = Span::minutes(5);

/// How long after it was due it is asked again whether a person is still restricted.
const RESTRICTED: Span = Span::hours(1);

/// How long after an attempt that failed the next one follows, by how many there were.
const PAUSES: [Span; 6] = [
    Span::seconds(30),
    Span::minutes(2),
    Span::minutes(10),
    Span::minutes(30),
    Span::hours(1),
    Span::hours(3),
];

/// A confirmation to send now.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its rows, one for each purpose.
    pub ids: Vec<ConfirmationId>,
    /// How it goes out.
    pub route: Route,
    /// To whom, in clear: for the call only.
    pub to: Zeroizing<String>,
    /// What the link carries.
    pub token: Zeroizing<String>,
    /// How many times it was tried, this one included.
    pub attempt: u32,
    /// The language.
    pub language: String,
    /// The purposes with the notice version of each.
    pub purposes: Vec<(PurposeId, Option<NoticeId>)>,
    /// How long the person has.
    pub good_for: Span,
}

/// How sending a confirmation ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Posted {
    /// It was taken.
    Sent,
    /// It was not, or that is not known; it is tried again.
    Again(Option<u32>),
    /// It will never be taken.
    Never(Option<u32>),
}

pub(super) fn next(tx: &mut Tx<'_>, routes: &[Route]) -> Result<Option<Post>, StoreError> {
    expire(tx)?;
    for route in routes {
        let due = "state = $1 AND next_at <= $2 AND route = $3 ORDER BY next_at, id LIMIT 1";
        let waiting = ConfirmationState::Waiting.code();
        let parameters = (waiting, tx.now().micros(), route.code());
        while let Some(first) = rows(tx.connection, due, parameters)?.into_iter().next() {
            if restriction(tx.connection, Some(first.subject))? == Restriction::None {
                return take(tx, &first).map(Some);
            }
            let sql = "UPDATE confirmations SET next_at = $1 WHERE id = $2";
            let later = (tx.now() + RESTRICTED).micros();
            tx.update_one(&tables::CONFIRMATIONS, sql, (later, first.view.id.0))?;
        }
    }
    Ok(None)
}

fn take(tx: &mut Tx<'_>, first: &Row) -> Result<Post, StoreError> {
    let mut group = rows(tx.connection, GROUP, [first.view.id.0])?;
    group.retain(|row| row.view.state == ConfirmationState::Waiting);
    let token = token(tx)?;
    let hash = tx.keyring().token_hash(&token);
    let next = tx.now() + LEASE;
    for row in &group {
        let sql = "UPDATE confirmations SET tag = $1, attempts = attempts + 1, next_at = $2, \
                   updated_at = $3 WHERE id = $4";
        let parameters = (hash, next.micros(), tx.now().micros(), row.view.id.0);
        tx.update_one(&tables::CONFIRMATIONS, sql, parameters)?;
    }
    let sealed = first.open(tx)?;
    Ok(Post {
        ids: group.iter().map(|row| row.view.id).collect(),
        route: first.view.route,
        to: Zeroizing::new(sealed.to),
        token,
        attempt: first.view.attempts.saturating_add(1),
        language: first.view.language.clone(),
        purposes: group
            .iter()
            .map(|row| (row.view.purpose, row.view.notice))
            .collect(),
        good_for: Span::micros(sealed.good_for),
    })
}

/// 128 random bits in hexadecimal: letters that survive every mail client.
fn token(tx: &Tx<'_>) -> Result<Zeroizing<String>, StoreError> {
    let bytes = Zeroizing::new(tx.random().array::<16>()?);
    let mut token = Zeroizing::new(String::with_capacity(32));
    for nibble in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        token.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
    }
    Ok(token)
}

pub(super) fn posted(
    tx: &mut Tx<'_>,
    ids: &[ConfirmationId],
    posted: Posted,
) -> Result<(), StoreError> {
    for id in ids {
        let found = rows(tx.connection, "id = $1", [id.0])?;
        // Whoever was quick has answered meanwhile.
        let waits = |row: &Row| row.view.state == ConfirmationState::Waiting;
        let Some(row) = found.into_iter().find(waits) else {
            continue;
        };
        match posted {
            Posted::Sent => sent(tx, &row)?,
            Posted::Again(fault) => again(tx, &row, fault)?,
            Posted::Never(fault) => undeliverable(tx, &row, fault, "confirmation/refused")?,
        }
    }
    tx.flush()
}

fn sent(tx: &mut Tx<'_>, row: &Row) -> Result<(), StoreError> {
    let until = (tx.now() + Span::micros(row.open(tx)?.good_for)).micros();
    let sql = "UPDATE confirmations SET expires_at = $1, next_at = $2, fault = NULL WHERE id = $3";
    let parameters = (until, until, row.view.id.0);
    tx.update_one(&tables::CONFIRMATIONS, sql, parameters)?;
    let what = (row.view.id, row.subject, row.view.purpose);
    let told = (ConfirmationState::Sent, Actor::System, "confirmation/sent");
    mark(tx, what, told)
}

fn again(tx: &Tx<'_>, row: &Row, fault: Option<u32>) -> Result<(), StoreError> {
    let tried = usize::try_from(row.view.attempts).unwrap_or(usize::MAX);
    let pause = PAUSES
        .get(tried.saturating_sub(1))
        .or(PAUSES.last())
        .copied()
        .unwrap_or(LEASE);
    let now = tx.now();
    let sql = "UPDATE confirmations SET fault = $1, next_at = $2, updated_at = $3 WHERE id = $4";
    let parameters = (fault, (now + pause).micros(), now.micros(), row.view.id.0);
    tx.update_one(&tables::CONFIRMATIONS, sql, parameters)
}

pub(super) fn undeliverable(
    tx: &mut Tx<'_>,
    row: &Row,
    fault: Option<u32>,
    rule: &str,
) -> Result<(), StoreError> {
    let sql = "UPDATE confirmations SET fault = $1 WHERE id = $2";
    tx.update_one(&tables::CONFIRMATIONS, sql, (fault, row.view.id.0))?;
    let what = (row.view.id, row.subject, row.view.purpose);
    mark(
        tx,
        what,
        (ConfirmationState::Undeliverable, Actor::System, rule),
    )
}

/// Ends what nobody answered in time, or what could not be sent for days.
fn expire(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let over = "state <= $1 AND next_at <= $2 AND expires_at <= $3 ORDER BY next_at, id LIMIT 64";
    let (sent, now) = (ConfirmationState::Sent.code(), tx.now().micros());
    for row in rows(tx.connection, over, (sent, now, now))? {
        let what = (row.view.id, row.subject, row.view.purpose);
        let told = (
            ConfirmationState::Expired,
            Actor::System,
            "confirmation/expired",
        );
        mark(tx, what, told)?;
    }
    tx.flush()
}

pub(super) fn next_at(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT next_at FROM confirmations WHERE state <= 2 ORDER BY next_at LIMIT 1";
    let found: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row((), |row| row.get(0))
        .optional()?;
    Ok(found.map(Timestamp::from_micros))
}
