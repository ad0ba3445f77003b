//! Statements: signed notes of a log's key that are no checkpoints.
//!
//! A checkpoint's text has the log's name in its first line and a number in its second. A statement's
//! first line says what it is and its second is no number, so neither can be taken for the other.

use crate::note::NoteError;
use crate::note::SigningKey;
use crate::note::VerifyingKey;

impl SigningKey {
    /// The statement `text` as a signed note.
    ///
    /// # Errors
    /// [`NoteError::MalformedNote`] for a text that does not end in a line feed, has an empty line or a
    /// control character in it; [`NoteError::IsACheckpoint`] for one that could be taken for a head of
    /// the log.
    pub fn state(&self, text: &str) -> Result<String, NoteError> {
        check(text)?;
        Ok(self.sign_text(text))
    }
}

impl VerifyingKey {
    /// The text of a statement, if this key signed it. Signatures of other keys are ignored.
    ///
    /// # Errors
    /// As [`SigningKey::state`], and where no signature of this key holds.
    pub fn statement(&self, note: &str) -> Result<String, NoteError> {
        let text = self.open(note)?;
        check(&text)?;
        Ok(text)
    }
}

fn check(text: &str) -> Result<(), NoteError> {
    let lines = text.strip_suffix('\n').ok_or(NoteError::MalformedNote)?;
    let control = |c: char| c.is_control() && c != '\n';
    if lines.contains(control) || lines.split('\n').any(str::is_empty) {
        return Err(NoteError::MalformedNote);
    }
    let second = lines.split('\n').nth(1).unwrap_or_default();
    if second.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NoteError::IsACheckpoint);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::checkpoint::Checkpoint;
    use crate::hash::empty_root;
    use crate::note::NoteError;
    use crate::note::SigningKey;

    #[test]
    fn statements() {
        let key = SigningKey::from_seed("example.com/log", &[7; 32]).unwrap();
        for (text, fault) in [
            ("what\nname: value\n", None),
            ("what\nname: value", Some(NoteError::MalformedNote)),
            ("what\n\nname: value\n", Some(NoteError::MalformedNote)),
            ("what\nname:\tvalue\n", Some(NoteError::MalformedNote)),
            ("what\n7\nroot\n", Some(NoteError::IsACheckpoint)),
            ("what\n", Some(NoteError::IsACheckpoint)),
            ("", Some(NoteError::MalformedNote)),
        ] {
            let stated = key.state(text);
            assert_eq!(stated.as_ref().err(), fault.as_ref(), "{text:?}");
            if let Ok(note) = stated {
                assert_eq!(key.verifying_key().statement(&note).as_deref(), Ok(text));
                let mangled = note.replace("value", "valve");
                let refused = key.verifying_key().statement(&mangled);
                assert_eq!(refused, Err(NoteError::BadSignature));
                assert!(Checkpoint::parse_signed(&note, &key.verifying_key()).is_err());
            }
        }
        let head = key.sign(&Checkpoint {
            origin: "example.com/log".to_owned(),
            size: 0,
            root: empty_root(),
        });
        let refused = key.verifying_key().statement(&head.unwrap());
        assert_eq!(refused, Err(NoteError::IsACheckpoint));
    }
}
