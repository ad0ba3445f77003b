//! `imvume subject erasures`.

use std::sync::Arc;

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;
use store::Store;
use store::erase::ErasureFilter;
use store::erase::ErasureView;

use super::Erasures;
use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;

/// So many are shown at the most, the newest first.
const MOST: u32 = 1_000;

/// An erasure, and how many recipients there are, have acknowledged, and are late.
struct Shown {
    erasure: ErasureView,
    told: usize,
    acknowledged: usize,
    late: usize,
}

pub(super) fn run(arguments: &Erasures) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let store: Arc<Store> = instance::open_existing(&config)
        .context("while the gateway runs, use the admin API: GET /api/v1/erasures")?;
    let now = store.clock().now();
    let filter = ErasureFilter {
        overdue_at: arguments.overdue.then_some(now),
        undecided: arguments.undecided,
        before: None,
    };
    let shown = store.read_now(|reader| {
        let mut shown = Vec::new();
        for erasure in reader.erasures(filter, MOST)? {
            let recipients = reader.erasure_recipients(erasure.id)?;
            let open = || {
                recipients
                    .iter()
                    .filter(|one| one.acknowledged_at.is_none())
            };
            shown.push(Shown {
                told: recipients.len(),
                acknowledged: recipients.len() - open().count(),
                late: open().filter(|one| one.due_at <= now).count(),
                erasure,
            });
        }
        Ok(shown)
    })?;
    store.close();
    if arguments.json {
        output::json(&Value::Array(shown.iter().map(as_json).collect()));
        return Ok(Verdict::Held);
    }
    for one in &shown {
        let erasure = &one.erasure;
        let late = if one.late == 0 { "" } else { "  OVERDUE" };
        output::line(format!(
            "{:>8}  {}  {:<18}  {:<8}  {} of {} recipients{late}",
            erasure.id.0,
            erasure.at,
            erasure.reason.name(),
            erasure.state.name(),
            one.acknowledged,
            one.told,
        ));
    }
    if shown.is_empty() {
        output::line("nobody's erasure stands like that");
    }
    Ok(Verdict::Held)
}

fn as_json(one: &Shown) -> Value {
    let erasure = &one.erasure;
    json!({
        "id": erasure.id.0,
        "reason": erasure.reason.name(),
        "erased_at": erasure.at.to_string(),
        "state": erasure.state.name(),
        "keys": erasure.keys,
        "rows": erasure.rows,
        "files": erasure.objects,
        "horizon_at": erasure.horizon_at.map(|at| at.to_string()),
        "media_at_meta": erasure.media_at_meta.name(),
        "contact_at_meta": erasure.contact_at_meta.name(),
        "recipients": one.told,
        "acknowledged": one.acknowledged,
        "late": one.late,
        "leaf": erasure.leaf,
    })
}
