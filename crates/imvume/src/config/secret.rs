//! Secrets, given by value or by the file that holds them.

use std::path::Path;
use std::path::PathBuf;

use toml::Spanned;
use zeroize::Zeroizing;

use crate::config::fault::Source;
use crate::config::private;

/// Where secrets are looked for.
pub(super) struct Secrets<'a> {
    pub(super) source: &'a Source<'a>,
    /// What relative paths are relative to: the folder of the configuration file.
    pub(super) base: &'a Path,
}

impl Secrets<'_> {
    /// The secret called `key`, given as `value` or in `file`, in the table that begins at `at`.
    pub(super) fn take(
        &self,
        at: usize,
        key: &str,
        value: Option<Spanned<String>>,
        file: Option<Spanned<PathBuf>>,
    ) -> anyhow::Result<Zeroizing<String>> {
        match (value, file) {
            (None, None) => {
                let cause = format!("is missing; give it here or its file as `{key}_file`");
                Err(self.source.fault(at, key, &cause))
            }
            (Some(_), Some(file)) => {
                let cause = format!("give `{key}` or `{key}_file`, not both");
                Err(self
                    .source
                    .fault(file.span().start, &format!("{key}_file"), &cause))
            }
            (Some(value), None) => {
                let at = value.span().start;
                self.own_file(at, key)?;
                let value = Zeroizing::new(value.into_inner());
                self.checked(at, key, &value)
            }
            (None, Some(file)) => self.read_file(&format!("{key}_file"), &file),
        }
    }

    fn read_file(&self, key: &str, file: &Spanned<PathBuf>) -> anyhow::Result<Zeroizing<String>> {
        let at = file.span().start;
        let path = self.base.join(file.get_ref());
        let text = private::read_private(&path).map_err(|error| {
            self.source
                .fault(at, key, &format!("`{}` {error}", path.display()))
        })?;
        self.checked(at, key, text.trim_end_matches(['\r', '\n']))
    }

    /// A configuration file with a secret in it is itself to be closed to others.
    fn own_file(&self, at: usize, key: &str) -> anyhow::Result<()> {
        let path = self.source.path;
        let metadata = std::fs::metadata(path)?;
        private::check(path, &metadata).map_err(|error| {
            let cause = format!("a secret stands in a file that {error}, or give `{key}_file`");
            self.source.fault(at, key, &cause)
        })
    }

    fn checked(&self, at: usize, key: &str, text: &str) -> anyhow::Result<Zeroizing<String>> {
        let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if sound {
            Ok(Zeroizing::new(text.to_owned()))
        } else {
            Err(self
                .source
                .fault(at, key, "wants one line of visible ASCII without spaces"))
        }
    }
}
