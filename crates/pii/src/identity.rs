//! South African identity numbers: date of birth, a serial number, citizenship, and a digit sum.

use crate::card::luhn;

/// Whether thirteen digits are an identity number. The last but two digits say 0 for a citizen, 1 for
/// a permanent resident, 2 for a refugee.
pub(crate) fn is_south_african(digits: &[u8]) -> bool {
    let two = |place: usize| {
        let pair = digits.get(place..place + 2).unwrap_or_default();
        pair.iter()
            .fold(0, |value, digit| value * 10 + u32::from(*digit))
    };
    digits.len() == 13
        && digits.get(10).is_some_and(|status| *status <= 2)
        && is_date(two(0), two(2), two(4))
        && luhn(digits)
}

/// Whether the day exists in either of the two centuries it may stand in.
fn is_date(year: u32, month: u32, day: u32) -> bool {
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        // 1900 was none, 2000 was: the year 00 may be either.
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}
