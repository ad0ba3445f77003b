//! The gate: whether a message may leave.
//!
//! [`decide`] is pure and total. The first reason gives the code; all reasons are recorded. If the
//! facts cannot be had, the caller sends nothing. Steps 1–6 and 8 of the design stand here, and of step
//! 7 the identity key; the rest of 7 joins them with its facts.

use std::sync::Arc;

use crate::consent::Consent;
use crate::decision::Basis;
use crate::decision::Decision;
use crate::decision::Outcome;
use crate::decision::Reason;
use crate::health::Standing;
use crate::ids::PurposeId;
use crate::law::Rules;
use crate::person::Asked;
use crate::person::Person;
use crate::person::RegistryBlock;
use crate::purpose::Purpose;
use crate::purpose::PurposeClass;
use crate::rate;
use crate::rate::Turn;
use crate::subject::Restriction;
use crate::suppression::Suppression;
use crate::template::Category;
use crate::template::TemplateStatus;
use crate::time::Span;
use crate::time::Timestamp;

mod ground;
mod timing;

/// How long a person's message keeps the customer service window open.
pub const WINDOW: Span = Span::hours(24);

/// After how long it is worth asking again for a template that Meta has paused. Meta does not tell
/// when it lets it out again.
pub const PAUSE: Span = Span::minutes(15);

/// What is taken off the window: Meta measures by its own receive time.
pub const WINDOW_MARGIN: Span = Span::minutes(1);

/// What an app asks to send, reduced to what the gate judges by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Content {
    /// Anything that is not a template.
    FreeForm,
    /// A non-template body with a top-level `category` (Meta's Direct Send): it leaves outside the
    /// window, so it is business-initiated.
    Direct(Category),
    /// A template, by what the catalogue says of it.
    Template(CatalogueEntry),
    /// A voice call that the organisation places; see [`crate::call`].
    Call,
    /// The gateway's own answer to a stop or start word, inside the window which that word opened.
    Confirmation,
    /// A letter about what the person asked for by right, inside a window that they opened. The law
    /// wants the answer to reach them, whatever they stopped, and while their data are restricted,
    /// too (GDPR Art 12(3), 18(3); POPIA Reg 3).
    Letter,
    /// Such a letter outside of a window, as a utility template that leads to it. The person has asked
    /// for it, so it is an answer, whoever writes first.
    LetterTemplate(CatalogueEntry),
}

impl Content {
    /// Whether the gateway itself answers the person.
    const fn is_own_answer(self) -> bool {
        matches!(self, Self::Confirmation) || self.is_letter()
    }

    /// Whether it answers what the person asked for by right.
    const fn is_letter(self) -> bool {
        matches!(self, Self::Letter | Self::LetterTemplate(_))
    }
}

/// What the synced catalogue says of a template.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CatalogueEntry {
    /// Nothing under this name and language.
    Missing,
    /// A known template.
    Known {
        /// Its category.
        category: Category,
        /// Whether Meta lets it out.
        status: TemplateStatus,
    },
}

/// The purpose an app declared in the header `Imvume-Purpose`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Declared {
    /// No header.
    #[default]
    None,
    /// A code that names no purpose.
    Unknown,
    /// A purpose of this instance.
    Known(Purpose),
}

/// Everything the gate looks at. It holds no identifier.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Facts {
    /// Whether an administrator has stopped all sending.
    pub emergency_stop: bool,
    /// Whether the subject is restricted.
    pub restriction: Restriction,
    /// The suppressions in force on any identifier of the subject or of a linked person.
    pub suppressions: Vec<Suppression>,
    /// The blocks of external registries on any identifier of the subject or of a linked person.
    pub registries: Vec<RegistryBlock>,
    /// The rules that hold for the person.
    pub rules: Arc<Rules>,
    /// What is known of the person.
    pub person: Person,
    /// For each purpose that the message could ask for consent to: how often the person was asked.
    pub asked: Vec<(PurposeId, Asked)>,
    /// When the last messages left that count towards the purpose's cap, in any order.
    pub sent: Vec<Timestamp>,
    /// What is to be sent.
    pub content: Content,
    /// The purpose bound to it: of the template, of its category, or customer care.
    pub bound: Option<Purpose>,
    /// The purpose declared by the app.
    pub declared: Declared,
    /// Consent in force per purpose, for the bound and the declared one.
    pub consents: Vec<(PurposeId, Consent)>,
    /// When the person last opened the window of this number.
    pub window: Option<Timestamp>,
    /// Whether the message names the person's identity key.
    pub names_identity_key: bool,
    /// What Meta says the number may send.
    pub health: Standing,
    /// Until when WhatsApp holds promotions off the person, as far as Meta has told.
    pub capped: Option<Timestamp>,
    /// The state of the pair's bucket.
    pub pair: Timestamp,
    /// The state of the number's bucket.
    pub throughput: Timestamp,
    /// For a message that may be queued: when the first of those that wait before it is due.
    pub behind: Option<Timestamp>,
}

impl Facts {
    /// Whether the customer service window is open at `now`.
    pub fn open_window(&self, now: Timestamp) -> Option<Timestamp> {
        self.window
            .filter(|opened| now + WINDOW_MARGIN < *opened + WINDOW)
    }
}

/// A decision together with the buckets as they are once the message has left.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Judgement {
    /// The decision.
    pub decision: Decision,
    /// The pair's bucket after it.
    pub pair: Timestamp,
    /// The number's bucket after it.
    pub throughput: Timestamp,
}

/// Judges one message.
pub fn decide(facts: &Facts, now: Timestamp) -> Judgement {
    let mut reasons = Vec::new();
    let window = facts.open_window(now);

    if facts.emergency_stop {
        reasons.push(Reason::EmergencyStop);
    }
    if facts.restriction != Restriction::None && !facts.content.is_letter() {
        reasons.push(Reason::Restricted);
    }

    let purpose = purpose(facts);
    let initiated = business_initiated(facts, purpose.as_ref().ok().copied(), window);
    if let Ok(purpose) = purpose
        && !facts.content.is_own_answer()
    {
        reasons.extend(suppressions(facts, purpose, initiated));
        reasons.extend(registries(facts, purpose));
    }

    reasons.extend(catalogue(facts));
    if let Err(reason) = &purpose {
        reasons.push(reason.clone());
    }

    let asked = matches!(facts.content, Content::LetterTemplate(_)).then_some(Basis::Asked);
    let mut basis = window.map(|opened| Basis::Window { opened }).or(asked);
    if let Ok(purpose) = purpose
        && initiated
    {
        match ground::ground(facts, purpose, now) {
            Ok(given) => basis = Some(given),
            Err(against) => reasons.extend(against),
        }
    }

    let in_window = matches!(
        facts.content,
        Content::Confirmation | Content::FreeForm | Content::Letter
    );
    if in_window && window.is_none() {
        reasons.push(Reason::WindowClosed {
            opened: facts.window,
        });
    }

    if let Ok(purpose) = purpose
        && initiated
    {
        reasons.extend(timing::timing(facts, purpose, now));
    }
    if let Ok(purpose) = purpose
        && purpose.identity_check
        && !facts.names_identity_key
        && !facts.content.is_own_answer()
    {
        reasons.push(Reason::IdentityKeyMissing);
    }
    reasons.extend(health(facts, window));

    finish(
        facts,
        purpose.ok().map(|purpose| purpose.id),
        basis,
        reasons,
        now,
    )
}

/// Step 8: what Meta lets the number send. It measures by its own window; whatever leaves outside of
/// it counts as written first.
fn health(facts: &Facts, window: Option<Timestamp>) -> Option<Reason> {
    let standing = facts.health;
    if standing.off {
        return Some(Reason::AccountOff);
    }
    if let Some(bar) = standing.everything {
        return Some(Reason::AccountRestricted { until: bar.until });
    }
    let first = window.is_none() || matches!(facts.content, Content::Call | Content::Direct(_));
    standing
        .initiated
        .filter(|_| first)
        .map(|bar| Reason::InitiationRestricted { until: bar.until })
}

/// The rates of step 8, and the outcome. Only a message that is otherwise allowed takes from the buckets.
fn finish(
    facts: &Facts,
    purpose: Option<PurposeId>,
    basis: Option<Basis>,
    mut reasons: Vec<Reason>,
    now: Timestamp,
) -> Judgement {
    let final_reasons = reasons
        .iter()
        .filter(|reason| waits_until(reason, now).is_none())
        .count();
    let mut until = reasons
        .iter()
        .filter_map(|reason| waits_until(reason, now))
        .max();
    if let Some(due) = facts.behind {
        reasons.push(Reason::QueuedBehind);
        until = until.max(Some(due.max(now)));
    }
    let (mut pair, mut throughput) = (facts.pair, facts.throughput);
    match rate::PAIR.turn(facts.pair, now) {
        Turn::Now(next) => pair = next,
        Turn::At(instant) => {
            reasons.push(Reason::PairRate);
            until = until.max(Some(instant));
        }
    }
    let speed = if facts.health.fast {
        rate::THROUGHPUT_HIGH
    } else {
        rate::THROUGHPUT
    };
    match speed.turn(facts.throughput, now) {
        Turn::Now(next) => throughput = next,
        Turn::At(instant) => {
            reasons.push(Reason::Throughput);
            until = until.max(Some(instant));
        }
    }
    let outcome = match until {
        _ if final_reasons > 0 => Outcome::Refuse,
        Some(until) => Outcome::Defer { until },
        None => Outcome::Allow,
    };
    if outcome != Outcome::Allow {
        (pair, throughput) = (facts.pair, facts.throughput);
    }
    let basis = basis.filter(|_| outcome == Outcome::Allow);
    Judgement {
        decision: Decision {
            outcome,
            purpose,
            basis,
            reasons,
        },
        pair,
        throughput,
    }
}

/// Until when a reason stands that passes by itself. All others are final.
fn waits_until(reason: &Reason, now: Timestamp) -> Option<Timestamp> {
    if let Reason::QuietHours { until, .. } = reason {
        return *until;
    }
    if let Reason::CapReached { until, .. } | Reason::HeldOff { until } = reason {
        return Some(*until);
    }
    (*reason == Reason::TemplatePaused).then_some(now + PAUSE)
}

/// Step 3: the purpose in force. A declared purpose narrows the bound one or is refused.
fn purpose(facts: &Facts) -> Result<&Purpose, Reason> {
    let Some(bound) = &facts.bound else {
        return Err(Reason::PurposeMissing);
    };
    match &facts.declared {
        Declared::None => Ok(bound),
        Declared::Unknown => Err(Reason::PurposeUnknown),
        Declared::Known(declared) if declared.class < bound.class => Err(Reason::PurposeWidened),
        Declared::Known(declared) => Ok(declared),
    }
}

/// Step 3, for templates: what the catalogue says against the send.
fn catalogue(facts: &Facts) -> Option<Reason> {
    match facts.content {
        // What Meta lets out for another end is none that a letter may go by.
        Content::LetterTemplate(CatalogueEntry::Known { category, .. })
            if category != Category::Utility =>
        {
            Some(Reason::TemplateNotApproved)
        }
        Content::LetterTemplate(entry) | Content::Template(entry) => listed(entry),
        Content::Call
        | Content::Confirmation
        | Content::Direct(_)
        | Content::FreeForm
        | Content::Letter => None,
    }
}

/// What stands against a template by its state at Meta.
fn listed(entry: CatalogueEntry) -> Option<Reason> {
    match entry {
        CatalogueEntry::Missing => Some(Reason::TemplateUnknown),
        CatalogueEntry::Known { status, .. } => match status {
            TemplateStatus::Approved => None,
            TemplateStatus::Paused => Some(Reason::TemplatePaused),
            TemplateStatus::Unusable => Some(Reason::TemplateNotApproved),
        },
    }
}

/// Whether the organisation starts the exchange. Promotion never counts as an answer, not even in
/// an open window.
fn business_initiated(facts: &Facts, purpose: Option<&Purpose>, window: Option<Timestamp>) -> bool {
    match facts.content {
        Content::Confirmation | Content::Letter | Content::LetterTemplate(_) => false,
        Content::Call | Content::Direct(_) => true,
        Content::FreeForm => {
            purpose.is_some_and(|purpose| purpose.class == PurposeClass::Promotional)
        }
        Content::Template(_) => {
            window.is_none()
                || purpose.is_none_or(|purpose| purpose.class == PurposeClass::Promotional)
        }
    }
}

/// Step 2: every suppression in force that covers the purpose.
fn suppressions(facts: &Facts, purpose: &Purpose, initiated: bool) -> impl Iterator<Item = Reason> {
    facts
        .suppressions
        .iter()
        .filter(move |entry| entry.scope.covers(purpose, initiated))
        .map(|entry| Reason::Suppressed {
            scope: entry.scope,
            source: entry.source,
        })
}

/// Step 2, from outside: a registry stands above older consent unless somebody answerable has put
/// consent before it for this purpose (Consumer Protection Act 68 of 2008 (ZA), s11).
fn registries<'a>(facts: &'a Facts, purpose: &'a Purpose) -> impl Iterator<Item = Reason> + 'a {
    facts
        .registries
        .iter()
        .filter(|block| {
            purpose.class == PurposeClass::Promotional && !block.overridden.contains(&purpose.id)
        })
        .map(|block| Reason::RegistryBlocked { since: block.since })
}
