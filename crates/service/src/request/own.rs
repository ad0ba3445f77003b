//! A person's own requests, on their page.

use domain::audit::Actor;
use domain::email::Email;
use domain::ids::RequestId;
use domain::request::Assurance;
use domain::request::Outcome;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::request::RequestState;
use domain::request::step::Step;
use domain::time::Timestamp;
use store::StoreError;
use store::request::NewRequest;
use store::request::RequestFilter;
use store::request::RequestView;
use store::request::StepOrder;

use crate::Handed;
use crate::PortalError;
use crate::Service;
use crate::Session;

/// So many of a person's cases are shown, the newest first.
const SHOWN: u32 = 50;

/// A case as the person sees it.
#[derive(Clone, Debug)]
pub struct OwnRequest {
    /// Its number.
    pub id: RequestId,
    /// What was asked for.
    pub kind: RequestKind,
    /// Where it stands.
    pub state: RequestState,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it came in.
    pub received_at: Timestamp,
    /// Its last day, as `YYYY-MM-DD` where the authority is.
    pub due_on: String,
    /// Whether it was extended.
    pub extended: bool,
    /// The provision under which it was refused, or done in part only.
    pub provision: Option<String>,
    /// Whether it was there before: asked twice is asked once.
    pub is_new: bool,
}

impl OwnRequest {
    fn new(view: RequestView, is_new: bool) -> Self {
        Self {
            id: view.id,
            kind: view.request.kind,
            state: view.request.state,
            outcome: view.request.outcome,
            received_at: view.request.received_at,
            due_on: view.due_on,
            extended: view.request.extended_at.is_some(),
            provision: view.provision,
            is_new,
        }
    }
}

impl Service {
    /// Takes in what a person asks for on their page. `text` is in their own words, and may be empty; an
    /// e-mail address is where they want the answer. The page has to have asked whether a deletion is
    /// meant.
    ///
    /// # Errors
    /// [`PortalError::NoSession`], [`PortalError::Unavailable`].
    pub async fn open_own_request(
        &self,
        session: &Session,
        kind: RequestKind,
        (text, language): (&str, &str),
        email: Option<&Email>,
    ) -> Result<OwnRequest, PortalError> {
        self.check(session)?;
        let new = NewRequest {
            subject: session.subject(),
            kind,
            source: RequestSource::Portal,
            assurance: match session.handed() {
                Handed::Sent => Assurance::Channel,
                // How staff handed the link over, nobody knows here.
                Handed::Staff => Assurance::Claimed,
            },
            language: language.to_owned(),
            text: text.to_owned(),
            received_at: None,
        };
        let opened = self.open_request(Actor::Person, new).await?;
        if let Some(email) = email {
            let id = opened.request.id;
            match self.ask_mailbox(Actor::Person, id, email).await {
                // The request stands; where the answer goes is another matter.
                Ok(_) | Err(StoreError::Refused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(OwnRequest::new(opened.request, opened.is_new))
    }

    /// A person's cases, newest first.
    ///
    /// # Errors
    /// As [`Service::open_own_request`].
    pub async fn own_requests(&self, session: &Session) -> Result<Vec<OwnRequest>, PortalError> {
        self.check(session)?;
        let filter = RequestFilter {
            subject: Some(session.subject()),
            ..RequestFilter::default()
        };
        let read = self
            .store
            .read(move |reader| reader.requests(&filter, None, SHOWN));
        let views = read.await?;
        let views = views.into_iter();
        Ok(views.map(|view| OwnRequest::new(view, false)).collect())
    }

    /// The person takes a request back, as long as it is not done.
    ///
    /// # Errors
    /// As [`Service::open_own_request`]; also [`PortalError::Unavailable`] for a case that is somebody
    /// else's, or has ended.
    pub async fn withdraw_own_request(
        &self,
        session: &Session,
        id: RequestId,
    ) -> Result<OwnRequest, PortalError> {
        let own = self.own_requests(session).await?;
        if !own.iter().any(|request| request.id == id) {
            return Err(PortalError::Unavailable);
        }
        let order = StepOrder {
            id,
            version: None,
            step: Step::Withdraw,
            note: None,
        };
        let stepped = self.step_request(Actor::Person, order).await;
        match stepped {
            Ok(stepped) => Ok(OwnRequest::new(stepped.request, false)),
            Err(StoreError::Refused(_)) => Err(PortalError::Unavailable),
            Err(error) => Err(error.into()),
        }
    }
}
