//! Letters about what people ask for by right, as messages of our own.

use domain::audit::Actor;
use domain::decision::Outcome;
use domain::gate::Content;
use domain::ids::MessageId;
use domain::ids::SubjectId;

use super::Case;
use super::close;
use super::judge;
use super::own;
use crate::error::StoreError;
use crate::known::Known;
use crate::letter::LetterTemplate;
use crate::operation::Outgoing;
use crate::operation::Send;
use crate::question::Question;
use crate::question::gather;
use crate::tx::Tx;

/// A letter about what a person asked for by right, in the chat whose window was opened last. None is
/// written where it could not leave: then it goes another way.
pub(crate) fn letter(
    tx: &mut Tx<'_>,
    subject: SubjectId,
    body: &[u8],
) -> Result<Option<MessageId>, StoreError> {
    let mut known = Known::default();
    tx.look_up_subjects(&mut known, &[subject])?;
    let open = known.conversations.iter();
    let open = open.filter_map(|((_, number), held)| Some((held.opened_at?, *number)));
    let Some((_, number)) = open.max() else {
        return Ok(None);
    };
    let send = own(number, (Content::Letter, "letter"), body);
    let facts = gather(tx, &mut known, subject, &Question::of(&send))?;
    leave(tx, &mut known, (subject, &send), &Case::Message(facts))
}

/// The same letter where no window is open, as a template that leads to it: on the number that the person
/// wrote to last, else on any that they have a thread with. None is written where it could not leave.
pub(crate) fn letter_template(
    tx: &mut Tx<'_>,
    subject: SubjectId,
    templates: &[LetterTemplate],
) -> Result<Option<MessageId>, StoreError> {
    let mut known = Known::default();
    tx.look_up_subjects(&mut known, &[subject])?;
    let threads = known.conversations.iter();
    let threads = threads.map(|((_, number), held)| (held.opened_at, *number));
    let Some((_, number)) = threads.max() else {
        return Ok(None);
    };
    let registry = tx.registry();
    let account = registry.number(number).map(|number| &number.waba_id);
    let fits = |template: &&LetterTemplate| account == Some(&template.waba_id);
    let Some(template) = templates.iter().find(fits) else {
        return Ok(None);
    };
    let send = Send {
        content: Outgoing::Template {
            name: template.name.clone(),
            language: template.language.clone(),
        },
        ..own(number, (Content::Letter, "letter"), &template.body)
    };
    let mut facts = gather(tx, &mut known, subject, &Question::of(&send))?;
    if let Content::Template(entry) = facts.content {
        facts.content = Content::LetterTemplate(entry);
    }
    leave(tx, &mut known, (subject, &send), &Case::Message(facts))
}

/// Writes a message of our own with its decision, if it may leave now.
fn leave(
    tx: &mut Tx<'_>,
    known: &mut Known,
    (subject, send): (SubjectId, &Send),
    case: &Case,
) -> Result<Option<MessageId>, StoreError> {
    if case.decide(tx.now()).decision.outcome != Outcome::Allow {
        return Ok(None);
    }
    let mut own = tx.open_leaf()?;
    let judged = judge(tx, &mut own, known, (subject, send), case)?;
    close(tx, own, Actor::System, &judged.decision);
    tx.put_conversations(known);
    Ok(Some(judged.message))
}
