//! Instants and spans.

use std::fmt;
use std::ops::Add;
use std::ops::Sub;

/// An instant: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

/// A length of time in microseconds; never negative.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span(i64);

/// A calendar quarter in UTC, counted from the first quarter of 1970. Data keys live in quarters.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Quarter(pub u32);

const SECOND: i64 = 1_000_000;

impl Timestamp {
    /// The instant `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant `seconds` seconds after the epoch, held at the ends of the range.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }

    /// Whole hours since the epoch.
    pub const fn hour(self) -> i64 {
        self.0.div_euclid(3_600 * SECOND)
    }

    /// Whole days since the epoch.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(86_400 * SECOND)
    }

    /// The calendar quarter (UTC) this instant falls into.
    pub fn quarter(self) -> Quarter {
        let Ok(instant) = jiff::Timestamp::from_microsecond(self.0) else {
            return Quarter(0);
        };
        let date = instant.to_zoned(jiff::tz::TimeZone::UTC).date();
        let years = u32::try_from(i32::from(date.year()) - 1970).unwrap_or(0);
        let quarter = u32::try_from((date.month() - 1) / 3).unwrap_or(0);
        Quarter(years * 4 + quarter)
    }

    /// The year (UTC) this instant falls into.
    pub fn year(self) -> i16 {
        self.civil(&jiff::tz::TimeZone::UTC).year()
    }

    /// The date and time of day in a time zone. Instants out of the calendar's range are held at 1970.
    pub fn civil(self, zone: &jiff::tz::TimeZone) -> jiff::civil::DateTime {
        let instant = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        zone.to_datetime(instant)
    }

    /// The instant at which a time zone's clocks show this date and time. A time that is skipped counts
    /// as the one after the gap, a time that comes twice as its first.
    pub fn from_civil(civil: jiff::civil::DateTime, zone: &jiff::tz::TimeZone) -> Option<Self> {
        let instant = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
        Some(Self(instant.as_microsecond()))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub const fn since(self, earlier: Self) -> Span {
        let micros = self.0.saturating_sub(earlier.0);
        Span(if micros < 0 { 0 } else { micros })
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with microseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => write!(f, "{instant:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl std::str::FromStr for Timestamp {
    type Err = NotAnInstant;

    /// Reads RFC 3339.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .map(|instant| Self(instant.as_microsecond()))
            .map_err(|_| NotAnInstant)
    }
}

/// The text is not an RFC 3339 instant.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an instant in the form 2026-11-21T10:00:00Z")]
pub struct NotAnInstant;

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `n` microseconds; a negative number counts as none.
    pub const fn micros(n: i64) -> Self {
        Self(if n < 0 { 0 } else { n })
    }

    /// `n` seconds.
    pub const fn seconds(n: u32) -> Self {
        Self(n as i64 * SECOND)
    }

    /// `n` minutes.
    pub const fn minutes(n: u32) -> Self {
        Self(n as i64 * 60 * SECOND)
    }

    /// `n` hours.
    pub const fn hours(n: u32) -> Self {
        Self(n as i64 * 3_600 * SECOND)
    }

    /// `n` days of 24 hours.
    pub const fn days(n: u32) -> Self {
        Self(n as i64 * 86_400 * SECOND)
    }

    /// The length in microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The length in seconds, rounded up: what `Retry-After` takes.
    pub const fn as_seconds_up(self) -> i64 {
        (self.0 + SECOND - 1).div_euclid(SECOND)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(SECOND);
        match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
            (0, 0, s) => write!(f, "{s} s"),
            (0, m, _) => write!(f, "{m} min"),
            (h, 0, _) => write!(f, "{h} h"),
            (h, m, _) => write!(f, "{h} h {m} min"),
        }
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;

    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;

    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

#[cfg(test)]
mod tests {
    use super::Quarter;
    use super::Span;
    use super::Timestamp;

    #[test]
    fn quarters_turn_with_the_calendar() {
        for (text, quarter) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-03-31T23:59:59Z", 0),
            ("1970-04-01T00:00:00Z", 1),
            ("2026-11-21T10:00:00Z", 56 * 4 + 3),
            ("2027-01-01T00:00:00Z", 57 * 4),
        ] {
            assert_eq!(
                text.parse::<Timestamp>().unwrap().quarter(),
                Quarter(quarter),
                "{text}"
            );
        }
    }

    #[test]
    fn instants_read_back_what_they_print() {
        let instant = Timestamp::from_micros(1_763_719_200_123_456);
        assert_eq!(instant.to_string(), "2025-11-21T10:00:00.123456Z");
        assert_eq!(instant.to_string().parse(), Ok(instant));
    }

    #[test]
    fn a_span_says_itself_shortly() {
        for (span, text) in [
            (Span::seconds(6), "6 s"),
            (Span::minutes(5), "5 min"),
            (Span::hours(2), "2 h"),
            (Span::minutes(150), "2 h 30 min"),
        ] {
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn retry_after_rounds_up() {
        assert_eq!(Span::micros(1).as_seconds_up(), 1);
        assert_eq!(Span::seconds(6).as_seconds_up(), 6);
    }
}
