//! What the admin API asks of whoever carries requests of people on.

use std::future::Future;
use std::pin::Pin;

use domain::audit::Actor;
use domain::email::Email;
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

    /// Takes down where the answers about a case are wanted; a link goes there first.
    fn mailbox(&self, actor: Actor, id: RequestId, address: Email) -> Carried<Reach>;

    /// Asks by a link who asks, where they were known long before: by SMS, or by e-mail.
    fn proof(&self, actor: Actor, id: RequestId, by_sms: bool) -> Carried<Reach>;
}

/// What came of asking somebody over another channel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// A link is on its way.
    Sent,
    /// What carries it, or the address of the pages for people, is not set up.
    NotSetUp,
    /// Nothing is known there, or not for long enough.
    Unknown,
}
