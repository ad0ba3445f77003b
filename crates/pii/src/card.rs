//! Numbers of payment cards: the ranges of issuers, their lengths, and the digit sum (ISO/IEC 7812).

/// Whether an issuer has numbers that begin and are as long as this, and the sum is right.
pub(crate) fn is_card(digits: &[u8]) -> bool {
    issued(digits) && luhn(digits)
}

fn issued(digits: &[u8]) -> bool {
    let head = |length: usize| {
        let head = digits.iter().take(length);
        head.fold(0_u32, |number, digit| number * 10 + u32::from(*digit))
    };
    let length = digits.len();
    match (head(1), head(2), head(4)) {
        // Visa.
        (4, _, _) => matches!(length, 13 | 16 | 19),
        // Mastercard.
        (_, 51..=55, _) | (_, _, 2221..=2720) => length == 16,
        // American Express.
        (_, 34 | 37, _) => length == 15,
        // Diners Club.
        (_, 36 | 38 | 39, _) | (_, _, 3000..=3059) => (14..=19).contains(&length),
        // JCB, Discover, UnionPay.
        (_, 62 | 65, _) | (_, _, 3528..=3589 | 6011 | 6440..=6499) => (16..=19).contains(&length),
        // Maestro.
        (_, 50 | 56..=58 | 63 | 67, _) => (13..=19).contains(&length),
        _ => false,
    }
}

/// The sum of ISO/IEC 7812-1 annex B: every second digit from the right counts double.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}
