//! `imvume rulebook`, run as people run it.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::instance::Ended;
use crate::instance::Instance;
use crate::instance::imvume;

const ADDITION: &str = r#"
id = "za"
version = 2026-12-01
adds = true
last_reviewed = 2026-12-01
reviewer = "N. Dlamini"

[[rule]]
id = "za/consent-lapse/own-policy"
kind = "consent-lapse"
regime = "Own policy"
provision = "Policy 7"
text = "We ask again after two years."
value = { days = 730 }
effective_from = 2199-01-01
status = "adopted_future"
strength = "house"
confidence = "H"
source_ref = "Policy 7"
"#;

async fn run(arguments: &[&str]) -> Ended {
    let mut all = vec!["rulebook"];
    all.extend(arguments);
    Ended::of(imvume(&all).output().await.unwrap())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn lines(ended: &Ended) -> Vec<Value> {
    let lines = ended.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn what_is_built_in_is_whole() {
    let told = run(&["check"]).await;
    told.found(0, "ok       za@2026-11-22");
    told.found(0, "warning: `za/request-deadline/reg-3`: waits for review");
    let told = run(&["check", "--json"]).await;
    assert!(
        lines(&told)
            .iter()
            .any(|line| line["pack"] == "eu@2026-11-22"),
        "{told:?}"
    );
    assert!(
        lines(&told)
            .iter()
            .any(|line| line["about"] == "eu/quiet-hours/fr-charter")
    );
}

#[tokio::test]
async fn a_directory_is_checked_and_compared() {
    let good = folder(&[("policy.toml", ADDITION)]);
    let told = run(&["check", "--directory", text(good.path())]).await;
    told.found(0, "za@2026-11-22+2026-12-01");
    let told = run(&["diff", text(good.path())]).await;
    told.found(
        0,
        "added    za/consent-lapse/own-policy: not there -> not yet in force, on 2199-01-01",
    );
    told.found(0, "1 rule changes.");
    let told = run(&["diff", text(good.path()), "--directory", text(good.path())]).await;
    told.found(0, "Nothing changes.");

    let wrong = ADDITION.replace("days = 730", "days = 0");
    let bad = folder(&[
        ("policy.toml", &wrong),
        ("reviews.toml", "[[review]]\npack = \"moon\"\n"),
    ]);
    let told = run(&["check", "--directory", text(bad.path())]).await;
    told.found(
        1,
        "policy.toml:8: rule `za/consent-lapse/own-policy`: the value of a rule of kind \
         `consent-lapse`: `days` is at least 1",
    );
    told.found(1, "reviews.toml:1: ");
    told.found(1, "2 problems.");
    let told = run(&["check", "--directory", text(bad.path()), "--json"]).await;
    assert_eq!(told.code, Some(1));
    assert_eq!(lines(&told)[0]["line"], 8);
    let told = run(&["diff", text(bad.path())]).await;
    told.refused("policy.toml:8: rule `za/consent-lapse/own-policy`");
    let none = good.path().join("none");
    run(&["show", "--directory", text(&none)])
        .await
        .refused("none:1: cannot be read");
}

#[tokio::test]
async fn packs_and_rules_are_shown() {
    run(&["show"]).await.found(0, "br@2026-11-22 – Brazil");
    let told = run(&["show", "za"]).await;
    told.found(
        0,
        "za/quiet-hours/cpa-12\n    CPA s12; notice R293 of 2011; H; enforced",
    );
    let told = run(&["show", "za/request-deadline/reg-3"]).await;
    told.found(0, "now          waits for review");
    told.found(0, "accepted by  nobody");
    let told = run(&["show", "ke", "--json"]).await;
    for rule in lines(&told) {
        assert_ne!(rule["state"], "enforced", "{rule}");
    }
    run(&["show", "moon"])
        .await
        .refused("there is no pack and no rule of this id");
}

#[tokio::test]
async fn whose_law_holds_is_explained() {
    let told = run(&["explain", "--controller", "ZA", "--phone-prefix", "+447797"]).await;
    for wanted in [
        "    GB     low     phone prefix\n",
        "    JE     medium  phone prefix\n",
        "    ZA     high    establishment of the controller\n",
        "    uk@2026-11-22            the person may be in GB\n",
        "    xx-default@2026-11-22    no whole pack is enforced for JE\n",
        "    za@2026-11-22            the controller is established here\n",
        "    Europe/London, Europe/Jersey\n",
        "  * xx-default/consent-grade/explicit: Imvume default\n",
        "    za/consent-grade/popia-69: POPIA s69(2); Regulations reg 6, Form 4\n",
        "    za/request-deadline/reg-3: POPIA s24; Regulations reg 3 (2025), Form 2 – waits for review\n",
    ] {
        told.found(0, wanted);
    }
    let told = run(&[
        "explain",
        "--residence",
        "US-CA",
        "--at",
        "2026-11-22T10:00:00Z",
        "--json",
    ])
    .await;
    let all = &lines(&told)[0];
    assert_eq!(all["zones"], serde_json::json!(["America/Los_Angeles"]));
    let quiet = all["rules"].as_array().unwrap().iter();
    let mut quiet = quiet.filter(|rule| rule["kind"] == "quiet-hours");
    assert!(
        quiet.any(|rule| rule["rule"] == "us-ca/quiet-hours/tcpa-hours" && rule["decides"] == true)
    );
    let told = run(&["explain", "--residence", "Utopia"]).await;
    told.found(0, "    XX     low     nothing surer is known\n");
    assert!(
        told.err.contains("counts as unknown") && !told.err.contains("Utopia"),
        "{told:?}"
    );
    for wrong in ["27821234567", "27-1", ""] {
        let told = run(&["explain", "--phone-prefix", wrong]).await;
        assert_eq!(told.code, Some(2), "{told:?}");
    }
    run(&["explain", "--subject", "1"])
        .await
        .refused("--config");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_names_the_directory() {
    let instance = Instance::new().await;
    let law = folder(&[("policy.toml", ADDITION)]);
    let path = text(law.path()).to_owned();
    instance.configure(|text| format!("{text}\n[rulebook]\ndirectory = \"{path}\"\n"));
    let config = instance.path("imvume.toml");
    let check = ["rulebook", "check", "--config", text(&config)];
    let told = instance.run(&check).await;
    told.found(0, "za@2026-11-22+2026-12-01");
    let told = instance
        .run(&[
            "rulebook",
            "explain",
            "--phone-prefix",
            "49",
            "--config",
            text(&config),
        ])
        .await;
    told.found(0, "    ZA     high    establishment of the controller\n");
    std::fs::write(law.path().join("bad.toml"), "moon = 1").unwrap();
    let told = instance.run(&check).await;
    told.found(1, "bad.toml:1: unknown field `moon`");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_is_known_is_explained_and_that_is_logged() {
    let folder = TempDir::new().unwrap();
    let demo = folder.path().join("demo");
    let played = imvume(&["demo", "--once", "--dir", text(&demo)])
        .output()
        .await
        .unwrap();
    Ended::of(played).found(0, "no differences");
    let config = demo.join("imvume.toml");
    let leaves = async || -> u64 {
        let told = imvume(&["audit", "reconcile", "--json", "--config", text(&config)]);
        let told = Ended::of({ told }.output().await.unwrap());
        let whole = lines(&told).pop().unwrap();
        assert_eq!(whole["differences"], 0, "{told:?}");
        whole["leaves"].as_u64().unwrap()
    };
    let before = leaves().await;
    let told = run(&["explain", "--config", text(&config), "--subject", "1"]).await;
    told.found(0, "    za@2026-11-22 ");
    assert!(!told.out.contains("2782"), "{told:?}");
    assert_eq!(leaves().await, before + 1);
    let told = run(&["explain", "--config", text(&config), "--subject", "999999"]).await;
    told.refused("there is no subject of this id");
    assert_eq!(leaves().await, before + 1);
}
