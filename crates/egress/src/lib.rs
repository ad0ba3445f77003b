//! The only outgoing connections.
//!
//! Everything that leaves this process for another host by HTTP goes through [`Egress::send`]: the
//! Cloud API, relays to apps, media, buckets ([`place`]), and SMS ([`sms`]). E-mail ([`mail`]) takes its sockets from the
//! same dialer. What comes back of either later is read in [`bounce`] and [`sms::callback`]. One
//! HTTP/1.1 client with kept-alive connections, TLS by rustls with
//! the Mozilla root certificates (and those of the organisation, if it names any), and these rules:
//!
//! - `https` only, except to hosts that the [`Policy`] names; no credentials in a URL.
//! - Only public addresses, except what the policy allows. The name is resolved once, each address
//!   is checked, and the connection goes to exactly an address that passed, so a second answer of
//!   the name server changes nothing. Addresses written in the URL are checked just the same.
//! - No redirects, no proxies, no decompression: a response is what the host said.
//! - Every exchange is bounded in time and in bytes.
//! - An [`EgressError`] says by its variant whether the request can have arrived; it never holds a
//!   URL, a header or a body.
//!
//! Left out: what is carried, retries (the caller knows what may be repeated), HTTP/2, and servers
//! of any kind.
//!
//! **To add a kind of connection**, add a module that takes its sockets from `dialer.rs`, so that the address rules stay in one place. **To refuse a range of addresses**, add
//! a row to the tables in `address.rs`, a line to its test, and an entry to `tests/ssrf.toml`, which
//! is held against everything that can be configured.

mod address;
pub mod bounce;
mod client;
mod dialer;
mod error;
pub mod mail;
pub mod place;
mod policy;
mod resolver;
mod response;
pub mod sms;
mod undelivered;

pub use client::Egress;
pub use client::Request;
pub use error::AllowanceError;
pub use error::EgressError;
pub use error::NotSent;
pub use error::SetupError;
pub use error::Unknown;
pub use policy::Allowance;
pub use policy::Policy;
pub use resolver::Resolver;
pub use response::Response;
pub use undelivered::Enhanced;
pub use undelivered::Fate;
pub use undelivered::Refusal;
pub use undelivered::Stage;
pub use undelivered::Undelivered;
