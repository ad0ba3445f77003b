//! What an app posts to `…/calls`: a call to place, or what to do with one that is under way.
//!
//! The session description (SDP) in it tells addresses of the network. It is passed on as it came
//! and stands in nothing that is kept: [`CallBody::kept`] has none. Member names are those of Meta's
//! pages "Business-initiated calls" and "User-initiated calls" in the Calling API.

use std::fmt;

use serde_json::Value;
use serde_json::json;

use super::body::strict;
use super::fault::BodyError;
use super::fault::Fault;
use super::schema::Field;
use super::schema::Object;
use super::schema::Shape;
use super::schema::check_object;
use super::schema::may;
use super::schema::must;
use super::schema::object;
use crate::ascii::ascii_json;
use crate::recipient::Bsuid;
use crate::recipient::E164;
use crate::recipient::Recipient;
use crate::text::Text;

/// The longest session description, in characters. Meta documents none; browsers write 2,000 to 8,000.
const LONGEST: usize = 64 * 1024;

const PRODUCT: Field = must(
    "messaging_product",
    "messaging_product",
    Shape::OneOf(&["whatsapp"]),
);
const ACTION: Field = must(
    "action",
    "action",
    Shape::OneOf(&["accept", "connect", "pre_accept", "reject", "terminate"]),
);
const CALL_ID: Field = must("call_id", "call_id", Shape::Text(1, 512));
const TO: Field = may("to", "to", Shape::Text(1, 64));
const CALLBACK: Field = may(
    "biz_opaque_callback_data",
    "biz_opaque_callback_data",
    Shape::Text(0, 512),
);

static CONNECT: &[Field] = &[
    PRODUCT,
    ACTION,
    TO,
    may("recipient", "recipient", Shape::Text(1, 160)),
    must("session", "session", Shape::Object(OFFER)),
    CALLBACK,
];

/// Some clients name the person again; the call's id decides.
static ANSWER: &[Field] = &[
    PRODUCT,
    ACTION,
    CALL_ID,
    TO,
    must("session", "session", Shape::Object(AGREED)),
    CALLBACK,
];

static END: &[Field] = &[PRODUCT, ACTION, CALL_ID, TO];

static OFFER: &[Field] = &[
    must("sdp_type", "session.sdp_type", Shape::OneOf(&["offer"])),
    must("sdp", "session.sdp", Shape::Text(1, LONGEST)),
];

static AGREED: &[Field] = &[
    must("sdp_type", "session.sdp_type", Shape::OneOf(&["answer"])),
    must("sdp", "session.sdp", Shape::Text(1, LONGEST)),
];

/// What to do with a call that is under way.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallAction {
    /// `accept`: take up the call the person made.
    Accept,
    /// `pre_accept`: be ready to.
    PreAccept,
    /// `reject`: do not take it up.
    Reject,
    /// `terminate`: end it.
    Terminate,
}

impl CallAction {
    /// Meta's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::PreAccept => "pre_accept",
            Self::Reject => "reject",
            Self::Terminate => "terminate",
        }
    }
}

/// The checked body of a POST to `…/calls`.
#[derive(Clone)]
pub enum CallBody {
    /// Place a call (`connect`).
    Connect {
        /// Whom to.
        person: Recipient,
        /// The offered session description.
        sdp: Text<'static>,
        /// The caller's own data.
        callback_data: Option<String>,
    },
    /// Do something with one that is under way.
    Step {
        /// What.
        action: CallAction,
        /// The call, in the app's id.
        call_id: String,
        /// The session description that answers; with `accept` and `pre_accept`.
        sdp: Option<Text<'static>>,
    },
}

impl fmt::Debug for CallBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { person, .. } => f.debug_tuple("Connect").field(person).finish(),
            Self::Step { action, .. } => f.debug_tuple("Step").field(action).finish(),
        }
    }
}

impl CallBody {
    /// What may be kept of a call that is placed.
    pub fn kept(&self) -> Vec<u8> {
        let Self::Connect { callback_data, .. } = self else {
            return Vec::new();
        };
        let mut kept = json!({"messaging_product": "whatsapp", "action": "connect"});
        if let (Some(data), Value::Object(kept)) = (callback_data, &mut kept) {
            kept.insert("biz_opaque_callback_data".to_owned(), json!(data));
        }
        ascii_json(&kept).into_bytes()
    }

    /// The body for Meta: `id` is the person's number or, for a call under way, Meta's id of it;
    /// `callback` our own token in the place of the caller's data.
    pub fn to_upstream(&self, id: &str, callback: Option<&str>) -> Vec<u8> {
        let session = |kind: &str, sdp: &Text<'_>| json!({"sdp_type": kind, "sdp": sdp.as_str()});
        let mut out = json!({"messaging_product": "whatsapp"});
        let mut insert = |key: &str, value: Value| {
            if let Value::Object(out) = &mut out {
                out.insert(key.to_owned(), value);
            }
        };
        match self {
            Self::Connect { sdp, .. } => {
                insert("to", json!(id));
                insert("action", json!("connect"));
                insert("session", session("offer", sdp));
                if let Some(token) = callback {
                    insert("biz_opaque_callback_data", json!(token));
                }
            }
            Self::Step { action, sdp, .. } => {
                insert("call_id", json!(id));
                insert("action", json!(action.as_str()));
                if let Some(sdp) = sdp {
                    insert("session", session("answer", sdp));
                }
            }
        }
        ascii_json(&out).into_bytes()
    }
}

/// Reads and checks the body of a POST to `…/calls`.
pub fn parse_call_body(body: &[u8]) -> Result<CallBody, BodyError> {
    let value = strict(body)?;
    let body = object(&value, "body")?;
    let action = match body.get("action").and_then(Value::as_str) {
        Some("connect") => return connect(body),
        Some("accept") => CallAction::Accept,
        Some("pre_accept") => CallAction::PreAccept,
        Some("reject") => CallAction::Reject,
        Some("terminate") => CallAction::Terminate,
        Some(_) => return Err(BodyError::new("action", Fault::Value)),
        None if body.contains_key("action") => {
            return Err(BodyError::new("action", Fault::Type("a string")));
        }
        None => return Err(BodyError::new("action", Fault::Missing)),
    };
    let fields = match action {
        CallAction::Accept | CallAction::PreAccept => ANSWER,
        CallAction::Reject | CallAction::Terminate => END,
    };
    check_object(body, "body", fields)?;
    Ok(CallBody::Step {
        action,
        call_id: string(body, "call_id").unwrap_or_default(),
        sdp: description(body),
    })
}

fn connect(body: &Object) -> Result<CallBody, BodyError> {
    check_object(body, "body", CONNECT)?;
    let fail = |path, error| BodyError::new(path, Fault::Recipient(error));
    let person = match (string(body, "to"), string(body, "recipient")) {
        (Some(_), Some(_)) => {
            return Err(BodyError::new("body", Fault::Conflict("to, recipient")));
        }
        (Some(to), None) => Recipient::Phone(E164::parse(&to).map_err(|error| fail("to", error))?),
        (None, Some(id)) => {
            Recipient::Scoped(Bsuid::parse(&id).map_err(|error| fail("recipient", error))?)
        }
        (None, None) => return Err(BodyError::new("to", Fault::Missing)),
    };
    Ok(CallBody::Connect {
        person,
        sdp: description(body).ok_or(BodyError::new("session", Fault::Missing))?,
        callback_data: string(body, "biz_opaque_callback_data"),
    })
}

fn description(body: &Object) -> Option<Text<'static>> {
    let sdp = body.get("session")?.get("sdp")?.as_str()?;
    Some(Text::from(sdp.to_owned()))
}

fn string(body: &Object, key: &str) -> Option<String> {
    body.get(key).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SESSION: &str = r#""session":{"sdp_type":"offer","sdp":"v=0\r\ncanary 192.0.2.77"}"#;
    const ANSWER: &str = r#""session":{"sdp_type":"answer","sdp":"v=0\r\ncanary 192.0.2.77"}"#;

    fn body(members: &str) -> String {
        format!(r#"{{"messaging_product":"whatsapp",{members}}}"#)
    }

    #[test]
    fn bodies() {
        let check = |members: &str, expected: Result<(), u32>| {
            let parsed = parse_call_body(body(members).as_bytes());
            let found = parsed.map(drop).map_err(|error| error.code());
            assert_eq!(found, expected, "{members}");
        };
        let to = r#""to":"+27825550123","action":"connect""#;
        let id = r#""call_id":"wacid.1""#;
        check(&format!("{to},{SESSION}"), Ok(()));
        check(
            &format!(r#"{to},{SESSION},"biz_opaque_callback_data":"x""#),
            Ok(()),
        );
        check(
            &format!(r#""recipient":"ZA.134912086","action":"connect",{SESSION}"#),
            Ok(()),
        );
        check(
            &format!(r#"{to},{SESSION},"recipient":"ZA.134912086""#),
            Err(100),
        );
        check(&format!("{to},{ANSWER}"), Err(131_009));
        check(to, Err(131_008));
        check(
            &format!(r#""to":"0825550123","action":"connect",{SESSION}"#),
            Err(131_009),
        );
        check(&format!(r#""action":"connect",{SESSION}"#), Err(131_008));
        check(&format!("{to},{SESSION},{id}"), Err(100));
        for action in ["accept", "pre_accept"] {
            check(&format!(r#""action":"{action}",{id},{ANSWER}"#), Ok(()));
            check(
                &format!(r#""action":"{action}",{id},{SESSION}"#),
                Err(131_009),
            );
            check(&format!(r#""action":"{action}",{ANSWER}"#), Err(131_008));
            check(&format!(r#""action":"{action}",{id}"#), Err(131_008));
        }
        for action in ["reject", "terminate"] {
            check(&format!(r#""action":"{action}",{id}"#), Ok(()));
            check(
                &format!(r#""action":"{action}",{id},"to":"27825550123""#),
                Ok(()),
            );
            check(&format!(r#""action":"{action}",{id},{ANSWER}"#), Err(100));
            check(&format!(r#""action":"{action}""#), Err(131_008));
        }
        check(&format!(r#""action":"media_update",{id}"#), Err(131_009));
        check(&format!(r#""action":7,{id}"#), Err(100));
        check(
            &format!(r#""action":"reject","action":"terminate",{id}"#),
            Err(100),
        );
        check(id, Err(131_008));
    }

    #[test]
    fn a_session_description_goes_through_and_stays_nowhere() {
        let members = format!(r#""to":"27825550123","action":"connect",{SESSION}"#);
        let call = parse_call_body(body(&members).as_bytes()).unwrap();
        let sent = String::from_utf8(call.to_upstream("+27825550123", Some("token"))).unwrap();
        assert!(
            sent.contains("canary 192.0.2.77") && sent.contains("token"),
            "{sent}"
        );
        let kept = String::from_utf8(call.kept()).unwrap();
        for place in [kept, format!("{call:?}")] {
            assert!(
                !place.contains("canary") && !place.contains("192.0.2"),
                "{place}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_input_breaks_it(input in any::<Vec<u8>>()) {
            let _ = parse_call_body(&input);
        }

        #[test]
        fn what_goes_to_meta_would_be_taken(sdp in "[ -~\r\n]{1,200}", which in 0_usize..5) {
            let action = ["accept", "connect", "pre_accept", "reject", "terminate"][which];
            let kind = if action == "connect" { "offer" } else { "answer" };
            let mut value = json!({"messaging_product": "whatsapp", "action": action});
            if which < 3 {
                value["session"] = json!({"sdp_type": kind, "sdp": sdp});
            }
            if action == "connect" {
                value["to"] = json!("+27825550123");
            } else {
                value["call_id"] = json!("wacid.1");
            }
            let call = parse_call_body(value.to_string().as_bytes()).unwrap();
            let id = if action == "connect" { "+27825550123" } else { "wacid.1" };
            let sent = call.to_upstream(id, None);
            prop_assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap(), value);
        }
    }
}
