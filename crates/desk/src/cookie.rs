//! Cookies: two, both for this site alone.
//!
//! `__Host-` binds a cookie to the host that set it, over TLS (RFC 6265bis §4.1.3.2). On plain HTTP,
//! which is served to this machine alone, browsers would refuse that name.

use http::HeaderMap;
use http::HeaderValue;
use http::header;

/// Which cookie.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cookie {
    /// The language that was chosen.
    Language,
    /// The session of the preference page.
    Session,
}

/// How long a chosen language is remembered, in seconds.
const A_YEAR: u32 = 365 * 24 * 60 * 60;

impl Cookie {
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Language, true) => "__Host-imvume-language",
            (Self::Language, false) => "imvume-language",
            (Self::Session, true) => "__Host-imvume-session",
            (Self::Session, false) => "imvume-session",
        }
    }

    const fn seconds(self) -> u32 {
        match self {
            Self::Language => A_YEAR,
            Self::Session => service::SESSION_SECONDS,
        }
    }

    /// Its value in a request. A name that stands there twice counts for nothing.
    pub(crate) fn read(self, secure: bool, headers: &HeaderMap) -> Option<&str> {
        let name = self.name(secure);
        let fields = headers.get_all(header::COOKIE).iter();
        let mut values = fields
            .filter_map(|field| field.to_str().ok())
            .flat_map(|field| field.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value);
        let value = values.next();
        value.filter(|_| values.next().is_none())
    }

    /// The header that sets it.
    pub(crate) fn set(self, secure: bool, value: &str) -> Option<HeaderValue> {
        self.write(secure, value, self.seconds())
    }

    /// The header that takes it away.
    pub(crate) fn clear(self, secure: bool) -> Option<HeaderValue> {
        self.write(secure, "", 0)
    }

    fn write(self, secure: bool, value: &str, seconds: u32) -> Option<HeaderValue> {
        let name = self.name(secure);
        let only = if secure { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{only}");
        HeaderValue::from_str(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::HeaderValue;
    use http::header;

    use super::Cookie;

    #[test]
    fn values_are_read_once() {
        for (sent, expected) in [
            ("__Host-imvume-session=a.b", Some("a.b")),
            ("x=y; __Host-imvume-session=a", Some("a")),
            ("imvume-session=a", None),
            ("__Host-imvume-session=a; __Host-imvume-session=b", None),
            ("__host-imvume-session=a", None),
            ("__Host-imvume-session", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(sent));
            assert_eq!(Cookie::Session.read(true, &headers), expected, "{sent}");
        }
    }

    #[test]
    fn over_tls_the_host_is_bound() {
        let set = Cookie::Session.set(true, "a").unwrap();
        assert_eq!(
            set,
            "__Host-imvume-session=a; Path=/; Max-Age=1800; HttpOnly; SameSite=Strict; Secure"
        );
        let set = Cookie::Session.clear(false).unwrap();
        assert_eq!(
            set,
            "imvume-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        );
    }
}
