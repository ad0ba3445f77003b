//! Letters about a request: how one goes out, and where it stands. Which there are is
//! [`LetterKind`](crate::request::LetterKind).

/// How a letter goes out. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum LetterRoute {
    /// As free text in a chat whose window is open.
    Chat,
    /// By a utility template that leads to it.
    Template,
    /// By e-mail.
    Email,
    /// Not at all: it stands on the person's page.
    Page,
}

impl LetterRoute {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Chat, Self::Template, Self::Email, Self::Page];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Chat => 1,
            Self::Template => 2,
            Self::Email => 3,
            Self::Page => 4,
        }
    }

    /// The one with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Template => "template",
            Self::Email => "email",
            Self::Page => "page",
        }
    }
}

/// Where a letter stands. Codes are stored. Whatever becomes of it, the person can read it on their
/// page.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum LetterState {
    /// It waits to go out.
    Waiting,
    /// It went out.
    Sent,
    /// It came back, or was refused for good.
    Undeliverable,
    /// There was no way to send it.
    OnPage,
    /// It waited when a backup was made from which the instance came back: whether it went out since is
    /// not known, and it is not sent again.
    Unknown,
}

impl LetterState {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Sent,
        Self::Undeliverable,
        Self::OnPage,
        Self::Unknown,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Waiting => 1,
            Self::Sent => 2,
            Self::Undeliverable => 3,
            Self::OnPage => 4,
            Self::Unknown => 5,
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
            Self::Undeliverable => "undeliverable",
            Self::OnPage => "on-page",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LetterRoute;
    use super::LetterState;

    #[test]
    fn codes_lead_back() {
        for route in LetterRoute::ALL {
            assert_eq!(LetterRoute::from_code(route.code()), Some(route));
        }
        for state in LetterState::ALL {
            assert_eq!(LetterState::from_code(state.code()), Some(state));
        }
        assert_eq!(LetterRoute::from_code(0), None);
        assert_eq!(LetterState::from_code(0), None);
    }
}
