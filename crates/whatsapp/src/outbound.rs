//! What an app posts to `…/messages`, checked strictly.
//!
//! The body that is judged must be the body that is sent. So it is read once, duplicate keys,
//! unknown members and wrong types are refused, and what goes to Meta is written anew from the
//! checked value ([`SendBody::to_upstream`]). Members that are `null` count as absent.
//!
//! Field names, limits and the rules between fields are Meta's ("Messages", "Interactive
//! messages", "Template messages" in the Cloud API reference); they stand in tables.

mod block;
mod bodies;
mod body;
mod call;
mod definition;
mod fault;
mod interactive;
mod link;
mod schema;
mod template;
mod upstream;

use std::fmt;

use serde_json::Value;

use crate::recipient::Recipient;

pub use block::BlockBody;
pub use block::BlockEntry;
pub use block::parse_block_body;
pub use body::parse_marketing_body;
pub use body::parse_messages_body;
pub use call::CallAction;
pub use call::CallBody;
pub use call::parse_call_body;
pub use definition::TemplateBody;
pub use definition::parse_template_creation;
pub use definition::parse_template_edit;
pub use fault::BodyError;
pub use fault::Fault;
pub use link::LinkError;
pub use link::check_link;
pub use upstream::Upstream;
pub use upstream::read_body;
pub use upstream::visible_text;

/// What a POST to `…/messages` asks for.
#[derive(Clone, Debug)]
pub enum MessagesBody {
    /// Mark a message as read, and maybe show that an answer is being typed.
    Read {
        /// The message read, in the app's id.
        message_id: String,
        /// Show the typing indicator.
        typing: bool,
    },
    /// Send a message.
    Send(Box<SendBody>),
}

/// The path a message was posted to, and is posted to at Meta.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SendEdge {
    /// `marketing_messages`.
    MarketingMessages,
    /// `messages`.
    Messages,
}

impl SendEdge {
    /// Meta's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MarketingMessages => "marketing_messages",
            Self::Messages => "messages",
        }
    }
}

/// Whom a message is for.
#[derive(Clone, Eq, Hash, PartialEq)]
pub enum Addressee {
    /// Everybody in a group, by Meta's id of it.
    Group(String),
    /// A person.
    Person(Recipient),
}

impl Addressee {
    /// The id or number, explicitly.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Group(id) => id,
            Self::Person(recipient) => recipient.as_str(),
        }
    }
}

impl fmt::Debug for Addressee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(_) => f.write_str("Group"),
            Self::Person(recipient) => recipient.fmt(f),
        }
    }
}

/// A checked message to send.
#[derive(Clone)]
pub struct SendBody {
    /// The path it was posted to.
    pub edge: SendEdge,
    /// Whom it is for, in canonical form.
    pub recipient: Addressee,
    /// The recipient exactly as the app wrote it, for the answer's `input`.
    pub input: String,
    /// What kind of message.
    pub kind: OutboundKind,
    /// The template, if it is one.
    pub template: Option<TemplateRef>,
    /// Asks to leave outside the window without a template: counts as business-initiated.
    pub category: Option<DirectCategory>,
    /// The message it answers, in the app's id.
    pub context_message_id: Option<String>,
    /// The message it reacts to, in the app's id.
    pub reaction_target: Option<String>,
    /// The caller's own data for statuses, at most 512 characters.
    pub callback_data: Option<String>,
    /// Send only if the person's identity is still the one of this hash.
    pub identity_key_hash: Option<String>,
    /// The files it uses.
    pub media: Vec<MediaUse>,
    /// The links it shows to the person.
    pub links: Vec<String>,
    /// A text asks WhatsApp to fetch and show its first link.
    pub preview_url: bool,
    /// The whole body, checked.
    pub value: Value,
}

impl fmt::Debug for SendBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendBody")
            .field("recipient", &self.recipient)
            .field("kind", &self.kind)
            .field("template", &self.template)
            .field("category", &self.category)
            .finish_non_exhaustive()
    }
}

/// The kinds of message an app can send.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum OutboundKind {
    /// `audio`.
    Audio,
    /// `contacts`.
    Contacts,
    /// `document`.
    Document,
    /// `image`.
    Image,
    /// `interactive`.
    Interactive,
    /// `location`.
    Location,
    /// `reaction`.
    Reaction,
    /// `sticker`.
    Sticker,
    /// `template`.
    Template,
    /// `text`.
    Text,
    /// `video`.
    Video,
}

impl OutboundKind {
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "audio" => Self::Audio,
            "contacts" => Self::Contacts,
            "document" => Self::Document,
            "image" => Self::Image,
            "interactive" => Self::Interactive,
            "location" => Self::Location,
            "reaction" => Self::Reaction,
            "sticker" => Self::Sticker,
            "template" => Self::Template,
            "text" => Self::Text,
            "video" => Self::Video,
            _ => return None,
        })
    }

    /// Meta's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Contacts => "contacts",
            Self::Document => "document",
            Self::Image => "image",
            Self::Interactive => "interactive",
            Self::Location => "location",
            Self::Reaction => "reaction",
            Self::Sticker => "sticker",
            Self::Template => "template",
            Self::Text => "text",
            Self::Video => "video",
        }
    }
}

/// Which template a message uses. Its text and category are in the catalogue, not here.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct TemplateRef {
    /// The name.
    pub name: String,
    /// The language code.
    pub language: String,
}

/// Meta's `category` on a message that is not a template.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum DirectCategory {
    /// `authentication`.
    Authentication,
    /// `utility`.
    Utility,
}

/// A file a message uses.
#[derive(Clone, Eq, PartialEq)]
pub struct MediaUse {
    /// Where the media object stands in the body (JSON pointer, RFC 6901).
    pub pointer: String,
    /// Where the file is.
    pub source: MediaSource,
}

/// Where a file is.
#[derive(Clone, Eq, PartialEq)]
pub enum MediaSource {
    /// Uploaded before, in the app's id.
    Id(String),
    /// At a public address, from which Meta fetches it.
    Link(String),
}

impl fmt::Debug for MediaUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaUse({}, {:?})", self.pointer, self.source)
    }
}

impl fmt::Debug for MediaSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id(_) => "Id",
            Self::Link(_) => "Link",
        })
    }
}
