//! The connection is lost in the very commit, so that nobody knows how it ended.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;

use store::StoreError;
use store::operation::Intake;
use store::operation::Item;
use testkit::postgres::Cluster;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

use crate::base::Base;
use crate::on_postgres::fixture::TestStore;
use crate::on_postgres::fixture::both;

/// Passes everything on.
const PASS: u8 = 0;
/// Loses the next commit on its way there.
const BEFORE: u8 = 1;
/// Loses the answer to the next commit.
const AFTER: u8 = 2;

/// Stands between a store and its server.
async fn between(port: u16, mode: Arc<AtomicU8>) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let own = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                .await
                .unwrap();
            tokio::spawn(pass(client, server, Arc::clone(&mode)));
        }
    });
    own
}

async fn pass(mut client: TcpStream, mut server: TcpStream, mode: Arc<AtomicU8>) {
    let (mut asked, mut told) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Some(said) = read.ok().and_then(|length| asked.get(..length)) else { return };
                if said.is_empty() {
                    return;
                }
                let commits = said.windows(7).any(|window| window == b"COMMIT\0");
                let lose = if commits { mode.swap(PASS, Ordering::SeqCst) } else { PASS };
                if lose == BEFORE || server.write_all(said).await.is_err() {
                    return;
                }
                if lose == AFTER {
                    // The answer comes when it is committed, and goes nowhere.
                    while let Ok(length @ 1..) = server.read(&mut told).await {
                        let told = told.get(..length).unwrap_or_default();
                        if told.windows(7).any(|window| window == b"COMMIT\0") {
                            break;
                        }
                    }
                    return;
                }
            }
            read = server.read(&mut told) => {
                let Some(said) = read.ok().and_then(|length| told.get(..length)) else { return };
                if said.is_empty() || client.write_all(said).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn post(test: &TestStore, serial: u32) -> Intake {
    let message = test.message(&both(serial), serial);
    Intake {
        items: vec![Item::Message(Box::new(message))],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_end_nobody_knows_leaves_no_hole_and_nothing_twice() {
    let cluster = Cluster::shared();
    let mode = Arc::new(AtomicU8::new(PASS));
    let own = between(cluster.port(), Arc::clone(&mode)).await;
    let direct = cluster.database_over_tcp();
    let through = direct.replace(&format!(":{}/", cluster.port()), &format!(":{own}/"));
    assert_ne!(direct, through);
    let test = TestStore::over(Base::Server(through)).await;
    for (serial, (lose, stored)) in (1..).zip([(BEFORE, 1), (AFTER, 0), (AFTER, 0), (BEFORE, 1)]) {
        test.hear(&both(100 + serial), 100 + serial).await;
        mode.store(lose, Ordering::SeqCst);
        let intake = post(&test, serial);
        let answer = test.store.intake(intake.clone()).await;
        assert!(matches!(answer, Err(StoreError::Busy)), "{answer:?}");
        assert_eq!(mode.load(Ordering::SeqCst), PASS, "no commit was lost");
        // Whoever was told to come back does.
        let reply = loop {
            match test.store.intake(intake.clone()).await {
                Err(StoreError::Busy) => tokio::task::yield_now().await,
                answer => break answer.unwrap(),
            }
        };
        assert_eq!(
            (reply.stored, reply.duplicates),
            (stored, 1 - stored),
            "{lose}"
        );
        test.whole();
    }
    let raw = test.raw();
    assert_eq!(raw.number("SELECT count(*) FROM messages"), 8);
    let twice = "SELECT count(*) FROM (SELECT tag FROM dedup GROUP BY tag HAVING count(*) > 1) d";
    assert_eq!(raw.number(twice), 0);
}
