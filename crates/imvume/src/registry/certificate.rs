//! `imvume registry verify`: a certificate from itself, the log's key, and what else is at hand.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use seal::Sha256Stream;
use serde_json::json;
use service::certificate::Certificate;
use service::certificate::LONGEST;

use crate::Verdict;
use crate::output;
use crate::registry::arguments::Verify;

/// How many bytes are read at a time.
const PIECE: usize = 64 * 1024;

pub(super) fn verify(arguments: &Verify) -> anyhow::Result<Verdict> {
    let place = || format!("`{}`", arguments.certificate.display());
    let mut note = String::new();
    File::open(&arguments.certificate)
        .and_then(|file| file.take(LONGEST as u64 + 1).read_to_string(&mut note))
        .with_context(place)?;
    let key = arguments.trusted.key()?;
    let certificate = match Certificate::verify(&note, &key) {
        Ok(certificate) => certificate,
        Err(error) => return Ok(failed(arguments, &error.to_string())),
    };
    let position = certificate.import.leaf.cast_unsigned();
    let entry = (position, certificate.entry.as_bytes());
    if let Some(difference) = arguments.trusted.differs(&key, entry) {
        return Ok(failed(arguments, &difference));
    }
    if let Some(path) = &arguments.file
        && hash(path)?.as_slice() != certificate.import.file_hash
    {
        return Ok(failed(arguments, "it speaks of another file"));
    }
    held(arguments, &certificate);
    Ok(Verdict::Held)
}

fn hash(path: &Path) -> anyhow::Result<[u8; 32]> {
    let place = || format!("`{}`", path.display());
    let mut file = File::open(path).with_context(place)?;
    let (mut hash, mut piece) = (Sha256Stream::default(), vec![0; PIECE]);
    loop {
        let length = file.read(&mut piece).with_context(place)?;
        if length == 0 {
            return Ok(hash.finish());
        }
        hash.update(piece.get(..length).unwrap_or_default());
    }
}

fn failed(arguments: &Verify, why: &str) -> Verdict {
    if arguments.json {
        output::json(&json!({"holds": false, "difference": why}));
    } else {
        output::line(format_args!("The certificate does not hold: {why}."));
    }
    Verdict::Failed
}

fn held(arguments: &Verify, certificate: &Certificate) {
    let import = &certificate.import;
    if arguments.json {
        output::json(&json!({
            "holds": true,
            "log": certificate.origin,
            "registry": certificate.registry,
            "import": import.id.0,
            "at": import.at.to_string(),
            "rows": import.rows,
            "blocked": import.blocked,
            "lifted": import.lifted,
            "bad": import.bad,
            "position": import.leaf,
        }));
        return;
    }
    output::line(format_args!(
        "The certificate holds: at {} the list of `{}` came into force, {} lines, {} newly blocked, {} \
         released, {} unreadable; entry {} of the log {}.",
        import.at,
        certificate.registry,
        import.rows,
        import.blocked,
        import.lifted,
        import.bad,
        import.leaf,
        certificate.origin,
    ));
}
