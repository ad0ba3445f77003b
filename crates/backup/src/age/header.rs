//! The head of an age file: for whom it is, and the key of what follows, wrapped for each.

use std::io::Read;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::age::FILE_KEY;
use crate::age::derive;
use crate::age::keys::Identity;
use crate::age::keys::Recipient;
use crate::age::keys::Wrapped;
use crate::error::BackupError;

const VERSION: &str = "age-encryption.org/v1";
const FAMILY: &str = "age-encryption.org/v";
const MAC: &str = "---";
/// No head of ours comes near these.
const MAX_BYTES: usize = 64 * 1024;
/// The length of a line of a body.
const LINE: usize = 64;

/// The head of a file with this key, for these recipients.
pub(super) fn write(
    random: &seal::Random,
    recipients: &[Recipient],
    file_key: &[u8; FILE_KEY],
) -> Result<Vec<u8>, BackupError> {
    let mut out = format!("{VERSION}\n");
    for recipient in recipients {
        let wrapped = recipient.wrap(random, file_key)?;
        let (share, body) = (encode(&wrapped.share), encode(&wrapped.body));
        for part in ["-> X25519 ", &share, "\n", &body, "\n"] {
            out.push_str(part);
        }
    }
    out.push_str(MAC);
    let tag = hmac::sign(&mac_key(file_key)?, out.as_bytes());
    out.push(' ');
    out.push_str(&encode(tag.as_ref()));
    out.push('\n');
    Ok(out.into_bytes())
}

/// Reads the head, and no byte beyond it; gives the key of the file.
pub(super) fn read(
    source: &mut dyn Read,
    identities: &[Identity],
) -> Result<Zeroizing<[u8; FILE_KEY]>, BackupError> {
    let mut lines = Lines {
        source,
        read: Vec::new(),
    };
    let version = lines.next()?;
    if version != VERSION {
        return Err(strange(&version));
    }
    let mut found: Option<Zeroizing<[u8; FILE_KEY]>> = None;
    loop {
        let before = lines.read.len();
        let line = lines.next()?;
        if let Some(tag) = line.strip_prefix("--- ") {
            let file_key = found.ok_or(BackupError::WrongKey)?;
            let signed = lines.read.get(..before + MAC.len()).unwrap_or_default();
            let tag = decode(tag)?;
            return hmac::verify(&mac_key(&file_key)?, signed, &tag)
                .map(|()| file_key)
                .map_err(|_| BackupError::Altered);
        }
        let arguments = line.strip_prefix("-> ").ok_or(BackupError::Altered)?;
        let body = lines.body()?;
        if let Some(wrapped) = wrapped(arguments, &body)? {
            let opened = identities.iter().find_map(|one| one.unwrap(&wrapped));
            found = found.or(opened);
        }
    }
}

/// What a file is that begins with another line.
fn strange(version: &str) -> BackupError {
    match version.strip_prefix(FAMILY).map(str::parse) {
        Some(Ok(found)) => BackupError::Newer { found, known: 1 },
        _ => BackupError::Other("an age file"),
    }
}

/// A stanza of the kind that is known here.
fn wrapped(arguments: &str, body: &[u8]) -> Result<Option<Wrapped>, BackupError> {
    let Some(share) = arguments.strip_prefix("X25519 ") else {
        return Ok(None);
    };
    let share = decode(share)?;
    match (share.try_into(), body.try_into()) {
        (Ok(share), Ok(body)) => Ok(Some(Wrapped { share, body })),
        _ => Err(BackupError::Altered),
    }
}

fn mac_key(file_key: &[u8; FILE_KEY]) -> Result<hmac::Key, BackupError> {
    let key = derive(file_key, &[], b"header")?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))
}

fn encode(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Result<Vec<u8>, BackupError> {
    STANDARD_NO_PAD
        .decode(text)
        .map_err(|_| BackupError::Altered)
}

/// The lines of a head, with everything read so far. Reads byte by byte, because what follows the
/// head is not its own.
struct Lines<'a> {
    source: &'a mut dyn Read,
    read: Vec<u8>,
}

impl Lines<'_> {
    fn next(&mut self) -> Result<String, BackupError> {
        let start = self.read.len();
        loop {
            let mut byte = [0];
            self.source.read_exact(&mut byte)?;
            let [byte] = byte;
            self.read.push(byte);
            if byte == b'\n' {
                break;
            }
            if start == 0 && self.read.len() > VERSION.len() + 8 {
                return Err(BackupError::Other("an age file"));
            }
            if self.read.len() > MAX_BYTES {
                return Err(BackupError::Altered);
            }
        }
        let line = self.read.get(start..self.read.len() - 1);
        String::from_utf8(line.unwrap_or_default().to_vec()).map_err(|_| BackupError::Altered)
    }

    /// The body of a stanza: full lines, and a last one that is shorter.
    fn body(&mut self) -> Result<Vec<u8>, BackupError> {
        let mut text = String::new();
        loop {
            let line = self.next()?;
            if line.len() > LINE {
                return Err(BackupError::Altered);
            }
            text.push_str(&line);
            if line.len() < LINE {
                return decode(&text);
            }
        }
    }
}
