//! Numbers in a text: digits with spaces, hyphens and the like between them, and what they may be.

use crate::Context;
use crate::Kind;
use crate::LEAST;
use crate::Span;
use crate::card;
use crate::iban;
use crate::identity;
use crate::phone;
use crate::text::Text;
use crate::text::digit;
use crate::text::is_invisible;
use crate::text::is_plus;
use crate::text::is_word;
use crate::words;

/// The most digits that anything here has.
const MOST: usize = 19;
/// The fewest.
const FEWEST: usize = 8;
/// How many characters may stand between two digits of one number.
const GAP: usize = 4;

/// Digits that stand side by side.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// Its place among the digits of the run.
    first: usize,
    length: usize,
    /// Its place in the text.
    start: usize,
    end: usize,
    /// What stands before it.
    mark: Option<char>,
}

/// Digits in groups, with nothing between the groups but what people write between digits.
#[derive(Debug, Default)]
pub(crate) struct Run {
    digits: Vec<u8>,
    groups: Vec<Group>,
    /// Where a `+` stands before the first group.
    plus: Option<usize>,
    /// Where the run ends.
    end: usize,
}

/// A piece of a run as a number.
#[derive(Clone, Copy)]
struct Number<'r> {
    digits: &'r [u8],
    groups: &'r [usize],
    plus: bool,
    start: usize,
    end: usize,
}

impl Run {
    /// Reads a run from its first digit on.
    pub(crate) fn read(&mut self, text: &Text<'_>, start: usize) {
        self.digits.clear();
        self.groups.clear();
        self.plus = plus_before(text, start);
        let (mut at, mut mark, mut gap) = (start, None, 0);
        let mut open = false;
        self.end = start;
        while let Some((c, next)) = text.char_at(at) {
            if let Some(value) = digit(c) {
                self.take(value, (at, next), (&mut open, mark));
                (gap, mark) = (0, None);
                self.end = next;
            } else if is_invisible(c) && gap < GAP {
                gap += 1;
            } else if is_between(c) && gap < GAP {
                (open, gap) = (false, gap + 1);
                mark = mark.filter(|mark| *mark != ' ').or(Some(c));
            } else {
                break;
            }
            at = next;
        }
    }

    fn take(
        &mut self,
        value: u8,
        (start, end): (usize, usize),
        (open, mark): (&mut bool, Option<char>),
    ) {
        let first = self.digits.len();
        self.digits.push(value);
        match self.groups.last_mut() {
            Some(group) if *open => {
                group.length += 1;
                group.end = end;
            }
            _ => self.groups.push(Group {
                first,
                length: 1,
                start,
                end,
                mark,
            }),
        }
        *open = true;
    }

    /// Tells what the run holds. Returns where to go on.
    pub(crate) fn judge(&self, text: &Text<'_>, context: Context, found: &mut Vec<Span>) -> usize {
        let Some(first) = self.groups.first() else {
            return self.end;
        };
        let before = text.char_before(self.plus.unwrap_or(first.start));
        let mut from = 0;
        if self.plus.is_none() && before.is_some_and(|(c, _)| is_word(c) || c == '@') {
            if let Some(end) = iban::at(text, first.start, found) {
                return end;
            }
            // The first group is a part of a word; what follows it may stand for itself.
            from = 1;
        }
        while from < self.groups.len() {
            from += self.best(text, context, (from, found)).max(1);
        }
        self.end
    }

    /// Tells the surest number that begins with a group. Returns how many groups it has.
    fn best(
        &self,
        text: &Text<'_>,
        context: Context,
        (from, found): (usize, &mut Vec<Span>),
    ) -> usize {
        let rest = self.groups.get(from..).unwrap_or_default();
        if self.is_date(rest) {
            return 3;
        }
        let (mut digits, mut count) = ([0; MOST], 0);
        let (mut lengths, mut groups) = ([0; MOST], 0);
        let mut best: Option<(Span, usize)> = None;
        let plus = self.plus.filter(|_| from == 0);
        let start = plus.or_else(|| rest.first().map(|group| group.start));
        for (place, group) in rest.iter().enumerate() {
            if self.is_trunk((plus.is_some() && place > 0, group), text) {
                continue;
            }
            let values = self.digits.get(group.first..group.first + group.length);
            let Some(room) = digits.get_mut(count..count + group.length) else {
                break;
            };
            room.copy_from_slice(values.unwrap_or_default());
            if let Some(length) = lengths.get_mut(groups) {
                *length = group.length;
            }
            (count, groups) = (count + group.length, groups + 1);
            let number = Number {
                digits: digits.get(..count).unwrap_or_default(),
                groups: lengths.get(..groups).unwrap_or_default(),
                plus: plus.is_some(),
                start: start.unwrap_or(group.start),
                end: group.end,
            };
            if count < FEWEST || !self.ends(text, from + place) {
                continue;
            }
            if let Some(span) = number.judge(text, context)
                && best.is_none_or(|(held, _)| held.confidence <= span.confidence)
            {
                best = Some((span, place + 1));
            }
        }
        found.extend(best.map(|(span, _)| with_parenthesis(text, span)));
        best.map_or(0, |(_, groups)| groups)
    }

    /// Whether three groups are a date: a day, a month and a year, with one mark between them.
    fn is_date(&self, groups: &[Group]) -> bool {
        let [first, second, third, ..] = groups else {
            return false;
        };
        let lengths = (first.length, second.length, third.length);
        let year = match lengths {
            (1 | 2, 1 | 2, 4) => third,
            (4, 1 | 2, 1 | 2) => first,
            _ => return false,
        };
        let value = |group: &Group| {
            let digits = self.digits.get(group.first..group.first + group.length);
            let digits = digits.unwrap_or_default();
            digits
                .iter()
                .fold(0, |value, digit| value * 10 + u32::from(*digit))
        };
        let in_a_year = |group: &Group| (1..=31).contains(&value(group));
        second.mark == third.mark
            && matches!(second.mark, Some('/' | '.' | '-'))
            && (1900..2100).contains(&value(year))
            && in_a_year(second)
            && [first, third].iter().any(|group| in_a_year(group))
    }

    /// Whether a number can end with this group.
    fn ends(&self, text: &Text<'_>, group: usize) -> bool {
        let last = group + 1 == self.groups.len();
        !last
            || text
                .char_at(self.end)
                .is_none_or(|(c, _)| !is_word(c) && c != '@')
    }

    /// Whether a group is the zero that some write in parentheses behind a calling code.
    fn is_trunk(&self, (abroad, group): (bool, &Group), text: &Text<'_>) -> bool {
        let zero = self.digits.get(group.first) == Some(&0);
        abroad
            && zero
            && group.length == 1
            && text.char_before(group.start).is_some_and(|(c, _)| c == '(')
            && text.char_at(group.end).is_some_and(|(c, _)| c == ')')
    }
}

impl Number<'_> {
    fn judge(&self, text: &Text<'_>, context: Context) -> Option<Span> {
        let place = (self.start, self.end);
        let near = |words| words::near(text, place, words);
        let mut best = (Kind::Phone, self.phone(text, context, place));
        if !self.plus && card::is_card(self.digits) {
            let written = match self.groups {
                [4, 4, 4, 4] | [4, 6, 5] => 85,
                [_] => 70,
                _ => 45,
            };
            let sure = surer(
                written,
                (
                    near(words::CARD),
                    words::before(text, self.start, words::THING),
                ),
            );
            best = max(best, (Kind::PaymentCard, sure));
        }
        if !self.plus && identity::is_south_african(self.digits) {
            let written = match self.groups {
                [_] | [6, 4, 3] | [6, 4, 2, 1] | [6, 4, 1, 2] | [6, 4, 1, 1, 1] => 80,
                _ => 45,
            };
            let sure = surer(
                written,
                (
                    near(words::IDENTITY),
                    words::before(text, self.start, words::THING),
                ),
            );
            best = max(best, (Kind::SouthAfricanId, sure));
        }
        let (kind, confidence) = best;
        (LEAST <= confidence).then_some(Span {
            kind,
            start: self.start,
            len: self.end - self.start,
            confidence,
        })
    }

    fn phone(&self, text: &Text<'_>, context: Context, place: (usize, usize)) -> u8 {
        let sure = phone::confidence(self.digits, self.plus, self.groups, context.region);
        if sure == 0 || self.plus {
            return sure;
        }
        let thing = words::before(text, self.start, words::THING);
        // Only what is in doubt needs the words.
        if !thing && LEAST <= sure {
            return sure;
        }
        surer(sure, (words::near(text, place, words::PHONE), thing))
    }
}

/// The same with the parenthesis before it that is closed within.
fn with_parenthesis(text: &Text<'_>, span: Span) -> Span {
    let closed = text.slice(span.start, span.end()).contains(')');
    match text.char_before(span.start) {
        Some(('(', start)) if closed => Span {
            start,
            len: span.end() - start,
            ..span
        },
        _ => span,
    }
}

fn max(left: (Kind, u8), right: (Kind, u8)) -> (Kind, u8) {
    if left.1 < right.1 { right } else { left }
}

/// What the words around a number make of it.
const fn surer(sure: u8, (hinted, thing): (bool, bool)) -> u8 {
    let sure = if hinted { sure + 15 } else { sure };
    if sure > 100 {
        return 100;
    }
    match (hinted, thing) {
        (false, true) => sure.saturating_sub(25),
        _ => sure,
    }
}

/// Where a `+` stands before the first digit, perhaps with a parenthesis or a mark between.
fn plus_before(text: &Text<'_>, start: usize) -> Option<usize> {
    let mut at = start;
    for _ in 0..GAP {
        let (c, before) = text.char_before(at)?;
        if is_plus(c) {
            return Some(before);
        }
        if !is_invisible(c) && !matches!(c, '(' | ' ') {
            return None;
        }
        at = before;
    }
    None
}

/// What people write between the digits of one number.
const fn is_between(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{a0}'
            | '\u{2007}'
            | '\u{2009}'
            | '\u{202f}'
            | '\u{3000}'
            | '-'
            | '.'
            | '/'
            | '('
            | ')'
            | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}'
    )
}
