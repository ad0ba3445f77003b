//! The preference page: what stands on it, and what a person does there.

use domain::audit::Actor;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::person::TraitKind;
use domain::purpose::PurposeClass;
use domain::suppression::Suppression;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;
use domain::time::Timestamp;
use serde_json::json;
use store::Refusal;
use store::StoreError;
use store::preference::Act;
use store::preference::SIGNAL;
use store::preference::Wish;
use store::record::ConsentView;
use store::registry::PurposeEntry;

use super::Handed;
use super::NoticeRef;
use super::Origin;
use super::PortalError;
use super::Preference;
use super::Preferences;
use super::Session;
use super::Switch;
use super::answer::evidence;
use super::request::is_agreed;
use crate::Service;

/// What is known of a person on their page.
struct Known {
    /// The person's own events, oldest first.
    own: Vec<ConsentView>,
    /// Those of people who are linked.
    linked: Vec<ConsentView>,
    /// Whether they bought something and could object then.
    customer: bool,
    suppressions: Vec<Suppression>,
    now: Timestamp,
}

impl Service {
    pub(super) async fn read_preferences(
        &self,
        session: &Session,
        language: &str,
    ) -> Result<Preferences, PortalError> {
        self.check(session)?;
        let known = self.known(session.subject).await.map_err(gone)?;
        let registry = self.store.registry();
        let shown = |entry: &&PurposeEntry| entry.purpose.terms.asks_for.is_none();
        let purposes = registry.purposes.iter().filter(shown);
        let number = session.number.and_then(|id| registry.number(id));
        let number = number.or_else(|| registry.numbers.first());
        Ok(Preferences {
            organisation: self.settings.organisation.clone(),
            number: number.map(|number| number.display.clone()),
            purposes: purposes
                .filter_map(|entry| self.preference_of(entry, &known, language))
                .collect(),
            objected: known.objected(),
            everything_stopped: known
                .suppressions
                .iter()
                .any(|held| held.scope == SuppressionScope::BusinessInitiated),
            suppressions: known.suppressions,
        })
    }

    async fn known(&self, subject: SubjectId) -> Result<Known, StoreError> {
        let suppressions = self.store.suppressions(subject).await?;
        let now = self.store.clock().now();
        let who = (Actor::Person, subject);
        let read = self.store.reveal(who, "preference page", move |reader| {
            reader
                .subject(subject)?
                .ok_or(Refusal::Missing("subject"))?;
            let own = reader.consent_events(subject)?;
            let mut linked = Vec::new();
            for other in reader.linked(subject)? {
                if other != subject {
                    linked.extend(reader.consent_events(other)?);
                }
            }
            let traits = reader.traits(subject)?;
            let customer = traits
                .iter()
                .any(|known| known.kind == TraitKind::Sale && known.value.ends_with(" objectable"));
            Ok((own, linked, customer))
        });
        let (own, linked, customer) = read.await?;
        Ok(Known {
            own,
            linked,
            customer,
            suppressions,
            now,
        })
    }

    fn preference_of(
        &self,
        entry: &PurposeEntry,
        known: &Known,
        language: &str,
    ) -> Option<Preference> {
        let registry = self.store.registry();
        let id = entry.purpose.id;
        let last = known.last(id);
        let covers = |held: &&Suppression| held.scope.covers(&entry.purpose, true);
        let from = |source| {
            let mut standing = known.suppressions.iter().filter(covers);
            standing.any(|held| held.source == source)
        };
        let (own_stop, native_stop) = (
            from(SuppressionSource::Own),
            from(SuppressionSource::Native),
        );
        let care = entry.purpose.class == PurposeClass::Care;
        let valid = |notice| registry.notice_valid(notice);
        let rests = care || known.rests(entry, valid);
        let under = last.and_then(|event| event.notice);
        Some(Preference {
            purpose: self.explain(id, language)?,
            on: rests && (care || !(own_stop || native_stop)),
            state: last.map_or_else(Default::default, |event| event.state),
            since: last.map(|event| event.at),
            method: last.map(|event| event.method),
            grade: last.map(|event| event.grade),
            under: under.and_then(|id| registry.notice(id)).map(NoticeRef::of),
            switchable: is_agreed(entry),
            native_stop: !care && native_stop,
        })
    }

    pub(super) async fn set_preference(
        &self,
        session: &Session,
        (code, wanted): (&str, Switch),
        origin: Origin,
    ) -> Result<(), PortalError> {
        let registry = self.store.registry();
        let entry = registry.purpose_by_code(code);
        let entry = entry.ok_or(PortalError::NotSwitchable)?;
        let id = entry.purpose.id;
        if !is_agreed(entry) {
            return Err(PortalError::NotSwitchable);
        }
        let language = origin
            .language
            .as_deref()
            .unwrap_or_else(|| session.language());
        let notice = registry.notice_of(id, language);
        let wish = match wanted {
            Switch::Off => Wish::Off(id),
            Switch::On => Wish::On(id, notice.map(|notice| notice.id)),
        };
        self.wish(session, wish, &origin).await.map(drop)
    }

    pub(super) async fn stop_all(
        &self,
        session: &Session,
        origin: Origin,
    ) -> Result<(), PortalError> {
        let wish = Wish::StopEverything;
        self.wish(session, wish, &origin).await.map(drop)
    }

    pub(super) async fn start_over(
        &self,
        session: &Session,
        origin: Origin,
    ) -> Result<(), PortalError> {
        if session.handed != Handed::Sent {
            return Err(PortalError::NotSwitchable);
        }
        let wish = Wish::StartAgain;
        self.wish(session, wish, &origin).await.map(drop)
    }

    pub(super) async fn honour_signal(
        &self,
        session: &Session,
        origin: Origin,
    ) -> Result<bool, PortalError> {
        self.wish(session, Wish::Unshared, &origin).await
    }

    async fn wish(
        &self,
        session: &Session,
        wish: Wish,
        origin: &Origin,
    ) -> Result<bool, PortalError> {
        self.check(session)?;
        let details = json!({
            "from": evidence(origin),
            "page": "preferences",
            "link": match session.handed {
                Handed::Sent => "sent",
                Handed::Staff => "staff",
            },
            "session": session.began.to_string(),
        });
        let act = Act {
            subject: session.subject,
            wish,
            proved: session.handed == Handed::Sent,
            language: origin
                .language
                .clone()
                .unwrap_or_else(|| session.language().to_owned()),
            details: details.to_string(),
        };
        self.store.act(act).await.map_err(gone)
    }
}

/// A person who is not there any more has no session.
fn gone(error: StoreError) -> PortalError {
    match error {
        StoreError::Refused(Refusal::Missing("subject")) => PortalError::NoSession,
        error => error.into(),
    }
}

impl Known {
    fn last(&self, purpose: PurposeId) -> Option<&ConsentView> {
        let mut own = self.own.iter().rev();
        own.find(|event| event.purpose == purpose)
    }

    /// Whether a message for the purpose would have something to rest on, stops aside.
    fn rests(
        &self,
        entry: &PurposeEntry,
        valid: impl Fn(Option<domain::ids::NoticeId>) -> bool,
    ) -> bool {
        let id = entry.purpose.id;
        if !is_agreed(entry) {
            return true;
        }
        let last = self.last(id);
        let no_since = |at: Option<Timestamp>| {
            let mut theirs = self.linked.iter().filter(|event| event.purpose == id);
            theirs.any(|event| event.state.is_denial() && at.is_none_or(|at| at <= event.at))
        };
        if no_since(last.map(|event| event.at)) {
            return false;
        }
        let Some(last) = last else {
            return entry.purpose.terms.soft_opt_in && self.customer;
        };
        let over = last.expires.is_some_and(|at| at <= self.now);
        last.state.is_sendable() && !over && valid(last.notice)
    }

    /// Since when the person's browser objects to sharing, if that still holds.
    fn objected(&self) -> Option<Timestamp> {
        let signals = self.own.iter().filter(|event| event.rule == SIGNAL);
        let standing = |event: &&ConsentView| {
            self.last(event.purpose)
                .is_some_and(|last| last.state.is_denial())
        };
        signals.filter(standing).map(|event| event.at).min()
    }
}
