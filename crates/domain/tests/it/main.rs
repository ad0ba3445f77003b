//! The decisions of the domain as tables.

mod gate;
mod page;
