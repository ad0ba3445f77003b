//! The ids an app sees: self-describing, its own, worth nothing to another app.

use domain::ids::MediaId;
use domain::ids::MessageId;
use seal::IdKey;

const MESSAGE: u8 = 1;
const MEDIA: u8 = 2;
const CALLBACK: u8 = 3;
const FOREIGN: u8 = 4;

/// The prefix SDKs know message ids by.
const MESSAGE_PREFIX: &str = "wamid.";
/// Keeps a media id from being taken for a number's id.
const MEDIA_PREFIX: &str = "m";
const CALLBACK_PREFIX: &str = "imvume.";

/// A message's id for an app.
pub(crate) fn message(key: &IdKey, id: MessageId) -> String {
    format!(
        "{MESSAGE_PREFIX}{}",
        key.seal_id(MESSAGE, id.0.cast_unsigned())
    )
}

/// The message behind an app's id.
pub(crate) fn open_message(key: &IdKey, text: &str) -> Option<MessageId> {
    key.open_id(MESSAGE, text.strip_prefix(MESSAGE_PREFIX)?)
        .map(|id| MessageId(id.cast_signed()))
}

/// A media object's id for an app.
pub(crate) fn media(key: &IdKey, id: MediaId) -> String {
    format!("{MEDIA_PREFIX}{}", key.seal_id(MEDIA, id.0.cast_unsigned()))
}

/// The media object behind an app's id.
pub(crate) fn open_media(key: &IdKey, text: &str) -> Option<MediaId> {
    key.open_id(MEDIA, text.strip_prefix(MEDIA_PREFIX)?)
        .map(|id| MediaId(id.cast_signed()))
}

/// The token that travels to Meta with a send and comes back with its statuses.
pub(crate) fn callback(key: &IdKey, id: MessageId) -> String {
    format!(
        "{CALLBACK_PREFIX}{}",
        key.seal_id(CALLBACK, id.0.cast_unsigned())
    )
}

/// The message behind a token that came back.
pub(crate) fn open_callback(key: &IdKey, text: &str) -> Option<MessageId> {
    key.open_id(CALLBACK, text.strip_prefix(CALLBACK_PREFIX)?)
        .map(|id| MessageId(id.cast_signed()))
}

/// What stands for a message the gateway does not know: always the same, leading nowhere.
pub(crate) fn foreign(key: &IdKey, wamid: &str) -> String {
    format!("{MESSAGE_PREFIX}{}", key.pseudonym(FOREIGN, wamid))
}
