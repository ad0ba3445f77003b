//! One message of every type, as Meta writes it. The person is 27 82 555 0123.

/// The wamid of a message by the person; holds the number.
pub(crate) const WAMID: &str = "wamid.HBgLMjc4MjU1NTAxMjMVAgASGBQzQTAwMDAwMDAwMDAwMDAwMDAwMQA=";

pub(crate) const CONTACT: &str = r#"{"profile":{"name":"Sipho Canary","username":"sipho_n"},"wa_id":"27825550123","user_id":"ZA.13491208655302741918","parent_user_id":"ZA.ENT.11815799212886844830","identity_key_hash":"DF2lS5v2W6x="}"#;

/// Name, and what stands in the message beside the common members.
pub(crate) const PAYLOADS: &[(&str, &str)] = &[
    (
        "text",
        r#""type":"text","text":{"body":"STOP \u00e9, my number is 082 555 0123"}"#,
    ),
    (
        "reply",
        r#""type":"text","text":{"body":"yes"},"context":{"from":"27115550100","id":"wamid.OUT"}"#,
    ),
    (
        "own reply",
        r#""type":"text","text":{"body":"yes"},"context":{"from":"27825550123","id":"wamid.OUT"}"#,
    ),
    (
        "forwarded",
        r#""type":"text","text":{"body":"look"},"context":{"forwarded":true}"#,
    ),
    (
        "product",
        r#""type":"text","text":{"body":"this?"},"context":{"from":"27115550100","id":"wamid.OUT","referred_product":{"catalog_id":"c1","product_retailer_id":"p1"}}"#,
    ),
    (
        "advert",
        r#""type":"text","text":{"body":"hi"},"referral":{"source_url":"https://fb.me/x","source_id":"1","source_type":"ad","ctwa_clid":"ARcanary"}"#,
    ),
    (
        "image",
        r#""type":"image","image":{"caption":"ID copy","mime_type":"image/jpeg","sha256":"SfInY0gG=","id":"1003383421387256","url":"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1003383421387256"}"#,
    ),
    (
        "video",
        r#""type":"video","video":{"mime_type":"video/mp4","sha256":"SfInY0gG=","id":"1003383421387257"}"#,
    ),
    (
        "audio",
        r#""type":"audio","audio":{"mime_type":"audio/ogg; codecs=opus","sha256":"SfInY0gG=","id":"1003383421387258","voice":true}"#,
    ),
    (
        "document",
        r#""type":"document","document":{"caption":"cv","filename":"27825550123.pdf","mime_type":"application/pdf","sha256":"SfInY0gG=","id":"1003383421387259"}"#,
    ),
    (
        "sticker",
        r#""type":"sticker","sticker":{"mime_type":"image/webp","sha256":"SfInY0gG=","id":"1003383421387260","animated":false}"#,
    ),
    (
        "location",
        r#""type":"location","location":{"latitude":-33.9249,"longitude":18.4241,"name":"Home","address":"Long Street","url":"https://example.org/27825550123"}"#,
    ),
    (
        "contacts",
        r#""type":"contacts","contacts":[{"name":{"formatted_name":"Thandi"},"phones":[{"phone":"+27 83 111 2222","wa_id":"27831112222"}]}],"origin":"other""#,
    ),
    (
        "button reply",
        r#""type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"opt_out","title":"Stop"}}"#,
    ),
    (
        "list reply",
        r#""type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"row1","title":"Cape Town","description":"CBD"}}"#,
    ),
    (
        "form",
        r#""type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"flow_token\":\"abc\",\"phone\":\"082 555 0123\",\"raw\":27825550123,\"stop\":[\"STOP\"]}"}}"#,
    ),
    (
        "broken form",
        r#""type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"STOP {"}}"#,
    ),
    (
        "call permission",
        r#""type":"interactive","interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"accept","expiration_timestamp":1753186982,"response_source":"user_action","is_permanent":false}}"#,
    ),
    (
        "new interactive",
        r#""type":"interactive","interactive":{"type":"hologram_reply","hologram_reply":{"id":"1"}}"#,
    ),
    (
        "button",
        r#""type":"button","button":{"payload":"STOP_PROMO","text":"Stop promotions"},"context":{"from":"27115550100","id":"wamid.OUT"}"#,
    ),
    (
        "reaction",
        r#""type":"reaction","reaction":{"message_id":"wamid.OUT","emoji":"\ud83d\udc4d"}"#,
    ),
    (
        "no reaction",
        r#""type":"reaction","reaction":{"message_id":"wamid.OUT"}"#,
    ),
    (
        "order",
        r#""type":"order","order":{"catalog_id":"c1","text":"quick please","product_items":[{"product_retailer_id":"p1","quantity":2,"item_price":12.5,"currency":"ZAR"}]}"#,
    ),
    (
        "new number",
        r#""type":"system","system":{"type":"user_changed_number","body":"User Sipho changed from 27825550123 to 27825550999","wa_id":"27825550999","user_id":"ZA.22222222222222222222","previous_user_id":"ZA.13491208655302741918"}"#,
    ),
    (
        "old new number",
        r#""type":"system","system":{"type":"customer_changed_number","body":"x","new_wa_id":"27825550999"}"#,
    ),
    (
        "new identity",
        r#""type":"system","system":{"type":"customer_identity_changed","body":"x"},"identity":{"acknowledged":true,"created_timestamp":"1","hash":"DF2lS5v2W6x="}"#,
    ),
    (
        "unsupported",
        r#""type":"unsupported","unsupported":{"type":"poll"},"errors":[{"code":131051,"title":"Unsupported message type","message":"Unsupported message type","error_data":{"details":"from 27825550123"}}]"#,
    ),
    (
        "unknown",
        r#""type":"unknown","errors":[{"code":131051,"title":"Unsupported message type"}]"#,
    ),
    ("welcome", r#""type":"request_welcome""#),
    (
        "edit",
        r#""type":"edit","edit":{"original_message_id":"wamid.OLD","message":{"type":"text","text":{"body":"STOP"},"context":{"id":"M0","from":"27825550123"}}}"#,
    ),
    (
        "edited caption",
        r#""type":"edit","edit":{"original_message_id":"wamid.OLD","message":{"type":"image","image":{"id":"1003383421387256","caption":"new","mime_type":"image/jpeg","sha256":"SfInY0gG="}}}"#,
    ),
    (
        "revoke",
        r#""type":"revoke","revoke":{"original_message_id":"wamid.OLD"}"#,
    ),
    ("placeholder", r#""type":"media_placeholder""#),
    (
        "hologram",
        r#""type":"hologram","hologram":{"body":"27825550123"}"#,
    ),
];

/// A message with this payload.
pub(crate) fn message(payload: &str) -> String {
    format!(
        r#"{{"from":"27825550123","from_user_id":"ZA.13491208655302741918","from_parent_user_id":"ZA.ENT.11815799212886844830","id":"{WAMID}","timestamp":"1758254144",{payload}}}"#
    )
}

/// A POST with these members of `value`.
pub(crate) fn envelope(field: &str, members: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"102290129340398","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"27 11 555 0100","phone_number_id":"106540352242922"}},{members}}},"field":"{field}"}}]}}]}}"#
    )
}

/// A POST with one message.
pub(crate) fn post(payload: &str) -> String {
    let message = message(payload);
    envelope(
        "messages",
        &format!(r#""contacts":[{CONTACT}],"messages":[{message}]"#),
    )
}
