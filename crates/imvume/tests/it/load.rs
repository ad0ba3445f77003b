//! Clients that work against a gateway and keep a list of what was acknowledged to them, and what must
//! be true of that list afterwards.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::ask::Ask;
use crate::client::PATIENCE;
use crate::instance::APP_SECRET;
use crate::instance::Instance;
use crate::instance::NUMBER_ID;
use crate::instance::Serving;

/// Clients at one time.
const LANES: usize = 4;

/// How long a client waits before it comes again.
const AGAIN: Duration = Duration::from_millis(5);

/// Where a gateway is reached: by Meta, and by apps.
pub(crate) type Doors = (SocketAddr, SocketAddr);

/// What the clients know.
#[derive(Default)]
struct Known {
    next: u64,
    /// People whose message was answered 200.
    written: Vec<u64>,
    /// People whose answer was answered 200.
    answered: Vec<u64>,
    /// How often each status was answered to webhooks; 0 where nobody answered.
    statuses: BTreeMap<u16, usize>,
}

/// Clients, whether they work or not.
pub(crate) struct Load {
    known: Mutex<Known>,
    token: String,
    acknowledged: watch::Sender<usize>,
}

/// Clients that work.
pub(crate) struct Working {
    load: Arc<Load>,
    over: Arc<AtomicBool>,
    lanes: JoinSet<()>,
}

impl Load {
    /// Clients of a gateway that has just been started for the first time, with an app of their own.
    pub(crate) async fn of(serving: &Serving, staff: &str) -> Arc<Self> {
        Arc::new(Self {
            known: Mutex::default(),
            token: app_token(serving, staff).await,
            acknowledged: watch::Sender::new(0),
        })
    }

    /// Has the clients work: with the first of the gateways that takes something, whenever the one
    /// they were with does not.
    pub(crate) fn start(self: &Arc<Self>, gateways: &[Doors]) -> Working {
        let over = Arc::new(AtomicBool::new(false));
        let turn = Arc::new(AtomicUsize::new(0));
        let mut lanes = JoinSet::new();
        for _ in 0..LANES {
            let (load, over, turn) = (Arc::clone(self), Arc::clone(&over), Arc::clone(&turn));
            let gateways = gateways.to_owned();
            lanes.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    load.turn(&gateways, &turn).await;
                }
            });
        }
        Working {
            load: Arc::clone(self),
            over,
            lanes,
        }
    }

    /// Somebody writes to the gateway whose turn it is; if it takes nothing, it is another's turn.
    async fn turn(&self, gateways: &[Doors], turn: &AtomicUsize) {
        let place = turn.load(Ordering::Relaxed);
        let doors = *gateways.get(place % gateways.len()).unwrap();
        if self.one(doors).await {
            return;
        }
        // Unless another client has found out meanwhile.
        let _ = turn.compare_exchange(place, place + 1, Ordering::Relaxed, Ordering::Relaxed);
        tokio::time::sleep(AGAIN).await;
    }

    /// A person writes, the app answers. Whether the message was taken.
    async fn one(&self, doors: Doors) -> bool {
        let person = {
            let mut known = self.known();
            known.next += 1;
            known.next
        };
        let told = webhook(person).of(doors.0).await;
        let status = told.map_or(0, |(status, _)| status);
        *self.known().statuses.entry(status).or_default() += 1;
        if status != 200 {
            return false;
        }
        self.known().written.push(person);
        self.acknowledged.send_modify(|count| *count += 1);
        if let Some((200, _)) = answer(person, &self.token).of(doors.1).await {
            self.known().answered.push(person);
            self.acknowledged.send_modify(|count| *count += 1);
        }
        true
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    /// How often each status was answered to webhooks; 0 where nobody answered.
    pub(crate) fn statuses(&self) -> BTreeMap<u16, usize> {
        self.known().statuses.clone()
    }

    /// How much was acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        *self.acknowledged.borrow()
    }

    /// The last that was acknowledged is there.
    pub(crate) async fn newest_stand(&self, serving: &Serving, staff: &str) {
        let newest: Vec<u64> = self.known().written.iter().rev().take(3).copied().collect();
        for person in newest {
            assert!(is_kept(serving, staff, person).await, "{person} is lost");
        }
    }

    /// Everything that was acknowledged is there, and nothing reached anybody twice.
    pub(crate) async fn stands(&self, instance: &Instance, serving: &Serving, staff: &str) {
        let (written, answered) = {
            let known = self.known();
            (known.written.clone(), known.answered.clone())
        };
        for person in &written {
            assert!(
                is_kept(serving, staff, *person).await,
                "the message of {person} is lost"
            );
        }
        let reached = reached(instance).await;
        for ((to, text), count) in &reached {
            assert_eq!(*count, 1, "“{text}” reached {to} {count} times");
        }
        for person in &answered {
            let key = (phone(*person), format!("answer {person}"));
            assert!(reached.contains_key(&key), "the answer to {person} is lost");
        }
    }
}

impl Working {
    /// Waits until so much more has been acknowledged.
    pub(crate) async fn acknowledges(&self, more: usize) {
        let mut heard = self.load.acknowledged.subscribe();
        let wanted = *heard.borrow() + more;
        heard.wait_for(|count| wanted <= *count).await.unwrap();
    }

    /// Waits until so many more webhooks were answered with this.
    pub(crate) async fn hears(&self, status: u16, more: usize) {
        let count = || self.load.statuses().get(&status).copied().unwrap_or(0);
        let wanted = count() + more;
        let mut look = tokio::time::interval(AGAIN);
        while count() < wanted {
            look.tick().await;
        }
    }

    /// Lets the clients finish what they are at.
    pub(crate) async fn end(mut self) {
        self.over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.lanes.join_next().await {
            ended.unwrap();
        }
    }
}

pub(crate) fn phone(person: u64) -> String {
    format!("2782{person:07}")
}

/// A webhook as Meta signs it. Every fourth person says STOP, which the gateway confirms by itself.
pub(crate) fn webhook(person: u64) -> Ask<'static> {
    let now = store::Clock::default().now().seconds();
    let text = if person.is_multiple_of(4) {
        "STOP"
    } else {
        "Hello"
    };
    let message = json!({
        "from": phone(person), "from_user_id": format!("ZA.{person:020}"),
        "id": format!("wamid.crash{person}"), "timestamp": now.to_string(), "type": "text",
        "text": {"body": text},
    });
    let contact = json!({
        "profile": {"name": "A"}, "wa_id": phone(person), "user_id": format!("ZA.{person:020}"),
    });
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "27215550100", "phone_number_id": NUMBER_ID},
        "contacts": [contact], "messages": [message],
    });
    let body = json!({"object": "whatsapp_business_account", "entry": [
        {"id": "102290129340398", "changes": [{"field": "messages", "value": value}]},
    ]});
    Ask::post("/webhook", &body).signed(APP_SECRET)
}

/// The app's answer to a person.
pub(crate) fn answer(person: u64, token: &str) -> Ask<'static> {
    let body = json!({
        "messaging_product": "whatsapp", "to": format!("+{}", phone(person)), "type": "text",
        "text": {"body": format!("answer {person}")},
    });
    Ask::post("/v23.0/106540352242922/messages", &body).bearer(token)
}

async fn app_token(serving: &Serving, staff: &str) -> String {
    let app = json!({"name": "till", "identity": "real"});
    let app = Ask::post("/api/v1/apps", &app).bearer(staff);
    let app = app.of(serving.staff).await.unwrap().1;
    let path = format!("/api/v1/apps/{}/tokens", app.get("id").unwrap());
    let token = json!({"name": "till", "scopes": ["send"], "expires_in_days": 1});
    let token = Ask::post(&path, &token).bearer(staff);
    let token = token.of(serving.staff).await.unwrap().1;
    let token = token.get("token").and_then(Value::as_str).unwrap();
    token.to_owned()
}

/// Whether a person's message is there.
pub(crate) async fn is_kept(serving: &Serving, staff: &str, person: u64) -> bool {
    let named = json!({"phone": format!("+{}", phone(person))});
    let found = Ask::post("/api/v1/subjects/lookup", &named)
        .bearer(staff)
        .of(serving.staff)
        .await;
    let Some((200, found)) = found else {
        return false;
    };
    let path = format!("/api/v1/subjects/{}", found.get("subject").unwrap());
    let record = Ask::get(&path).bearer(staff).of(serving.staff).await;
    record
        .unwrap()
        .1
        .pointer("/conversations/0/last_message")
        .is_some_and(Value::is_u64)
}

/// How often each text reached each person at Meta.
async fn reached(instance: &Instance) -> BTreeMap<(String, String), usize> {
    let sent = Ask::get("/_emulator/sent").of(instance.meta.addr()).await;
    let mut counts = BTreeMap::new();
    for call in sent
        .unwrap()
        .1
        .get("sent")
        .and_then(Value::as_array)
        .unwrap()
    {
        let body = call.get("body").unwrap();
        let to = body.get("to").and_then(Value::as_str).unwrap_or_default();
        let text = body
            .pointer("/text/body")
            .and_then(Value::as_str)
            .unwrap_or("confirmation");
        let key = (to.trim_start_matches('+').to_owned(), text.to_owned());
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// The log and the database agree, and no file is torn.
pub(crate) async fn whole(instance: &Instance) {
    goes_on_from(instance, &[]).await;
}

/// The same, and the log goes on from every checkpoint that was kept.
pub(crate) async fn goes_on_from(instance: &Instance, kept: &[PathBuf]) {
    let mut verify = vec!["audit", "verify", "data"];
    for checkpoint in kept {
        verify.extend(["--checkpoint", checkpoint.to_str().unwrap()]);
    }
    let verified = instance.run(&verify).await;
    verified.found(0, "The log is whole");
    let reconciled = instance.run(&["audit", "reconcile"]).await;
    reconciled.found(0, "0 differences");
}

/// Keeps the log's newest checkpoint, as somebody outside would, once there is one.
pub(crate) async fn keep_checkpoint(instance: &Instance, name: &str) -> PathBuf {
    let (newest, kept) = (instance.path("data/log/checkpoint"), instance.path(name));
    appears(&newest).await;
    std::fs::copy(newest, &kept).unwrap();
    kept
}

/// Waits until a file is there.
pub(crate) async fn appears(file: &Path) {
    let mut look = tokio::time::interval(Duration::from_millis(1));
    let there = async {
        while !file.exists() {
            look.tick().await;
        }
    };
    timeout(PATIENCE, there).await.unwrap();
}
