//! The decisions of the domain as tables.

mod call;
mod gate;
mod group;
mod law;
mod notice;
mod page;
