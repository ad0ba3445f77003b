//! The certificate of a cleansing: what was done with a registry's list and when, for somebody who has
//! nothing but this text and the log's key.
//!
//! It is a signed note. Its lines hold the values of the import, the salt under which the log's entry
//! commits to them, the entry itself, and the proof that the entry stands in the log. So it can be
//! checked offline, and whoever has the log's files finds the same entry at the same place.

use std::fmt::Write as _;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::ids::BlockRegistryId;
use domain::ids::RegistryImportId;
use domain::time::Timestamp;
use store::block_registry::RegistryImport;
use tlog::Hash;
use tlog::NoteError;
use tlog::SigningKey;
use tlog::VerifyingKey;
use tlog::proof;

/// The first line.
const KIND: &str = "imvume block-registry certificate v1";

/// The longest certificate, in bytes: a few dozen lines, nothing near this.
pub const LONGEST: usize = 64 * 1024;

/// A certificate that holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Certificate {
    /// The name of the log.
    pub origin: String,
    /// The short name of the registry.
    pub registry: String,
    /// What was done.
    pub import: RegistryImport,
    /// The salt of the entry.
    pub salt: [u8; 16],
    /// The entry.
    pub entry: String,
    /// How many entries the log had when the certificate was made.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The way from the entry to the root.
    pub path: Vec<Hash>,
}

/// Why a certificate does not hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CertificateError {
    /// The lines are not those of a certificate.
    #[error("this is no such certificate")]
    Form,
    /// The entry is not in the log.
    #[error("the entry does not stand in the log: {0}")]
    Inclusion(#[from] proof::ProofError),
    /// The entry speaks of something else.
    #[error("the log's entry does not speak of these values")]
    OtherEntry,
    /// The certificate names another log than the key.
    #[error("the certificate is of another log than the key")]
    OtherLog,
    /// The signature, or the form of the note.
    #[error("{0}")]
    Note(#[from] NoteError),
}

impl Certificate {
    /// The certificate as a signed note.
    ///
    /// # Errors
    /// Where a value does not fit on a line.
    pub fn sign(&self, key: &SigningKey) -> Result<String, NoteError> {
        let import = &self.import;
        let hex = hex(&import.file_hash);
        let mut text = format!(
            "{KIND}\nlog: {}\nregistry: {}\nregistry-id: {}\nimport: {}\nat: {}\nactor: {}\n\
             file: sha256:{hex}\nrows: {}\nblocked: {}\nlifted: {}\nbad: {}\nsalt: {}\nentry: {}\n\
             position: {}\nsize: {}\nroot: {}\n",
            self.origin,
            self.registry,
            import.registry,
            import.id,
            import.at,
            import.actor,
            import.rows,
            import.blocked,
            import.lifted,
            import.bad,
            STANDARD.encode(self.salt),
            self.entry,
            import.leaf,
            self.size,
            self.root,
        );
        for hash in &self.path {
            let _ = writeln!(text, "path: {hash}");
        }
        key.state(&text)
    }

    /// Reads a certificate and checks it: signature, entry, and the entry's place in the log.
    ///
    /// # Errors
    /// [`CertificateError`] by the first thing that does not hold.
    pub fn verify(note: &str, key: &VerifyingKey) -> Result<Self, CertificateError> {
        if note.len() > LONGEST {
            return Err(CertificateError::Form);
        }
        let text = key.statement(note)?;
        let read = read(&text).ok_or(CertificateError::Form)?;
        if read.origin != key.name() {
            return Err(CertificateError::OtherLog);
        }
        let commitment = hex(&read.import.commitment(&read.salt));
        let speaks_of_it = read
            .entry
            .ends_with(&format!(r#""commitment":"{commitment}"}}"#));
        if !speaks_of_it || !read.entry.contains(r#""action":"block-registry.changed""#) {
            return Err(CertificateError::OtherEntry);
        }
        let leaf = tlog::leaf_hash(read.entry.as_bytes());
        let position = read.import.leaf.cast_unsigned();
        proof::verify_inclusion(&read.root, read.size, position, &leaf, &read.path)?;
        Ok(read)
    }
}

fn read(text: &str) -> Option<Certificate> {
    let mut lines = Lines::new(text.strip_prefix(KIND)?.strip_prefix('\n')?);
    let origin = lines.text("log")?;
    let registry = lines.text("registry")?;
    let registry_id = BlockRegistryId(lines.value("registry-id")?);
    let id = RegistryImportId(lines.value("import")?);
    let at: Timestamp = lines.value("at")?;
    let actor = lines.text("actor")?;
    let file = lines.text("file")?;
    let (rows, blocked) = (lines.value("rows")?, lines.value("blocked")?);
    let (lifted, bad) = (lines.value("lifted")?, lines.value("bad")?);
    let salt = STANDARD.decode(lines.text("salt")?).ok()?;
    let entry = lines.text("entry")?;
    let leaf = lines.value("position")?;
    let (size, root) = (lines.value("size")?, lines.value("root")?);
    let import = RegistryImport {
        id,
        registry: registry_id,
        file_hash: bytes_of_hex(file.strip_prefix("sha256:")?)?,
        rows,
        blocked,
        lifted,
        bad,
        actor,
        at,
        leaf,
    };
    Some(Certificate {
        origin,
        registry,
        import,
        salt: salt.try_into().ok()?,
        entry,
        size,
        root,
        path: lines.rest("path")?,
    })
}

/// Lines of a name and a value, in the order in which they have to come.
pub(crate) struct Lines<'a>(std::iter::Peekable<std::str::Lines<'a>>);

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text.lines().peekable())
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        value(self.0.next()?, name).map(str::to_owned)
    }

    pub(crate) fn value<T: FromStr>(&mut self, name: &str) -> Option<T> {
        value(self.0.next()?, name)?.parse().ok()
    }

    /// The values of the lines of this name that come next; none may be.
    pub(crate) fn each(&mut self, name: &str) -> Vec<String> {
        let mut values = Vec::new();
        while let Some(line) = self.0.next_if(|line| value(line, name).is_some()) {
            values.extend(value(line, name).map(str::to_owned));
        }
        values
    }

    pub(crate) fn rest<T: FromStr>(self, name: &str) -> Option<Vec<T>> {
        self.0.map(|line| value(line, name)?.parse().ok()).collect()
    }
}

fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.strip_prefix(name)?.strip_prefix(": ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn bytes_of_hex(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let byte = |pair: &[u8]| pair.iter().fold(0, |byte, digit| byte << 4 | digit);
    Some(digits.chunks_exact(2).map(byte).collect())
}

#[cfg(test)]
mod tests {
    use domain::audit::Action;
    use domain::audit::Actor;
    use domain::audit::Leaf;
    use domain::ids::BlockRegistryId;
    use domain::ids::RegistryImportId;
    use domain::ids::TokenId;
    use domain::time::Timestamp;
    use store::block_registry::RegistryImport;
    use tlog::SigningKey;

    use super::Certificate;
    use super::CertificateError;

    fn certificate() -> Certificate {
        let import = RegistryImport {
            id: RegistryImportId(3),
            registry: BlockRegistryId(1),
            file_hash: vec![0xab; 32],
            rows: 10,
            blocked: 4,
            lifted: 1,
            bad: 0,
            actor: "staff/1".to_owned(),
            at: Timestamp::from_seconds(1_800_000_000),
            leaf: 1,
        };
        let salt = [5; 16];
        let entry = Leaf {
            at: import.at,
            actor: Actor::Staff(TokenId(1)),
            action: Action::BlockRegistryChanged,
            rules: &["block-registry/imported"],
            commitment: import.commitment(&salt),
        };
        let entry = String::from_utf8(entry.encode()).unwrap();
        let first = tlog::leaf_hash(b"another");
        Certificate {
            origin: "example.com/log".to_owned(),
            registry: "ncc".to_owned(),
            root: tlog::node_hash(&first, &tlog::leaf_hash(entry.as_bytes())),
            import,
            salt,
            entry,
            size: 2,
            path: vec![first],
        }
    }

    fn key(name: &str) -> SigningKey {
        SigningKey::from_seed(name, &[7; 32]).unwrap()
    }

    #[test]
    fn what_is_certified_holds_and_nothing_else() {
        let key = key("example.com/log");
        let held = certificate();
        let public = key.verifying_key();
        let verify = |certificate: &Certificate| {
            Certificate::verify(&certificate.sign(&key).unwrap(), &public)
        };
        assert_eq!(verify(&held), Ok(held.clone()));
        let mut other = held.clone();
        other.import.lifted = 0;
        assert_eq!(verify(&other), Err(CertificateError::OtherEntry));
        let mut other = held.clone();
        other.salt = [6; 16];
        assert_eq!(verify(&other), Err(CertificateError::OtherEntry));
        let mut other = held.clone();
        other.root = tlog::empty_root();
        assert!(matches!(
            verify(&other),
            Err(CertificateError::Inclusion(_))
        ));
        let mut other = held.clone();
        other.origin = "example.com/other".to_owned();
        assert_eq!(verify(&other), Err(CertificateError::OtherLog));
        let note = held.sign(&key).unwrap();
        for line in note.lines().filter(|line| line.contains(": ")) {
            let cut = note.replace(&format!("{line}\n"), "");
            assert!(Certificate::verify(&cut, &public).is_err(), "{line}");
        }
        let resigned = key.state(&format!("{}\nlog: x\n", super::KIND)).unwrap();
        let refused = Certificate::verify(&resigned, &public);
        assert_eq!(refused, Err(CertificateError::Form));
    }
}
