//! Groups: what happens to them. What is written in them comes as messages.
//!
//! The shapes are those of Meta's page "Webhooks for Groups API". A group's id never stands where a
//! person's does.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ReportedError;
use super::Scope;
use super::Unreadable;
use super::parse;
use super::wire::Fault;
use super::wire::Stamp;
use crate::text;
use crate::text::Raw;
use crate::text::Text;

/// Something happened to a group (fields `group_lifecycle_update`, `group_participants_update`,
/// `group_settings_update`, `group_status_update`).
#[derive(Clone, Debug)]
pub struct GroupChange<'a> {
    /// Which number the group is of.
    pub scope: Scope<'a>,
    /// The group's id; absent when it could not be made.
    pub group_id: Option<Text<'a>>,
    /// What happened.
    pub kind: GroupChangeKind,
    /// The request of ours that it answers.
    pub request_id: Option<Text<'a>>,
    /// Who did it.
    pub initiated_by: GroupActor,
    /// Who came in.
    pub added: Vec<GroupMember<'a>>,
    /// Who went, or was taken out.
    pub removed: Vec<GroupMember<'a>>,
    /// Who could not be taken out or in.
    pub failed: Vec<GroupMember<'a>>,
    /// Who asks to come in, or no longer does.
    pub requester: Option<GroupMember<'a>>,
    /// The request to come in.
    pub join_request_id: Option<Text<'a>>,
    /// The group's name; free text.
    pub subject: Option<Text<'a>>,
    /// Why it failed, as a whole or in part.
    pub errors: Vec<ReportedError<'a>>,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    /// There was a timestamp and it was not believable.
    pub timestamp_odd: bool,
    /// The change, as it came. May hold the link by which anybody can come in.
    pub raw: Raw<'a>,
}

/// What happened to a group (Meta's `type`).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum GroupChangeKind {
    /// `group_create`.
    Created,
    /// `group_delete`.
    Deleted,
    /// `group_join_request_created`.
    JoinRequested,
    /// `group_join_request_revoked`.
    JoinRevoked,
    /// Not known here.
    Other,
    /// `group_participants_add`.
    ParticipantsAdded,
    /// `group_participants_remove`: taken out, or gone by themselves.
    ParticipantsRemoved,
    /// `group_settings_update`.
    Settings,
    /// `group_suspend`: WhatsApp stopped it.
    Suspended,
    /// `group_suspend_cleared`.
    SuspensionCleared,
}

/// Who changed a group.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum GroupActor {
    /// The business.
    Business,
    /// One of the people in it.
    Participant,
    /// Not told.
    Unknown,
}

/// Somebody in a group. At least one of phone and id is there.
#[derive(Clone, Debug)]
pub struct GroupMember<'a> {
    /// The phone number; may have a `+`.
    pub phone: Option<Text<'a>>,
    /// The business-scoped id.
    pub user_id: Option<Text<'a>>,
    /// The id under a parent portfolio.
    pub parent_user_id: Option<Text<'a>>,
    /// The WhatsApp username.
    pub username: Option<Text<'a>>,
}

impl GroupChangeKind {
    /// The published names, and the spec's spelling of two of them.
    fn of(name: Option<&str>) -> Self {
        match name {
            Some("group_create") => Self::Created,
            Some("group_delete") => Self::Deleted,
            Some("group_join_request_created") => Self::JoinRequested,
            Some("group_join_request_revoked") => Self::JoinRevoked,
            Some("group_participants_add" | "group_add_participants") => Self::ParticipantsAdded,
            Some("group_participants_remove" | "group_remove_participants") => {
                Self::ParticipantsRemoved
            }
            Some("group_settings_update") => Self::Settings,
            Some("group_suspend") => Self::Suspended,
            Some("group_suspend_cleared") => Self::SuspensionCleared,
            Some(_) | None => Self::Other,
        }
    }

    /// The word for records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::JoinRequested => "join_requested",
            Self::JoinRevoked => "join_revoked",
            Self::Other => "other",
            Self::ParticipantsAdded => "participants_added",
            Self::ParticipantsRemoved => "participants_removed",
            Self::Settings => "settings",
            Self::Suspended => "suspended",
            Self::SuspensionCleared => "suspension_cleared",
        }
    }
}

pub(super) fn read<'a>(
    scope: &Scope<'a>,
    raw: &'a RawValue,
    initiated_by: Option<&str>,
) -> Result<GroupChange<'a>, Unreadable> {
    let wire: Wire<'a> = parse::piece(raw)?;
    let kind = GroupChangeKind::of(wire.kind.as_deref());
    let group_id = match wire.group_id {
        None if kind == GroupChangeKind::Created => None,
        id => Some(parse::id(id)?),
    };
    let requester = GroupMember {
        phone: wire.wa_id,
        user_id: wire.user_id,
        parent_user_id: wire.parent_user_id,
        username: wire.username,
    };
    let of_setting = wire.group_subject.and_then(|subject| subject.text);
    Ok(GroupChange {
        scope: scope.clone(),
        kind,
        request_id: wire.request_id,
        initiated_by: match wire.initiated_by.as_deref().or(initiated_by) {
            Some("business") => GroupActor::Business,
            Some("participant") => GroupActor::Participant,
            Some(_) | None => GroupActor::Unknown,
        },
        added: members(wire.added_participants, group_id.as_ref()),
        removed: members(wire.removed_participants, group_id.as_ref()),
        failed: members(wire.failed_participants, group_id.as_ref()),
        requester: person(requester, group_id.as_ref()),
        join_request_id: wire.join_request_id,
        subject: wire.subject.or(of_setting),
        errors: wire
            .errors
            .into_iter()
            .flatten()
            .map(ReportedError::from)
            .collect(),
        timestamp: wire.timestamp.seconds,
        timestamp_odd: wire.timestamp.odd,
        raw: Raw::new(raw.get()),
        group_id,
    })
}

fn members<'a>(wire: Option<Vec<Member<'a>>>, group_id: Option<&Text<'a>>) -> Vec<GroupMember<'a>> {
    let all = wire.into_iter().flatten().map(|wire| GroupMember {
        // What we asked with: a number, or an id.
        phone: wire.wa_id.or(wire.input),
        user_id: wire.user_id,
        parent_user_id: wire.parent_user_id,
        username: wire.username,
    });
    all.filter_map(|member| person(member, group_id)).collect()
}

/// A member that is somebody, and not the group itself.
fn person<'a>(mut member: GroupMember<'a>, group_id: Option<&Text<'a>>) -> Option<GroupMember<'a>> {
    let is_group = |id: &Text<'a>| Some(id) == group_id;
    member.phone = member.phone.filter(|id| !is_group(id));
    member.user_id = member.user_id.filter(|id| !is_group(id));
    (member.phone.is_some() || member.user_id.is_some()).then_some(member)
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    group_id: Option<Text<'a>>,
    #[serde(borrow, rename = "type", default, deserialize_with = "text::optional")]
    kind: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    request_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    initiated_by: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    join_request_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    subject: Option<Text<'a>>,
    #[serde(borrow)]
    group_subject: Option<Setting<'a>>,
    #[serde(borrow)]
    added_participants: Option<Vec<Member<'a>>>,
    #[serde(borrow)]
    removed_participants: Option<Vec<Member<'a>>>,
    #[serde(borrow)]
    failed_participants: Option<Vec<Member<'a>>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    wa_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    parent_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    username: Option<Text<'a>>,
    #[serde(borrow)]
    errors: Option<Vec<Fault<'a>>>,
    #[serde(default)]
    timestamp: Stamp,
}

#[derive(Deserialize)]
struct Member<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    input: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    wa_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    parent_user_id: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "text::optional")]
    username: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Setting<'a> {
    #[serde(borrow, default, deserialize_with = "text::optional")]
    text: Option<Text<'a>>,
}
