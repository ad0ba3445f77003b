//! `imvume backup restore`.

use anyhow::Context as _;
use backup::age::Identity;
use seal::Random;
use seal::RootKey;
use serde_json::json;
use service::backup::Came;
use service::backup::Restoring;
use service::backup::Root as MakeRoot;
use store::Clock;
use tokio::task::JoinSet;

use crate::Verdict;
use crate::backup::Restore;
use crate::config::Config;
use crate::config::Root;
use crate::config::read_private;
use crate::instance;
use crate::output;
use crate::signals::Signals;

pub(super) async fn run(arguments: &Restore) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let file = arguments.identity.display();
    let text =
        read_private(&arguments.identity).with_context(|| format!("--identity: `{file}`"))?;
    let identities = Identity::list(&text).with_context(|| format!("--identity: `{file}`"))?;
    let (root, root_file) = root(&config)?;
    let order = Restoring {
        directory: config.directory.clone(),
        media: config.settings.media.clone(),
        keyring: config.keyring.clone(),
        root,
        root_file,
        database: config.database.clone(),
        places: config.settings.backup.places.clone(),
        programs: config.settings.backup.programs.clone(),
        identities,
        instance: arguments.instance.clone(),
        snapshot: arguments.snapshot.clone(),
        log_name: config.settings.log_name.clone(),
        clock: Clock::default(),
        random: Random::system(),
    };
    let law = instance::law(&config)?;
    let mut signals = Signals::listen()?;
    // On a thread of the runtime: some of it blocks, and a signal must be heard meanwhile.
    let mut work = JoinSet::new();
    work.spawn(async move {
        let going = |step: &str| output::progress(step);
        Box::pin(service::backup::restore(&order, law, &going)).await
    });
    let came = tokio::select! {
        came = work.join_next() => came,
        () = signals.next() => None,
    };
    output::progress_done();
    let Some(came) = came else {
        output::note(
            "Interrupted. Nobody serves from what is there; the same command takes it away and begins \
             anew.",
        );
        return Ok(Verdict::Cut);
    };
    // Here and not in the task, which may go on for a moment after a signal: what is said to have been
    // interrupted was.
    let came = came??.open()?;
    show(&came, arguments.json);
    if !arguments.json {
        show_away(&came);
    }
    Ok(Verdict::Held)
}

/// The root key of the new keyring: the one that is configured, and a new one where it is a key file that
/// is not there.
fn root(config: &Config) -> anyhow::Result<(MakeRoot, Option<std::path::PathBuf>)> {
    let path = config.root.path()?;
    let file = path.clone();
    Ok(match config.root {
        Root::KeyFile(_) => {
            let make = move || {
                if path.exists() {
                    return RootKey::read_file(&path);
                }
                if let Some(folder) = path.parent() {
                    // The key file's own error says what is wrong.
                    let _ = instance::private_directory(folder);
                }
                RootKey::create_file(&path, &Random::system())
            };
            (Box::new(make), Some(file))
        }
        Root::Passphrase(_) => (
            Box::new(move || RootKey::read_passphrase(&path)),
            Some(file),
        ),
        Root::Credential(_) => (Box::new(move || RootKey::read_credential(&path)), None),
    })
}

fn show(came: &Came, as_json: bool) {
    let restored = &came.restored;
    if as_json {
        output::json(&json!({
            "snapshot": came.snapshot,
            "bundle": came.bundle,
            "data_keys": restored.keys,
            "data_keys_gone": restored.lost,
            "rows_removed": restored.rows,
            "identifiers": restored.identifiers,
            "outcome_unknown": restored.unknown,
            "suppressions": restored.suppressions,
            "denials": restored.denials,
            "restrictions": restored.restrictions,
            "redactions": restored.redactions,
            "holds": restored.holds,
            "erasures": restored.erasures,
            "letters_unknown": restored.letters,
            "confirmations_unknown": restored.confirmations,
            "media_objects": came.objects,
            "media_objects_missing": came.objects_missing,
            "sealed_values_opened": came.checked.0,
            "leaves": came.checked.1,
            "log_from": came.log.0,
            "log_known": came.log.1,
            "places_away": came.away,
        }));
        return;
    }
    output::line(format_args!(
        "Restored snapshot {} with part {} of the key bundle: {} data keys came back, {} were \
         destroyed since, {} rows of theirs removed.",
        came.snapshot, came.bundle, restored.keys, restored.lost, restored.rows
    ));
    output::line(format_args!(
        "Done again from the ledger: {} suppressions and lifts, {} refusals and withdrawals, {} \
         restrictions, {} redactions, {} legal holds, {} erasures.",
        restored.suppressions,
        restored.denials,
        restored.restrictions,
        restored.redactions,
        restored.holds,
        restored.erasures
    ));
    output::line(format_args!(
        "Media objects: {} came back, {} were at no place. Messages whose outcome is unknown: {}.",
        came.objects, came.objects_missing, restored.unknown
    ));
    if 0 < restored.letters + restored.confirmations {
        output::line(format_args!(
            "Not sent again, because it may have gone out: {} letters (`imvume request list --untold` \
             shows whose cases), {} confirmations.",
            restored.letters, restored.confirmations
        ));
    }
    output::line(format_args!(
        "Everything opens: {} sealed values, {} leaves. The log goes on from {} entries; it was known \
         to have had {}.",
        came.checked.0, came.checked.1, came.log.0, came.log.1
    ));
    output::line("Start the gateway with `imvume serve`.");
}

/// Names the places that could not be asked.
fn show_away(came: &Came) {
    for away in &came.away {
        output::line(format_args!(
            "{away}. If it has a newer part of the key bundle, what the ledger has after part {} was not \
             done again: restore anew once the place can be reached.",
            came.bundle
        ));
    }
}
