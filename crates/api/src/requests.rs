//! What the admin API asks of whoever carries requests of people on.

use std::future::Future;
use std::pin::Pin;

use domain::audit::Actor;
use domain::ids::RequestId;
use store::StoreError;
use store::request::NewRequest;
use store::request::Opened;
use store::request::StepOrder;
use store::request::Stepped;

/// An answer that is on its way.
pub type Carried<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// What can be asked.
pub trait Requests: Send + Sync {
    /// Takes a request in.
    fn open(&self, actor: Actor, new: NewRequest) -> Carried<Opened>;

    /// Takes a step of a case.
    fn step(&self, actor: Actor, order: StepOrder) -> Carried<Stepped>;

    /// Extends a case: its id and the version that was seen, and why.
    fn extend(
        &self,
        actor: Actor,
        which: (RequestId, Option<i64>),
        reason: String,
    ) -> Carried<Stepped>;
}
