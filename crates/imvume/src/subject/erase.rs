//! `imvume subject erase`.

use std::sync::Arc;

use anyhow::Context as _;
use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::ids::SubjectId;
use domain::retention::Keep;
use domain::time::Span;
use serde_json::json;
use store::Store;
use store::erase::EraseOrder;
use store::erase::Erased;
use store::erase::Ordered;

use super::Erase;
use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;

pub(super) fn run(arguments: &Erase) -> anyhow::Result<Verdict> {
    let reason = EraseReason::from_name(&arguments.reason)
        .context("--reason: there is no such reason; see --help")?;
    let config = Config::load(&arguments.config)?;
    let store: Arc<Store> = instance::open_existing(&config)
        .context("while the gateway runs, use the admin API: POST /api/v1/subjects/ID/erasure")?;
    let runtime = instance::runtime()?;
    let ordered = runtime.block_on(erase(&store, &config, arguments, reason));
    store.close();
    match ordered? {
        Ordered::Erased(erased) => told(arguments, &erased),
        Ordered::Waiting if arguments.json => output::json(&json!({"state": "waiting"})),
        Ordered::Waiting => output::line(
            "the person is restricted, and erased once the gateway runs and has told Meta",
        ),
    }
    Ok(Verdict::Held)
}

async fn erase(
    store: &Arc<Store>,
    config: &Config,
    arguments: &Erase,
    reason: EraseReason,
) -> anyhow::Result<Ordered> {
    let settings = config.settings.erasure;
    let subject = SubjectId(arguments.subject);
    let now = store.clock().now();
    let errands = store.read_now(|reader| settings.errands(reader, subject, now))?;
    let order = EraseOrder {
        subject,
        request: None,
        reason,
        recipients_within: settings.recipients_within,
    };
    let patience = if arguments.at_once {
        Span::ZERO
    } else {
        settings.patience
    };
    let ordered = store.order_erasure(Actor::System, order, (errands, patience));
    let ordered = ordered.await?;
    if !arguments.at_once || matches!(ordered, Ordered::Erased(_)) {
        return Ok(ordered);
    }
    // Others whose time is over may come first; the one that was ordered has no patience.
    while let Some(erased) = store.erase_ordered(settings.recipients_within).await? {
        let of = store.read_now(|reader| reader.erasure(erased.id))?;
        if of.is_some_and(|of| of.subject == subject) {
            return Ok(Ordered::Erased(Box::new(erased)));
        }
    }
    Ok(ordered)
}

fn told(arguments: &Erase, erased: &Erased) {
    if arguments.json {
        let kept: Vec<_> = erased
            .kept
            .iter()
            .map(|kept| {
                json!({
                    "class": kept.class.name(),
                    "rule": kept.why.rule(),
                    "until": kept.why.until().map(|until| until.to_string()),
                })
            })
            .collect();
        return output::json(&json!({
            "state": "erased",
            "erasure": erased.id.0,
            "already": erased.already,
            "at": erased.at.to_string(),
            "subjects": erased.subjects,
            "keys": erased.keys,
            "identifiers": erased.identifiers,
            "kept": kept,
        }));
    }
    let (id, at) = (erased.id, erased.at);
    if erased.already {
        return output::line(format!("erasure {id}: erased before, at {at}"));
    }
    output::line(format!(
        "erasure {id}: unreachable since {at}; {} data keys destroyed, {} identifiers removed",
        erased.keys, erased.identifiers
    ));
    for kept in &erased.kept {
        let until = match (&kept.why, kept.why.until()) {
            (Keep::Hold(hold), _) => format!("while hold {hold} lasts"),
            (_, Some(until)) => format!("until {until}"),
            (_, None) => "until somebody decides".to_owned(),
        };
        let (class, rule) = (kept.class.name(), kept.why.rule());
        output::line(format!("  kept: {class}, {rule}, {until}"));
    }
    output::line("the gateway sweeps the rows when it runs next");
}
