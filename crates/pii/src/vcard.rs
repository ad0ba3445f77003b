//! Cards of an address book (RFC 6350): everything from `BEGIN:VCARD` to `END:VCARD`.

use crate::Kind;
use crate::Span;
use crate::text::Text;

const BEGIN: &str = "begin";
const END: &str = "end:vcard";
const WHAT: &str = "vcard";

/// Looks at a colon. Returns where to go on.
pub(crate) fn at(text: &Text<'_>, colon: usize, found: &mut Vec<Span>) -> usize {
    let behind = colon + 1;
    let same = |part: &str, wanted: &str| part.eq_ignore_ascii_case(wanted);
    let start = colon.saturating_sub(BEGIN.len());
    if !same(text.slice(start, colon), BEGIN)
        || !same(text.slice(behind, behind + WHAT.len()), WHAT)
    {
        return behind;
    }
    let rest = text.after(behind, usize::MAX);
    let end = ends(rest).map_or(behind + rest.len(), |end| behind + end);
    found.push(Span {
        kind: Kind::ContactCard,
        start,
        len: end - start,
        confidence: 100,
    });
    end
}

/// Where the card ends; one that is cut off goes on to the end of the text.
fn ends(rest: &str) -> Option<usize> {
    let windows = rest.as_bytes().windows(END.len());
    let mut places = windows.enumerate();
    let found = places.find(|(_, window)| window.eq_ignore_ascii_case(END.as_bytes()))?;
    Some(found.0 + END.len())
}
