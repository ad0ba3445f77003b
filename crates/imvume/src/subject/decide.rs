//! `imvume subject decide`.

use std::sync::Arc;

use anyhow::Context as _;
use anyhow::ensure;
use domain::audit::Actor;
use domain::ids::ErasureId;
use domain::record_class::RecordClass;
use domain::time::Timestamp;
use store::Store;
use store::erase::Weighed;
use store::retention::Decision;

use super::Decide;
use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;

pub(super) fn run(arguments: &Decide) -> anyhow::Result<Verdict> {
    let class = RecordClass::from_name(&arguments.class)
        .context("--class: there is no such record class; see docs/retention.md")?;
    let reason = arguments.reason.trim();
    ensure!(!reason.is_empty(), "--reason: wants a reason");
    let decision = match &arguments.keep_until {
        None => Decision::Erase,
        Some(until) => {
            let until: Timestamp = until
                .parse()
                .ok()
                .context("--keep-until: wants an instant such as 2029-01-01T00:00:00Z")?;
            Decision::KeepUntil(until)
        }
    };
    let config = Config::load(&arguments.config)?;
    let store: Arc<Store> = instance::open_existing(&config)
        .context("while the gateway runs, use the admin API: POST /api/v1/erasures/ID/decision")?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let weighed = Weighed {
        erasure: ErasureId(arguments.erasure),
        class,
        decision,
        reason: reason.to_owned(),
    };
    let decided = runtime.block_on(store.weigh_kept(Actor::System, weighed));
    store.close();
    let erased = decided?;
    output::line(match (decision, erased) {
        (Decision::KeepUntil(until), _) => {
            format!("it stays until {until}, then it goes by itself")
        }
        (Decision::Erase, true) => {
            "its keys are destroyed; the gateway sweeps the rows when it runs next".to_owned()
        }
        (Decision::Erase, false) => {
            "something else keeps it, and it goes when that ends".to_owned()
        }
    });
    Ok(Verdict::Held)
}
