//! Exports of evidence for a regulator: the records of many people, the notices they rest on, what the
//! gate said, and the log that proves it.

use std::collections::BTreeSet;
use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::BufWriter;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::time::Timestamp;
use record::Head;
use record::canonical;
use serde_json::Value;
use serde_json::json;
use store::Reader;
use store::StoreError;
use store::ledger::Covered;
use store::ledger::Judgements;
use store::registry::Notice;

use crate::Service;
use crate::publish::PublishError;
use crate::receipt::Gathered;
use crate::receipt::RecordForm;

/// How many people are read at once.
const SLICE: u32 = 64;

/// What lies beside an export and says how to check it.
const README: &str = include_str!("evidence.md");

/// What is to be exported.
#[derive(Clone, Debug)]
pub struct EvidenceQuery {
    /// The purposes.
    pub purposes: Vec<PurposeId>,
    /// One person, or everybody.
    pub subject: Option<SubjectId>,
    /// People with an event from this instant on; their record is whole all the same.
    pub from: Timestamp,
    /// And before this one.
    pub to: Timestamp,
    /// Whether the people's identifiers are to stand there in clear.
    pub identifiers: bool,
}

/// What was exported.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Exported {
    /// Records.
    pub records: u64,
    /// Versions of notices.
    pub notices: u64,
    /// Entries of the log under the checkpoint.
    pub entries: u64,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A file.
    #[error("{0}")]
    File(#[from] io::Error),
    /// Somebody stopped it.
    #[error("stopped; nothing was exported")]
    Interrupted,
    /// The store, or the log's files.
    #[error("{0}")]
    Publish(#[from] PublishError),
}

impl From<StoreError> for EvidenceError {
    fn from(error: StoreError) -> Self {
        Self::Publish(error.into())
    }
}

/// Where an export stands: a slice of people of a purpose, and what it has met.
#[derive(Debug, Default)]
struct Seen {
    notices: BTreeSet<i64>,
    records: u64,
}

impl Service {
    /// Writes an export into a directory that must not exist; that it was begun is in the log first.
    /// `log` is where the log's files stand, to be copied beside the records. `go_on` hears how many
    /// records are written and says whether to go on. What was stopped or failed leaves nothing.
    ///
    /// # Errors
    /// [`EvidenceError`].
    pub async fn export_evidence(
        &self,
        (actor, query): (Actor, &EvidenceQuery),
        (directory, log): (&Path, &Path),
        go_on: &mut (dyn FnMut(u64) -> bool + Send),
    ) -> Result<Exported, EvidenceError> {
        DirBuilder::new().mode(0o700).create(directory)?;
        let done = self.write_evidence((actor, query), (directory, log), go_on);
        let done = done.await;
        if done.is_err() {
            fs::remove_dir_all(directory)?;
        }
        done
    }

    async fn write_evidence(
        &self,
        (actor, query): (Actor, &EvidenceQuery),
        (directory, log): (&Path, &Path),
        go_on: &mut (dyn FnMut(u64) -> bool + Send),
    ) -> Result<Exported, EvidenceError> {
        self.note_export(actor, query).await?;
        let head = self.head().await?;
        let mut out = Out::create(&directory.join("records.jsonl"))?;
        let mut seen = Seen::default();
        for purpose in &query.purposes {
            self.write_records((query, *purpose), &head, (&mut out, &mut seen), go_on)
                .await?;
        }
        out.finish()?;
        let mut out = Out::create(&directory.join("notices.jsonl"))?;
        let registry = self.store.registry();
        for id in &seen.notices {
            if let Some(notice) = registry.notice(NoticeId(*id)) {
                out.line(&canonical::text(&notice_view(notice)))?;
            }
        }
        out.finish()?;
        self.write_decisions(query, &directory.join("decisions.jsonl"))
            .await?;
        copy(log, &directory.join("log"), go_on, seen.records)?;
        let mut out = Out::create(&directory.join("README.md"))?;
        out.line(README.trim_end())?;
        out.finish()?;
        Ok(Exported {
            records: seen.records,
            notices: seen.notices.len() as u64,
            entries: head.size,
        })
    }

    async fn note_export(&self, actor: Actor, query: &EvidenceQuery) -> Result<(), StoreError> {
        let purposes: Vec<String> = query.purposes.iter().map(ToString::to_string).collect();
        let rule = if query.identifiers {
            "evidence/export-named"
        } else {
            "evidence/export"
        };
        let detail = format!(
            "purposes {}, from {}, to {}",
            purposes.join(" "),
            query.from,
            query.to
        );
        let told = (actor, Action::EvidenceExported, rule);
        self.store.note(told, query.subject, detail).await
    }

    async fn write_records(
        &self,
        (query, purpose): (&EvidenceQuery, PurposeId),
        head: &Head,
        (out, seen): (&mut Out, &mut Seen),
        go_on: &mut (dyn FnMut(u64) -> bool + Send),
    ) -> Result<(), EvidenceError> {
        let mut after = SubjectId(i64::MIN);
        let mut covered = Covered::default();
        loop {
            let (query, issuer) = (query.clone(), self.issuer());
            let form = if query.identifiers {
                RecordForm::Named
            } else {
                RecordForm::Masked
            };
            let size = head.size;
            let look = move |reader: &Reader<'_>| {
                let people = people(reader, &query, (purpose, after))?;
                let mut gathered = Vec::with_capacity(people.len());
                for subject in &people {
                    let which = (*subject, purpose);
                    let found = issuer.gather(reader, which, (form, &mut covered))?;
                    // What came in since stands under a later head.
                    gathered.extend(found.and_then(|found| before(found, size)));
                }
                Ok((people.last().copied(), gathered, covered))
            };
            let (last, gathered, kept) = self.store.read(look).await?;
            covered = kept;
            let Some(last) = last else {
                return Ok(());
            };
            after = last;
            let rows = gathered.iter().flat_map(|(_, events)| events);
            seen.notices
                .extend(rows.filter_map(|event| event.row.notice));
            for record in self.certify_all(gathered, Some(head.clone())).await? {
                out.line(record.trim_end())?;
                seen.records += 1;
            }
            if !go_on(seen.records) {
                return Err(EvidenceError::Interrupted);
            }
        }
    }

    async fn write_decisions(
        &self,
        query: &EvidenceQuery,
        path: &Path,
    ) -> Result<(), EvidenceError> {
        let mut out = Out::create(path)?;
        for purpose in query.purposes.clone() {
            let (span, subject) = ((query.from, query.to), query.subject);
            let look = move |reader: &Reader<'_>| reader.judgements(purpose, span, subject);
            let registry = self.store.registry();
            let code = registry.purpose(purpose).map(|entry| &entry.purpose.code);
            for judged in self.store.read(look).await? {
                out.line(&canonical::text(&decision_view(code, &judged)))?;
            }
        }
        Ok(out.finish()?)
    }

    /// Everything that proves what one person agreed to: the records of all purposes, the notices
    /// behind them, what the gate said, and the log's newest head. None where the ledger holds nothing
    /// of the person.
    ///
    /// # Errors
    /// [`PublishError`] where the store or the log's files cannot be read or written.
    pub async fn subject_evidence(
        &self,
        (actor, subject): (Actor, SubjectId),
    ) -> Result<Option<Value>, PublishError> {
        let issuer = self.issuer();
        let look = move |reader: &Reader<'_>| {
            let purposes: Vec<PurposeId> = purposes_of(reader, subject)?;
            let mut covered = Covered::default();
            let mut gathered = Vec::with_capacity(purposes.len());
            let mut judged = Vec::new();
            for purpose in purposes {
                let form = (RecordForm::Masked, &mut covered);
                gathered.extend(issuer.gather(reader, (subject, purpose), form)?);
                let ever = (
                    Timestamp::from_micros(i64::MIN),
                    Timestamp::from_micros(i64::MAX),
                );
                judged.push((purpose, reader.judgements(purpose, ever, Some(subject))?));
            }
            Ok((gathered, judged))
        };
        let (gathered, judged) = self.store.read(look).await?;
        if gathered.is_empty() {
            return Ok(None);
        }
        let told = (actor, Action::EvidenceExported, "evidence/subject");
        let detail = "all purposes".to_owned();
        self.store.note(told, Some(subject), detail).await?;
        let registry = self.store.registry();
        let rows = gathered.iter().flat_map(|(_, events)| events);
        let notices: BTreeSet<i64> = rows.filter_map(|event| event.row.notice).collect();
        let notices = notices
            .into_iter()
            .filter_map(|id| registry.notice(NoticeId(id)));
        let notices: Vec<Value> = notices.map(notice_view).collect();
        let decisions = judged.iter().flat_map(|(purpose, judged)| {
            let code = registry.purpose(*purpose).map(|entry| &entry.purpose.code);
            judged.iter().map(move |judged| decision_view(code, judged))
        });
        let decisions: Vec<Value> = decisions.collect();
        let head = self.head().await?;
        let checkpoint = head.checkpoint.clone();
        let records = self.certify_all(gathered, Some(head)).await?;
        let records = records.iter().map(|text| canonical::parse(text.as_bytes()));
        let records: Option<Vec<Value>> = records.collect();
        Ok(records.map(|records| {
            json!({
                "checkpoint": checkpoint,
                "decisions": decisions,
                "notices": notices,
                "records": records,
            })
        }))
    }
}

/// The next people of an export.
fn people(
    reader: &Reader<'_>,
    query: &EvidenceQuery,
    (purpose, after): (PurposeId, SubjectId),
) -> Result<Vec<SubjectId>, StoreError> {
    match query.subject {
        Some(subject) if after < subject => Ok(vec![subject]),
        Some(_) => Ok(Vec::new()),
        None => reader.recorded(purpose, (query.from, query.to), after, SLICE),
    }
}

fn purposes_of(reader: &Reader<'_>, subject: SubjectId) -> Result<Vec<PurposeId>, StoreError> {
    let events = reader.consent_events(subject)?;
    let purposes: BTreeSet<PurposeId> = events.iter().map(|event| event.purpose).collect();
    Ok(purposes.into_iter().collect())
}

/// A record as it stood when the log had `size` entries.
fn before((mut material, mut events): Gathered, size: u64) -> Option<Gathered> {
    events.retain(|event| event.position < size);
    material.events.retain(|event| event.position < size);
    (!events.is_empty()).then_some((material, events))
}

fn notice_view(notice: &Notice) -> Value {
    let layers = notice.layers.as_ref();
    json!({
        "body": notice.body,
        "change": notice.change.name(),
        "code": notice.code,
        "elements": layers.map(|layers| &layers.elements),
        "hash": record::hex(notice.pinned()),
        "language": notice.language,
        "published_at": notice.published_at.to_string(),
        "short": layers.map(|layers| &layers.short),
        "title": notice.title,
        "version": notice.version,
    })
}

fn decision_view(code: Option<&String>, judged: &Judgements) -> Value {
    json!({
        "code": judged.code,
        "count": judged.count,
        "outcome": judged.outcome,
        "purpose": code,
        "rules": judged.rules,
    })
}

/// A file that is written line by line.
struct Out(BufWriter<File>);

impl Out {
    fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        Ok(Self(BufWriter::new(file)))
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        self.0.write_all(text.as_bytes())?;
        self.0.write_all(b"\n")
    }

    fn finish(mut self) -> io::Result<()> {
        self.0.flush()?;
        self.0.get_ref().sync_all()
    }
}

/// Copies the log's files, folder by folder.
fn copy(
    from: &Path,
    to: &Path,
    go_on: &mut (dyn FnMut(u64) -> bool + Send),
    records: u64,
) -> Result<(), EvidenceError> {
    let mut folders = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = folders.pop() {
        DirBuilder::new().mode(0o700).create(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), target));
            } else {
                fs::copy(entry.path(), target)?;
            }
            if !go_on(records) {
                return Err(EvidenceError::Interrupted);
            }
        }
    }
    Ok(())
}
