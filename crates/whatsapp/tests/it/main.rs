//! Integration tests of the `whatsapp` crate: through its public surface only.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::panic, reason = "a failed match is a failed test")]

mod breadth;
mod error;
mod errors_page;
mod inbound;
mod leak;
mod outbound;
mod relay;
mod relay_breadth;
mod response;
mod samples;
mod session;
mod totality;
