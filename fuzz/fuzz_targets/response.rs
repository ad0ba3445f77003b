//! What Meta answers, errors included.

#![no_main]

use libfuzzer_sys::fuzz_target;
use whatsapp::error::parse_upstream;
use whatsapp::response::parse_media_info;
use whatsapp::response::parse_media_upload;
use whatsapp::response::parse_send;
use whatsapp::response::parse_template_page;

fuzz_target!(|input: (u16, &[u8])| {
    let (status, body) = input;
    let _ = parse_send(body).map(|response| format!("{response:?}"));
    let _ = parse_media_info(body).map(|info| format!("{info:?}"));
    let _ = parse_media_upload(body).map(|id| format!("{id:?}"));
    let _ = parse_template_page(body).map(|page| format!("{page:?}"));
    let error = parse_upstream(status, body);
    let _ = (error.to_string(), error.retryable());
});
