//! Whether the clock can be trusted with what cannot be undone.
//!
//! A clock that has jumped ahead would end everything before its time. What is known of time beside
//! the clock is when it was last read, and what Meta says when messages were sent. A run goes ahead if
//! little time has passed since the last, or if somebody outside agrees with the clock.

use domain::message::Direction;
use domain::time::Span;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::dialect::OptionalRow;
use crate::error::StoreError;

/// How far the clock may be ahead of what is known otherwise.
const AHEAD: Span = Span::days(2);

/// How late a message may come in by Meta's own repetitions, with a day more for clocks.
const REPEATED: Span = Span::days(8);

/// How many of the newest messages are looked at.
const NEWEST: u32 = 64;

/// What the clock looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Look {
    /// As it should.
    Sane,
    /// Much time has passed since the last run, and nobody outside bears it out.
    Unsure,
    /// Meta's timestamps contradict it.
    Wrong,
}

/// Looks at the clock.
pub(super) fn look(connection: &Connection, now: Timestamp) -> Result<Look, StoreError> {
    let newest = newest(connection)?;
    if let Some((at, meta)) = newest {
        if meta + REPEATED < at || at + REPEATED < meta {
            return Ok(Look::Wrong);
        }
        if now <= meta + AHEAD {
            return Ok(Look::Sane);
        }
    }
    // A preview may have been made, and a run begun and stopped, while the clock was wrong.
    let sql = "SELECT max(as_of) FROM retention_runs WHERE preview = 0 AND state = $1";
    let done = super::run::RunState::Done.code();
    let last: Option<i64> = connection
        .prepare_cached(sql)?
        .query_row([done], |row| row.get(0))
        .optional()?
        .flatten();
    let last = last.map(Timestamp::from_micros);
    Ok(match last {
        Some(last) if last <= now && now <= last + AHEAD => Look::Sane,
        // Nothing was ever there to be removed too early.
        None if newest.is_none() => Look::Sane,
        _ => Look::Unsure,
    })
}

/// Of the newest messages that came in, the one that was sent last by Meta's clock: when it was
/// received, and when it was sent.
fn newest(connection: &Connection) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    let sql = "SELECT at, meta_at, direction FROM messages ORDER BY id DESC LIMIT $1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([NEWEST])?;
    let mut newest: Option<(Timestamp, Timestamp)> = None;
    while let Some(row) = rows.next()? {
        let (at, meta): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
        let inbound = row.get::<u8>(2)? == Direction::Inbound.code();
        let Some(meta) = meta.filter(|_| inbound).map(Timestamp::from_micros) else {
            continue;
        };
        if newest.is_none_or(|(_, known)| known < meta) {
            newest = Some((Timestamp::from_micros(at), meta));
        }
    }
    Ok(newest)
}
