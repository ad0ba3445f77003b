//! How far a case goes by itself.

use domain::ids::RequestId;
use domain::request::PATIENCE;
use domain::request::RequestKind;
use domain::request::RequestState;
use domain::request::identity::wanted;
use domain::request::step::Step;
use store::Refusal;
use store::StoreError;
use store::request::RequestView;

use crate::Service;

/// So many cases are read at a time.
const PAGE: u32 = 200;

/// A case goes through no more states than this without somebody.
const MOST: usize = 16;

/// What can happen to a case now.
pub(super) enum Next {
    /// This step, which nobody has to decide about.
    Go(Step),
    /// It waits: for somebody, for an answer, or for work that is under way.
    Wait,
}

impl Service {
    /// Reminds of cases whose time it is, and carries on those that can go on. Returns how many did.
    ///
    /// # Errors
    /// What the store says; what was not done is done with the next look.
    pub async fn requests_now(&self) -> Result<usize, StoreError> {
        self.letters_unreached().await?;
        let looked = self.store.look_after_requests().await?;
        if 0 < looked.reminded {
            let count = looked.reminded;
            tracing::warn!(count, "requests of people are due soon, or overdue");
        }
        let mut after = RequestId(0);
        let mut moved = 0;
        loop {
            let open = self
                .store
                .read(move |reader| reader.requests_open(after, PAGE));
            let open = open.await?;
            let Some(last) = open.last() else {
                return Ok(moved);
            };
            after = last.id;
            for view in open {
                let (id, before) = (view.id, view.version);
                match self.carry_on(view).await {
                    Ok(view) => moved += usize::from(view.version != before),
                    // One case that cannot go on holds up no other.
                    Err(error) => {
                        tracing::warn!(%error, case = id.0, "a request of somebody cannot go on");
                    }
                }
            }
        }
    }

    /// Carries a case on as far as it goes without anybody, with the letters that its steps call for.
    pub(super) async fn carry_on(&self, view: RequestView) -> Result<RequestView, StoreError> {
        let mut view = view;
        for _ in 0..MOST {
            self.write_missing(&view).await;
            let step = match self.next(&view).await? {
                Next::Go(step) => step,
                Next::Wait => break,
            };
            match self.go(view.id, view.version, step).await {
                Ok(stepped) => view = stepped.request,
                // Somebody was quicker: what they did is seen at the next look.
                Err(StoreError::Refused(Refusal::Changed(_))) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(view)
    }

    async fn next(&self, view: &RequestView) -> Result<Next, StoreError> {
        if view.request.is_open() && self.is_erased(view).await? {
            return Ok(Next::Go(self.without_a_person(view).await?));
        }
        Ok(match view.request.state {
            RequestState::Received => Next::Go(Step::Acknowledge),
            RequestState::Acknowledged => Next::Go(self.proved_or_asked(view, Step::Search).await?),
            RequestState::IdentityPending | RequestState::Clarifying => self.expired(view),
            RequestState::Searching => self.searching(view).await?,
            RequestState::InReview => self.reviewed(view).await?,
            RequestState::Decided => self.fulfilled(view).await?,
            RequestState::Expired
            | RequestState::Fulfilled
            | RequestState::PartiallyFulfilled
            | RequestState::Refused => self.delivered(view).await?,
            RequestState::Delivered | RequestState::Withdrawn => Next::Go(Step::Close),
            RequestState::Closed => Next::Wait,
        })
    }

    fn expired(&self, view: &RequestView) -> Next {
        let now = self.store.clock().now();
        if view.request.updated_at + PATIENCE <= now {
            Next::Go(Step::Expire)
        } else {
            Next::Wait
        }
    }

    async fn searching(&self, view: &RequestView) -> Result<Next, StoreError> {
        match view.request.kind {
            RequestKind::Access | RequestKind::Portability => self.packed(view).await,
            // Their effect was there at once; a deletion and a restriction are carried out as soon as
            // they are decided.
            RequestKind::Deletion
            | RequestKind::OptOut
            | RequestKind::Restriction
            | RequestKind::Withdrawal => {
                Ok(Next::Go(self.proved_or_asked(view, Step::Decide).await?))
            }
            RequestKind::Complaint | RequestKind::Correction | RequestKind::Objection => {
                Ok(Next::Wait)
            }
        }
    }

    /// A step for which one has to be sure who asks, or the question that makes sure.
    pub(super) async fn proved_or_asked(
        &self,
        view: &RequestView,
        step: Step,
    ) -> Result<Step, StoreError> {
        let risk = self.store.request_risk(view.subject).await?;
        let sure = wanted(view.request.kind, risk) <= view.request.assurance;
        Ok(if sure { step } else { Step::AskIdentity })
    }
}
