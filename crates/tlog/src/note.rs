//! Signed notes (C2SP signed-note): a text, a blank line, and signature lines
//! `— <key name> <base64(key id ‖ signature)>`. One algorithm: Ed25519, type byte 0x01.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;
use aws_lc_rs::signature::ED25519;
use aws_lc_rs::signature::Ed25519KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::signature::UnparsedPublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

/// The signature type byte of Ed25519.
const ED25519_TYPE: u8 = 0x01;

/// What a signature line starts with: an em dash and a space.
const LINE_START: &str = "\u{2014} ";

/// More signature lines than this are refused unread.
const MOST_SIGNATURES: usize = 100;

/// Why a key or a note is not accepted.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NoteError {
    /// The text is not a verifying key, or its id does not belong to it.
    #[error("not a verifying key: name+id+base64 of an Ed25519 key expected")]
    BadKey,
    /// A key name is empty or has a space or a plus sign in it.
    #[error("a key name must not be empty nor hold spaces or plus signs")]
    BadName,
    /// The signature of the expected key does not hold.
    #[error("the signature does not hold")]
    BadSignature,
    /// The text could be taken for the head of a log.
    #[error("the text of the note is that of a checkpoint")]
    IsACheckpoint,
    /// The note does not have the form of a signed note.
    #[error("not a signed note")]
    MalformedNote,
    /// The text of the note is not origin, size and root.
    #[error("the text of the note is not a checkpoint")]
    NotACheckpoint,
    /// The checkpoint names another log than the key.
    #[error("the checkpoint is of another log than the key")]
    OtherOrigin,
    /// No signature by the expected key.
    #[error("not signed by the expected key")]
    Unsigned,
}

/// The public half of a log's key with the name of the log. As text it is a C2SP *vkey*:
/// `<name>+<key id in hex>+<base64(0x01 ‖ public key)>`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifyingKey {
    // INVARIANT: `name` is a valid key name and `id` is the key id of name and key.
    name: String,
    id: [u8; 4],
    key: [u8; 32],
}

impl VerifyingKey {
    /// The name of the key, which is the origin of the log's checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn new(name: &str, key: [u8; 32]) -> Result<Self, NoteError> {
        if name.is_empty()
            || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
        {
            return Err(NoteError::BadName);
        }
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(name.as_bytes());
        context.update(&[b'\n', ED25519_TYPE]);
        context.update(&key);
        let hash = context.finish();
        let id = hash.as_ref().first_chunk().copied().unwrap_or_default();
        Ok(Self {
            name: name.to_owned(),
            id,
            key,
        })
    }

    /// The text of `note`, final newline included, if this key signed it. Signatures of other keys
    /// are ignored.
    pub(crate) fn open(&self, note: &str) -> Result<String, NoteError> {
        if note.contains(|c: char| c < ' ' && c != '\n') {
            return Err(NoteError::MalformedNote);
        }
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::MalformedNote)?;
        let text = format!("{text}\n");
        let signatures = signatures
            .strip_suffix('\n')
            .ok_or(NoteError::MalformedNote)?;
        if signatures.split('\n').count() > MOST_SIGNATURES {
            return Err(NoteError::MalformedNote);
        }
        let mut signed = false;
        for line in signatures.split('\n') {
            let (name, id, signature) = parse_line(line)?;
            if name == self.name && id == self.id {
                let key = UnparsedPublicKey::new(&ED25519, &self.key);
                key.verify(text.as_bytes(), &signature)
                    .map_err(|_| NoteError::BadSignature)?;
                signed = true;
            }
        }
        if signed {
            Ok(text)
        } else {
            Err(NoteError::Unsigned)
        }
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = u32::from_be_bytes(self.id);
        let mut typed = vec![ED25519_TYPE];
        typed.extend(self.key);
        write!(f, "{}+{id:08x}+{}", self.name, STANDARD.encode(typed))
    }
}

impl FromStr for VerifyingKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_id), Some(typed)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(NoteError::BadKey);
        };
        let typed = STANDARD.decode(typed).map_err(|_| NoteError::BadKey)?;
        let Some((&ED25519_TYPE, key)) = typed.split_first() else {
            return Err(NoteError::BadKey);
        };
        let key = key.try_into().map_err(|_| NoteError::BadKey)?;
        let parsed = Self::new(name, key)?;
        // One comparison covers the id, its case, and every other way to write the same key.
        if parsed.to_string() == text {
            Ok(parsed)
        } else {
            Err(NoteError::BadKey)
        }
    }
}

/// The private half of a log's key. It has no text form, and debugging shows the public half.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

impl SigningKey {
    /// The key `name` from 32 secret random bytes (the private key of RFC 8032).
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::BadKey)?;
        let key = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| NoteError::BadKey)?;
        let public = VerifyingKey::new(name, key)?;
        Ok(Self { pair, public })
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.public.clone()
    }

    /// The note that says `text`, which ends in a newline, with our signature.
    pub(crate) fn sign_text(&self, text: &str) -> String {
        let mut signature = self.public.id.to_vec();
        signature.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        format!(
            "{text}\n{LINE_START}{} {}\n",
            self.public.name,
            STANDARD.encode(signature)
        )
    }

    pub(crate) fn name(&self) -> &str {
        &self.public.name
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// Key name, key id and signature of one signature line.
fn parse_line(line: &str) -> Result<(&str, [u8; 4], Vec<u8>), NoteError> {
    let line = line
        .strip_prefix(LINE_START)
        .ok_or(NoteError::MalformedNote)?;
    let (name, signature) = line.split_once(' ').ok_or(NoteError::MalformedNote)?;
    let bytes = STANDARD
        .decode(signature)
        .map_err(|_| NoteError::MalformedNote)?;
    match bytes.split_first_chunk::<4>() {
        Some((id, signature)) if !name.is_empty() && !signature.is_empty() => {
            Ok((name, *id, signature.to_vec()))
        }
        _ => Err(NoteError::MalformedNote),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the Go reference implementation (golang.org/x/mod/sumdb/note).
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SEED: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const LINE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN\
                        1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const OTHER: &str = "\u{2014} example.com/other AAAAAAAA\n";

    fn key() -> VerifyingKey {
        VKEY.parse().unwrap()
    }

    #[test]
    fn signs_like_the_reference_implementation() {
        let typed = STANDARD.decode(SEED).unwrap();
        let key = SigningKey::from_seed("PeterNeumann", typed[1..].try_into().unwrap()).unwrap();
        assert_eq!(key.verifying_key().to_string(), VKEY);
        assert_eq!(key.sign_text(TEXT), format!("{TEXT}\n{LINE}"));
        assert!(format!("{key:?}").contains("PeterNeumann"));
    }

    #[test]
    fn notes() {
        let check = |note: &str, wanted: Result<&str, NoteError>| {
            assert_eq!(key().open(note), wanted.map(str::to_owned), "{note}");
        };
        check(&format!("{TEXT}\n{LINE}"), Ok(TEXT));
        check(&format!("{TEXT}\n{OTHER}{LINE}"), Ok(TEXT));
        check(&format!("{TEXT}\n{LINE}{OTHER}"), Ok(TEXT));
        check(&format!("{TEXT}\n{OTHER}"), Err(NoteError::Unsigned));
        check(&format!("x{TEXT}\n{LINE}"), Err(NoteError::BadSignature));
        check(&format!("{TEXT}\n\n{LINE}"), Err(NoteError::BadSignature));
        check(&format!("{TEXT}{LINE}"), Err(NoteError::MalformedNote));
        check(
            &format!("{TEXT}\n{}", LINE.trim_end()),
            Err(NoteError::MalformedNote),
        );
        check(
            &format!("{TEXT}\r\n\n{LINE}"),
            Err(NoteError::MalformedNote),
        );
        check(
            &format!("{TEXT}\n{LINE}tail\n"),
            Err(NoteError::MalformedNote),
        );
        check(&format!("{TEXT}\n"), Err(NoteError::MalformedNote));
        check(&format!("{TEXT}\n{}{LINE}", OTHER.repeat(99)), Ok(TEXT));
        check(
            &format!("{TEXT}\n{}{LINE}", OTHER.repeat(100)),
            Err(NoteError::MalformedNote),
        );
        check("", Err(NoteError::MalformedNote));
    }

    #[test]
    fn no_mangled_key_is_a_key() {
        for start in 0..VKEY.len() {
            for end in start..=VKEY.len() {
                let parsed = VKEY.get(start..end).unwrap().parse::<VerifyingKey>();
                assert_eq!(parsed.is_ok(), end - start == VKEY.len());
            }
        }
        for at in 0..VKEY.len() {
            let mut bytes = VKEY.as_bytes().to_vec();
            bytes[at] ^= 1;
            let mangled = String::from_utf8(bytes).unwrap();
            assert!(mangled.parse::<VerifyingKey>().is_err(), "{mangled}");
        }
    }

    #[test]
    fn names() {
        for name in ["", "a b", "a+b", "a\nb", "a\u{2003}b", "a\u{7}"] {
            let key = SigningKey::from_seed(name, &[1; 32]);
            assert_eq!(key.err(), Some(NoteError::BadName), "{name:?}");
        }
    }
}
