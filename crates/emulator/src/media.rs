//! Stored media and its short-lived addresses.

use std::collections::VecDeque;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use serde_json::json;

use crate::webhook::hex;
use crate::webhook::signature;
use crate::world::World;

/// Message types that carry media.
pub(crate) const KINDS: &[&str] = &["audio", "document", "image", "sticker", "video"];

/// How long an address of media lives, in seconds.
const ADDRESS_SECONDS: i64 = 300;
/// How long uploaded media lives, in seconds.
const UPLOAD_SECONDS: i64 = 30 * 86_400;
/// How long media of inbound messages lives, in seconds.
const INBOUND_SECONDS: i64 = 7 * 86_400;
/// Bytes kept in all; the oldest media goes first.
const MOST_BYTES: usize = 256 << 20;

/// One stored object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) bytes: Bytes,
    expires: i64,
    pub(crate) id: String,
    pub(crate) mime: String,
    sha256: [u8; 32],
}

#[derive(Debug)]
pub(crate) struct MediaStore {
    bytes: usize,
    objects: VecDeque<Object>,
}

impl MediaStore {
    pub(crate) fn new() -> Self {
        Self {
            bytes: 0,
            objects: VecDeque::new(),
        }
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Object> {
        self.objects.iter().rev().find(|object| object.id == id)
    }

    fn insert(&mut self, object: Object) {
        self.bytes += object.bytes.len();
        self.objects.push_back(object);
        while self.bytes > MOST_BYTES {
            let Some(gone) = self.objects.pop_front() else {
                break;
            };
            self.bytes -= gone.bytes.len();
        }
    }

    fn remove(&mut self, id: &str) -> bool {
        let Some(place) = self.objects.iter().position(|object| object.id == id) else {
            return false;
        };
        if let Some(gone) = self.objects.remove(place) {
            self.bytes -= gone.bytes.len();
        }
        true
    }
}

/// Whether Meta takes a file of this type and size for a message of this kind.
pub(crate) fn fits(kind: &str, mime: &str, bytes: usize) -> bool {
    let essence = mime.split(';').next().unwrap_or_default().trim();
    match kind {
        "audio" => AUDIO.contains(&essence) && bytes <= 16 << 20,
        "document" => bytes <= 100 << 20,
        "image" => matches!(essence, "image/jpeg" | "image/png") && bytes <= 5 << 20,
        "sticker" => essence == "image/webp" && bytes <= 500 << 10,
        "video" => matches!(essence, "video/3gpp" | "video/mp4") && bytes <= 16 << 20,
        _ => false,
    }
}

const AUDIO: &[&str] = &[
    "audio/aac",
    "audio/amr",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
];

/// The largest upload of this MIME type, or `None` if uploads of the type are refused.
pub(crate) fn upload_limit(mime: &str) -> Option<usize> {
    let essence = mime.split(';').next().unwrap_or_default().trim();
    let (class, _) = essence.split_once('/')?;
    match class {
        "audio" => AUDIO.contains(&essence).then_some(16 << 20),
        "image" if essence == "image/webp" => Some(500 << 10),
        "image" => matches!(essence, "image/jpeg" | "image/png").then_some(5 << 20),
        "video" => matches!(essence, "video/3gpp" | "video/mp4").then_some(16 << 20),
        "application" | "text" => Some(100 << 20),
        _ => None,
    }
}

impl World {
    /// Stores what a business uploaded.
    pub(crate) fn store_upload(&mut self, mime: &str, bytes: Bytes) -> String {
        self.store_media(mime, bytes, UPLOAD_SECONDS)
    }

    /// Stores what a person sent, and describes it as webhooks do.
    pub(crate) fn store_inbound(&mut self, mime: &str, bytes: Bytes) -> Value {
        let id = self.store_media(mime, bytes, INBOUND_SECONDS);
        let sha256 = self
            .media
            .find(&id)
            .map(|object| STANDARD.encode(object.sha256))
            .unwrap_or_default();
        json!({"id": id, "mime_type": mime, "sha256": sha256, "url": self.media_url(&id, "webhook")})
    }

    fn store_media(&mut self, mime: &str, bytes: Bytes, seconds: i64) -> String {
        let id = self.rng.digits(16);
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest::digest(&digest::SHA256, &bytes).as_ref());
        let expires = self.seconds() + seconds;
        self.media.insert(Object {
            bytes,
            expires,
            id: id.clone(),
            mime: mime.to_owned(),
            sha256,
        });
        id
    }

    /// Stored media that has not expired.
    pub(crate) fn live_media(&self, id: &str) -> Option<&Object> {
        self.media
            .find(id)
            .filter(|object| self.seconds() < object.expires)
    }

    /// An address of this media that lives five minutes from now.
    fn media_url(&self, id: &str, source: &str) -> String {
        let expires = self.seconds() + ADDRESS_SECONDS;
        let hash = self.address_hash(id, expires);
        format!(
            "{}/_lookaside/{id}?source={source}&ext={expires}&hash={hash}",
            self.base_url
        )
    }

    fn address_hash(&self, id: &str, expires: i64) -> String {
        let message = format!("{id}.{expires}");
        signature(&self.config.app_secret, message.as_bytes())
            .chars()
            .skip(7)
            .take(32)
            .collect()
    }

    /// The object an address leads to, if the address is right and still alive.
    pub(crate) fn by_address(&self, id: &str, expires: i64, hash: &str) -> Option<&Object> {
        let valid = self.seconds() < expires && hash == self.address_hash(id, expires);
        self.live_media(id).filter(|_| valid)
    }

    /// `GET /{media}`.
    pub(crate) fn locate_media(&self, id: &str) -> Option<Value> {
        let object = self.live_media(id)?;
        Some(json!({
            "messaging_product": "whatsapp", "url": self.media_url(id, "getMedia"), "mime_type": object.mime,
            "sha256": hex(&object.sha256), "file_size": object.bytes.len(), "id": id,
        }))
    }

    /// `DELETE /{media}`.
    pub(crate) fn delete_media(&mut self, id: &str) -> bool {
        self.media.remove(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_types_and_sizes() {
        for (kind, mime, bytes, expected) in [
            ("image", "image/jpeg", 5 << 20, true),
            ("image", "image/jpeg", (5 << 20) + 1, false),
            ("image", "image/webp", 10, false),
            ("audio", "audio/ogg; codecs=opus", 16 << 20, true),
            ("video", "video/mp4", (16 << 20) + 1, false),
            ("sticker", "image/webp", 500 << 10, true),
            ("document", "application/x-anything", 100 << 20, true),
            ("text", "text/plain", 1, false),
        ] {
            assert_eq!(fits(kind, mime, bytes), expected, "{kind} {mime} {bytes}");
        }
    }
}
