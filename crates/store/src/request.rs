//! What people ask for by right: cases, their steps, and when they are due.
//!
//! What was asked, in the person's own words, and what was noted at a step stand sealed under the
//! person's forms; once the person is erased nothing opens them any more, and the case itself stays.

mod chat;
mod due;
mod effect;
mod forecast;
mod open;
mod remark;
mod risk;
mod row;
mod spare;
mod take;

use std::sync::Arc;

use domain::audit::Actor;
use domain::ids::DataKeyId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::request::Assurance;
use domain::request::LetterKind;
use domain::request::Request;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::request::RequestState;
use domain::request::identity::Risk;
use domain::request::step::Step;
use domain::time::Timestamp;
use seal::Zeroizing;

use crate::error::StoreError;
use crate::read::Reader;
use crate::store::Store;

pub(crate) use self::chat::answer;
pub use self::due::Looked;
pub use self::forecast::EraseForecast;
pub use self::remark::Remark;
pub use self::remark::Remarked;
pub(crate) use self::remark::mailbox;
pub(crate) use self::row::may_erase;
pub(crate) use self::row::overdue;
pub(crate) use self::spare::spare;

/// The field of a sealed request, and of the note of a step.
const TEXT: u8 = 1;
const NOTE: u8 = 2;

/// A request to take in.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// Whose.
    pub subject: SubjectId,
    /// What is asked for.
    pub kind: RequestKind,
    /// How it came in.
    pub source: RequestSource,
    /// How sure it is who asks.
    pub assurance: Assurance,
    /// The language to answer in, a BCP 47 tag.
    pub language: String,
    /// What was asked, in the person's own words: sealed. May be empty.
    pub text: String,
    /// When it reached the organisation, if that was earlier: a letter, a call.
    pub received_at: Option<Timestamp>,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The case.
    pub request: RequestView,
    /// Whether it is new. Who asks for the same while a case is open, has asked once.
    pub is_new: bool,
}

/// A step to take.
#[derive(Clone, Debug)]
pub struct StepOrder {
    /// Of which case.
    pub id: RequestId,
    /// The version that was seen: if somebody else has gone on meanwhile, nothing happens.
    pub version: Option<i64>,
    /// Which.
    pub step: Step,
    /// Why, or what the person is to know: sealed.
    pub note: Option<String>,
}

/// A step that was taken.
#[derive(Clone, Debug)]
pub struct Stepped {
    /// The case afterwards.
    pub request: RequestView,
    /// The letter that has to be written now.
    pub letter: Option<LetterKind>,
}

/// A case. It names nobody.
#[derive(Clone, Debug)]
pub struct RequestView {
    /// Its number: what the person is told.
    pub id: RequestId,
    /// Whose.
    pub subject: SubjectId,
    /// Where it stands.
    pub request: Request,
    /// How it came in.
    pub source: RequestSource,
    /// The language to answer in.
    pub language: String,
    /// The jurisdictions whose law was counted by, in alphabetical order with spaces between.
    pub jurisdictions: String,
    /// The rule that sets when it is due.
    pub rule: String,
    /// Its last day, as `YYYY-MM-DD` in the authority's time zone.
    pub due_on: String,
    /// The provision under which it was refused, or done in part only.
    pub provision: Option<String>,
    /// When somebody was last reminded of it.
    pub reminded_at: Option<Timestamp>,
    /// Which version of it this is: that of its newest step.
    pub version: i64,
}

/// A step as it was taken.
#[derive(Clone, Debug)]
pub struct StepView {
    /// Its number; the newest one's is the version of the case.
    pub id: i64,
    /// Where the case stood afterwards.
    pub state: RequestState,
    /// Who took it.
    pub actor: String,
    /// The step, with the rule that set the time where one did.
    pub rule: String,
    /// When.
    pub at: Timestamp,
    key: DataKeyId,
    note: Option<Vec<u8>>,
}

/// What a request says, in clear: personal data.
#[derive(Debug)]
pub struct RequestTexts {
    /// What was asked; none once the person is erased.
    pub text: Option<Zeroizing<String>>,
    /// What was noted at which step.
    pub notes: Vec<(i64, Zeroizing<String>)>,
}

/// Which cases to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestFilter {
    /// In this state.
    pub state: Option<RequestState>,
    /// Of this kind.
    pub kind: Option<RequestKind>,
    /// Of this person, and whoever is linked as the same.
    pub subject: Option<SubjectId>,
    /// Only what is open.
    pub open: bool,
    /// Only what was due before this instant and is not done.
    pub overdue_at: Option<Timestamp>,
    /// Only those with a letter of which nobody knows whether it went out.
    pub untold: bool,
}

/// What the answer to a request in a chat is put together from, in one language. What is filled in
/// stands in braces: `{case}`, `{date}`.
#[derive(Clone, Copy)]
pub struct AskTexts {
    /// The case number and the last day.
    pub taken: &'static str,
    /// The same for a case that is open already.
    pub known: &'static str,
    /// What happens by itself now.
    pub promise: fn(RequestKind) -> &'static str,
    /// Whether everything is really to go, and how to say so.
    pub sure: &'static str,
    /// On the button that says so; at most 20 characters.
    pub yes: &'static str,
    /// On the button that says no; at most 20 characters.
    pub no: &'static str,
    /// That it goes ahead.
    pub going: &'static str,
    /// That more has to be shown first, and how.
    pub more: &'static str,
    /// That nothing is erased.
    pub kept: &'static str,
    /// Where the person's page is.
    pub page: &'static str,
}

/// How a person is answered who asks for something by right.
#[derive(Clone, Copy)]
pub struct AskAnswer {
    /// The texts.
    pub texts: &'static AskTexts,
    /// Whether people have a page.
    pub page: bool,
}

impl std::fmt::Debug for AskTexts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AskTexts").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for AskAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AskAnswer").finish_non_exhaustive()
    }
}

/// The id of the button by which a person confirms that everything is to go.
pub const YES_DELETE: &str = "imvume:delete";

/// The id of the button by which a person keeps it.
pub const NO_DELETE: &str = "imvume:keep";

impl Store {
    /// Takes a request in. Whoever asks for the same while a case is open is led to that one.
    ///
    /// # Errors
    /// [`crate::Refusal::Missing`] for a person that is not there, or was erased.
    pub async fn open_request(&self, actor: Actor, new: NewRequest) -> Result<Opened, StoreError> {
        self.write(move |tx| {
            let opened = open::open(tx, actor, &new)?;
            tx.flush()?;
            Ok(opened)
        })
        .await
    }

    /// Takes a step of a case.
    ///
    /// # Errors
    /// [`crate::Refusal::Missing`], [`crate::Refusal::Changed`] where somebody else went on meanwhile,
    /// [`crate::Refusal::Request`] where it cannot be taken.
    pub async fn step_request(
        &self,
        actor: Actor,
        order: StepOrder,
    ) -> Result<Stepped, StoreError> {
        self.write(move |tx| {
            let stepped = take::step(tx, actor, &order)?;
            tx.flush()?;
            Ok(stepped)
        })
        .await
    }

    /// Extends a case as far as the laws that hold let it be, once, with the reason that the person is
    /// told. The version is that of [`StepOrder`].
    ///
    /// # Errors
    /// As [`Store::step_request`].
    pub async fn extend_request(
        &self,
        actor: Actor,
        (id, version): (RequestId, Option<i64>),
        reason: String,
    ) -> Result<Stepped, StoreError> {
        self.write(move |tx| {
            let stepped = take::extend(tx, actor, (id, version), &reason)?;
            tx.flush()?;
            Ok(stepped)
        })
        .await
    }

    /// Reminds of every case whose time it is, and lets clocks that stand still stand.
    ///
    /// # Errors
    /// What the database says.
    pub async fn look_after_requests(self: &Arc<Self>) -> Result<Looked, StoreError> {
        let mut looked = Looked::default();
        let mut after = RequestId(0);
        loop {
            let open = self.read(move |reader| reader.requests_open(after, due::PAGE));
            let open = open.await?;
            let Some(last) = open.last() else {
                return Ok(looked);
            };
            after = last.id;
            let now = self.clock().now();
            let needy = open.iter().filter(|view| due::needs(view, now));
            let needy: Vec<RequestId> = needy.map(|view| view.id).collect();
            for slice in needy.chunks(due::SLICE) {
                let slice = slice.to_vec();
                let done = self.write(move |tx| due::look(tx, &slice)).await?;
                looked.reminded += done.reminded;
                looked.paused += done.paused;
            }
        }
    }

    /// What makes a mistake about who asks cost more, for this person now.
    ///
    /// # Errors
    /// What the database says.
    pub async fn request_risk(&self, subject: SubjectId) -> Result<Risk, StoreError> {
        self.write(move |tx| risk::risk(tx, subject)).await
    }

    /// What an erasure of this person would take and leave now. Nothing changes.
    ///
    /// # Errors
    /// What the database says.
    pub async fn erase_forecast(&self, subject: SubjectId) -> Result<EraseForecast, StoreError> {
        self.write(move |tx| forecast::forecast(tx, subject)).await
    }
}

impl Reader<'_> {
    /// One case.
    ///
    /// # Errors
    /// What the database says.
    pub fn request(&self, id: RequestId) -> Result<Option<RequestView>, StoreError> {
        row::one(self.connection, self.law.as_ref(), id)
    }

    /// Cases, newest first, from below `before`.
    ///
    /// # Errors
    /// What the database says.
    pub fn requests(
        &self,
        filter: &RequestFilter,
        before: Option<RequestId>,
        limit: u32,
    ) -> Result<Vec<RequestView>, StoreError> {
        row::list(self.connection, self.law.as_ref(), filter, (before, limit))
    }

    /// Cases that are not closed, oldest first, from after an id on.
    ///
    /// # Errors
    /// What the database says.
    pub fn requests_open(
        &self,
        after: RequestId,
        limit: u32,
    ) -> Result<Vec<RequestView>, StoreError> {
        row::open(self.connection, self.law.as_ref(), (after, limit))
    }

    /// The steps of a case, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub fn request_steps(&self, id: RequestId) -> Result<Vec<StepView>, StoreError> {
        row::steps(self.connection, id)
    }

    /// What a case says in clear: read inside of [`Store::reveal`]. What no longer opens because the
    /// person was erased is left out.
    ///
    /// # Errors
    /// What the database says; [`StoreError::Damaged`] where a text is there and does not open.
    pub fn request_texts(&self, id: RequestId) -> Result<Option<RequestTexts>, StoreError> {
        row::texts(self.connection, &self.keys, id)
    }

    /// How many open cases of each kind are overdue, for the operator.
    ///
    /// # Errors
    /// What the database says.
    pub fn requests_overdue(&self, now: Timestamp) -> Result<Vec<(RequestKind, u64)>, StoreError> {
        overdue(self.connection, now)
    }

    /// Whether a person was erased.
    ///
    /// # Errors
    /// What the database says.
    pub fn is_erased(&self, subject: SubjectId) -> Result<bool, StoreError> {
        crate::erase::is_erased(self.connection, subject)
    }

    /// How many cases are open, of each kind.
    ///
    /// # Errors
    /// What the database says.
    pub fn requests_open_count(&self) -> Result<Vec<(RequestKind, u64)>, StoreError> {
        row::open_count(self.connection)
    }
}
