//! Which addresses are where.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

/// How far an address reaches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reach {
    /// This host or the networks around it: may be allowed by a host's name.
    Private,
    /// Anywhere on the internet.
    Public,
    /// Links, groups, examples, reserved and translated ranges: allowed only when written out as an
    /// address. Cloud hosts hand out credentials on a link-local one.
    Special,
}

/// Ranges of IPv4 that are not public (IANA IPv4 Special-Purpose Address Registry, RFC 6890).
const V4: [(Ipv4Addr, u8, Reach); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8, Reach::Special),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Reach::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Reach::Private),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Reach::Private),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Reach::Special),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Reach::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Reach::Special),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Reach::Special),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Reach::Special),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Reach::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Reach::Special),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Reach::Special),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Reach::Special),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Reach::Special),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Reach::Special),
];

/// Addresses at which clouds serve their machines with credentials or commands although the range is
/// public, or private and so open to names that the configuration allows: the metadata services of
/// Alibaba Cloud and Azure (the latter in a public range), and all local services of AWS and of
/// Google Cloud over IPv6. Each from the provider's own documentation.
const CLOUD_V4: [Ipv4Addr; 2] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
];
/// The same over IPv6, as networks.
const CLOUD_V6: [(Ipv6Addr, u8); 2] = [
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0), 32),
];

/// Ranges of IPv6 (IANA IPv6 Special-Purpose Address Registry, RFC 6890), the narrower before the
/// wider. Only global unicast, `2000::/3`, is public at all. Protocol assignments (with Teredo and
/// ORCHID), 6to4 and documentation lie within it.
const V6: [(Ipv6Addr, u8, Reach); 7] = [
    (Ipv6Addr::LOCALHOST, 128, Reach::Private),
    (
        Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0),
        7,
        Reach::Private,
    ),
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        23,
        Reach::Special,
    ),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        Reach::Special,
    ),
    (
        Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0),
        16,
        Reach::Special,
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        Reach::Special,
    ),
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, Reach::Public),
];

/// How far `address` reaches. An IPv4 address inside an IPv6 one is judged as what it is.
pub(crate) fn reach(address: IpAddr) -> Reach {
    match unmap(address) {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => match translated(v6) {
            Some(v4) => reach_v4(v4),
            None => reach_v6(v6),
        },
    }
}

/// The IPv4 address that an IPv4-mapped address stands for (RFC 4291 §2.5.5.2).
pub(crate) fn unmap(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Whether `address` lies in the network; the two may be of different kinds.
pub(crate) fn within(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    match (unmap(address), network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => within_v4(address, network, prefix),
        (IpAddr::V6(address), IpAddr::V6(network)) => within_v6(address, network, prefix),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    if CLOUD_V4.contains(&address) {
        return Reach::Special;
    }
    V4.iter()
        .find(|(network, prefix, _)| within_v4(address, *network, *prefix))
        .map_or(Reach::Public, |(_, _, reach)| *reach)
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let clouds = |(network, prefix): &(Ipv6Addr, u8)| within_v6(address, *network, *prefix);
    if CLOUD_V6.iter().any(clouds) {
        return Reach::Special;
    }
    V6.iter()
        .find(|(network, prefix, _)| within_v6(address, *network, *prefix))
        .map_or(Reach::Special, |(_, _, reach)| *reach)
}

/// The IPv4 address that a NAT64 translator would reach (RFC 6052 §2.1, the well-known prefix).
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = address.segments() else {
        return None;
    };
    Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}

fn within_v4(address: Ipv4Addr, network: Ipv4Addr, prefix: u8) -> bool {
    let mask = u32::MAX
        .checked_shl(32_u32.saturating_sub(prefix.into()))
        .unwrap_or(0);
    address.to_bits() & mask == network.to_bits() & mask
}

fn within_v6(address: Ipv6Addr, network: Ipv6Addr, prefix: u8) -> bool {
    let mask = u128::MAX
        .checked_shl(128_u32.saturating_sub(prefix.into()))
        .unwrap_or(0);
    address.to_bits() & mask == network.to_bits() & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses() {
        check(
            Reach::Public,
            "1.1.1.1 8.8.8.8 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 \
             168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 \
             192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 157.240.1.1",
        );
        check(
            Reach::Public,
            "2606:4700::1111 2a03:2880:f12f::1 2001:200::1 2001:4860:4860::8888 2003::1 3ffe::1 \
             ::ffff:8.8.8.8 64:ff9b::8.8.8.8",
        );
    }

    #[test]
    fn private_addresses() {
        check(
            Reach::Private,
            "10.0.0.0 10.255.255.255 127.0.0.1 127.255.255.255 172.16.0.0 172.31.255.255 \
             192.168.0.0 192.168.255.255 100.64.0.0 100.127.255.255 100.100.100.199",
        );
        check(
            Reach::Private,
            "::1 fc00::1 fd00:ec3::1 fdff:ffff::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::127.0.0.1 \
             64:ff9b::a00:1",
        );
    }

    #[test]
    fn special_addresses() {
        check(
            Reach::Special,
            "0.0.0.0 0.255.255.255 169.254.169.254 192.0.0.1 192.0.2.1 192.88.99.1 198.18.0.1 \
             198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 \
             255.255.255.255 100.100.100.200 168.63.129.16",
        );
        check(
            Reach::Special,
            ":: ::2 ::127.0.0.1 fe80::1 febf::1 fec0::1 ff02::1 ff0e::1 2001::1 2001:10::1 \
             2001:20::1 2001:1ff::1 2001:db8::1 2002:7f00:1::1 3fff::1 3fff:fff::1 4000::1 5f00::1 \
             100::1 64:ff9b:1::1 64:ff9b:0:0:1::1 ::ffff:169.254.169.254 64:ff9b::169.254.169.254 \
             ::ffff:0.0.0.0 ::ffff:0:127.0.0.1 fd00:ec2::254 fd00:ec2::23 fd20:ce::254 \
             ::ffff:100.100.100.200 64:ff9b::a83f:8110",
        );
    }

    fn check(expected: Reach, addresses: &str) {
        for address in addresses.split(' ') {
            assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn networks() {
        let cases = [
            ("10.1.2.3", "10.0.0.0", 8, true),
            ("11.0.0.0", "10.0.0.0", 8, false),
            ("::ffff:10.1.2.3", "10.0.0.0", 8, true),
            ("10.0.0.1", "10.0.0.1", 32, true),
            ("10.0.0.2", "10.0.0.1", 32, false),
            ("203.0.113.9", "0.0.0.0", 0, true),
            ("fd00::1", "fd00::", 64, true),
            ("fd00:0:0:1::1", "fd00::", 64, false),
            ("fd00::1", "::", 0, true),
            ("fd00::1", "0.0.0.0", 0, false),
        ];
        for (address, network, prefix, expected) in cases {
            let found = within(address.parse().unwrap(), network.parse().unwrap(), prefix);
            assert_eq!(found, expected, "{address} in {network}/{prefix}");
        }
    }
}
