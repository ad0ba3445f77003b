//! Calls, groups, coexistence, standby, health: what else Meta posts.

use std::fmt::Write as _;

use whatsapp::webhook::CallDirection;
use whatsapp::webhook::GroupChange;
use whatsapp::webhook::GroupMember;
use whatsapp::webhook::HealthEffect;
use whatsapp::webhook::Item;
use whatsapp::webhook::MessagingLimit;
use whatsapp::webhook::NoticeKind;
use whatsapp::webhook::Restriction;
use whatsapp::webhook::SystemKind;
use whatsapp::webhook::Unreadable;
use whatsapp::webhook::parse;

use crate::samples;

const GROUP: &str = "Y2FwaV9ncm91cDoyNzExNTU1MDEwMDoxMjAzNjM0MDUwNjYZD";

fn items(body: &str) -> Vec<Item<'_>> {
    parse(body.as_bytes()).unwrap()
}

fn only(body: &str) -> Item<'_> {
    let mut items = items(body);
    assert_eq!(items.len(), 1, "{items:?}");
    items.remove(0)
}

/// A POST about an account, with the entry's time.
fn account(field: &str, value: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","time":1739321024,"changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
    )
}

/// Field, members of `value`, and what is read of it.
#[rustfmt::skip]
const PIECES: &[(&str, &str, &str)] = &[
    ("calls", r#""calls":[{"id":"wacid.1","from":"27825550123","from_user_id":"ZA.1","to":"27115550100","event":"connect","direction":"USER_INITIATED","timestamp":"1758254144","session":{"sdp":"v=0","sdp_type":"offer"}}]"#,
        "call connect of 27825550123 ZA.1, opens true"),
    ("calls", r#""contacts":[{"profile":{"name":"S"},"wa_id":"27825550123","user_id":"ZA.1"}],"calls":[{"id":"wacid.1","event":"connect","direction":"USER_INITIATED","timestamp":1758254144}]"#,
        "call connect of 27825550123 ZA.1, opens true"),
    ("calls", r#""calls":[{"id":"wacid.1","from":"","event":"connect","direction":"USER_INITIATED"}]"#, "unreadable: no sender"),
    ("calls", r#""calls":[{"from":"278","event":"connect","direction":"USER_INITIATED"}]"#, "unreadable: no usable id"),
    ("calls", r#""calls":[{"id":"wacid.1","from":"278","event":"terminate","direction":"USER_INITIATED","status":"COMPLETED","start_time":"1758254144","end_time":"1758254164","duration":20}]"#,
        "call terminate of 278 -, opens false, Completed Some(20)"),
    ("calls", r#""calls":[{"id":"wacid.1","from":"278","event":"terminate","direction":"USER_INITIATED","status":["FAILED"]}]"#, "call terminate of 278 -, opens false, Failed None"),
    ("calls", r#""calls":[{"id":"wacid.1","from":"27115550100","to":"278","to_user_id":"ZA.1","event":"connect","direction":"BUSINESS_INITIATED"}]"#, "call connect of 278 ZA.1, opens false"),
    ("calls", r#""calls":[{"id":"wacid.1","from":"27115550100","to":"278","event":"connect"}]"#, "call connect of 278 -, opens false"),
    ("calls", r#""calls":[{"id":"wacid.1","from":"278","event":"hologram","direction":"USER_INITIATED"}]"#, "call other of 278 -, opens false"),
    ("calls", r#""statuses":[{"id":"wacid.1","type":"call","status":"RINGING","timestamp":"1758254144","recipient_id":"278"}]"#, "call status Ringing of 278"),
    ("messages", r#""statuses":[{"id":"wacid.1","type":"call","status":"REJECTED","timestamp":"1758254144","recipient_id":"278"}]"#, "call status Rejected of 278"),
    ("group_lifecycle_update", r#""groups":[{"timestamp":"1758254144","group_id":"G","type":"group_create","request_id":"r","subject":"Tea","invite_link":"https://chat.whatsapp.com/x"}]"#, "group created G by Unknown +[] -[] ![] ?-"),
    ("group_lifecycle_update", r#""groups":[{"type":"group_create","errors":[{"code":131215,"title":"x"}]}]"#, "group created - by Unknown +[] -[] ![] ?-"),
    ("group_lifecycle_update", r#""groups":[{"type":"group_delete","errors":[]}]"#, "unreadable: no usable id"),
    ("group_participants_update", r#""groups":[{"timestamp":1758254144,"group_id":"G","type":"group_participants_add","reason":"invite_link","added_participants":[{"wa_id":"278","user_id":"ZA.1","username":"u"},{"user_id":"ZA.2"},{}]}]"#,
        r#"group participants_added G by Unknown +["278", "ZA.2"] -[] ![] ?-"#),
    ("group_participants_update", r#""groups":[{"group_id":"G","type":"group_participants_remove","initiated_by":"business","removed_participants":[{"input":"+278"},{"wa_id":"G"}],"failed_participants":[{"input":"279","errors":[{"code":1}]}]}]"#,
        r#"group participants_removed G by Business +[] -["+278"] !["279"] ?-"#),
    ("group_participants_update", r#""initiated_by":"participant","groups":[{"group_id":"G","type":"group_participants_remove","removed_participants":[{"wa_id":"278"}]}]"#,
        r#"group participants_removed G by Participant +[] -["278"] ![] ?-"#),
    ("group_participants_update", r#""groups":[{"group_id":"G","type":"group_join_request_created","join_request_id":"j","wa_id":"278","user_id":"ZA.1"}]"#, "group join_requested G by Unknown +[] -[] ![] ?278"),
    ("group_participant_update", r#""groups":[{"group_id":"G","type":"group_add_participants"}]"#, "group participants_added G by Unknown +[] -[] ![] ?-"),
    ("group_settings_update", r#""groups":[{"group_id":"G","type":"group_settings_update","group_subject":{"text":"New","update_successful":true}}]"#, "group settings G by Unknown +[] -[] ![] ?-"),
    ("group_status_update", r#""groups":[{"group_id":"G","type":"group_suspend"},7]"#, "group suspended G by Unknown +[] -[] ![] ?-\nunreadable: not the expected shape"),
    ("group_status_update", r#""groups":[{"group_id":"G","type":"group_suspend_cleared"}]"#, "group suspension_cleared G by Unknown +[] -[] ![] ?-"),
    ("smb_message_echoes", r#""message_echoes":[{"from":"27115550100","to":"278","id":"wamid.1","timestamp":"1758254144","type":"text","text":{"body":"x"}}]"#, "echo business_app text to 278 - - file -"),
    ("smb_message_echoes", r#""messages":[{"from":"27115550100","to":"278","id":"wamid.1","timestamp":"1758254144","type":"text","text":{"body":"x"}}]"#, "echo business_app text to 278 - - file -"),
    ("smb_message_echoes", r#""contacts":[{"wa_id":"278","user_id":"ZA.1","profile":{"username":"u"}}],"message_echoes":[{"from":"27115550100","to":"","to_user_id":"ZA.1","id":"wamid.1","timestamp":"1758254144","type":"image","image":{"id":"99","caption":"c"}}]"#,
        "echo business_app image to 278 ZA.1 - file 99"),
    ("smb_message_echoes", r#""message_echoes":[{"from":"27115550100","to":"278","id":"wamid.1","type":"revoke","revoke":{"original_message_id":"wamid.0"}}]"#, "echo business_app revoke to 278 - - file - about wamid.0"),
    ("smb_message_echoes", r#""message_echoes":[{"from":"27115550100","to":"G","group_id":"G","id":"wamid.1","type":"text","text":{"body":"x"}}]"#, "echo business_app text to - - G file -"),
    ("smb_message_echoes", r#""message_echoes":[{"from":"27115550100","to":"G","recipient_type":"group","id":"wamid.1","type":"text","text":{"body":"x"}}]"#, "echo business_app text to - - G file -"),
    ("smb_message_echoes", r#""message_echoes":[{"from":"27115550100","id":"wamid.1","type":"text","text":{"body":"x"}}]"#, "unreadable: no recipient"),
    ("message_echoes", r#""message_echoes":[{"from":"27115550100","to":"278","id":"wamid.1","type":"text"}]"#, "echo other_app text to 278 - - file -"),
    ("user_id_update", r#""contacts":[{"wa_id":"278"}],"user_id_update":[{"wa_id":"278","detail":"x","user_id":{"previous":"ZA.1","current":"ZA.2"},"parent_user_id":{"previous":"ZA.ENT.1","current":"ZA.ENT.2"},"timestamp":"1758254144"}]"#,
        "identity ZA.1 to ZA.2"),
    ("user_id_update", r#""user_id_update":[{"user_id":{"previous":"","current":"ZA.2"}}]"#, "unreadable: no sender"),
    ("user_id_update", r#""user_id":{"previous":"ZA.1","current":"ZA.2"}"#, "unknown user_id_update"),
    ("standby", r#""standby":{"message_echoes":[{"from":"27115550100","to":"278","id":"wamid.1","type":"text","text":{"body":"x"}}],"statuses":[{"id":"wamid.2","status":"read"}]}"#,
        "echo thread_owner text to 278 - - file -\nstatus read"),
    ("standby", r#""standby":{}"#, "unknown standby"),
    ("standby", r#""standby":[]"#, "unreadable: not the expected shape"),
    ("standby", r#""standby":{"standby":{"standby":{}}}"#, "unreadable: nested too deep"),
];

fn or_dash<'a>(text: Option<&'a whatsapp::Text<'_>>) -> &'a str {
    text.map_or("-", |text| text.as_str())
}

fn describe(item: &Item<'_>) -> String {
    match item {
        Item::Call(call) => {
            let mut out = format!(
                "call {} of {} {}, opens {}",
                call.event.as_str(),
                or_dash(call.phone.as_ref()),
                or_dash(call.user_id.as_ref()),
                call.opens_window()
            );
            if let Some(outcome) = call.outcome {
                let _ = write!(out, ", {outcome:?} {:?}", call.duration);
            }
            out
        }
        Item::CallStatus(status) => {
            let person = or_dash(status.recipient_id.as_ref());
            format!("call status {:?} of {person}", status.progress)
        }
        Item::Echo(echo) => {
            let file = echo.media.as_ref().map(|media| &media.id);
            let mut out = format!(
                "echo {} {} to {} {} {} file {}",
                echo.source.as_str(),
                echo.kind.as_str(),
                or_dash(echo.to.as_ref()),
                or_dash(echo.to_user_id.as_ref()),
                or_dash(echo.group_id.as_ref()),
                or_dash(file)
            );
            if let Some(original) = &echo.original_id {
                let _ = write!(out, " about {}", original.as_str());
            }
            out
        }
        Item::Group(change) => describe_group(change),
        Item::IdentityChange(change) => format!(
            "identity {} to {}",
            change.old_user_id.as_str(),
            change.new_user_id.as_str()
        ),
        Item::Status(status) => format!("status {}", status.kind.as_str()),
        Item::Unknown { field, .. } => format!("unknown {}", field.as_str()),
        Item::Unreadable { why, .. } => format!("unreadable: {why}"),
        other => panic!("{other:?}"),
    }
}

fn describe_group(change: &GroupChange<'_>) -> String {
    let who = |people: &[GroupMember<'_>]| -> Vec<String> {
        let name = |member: &GroupMember<'_>| {
            or_dash(member.phone.as_ref().or(member.user_id.as_ref())).to_owned()
        };
        people.iter().map(name).collect()
    };
    let asks = change.requester.as_ref();
    format!(
        "group {} {} by {:?} +{:?} -{:?} !{:?} ?{}",
        change.kind.as_str(),
        or_dash(change.group_id.as_ref()),
        change.initiated_by,
        who(&change.added),
        who(&change.removed),
        who(&change.failed),
        or_dash(asks.and_then(|who| who.phone.as_ref()))
    )
}

#[test]
fn pieces() {
    for (field, members, expected) in PIECES {
        let body = samples::envelope(field, members);
        let found: Vec<String> = items(&body).iter().map(describe).collect();
        assert_eq!(found.join("\n"), *expected, "{field} {members}");
        let debug = format!("{:?}", items(&body));
        for secret in ["278", "ZA.", "wamid", "wacid", "chat.whatsapp"] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }
}

#[test]
fn a_stop_in_standby_is_heard_at_either_depth() {
    let message = samples::message(r#""type":"text","text":{"body":"STOP"}"#);
    let members = format!(
        r#""contacts":[{}],"messages":[{message}]"#,
        samples::CONTACT
    );
    let metadata = r#""metadata":{"display_phone_number":"27 21 555 0100","phone_number_id":"7"}"#;
    for (members, number) in [
        (members.clone(), "106540352242922"),
        (format!(r#""standby":{{{members}}}"#), "106540352242922"),
        (format!(r#""standby":{{{metadata},{members}}}"#), "7"),
    ] {
        let body = samples::envelope("standby", &members);
        let Item::Message(message) = only(&body) else {
            panic!("{members}");
        };
        assert!(message.standby);
        assert_eq!(message.scope.phone_number_id.as_deref(), Some(number));
        assert_eq!(message.profile_name.as_deref(), Some("Sipho Canary"));
        let said: Vec<_> = message.signals().collect();
        assert_eq!(said.len(), 1);
        assert_eq!(said[0].text, "STOP");
    }
}

#[test]
fn a_group_is_nobody() {
    let text = r#""id":"wamid.1","timestamp":"1758254144","type":"text","text":{"body":"STOP"}"#;
    let post = |members: &str| samples::envelope("messages", members);
    let body = post(&format!(
        r#""contacts":[{{"wa_id":"279"}},{}],"messages":[{{"from":"27825550123","group_id":"{GROUP}",{text}}}]"#,
        samples::CONTACT
    ));
    let Item::Message(message) = only(&body) else {
        panic!("no message");
    };
    assert_eq!(message.from.as_deref(), Some("27825550123"));
    assert_eq!(message.user_id.as_deref(), Some("ZA.13491208655302741918"));
    assert_eq!(message.group_id.as_deref(), Some(GROUP));
    assert!(!message.opens_window());
    assert_eq!(message.signals().count(), 1);

    for sender in [
        format!(r#""from":"{GROUP}","#),
        format!(r#""from_user_id":"{GROUP}","#),
        String::new(),
    ] {
        let body = post(&format!(
            r#""contacts":[{}],"messages":[{{{sender}"group_id":"{GROUP}",{text}}}]"#,
            samples::CONTACT
        ));
        assert!(
            matches!(
                only(&body),
                Item::Unreadable {
                    why: Unreadable::Sender,
                    ..
                }
            ),
            "{sender}"
        );
    }

    for (members, phone, id) in [
        (r#""recipient_type":"group""#, None, None),
        (
            r#""recipient_type":"group","recipient_participant_id":"278","recipient_participant_user_id":"ZA.1""#,
            Some("278"),
            Some("ZA.1"),
        ),
        (
            r#""participant_recipient_id":"278","recipient_user_id":"ZA.9""#,
            Some("278"),
            None,
        ),
    ] {
        let body = post(&format!(
            r#""statuses":[{{"id":"wamid.1","status":"read","recipient_id":"{GROUP}",{members}}}]"#
        ));
        let Item::Status(status) = only(&body) else {
            panic!("no status");
        };
        assert!(status.to_group);
        assert_eq!(status.group_id.as_deref(), Some(GROUP));
        assert_eq!(status.recipient_id.as_deref(), phone);
        assert_eq!(status.recipient_user_id.as_deref(), id);
    }
}

#[test]
fn call_permissions() {
    let check = |reply: &str, expected: (bool, bool, bool, Option<i64>)| {
        let post = samples::post(&format!(
            r#""type":"interactive","interactive":{{"type":"call_permission_reply","call_permission_reply":{reply}}}"#
        ));
        let Item::Message(message) = only(&post) else {
            panic!("{reply}");
        };
        let found = message.call_permission.unwrap();
        assert!(!message.opens_window());
        assert_eq!(
            (
                found.granted,
                found.permanent,
                found.by_person,
                found.expires
            ),
            expected,
            "{reply}"
        );
    };
    check(
        r#"{"response":"accept","expiration_timestamp":1753186982,"response_source":"user_action","is_permanent":false}"#,
        (true, false, true, Some(1_753_186_982)),
    );
    check(
        r#"{"response":"accept","response_source":"automatic","is_permanent":true}"#,
        (true, true, false, None),
    );
    check(r#"{"response":"reject"}"#, (false, false, false, None));
    check("{}", (false, false, false, None));
}

#[test]
fn a_new_identity_key() {
    let (_, payload) = samples::PAYLOADS
        .iter()
        .find(|row| row.0 == "new identity")
        .unwrap();
    let post = samples::post(payload);
    let Item::Message(message) = only(&post) else {
        panic!("no message");
    };
    let change = message.system.unwrap();
    assert_eq!(change.kind, SystemKind::CustomerIdentityChanged);
    assert_eq!(
        change.new_identity_key_hash.as_deref(),
        Some("DF2lS5v2W6x=")
    );
}

/// Field, `value`, and the effects.
#[rustfmt::skip]
const HEALTH: &[(&str, &str, &[HealthEffect])] = &[
    ("phone_number_quality_update", r#"{"display_phone_number":"27 11 555 0100","event":"ONBOARDING","current_limit":"TIER_250"}"#, &[HealthEffect::Limit(MessagingLimit::People(250))]),
    ("phone_number_quality_update", r#"{"display_phone_number":"27 11 555 0100","event":"DOWNGRADE","old_limit":"TIER_10K","current_limit":"TIER_10K","max_daily_conversations_per_business":"TIER_2K"}"#, &[HealthEffect::Limit(MessagingLimit::People(2_000))]),
    ("phone_number_quality_update", r#"{"display_phone_number":"27 11 555 0100","event":"THROUGHPUT_UPGRADE","current_limit":"TIER_UNLIMITED"}"#, &[HealthEffect::ThroughputHigh, HealthEffect::Limit(MessagingLimit::Unlimited)]),
    ("phone_number_quality_update", r#"{"display_phone_number":"27 11 555 0100","event":"FLAGGED","current_limit":"TIER_1K"}"#, &[HealthEffect::Flagged, HealthEffect::Limit(MessagingLimit::People(1_000))]),
    ("phone_number_quality_update", r#"{"display_phone_number":"27 11 555 0100","event":"UNFLAGGED"}"#, &[HealthEffect::Unflagged]),
    ("business_capability_update", r#"{"max_daily_conversations_per_business":2000,"max_phone_numbers_per_waba":25}"#, &[HealthEffect::Limit(MessagingLimit::People(2_000))]),
    ("business_capability_update", r#"{"max_daily_conversations_per_business":-1}"#, &[HealthEffect::Limit(MessagingLimit::Unlimited)]),
    ("business_capability_update", r#"{"max_phone_numbers_per_business":2}"#, &[]),
    ("account_update", r#"{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"DISABLE","waba_ban_date":"x"}}"#, &[HealthEffect::Banned]),
    ("account_update", r#"{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":["x"]}}"#, &[]),
    ("account_update", r#"{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"SCHEDULE_FOR_DISABLE"}}"#, &[HealthEffect::BanScheduled]),
    ("account_update", r#"{"event":"DISABLED_UPDATE","ban_info":{"waba_ban_state":"REINSTATE"}}"#, &[HealthEffect::Reinstated]),
    ("account_update", r#"{"event":"ACCOUNT_RESTRICTION","restriction_info":[{"restriction_type":"RESTRICTED_BIZ_INITIATED_MESSAGING","expiration":1758254144},{"restriction_type":"RESTRICTED_ADD_PHONE_NUMBER_ACTION"}]}"#, &[
        HealthEffect::Restricted { what: Restriction::BusinessInitiated, until: Some(1_758_254_144) },
        HealthEffect::Restricted { what: Restriction::AddNumbers, until: None },
    ]),
    ("account_update", r#"{"event":"ACCOUNT_RESTRICTION"}"#, &[HealthEffect::Restricted { what: Restriction::Other, until: None }]),
    ("account_update", r#"{"event":"ACCOUNT_VIOLATION","violation_info":{"violation_type":"ADULT"}}"#, &[HealthEffect::Violation]),
    ("account_update", r#"{"event":"ACCOUNT_DELETED"}"#, &[HealthEffect::Gone]),
    ("account_update", r#"{"event":"ACCOUNT_RECONNECTED"}"#, &[HealthEffect::Reinstated]),
    ("account_update", r#"{"event":"PARTNER_ADDED","waba_info":{"waba_id":"1"}}"#, &[]),
];

#[test]
fn health() {
    for (field, value, expected) in HEALTH {
        let body = account(field, value);
        match only(&body) {
            Item::Health(health) => {
                assert_eq!(health.effects, *expected, "{value}");
                assert_eq!(health.at, Some(1_739_321_024));
                let one_number = *field == "phone_number_quality_update";
                assert_eq!(health.scope.display_phone_number.is_some(), one_number);
            }
            Item::Unreadable { .. } => assert!(value.contains("[\"x\"]"), "{value}"),
            other => panic!("{other:?}"),
        }
    }
    let odd_time = account("account_update", r#"{"event":"X"}"#).replace("1739321024", "[7]");
    assert!(matches!(only(&odd_time), Item::Health(health) if health.at.is_none()));
}

#[test]
fn notices() {
    let check = |field: &str, value: &str, expected: Option<(&str, &str)>| {
        let body = account(field, value);
        let found = match only(&body) {
            Item::Notice(notice) => {
                let word = match &notice.kind {
                    NoticeKind::Alert { severity, .. } => severity.clone(),
                    NoticeKind::Name { decision, .. } | NoticeKind::Review { decision } => {
                        Some(decision.clone())
                    }
                    NoticeKind::Security { event } => Some(event.clone()),
                    NoticeKind::Settings { kind } => kind.clone(),
                    NoticeKind::Username { status } => status.clone(),
                };
                Some((notice.kind.as_str(), word.unwrap().into_string()))
            }
            Item::Unreadable { .. } => None,
            other => panic!("{other:?}"),
        };
        let expected = expected.map(|(kind, word)| (kind, word.to_owned()));
        assert_eq!(found, expected, "{value}");
    };
    check(
        "account_alerts",
        r#"{"entity_type":"BUSINESS","entity_id":1,"alert_info":{"alert_severity":"CRITICAL","alert_status":"ACTIVE","alert_type":"OBA_APPROVED","alert_description":"x"}}"#,
        Some(("alert", "CRITICAL")),
    );
    check("account_alerts", "{}", None);
    check(
        "account_review_update",
        r#"{"decision":"REJECTED"}"#,
        Some(("review", "REJECTED")),
    );
    check(
        "phone_number_name_update",
        r#"{"display_phone_number":"1","decision":"APPROVED","requested_verified_name":"x","rejection_reason":null}"#,
        Some(("name", "APPROVED")),
    );
    check(
        "security",
        r#"{"display_phone_number":"1","event":"PIN_CHANGED","requester":"9"}"#,
        Some(("security", "PIN_CHANGED")),
    );
    check(
        "account_settings_update",
        r#"{"messaging_product":"whatsapp","type":"phone_number_settings","phone_number_settings":{"phone_number_id":"7","calling":{}}}"#,
        Some(("settings", "phone_number_settings")),
    );
    check(
        "business_username_updates",
        r#"{"display_phone_number":"1","username":"x","status":"approved"}"#,
        Some(("username", "approved")),
    );
}

#[test]
fn whose_call_it_is() {
    let body = samples::envelope(
        "calls",
        r#""calls":[{"id":"wacid.1","from":"+27 11 555 0100","to":"278","event":"terminate"}]"#,
    );
    let Item::Call(call) = only(&body) else {
        panic!("no call");
    };
    assert_eq!(call.direction, CallDirection::Other);
    assert_eq!(call.phone.as_deref(), Some("278"));
}
