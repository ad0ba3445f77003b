//! The ids an app sees: self-describing, its own, worth nothing to another app.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::ConfirmationId;
use domain::ids::LetterId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::ids::SubjectId;
use domain::time::Timestamp;
use seal::IdKey;

const MESSAGE: u8 = 1;
const MEDIA: u8 = 2;
const CALLBACK: u8 = 3;
const FOREIGN: u8 = 4;
const CALL: u8 = 5;
const POST: u8 = 6;
const FORM: u8 = 7;
const LETTER: u8 = 8;

/// The prefix SDKs know message ids by.
const MESSAGE_PREFIX: &str = "wamid.";
/// A media id is written in digits, because SDKs know media ids by that: 24 bytes as three numbers
/// of this many digits. It is longer than any id of Meta's.
const MEDIA_DIGITS: usize = 20;
/// The prefix SDKs know call ids by.
const CALL_PREFIX: &str = "wacid.";
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
    let sealed = key.seal_id(MEDIA, id.0.cast_unsigned());
    let bytes = URL_SAFE_NO_PAD.decode(sealed).unwrap_or_default();
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().fold(String::new(), |mut text, word| {
        let _ = write!(text, "{:0MEDIA_DIGITS$}", u64::from_be_bytes(*word));
        text
    })
}

/// The media object behind an app's id.
pub(crate) fn open_media(key: &IdKey, text: &str) -> Option<MediaId> {
    let (words, rest) = text.as_bytes().as_chunks::<MEDIA_DIGITS>();
    if words.len() != 3 || !rest.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let word = |digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok();
    let bytes: Option<Vec<u8>> = words
        .iter()
        .map(|digits| word(digits.as_slice()).map(u64::to_be_bytes))
        .try_fold(Vec::new(), |bytes, word| {
            Some([bytes, word?.to_vec()].concat())
        });
    key.open_id(MEDIA, &URL_SAFE_NO_PAD.encode(bytes?))
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

/// A call's id for an app, by its first message.
pub(crate) fn call(key: &IdKey, id: MessageId) -> String {
    format!("{CALL_PREFIX}{}", key.seal_id(CALL, id.0.cast_unsigned()))
}

/// The first message of the call behind an app's id.
pub(crate) fn open_call(key: &IdKey, text: &str) -> Option<MessageId> {
    key.open_id(CALL, text.strip_prefix(CALL_PREFIX)?)
        .map(|id| MessageId(id.cast_signed()))
}

/// What a confirmation is called at a mail server and a provider of SMS: another word for each attempt,
/// so that none is taken for a repetition.
pub(crate) fn post(key: &IdKey, id: ConfirmationId, attempt: u32) -> String {
    let attempt = u64::from(attempt) & 0xff;
    key.seal_id(POST, id.0.cast_unsigned() << 8 | attempt)
}

/// The confirmation behind such a word.
pub(crate) fn open_post(key: &IdKey, text: &str) -> Option<ConfirmationId> {
    let id = key.open_id(POST, text)?;
    Some(ConfirmationId((id >> 8).cast_signed()))
}

/// What a letter is called at a mail server: another word for each attempt.
pub(crate) fn letter(key: &IdKey, id: LetterId, attempt: u32) -> String {
    let attempt = u64::from(attempt) & 0xff;
    key.seal_id(LETTER, id.0.cast_unsigned() << 8 | attempt)
}

/// The letter behind such a word.
pub(crate) fn open_letter(key: &IdKey, text: &str) -> Option<LetterId> {
    let id = key.open_id(LETTER, text)?;
    Some(LetterId((id >> 8).cast_signed()))
}

/// What a form of a session carries.
pub(crate) fn form(key: &IdKey, subject: SubjectId, began: Timestamp) -> String {
    key.pseudonym(FORM, &format!("{subject}/{}", began.micros()))
}

#[cfg(test)]
mod tests {
    use domain::ids::MediaId;
    use seal::Keyring;
    use seal::Random;
    use seal::RootKey;

    use super::media;
    use super::open_media;

    #[test]
    fn media_ids_are_digits_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let random = Random::seeded(1);
        let root = RootKey::create_file(&folder.path().join("root"), &random).unwrap();
        let ring = Keyring::create(&folder.path().join("ring"), &root, &random, 0).unwrap();
        let (key, other) = (ring.id_key(1), ring.id_key(2));
        for id in [0, 1, 7, i64::MAX] {
            let text = media(&key, MediaId(id));
            assert!(
                text.len() == 60 && text.bytes().all(|byte| byte.is_ascii_digit()),
                "{text}"
            );
            assert_eq!(open_media(&key, &text), Some(MediaId(id)));
            assert_eq!(open_media(&other, &text), None);
            assert_eq!(
                open_media(&key, &text.replacen('0', "1", 1).replacen('9', "8", 1)),
                None
            );
        }
        for text in [
            "",
            "1",
            "106540352242922",
            &"9".repeat(60),
            &"\u{ff11}".repeat(20),
        ] {
            assert_eq!(open_media(&key, text), None, "{text}");
        }
    }
}
