//! Messages from people.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::InteractiveKind;
use super::MessageKind;
use super::Scope;
use super::SignalSource;
use super::SystemKind;
use super::Unreadable;
use super::parse;
use super::wire;
use crate::text::Raw;
use crate::text::Text;

/// A message from a person.
#[derive(Clone, Debug)]
pub struct InboundMessage<'a> {
    /// Which number it came to.
    pub scope: Scope<'a>,
    /// It came on field `standby`: another app or Meta's agent owns the thread, the person still
    /// wrote to this number.
    pub standby: bool,
    /// The wamid. Holds the person's phone number in clear text.
    pub id: Text<'a>,
    /// The person's phone number, bare digits; absent when not shared.
    pub from: Option<Text<'a>>,
    /// The person's business-scoped id.
    pub user_id: Option<Text<'a>>,
    /// The person's id under a parent portfolio.
    pub parent_user_id: Option<Text<'a>>,
    /// The name the person chose; untrusted text.
    pub profile_name: Option<Text<'a>>,
    /// The person's WhatsApp username.
    pub username: Option<Text<'a>>,
    /// Changes when the person re-registers; only with the identity check on.
    pub identity_key_hash: Option<Text<'a>>,
    /// The group it was written in.
    pub group_id: Option<Text<'a>>,
    /// Unix seconds on the sender's side.
    pub timestamp: Option<i64>,
    /// There was a timestamp and it was not believable (2009 to 2100); use the time of receipt.
    pub timestamp_odd: bool,
    /// What kind of message.
    pub kind: MessageKind,
    /// The type as Meta wrote it.
    pub type_name: Text<'a>,
    /// Text the person wrote: body, caption, order remark, or the new text of an edit.
    pub text: Option<Text<'a>>,
    /// The attached file.
    pub media: Option<Box<Media<'a>>>,
    /// What it answers, or that it was forwarded.
    pub context: Option<Context<'a>>,
    /// Which message it reacts to, and how.
    pub reaction: Option<Reaction<'a>>,
    /// The message that an edit or a revocation is about.
    pub original_id: Option<Text<'a>>,
    /// A change of number or id.
    pub system: Option<Box<SystemChange<'a>>>,
    /// Whether the business may call the person.
    pub call_permission: Option<CallPermission>,
    /// It came by an advertisement, with tracking ids in it.
    pub has_referral: bool,
    /// The message, as it came.
    pub raw: Raw<'a>,
    /// The entry of `contacts` about its sender, as it came.
    pub contact_raw: Option<Raw<'a>>,
    answer: Option<Answer<'a>>,
}

/// An attached file.
#[derive(Clone, Debug)]
pub struct Media<'a> {
    /// Meta's media id.
    pub id: Text<'a>,
    /// The declared type, with parameters.
    pub mime_type: Option<Text<'a>>,
    /// Base64 in webhooks.
    pub sha256: Option<Text<'a>>,
    /// A document's name; untrusted text.
    pub filename: Option<Text<'a>>,
    /// The caption; untrusted text.
    pub caption: Option<Text<'a>>,
    /// Where it can be fetched for five minutes; a capability.
    pub url: Option<Text<'a>>,
    /// Recorded as a voice note.
    pub voice: bool,
}

/// What a message refers to.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// The message answered.
    pub id: Option<Text<'a>>,
    /// Whose message it was: the business's number, or the person's own.
    pub from: Option<Text<'a>>,
    /// It was forwarded (once or often).
    pub forwarded: bool,
}

/// A reaction.
#[derive(Clone, Debug)]
pub struct Reaction<'a> {
    /// The message reacted to.
    pub target: Text<'a>,
    /// The sign; absent when the reaction was taken back.
    pub emoji: Option<Text<'a>>,
}

/// A change of the person's number or id.
#[derive(Clone, Debug)]
pub struct SystemChange<'a> {
    /// What changed.
    pub kind: SystemKind,
    /// The number before.
    pub old_phone: Option<Text<'a>>,
    /// The business-scoped id before.
    pub old_user_id: Option<Text<'a>>,
    /// The parent portfolio's id before.
    pub old_parent_user_id: Option<Text<'a>>,
    /// The number now.
    pub new_phone: Option<Text<'a>>,
    /// The business-scoped id now.
    pub new_user_id: Option<Text<'a>>,
    /// The parent portfolio's id now.
    pub new_parent_user_id: Option<Text<'a>>,
    /// The identity key now; with [`SystemKind::CustomerIdentityChanged`].
    pub new_identity_key_hash: Option<Text<'a>>,
}

/// A person's answer to the question whether the business may call them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CallPermission {
    /// Whether it may. An answer that is not known here counts as no.
    pub granted: bool,
    /// It holds until taken back.
    pub permanent: bool,
    /// The person tapped; else WhatsApp granted it by itself, because they called.
    pub by_person: bool,
    /// When it ends, Unix seconds.
    pub expires: Option<i64>,
}

/// A text in which an opt-out may hide.
#[derive(Clone, Eq, PartialEq)]
pub struct Signal<'a> {
    /// Where it stood.
    pub source: SignalSource,
    /// The text.
    pub text: Text<'a>,
}

impl std::fmt::Debug for Signal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signal({:?}, {} bytes)", self.source, self.text.len())
    }
}

#[derive(Clone, Debug)]
enum Answer<'a> {
    Button {
        payload: Option<Text<'a>>,
        text: Option<Text<'a>>,
    },
    Form {
        json: Option<Text<'a>>,
    },
    Reply {
        id: Option<Text<'a>>,
        title: Option<Text<'a>>,
    },
}

impl<'a> InboundMessage<'a> {
    /// Every text in which an opt-out may hide. A form's values come one by one, also from within;
    /// a form that is not JSON comes as it is.
    pub fn signals(&self) -> impl Iterator<Item = Signal<'a>> {
        let mut signals = Vec::new();
        let mut push = |source, text: &Option<Text<'a>>| {
            if let Some(text) = text {
                signals.push(Signal {
                    source,
                    text: text.clone(),
                });
            }
        };
        if matches!(self.kind, MessageKind::Text | MessageKind::Edit) {
            push(SignalSource::Typed, &self.text);
        }
        match &self.answer {
            Some(Answer::Button { payload, text }) => {
                push(SignalSource::ButtonPayload, payload);
                push(SignalSource::ButtonText, text);
            }
            Some(Answer::Reply { id, title }) => {
                push(SignalSource::ReplyId, id);
                push(SignalSource::ReplyTitle, title);
            }
            Some(Answer::Form { json: Some(json) }) => match serde_json::from_str(json) {
                Ok(form) => form_values(&form, &mut signals),
                Err(_) => push(SignalSource::FormValue, &Some(json.clone())),
            },
            Some(Answer::Form { json: None }) | None => {}
        }
        signals.into_iter()
    }

    /// Whether the message is a tap on something the business offered.
    pub const fn is_button(&self) -> bool {
        matches!(
            self.answer,
            Some(Answer::Button { .. } | Answer::Reply { .. })
        )
    }

    /// Whether it opens the 24-hour customer service window. Where Meta does not say (reactions,
    /// edits, unsupported and unknown types, call permissions, groups) the answer is no: a window
    /// wrongly thought open sends what must not be sent.
    pub const fn opens_window(&self) -> bool {
        if self.group_id.is_some() {
            return false;
        }
        match self.kind {
            MessageKind::Audio
            | MessageKind::Button
            | MessageKind::Contacts
            | MessageKind::Document
            | MessageKind::Image
            | MessageKind::Interactive(
                InteractiveKind::ButtonReply
                | InteractiveKind::ListReply
                | InteractiveKind::NfmReply,
            )
            | MessageKind::Location
            | MessageKind::Order
            | MessageKind::Sticker
            | MessageKind::Text
            | MessageKind::Video => true,
            MessageKind::Edit
            | MessageKind::Interactive(
                InteractiveKind::CallPermissionReply | InteractiveKind::Other,
            )
            | MessageKind::MediaPlaceholder
            | MessageKind::Other
            | MessageKind::Reaction
            | MessageKind::RequestWelcome
            | MessageKind::Revoke
            | MessageKind::System
            | MessageKind::Unknown
            | MessageKind::Unsupported => false,
        }
    }

    /// Characters in [`InboundMessage::text`].
    pub fn text_len(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.chars().count())
    }
}

fn form_values(value: &Value, signals: &mut Vec<Signal<'_>>) {
    match value {
        Value::String(text) => signals.push(Signal {
            source: SignalSource::FormValue,
            text: Text::from(text.clone()),
        }),
        Value::Array(list) => list.iter().for_each(|value| form_values(value, signals)),
        Value::Object(object) => object
            .values()
            .for_each(|value| form_values(value, signals)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// One entry of `contacts`, with the JSON it was read from.
pub(super) struct Contact<'a> {
    pub(super) wire: wire::Contact<'a>,
    pub(super) raw: &'a RawValue,
}

pub(super) fn read<'a>(
    scope: &Scope<'a>,
    raw: &'a RawValue,
    contacts: &[Contact<'a>],
) -> Result<Box<InboundMessage<'a>>, Unreadable> {
    let mut wire: wire::Message<'a> = parse::piece(raw)?;
    if wire.group_id.is_some() {
        // A group is nobody: its id names no sender.
        wire.from = wire
            .from
            .filter(|from| Some(from) != wire.group_id.as_ref());
        wire.from_user_id = (wire.from_user_id).filter(|id| Some(id) != wire.group_id.as_ref());
    }
    let Some(type_name) = wire.kind.clone() else {
        return Err(Unreadable::Shape);
    };
    let id = parse::id(wire.id.clone())?;
    let contact = contact_of(&wire, contacts);
    let about = contact.map(|contact| &contact.wire);
    let system = match wire.system {
        Some(system) => Some(Box::new(system_change(&parse::piece(system)?, &wire)?)),
        None => None,
    };
    let mut message = Box::new(InboundMessage {
        scope: scope.clone(),
        standby: false,
        id,
        from: wire.from.clone().or_else(|| about?.wa_id.clone()),
        user_id: (wire.from_user_id.clone())
            .or_else(|| about?.user_id.clone())
            .or_else(|| system.as_ref()?.old_user_id.clone()),
        parent_user_id: (wire.from_parent_user_id.clone())
            .or_else(|| about?.parent_user_id.clone())
            .or_else(|| system.as_ref()?.old_parent_user_id.clone()),
        profile_name: about.and_then(|about| about.profile.as_ref()?.name.clone()),
        username: about.and_then(|about| about.profile.as_ref()?.username.clone()),
        identity_key_hash: about.and_then(|about| about.identity_key_hash.clone()),
        group_id: wire.group_id.clone(),
        timestamp: wire.timestamp.seconds,
        timestamp_odd: wire.timestamp.odd,
        kind: MessageKind::of(&type_name),
        type_name,
        text: None,
        media: None,
        context: None,
        reaction: None,
        original_id: None,
        system,
        call_permission: None,
        has_referral: wire.referral.is_some(),
        raw: Raw::new(raw.get()),
        contact_raw: contact.map(|contact| Raw::new(contact.raw.get())),
        answer: None,
    });
    if message.from.is_none() && message.user_id.is_none() {
        return Err(Unreadable::Sender);
    }
    message.fill(&wire)?;
    Ok(message)
}

impl<'a> InboundMessage<'a> {
    fn fill(&mut self, wire: &wire::Message<'a>) -> Result<(), Unreadable> {
        self.context = match wire.context {
            Some(context) => Some(read_context(context)?),
            None => None,
        };
        match self.kind {
            MessageKind::Audio => self.attach(wire.audio)?,
            MessageKind::Document => self.attach(wire.document)?,
            MessageKind::Image => self.attach(wire.image)?,
            MessageKind::Sticker => self.attach(wire.sticker)?,
            MessageKind::Video => self.attach(wire.video)?,
            MessageKind::Text => self.text.clone_from(&needed(wire.text.as_ref())?.body),
            MessageKind::Order => self.text = payload::<wire::Order<'a>>(wire.order)?.text,
            MessageKind::Button => {
                let button: wire::Button<'a> = payload(wire.button)?;
                self.answer = Some(Answer::Button {
                    payload: button.payload,
                    text: button.text,
                });
            }
            MessageKind::Contacts => drop(wire.contacts.ok_or(Unreadable::Shape)?),
            MessageKind::Location => drop(wire.location.ok_or(Unreadable::Shape)?),
            MessageKind::Interactive(_) => self.interact(payload(wire.interactive)?)?,
            MessageKind::Reaction => {
                let wire::Reaction { message_id, emoji } = payload(wire.reaction)?;
                self.reaction = Some(Reaction {
                    target: message_id,
                    emoji,
                });
            }
            MessageKind::Edit => {
                let edit: wire::Original<'a> = payload(wire.edit)?;
                self.original_id = Some(edit.original_message_id);
                self.edit(edit.message)?;
            }
            MessageKind::Revoke => {
                let revoke: wire::Original<'a> = payload(wire.revoke)?;
                self.original_id = Some(revoke.original_message_id);
            }
            MessageKind::System => drop(wire.system.ok_or(Unreadable::Shape)?),
            MessageKind::MediaPlaceholder
            | MessageKind::Other
            | MessageKind::RequestWelcome
            | MessageKind::Unknown
            | MessageKind::Unsupported => {}
        }
        Ok(())
    }

    fn attach(&mut self, media: Option<&'a RawValue>) -> Result<(), Unreadable> {
        let media = attached(media)?;
        self.text.clone_from(&media.caption);
        self.media = Some(Box::new(media));
        Ok(())
    }

    fn interact(&mut self, wire: wire::Interactive<'a>) -> Result<(), Unreadable> {
        let kind = InteractiveKind::of(&wire.kind);
        self.kind = MessageKind::Interactive(kind);
        self.answer = match kind {
            InteractiveKind::ButtonReply => Some(reply(needed(wire.button_reply)?)),
            InteractiveKind::ListReply => Some(reply(needed(wire.list_reply)?)),
            InteractiveKind::NfmReply => Some(Answer::Form {
                json: needed(wire.nfm_reply)?.response_json,
            }),
            InteractiveKind::CallPermissionReply => {
                let reply = needed(wire.call_permission_reply)?;
                self.call_permission = Some(CallPermission {
                    granted: reply.response.is_some_and(|response| response == "accept"),
                    permanent: reply.is_permanent,
                    by_person: (reply.response_source)
                        .is_some_and(|source| source == "user_action"),
                    expires: reply.expiration_timestamp.seconds,
                });
                None
            }
            InteractiveKind::Other => None,
        };
        Ok(())
    }

    /// The new content of an edited message: its text and its file.
    fn edit(&mut self, message: Option<&'a RawValue>) -> Result<(), Unreadable> {
        let Some(message) = message else {
            return Ok(());
        };
        let wire: wire::Message<'a> = parse::piece(message)?;
        let file = any_file(&wire);
        self.text = wire.text.and_then(|text| text.body);
        match file {
            Some(file) => self.attach(Some(file)),
            None => Ok(()),
        }
    }
}

/// The file of a message of whatever type, if it has one.
pub(super) fn file<'a>(wire: &wire::Message<'a>) -> Option<Result<Media<'a>, Unreadable>> {
    any_file(wire).map(|file| attached(Some(file)))
}

/// The message that an edit or a revocation is about.
pub(super) fn original<'a>(
    kind: MessageKind,
    wire: &wire::Message<'a>,
) -> Result<Option<Text<'a>>, Unreadable> {
    let about = match kind {
        MessageKind::Edit => wire.edit,
        MessageKind::Revoke => wire.revoke,
        _ => return Ok(None),
    };
    Ok(Some(
        payload::<wire::Original<'a>>(about)?.original_message_id,
    ))
}

fn any_file<'a>(wire: &wire::Message<'a>) -> Option<&'a RawValue> {
    (wire.image.or(wire.video).or(wire.audio))
        .or(wire.document)
        .or(wire.sticker)
}

fn attached<'a>(file: Option<&'a RawValue>) -> Result<Media<'a>, Unreadable> {
    let media: wire::Media<'a> = payload(file)?;
    Ok(Media {
        id: media.id,
        mime_type: media.mime_type,
        sha256: media.sha256,
        filename: media.filename,
        caption: media.caption,
        url: media.url,
        voice: media.voice,
    })
}

fn reply(wire::Reply { id, title }: wire::Reply<'_>) -> Answer<'_> {
    Answer::Reply { id, title }
}

fn payload<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Result<T, Unreadable> {
    parse::piece(raw.ok_or(Unreadable::Shape)?)
}

fn needed<T>(payload: Option<T>) -> Result<T, Unreadable> {
    payload.ok_or(Unreadable::Shape)
}

fn read_context(raw: &RawValue) -> Result<Context<'_>, Unreadable> {
    let context: wire::Context<'_> = parse::piece(raw)?;
    Ok(Context {
        id: context.id,
        from: context.from,
        forwarded: context.forwarded || context.frequently_forwarded,
    })
}

fn system_change<'a>(
    system: &wire::System<'a>,
    wire: &wire::Message<'a>,
) -> Result<SystemChange<'a>, Unreadable> {
    let identity: Option<wire::Identity<'a>> = wire.identity.map(parse::piece).transpose()?;
    Ok(SystemChange {
        kind: SystemKind::of(system.kind.as_deref()),
        old_phone: wire.from.clone(),
        old_user_id: (system.previous_user_id.clone()).or_else(|| wire.from_user_id.clone()),
        old_parent_user_id: (system.previous_parent_user_id.clone())
            .or_else(|| wire.from_parent_user_id.clone()),
        new_phone: system.wa_id.clone().or_else(|| system.new_wa_id.clone()),
        new_user_id: system.user_id.clone(),
        new_parent_user_id: system.parent_user_id.clone(),
        new_identity_key_hash: identity.and_then(|identity| identity.hash),
    })
}

/// The sender's entry, found by id: in groups and batches the order says nothing.
fn contact_of<'c, 'a>(
    wire: &wire::Message<'a>,
    contacts: &'c [Contact<'a>],
) -> Option<&'c Contact<'a>> {
    let anonymous = wire.from.is_none() && wire.from_user_id.is_none();
    match contacts {
        [_] if anonymous && wire.group_id.is_some() => None,
        _ => contact_about(wire.from.as_ref(), wire.from_user_id.as_ref(), contacts),
    }
}

/// The entry about a person with this number or id; the only one, when neither is told.
pub(super) fn contact_about<'c, 'a>(
    phone: Option<&Text<'a>>,
    user_id: Option<&Text<'a>>,
    contacts: &'c [Contact<'a>],
) -> Option<&'c Contact<'a>> {
    let same = |a: Option<&Text<'a>>, b: Option<&Text<'a>>| a.is_some() && a == b;
    match contacts {
        [only] if phone.is_none() && user_id.is_none() => Some(only),
        _ => contacts.iter().find(|contact| {
            same(contact.wire.user_id.as_ref(), user_id) || same(contact.wire.wa_id.as_ref(), phone)
        }),
    }
}
