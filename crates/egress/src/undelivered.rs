//! Why a message for a person did not leave, by what it means for whoever wanted it sent.

use std::fmt;

use thiserror::Error;

use crate::error::EgressError;
use crate::error::NotSent;

/// Why an e-mail or an SMS was not taken. It never holds an address, a text, or the words of the
/// other side.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Undelivered {
    /// The address is none that can be written to.
    #[error("the address cannot be written to")]
    BadAddress,
    /// A subject, a text or another value cannot be sent: it holds what would end a header, or is
    /// too long.
    #[error("the message holds a value that cannot be sent")]
    BadValue,
    /// The server offers no way to log in that is known here.
    #[error("the server offers no known way to log in")]
    NoLogin,
    /// The server is at an address that the policy does not allow.
    #[error("the server's address is not allowed by configuration")]
    NotAllowed,
    /// What answers does not speak the protocol.
    #[error("what answers does not speak the protocol")]
    NotUnderstood,
    /// The other side said no.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// Not in time, and the message had not been handed over.
    #[error("not in time")]
    TimedOut,
    /// TLS failed or is not offered.
    #[error("TLS failed or is not offered")]
    Tls,
    /// The message was handed over whole and no answer came: it may have been taken.
    #[error("outcome unknown: handed over, no answer")]
    Unknown,
    /// No connection, or it was cut before the message was handed over.
    #[error("no connection, or it was cut")]
    Unreachable,
}

/// What the other side said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// While it was doing what.
    pub stage: Stage,
    /// Its code: a reply code of SMTP (RFC 5321 §4.2), a status of HTTP, or a provider's own.
    pub code: u32,
    /// The enhanced status code, if it gave one.
    pub enhanced: Option<Enhanced>,
    /// Whether it would say so again.
    pub permanent: bool,
    /// Whether it says that no message will ever reach the address. A permanent refusal for another
    /// reason (policy, content, size) does not.
    pub dead_address: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lasting = if self.permanent {
            "for good"
        } else {
            "for now"
        };
        write!(
            f,
            "code {} about the {}, {lasting}",
            self.code,
            self.stage.name()
        )
    }
}

/// What was being done when the other side refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// It would not talk at all.
    Greeting,
    /// It did not take the account and its password or token.
    Login,
    /// It did not take the message.
    Message,
    /// It did not take the recipient.
    Recipient,
    /// It did not take the sender.
    Sender,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Login => "login",
            Self::Message => "message",
            Self::Recipient => "recipient",
            Self::Sender => "sender",
        }
    }
}

/// What may be done with a message that was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It did not arrive; it may be sent again, later or when what is wrong has been mended.
    Again,
    /// It will not be taken, however often it is sent.
    Never,
    /// It may have arrived. Sending it again may deliver it twice.
    Unknown,
}

impl Undelivered {
    /// What may be done with the message.
    pub const fn fate(&self) -> Fate {
        match self {
            Self::BadAddress | Self::BadValue => Fate::Never,
            Self::Refused(refusal) => match refusal.stage {
                Stage::Message | Stage::Recipient if refusal.permanent => Fate::Never,
                // The operator's account or sender is at fault, not the message.
                Stage::Greeting
                | Stage::Login
                | Stage::Message
                | Stage::Recipient
                | Stage::Sender => Fate::Again,
            },
            Self::Unknown => Fate::Unknown,
            Self::NoLogin
            | Self::NotAllowed
            | Self::NotUnderstood
            | Self::TimedOut
            | Self::Tls
            | Self::Unreachable => Fate::Again,
        }
    }

    /// Whether it says that the recipient's address is dead: a bounce at the door.
    pub const fn is_bounce(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.dead_address)
    }
}

impl From<NotSent> for Undelivered {
    fn from(reason: NotSent) -> Self {
        match reason {
            NotSent::AddressRefused | NotSent::PlainRefused | NotSent::UrlRefused => {
                Self::NotAllowed
            }
            NotSent::ConnectTimeout => Self::TimedOut,
            NotSent::Tls => Self::Tls,
            NotSent::Closed | NotSent::Connect | NotSent::Name => Self::Unreachable,
        }
    }
}

impl From<EgressError> for Undelivered {
    fn from(error: EgressError) -> Self {
        match error {
            EgressError::NotSent(reason) => reason.into(),
            EgressError::TooLarge { .. } | EgressError::Unknown(_) => Self::Unknown,
        }
    }
}

/// An enhanced status code (RFC 3463): class, subject and detail.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Enhanced {
    class: u8,
    subject: u16,
    detail: u16,
}

impl Enhanced {
    /// The code a text begins with, if it begins with one.
    pub fn leading(text: &str) -> Option<Self> {
        let word = text.split_ascii_whitespace().next()?;
        let mut parts = word.split('.').map(number);
        let (class, subject, detail) = (parts.next()??, parts.next()??, parts.next()??);
        let class = u8::try_from(class)
            .ok()
            .filter(|class| matches!(class, 2 | 4 | 5))?;
        parts.next().is_none().then_some(Self {
            class,
            subject,
            detail,
        })
    }

    /// Whether it tells of something that will not change by itself.
    pub const fn is_permanent(self) -> bool {
        self.class == 5
    }

    /// Whether it says that no mail will reach this address: a permanent failure of the address
    /// (X.1.x, but for those about the sender's) or of the mailbox (X.2.x).
    pub const fn is_dead_address(self) -> bool {
        self.is_permanent()
            && match self.subject {
                1 => !matches!(self.detail, 7 | 8),
                2 => true,
                _ => false,
            }
    }
}

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

fn number(text: &str) -> Option<u16> {
    let digits = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_are_read_at_the_beginning_only() {
        let cases = [
            ("5.1.1 no such mailbox", Some("5.1.1")),
            ("4.7.0", Some("4.7.0")),
            ("2.1.5 ok", Some("2.1.5")),
            ("5.999.999", Some("5.999.999")),
            ("5.1000.1", None),
            ("3.1.1", None),
            ("5.1", None),
            ("5.1.1.1", None),
            ("5.+1.1", None),
            ("5..1", None),
            ("no 5.1.1", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let found = Enhanced::leading(text).map(|code| code.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_may_be_sent_again() {
        use Stage::Greeting;
        use Stage::Login;
        use Stage::Message;
        use Stage::Recipient;
        let cases = [
            (Recipient, true, Fate::Never),
            (Recipient, false, Fate::Again),
            (Message, true, Fate::Never),
            (Message, false, Fate::Again),
            (Login, true, Fate::Again),
            (Greeting, true, Fate::Again),
        ];
        for (stage, permanent, fate) in cases {
            let error = Undelivered::Refused(Refusal {
                stage,
                code: 0,
                enhanced: None,
                permanent,
                dead_address: false,
            });
            assert_eq!(error.fate(), fate, "{stage:?} {permanent}");
        }
        assert_eq!(Undelivered::Unknown.fate(), Fate::Unknown);
        assert_eq!(Undelivered::BadAddress.fate(), Fate::Never);
        assert!(!Undelivered::Unreachable.is_bounce());
    }
}
