//! People who write all the time, and a list of what they were told is kept.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::Store;
use store::StoreError;
use store::operation::Intake;
use store::operation::Item;
use tokio::task::JoinHandle;

use crate::on_postgres::fixture::TestStore;
use crate::on_postgres::fixture::both;

/// How many write at the same time.
const WRITERS: u32 = 8;

/// How long one who was told to come back waits.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// Writers at work.
pub(crate) struct Load {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    kept: Mutex<Vec<Intake>>,
    refused: AtomicUsize,
    done: AtomicBool,
}

impl Shared {
    /// Sends a message until it is kept, or nobody wants more.
    async fn send(&self, store: &Store, post: Intake) {
        while !self.done.load(Ordering::Relaxed) {
            match store.intake(post.clone()).await {
                Ok(reply) => {
                    assert_eq!(reply.stored + reply.duplicates, 1);
                    self.kept.lock().unwrap().push(post);
                    return;
                }
                Err(StoreError::Busy | StoreError::Fenced) => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => panic!("told {error}"),
            }
        }
    }
}

impl Load {
    /// Lets writers begin. Each sends a message until it is told that it is kept, then the next.
    pub(crate) fn start(test: &TestStore) -> Self {
        let shared = Arc::new(Shared::default());
        let tasks = (0..WRITERS).map(|writer| {
            let (store, shared) = (Arc::clone(&test.store), Arc::clone(&shared));
            let posts: Vec<Intake> = (0..4_000)
                .map(|serial| {
                    let serial = 1_000_000 + serial * WRITERS + writer;
                    let message = test.message(&both(serial % 97), serial);
                    Intake {
                        items: vec![Item::Message(Box::new(message))],
                    }
                })
                .collect();
            tokio::spawn(async move {
                for post in posts {
                    shared.send(&store, post).await;
                }
            })
        });
        Self {
            tasks: tasks.collect(),
            shared,
        }
    }

    pub(crate) fn kept(&self) -> usize {
        self.shared.kept.lock().unwrap().len()
    }

    pub(crate) fn refused(&self) -> usize {
        self.shared.refused.load(Ordering::Relaxed)
    }

    /// Waits until this many more are kept.
    pub(crate) async fn keeps(&self, more: usize) {
        let goal = self.kept() + more;
        until(|| goal <= self.kept()).await;
    }

    /// Waits until somebody else was told to come back.
    pub(crate) async fn refuses(&self) {
        let before = self.refused();
        until(|| before < self.refused()).await;
    }

    /// Ends, and returns all that was kept.
    pub(crate) async fn end(self) -> Vec<Intake> {
        self.shared.done.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        std::mem::take(&mut *self.shared.kept.lock().unwrap())
    }
}

/// Waits until something is so.
pub(crate) async fn until(so: impl Fn() -> bool) {
    let wait = async {
        while !so() {
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
}

/// That everything the writers were told is kept is there, once, and the log without a hole.
pub(crate) async fn stands(test: &TestStore, kept: &[Intake]) {
    assert!(!kept.is_empty());
    let stored = test.raw().number("SELECT count(*) FROM messages");
    assert!(kept.len() <= usize::try_from(stored).unwrap());
    // Some may have been written without anybody being told: those in flight when the load ended.
    assert!(usize::try_from(stored).unwrap() <= kept.len() + WRITERS as usize);
    for post in kept {
        let again = test.store.intake(post.clone()).await.unwrap();
        assert_eq!((again.stored, again.duplicates), (0, 1), "one was lost");
    }
    assert_eq!(test.raw().number("SELECT count(*) FROM messages"), stored);
    test.whole();
}
