//! Messages to many that go out in paced batches: telling of a changed notice, asking for consent
//! anew. Each one of them passes the gate like any other message. People of a list whom WhatsApp lets
//! nobody write to are asked by e-mail or SMS, as far as the law lets them be asked at all.

use crate::confirmation::Route;

/// What it is for. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum CampaignKind {
    /// To tell people of a changed notice.
    Tell,
    /// To ask for consent anew.
    AskAnew,
    /// To ask people of a list for consent by e-mail, with a confirmation of its own for each.
    AskByEmail,
    /// The same by SMS.
    AskBySms,
}

impl CampaignKind {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Tell, Self::AskAnew, Self::AskByEmail, Self::AskBySms];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Tell => 1,
            Self::AskAnew => 2,
            Self::AskByEmail => 3,
            Self::AskBySms => 4,
        }
    }

    /// The one with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tell => "tell",
            Self::AskAnew => "ask-anew",
            Self::AskByEmail => "ask-by-email",
            Self::AskBySms => "ask-by-sms",
        }
    }

    /// How it reaches people, where that is not WhatsApp.
    pub const fn outside(self) -> Option<Route> {
        match self {
            Self::Tell | Self::AskAnew => None,
            Self::AskByEmail => Some(Route::Email),
            Self::AskBySms => Some(Route::Sms),
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// Where it stands. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum CampaignState {
    /// It goes on.
    Running,
    /// Somebody paused it.
    Paused,
    /// It stopped by itself: too many people said stop.
    Stopped,
    /// It has reached everybody it could.
    Done,
    /// Somebody ended it.
    Cancelled,
}

impl CampaignState {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 5] = [
        Self::Running,
        Self::Paused,
        Self::Stopped,
        Self::Done,
        Self::Cancelled,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Running => 1,
            Self::Paused => 2,
            Self::Stopped => 3,
            Self::Done => 4,
            Self::Cancelled => 5,
        }
    }

    /// The one with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}
