//! What people ask for by right, and the course that a request takes.
//!
//! One machine for all kinds: see [`step()`](step::step). Sources: GDPR Art 12 and 15 to 22, UK GDPR Art
//! 12A, POPIA s11, s14, s23 and s24 with Regulations 2 and 3, CCPA 1798.105 to 1798.130 and 11 CCR 7021.
//! When a request is due is the rulebook's to say; the words of the states follow the Data Rights
//! Protocol and `OpenDSR` where those have them.

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $code:literal $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum $name {
            $($(#[$item])* $variant,)+
        }

        impl $name {
            /// All of them in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code it has in the database.
            pub const fn code(self) -> u8 {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The one with this code.
            pub fn from_code(code: u8) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }

            /// The name it has in packs and in the admin API.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The one with this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

pub mod identity;
pub mod reminder;
pub mod step;

use jiff::tz::TimeZone;

use crate::law::Zone;
use crate::time::Span;
use crate::time::Timestamp;

vocabulary! {
    /// What people can ask for.
    RequestKind {
        /// To see what is held.
        Access = 1 "access",
        /// To complain.
        Complaint = 2 "complaint",
        /// To have it corrected.
        Correction = 3 "correction",
        /// To have it erased.
        Deletion = 4 "deletion",
        /// To object to processing.
        Objection = 5 "objection",
        /// To be left out of marketing, or of sale and sharing.
        OptOut = 6 "opt-out",
        /// To take it along.
        Portability = 7 "portability",
        /// To have its use limited.
        Restriction = 8 "restriction",
        /// To take consent back.
        Withdrawal = 9 "withdrawal",
    }
}

vocabulary! {
    /// Where a request stands. That it was extended, or that its clock stands still, are marks beside it.
    RequestState {
        /// It came in.
        Received = 1 "received",
        /// The person was told that it came in.
        Acknowledged = 2 "acknowledged",
        /// The person has to show that they are who they say.
        IdentityPending = 3 "identity-pending",
        /// The person was asked what they mean.
        Clarifying = 4 "clarifying",
        /// What it is about is being looked for.
        Searching = 5 "searching",
        /// What was found is being looked through, for what concerns others among it.
        InReview = 6 "in-review",
        /// It is to be done.
        Decided = 7 "decided",
        /// It is done.
        Fulfilled = 8 "fulfilled",
        /// It is done as far as the law lets it.
        PartiallyFulfilled = 9 "partially-fulfilled",
        /// It was refused, under a provision.
        Refused = 10 "refused",
        /// The person took it back.
        Withdrawn = 11 "withdrawn",
        /// The person did not answer what they had to be asked.
        Expired = 12 "expired",
        /// The person has the result.
        Delivered = 13 "delivered",
        /// Nothing is left to do. Final.
        Closed = 14 "closed",
    }
}

vocabulary! {
    /// How a request came in.
    RequestSource {
        /// In WhatsApp, by the person.
        Chat = 1 "chat",
        /// On the person's page.
        Portal = 2 "portal",
        /// By staff: a letter, a call, somebody at the counter.
        Staff = 3 "staff",
        /// By an app of the organisation.
        Api = 4 "api",
    }
}

vocabulary! {
    /// How sure it is that a request comes from whom it is about, least sure first.
    Assurance {
        /// Somebody says so.
        Claimed = 1 "claimed",
        /// Whoever asks controls the chat, or the page that is reached from it.
        Channel = 2 "channel",
        /// They control a second channel that was known before, too.
        SecondChannel = 3 "second-channel",
        /// Staff asked what only the person knows, and are satisfied.
        Staff = 4 "staff",
    }
}

vocabulary! {
    /// How a request ended.
    Outcome {
        /// Done.
        Fulfilled = 1 "fulfilled",
        /// Done as far as the law lets it.
        PartiallyFulfilled = 2 "partially-fulfilled",
        /// Refused.
        Refused = 3 "refused",
        /// Taken back.
        Withdrawn = 4 "withdrawn",
        /// A question back stayed without an answer.
        Expired = 5 "expired",
    }
}

vocabulary! {
    /// What a letter about a request says.
    LetterKind {
        /// It came in, and when it is due.
        Acknowledgement = 1 "acknowledgement",
        /// How to show who one is.
        IdentityWanted = 2 "identity-wanted",
        /// What has to be made clear.
        ClarificationWanted = 3 "clarification-wanted",
        /// It takes longer, why, and until when.
        Extension = 4 "extension",
        /// It is refused, under which provision, and what one can do about it.
        Refusal = 5 "refusal",
        /// What was done, and what not, under which provision and until when.
        PartialResult = 6 "partial-result",
        /// It is done.
        Completion = 7 "completion",
        /// A copy of the data is ready to be fetched.
        PackageReady = 8 "package-ready",
        /// It ended because a question stayed without an answer; it can be asked again.
        Expiry = 9 "expiry",
    }
}

impl LetterKind {
    /// Whether it tells of the case alone. The others have in them what somebody wrote, or what came of
    /// the request, and so may tell of the person.
    pub const fn is_about_case_alone(self) -> bool {
        matches!(
            self,
            Self::Acknowledgement | Self::Expiry | Self::IdentityWanted
        )
    }
}

/// For how long a question back to the person stays open: then the request expires. The law names no
/// span; it is that of a whole answer, so that nobody who is away for a while loses it.
pub const PATIENCE: Span = Span::days(30);

/// A request: what decides how it may go on. It names nobody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Request {
    /// What is asked for.
    pub kind: RequestKind,
    /// Where it stands.
    pub state: RequestState,
    /// How sure it is who asks.
    pub assurance: Assurance,
    /// When it came in.
    pub received_at: Timestamp,
    /// When all was there that may be asked for, if that came later.
    pub complete_at: Option<Timestamp>,
    /// Since when a question about what is meant is open.
    pub paused_at: Option<Timestamp>,
    /// Whole days for which such questions were open before.
    pub paused_days: u16,
    /// By when it has to be acknowledged, if it has to.
    pub acknowledge_by: Option<Timestamp>,
    /// The instant at which it is too late for the answer.
    pub due_at: Timestamp,
    /// When it was extended.
    pub extended_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// When its last step was taken.
    pub updated_at: Timestamp,
}

impl Request {
    /// A request that has just come in.
    pub const fn new(
        kind: RequestKind,
        assurance: Assurance,
        received_at: Timestamp,
        terms: &Terms,
    ) -> Self {
        Self {
            kind,
            state: RequestState::Received,
            assurance,
            received_at,
            complete_at: None,
            paused_at: None,
            paused_days: 0,
            acknowledge_by: terms.acknowledge_by,
            due_at: terms.due_at,
            extended_at: None,
            outcome: None,
            closed_at: None,
            updated_at: received_at,
        }
    }

    /// Whether something is still to be done for it.
    pub const fn is_open(&self) -> bool {
        self.outcome.is_none()
    }

    /// Whether its time is over and it is not done.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open() && self.due_at <= now
    }

    /// Whether the person may be erased for it: it asks for that, it was decided, and nobody took it
    /// back.
    pub const fn may_erase(&self) -> bool {
        matches!(self.kind, RequestKind::Deletion)
            && matches!(self.state, RequestState::Decided)
            && self.outcome.is_none()
    }

    /// What its clock says.
    pub const fn clock(&self) -> Clock {
        Clock {
            received_at: self.received_at,
            complete_at: self.complete_at,
            paused_days: self.paused_days,
        }
    }
}

/// The clock of one request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Clock {
    /// When it came in.
    pub received_at: Timestamp,
    /// When all was there that may be asked for, such as proof of identity, if that came later. Only
    /// some laws count from here.
    pub complete_at: Option<Timestamp>,
    /// Whole days for which a question back was open. Only some laws let the clock stand.
    pub paused_days: u16,
}

impl Clock {
    /// A clock that begins when the request comes in and never stands still.
    pub const fn from(received_at: Timestamp) -> Self {
        Self {
            received_at,
            complete_at: None,
            paused_days: 0,
        }
    }
}

/// The last day before an instant at which it is too late, as `YYYY-MM-DD` where the authority is; in UTC
/// where nobody knows that.
pub fn last_day(due_at: Timestamp, authority: Option<&Zone>) -> String {
    let zone = authority.map_or(TimeZone::UTC, |authority| authority.zone.clone());
    let last = due_at - Span::micros(1);
    last.civil(&zone).date().to_string()
}

/// What the laws that hold say of when a request is due. Several may hold; then the earliest counts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    /// By when it has to be acknowledged, if it has to.
    pub acknowledge_by: Option<Timestamp>,
    /// The instant at which it is too late for the answer.
    pub due_at: Timestamp,
    /// The rule that says so.
    pub rule: String,
    /// The same once it is extended, with reasons told in time; none where one of the laws that hold
    /// lets nobody extend it.
    pub extended: Option<Extension>,
}

/// How far a request can be extended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Extension {
    /// The instant at which it is too late then.
    pub due_at: Timestamp,
    /// The rule that says so.
    pub rule: String,
}

impl Terms {
    /// What holds where no law says anything: thirty days, and no longer.
    pub fn plain(received_at: Timestamp) -> Self {
        Self {
            acknowledge_by: None,
            due_at: received_at + Span::days(30),
            rule: "request/plain".to_owned(),
            extended: None,
        }
    }
}
