//! What may be stored of a webhook: no session description, no old chats, no address book.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use whatsapp::relay::CallBeside;
use whatsapp::relay::Identity;
use whatsapp::relay::RelayCall;
use whatsapp::relay::Rewrite;
use whatsapp::relay::render_call;
use whatsapp::webhook::Item;
use whatsapp::webhook::keepable;
use whatsapp::webhook::parse;

const NEVER: [&str; 4] = ["history", "sdp", "session", "state_sync"];

fuzz_target!(|input: &[u8]| {
    stored(input);
    let Ok(piece) = std::str::from_utf8(input) else {
        return;
    };
    for body in [
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"calls","value":{{"calls":[{piece}]}}}}]}}]}}"#
        ),
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"standby","value":{{"standby":{{"calls":[{piece}]}}}}}}]}}]}}"#
        ),
    ] {
        stored(body.as_bytes());
    }
});

fn stored(body: &[u8]) {
    let Ok(items) = parse(body) else {
        let kept = keepable(body);
        assert_eq!(keepable(&kept), kept, "something was left");
        return clean(&String::from_utf8_lossy(&kept));
    };
    assert!(!items.is_empty(), "a webhook vanished");
    for item in &items {
        let _ = format!("{item:?}");
        match item {
            Item::Call(call) => {
                clean(call.raw.as_str());
                rendered(call.raw.as_str());
            }
            Item::CallStatus(status) => clean(status.raw.as_str()),
            Item::Unhandled { raw, .. }
            | Item::Unknown { raw, .. }
            | Item::Unreadable { raw, .. } => clean(raw.as_str()),
            _ => {}
        }
    }
}

/// No member of what is kept has one of the names, however it is spelled.
fn clean(kept: &str) {
    let Ok(value) = serde_json::from_str::<Value>(kept) else {
        return;
    };
    let mut left = vec![&value];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(list) => left.extend(list),
            Value::Object(object) => {
                for (key, value) in object {
                    assert!(!NEVER.iter().any(|never| key.eq_ignore_ascii_case(never)));
                    left.push(value);
                }
            }
            _ => {}
        }
    }
}

fn rendered(call: &str) {
    let stored = RelayCall {
        waba_id: "1",
        phone_number_id: "2",
        display_phone_number: "+1 555",
        call_raw: call,
        contact_raw: None,
    };
    let rewrite = Rewrite {
        identity: Identity::Alias {
            alias: "ZA.9",
            profile_name: "Customer",
        },
        message_id: "wacid.m",
        map_message_id: &|_| None,
        media_id: None,
        media_url: None,
        media_sha256: None,
        keep_referral: false,
        known: &["+27825550123"],
        successor_alias: None,
    };
    let rendered = render_call(&stored, &rewrite, CallBeside::default())
        .expect("a call that was kept renders");
    assert!(rendered.is_ascii());
    clean(&rendered);
}
