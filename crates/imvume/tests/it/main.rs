//! Tests of the binary and its listener over real sockets.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod ask;
mod backups;
mod backups_faults;
mod bad_input;
mod check;
mod check_sending;
mod client;
mod commands;
mod configuration;
mod crash;
mod expand;
mod faults;
mod gateway;
mod instance;
mod keys;
mod listen;
mod load;
mod metrics;
mod moving;
mod named;
mod number;
mod operate;
mod people;
mod record;
mod registry;
mod rights;
mod rulebook;
mod standby;
mod tls;
mod traffic;
