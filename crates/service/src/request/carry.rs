//! Carrying out what was asked, as far as nobody has to decide.

use domain::audit::Actor;
use domain::erasure::EraseReason;
use domain::request::LetterKind;
use domain::request::RequestKind;
use domain::request::RequestState;
use domain::request::step::Step;
use domain::retention::Keep;
use letters::Facts;
use store::StoreError;
use store::package::PackageKind;
use store::package::PackageState;
use store::package::PackageView;
use store::request::EraseForecast;
use store::request::RequestView;

use super::advance::Next;
use crate::META_DAYS;
use crate::Service;

/// The provision under which a request ends whose person is gone.
const ERASED: &str = "request/erased";

/// The provision under which a deletion is done in part; the letter and the certificate name each.
const KEPT: &str = "request/kept";

/// So many of a person's packages are looked at for the one of a case.
const PACKAGES: u32 = 50;

impl Service {
    /// The copy of the data: begun as soon as it is certain who asks.
    pub(super) async fn packed(&self, view: &RequestView) -> Result<Next, StoreError> {
        let step = self.proved_or_asked(view, Step::Review).await?;
        if step != Step::Review {
            return Ok(Next::Go(step));
        }
        let Some(package) = self.package_of(view).await? else {
            let kind = match view.request.kind {
                RequestKind::Portability => PackageKind::Portability,
                _ => PackageKind::Access,
            };
            let what = (Some(view.id), view.subject);
            self.prepare_package_of(Actor::System, what, kind).await?;
            return Ok(Next::Wait);
        };
        Ok(match package.state {
            PackageState::Review => Next::Go(step),
            PackageState::Ready | PackageState::Fetched => Next::Go(Step::Decide),
            PackageState::Cancelled
            | PackageState::Failed
            | PackageState::Making
            | PackageState::Removed
            | PackageState::Scanning => Next::Wait,
        })
    }

    /// Somebody looks through what concerns others; once they have, it goes on.
    pub(super) async fn reviewed(&self, view: &RequestView) -> Result<Next, StoreError> {
        let package = self.package_of(view).await?;
        let ready = package.is_some_and(|package| {
            matches!(package.state, PackageState::Fetched | PackageState::Ready)
        });
        Ok(if ready {
            Next::Go(Step::Decide)
        } else {
            Next::Wait
        })
    }

    /// What was decided is done.
    pub(super) async fn fulfilled(&self, view: &RequestView) -> Result<Next, StoreError> {
        match view.request.kind {
            RequestKind::Access | RequestKind::Portability => self.handed_over(view).await,
            RequestKind::Deletion => self.erased_for(view).await,
            RequestKind::OptOut | RequestKind::Withdrawal => Ok(Next::Go(Step::Fulfil)),
            RequestKind::Restriction => {
                let reason = format!("case {}", view.id);
                self.store
                    .set_restriction(Actor::System, view.subject, true, reason)
                    .await?;
                Ok(Next::Go(Step::Fulfil))
            }
            RequestKind::Complaint | RequestKind::Correction | RequestKind::Objection => {
                Ok(Next::Wait)
            }
        }
    }
}

impl Service {
    /// The person is told where the copy can be fetched, once; whoever has fetched it has it.
    async fn handed_over(&self, view: &RequestView) -> Result<Next, StoreError> {
        let Some(package) = self.package_of(view).await? else {
            return Ok(Next::Wait);
        };
        if package.state == PackageState::Ready && !package.linked {
            self.tell_of(view, &package).await?;
        }
        Ok(Next::Go(Step::Fulfil))
    }

    async fn tell_of(&self, view: &RequestView, package: &PackageView) -> Result<(), StoreError> {
        let token = self.store.link_package(Actor::System, package.id).await?;
        let until = package.expires.map(|until| self.day(until));
        let address = self.public(&["package", &token]);
        // Without pages of ours nobody could fetch it: staff hand it over.
        let (Some(address), Some(until)) = (address, until) else {
            return Ok(());
        };
        let facts = Facts {
            package: Some(letters::Package {
                address: address.to_string(),
                until,
            }),
            ..Facts::default()
        };
        let told = self.write_letter(view.id, LetterKind::PackageReady, facts);
        if let Err(error) = told.await {
            tracing::warn!(case = view.id.0, %error, "nobody was told of an access package");
        }
        Ok(())
    }

    /// A deletion that was decided: the person is told what goes and what stays, as nobody can tell them
    /// afterwards; then it goes.
    async fn erased_for(&self, view: &RequestView) -> Result<Next, StoreError> {
        let (id, subject) = (view.id, view.subject);
        let letters = self
            .store
            .read(move |reader| Ok((reader.letters(id)?, reader.erasure_waits(subject)?)));
        let (letters, waits) = letters.await?;
        if waits {
            return Ok(Next::Wait);
        }
        let forecast = self.store.erase_forecast(subject).await?;
        let kind = if forecast.kept.is_empty() {
            LetterKind::Completion
        } else {
            LetterKind::PartialResult
        };
        if !letters.iter().any(|letter| letter.kind == kind) {
            let facts = self.told_of(view, forecast);
            if let Err(error) = self.write_letter(id, kind, facts).await {
                tracing::warn!(case = id.0, %error, "nobody was told of an erasure");
            }
        }
        let why = (Some(id), EraseReason::Requested);
        self.begin_erasure(Actor::System, subject, why).await?;
        if self.is_erased(view).await? {
            return Ok(Next::Go(self.without_a_person(view).await?));
        }
        Ok(Next::Wait)
    }

    fn told_of(&self, view: &RequestView, forecast: EraseForecast) -> Facts {
        let law = self.store.law();
        let certificate = self.certificate_link(view.id).ok().flatten();
        let kept = forecast.kept.into_iter();
        let kept = kept.map(|kept| letters::Kept {
            class: kept.class,
            why: match &kept.why {
                Keep::Hold(_) => letters::Why::Hold,
                Keep::Foreign { .. } | Keep::Minimum { .. } => letters::Why::Law,
                Keep::Proof { .. } => letters::Why::Proof,
            },
            provision: law.provision(kept.why.rule()),
            until: kept.why.until().map(|until| self.day(until)),
        });
        Facts {
            kept: kept.collect(),
            erased: forecast.erased,
            suppressed: forecast.suppressed,
            meta_days: Some(META_DAYS),
            certificate: certificate.map(String::from),
            ..Facts::default()
        }
    }

    pub(super) async fn is_erased(&self, view: &RequestView) -> Result<bool, StoreError> {
        let subject = view.subject;
        self.store
            .read(move |reader| reader.is_erased(subject))
            .await
    }

    /// How a case goes on whose person was erased: a deletion is done, by this case or by another;
    /// anything else has nothing left to be done with.
    pub(super) async fn without_a_person(&self, view: &RequestView) -> Result<Step, StoreError> {
        if view.request.kind != RequestKind::Deletion {
            return Ok(Step::Refuse {
                provision: ERASED.to_owned(),
            });
        }
        if view.request.state != RequestState::Decided {
            return Ok(Step::Withdraw);
        }
        let id = view.id;
        let letters = self.store.read(move |reader| reader.letters(id)).await?;
        let in_part = letters
            .iter()
            .any(|letter| letter.kind == LetterKind::PartialResult);
        Ok(if in_part {
            Step::FulfilPart {
                provision: KEPT.to_owned(),
            }
        } else {
            Step::Fulfil
        })
    }

    /// Once the person has the answer, the case is closed.
    pub(super) async fn delivered(&self, view: &RequestView) -> Result<Next, StoreError> {
        if self.has_letter_waiting(view).await? {
            return Ok(Next::Wait);
        }
        let package = self.package_of(view).await?;
        let waits = package.is_some_and(|package| package.state == PackageState::Ready);
        Ok(if waits {
            Next::Wait
        } else {
            Next::Go(Step::Deliver)
        })
    }

    /// The newest package of a case.
    async fn package_of(&self, view: &RequestView) -> Result<Option<PackageView>, StoreError> {
        let (id, subject) = (view.id, view.subject);
        let found = self
            .store
            .read(move |reader| reader.packages(Some(subject), None, PACKAGES));
        let found = found.await?.into_iter();
        let mut of = found.filter(|package| package.request == Some(id));
        Ok(of.find(|package| package.state != PackageState::Cancelled))
    }
}
