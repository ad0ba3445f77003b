//! Killed at any moment, again and again, on both databases: nothing acknowledged is lost, and no send
//! is doubled.

use std::process::Stdio;
use std::time::Duration;

use testkit::postgres::Cluster;

use crate::instance::Instance;
use crate::load::Load;
use crate::load::goes_on_from;
use crate::load::keep_checkpoint;
use crate::load::whole;

/// How often a gateway is killed under load on each database. Raise it to look harder.
const CYCLES: u64 = 100;

/// How often a gateway is killed within its first start.
const FIRST_STARTS: u64 = 8;

/// Reproducible moments.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A moment within these milliseconds, by xorshift.
    pub(crate) fn moment(&mut self, from: u64, to: u64) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Duration::from_millis(from + self.0 % (to - from))
    }
}

/// Runs a command and kills it at a moment.
pub(crate) async fn killed(instance: &Instance, arguments: &[&str], moment: Duration) {
    let mut command = instance.command(arguments);
    command.stdout(Stdio::null()).stderr(instance.telling());
    let mut process = command.spawn().unwrap();
    tokio::time::sleep(moment).await;
    // It may have ended before.
    process.kill().await.unwrap();
}

/// Returns how much was acknowledged.
async fn kill_again_and_again(instance: Instance, seed: u64) -> usize {
    let mut chance = Chance(seed);
    let mut serving = instance.serve().await;
    let staff = serving.token.take().unwrap();
    let load = Load::of(&serving, &staff).await;
    let mut checkpoints = Vec::new();
    for cycle in 1..=CYCLES {
        let working = load.start(&[(serving.public, serving.apps)]);
        tokio::time::sleep(chance.moment(5, 200)).await;
        serving.process.kill().await.unwrap();
        working.end().await;
        if cycle % 4 == 0 {
            killed(&instance, &["serve"], chance.moment(2, 60)).await;
        }
        if cycle % 10 == 0 {
            killed(&instance, &["keys", "roll"], chance.moment(2, 60)).await;
        }
        serving = instance.serve().await;
        load.newest_stand(&serving, &staff).await;
        if cycle % 25 == 0 {
            assert_eq!(serving.stop().await, Some(0));
            let name = format!("checkpoint-{cycle}");
            checkpoints.push(keep_checkpoint(&instance, &name).await);
            goes_on_from(&instance, &checkpoints).await;
            serving = instance.serve().await;
        }
    }
    let cycles = usize::try_from(CYCLES).unwrap();
    let short = (cycles + 1).saturating_sub(load.acknowledged());
    let working = load.start(&[(serving.public, serving.apps)]);
    working.acknowledges(short).await;
    working.end().await;
    let acknowledged = load.acknowledged();
    assert!(cycles < acknowledged, "only {acknowledged} acknowledged");
    load.stands(&instance, &serving, &staff).await;
    assert_eq!(serving.stop().await, Some(0));
    goes_on_from(&instance, &checkpoints).await;
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_loses_nothing_and_doubles_nothing() {
    let acknowledged = kill_again_and_again(Instance::new().await, 0x51AB_0001).await;
    println!("{CYCLES} kills, {acknowledged} acknowledgements");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_loses_nothing_and_doubles_nothing_on_a_server() {
    let instance = Instance::new().await;
    instance.on_server(&Cluster::shared().database());
    let acknowledged = kill_again_and_again(instance, 0x51AB_0002).await;
    println!("{CYCLES} kills, {acknowledged} acknowledgements");
}

/// Keys, schema and log are made at the first start.
async fn kill_the_first_start(instance: &Instance, chance: &mut Chance) {
    for most in [4, 10, 20, 40] {
        killed(instance, &["serve"], chance.moment(1, most)).await;
    }
    assert_eq!(instance.serve().await.stop().await, Some(0));
    whole(instance).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_within_the_first_start_is_gone_on_from() {
    let mut chance = Chance(0x51AB_0003);
    for _ in 0..FIRST_STARTS {
        kill_the_first_start(&Instance::new().await, &mut chance).await;
        let instance = Instance::new().await;
        instance.on_server(&Cluster::shared().database());
        kill_the_first_start(&instance, &mut chance).await;
    }
}
