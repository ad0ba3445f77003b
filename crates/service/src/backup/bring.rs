//! Fetching what is at the places, and reading the bundle.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ::backup::age::Identity;
use ::backup::bundle;
use ::backup::bundle::Lasting;
use ::backup::bundle::Piece;
use ::backup::ledger::Entry;
use ::backup::ledger::Kind;
use egress::place::Listed;
use egress::place::Place;
use store::restore::Ingredients;
use store::restore::Keys;

use crate::backup::BackupFault;
use crate::backup::Scratch;
use crate::backup::blocking;
use crate::backup::names;

/// No part and no container is longer than this: 16 TiB.
const LONGEST: u64 = 1 << 44;

/// The bundle that is used; which place has it is told by its list.
const NEWEST: &str = "the newest key bundle (`imvume backup list`; to use that of another place, name that place alone)";

/// What is at the places.
#[derive(Clone, Debug, Default)]
pub struct Available {
    /// The snapshots by name, with their length and at which places they are.
    pub snapshots: BTreeMap<String, (u64, Vec<usize>)>,
    /// The newest part of the bundle at each place; none where there is no whole chain.
    pub bundles: Vec<Option<u64>>,
    /// What stands in the way of a place, by the order of the places.
    pub faults: BTreeMap<usize, String>,
}

/// A bundle that was read.
#[derive(Debug)]
pub(super) struct Bundle {
    pub(super) lasting: Lasting,
    pub(super) ingredients: Ingredients,
}

/// What there is of an instance at the places that can be reached.
///
/// # Errors
/// [`BackupFault::Several`] where more than one instance keeps its backups there and none is named.
pub async fn available(
    places: &[Place],
    instance: Option<&str>,
) -> Result<(String, Available), BackupFault> {
    let mut available = Available::default();
    let mut all: Vec<Vec<Listed>> = Vec::new();
    for (number, place) in places.iter().enumerate() {
        all.push(match place.list("").await {
            Ok(listed) => listed,
            Err(error) => {
                available.faults.insert(number, error.to_string());
                Vec::new()
            }
        });
    }
    let instances: BTreeSet<&str> = all
        .iter()
        .flatten()
        .filter_map(|listed| names::instance_of(&listed.name))
        .filter(|id| instance.is_none_or(|wanted| wanted == *id))
        .collect();
    let mut instances = instances.into_iter();
    let id = match (instances.next(), instances.next()) {
        (None, _) => return Err(BackupFault::Missing("backup")),
        (Some(id), None) => id.to_owned(),
        (Some(first), Some(second)) => {
            let names: Vec<&str> = [first, second].into_iter().chain(instances).collect();
            return Err(BackupFault::Several(names.join(", ")));
        }
    };
    let prefix = names::instance(&id);
    for (number, listed) in all.iter().enumerate() {
        let ours = listed.iter().filter(|file| file.name.starts_with(&prefix));
        let mut newest = None;
        for file in ours {
            if let Some(name) = names::snapshot_of(&file.name) {
                let entry = available.snapshots.entry(name.to_owned()).or_default();
                entry.0 = file.size;
                entry.1.push(number);
            }
            if let Some((sequence, whole)) = names::part_of(&file.name)
                && (whole || newest.is_some())
            {
                newest = newest.max(Some(sequence));
            }
        }
        available.bundles.push(newest);
    }
    Ok((id, available))
}

/// Reads the newest bundle that there is.
pub(super) async fn bundle(
    places: &[Place],
    (id, available): (&str, &Available),
    identities: Vec<Identity>,
    folder: &Path,
) -> Result<Bundle, BackupFault> {
    let newest = available.bundles.iter().enumerate();
    let newest = newest
        .filter_map(|(place, newest)| Some(((*newest)?, place)))
        .max();
    let (_, number) = newest.ok_or(BackupFault::Missing("key bundle"))?;
    let place = places
        .get(number)
        .ok_or(BackupFault::Missing("key bundle"))?;
    let failed = BackupFault::place(number);
    let prefix = format!("{}bundle/", names::instance(id));
    let mut parts: BTreeMap<u64, (bool, String)> = BTreeMap::new();
    for file in place.list(&prefix).await.map_err(&failed)? {
        if let Some((sequence, whole)) = names::part_of(&file.name) {
            parts.insert(sequence, (whole, file.name));
        }
    }
    let whole = parts.iter().rev().find(|(_, (whole, _))| *whole);
    let first = *whole.ok_or(BackupFault::Missing("key bundle"))?.0;
    let mut reading = Reading {
        identities,
        id: id.to_owned(),
        ..Reading::default()
    };
    for (sequence, (_, name)) in parts.split_off(&first) {
        let file = Scratch::new(folder, "part.fetched");
        place
            .get(&name, file.path(), LONGEST)
            .await
            .map_err(&failed)?;
        reading = blocking(move || reading.part(sequence, &file)).await?;
    }
    reading.end()
}

/// Fetches a snapshot, from the first place that has it.
pub(super) async fn snapshot(
    places: &[Place],
    (id, name): (&str, &str),
    at: &[usize],
    to: &Path,
) -> Result<u64, BackupFault> {
    let target = format!("{}{}", names::instance(id), names::snapshot_file(name));
    fetch(places, at, (&target, to)).await
}

/// Fetches a file from the first of these places that has it.
pub(super) async fn fetch(
    places: &[Place],
    at: &[usize],
    (name, to): (&str, &Path),
) -> Result<u64, BackupFault> {
    let mut last = BackupFault::Missing("such file");
    for number in at {
        let Some(place) = places.get(*number) else {
            continue;
        };
        match place.get(name, to, LONGEST).await {
            Ok(size) => return Ok(size),
            Err(error) => last = BackupFault::place(*number)(error),
        }
    }
    Err(last)
}

/// What was read so far of a chain.
#[derive(Default)]
struct Reading {
    identities: Vec<Identity>,
    id: String,
    /// The parts that were read, in order.
    parts: BTreeSet<u64>,
    lasting: Option<Lasting>,
    keys: Keys,
    destroyed: Vec<i64>,
    ledger: Vec<Entry>,
    known: (u64, String),
}

impl Reading {
    fn part(mut self, sequence: u64, file: &Scratch) -> Result<Self, BackupFault> {
        let source = File::open(file.path()).map_err(BackupFault::file("reading a part"))?;
        let (keys, destroyed, ledger) = (&mut self.keys, &mut self.destroyed, &mut self.ledger);
        let part = bundle::read(BufReader::new(source), &self.identities, &mut |piece| {
            match piece {
                Piece::Key(id, key) => keys.add(id, &key),
                Piece::Entry(entry) if entry.kind == Kind::Destroyed => {
                    destroyed.push(entry.integer(0)?);
                }
                Piece::Entry(entry) => ledger.push(entry),
            }
            Ok(())
        })
        .map_err(BackupFault::format(NEWEST))?;
        if part.header.instance != self.id {
            return Err(BackupFault::OtherInstance);
        }
        // A part that was put there and not recorded before a kill is followed by one that goes on from the
        // same place and has the same and more.
        let goes_on = part.header.whole || self.parts.contains(&part.header.after);
        if part.header.sequence != sequence || !goes_on {
            return Err(BackupFault::Gap(self.newest()));
        }
        self.parts.insert(sequence);
        self.known = (part.header.log_size, part.header.log_root);
        self.lasting = Some(part.lasting);
        Ok(self)
    }

    fn newest(&self) -> u64 {
        self.parts.last().copied().unwrap_or_default()
    }

    fn end(mut self) -> Result<Bundle, BackupFault> {
        self.keys.settle(&mut self.destroyed);
        let sequence = self.newest();
        Ok(Bundle {
            lasting: self.lasting.ok_or(BackupFault::Missing("key bundle"))?,
            ingredients: Ingredients {
                keys: self.keys,
                ledger: self.ledger,
                sequence,
                known: self.known,
            },
        })
    }
}
