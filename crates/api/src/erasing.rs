//! What the admin API asks of whoever erases people.

use std::future::Future;
use std::pin::Pin;

use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use store::StoreError;
use store::erase::Ordered;

/// An order that is on its way.
pub type OrderOnItsWay = Pin<Box<dyn Future<Output = Result<Ordered, StoreError>> + Send>>;

/// What can be asked.
pub trait Erasing: Send + Sync {
    /// Begins a person's erasure.
    fn begin(
        &self,
        actor: Actor,
        subject: SubjectId,
        why: (Option<RequestId>, EraseReason),
    ) -> OrderOnItsWay;
}
