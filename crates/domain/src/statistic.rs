//! Counts that outlive what was counted, and how they are shown without telling of single people.
//!
//! A count of a few people can tell of one of them. So a cell below [`FEW`] is not told; and where it
//! could be had by taking the others from their sum, more cells are withheld until it cannot.

use std::fmt;

/// Counts below it, but for none at all, are not told.
pub const FEW: u64 = 5;

/// What is counted. Codes are stored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Counted {
    /// Messages from people, by state.
    MessageIn,
    /// Messages to people, by the state they had a day later.
    MessageOut,
    /// Decisions of the gate: by outcome, refusals by their error code.
    Decision,
    /// Events of the consent ledger, by state.
    Consent,
    /// Requests of people, by kind.
    Request,
    /// Steps of requests, by the state they led to.
    RequestStep,
    /// Erasures, by reason.
    Erasure,
}

impl Counted {
    /// All of them in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::MessageIn,
        Self::MessageOut,
        Self::Decision,
        Self::Consent,
        Self::Request,
        Self::RequestStep,
        Self::Erasure,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::MessageIn => 1,
            Self::MessageOut => 2,
            Self::Decision => 3,
            Self::Consent => 4,
            Self::Request => 5,
            Self::RequestStep => 6,
            Self::Erasure => 7,
        }
    }

    /// The one with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|counted| counted.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MessageIn => "message-in",
            Self::MessageOut => "message-out",
            Self::Decision => "decision",
            Self::Consent => "consent",
            Self::Request => "request",
            Self::RequestStep => "request-step",
            Self::Erasure => "erasure",
        }
    }
}

/// A count as it is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shown {
    /// As it is.
    Exact(u64),
    /// From 1 to [`FEW`] less one.
    Few,
    /// At least [`FEW`], but it would give away a smaller one.
    Withheld,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(count) => write!(f, "{count}"),
            Self::Few => write!(f, "<{FEW}"),
            Self::Withheld => f.write_str("withheld"),
        }
    }
}

/// Cells of a table that add up to a total, as they are told, and the total as it is.
///
/// Whoever knows the total and every cell that is told learns of no small cell which count it is: for
/// each of them at least two remain possible.
pub fn shown(cells: &[u64]) -> (Vec<Shown>, Shown) {
    let total: u64 = cells.iter().sum();
    let is_few = |count: u64| 0 < count && count < FEW;
    let mut hidden: Vec<bool> = cells.iter().map(|count| is_few(*count)).collect();
    while !is_safe(cells, &hidden) {
        let mut others = cells
            .iter()
            .enumerate()
            .filter(|(place, count)| **count != 0 && hidden.get(*place) == Some(&false));
        let first = others.next();
        let smallest = others.fold(first, |least, other| match least {
            Some((_, least)) if other.1 < least => Some(other),
            _ => least,
        });
        match smallest.and_then(|(place, _)| hidden.get_mut(place)) {
            Some(cell) => *cell = true,
            // All are withheld, and the total itself would still tell.
            None => {
                return (
                    told(cells, &hidden),
                    if is_few(total) {
                        Shown::Few
                    } else {
                        Shown::Withheld
                    },
                );
            }
        }
    }
    (told(cells, &hidden), Shown::Exact(total))
}

fn told(cells: &[u64], hidden: &[bool]) -> Vec<Shown> {
    let told = cells
        .iter()
        .zip(hidden)
        .map(|(count, hidden)| match hidden {
            false => Shown::Exact(*count),
            true if *count < FEW => Shown::Few,
            true => Shown::Withheld,
        });
    told.collect()
}

/// Whether the sum of what is hidden leaves at least two possible counts for each small cell.
fn is_safe(cells: &[u64], hidden: &[bool]) -> bool {
    let of = || {
        let both = cells.iter().zip(hidden);
        both.filter(|(_, hidden)| **hidden).map(|(count, _)| *count)
    };
    let sum: u64 = of().sum();
    let least: u64 = of().map(|count| if count < FEW { 1 } else { FEW }).sum();
    // What the large ones may be has no upper bound.
    let large = of().any(|count| FEW <= count);
    let most = of().count() as u64 * (FEW - 1);
    let small = of().filter(|count| *count < FEW);
    small.into_iter().all(|_| {
        // The others at their least give the highest this one can be, at their most the lowest.
        let highest = (FEW - 1).min(sum - (least - 1));
        let lowest = if large {
            1
        } else {
            sum.saturating_sub(most - (FEW - 1)).max(1)
        };
        lowest < highest
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Counted;
    use super::FEW;
    use super::Shown;
    use super::shown;

    #[test]
    fn codes_lead_back() {
        for counted in Counted::ALL {
            assert_eq!(Counted::from_code(counted.code()), Some(counted));
        }
    }

    #[test]
    fn tables() {
        let text = |cells: &[u64]| {
            let word = |shown: Shown| match shown {
                Shown::Exact(count) => count.to_string(),
                Shown::Few => "<5".to_owned(),
                Shown::Withheld => "-".to_owned(),
            };
            let (cells, total) = shown(cells);
            let cells: Vec<String> = cells.into_iter().map(word).collect();
            format!("{} = {}", cells.join(" "), word(total))
        };
        for (cells, told) in [
            (&[][..], " = 0"),
            (&[0, 0], "0 0 = 0"),
            (&[7, 5], "7 5 = 12"),
            (&[3], "<5 = <5"),
            (&[3, 20, 30], "<5 - 30 = 53"),
            (&[2, 3, 20], "<5 <5 20 = 25"),
            (&[1, 1, 20, 30], "<5 <5 - 30 = 52"),
            (&[4, 4, 20, 30], "<5 <5 - 30 = 58"),
            (&[1, 5, 30], "<5 - - = 36"),
            (&[1, 5], "<5 - = -"),
            (&[1, 1], "<5 <5 = <5"),
            (&[0, 2, 2], "0 <5 <5 = 4"),
        ] {
            assert_eq!(text(cells), told, "{cells:?}");
        }
    }

    /// Every way in which what is told can have come about, cell by cell.
    fn possible(told: &[Shown], total: Shown, cell: usize) -> Vec<u64> {
        let Shown::Exact(total) = total else {
            return (1..FEW).collect();
        };
        let exact: u64 = told
            .iter()
            .map(|shown| match shown {
                Shown::Exact(count) => *count,
                Shown::Few | Shown::Withheld => 0,
            })
            .sum();
        let rest = total - exact;
        // Which sums the other hidden cells can have.
        let mut sums: Vec<bool> = vec![false; usize::try_from(rest).unwrap() + 1];
        sums[0] = true;
        let last = sums.len() - 1;
        for (place, shown) in told.iter().enumerate() {
            let range = match shown {
                Shown::Exact(_) => continue,
                _ if place == cell => continue,
                Shown::Few => 1..FEW,
                Shown::Withheld => FEW..rest + 1,
            };
            let mut next = vec![false; sums.len()];
            for (sum, _) in sums.iter().enumerate().filter(|(_, can)| **can) {
                let reached = range
                    .clone()
                    .map(|count| sum + usize::try_from(count).unwrap());
                for sum in reached.filter(|sum| *sum <= last) {
                    next[sum] = true;
                }
            }
            sums = next;
        }
        (1..FEW)
            .filter(|count| *count <= rest && sums[usize::try_from(rest - count).unwrap()])
            .collect()
    }

    proptest! {
        #[test]
        fn nobody_learns_a_small_cell(cells in prop::collection::vec(0..12_u64, 0..7)) {
            let (told, total) = shown(&cells);
            for (place, (count, shown)) in cells.iter().zip(&told).enumerate() {
                match shown {
                    Shown::Exact(shown) => {
                        prop_assert_eq!(shown, count);
                        prop_assert!(*count == 0 || FEW <= *count);
                    }
                    Shown::Few => {
                        prop_assert!(0 < *count && *count < FEW);
                        prop_assert!(1 < possible(&told, total, place).len());
                    }
                    Shown::Withheld => prop_assert!(FEW <= *count),
                }
            }
            if let Shown::Exact(told) = total {
                prop_assert_eq!(told, cells.iter().sum::<u64>());
            }
            // Nothing is withheld where nothing is small.
            if cells.iter().all(|count| *count == 0 || FEW <= *count) {
                prop_assert!(!told.contains(&Shown::Withheld));
            }
        }
    }
}
