//! What the admin API asks of whoever erases people.

use std::future::Future;
use std::pin::Pin;

use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::ids::ErasureId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use store::StoreError;
use store::erase::Ordered;

use crate::office::Proved;

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

    /// The certificate of an erasure, as a signed note.
    fn certificate(&self, erasure: ErasureId) -> Proved;

    /// Where its certificate is read, by whoever has the link; none without a public address.
    fn certificate_page(&self, erasure: ErasureId) -> Option<String>;
}
