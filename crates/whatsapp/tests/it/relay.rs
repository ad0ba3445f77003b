//! What apps get, byte for byte.

use std::fmt::Write as _;

use whatsapp::relay::Identity;
use whatsapp::relay::RelayError;
use whatsapp::relay::RelayMessage;
use whatsapp::relay::RelayStatus;
use whatsapp::relay::RenderError;
use whatsapp::relay::Rewrite;
use whatsapp::relay::render_message;
use whatsapp::relay::render_status;

use crate::leak;
use crate::samples;

fn mapped(id: &str) -> Option<String> {
    id.strip_prefix("wamid.")
        .map(|id| format!("wamid.app-{}", id.to_lowercase()))
}

fn real(map: &dyn Fn(&str) -> Option<String>) -> Rewrite<'_> {
    Rewrite {
        identity: Identity::Real {
            wa_id: None,
            user_id: None,
            profile_name: None,
        },
        keep_referral: false,
        known: &[],
        ..leak::alias(map)
    }
}

fn stored(message: &str) -> RelayMessage<'_> {
    RelayMessage {
        waba_id: "102290129340398",
        phone_number_id: "106540352242922",
        display_phone_number: "27 11 555 0100",
        field: "messages",
        message_raw: message,
        contact_raw: Some(samples::CONTACT),
    }
}

fn all(rewrite: &Rewrite<'_>) -> String {
    let mut out = String::new();
    for (name, payload) in samples::PAYLOADS {
        let message = samples::message(payload);
        let rendered = render_message(&stored(&message), rewrite).unwrap();
        assert_eq!(
            render_message(&stored(&message), rewrite).unwrap(),
            rendered
        );
        assert!(rendered.is_ascii());
        let _ = writeln!(out, "{name}:\n{rendered}");
    }
    out
}

#[test]
fn under_an_alias() {
    insta::assert_snapshot!(all(&leak::alias(&mapped)));
}

#[test]
fn as_they_are() {
    let out = all(&real(&mapped));
    assert!(!out.contains("lookaside") && !out.contains("ctwa_clid") && !out.contains("HBgL"));
    insta::assert_snapshot!(out);
}

#[test]
fn given_identity_overlays_the_stored() {
    let rewrite = Rewrite {
        identity: Identity::Real {
            wa_id: Some("27825550777"),
            user_id: Some("ZA.7"),
            profile_name: Some("Zoë"),
        },
        ..real(&mapped)
    };
    let message = samples::message(samples::PAYLOADS[3].1);
    insta::assert_snapshot!(render_message(&stored(&message), &rewrite).unwrap());
    let bare = RelayMessage {
        contact_raw: Some("not json"),
        ..stored(&message)
    };
    let rendered = render_message(&bare, &rewrite).unwrap();
    assert!(rendered.contains(
        r#""contacts":[{"profile":{"name":"Zo\u00eb"},"user_id":"ZA.7","wa_id":"27825550777"}]"#
    ));
}

#[test]
fn referral_only_when_kept() {
    let message = samples::message(samples::PAYLOADS[5].1);
    let kept = Rewrite {
        keep_referral: true,
        ..real(&mapped)
    };
    assert!(
        render_message(&stored(&message), &kept)
            .unwrap()
            .contains("ctwa_clid")
    );
    let alias = leak::alias(&mapped);
    assert!(alias.keep_referral);
    assert!(
        !render_message(&stored(&message), &alias)
            .unwrap()
            .contains("referral")
    );
}

#[test]
fn what_cannot_be_rendered() {
    let unmapped = |_: &str| None;
    for rewrite in [leak::alias(&unmapped), real(&unmapped)] {
        let check = |message: &str, expected: RenderError| {
            assert_eq!(
                render_message(&stored(message), &rewrite),
                Err(expected),
                "{message}"
            );
        };
        for broken in ["", "[]", "7", "{", "null"] {
            check(broken, RenderError::Stored);
        }
        for (name, payload) in samples::PAYLOADS {
            if matches!(*name, "reaction" | "edit" | "revoke") {
                check(&samples::message(payload), RenderError::Target);
            }
        }
        let reply = samples::message(samples::PAYLOADS[1].1);
        assert!(
            !render_message(&stored(&reply), &rewrite)
                .unwrap()
                .contains("context")
        );
    }
}

#[test]
fn statuses() {
    let errors = [RelayError {
        code: 131_026,
        title: "Message undeliverable",
        details: Some("Message to 27825550123 undeliverable"),
    }];
    let status = RelayStatus {
        waba_id: "102290129340398",
        phone_number_id: "106540352242922",
        display_phone_number: "27 11 555 0100",
        status: "failed",
        timestamp: 1_758_254_150,
        callback_data: Some("corr-é"),
        errors: &errors,
        pricing_raw: Some(r#"{"billable":true,"pricing_model":"PMP","category":"utility","x":1}"#),
    };
    let identity = Identity::Real {
        wa_id: Some("27825550123"),
        user_id: Some("ZA.1"),
        profile_name: None,
    };
    let mut out = String::new();
    for rewrite in [
        leak::alias(&mapped),
        Rewrite {
            identity,
            ..real(&mapped)
        },
    ] {
        let _ = writeln!(out, "{}", render_status(&status, &rewrite));
        let sent = RelayStatus {
            status: "sent",
            errors: &[],
            pricing_raw: None,
            ..status
        };
        let _ = writeln!(out, "{}", render_status(&sent, &rewrite));
    }
    insta::assert_snapshot!(out);
}
