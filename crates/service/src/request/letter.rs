//! The letters that steps call for. One that was not written because the process ended in between is
//! written at the next look.

use domain::letter::LetterState;
use domain::request::LetterKind;
use domain::request::RequestKind;
use letters::Facts;
use store::Reader;
use store::StoreError;
use store::request::RequestView;
use store::request::StepView;

use crate::Service;
use crate::ask;

/// Who takes steps in the chat, and is answered there.
const IN_CHAT: &str = "meta";

/// What there is to say about the newest step.
struct Due {
    kind: LetterKind,
    /// What was noted at the step.
    note: Option<String>,
}

impl Service {
    /// Writes the letter that the newest step calls for, if it was not. That it cannot be written holds
    /// nothing up but itself.
    pub(super) async fn write_missing(&self, view: &RequestView) {
        let written = self.write_due(view).await;
        if let Err(error) = written {
            tracing::warn!(case = view.id.0, %error, "a letter about a request was not written");
        }
    }

    async fn write_due(&self, view: &RequestView) -> Result<(), crate::LetterError> {
        // What is told with a deletion is told before it, and what with a package when there is one.
        let own = view.clone();
        let due = self.store.read(move |reader| due(reader, &own)).await?;
        let Some(due) = due else {
            return Ok(());
        };
        let facts = facts(view, &due);
        self.write_letter(view.id, due.kind, facts).await?;
        Ok(())
    }

    /// Whether a letter about a case still waits to go out.
    pub(super) async fn has_letter_waiting(&self, view: &RequestView) -> Result<bool, StoreError> {
        let id = view.id;
        let letters = self.store.read(move |reader| reader.letters(id)).await?;
        Ok(letters
            .iter()
            .any(|letter| letter.state == LetterState::Waiting))
    }
}

/// The letter that the newest step with one calls for, unless it is there.
fn due(reader: &Reader<'_>, view: &RequestView) -> Result<Option<Due>, StoreError> {
    if reader.is_erased(view.subject)? {
        return Ok(None);
    }
    let steps = reader.request_steps(view.id)?;
    let calling = steps
        .iter()
        .rev()
        .find_map(|step| Some((step, called(step)?)));
    let Some((step, kind)) = calling else {
        return Ok(None);
    };
    let told_elsewhere = kind == LetterKind::Completion && is_told_elsewhere(view.request.kind);
    if step.actor == IN_CHAT || told_elsewhere {
        return Ok(None);
    }
    let written = reader.letters(view.id)?;
    let is_there = written
        .iter()
        .any(|letter| letter.kind == kind && step.at <= letter.created_at);
    if is_there {
        return Ok(None);
    }
    let texts = reader.request_texts(view.id)?;
    let note = texts.and_then(|texts| {
        let found = texts.notes.into_iter().find(|(id, _)| *id == step.id);
        found.map(|(_, note)| note.to_string())
    });
    Ok(Some(Due { kind, note }))
}

/// Whoever is erased cannot be written to, and a copy of the data is told of when it is there.
const fn is_told_elsewhere(kind: RequestKind) -> bool {
    matches!(
        kind,
        RequestKind::Access | RequestKind::Deletion | RequestKind::Portability
    )
}

/// The letter a step calls for, by its name.
fn called(step: &StepView) -> Option<LetterKind> {
    let name = step.rule.split(' ').next()?.strip_prefix("request/")?;
    Some(match name {
        "acknowledge" => LetterKind::Acknowledgement,
        "ask-identity" => LetterKind::IdentityWanted,
        "ask-clarification" => LetterKind::ClarificationWanted,
        "extend" => LetterKind::Extension,
        "refuse" => LetterKind::Refusal,
        "fulfil-part" => LetterKind::PartialResult,
        "fulfil" => LetterKind::Completion,
        "expire" => LetterKind::Expiry,
        _ => return None,
    })
}

fn facts(view: &RequestView, due: &Due) -> Facts {
    let mut facts = Facts::default();
    let note = due.note.clone();
    match due.kind {
        LetterKind::ClarificationWanted => facts.question = note,
        LetterKind::IdentityWanted => {
            let asked = || ask::question(view.request.kind, &view.language).to_owned();
            facts.question = Some(note.unwrap_or_else(asked));
        }
        LetterKind::Extension | LetterKind::PartialResult | LetterKind::Refusal => {
            facts.reason = note;
        }
        LetterKind::Completion => facts.done = note,
        LetterKind::Acknowledgement | LetterKind::Expiry | LetterKind::PackageReady => {}
    }
    if due.kind == LetterKind::PartialResult {
        facts.provision.clone_from(&view.provision);
    }
    facts
}
