//! `imvume registry`: external registries of people whom promotion must not reach, while the gateway is
//! stopped; and the certificates of what was brought in, which take neither gateway nor database.

use std::fmt::Write as _;
use std::fs::File;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use domain::audit::Actor;
use domain::cleansing::BadRow;
use domain::cleansing::Country;
use domain::cleansing::Rows;
use seal::Sha256Stream;
use serde_json::json;
use service::Service;
use store::Store;
use store::block_list::BlockList;
use store::block_registry::NewBlockRegistry;
use store::block_registry::RegistryImport;
use whatsapp::recipient::E164;

use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;
use crate::registry::arguments::Add;
use crate::registry::arguments::Import;

mod arguments;
mod certificate;

pub(crate) use crate::registry::arguments::Command;

/// How many bytes are read at a time.
const PIECE: usize = 64 * 1024;
/// Progress is shown once in so many lines.
const STEP: u64 = 16_384;
/// How many lines that cannot be read are named.
const NAMED: usize = 20;
/// How long what is under way may take at the end.
const END: Duration = Duration::from_secs(5);

pub(crate) fn run(command: &Command) -> anyhow::Result<Verdict> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::Import(arguments) => import(arguments),
        Command::Verify(arguments) => certificate::verify(arguments),
    }
}

fn add(arguments: &Add) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    anyhow::ensure!(
        domain::purpose::is_code(&arguments.code),
        "the code wants 1 to 40 lower-case letters, digits and hyphens, beginning with a letter"
    );
    let new = NewBlockRegistry {
        code: arguments.code.clone(),
        name: arguments.name.clone(),
        every_days: arguments.every_days,
    };
    let store = open(&config)?;
    let id = instance::runtime()?.block_on(async {
        let added = store.add_block_registry(Actor::System, new).await;
        store.close();
        added
    })?;
    if arguments.json {
        output::json(&json!({"id": id.0}));
    } else {
        output::line("It is there, and blocks nobody until a list is brought in.");
    }
    Ok(Verdict::Held)
}

fn import(arguments: &Import) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let country = match &arguments.country {
        None => None,
        Some(code) => Some(Country::from_code(code).context("--country: takes ZA")?),
    };
    let place = || format!("`{}`", arguments.file.display());
    let file = File::open(&arguments.file).with_context(place)?;
    let store = open(&config)?;
    instance::runtime()?.block_on(async {
        let service = Service::start(store, &config.directory, config.settings.clone()).await?;
        let done = bring_in(arguments, &service, (file, country)).await;
        service.close(END).await;
        done
    })
}

async fn bring_in(
    arguments: &Import,
    service: &Service,
    (file, country): (File, Option<Country>),
) -> anyhow::Result<Verdict> {
    let store = service.store();
    let registry = store.registry();
    let held = registry
        .block_registry(&arguments.code)
        .context("there is no such registry; add it with `imvume registry add`")?
        .id;
    let mut list = BlockList::begin(store, held).await?;
    let taken = take(&mut list, (file, country)).await;
    output::progress_done();
    let (hash, bad) = match taken {
        Ok(taken) => taken,
        Err(error) => {
            list.give_up().await?;
            return Err(error.context("nothing was changed"));
        }
    };
    let (lines, unread) = list.lines();
    tell_bad(arguments, &bad, unread);
    if lines == 0 || (unread > 0 && !arguments.skip_bad) {
        list.give_up().await?;
        let why = if lines == 0 {
            "The file has no lines; a list without anybody on it would release everybody. Nothing was \
             changed."
        } else {
            "Nothing was changed. Mend the lines, or bring the others in with --skip-bad; nobody is \
             released then."
        };
        output::note(why);
        return Ok(Verdict::Failed);
    }
    let done = list.put_in_force(Actor::System, hash).await?;
    let certificate = service.registry_certificate(held, done.id).await?;
    if let (Some(path), Some(note)) = (&arguments.certificate, &certificate) {
        write(path, note)?;
    }
    told(arguments, &done);
    Ok(Verdict::Held)
}

/// Reads the file through. Gives its hash, and the first lines that cannot be read.
async fn take(
    list: &mut BlockList,
    (mut file, country): (File, Option<Country>),
) -> anyhow::Result<([u8; 32], Vec<(u64, BadRow)>)> {
    let mut reader = Rows::new(country, |text| {
        let phone = E164::parse(text).ok()?;
        Some(phone.as_str().to_owned())
    });
    let mut hash = Sha256Stream::default();
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    let mut piece = vec![0; PIECE];
    let (mut open, mut shown) = (true, 0);
    while open {
        let length = file.read(&mut piece)?;
        let bytes = piece.get(..length).unwrap_or_default();
        hash.update(bytes);
        if length == 0 {
            open = false;
            reader.end(&mut rows)?;
        } else {
            reader.take(bytes, &mut rows)?;
        }
        for row in rows.drain(..) {
            match row.found {
                Ok(identifiers) => list.line(&identifiers).await?,
                Err(why) => {
                    list.bad();
                    if bad.len() < NAMED {
                        bad.push((row.number, why));
                    }
                }
            }
        }
        let (lines, _) = list.lines();
        if shown + STEP <= lines {
            shown = lines;
            output::progress(format_args!("{lines} lines"));
        }
    }
    Ok((hash.finish(), bad))
}

fn tell_bad(arguments: &Import, bad: &[(u64, BadRow)], unread: u64) {
    if arguments.json && unread > 0 {
        let lines: Vec<_> = bad
            .iter()
            .map(|(number, why)| json!({"line": number, "why": why.to_string()}))
            .collect();
        output::json(&json!({"bad": unread, "lines": lines}));
        return;
    }
    for (number, why) in bad {
        output::note(format_args!("line {number}: {why}"));
    }
    if unread > bad.len() as u64 {
        let more = unread - bad.len() as u64;
        output::note(format_args!("and {more} more"));
    }
}

fn told(arguments: &Import, done: &RegistryImport) {
    let hex = done.file_hash.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    if arguments.json {
        output::json(&json!({
            "id": done.id.0,
            "file_hash": hex,
            "rows": done.rows,
            "blocked": done.blocked,
            "lifted": done.lifted,
            "bad": done.bad,
            "at": done.at.to_string(),
            "position": done.leaf,
        }));
        return;
    }
    output::line(format_args!(
        "The list is in force since {}: {} lines, {} newly blocked, {} released.",
        done.at, done.rows, done.blocked, done.lifted
    ));
    output::line(match &arguments.certificate {
        Some(path) => format!("The certificate is in `{}`.", path.display()),
        None => format!(
            "It is import {} of the registry, entry {} of the log.",
            done.id, done.leaf
        ),
    });
}

/// Writes a file that must not exist.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| {
        format!(
            "the list is in force, but its certificate cannot be written to `{}`; get it from the \
             admin API",
            path.display()
        )
    })
}

fn open(config: &Config) -> anyhow::Result<Arc<Store>> {
    instance::open_existing(config)
        .context("while the gateway runs, use the admin API: /api/v1/block-registries")
}
