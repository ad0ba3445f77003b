//! The closed words of a message.

/// The message types Meta documents (its `type`), and [`MessageKind::Other`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum MessageKind {
    /// `audio`, voice notes too.
    Audio,
    /// `button`: a tap on a template's quick reply.
    Button,
    /// `contacts`: cards of third persons.
    Contacts,
    /// `document`.
    Document,
    /// `edit`: the person changed a message.
    Edit,
    /// `image`.
    Image,
    /// `interactive`: a tap or a form.
    Interactive(InteractiveKind),
    /// `location`.
    Location,
    /// `media_placeholder`: only in history.
    MediaPlaceholder,
    /// `order`.
    Order,
    /// A type that is not known here.
    Other,
    /// `reaction`.
    Reaction,
    /// `request_welcome`: the person opened the chat for the first time.
    RequestWelcome,
    /// `revoke`: the person deleted a message for everyone.
    Revoke,
    /// `sticker`.
    Sticker,
    /// `system`: a change of number or id.
    System,
    /// `text`.
    Text,
    /// `unknown`: the old spelling of unsupported.
    Unknown,
    /// `unsupported`.
    Unsupported,
    /// `video`.
    Video,
}

/// The kinds of `interactive`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum InteractiveKind {
    /// `button_reply`.
    ButtonReply,
    /// `call_permission_reply`.
    CallPermissionReply,
    /// `list_reply`.
    ListReply,
    /// `nfm_reply`: a form or flow was completed.
    NfmReply,
    /// A kind that is not known here.
    Other,
}

/// The kinds of `system`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SystemKind {
    /// `customer_changed_number`: the old name of the next.
    CustomerChangedNumber,
    /// `customer_identity_changed`: the person re-registered.
    CustomerIdentityChanged,
    /// Not known here.
    Other,
    /// `user_changed_number`.
    UserChangedNumber,
    /// `user_changed_user_id`: the same where the number may not be shown.
    UserChangedUserId,
}

/// Where a [`Signal`](super::Signal) stood.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SignalSource {
    /// The payload the business gave a template button.
    ButtonPayload,
    /// The text of a template button.
    ButtonText,
    /// A value in a completed form.
    FormValue,
    /// The id the business gave a reply button or list row.
    ReplyId,
    /// The title of a reply button or list row.
    ReplyTitle,
    /// What the person typed.
    Typed,
}

impl SignalSource {
    /// Whether the business chose the text and the person only tapped it.
    pub const fn is_button(self) -> bool {
        match self {
            Self::ButtonPayload | Self::ButtonText | Self::ReplyId | Self::ReplyTitle => true,
            Self::FormValue | Self::Typed => false,
        }
    }
}

impl MessageKind {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "audio" => Self::Audio,
            "button" => Self::Button,
            "contacts" => Self::Contacts,
            "document" => Self::Document,
            "edit" => Self::Edit,
            "image" => Self::Image,
            "interactive" => Self::Interactive(InteractiveKind::Other),
            "location" => Self::Location,
            "media_placeholder" => Self::MediaPlaceholder,
            "order" => Self::Order,
            "reaction" => Self::Reaction,
            "request_welcome" => Self::RequestWelcome,
            "revoke" => Self::Revoke,
            "sticker" => Self::Sticker,
            "system" => Self::System,
            "text" => Self::Text,
            "unknown" => Self::Unknown,
            "unsupported" => Self::Unsupported,
            "video" => Self::Video,
            _ => Self::Other,
        }
    }

    /// The word for records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Button => "button",
            Self::Contacts => "contacts",
            Self::Document => "document",
            Self::Edit => "edit",
            Self::Image => "image",
            Self::Interactive(_) => "interactive",
            Self::Location => "location",
            Self::MediaPlaceholder => "media_placeholder",
            Self::Order => "order",
            Self::Other => "other",
            Self::Reaction => "reaction",
            Self::RequestWelcome => "request_welcome",
            Self::Revoke => "revoke",
            Self::Sticker => "sticker",
            Self::System => "system",
            Self::Text => "text",
            Self::Unknown => "unknown",
            Self::Unsupported => "unsupported",
            Self::Video => "video",
        }
    }
}

impl InteractiveKind {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "button_reply" => Self::ButtonReply,
            "call_permission_reply" => Self::CallPermissionReply,
            "list_reply" => Self::ListReply,
            "nfm_reply" => Self::NfmReply,
            _ => Self::Other,
        }
    }
}

impl SystemKind {
    pub(super) fn of(name: Option<&str>) -> Self {
        match name {
            Some("customer_changed_number") => Self::CustomerChangedNumber,
            Some("customer_identity_changed") => Self::CustomerIdentityChanged,
            Some("user_changed_number") => Self::UserChangedNumber,
            Some("user_changed_user_id") => Self::UserChangedUserId,
            Some(_) | None => Self::Other,
        }
    }
}
