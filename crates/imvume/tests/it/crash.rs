//! Killed at any moment, again and again: nothing acknowledged is lost, and no send is doubled.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;

use serde_json::Value;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::ask::Ask;
use crate::instance::APP_SECRET;
use crate::instance::Instance;
use crate::instance::NUMBER_ID;
use crate::instance::Serving;

const CYCLES: usize = 10;
/// Clients at one time.
const LANES: usize = 4;

/// What the clients know.
#[derive(Default)]
struct Known {
    next: u64,
    /// People whose message was answered 200.
    written: Vec<u64>,
    /// People whose answer was answered 200.
    answered: Vec<u64>,
}

type Shared = Arc<Mutex<Known>>;

fn phone(person: u64) -> String {
    format!("2782{person:07}")
}

/// A webhook as Meta signs it. Every fourth person says STOP, which the gateway confirms by itself.
fn webhook(person: u64) -> Ask<'static> {
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

fn answer(person: u64, token: &str) -> Ask<'static> {
    let body = json!({
        "messaging_product": "whatsapp", "to": format!("+{}", phone(person)), "type": "text",
        "text": {"body": format!("answer {person}")},
    });
    Ask::post("/v23.0/106540352242922/messages", &body).bearer(token)
}

/// One client: a person writes, the app answers, until the gateway is gone.
async fn lane(
    known: Shared,
    doors: (SocketAddr, SocketAddr),
    token: String,
    acks: watch::Sender<()>,
) {
    loop {
        let person = {
            let mut known = known.lock().unwrap();
            known.next += 1;
            known.next
        };
        match webhook(person).of(doors.0).await {
            Some((200, _)) => known.lock().unwrap().written.push(person),
            Some(_) => continue,
            None => return,
        }
        let _ = acks.send(());
        match answer(person, &token).of(doors.1).await {
            Some((200, _)) => known.lock().unwrap().answered.push(person),
            Some(_) => {}
            None => return,
        }
        let _ = acks.send(());
    }
}

/// Lets clients work until so many acknowledgements have come, then kills it under their hands.
async fn cycle(mut serving: Serving, known: &Shared, token: &str, acknowledgements: usize) {
    let (acks, mut heard) = watch::channel(());
    let mut lanes = JoinSet::new();
    for _ in 0..LANES {
        let doors = (serving.public, serving.apps);
        lanes.spawn(lane(
            Arc::clone(known),
            doors,
            token.to_owned(),
            acks.clone(),
        ));
    }
    for _ in 0..acknowledgements {
        heard.changed().await.unwrap();
    }
    serving.process.kill().await.unwrap();
    while let Some(ended) = lanes.join_next().await {
        ended.unwrap();
    }
}

async fn app_token(serving: &Serving, staff: &str) -> String {
    let app = json!({"name": "till", "identity": "real"});
    let app = Ask::post("/api/v1/apps", &app)
        .bearer(staff)
        .of(serving.staff)
        .await
        .unwrap()
        .1;
    let path = format!("/api/v1/apps/{}/tokens", app.get("id").unwrap());
    let token = json!({"name": "till", "scopes": ["send"], "expires_in_days": 1});
    let token = Ask::post(&path, &token)
        .bearer(staff)
        .of(serving.staff)
        .await
        .unwrap()
        .1;
    token
        .get("token")
        .and_then(Value::as_str)
        .unwrap()
        .to_owned()
}

/// Whether a person's message is there.
async fn is_kept(serving: &Serving, staff: &str, person: u64) -> bool {
    let named = json!({"phone": format!("+{}", phone(person))});
    let found = Ask::post("/api/v1/subjects/lookup", &named)
        .bearer(staff)
        .of(serving.staff)
        .await;
    let Some((200, found)) = found else {
        return false;
    };
    let path = format!("/api/v1/subjects/{}", found.get("subject").unwrap());
    let record = Ask::get(&path)
        .bearer(staff)
        .of(serving.staff)
        .await
        .unwrap()
        .1;
    record
        .pointer("/conversations/0/last_message")
        .is_some_and(Value::is_u64)
}

/// How often each text reached each person at Meta.
async fn reached(instance: &Instance) -> BTreeMap<(String, String), usize> {
    let sent = Ask::get("/_emulator/sent")
        .of(instance.meta.addr())
        .await
        .unwrap()
        .1;
    let mut counts = BTreeMap::new();
    for call in sent.get("sent").and_then(Value::as_array).unwrap() {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_loses_nothing_and_doubles_nothing() {
    let instance = Instance::new().await;
    let known = Shared::default();
    let mut first = instance.serve().await;
    let staff = first.token.take().unwrap();
    let token = app_token(&first, &staff).await;
    let mut serving = first;
    for number in 0..CYCLES {
        cycle(serving, &known, &token, 3 + number * 7 % 24).await;
        serving = instance.serve().await;
    }
    let (written, answered) = {
        let known = known.lock().unwrap();
        (known.written.clone(), known.answered.clone())
    };
    assert!(
        written.len() > CYCLES * 3,
        "only {} messages were acknowledged",
        written.len()
    );
    for person in &written {
        assert!(
            is_kept(&serving, &staff, *person).await,
            "the message of {person} is lost"
        );
    }
    let reached = reached(&instance).await;
    for ((to, text), count) in &reached {
        assert_eq!(*count, 1, "“{text}” reached {to} {count} times");
    }
    for person in &answered {
        let key = (phone(*person), format!("answer {person}"));
        assert!(reached.contains_key(&key), "the answer to {person} is lost");
    }
    assert_eq!(serving.stop().await, Some(0));
    instance
        .run(&["audit", "verify", "data"])
        .await
        .found(0, "The log is whole");
    instance
        .run(&["audit", "reconcile"])
        .await
        .found(0, "0 differences");
}
