//! Intake: signed webhooks over HTTP until they are durable; over both databases, and over the
//! comparison stack, in the same run.

use std::sync::Arc;

use crate::clock;
use crate::corpus;
use crate::corpus::Person;
use crate::corpus::Written;
use crate::database::Backend;
use crate::database::Choice;
use crate::figure;
use crate::figure::median;
use crate::floor;
use crate::house::House;
use crate::load::Requests;
use crate::pass::Meter;
use crate::pass::Pass;
use crate::pass::Taker;
use crate::report;
use crate::report::Goal;
use crate::report::Report;
use crate::sink::Sink;
use crate::stack;
use crate::stack::Stack;

/// Different people, and webhooks of one pass: one from each. A slow pass ends before all have written.
pub(crate) const PEOPLE: u32 = 200_000;

/// Passes a median is taken of.
const RUNS: usize = 3;

/// Webhooks the stack gets before it is measured, of people who do not write again.
const WARMING: u32 = 2_000;

/// Nobody answers there: intake calls nobody at Meta.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:9/";

/// How intake is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// How many connections bring webhooks.
    pub(crate) connections: u16,
    /// Over what.
    pub(crate) database: Choice,
    /// Whether an app is relayed to.
    pub(crate) relay: bool,
    /// Whether the comparison stack is measured too.
    pub(crate) stack: bool,
}

/// One run: the floors, and each side.
#[derive(Debug)]
struct Run {
    disk: f64,
    bare: floor::Acknowledged,
    append: f64,
    /// Of PostgreSQL, if it is measured.
    commits: f64,
    sides: Vec<Side>,
}

/// What takes webhooks, and a pass each with people who are new and people who are known.
#[derive(Clone, Debug)]
struct Side {
    name: String,
    kind: Kind,
    new: Pass,
    known: Pass,
    /// How long the log's files took to follow at the end, seconds.
    behind: f64,
    /// Of the database, each message.
    bytes: f64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Postgres,
    Sqlite,
    Stack,
}

/// The webhooks of people who are new, and of the same when they write again.
#[derive(Debug)]
struct Inputs {
    new: Arc<Requests>,
    known: Arc<Requests>,
    warming: Arc<Requests>,
}

/// Three runs, each over fresh databases, and their medians.
pub(crate) fn run(options: Options) -> anyhow::Result<Report> {
    let backends = options.database.backends();
    if options.stack {
        let served = backends.iter().any(|backend| backend.cluster().is_some());
        anyhow::ensure!(served, "the stack runs on PostgreSQL: leave --database out");
    }
    let inputs = Inputs {
        new: requests(0, 0),
        known: requests(0, PEOPLE),
        warming: written(2 * PEOPLE, 2 * PEOPLE, WARMING),
    };
    let mut runs = Vec::new();
    for turn in 1..=RUNS {
        report::note(&format!("intake: run {turn} of {RUNS}"));
        runs.push(one(options, &backends, &inputs)?);
    }
    Ok(tell(options, &Runs(runs)))
}

/// One signed webhook from each of the people, serial numbers from `serial` on.
pub(crate) fn requests(first: u32, serial: u32) -> Arc<Requests> {
    written(first, serial, PEOPLE)
}

fn written(first: u32, serial: u32, count: u32) -> Arc<Requests> {
    let at = store::Clock::default().now();
    let written = |n| Written {
        from: Person(first + n),
        serial: serial + n,
        at,
    };
    Arc::new(corpus::webhooks((0..count).map(written)))
}

fn one(options: Options, backends: &[Backend], inputs: &Inputs) -> anyhow::Result<Run> {
    let bare = floor::acknowledge(&inputs.new, options.connections)?;
    let directory = crate::house::directory()?;
    let disk = floor::disk_rate(&floor::fdatasync(directory.path())?);
    let append = floor::append(directory.path())?;
    let mut commits = 0.0;
    let mut sides = Vec::new();
    for backend in backends {
        if let Some(cluster) = backend.cluster() {
            commits = floor::commits(cluster)?;
        }
        sides.push(gateway(options, backend, inputs)?);
        if let (true, Some(cluster)) = (options.stack, backend.cluster()) {
            for workers in stack::WORKERS {
                let stack = Stack::start(cluster, workers)?;
                let name = format!("stack, workers: {workers}");
                sides.push(compared(options, (name, &stack), backend, inputs)?);
            }
        }
    }
    Ok(Run {
        disk,
        bare,
        append,
        commits,
        sides,
    })
}

/// Both passes over the gateway.
fn gateway(options: Options, backend: &Backend, inputs: &Inputs) -> anyhow::Result<Side> {
    let house = House::open(backend, NOWHERE, 1)?;
    let sink = relay(&house, options.relay)?;
    let meter = Meter {
        taker: Taker::House,
        sink: sink.as_ref(),
        cluster: backend.cluster(),
    };
    let empty = house.bytes();
    let (new, known) = both(inputs, |requests, most| {
        meter.measure(house.public, (requests, most), options.connections)
    })?;
    let bytes = house.bytes().saturating_sub(empty);
    let began = clock::now();
    house.wait(house.service.publish_now())?;
    let behind = began.elapsed().as_secs_f64();
    house.close();
    Ok(Side {
        name: backend.name().to_owned(),
        kind: match backend {
            Backend::Postgres(_) => Kind::Postgres,
            Backend::Sqlite => Kind::Sqlite,
        },
        new,
        known,
        behind,
        bytes: each(bytes, new.count + known.count),
    })
}

/// An app that is relayed to, if there is to be one.
pub(crate) fn relay(house: &House, wanted: bool) -> anyhow::Result<Option<Sink>> {
    if !wanted {
        return Ok(None);
    }
    let sink = Sink::start()?;
    house.add_app(Some(sink.url()))?;
    Ok(Some(sink))
}

/// Both passes over the comparison stack.
fn compared(
    options: Options,
    (name, stack): (String, &Stack<'_>),
    backend: &Backend,
    inputs: &Inputs,
) -> anyhow::Result<Side> {
    stack.warm(&inputs.warming)?;
    let meter = Meter {
        taker: Taker::Program(stack.process()),
        sink: None,
        cluster: backend.cluster(),
    };
    let empty = stack.bytes();
    let (new, known) = both(inputs, |requests, most| {
        meter.measure(stack.address, (requests, most), options.connections)
    })?;
    let bytes = stack.bytes().saturating_sub(empty);
    Ok(Side {
        name,
        kind: Kind::Stack,
        new,
        known,
        behind: 0.0,
        bytes: each(bytes, new.count + known.count),
    })
}

/// A pass with people who are new, and one with those of them who came through, who are known then.
fn both(
    inputs: &Inputs,
    pass: impl Fn(&Arc<Requests>, usize) -> anyhow::Result<Pass>,
) -> anyhow::Result<(Pass, Pass)> {
    let new = pass(&inputs.new, inputs.new.len())?;
    let known = pass(&inputs.known, new.count)?;
    Ok((new, known))
}

fn each(bytes: u64, count: usize) -> f64 {
    figure::float(bytes) / figure::float(count as u64)
}

/// All runs; a figure of them is the median.
struct Runs(Vec<Run>);

impl Runs {
    fn of(&self, figure: impl Fn(&Run) -> f64) -> f64 {
        median(self.0.iter().map(figure).collect())
    }

    /// Of the side at this place, which is the same one in all runs.
    fn of_side(&self, place: usize, figure: impl Fn(&Run, &Side) -> f64) -> f64 {
        let figures = self.0.iter();
        let figures = figures.filter_map(|run| Some(figure(run, run.sides.get(place)?)));
        median(figures.collect())
    }

    /// How many times as much a database gave as the stack in the same run, which is taken with the
    /// number of workers that served it best there.
    fn times_the_stack(&self, kind: Kind, rate: fn(&Side) -> f64) -> f64 {
        self.of(|run| {
            let best = |kind| {
                let sides = run.sides.iter().filter(|side| side.kind == kind);
                sides.map(rate).fold(0.0, f64::max)
            };
            best(kind) / best(Kind::Stack)
        })
    }
}

fn tell(options: Options, runs: &Runs) -> Report {
    let (connections, relay) = (options.connections, options.relay);
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
    let micros = runs.of(|run| run.bare.micros);
    report.figure(format!("{bare}, CPU each"), micros, "µs");
    report.figure("floor: raw append", runs.of(|run| run.append), "rows/s");
    if options.database != Choice::Sqlite {
        let commits = runs.of(|run| run.commits);
        let name = "floor: PostgreSQL, one row a commit, 16 clients";
        report.figure(name, commits, "rows/s");
    }
    let sides = runs.0.first().map_or(&[][..], |run| &run.sides);
    for (place, side) in sides.iter().enumerate() {
        tell_side(&mut report, options, runs, (place, side));
    }
    if options.stack {
        tell_ratios(&mut report, options, runs);
    }
    report
}

fn tell_side(report: &mut Report, options: Options, runs: &Runs, (place, side): (usize, &Side)) {
    for (who, pass) in [
        ("new people", (|side| side.new) as fn(&Side) -> Pass),
        ("known people", |side| side.known),
    ] {
        let name = format!("{}, {who}", side.name);
        let of = |figure: fn(&Pass) -> f64| runs.of_side(place, |_, side| figure(&pass(side)));
        let rate = of(|pass| pass.rate);
        match goal(options, side.kind).filter(|_| who == "new people") {
            Some(goal) => report.against(format!("{name}: rate"), rate, "/s", goal),
            None => report.figure(format!("{name}: rate"), rate, "/s"),
        }
        let of_bare = runs.of_side(place, |run, side| pass(side).rate / run.bare.rate);
        report.figure(format!("{name}: of the bare acknowledge"), of_bare, "×");
        report.figure(format!("{name}: p50"), of(|pass| pass.p50), "ms");
        report.figure(format!("{name}: p99"), of(|pass| pass.p99), "ms");
        report.figure(format!("{name}: CPU each"), of(|pass| pass.cpu), "µs");
        if side.kind != Kind::Sqlite {
            let of_commits = runs.of_side(place, |run, side| pass(side).rate / run.commits);
            report.figure(format!("{name}: of the one-row commits"), of_commits, "×");
            let server = of(|pass| pass.server);
            report.figure(format!("{name}: CPU of PostgreSQL, each"), server, "µs");
        }
        if options.relay && side.kind != Kind::Stack {
            let relayed = of(|pass| pass.relayed);
            report.figure(format!("{name}: relayed meanwhile"), relayed, "/s");
        }
    }
    if side.kind != Kind::Stack {
        let behind = runs.of_side(place, |_, side| side.behind);
        let name = format!("{}: the log's files were behind by", side.name);
        report.figure(name, behind, "s");
    }
    let bytes = runs.of_side(place, |_, side| side.bytes);
    let name = format!("{}: database, each message", side.name);
    report.figure(name, bytes, "bytes");
}

/// The rate a database is to reach, which was set for 64 connections.
fn goal(options: Options, kind: Kind) -> Option<Goal> {
    if options.connections != 64 || options.relay {
        return None;
    }
    match kind {
        Kind::Postgres => Some(Goal::AtLeast(12_000.0)),
        Kind::Sqlite => Some(Goal::AtLeast(20_000.0)),
        Kind::Stack => None,
    }
}

fn tell_ratios(report: &mut Report, options: Options, runs: &Runs) {
    for (who, rate) in [
        ("new people", (|side| side.new.rate) as fn(&Side) -> f64),
        ("known people", |side| side.known.rate),
    ] {
        let ratio = runs.times_the_stack(Kind::Postgres, rate);
        let name = format!("PostgreSQL ÷ stack, {who}");
        report.against(name, ratio, "×", Goal::AtLeast(20.0));
        if options.database == Choice::Both {
            let ratio = runs.times_the_stack(Kind::Sqlite, rate);
            report.figure(format!("SQLite ÷ stack, {who}"), ratio, "×");
        }
    }
}
