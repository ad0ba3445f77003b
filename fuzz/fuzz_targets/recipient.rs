//! Whom a message is for: one person, one spelling.

#![no_main]

use libfuzzer_sys::fuzz_target;
use whatsapp::recipient::Bsuid;
use whatsapp::recipient::E164;

fuzz_target!(|text: &str| {
    if let Ok(phone) = E164::parse(text) {
        assert_eq!(E164::parse(phone.as_str()).as_ref(), Ok(&phone));
        assert_eq!(E164::from_wa_id(phone.wa_id()).as_ref(), Ok(&phone));
        assert!(phone.wa_id().starts_with(phone.calling_code()));
        assert!(!phone.calling_code().is_empty());
        let digits = |text: &str| text.replace([' ', '+'], "");
        assert_eq!(
            digits(text),
            phone.wa_id(),
            "another number than was written"
        );
        assert!(!format!("{phone:?}").contains(phone.wa_id()));
    }
    if let Ok(id) = Bsuid::parse(text) {
        assert_eq!(id.as_str(), text);
        assert!(E164::parse(text).is_err());
        assert_eq!(id.country().len(), 2);
        let _ = id.is_parent();
    }
});
