use std::io::BufRead as _;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use super::Cluster;
use super::Options;
use super::Stop;

#[test]
fn databases_are_empty_apart_and_reached_by_both_doors() {
    let cluster = Cluster::shared();
    let (one, other) = (cluster.database(), cluster.database_over_tcp());
    assert_ne!(one.rsplit('/').next(), other.rsplit('/').next());
    for url in [&one, &other] {
        let statement = "create table t (n int); insert into t values (1), (2)";
        let mut psql = cluster.client("psql");
        psql.args(["--quiet", url, "--command", statement]);
        assert!(psql.status().unwrap().success(), "{url}");
        assert_eq!(cluster.psql(url, "select sum(n), count(*) from t"), "3|2");
    }
    let durable = "select name || setting from pg_settings
        where name in ('fsync', 'full_page_writes', 'synchronous_commit') order by name";
    let expected = "fsyncon\nfull_page_writeson\nsynchronous_commiton";
    assert_eq!(cluster.psql(&one, durable), expected);
    let role =
        "select rolsuper or rolcreatedb or rolcreaterole from pg_roles where rolname = 'imvume'";
    assert_eq!(cluster.psql(&one, role), "f");
}

#[test]
fn tcp_asks_for_the_password() {
    let cluster = Cluster::shared();
    let url = cluster.database_over_tcp();
    let without = url.replace(&cluster.password, "wrong");
    assert_ne!(url, without);
    let mut psql = cluster.client("psql");
    let outcome = psql.args([&without, "--command", "select 1"]).output();
    assert!(!outcome.unwrap().status.success());
}

#[test]
fn what_is_committed_survives_every_kind_of_end() {
    let cluster = Cluster::start(Options::default().with("shared_buffers", "16MB"));
    let url = cluster.database();
    cluster.psql(&url, "create table t (n int)");
    for (done, how) in ["restart", "fast", "immediate", "kill9"]
        .into_iter()
        .enumerate()
    {
        cluster.psql(&url, "insert into t values (1)");
        let before = cluster.process().unwrap();
        match how {
            "restart" => cluster.restart(),
            "fast" => cluster.stop(Stop::Fast),
            "immediate" => cluster.stop(Stop::Immediate),
            _ => cluster.kill9(),
        }
        cluster.start_again();
        assert_ne!(cluster.process().unwrap(), before, "{how}");
        let count = cluster.psql(&url, "select count(*) from t");
        assert_eq!(count, (done + 1).to_string(), "{how}");
    }
    assert_eq!(cluster.psql(&url, "show shared_buffers"), "16MB");
    let directory = cluster.directory.clone();
    drop(cluster);
    assert!(!directory.exists());
}

#[test]
fn a_server_that_is_down_stays_down_until_it_is_started() {
    let cluster = Cluster::start(Options::default());
    let url = cluster.database();
    cluster.kill9();
    assert_eq!(cluster.process(), None);
    let mut psql = cluster.client("psql");
    let outcome = psql.args([&url, "--command", "select 1"]).output();
    assert!(!outcome.unwrap().status.success());
    cluster.start_again();
    assert_eq!(cluster.psql(&url, "select 1"), "1");
}

#[test]
fn a_cluster_goes_when_its_process_is_killed() {
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "postgres::tests::a_cluster_is_held",
            "--ignored",
            "--nocapture",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    let mut told = lines.filter_map(|line| Some(line.unwrap().strip_prefix("held: ")?.to_owned()));
    let (directory, process) = (told.next().unwrap(), told.next().unwrap());
    let works = format!("/proc/{process}/cwd");
    assert!(Path::new(&directory).exists());
    assert_eq!(
        std::fs::read_link(&works).unwrap(),
        Path::new(&directory).join("data")
    );
    holder.kill().unwrap();
    holder.wait().unwrap();
    let waiting = r#"while [ -e "$1" ] || [ -n "$(readlink "$2")" ]; do sleep 0.05; done"#;
    let gone = Command::new("timeout")
        .args(["30", "sh", "-c", waiting, "waiting", &directory, &works])
        .status();
    assert!(
        gone.unwrap().success(),
        "{directory} or process {process} is left"
    );
}

#[test]
#[ignore = "another test starts this one to kill it"]
fn a_cluster_is_held() {
    let cluster = Cluster::start(Options::default());
    println!("\nheld: {}", cluster.directory.display());
    println!("held: {}", cluster.process().unwrap());
    // Nobody ever writes: this waits for the end.
    let _ = std::io::stdin().read_line(&mut String::new());
}
