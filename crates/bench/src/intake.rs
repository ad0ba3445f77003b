//! Intake: signed webhooks over HTTP until they are durable.

use std::sync::Arc;
use std::time::Duration;

use crate::clock;
use crate::corpus;
use crate::corpus::Person;
use crate::corpus::Written;
use crate::figure;
use crate::figure::median;
use crate::floor;
use crate::house::House;
use crate::load;
use crate::load::Requests;
use crate::report;
use crate::report::Goal;
use crate::report::Report;
use crate::sink::Sink;

/// Different people, and webhooks of one pass: one from each. A slow pass ends before all have written.
pub(crate) const PEOPLE: u32 = 200_000;

/// Passes a median is taken of.
const RUNS: usize = 3;

/// Nobody answers there: intake calls nobody at Meta.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:9/";

/// How intake is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// How many connections bring webhooks.
    pub(crate) connections: u16,
    /// Whether an app is relayed to.
    pub(crate) relay: bool,
}

/// What one pass over all people gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    /// How many webhooks it took in.
    pub(crate) count: usize,
    /// Webhooks a second.
    pub(crate) rate: f64,
    p50: f64,
    p99: f64,
    cpu: f64,
    relayed: f64,
}

/// One run: the floors, and a pass each with people who are new and people who are known.
#[derive(Clone, Copy, Debug)]
struct Run {
    disk: f64,
    bare: floor::Acknowledged,
    append: f64,
    new: Pass,
    known: Pass,
    behind: f64,
    bytes: f64,
}

/// Three runs, each over a fresh store, and their medians.
pub(crate) fn run(options: Options) -> anyhow::Result<Report> {
    let (new, known) = (requests(0, 0), requests(0, PEOPLE));
    let mut runs = Vec::new();
    for turn in 1..=RUNS {
        report::note(&format!("intake: run {turn} of {RUNS}"));
        runs.push(one(options, &new, &known)?);
    }
    Ok(tell(options, &Runs(runs)))
}

/// All runs; a figure of them is the median.
struct Runs(Vec<Run>);

impl Runs {
    fn of(&self, figure: impl Fn(&Run) -> f64) -> f64 {
        median(self.0.iter().map(figure).collect())
    }
}

fn tell(Options { connections, relay }: Options, runs: &Runs) -> Report {
    let with = if relay {
        "one app relayed to"
    } else {
        "no relay"
    };
    let mut report = Report::new(format!(
        "Intake of signed webhooks: {connections} connections, {PEOPLE} people, {with}; \
         medians of {RUNS}"
    ));
    let bare = "floor: bare acknowledge";
    report.figure("floor: fdatasync of 4 KiB", runs.of(|run| run.disk), "/s");
    report.figure(bare, runs.of(|run| run.bare.rate), "/s");
    report.figure(
        format!("{bare}, CPU each"),
        runs.of(|run| run.bare.micros),
        "µs",
    );
    report.figure("floor: raw append", runs.of(|run| run.append), "rows/s");
    let rate = runs.of(|run| run.new.rate);
    if connections == 64 && !relay {
        report.against("new people: rate", rate, "/s", Goal::AtLeast(20_000.0));
    } else {
        report.figure("new people: rate", rate, "/s");
    }
    tell_pass(&mut report, "new people", runs, |run| run.new);
    report.figure("known people: rate", runs.of(|run| run.known.rate), "/s");
    tell_pass(&mut report, "known people", runs, |run| run.known);
    if relay {
        let (new, known) = (|run: &Run| run.new.relayed, |run: &Run| run.known.relayed);
        report.figure("relayed meanwhile, new people", runs.of(new), "/s");
        report.figure("relayed meanwhile, known people", runs.of(known), "/s");
    }
    report.figure(
        "the log's files were behind by",
        runs.of(|run| run.behind),
        "s",
    );
    report.figure("database, each message", runs.of(|run| run.bytes), "bytes");
    report
}

fn tell_pass(report: &mut Report, name: &str, runs: &Runs, which: fn(&Run) -> Pass) {
    let of_bare = runs.of(|run| which(run).rate / run.bare.rate);
    report.figure(format!("{name}: of the bare acknowledge"), of_bare, "×");
    report.figure(format!("{name}: p50"), runs.of(|run| which(run).p50), "ms");
    report.figure(format!("{name}: p99"), runs.of(|run| which(run).p99), "ms");
    report.figure(
        format!("{name}: CPU each"),
        runs.of(|run| which(run).cpu),
        "µs",
    );
}

/// One signed webhook from each of the people, serial numbers from `serial` on.
pub(crate) fn requests(first: u32, serial: u32) -> Arc<Requests> {
    let at = store::Clock::default().now();
    let written = |n| Written {
        from: Person(first + n),
        serial: serial + n,
        at,
    };
    Arc::new(corpus::webhooks((0..PEOPLE).map(written)))
}

fn one(options: Options, new: &Arc<Requests>, known: &Arc<Requests>) -> anyhow::Result<Run> {
    let bare = floor::acknowledge(new, options.connections)?;
    let house = House::open(NOWHERE, 1)?;
    let disk = floor::disk_rate(&floor::fdatasync(house.directory())?);
    let append = floor::append(house.directory())?;
    let sink = if options.relay {
        let sink = Sink::start()?;
        house.add_app(Some(sink.url()))?;
        Some(sink)
    } else {
        None
    };
    let empty = house.bytes();
    let new = measure(&house, (new, new.len()), options.connections, sink.as_ref())?;
    // Only who has written before is known.
    let known = measure(
        &house,
        (known, new.count),
        options.connections,
        sink.as_ref(),
    )?;
    let bytes = house.bytes().saturating_sub(empty);
    let began = clock::now();
    house.wait(house.service.publish_now())?;
    let behind = began.elapsed().as_secs_f64();
    house.close();
    Ok(Run {
        disk,
        bare,
        append,
        new,
        known,
        behind,
        bytes: figure::float(bytes) / figure::float((new.count + known.count) as u64),
    })
}

/// Brings at most so many webhooks to the gateway's public door and counts what it takes.
pub(crate) fn measure(
    house: &House,
    (requests, most): (&Arc<Requests>, usize),
    connections: u16,
    sink: Option<&Sink>,
) -> anyhow::Result<Pass> {
    let aside = || match sink {
        Some(sink) => sink.cpu().map(|cpu| (cpu, sink.taken())),
        None => Ok((Duration::ZERO, 0)),
    };
    let (before, (sink_before, taken_before)) = (clock::process_cpu(), aside()?);
    let outcome = load::run(house.public, requests, most, connections)?;
    let (after, (sink_after, taken_after)) = (clock::process_cpu(), aside()?);
    anyhow::ensure!(
        outcome.failed == 0,
        "{} webhooks were refused",
        outcome.failed
    );
    let others = outcome.cpu + sink_after.saturating_sub(sink_before);
    let spent = after.saturating_sub(before + others);
    let count = outcome.times.len();
    Ok(Pass {
        count,
        rate: figure::rate(count, outcome.elapsed),
        p50: outcome.times.percentile(50),
        p99: outcome.times.percentile(99),
        cpu: figure::micros_each(spent, count),
        relayed: figure::rate(taken_after - taken_before, outcome.elapsed),
    })
}
