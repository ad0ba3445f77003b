//! Links that may leave: https, and to a host that looks public.
//!
//! Meta fetches media links, and people open the others. A link into a private network leaks its
//! shape, and lets a sender probe through Meta. Names are judged by what they are, not by
//! resolving them.

use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use thiserror::Error;
use url::Host;
use url::Url;

const MAX_LENGTH: usize = 2048;

/// Names that never lead to the public internet (RFC 6761, RFC 6762, RFC 8375, RFC 9476 and ICANN's
/// reservation of `internal`).
const PRIVATE_SUFFIXES: &[&str] = &[
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "test",
];

/// Why a link was refused. Never carries the link.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum LinkError {
    /// It carries a user name or password.
    #[error("the link holds credentials")]
    Credentials,
    /// No public host.
    #[error("the link does not lead to a public host")]
    Host,
    /// Too long.
    #[error("the link is longer than 2048 characters")]
    Length,
    /// Not an absolute https address.
    #[error("the link is not an https address")]
    Scheme,
}

/// Checks a link that is to reach Meta or a person.
pub fn check_link(link: &str) -> Result<(), LinkError> {
    if MAX_LENGTH < link.len() {
        return Err(LinkError::Length);
    }
    // The URL standard drops tabs and line breaks and trims blanks; another reader may not.
    if link
        .chars()
        .any(|character| character.is_control() || character.is_whitespace())
    {
        return Err(LinkError::Scheme);
    }
    let url = Url::parse(link).map_err(|_| LinkError::Scheme)?;
    if url.scheme() != "https" {
        return Err(LinkError::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(LinkError::Credentials);
    }
    let public = match url.host() {
        Some(Host::Domain(name)) => public_name(name),
        Some(Host::Ipv4(address)) => public_v4(address),
        Some(Host::Ipv6(address)) => public_v6(address),
        None => false,
    };
    if public { Ok(()) } else { Err(LinkError::Host) }
}

fn public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let Some((_, top)) = name.rsplit_once('.') else {
        // A name of one label is found by the resolver's search list, in one's own network.
        return false;
    };
    !PRIVATE_SUFFIXES.contains(&top)
}

fn public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let benchmark = a == 198 && (b == 18 || b == 19);
    let protocol = a == 192 && b == 0 && c == 0;
    let relay = a == 192 && b == 88 && c == 99;
    // What Azure serves its machines at, in a public range.
    let wire = address == Ipv4Addr::new(168, 63, 129, 16);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || 240 <= a
        || shared
        || benchmark
        || protocol
        || relay
        || wire)
}

fn public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    if let Some(v4) = address.to_ipv4_mapped() {
        return public_v4(v4);
    }
    let global = (0x2000..=0x3fff).contains(&first);
    let documentation = (first == 0x2001 && second == 0x0db8) || first == 0x3fff;
    // Teredo, 6to4 and the other special ranges of 2001::/23 carry an IPv4 address inside.
    let special = first == 0x2002 || (first == 0x2001 && second < 0x0200);
    global && !documentation && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links() {
        let check = |link: &str, expected| assert_eq!(check_link(link), expected, "{link}");
        check("https://shop.example.org/a.jpg?x=1", Ok(()));
        check("https://8.8.8.8/a", Ok(()));
        check("https://[2606:4700::1111]/a", Ok(()));
        check("https://münchen.de/", Ok(()));
        check("http://shop.example.org/", Err(LinkError::Scheme));
        check("file:///etc/passwd", Err(LinkError::Scheme));
        check("//shop.example.org/", Err(LinkError::Scheme));
        check("", Err(LinkError::Scheme));
        check("https://", Err(LinkError::Scheme));
        check("https://exa\tmple.org/", Err(LinkError::Scheme));
        check(" https://example.org/", Err(LinkError::Scheme));
        check("https://me@example.org/", Err(LinkError::Credentials));
        check(
            "https://example.org@127.0.0.1/",
            Err(LinkError::Credentials),
        );
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "intranet",
            "db.internal",
            "printer.local",
            "x.localhost",
            "1.0.0.127.in-addr.arpa",
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "168.63.129.16",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "１２７.0.0.1",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:db8::1]",
            "127.0.0.1.",
        ] {
            check(&format!("https://{host}/"), Err(LinkError::Host));
        }
        check(
            &format!("https://example.org/{}", "a".repeat(10_000)),
            Err(LinkError::Length),
        );
    }
}
