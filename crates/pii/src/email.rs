//! E-mail addresses as people write them: a local part, an at sign, a domain with a dot.

use crate::Kind;
use crate::Span;
use crate::text::Text;

/// The longest local part, in characters (RFC 5321 §4.5.3.1.1).
const LOCAL: usize = 64;
/// The longest domain, in characters (RFC 5321 §4.5.3.1.2).
const DOMAIN: usize = 255;

/// Looks at an at sign. Returns where to go on.
pub(crate) fn at(text: &Text<'_>, place: usize, found: &mut Vec<Span>) -> usize {
    let Some((_, behind)) = text.char_at(place) else {
        return place + 1;
    };
    let start = local(text, place);
    let Some(end) = domain(text, behind).filter(|_| start < place) else {
        return behind;
    };
    found.push(Span {
        kind: Kind::Email,
        start,
        len: end - start,
        confidence: 95,
    });
    end
}

/// Where the local part begins.
fn local(text: &Text<'_>, end: usize) -> usize {
    let mut start = end;
    for _ in 0..LOCAL {
        match text.char_before(start) {
            Some((c, before)) if c.is_alphanumeric() || "._%+-".contains(c) => start = before,
            _ => break,
        }
    }
    // A dot or hyphen before it ends a sentence or begins a list.
    while let Some((c, next)) = text.char_at(start)
        && start < end
        && !c.is_alphanumeric()
    {
        start = next;
    }
    start
}

/// Where the domain ends, if it is one: labels with dots between them, the last of letters.
fn domain(text: &Text<'_>, start: usize) -> Option<usize> {
    let (mut at, mut label, mut letters, mut dotted) = (start, 0, true, false);
    let (mut whole, mut current) = (None, None);
    for _ in 0..DOMAIN {
        let Some((c, next)) = text.char_at(at) else {
            break;
        };
        if c == '.' && label > 0 {
            whole = current.take().or(whole);
            (label, letters, dotted) = (0, true, true);
        } else if c.is_alphanumeric() || (c == '-' && label > 0) {
            label += 1;
            letters &= c.is_alphabetic();
            // `a@b.c0m` is no domain that ends in `c`, nor is `a@b.com-x` one that ends in `com`.
            current = (dotted && label >= 2 && letters).then_some(next);
        } else {
            break;
        }
        at = next;
    }
    current.or(whole)
}
