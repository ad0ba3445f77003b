//! What the gate answers, and why.

use crate::consent::ConsentState;
use crate::consent::EvidenceGrade;
use crate::ids::PurposeId;
use crate::law::RuleId;
use crate::suppression::SuppressionScope;
use crate::suppression::SuppressionSource;
use crate::time::Span;
use crate::time::Timestamp;

mod sentence;

/// Why a message may not leave, or not yet.
#[derive(Clone, Debug, Eq, PartialEq)]
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
    /// The person has not let the organisation call.
    CallNotPermitted {
        /// When the permission there was ran out.
        ended: Option<Timestamp>,
    },
    /// Something that concerns one of the people in a group, nobody says whom.
    GroupMember {
        /// The code of the first such reason.
        code: u32,
    },
    /// An external registry protects the person from promotion.
    RegistryBlocked {
        /// Since when its list has the person on it.
        since: Timestamp,
    },
    /// Consent that set no end of its own lasted as long as the law lets it.
    ConsentLapsed {
        /// When it ended.
        at: Timestamp,
        /// The rule that says so.
        rule: RuleId,
    },
    /// The law wants better evidence of consent.
    EvidenceBelowLaw {
        /// What there is.
        grade: EvidenceGrade,
        /// What it takes.
        wanted: EvidenceGrade,
        /// The rule that says so.
        rule: RuleId,
    },
    /// Without consent, the conditions of the soft opt-in are not met either.
    SoftOptInUnmet {
        /// The first that is missing.
        gap: SoftOptInGap,
    },
    /// The person was asked for this consent as often as the law allows.
    AskedAlready {
        /// How often.
        times: u32,
        /// The rule that says so.
        rule: RuleId,
    },
    /// The person said no, and must not be asked again, or not yet.
    AskPause {
        /// Until when; none: for good.
        until: Option<Timestamp>,
        /// The rule that says so.
        rule: RuleId,
    },
    /// The person has neither written in nor agreed before, so WhatsApp lets nobody ask.
    AskUninvited,
    /// It is quiet where the person is.
    QuietHours {
        /// When it may arrive; none if no such hour is near.
        until: Option<Timestamp>,
        /// The rule that says so.
        rule: RuleId,
    },
    /// As many messages for this purpose as the organisation allows itself have reached the person.
    CapReached {
        /// How many.
        count: u32,
        /// In how many days.
        days: u32,
        /// When the next may leave.
        until: Timestamp,
    },
    /// WhatsApp holds promotions off this person: too many have reached them, from whomever.
    HeldOff {
        /// Before when it is no use to try again.
        until: Timestamp,
    },
    /// The person is a child, or may be one.
    Child {
        /// The rule that says so.
        rule: RuleId,
    },
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
            Self::RegistryBlocked { .. } => "gate/2/registry",
            Self::ConsentLapsed { .. } => "gate/4/lapse",
            Self::EvidenceBelowLaw { .. } => "gate/4/evidence-law",
            Self::SoftOptInUnmet { .. } => "gate/4/soft-opt-in",
            Self::AskedAlready { .. } => "gate/6/asked-already",
            Self::AskPause { .. } => "gate/6/ask-pause",
            Self::AskUninvited => "gate/4/ask-uninvited",
            Self::QuietHours { .. } => "gate/6/quiet-hours",
            Self::CapReached { .. } => "gate/6/cap",
            Self::HeldOff { .. } => "gate/6/held-off",
            Self::Child { .. } => "gate/6/child",
            Self::IdentityKeyMissing => "gate/7/identity-key",
            Self::CallNotPermitted { .. } => "gate/call/permission",
            Self::GroupMember { .. } => "gate/group/member",
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

    /// The rule of a pack that it rests on, if it does on one.
    pub const fn law(&self) -> Option<&RuleId> {
        if let Self::ConsentLapsed { rule, .. }
        | Self::EvidenceBelowLaw { rule, .. }
        | Self::AskedAlready { rule, .. }
        | Self::AskPause { rule, .. }
        | Self::QuietHours { rule, .. }
        | Self::Child { rule } = self
        {
            Some(rule)
        } else {
            None
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
            | Self::EvidenceWeak { .. }
            | Self::ConsentLapsed { .. }
            | Self::EvidenceBelowLaw { .. }
            | Self::SoftOptInUnmet { .. }
            | Self::AskedAlready { .. }
            | Self::AskPause { .. }
            | Self::AskUninvited
            | Self::Child { .. } => 131_005,
            Self::RegistryBlocked { .. } => 131_050,
            Self::QuietHours { .. } | Self::CapReached { .. } | Self::HeldOff { .. } => 131_049,
            Self::Suppressed { scope, .. } => match scope {
                SuppressionScope::Promotional => 131_050,
                SuppressionScope::BusinessInitiated | SuppressionScope::Purpose(_) => 131_005,
            },
            Self::TemplateUnknown | Self::TemplateNotApproved => 132_001,
            Self::TemplatePaused => 132_015,
            Self::PurposeUnknown => 131_009,
            Self::WindowClosed { .. } => 131_047,
            Self::IdentityKeyMissing => 131_008,
            Self::CallNotPermitted { .. } => 138_006,
            Self::GroupMember { code } => *code,
            Self::AccountOff => 131_031,
            Self::PairRate | Self::QueuedBehind => 131_056,
            Self::Throughput => 130_429,
            Self::QueueExpired | Self::QueueCancelled => 131_026,
        }
    }
}

const ASKED: &str = "The person asked for it by right, and the answer has to reach them.";
const EVERYBODY: &str = "Everybody in the group may get this message.";

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

/// Which condition of the soft opt-in is missing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SoftOptInGap {
    /// A jurisdiction that may apply does not know it, or none of them allows it.
    NotAllowed,
    /// No sale to the person is on record.
    NoSale,
    /// The person had no chance to object at the sale.
    NoChanceToObject,
    /// Special categories of data take consent.
    SpecialCategory,
}

impl SoftOptInGap {
    const fn sentence(self) -> &'static str {
        match self {
            Self::NotAllowed => {
                "Where the person may live, customers too get promotions only with consent."
            }
            Self::NoSale => {
                "No sale to the person is on record, so only consent carries a promotion."
            }
            Self::NoChanceToObject => {
                "The person had no chance to object at the sale, so only consent carries a promotion."
            }
            Self::SpecialCategory => {
                "What is known of the person is specially protected, so only consent carries a promotion."
            }
        }
    }
}

/// What an allowed message rests on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Basis {
    /// The open customer service window.
    Window {
        /// When it was opened.
        opened: Timestamp,
    },
    /// The person asked for it by right, and the answer has to reach them.
    Asked,
    /// Each of the people in a group may get it, whatever it rests on for each.
    Everybody,
    /// A sale, in whose context the person could object and did not.
    SoftOptIn {
        /// When it was.
        sold: Timestamp,
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
            Self::Asked => "gate/4/asked-by-right",
            Self::Everybody => "gate/group/everybody",
            Self::SoftOptIn { .. } => "gate/4/soft-opt-in-met",
            Self::Consent { .. } => "gate/4/consent-given",
        }
    }

    /// One plain sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Window { opened } => {
                format!("The person wrote in at {opened}; this answers inside the 24-hour window.")
            }
            Self::Asked => ASKED.to_owned(),
            Self::Everybody => EVERYBODY.to_owned(),
            Self::SoftOptIn { sold } => format!(
                "The person bought at {sold}, could object to messages about similar goods and services, \
                 and did not."
            ),
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

    /// The rules behind the decision, in order: the gate's own, each followed by the rule of a pack that
    /// it rests on.
    pub fn rules(&self) -> Vec<&str> {
        let mut rules: Vec<&str> = Vec::with_capacity(self.reasons.len() + 1);
        for reason in &self.reasons {
            rules.push(reason.rule());
            rules.extend(reason.law().map(RuleId::as_str));
        }
        if let Some(basis) = &self.basis {
            rules.push(basis.rule());
        }
        rules
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
