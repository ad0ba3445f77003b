//! What only a server can do to a store: refuse, stop, die, hand over. Real servers throughout.

mod commit;
mod lease;
mod load;
mod locks;
mod outage;
mod overlap;
mod settings;
