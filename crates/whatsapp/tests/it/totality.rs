//! No input makes a parser panic, and no error repeats its input.

use proptest::prelude::*;
use whatsapp::error::parse_upstream;
use whatsapp::outbound::check_link;
use whatsapp::outbound::parse_messages_body;
use whatsapp::response::parse_media_info;
use whatsapp::response::parse_send;
use whatsapp::response::parse_template_page;
use whatsapp::signature::sign;
use whatsapp::signature::verify;
use whatsapp::webhook::parse;

use crate::samples;

proptest! {
    #[test]
    fn any_bytes(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body);
        let _ = parse_messages_body(&body);
        let _ = parse_upstream(400, &body);
        let _ = parse_send(&body);
        let _ = parse_media_info(&body);
        let _ = parse_template_page(&body);
    }

    #[test]
    fn cut_and_bent_webhooks(index in 0..samples::PAYLOADS.len(), at in 0_usize..1500, byte: u8) {
        let mut body = samples::post(samples::PAYLOADS[index].1).into_bytes();
        let _ = parse(&body[..at.min(body.len())]);
        let at = at % body.len();
        body[at] = byte;
        if let Ok(items) = parse(&body) {
            prop_assert!(!items.is_empty());
        }
    }

    #[test]
    fn bent_sends(at in 0_usize..200, byte: u8) {
        let mut body = br#"{"messaging_product":"whatsapp","to":"+27825550123","type":"interactive","interactive":{"type":"button","body":{"text":"x"},"action":{"buttons":[{"type":"reply","reply":{"id":"a","title":"b"}}]}}}"#.to_vec();
        let at = at % body.len();
        body[at] = byte;
        if let Err(error) = parse_messages_body(&body) {
            prop_assert!(!error.to_string().contains("5550"));
        }
    }

    #[test]
    fn links(link in "\\PC{0,40}|https://\\PC{0,40}") {
        let _ = check_link(&link);
    }

    #[test]
    fn signatures(secret in "\\PC{0,20}", body in proptest::collection::vec(any::<u8>(), 0..100), header in "\\PC{0,80}") {
        let made = sign(&secret, &body);
        prop_assert!(verify(&secret, Some(&made), &body).is_ok());
        prop_assert!(header == made || verify(&secret, Some(&header), &body).is_err());
    }
}
