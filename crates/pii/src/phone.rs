//! Phone numbers: calling codes and lengths of ITU-T E.164 and the national numbering plans.

use crate::region::Region;

/// Calling codes with the lengths of national numbers behind them. Where the list has none, any length
/// that E.164 allows is taken.
const PLANS: &[(u16, usize, usize)] = &[
    (1, 10, 10),
    (7, 10, 10),
    (20, 8, 10),
    (27, 9, 9),
    (30, 10, 10),
    (31, 9, 9),
    (32, 8, 9),
    (33, 9, 9),
    (34, 9, 9),
    (36, 8, 9),
    (39, 6, 11),
    (40, 9, 9),
    (41, 9, 9),
    (43, 7, 13),
    (44, 9, 10),
    (45, 8, 8),
    (46, 7, 10),
    (47, 8, 8),
    (48, 9, 9),
    (49, 6, 12),
    (51, 8, 9),
    (52, 10, 10),
    (54, 10, 11),
    (55, 10, 11),
    (56, 9, 9),
    (57, 10, 10),
    (60, 8, 10),
    (61, 9, 9),
    (62, 8, 12),
    (63, 8, 10),
    (64, 8, 10),
    (65, 8, 8),
    (66, 8, 9),
    (81, 9, 10),
    (82, 8, 10),
    (84, 9, 10),
    (86, 10, 11),
    (90, 10, 10),
    (91, 10, 10),
    (92, 9, 10),
    (94, 9, 9),
    (98, 10, 10),
    (212, 9, 9),
    (213, 8, 9),
    (216, 8, 8),
    (221, 9, 9),
    (225, 10, 10),
    (233, 9, 9),
    (234, 8, 10),
    (237, 9, 9),
    (243, 9, 9),
    (244, 9, 9),
    (250, 9, 9),
    (251, 9, 9),
    (254, 9, 9),
    (255, 9, 9),
    (256, 9, 9),
    (258, 8, 9),
    (260, 9, 9),
    (263, 7, 9),
    (264, 8, 9),
    (265, 7, 9),
    (266, 8, 8),
    (267, 7, 8),
    (268, 8, 8),
    (351, 9, 9),
    (352, 4, 11),
    (353, 7, 9),
    (356, 8, 8),
    (357, 8, 8),
    (358, 5, 12),
    (359, 7, 9),
    (370, 8, 8),
    (371, 8, 8),
    (372, 7, 8),
    (380, 9, 9),
    (381, 8, 9),
    (385, 8, 9),
    (386, 8, 8),
    (420, 9, 9),
    (421, 9, 9),
    (852, 8, 8),
    (965, 8, 8),
    (966, 8, 9),
    (971, 8, 9),
    (972, 8, 9),
    (974, 8, 8),
];

/// How sure a number is that begins with `+` and is as long as its plan says.
const INTERNATIONAL: u8 = 95;

/// How sure it is that these digits are a phone number: `plus` if a `+` stands before them, `groups`
/// the lengths of the pieces they are written in.
pub(crate) fn confidence(digits: &[u8], plus: bool, groups: &[usize], region: Region) -> u8 {
    if plus {
        return international(digits);
    }
    let abroad = match digits {
        [0, 0, rest @ ..] => international(rest),
        _ => 0,
    };
    let best = abroad.max(national(digits, groups, region));
    best.max(bare(digits, groups))
}

/// Digits behind a `+`.
fn international(digits: &[u8]) -> u8 {
    let Some((code, length)) = split(digits) else {
        return 0;
    };
    match plan(code) {
        Some((least, most)) if (least..=most).contains(&length) => INTERNATIONAL,
        None if (7..=12).contains(&length) && digits.len() <= 15 => 80,
        Some(_) | None => 0,
    }
}

/// Digits with a calling code and nothing before it, as WhatsApp's own ids have them.
fn bare(digits: &[u8], groups: &[usize]) -> u8 {
    let Some((code, length)) = split(digits) else {
        return 0;
    };
    let Some((least, most)) = plan(code) else {
        return 0;
    };
    let code_digits = digits.len() - length;
    let apart = groups.first().is_some_and(|first| *first == code_digits);
    // Plans of many lengths would take anything for a number.
    if most - least > 1 || digits.len() < 11 || !(least..=most).contains(&length) {
        return 0;
    }
    let begins = digits.get(code_digits).copied().unwrap_or_default();
    match (code, begins, groups.len()) {
        (27, 1..=8, 1) | (44, 1..=9, 1) => 75,
        (27, 1..=8, _) | (44, 1..=9, _) if apart => 75,
        (1, 2..=9, _) if apart => 60,
        (1, ..) => 0,
        (_, 1..=9, 1) => 60,
        (_, 1..=9, _) if apart => 60,
        _ => 0,
    }
}

/// Digits in the form of a region.
fn national(digits: &[u8], groups: &[usize], region: Region) -> u8 {
    let apart = if groups.len() > 1 { 5 } else { 0 };
    let length = digits.len();
    match (region, digits) {
        (Region::SouthAfrica, [0, 1..=8, ..]) if length == 10 => 80 + apart,
        (Region::UnitedKingdom, [0, 1..=3 | 7..=9, ..]) if length == 11 => 80 + apart,
        (Region::UnitedKingdom, [0, 1, ..]) if length == 10 => 60 + apart,
        (Region::NorthAmerica, [2..=9, _, _, 2..=9, ..]) if length == 10 => match groups {
            [3, 3, 4] => 85,
            [3, 7] | [6, 4] => 60,
            _ => 40,
        },
        (Region::NorthAmerica, [1, 2..=9, _, _, 2..=9, ..]) if length == 11 => match groups {
            [1, 3, 3, 4] => 85,
            _ => 45,
        },
        (Region::Europe(code), [0, 1..=9, ..]) => match plan(code) {
            Some((least, most)) if (least..=most).contains(&(length - 1)) && length >= 9 => {
                if least == most {
                    80 + apart
                } else {
                    65 + apart
                }
            }
            _ => 0,
        },
        _ => 0,
    }
}

/// The calling code digits begin with, and how many follow.
fn split(digits: &[u8]) -> Option<(u16, usize)> {
    let head = |length: usize| {
        let head = digits.get(..length)?;
        Some(
            head.iter()
                .fold(0, |code, digit| code * 10 + u16::from(*digit)),
        )
    };
    let length = match (head(1)?, head(2)?) {
        (1 | 7, _) => 1,
        (
            _,
            20
            | 27
            | 30..=34
            | 36
            | 39..=41
            | 43..=49
            | 51..=58
            | 60..=66
            | 81
            | 82
            | 84
            | 86
            | 90..=95
            | 98,
        ) => 2,
        (
            _,
            21..=26 | 29 | 35 | 37 | 38 | 42 | 50 | 59 | 67..=69 | 80 | 85 | 87 | 88 | 96 | 97 | 99,
        ) => 3,
        _ => return None,
    };
    Some((head(length)?, digits.len() - length))
}

fn plan(code: u16) -> Option<(usize, usize)> {
    let place = PLANS.binary_search_by_key(&code, |(code, ..)| *code).ok()?;
    let (_, least, most) = PLANS.get(place)?;
    Some((*least, *most))
}

/// A number in E.164.
pub(crate) fn canonical(digits: &str, plus: bool, region: Region) -> String {
    if plus {
        return format!("+{digits}");
    }
    if let Some(abroad) = digits.strip_prefix("00") {
        return format!("+{abroad}");
    }
    match (region.calling_code(), digits.strip_prefix('0')) {
        (Some(code), Some(national)) => format!("+{code}{national}"),
        (Some(1), None) if digits.len() == 10 => format!("+1{digits}"),
        _ => format!("+{digits}"),
    }
}
