//! Putting a snapshot at a place, and removing there what no snapshot needs any more.
//!
//! Beside each container stands a list of the media objects it needs, so that whoever removes an older one
//! knows without opening anything which objects go with it. The names in it are random.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Write as _;

use domain::audit::Actor;
use egress::place::Place;
use egress::place::PlaceError;

use crate::backup::BackupFault;
use crate::backup::Backups;
use crate::backup::Scratch;
use crate::backup::blocking;
use crate::backup::make::Packed;
use crate::backup::names;
use crate::backup::scratch;

/// No list of objects is longer, in bytes.
const LONGEST: u64 = 1 << 32;

impl Backups {
    /// Puts the media objects that a place does not have, then the container, and then removes what is
    /// older than what is kept.
    pub(super) async fn put(
        &self,
        place: usize,
        name: &str,
        packed: &Packed,
    ) -> Result<(), BackupFault> {
        let Some(at) = self.settings.places.get(place) else {
            return Ok(());
        };
        let failed = BackupFault::place(place);
        let prefix = self.prefix();
        for folder in ["media", "objects", "snapshots"] {
            at.tidy(&format!("{prefix}{folder}"))
                .await
                .map_err(&failed)?;
        }
        let there = at.list(&format!("{prefix}media/")).await.map_err(&failed)?;
        let mut there: BTreeSet<String> = there.into_iter().map(|listed| listed.name).collect();
        for object in &packed.objects {
            let target = format!("{prefix}{}", names::object(&object.name));
            let file = self.media.join(&object.name);
            // One that was erased since it was listed is missed by nobody.
            if there.remove(&target) || object.hash == [0; 32] || !file.exists() {
                continue;
            }
            at.put(&target, &file).await.map_err(&failed)?;
        }
        // A container is never there without its list.
        let list = Scratch::new(&scratch(&self.directory)?, "objects.new");
        write(&list, packed).map_err(BackupFault::file("listing media objects"))?;
        let target = format!("{prefix}{}", names::objects_file(name));
        at.put(&target, list.path()).await.map_err(&failed)?;
        let target = format!("{prefix}{}", names::snapshot_file(name));
        at.put(&target, packed.file.path()).await.map_err(&failed)?;
        if let Some(kept) = self.remove_snapshots((at, &failed), &target).await? {
            // The snapshot is whole without it, and whatever stays is met again with the next.
            let removed = self.remove_objects((at, &failed), there, (name, &kept));
            if let Err(error) = removed.await {
                tracing::warn!(place = place + 1, %error, "media objects that nothing needs stay");
            }
        }
        Ok(())
    }

    /// Removes snapshots beyond those that are kept. Returns the names of the others, if there were any.
    async fn remove_snapshots(
        &self,
        (at, failed): (&Place, &impl Fn(PlaceError) -> BackupFault),
        newest: &str,
    ) -> Result<Option<BTreeSet<String>>, BackupFault> {
        let snapshots = format!("{}snapshots/", self.prefix());
        let mut listed = at.list(&snapshots).await.map_err(failed)?;
        let beyond = listed.len().saturating_sub(self.settings.keep.max(1));
        if beyond == 0 {
            return Ok(None);
        }
        // Those of a clock that was ahead stand behind this one.
        listed.retain(|listed| listed.name != newest);
        for old in listed.drain(..beyond.min(listed.len())) {
            at.delete(&old.name).await.map_err(failed)?;
            if let Some(name) = names::snapshot_of(&old.name) {
                let gone = (name, names::code(at));
                self.store.snapshot_removed(Actor::System, gone).await?;
            }
        }
        let kept = listed.iter().map(|listed| listed.name.as_str());
        let kept = kept.chain([newest]).filter_map(names::snapshot_of);
        Ok(Some(kept.map(str::to_owned).collect()))
    }

    /// Removes the objects among `spare`, those that the newest snapshot does not need, which no other
    /// needs either. While the list of one is not there, as with those of older programs, all stay.
    async fn remove_objects(
        &self,
        (at, failed): (&Place, &impl Fn(PlaceError) -> BackupFault),
        mut spare: BTreeSet<String>,
        (newest, kept): (&str, &BTreeSet<String>),
    ) -> Result<(), BackupFault> {
        let prefix = self.prefix();
        for name in kept.iter().filter(|name| **name != newest) {
            if spare.is_empty() {
                break;
            }
            let list = Scratch::new(&scratch(&self.directory)?, "objects.fetched");
            let source = format!("{prefix}{}", names::objects_file(name));
            match at.get(&source, list.path(), LONGEST).await {
                Err(PlaceError::Missing) => return Ok(()),
                got => got.map_err(failed)?,
            };
            let media = format!("{prefix}{}", names::object(""));
            spare = blocking(move || {
                let read = without(spare, (&list, &media));
                read.map_err(BackupFault::file("reading a list of media objects"))
            })
            .await?;
        }
        for object in &spare {
            at.delete(object).await.map_err(failed)?;
        }
        let lists = at
            .list(&format!("{prefix}objects/"))
            .await
            .map_err(failed)?;
        for list in lists {
            let of = names::objects_of(&list.name);
            if of.is_some_and(|name| !kept.contains(name)) {
                at.delete(&list.name).await.map_err(failed)?;
            }
        }
        Ok(())
    }
}

/// Writes the names of the media objects of a snapshot, one a line.
fn write(list: &Scratch, packed: &Packed) -> io::Result<()> {
    let mut out = BufWriter::new(list.create()?);
    for object in &packed.objects {
        writeln!(out, "{}", object.name)?;
    }
    out.flush()
}

/// Those that are not in a list; `media` is what their names begin with at the place.
fn without(
    mut objects: BTreeSet<String>,
    (list, media): (&Scratch, &str),
) -> io::Result<BTreeSet<String>> {
    for name in BufReader::new(File::open(list.path())?).lines() {
        objects.remove(&format!("{media}{}", name?));
    }
    Ok(objects)
}
