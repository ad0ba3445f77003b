//! The fields of a webhook beside messages: groups, echoes, health, notices, templates, ids.

#![no_main]

use libfuzzer_sys::fuzz_target;
use whatsapp::relay::GroupPeople;
use whatsapp::relay::GroupView;
use whatsapp::relay::RelayGroup;
use whatsapp::relay::render_group;
use whatsapp::relay::scrub;
use whatsapp::webhook::Echo;
use whatsapp::webhook::GroupChange;
use whatsapp::webhook::Item;
use whatsapp::webhook::parse;

const FIELDS: [&str; 27] = [
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "account_update",
    "automatic_events",
    "business_capability_update",
    "business_username_updates",
    "calls",
    "flows",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "messages",
    "messaging_handovers",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "smb_message_echoes",
    "template_category_update",
    "user_id_update",
];

const KNOWN: &[&str] = &["+27825550123", "ZA.13491208655302741918"];

fuzz_target!(|input: &[u8]| {
    let Ok(value) = std::str::from_utf8(input) else {
        return;
    };
    for field in FIELDS {
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","time":1,"changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
        );
        let Ok(items) = parse(body.as_bytes()) else {
            continue;
        };
        assert!(!items.is_empty(), "a webhook vanished");
        for item in &items {
            let _ = format!("{item:?}");
            match item {
                Item::Dropped(dropped) => assert!(dropped.pieces <= input.len()),
                Item::Echo(echo) => recipient(echo),
                Item::Group(change) => members(change),
                _ => {}
            }
        }
    }
});

/// Somebody got it, and a group is nobody.
fn recipient(echo: &Echo<'_>) {
    assert!(echo.to.is_some() || echo.to_user_id.is_some() || echo.group_id.is_some());
    assert!(echo.to.is_none() || echo.to != echo.group_id);
}

fn members(change: &GroupChange<'_>) {
    let lists = [&change.added, &change.removed, &change.failed];
    for member in lists.into_iter().flatten().chain(&change.requester) {
        assert!(member.phone.is_some() || member.user_id.is_some());
        assert!(member.phone.is_none() || member.phone != change.group_id);
    }
    let stored = RelayGroup {
        waba_id: "1",
        phone_number_id: "2",
        display_phone_number: "+1 555",
        field: "group_participants_update",
        change_raw: change.raw.as_str(),
    };
    let view = GroupView {
        group_id: "group.o",
        people: GroupPeople::Alias {
            map: &|_| Some("ZA.9".to_owned()),
            known: KNOWN,
        },
    };
    let Ok(rendered) = render_group(&stored, &view) else {
        return;
    };
    assert!(rendered.is_ascii());
    let value: serde_json::Value =
        serde_json::from_str(&rendered).expect("what was rendered is JSON");
    let mut left = vec![value.pointer("/entry/0/changes/0/value/groups").unwrap()];
    while let Some(value) = left.pop() {
        match value {
            serde_json::Value::String(text) => assert_eq!(scrub(text, KNOWN), *text),
            serde_json::Value::Array(list) => left.extend(list),
            serde_json::Value::Object(object) => left.extend(object.values()),
            _ => {}
        }
    }
}
