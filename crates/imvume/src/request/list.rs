//! `imvume request list`.

use std::sync::Arc;

use anyhow::Context as _;
use domain::request::RequestKind;
use serde_json::Value;
use store::Store;
use store::request::RequestFilter;

use super::List;
use super::as_json;
use super::line;
use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;

/// So many are shown at the most, the newest first.
const MOST: u32 = 1_000;

pub(super) fn run(arguments: &List) -> anyhow::Result<Verdict> {
    let kind = match &arguments.kind {
        Some(name) => Some(RequestKind::from_name(name).context("--kind: there is no such kind")?),
        None => None,
    };
    let config = Config::load(&arguments.config)?;
    let store: Arc<Store> = instance::open_existing(&config)
        .context("while the gateway runs, use the admin API: GET /api/v1/requests")?;
    let now = store.clock().now();
    let filter = RequestFilter {
        kind,
        open: arguments.open,
        overdue_at: arguments.overdue.then_some(now),
        untold: arguments.untold,
        ..RequestFilter::default()
    };
    let cases = store.read_now(|reader| reader.requests(&filter, None, MOST))?;
    store.close();
    if arguments.json {
        output::json(&Value::Array(cases.iter().map(as_json).collect()));
        return Ok(Verdict::Held);
    }
    for case in &cases {
        output::line(line(case, case.request.is_overdue(now)));
    }
    if cases.is_empty() {
        output::line("no request of anybody's stands like that");
    }
    Ok(Verdict::Held)
}
