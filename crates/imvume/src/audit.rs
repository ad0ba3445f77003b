//! `imvume audit`: what anybody can check of the log.

mod certificate;
mod export;
mod progress;
mod reconcile;
mod trusted;
mod verify;

pub(crate) use crate::audit::certificate::Certificate;
pub(crate) use crate::audit::certificate::run as certificate;
pub(crate) use crate::audit::export::run as export;
pub(crate) use crate::audit::reconcile::compare;
pub(crate) use crate::audit::reconcile::run as reconcile;
pub(crate) use crate::audit::trusted::Trusted;
pub(crate) use crate::audit::verify::read_key;
pub(crate) use crate::audit::verify::run as verify;
