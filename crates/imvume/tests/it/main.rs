//! Tests of the binary and its listener over real sockets.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod ask;
mod bad_input;
mod client;
mod commands;
mod configuration;
mod crash;
mod expand;
mod gateway;
mod instance;
mod listen;
