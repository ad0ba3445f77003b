//! Every reason as one plain sentence: why, and what to do.

use super::Reason;
use crate::consent::ConsentState;
use crate::consent::EvidenceGrade;
use crate::suppression::SuppressionScope;
use crate::suppression::SuppressionSource;
use crate::time::Timestamp;

impl Reason {
    /// One plain sentence: why, and what to do. It never holds personal data.
    pub fn sentence(&self) -> String {
        match self {
            Self::EmergencyStop => EMERGENCY_STOP.to_owned(),
            Self::Restricted => RESTRICTED.to_owned(),
            Self::Suppressed { scope, source } => suppressed(*scope, *source).to_owned(),
            Self::RegistryBlocked { since } => registry_blocked(*since),
            Self::TemplateUnknown => TEMPLATE_UNKNOWN.to_owned(),
            Self::TemplatePaused => TEMPLATE_PAUSED.to_owned(),
            Self::TemplateNotApproved => TEMPLATE_NOT_APPROVED.to_owned(),
            Self::PurposeMissing => PURPOSE_MISSING.to_owned(),
            Self::PurposeUnknown => PURPOSE_UNKNOWN.to_owned(),
            Self::PurposeWidened => PURPOSE_WIDENED.to_owned(),
            Self::ConsentMissing { state } => consent_missing(*state).to_owned(),
            Self::ConsentExpired { at } => consent_expired(*at),
            Self::ConsentLapsed { at, .. } => consent_lapsed(*at),
            Self::NoticeOutdated => NOTICE_OUTDATED.to_owned(),
            Self::EvidenceWeak { grade, wanted } => evidence(*grade, "this purpose", *wanted),
            Self::EvidenceBelowLaw { grade, wanted, .. } => evidence(*grade, "the law", *wanted),
            Self::SoftOptInUnmet { gap } => gap.sentence().to_owned(),
            Self::AskUninvited => ASK_UNINVITED.to_owned(),
            Self::WindowClosed { opened } => window_closed(*opened),
            Self::AskedAlready { times, .. } => asked_already(*times),
            Self::AskPause { until, .. } => ask_pause(*until),
            Self::QuietHours { until, .. } => quiet_hours(*until),
            Self::CapReached { count, days, until } => cap_reached(*count, *days, *until),
            Self::HeldOff { until } => held_off(*until),
            Self::Child { .. } => CHILD.to_owned(),
            Self::IdentityKeyMissing => IDENTITY_KEY_MISSING.to_owned(),
            Self::CallNotPermitted { ended } => call_not_permitted(*ended),
            Self::GroupMember { .. } => GROUP_MEMBER.to_owned(),
            Self::AccountOff => ACCOUNT_OFF.to_owned(),
            Self::AccountRestricted { until } => account_restricted(*until),
            Self::InitiationRestricted { until } => initiation_restricted(*until),
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
const NO_CALLS: &str =
    "The person has not let this number call; ask with an interactive call_permission_request.";
const GROUP_MEMBER: &str = "Somebody in the group may not get this message, so it goes to nobody; write to each person \
instead.";
const ASKED_ONCE: &str = "The person was asked for this consent once, which is as often as the law allows; do not ask again.";
const ASK_NEVER: &str = "The person said no; only the person can take it up again, do not ask.";
const ASK_UNINVITED: &str = "The person has neither written in nor agreed before, and WhatsApp lets nobody be asked uninvited; \
ask on another way.";
const QUIET: &str =
    "Promotions may not arrive where the person is, and no hour near leaves room for them.";
const CHILD: &str = "The person is a child or may be one; promotion must not reach children.";
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

fn registry_blocked(since: Timestamp) -> String {
    format!(
        "A registry that protects people from promotion has this person on its list since {since}; \
         do not try again."
    )
}

fn consent_expired(at: Timestamp) -> String {
    format!("The person's consent for this purpose ran out at {at}; ask anew.")
}

fn consent_lapsed(at: Timestamp) -> String {
    format!(
        "The person's consent for this purpose ended at {at}, as long as the law lets it last; ask \
         anew."
    )
}

fn evidence(grade: EvidenceGrade, who: &str, wanted: EvidenceGrade) -> String {
    format!(
        "The evidence of consent is {}, {who} wants {} or better; have the person confirm.",
        grade.name(),
        wanted.name()
    )
}

fn window_closed(opened: Option<Timestamp>) -> String {
    match opened {
        None => NO_WINDOW.to_owned(),
        Some(at) => format!(
            "The person last wrote at {at}, more than 24 hours ago; only a template may be sent."
        ),
    }
}

fn asked_already(times: u32) -> String {
    if times == 1 {
        return ASKED_ONCE.to_owned();
    }
    format!(
        "The person was asked for this consent {times} times, which is as often as the law allows; \
         do not ask again."
    )
}

fn ask_pause(until: Option<Timestamp>) -> String {
    match until {
        None => ASK_NEVER.to_owned(),
        Some(until) => format!("The person said no; do not ask again before {until}."),
    }
}

fn quiet_hours(until: Option<Timestamp>) -> String {
    match until {
        None => QUIET.to_owned(),
        Some(until) => format!(
            "Promotions may not arrive at this hour where the person is; the next time is {until}."
        ),
    }
}

fn cap_reached(count: u32, days: u32, until: Timestamp) -> String {
    format!(
        "This person has had {count} messages for this purpose in {days} days, which is as many as \
         the organisation allows itself; the next may leave at {until}."
    )
}

fn held_off(until: Timestamp) -> String {
    format!(
        "WhatsApp delivers no more promotions to this person for now, from whichever business; do \
         not try again before {until}."
    )
}

fn call_not_permitted(ended: Option<Timestamp>) -> String {
    match ended {
        None => NO_CALLS.to_owned(),
        Some(at) => format!(
            "The person's permission to be called ran out at {at}; ask with an interactive \
             call_permission_request."
        ),
    }
}

fn account_restricted(until: Option<Timestamp>) -> String {
    format!(
        "Meta lets this account send nothing {}; the administrator finds out more in WhatsApp \
         Manager.",
        bound(until)
    )
}

fn initiation_restricted(until: Option<Timestamp>) -> String {
    format!(
        "Meta lets this account write to nobody first {}; answers inside the 24-hour window still \
         leave.",
        bound(until)
    )
}
