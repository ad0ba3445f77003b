//! Why a page's verb did not do what it was asked.

use store::StoreError;

/// Why a verb did not do what it was asked. None tells whether a person is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PortalError {
    /// What was filled in cannot be used.
    #[error("the field `{}` cannot be used", .0.name())]
    Field(Field),
    /// A link cannot be used.
    #[error("the link cannot be used: {}", .0.name())]
    Link(LinkFault),
    /// A session has ended, or never was one.
    #[error("there is no session")]
    NoSession,
    /// The purpose is not one that a person switches.
    #[error("the purpose cannot be switched")]
    NotSwitchable,
    /// It cannot be done at the moment.
    #[error("not available at the moment")]
    Unavailable,
}

impl From<StoreError> for PortalError {
    fn from(error: StoreError) -> Self {
        if !matches!(error, StoreError::Busy | StoreError::Refused(_)) {
            tracing::error!(%error, "a page cannot be served");
        }
        Self::Unavailable
    }
}

/// A field of a form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    /// Neither a number nor an address that the route takes was named.
    Contact,
    /// The e-mail address.
    Email,
    /// The language.
    Language,
    /// The phone number.
    Phone,
    /// The purposes: none, too many, or not one that people agree to.
    Purposes,
    /// The caller's own word.
    Reference,
    /// The route is not set up here.
    Route,
}

impl Field {
    /// The name it has in the JSON endpoint.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Email => "email",
            Self::Language => "language",
            Self::Phone => "phone",
            Self::Purposes => "purposes",
            Self::Reference => "reference",
            Self::Route => "route",
        }
    }
}

/// What is wrong with a link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkFault {
    /// It was not made here, or was changed.
    Altered,
    /// What was to be confirmed has changed since; it takes a new request.
    Changed,
    /// Its time is over.
    Expired,
    /// It was used before, or a newer one has taken its place.
    Used,
}

impl LinkFault {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Changed => "changed",
            Self::Expired => "expired",
            Self::Used => "used",
        }
    }
}
