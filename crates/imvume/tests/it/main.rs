//! Tests of the binary and its listener over real sockets.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod bad_input;
mod client;
mod expand;
mod gateway;
mod listen;
