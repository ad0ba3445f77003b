//! What a package holds, and where it stands.

/// What a package is to hold. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum PackageKind {
    /// Everything that is kept of the person (GDPR Art 15, POPIA s23).
    Access = 1,
    /// What the person has provided (GDPR Art 20).
    Portability = 2,
}

/// Where a package stands. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum PackageState {
    /// Messages are looked through for passages about others.
    Scanning = 1,
    /// Somebody is to decide about those passages.
    Review = 2,
    /// It is being made.
    Making = 3,
    /// It can be fetched.
    Ready = 4,
    /// It was fetched.
    Fetched = 5,
    /// It cannot be made.
    Failed = 6,
    /// Its time is over, and it is gone.
    Removed = 7,
    /// Somebody ended it.
    Cancelled = 8,
}

impl PackageKind {
    /// Its code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    pub(super) fn from_code(code: u8) -> Option<Self> {
        [Self::Access, Self::Portability]
            .into_iter()
            .find(|kind| kind.code() == code)
    }

    /// Its name in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Portability => "portability",
        }
    }
}

impl PackageState {
    const ALL: [Self; 8] = [
        Self::Scanning,
        Self::Review,
        Self::Making,
        Self::Ready,
        Self::Fetched,
        Self::Failed,
        Self::Removed,
        Self::Cancelled,
    ];

    /// Its code.
    pub const fn code(self) -> u8 {
        self as u8
    }

    pub(super) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Its name in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Fetched => "fetched",
            Self::Making => "making",
            Self::Ready => "ready",
            Self::Removed => "removed",
            Self::Review => "review",
            Self::Scanning => "scanning",
        }
    }

    /// Whether there is nothing left of it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Cancelled | Self::Removed)
    }
}
