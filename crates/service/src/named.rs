//! People as apps name them outside messages: only those who are known on the number.

use domain::audit::Actor;
use domain::disclose;
use domain::disclose::Contract;
use domain::ids::AppId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::message::IdentityMode;
use domain::subject::Identifier;
use domain::subject::Restriction;
use domain::time::Timestamp;
use store::Reader;
use store::StoreError;
use store::operation::Recipient as To;
use whatsapp::error::GraphError;
use whatsapp::recipient::Recipient;

use crate::Caller;
use crate::Failure;
use crate::Service;
use crate::send::recipient;

impl Service {
    /// The subjects behind the names an app gives, in their order.
    ///
    /// # Errors
    /// Graph's 400 if any of them is nobody the app knows, or nobody with a thread on the number.
    pub(crate) async fn named(
        &self,
        caller: &Caller,
        number: NumberId,
        people: &[&Recipient],
    ) -> Result<Vec<SubjectId>, Failure> {
        let people: Vec<To> = people
            .iter()
            .map(|person| recipient(caller, person))
            .collect::<Result<_, _>>()?;
        let app = caller.app;
        let find = move |reader: &Reader<'_>| -> Result<Option<Vec<SubjectId>>, StoreError> {
            let mut found = Vec::with_capacity(people.len());
            for person in &people {
                match find(reader, app, person)? {
                    Some(subject) if has_thread(reader, subject, number)? => found.push(subject),
                    _ => return Ok(None),
                }
            }
            Ok(Some(found))
        };
        let found = self.store.read(find).await?;
        found.ok_or_else(|| {
            GraphError::invalid(
                "Somebody who was named is not known on this number; name people who have written \
                 to it, as this app knows them.",
            )
            .into()
        })
    }

    /// A subject's identifiers in clear, for a call to Meta or an answer to an app. That they were
    /// read, by which app and what for, is in the log before they are.
    pub(crate) async fn identified(
        &self,
        caller: &Caller,
        subject: SubjectId,
        what_for: &str,
    ) -> Result<Vec<Identifier>, StoreError> {
        let actor = Actor::App(caller.app);
        self.store
            .reveal((actor, subject), what_for, move |reader| {
                reader.identifiers(subject)
            })
            .await
    }
}

fn find(reader: &Reader<'_>, app: AppId, person: &To) -> Result<Option<SubjectId>, StoreError> {
    match person {
        To::Alias(alias) => reader.by_alias(app, alias),
        To::Group(_) => Ok(None),
        To::Identifier(identifier) => reader.find(identifier),
    }
}

fn has_thread(
    reader: &Reader<'_>,
    subject: SubjectId,
    number: NumberId,
) -> Result<bool, StoreError> {
    let threads = reader.conversations(subject)?;
    Ok(threads.iter().any(|thread| thread.number == number))
}

/// Somebody the app may be told of: how it knows the person, if it may know at all.
pub(crate) struct Shown {
    pub(crate) subject: SubjectId,
    /// The alias, for an app that knows people by alias.
    pub(crate) alias: Option<String>,
}

/// Whether, and how, an app that asks about a number may be told of somebody. Nobody the app does
/// not know already is shown to it: no alias is drawn for the occasion.
pub(crate) fn shown(
    reader: &Reader<'_>,
    (app, identity, now): (AppId, IdentityMode, Timestamp),
    number: NumberId,
    identifiers: &[Identifier],
) -> Result<Option<Shown>, StoreError> {
    let mut found = None;
    for identifier in identifiers {
        if found.is_none() {
            found = reader.find(identifier)?;
        }
    }
    let Some(subject) = found else {
        return Ok(None);
    };
    if !has_thread(reader, subject, number)? {
        return Ok(None);
    }
    let restricted = reader.subject(subject)?.and_then(|(_, since)| since);
    let restriction =
        restricted.map_or(Restriction::None, |since| Restriction::Restricted { since });
    let contract = Contract {
        active: true,
        covers_number: true,
        identity,
        sharing: reader.sharing(app, subject, now)?,
    };
    let Ok(leave) = disclose::decide(contract, restriction) else {
        return Ok(None);
    };
    Ok(match leave.identity() {
        IdentityMode::Real => Some(Shown {
            subject,
            alias: None,
        }),
        IdentityMode::Alias => reader.alias(app, subject)?.map(|alias| Shown {
            subject,
            alias: Some(alias),
        }),
    })
}
