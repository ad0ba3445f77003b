//! Calls and groups as apps get them, byte for byte and without leaks.

use std::fmt::Write as _;

use serde_json::Value;
use whatsapp::relay::CallBeside;
use whatsapp::relay::GroupPeople;
use whatsapp::relay::GroupView;
use whatsapp::relay::Identity;
use whatsapp::relay::RelayCall;
use whatsapp::relay::RelayGroup;
use whatsapp::relay::RelayMember;
use whatsapp::relay::RelayMessage;
use whatsapp::relay::RenderError;
use whatsapp::relay::Rewrite;
use whatsapp::relay::render_call;
use whatsapp::relay::render_group;
use whatsapp::relay::render_group_message;

use crate::leak;
use crate::samples;

const CALLS: &[&str] = &[
    r#"{"id":"wacid.HBgLMjc4MjU1NTAxMjMVAgASGBQA","from":"27825550123","from_user_id":"ZA.13491208655302741918","to":"27115550100","event":"connect","direction":"USER_INITIATED","timestamp":"1758254144"}"#,
    r#"{"id":"wacid.1","from":"27115550100","to":"27825550123","event":"terminate","direction":"BUSINESS_INITIATED","status":"COMPLETED","start_time":"1758254144","end_time":"1758254164","duration":20,"biz_opaque_callback_data":"27825550123","timestamp":1758254164}"#,
    r#"{"id":"wacid.1"}"#,
];

const GROUPS: &[&str] = &[
    r#"{"timestamp":"1758254144","group_id":"G1","type":"group_create","request_id":"r1","subject":"Tea with 082 555 0123","description":"d","invite_link":"https://chat.whatsapp.com/x","join_approval_mode":"auto_approve"}"#,
    r#"{"timestamp":1758254144,"group_id":"G1","type":"group_participants_add","reason":"invite_link","added_participants":[{"input":"+27825550123","wa_id":"27825550123","user_id":"ZA.13491208655302741918","parent_user_id":"ZA.ENT.11815799212886844830","username":"sipho_n"},{"user_id":"ZA.77777777777777777777"},{}]}"#,
    r#"{"group_id":"G1","type":"group_participants_remove","initiated_by":"business","removed_participants":[{"input":"27825550123"}],"failed_participants":[{"input":"27825550123","errors":[{"code":1,"title":"27825550123"}]}],"errors":[{"code":131201,"title":"27825550123","error_data":{"details":"27825550123"}}]}"#,
    r#"{"group_id":"G1","type":"group_join_request_created","join_request_id":"j1","wa_id":"27825550123","user_id":"ZA.13491208655302741918","username":"sipho_n"}"#,
    r#"{"group_id":"G1","type":"group_settings_update","profile_picture":{"sha256":"x","update_successful":true},"group_subject":{"text":"27825550123","update_successful":true,"errors":[{"code":1}]}}"#,
];

fn none(_: &str) -> Option<String> {
    None
}

fn real() -> Rewrite<'static> {
    Rewrite {
        identity: Identity::Real {
            wa_id: None,
            user_id: Some("ZA.13491208655302741918"),
            profile_name: None,
        },
        known: &[],
        ..leak::alias(&none)
    }
}

fn call(raw: &str) -> RelayCall<'_> {
    RelayCall {
        waba_id: "102290129340398",
        phone_number_id: "106540352242922",
        display_phone_number: "27 11 555 0100",
        call_raw: raw,
        contact_raw: Some(samples::CONTACT),
    }
}

fn group(raw: &str) -> RelayGroup<'_> {
    RelayGroup {
        waba_id: "102290129340398",
        phone_number_id: "106540352242922",
        display_phone_number: "27 11 555 0100",
        field: "group_participants_update",
        change_raw: raw,
    }
}

/// The one person of the samples has an alias, nobody else has.
fn aliased(member: RelayMember<'_>) -> Option<String> {
    let known = |id: &str| leak::KNOWN.iter().any(|known| known.ends_with(id));
    let found = member
        .phone
        .map(|phone| phone.trim_start_matches('+'))
        .is_some_and(known)
        || member.user_id.is_some_and(known);
    found.then(|| "ZA.90000000000000000001".to_owned())
}

fn view(people: GroupPeople<'_>) -> GroupView<'_> {
    GroupView {
        group_id: "group.opaque",
        people,
    }
}

const ALIASES: GroupPeople<'_> = GroupPeople::Alias {
    map: &aliased,
    known: leak::KNOWN,
};

#[test]
fn calls_and_groups() {
    let mut out = String::new();
    for raw in CALLS {
        for rewrite in [leak::alias(&none), real()] {
            let rendered = render_call(&call(raw), &rewrite, CallBeside::default()).unwrap();
            assert_eq!(
                render_call(&call(raw), &rewrite, CallBeside::default()).unwrap(),
                rendered
            );
            let _ = writeln!(out, "{rendered}");
        }
    }
    for raw in GROUPS {
        for people in [ALIASES, GroupPeople::Real] {
            let rendered = render_group(&group(raw), &view(people)).unwrap();
            let _ = writeln!(out, "{rendered}");
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn nobody_shows_through_an_alias() {
    let mut count = 0;
    for (raws, is_call) in [(CALLS, true), (GROUPS, false)] {
        for raw in raws {
            let stored: Value = serde_json::from_str(raw).unwrap();
            let mut places = Vec::new();
            leak::pointers("", &stored, &mut places);
            for (place, canary) in places
                .iter()
                .flat_map(|place| leak::CANARIES.iter().map(move |canary| (place, *canary)))
            {
                let mut planted = stored.clone();
                leak::plant(planted.pointer_mut(place).unwrap(), canary);
                let planted = planted.to_string();
                let rendered = if is_call {
                    render_call(&call(&planted), &leak::alias(&none), CallBeside::default())
                        .unwrap()
                } else {
                    render_group(&group(&planted), &view(ALIASES)).unwrap()
                };
                leak::assert_clean(&format!("{raw} {place} {canary}"), &rendered);
                for word in ["unknown_member", "sipho", "Sipho", "chat.whatsapp"] {
                    assert!(!rendered.contains(word), "{word} in {rendered}");
                }
                count += 1;
            }
        }
    }
    assert!(500 < count, "{count}");
}

#[test]
fn messages_of_a_group_say_so() {
    for (name, payload) in samples::PAYLOADS {
        let message = samples::message(&format!(r#""group_id":"G1",{payload}"#));
        let stored = RelayMessage {
            waba_id: "102290129340398",
            phone_number_id: "106540352242922",
            display_phone_number: "27 11 555 0100",
            field: "messages",
            message_raw: &message,
            contact_raw: Some(samples::CONTACT),
        };
        let mapped = |_: &str| Some("wamid.opaque2".to_owned());
        for (rewrite, is_alias) in [
            (leak::alias(&mapped), true),
            (
                Rewrite {
                    map_message_id: &mapped,
                    ..real()
                },
                false,
            ),
        ] {
            let rendered = render_group_message(&stored, &rewrite, "group.opaque").unwrap();
            assert!(
                rendered.contains(r#""group_id":"group.opaque""#) && !rendered.contains("G1\""),
                "{rendered}"
            );
            if is_alias {
                leak::assert_clean(name, &rendered);
            }
        }
    }
}

#[test]
fn what_cannot_be_rendered() {
    for broken in ["", "[]", "7", "{", "null", r#"{"sdp""#] {
        let found = render_call(&call(broken), &real(), CallBeside::default());
        assert_eq!(found, Err(RenderError::Stored), "{broken}");
        let found = render_group(&group(broken), &view(ALIASES));
        assert_eq!(found, Err(RenderError::Stored), "{broken}");
    }
}
