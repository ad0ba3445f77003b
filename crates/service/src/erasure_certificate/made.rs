//! Making a certificate: from what stands in the database and in the log's files.

use std::sync::Arc;
use std::sync::PoisonError;

use domain::ids::ErasureId;
use domain::ids::RequestId;
use domain::record_class::RecordClass;
use domain::record_class::RecordClasses;
use domain::time::Timestamp;
use letters::Certificate;
use letters::Document;
use letters::Recipient;
use letters::Why;
use store::StoreError;
use store::erase::ErasureCertificate;
use store::erase::ErasureView;
use store::erase::KeptView;
use store::erase::RecipientView;
use store::erasure_proof::ErasureFacts;
use store::erasure_proof::ErasureProof;
use tlog::proof;

use super::ErasureNote;
use super::Horizon;
use super::Kept;
use super::residual;
use crate::META_DAYS;
use crate::PortalError;
use crate::PublishError;
use crate::Service;
use crate::portal::Use;
use crate::publish::Writer;

/// A certificate, in the forms it is read and checked in.
#[derive(Clone, Debug)]
pub struct CertificateForms {
    /// The signed note.
    pub note: String,
    /// What people read.
    pub document: Document,
}

impl CertificateForms {
    /// What people read, as PDF; none if that could not be written.
    pub fn pdf(&self) -> Option<Vec<u8>> {
        let made = letters::pdf::letter(&self.document);
        made.inspect_err(|error| tracing::error!(%error, "a certificate is no PDF"))
            .ok()
    }
}

impl Service {
    /// The certificate of an erasure; none for one that is not there, or whose rows the log does not
    /// bear out any more.
    ///
    /// # Errors
    /// What the store and the log's files say.
    pub async fn erasure_certificate(
        &self,
        id: ErasureId,
        language: &str,
    ) -> Result<Option<CertificateForms>, PublishError> {
        let look = move |reader: &store::Reader<'_>| {
            let Some(held) = reader.erasure_certificate(id)? else {
                return Ok(None);
            };
            let Some(case) = held.cases.iter().find(|case| case.id == id).cloned() else {
                return Ok(None);
            };
            let proof = reader.erasure_proof(&facts(&case), case.leaf)?;
            Ok(proof.map(|proof| (held, case, proof)))
        };
        let Some((held, case, proof)) = self.store.read(look).await? else {
            return Ok(None);
        };
        let document = self.certificate_document(&held, &case, language);
        let document = document.map_err(|_| PublishError::Cut)?;
        let draft = self.draft(&held, &case, proof);
        // The entry has to stand in the files under a signed head.
        self.publish_now().await?;
        let writer = Arc::clone(&self.log.writer);
        let note = tokio::task::spawn_blocking(move || {
            let writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            certify(&writer, draft)
        });
        let note = note.await.map_err(|_| PublishError::Cut)??;
        Ok(Some(CertificateForms { note, document }))
    }

    /// The certificate behind the token of its link; none for a token that is none of ours, or while the
    /// erasure has not been done.
    ///
    /// # Errors
    /// [`PortalError::Unavailable`].
    pub async fn certificate_by_link(
        &self,
        token: &str,
        language: &str,
    ) -> Result<Option<CertificateForms>, PortalError> {
        let parts: Option<(i64, i64)> = self.open_portal(Use::Certificate, token);
        let erasure = match parts {
            None => return Ok(None),
            Some((0, erasure)) => Some(ErasureId(erasure)),
            Some((request, _)) => {
                let request = RequestId(request);
                self.store
                    .read(move |reader| reader.erasure_of_request(request))
                    .await?
            }
        };
        let Some(erasure) = erasure else {
            return Ok(None);
        };
        let made = self.erasure_certificate(erasure, language).await;
        made.map_err(|error| {
            tracing::error!(%error, "a certificate cannot be made");
            PortalError::Unavailable
        })
    }

    /// From when no copy of what is erased at an instant can be read, either, at the latest; none where
    /// keys are rolled only when staff does it.
    pub fn horizon_of(&self, erased: Timestamp) -> Option<Timestamp> {
        self.settings.horizon().map(|horizon| erased + horizon)
    }

    fn horizon(&self, held: &ErasureCertificate) -> Horizon {
        // What places keep by themselves goes later than what was removed there.
        match held.horizon_at() {
            Some(at) if at <= self.store.clock().now() => Horizon::Reached(at),
            Some(at) => Horizon::Expected(at),
            None => self
                .horizon_of(held.destroyed_at)
                .map_or(Horizon::Open, Horizon::Expected),
        }
    }

    fn draft(
        &self,
        held: &ErasureCertificate,
        case: &ErasureView,
        proof: ErasureProof,
    ) -> ErasureNote {
        let kept = standing(held).map(|kept| Kept {
            class: kept.class.name().to_owned(),
            rule: kept.rule.clone(),
            until: kept.until,
        });
        let recipients = held.recipients.iter();
        let recipients = recipients.map(|one| (self.recipient(one), one.acknowledged_at));
        ErasureNote {
            origin: String::new(),
            organisation: self.settings.organisation.clone(),
            facts: facts(case),
            proof,
            swept: case.swept_at.is_some(),
            removed: (case.rows, case.objects),
            horizon: self.horizon(held),
            kept: kept.collect(),
            recipients: recipients.collect(),
            made: self.store.clock().now(),
            position: case.leaf.cast_unsigned(),
            size: 0,
            root: tlog::empty_root(),
            path: Vec::new(),
        }
    }

    fn certificate_document(
        &self,
        held: &ErasureCertificate,
        case: &ErasureView,
        language: &str,
    ) -> Result<Document, letters::WriteError> {
        let law = self.store.law();
        let kept = standing(held).map(|kept| letters::Kept {
            class: kept.class,
            why: match (kept.hold, kept.class) {
                (Some(_), _) => Why::Hold,
                (None, RecordClass::ConsentProof) => Why::Proof,
                (None, _) => Why::Law,
            },
            provision: law.provision(&kept.rule),
            until: kept.until.map(|until| self.day(until)),
        });
        let (horizon, reached) = match self.horizon(held) {
            Horizon::Reached(at) => (Some(at), true),
            Horizon::Expected(at) => (Some(at), false),
            Horizon::Open => (None, false),
        };
        let cases = || held.cases.iter();
        let recipients = held.recipients.iter().map(|one| Recipient {
            name: self.recipient(one),
            acknowledged: one.acknowledged_at.map(|at| self.day(at)),
        });
        let classes = cases().fold(RecordClasses::default(), |all, case| {
            case.classes.iter().fold(all, RecordClasses::with)
        });
        // What was kept at first and is kept by nothing any more is gone, too.
        let ended = held.kept.iter().map(|(_, kept)| kept.class);
        let ended = ended.filter(|class| standing(held).all(|kept| kept.class != *class));
        let classes = ended.fold(classes, RecordClasses::with);
        let certificate = Certificate {
            number: case.id.0,
            case: case.request.map(|request| request.0),
            head: self.letterhead(),
            erased: self.day(case.at),
            today: self.day(self.store.clock().now()),
            classes: classes.iter().collect(),
            keys: cases().map(|case| case.keys).sum(),
            rows: cases().map(|case| case.rows).sum(),
            objects: cases().map(|case| case.objects).sum(),
            swept: cases().all(|case| case.swept_at.is_some()),
            horizon: horizon.map(|at| self.day(at)),
            reached,
            media_at_meta: residual(case.media_at_meta),
            contact_at_meta: residual(case.contact_at_meta),
            meta_days: META_DAYS,
            kept: kept.collect(),
            suppressed: 0 < case.suppressed,
            recipients: recipients.collect(),
            log: self.settings.log_name.clone(),
            position: case.leaf.cast_unsigned(),
        };
        let letters = &self.settings.portal.letters.letters;
        letters.certificate(language, &certificate)
    }

    /// What a recipient is called here.
    fn recipient(&self, told: &RecipientView) -> String {
        let registry = self.store.registry();
        let app = told.app.and_then(|id| {
            let mut apps = registry.apps.iter();
            apps.find(|app| app.id == id).map(|app| app.name.clone())
        });
        let endpoint = || told.endpoint.map(|id| format!("endpoint {id}"));
        let unnamed = || told.app.map(|id| format!("app {id}"));
        app.or_else(endpoint).or_else(unnamed).unwrap_or_default()
    }
}

/// What stays now.
fn standing(held: &ErasureCertificate) -> impl Iterator<Item = &KeptView> {
    let kept = held.kept.iter().map(|(_, kept)| kept);
    kept.filter(|kept| kept.ended_at.is_none())
}

fn facts(case: &ErasureView) -> ErasureFacts {
    ErasureFacts {
        id: case.id,
        subject: case.subject,
        request: case.request,
        reason: case.reason,
        classes: case.classes,
        keys: case.keys,
        identifiers: case.identifiers,
        suppressed: case.suppressed,
        epoch: case.epoch,
        media_at_meta: case.media_at_meta,
        contact_at_meta: case.contact_at_meta,
        at: case.at,
    }
}

fn certify(writer: &Writer, draft: ErasureNote) -> Result<String, PublishError> {
    let size = writer.directory.size();
    let damaged = || StoreError::Damaged {
        table: "leaves",
        column: "entry",
        id: draft.position.cast_signed(),
    };
    if size <= draft.position {
        return Err(damaged().into());
    }
    let root = writer.directory.root_from_disk(size)?;
    let path = proof::inclusion(&writer.directory, draft.position, size)?;
    let note = ErasureNote {
        origin: writer.origin.clone(),
        size,
        root,
        path,
        ..draft
    };
    Ok(note.sign(&writer.key)?)
}
