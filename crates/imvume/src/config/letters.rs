//! `[letters]`: who writes to people about what they ask for by right, and with which templates.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use letters::Authority;
use letters::Fault;
use letters::Letterhead;
use letters::Letters;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error as _;
use service::LetterSettings;

/// A longer file is no template, in bytes.
const LARGEST: u64 = 64 * 1024;

/// `[letters]` as it is written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    directory: Option<PathBuf>,
    #[serde(deserialize_with = "template")]
    template: Option<String>,
    address: Vec<String>,
    officer: String,
    contact: String,
    authority: Option<WrittenAuthority>,
    #[serde(deserialize_with = "provisions")]
    provisions: Vec<String>,
}

/// `letters.authority` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAuthority {
    name: String,
    #[serde(default)]
    address: String,
}

/// What letters are written from, and what is wrong with templates of one's own: the built-in ones stay in
/// their place.
pub(super) fn settings(
    base: &Path,
    written: Written,
    zone: TimeZone,
) -> (LetterSettings, Vec<Fault>) {
    let (files, mut faults) = match &written.directory {
        Some(directory) => files(&base.join(directory)),
        None => (Vec::new(), Vec::new()),
    };
    let (letters, refused) = Letters::load(&files);
    faults.extend(refused);
    let authority = written.authority.map(|authority| Authority {
        name: authority.name,
        address: authority.address,
    });
    let settings = LetterSettings {
        letters,
        head: Letterhead {
            organisation: String::new(),
            address: written.address,
            officer: written.officer,
            contact: written.contact,
            authority,
            provisions: written.provisions,
        },
        template: written.template,
        zone,
    };
    (settings, faults)
}

/// The name of a template at Meta.
fn template<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if (1..=512).contains(&name.len()) && name.chars().all(fits) {
        return Ok(Some(name));
    }
    Err(D::Error::custom(
        "wants the name of a template: small letters, digits and underscores",
    ))
}

/// Provisions that somebody reviewed: some of those that wait for it.
fn provisions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let named = Vec::<String>::deserialize(deserializer)?;
    let waits = |name: &String| letters::to_review().any(|known| known == name);
    if named.iter().all(waits) {
        return Ok(named);
    }
    let known: Vec<&str> = letters::to_review().collect();
    Err(D::Error::custom(format_args!(
        "wants some of {}",
        known.join("; ")
    )))
}

/// The files of a folder of templates: one folder for each language.
fn files(directory: &Path) -> (Vec<(String, String)>, Vec<Fault>) {
    let (mut files, mut faults) = (Vec::new(), Vec::new());
    for language in entries(directory, "", &mut faults) {
        let folder = directory.join(&language);
        if !folder.is_dir() {
            files.push((language, String::new()));
            continue;
        }
        for name in entries(&folder, &language, &mut faults) {
            let place = format!("{language}/{name}");
            match read(&folder.join(&name)) {
                Ok(text) => files.push((place, text)),
                Err(cause) => faults.push(fault(&place, &cause)),
            }
        }
    }
    (files, faults)
}

/// The names in a folder, sorted. Those that begin with a dot are an editor's, not ours.
fn entries(folder: &Path, place: &str, faults: &mut Vec<Fault>) -> Vec<String> {
    let read = fs::read_dir(folder);
    let found = read.map_err(|error| faults.push(fault(place, &error.to_string())));
    let mut names: Vec<String> = found
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort_unstable();
    names
}

fn read(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if LARGEST < size {
        return Err("is longer than 64 KiB".to_owned());
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

fn fault(place: &str, cause: &str) -> Fault {
    Fault {
        file: place.to_owned(),
        line: None,
        cause: cause.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jiff::tz::TimeZone;

    use super::Written;
    use super::settings;

    #[test]
    fn templates_are_read_from_their_folders() {
        let folder = tempfile::tempdir().unwrap();
        let english = folder.path().join("letters/en");
        fs::create_dir_all(&english).unwrap();
        let load = || {
            let written = Written {
                directory: Some("letters".into()),
                ..Written::default()
            };
            let (_, faults) = settings(folder.path(), written, TimeZone::UTC);
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            faults.join("\n")
        };
        fs::write(english.join("refusal.txt"), "subject: No\n\n{{ reason }}\n").unwrap();
        fs::write(english.join(".refusal.txt.swp"), "x").unwrap();
        assert_eq!(load(), "");
        fs::write(english.join("refusal.txt"), "subject: No\n\n{{ raison }}\n").unwrap();
        assert!(load().starts_with("`en/refusal.txt`, line 3"), "{}", load());
        fs::write(folder.path().join("letters/readme"), "x").unwrap();
        assert!(load().contains("`readme`"));
        fs::remove_dir_all(folder.path().join("letters")).unwrap();
        assert!(load().contains("No such file"));
    }
}
