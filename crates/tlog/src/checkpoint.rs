//! Checkpoints (C2SP tlog-checkpoint): the signed head of a log.

use crate::hash::Hash;
use crate::note::NoteError;
use crate::note::SigningKey;
use crate::note::VerifyingKey;

/// The head of a log: whose, how long, and its root.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The name of the log, the same as that of its key.
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads a signed note. Extension lines are accepted and dropped, signatures of other keys
    /// (witnesses) ignored.
    pub fn parse_signed(note: &str, key: &VerifyingKey) -> Result<Self, NoteError> {
        let text = key.open(note)?;
        let checkpoint = Self::parse(&text).ok_or(NoteError::NotACheckpoint)?;
        if checkpoint.origin == key.name() {
            Ok(checkpoint)
        } else {
            Err(NoteError::OtherOrigin)
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next()?.to_owned();
        let digits = lines.next()?;
        let size: u64 = digits.parse().ok()?;
        let root = lines.next()?.parse().ok()?;
        // One comparison refuses leading zeroes and plus signs.
        let well_formed = size.to_string() == digits && lines.all(|line| !line.is_empty());
        well_formed.then_some(Self { origin, size, root })
    }
}

impl SigningKey {
    /// The checkpoint as a signed note. The origin must be the name of the key.
    pub fn sign(&self, checkpoint: &Checkpoint) -> Result<String, NoteError> {
        let Checkpoint { origin, size, root } = checkpoint;
        if origin != self.name() {
            return Err(NoteError::OtherOrigin);
        }
        Ok(self.sign_text(&format!("{origin}\n{size}\n{root}\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::empty_root;

    const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn key() -> SigningKey {
        SigningKey::from_seed("example.com/log", &[7; 32]).unwrap()
    }

    #[test]
    fn what_is_signed_is_read() {
        let origin = "example.com/log".to_owned();
        let checkpoint = Checkpoint {
            origin,
            size: 0,
            root: empty_root(),
        };
        let note = key().sign(&checkpoint).unwrap();
        assert!(note.starts_with(&format!(
            "example.com/log\n0\n{ROOT}\n\n\u{2014} example.com/log "
        )));
        assert_eq!(
            Checkpoint::parse_signed(&note, &key().verifying_key()),
            Ok(checkpoint)
        );
    }

    #[test]
    fn only_our_own_log_is_signed() {
        let checkpoint = Checkpoint {
            origin: "other".to_owned(),
            size: 0,
            root: empty_root(),
        };
        assert_eq!(key().sign(&checkpoint), Err(NoteError::OtherOrigin));
    }

    #[test]
    fn texts() {
        let check = |text: &str, wanted: Result<u64, NoteError>| {
            let note = key().sign_text(text);
            let found = Checkpoint::parse_signed(&note, &key().verifying_key());
            assert_eq!(found.map(|checkpoint| checkpoint.size), wanted, "{text}");
        };
        check(&format!("example.com/log\n5\n{ROOT}\n"), Ok(5));
        check(&format!("example.com/log\n5\n{ROOT}\nextension\n"), Ok(5));
        check(
            &format!("example.com/log\n18446744073709551615\n{ROOT}\n"),
            Ok(u64::MAX),
        );
        check(&format!("other\n5\n{ROOT}\n"), Err(NoteError::OtherOrigin));
        check(
            &format!("example.com/log\n05\n{ROOT}\n"),
            Err(NoteError::NotACheckpoint),
        );
        check(
            &format!("example.com/log\n+5\n{ROOT}\n"),
            Err(NoteError::NotACheckpoint),
        );
        check(
            &format!("example.com/log\n-5\n{ROOT}\n"),
            Err(NoteError::NotACheckpoint),
        );
        check(
            &format!("example.com/log\n18446744073709551616\n{ROOT}\n"),
            Err(NoteError::NotACheckpoint),
        );
        check(
            &format!("example.com/log\n5\n{ROOT}\n\nx\n"),
            Err(NoteError::NotACheckpoint),
        );
        check(
            "example.com/log\n5\n47DEQpj8HBSa\n",
            Err(NoteError::NotACheckpoint),
        );
        check("example.com/log\n5\n", Err(NoteError::NotACheckpoint));
        check("\n", Err(NoteError::NotACheckpoint));
    }
}
