//! An e-mail address, as a person or a file writes it.

#![no_main]

use domain::email::Email;
use domain::email::MAX_ADDRESS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let Ok(email) = text.parse::<Email>() else {
        return;
    };
    let canonical = email.as_str();
    assert!(canonical.len() <= MAX_ADDRESS);
    assert!(canonical.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(!canonical.contains(['"', '<', '>', ',', ';', ':', '\\', '(', ')', '[', ']']));
    assert_eq!(canonical.matches('@').count(), 1);
    assert_eq!(canonical.parse::<Email>().as_ref(), Ok(&email));
    assert!(!format!("{email:?}").contains(canonical));
});
