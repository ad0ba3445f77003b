//! Whose data a package holds, and the conversations they stand in.

use std::collections::HashSet;

use domain::ids::ConversationId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::subject::IdentifierKind;
use pii::Context;
use pii::Region;
use serde_json::Value;
use store::Reader;
use store::StoreError;
use store::package::FullMessage;
use store::package::PackageView;

use crate::Service;

/// A person with everything they are known by.
pub(super) struct Source {
    /// The subjects that are this person.
    pub(super) subjects: Vec<SubjectId>,
    /// Their conversations, and those of groups they are in.
    pub(super) threads: Vec<Thread>,
    /// How numbers are written where the organisation is.
    pub(super) context: Context,
    own: HashSet<String>,
    /// The person's ids on the wire: numbers without `+`, BSUIDs.
    wire: HashSet<String>,
}

/// What is done with each segment of a thread.
pub(super) type Each<'e, E> = dyn FnMut(&Thread, &[FullMessage]) -> Result<(), E> + 'e;

/// A conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thread {
    pub(super) id: ConversationId,
    pub(super) number: NumberId,
    /// Its newest message.
    last: MessageId,
    /// Whether it is that of a group, where only what the person wrote and what the organisation wrote
    /// is the person's.
    pub(super) is_group: bool,
}

impl Source {
    pub(super) fn read(service: &Service, package: &PackageView) -> Result<Self, StoreError> {
        let country = service.settings.country.clone();
        let subject = package.subject;
        service.store.read_now(|reader| {
            let subjects = reader.same_person(subject)?;
            let (mut own, mut wire) = (HashSet::new(), HashSet::new());
            for one in &subjects {
                let held = reader.identifier_history(*one)?;
                own.extend(
                    held.iter()
                        .map(|held| held.identifier.value().to_lowercase()),
                );
                let others = held
                    .iter()
                    .filter(|held| held.identifier.kind() != IdentifierKind::Email);
                wire.extend(others.map(|held| {
                    let value = held.identifier.value();
                    value.trim_start_matches('+').to_owned()
                }));
            }
            own.extend(reader.registry().numbers.iter().map(|number| {
                let digits = number.display.chars().filter(char::is_ascii_digit);
                std::iter::once('+').chain(digits).collect()
            }));
            Ok(Self {
                threads: threads(reader, &subjects)?,
                subjects,
                context: Context {
                    region: Region::of(&country),
                },
                own,
                wire,
            })
        })
    }

    /// Whether a canonical value is the person's own, or the organisation's.
    pub(super) fn is_own(&self, value: &str) -> bool {
        self.own.contains(value)
    }

    /// Whether a message of a thread is part of the package. In a group, what other members wrote is
    /// theirs.
    pub(super) fn holds(&self, thread: &Thread, content: &Value) -> bool {
        if !thread.is_group {
            return true;
        }
        let Some(message) = content.get("message") else {
            return true;
        };
        let from = ["from", "from_user_id"].iter();
        from.filter_map(|member| message.get(member)?.as_str())
            .any(|from| self.wire.contains(from))
    }
}

fn threads(reader: &Reader<'_>, subjects: &[SubjectId]) -> Result<Vec<Thread>, StoreError> {
    let mut threads = Vec::new();
    for subject in subjects {
        let groups = reader.groups_of(*subject)?;
        let groups = groups.into_iter().map(|group| (group, true));
        for (whose, is_group) in std::iter::once((*subject, false)).chain(groups) {
            for conversation in reader.conversations(whose)? {
                threads.extend(conversation.last_message.map(|last| Thread {
                    id: conversation.id,
                    number: conversation.number,
                    last,
                    is_group,
                }));
            }
        }
    }
    threads.sort_unstable_by_key(|thread| thread.id);
    threads.dedup_by_key(|thread| thread.id);
    Ok(threads)
}

impl Service {
    /// Walks through the messages of a package, thread after thread and oldest first, a segment at a
    /// time. What came in after the package was asked for is not in it.
    pub(super) fn walk<E: From<StoreError>>(
        &self,
        package: &PackageView,
        source: &Source,
        each: &mut Each<'_, E>,
    ) -> Result<(), E> {
        for thread in &source.threads {
            let mut heads = Vec::new();
            let last = thread.last;
            let mut next = self.store.read_now(|reader| reader.standing(last))?;
            while let Some(head) = next {
                heads.push(head);
                next = self.store.read_now(|reader| reader.segment_before(head))?;
            }
            for head in heads.into_iter().rev() {
                let mut messages = self.store.read_now(|reader| reader.segment(head))?;
                messages.retain(|message| message.at <= package.created);
                if !messages.is_empty() {
                    each(thread, &messages)?;
                }
            }
        }
        Ok(())
    }
}

/// What a message says as JSON; an outbound one, and one from before, are their bodies.
pub(super) fn parsed(message: &FullMessage) -> Value {
    let content = message.content.as_deref().map(Vec::as_slice);
    let parsed = content.and_then(|content| serde_json::from_slice(content).ok());
    parsed.unwrap_or(Value::Null)
}
