//! `imvume audit export`: entries for somebody who has no access to the files.

use std::fs::OpenOptions;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;

use crate::Verdict;
use crate::audit::progress::Progress;
use crate::audit::verify::causes;
use crate::audit::verify::read_key;
use crate::cli;
use crate::config::Config;
use crate::output;

/// What opening the output gives: where to write, and the file to remove if it is not finished.
type Out<'a> = (Box<dyn Write>, Option<&'a Path>);

pub(crate) fn run(arguments: &cli::Export) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let key = read_key(&config.log())?;
    let (out, file) = open(&arguments.out)?;
    let mut out = BufWriter::new(out);
    let range = arguments.from..arguments.to.unwrap_or(u64::MAX);
    let mut written = Ok(());
    let mut count: u64 = 0;
    let mut visit = |position: u64, entry: &[u8]| {
        if written.is_ok() && range.contains(&position) {
            count += 1;
            written = line(&mut out, &entry_json(position, entry));
        }
    };
    let mut progress = Progress::default();
    let verified = tlog::verify(&config.log(), &key, &[], &mut visit, &mut |done| {
        progress.at(done);
    });
    progress.done();
    if let Err(error) = &verified {
        output::note(format_args!(
            "The log is not whole, nothing is exported: {}.",
            causes(error)
        ));
        if let Some(file) = file {
            std::fs::remove_file(file).ok();
        }
        return Ok(Verdict::Failed);
    }
    let head = config.log().join("checkpoint");
    let head = std::fs::read_to_string(&head).with_context(|| format!("`{}`", head.display()))?;
    let end = json!({"checkpoint": head, "key": key.to_string()});
    let written = written
        .and_then(|()| line(&mut out, &end))
        .and_then(|()| out.flush());
    match written {
        // Whoever read along has had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Verdict::Held),
        Err(error) => Err(error).with_context(|| format!("`{}`", arguments.out.display())),
        Ok(()) => {
            if file.is_some() {
                output::line(format_args!("{count} entries written."));
            }
            Ok(Verdict::Held)
        }
    }
}

/// The entry stands as text, exactly as it was hashed.
fn entry_json(position: u64, entry: &[u8]) -> Value {
    json!({
        "position": position,
        "hash": tlog::leaf_hash(entry).to_string(),
        "entry": String::from_utf8_lossy(entry),
    })
}

fn line(out: &mut impl Write, value: &Value) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

fn open(path: &Path) -> anyhow::Result<Out<'_>> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdout()), None));
    }
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                anyhow::anyhow!(
                    "`{}` exists and is not overwritten; name another",
                    path.display()
                )
            }
            _ => anyhow::anyhow!("`{}` cannot be made: {error}", path.display()),
        })?;
    Ok((Box::new(file), Some(path)))
}
