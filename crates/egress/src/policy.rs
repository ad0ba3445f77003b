//! What may be called.

use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use url::Host;
use url::Url;

use crate::address::Reach;
use crate::address::reach;
use crate::address::unmap;
use crate::address::within;
use crate::error::AllowanceError;
use crate::error::NotSent;
use crate::resolver::Resolver;
use crate::resolver::SystemResolver;

/// The bounds and the means of every exchange, and the exceptions from "public hosts over https".
#[derive(Clone, Debug)]
pub struct Policy {
    /// Hosts and networks that may be called although they are not public.
    pub allow_private: Vec<Allowance>,
    /// How long name, connection and TLS may take together.
    pub connect_timeout: Duration,
    /// Certificates of authorities that are trusted beside Mozilla's: an organisation's own.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// No response is read beyond this many bytes, whatever a request asks for.
    pub max_response_bytes: usize,
    /// No exchange takes longer than this, whatever a request asks for.
    pub request_timeout: Duration,
    /// Who looks names up. What it answers is checked like everything else.
    pub resolver: Arc<dyn Resolver>,
}

impl Default for Policy {
    /// Nothing private; 5 s to connect, 60 s for an exchange, 100 MiB for a response (the largest
    /// media object of the platform); Mozilla's roots alone, and the operating system's resolver.
    fn default() -> Self {
        Self {
            allow_private: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            extra_roots: Vec::new(),
            max_response_bytes: 100 * 1024 * 1024,
            request_timeout: Duration::from_mins(1),
            resolver: Arc::new(SystemResolver),
        }
    }
}

/// One exception, read from configuration.
///
/// `host` or `host:port` names a host exactly as URLs will. It may be called in plain, and may have
/// a private address; link-local and other special addresses only when it is itself written as an
/// address. `address/prefix` admits every host with an address in that network; in plain only when
/// the URL says the address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Allowance(Kind);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Kind {
    Host {
        host: Host<String>,
        port: Option<u16>,
    },
    Network {
        address: IpAddr,
        prefix: u8,
    },
}

impl FromStr for Allowance {
    type Err = AllowanceError;

    fn from_str(text: &str) -> Result<Self, AllowanceError> {
        if let Some((address, prefix)) = text.split_once('/') {
            return network(address, prefix);
        }
        // An IPv6 address without brackets cannot carry a port.
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Ok(Self(Kind::Host {
                host: Host::Ipv6(address),
                port: None,
            }));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(parse_port(port)?)),
            _ => (text, None),
        };
        let host = Host::parse(host).map_err(|_| AllowanceError::Host)?;
        Ok(Self(Kind::Host { host, port }))
    }
}

fn network(address: &str, prefix: &str) -> Result<Allowance, AllowanceError> {
    let address: IpAddr = address.parse().map_err(|_| AllowanceError::Host)?;
    let prefix: u8 = prefix.parse().map_err(|_| AllowanceError::Prefix)?;
    // A mapped IPv4 network would never match: addresses are unmapped before they are compared.
    if unmap(address) != address || !is_base(address, prefix) {
        return Err(AllowanceError::Prefix);
    }
    Ok(Allowance(Kind::Network { address, prefix }))
}

/// Whether the prefix fits the address and leaves no bits set beyond it; such bits are most likely a
/// mistake.
fn is_base(address: IpAddr, prefix: u8) -> bool {
    let (width, free) = match address {
        IpAddr::V4(v4) => (32_u32, v4.to_bits().trailing_zeros()),
        IpAddr::V6(v6) => (128, v6.to_bits().trailing_zeros()),
    };
    width
        .checked_sub(prefix.into())
        .is_some_and(|beyond| beyond <= free)
}

fn parse_port(text: &str) -> Result<u16, AllowanceError> {
    match text.parse() {
        Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err(AllowanceError::Port),
    }
}

impl Allowance {
    /// Whether it names this host, or the network this host's address lies in.
    fn covers_host(&self, host: &Host<String>, port: u16) -> bool {
        match &self.0 {
            Kind::Host {
                host: named,
                port: on,
            } => named == host && on.is_none_or(|on| on == port),
            Kind::Network { address, prefix } => {
                literal(host).is_some_and(|literal| within(literal, *address, *prefix))
            }
        }
    }

    /// Whether it admits a connection to `address` for this host.
    fn admits(&self, host: &Host<String>, port: u16, address: IpAddr) -> bool {
        match &self.0 {
            Kind::Host { .. } => {
                let near = reach(address) == Reach::Private || literal(host).is_some();
                near && self.covers_host(host, port)
            }
            Kind::Network {
                address: network,
                prefix,
            } => within(address, *network, *prefix),
        }
    }
}

impl Policy {
    /// Checks what can be checked before a name is resolved.
    pub(crate) fn check(&self, url: &Url) -> Result<(), NotSent> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotSent::UrlRefused);
        }
        let host = url.host().ok_or(NotSent::UrlRefused)?.to_owned();
        let port = url.port_or_known_default().ok_or(NotSent::UrlRefused)?;
        let covered = || {
            self.allow_private
                .iter()
                .any(|one| one.covers_host(&host, port))
        };
        match url.scheme() {
            "https" => {}
            "http" if covered() => {}
            "http" => return Err(NotSent::PlainRefused),
            _ => return Err(NotSent::UrlRefused),
        }
        match literal(&host) {
            Some(address) if !self.admits(&host, port, address) => Err(NotSent::AddressRefused),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a connection for this host may go to `address`.
    pub(crate) fn admits(&self, host: &Host<String>, port: u16, address: IpAddr) -> bool {
        reach(address) == Reach::Public
            || self
                .allow_private
                .iter()
                .any(|one| one.admits(host, port, address))
    }
}

/// The address a host is written as, if it is.
pub(crate) fn literal(host: &Host<String>) -> Option<IpAddr> {
    match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(allowances: &[&str]) -> Policy {
        let allow_private = allowances
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        Policy {
            allow_private,
            ..Policy::default()
        }
    }

    #[test]
    fn allowances_are_read_or_refused() {
        let good = [
            "relay.internal",
            "relay.internal:8443",
            "Relay.Internal",
            "127.0.0.1",
            "127.0.0.1:9000",
            "::1",
            "[::1]",
            "[::1]:80",
            "10.0.0.0/8",
            "fd00::/8",
            "10.0.0.1/32",
            "0.0.0.0/0",
        ];
        for text in good {
            assert!(text.parse::<Allowance>().is_ok(), "{text}");
        }
        let bad = [
            ("", AllowanceError::Host),
            ("a b", AllowanceError::Host),
            ("https://a", AllowanceError::Host),
            ("a:0", AllowanceError::Port),
            ("a:", AllowanceError::Port),
            ("a:+80", AllowanceError::Port),
            ("a:65536", AllowanceError::Port),
            ("a/8", AllowanceError::Host),
            ("10.0.0.0/33", AllowanceError::Prefix),
            ("10.0.0.1/8", AllowanceError::Prefix),
            ("fd00::1/64", AllowanceError::Prefix),
            ("::ffff:10.0.0.0/104", AllowanceError::Prefix),
            ("10.0.0.0/", AllowanceError::Prefix),
        ];
        for (text, expected) in bad {
            assert_eq!(text.parse::<Allowance>(), Err(expected), "{text}");
        }
    }

    #[test]
    fn urls_without_exceptions() {
        let cases = [
            ("https://graph.facebook.com/v23.0/1/messages", Ok(())),
            ("https://example.org:8443/", Ok(())),
            ("https://8.8.8.8/", Ok(())),
            ("https://[2606:4700::1111]/", Ok(())),
            ("http://example.org/", Err(NotSent::PlainRefused)),
            ("http://8.8.8.8/", Err(NotSent::PlainRefused)),
            ("ftp://example.org/", Err(NotSent::UrlRefused)),
            ("file:///etc/passwd", Err(NotSent::UrlRefused)),
            ("data:text/plain,x", Err(NotSent::UrlRefused)),
            ("ws://example.org/", Err(NotSent::UrlRefused)),
            ("https://name@example.org/", Err(NotSent::UrlRefused)),
            ("https://name:word@example.org/", Err(NotSent::UrlRefused)),
            ("https://:word@example.org/", Err(NotSent::UrlRefused)),
            ("https://127.0.0.1/", Err(NotSent::AddressRefused)),
            ("https://127.1/", Err(NotSent::AddressRefused)),
            ("https://2130706433/", Err(NotSent::AddressRefused)),
            ("https://0x7f000001/", Err(NotSent::AddressRefused)),
            ("https://0177.0.0.1/", Err(NotSent::AddressRefused)),
            ("https://127.0.0.1./", Err(NotSent::AddressRefused)),
            ("https://１２７.0.0.1/", Err(NotSent::AddressRefused)),
            ("https://0/", Err(NotSent::AddressRefused)),
            ("https://10.0.0.1:8443/", Err(NotSent::AddressRefused)),
            (
                "https://169.254.169.254/latest",
                Err(NotSent::AddressRefused),
            ),
            ("https://[::1]/", Err(NotSent::AddressRefused)),
            ("https://[::ffff:127.0.0.1]/", Err(NotSent::AddressRefused)),
            ("https://[::ffff:7f00:1]/", Err(NotSent::AddressRefused)),
            ("https://[64:ff9b::7f00:1]/", Err(NotSent::AddressRefused)),
            ("https://[fe80::1]/", Err(NotSent::AddressRefused)),
            ("https://[fd00::1]/", Err(NotSent::AddressRefused)),
            ("https://[ff02::1]/", Err(NotSent::AddressRefused)),
        ];
        for (url, expected) in cases {
            assert_eq!(
                policy(&[]).check(&Url::parse(url).unwrap()),
                expected,
                "{url}"
            );
        }
    }

    #[test]
    fn urls_with_exceptions() {
        let rules = ["127.0.0.1:9000", "relay.internal:80", "10.0.0.0/8", "[::1]"];
        let cases = [
            ("http://127.0.0.1:9000/", Ok(())),
            ("http://127.1:9000/", Ok(())),
            ("http://127.0.0.1:9001/", Err(NotSent::PlainRefused)),
            ("https://127.0.0.1:9001/", Err(NotSent::AddressRefused)),
            ("http://127.0.0.2:9000/", Err(NotSent::PlainRefused)),
            ("http://relay.internal/", Ok(())),
            ("http://RELAY.internal:80/", Ok(())),
            ("http://relay.internal:81/", Err(NotSent::PlainRefused)),
            ("http://x.relay.internal/", Err(NotSent::PlainRefused)),
            ("http://10.1.2.3:7/", Ok(())),
            ("http://11.1.2.3/", Err(NotSent::PlainRefused)),
            ("http://[::1]:7/", Ok(())),
            ("ftp://127.0.0.1:9000/", Err(NotSent::UrlRefused)),
        ];
        for (url, expected) in cases {
            assert_eq!(
                policy(&rules).check(&Url::parse(url).unwrap()),
                expected,
                "{url}"
            );
        }
    }

    #[test]
    fn addresses_behind_names() {
        let rules = ["relay.internal:443", "169.254.1.1", "10.0.0.0/8"];
        let cases = [
            ("example.org", "8.8.8.8", true),
            ("example.org", "127.0.0.1", false),
            ("example.org", "10.9.9.9", true),
            ("example.org", "::ffff:10.9.9.9", true),
            ("relay.internal", "127.0.0.1", true),
            ("relay.internal", "192.168.1.1", true),
            ("relay.internal", "fd00::1", true),
            ("relay.internal", "169.254.169.254", false),
            ("relay.internal", "0.0.0.0", false),
            ("relay.internal", "::ffff:169.254.169.254", false),
            ("169.254.1.1", "169.254.1.1", true),
        ];
        for (host, address, expected) in cases {
            let host = Host::parse(host).unwrap();
            let found = policy(&rules).admits(&host, 443, address.parse().unwrap());
            assert_eq!(found, expected, "{host} at {address}");
        }
        let host = Host::parse("relay.internal").unwrap();
        assert!(!policy(&rules).admits(&host, 444, "127.0.0.1".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn what_is_read_as_a_host_covers_that_host(
            name in "[a-z]{1,8}(\\.[a-z]{2,5}){1,2}",
            port in 1_u16..,
        ) {
            let url = Url::parse(&format!("http://{name}:{port}/")).unwrap();
            prop_assert_eq!(policy(&[&name]).check(&url), Ok(()));
            prop_assert_eq!(policy(&[&format!("{name}:{port}")]).check(&url), Ok(()));
            let other = format!("{name}:{}", port ^ 1);
            prop_assert_eq!(policy(&[&format!("x{name}")]).check(&url), Err(NotSent::PlainRefused));
            if port > 1 {
                prop_assert_eq!(policy(&[&other]).check(&url), Err(NotSent::PlainRefused));
            }
        }

        #[test]
        fn no_text_breaks_the_reading(text in "[0-9a-fA-F:./\\[\\]%a-z]{0,24}") {
            // Whatever is accepted leaves metadata services of clouds closed to names.
            if let Ok(allowance) = text.parse::<Allowance>() {
                let host = Host::parse("name.example").unwrap();
                let open = allowance.admits(&host, 443, "169.254.169.254".parse().unwrap());
                prop_assert!(!open || text.contains('/'));
            }
        }
    }
}
