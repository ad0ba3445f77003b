//! E-mail addresses in one spelling.
//!
//! The domain is brought to small ASCII letters (IDNA, by the parser that reads every other host
//! name here); the part before the `@` is kept as it is, because only its own server may say that two
//! spellings of it are one mailbox (RFC 5321 §2.4). Left out on purpose: quoted local parts and
//! addresses of machines in brackets (RFC 5321 §4.1.2), which no provider gives to people and which
//! have been used to smuggle headers; letters beyond ASCII before the `@` (RFC 6531), which few
//! servers take.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::Host;

use crate::subject::Identifier;
use crate::subject::IdentifierKind;

/// The longest address, in bytes (RFC 5321 §4.5.3.1.3: a path of 256 with its brackets).
pub const MAX_ADDRESS: usize = 254;
/// The longest part before the `@`, in bytes (RFC 5321 §4.5.3.1.1).
pub const MAX_LOCAL: usize = 64;

/// An address in canonical form: personal data. Its `Debug` shows nothing of it.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Email(String);

/// Why a text is no address.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum EmailError {
    /// What follows the `@` is no name of a domain with a dot in it.
    #[error("the part after the @ is no domain")]
    Domain,
    /// What precedes the `@` has a character, or dots at a place, that no ordinary address has.
    #[error("the part before the @ is not one of an ordinary address")]
    Local,
    /// There is no `@`, or more than one.
    #[error("wants one @")]
    Shape,
    /// The address, or a part of it, is longer than mail can carry.
    #[error("the address is too long")]
    TooLong,
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        // Longer in another script than as ASCII it never is.
        if text.len() > 4 * MAX_ADDRESS {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::Shape)?;
        if domain.contains('@') {
            return Err(EmailError::Shape);
        }
        if local.len() > MAX_LOCAL {
            return Err(EmailError::TooLong);
        }
        if !is_local(local) {
            return Err(EmailError::Local);
        }
        let domain = canonical(domain).ok_or(EmailError::Domain)?;
        let address = format!("{local}@{domain}");
        if address.len() > MAX_ADDRESS {
            return Err(EmailError::TooLong);
        }
        Ok(Self(address))
    }
}

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// The identifier it is of its subject.
    pub fn into_identifier(self) -> Identifier {
        Identifier::new(IdentifierKind::Email, self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// Words of letters, digits and signs between dots (RFC 5322 §3.2.3, `dot-atom`).
fn is_local(local: &str) -> bool {
    let sign = |byte: u8| b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || sign(byte))
    };
    local.split('.').all(word)
}

/// A domain in small ASCII letters, digits, hyphens and dots.
fn canonical(domain: &str) -> Option<String> {
    // A host in a URL may be written with escapes; a domain in an address may not.
    if domain.contains('%') {
        return None;
    }
    let Ok(Host::Domain(domain)) = Host::parse(domain) else {
        return None;
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    (domain.contains('.') && domain.split('.').all(label)).then_some(domain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_spelling() {
        let cases = [
            ("thandi@example.org", "thandi@example.org"),
            ("Thandi.M@EXAMPLE.Org", "Thandi.M@example.org"),
            ("o'neill+news@example.org", "o'neill+news@example.org"),
            ("zoe@Bücher.example", "zoe@xn--bcher-kva.example"),
            ("zoe@BÜCHER.example", "zoe@xn--bcher-kva.example"),
            ("zoe@bu\u{308}cher.example", "zoe@xn--bcher-kva.example"),
            ("zoe@xn--bcher-kva.example", "zoe@xn--bcher-kva.example"),
            ("zoe@ｅｘａｍｐｌｅ。org", "zoe@example.org"),
            ("a@b.c.d.example", "a@b.c.d.example"),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Email>().unwrap().as_str(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_ordinary_address() {
        use EmailError::Domain;
        use EmailError::Local;
        use EmailError::Shape;
        use EmailError::TooLong;
        let cases = [
            ("", Shape),
            ("thandi", Shape),
            ("a@b@example.org", Shape),
            ("@example.org", Local),
            ("\"a b\"@example.org", Local),
            ("a b@example.org", Local),
            ("a\r\nBcc: x@example.org", Local),
            (".a@example.org", Local),
            ("a..b@example.org", Local),
            ("a.@example.org", Local),
            ("a\0@example.org", Local),
            ("a(comment)@example.org", Local),
            ("<a@example.org>", Local),
            ("zoë@example.org", Local),
            ("a@", Domain),
            ("a@localhost", Domain),
            ("a@example.org.", Domain),
            ("a@.example.org", Domain),
            ("a@example..org", Domain),
            ("a@-example.org", Domain),
            ("a@exa_mple.org", Domain),
            ("a@exa mple.org", Domain),
            ("a@example.org\n", Domain),
            ("a@[127.0.0.1]", Domain),
            ("a@127.0.0.1", Domain),
            ("a@127.1", Domain),
            ("a@example%2eorg", Domain),
            ("a@example.org, b", Domain),
            ("a@xn--a.example", Domain),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Email>(), Err(expected), "{text:?}");
        }
        let label = "a".repeat(63);
        let long = format!("{}@{label}.{label}.{label}.example", "a".repeat(64));
        assert_eq!(long.parse::<Email>(), Err(TooLong));
        let local = format!("{}@example.org", "a".repeat(65));
        assert_eq!(local.parse::<Email>(), Err(TooLong));
        assert_eq!("@".repeat(2000).parse::<Email>(), Err(TooLong));
        let wide = format!("a@{}.example", "a".repeat(64));
        assert_eq!(wide.parse::<Email>(), Err(Domain));
    }

    #[test]
    fn neither_debug_nor_errors_tell_the_address() {
        let email: Email = "thandi@example.org".parse().unwrap();
        assert_eq!(format!("{email:?}"), "Email(…)");
        assert_eq!(email.domain(), "example.org");
        let identifier = email.into_identifier();
        assert_eq!(identifier.kind(), IdentifierKind::Email);
        assert_eq!(identifier.value(), "thandi@example.org");
    }

    proptest! {
        #[test]
        fn what_is_read_is_plain_and_stays_as_it_is(text in "\\PC{0,12}@\\PC{0,20}|.{0,40}") {
            if let Ok(email) = text.parse::<Email>() {
                let canonical = email.as_str();
                prop_assert_eq!(canonical.parse::<Email>().unwrap(), email.clone());
                prop_assert!(canonical.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(!canonical.contains(['"', '<', '>', ',', ';', ':', '\\', '(', ')', '[', ']']));
                prop_assert_eq!(canonical.matches('@').count(), 1);
                prop_assert!(canonical.len() <= MAX_ADDRESS);
                prop_assert!(canonical.starts_with(text.split_once('@').unwrap().0));
            }
        }

        #[test]
        fn the_case_of_a_domain_is_nothing(
            local in "[A-Za-z0-9+]{1,10}",
            domain in "[a-z]{1,8}\\.[a-zäöü]{2,8}",
        ) {
            let read = |domain: &str| format!("{local}@{domain}").parse::<Email>();
            prop_assert_eq!(read(&domain), read(&domain.to_uppercase()));
            prop_assert!(read(&domain).is_ok());
        }
    }
}
