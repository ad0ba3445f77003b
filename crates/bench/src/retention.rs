//! A run of the retention schedule: how much it removes in a second, and what it leaves of intake
//! meanwhile.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use domain::audit::Actor;
use domain::ids::RetentionRunId;
use domain::record_class::RecordClass;
use domain::retention::Action;
use domain::retention::Scope;
use domain::retention::Starts;
use domain::retention::Term;
use domain::time::Span;
use store::Clock;
use store::Store;
use store::retention::NewEntry;
use store::retention::RunState;
use store::retention::RunView;

use crate::clock;
use crate::database::Backend;
use crate::figure::rate;
use crate::floor;
use crate::house::House;
use crate::intake::NOWHERE;
use crate::report;
use crate::report::Goal;
use crate::report::Report;
use crate::roll;
use crate::roll::Load;

/// What a run should leave of intake.
const LEFT: Goal = Goal::AtLeast(0.5);
/// How old the messages are that go, and how old they may be.
const AGE: Span = Span::days(60);
const MOST: u32 = 30;
/// How often it is looked how far a run has come.
const LOOK: Duration = Duration::from_millis(5);

/// Measures a run that removes so many messages, at rest and under load.
pub(crate) fn run(backend: &Backend, messages: u32) -> anyhow::Result<Report> {
    let now = Clock::default().now();
    let clock = Clock::manual(now - AGE);
    let house = House::open_at(backend, NOWHERE, clock.clone())?;
    let disk = floor::disk_rate(&floor::fdatasync(house.directory())?);
    let store = Arc::clone(house.service.store());
    let number = *house.numbers().first().context("no number")?;
    let title = format!("Retention of {messages} messages: {}", backend.name());
    let mut report = Report::new(title);
    report.figure("floor: fdatasync of 4 KiB", disk, "/s");

    report::note(&format!("retention: loading, {}", backend.name()));
    house.wait(roll::load(&store, number, messages))?;
    clock.set(now);
    let id = house.wait(begin(&store))?;
    let (took, gone) = house.wait(ended(&store, id, Duration::MAX))?;
    report.figure(
        "messages removed, nobody else writing",
        rate(gone, took),
        "/s",
    );

    clock.set(now - AGE + Span::hours(2));
    house.wait(roll::load(&store, number, messages))?;
    clock.set(now);
    let load = Arc::new(Load::new(&store, number, messages));
    let alone = house.wait(load.rate(roll::alone()))?;
    let id = house.wait(begin(&store))?;
    let mut gone = Ok((Duration::ZERO, 0));
    let run = async {
        gone = ended(&store, id, roll::MEANWHILE).await;
    };
    let meanwhile = house.wait(load.rate(run))?;
    let (took, gone) = gone?;
    report.figure("intake without a run", alone, "/s");
    report.figure("intake during a run", meanwhile, "/s");
    report.against("intake left during a run", meanwhile / alone, "×", LEFT);
    report.figure("messages removed under that load", rate(gone, took), "/s");
    house.close();
    Ok(report)
}

/// Switches the schedule on, if it is not yet, and begins a run.
async fn begin(store: &Arc<Store>) -> anyhow::Result<RetentionRunId> {
    let on = store.read_now(|reader| {
        Ok(reader
            .schedule(false)?
            .iter()
            .any(store::retention::Entry::is_on))
    })?;
    if !on {
        let entry = NewEntry {
            code: "bench".to_owned(),
            scope: Scope {
                class: RecordClass::Conversation,
                purpose: None,
                jurisdiction: None,
                number: None,
            },
            term: Term {
                minimum: None,
                maximum: Some(MOST),
                starts: Starts::Received,
                action: Action::Erase,
            },
            provision: "bench".to_owned(),
        };
        let entry = store.add_retention_rule(Actor::System, entry).await?;
        let preview = store.begin_preview(Actor::System).await?;
        while view(store, preview)?.state != RunState::Done {
            tokio::time::sleep(LOOK).await;
        }
        store.switch_on_retention_rule(Actor::System, entry).await?;
    }
    let id = store.begin_retention_run(Actor::System).await?;
    if view(store, id)?.state == RunState::SecondLook {
        store.confirm_run(Actor::System, id).await?;
    }
    Ok(id)
}

fn view(store: &Store, id: RetentionRunId) -> anyhow::Result<RunView> {
    let run = store.read_now(|reader| reader.retention_run(id))?;
    run.context("the run is gone")
}

/// Waits until the service's own job has taken a run to its end, or for so long. Returns how long it was
/// under way, and how many messages went.
async fn ended(
    store: &Arc<Store>,
    id: RetentionRunId,
    at_most: Duration,
) -> anyhow::Result<(Duration, usize)> {
    while view(store, id)?.examined == 0 {
        tokio::time::sleep(LOOK).await;
    }
    let began = clock::now();
    loop {
        let run = view(store, id)?;
        let took = began.elapsed();
        if run.state == RunState::Done || at_most <= took {
            return Ok((took, usize::try_from(run.erased)?));
        }
        tokio::time::sleep(LOOK).await;
    }
}
