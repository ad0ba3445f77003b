//! What Imvume *decides*: subjects, consent, the gate, windows, disclosure, and the vocabulary of
//! the audit log.
//!
//! Everything here is a pure function over values. `now` and ids come in as arguments; there is no
//! clock, no randomness, no IO, no `async`, no SQL, no HTTP and none of Meta's JSON. That is what
//! makes a decision explainable, previewable and repeatable: the same facts give the same answer.
//!
//! To add a rule to the gate: add a variant to [`decision::Reason`] with its rule id, Graph code and
//! sentence, collect the fact it needs in [`gate::Facts`], and push the reason in the step of
//! [`gate::decide`] it belongs to. The compiler names every `match` that has to think about it.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod access;
pub mod audit;
pub mod call;
pub mod campaign;
pub mod cleansing;
pub mod confirmation;
pub mod consent;
pub mod decision;
pub mod disclose;
pub mod email;
pub mod erasure;
pub mod event;
pub mod gate;
pub mod group;
pub mod health;
pub mod hold;
pub mod ids;
pub mod keyword;
pub mod law;
pub mod letter;
pub mod message;
pub mod notice;
pub mod person;
pub mod purpose;
pub mod rate;
pub mod record_class;
pub mod request;
pub mod retention;
pub mod statistic;
pub mod subject;
pub mod suppression;
pub mod tally;
pub mod template;
pub mod terms;
pub mod time;
pub mod traits;
