//! What the admin API asks of Meta, through whoever runs it: the API itself calls nobody.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use domain::audit::Actor;
use domain::ids::NumberId;
use whatsapp::storage::Storage;
use zeroize::Zeroizing;

/// An answer that is on its way.
pub type Asked<T> = Pin<Box<dyn Future<Output = Result<T, NotDone>> + Send>>;

/// What can be asked of Meta.
pub trait Meta: Send + Sync {
    /// What Meta keeps of a number's messages, and where.
    fn storage(&self, number: NumberId) -> Asked<Storage>;

    /// Has Meta keep a number's messages otherwise: who wants it, and why, is in the log before Meta
    /// is asked. The answer is what Meta says afterwards.
    fn set_storage(
        &self,
        wanted: (Actor, String),
        number: NumberId,
        storage: Storage,
    ) -> Asked<Storage>;

    /// Adds a number, or gives one that is here another token.
    fn add_number(&self, actor: Actor, new: NumberToAdd) -> Asked<NumberAdded>;

    /// Changes the token of a number that is kept here.
    fn change_token(&self, actor: Actor, number: NumberId, token: Zeroizing<String>) -> Asked<()>;
}

/// A number to add, with the token of its calls.
#[derive(Clone)]
pub struct NumberToAdd {
    /// Its id at Meta.
    pub phone_number_id: String,
    /// The account it belongs to.
    pub waba_id: String,
    /// The token: one line of visible ASCII.
    pub token: Zeroizing<String>,
}

impl fmt::Debug for NumberToAdd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NumberToAdd")
            .field("phone_number_id", &self.phone_number_id)
            .finish_non_exhaustive()
    }
}

/// What came of adding a number.
#[derive(Clone, Copy, Debug)]
pub struct NumberAdded {
    /// Its id here.
    pub number: NumberId,
    /// Whether its account's webhooks come now.
    pub subscribed: bool,
    /// Whether its account's templates could be fetched.
    pub synced: bool,
}

/// Why Meta did not do it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotDone {
    /// The number stands in the configuration, which holds for it.
    Configured,
    /// The number does not belong to the account.
    Elsewhere,
    /// There is no such number.
    Missing,
    /// It refused, with this code.
    Refused(u32),
    /// It could not be reached; nothing was done.
    Unavailable,
    /// It may have been done or not.
    Unclear,
}
