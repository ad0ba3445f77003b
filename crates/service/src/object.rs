//! Media objects as files: sealed, under random names, durable before anything points at them.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use img_parts::Bytes;
use img_parts::ImageEXIF;
use img_parts::jpeg::Jpeg;
use img_parts::png::Png;
use img_parts::webp::WebP;

/// Makes the media directory, closed to others, and removes what a crash left half-written.
pub(crate) fn prepare(directory: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Writes an object: when this returns it is on disk under its name.
pub(crate) fn write(directory: &Path, name: &str, sealed: &[u8]) -> io::Result<()> {
    let temporary = directory.join(format!("{name}.new"));
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(sealed)?;
    file.sync_all()?;
    fs::rename(&temporary, directory.join(name))?;
    File::open(directory)?.sync_all()
}

/// Reads an object.
pub(crate) fn read(directory: &Path, name: &str) -> io::Result<Vec<u8>> {
    fs::read(directory.join(name))
}

/// Removes an object; one that is gone already is no error.
pub(crate) fn remove(directory: &Path, name: &str) -> io::Result<()> {
    match fs::remove_file(directory.join(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// JPEG segments that stay: everything but application data and comments; of application data only
/// JFIF (APP0), colour profiles (APP2) and Adobe's colour transform (APP14).
const JPEG_KEPT: [u8; 3] = [0xe0, 0xe2, 0xee];

/// PNG chunks that stay: what decoding and colour need.
const PNG_KEPT: [[u8; 4]; 14] = [
    *b"IHDR", *b"PLTE", *b"IDAT", *b"IEND", *b"tRNS", *b"gAMA", *b"cHRM", *b"sRGB", *b"iCCP",
    *b"sBIT", *b"bKGD", *b"acTL", *b"fcTL", *b"fdAT",
];

/// The working copy of an image: without EXIF (with it place, time, device and orientation), XMP,
/// IPTC and comments. What is not an image this knows comes back as it is.
///
/// # Errors
/// [`NotAnImage`] for something that says it is an image and cannot be read as one; it must not be
/// handed on, because nobody knows what is in it.
pub(crate) fn strip(mime: &str, bytes: Vec<u8>) -> Result<Vec<u8>, NotAnImage> {
    match mime.split(';').next().unwrap_or_default().trim() {
        "image/jpeg" => {
            let mut image = Jpeg::from_bytes(bytes.into()).map_err(|_| NotAnImage)?;
            image.segments_mut().retain(|segment| {
                let marker = segment.marker();
                let application = (0xe0..=0xef).contains(&marker);
                marker != 0xfe && (!application || JPEG_KEPT.contains(&marker))
            });
            Ok(image.encoder().bytes().to_vec())
        }
        "image/png" => {
            let mut image = Png::from_bytes(bytes.into()).map_err(|_| NotAnImage)?;
            image
                .chunks_mut()
                .retain(|chunk| PNG_KEPT.contains(&chunk.kind()));
            Ok(image.encoder().bytes().to_vec())
        }
        "image/webp" => {
            let mut image = WebP::from_bytes(bytes.into()).map_err(|_| NotAnImage)?;
            image.set_exif(None::<Bytes>);
            image.remove_chunks_by_id(*b"XMP ");
            Ok(image.encoder().bytes().to_vec())
        }
        _ => Ok(bytes),
    }
}

/// It says it is an image and cannot be read as one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("it says it is an image and cannot be read as one")]
pub(crate) struct NotAnImage;
