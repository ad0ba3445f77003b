//! The server goes away while people write.

use std::sync::Arc;

use testkit::postgres::Cluster;
use testkit::postgres::Options;
use testkit::postgres::Stop;

use crate::base::Base;
use crate::on_postgres::fixture::TestStore;
use crate::on_postgres::fixture::both;
use crate::on_postgres::fixture::phone;
use crate::server::load::Load;
use crate::server::load::stands;

#[derive(Clone, Copy, Debug)]
enum Outage {
    Fast,
    Immediate,
    Killed,
    Terminated,
}

/// Waits for work that blocks, beside the runtime.
async fn beside(cluster: &Arc<Cluster>, work: impl FnOnce(&Cluster) + Send + 'static) {
    let cluster = Arc::clone(cluster);
    tokio::task::spawn_blocking(move || work(&cluster))
        .await
        .unwrap();
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_the_store_comes_back_by_itself() {
    let cluster = Arc::new(Cluster::start(Options::default()));
    let test = TestStore::over(Base::Server(cluster.database())).await;
    let known = test.hear(&both(500), 1).await;
    let load = Load::start(&test);
    for outage in [
        Outage::Fast,
        Outage::Immediate,
        Outage::Killed,
        Outage::Terminated,
    ] {
        load.keeps(200).await;
        match outage {
            Outage::Fast => beside(&cluster, |cluster| cluster.stop(Stop::Fast)).await,
            Outage::Immediate => beside(&cluster, |cluster| cluster.stop(Stop::Immediate)).await,
            Outage::Killed => beside(&cluster, Cluster::kill9).await,
            // Where nothing is on its way just then the store is back before anybody notices.
            Outage::Terminated => test.cut(),
        }
        if cluster.process().is_none() {
            load.refuses().await;
            let read = test.store.read_now(|reader| reader.find(&phone(500)));
            assert!(matches!(read, Err(store::StoreError::Busy)), "{read:?}");
            let before = load.kept();
            load.refuses().await;
            assert_eq!(load.kept(), before, "{outage:?}: kept without a server");
            beside(&cluster, Cluster::start_again).await;
        }
        load.keeps(200).await;
        // Readers held from before the outage do not get in the way either.
        assert_eq!(test.find(&phone(500)), Some(known), "{outage:?}");
    }
    let kept = load.end().await;
    stands(&test, &kept[..]).await;
    drop(test);
}

/// The keys are being rolled when the session is cut: the roll goes on where it stood.
#[tokio::test]
async fn a_roll_that_is_cut_off_goes_on_once_the_server_is_back() {
    let test = TestStore::new().await;
    for person in 1..6 {
        test.hear(&both(person), person).await;
    }
    let raw = test.raw();
    raw.batch("BEGIN; LOCK TABLE data_keys IN SHARE MODE");
    let store = Arc::clone(&test.store);
    let rolled = tokio::spawn(async move { store.roll().await });
    let looker = test.raw();
    let waiting = || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                   AND datname = current_database()";
        looker.number(sql) > 0
    };
    crate::server::load::until(waiting).await;
    test.cut();
    raw.batch("ROLLBACK");
    assert!(rolled.await.unwrap().is_err());
    let epochs = || test.store.keyring().keys().epochs().count();
    assert_eq!(epochs(), 2, "the roll is under way");
    let mut serial = 100;
    loop {
        let message = test.message(&both(1), serial);
        let intake = store::operation::Intake {
            items: vec![store::operation::Item::Message(Box::new(message))],
        };
        match test.store.intake(intake).await {
            Ok(_) => break,
            Err(error) => assert!(matches!(error, store::StoreError::Busy), "{error}"),
        }
        serial += 1;
        assert!(serial < 2_000, "the store does not come back");
        looker.batch("SELECT pg_sleep(0.005)");
    }
    assert_eq!(epochs(), 2, "it serves while the roll is under way");
    test.store.roll().await.unwrap();
    assert_eq!(epochs(), 1, "the roll has ended");
    assert!(test.find(&phone(1)).is_some());
    test.whole();
}
