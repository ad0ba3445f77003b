//! What Meta answers, errors included.

#![no_main]

use libfuzzer_sys::fuzz_target;
use whatsapp::error::parse_upstream;
use whatsapp::response::parse_block;
use whatsapp::response::parse_blocked_page;
use whatsapp::response::parse_created_template;
use whatsapp::response::parse_deleted;
use whatsapp::response::parse_media_info;
use whatsapp::response::parse_media_upload;
use whatsapp::response::parse_send;
use whatsapp::response::parse_template_page;
use whatsapp::storage::Storage;

fuzz_target!(|input: (u16, &[u8])| {
    let (status, body) = input;
    let _ = parse_send(body).map(|response| format!("{response:?}"));
    let _ = parse_media_info(body).map(|info| format!("{info:?}"));
    let _ = parse_media_upload(body).map(|id| format!("{id:?}"));
    let _ = parse_template_page(body).map(|page| format!("{page:?}"));
    let _ = parse_block(body).map(|outcomes| format!("{outcomes:?}"));
    let _ = parse_blocked_page(body).map(|page| format!("{page:?}"));
    let _ = parse_deleted(body);
    if let Ok(created) = parse_created_template(body) {
        assert!(parse_created_template(&created.to_json()).is_ok());
    }
    if let Some(sent) = Storage::parse(body)
        .ok()
        .and_then(|storage| storage.to_upstream())
    {
        assert_eq!(Storage::parse(&sent).ok(), Storage::parse(body).ok());
    }
    let error = parse_upstream(status, body);
    let _ = (error.to_string(), error.retryable());
});
