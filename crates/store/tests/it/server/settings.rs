//! Servers and accounts that a store must not be opened on, each told in one line.

use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use store::Database;
use store::Lease;
use store::Server;
use store::StoreError;
use testkit::postgres::Cluster;
use testkit::postgres::Options;
use testkit::postgres::Stop;

use crate::base::Base;
use crate::on_postgres::fixture::TestStore;

/// Why a store cannot be had here; in one line, and without the password.
fn refused(url: &str) -> StoreError {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::Server(Server::new(url, None).unwrap());
    let error = Lease::take(directory.path(), &database).unwrap_err();
    for told in [error.to_string(), format!("{error:?}{database:?}")] {
        assert!(!told.contains('\n'), "{told}");
        if let Some(password) = password(url) {
            assert!(!told.contains(password), "{told}");
        }
    }
    error
}

fn password(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (account, _) = rest.split_once('@')?;
    Some(account.split_once(':')?.1)
}

fn names(url: &str, setting: &str) {
    let error = refused(url);
    let told = error.to_string();
    assert!(matches!(error, StoreError::Unsafe { .. }), "{told}");
    assert!(told.contains(setting), "{told}");
}

fn says(url: &str, words: &str) {
    let told = refused(url).to_string();
    assert!(told.contains(words), "{told}");
}

#[test]
fn a_server_that_may_lose_what_it_acknowledged_is_refused() {
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let cluster = Cluster::start(Options::default().with(setting, "off"));
        names(&cluster.database(), setting);
    }
}

#[test]
fn a_database_or_an_account_that_does_not_wait_for_the_disk_is_refused() {
    let cluster = Cluster::shared();
    let url = cluster.database();
    let name = url.rsplit('/').next().unwrap();
    cluster.psql(
        "postgres",
        &format!("ALTER DATABASE {name} SET synchronous_commit = off"),
    );
    names(&url, "synchronous_commit");
    let url = cluster.database();
    let name = url.rsplit('/').next().unwrap();
    cluster.psql(
        "postgres",
        &format!("ALTER ROLE imvume IN DATABASE {name} SET synchronous_commit = off"),
    );
    names(&url, "synchronous_commit");
    let url = format!("{}?options=-csynchronous_commit%3Doff", cluster.database());
    names(&url, "synchronous_commit");
}

#[test]
fn another_encoding_is_refused() {
    let cluster = Cluster::shared();
    let url = cluster.database();
    let (server, name) = url.rsplit_once('/').unwrap();
    let other = format!("{name}_ascii");
    cluster.psql(
        "postgres",
        &format!(
            "CREATE DATABASE {other} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C' \
             OWNER imvume"
        ),
    );
    names(&format!("{server}/{other}"), "server_encoding");
}

/// A server that follows another answers, but can be written to only through the one it follows.
#[test]
fn a_server_in_recovery_is_refused() {
    let cluster = Cluster::start(Options::default());
    let url = cluster.database();
    let files = cluster.psql("postgres", "SHOW data_directory");
    cluster.stop(Stop::Fast);
    let signal = Path::new(&files).join("standby.signal");
    std::fs::write(&signal, "").unwrap();
    std::fs::set_permissions(&signal, std::fs::Permissions::from_mode(0o666)).unwrap();
    cluster.start_again();
    says(&url, "follows another");
}

#[tokio::test]
async fn an_account_that_only_reads_is_refused() {
    let test = TestStore::new().await;
    test.store.close();
    let Base::Server(url) = &test.base else {
        panic!("not a server")
    };
    let cluster = Cluster::shared();
    let name = url.rsplit('/').next().unwrap();
    cluster.psql(
        url,
        &format!(
            "CREATE ROLE reader_{name} LOGIN; \
             GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader_{name}; \
             CREATE ROLE idle_{name} LOGIN IN ROLE imvume; \
             ALTER ROLE idle_{name} SET default_transaction_read_only = on"
        ),
    );
    let reads = Base::Server(url.replacen("imvume@", &format!("reader_{name}@"), 1));
    let runs = "SELECT value FROM settings WHERE name = 'run'";
    let before = test.raw().number(runs);
    let error =
        crate::on_postgres::fixture::open(test.directory.path(), &reads, &test.clock).unwrap_err();
    assert!(error.to_string().contains("permission denied"), "{error}");
    assert_eq!(test.raw().number(runs), before);
    says(
        &url.replacen("imvume@", &format!("idle_{name}@"), 1),
        "only reads",
    );
}

#[test]
fn a_server_that_is_not_there_cannot_be_reached() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let error = refused(&format!("postgres://imvume:secret@127.0.0.1:{port}/imvume"));
    assert!(matches!(error, StoreError::Unreachable), "{error}");
    let error = refused("postgres://imvume@%2Fnowhere/imvume");
    assert!(matches!(error, StoreError::Unreachable), "{error}");
}

#[test]
fn whoever_is_not_let_in_is_told_so() {
    let cluster = Cluster::shared();
    let url = cluster.database_over_tcp();
    let right = password(&url).unwrap().to_owned();
    says(
        &url.replace(&right, "wrong-password"),
        "password authentication failed",
    );
    says(
        &url.replace(&format!(":{right}"), ""),
        "asks for a password",
    );
    says(&format!("{url}?sslmode=require"), "no TLS");
    says(&format!("{url}_missing"), "does not exist");
}

#[test]
fn an_address_that_cannot_be_read_is_told_without_it() {
    for (url, words) in [
        (
            "postgres://secret:secret@host:none/database",
            "cannot be read",
        ),
        ("postgres://secret:secret@/database", "names no host"),
        ("postgres://secret:secret@host", "names no database"),
    ] {
        let told = Server::new(url, None).unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
        assert!(!told.contains("secret") && !told.contains('\n'), "{told}");
    }
}
