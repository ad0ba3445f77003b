//! What the gate answers, and why.

use crate::consent::ConsentState;
use crate::consent::EvidenceGrade;
use crate::ids::PurposeId;
use crate::suppression::SuppressionScope;
use crate::suppression::SuppressionSource;
use crate::time::Span;
use crate::time::Timestamp;

/// Why a message may not leave, or not yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// An administrator has stopped all sending.
    EmergencyStop,
    /// The subject is restricted.
    Restricted,
    /// A suppression stands in the way.
    Suppressed {
        /// How far it reaches.
        scope: SuppressionScope,
        /// Where it came from.
        source: SuppressionSource,
    },
    /// The template is not in the catalogue.
    TemplateUnknown,
    /// Meta has paused the template.
    TemplatePaused,
    /// The template is not approved.
    TemplateNotApproved,
    /// No purpose is bound to the message.
    PurposeMissing,
    /// The declared purpose does not exist.
    PurposeUnknown,
    /// The declared purpose would demand less than the bound one.
    PurposeWidened,
    /// There is no consent the message could rest on.
    ConsentMissing {
        /// The state of the ledger.
        state: ConsentState,
    },
    /// Consent has run out.
    ConsentExpired {
        /// When.
        at: Timestamp,
    },
    /// The notice has changed so much that consent is needed anew.
    NoticeOutdated,
    /// The evidence is too weak for the purpose.
    EvidenceWeak {
        /// What there is.
        grade: EvidenceGrade,
        /// What the purpose wants.
        wanted: EvidenceGrade,
    },
    /// The customer service window is closed.
    WindowClosed {
        /// When it was last opened, if ever.
        opened: Option<Timestamp>,
    },
    /// The purpose wants the person's identity key, and the message does not name it.
    IdentityKeyMissing,
    /// Meta has disabled the account, or it is gone.
    AccountOff,
    /// Meta lets the account send nothing.
    AccountRestricted {
        /// Until when, if Meta said.
        until: Option<Timestamp>,
    },
    /// Meta lets the account write to nobody first.
    InitiationRestricted {
        /// Until when, if Meta said.
        until: Option<Timestamp>,
    },
    /// Too many messages to this person in too short a time.
    PairRate,
    /// Too many messages from this number in too short a time.
    Throughput,
    /// Earlier messages to this person wait in the queue.
    QueuedBehind,
    /// The time the message could wait for has passed.
    QueueExpired,
    /// The message was taken out of the queue on request.
    QueueCancelled,
}

impl Reason {
    /// The rule behind it: stable, part of the log.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::EmergencyStop => "gate/1/emergency-stop",
            Self::Restricted => "gate/1/restriction",
            Self::Suppressed {
                source: SuppressionSource::Own,
                ..
            } => "gate/2/suppression",
            Self::Suppressed {
                source: SuppressionSource::Native,
                ..
            } => "gate/2/native-stop",
            Self::TemplateUnknown => "gate/3/template-unknown",
            Self::TemplatePaused => "gate/3/template-paused",
            Self::TemplateNotApproved => "gate/3/template-not-approved",
            Self::PurposeMissing => "gate/3/purpose-missing",
            Self::PurposeUnknown => "gate/3/purpose-unknown",
            Self::PurposeWidened => "gate/3/purpose-widened",
            Self::ConsentMissing { .. } => "gate/4/consent",
            Self::ConsentExpired { .. } => "gate/4/expiry",
            Self::NoticeOutdated => "gate/4/notice",
            Self::EvidenceWeak { .. } => "gate/4/evidence",
            Self::WindowClosed { .. } => "gate/5/window",
            Self::IdentityKeyMissing => "gate/7/identity-key",
            Self::AccountOff => "gate/8/account-off",
            Self::AccountRestricted { .. } => "gate/8/account-restricted",
            Self::InitiationRestricted { .. } => "gate/8/initiation-restricted",
            Self::PairRate => "gate/8/pair-rate",
            Self::Throughput => "gate/8/throughput",
            Self::QueuedBehind => "queue/behind",
            Self::QueueExpired => "queue/expired",
            Self::QueueCancelled => "queue/cancelled",
        }
    }

    /// The Cloud API error code an app gets: one its SDK already treats rightly.
    pub const fn code(&self) -> u32 {
        match self {
            Self::EmergencyStop
            | Self::AccountRestricted { .. }
            | Self::InitiationRestricted { .. } => 368,
            Self::Restricted
            | Self::PurposeMissing
            | Self::PurposeWidened
            | Self::ConsentMissing { .. }
            | Self::ConsentExpired { .. }
            | Self::NoticeOutdated
            | Self::EvidenceWeak { .. } => 131_005,
            Self::Suppressed { scope, .. } => match scope {
                SuppressionScope::Promotional => 131_050,
                SuppressionScope::BusinessInitiated | SuppressionScope::Purpose(_) => 131_005,
            },
            Self::TemplateUnknown | Self::TemplateNotApproved => 132_001,
            Self::TemplatePaused => 132_015,
            Self::PurposeUnknown => 131_009,
            Self::WindowClosed { .. } => 131_047,
            Self::IdentityKeyMissing => 131_008,
            Self::AccountOff => 131_031,
            Self::PairRate | Self::QueuedBehind => 131_056,
            Self::Throughput => 130_429,
            Self::QueueExpired | Self::QueueCancelled => 131_026,
        }
    }

    /// One plain sentence: why, and what to do. It never holds personal data.
    pub fn sentence(&self) -> String {
        match self {
            Self::EmergencyStop => EMERGENCY_STOP.to_owned(),
            Self::Restricted => RESTRICTED.to_owned(),
            Self::Suppressed { scope, source } => suppressed(*scope, *source).to_owned(),
            Self::TemplateUnknown => TEMPLATE_UNKNOWN.to_owned(),
            Self::TemplatePaused => TEMPLATE_PAUSED.to_owned(),
            Self::TemplateNotApproved => TEMPLATE_NOT_APPROVED.to_owned(),
            Self::PurposeMissing => PURPOSE_MISSING.to_owned(),
            Self::PurposeUnknown => PURPOSE_UNKNOWN.to_owned(),
            Self::PurposeWidened => PURPOSE_WIDENED.to_owned(),
            Self::ConsentMissing { state } => consent_missing(*state).to_owned(),
            Self::ConsentExpired { at } => {
                format!("The person's consent for this purpose ran out at {at}; ask anew.")
            }
            Self::NoticeOutdated => NOTICE_OUTDATED.to_owned(),
            Self::EvidenceWeak { grade, wanted } => format!(
                "The evidence of consent is {}, this purpose wants {} or better; have the person \
                 confirm.",
                grade.name(),
                wanted.name()
            ),
            Self::WindowClosed { opened: None } => NO_WINDOW.to_owned(),
            Self::WindowClosed { opened: Some(at) } => format!(
                "The person last wrote at {at}, more than 24 hours ago; only a template may be \
                 sent."
            ),
            Self::IdentityKeyMissing => IDENTITY_KEY_MISSING.to_owned(),
            Self::AccountOff => ACCOUNT_OFF.to_owned(),
            Self::AccountRestricted { until } => format!(
                "Meta lets this account send nothing {}; the administrator finds out more in \
                 WhatsApp Manager.",
                bound(*until)
            ),
            Self::InitiationRestricted { until } => format!(
                "Meta lets this account write to nobody first {}; answers inside the 24-hour window \
                 still leave.",
                bound(*until)
            ),
            Self::PairRate => PAIR_RATE.to_owned(),
            Self::Throughput => THROUGHPUT.to_owned(),
            Self::QueuedBehind => QUEUED_BEHIND.to_owned(),
            Self::QueueExpired => QUEUE_EXPIRED.to_owned(),
            Self::QueueCancelled => QUEUE_CANCELLED.to_owned(),
        }
    }
}

const EMERGENCY_STOP: &str =
    "An administrator has stopped all sending; ask the administrator before you try again.";
const RESTRICTED: &str = "Processing of this person's data is restricted; nothing may be sent until the restriction is \
lifted.";
const TEMPLATE_UNKNOWN: &str = "The template is not in the synced catalogue under this name and language; check both, or \
sync the catalogue.";
const TEMPLATE_PAUSED: &str =
    "Meta has paused this template for its quality; wait until it is approved again.";
const TEMPLATE_NOT_APPROVED: &str =
    "Meta has not approved this template; use one that is approved.";
const PURPOSE_MISSING: &str = "No purpose is bound to this message; bind one to the template.";
const PURPOSE_UNKNOWN: &str = "The header Imvume-Purpose names no purpose of this instance.";
const PURPOSE_WIDENED: &str = "The declared purpose demands less than the one bound to the message; a declared purpose may \
only narrow.";
const NOTICE_OUTDATED: &str = "The notice behind the person's consent has been replaced by one that needs consent anew; ask \
anew.";
const IDENTITY_KEY_MISSING: &str = "Messages for this purpose have to name the person's identity key; put the newest \
identity_key_hash of a webhook into recipient_identity_key_hash.";
const ACCOUNT_OFF: &str = "Meta has disabled the WhatsApp Business Account, or it is gone; the administrator finds out \
more in WhatsApp Manager.";
const PAIR_RATE: &str = "Too many messages to this person in a short time; WhatsApp allows one in 6 seconds, and 45 \
at once.";
const THROUGHPUT: &str = "This number sends as fast as WhatsApp allows; try again in a moment.";
const QUEUED_BEHIND: &str =
    "Earlier messages to this person wait in the queue; this one goes after them.";
const QUEUE_EXPIRED: &str = "The time this message could wait for passed before it could be sent; send it anew if it \
still matters.";
const QUEUE_CANCELLED: &str = "The message was taken out of the queue before it was sent.";
const NO_WINDOW: &str = "The person has not written to this number; only a template may be sent.";

/// Until when a restriction holds, in words.
fn bound(until: Option<Timestamp>) -> String {
    until.map_or_else(|| "for now".to_owned(), |until| format!("until {until}"))
}

const fn suppressed(scope: SuppressionScope, source: SuppressionSource) -> &'static str {
    match (source, scope) {
        (SuppressionSource::Native, _) => {
            "The person stopped promotions in WhatsApp itself; only the person can resume them, do \
             not try again."
        }
        (SuppressionSource::Own, SuppressionScope::Promotional) => {
            "The person asked to stop promotions; do not try again until the person opts in."
        }
        (SuppressionSource::Own, SuppressionScope::BusinessInitiated) => {
            "The person asked to stop everything; answer only when the person writes in."
        }
        (SuppressionSource::Own, SuppressionScope::Purpose(_)) => {
            "The person asked to stop messages for this purpose; do not try again until the person \
             opts in."
        }
    }
}

const fn consent_missing(state: ConsentState) -> &'static str {
    match state {
        ConsentState::Requested => {
            "The person was asked for consent for this purpose and has not answered yet."
        }
        ConsentState::Refused => "The person refused consent for this purpose; do not ask again.",
        ConsentState::Withdrawn => "The person withdrew consent for this purpose.",
        ConsentState::Expired => "The person's consent for this purpose ran out; ask anew.",
        ConsentState::Invalidated => "The consent on record for this purpose was found void.",
        ConsentState::Given | ConsentState::Renewed | ConsentState::Unknown => {
            "No consent for this purpose is on record; a message the organisation starts needs one."
        }
    }
}

/// The gate's answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The message may leave now.
    Allow,
    /// Not yet.
    Defer {
        /// The earliest instant at which it is worth asking again.
        until: Timestamp,
    },
    /// No.
    Refuse,
}

impl Outcome {
    /// The stable code it has in the database.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Allow => 1,
            Self::Defer { .. } => 2,
            Self::Refuse => 3,
        }
    }

    /// The name it has in the log and the admin API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Defer { .. } => "defer",
            Self::Refuse => "refuse",
        }
    }
}

/// A decision: the outcome, the purpose it was judged under, and every reason that was found, in the
/// order of the gate's steps. The first reason gives the code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
    /// Allow, defer or refuse.
    pub outcome: Outcome,
    /// The purpose the message was judged under, if one could be found.
    pub purpose: Option<PurposeId>,
    /// What the message rests on when it is allowed.
    pub basis: Option<Basis>,
    /// All reasons against it.
    pub reasons: Vec<Reason>,
}

/// What an allowed message rests on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Basis {
    /// The open customer service window.
    Window {
        /// When it was opened.
        opened: Timestamp,
    },
    /// Consent on record.
    Consent {
        /// When it was given.
        at: Timestamp,
        /// How well it can be proved.
        grade: EvidenceGrade,
    },
}

impl Basis {
    /// The rule behind it: stable, part of the log.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Window { .. } => "gate/5/window-open",
            Self::Consent { .. } => "gate/4/consent-given",
        }
    }

    /// One plain sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Window { opened } => {
                format!("The person wrote in at {opened}; this answers inside the 24-hour window.")
            }
            Self::Consent { at, grade } => format!(
                "The person consented to this purpose at {at}, with {} evidence.",
                grade.name()
            ),
        }
    }
}

impl Decision {
    /// The Cloud API error code of a decision that does not allow.
    pub fn code(&self) -> Option<u32> {
        self.reasons.first().map(Reason::code)
    }

    /// The rules behind the decision, in order.
    pub fn rules(&self) -> Vec<&'static str> {
        self.reasons
            .iter()
            .map(Reason::rule)
            .chain(self.basis.iter().map(Basis::rule))
            .collect()
    }

    /// How long to wait before asking again, for a decision that defers.
    pub fn wait(&self, now: Timestamp) -> Option<Span> {
        match self.outcome {
            Outcome::Defer { until } => Some(until.since(now)),
            Outcome::Allow | Outcome::Refuse => None,
        }
    }

    /// The decision as sentences.
    pub fn sentences(&self) -> Vec<String> {
        self.reasons
            .iter()
            .map(Reason::sentence)
            .chain(self.basis.iter().map(Basis::sentence))
            .collect()
    }
}
