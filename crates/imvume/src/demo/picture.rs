//! A photograph with a place in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a phone writes into a picture about where it was taken.
pub(crate) const PLACE: &[u8] = b"Exif\0\0GPS 33.9249 S 18.4241 E";

/// One grey dot as JPEG.
const DOT: &str = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxD/2Q==";

/// The picture as base64, with its place behind the two bytes every JPEG starts with.
pub(crate) fn with_place() -> anyhow::Result<String> {
    let dot = STANDARD.decode(DOT)?;
    let (start, rest) = dot.split_at_checked(2).unwrap_or((&dot, &[]));
    let length = u16::try_from(PLACE.len() + 2)?.to_be_bytes();
    let whole = [start, &[0xff, 0xe1], &length, PLACE, rest].concat();
    Ok(STANDARD.encode(whole))
}

/// Whether a place is still in it.
pub(crate) fn has_place(picture: &[u8]) -> bool {
    picture
        .windows(4)
        .any(|four| four == b"Exif" || four == b"GPS ")
}
