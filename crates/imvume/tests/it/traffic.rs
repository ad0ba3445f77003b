//! What Meta, an app and staff say to a gateway, for tests that look at something else.

use serde_json::Value;
use serde_json::json;

use crate::ask::Ask;
use crate::instance::APP_SECRET;
use crate::instance::NUMBER_ID;
use crate::instance::Serving;

/// Somebody who writes.
pub(crate) struct Writer<'a> {
    /// Bare digits.
    pub(crate) phone: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) name: &'a str,
}

/// A message of somebody, as Meta brings it, unsigned.
pub(crate) fn message(from: &Writer<'_>, id: &str, text: &str) -> Value {
    let now = store::Clock::default().now().seconds();
    let message = json!({
        "from": from.phone, "from_user_id": from.user_id, "id": id,
        "timestamp": now.to_string(), "type": "text", "text": {"body": text},
    });
    let contact = json!({
        "profile": {"name": from.name}, "wa_id": from.phone, "user_id": from.user_id,
    });
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "27215550100", "phone_number_id": NUMBER_ID},
        "contacts": [contact], "messages": [message],
    });
    json!({"object": "whatsapp_business_account", "entry": [
        {"id": "102290129340398", "changes": [{"field": "messages", "value": value}]},
    ]})
}

/// The same, signed.
pub(crate) fn webhook(from: &Writer<'_>, id: &str, text: &str) -> Ask<'static> {
    Ask::post("/webhook", &message(from, id, text)).signed(APP_SECRET)
}

/// An app's text to a number.
pub(crate) fn send(token: &str, to: &str, text: &str) -> Ask<'static> {
    let body = json!({
        "messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text},
    });
    Ask::post("/v23.0/106540352242922/messages", &body).bearer(token)
}

/// A new app that hears its webhooks at `relay`, and its token.
pub(crate) async fn app(serving: &Serving, staff: &str, relay: Option<&str>) -> (i64, String) {
    let app = json!({"name": "till", "identity": "real", "relay_url": relay});
    let app = Ask::post("/api/v1/apps", &app).bearer(staff);
    let (status, app) = app.of(serving.staff).await.unwrap();
    assert_eq!(status, 201, "{app}");
    let id = app.get("id").and_then(Value::as_i64).unwrap();
    let path = format!("/api/v1/apps/{id}/tokens");
    let scopes = json!({"name": "till", "scopes": ["send", "read"], "expires_in_days": 1});
    let token = Ask::post(&path, &scopes).bearer(staff);
    let (_, token) = token.of(serving.staff).await.unwrap();
    let token = token.get("token").and_then(Value::as_str).unwrap();
    (id, token.to_owned())
}
