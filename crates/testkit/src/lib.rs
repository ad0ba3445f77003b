//! What tests share: a whole gateway in one process, with nothing in it that sleeps or guesses.
//!
//! [`TestGateway`] is an emulator in virtual time, a store in a temporary directory, a service and
//! both doors on loopback; a clock that both sides follow; seeded randomness; two apps that record
//! every byte they get. The background jobs are not started: [`TestGateway::settle`] runs them until
//! nothing is left to do. [`postgres::Cluster`] is a PostgreSQL server of the test's own.
//! [`smtp::SmtpServer`] takes mail, and misbehaves when told to. [`Needles`] finds a person in any
//! bytes, however spelled, [`Rows`] looks into a database past the store, and
//! [`capture`](capture::start) keeps everything that is logged.
//!
//! To add a fixture: a module named by what it stands for, driven through public doors only.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a fixture that cannot be set up is a failed test"
)]

mod app;
pub mod capture;
mod client;
mod gateway;
mod needles;
mod people;
pub mod postgres;
mod rows;
pub mod smtp;

pub use app::Heard;
pub use app::TestApp;
pub use client::Answer;
pub use client::Client;
pub use gateway::ACCOUNT;
pub use gateway::NUMBER;
pub use gateway::OTHER_NUMBER;
pub use gateway::TestGateway;
pub use needles::Needles;
pub use people::ANNELIE;
pub use people::PEOPLE;
pub use people::Person;
pub use people::SIPHO;
pub use people::THANDI;
pub use people::ZOE;
pub use rows::Bytes;
pub use rows::Columns;
pub use rows::Rows;
