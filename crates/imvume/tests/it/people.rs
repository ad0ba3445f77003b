//! Lists of people, brought in by the command and over the admin API.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::ask::Ask;
use crate::instance::Ended;
use crate::instance::Instance;
use crate::instance::NUMBER_ID;

const LIST: &str = "phone;email;residence;status\n+27821234567;thandi@example.com;ZA;subscribed\n\
                    +27821234568;;ZA;unsubscribed\n";

/// A number that must stand nowhere in what is said.
const CANARY: &str = "82123456";

async fn started() -> Instance {
    let instance = Instance::new().await;
    assert_eq!(instance.serve().await.stop().await, Some(0));
    instance
}

fn arguments<'a>(file: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["people", "import", file, "--layout", "generic", "--json"];
    arguments.extend(["--purpose", "marketing", "--provenance", "the till"]);
    arguments.extend(more);
    arguments
}

async fn import(instance: &Instance, file: &str, more: &[&str]) -> (Ended, Value) {
    let ended = instance.run(&arguments(file, more)).await;
    let told = serde_json::from_str(&ended.out).unwrap_or_default();
    (ended, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_looked_at_then_taken_and_only_once() {
    let instance = started().await;
    instance.write("list.csv", LIST);
    let (ended, told) = import(&instance, "list.csv", &["--dry-run"]).await;
    assert_eq!(told["outcome"], "checked", "{ended:?}");
    assert_eq!((&told["rows"], &told["bad"]), (&json!(2), &json!(0)));
    let (ended, told) = import(&instance, "list.csv", &[]).await;
    assert_eq!(told["outcome"], "done", "{ended:?}");
    assert_eq!(told["new_people"], 2);
    assert_eq!(told["said_no"], 1);
    let (_, told) = import(&instance, "list.csv", &[]).await;
    assert_eq!(told["outcome"], "before");
    instance
        .run(&["audit", "reconcile"])
        .await
        .found(0, " 0 differences.");
    let preview = [
        "preview",
        "--phone-number-id",
        NUMBER_ID,
        "--audience",
        "import:1",
    ];
    instance.run(&preview).await.found(0, "2  people");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_rows_are_named_by_line_and_nothing_is_half_taken() {
    let instance = started().await;
    instance.write(
        "list.csv",
        "phone,email\n+27821234567,\n2.78E+10,\n=1+1,\n0821234567,\n,thandi@example.com\n",
    );
    let (ended, told) = import(&instance, "list.csv", &[]).await;
    assert_eq!(told["outcome"], "refused", "{ended:?}");
    let lines: Vec<&Value> = told["bad_rows"].as_array().unwrap().iter().collect();
    let lines: Vec<u64> = lines
        .iter()
        .map(|row| row["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [3, 4, 5]);
    assert!(ended.out.contains("lost digits"));
    assert!(!ended.out.contains(CANARY) && !ended.err.contains(CANARY));
    let (_, told) = import(&instance, "list.csv", &["--skip-bad", "--country", "ZA"]).await;
    assert_eq!(
        (&told["outcome"], &told["new_people"]),
        (&json!("done"), &json!(2)),
        "the second number is the first one in national form"
    );
    for (file, text, wanted) in [
        ("titles.csv", "name,number\nThandi,1\n", "no column phone"),
        ("empty.csv", "", "the file is empty"),
        ("endless.csv", "phone,email\n\"+27", "not closed"),
    ] {
        let mut text = text.to_owned();
        if file == "endless.csv" {
            text.push_str(&"1".repeat(4 << 20));
        }
        instance.write(file, &text);
        instance.run(&arguments(file, &[])).await.refused(wanted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_was_killed_goes_on_and_brings_everybody_once() {
    const PEOPLE: u32 = 40_000;
    let instance = started().await;
    let mut list = String::from("phone\n");
    for n in 0..PEOPLE {
        let _ = writeln!(list, "+2782{n:07}");
    }
    instance.write("list.csv", &list);
    let log = instance.path("data/imvume.db-wal");
    let size = || std::fs::metadata(&log).map_or(0, |file| file.len());
    for _ in 0..3 {
        let before = size();
        let mut command = instance.command(&arguments("list.csv", &[]));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = command.spawn().unwrap();
        let mut look = tokio::time::interval(Duration::from_millis(2));
        // Until some of it is written, or it has come to its end.
        while size() <= before + 500_000 && running.try_wait().unwrap().is_none() {
            look.tick().await;
        }
        let _ = running.kill().await;
    }
    let (ended, told) = import(&instance, "list.csv", &[]).await;
    let outcome = told["outcome"].as_str().unwrap_or_default();
    assert!(["done", "before"].contains(&outcome), "{ended:?}");
    assert_eq!(told["new_people"], PEOPLE);
    assert_eq!(told["known_people"], 0);
    instance
        .run(&["audit", "reconcile"])
        .await
        .found(0, " 0 differences.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_comes_in_over_the_admin_api() {
    let instance = Instance::new().await;
    let mut serving = instance.serve().await;
    let token = serving.token.take().unwrap();
    let query = "layout=generic&purpose=marketing&provenance=till";
    let path = format!("/api/v1/imports?{query}");
    let post = |body: &str| Ask {
        body: body.to_owned(),
        ..Ask::post(&path, &Value::Null).bearer(&token)
    };
    let (status, taken) = post(LIST).of(serving.staff).await.unwrap();
    assert_eq!(status, 202, "{taken}");
    let mut told = taken;
    let mut look = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..500 {
        if told["state"] == "done" {
            break;
        }
        look.tick().await;
        let one = Ask::get("/api/v1/imports/1").bearer(&token);
        told = one.of(serving.staff).await.unwrap().1;
    }
    assert_eq!(
        (&told["state"], &told["new_people"]),
        (&json!("done"), &json!(2))
    );
    let (status, _) = post(LIST).of(serving.staff).await.unwrap();
    assert_eq!(status, 409, "the same list again");
    let (status, problem) = post("name\nThandi\n").of(serving.staff).await.unwrap();
    assert_eq!(status, 400, "{problem}");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("no column phone")
    );
    let asked = json!({"number": 1, "audience": {"import": 1}});
    let preview = Ask::post("/api/v1/previews", &asked).bearer(&token);
    let (status, tally) = preview.of(serving.staff).await.unwrap();
    assert_eq!((status, &tally["people"]), (200, &json!(2)), "{tally}");
    assert_eq!(tally["refused"]["shown"], "<5");
    assert_eq!(serving.stop().await, Some(0));
    assert!(!instance.told().contains(CANARY));
}
