//! A person's identifiers in free text: what is taken out stays out.

#![no_main]

use libfuzzer_sys::fuzz_target;
use whatsapp::relay::scrub;

const KNOWN: &[&str] = &[
    "+27825550123",
    "ZA.13491208655302741918",
    "ZA.ENT.aBcDeFgH12",
];

fuzz_target!(|text: &str| {
    let scrubbed = scrub(text, KNOWN);
    assert_eq!(scrub(&scrubbed, KNOWN), scrubbed, "something was left");
});
