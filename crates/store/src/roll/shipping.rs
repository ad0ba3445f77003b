//! Sending the key bundle before an epoch key goes.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// A whole key bundle on its way to all its places.
pub type Shipped<'s> =
    Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 's>>;

/// Who ships key bundles.
///
/// A roll destroys an epoch key only once a bundle that does not need it is at every place: otherwise
/// whoever lost the host in that moment would have data keys under a key that no longer exists.
pub trait Shipping: fmt::Debug + Send + Sync {
    /// Ships a whole bundle to every place, and has what was there before removed. Ready once both are
    /// durable. An error says what is in the way, and names nobody; the roll then stands and asks again.
    fn ship_whole(&self) -> Shipped<'_>;
}
