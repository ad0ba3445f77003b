//! The lines of the note, in the order in which they have to come.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::erasure::AtMeta;
use domain::erasure::EraseReason;
use domain::ids::ErasureId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;
use domain::time::Timestamp;
use store::erasure_proof::ErasureFacts;
use store::erasure_proof::ErasureProof;
use tlog::Hash;

use super::ErasureNote;
use super::Horizon;
use super::KIND;
use super::Kept;
use crate::certificate::Lines;

/// What stands where there is nothing.
const NOTHING: &str = "-";

pub(super) fn text(note: &ErasureNote) -> String {
    let facts = &note.facts;
    let mut out = format!(
        "{KIND}\nlog: {}\norganisation: {}\nerasure: {}\nperson: {}\nrequest: {}\nreason: {}\n\
         classes: {}\nkeys: {}\nidentifiers: {}\nsuppressed: {}\nepoch: {}\nmedia-at-meta: {}\n\
         contact-at-meta: {}\nerased-at: {}\nswept: {}\nrows: {}\nobjects: {}\nhorizon: {}\n",
        note.origin,
        line(&note.organisation),
        facts.id,
        facts.subject,
        facts.request.map_or_else(nothing, |id| id.to_string()),
        facts.reason.name(),
        classes(facts.classes),
        facts.keys,
        facts.identifiers,
        facts.suppressed,
        facts.epoch,
        facts.media_at_meta.name(),
        facts.contact_at_meta.name(),
        facts.at,
        note.swept,
        note.removed.0,
        note.removed.1,
        horizon(note.horizon),
    );
    for kept in &note.kept {
        let until = instant(kept.until);
        let _ = writeln!(out, "kept: {} {until} {}", kept.class, line(&kept.rule));
    }
    for (name, acknowledged) in &note.recipients {
        let _ = writeln!(out, "recipient: {} {}", instant(*acknowledged), line(name));
    }
    let proof = &note.proof;
    let _ = write!(
        out,
        "made: {}\nsalt: {}\nentry: {}\nrow: {} of {}\n",
        note.made,
        STANDARD.encode(proof.salt),
        String::from_utf8_lossy(&proof.entry),
        proof.index,
        proof.count,
    );
    for hash in &proof.path {
        let _ = writeln!(out, "row-path: {hash}");
    }
    let _ = write!(
        out,
        "position: {}\nsize: {}\nroot: {}\n",
        note.position, note.size, note.root
    );
    for hash in &note.path {
        let _ = writeln!(out, "path: {hash}");
    }
    out
}

pub(super) fn read(text: &str) -> Option<ErasureNote> {
    let mut lines = Lines::new(text.strip_prefix(KIND)?.strip_prefix('\n')?);
    let origin = lines.text("log")?;
    let organisation = lines.text("organisation")?;
    let facts = facts(&mut lines)?;
    let swept = lines.value("swept")?;
    let removed = (lines.value("rows")?, lines.value("objects")?);
    let horizon = read_horizon(&lines.text("horizon")?)?;
    let kept = lines.each("kept");
    let kept: Option<Vec<Kept>> = kept.iter().map(|text| read_kept(text)).collect();
    let recipients = lines.each("recipient");
    let recipients = recipients.iter().map(|text| {
        let (at, name) = text.split_once(' ')?;
        Some((name.to_owned(), read_instant(at).ok()?))
    });
    let recipients: Option<Vec<_>> = recipients.collect();
    let made = lines.value("made")?;
    let proof = read_proof(&mut lines)?;
    let position = lines.value("position")?;
    let (size, root) = (lines.value("size")?, lines.value("root")?);
    Some(ErasureNote {
        origin,
        organisation,
        facts,
        proof,
        swept,
        removed,
        horizon,
        kept: kept?,
        recipients: recipients?,
        made,
        position,
        size,
        root,
        path: lines.rest("path")?,
    })
}

fn facts(lines: &mut Lines<'_>) -> Option<ErasureFacts> {
    let id = ErasureId(lines.value("erasure")?);
    let subject = SubjectId(lines.value("person")?);
    let request = lines.text("request")?;
    let request = match request.as_str() {
        NOTHING => None,
        id => Some(RequestId(id.parse().ok()?)),
    };
    Some(ErasureFacts {
        id,
        subject,
        request,
        reason: EraseReason::from_name(&lines.text("reason")?)?,
        classes: read_classes(&lines.text("classes")?)?,
        keys: lines.value("keys")?,
        identifiers: lines.value("identifiers")?,
        suppressed: lines.value("suppressed")?,
        epoch: lines.value("epoch")?,
        media_at_meta: at_meta(&lines.text("media-at-meta")?)?,
        contact_at_meta: at_meta(&lines.text("contact-at-meta")?)?,
        at: lines.value("erased-at")?,
    })
}

fn read_proof(lines: &mut Lines<'_>) -> Option<ErasureProof> {
    let salt = STANDARD.decode(lines.text("salt")?).ok()?;
    let entry = lines.text("entry")?.into_bytes();
    let row = lines.text("row")?;
    let (index, count) = row.split_once(" of ")?;
    let path = lines.each("row-path");
    let path: Option<Vec<Hash>> = path.iter().map(|hash| hash.parse().ok()).collect();
    Some(ErasureProof {
        salt: salt.try_into().ok()?,
        entry,
        index: index.parse().ok()?,
        count: count.parse().ok()?,
        path: path?,
    })
}

fn at_meta(name: &str) -> Option<AtMeta> {
    let all = [AtMeta::Nothing, AtMeta::Deleted, AtMeta::NotTold];
    all.into_iter().find(|one| one.name() == name)
}

fn classes(classes: RecordClasses) -> String {
    let names: Vec<&str> = classes.iter().map(RecordClass::name).collect();
    if names.is_empty() {
        return nothing();
    }
    names.join(" ")
}

fn read_classes(text: &str) -> Option<RecordClasses> {
    if text == NOTHING {
        return Some(RecordClasses::default());
    }
    text.split(' ').map(RecordClass::from_name).collect()
}

fn horizon(horizon: Horizon) -> String {
    match horizon {
        Horizon::Expected(at) => format!("expected {at}"),
        Horizon::Open => "open".to_owned(),
        Horizon::Reached(at) => format!("reached {at}"),
    }
}

fn read_horizon(text: &str) -> Option<Horizon> {
    if text == "open" {
        return Some(Horizon::Open);
    }
    let (word, at) = text.split_once(' ')?;
    let at = at.parse().ok()?;
    match word {
        "expected" => Some(Horizon::Expected(at)),
        "reached" => Some(Horizon::Reached(at)),
        _ => None,
    }
}

fn read_kept(text: &str) -> Option<Kept> {
    let (class, rest) = text.split_once(' ')?;
    let (until, rule) = rest.split_once(' ')?;
    Some(Kept {
        class: RecordClass::from_name(class)?.name().to_owned(),
        rule: rule.to_owned(),
        until: read_instant(until).ok()?,
    })
}

fn instant(at: Option<Timestamp>) -> String {
    at.map_or_else(nothing, |at| at.to_string())
}

/// An instant, or nothing; the error is a text that is neither.
fn read_instant(text: &str) -> Result<Option<Timestamp>, ()> {
    match text {
        NOTHING => Ok(None),
        at => at.parse().map(Some).map_err(drop),
    }
}

fn nothing() -> String {
    NOTHING.to_owned()
}

/// A name on one line that is not empty.
fn line(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = text.trim();
    if text.is_empty() {
        nothing()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use domain::erasure::AtMeta;
    use domain::erasure::EraseReason;
    use domain::ids::ErasureId;
    use domain::ids::RequestId;
    use domain::ids::SubjectId;
    use domain::record_class::RecordClass;
    use domain::record_class::RecordClasses;
    use domain::time::Timestamp;
    use proptest::prelude::*;
    use store::erasure_proof::ErasureFacts;
    use store::erasure_proof::ErasureProof;

    use super::super::ErasureNote;
    use super::super::Horizon;
    use super::super::Kept;
    use super::read;
    use super::text;

    fn note() -> ErasureNote {
        let at = Timestamp::from_seconds(1_800_000_000);
        ErasureNote {
            origin: "example.com/log".to_owned(),
            organisation: "Kaapse Koffie".to_owned(),
            facts: ErasureFacts {
                id: ErasureId(7),
                subject: SubjectId(12),
                request: Some(RequestId(3)),
                reason: EraseReason::Requested,
                classes: RecordClasses::default().with(RecordClass::Profile),
                keys: 4,
                identifiers: 2,
                suppressed: 1,
                epoch: 5,
                media_at_meta: AtMeta::NotTold,
                contact_at_meta: AtMeta::Deleted,
                at,
            },
            proof: ErasureProof {
                salt: [5; 16],
                entry: br#"{"action":"subject.erased"}"#.to_vec(),
                index: 1,
                count: 3,
                path: vec![tlog::empty_root()],
            },
            swept: false,
            removed: (10, 1),
            horizon: Horizon::Expected(at),
            kept: vec![
                Kept {
                    class: "consent-proof".to_owned(),
                    rule: "za/retention-min/x".to_owned(),
                    until: Some(at),
                },
                Kept {
                    class: "conversation".to_owned(),
                    rule: "hold".to_owned(),
                    until: None,
                },
            ],
            recipients: vec![("Shop system".to_owned(), Some(at)), ("B".to_owned(), None)],
            made: at,
            position: 9,
            size: 10,
            root: tlog::empty_root(),
            path: vec![tlog::empty_root(), tlog::empty_root()],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let full = note();
        let mut least = full.clone();
        least.facts.request = None;
        least.facts.classes = RecordClasses::default();
        least.kept.clear();
        least.recipients.clear();
        least.proof.path.clear();
        least.path.clear();
        least.horizon = Horizon::Open;
        let mut reached = full.clone();
        reached.horizon = Horizon::Reached(full.made);
        for note in [full, least, reached] {
            assert_eq!(read(&text(&note)), Some(note));
        }
    }

    #[test]
    fn no_name_can_bring_a_line_of_its_own() {
        let mut held = note();
        held.organisation = "K\nperson: 13".to_owned();
        held.recipients = vec![("\r\nkeys: 9".to_owned(), None)];
        let read = read(&text(&held)).unwrap();
        assert_eq!(read.organisation, "Kperson: 13");
        assert_eq!(read.facts, held.facts);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(at in 0..60_usize, line in "\\PC{0,40}") {
            let whole = text(&note());
            let mut lines: Vec<&str> = whole.lines().collect();
            let at = at % lines.len();
            lines[at] = &line;
            let _ = read(&(lines.join("\n") + "\n"));
        }
    }
}
