//! What `imvume check` finds at the other side.

use std::net::SocketAddr;

use serde_json::json;

use crate::ask::Ask;
use crate::instance::Instance;

const APP: &str = "670843887433847";

/// Everything the gateway acts on.
const FIELDS: &str = "account_alerts,account_review_update,account_update,business_capability_update,calls,\
    message_template_components_update,message_template_quality_update,message_template_status_update,\
    messages,phone_number_name_update,phone_number_quality_update,security,smb_message_echoes,standby,\
    template_category_update,user_preferences";

/// Tells the configuration of the app, and how Meta reaches the gateway.
fn tell(instance: &Instance, public: &str) {
    instance.configure(|text| {
        let text = text.replace("[meta]\n", &format!("[meta]\napp_id = \"{APP}\"\n"));
        text.replace(
            "[listen]\n",
            &format!("[listen]\npublic_url = \"{public}\"\n"),
        )
    });
}

/// Subscribes the app, as somebody does in the App Dashboard.
async fn subscribe(instance: &Instance, public: SocketAddr, fields: &str) {
    let meta = instance.meta.base_url();
    let meta: SocketAddr = meta.trim_start_matches("http://").parse().unwrap();
    let body = json!({"object": "whatsapp_business_account", "fields": fields,
        "callback_url": format!("http://{public}/webhook"), "verify_token": "emulator-verify-token"});
    let path = format!("/v23.0/{APP}/subscriptions");
    let ask = Ask::post(&path, &body).bearer(&format!("{APP}|emulator-app-secret"));
    let (status, told) = ask.of(meta).await.unwrap();
    assert_eq!(status, 200, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_app_at_meta_is_looked_at() {
    let instance = Instance::new().await;
    let serving = instance.serve().await;
    let check = instance.run(&["check"]).await;
    check.found(0, "meta.app_id          is not given");
    assert!(check.out.contains("for up to 30 days"), "{}", check.out);

    let public = format!("http://{}/", serving.public);
    tell(&instance, &public);
    let check = instance.run(&["check"]).await;
    check.found(1, "the app gets no webhooks");
    assert!(check.out.contains("leads to this gateway"), "{}", check.out);
    assert!(check.out.contains("and does not end"), "{}", check.out);

    subscribe(&instance, serving.public, "messages,history").await;
    let check = instance.run(&["check"]).await;
    check.found(1, "the app is not subscribed to account_alerts, ");

    subscribe(&instance, serving.public, &format!("{FIELDS},history")).await;
    let check = instance.run(&["check"]).await;
    check.found(0, "the app gets history, which is dropped unread");

    subscribe(&instance, serving.public, FIELDS).await;
    let check = instance.run(&["check"]).await;
    check.found(0, "the app gets everything the gateway acts on");
    assert!(check.out.contains("All is well."), "{}", check.out);

    // Somebody else's gateway, or none.
    tell(&instance, &format!("{}/", instance.meta.base_url()));
    let check = instance.run(&["check"]).await;
    check.found(1, "the app's webhooks go to http://");
    assert!(
        check.out.contains("not as this gateway does"),
        "{}",
        check.out
    );
    tell(&instance, &public);
    assert_eq!(serving.stop().await, Some(0));
    let check = instance.run(&["check"]).await;
    check.found(1, "cannot be reached from here");
    for secret in [
        "emulator-verify-token",
        "emulator-access-token",
        "emulator-app-secret",
    ] {
        assert!(!check.out.contains(secret), "{}", check.out);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_in_plain_is_told_of() {
    let instance = Instance::new().await;
    instance.configure(|text| text.replace("apps = \"127.0.0.1:0\"", "apps = \"0.0.0.0:0\""));
    let check = instance.run(&["check"]).await;
    check.found(1, "other machines reach listen.apps in plain");
    instance.configure(|text| {
        let text = text.replace("apps = \"127.0.0.1:0\"", "apps = \"0.0.0.0:0\"");
        text.replace("[listen]\n", "[listen]\ntrusted_proxies = [\"10.0.0.1\"]\n")
    });
    let check = instance.run(&["check"]).await;
    check.found(0, "1 believed about who asks");
}
