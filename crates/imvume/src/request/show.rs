//! `imvume request show`.

use std::sync::Arc;

use anyhow::Context as _;
use domain::ids::RequestId;
use serde_json::Value;
use serde_json::json;
use store::Store;
use store::request::StepView;

use super::Show;
use super::as_json;
use super::line;
use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;

pub(super) fn run(arguments: &Show) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let store: Arc<Store> = instance::open_existing(&config)
        .context("while the gateway runs, use the admin API: GET /api/v1/requests/ID")?;
    let now = store.clock().now();
    let id = RequestId(arguments.id);
    let found = store.read_now(|reader| {
        let case = reader.request(id)?;
        Ok((case, reader.request_steps(id)?))
    })?;
    store.close();
    let (Some(case), steps) = found else {
        anyhow::bail!("there is no case with this number");
    };
    if arguments.json {
        let mut shown = as_json(&case);
        if let Some(object) = shown.as_object_mut() {
            object.insert("steps".to_owned(), steps.iter().map(step).collect());
        }
        output::json(&shown);
        return Ok(Verdict::Held);
    }
    output::line(line(&case, case.request.is_overdue(now)));
    for step in &steps {
        let (at, state) = (step.at, step.state.name());
        output::line(format!(
            "  {at}  {state:<20}  {}  {}",
            step.actor, step.rule
        ));
    }
    Ok(Verdict::Held)
}

fn step(step: &StepView) -> Value {
    json!({
        "at": step.at.to_string(),
        "state": step.state.name(),
        "actor": step.actor,
        "rule": step.rule,
    })
}
