//! `imvume keys`: which there are, and rolling them.

use domain::time::Span;
use domain::time::Timestamp;
use serde_json::json;
use store::Clock;

use crate::Verdict;
use crate::cli;
use crate::config::Config;
use crate::instance;
use crate::output;

/// Shows the keys by number and age. It only reads the keyring, so the gateway may run.
pub(crate) fn status(arguments: &cli::Configured) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let keyring = instance::open_keyring(&config)?;
    let keys = keyring.keys();
    let now = Clock::default().now();
    let epochs: Vec<(u32, Timestamp)> = keys
        .epochs()
        .map(|epoch| (epoch.id(), Timestamp::from_micros(epoch.created_micros())))
        .collect();
    // What stands under a suppression key depends on a text; how many keys there are does not.
    let suppression = keys.suppression("").0;
    let under_way = keys.old_epochs().next().is_some();
    if arguments.json {
        let epochs: Vec<_> = epochs
            .iter()
            .map(|(id, at)| json!({"id": id, "created_at": at.to_string()}))
            .collect();
        output::json(&json!({
            "instance": keyring.instance_id(),
            "epochs": epochs,
            "suppression_key": suppression,
            "roll_under_way": under_way,
        }));
        return Ok(Verdict::Held);
    }
    output::line(format_args!("Instance {}", keyring.instance_id()));
    for (place, (id, at)) in epochs.iter().enumerate() {
        let state = if place == 0 {
            "current"
        } else {
            "being left behind"
        };
        let age = age(now.since(*at));
        output::line(format_args!(
            "Epoch key {id}: {state}, made at {at} ({age} ago)"
        ));
    }
    output::line(format_args!("Suppression key: version {suppression}"));
    if under_way {
        output::line(
            "A roll was interrupted; it goes on with `imvume keys roll` or at the next start.",
        );
    }
    Ok(Verdict::Held)
}

fn age(span: Span) -> String {
    match span.as_micros() / Span::days(1).as_micros() {
        0 => span.to_string(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// Rolls the epoch key, or ends a roll that was interrupted.
pub(crate) fn roll(arguments: &cli::Configured) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let interrupted = instance::open_keyring(&config)?
        .keys()
        .old_epochs()
        .next()
        .is_some();
    // Opening the store ends an interrupted roll.
    let store = instance::open_existing(&config)?;
    let rolled = if interrupted {
        None
    } else {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Some(runtime.block_on(store.roll())?)
    };
    let epoch = store.keyring().current_epoch().id();
    store.close();
    match (rolled, arguments.json) {
        (rolled, true) => output::json(&json!({
            "epoch": epoch,
            "resumed": interrupted,
            "data_keys": rolled.map(|rolled| rolled.keys),
            "identifiers": rolled.map(|rolled| rolled.identifiers),
        })),
        (Some(rolled), false) => output::line(format_args!(
            "Rolled to epoch key {epoch}: {} data keys wrapped anew, {} identifiers indexed anew, \
             the old key destroyed.",
            rolled.keys, rolled.identifiers
        )),
        (None, false) => output::line(format_args!(
            "A roll had been interrupted and is now whole; epoch key {epoch} is the only one."
        )),
    }
    Ok(Verdict::Held)
}
