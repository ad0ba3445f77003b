use std::net::IpAddr;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use proptest::prelude::*;

use super::Field;
use super::Network;
use super::NetworkError;
use super::Proxies;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn head(fields: &[(&str, &str)]) -> HeaderMap {
    let mut head = HeaderMap::new();
    for (name, value) in fields {
        head.append(
            name.parse::<HeaderName>().unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    head
}

fn proxies(field: Field) -> Proxies {
    let networks = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"];
    Proxies {
        networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
        field,
    }
}

#[test]
fn networks_are_read_or_refused() {
    for (text, inside, outside) in [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
        ("10.0.0.0/8", "::ffff:10.1.2.3", "::ffff:11.1.2.3"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
        ("192.0.2.6/31", "192.0.2.7", "192.0.2.8"),
        ("0.0.0.0/0", "203.0.113.9", "::1"),
        ("::/0", "2001:db8::1", "203.0.113.9"),
        ("fd00::/8", "fdff::1", "fe00::1"),
        ("::1", "::1", "::2"),
    ] {
        let network: Network = text.parse().unwrap();
        assert!(network.contains(ip(inside)), "{text} {inside}");
        assert!(!network.contains(ip(outside)), "{text} {outside}");
    }
    for (text, expected) in [
        ("", NetworkError::Address),
        ("proxy", NetworkError::Address),
        ("10.0.0.0:80", NetworkError::Address),
        ("::ffff:10.0.0.0/104", NetworkError::Address),
        ("10.0.0.0/", NetworkError::Prefix),
        ("10.0.0.0/+8", NetworkError::Prefix),
        ("10.0.0.0/33", NetworkError::Prefix),
        ("10.0.0.1/8", NetworkError::Prefix),
        ("fd00::1/64", NetworkError::Prefix),
        ("::/129", NetworkError::Prefix),
    ] {
        assert_eq!(text.parse::<Network>(), Err(expected), "{text}");
    }
}

/// The peer, what it sends, and who the client then is: address, under TLS, veiled.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
    bool,
    bool,
);

#[rustfmt::skip]
const X_FORWARDED: &[Case] = &[
    ("203.0.113.9", &[], "203.0.113.9", false, false),
    // From anybody else it counts for nothing.
    ("203.0.113.9", &[("x-forwarded-for", "10.0.0.1"), ("x-forwarded-proto", "https")], "203.0.113.9", false, true),
    ("127.0.0.1", &[("x-real-ip", "10.0.0.1")], "127.0.0.1", false, true),
    // From a proxy on the list.
    ("10.0.0.1", &[], "10.0.0.1", false, false),
    ("10.0.0.1", &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")], "203.0.113.9", true, false),
    ("::ffff:10.0.0.1", &[("x-forwarded-for", "203.0.113.9")], "203.0.113.9", false, false),
    ("192.0.2.7", &[("x-forwarded-for", "203.0.113.9:4711")], "203.0.113.9", false, false),
    ("10.0.0.1", &[("x-forwarded-for", "2001:db8::5")], "2001:db8::5", false, false),
    ("10.0.0.1", &[("x-forwarded-for", "[2001:db8::5]:443")], "2001:db8::5", false, false),
    // What the client wrote itself stands left of what the proxies added.
    ("10.0.0.1", &[("x-forwarded-for", "198.51.100.1, 203.0.113.9")], "203.0.113.9", false, false),
    ("10.0.0.1", &[("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.9")], "203.0.113.9", false, false),
    ("10.0.0.1", &[("x-forwarded-for", "127.0.0.1,203.0.113.9, 10.0.0.2")], "203.0.113.9", false, false),
    ("10.0.0.1", &[("x-forwarded-for", "10.0.0.3, 10.0.0.2")], "10.0.0.3", false, false),
    ("10.0.0.1", &[("x-forwarded-for", "203.0.113.9, 10.0.0.2"), ("x-forwarded-proto", "https, http")], "203.0.113.9", true, false),
    ("10.0.0.1", &[("x-forwarded-for", "203.0.113.9, 10.0.0.2"), ("x-forwarded-proto", "https")], "203.0.113.9", true, false),
    ("10.0.0.1", &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https, http")], "203.0.113.9", false, false),
    // What cannot be read hides what is behind it.
    ("10.0.0.1", &[("x-forwarded-for", "198.51.100.1, unknown")], "10.0.0.1", false, true),
    ("10.0.0.1", &[("x-forwarded-for", "198.51.100.1, nonsense, 10.0.0.2")], "10.0.0.2", false, true),
    ("10.0.0.1", &[("x-forwarded-for", "")], "10.0.0.1", false, true),
    ("10.0.0.1", &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "gopher")], "203.0.113.9", false, false),
    // The field that the proxies do not write may be the client's.
    ("10.0.0.1", &[("forwarded", "for=198.51.100.1;proto=https")], "10.0.0.1", false, false),
];

#[rustfmt::skip]
const FORWARDED: &[Case] = &[
    ("203.0.113.9", &[("forwarded", "for=10.0.0.1;proto=https")], "203.0.113.9", false, true),
    ("10.0.0.1", &[("forwarded", "for=203.0.113.9;proto=https")], "203.0.113.9", true, false),
    ("10.0.0.1", &[("forwarded", "By=x; FOR=\"[2001:db8::5]:443\"; Proto=HTTPS")], "2001:db8::5", true, false),
    ("10.0.0.1", &[("forwarded", "for=\"[2001:db8::5]\"")], "2001:db8::5", false, false),
    ("10.0.0.1", &[("forwarded", "for=198.51.100.1, for=203.0.113.9;proto=http, for=10.0.0.2;proto=https")], "203.0.113.9", false, false),
    ("10.0.0.1", &[("forwarded", "for=198.51.100.1"), ("forwarded", "for=_hidden")], "10.0.0.1", false, true),
    ("10.0.0.1", &[("forwarded", "for=unknown;proto=https")], "10.0.0.1", true, true),
    ("10.0.0.1", &[("forwarded", "proto=https")], "10.0.0.1", true, true),
    ("10.0.0.1", &[("x-forwarded-for", "198.51.100.1")], "10.0.0.1", false, false),
];

#[test]
fn the_client_is_the_nearest_that_no_proxy_stands_at() {
    for (field, table) in [
        (Field::XForwardedFor, X_FORWARDED),
        (Field::Forwarded, FORWARDED),
    ] {
        for (peer, fields, address, secure, veiled) in table {
            let mut head = head(fields);
            let client = proxies(field).client(ip(peer), false, &mut head);
            assert_eq!(
                (client.address, client.secure, client.veiled),
                (ip(address), *secure, *veiled),
                "{peer} {fields:?}"
            );
            assert!(head.is_empty(), "{fields:?}");
        }
    }
}

#[test]
fn without_proxies_the_connection_counts() {
    let mut claims = head(&[("x-forwarded-for", "10.0.0.1"), ("host", "a")]);
    let client = Proxies::default().client(ip("127.0.0.1"), true, &mut claims);
    assert_eq!((client.address, client.secure), (ip("127.0.0.1"), true));
    assert!(client.veiled);
    assert_eq!(claims.len(), 1);
}

#[test]
fn what_a_log_may_show_is_coarse() {
    for (address, shown) in [
        ("203.0.113.199", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::1", "::/48"),
    ] {
        let client = Proxies::default().client(ip(address), true, &mut HeaderMap::new());
        assert_eq!(client.network().to_string(), shown);
    }
}

proptest! {
    /// Whatever a stranger writes, an address behind a proxy on the list is never believed to be
    /// anything but what that proxy added.
    #[test]
    fn the_client_cannot_choose_its_address(claim in "[ -~]{0,60}") {
        let value = format!("{claim}, 203.0.113.9");
        let mut head = head(&[("x-forwarded-for", &value)]);
        let client = proxies(Field::XForwardedFor).client(ip("10.0.0.1"), false, &mut head);
        prop_assert_eq!(client.address, ip("203.0.113.9"));
        let element = format!("{claim}, for=203.0.113.9");
        let mut fields = HeaderMap::new();
        fields.append("forwarded", HeaderValue::from_str(&element).unwrap());
        let client = proxies(Field::Forwarded).client(ip("10.0.0.1"), false, &mut fields);
        prop_assert_eq!(client.address, ip("203.0.113.9"));
    }
}
