//! Media objects in a package, opened piece by piece.

use std::fs::File;
use std::io::Write;

use domain::message::Direction;
use package::Packing;
use package::Writer;
use store::erase::AT_META;
use store::package::FullMessage;
use tokio::runtime::Handle;

use super::PackageError;
use crate::Service;
use crate::media::bytes_place;
use crate::media::parse;

/// Types of messages that come with a media object.
const WITH_MEDIA: [&str; 6] = ["audio", "document", "image", "sticker", "video", "voice"];

/// File name extensions of the media types that WhatsApp takes.
const EXTENSIONS: &[(&str, &str)] = &[
    ("application/pdf", "pdf"),
    ("audio/aac", "aac"),
    ("audio/amr", "amr"),
    ("audio/mp4", "m4a"),
    ("audio/mpeg", "mp3"),
    ("audio/ogg", "ogg"),
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/webp", "webp"),
    ("text/plain", "txt"),
    ("video/3gpp", "3gp"),
    ("video/mp4", "mp4"),
];

impl Service {
    /// Writes the media object that came with a message into the package. Returns the name of its file;
    /// none where there is no object, or none that can be had any more.
    pub(super) fn write_media<W: Write>(
        &self,
        runtime: &Handle,
        message: &FullMessage,
        writer: &mut Writer<W>,
    ) -> Result<Option<String>, PackageError> {
        let inbound = message.direction == Direction::Inbound;
        if !inbound || !WITH_MEDIA.contains(&message.kind.as_str()) {
            return Ok(None);
        }
        let id = message.id;
        let Some(media) = self.store.read_now(|reader| reader.media_of(id))? else {
            return Ok(None);
        };
        let mut row = self.store.read_now(|reader| reader.media(media))?;
        let recent = self.store.clock().now() < message.at + AT_META;
        if row.as_ref().is_some_and(|row| row.object.is_none()) && recent {
            // What cannot be had is left out, and the message says what it was.
            let _ = runtime.block_on(self.ensure(media));
            row = self.store.read_now(|reader| reader.media(media))?;
        }
        let Some((row, object, key)) = row.and_then(|mut row| {
            let (object, key) = (row.object.take()?, row.object_key.take()?);
            Some((row, object, key))
        }) else {
            return Ok(None);
        };
        let reference = parse(&row.reference);
        let mime = reference.mime_type.unwrap_or_default();
        let mime = mime.split(';').next().unwrap_or_default().trim();
        let extension = EXTENSIONS.iter().find(|(known, _)| *known == mime);
        let extension = extension.map_or("bin", |(_, extension)| *extension);
        let name = format!("media/{}.{extension}", row.id.0);
        let file = File::open(self.settings.media.join(&object)).map_err(PackageError::File)?;
        let mut sealed = key
            .open_from(&bytes_place(row.id), file)
            .map_err(PackageError::File)?;
        writer.stream(&name, Packing::Stored, |out| {
            while let Some(piece) = sealed.piece().map_err(PackageError::File)? {
                out.write_all(&piece).map_err(PackageError::File)?;
            }
            Ok::<_, PackageError>(())
        })?;
        Ok(Some(name))
    }
}
