//! How often one client may have the gateway send something: a bucket for each address, in memory.
//!
//! The service bounds what each identifier is sent; this bounds how many identifiers one client can
//! go through, for whoever would have others pay for SMS. An address of IPv4 is one client; of IPv6, a
//! network of 64 bits. Many people can stand behind one address, so the bucket is large.

use std::collections::HashMap;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::sync::Mutex;
use std::sync::PoisonError;

use domain::time::Span;
use domain::time::Timestamp;

/// Calls that may come at once.
const BURST: u32 = 60;
/// Time in which one more is earned.
const EACH: Span = Span::seconds(10);
/// Addresses that are remembered; beyond them, those that have earned all back are forgotten.
const ADDRESSES: usize = 20_000;

/// Who may go on, and who has to wait.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    full_again: Mutex<HashMap<IpAddr, Timestamp>>,
}

impl Pace {
    /// Counts a call. Returns the seconds to wait if there were too many.
    pub(crate) fn step(&self, client: IpAddr, now: Timestamp) -> Option<u32> {
        let room = Span::micros(EACH.as_micros() * i64::from(BURST));
        let mut held = self
            .full_again
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if ADDRESSES <= held.len() {
            held.retain(|_, full| now < *full);
            if ADDRESSES <= held.len() {
                // Nothing tells these apart from an attack; nobody new gets in until some have waited.
                return Some(60);
            }
        }
        let full = held.entry(client_of(client)).or_insert(now);
        let next = (*full).max(now) + EACH;
        if now + room < next {
            let wait = next.since(now + room).as_seconds_up();
            return Some(u32::try_from(wait).unwrap_or(u32::MAX).max(1));
        }
        *full = next;
        None
    }
}

fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use domain::time::Span;
    use domain::time::Timestamp;

    use super::BURST;
    use super::Pace;

    #[test]
    fn a_client_waits_and_others_do_not() {
        let pace = Pace::default();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let one: IpAddr = "2001:db8:1:2:3::1".parse().unwrap();
        let near: IpAddr = "2001:db8:1:2:ffff::2".parse().unwrap();
        let far: IpAddr = "2001:db8:1:3::1".parse().unwrap();
        for _ in 0..BURST {
            assert_eq!(pace.step(one, now), None);
        }
        assert_eq!(pace.step(one, now), Some(10));
        assert_eq!(pace.step(near, now), Some(10));
        assert_eq!(pace.step(far, now), None);
        assert_eq!(pace.step(near, now + Span::seconds(10)), None);
        assert_eq!(pace.step(one, now + Span::seconds(10)), Some(10));
    }
}
