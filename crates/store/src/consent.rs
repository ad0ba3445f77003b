//! The consent ledger.

use crate::dialect::Connection;
use crate::dialect::Row;
use domain::audit::Action;
use domain::audit::Actor;
use domain::consent;
use domain::consent::Channel;
use domain::consent::Consent;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::event::EventKind;
use domain::ids::ConsentEventId;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::person::Asked;
use domain::time::Timestamp;
use seal::RecordClass;
use seal::RecordKind;

use crate::error::Refusal;
use crate::error::StoreError;
use crate::event::About;
use crate::registry::Registry;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;
use crate::tx::place;

/// A consent event to append.
#[derive(Clone, Debug)]
pub struct NewConsent {
    /// For what.
    pub purpose: PurposeId,
    /// Where.
    pub channel: Channel,
    /// The state it brings about.
    pub state: ConsentState,
    /// How it came about.
    pub method: Method,
    /// How well it can be proved.
    pub grade: EvidenceGrade,
    /// The notice version the person had seen.
    pub notice: Option<NoticeId>,
    /// The language of the exchange, a BCP 47 tag.
    pub language: String,
    /// The jurisdictions that may apply, by code, separated by spaces.
    pub jurisdictions: String,
    /// The rule under which it is recorded.
    pub rule: String,
    /// What proves it: sealed under the subject's key for consent proof.
    pub evidence: String,
    /// When it runs out by itself.
    pub expires: Option<Timestamp>,
}

impl Tx<'_> {
    /// Appends an event to the ledger.
    ///
    /// # Errors
    /// [`Refusal::Consent`] where the event does not follow from the state before it;
    /// [`Refusal::Missing`] for an unknown purpose or notice.
    pub(crate) fn append_consent(
        &mut self,
        subject: SubjectId,
        actor: Actor,
        event: &NewConsent,
    ) -> Result<ConsentEventId, StoreError> {
        let registry = self.registry();
        registry
            .purpose(event.purpose)
            .ok_or(Refusal::Missing("purpose"))?;
        let hash = match event.notice {
            Some(id) => Some(
                registry
                    .notice(id)
                    .ok_or(Refusal::Missing("notice"))?
                    .pinned()
                    .to_vec(),
            ),
            None => None,
        };
        let before = current(
            self.connection,
            &registry,
            subject,
            event.purpose,
            event.channel,
        )?
        .map_or(ConsentState::Unknown, |consent| consent.state);
        consent::check_step(before, event.state, event.method).map_err(Refusal::Consent)?;

        let mut leaf = self.open_leaf()?;
        let (key_id, key) = self.key(&mut leaf, subject, RecordClass::ConsentProof)?;
        let id = ConsentEventId(self.id(&tables::CONSENT_EVENTS));
        let place = place(RecordKind::ConsentEvidence, 1, id.0, key_id.0);
        let sealed = self.seal(&key, &place, event.evidence.as_bytes())?;
        let row = [
            v(id),
            v(subject),
            v(event.purpose),
            v(event.channel.code()),
            v(event.state.code()),
            v(event.method.code()),
            v(event.grade.code()),
            v(event.notice),
            v(hash),
            v(event.language.as_str()),
            v(event.jurisdictions.as_str()),
            v(event.rule.as_str()),
            v(actor.to_string()),
            v(key_id),
            v(sealed),
            v(event.expires),
            v(self.now()),
        ];
        self.cover(&mut leaf, &tables::CONSENT_EVENTS, row);
        self.close_leaf(leaf, actor, Action::Consent(event.state), &[&event.rule]);
        let about = About {
            subject: Some(subject),
            purpose: Some(event.purpose),
            thing: Some(id.0),
            detail: Some(event.state.code().into()),
            ..About::default()
        };
        self.emit(EventKind::ConsentChanged, about)?;
        self.flush()?;
        self.answered(subject, event.state)?;
        Ok(id)
    }
}

/// The columns of an event that the gate looks at.
pub(crate) const COLUMNS: &str = "id, state, grade, at, expires_at, notice_id";

/// Reads [`COLUMNS`] from a row, from this column on.
pub(crate) fn read(row: &Row<'_>, from: usize, registry: &Registry) -> Result<Consent, StoreError> {
    let id: i64 = row.get(from)?;
    let damaged = |column| StoreError::Damaged {
        table: "consent_events",
        column,
        id,
    };
    let notice: Option<i64> = row.get(from + 5)?;
    let expires: Option<i64> = row.get(from + 4)?;
    Ok(Consent {
        state: ConsentState::from_code(row.get(from + 1)?).ok_or_else(|| damaged("state"))?,
        grade: EvidenceGrade::from_code(row.get(from + 2)?).ok_or_else(|| damaged("grade"))?,
        at: Timestamp::from_micros(row.get(from + 3)?),
        expires: expires.map(Timestamp::from_micros),
        notice_valid: registry.notice_valid(notice.map(NoticeId)),
    })
}

/// Where a person stands on a purpose: as their own last event says, unless somebody linked to them,
/// who is the same person, has said no since. A yes of theirs stays their own.
pub(crate) fn standing(
    own: Option<Consent>,
    theirs: impl Iterator<Item = Consent>,
) -> Option<Consent> {
    theirs
        .filter(|consent| consent.state.is_denial())
        .fold(own, |last, no| {
            let newer = last.is_none_or(|last| last.at <= no.at);
            if newer { Some(no) } else { last }
        })
}

/// How often a person was asked, and how it went, by the events of one ledger in order.
pub(crate) fn asked(recorded: &[Consent]) -> Asked {
    let mut asked = Asked::default();
    for consent in recorded {
        match consent.state {
            ConsentState::Requested => asked.times += 1,
            ConsentState::Refused | ConsentState::Withdrawn => asked.last_no = Some(consent.at),
            ConsentState::Given | ConsentState::Renewed => asked.ever_given = true,
            ConsentState::Expired | ConsentState::Invalidated | ConsentState::Unknown => {}
        }
    }
    asked
}

/// The consent in force for a purpose on a channel: the last event of the ledger.
pub(crate) fn current(
    connection: &Connection,
    registry: &Registry,
    subject: SubjectId,
    purpose: PurposeId,
    channel: Channel,
) -> Result<Option<Consent>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM consent_events \
         WHERE subject_id = $1 AND purpose_id = $2 AND channel = $3 ORDER BY id DESC LIMIT 1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((subject.0, purpose.0, channel.code()))?;
    let newest = rows.next()?;
    newest.map(|row| read(&row, 0, registry)).transpose()
}
