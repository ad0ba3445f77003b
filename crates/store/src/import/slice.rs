//! One slice of a list: load, decide in order, write.

use std::collections::HashMap;
use std::collections::HashSet;

use domain::audit::Action;
use domain::audit::Actor;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::event::EventKind;
use domain::ids::ConsentEventId;
use domain::ids::ImportId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::person::TraitKind;
use domain::person::TraitSource;
use domain::purpose::PurposeClass;
use domain::subject::Identifier;
use domain::suppression::Suppression;
use domain::suppression::SuppressionScope;
use domain::suppression::SuppressionSource;
use seal::RecordClass;
use seal::RecordKind;
use seal::Zeroizing;

use super::journal;
use super::journal::ImportState;
use crate::dossier;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::event::About;
use crate::known::Known;
use crate::leaf::OpenLeaf;
use crate::rows::v;
use crate::suppression;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// The rule that stands behind everything a list brings about.
const RULE: &str = "import/people";

/// The next rows of a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Which list.
    pub import: ImportId,
    /// How many of its rows were dealt with before.
    pub from: u64,
    /// How many rows these are, bad ones included.
    pub rows: u64,
    /// Whom they tell of.
    pub people: Vec<Brought>,
}

/// Somebody on a list.
#[derive(Clone)]
pub struct Brought {
    /// The line of the file.
    pub line: u64,
    /// The phone number.
    pub phone: Option<Identifier>,
    /// The e-mail address.
    pub email: Option<Identifier>,
    /// What else is known.
    pub traits: Vec<(TraitKind, Zeroizing<String>)>,
    /// Whether the list says that the person said no.
    pub denied: bool,
}

impl std::fmt::Debug for Brought {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Brought")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// What is here of people who were known before, as far as a list could change it.
#[derive(Debug, Default)]
struct Held {
    states: HashMap<SubjectId, ConsentState>,
    traits: HashSet<(SubjectId, u8)>,
    listed: HashSet<SubjectId>,
}

/// What a slice has come to.
#[derive(Debug, Default)]
struct Count {
    people: i64,
    known: i64,
    denied: i64,
}

/// A slice on its way.
struct Slice<'l> {
    actor: Actor,
    purpose: PurposeId,
    scope: SuppressionScope,
    import: ImportId,
    leaf: OpenLeaf,
    known: Known,
    held: Held,
    count: Count,
    /// People made here who said no, with what they are found by.
    refusing: Vec<(SubjectId, Vec<&'l Identifier>)>,
}

/// Brings in the next rows of a list.
pub(super) fn bring(tx: &mut Tx<'_>, actor: Actor, listed: &Listed) -> Result<u64, StoreError> {
    let import = journal::one(tx.connection, listed.import)?.ok_or(Refusal::Missing("import"))?;
    if import.state != ImportState::Writing || import.rows != listed.from {
        return Err(Refusal::Ended("import").into());
    }
    let registry = tx.registry();
    let purpose = registry
        .purpose(import.purpose)
        .ok_or(Refusal::Missing("purpose"))?;
    let scope = match purpose.purpose.class {
        PurposeClass::Promotional => SuppressionScope::Promotional,
        PurposeClass::Care | PurposeClass::Authentication | PurposeClass::Utility => {
            SuppressionScope::Purpose(purpose.purpose.id)
        }
    };
    let mut slice = Slice {
        actor,
        purpose: purpose.purpose.id,
        scope,
        import: listed.import,
        leaf: tx.open_leaf()?,
        known: Known::default(),
        held: Held::default(),
        count: Count::default(),
        refusing: Vec::new(),
    };
    let identifiers = listed
        .people
        .iter()
        .flat_map(|person| [&person.phone, &person.email])
        .flatten();
    tx.look_up(&mut slice.known, identifiers)?;
    let mut whose = Vec::with_capacity(listed.people.len());
    for person in &listed.people {
        whose.push(slice.whose(tx, person)?);
    }
    slice.look_up(tx, &whose)?;
    for (person, (subject, alone)) in listed.people.iter().zip(whose) {
        slice.one(tx, person, (subject, alone))?;
    }
    slice.refuse(tx)?;
    let Slice { leaf, count, .. } = slice;
    tx.close_leaf(leaf, actor, Action::PeopleImported, &[RULE]);
    let sql = "UPDATE imports SET rows = rows + $1, people = people + $2, known = known + $3, \
               denied = denied + $4, updated_at = $5 WHERE id = $6";
    let rows = listed.rows.cast_signed();
    let now = tx.now().micros();
    let row = (
        rows,
        count.people,
        count.known,
        count.denied,
        now,
        listed.import.0,
    );
    tx.update_one(&tables::IMPORTS, sql, row)?;
    tx.flush()?;
    Ok(listed.from + listed.rows)
}

impl<'l> Slice<'l> {
    /// The subject a row is about, made if nobody has its identifiers, and whether nobody is linked to
    /// it as far as it was made here.
    ///
    /// The phone decides. A list that gives somebody's e-mail address to another number tells that the
    /// two are one person: what either said no to holds for both, what one said yes to does not.
    fn whose(
        &mut self,
        tx: &mut Tx<'_>,
        person: &'l Brought,
    ) -> Result<(SubjectId, bool), StoreError> {
        let holder = |of: &Option<Identifier>, tx: &Tx<'_>, known: &Known| {
            let tag = of.as_ref().map(|identifier| tx.tag(identifier))?;
            known.subjects.get(&tag).copied()
        };
        let by_phone = holder(&person.phone, tx, &self.known);
        let by_email = holder(&person.email, tx, &self.known);
        let subject = match (by_phone, by_email) {
            (Some(subject), _) => subject,
            (None, Some(subject)) if person.phone.is_none() => subject,
            (None, _) => tx.new_subject(&mut self.known),
        };
        let new = by_phone.or(by_email) != Some(subject);
        self.count.people += i64::from(new);
        self.count.known += i64::from(!new);
        for (identifier, holder) in [(&person.phone, by_phone), (&person.email, by_email)] {
            if let (Some(identifier), None) = (identifier, holder) {
                tx.attach_identifier(&mut self.leaf, &mut self.known, subject, identifier)?;
            }
        }
        let other = by_email.filter(|other| *other != subject);
        if let Some(other) = other {
            tx.unite(self.actor, &mut self.known, (subject, other))?;
        }
        Ok((subject, self.known.is_fresh(subject) && other.is_none()))
    }

    /// Looks up what is here of those who were known: one query for each kind of fact.
    fn look_up(&mut self, tx: &Tx<'_>, whose: &[(SubjectId, bool)]) -> Result<(), StoreError> {
        let mut old: Vec<i64> = whose
            .iter()
            .map(|(subject, _)| *subject)
            .filter(|subject| !self.known.is_fresh(*subject))
            .map(|subject| subject.0)
            .collect();
        old.sort_unstable();
        old.dedup();
        let (purpose, channel, import) = (self.purpose, Channel::WhatsApp.code(), self.import);
        let Held {
            states,
            traits,
            listed,
        } = &mut self.held;
        let ledger = |list: &str| {
            format!(
                "SELECT subject_id, state, id FROM consent_events WHERE subject_id IN ({list}) \
                 AND purpose_id = {purpose} AND channel = {channel} ORDER BY id"
            )
        };
        dossier::each(tx.connection, &old, ledger, |row| {
            let state = ConsentState::from_code(row.get(1)?).ok_or(StoreError::Damaged {
                table: "consent_events",
                column: "state",
                id: row.get(2)?,
            })?;
            states.insert(SubjectId(row.get(0)?), state);
            Ok(())
        })?;
        let kinds = |list: &str| {
            format!("SELECT subject_id, kind FROM traits WHERE subject_id IN ({list})")
        };
        dossier::each(tx.connection, &old, kinds, |row| {
            traits.insert((SubjectId(row.get(0)?), row.get(1)?));
            Ok(())
        })?;
        let before = |list: &str| {
            format!(
                "SELECT subject_id FROM import_people WHERE subject_id IN ({list}) \
                 AND import_id = {import}"
            )
        };
        dossier::each(tx.connection, &old, before, |row| {
            listed.insert(SubjectId(row.get(0)?));
            Ok(())
        })
    }

    fn one(
        &mut self,
        tx: &mut Tx<'_>,
        person: &'l Brought,
        (subject, alone): (SubjectId, bool),
    ) -> Result<(), StoreError> {
        if self.held.listed.insert(subject) {
            let id = tx.id(&tables::IMPORT_PEOPLE);
            tx.put(&tables::IMPORT_PEOPLE, [v(id), v(self.import), v(subject)]);
        }
        for (kind, value) in &person.traits {
            // What is known from elsewhere, or was taken back, is not overwritten by a list.
            if self.held.traits.insert((subject, kind.code())) {
                self.note(tx, subject, *kind, value)?;
            }
        }
        let before = self.held.states.get(&subject).copied();
        if !person.denied {
            if before.is_none() {
                self.record(tx, (subject, person.line), ConsentState::Unknown)?;
            }
            return Ok(());
        }
        self.count.denied += 1;
        if before.is_none_or(|state| !state.is_denial()) {
            self.record(tx, (subject, person.line), ConsentState::Refused)?;
        }
        if alone {
            let named = [&person.phone, &person.email].into_iter().flatten();
            self.refusing.push((subject, named.collect()));
            return Ok(());
        }
        let what = (self.scope, SuppressionSource::Own);
        tx.suppress(subject, what, self.actor, RULE).map(drop)
    }

    fn note(
        &mut self,
        tx: &mut Tx<'_>,
        subject: SubjectId,
        kind: TraitKind,
        value: &str,
    ) -> Result<(), StoreError> {
        let (key_id, key) = tx.class_key(
            &mut self.leaf,
            &mut self.known,
            subject,
            RecordClass::Profile,
        )?;
        let id = tx.id(&tables::TRAITS);
        let place = place(RecordKind::Trait, kind.code(), id, key_id.0);
        let row = [
            v(id),
            v(subject),
            v(kind.code()),
            v(TraitSource::Import.code()),
            v(key_id),
            v(tx.seal(&key, &place, value.as_bytes())?),
            v(tx.now()),
        ];
        tx.cover(&mut self.leaf, &tables::TRAITS, row);
        Ok(())
    }

    fn record(
        &mut self,
        tx: &mut Tx<'_>,
        (subject, line): (SubjectId, u64),
        state: ConsentState,
    ) -> Result<(), StoreError> {
        let class = RecordClass::ConsentProof;
        let (key_id, key) = tx.class_key(&mut self.leaf, &mut self.known, subject, class)?;
        let id = ConsentEventId(tx.id(&tables::CONSENT_EVENTS));
        let place = place(RecordKind::ConsentEvidence, 1, id.0, key_id.0);
        let evidence = format!(r#"{{"import":{},"line":{line}}}"#, self.import);
        let row = [
            v(id),
            v(subject),
            v(self.purpose),
            v(Channel::WhatsApp.code()),
            v(state.code()),
            v(Method::Import.code()),
            v(EvidenceGrade::Asserted.code()),
            v(None::<i64>),
            v(None::<String>),
            v("und"),
            v(""),
            v(RULE),
            v(self.actor.to_string()),
            v(key_id),
            v(tx.seal(&key, &place, evidence.as_bytes())?),
            v(None::<i64>),
            v(tx.now()),
        ];
        tx.cover(&mut self.leaf, &tables::CONSENT_EVENTS, row);
        self.held.states.insert(subject, state);
        if state == ConsentState::Unknown {
            // Nothing was known before either: nothing has changed that anybody waits to hear of.
            return Ok(());
        }
        let about = About {
            subject: Some(subject),
            purpose: Some(self.purpose),
            thing: Some(id.0),
            detail: Some(state.code().into()),
            ..About::default()
        };
        tx.emit(EventKind::ConsentChanged, about)
    }

    /// Suppresses those who were made here and said no. Somebody unknown can be on the list already:
    /// it outlives people.
    fn refuse(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let all = |identifier: &Identifier| tx.keys.suppression_all(identifier.value());
        let mut tags: Vec<[u8; 32]> = self
            .refusing
            .iter()
            .flat_map(|(_, identifiers)| identifiers)
            .flat_map(|identifier| all(identifier))
            .map(|(_, tag)| tag)
            .collect();
        tags.sort_unstable();
        tags.dedup();
        let mut standing = suppression::standing(tx.connection, &tags)?;
        let entry = Suppression {
            scope: self.scope,
            source: SuppressionSource::Own,
            since: tx.now(),
        };
        for (subject, identifiers) in std::mem::take(&mut self.refusing) {
            let mut group = None;
            for identifier in identifiers {
                let all = tx.keys.suppression_all(identifier.value());
                let mut held = all
                    .iter()
                    .filter_map(|(_, tag)| standing.get(tag))
                    .flatten();
                if held.any(|held| held.scope == entry.scope && held.source == entry.source) {
                    continue;
                }
                let id = tx.id(&tables::SUPPRESSIONS);
                let group = *group.get_or_insert(id);
                let (version, tag) = tx.keys.suppression(identifier.value());
                let row = [
                    v(id),
                    v(group),
                    v(version),
                    v(tag),
                    v(entry.scope.code()),
                    v(entry.scope.purpose()),
                    v(entry.source.code()),
                    v(RULE),
                    v(tx.now()),
                ];
                tx.cover(&mut self.leaf, &tables::SUPPRESSIONS, row);
                standing.entry(tag).or_default().push(entry);
            }
            if let Some(group) = group {
                let about = About {
                    subject: Some(subject),
                    purpose: entry.scope.purpose(),
                    thing: Some(group),
                    detail: Some(entry.scope.code().into()),
                    ..About::default()
                };
                tx.emit(EventKind::Suppressed, about)?;
            }
        }
        Ok(())
    }
}
