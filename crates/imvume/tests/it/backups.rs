//! Backups of the real binary: cut off at any moment, asked for twice at once, on a disk that is full.
//! Afterwards the backups before are good, the next one succeeds, and nothing is left behind.

use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use backup::age::Identity;
use serde_json::Value;
use testkit::postgres::Cluster;
use tokio::process::Child;

use crate::crash::Chance;
use crate::crash::killed;
use crate::instance::Ended;
use crate::instance::Instance;
use crate::instance::Serving;
use crate::instance::signal;
use crate::instance::unreachable;
use crate::load::appears;
use crate::load::is_kept;
use crate::load::webhook;
use crate::load::whole;

/// How often something is cut off on each database. Raise it to look harder.
const CYCLES: u64 = 10;

/// Nothing that was asked to end takes this long.
const BOUND: Duration = Duration::from_secs(20);

pub(crate) const CREATE: &[&str] = &["backup", "create"];
pub(crate) const RESTORE: &[&str] = &["backup", "restore", "--identity", "recovery"];

/// An instance whose backups go to two places, and from which it comes back elsewhere.
pub(crate) struct House {
    pub(crate) instance: Instance,
    on_server: bool,
    /// Where the places are.
    places: PathBuf,
    /// The administrator's token, which comes back, too.
    staff: String,
}

/// Those whose message is there.
const PEOPLE: [u64; 3] = [1, 5, 9];

impl House {
    /// A new one, that has heard from somebody.
    pub(crate) async fn new(on_server: bool) -> Self {
        let instance = Instance::new().await;
        let places = instance.folder.path().to_owned();
        for name in ["one", "two"] {
            std::fs::create_dir(places.join(name)).unwrap();
        }
        let mut house = Self {
            instance,
            on_server,
            places,
            staff: String::new(),
        };
        house.configure();
        let mut serving = house.instance.serve().await;
        house.staff = serving.token.take().unwrap();
        for person in PEOPLE {
            let (status, _) = webhook(person).of(serving.public).await.unwrap();
            assert_eq!(status, 200);
        }
        assert_eq!(serving.stop().await, Some(0));
        house
    }

    /// An empty machine that knows the places.
    pub(crate) async fn machine(&self) -> Self {
        let machine = Self {
            instance: Instance::new().await,
            on_server: self.on_server,
            places: self.places.clone(),
            staff: self.staff.clone(),
        };
        machine.configure();
        machine.instance.write("recovery", &identity().to_text());
        machine
    }

    fn configure(&self) {
        let store = if self.on_server {
            format!("[store]\nurl = \"{}\"\n", Cluster::shared().database())
        } else {
            String::new()
        };
        let place = |name: &str| {
            let path = self.places.join(name);
            format!("[[backup.place]]\ndirectory = \"{}\"\n", path.display())
        };
        let recipient = identity().recipient();
        let backup = format!("[backup]\nrecipients = [\"{recipient}\"]\nevery_hours = 0\n");
        let (one, two) = (place("one"), place("two"));
        self.instance
            .configure(|text| format!("{text}\n{store}\n{backup}\n{one}\n{two}"));
    }

    /// Makes a snapshot, and gives its name.
    pub(crate) async fn create(&self) -> String {
        let made = self.instance.run(&["backup", "create", "--json"]).await;
        assert_eq!(made.code, Some(0), "{made:?}");
        let made: Value = serde_json::from_str(&made.out).unwrap();
        let name = made.get("snapshot").and_then(Value::as_str);
        name.unwrap().to_owned()
    }

    /// The snapshots that count.
    async fn listed(&self) -> Vec<String> {
        let listed = self.instance.run(&["backup", "list", "--json"]).await;
        assert_eq!(listed.code, Some(0), "{listed:?}");
        let listed: Value = serde_json::from_str(&listed.out).unwrap();
        let snapshots = listed.get("snapshots").and_then(Value::as_array);
        let snapshots = snapshots.unwrap().iter();
        snapshots
            .map(|one| one.get("name").and_then(Value::as_str).unwrap().to_owned())
            .collect()
    }

    pub(crate) async fn verify(&self, snapshot: &str) {
        let mut arguments = vec!["backup", "verify", "--snapshot", snapshot];
        if self.on_server {
            let url = Cluster::shared().database();
            self.instance.write("scratch", &url);
            arguments.extend(["--into", "scratch"]);
        }
        self.instance.run(&arguments).await.found(0, "holds: ");
    }

    /// Everything that counts is whole.
    pub(crate) async fn verify_all(&self) {
        for snapshot in self.listed().await {
            self.verify(&snapshot).await;
        }
    }

    /// What a command leaves for the gateway that it asks.
    fn asked(&self) -> PathBuf {
        let folder = self.instance.path("data").join("backup");
        folder.join("snapshot.asked")
    }

    /// That nothing of what was cut off lies about.
    pub(crate) fn nothing_left(&self) {
        let scratch = self.instance.path("data").join("backup");
        for folder in [&self.places.join("one"), &self.places.join("two"), &scratch] {
            let left: Vec<PathBuf> = files(folder)
                .into_iter()
                .filter(|file| is_on_its_way(file))
                .collect();
            assert!(left.is_empty(), "{left:?}");
        }
        assert!(!scratch.join("verify").exists());
    }

    /// It comes back on an empty machine.
    pub(crate) async fn comes_back(&self) {
        let machine = self.machine().await;
        machine
            .instance
            .run(RESTORE)
            .await
            .found(0, "Everything opens");
        machine.is_whole().await;
    }

    /// It serves what it has heard, and its rows are what its log says.
    pub(crate) async fn is_whole(&self) {
        let serving = self.instance.serve().await;
        for person in PEOPLE {
            assert!(is_kept(&serving, &self.staff, person).await, "{person}");
        }
        assert_eq!(serving.stop().await, Some(0));
        whole(&self.instance).await;
    }
}

fn identity() -> Identity {
    Identity::from_secret(&[7; 32]).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

fn is_on_its_way(file: &Path) -> bool {
    let name = file.file_name().unwrap().to_str().unwrap();
    [".new", ".new-journal", ".fetched"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Starts a command.
fn started(house: &House, arguments: &[&str]) -> Child {
    let mut command = house.instance.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

async fn ended(child: Child) -> Ended {
    let output = tokio::time::timeout(BOUND, child.wait_with_output()).await;
    Ended::of(output.unwrap().unwrap())
}

/// A command whose wish the gateway has just taken. It is asleep until the wish is there, so that nobody
/// misses that.
async fn taken(house: &House, serving: &Serving) -> Child {
    let asked = house.asked();
    signal(&serving.process, "STOP").await;
    let command = started(house, CREATE);
    appears(&asked).await;
    signal(&serving.process, "CONT").await;
    let mut look = tokio::time::interval(Duration::from_millis(1));
    while asked.exists() {
        look.tick().await;
    }
    command
}

async fn kill_while_backing_up(on_server: bool, seed: u64) {
    let house = House::new(on_server).await;
    let mut chance = Chance::new(seed);
    let first = house.create().await;
    for _ in 0..CYCLES {
        killed(&house.instance, CREATE, chance.moment(5, 250)).await;
        if !on_server {
            let verify = ["backup", "verify"];
            killed(&house.instance, &verify, chance.moment(5, 250)).await;
        }
        house.verify(&first).await;
    }
    // A gateway that is asked to, and killed meanwhile.
    for _ in 0..CYCLES / 2 {
        let mut serving = house.instance.serve().await;
        let asked = taken(&house, &serving).await;
        tokio::time::sleep(chance.moment(1, 150)).await;
        serving.process.kill().await.unwrap();
        // The snapshot was whole before, or it is said that it is not.
        let told = ended(asked).await;
        let cut = "the gateway ended before it said";
        let said = told.out.starts_with("Made snapshot") || told.err.contains(cut);
        assert!(said, "{told:?}");
    }
    let last = house.create().await;
    assert_eq!(house.listed().await.last(), Some(&last));
    house.verify_all().await;
    // What is on its way for the key bundle is removed by whoever ships it next.
    assert_eq!(house.instance.serve().await.stop().await, Some(0));
    house.nothing_left();
    whole(&house.instance).await;
    house.comes_back().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_leaves_the_backups_before_good() {
    kill_while_backing_up(false, 0x51AB_0011).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_leaves_the_backups_before_good_on_a_server() {
    kill_while_backing_up(true, 0x51AB_0012).await;
}

/// Whether a restore into this machine has touched it and not ended.
pub(crate) fn is_begun(machine: &House) -> bool {
    machine.instance.path("data").join("restoring").exists()
}

/// Returns how often the target had been touched.
async fn kill_while_restoring(on_server: bool, seed: u64) -> u32 {
    let house = House::new(on_server).await;
    house.create().await;
    let machine = house.machine().await;
    let mut chance = Chance::new(seed);
    let mut begun = 0;
    for _ in 0..CYCLES {
        killed(&machine.instance, RESTORE, chance.moment(5, 150)).await;
        if is_begun(&machine) {
            begun += 1;
            let wanted = "this instance is being restored";
            machine.instance.run(&["serve"]).await.refused(wanted);
        } else if machine.instance.path("data").join("keys").exists() {
            // It was quicker.
            machine.is_whole().await;
            return begun;
        }
    }
    let came = machine.instance.run(RESTORE).await;
    came.found(0, "Everything opens");
    machine.nothing_left();
    machine.is_whole().await;
    begun
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_begins_anew() {
    let begun = kill_while_restoring(false, 0x51AB_0013).await;
    println!("{begun} of {CYCLES} kills after the target was touched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_begins_anew_on_a_server() {
    let begun = kill_while_restoring(true, 0x51AB_0014).await;
    println!("{begun} of {CYCLES} kills after the target was touched");
}

/// A signal ends a snapshot and a restore in their time, and both can be begun anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_ends_a_snapshot_and_a_restore_in_bounded_time() {
    for on_server in [false, true] {
        let house = House::new(on_server).await;
        house.create().await;
        let mut chance = Chance::new(0x51AB_0015);
        for _ in 0..3 {
            let child = started(&house, CREATE);
            tokio::time::sleep(chance.moment(20, 250)).await;
            signal(&child, "TERM").await;
            let told = ended(child).await;
            assert!(
                matches!(told.code, Some(0 | 130)) || told.code.is_none(),
                "{told:?}"
            );
        }
        house.create().await;
        house.nothing_left();
        house.verify_all().await;
        let machine = house.machine().await;
        let child = started(&machine, RESTORE);
        tokio::time::sleep(chance.moment(20, 120)).await;
        signal(&child, "TERM").await;
        let told = ended(child).await;
        if told.code == Some(0) {
            machine.is_whole().await;
            continue;
        }
        assert!(matches!(told.code, Some(130) | None), "{told:?}");
        machine
            .instance
            .run(RESTORE)
            .await
            .found(0, "Everything opens");
        machine.is_whole().await;
    }
}

/// A gateway that makes a snapshot ends when it is told to, and the next start goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_ends_in_its_time_while_it_makes_a_snapshot() {
    for on_server in [false, true] {
        let house = House::new(on_server).await;
        let mut chance = Chance::new(0x51AB_0016);
        for _ in 0..3 {
            let serving = house.instance.serve().await;
            let asked = taken(&house, &serving).await;
            tokio::time::sleep(chance.moment(1, 150)).await;
            let stopped = tokio::time::timeout(BOUND, serving.stop()).await;
            assert_eq!(stopped.unwrap(), Some(0));
            ended(asked).await;
        }
        let last = house.create().await;
        house.verify(&last).await;
        house.nothing_left();
    }
}

/// A second command for the same thing is refused while the first is at it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_are_refused() {
    let house = House::new(false).await;
    let serving = house.instance.serve().await;
    // It does not get to what it is asked for.
    signal(&serving.process, "STOP").await;
    let first = started(&house, CREATE);
    appears(&house.asked()).await;
    let second = house.instance.run(CREATE).await;
    second.refused("another backup is being made");
    signal(&serving.process, "CONT").await;
    ended(first).await.found(0, "Made snapshot");
    assert_eq!(serving.stop().await, Some(0));

    // The second one has to meet the first at its work.
    for _ in 0..10 {
        let machine = house.machine().await;
        let first = started(&machine, RESTORE);
        let folder = machine.instance.path("data").join("backup");
        let lock = folder.join("restore.lock");
        appears(&lock).await;
        signal(&first, "STOP").await;
        let second = machine.instance.run(RESTORE).await;
        if second.code == Some(0) || !lock.exists() {
            signal(&first, "CONT").await;
            ended(first).await;
            continue;
        }
        assert_eq!(second.code, Some(2), "{second:?}");
        assert_eq!(second.err.lines().count(), 1, "{second:?}");
        let words = [
            "another restore into this data directory",
            "the target is not empty",
        ];
        assert!(
            words.iter().any(|words| second.err.contains(words)),
            "{second:?}"
        );
        signal(&first, "CONT").await;
        ended(first).await.found(0, "Everything opens");
        return machine.is_whole().await;
    }
    unreachable("no restore was met at its work");
}

/// `imvume check` says what each place has, and which cannot be reached.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_tells_what_each_place_has() {
    let house = House::new(false).await;
    let check = house.instance.run(&["check"]).await;
    check.found(0, "backup place 1");
    assert!(check.out.contains("no snapshot yet"), "{}", check.out);
    house.create().await;
    let check = house.instance.run(&["check"]).await;
    check.found(0, "ok       backup place 2       key bundle of 20");
    assert!(!check.out.contains("no snapshot yet"), "{}", check.out);
    let keys = house.instance.run(&["keys", "status"]).await;
    keys.found(0, "Erasure horizon: 8 days, of which 7 are an epoch and 0");

    std::fs::rename(house.places.join("two"), house.places.join("away")).unwrap();
    let check = house.instance.run(&["check"]).await;
    check.found(1, "two` is no directory that is there");
    let bucket = "[[backup.place]]\nendpoint = \"http://127.0.0.1:9\"\nbucket = \"b\"\n\
                  account = \"a\"\nsecret = \"canary\"\n";
    std::fs::rename(house.places.join("away"), house.places.join("two")).unwrap();
    house.configure();
    let text = std::fs::read_to_string(house.instance.path("imvume.toml")).unwrap();
    house
        .instance
        .write("imvume.toml", &format!("{text}{bucket}"));
    let check = house.instance.run(&["check"]).await;
    check.found(1, "backup.place 3");
    assert!(
        check.out.contains("no epoch key is destroyed"),
        "{}",
        check.out
    );
    assert!(!check.out.contains("canary"), "{}", check.out);
}
