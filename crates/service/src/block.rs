//! Blocking people, and who is blocked.
//!
//! Whoever is blocked cannot write in any more, not even to stop: it is no way to honour a stop.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::AppScope;
use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::NumberId;
use domain::message::IdentityMode;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use http::Method;
use seal::Place;
use seal::RecordKind;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use store::Reader;
use store::registry::Number;
use whatsapp::Text;
use whatsapp::error::GraphError;
use whatsapp::outbound::BlockBody;
use whatsapp::outbound::BlockEntry;
use whatsapp::outbound::parse_block_body;
use whatsapp::recipient::E164;
use whatsapp::recipient::Recipient;
use whatsapp::response::AnsweredPerson;
use whatsapp::response::BlockAnswer;
use whatsapp::response::BlockedPerson;
use whatsapp::response::Outcome;
use whatsapp::response::parse_block;
use whatsapp::response::parse_blocked_page;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::Service;
use crate::named::Shown;
use crate::named::shown;
use crate::send::mapped;
use crate::send::real;

/// Meta's code for a call that failed for some of the people or for all.
const PARTLY: u32 = 139_100;
/// The most people of one page.
const PAGE: usize = 100;
/// The place of a cursor among an app's secrets.
const CURSOR: u8 = 2;

/// Which way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Blocking {
    /// `POST`: they cannot write in from now on.
    Block,
    /// `DELETE`: they can again.
    Unblock,
}

impl Blocking {
    const fn method(self) -> Method {
        match self {
            Self::Block => Method::POST,
            Self::Unblock => Method::DELETE,
        }
    }

    /// Meta's name for the list of those for whom it was done.
    const fn done(self) -> &'static str {
        match self {
            Self::Block => "added_users",
            Self::Unblock => "removed_users",
        }
    }

    /// What the log is told, before Meta is.
    const fn leaf(self) -> (Action, &'static str) {
        match self {
            Self::Block => (Action::PersonBlocked, "block/app"),
            Self::Unblock => (Action::PersonUnblocked, "unblock/app"),
        }
    }

    /// What the log says it was for; sealed.
    const fn what_for(self) -> &'static str {
        match self {
            Self::Block => "an app blocks the person at WhatsApp",
            Self::Unblock => "an app unblocks the person at WhatsApp",
        }
    }
}

/// Which page of a list.
#[derive(Clone, Copy, Debug, Default)]
pub struct PageQuery<'a> {
    /// How many entries at the most.
    pub limit: Option<usize>,
    /// Behind this cursor.
    pub after: Option<&'a str>,
    /// Before this cursor.
    pub before: Option<&'a str>,
}

impl Service {
    /// `POST` and `DELETE /{phone-number-id}/block_users`.
    ///
    /// A caller who goes away does not cancel it.
    ///
    /// # Errors
    /// Graph's 400 for a body that is not right or names somebody the app does not know: then nothing
    /// is done for anybody. What Meta refuses.
    pub async fn set_blocked(
        self: &Arc<Self>,
        caller: &Caller,
        phone_number_id: &str,
        body: &[u8],
        blocking: Blocking,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Block)?;
        let number = self.number(caller, phone_number_id)?;
        let asked = parse_block_body(body).map_err(|error| error.graph())?;
        let addresses = self.addresses(caller, &number, &asked, blocking).await?;
        let body = BlockBody::to_upstream(&addresses);
        let url = self.graph(&[&number.phone_number_id, "block_users"]);
        let service = Arc::clone(self);
        let call = self.tasks.spawn(async move {
            let what = (blocking.method(), &url);
            service
                .change_at_meta(what, &number.phone_number_id, Some(body))
                .await
        });
        let response = call.await.map_err(|_| Failure::unavailable())??;
        let Ok(outcomes) = parse_block(&response.body) else {
            return Err(if response.status.is_success() {
                Failure::unclear()
            } else {
                mapped(&response)
            });
        };
        Ok(answer(&asked.people, &addresses, &outcomes, blocking))
    }

    /// Where Meta reaches those who were named, once the log says what is to be done to them.
    async fn addresses(
        &self,
        caller: &Caller,
        number: &Number,
        asked: &BlockBody,
        blocking: Blocking,
    ) -> Result<Vec<Recipient>, Failure> {
        let people: Vec<&Recipient> = asked.people.iter().map(|entry| &entry.person).collect();
        let subjects = self.named(caller, number.id, &people).await?;
        let mut addresses = Vec::with_capacity(subjects.len());
        for (subject, entry) in subjects.into_iter().zip(&asked.people) {
            let what_for = blocking.what_for();
            let identifiers = self.identified(caller, subject, what_for).await?;
            let address = match caller.identity {
                IdentityMode::Real => Some(entry.person.clone()),
                IdentityMode::Alias => real(&identifiers),
            };
            let address = address.ok_or_else(|| {
                GraphError::invalid("Somebody who was named has no address at WhatsApp.")
            })?;
            addresses.push((subject, address));
        }
        let mut told = Vec::with_capacity(addresses.len());
        for (subject, address) in addresses {
            let (action, rule) = blocking.leaf();
            let leaf = (Actor::App(caller.app), action, rule);
            let detail = format!("number {}", number.id);
            self.store.note(leaf, Some(subject), detail).await?;
            told.push(address);
        }
        Ok(told)
    }

    /// `GET /{phone-number-id}/block_users`: of those who are blocked, the people the app knows.
    ///
    /// # Errors
    /// Graph's 400 for a cursor that is not one of this list; what Meta refuses.
    pub async fn blocked(
        &self,
        caller: &Caller,
        phone_number_id: &str,
        page: PageQuery<'_>,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Block)?;
        let number = self.number(caller, phone_number_id)?;
        let mut url = self.graph(&[&number.phone_number_id, "block_users"]);
        let limit = page.limit.map(|limit| limit.clamp(1, PAGE));
        if let Some(limit) = limit {
            url.query_pairs_mut()
                .append_pair("limit", &limit.to_string());
        }
        for (name, cursor) in [("after", page.after), ("before", page.before)] {
            if let Some(cursor) = cursor {
                let opened = self.open_cursor(caller, number.id, cursor);
                let opened = opened.ok_or_else(|| {
                    GraphError::of(131_059, "The cursor is not one of this list; begin anew.")
                })?;
                url.query_pairs_mut().append_pair(name, &opened);
            }
        }
        let body = self.fetch_from_meta(&url, &number.phone_number_id).await?;
        let listed = parse_blocked_page(&body).map_err(|_| Failure::unavailable())?;
        let data = self.listed(caller, number.id, listed.people).await?;
        let cursor = |cursor: Option<&str>| self.seal_cursor(caller, number.id, cursor?);
        let (before, after) = (
            cursor(listed.before.as_deref()),
            cursor(listed.after.as_deref()),
        );
        let mut paging = Map::new();
        let mut cursors = Map::new();
        for (name, link, there, cursor) in [
            ("before", "previous", listed.has_previous, before),
            ("after", "next", listed.has_next, after),
        ] {
            let Some(cursor) = cursor else { continue };
            if there {
                let mut query = vec![(name, cursor.clone())];
                query.extend(limit.map(|limit| ("limit", limit.to_string())));
                let link_to = self.at_gateway(&[&number.phone_number_id, "block_users"], &query);
                paging.insert(link.to_owned(), link_to.into());
            }
            cursors.insert(name.to_owned(), cursor.into());
        }
        paging.insert("cursors".to_owned(), Value::Object(cursors));
        Ok(Answer::json(&json!({"data": data, "paging": paging})))
    }

    /// The entries of a list as the app may see them; who it may not know is left out.
    async fn listed(
        &self,
        caller: &Caller,
        number: NumberId,
        people: Vec<BlockedPerson>,
    ) -> Result<Vec<Value>, Failure> {
        let who = (caller.app, caller.identity, self.store.clock().now());
        let look = move |reader: &Reader<'_>| {
            let mut found: Vec<(Shown, BlockedPerson)> = Vec::new();
            for person in people {
                if let Some(shown) = shown(reader, who, number, &identifiers(&person))? {
                    found.push((shown, person));
                }
            }
            Ok(found)
        };
        let found = self.store.read(look).await?;
        let mut data = Vec::with_capacity(found.len());
        for (shown, person) in found {
            let what_for = "an app lists who is blocked at WhatsApp";
            self.identified(caller, shown.subject, what_for).await?;
            let mut entry = json!({"messaging_product": "whatsapp"});
            if let Some(entry) = entry.as_object_mut() {
                let ids = match shown.alias {
                    Some(alias) => vec![("user_id", Some(alias))],
                    None => vec![
                        ("wa_id", person.wa_id.map(Text::into_string)),
                        ("user_id", person.user_id.map(Text::into_string)),
                    ],
                };
                for (key, id) in ids {
                    entry.extend(id.map(|id| (key.to_owned(), Value::String(id))));
                }
            }
            data.push(entry);
        }
        Ok(data)
    }

    /// Meta's cursors may be made of numbers; an app gets them sealed for itself.
    fn seal_cursor(&self, caller: &Caller, number: NumberId, cursor: &str) -> Option<String> {
        let key = self.store.keyring().setting_key();
        let place = cursor_place(caller, number);
        let sealed = key.seal(self.store.random(), &place, cursor.as_bytes());
        sealed.ok().map(|sealed| URL_SAFE_NO_PAD.encode(sealed))
    }

    fn open_cursor(&self, caller: &Caller, number: NumberId, text: &str) -> Option<String> {
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let key = self.store.keyring().setting_key();
        let opened = key.open(&cursor_place(caller, number), &sealed).ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

const fn cursor_place(caller: &Caller, number: NumberId) -> Place {
    Place {
        record: RecordKind::Setting,
        field: CURSOR,
        id: caller.app.0.cast_unsigned(),
        key: number.0.cast_unsigned(),
    }
}

fn identifiers(person: &BlockedPerson) -> Vec<Identifier> {
    let phone = person.wa_id.as_deref().and_then(|wa_id| {
        let phone = E164::from_wa_id(wa_id).ok()?;
        let phone = phone.as_str().to_owned();
        Some(Identifier::new(IdentifierKind::Phone, phone))
    });
    let user_id = person
        .user_id
        .as_deref()
        .map(|id| Identifier::new(IdentifierKind::Bsuid, id.to_owned()));
    user_id.into_iter().chain(phone).collect()
}

/// Everybody the app named, as it named them, with what became of each. Whom Meta does not speak of
/// counts as failed.
fn answer(
    asked: &[BlockEntry],
    addresses: &[Recipient],
    outcomes: &[(Text<'static>, Outcome)],
    blocking: Blocking,
) -> Answer {
    let plain = |text: &str| text.trim_start_matches('+').to_owned();
    let outcome = |address: &Recipient| {
        let sent = plain(address.as_str());
        let mut found = outcomes.iter().filter(|(input, _)| plain(input) == sent);
        found
            .next()
            .map_or(Outcome::Failed(PARTLY), |(_, outcome)| *outcome)
    };
    let answers: Vec<BlockAnswer<'_>> = asked
        .iter()
        .zip(addresses)
        .map(|(entry, address)| BlockAnswer {
            input: &entry.input,
            person: match &entry.person {
                Recipient::Phone(phone) => AnsweredPerson::WaId(phone.wa_id()),
                Recipient::Scoped(id) => AnsweredPerson::UserId(id.as_str()),
            },
            outcome: outcome(address),
        })
        .collect();
    let body = json!({
        "messaging_product": "whatsapp",
        "block_users": BlockAnswer::block_users(&answers, blocking.done()),
    });
    let whole = answers.iter().all(|answer| answer.outcome == Outcome::Done);
    let partly = (!whole)
        .then(|| GraphError::of(PARTLY, "It was not done for everybody; see failed_users."));
    Answer {
        partly,
        ..Answer::json(&body)
    }
}
