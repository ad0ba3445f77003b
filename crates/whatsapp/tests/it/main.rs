//! Integration tests of the `whatsapp` crate: through its public surface only.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::panic, reason = "a failed match is a failed test")]

mod error;
mod inbound;
mod leak;
mod outbound;
mod relay;
mod response;
mod samples;
mod totality;
