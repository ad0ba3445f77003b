//! The database: whether it keeps what it acknowledges, and which numbers are kept in it.

use std::collections::BTreeSet;

use seal::Keyring;
use seal::Zeroizing;
use service::NumberSettings;
use store::Clock;
use store::Database;
use store::Looked;
use store::Registry;
use store::Shape;
use store::hold::HoldCounts;
use store::registry::BlockRegistry;

use crate::check::Finding;
use crate::check::backup;
use crate::config::Config;

/// Findings, and the numbers that stand in the database alone, with their tokens.
pub(super) fn check(config: &Config) -> (Vec<Finding>, Vec<NumberSettings>) {
    let what = match config.database {
        Database::File => "database",
        Database::Server(_) => "store.url",
    };
    // Without keys there is nothing that could be read; what is wrong with them is told elsewhere.
    let root = config.root.read();
    let ring = root
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
    let server = looked.server.as_ref().map_or_else(String::new, |version| {
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
    findings.extend(stands(config, &looked));
    let configured = &config.settings.numbers;
    let mut kept = Vec::new();
    for number in looked.registry.numbers {
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

/// How it stands with what somebody has to see to.
fn stands(config: &Config, looked: &Looked) -> Vec<Finding> {
    let registries = looked.registry.block_registries.iter().filter_map(registry);
    let mut findings: Vec<Finding> = registries.collect();
    findings.extend(requests(looked.requests_overdue));
    findings.extend(schedule(looked.schedule));
    findings.extend(holds(looked.holds));
    findings.extend(weighing(looked.to_weigh));
    if looked.shape == Shape::Current {
        findings.extend(letters(config, &looked.registry));
    }
    findings.extend(backup::kept(&config.settings.backup, &looked.backups));
    findings
}

/// Whether somebody waits for an answer longer than the law allows.
fn requests(overdue: u64) -> Option<Finding> {
    (0 < overdue).then(|| {
        let mend = format!(
            "{overdue} overdue: answer them; `imvume request list --overdue` or GET \
             /api/v1/requests?overdue=true shows which"
        );
        Finding::problem("requests of people", mend)
    })
}

/// Whether a letter can go from each account where no window is open, if it is to.
fn letters(config: &Config, registry: &Registry) -> Vec<Finding> {
    let portal = &config.settings.portal;
    let Some(name) = &portal.letters.template else {
        return Vec::new();
    };
    let what = "letters.template";
    if portal.public_url.is_none() {
        let mend = "leads to the person's page, and nobody reaches that: set `listen.public_url` to an https address";
        return vec![Finding::problem(what, mend)];
    }
    let configured = config.settings.numbers.iter().map(|number| &number.waba_id);
    let kept = registry.numbers.iter().map(|number| &number.waba_id);
    let accounts: BTreeSet<&String> = configured.chain(kept).collect();
    let language = &config.settings.language;
    let have = portal.accounts_with_template(&registry.templates, language);
    let finding = |account: &String| {
        if have.contains(account) {
            Finding::fine(what, format_args!("account {account} has `{name}`"))
        } else {
            Finding::problem(
                what,
                format_args!(
                    "account {account} has no approved template `{name}` of the category utility with one \
                     variable for the link, in `{language}` or in English: see docs/letters.md; until \
                     then letters outside of a window go by e-mail, or wait on the person's page"
                ),
            )
        }
    };
    accounts.into_iter().map(finding).collect()
}

/// Whether anything limits how long what is kept.
fn schedule((on, proposed): (u64, u64)) -> Option<Finding> {
    let what = "retention schedule";
    match (on, proposed) {
        (0, 0) => None,
        (on, 0) => Some(Finding::fine(what, format_args!("{on} entries are on"))),
        (on, proposed) => Some(Finding::note(
            what,
            format_args!(
                "{proposed} entries are only proposed, {on} are on: what is only proposed removes \
                 nothing; see `imvume retention preview` and switch on what fits"
            ),
        )),
    }
}

/// Whether something is kept of people who were erased that only the law of another state keeps.
fn weighing(waiting: u64) -> Option<Finding> {
    (0 < waiting).then(|| {
        let mend = format!(
            "{waiting} record classes of people who were erased are kept under the law of another state \
             alone: decide about them; `imvume subject erasures --undecided` or GET \
             /api/v1/erasures?undecided=true shows which"
        );
        Finding::problem("erasures", mend)
    })
}

/// Whether a legal hold has been forgotten.
fn holds(counts: HoldCounts) -> Option<Finding> {
    let HoldCounts {
        in_force,
        review_due,
        ownerless,
    } = counts;
    let what = "legal holds";
    if 0 < review_due + ownerless {
        let mend = format_args!(
            "of {in_force} in force {ownerless} have no owner and {review_due} are past their review: \
             `imvume hold list` or GET /api/v1/holds shows which"
        );
        return Some(Finding::problem(what, mend));
    }
    (0 < in_force).then(|| Finding::fine(what, format_args!("{in_force} in force")))
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
