//! Legal holds: what may not go, whatever else asks for it.

use std::fmt::Write as _;

use crate::ids::NumberId;
use crate::ids::SubjectId;
use crate::record_class::RecordClass;
use crate::record_class::RecordClasses;
use crate::time::Span;
use crate::time::Timestamp;

/// How far ahead a hold's next review may lie at the most: half a year (184 days is the longest).
pub const REVIEW_WITHIN: Span = Span::days(184);

/// What a hold covers.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scope {
    /// The people, by their ids, in ascending order. None: whoever matches the rest, later ones too.
    pub subjects: Vec<SubjectId>,
    /// The numbers, in ascending order. None: all.
    pub numbers: Vec<NumberId>,
    /// The record classes.
    pub classes: RecordClasses,
    /// From when on.
    pub from: Option<Timestamp>,
    /// Until when; not included.
    pub to: Option<Timestamp>,
}

/// Why a hold cannot be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HoldFault {
    /// The short name is none.
    #[error("a hold's code is of small letters, digits and hyphens, at most 60")]
    Code,
    /// No record class.
    #[error("a hold names at least one record class")]
    Classes,
    /// The end lies before the beginning.
    #[error("a hold's end lies behind its beginning")]
    Dates,
    /// Nothing but classes.
    #[error("a hold names people, numbers or dates")]
    Everything,
    /// No matter, no owner, or more than 200 characters of one.
    #[error("a hold wants a matter and an owner of at most 200 characters each")]
    Named,
    /// More people than one hold takes.
    #[error("a hold names at most 50000 people")]
    People,
    /// No reason.
    #[error("a release wants a reason of at most 200 characters")]
    Reason,
    /// The review does not lie ahead, or too far.
    #[error("a hold's review lies ahead, at most 184 days")]
    Review,
}

impl Scope {
    /// The same in the one form in which it is kept: nothing stands twice, all in order.
    #[must_use]
    pub fn canonical(mut self) -> Self {
        self.subjects.sort_unstable();
        self.subjects.dedup();
        self.numbers.sort_unstable();
        self.numbers.dedup();
        self
    }

    /// Whether it can be.
    ///
    /// # Errors
    /// [`HoldFault`] by what is wrong.
    pub fn check(&self) -> Result<(), HoldFault> {
        if self.classes.is_empty() {
            return Err(HoldFault::Classes);
        }
        if self.from.zip(self.to).is_some_and(|(from, to)| to <= from) {
            return Err(HoldFault::Dates);
        }
        let open = self.from.is_none() && self.to.is_none();
        if self.subjects.is_empty() && self.numbers.is_empty() && open {
            return Err(HoldFault::Everything);
        }
        Ok(())
    }

    /// The question as it was asked, as JSON with sorted members: evidence of what was held. People
    /// stand in it by their ids here.
    pub fn query(&self) -> String {
        let list = |ids: &mut dyn Iterator<Item = i64>| {
            let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
            ids.join(",")
        };
        let classes: Vec<String> = self
            .classes
            .iter()
            .map(|class| format!("\"{}\"", class.name()))
            .collect();
        let mut text = format!("{{\"classes\":[{}]", classes.join(","));
        // Writing to a string does not fail.
        if let Some(from) = self.from {
            let _ = write!(text, ",\"from\":\"{from}\"");
        }
        if !self.numbers.is_empty() {
            let numbers = list(&mut self.numbers.iter().map(|number| number.0));
            let _ = write!(text, ",\"numbers\":[{numbers}]");
        }
        if !self.subjects.is_empty() {
            let subjects = list(&mut self.subjects.iter().map(|subject| subject.0));
            let _ = write!(text, ",\"subjects\":[{subjects}]");
        }
        if let Some(to) = self.to {
            let _ = write!(text, ",\"to\":\"{to}\"");
        }
        text.push('}');
        text
    }
}

/// Whether a hold in force covers something of a class from a span of time. What has no number, such
/// as a profile, is covered by a hold on numbers of the people it names, or of everybody's.
pub fn covers(
    (classes, from, to): (RecordClasses, Option<Timestamp>, Option<Timestamp>),
    class: RecordClass,
    (oldest, newest): (Timestamp, Timestamp),
) -> bool {
    classes.has(class) && from.is_none_or(|from| from <= newest) && to.is_none_or(|to| oldest < to)
}

/// Whether a review may lie at this instant.
///
/// # Errors
/// [`HoldFault::Review`] if it does not lie ahead, or too far.
pub fn check_review(review: Timestamp, now: Timestamp) -> Result<(), HoldFault> {
    if now < review && review <= now + REVIEW_WITHIN {
        Ok(())
    } else {
        Err(HoldFault::Review)
    }
}

/// The text of a matter or an owner as it is kept.
///
/// # Errors
/// [`HoldFault::Named`] if it is empty or too long.
pub fn named(text: &str) -> Result<&str, HoldFault> {
    let text = text.trim();
    if text.is_empty() || 200 < text.chars().count() || text.chars().any(char::is_control) {
        return Err(HoldFault::Named);
    }
    Ok(text)
}

/// What is to be seen to about a hold. Codes are told in events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Due {
    /// Its review has passed.
    Review,
    /// Nobody owns it.
    Owner,
}

impl Due {
    /// What is due of a hold in force.
    pub fn of(owner: &str, review: Timestamp, now: Timestamp) -> Option<Self> {
        if owner.is_empty() {
            Some(Self::Owner)
        } else {
            (review <= now).then_some(Self::Review)
        }
    }

    /// The stable code it has in events.
    pub const fn code(self) -> u8 {
        match self {
            Self::Review => 1,
            Self::Owner => 2,
        }
    }

    /// The one with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Review),
            2 => Some(Self::Owner),
            _ => None,
        }
    }

    /// The name it has in events and in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Owner => "owner",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Due;
    use super::HoldFault;
    use super::Scope;
    use super::check_review;
    use super::covers;
    use super::named;
    use crate::ids::NumberId;
    use crate::ids::SubjectId;
    use crate::record_class::RecordClass;
    use crate::record_class::RecordClasses;
    use crate::time::Span;
    use crate::time::Timestamp;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_seconds(day * 86_400)
    }

    fn scope() -> Scope {
        Scope {
            subjects: vec![SubjectId(3), SubjectId(1), SubjectId(3)],
            numbers: vec![NumberId(2)],
            classes: RecordClasses::default().with(RecordClass::Media),
            from: Some(at(10)),
            to: Some(at(20)),
        }
    }

    #[test]
    fn a_query_has_one_form() {
        let scope = scope().canonical();
        assert_eq!(
            scope.query(),
            r#"{"classes":["media"],"from":"1970-01-11T00:00:00.000000Z","numbers":[2],"subjects":[1,3],"to":"1970-01-21T00:00:00.000000Z"}"#
        );
    }

    #[test]
    fn scopes_that_can_be() {
        let with = |change: fn(&mut Scope)| {
            let mut scope = scope();
            change(&mut scope);
            scope.check().err()
        };
        assert_eq!(with(|_| {}), None);
        let none = RecordClasses::default();
        assert_eq!(
            with(|s| s.classes = RecordClasses::default()),
            Some(HoldFault::Classes)
        );
        assert!(none.is_empty());
        assert_eq!(with(|s| s.to = s.from), Some(HoldFault::Dates));
        let everything = Scope {
            classes: RecordClasses::ALL,
            ..Scope::default()
        };
        assert_eq!(everything.check(), Err(HoldFault::Everything));
    }

    #[test]
    fn what_a_hold_covers() {
        let media = RecordClasses::default().with(RecordClass::Media);
        for (from, to, oldest, newest, covered) in [
            (Some(10), Some(20), 0, 9, false),
            (Some(10), Some(20), 0, 10, true),
            (Some(10), Some(20), 19, 30, true),
            (Some(10), Some(20), 20, 30, false),
            (None, Some(20), 0, 0, true),
            (Some(10), None, 99, 99, true),
            (None, None, 1, 1, true),
        ] {
            let held = (media, from.map(at), to.map(at));
            let span = (at(oldest), at(newest));
            assert_eq!(covers(held, RecordClass::Media, span), covered);
            assert!(!covers(held, RecordClass::Notes, span), "another class");
        }
    }

    #[test]
    fn reviews_and_owners() {
        let now = at(100);
        assert_eq!(check_review(now, now), Err(HoldFault::Review));
        assert_eq!(check_review(now + Span::days(184), now), Ok(()));
        assert_eq!(
            check_review(now + Span::days(185), now),
            Err(HoldFault::Review)
        );
        assert_eq!(Due::of("", now + Span::days(1), now), Some(Due::Owner));
        assert_eq!(Due::of("legal", now, now), Some(Due::Review));
        assert_eq!(Due::of("legal", now + Span::days(1), now), None);
        assert_eq!(named("  a matter "), Ok("a matter"));
        assert_eq!(named(" "), Err(HoldFault::Named));
        assert_eq!(named(&"x".repeat(201)), Err(HoldFault::Named));
    }
}
