//! Block registries: lists brought in while the gateway is stopped and while it runs, and certificates
//! that hold without it.

use std::net::SocketAddr;

use serde_json::Value;
use serde_json::json;

use crate::ask::Ask;
use crate::instance::Instance;

impl Instance {
    /// Checks a certificate with the key that lies with the log.
    async fn verified(&self, more: &[&str]) -> crate::instance::Ended {
        let mut arguments = vec!["registry", "verify", "certificate", "--log", "data/log"];
        arguments.extend(more);
        self.run(&arguments).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_brought_in_and_certified() {
    let instance = Instance::new().await;
    let serving = instance.serve().await;
    let token = serving.token.clone().unwrap();
    assert_eq!(serving.stop().await, Some(0));

    let add = ["registry", "add", "ncc", "--name", "Opt-out register"];
    instance.run(&add).await.found(0, "blocks nobody");
    instance.run(&add).await.refused("another block registry");
    instance.write("list.csv", "phone\n082 555 0123\n+27825550124\n");
    let import = |more: &[&'static str]| {
        let mut arguments = vec!["registry", "import", "ncc", "list.csv"];
        arguments.extend(more);
        arguments
    };
    // Without the country the first number could be anybody's.
    let refused = instance.run(&import(&[])).await;
    refused.found(1, "");
    assert!(
        refused
            .err
            .contains("line 2: the number has no country code"),
        "{}",
        refused.err
    );
    assert!(!refused.err.contains("0123"), "{}", refused.err);
    let done = instance
        .run(&import(&[
            "--country",
            "ZA",
            "--certificate",
            "certificate",
        ]))
        .await;
    done.found(0, "2 lines, 2 newly blocked, 0 released");
    instance
        .run(&["registry", "import", "other", "list.csv"])
        .await
        .refused("there is no such registry");

    hold_and_fail(&instance).await;

    let check = instance.run(&["check"]).await;
    assert!(check.out.contains("registry ncc"), "{}", check.out);
    assert!(check.out.contains("its list counts until"), "{}", check.out);

    let serving = instance.serve().await;
    // The first import was given up, and its id with it.
    let path = "/api/v1/block-registries/ncc/imports/2/certificate";
    let (status, _) = Ask::get(path)
        .bearer(&token)
        .of(serving.staff)
        .await
        .unwrap();
    assert_eq!(status, 200);
    notice_is_checked(serving.staff, &token).await;
    assert_eq!(serving.stop().await, Some(0));
}

/// The certificate holds with what it speaks of, and with nothing else.
async fn hold_and_fail(instance: &Instance) {
    instance
        .verified(&["--file", "list.csv"])
        .await
        .found(0, "The certificate holds");
    let key = std::fs::read_to_string(instance.path("data/log/key.vkey")).unwrap();
    let offline = [
        "registry",
        "verify",
        "certificate",
        "--key",
        key.trim(),
        "--json",
    ];
    let held: Value = serde_json::from_str(instance.run(&offline).await.out.trim()).unwrap();
    assert_eq!(held.pointer("/holds"), Some(&json!(true)));
    assert_eq!(held.pointer("/blocked"), Some(&json!(2)));
    instance.write("other.csv", "phone\n+27825550124\n");
    instance
        .verified(&["--file", "other.csv"])
        .await
        .found(1, "speaks of another file");
    let note = std::fs::read_to_string(instance.path("certificate")).unwrap();
    instance.write("certificate", &note.replace("lifted: 0", "lifted: 1"));
    instance
        .verified(&[])
        .await
        .found(1, "the signature does not hold");
    // Another's key does not do.
    let strange = key.trim().replace("kaapsekoffie", "somebodyelse");
    instance
        .run(&["registry", "verify", "certificate", "--key", &strange])
        .await
        .refused("--key");
}

/// What a notice lacks comes from the rulebook, with its provision.
async fn notice_is_checked(staff: SocketAddr, token: &str) {
    let path = "/api/v1/notices/check";
    let body = json!({
        "code": "offers", "language": "en", "title": "Offers", "body": "Offers of the shop.",
        "change": "told", "strict": true,
    });
    let checked = Ask::post(path, &body).bearer(token).of(staff).await;
    let (status, checked) = checked.unwrap();
    assert_eq!(status, 200, "{checked}");
    assert_eq!(checked.pointer("/publishable"), Some(&json!(false)));
    let element = checked.pointer("/missing/0/element");
    assert_eq!(element, Some(&json!("N01")));
    let rule = checked.pointer("/missing/0/rules/0/id");
    let rule = rule.and_then(Value::as_str).unwrap();
    assert!(rule.starts_with("za/"), "{rule}");
    let provision = checked.pointer("/missing/0/rules/0/provision");
    assert_ne!(provision, Some(&json!("")));
}
