//! `imvume backup list`.

use serde_json::json;

use crate::Verdict;
use crate::backup::List;
use crate::config::Config;
use crate::instance;
use crate::output;

pub(super) async fn run(arguments: &List) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let places = &config.settings.backup.places;
    anyhow::ensure!(
        !places.is_empty(),
        "backup.place: name a place that keeps backups"
    );
    // On an empty machine there is no keyring yet that says which instance this is.
    let own = || {
        let keyring = instance::open_keyring(&config).ok()?;
        Some(keyring.instance_id().to_owned())
    };
    let id = arguments.instance.clone().or_else(own);
    let (id, available) = service::backup::available(places, id.as_deref()).await?;
    let parts = |place: usize| available.bundles.get(place).copied().flatten();
    if arguments.json {
        let snapshots: Vec<_> = available
            .snapshots
            .iter()
            .map(|(name, (size, at))| json!({"name": name, "bytes": size, "places": at}))
            .collect();
        let places: Vec<_> = places
            .iter()
            .enumerate()
            .map(|(number, place)| {
                json!({
                    "place": place.to_string(),
                    "bundle": parts(number),
                    "fault": available.faults.get(&number),
                })
            })
            .collect();
        output::json(&json!({"instance": id, "snapshots": snapshots, "places": places}));
    } else {
        output::line(format_args!("Instance {id}"));
        for (number, place) in places.iter().enumerate() {
            let state = match (available.faults.get(&number), parts(number)) {
                (Some(fault), _) => format!("cannot be reached: {fault}"),
                (None, None) => "no key bundle".to_owned(),
                (None, Some(part)) => format!("key bundle up to part {part}"),
            };
            output::line(format_args!("Place {}: {place}: {state}", number + 1));
        }
        for (name, (size, at)) in &available.snapshots {
            let at: Vec<String> = at.iter().map(|place| (place + 1).to_string()).collect();
            output::line(format_args!(
                "Snapshot {name}: {size} bytes, at place {}",
                at.join(", ")
            ));
        }
    }
    Ok(if available.faults.is_empty() {
        Verdict::Held
    } else {
        Verdict::Failed
    })
}
