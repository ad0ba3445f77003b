//! `imvume keys`: which there are, and rolling them.

use std::sync::Arc;

use anyhow::Context as _;
use domain::audit::Actor;
use domain::time::Span;
use domain::time::Timestamp;
use serde_json::json;
use store::Clock;
use store::Pace;
use store::RollStage;
use store::Rolled;
use store::Store;
use store::StoreError;

use crate::Verdict;
use crate::cli;
use crate::config::Config;
use crate::instance;
use crate::output;
use crate::signals::Signals;

/// How far a roll has come is shown once in so many slices.
const SHOWN: u64 = 8;

/// Shows the keys by number and age, and how far a roll is. It only looks, so the gateway may run.
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
    let stage = if under_way {
        let looked = config.database.look(&config.directory, &keyring);
        // A roll that has only just begun may not be on record yet.
        let roll = looked.with_context(|| instance::place(&config))?.roll;
        Some(roll.and_then(|roll| roll.stage).unwrap_or(RollStage::Keys))
    } else {
        None
    };
    let horizon = config.settings.horizon();
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
            "roll_stage": stage.map(RollStage::name),
            "erasure_horizon_days": horizon.map(days),
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
    show_horizon(&config);
    if let Some(stage) = stage {
        output::line(format_args!(
            "A roll is under way: {}. It goes on while the gateway serves, or with `imvume keys roll`.",
            words(stage)
        ));
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

fn show_horizon(config: &Config) {
    let settings = &config.settings;
    if let Some(horizon) = settings.horizon() {
        output::line(format_args!(
            "Erasure horizon: {} days, of which {} are an epoch and {} for copies that backup places keep",
            days(horizon),
            days(settings.epoch.unwrap_or_default()),
            days(settings.backup.copies),
        ));
    }
}

const fn days(span: Span) -> i64 {
    span.as_micros() / Span::days(1).as_micros()
}

/// Rolls the epoch key, or goes on with a roll that was interrupted.
pub(crate) fn roll(arguments: &cli::Configured) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let store = instance::open_existing(&config)?;
    let resumed = is_under_way(&store);
    let before = store.keyring().current_epoch().id();
    crate::backup::ship_for(&config, &store);
    let runtime = instance::runtime()?;
    let rolled = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        tokio::select! {
            biased;
            rolled = to_the_end(&store, resumed) => rolled.map(Some),
            () = signals.next() => Ok(None),
        }
    });
    output::progress_done();
    // It ends the step that was under way when a signal came.
    store.close();
    let epoch = store.keyring().current_epoch().id();
    let Some(rolled) = rolled? else {
        output::note(if is_under_way(&store) {
            "Interrupted; nothing is lost. The roll goes on with `imvume keys roll`, or while the \
             gateway serves."
        } else if resumed || epoch != before {
            "Interrupted in its last step, which is done: the roll is whole."
        } else {
            "Interrupted before the roll was begun; nothing has changed."
        });
        return Ok(Verdict::Cut);
    };
    if arguments.json {
        output::json(&json!({
            "epoch": epoch,
            "resumed": resumed,
            "data_keys": rolled.keys,
            "identifiers": rolled.identifiers,
        }));
        return Ok(Verdict::Held);
    }
    let begun = if resumed {
        "The roll that was under way is whole: epoch key"
    } else {
        "Rolled to epoch key"
    };
    output::line(format_args!(
        "{begun} {epoch}: {} data keys wrapped anew, {} identifiers indexed anew, the old key destroyed.",
        rolled.keys, rolled.identifiers
    ));
    Ok(Verdict::Held)
}

fn is_under_way(store: &Store) -> bool {
    store.keyring().keys().old_epochs().next().is_some()
}

async fn to_the_end(store: &Arc<Store>, resumed: bool) -> anyhow::Result<Rolled> {
    if !resumed {
        store.begin_roll(Actor::System).await?;
    }
    let mut slices = 0_u64;
    loop {
        match store.roll_slice().await? {
            Pace::More(stage) => {
                slices += 1;
                if slices.is_multiple_of(SHOWN) {
                    let row = store.last_roll().await?;
                    let done = row.map(|row| row.done).unwrap_or_default();
                    output::progress(format_args!(
                        "{}: {} data keys, {} identifiers",
                        words(stage),
                        done.keys,
                        done.identifiers
                    ));
                }
            }
            Pace::Waits => return Err(StoreError::NotShipped.into()),
            Pace::Ended(rolled) => return Ok(rolled),
            Pace::None => return Ok(Rolled::default()),
        }
    }
}

const fn words(stage: RollStage) -> &'static str {
    match stage {
        RollStage::Keys => "Data keys are wrapped anew",
        RollStage::Index => "Identifiers are indexed anew",
        RollStage::Sweep => "The old index is removed",
        RollStage::Bundle => "The key bundle is shipped; until it is, the old key stays",
    }
}
