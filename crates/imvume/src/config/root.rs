//! Where the root key comes from: one of a key file, a passphrase, a credential of systemd.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use seal::RootKey;

use crate::config::document::Instance;
use crate::config::fault::Source;

/// The variable by which systemd says where a unit's credentials are (`systemd.exec(5)`).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where the root key comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Root {
    /// A credential that systemd passes on, by name.
    Credential(String),
    /// A file that holds the key; made at the first start.
    KeyFile(PathBuf),
    /// A file that holds a passphrase, which becomes the key.
    Passphrase(PathBuf),
}

impl Root {
    /// The one that the configuration names; a key file if it names none.
    pub(super) fn named(
        source: &Source<'_>,
        base: &Path,
        instance: &mut Instance,
    ) -> anyhow::Result<Self> {
        let key_file = instance
            .key_file
            .take()
            .map(|path| Self::KeyFile(base.join(path)));
        let mut named = key_file;
        let others = [
            (
                "passphrase_file",
                instance.passphrase_file.take().map(|path| {
                    (
                        path.span().start,
                        Self::Passphrase(base.join(path.into_inner())),
                    )
                }),
            ),
            (
                "credential",
                instance
                    .credential
                    .take()
                    .map(|name| (name.span().start, Self::Credential(name.into_inner()))),
            ),
        ];
        for (key, other) in others {
            let Some((at, other)) = other else { continue };
            if let Self::Credential(name) = &other
                && !is_name(name)
            {
                let wanted = "wants the name of a credential: letters, digits, `.`, `-` and `_`";
                return Err(source.fault(at, key, wanted));
            }
            if named.is_some() {
                let wanted = "the root key comes from one place: name one of `key_file`, \
                              `passphrase_file` and `credential`";
                return Err(source.fault(at, key, wanted));
            }
            named = Some(other);
        }
        Ok(named.unwrap_or_else(|| Self::KeyFile(base.join("imvume.key"))))
    }

    /// The key of the configuration that names it.
    pub(crate) const fn key(&self) -> &'static str {
        match self {
            Self::Credential(_) => "instance.credential",
            Self::KeyFile(_) => "instance.key_file",
            Self::Passphrase(_) => "instance.passphrase_file",
        }
    }

    /// The file it is read from.
    ///
    /// # Errors
    /// Where systemd passes no credentials on.
    pub(crate) fn path(&self) -> anyhow::Result<PathBuf> {
        match self {
            Self::KeyFile(path) | Self::Passphrase(path) => Ok(path.clone()),
            Self::Credential(name) => Ok(credentials()?.join(name)),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with the file, under the key of the configuration.
    pub(crate) fn read(&self) -> anyhow::Result<RootKey> {
        let path = self.path().context(self.key())?;
        match self {
            Self::Credential(_) => RootKey::read_credential(&path),
            Self::KeyFile(_) => RootKey::read_file(&path),
            Self::Passphrase(_) => RootKey::read_passphrase(&path),
        }
        .context(self.key())
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(name) => write!(f, "the credential `{name}`"),
            Self::KeyFile(path) => write!(f, "the key file `{}`", path.display()),
            Self::Passphrase(path) => write!(f, "the passphrase in `{}`", path.display()),
        }
    }
}

/// Whether systemd takes it for a credential's name, and it stays within its folder.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !name.is_empty()
        && name.len() <= 255
        && name.chars().all(fits)
        && !name.trim_matches('.').is_empty()
}

/// Nothing else is read from the environment; systemd says it in no other way.
fn credentials() -> anyhow::Result<PathBuf> {
    std::env::var_os(CREDENTIALS)
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .with_context(|| {
            format!("${CREDENTIALS} is not set; run it as a unit of systemd with `LoadCredential`")
        })
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn a_name_stays_within_its_folder() {
        for (name, fits) in [
            ("imvume.key", true),
            ("root-key_1", true),
            ("", false),
            (".", false),
            ("..", false),
            ("a/b", false),
            ("../key", false),
            ("näme", false),
        ] {
            assert_eq!(is_name(name), fits, "{name}");
        }
    }
}
