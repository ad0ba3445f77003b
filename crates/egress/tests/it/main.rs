//! Exchanges over real sockets with servers that behave and misbehave.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod dns;
mod exchange;
mod failure;
mod host;
mod mail;
mod place;
mod refusal;
mod sms;
#[path = "../../../testkit/src/smtp.rs"]
pub mod smtp;
mod ssrf;
mod targets;
mod tls;
