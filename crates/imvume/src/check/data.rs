//! The database: whether it keeps what it acknowledges, and which numbers are kept in it.

use seal::Keyring;
use seal::RootKey;
use seal::Zeroizing;
use service::NumberSettings;
use store::Clock;
use store::Database;
use store::Shape;
use store::registry::BlockRegistry;

use crate::check::Finding;
use crate::config::Config;

/// Findings, and the numbers that stand in the database alone, with their tokens.
pub(super) fn check(config: &Config) -> (Vec<Finding>, Vec<NumberSettings>) {
    let what = match config.database {
        Database::File => "database",
        Database::Server(_) => "store.url",
    };
    // Without keys there is nothing that could be read; what is wrong with them is told elsewhere.
    let ring = RootKey::read_file(&config.key_file)
        .ok()
        .and_then(|root| Keyring::open(&config.keyring, &root).ok());
    let Some(ring) = ring else {
        let known = "is not looked at: its keys cannot be opened";
        return (vec![Finding::note(what, known)], Vec::new());
    };
    let looked = match config.database.look(&config.directory, &ring) {
        Ok(looked) => looked,
        Err(error) => return (vec![Finding::problem(what, error)], Vec::new()),
    };
    let server = looked.server.map_or_else(String::new, |version| {
        format!("PostgreSQL {version} keeps what it acknowledges, in UTF-8; ")
    });
    let mut findings = vec![match looked.shape {
        Shape::Current => Finding::fine(what, format_args!("{server}its schema is current")),
        Shape::New => Finding::note(
            what,
            format_args!("{server}it is filled at the first start"),
        ),
        Shape::Older => Finding::note(
            what,
            format_args!("{server}its schema is brought up to date at the next start"),
        ),
    }];
    findings.extend(looked.block_registries.iter().filter_map(registry));
    let configured = &config.settings.numbers;
    let mut kept = Vec::new();
    for number in looked.numbers {
        if configured
            .iter()
            .any(|known| known.phone_number_id == number.phone_number_id)
        {
            continue;
        }
        match number.access_token {
            Some(access_token) => kept.push(NumberSettings {
                phone_number_id: number.phone_number_id,
                waba_id: number.waba_id,
                display: number.display,
                verified_name: number.verified_name,
                access_token: Zeroizing::clone(&access_token),
            }),
            None => findings.push(Finding::problem(
                format!("number {}", number.display),
                "has no access token, neither in the file nor in the database, so nothing can be sent \
                 from it: run `imvume number token`, or put it into the file",
            )),
        }
    }
    (findings, kept)
}

/// Whether a block registry's list is up to date.
fn registry(held: &BlockRegistry) -> Option<Finding> {
    let what = format!("registry {}", held.code);
    let due = held.due_at();
    match (held.ended_at, held.imported_at) {
        (Some(_), _) => None,
        (None, _) if due <= Clock::default().now() => Some(Finding::problem(
            what,
            format_args!(
                "its list is out of date since {due}: get the newest one and bring it in, with `imvume \
                 registry import` or over the admin API"
            ),
        )),
        (None, None) => Some(Finding::note(
            what,
            format_args!("has no list yet; bring one in before {due}"),
        )),
        (None, Some(_)) => Some(Finding::fine(
            what,
            format_args!("its list counts until {due}"),
        )),
    }
}
