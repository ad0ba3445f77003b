//! What Meta says a number, or a whole account, may send.
//!
//! Meta tells of one aspect at a time, in any order and sometimes twice. Of each aspect the newest
//! word holds, by Meta's own instant; a word about a number and one about its whole account count
//! alike.

use crate::time::Timestamp;

/// One thing Meta tells about a number or an account. Closed: a new one is a new variant with a code
/// never used before.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum HealthAspect {
    /// Whether the account is there and on: 0 on, 1 disabled, 2 gone.
    Account,
    /// Whether the account will be disabled: 0 no, 1 yes.
    BanScheduled,
    /// Whether people may be written to first: 0 yes, 1 no.
    BusinessInitiated,
    /// Whether anything may be sent: 0 yes, 1 no.
    Everything,
    /// How many people may be written to first within 24 hours; −1 for as many as one likes.
    Limit,
    /// Whether numbers may be added: 0 yes, 1 no.
    NewNumbers,
    /// Something for an administrator to look at in WhatsApp Manager, by [`HealthNotice`].
    Notice,
    /// Whether people block or report the number too often: 0 no, 1 yes.
    Quality,
    /// How fast the number sends: 0 as usual, 1 up to 1000 messages a second.
    Throughput,
    /// Meta holds a rule to be broken; restrictions follow by themselves.
    Violation,
}

impl HealthAspect {
    /// All aspects in the order of their codes.
    pub const ALL: [Self; 10] = [
        Self::Account,
        Self::BanScheduled,
        Self::BusinessInitiated,
        Self::Everything,
        Self::Limit,
        Self::NewNumbers,
        Self::Notice,
        Self::Quality,
        Self::Throughput,
        Self::Violation,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Account => 1,
            Self::BanScheduled => 2,
            Self::BusinessInitiated => 3,
            Self::Everything => 4,
            Self::Limit => 5,
            Self::NewNumbers => 6,
            Self::Notice => 7,
            Self::Quality => 8,
            Self::Throughput => 9,
            Self::Violation => 10,
        }
    }

    /// The aspect with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|aspect| aspect.code() == code)
    }

    /// The name it has in the admin API and in events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::BanScheduled => "ban-scheduled",
            Self::BusinessInitiated => "business-initiated",
            Self::Everything => "everything",
            Self::Limit => "limit",
            Self::NewNumbers => "new-numbers",
            Self::Notice => "notice",
            Self::Quality => "quality",
            Self::Throughput => "throughput",
            Self::Violation => "violation",
        }
    }
}

/// What there is to look at in WhatsApp Manager.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum HealthNotice {
    /// An alert about the account.
    Alert,
    /// The display name was judged.
    Name,
    /// The account was judged.
    Review,
    /// Somebody changed the number's PIN, or wants to.
    Security,
    /// A number's settings were changed.
    Settings,
    /// The number's own username changed.
    Username,
}

impl HealthNotice {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Alert => 1,
            Self::Name => 2,
            Self::Review => 3,
            Self::Security => 4,
            Self::Settings => 5,
            Self::Username => 6,
        }
    }
}

/// What Meta told of one aspect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Told {
    /// Of what.
    pub aspect: HealthAspect,
    /// What, by the aspect's own values.
    pub value: i64,
    /// Until when it holds; for good where there is none.
    pub until: Option<Timestamp>,
    /// When, by Meta's clock.
    pub at: Timestamp,
}

impl Told {
    /// Whether it says something out of the ordinary that holds at `now`.
    pub fn stands(&self, now: Timestamp) -> bool {
        self.value != 0 && self.until.is_none_or(|until| now < until)
    }
}

/// What holds of a number: of each aspect the newest word.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Health {
    told: Vec<Told>,
}

impl Health {
    /// Takes a word in. One that is older than what is known of its aspect changes nothing; of two at
    /// the same instant the later one in the order of their coming holds.
    pub fn hear(&mut self, told: Told) {
        match self
            .told
            .binary_search_by_key(&told.aspect, |held| held.aspect)
        {
            Err(place) => self.told.insert(place, told),
            Ok(place) => {
                if let Some(held) = self.told.get_mut(place)
                    && held.at <= told.at
                {
                    *held = told;
                }
            }
        }
    }

    /// What was told last of an aspect.
    pub fn of(&self, aspect: HealthAspect) -> Option<&Told> {
        self.told.iter().find(|told| told.aspect == aspect)
    }

    /// Everything that was told last, by aspect.
    pub fn all(&self) -> &[Told] {
        &self.told
    }

    /// What of it holds at `now`, as the gate sees it.
    pub fn at(&self, now: Timestamp) -> Standing {
        let stands = |aspect| self.of(aspect).filter(|told| told.stands(now));
        let barred = |aspect| stands(aspect).map(|told| Bar { until: told.until });
        Standing {
            off: stands(HealthAspect::Account).is_some(),
            everything: barred(HealthAspect::Everything),
            initiated: barred(HealthAspect::BusinessInitiated),
            fast: stands(HealthAspect::Throughput).is_some(),
        }
    }
}

/// A number's health as the gate sees it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// The account is disabled or gone.
    pub off: bool,
    /// Nothing may be sent.
    pub everything: Option<Bar>,
    /// Nobody may be written to outside the customer service window.
    pub initiated: Option<Bar>,
    /// The number sends up to 1000 messages a second.
    pub fast: bool,
}

/// A restriction in force.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bar {
    /// Until when, if Meta said.
    pub until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::Bar;
    use super::Health;
    use super::HealthAspect;
    use super::Standing;
    use super::Told;
    use crate::time::Timestamp;

    const fn told(aspect: HealthAspect, value: i64, at: i64) -> Told {
        Told {
            aspect,
            value,
            until: None,
            at: Timestamp::from_seconds(at),
        }
    }

    #[test]
    fn codes_and_names_are_apart() {
        for aspect in HealthAspect::ALL {
            assert_eq!(HealthAspect::from_code(aspect.code()), Some(aspect));
            let named = HealthAspect::ALL
                .into_iter()
                .filter(|other| other.name() == aspect.name());
            assert_eq!(named.count(), 1, "{}", aspect.name());
        }
        assert!(HealthAspect::ALL.is_sorted_by_key(|aspect| aspect.code()));
    }

    #[test]
    fn the_newest_word_holds_in_whatever_order_they_come() {
        let words = [
            told(HealthAspect::Account, 1, 10),
            told(HealthAspect::Account, 0, 20),
            told(HealthAspect::Account, 2, 30),
            told(HealthAspect::Throughput, 1, 5),
        ];
        for first in 0..words.len() {
            let mut health = Health::default();
            for place in 0..words.len() {
                health.hear(words[(first + place) % words.len()]);
            }
            let account = health.of(HealthAspect::Account).map(|told| told.value);
            assert_eq!(account, Some(2), "beginning with {first}");
            assert_eq!(health.all().len(), 2);
        }
    }

    #[test]
    fn a_restriction_ends_with_its_time() {
        let mut health = Health::default();
        let until = Timestamp::from_seconds(200);
        health.hear(Told {
            until: Some(until),
            ..told(HealthAspect::Everything, 1, 100)
        });
        let at = |seconds| health.at(Timestamp::from_seconds(seconds));
        assert_eq!(at(199).everything, Some(Bar { until: Some(until) }));
        assert_eq!(at(200), Standing::default());
    }
}
