#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test"
)]
#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a reader's methods by path want too narrow a lifetime"
)]
#![expect(
    clippy::duplicate_mod,
    reason = "the same cases run on every database, each under its own name"
)]
//! The store through its public doors, over a database in a temporary directory and over one of a
//! real PostgreSQL server.

mod alike;
mod base;
mod file;
mod kept;
mod moves;
mod schema;
mod server;

#[path = "cases"]
mod on_sqlite {
    const KIND: crate::base::Kind = crate::base::Kind::File;

    mod askings;
    mod batches;
    mod beside;
    mod campaigns;
    mod codes;
    mod configuration;
    mod confirmations;
    mod consent;
    mod day;
    mod deliveries;
    mod erasure;
    mod events;
    pub(crate) mod fixture;
    mod holds;
    mod imports;
    mod last_word;
    mod letters;
    mod office;
    mod packages;
    mod people;
    mod preferences;
    mod previews;
    mod proof;
    mod queue;
    mod reconcile;
    mod registries;
    mod requests;
    mod retention;
    mod roll;
    mod sends;
    mod start;
    mod statistics;
    mod statuses;
    mod stops;
    mod tags;
}

#[path = "cases"]
mod on_postgres {
    const KIND: crate::base::Kind = crate::base::Kind::Server;

    mod askings;
    mod batches;
    mod beside;
    mod campaigns;
    mod codes;
    mod configuration;
    mod confirmations;
    mod consent;
    mod day;
    mod deliveries;
    mod erasure;
    mod events;
    pub(crate) mod fixture;
    mod holds;
    mod imports;
    mod last_word;
    mod letters;
    mod office;
    mod packages;
    mod people;
    mod preferences;
    mod previews;
    mod proof;
    mod queue;
    mod reconcile;
    mod registries;
    mod requests;
    mod retention;
    mod roll;
    mod sends;
    mod start;
    mod statistics;
    mod statuses;
    mod stops;
    mod tags;
}
