//! One pass of webhooks over whatever takes them, with the processor time of everybody involved.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use testkit::postgres::Cluster;

use crate::clock;
use crate::figure;
use crate::load;
use crate::load::Requests;
use crate::process;
use crate::sink::Sink;

/// What one pass gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    /// How many webhooks were taken in.
    pub(crate) count: usize,
    /// Webhooks a second.
    pub(crate) rate: f64,
    /// Milliseconds at the median.
    pub(crate) p50: f64,
    /// Milliseconds that one in a hundred exceeds.
    pub(crate) p99: f64,
    /// Processor time of each, without generator, receiving app and database server, microseconds.
    pub(crate) cpu: f64,
    /// The same of the database server.
    pub(crate) server: f64,
    /// Deliveries a second that the receiving app took meanwhile.
    pub(crate) relayed: f64,
}

/// Who takes the webhooks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Taker {
    /// The gateway in this process, beside the generator.
    House,
    /// A program with this process id.
    Program(u32),
}

/// What is looked at before and after a pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter<'a> {
    pub(crate) taker: Taker,
    pub(crate) sink: Option<&'a Sink>,
    pub(crate) cluster: Option<&'a Cluster>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    own: Duration,
    sink: Duration,
    server: Duration,
    taken: usize,
}

impl Meter<'_> {
    /// Brings at most so many webhooks to `address`.
    pub(crate) fn measure(
        self,
        address: SocketAddr,
        (requests, most): (&Arc<Requests>, usize),
        connections: u16,
    ) -> anyhow::Result<Pass> {
        let before = self.read()?;
        let outcome = load::run(address, requests, most, connections)?;
        let after = self.read()?;
        anyhow::ensure!(
            outcome.failed == 0,
            "{} webhooks were refused",
            outcome.failed
        );
        let others = match self.taker {
            Taker::House => outcome.cpu + after.sink.saturating_sub(before.sink),
            Taker::Program(_) => Duration::ZERO,
        };
        let own = after.own.saturating_sub(before.own + others);
        let server = after.server.saturating_sub(before.server);
        let count = outcome.times.len();
        Ok(Pass {
            count,
            rate: figure::rate(count, outcome.elapsed),
            p50: outcome.times.percentile(50),
            p99: outcome.times.percentile(99),
            cpu: figure::micros_each(own, count),
            server: figure::micros_each(server, count),
            relayed: figure::rate(after.taken - before.taken, outcome.elapsed),
        })
    }

    fn read(&self) -> anyhow::Result<Reading> {
        let mut reading = Reading {
            own: match self.taker {
                Taker::House => clock::process_cpu(),
                Taker::Program(process) => process::cpu(process)?,
            },
            ..Reading::default()
        };
        if let Some(sink) = self.sink {
            reading.sink = sink.cpu()?;
            reading.taken = sink.taken();
        }
        if let Some(server) = self.cluster.and_then(Cluster::process) {
            reading.server = process::cpu(server)?;
        }
        Ok(reading)
    }
}
