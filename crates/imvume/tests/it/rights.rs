//! Commands about what people ask for by right, what is kept and for how long, while the gateway is
//! stopped; and a lost machine that comes back by commands alone.

use backup::age::Identity;
use serde_json::Value;

use crate::ask::Ask;
use crate::instance::Instance;
use crate::instance::Serving;
use crate::traffic::Writer;
use crate::traffic::webhook;

const WRITER: Writer<'static> = Writer {
    phone: "27825550142",
    user_id: "ZA.13491208655302741918",
    name: "Thandi Mokoena",
};

async fn hear(serving: &Serving, texts: &[&str]) {
    for (place, text) in texts.iter().enumerate() {
        let ask = webhook(&WRITER, &format!("wamid.{place}"), text);
        let (status, answer) = ask.of(serving.public).await.unwrap();
        assert_eq!(status, 200, "{answer}");
    }
}

/// An instance that is stopped, to which somebody has written.
async fn wrote(texts: &[&str]) -> Instance {
    let instance = Instance::new().await;
    let serving = instance.serve().await;
    hear(&serving, texts).await;
    assert_eq!(serving.stop().await, Some(0));
    instance
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_shown_and_the_data_are_copied() {
    let instance = wrote(&["Molo", "CORRECT MY DATA"]).await;
    for (arguments, wanted) in [
        (&["request", "list", "--open"][..], "correction"),
        (&["request", "list", "--overdue"], "no request of anybody's"),
        (&["request", "show", "1"], "correction"),
    ] {
        instance.run(arguments).await.found(0, wanted);
    }
    instance
        .run(&["request", "show", "9"])
        .await
        .refused("there is no case with this number");
    let listed = instance.run(&["request", "list", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    let subject = listed[0]["subject"].to_string();

    let export = |out: &'static str| {
        let subject = subject.as_str();
        ["subject", "export", "--subject", subject, "--out", out]
    };
    instance.run(&export("a.zip")).await.found(0, "A copy of ");
    let archive = std::fs::read(instance.path("a.zip")).unwrap();
    assert!(archive.starts_with(b"PK"));
    instance
        .run(&export("a.zip"))
        .await
        .refused("exists and is not written to");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_erased_but_for_what_is_held() {
    let instance = wrote(&["Molo"]).await;
    let place = |phone: &'static str| {
        let what = ["hold", "place", "case-1", "--matter", "a case"];
        let whom = ["--owner", "legal", "--class", "conversation"];
        [&what[..], &whom[..], &["--phone", phone]].concat()
    };
    instance
        .run(&place("+27820000000"))
        .await
        .refused("one of them is not known here");
    let erase = |reason: &'static str| {
        let what = ["subject", "erase", "--subject", "1", "--at-once"];
        [&what[..], &["--reason", reason]].concat()
    };
    instance.run(&erase("because")).await.refused("--reason");
    let release = ["hold", "release", "case-1", "--reason", "settled"];
    for (arguments, wanted) in [
        (&place("+27825550142")[..], "It is in force"),
        (&["hold", "list"], "case-1"),
        (&erase("requested"), "kept: conversation"),
        (&erase("requested"), "erased before"),
        (&["subject", "erasures"], "requested"),
        (&release, "Of 1 record classes"),
        (&["hold", "list"], "no legal hold is in force"),
        (&["audit", "reconcile"], " 0 differences."),
    ] {
        instance.run(arguments).await.found(0, wanted);
    }
    let decide = |class: &'static str| {
        let what = ["subject", "decide", "--erasure", "1"];
        [&what[..], &["--class", class, "--reason", "claim 14"]].concat()
    };
    instance
        .run(&decide("conversation"))
        .await
        .refused("this decision has ended");
    instance.run(&decide("stories")).await.refused("--class");
    a_certificate_is_written(&instance).await;
    let gone = ["subject", "export", "--subject", "1", "--out", "a.zip"];
    instance.run(&gone).await.refused("--subject");
}

async fn a_certificate_is_written(instance: &Instance) {
    let written = ["subject", "certificate", "--erasure", "1", "--out", "note"];
    let verify = ["audit", "certificate", "note", "--log", "data/log"];
    for (arguments, wanted) in [
        (&written[..], "Wrote the certificate"),
        (&verify, "The certificate holds: "),
        (&["audit", "verify", "data/log"], " "),
    ] {
        instance.run(arguments).await.found(0, wanted);
    }
    instance
        .run(&written)
        .await
        .refused("note: cannot be made: ");
    let pdf = [&written[..5], &["certificate.pdf", "--pdf"]].concat();
    instance.run(&pdf).await.found(0, "Wrote the certificate");
    let pdf = std::fs::read(instance.path("certificate.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    let none = ["subject", "certificate", "--erasure", "9", "--out", "none"];
    instance.run(&none).await.refused("no such erasure");
    let note = std::fs::read_to_string(instance.path("note")).unwrap();
    instance.write("altered", &note.replacen("erased", "forgot", 1));
    let altered = ["audit", "certificate", "altered", "--log", "data/log"];
    instance
        .run(&altered)
        .await
        .found(1, "The certificate does not hold: ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_had_from_a_gateway_that_runs() {
    let instance = Instance::new().await;
    let listen = "[listen]\npublic_url = \"https://koffie.example\"\n";
    instance.configure(|text| text.replacen("[listen]\n", listen, 1));
    let mut serving = instance.serve().await;
    let staff = serving.token.take().unwrap();
    hear(&serving, &["Molo"]).await;
    assert_eq!(serving.stop().await, Some(0));
    let what = ["subject", "erase", "--subject", "1", "--at-once"];
    let erase = [&what[..], &["--reason", "requested"]].concat();
    instance.run(&erase).await.found(0, "erasure 1: ");
    let serving = instance.serve().await;
    let ask = async |path: &str| {
        let asked = Ask::get(path).bearer(&staff).of(serving.staff);
        asked.await.unwrap()
    };
    let (status, shown) = ask("/api/v1/erasures/1").await;
    assert_eq!(status, 200, "{shown}");
    let page = shown["certificate_page"].as_str().unwrap();
    let page = page.strip_prefix("https://koffie.example").unwrap();
    let (status, read) = Ask::get(page).of(serving.public).await.unwrap();
    assert_eq!(status, 200, "{read}");
    let (status, note) = ask("/api/v1/erasures/1/certificate").await;
    assert_eq!(status, 200, "{note}");
    let (none, _) = ask("/api/v1/erasures/2/certificate").await;
    assert_eq!(none, 404);
    instance.write("note", note.as_str().unwrap());
    assert_eq!(serving.stop().await, Some(0));
    let verify = ["audit", "certificate", "note", "--log", "data/log"];
    instance
        .run(&verify)
        .await
        .found(0, "The certificate holds: ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schedule_is_previewed_before_an_entry_is_on_and_counts_are_shown() {
    let instance = wrote(&["Molo"]).await;
    let days = |from: &'static str| ["statistics", "--from", from, "--to", "2099-12-31"];
    for (arguments, wanted) in [
        (&["retention", "preview"][..], "records looked at"),
        (&["retention", "show"], "PROPOSED ONLY"),
        (&["retention", "on", "conversation"], "It is on."),
        (&days("2026-01-01"), "message-in total: "),
    ] {
        instance.run(arguments).await.found(0, wanted);
    }
    for (arguments, wanted) in [
        (&["retention", "on", "nothing"][..], "no entry of this name"),
        (&days("yesterday"), "a day is a date"),
    ] {
        instance.run(arguments).await.refused(wanted);
    }
    let shown = instance.run(&["retention", "show", "--json"]).await;
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    let entries = shown.as_array().unwrap().iter();
    let on: Vec<&Value> = entries.filter(|entry| entry["on"] == true).collect();
    assert_eq!(on.len(), 1, "{shown}");
    assert_eq!(on[0]["code"], "conversation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_machine_comes_back_by_the_commands() {
    let instance = Instance::new().await;
    let identity = Identity::from_secret(&[7; 32]).unwrap();
    instance.write("recovery.txt", &identity.to_text());
    std::fs::create_dir(instance.path("place")).unwrap();
    let recipient = identity.recipient();
    let section = format!(
        "\n[backup]\nrecipients = [\"{recipient}\"]\nevery_hours = 0\n\n\
         [[backup.place]]\ndirectory = \"place\"\n"
    );
    instance.configure(|text| text + &section);

    let serving = instance.serve().await;
    hear(&serving, &["Molo"]).await;
    // The gateway that runs is asked to.
    let made = instance.run(&["backup", "create"]).await;
    made.found(0, "Made snapshot ");
    assert_eq!(serving.stop().await, Some(0));
    let listed = instance.run(&["backup", "list"]).await;
    listed.found(0, "key bundle up to part ");
    listed.found(0, "Snapshot ");
    let verified = instance.run(&["backup", "verify"]).await;
    verified.found(0, " holds: ");

    let restore = ["backup", "restore", "--identity", "recovery.txt"];
    let refused = instance.run(&restore).await;
    refused.refused("the target is not empty");
    // The machine is lost; what is left is the configuration, the place and the identity.
    for lost in ["data", "imvume.key"] {
        let away = instance.path(&format!("lost-{lost}"));
        std::fs::rename(instance.path(lost), away).unwrap();
    }
    let came = instance.run(&restore).await;
    came.found(0, "Everything opens: ");
    let serving = instance.serve().await;
    assert_eq!(serving.token, None, "staff have their tokens");
    assert_eq!(serving.stop().await, Some(0));
    let reconciled = instance.run(&["audit", "reconcile"]).await;
    reconciled.found(0, " 0 differences.");
    let export = ["subject", "export", "--subject", "1", "--out", "a.zip"];
    instance.run(&export).await.found(0, "A copy of ");
}
