//! Groups: who is in one, as Meta tells it or is asked.
//!
//! Where groups are not open to apps, nothing is kept of who is in them.

use domain::call::Permission;
use domain::subject::Identifier;
use domain::time::Span;
use domain::time::Timestamp;
use store::operation::CallPermission;
use store::operation::GroupChange;
use store::operation::GroupNews;
use store::operation::Intake;
use store::operation::Item;
use store::operation::Send;
use store::operation::SendReply;
use store::registry::Number;
use whatsapp::error::GraphError;
use whatsapp::response::Participant;
use whatsapp::response::parse_participants;
use whatsapp::webhook;
use whatsapp::webhook::GroupChangeKind;
use whatsapp::webhook::GroupMember;
use whatsapp::webhook::InboundMessage;

use crate::Failure;
use crate::Service;
use crate::beside::number;
use crate::intake::read_identifiers;

/// Meta's code for a group nobody knows.
const UNKNOWN: u32 = 131_041;
/// How long a permission lasts that is not for good, where Meta does not say ("Obtain User Call
/// Permissions" in the Calling API).
const TEMPORARY: Span = Span::days(7);

impl Service {
    /// What a message tells beside itself: that its group was heard of, and whether its sender may
    /// be called.
    pub(crate) fn aside_of(&self, message: &InboundMessage<'_>, now: Timestamp) -> Option<Item> {
        let registry = self.store.registry();
        let number = number(&registry, &message.scope)?;
        let seconds = message.timestamp.filter(|_| !message.timestamp_odd);
        let at = seconds.map_or(now, Timestamp::from_seconds);
        let identifiers = read_identifiers(
            message.from.as_deref(),
            message.user_id.as_deref(),
            message.parent_user_id.as_deref(),
        );
        if identifiers.is_empty() {
            return None;
        }
        let dedup = |what: &[u8]| {
            let own = number.phone_number_id.as_bytes();
            self.dedup(&[what, own, message.id.as_bytes()], seconds, now)
        };
        if let Some(group) = message.group_id.as_deref().filter(|_| self.settings.groups) {
            return Some(Item::Group(Box::new(GroupNews {
                number: number.id,
                meta_id: group.to_owned(),
                change: GroupChange::Heard(identifiers),
                at,
                dedup: Some(dedup(b"group message")),
            })));
        }
        let told = message.call_permission.filter(|_| self.settings.calls)?;
        let expires = match told.expires.map(Timestamp::from_seconds) {
            None if told.granted && !told.permanent => Some(at + TEMPORARY),
            _ if told.permanent => None,
            expires => expires,
        };
        Some(Item::CallPermission(Box::new(CallPermission {
            number: number.id,
            identifiers,
            permission: Permission {
                granted: told.granted,
                expires,
            },
            at,
            dedup: dedup(b"call permission"),
        })))
    }

    /// Something happened to a group.
    pub(crate) fn group(
        &self,
        change: &webhook::GroupChange<'_>,
        now: Timestamp,
    ) -> Result<Item, &'static str> {
        if !self.settings.groups {
            return Err("group");
        }
        let registry = self.store.registry();
        let number = number(&registry, &change.scope).ok_or("number not ours")?;
        let group = change.group_id.as_deref().ok_or("group without an id")?;
        let told = match change.kind {
            GroupChangeKind::Created if change.errors.is_empty() => GroupChange::Created,
            GroupChangeKind::Deleted if change.errors.is_empty() => GroupChange::Ended,
            GroupChangeKind::ParticipantsAdded => {
                members(&change.added).map_or(GroupChange::Unsure, GroupChange::Joined)
            }
            GroupChangeKind::ParticipantsRemoved => {
                members(&change.removed).map_or(GroupChange::Unsure, GroupChange::Left)
            }
            _ => return Err("group"),
        };
        let seconds = change.timestamp.filter(|_| !change.timestamp_odd);
        // Two changes of a group in one second have different people in them.
        let parts: [&[u8]; 4] = [
            b"group",
            number.phone_number_id.as_bytes(),
            group.as_bytes(),
            change.raw.as_str().as_bytes(),
        ];
        Ok(Item::Group(Box::new(GroupNews {
            number: number.id,
            meta_id: group.to_owned(),
            change: told,
            at: seconds.map_or(now, Timestamp::from_seconds),
            dedup: Some(self.dedup(&parts, seconds, now)),
        })))
    }

    /// Meta is asked once who is in a group that is not known here.
    pub(crate) async fn send_to_group(
        &self,
        request: Send,
        number: &Number,
        group: &str,
    ) -> Result<SendReply, Failure> {
        let mut reply = self.store.send(request.clone()).await;
        if matches!(reply, Ok(SendReply::UnknownGroup)) {
            self.list_group(number, group).await?;
            reply = self.store.send(request).await;
        }
        self.measures.send(&reply);
        Ok(reply?)
    }

    /// Asks Meta who is in a group, and keeps it.
    async fn list_group(&self, number: &Number, group: &str) -> Result<(), Failure> {
        let mut url = self.graph(&[group]);
        url.query_pairs_mut()
            .append_pair("fields", "participants,total_participant_count");
        let asked = self.store.clock().now();
        let body = self.fetch_from_meta(&url, &number.phone_number_id).await?;
        let people = parse_participants(&body).map_err(|_| unknown_group())?;
        let own = read_identifiers(Some(&digits(&number.display)), None, None);
        let mut listed: Vec<Vec<Identifier>> = Vec::with_capacity(people.len());
        for Participant { wa_id, user_id } in &people {
            let person = read_identifiers(wa_id.as_deref(), user_id.as_deref(), None);
            if person.is_empty() {
                return Err(unknown_group().into());
            }
            if person != own {
                listed.push(person);
            }
        }
        let news = GroupNews {
            number: number.id,
            meta_id: group.to_owned(),
            change: GroupChange::Listed(listed),
            at: asked,
            dedup: None,
        };
        let items = vec![Item::Group(Box::new(news))];
        self.store.intake(Intake { items }).await?;
        Ok(())
    }
}

pub(crate) fn unknown_group() -> GraphError {
    GraphError::of(
        UNKNOWN,
        "It is not known who is in this group, so nothing is sent to it; see whether the id is \
         right, and that somebody is in it.",
    )
}

/// The identifiers of each; none if somebody cannot be read.
fn members(members: &[GroupMember<'_>]) -> Option<Vec<Vec<Identifier>>> {
    members
        .iter()
        .map(|member| {
            let phone = member.phone.as_deref().map(digits);
            let person = read_identifiers(
                phone.as_deref(),
                member.user_id.as_deref(),
                member.parent_user_id.as_deref(),
            );
            (!person.is_empty()).then_some(person)
        })
        .collect()
}

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}
