//! What Meta says numbers and accounts may send: every word of it kept, the newest of each aspect in
//! force.

use domain::audit::Action;
use domain::audit::Actor;
use domain::event::EventKind;
use domain::health::HealthAspect;
use domain::health::Told;
use domain::ids::NumberId;
use domain::time::Timestamp;

use crate::dialect::Connection;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::event::About;
use crate::operation::Health;
use crate::registry::Number;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// What staff can declare over: everything by which the gate refuses.
const REFUSING: [HealthAspect; 3] = [
    HealthAspect::Account,
    HealthAspect::BusinessInitiated,
    HealthAspect::Everything,
];

/// Keeps what Meta told, in a leaf of its own, and tells whoever listens.
pub(crate) fn take(tx: &mut Tx<'_>, health: &Health) -> Result<(), StoreError> {
    write(tx, Actor::Meta, health)
}

/// Takes it from staff that what Meta said of a number's account is over: Meta tells of the beginning
/// of a restriction, not always of its end.
pub(crate) fn clear(
    tx: &mut Tx<'_>,
    actor: Actor,
    number: NumberId,
    reason: &str,
) -> Result<(), StoreError> {
    let registry = tx.registry();
    let held = registry.number(number).ok_or(Refusal::Missing("number"))?;
    let now = tx.now();
    let over = |aspect| Told {
        aspect,
        value: 0,
        until: None,
        // A word of Meta's that is on its way tells of what was before.
        at: now.max(held.health.of(aspect).map_or(now, |told| told.at)),
    };
    let standing = held.health.all().iter();
    let standing = standing.filter(|told| REFUSING.contains(&told.aspect) && told.stands(now));
    let told: Vec<Told> = standing.map(|told| over(told.aspect)).collect();
    if told.is_empty() {
        return Err(Refusal::Missing("restriction").into());
    }
    let detail = format!("number {number}: {reason}");
    let leaf = (actor, Action::NumberHealth, &["health/cleared"] as &[&str]);
    tx.note(None, &detail, leaf)?;
    let health = Health {
        waba_id: held.waba_id.clone(),
        number: None,
        told,
        dedup: None,
    };
    write(tx, actor, &health)
}

fn write(tx: &mut Tx<'_>, actor: Actor, health: &Health) -> Result<(), StoreError> {
    if health.told.is_empty() {
        return Ok(());
    }
    let mut leaf = tx.open_leaf()?;
    let mut rules = Vec::with_capacity(health.told.len());
    let mut events = Vec::with_capacity(health.told.len());
    for told in &health.told {
        let id = tx.id(&tables::HEALTH);
        let row = [
            v(id),
            v(health.waba_id.as_str()),
            v(health.number),
            v(told.aspect.code()),
            v(told.value),
            v(told.until),
            v(told.at),
            v(tx.now()),
        ];
        tx.cover(&mut leaf, &tables::HEALTH, row);
        rules.push(format!("health/{}", told.aspect.name()));
        events.push(About {
            number: health.number,
            thing: Some(id),
            detail: Some(i64::from(told.aspect.code())),
            ..About::default()
        });
    }
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    tx.close_leaf(leaf, actor, Action::NumberHealth, &rules);
    for about in events {
        tx.emit(EventKind::NumberHealth, about)?;
    }
    tx.effects.registry = true;
    tx.flush()
}

/// Gives each number what was told of it and of its account.
pub(crate) fn load(connection: &Connection, numbers: &mut [Number]) -> Result<(), StoreError> {
    let sql = "SELECT waba_id, number_id, aspect, value, until, told_at FROM health ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        // An aspect a newer program wrote means nothing here.
        let Some(aspect) = HealthAspect::from_code(row.get(2)?) else {
            continue;
        };
        let told = Told {
            aspect,
            value: row.get(3)?,
            until: row.get::<Option<i64>>(4)?.map(Timestamp::from_micros),
            at: Timestamp::from_micros(row.get(5)?),
        };
        let (waba_id, only): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
        for number in numbers.iter_mut() {
            if number.waba_id == waba_id && only.is_none_or(|id| id == number.id.0) {
                number.health.hear(told);
            }
        }
    }
    Ok(())
}
