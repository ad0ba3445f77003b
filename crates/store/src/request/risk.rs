//! What makes a mistake about who asks cost more.

use domain::ids::SubjectId;
use domain::person::TraitKind;
use domain::request::identity::OLD;
use domain::request::identity::RECENT_CHANGE;
use domain::request::identity::Risk;
use domain::subject::IdentifierKind;
use domain::subject::LinkKind;

use crate::erase::same_person;
use crate::error::StoreError;
use crate::tx::Tx;

pub(super) fn risk(tx: &mut Tx<'_>, subject: SubjectId) -> Result<Risk, StoreError> {
    let mut risk = Risk::default();
    for own in same_person(tx.connection, subject)? {
        risk.recent_change |= changed(tx, own)?;
        risk.old |= is_old(tx, own)?;
        risk.special |= is_special(tx, own)?;
    }
    Ok(risk)
}

/// Whether a number or BSUID of theirs ended, was added to what was known before, or was taken over
/// from somebody else, a short while ago. Whoever just wrote in for the first time changed nothing.
fn changed(tx: &Tx<'_>, subject: SubjectId) -> Result<bool, StoreError> {
    let since = (tx.now() - RECENT_CHANGE).micros();
    let (phone, bsuid) = (IdentifierKind::Phone.code(), IdentifierKind::Bsuid.code());
    let sql = "SELECT 1 FROM identifiers i JOIN subjects s ON s.id = i.subject_id \
               WHERE i.subject_id = $1 AND i.kind IN ($2, $3) \
               AND (i.ended_at > $4 OR (i.added_at > $4 AND i.added_at > s.created_at \
               AND EXISTS (SELECT 1 FROM identifiers j WHERE j.subject_id = i.subject_id \
               AND j.kind = i.kind AND j.id < i.id))) LIMIT 1";
    let mut statement = tx.connection.prepare_cached(sql)?;
    if statement.exists((subject.0, phone, bsuid, since))? {
        return Ok(true);
    }
    let sql = "SELECT 1 FROM subject_links WHERE to_subject = $1 AND kind = $2 AND at > $3 \
               LIMIT 1";
    let mut statement = tx.connection.prepare_cached(sql)?;
    Ok(statement.exists((subject.0, LinkKind::Successor.code(), since))?)
}

fn is_old(tx: &Tx<'_>, subject: SubjectId) -> Result<bool, StoreError> {
    // The quarters of the keys tell since when there is something, at no cost.
    let before = (tx.now() - OLD).quarter();
    let sql = "SELECT 1 FROM data_keys WHERE subject_id = $1 AND quarter < $2 LIMIT 1";
    let mut statement = tx.connection.prepare_cached(sql)?;
    Ok(statement.exists((subject.0, before.0))?)
}

fn is_special(tx: &mut Tx<'_>, subject: SubjectId) -> Result<bool, StoreError> {
    let traits = tx.traits(subject)?;
    let said = |held: &crate::person::Trait| {
        held.kind == TraitKind::Special && held.value.as_str() == "yes"
    };
    if traits.iter().any(said) {
        return Ok(true);
    }
    let registry = tx.registry();
    let special = registry.purposes.iter();
    let special = special.filter(|entry| entry.purpose.terms.special);
    for entry in special {
        let sql = "SELECT 1 FROM decisions WHERE subject_id = $1 AND purpose_id = $2 \
                   UNION SELECT 1 FROM consent_events WHERE subject_id = $1 AND purpose_id = $2";
        let mut statement = tx.connection.prepare_cached(sql)?;
        if statement.exists((subject.0, entry.purpose.id.0))? {
            return Ok(true);
        }
    }
    Ok(false)
}
