//! Numbers that are added without the configuration file.

use serde_json::Value;
use serde_json::json;

use crate::ask::Ask;
use crate::instance::Instance;
use crate::instance::NUMBER_ID;

const ACCOUNT: &str = "102290129340398";
const TOKEN: &str = "emulator-access-token";

/// An instance that has been started once, with no number in its file.
async fn bare() -> Instance {
    let instance = Instance::new().await;
    instance.configure(|text| {
        let (before, rest) = text.split_once("[[number]]").unwrap();
        let (_, after) = rest.split_once("[egress]").unwrap();
        format!("{before}[egress]{after}")
    });
    assert_eq!(instance.serve().await.stop().await, Some(0));
    instance
}

fn add<'a>(number: &'a str, account: &'a str, file: &'a str) -> Vec<&'a str> {
    let mut arguments = vec!["number", "add", "--phone-number-id", number];
    arguments.extend(["--waba-id", account, "--token-file", file]);
    arguments
}

/// The numbers as the admin API shows them.
async fn numbers(instance: &Instance, token: &str) -> Value {
    let serving = instance.serve().await;
    let shown = Ask::get("/api/v1/numbers")
        .bearer(token)
        .of(serving.staff)
        .await;
    assert_eq!(serving.stop().await, Some(0));
    shown.unwrap().1.get("items").cloned().unwrap()
}

/// Whether a text stands anywhere in the data directory.
fn holds(instance: &Instance, text: &str) -> bool {
    let mut folders = vec![instance.path("data")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if memchr::memmem::find(&std::fs::read(&path).unwrap(), text.as_bytes())
                .is_some()
            {
                return true;
            }
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_added_while_the_gateway_is_stopped() {
    let instance = bare().await;
    for (number, account, file, why) in [
        (
            NUMBER_ID,
            "999",
            "access-token",
            "does not know this number",
        ),
        ("999", ACCOUNT, "access-token", "does not know this number"),
        (NUMBER_ID, ACCOUNT, "app-secret", "Meta refuses the token"),
        (NUMBER_ID, ACCOUNT, "nowhere", "nowhere"),
        ("../1", ACCOUNT, "access-token", "want the digits"),
    ] {
        instance.run(&add(number, account, file)).await.refused(why);
    }
    let added = instance.run(&add(NUMBER_ID, ACCOUNT, "access-token")).await;
    added.found(0, "+27 21 555 0100, Kaapse Koffie. Its token is sealed");
    assert!(
        added.out.contains("webhooks of its account come"),
        "{}",
        added.out
    );
    assert!(
        added.out.contains("templates of its account are here"),
        "{}",
        added.out
    );
    assert!(!holds(&instance, TOKEN), "the token stands in the open");

    // Nobody consented to a greeting: the gate says so.
    let mut again = add(NUMBER_ID, ACCOUNT, "access-token");
    again.extend(["--test-to", "+27825550142"]);
    let refused = instance.run(&again).await;
    refused.found(1, "The test message was not sent.");
    again.push("--json");
    let refused = instance.run(&again).await;
    let told: Value = serde_json::from_str(refused.out.trim()).unwrap();
    assert_eq!(
        (&told["number"], &told["test"]),
        (&json!(1), &json!("refused"))
    );
    assert!(!told["reasons"].as_array().unwrap().is_empty());

    let change = |file| {
        [
            "number",
            "token",
            "--phone-number-id",
            NUMBER_ID,
            "--token-file",
            file,
        ]
    };
    let changed = instance.run(&change("access-token")).await;
    changed.found(0, "from now on");
    instance
        .run(&change("app-secret"))
        .await
        .refused("Meta refuses the token");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_added_while_the_gateway_runs() {
    let instance = Instance::new().await;
    let mut serving = instance.serve().await;
    let staff = serving.token.take().unwrap();
    assert_eq!(serving.stop().await, Some(0));
    // What the file says of a number holds.
    instance
        .run(&add(NUMBER_ID, ACCOUNT, "access-token"))
        .await
        .refused("stands in the configuration file");
    assert_eq!(numbers(&instance, &staff).await[0]["token_kept"], false);

    let serving = instance.serve().await;
    instance
        .run(&add(NUMBER_ID, ACCOUNT, "access-token"))
        .await
        .refused("use the admin API");
    let post = async |id: &str, token: &str| {
        let body = json!({"phone_number_id": id, "waba_id": ACCOUNT, "access_token": token});
        let ask = Ask::post("/api/v1/numbers", &body).bearer(&staff);
        ask.of(serving.staff).await.unwrap()
    };
    let (status, told) = post(NUMBER_ID, TOKEN).await;
    assert_eq!(status, 422, "{told}");
    let (status, told) = post("999", TOKEN).await;
    assert_eq!(status, 502, "{told}");
    assert!(!told.to_string().contains(TOKEN));
    assert_eq!(serving.stop().await, Some(0));
}
