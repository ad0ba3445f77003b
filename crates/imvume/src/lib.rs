//! The library half of the `imvume` binary: what its integration tests must reach without
//! starting a process.
//!
//! It leaves out the commands themselves, which live in the binary. A module belongs here only when
//! a test has to drive it directly, as the listener has to be driven with raw sockets.

pub mod listen;
