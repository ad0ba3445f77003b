//! Recipients tell that they have erased, too; and copies of the keys are gone.

use domain::audit::Action;
use domain::audit::Actor;
use domain::event::EventKind;
use domain::ids::AppId;
use domain::ids::ErasureId;
use domain::ids::EventEndpointId;
use domain::time::Span;

use super::ids;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::event::About;
use crate::restore::RESTORED_AT;
use crate::setting;
use crate::store::Store;
use crate::tx::Tx;

/// Who was told to erase, too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Recipient {
    /// An app.
    App(AppId),
    /// An endpoint of the event channel.
    Endpoint(EventEndpointId),
}

impl Store {
    /// Takes down that a recipient has erased. Returns whether it had not said so before.
    ///
    /// # Errors
    /// [`Refusal::Missing`] where that recipient was not told of that erasure.
    pub async fn acknowledge_erasure(
        &self,
        actor: Actor,
        erasure: ErasureId,
        recipient: Recipient,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| acknowledge(tx, actor, erasure, recipient))
            .await
    }

    /// Marks the erasures of whose data keys no copy is left anywhere: the epoch key they last stood
    /// under was destroyed, and no place holds a bundle of before. Returns how many.
    pub async fn reach_horizons(&self) -> Result<u64, StoreError> {
        self.write(|tx| reach_horizons(tx)).await
    }

    /// Says how long after its removal a copy of an older key bundle can still be at a place: horizons that
    /// are reached from now on lie so much later.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep_copies(&self, copies: Span) -> Result<(), StoreError> {
        self.write(move |tx| {
            let known = setting::get(tx.connection, COPIES)?.unwrap_or(0);
            if known != copies.as_micros() {
                setting::set(tx.connection, COPIES, copies.as_micros())?;
            }
            Ok(())
        })
        .await
    }
}

/// The setting that says how long places keep copies of what was removed, in microseconds.
const COPIES: &str = "bundle_copies";

/// Marks what [`Store::reach_horizons`] tells of. After a restore the places hold what they held before,
/// whatever is on record, until a roll that begins after it has replaced it.
pub(crate) fn reach_horizons(tx: &Tx<'_>) -> Result<u64, StoreError> {
    let restored = setting::get(tx.connection, RESTORED_AT)?.unwrap_or(0);
    // From then on no copy is left that a place keeps by itself, either.
    let copies = setting::get(tx.connection, COPIES)?.unwrap_or(0);
    let sql = "UPDATE erasures SET horizon_at = $1, updated_at = $2 \
               WHERE horizon_at IS NULL AND EXISTS (SELECT 1 FROM rolls r \
               WHERE r.ended_at IS NOT NULL AND r.begun_at > coalesce((SELECT \
               max(k.ended_at) FROM erasure_kept k WHERE k.erasure_id = erasures.id), \
               erasures.erased_at) AND r.begun_at > $3 AND NOT EXISTS (SELECT 1 FROM bundles b \
               WHERE b.gone_at IS NULL AND b.epoch < r.epoch))";
    let mut statement = tx.connection.prepare_cached(sql)?;
    let now = tx.now().micros();
    Ok(statement.execute((now.saturating_add(copies), now, restored))? as u64)
}

fn acknowledge(
    tx: &mut Tx<'_>,
    actor: Actor,
    erasure: ErasureId,
    recipient: Recipient,
) -> Result<bool, StoreError> {
    let (column, id) = match recipient {
        Recipient::App(app) => ("app_id", app.0),
        Recipient::Endpoint(endpoint) => ("endpoint_id", endpoint.0),
    };
    let sql = format!(
        "UPDATE erasure_recipients SET acknowledged_at = $1, alias = NULL \
         WHERE erasure_id = $2 AND {column} = $3 AND acknowledged_at IS NULL"
    );
    let touched =
        tx.connection
            .prepare_cached(&sql)?
            .execute((tx.now().micros(), erasure.0, id))?;
    if touched == 0 {
        let sql =
            format!("SELECT id FROM erasure_recipients WHERE erasure_id = $1 AND {column} = $2");
        if ids(tx.connection, &sql, (erasure.0, id))?.is_empty() {
            return Err(Refusal::Missing("erasure that this recipient was told of").into());
        }
        return Ok(false);
    }
    let sql = "SELECT subject_id FROM erasures WHERE id = $1";
    let about = About {
        app: match recipient {
            Recipient::App(app) => Some(app),
            Recipient::Endpoint(_) => None,
        },
        thing: Some(erasure.0),
        detail: ids(tx.connection, sql, [erasure.0])?.first().copied(),
        ..About::default()
    };
    tx.emit(EventKind::ErasureAcknowledged, about)?;
    let detail = match recipient {
        Recipient::App(app) => format!("erasure {erasure} app {app}"),
        Recipient::Endpoint(endpoint) => format!("erasure {erasure} event endpoint {endpoint}"),
    };
    let told = (
        actor,
        Action::ErasureAcknowledged,
        &["erase/acknowledged"] as &[&str],
    );
    tx.note(None, &detail, told)?;
    tx.flush()?;
    Ok(true)
}
