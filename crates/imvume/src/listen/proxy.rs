//! Who a request comes from, when reverse proxies stand before a listener.
//!
//! What a request says of its origin is a claim. It counts only when the peer of the connection is a
//! proxy on the list, and then only as far back as proxies on the list vouch for it: the right-most
//! address that is no such proxy is the client's, and what stands left of it is the client's own
//! writing. One of the two header fields is read, the one the proxies are known to write; the other
//! may have passed through them untouched. After that, no field of the kind is left in the request,
//! so that nothing behind the listener can believe one.
//!
//! The forms are those of RFC 7239 §4 to §6 (`Forwarded`) and of common use (`X-Forwarded-For`,
//! `X-Forwarded-Proto`).

use std::fmt;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::str::FromStr;

use http::HeaderMap;

/// Fields in which proxies tell of the connection before them.
const CLAIMS: [&str; 8] = [
    "forwarded",
    "x-client-ip",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
];

/// A network of addresses, written `address/prefix`, or one address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// A text is no network.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// It does not begin with an address.
    #[error("no IP address")]
    Address,
    /// The prefix does not fit the address, or bits are set beyond it.
    #[error("the prefix does not fit the address")]
    Prefix,
}

impl Network {
    /// Whether an address lies in it. An IPv4 address in IPv6 clothes is an IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let beyond = 32_u32.saturating_sub(self.prefix.into());
                let difference = network.to_bits() ^ address.to_bits();
                difference.checked_shr(beyond).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let beyond = 128_u32.saturating_sub(self.prefix.into());
                let difference = network.to_bits() ^ address.to_bits();
                difference.checked_shr(beyond).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        if address.to_canonical() != address {
            return Err(NetworkError::Address);
        }
        let (width, free) = match address {
            IpAddr::V4(v4) => (32_u8, v4.to_bits().trailing_zeros()),
            IpAddr::V6(v6) => (128, v6.to_bits().trailing_zeros()),
        };
        let prefix = match prefix {
            None => width,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| NetworkError::Prefix)?
            }
            Some(_) => return Err(NetworkError::Prefix),
        };
        let beyond = width.checked_sub(prefix).ok_or(NetworkError::Prefix)?;
        if free < beyond.into() {
            return Err(NetworkError::Prefix);
        }
        Ok(Self { address, prefix })
    }
}

/// Which field the proxies write.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Field {
    /// `Forwarded`, RFC 7239.
    Forwarded,
    /// `X-Forwarded-For`, with `X-Forwarded-Proto` beside it.
    #[default]
    XForwardedFor,
}

/// The proxies that are believed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Proxies {
    /// Where they stand. None is believed if this is empty.
    pub networks: Vec<Network>,
    /// What they write.
    pub field: Field,
}

/// Who a request comes from. It stands among the extensions of every request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Client {
    /// The address, as far back as proxies on the list vouch for it.
    pub address: IpAddr,
    /// Whether the client's own connection is under TLS.
    pub secure: bool,
    /// Whether the request told of a proxy that is not on the list: then the address is that of
    /// whoever passed it on, and nothing is known of the client behind.
    pub veiled: bool,
}

impl Client {
    /// The network the client is in, coarse enough for a log: 24 bits of an IPv4 address, 48 of an
    /// IPv6 address.
    pub fn network(&self) -> impl fmt::Display + use<> {
        Coarse(self.address)
    }
}

struct Coarse(IpAddr);

impl fmt::Display for Coarse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                write!(f, "{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                write!(f, "{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        }
    }
}

impl Proxies {
    /// Reads who a request comes from, and takes every claim of the kind out of its head. `peer` is
    /// the other end of the connection, `secure` whether that is under TLS.
    pub fn client(&self, peer: IpAddr, secure: bool, head: &mut HeaderMap) -> Client {
        let peer = peer.to_canonical();
        let claimed = CLAIMS.iter().any(|name| head.contains_key(*name));
        let client = if self.trusts(peer) {
            let hops = match self.field {
                Field::Forwarded => forwarded(head),
                Field::XForwardedFor => x_forwarded(head),
            };
            self.walk(peer, secure, &hops)
        } else {
            Client {
                address: peer,
                secure,
                veiled: claimed,
            }
        };
        if claimed {
            for name in CLAIMS {
                head.remove(name);
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(address))
    }

    /// From the nearest hop backwards, to the first that no proxy on the list stands at. A hop that
    /// cannot be read ends the walk: whoever wrote it is as far as one can see.
    fn walk(&self, peer: IpAddr, secure: bool, hops: &[Hop]) -> Client {
        let mut client = Client {
            address: peer,
            secure,
            veiled: false,
        };
        for hop in hops.iter().rev() {
            client.secure = hop.secure.unwrap_or(false);
            let Some(address) = hop.address else {
                client.veiled = true;
                break;
            };
            client.address = address;
            if !self.trusts(address) {
                break;
            }
        }
        client
    }
}

/// What a proxy says of the connection it took in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Hop {
    address: Option<IpAddr>,
    secure: Option<bool>,
}

/// The values of a field in the order in which they were added. `None` stands for one that is not
/// text.
fn values<'h>(head: &'h HeaderMap, name: &str) -> impl Iterator<Item = Option<&'h str>> {
    head.get_all(name)
        .into_iter()
        .map(|value| value.to_str().ok())
}

/// `X-Forwarded-For`. There is one `X-Forwarded-Proto` for the whole way, or one for each hop; the
/// last is what the nearest proxy says, and holds for all if it stands alone.
fn x_forwarded(head: &HeaderMap) -> Vec<Hop> {
    let schemes: Vec<Option<bool>> = values(head, "x-forwarded-proto")
        .flat_map(|value| value.unwrap_or_default().split(','))
        .map(scheme)
        .collect();
    let addresses: Vec<Option<IpAddr>> = values(head, "x-forwarded-for")
        .flat_map(|value| value.unwrap_or_default().split(','))
        .map(|text| node(text.trim()))
        .collect();
    let one_each = schemes.len() == addresses.len();
    let last = schemes.last().copied().flatten();
    let secure = |at: usize| {
        if one_each {
            schemes.get(at).copied().flatten()
        } else {
            last
        }
    };
    let hops = addresses.into_iter().enumerate();
    hops.map(|(at, address)| Hop {
        address,
        secure: secure(at),
    })
    .collect()
}

/// `Forwarded`. A quoted text that holds a comma or a semicolon is taken apart in the wrong place,
/// and is then no address: those of addresses never do.
fn forwarded(head: &HeaderMap) -> Vec<Hop> {
    values(head, "forwarded")
        .flat_map(|value| value.unwrap_or_default().split(','))
        .map(|element| {
            let (mut address, mut secure) = (None, None);
            for pair in element.split(';') {
                let Some((name, value)) = pair.split_once('=') else {
                    continue;
                };
                let value = value.trim().trim_matches('"');
                if name.trim().eq_ignore_ascii_case("for") {
                    address = node(value);
                } else if name.trim().eq_ignore_ascii_case("proto") {
                    secure = scheme(value);
                }
            }
            Hop { address, secure }
        })
        .collect()
}

fn scheme(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("https") {
        Some(true)
    } else {
        text.eq_ignore_ascii_case("http").then_some(false)
    }
}

/// An address with or without a port, an IPv6 address also in brackets.
fn node(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let bracketed = || {
        let inner = text.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    };
    let address = address.or_else(with_port).or_else(bracketed)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
