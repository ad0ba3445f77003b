//! Backups: an age file, the frames of a part of the key bundle, those of a snapshot. The first byte of
//! the input says which; nobody guesses what seals them.

#![no_main]

use std::io::Read as _;

use backup::BackupError;
use backup::age::Identity;
use backup::age::Opener;
use backup::age::Recipient;
use backup::bundle;
use backup::snapshot;
use backup::snapshot::Manifest;
use backup::snapshot::Object;
use backup::snapshot::Target;
use libfuzzer_sys::fuzz_target;

struct Nowhere;

impl Target for Nowhere {
    fn manifest(&mut self, _: &Manifest) -> Result<(), BackupError> {
        Ok(())
    }

    fn object(&mut self, object: Object) -> Result<(), BackupError> {
        assert!(!object.name.contains(['/', '.']), "a name that is a path");
        Ok(())
    }

    fn part(&mut self, _: &str, _: Option<&[u8]>) -> Result<(), BackupError> {
        Ok(())
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((which, rest)) = input.split_first() else {
        return;
    };
    match which % 4 {
        0 => {
            let identity = Identity::from_secret(&[7; 32]).unwrap();
            if let Ok(mut opener) = Opener::new(rest, &[identity]) {
                let _ = opener.read_to_end(&mut Vec::new());
            }
        }
        1 => {
            let _ = bundle::read_frames(rest, &mut |_| Ok(()));
        }
        2 => {
            let _ = snapshot::read_frames(rest, &mut Nowhere);
        }
        _ => {
            let text = String::from_utf8_lossy(rest);
            if let Ok(recipient) = text.parse::<Recipient>() {
                assert_eq!(recipient.to_string(), text);
            }
            let _ = Identity::list(&text);
        }
    }
});
