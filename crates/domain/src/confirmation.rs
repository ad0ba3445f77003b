//! Double opt-in: consent that was asked for outside of the chat counts only once it is confirmed.

/// Where a request stands. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ConfirmationState {
    /// The confirmation waits to go out.
    Waiting,
    /// It went out; the person has not answered yet.
    Sent,
    /// The person confirmed: consent is given.
    Confirmed,
    /// The person did not confirm in time.
    Expired,
    /// The confirmation could not be delivered: a bounce, or an address refused.
    Undeliverable,
    /// Somebody took it back, or a newer request took its place.
    Cancelled,
    /// The person said no.
    Declined,
    /// The confirmation waited when a backup was made from which the instance came back: whether it went
    /// out since is not known, and it is not sent again.
    Unknown,
}

impl ConfirmationState {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Sent,
        Self::Confirmed,
        Self::Expired,
        Self::Undeliverable,
        Self::Cancelled,
        Self::Declined,
        Self::Unknown,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Waiting => 1,
            Self::Sent => 2,
            Self::Confirmed => 3,
            Self::Expired => 4,
            Self::Undeliverable => 5,
            Self::Cancelled => 6,
            Self::Declined => 7,
            Self::Unknown => 8,
        }
    }

    /// The one with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Confirmed => "confirmed",
            Self::Expired => "expired",
            Self::Undeliverable => "undeliverable",
            Self::Cancelled => "cancelled",
            Self::Declined => "declined",
            Self::Unknown => "unknown",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// How a confirmation reaches the person. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Route {
    /// By e-mail.
    Email,
    /// By SMS.
    Sms,
    /// By a button in a chat that the person opened.
    Chat,
}

impl Route {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 3] = [Self::Email, Self::Sms, Self::Chat];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Email => 1,
            Self::Sms => 2,
            Self::Chat => 3,
        }
    }

    /// The one with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Chat => "chat",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// Where a request came from. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AskedBy {
    /// The form that Imvume serves.
    Form,
    /// A form of the organisation's own, over the API.
    App,
    /// A list.
    Import,
    /// A till.
    Till,
    /// A member of staff.
    Staff,
    /// A link or QR code that opened a chat.
    Link,
}

impl AskedBy {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 6] = [
        Self::Form,
        Self::App,
        Self::Import,
        Self::Till,
        Self::Staff,
        Self::Link,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Form => 1,
            Self::App => 2,
            Self::Import => 3,
            Self::Till => 4,
            Self::Staff => 5,
            Self::Link => 6,
        }
    }

    /// The one with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::App => "app",
            Self::Import => "import",
            Self::Till => "till",
            Self::Staff => "staff",
            Self::Link => "link",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}
