//! An exception to "public hosts only", as it stands in a configuration.

#![no_main]

use egress::Allowance;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(allowance) = text.parse::<Allowance>() {
        assert_eq!(text.parse(), Ok(allowance));
    }
});
