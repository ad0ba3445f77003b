//! What a person sets on their own page, and what follows from a yes to one purpose.

use domain::audit::Actor;
use domain::consent::Channel;
use domain::consent::Consent;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::purpose::LegalBasis;
use domain::purpose::Purpose;
use domain::purpose::PurposeClass;
use domain::suppression::Suppression;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;

use crate::confirmation::jurisdictions;
use crate::consent;
use crate::consent::NewConsent;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::people;
use crate::store::Store;
use crate::tx::Tx;

/// The rule under which a browser's signal is recorded (Global Privacy Control, W3C).
pub const SIGNAL: &str = "gpc/signal";

/// What a person does on their page.
#[derive(Clone, Debug)]
pub struct Act {
    /// Who.
    pub subject: SubjectId,
    /// What.
    pub wish: Wish,
    /// Whether it is certain that the number is theirs.
    pub proved: bool,
    /// The language of the page, a BCP 47 tag.
    pub language: String,
    /// Where from, as JSON: sealed, as evidence.
    pub details: String,
}

/// What a person wishes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wish {
    /// No messages for a purpose.
    Off(PurposeId),
    /// Messages for a purpose, under this notice version.
    On(PurposeId, Option<NoticeId>),
    /// The data go to nobody who receives them by consent alone.
    Unshared,
    /// Nothing that the organisation would start.
    StopEverything,
    /// An end of that.
    StartAgain,
}

impl Store {
    /// Does what a person wishes on their page. Returns whether anything changed.
    ///
    /// # Errors
    /// [`Refusal::Missing`] for a person or a purpose that is not there.
    pub async fn act(&self, act: Act) -> Result<bool, StoreError> {
        self.write(move |tx| {
            people::exists(tx.connection, act.subject)?;
            let changed = apply(tx, &act)?;
            tx.flush()?;
            Ok(changed)
        })
        .await
    }
}

fn apply(tx: &mut Tx<'_>, act: &Act) -> Result<bool, StoreError> {
    match act.wish {
        Wish::Off(purpose) => off(tx, act, purpose),
        Wish::On(purpose, notice) => on(tx, act, (purpose, notice)),
        Wish::Unshared => unshare(tx, act),
        Wish::StopEverything => stop_everything(tx, act),
        Wish::StartAgain => start_again(tx, act),
    }
}

fn off(tx: &mut Tx<'_>, act: &Act, purpose: PurposeId) -> Result<bool, StoreError> {
    let registry = tx.registry();
    let entry = registry
        .purpose(purpose)
        .ok_or(Refusal::Missing("purpose"))?;
    let said = say_no(tx, act, (&entry.purpose, "page/off"))?;
    let what = (SuppressionScope::Purpose(purpose), SuppressionSource::Own);
    let stopped = tx.suppress(act.subject, what, Actor::Person, "page/off")?;
    Ok(said || stopped)
}

/// A no in the ledger, unless it says so already.
fn say_no(
    tx: &mut Tx<'_>,
    act: &Act,
    (purpose, rule): (&Purpose, &str),
) -> Result<bool, StoreError> {
    if !is_agreed(purpose) {
        return Ok(false);
    }
    let state = match state(tx, act.subject, purpose.id)? {
        ConsentState::Refused | ConsentState::Withdrawn => return Ok(false),
        ConsentState::Given | ConsentState::Renewed | ConsentState::Expired => {
            ConsentState::Withdrawn
        }
        ConsentState::Invalidated | ConsentState::Requested | ConsentState::Unknown => {
            ConsentState::Refused
        }
    };
    let grade = grade(act);
    append(tx, act, (purpose.id, None), (state, grade, rule))?;
    Ok(true)
}

fn on(
    tx: &mut Tx<'_>,
    act: &Act,
    (purpose, notice): (PurposeId, Option<NoticeId>),
) -> Result<bool, StoreError> {
    let registry = tx.registry();
    let entry = registry
        .purpose(purpose)
        .ok_or(Refusal::Missing("purpose"))?;
    if is_agreed(&entry.purpose) {
        let sendable = state(tx, act.subject, purpose)?.is_sendable();
        let state = if sendable {
            ConsentState::Renewed
        } else {
            ConsentState::Given
        };
        append(tx, act, (purpose, notice), (state, grade(act), "page/on"))?;
    }
    // Without proof that the number is the person's, what they said before holds.
    if act.proved {
        open_for(tx, (act.subject, purpose), Actor::Person, "page/on")?;
    }
    Ok(true)
}

const fn grade(act: &Act) -> EvidenceGrade {
    if act.proved {
        EvidenceGrade::Confirmed
    } else {
        EvidenceGrade::Recorded
    }
}

fn unshare(tx: &mut Tx<'_>, act: &Act) -> Result<bool, StoreError> {
    let registry = tx.registry();
    let mut sharing: Vec<PurposeId> = registry.apps.iter().filter_map(|app| app.sharing).collect();
    sharing.sort_unstable();
    sharing.dedup();
    let mut changed = false;
    for purpose in sharing {
        // The signal comes with every page: it counts once, and a later yes of the person's own holds.
        if was_signalled(tx, act.subject, purpose)? {
            continue;
        }
        if let Some(entry) = registry.purpose(purpose) {
            changed |= say_no(tx, act, (&entry.purpose, SIGNAL))?;
        }
    }
    Ok(changed)
}

fn was_signalled(tx: &Tx<'_>, subject: SubjectId, purpose: PurposeId) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM consent_events WHERE subject_id = $1 AND purpose_id = $2 \
               AND rule = $3 LIMIT 1";
    let mut statement = tx.connection.prepare_cached(sql)?;
    Ok(statement.exists((subject.0, purpose.0, SIGNAL))?)
}

fn stop_everything(tx: &mut Tx<'_>, act: &Act) -> Result<bool, StoreError> {
    let registry = tx.registry();
    let mut changed = false;
    for entry in &registry.purposes {
        if entry.purpose.class == PurposeClass::Promotional {
            changed |= say_no(tx, act, (&entry.purpose, "page/stop-everything"))?;
        }
    }
    let what = (SuppressionScope::BusinessInitiated, SuppressionSource::Own);
    let stopped = tx.suppress(act.subject, what, Actor::Person, "page/stop-everything")?;
    Ok(changed || stopped)
}

fn start_again(tx: &mut Tx<'_>, act: &Act) -> Result<bool, StoreError> {
    let everything = |held: &Suppression| {
        held.source == SuppressionSource::Own && held.scope == SuppressionScope::BusinessInitiated
    };
    let identifiers = tx.suppressible(act.subject)?;
    let stands = tx
        .suppressions(&identifiers)?
        .iter()
        .any(|held| everything(&held.entry));
    // Promotions were stopped along with everything; what ends now is the rest.
    if stands {
        let what = (SuppressionScope::Promotional, SuppressionSource::Own);
        tx.suppress(act.subject, what, Actor::Person, "page/start-again")?;
    }
    tx.lift(act.subject, Actor::Person, "page/start-again", everything)?;
    Ok(stands)
}

/// A yes to one purpose ends what the person said against it. What a wider stop also covers stays off,
/// each purpose by itself.
pub(crate) fn open_for(
    tx: &mut Tx<'_>,
    (subject, purpose): (SubjectId, PurposeId),
    actor: Actor,
    rule: &str,
) -> Result<(), StoreError> {
    let registry = tx.registry();
    let Some(wanted) = registry.purpose(purpose) else {
        return Ok(());
    };
    let against = |held: &Suppression| {
        held.source == SuppressionSource::Own && held.scope.covers(&wanted.purpose, true)
    };
    let identifiers = tx.suppressible(subject)?;
    let standing = tx.suppressions(&identifiers)?;
    let wide: Vec<SuppressionScope> = standing
        .iter()
        .filter(|held| against(&held.entry) && held.entry.scope.purpose().is_none())
        .map(|held| held.entry.scope)
        .collect();
    for other in &registry.purposes {
        let other = &other.purpose;
        let covered = wide.iter().any(|scope| scope.covers(other, true));
        if covered && other.id != purpose && other.class != PurposeClass::Care {
            let what = (SuppressionScope::Purpose(other.id), SuppressionSource::Own);
            tx.suppress(subject, what, actor, rule)?;
        }
    }
    tx.lift(subject, actor, rule, against)
}

/// Whether a stop of any kind stands in the way of a purpose.
pub(crate) fn is_stopped(
    tx: &mut Tx<'_>,
    subject: SubjectId,
    purpose: PurposeId,
) -> Result<bool, StoreError> {
    let registry = tx.registry();
    let identifiers = tx.suppressible(subject)?;
    let standing = tx.suppressions(&identifiers)?;
    Ok(registry.purpose(purpose).is_some_and(|entry| {
        let covers = |scope: SuppressionScope| scope.covers(&entry.purpose, true);
        standing.iter().any(|held| covers(held.entry.scope))
    }))
}

/// Whether the last that a person said of a purpose, whatever was asked since, was no; a no of anybody
/// linked counts as theirs.
pub(crate) fn last_word_is_no(
    tx: &Tx<'_>,
    subject: SubjectId,
    purpose: PurposeId,
) -> Result<bool, StoreError> {
    for linked in tx.linked(subject)? {
        let said = ledger(tx, linked, purpose)?
            .into_iter()
            .rev()
            .find(|event| {
                event.state.is_denial() || (linked == subject && event.state.is_sendable())
            });
        if said.is_some_and(|event| event.state.is_denial()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a person's own ledger says of a purpose, oldest first.
pub(crate) fn ledger(
    tx: &Tx<'_>,
    subject: SubjectId,
    purpose: PurposeId,
) -> Result<Vec<Consent>, StoreError> {
    let registry = tx.registry();
    let sql = format!(
        "SELECT {} FROM consent_events \
         WHERE subject_id = $1 AND purpose_id = $2 AND channel = $3 ORDER BY id",
        consent::COLUMNS
    );
    let mut statement = tx.connection.prepare_cached(&sql)?;
    let mut rows = statement.query((subject.0, purpose.0, Channel::WhatsApp.code()))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(consent::read(&row, 0, &registry)?);
    }
    Ok(events)
}

/// Whether a purpose is one that people agree to, so that the ledger has a state for it: all but
/// answers to people who write in, as WhatsApp wants an opt-in for whatever a business starts.
fn is_agreed(purpose: &Purpose) -> bool {
    purpose.basis == LegalBasis::Consent || purpose.class != PurposeClass::Care
}

fn state(tx: &Tx<'_>, subject: SubjectId, purpose: PurposeId) -> Result<ConsentState, StoreError> {
    let registry = tx.registry();
    let channel = Channel::WhatsApp;
    let current = consent::current(tx.connection, &registry, subject, purpose, channel)?;
    Ok(current.map_or(ConsentState::Unknown, |consent| consent.state))
}

fn append(
    tx: &mut Tx<'_>,
    act: &Act,
    (purpose, notice): (PurposeId, Option<NoticeId>),
    (state, grade, rule): (ConsentState, EvidenceGrade, &str),
) -> Result<(), StoreError> {
    let event = NewConsent {
        purpose,
        channel: Channel::WhatsApp,
        state,
        method: Method::WebForm,
        grade,
        notice,
        language: act.language.clone(),
        jurisdictions: jurisdictions(tx, act.subject)?,
        rule: rule.to_owned(),
        evidence: act.details.clone(),
        expires: None,
    };
    tx.append_consent(act.subject, Actor::Person, &event)
        .map(drop)
}
