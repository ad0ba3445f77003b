//! What a run counted, by table and month, with the first ids of each: what a preview shows.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::judge::Verdict;
use super::stage::Candidate;
use super::stage::Stage;

/// How many ids of each table are shown.
const SAMPLES: usize = 20;

/// Counts by table.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Tally(BTreeMap<String, OfTable>);

#[derive(Debug, Default, Deserialize, Serialize)]
struct OfTable {
    class: String,
    months: BTreeMap<String, Counts>,
    samples: Vec<i64>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
struct Counts {
    due: u64,
    erased: u64,
    kept: u64,
    held: u64,
    review: u64,
}

impl Tally {
    /// What was counted before.
    pub(super) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    pub(super) fn count(&mut self, stage: Stage, one: &Candidate, verdict: Verdict) {
        let table = self.0.entry(stage.table().name.to_owned()).or_default();
        stage.class().name().clone_into(&mut table.class);
        let instant = one.at.to_string();
        let month = instant.get(..7).unwrap_or(&instant).to_owned();
        let counts = table.months.entry(month).or_default();
        counts.due += 1;
        match verdict {
            Verdict::Gone => counts.erased += 1,
            Verdict::Held => counts.held += 1,
            Verdict::Review(..) => counts.review += 1,
            Verdict::Kept | Verdict::Young => counts.kept += 1,
        }
        if table.samples.len() < SAMPLES && verdict == Verdict::Gone {
            table.samples.push(one.id);
        }
    }
}
