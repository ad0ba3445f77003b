//! The working copy of a picture, without what tells about the person who took it.
//!
//! Each format has a list of what stays: what decoding and colour need. All else goes: EXIF (with it
//! place, time, device and orientation), XMP, IPTC, comments, thumbnails, and whatever hangs behind
//! the picture's end, such as the second picture or the film that telephones leave there.
//!
//! Left out: formats beside these three, and what the pixels show. To add a format: an arm in
//! [`strip`], a list of what stays, and a row in the tests.

use std::borrow::Cow;

use img_parts::png::Png;
use img_parts::riff::RiffContent;
use img_parts::webp::WebP;

/// PNG chunks that stay.
const PNG_KEPT: [[u8; 4]; 14] = [
    *b"IHDR", *b"PLTE", *b"IDAT", *b"IEND", *b"tRNS", *b"gAMA", *b"cHRM", *b"sRGB", *b"iCCP",
    *b"sBIT", *b"bKGD", *b"acTL", *b"fcTL", *b"fdAT",
];

/// WebP chunks that stay.
const WEBP_KEPT: [[u8; 4]; 7] = [
    *b"VP8X", *b"VP8 ", *b"VP8L", *b"ALPH", *b"ANIM", *b"ANMF", *b"ICCP",
];

/// The bits by which a WebP header announces EXIF and XMP.
const WEBP_METADATA: u8 = 0b1100;

/// JPEG markers (ITU-T T.81, table B.1).
const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;

/// The picture without metadata. What is no picture of a kind this knows comes back as it is.
///
/// # Errors
/// [`NotAPicture`] for something that says it is a picture and cannot be read as one; it must not be
/// handed on, because nobody knows what is in it.
pub(crate) fn strip(mime: &str, bytes: Vec<u8>) -> Result<Vec<u8>, NotAPicture> {
    let mime = mime.split(';').next().unwrap_or_default().trim();
    match mime.to_ascii_lowercase().as_str() {
        "image/jpeg" | "image/jpg" => jpeg(&bytes).ok_or(NotAPicture),
        "image/png" => png(bytes),
        "image/webp" => webp(bytes),
        _ => Ok(bytes),
    }
}

/// It says it is a picture and cannot be read as one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("it says it is a picture and cannot be read as one")]
pub(crate) struct NotAPicture;

/// Copies segment after segment to the first end of image. The library used for the other formats
/// takes all from the first scan on for one piece, so segments between scans and what hangs behind
/// the end would stay.
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut left = bytes.strip_prefix(&[0xff, START_OF_IMAGE])?;
    let mut out = Vec::with_capacity(bytes.len());
    out.extend([0xff, START_OF_IMAGE]);
    let (mut in_scan, mut scans) = (false, 0_u32);
    loop {
        let at = left.iter().position(|byte| *byte == 0xff);
        let (data, marker) = left.split_at_checked(at.unwrap_or(left.len()))?;
        if in_scan {
            out.extend_from_slice(data);
        }
        match marker {
            // A byte of the scan, or a restart in it.
            [0xff, code @ (0x00 | 0xd0..=0xd7), rest @ ..] => {
                if in_scan {
                    out.extend([0xff, *code]);
                }
                left = rest;
            }
            // Fill before a marker.
            [0xff, 0xff, ..] => left = marker.get(1..)?,
            [0xff, code, high, low, rest @ ..] if *code != END_OF_IMAGE => {
                let length = usize::from(u16::from_be_bytes([*high, *low])).checked_sub(2)?;
                let (content, rest) = rest.split_at_checked(length)?;
                push_segment(&mut out, *code, content);
                in_scan = *code == START_OF_SCAN;
                scans += u32::from(in_scan);
                left = rest;
            }
            // The end, as the file says or because there is no more of it.
            _ => {
                out.extend([0xff, END_OF_IMAGE]);
                return (scans > 0).then_some(out);
            }
        }
    }
}

/// Frames, tables and scans stay; of application data JFIF without its thumbnail (APP0), colour
/// profiles (APP2) and Adobe's colour transform (APP14).
fn push_segment(out: &mut Vec<u8>, code: u8, content: &[u8]) {
    let content = match (code, content) {
        (0xc0..=0xcf | 0xda..=0xdf, _)
        | (0xe2, [b'I', b'C', b'C', b'_', ..])
        | (0xee, [b'A', b'd', b'o', b'b', b'e', ..]) => Cow::Borrowed(content),
        // Name, version, unit and densities; then the thumbnail's width and height.
        (0xe0, [b'J', b'F', b'I', b'F', 0, ..]) => {
            let Some(start) = content.get(..12) else {
                return;
            };
            Cow::Owned([start, &[0, 0]].concat())
        }
        _ => return,
    };
    if let Ok(length) = u16::try_from(content.len() + 2) {
        out.extend([0xff, code]);
        out.extend(length.to_be_bytes());
        out.extend_from_slice(&content);
    }
}

fn png(bytes: Vec<u8>) -> Result<Vec<u8>, NotAPicture> {
    let mut image = Png::from_bytes(bytes.into()).map_err(|_| NotAPicture)?;
    image
        .chunks_mut()
        .retain(|chunk| PNG_KEPT.contains(&chunk.kind()));
    Ok(image.encoder().bytes().to_vec())
}

fn webp(bytes: Vec<u8>) -> Result<Vec<u8>, NotAPicture> {
    let mut image = WebP::from_bytes(bytes.into()).map_err(|_| NotAPicture)?;
    image
        .chunks_mut()
        .retain(|chunk| WEBP_KEPT.contains(&chunk.id()));
    for chunk in image.chunks_mut() {
        if chunk.id() != *b"VP8X" {
            continue;
        }
        if let RiffContent::Data(header) = chunk.content_mut() {
            let mut changed = header.to_vec();
            if let Some(flags) = changed.first_mut() {
                *flags &= !WEBP_METADATA;
            }
            *header = changed.into();
        }
    }
    Ok(image.encoder().bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(code: u8, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend([0xff, code]);
        out.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
        out.extend(content);
        out
    }

    fn jpeg_of(segments: &[Vec<u8>]) -> Vec<u8> {
        [&[0xff, 0xd8][..], &segments.concat(), &[0xff, 0xd9]].concat()
    }

    fn scan() -> Vec<u8> {
        [
            segment(0xda, &[1, 1, 0, 0, 63, 0]),
            vec![7, 0xff, 0, 8, 0xff, 0xd0, 9],
        ]
        .concat()
    }

    #[test]
    fn jpegs_keep_what_decoding_needs() {
        let (table, frame) = (segment(0xdb, &[3; 65]), segment(0xc0, &[8, 0, 1]));
        let exif = segment(0xe1, b"Exif\0\0place");
        let profile = segment(0xe2, b"ICC_PROFILE\0x");
        let adobe = segment(0xee, b"Adobe\0d");
        let bare = jpeg_of(&[table.clone(), frame.clone(), scan()]);
        let check = |what: &str, picture: Vec<u8>, expected: &[u8]| {
            assert_eq!(
                strip("image/jpeg", picture).as_deref(),
                Ok(expected),
                "{what}"
            );
        };
        check("as it is", bare.clone(), &bare);
        for (what, extra) in [
            ("exif", exif.clone()),
            ("xmp", segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0x")),
            ("iptc", segment(0xed, b"Photoshop 3.0\0x")),
            ("a comment", segment(0xfe, b"by somebody")),
            ("a thumbnail", segment(0xe0, b"JFXX\0\x10x")),
            ("an index of pictures", segment(0xe2, b"MPF\0x")),
            ("an extension", segment(0xf0, b"x")),
            ("fill", vec![0xff]),
        ] {
            check(
                what,
                jpeg_of(&[extra.clone(), table.clone(), frame.clone(), scan()]),
                &bare,
            );
            check(
                what,
                jpeg_of(&[table.clone(), frame.clone(), scan(), extra]),
                &bare,
            );
        }
        let two_scans = jpeg_of(&[frame.clone(), scan(), exif.clone(), scan()]);
        check(
            "between scans",
            two_scans,
            &jpeg_of(&[frame.clone(), scan(), scan()]),
        );
        let coloured = jpeg_of(&[profile, adobe, frame.clone(), scan()]);
        check("colour", coloured.clone(), &coloured);
        let plain = segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0");
        let small = segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01rgb");
        check(
            "the thumbnail of JFIF",
            jpeg_of(&[small, frame.clone(), scan()]),
            &jpeg_of(&[plain, frame.clone(), scan()]),
        );
        let other = jpeg_of(&[exif, frame, scan()]);
        check(
            "a second picture behind the end",
            [bare.clone(), other].concat(),
            &bare,
        );
        check("no end", bare[..bare.len() - 2].to_vec(), &bare);
    }

    #[test]
    fn pngs_and_webps_keep_what_decoding_needs() {
        let vp8x = |flags: u8| [b"VP8X\x0a\0\0\0", &[flags][..], &[0; 9]].concat();
        let riff = |chunks: &[u8]| {
            let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
            [b"RIFF", &length[..], b"WEBP", chunks].concat()
        };
        let picture = b"VP8L\x06\0\0\0\x2f\0\0\0\0\0";
        let full = [
            &vp8x(0x0c)[..],
            picture,
            b"EXIF\x02\0\0\0xy",
            b"XMP \x02\0\0\0xy",
            b"note\x02\0\0\0xy",
        ];
        let stripped = riff(&[&vp8x(0)[..], picture].concat());
        assert_eq!(
            strip("image/webp", riff(&full.concat())),
            Ok(stripped.clone())
        );
        let tail = [&riff(&full.concat())[..], b"tail"].concat();
        assert_eq!(strip("image/webp", tail), Ok(stripped));

        let end = b"\0\0\0\0IEND\xae\x42\x60\x82";
        let text = b"\0\0\0\x03tEXta\0b\xdc\x49\xa2\x3b";
        let png = [b"\x89PNG\r\n\x1a\n", &text[..], end, b"tail"].concat();
        let bare = [&b"\x89PNG\r\n\x1a\n"[..], end].concat();
        assert_eq!(strip("Image/PNG; x=y", png), Ok(bare));
    }

    #[test]
    fn what_is_no_picture() {
        for mime in ["image/jpeg", "IMAGE/JPEG", "image/png", "image/webp"] {
            for bytes in [
                &b""[..],
                b"x",
                b"\xff\xd8",
                b"\xff\xd8\xff\xe1\x00",
                b"\x89PNG",
                b"RIFF",
            ] {
                assert_eq!(
                    strip(mime, bytes.to_vec()),
                    Err(NotAPicture),
                    "{mime} {bytes:?}"
                );
            }
        }
        assert_eq!(strip("text/plain", b"x".to_vec()), Ok(b"x".to_vec()));
    }
}
