//! What goes by itself once it has served its time.

use domain::time::Span;

use crate::error::StoreError;
use crate::tx::Tx;

/// Meta repeats a webhook for 7 days; a day is added for clocks.
const REPETITIONS: Span = Span::days(8);

/// How long a raw webhook is kept aside.
const QUARANTINE: Span = Span::days(30);

/// How long one-time codes count in what a number may ask for in a day.
const CODES: Span = Span::days(2);

/// How many rows one transaction removes of each kind, so that nobody waits long behind it.
const SLICE: u32 = 2_000;

/// Removes one slice of everything that has served its time, and the keys of quarantined days.
/// Returns whether there may be more.
pub(crate) fn tidy(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let repeated = tx.now() - REPETITIONS;
    let kept = (tx.now() - QUARANTINE).day();
    let mut more = false;
    let mut delete = |sql: &str, before: i64| -> Result<(), StoreError> {
        let mut statement = tx.connection.prepare_cached(sql)?;
        more |= SLICE as usize <= statement.execute((before, SLICE))?;
        Ok(())
    };
    delete(
        "DELETE FROM dedup WHERE (second, tag) IN \
         (SELECT second, tag FROM dedup WHERE second < $1 LIMIT $2)",
        repeated.seconds(),
    )?;
    delete(
        "DELETE FROM idempotency WHERE (app_id, tag) IN \
         (SELECT app_id, tag FROM idempotency WHERE at < $1 LIMIT $2)",
        repeated.micros(),
    )?;
    delete(
        "DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine WHERE day < $1 LIMIT $2)",
        kept,
    )?;
    delete(
        "DELETE FROM codes WHERE id IN (SELECT id FROM codes WHERE created_at < $1 LIMIT $2)",
        (tx.now() - CODES).micros(),
    )?;
    tx.keyring().drop_quarantine_before(kept)?;
    Ok(more)
}
