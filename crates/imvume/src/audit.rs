//! `imvume audit`: what anybody can check of the log.

mod export;
mod progress;
mod reconcile;
mod verify;

pub(crate) use crate::audit::export::run as export;
pub(crate) use crate::audit::reconcile::compare;
pub(crate) use crate::audit::reconcile::run as reconcile;
pub(crate) use crate::audit::verify::read_key;
pub(crate) use crate::audit::verify::run as verify;
