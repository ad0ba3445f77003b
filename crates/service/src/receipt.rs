//! Consent records: what the ledger holds of one person and one purpose, with its proof. The same
//! document is the person's receipt.

use std::sync::Arc;
use std::sync::PoisonError;

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::subject::IdentifierKind;
use domain::time::Timestamp;
use record::Controller;
use record::EventFacts;
use record::EventProof;
use record::Head;
use record::Material;
use record::NoticeFacts;
use record::PurposeFacts;
use record::Row;
use store::Reader;
use store::StoreError;
use store::ledger::Covered;
use store::ledger::LedgerEvent;
use store::registry::Notice;
use store::registry::PurposeEntry;
use tlog::proof;

use crate::Service;
use crate::portal::PortalError;
use crate::portal::Session;
use crate::publish::PublishError;
use crate::publish::Writer;
use crate::settings::Settings;

/// Said where nobody knows in which language something was.
const UNKNOWN_LANGUAGE: &str = "und";

/// Who a record is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecordForm {
    /// For staff: the person is a pseudonym.
    Masked,
    /// For staff: the person's identifiers stand in it in clear.
    Named,
    /// For the person.
    Receipt,
}

/// What every record of an instance says alike.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    log: String,
    controller: Controller,
    language: String,
    now: Timestamp,
}

/// A record before it is proved.
pub(crate) type Gathered = (Material, Vec<LedgerEvent>);

impl Service {
    /// A person's receipt for one purpose, as the preference page hands it out; none where the ledger
    /// holds nothing of it.
    ///
    /// # Errors
    /// [`PortalError::NoSession`] where the session is over; [`PortalError::Unavailable`].
    pub async fn receipt(
        &self,
        session: &Session,
        code: &str,
    ) -> Result<Option<String>, PortalError> {
        self.check(session)?;
        let who = (Actor::Person, session.subject());
        match self.consent_record(who, code, RecordForm::Receipt).await {
            Ok(record) => Ok(record),
            Err(PublishError::Store(error)) => Err(error.into()),
            Err(error) => {
                tracing::error!(%error, "a receipt cannot be made");
                Err(PortalError::Unavailable)
            }
        }
    }

    /// The record of a person and a purpose, in canonical text; none where the ledger holds nothing.
    /// That it was handed out is in the log before it is.
    ///
    /// # Errors
    /// [`PublishError`] where the store or the log's files cannot be read or written.
    pub async fn consent_record(
        &self,
        (actor, subject): (Actor, SubjectId),
        code: &str,
        form: RecordForm,
    ) -> Result<Option<String>, PublishError> {
        let registry = self.store.registry();
        let Some(purpose) = registry.purpose_by_code(code) else {
            return Ok(None);
        };
        let (purpose, issuer) = (purpose.purpose.id, self.issuer());
        let look = move |reader: &Reader<'_>| {
            let mut covered = Covered::default();
            issuer.gather(reader, (subject, purpose), (form, &mut covered))
        };
        let Some(gathered) = self.store.read(look).await? else {
            return Ok(None);
        };
        let rule = match form {
            RecordForm::Masked => "evidence/record",
            RecordForm::Named => "evidence/record-named",
            RecordForm::Receipt => "evidence/receipt",
        };
        let told = (actor, Action::EvidenceExported, rule);
        let detail = format!("purpose {purpose}");
        self.store.note(told, Some(subject), detail).await?;
        let records = self.certify_all(vec![gathered], None).await?;
        Ok(records.into_iter().next())
    }

    /// What this instance's records say alike.
    pub(crate) fn issuer(&self) -> Issuer {
        Issuer::of(&self.settings, self.store.clock().now())
    }

    /// The newest signed head of the log, with everything in it that was committed before.
    pub(crate) async fn head(&self) -> Result<Head, PublishError> {
        self.publish_now().await?;
        let writer = Arc::clone(&self.log.writer);
        tokio::task::spawn_blocking(move || {
            let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            newest(&writer)
        })
        .await
        .map_err(|_| PublishError::Cut)?
    }

    /// Proves records under a head of the log, or under the newest.
    pub(crate) async fn certify_all(
        &self,
        gathered: Vec<Gathered>,
        head: Option<Head>,
    ) -> Result<Vec<String>, PublishError> {
        let head = match head {
            Some(head) => head,
            None => self.head().await?,
        };
        let writer = Arc::clone(&self.log.writer);
        tokio::task::spawn_blocking(move || {
            let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            gathered
                .iter()
                .map(|record| certify(&writer, record, &head))
                .collect()
        })
        .await
        .map_err(|_| PublishError::Cut)?
    }
}

impl Issuer {
    fn of(settings: &Settings, now: Timestamp) -> Self {
        let pages = settings.portal.public_url.as_ref();
        Self {
            log: settings.log_name.clone(),
            controller: Controller {
                name: settings.organisation.clone(),
                country: settings.country.clone(),
                pages: pages.map(|url| url.as_str().trim_end_matches('/').to_owned()),
            },
            language: settings.language.clone(),
            now,
        }
    }

    /// What a record says; none where the ledger holds nothing.
    pub(crate) fn gather(
        &self,
        reader: &Reader<'_>,
        (subject, purpose): (SubjectId, PurposeId),
        (form, covered): (RecordForm, &mut Covered),
    ) -> Result<Option<Gathered>, StoreError> {
        let events = reader.ledger((subject, purpose), covered)?;
        let registry = reader.registry();
        let (Some(last), Some(entry)) = (events.last(), registry.purpose(purpose)) else {
            return Ok(None);
        };
        let language = Some(last.row.language.as_str()).filter(|tag| *tag != UNKNOWN_LANGUAGE);
        let language = language.unwrap_or(&self.language);
        let noticed = events.iter().rev().find_map(|event| event.row.notice);
        let notice = match noticed {
            Some(id) => registry.notice(NoticeId(id)),
            None => registry.notice_of(purpose, language),
        };
        let rules = reader.rules(subject, self.now)?;
        let identifiers = match form {
            RecordForm::Named => Some(identifiers(reader, subject)?),
            RecordForm::Masked | RecordForm::Receipt => None,
        };
        let places = rules.jurisdictions.iter();
        let material = Material {
            log: self.log.clone(),
            receipt: form == RecordForm::Receipt,
            issued: self.now,
            controller: self.controller.clone(),
            subject,
            identifiers,
            purpose: purpose_facts(entry),
            notice: notice.map(notice_facts),
            language: language.to_owned(),
            jurisdictions: places.map(|(place, _)| place.to_string()).collect(),
            packs: rules.packs.iter().map(ToString::to_string).collect(),
            events: events
                .iter()
                .map(|event| EventFacts {
                    row: row(event),
                    notice: event
                        .row
                        .notice
                        .and_then(|id| registry.notice(NoticeId(id)))
                        .map(notice_facts),
                    position: event.position,
                })
                .collect(),
        };
        Ok(Some((material, events)))
    }
}

/// The newest signed head.
fn newest(writer: &Writer) -> Result<Head, PublishError> {
    let size = writer.directory.size();
    let checkpoint = writer.directory.read_checkpoint_of(size)?;
    let checkpoint = checkpoint.ok_or(PublishError::Cut)?;
    Ok(Head { checkpoint, size })
}

fn certify(
    writer: &Writer,
    (material, events): &Gathered,
    head: &Head,
) -> Result<String, PublishError> {
    let proofs: Result<Vec<EventProof>, PublishError> = events
        .iter()
        .map(|event| {
            Ok(EventProof {
                position: event.position,
                entry: String::from_utf8_lossy(&event.entry).into_owned(),
                path: proof::inclusion(&writer.directory, event.position, head.size)?,
                salt: event.salt,
                row: row(event),
                row_index: event.index,
                rows: event.rows,
                row_path: event.path.clone(),
            })
        })
        .collect();
    let document = material.document();
    Ok(record::sign(document, proofs?, head.clone(), &writer.key)?)
}

fn row(event: &LedgerEvent) -> Row {
    let held = &event.row;
    Row {
        id: held.id,
        subject_id: held.subject,
        purpose_id: held.purpose,
        channel: held.channel,
        state: held.state,
        method: held.method,
        grade: held.grade,
        notice_id: held.notice,
        notice_hash: held.notice_hash.clone(),
        language: held.language.clone(),
        jurisdictions: held.jurisdictions.clone(),
        rule: held.rule.clone(),
        actor: held.actor.clone(),
        key_id: held.key,
        sealed_evidence: held.sealed_evidence.clone(),
        expires_at: held.expires,
        at: held.at,
    }
}

fn purpose_facts(entry: &PurposeEntry) -> PurposeFacts {
    PurposeFacts {
        purpose: entry.purpose.clone(),
        title: entry.title.clone(),
        description: entry.terms.description.clone(),
        recipients: entry.terms.recipients.lines().map(str::to_owned).collect(),
    }
}

fn notice_facts(notice: &Notice) -> NoticeFacts {
    let layers = notice.layers.as_ref();
    NoticeFacts {
        code: notice.code.clone(),
        version: notice.version,
        language: notice.language.clone(),
        title: notice.title.clone(),
        hash: notice.pinned().to_vec(),
        elements: layers.map_or_else(Default::default, |layers| layers.elements.clone()),
    }
}

fn identifiers(
    reader: &Reader<'_>,
    subject: SubjectId,
) -> Result<Vec<(String, String)>, StoreError> {
    let name = |kind| match kind {
        IdentifierKind::Bsuid => "bsuid",
        IdentifierKind::CustomerKey => "customer-key",
        IdentifierKind::Email => "email",
        IdentifierKind::ParentBsuid => "parent-bsuid",
        IdentifierKind::Phone => "phone",
    };
    let held = reader.identifiers(subject)?;
    Ok(held
        .iter()
        .map(|held| (name(held.kind()).to_owned(), held.value().to_owned()))
        .collect())
}
