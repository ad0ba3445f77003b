//! One batch of a message to many: those whose time has come first, then the next of its people.

use domain::audit::Actor;
use domain::campaign::CampaignKind;
use domain::campaign::CampaignState;
use domain::consent::Channel;
use domain::consent::Consent;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::decision::Outcome;
use domain::decision::Reason;
use domain::gate;
use domain::gate::Facts;
use domain::ids::MessageId;
use domain::ids::SubjectId;
use domain::time::Span;
use domain::time::Timestamp;

use super::outside;
use super::row;
use super::row::CampaignView;
use crate::consent::NewConsent;
use crate::dossier::Dossier;
use crate::dossier::Wanted;
use crate::error::StoreError;
use crate::known::Known;
use crate::operation::Outgoing;
use crate::operation::Recipient;
use crate::operation::Send;
use crate::question;
use crate::question::Matter;
use crate::question::Question;
use crate::rows::v;
use crate::send;
use crate::send::Case;
use crate::tables;
use crate::tx::Tx;

/// How many messages one step lets out at the most.
pub(super) const BATCH: u32 = 32;
/// How many people one step looks at at the most: those who are refused cost no pace.
pub(super) const LOOKED_AT: u32 = 256;
/// How many of the gateway's own messages may wait for their call before no more are added: the
/// confirmation of a stop must not wait for long behind them.
pub(super) const WAITING: i64 = 64;
/// After how long it is worth looking again when the outbox is full.
pub(super) const SOON: Span = Span::seconds(2);

/// What came of a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stepped {
    /// A batch was dealt with; there may be more at once.
    Moved,
    /// Nothing is due before this instant; nothing runs at all where there is none.
    Idle(Option<Timestamp>),
}

/// What one person came to.
enum Fate {
    Sent(MessageId),
    PutOff(Timestamp),
    Refused,
    Skipped,
    /// What stands in the way concerns everybody: it is tried again then.
    Blocked(Timestamp),
}

/// A batch on its way.
struct Batch {
    campaign: CampaignView,
    send: Send,
    matter: Matter,
    wanted: Wanted,
    left: u32,
    blocked: Option<Timestamp>,
}

pub(super) fn step(tx: &mut Tx<'_>) -> Result<Stepped, StoreError> {
    let now = tx.now();
    let Some(campaign) = row::first(tx.connection, now)? else {
        return Ok(Stepped::Idle(row::due(tx.connection)?));
    };
    if campaign.is_too_much() {
        row::stop(tx, &campaign)?;
        tx.flush()?;
        return Ok(Stepped::Moved);
    }
    if let Some(route) = campaign.kind.outside() {
        return outside::step(tx, campaign, route);
    }
    let waiting: i64 = tx
        .connection
        .query_row("SELECT count(*) FROM outbox", (), |row| row.get(0))?;
    if waiting >= WAITING {
        put(tx, &campaign, now + SOON)?;
        return Ok(Stepped::Moved);
    }
    let mut batch = Batch::of(tx, campaign);
    let whole = batch.fill(tx)?;
    tx.flush()?;
    batch.close(tx, whole)?;
    Ok(Stepped::Moved)
}

/// Writes how far it has come, and when it goes on.
pub(super) fn put(tx: &Tx<'_>, campaign: &CampaignView, next: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE campaigns SET cursor = $1, sent = $2, refused = $3, skipped = $4, \
               put_off = $5, next_at = $6, updated_at = $7 WHERE id = $8";
    let row = (
        campaign.cursor,
        campaign.sent.cast_signed(),
        campaign.refused.cast_signed(),
        campaign.skipped.cast_signed(),
        campaign.put_off.cast_signed(),
        next.micros(),
        tx.now().micros(),
        campaign.id.0,
    );
    tx.update_one(&tables::CAMPAIGNS, sql, row)
}

impl Batch {
    fn of(tx: &Tx<'_>, campaign: CampaignView) -> Self {
        let send = Send {
            app: None,
            number: campaign.number,
            recipient: Recipient::Alias(String::new()),
            content: Outgoing::Template {
                name: campaign.template.clone(),
                language: campaign.language.clone(),
            },
            declared: None,
            kind: "template",
            body: campaign.body.clone().into_bytes(),
            references: Vec::new(),
            media: Vec::new(),
            idempotency: None,
            queue: None,
        };
        let matter = Matter::of(&tx.registry(), &Question::of(&send));
        Self {
            wanted: matter.wanted(tx.now()),
            left: (campaign.pace / 60).clamp(1, BATCH),
            matter,
            send,
            campaign,
            blocked: None,
        }
    }

    /// Deals with people until so many messages have left. Returns whether there is nobody more
    /// behind the cursor.
    fn fill(&mut self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        for (place, subject) in self.due(tx)? {
            let fate = self.deal(tx, &[subject])?.pop();
            match fate {
                Some((_, Fate::Blocked(until))) => {
                    self.blocked = Some(until);
                    return Ok(false);
                }
                Some((_, fate)) => self.settle(tx, place, &fate)?,
                None => {}
            }
            if self.left == 0 {
                return Ok(false);
            }
        }
        let mut looked = 0;
        while looked < LOOKED_AT && self.left > 0 {
            let audience = self.campaign.audience();
            let page = audience.page(tx.connection, self.campaign.cursor, BATCH)?;
            if page.is_empty() {
                return Ok(true);
            }
            for (subject, fate) in self.deal(tx, &page)? {
                if let Fate::Blocked(until) = fate {
                    self.blocked = Some(until);
                    return Ok(false);
                }
                self.campaign.cursor = subject.0;
                self.enter(tx, subject, &fate);
                looked += 1;
            }
            tx.flush()?;
        }
        Ok(false)
    }

    /// Those who were put off and whose time has come.
    fn due(&self, tx: &Tx<'_>) -> Result<Vec<(i64, SubjectId)>, StoreError> {
        let sql = "SELECT id, subject_id FROM campaign_sends WHERE campaign_id = $1 \
                   AND message_id IS NULL AND confirmation_id IS NULL AND at <= $2 ORDER BY at, id LIMIT $3";
        let mut statement = tx.connection.prepare_cached(sql)?;
        let parameters = (self.campaign.id.0, tx.now().micros(), BATCH);
        Ok(statement.query_map(parameters, |row| Ok((row.get(0)?, SubjectId(row.get(1)?))))?)
    }

    /// Judges some people in order, as long as messages may leave.
    fn deal(
        &mut self,
        tx: &mut Tx<'_>,
        page: &[SubjectId],
    ) -> Result<Vec<(SubjectId, Fate)>, StoreError> {
        let mut known = Known::default();
        tx.look_up_subjects(&mut known, page)?;
        let mut dealt = Vec::with_capacity(page.len());
        for dossier in tx.dossiers(page, &self.wanted)? {
            if self.left == 0 {
                break;
            }
            let subject = dossier.subject;
            let fate = self.judge(tx, &mut known, dossier)?;
            let blocked = matches!(fate, Fate::Blocked(_));
            if let Fate::Sent(_) = fate {
                self.left -= 1;
            }
            dealt.push((subject, fate));
            if blocked {
                break;
            }
        }
        tx.put_conversations(&mut known);
        Ok(dealt)
    }

    fn judge(
        &self,
        tx: &mut Tx<'_>,
        known: &mut Known,
        dossier: Dossier,
    ) -> Result<Fate, StoreError> {
        let (subject, now) = (dossier.subject, tx.now());
        if !dossier.reachable {
            return Ok(Fate::Skipped);
        }
        let facts = question::facts(tx, known, &self.matter, dossier);
        let asks = self.campaign.kind == CampaignKind::AskAnew;
        if asks && self.has_agreed(&facts, now) {
            return Ok(Fate::Skipped);
        }
        let decision = gate::decide(&facts, now).decision;
        if decision.reasons.iter().any(concerns_everybody) {
            return Ok(Fate::Blocked(now + gate::PAUSE));
        }
        if let Outcome::Defer { until } = decision.outcome {
            // Later than now, so that others get their turn.
            return Ok(Fate::PutOff(until.max(now + Span::seconds(1))));
        }
        let allowed = decision.outcome == Outcome::Allow;
        let mut leaf = tx.open_leaf()?;
        let about = (subject, &self.send);
        let judged = send::judge(tx, &mut leaf, known, about, &Case::Message(facts))?;
        send::close(tx, leaf, Actor::System, &judged.decision);
        if !allowed {
            return Ok(Fate::Refused);
        }
        if asks {
            self.asked(tx, subject)?;
        }
        Ok(Fate::Sent(judged.message))
    }

    /// Whether there is nothing to ask: consent to the purpose is given and still carries.
    fn has_agreed(&self, facts: &Facts, now: Timestamp) -> bool {
        let carries = |consent: &Consent| {
            consent.state.is_sendable()
                && consent.notice_valid
                && consent.expires.is_none_or(|at| now < at)
        };
        let mut consents = facts.consents.iter();
        consents.any(|(purpose, consent)| *purpose == self.campaign.about && carries(consent))
    }

    /// Remembers that the person was asked: some law lets one ask only once.
    fn asked(&self, tx: &mut Tx<'_>, subject: SubjectId) -> Result<(), StoreError> {
        let event = NewConsent {
            purpose: self.campaign.about,
            channel: Channel::WhatsApp,
            state: ConsentState::Requested,
            method: Method::Staff,
            grade: EvidenceGrade::Asserted,
            notice: self.campaign.notice,
            language: self.campaign.language.clone(),
            jurisdictions: String::new(),
            rule: "campaign/asked".to_owned(),
            evidence: format!(r#"{{"campaign":{}}}"#, self.campaign.id),
            expires: None,
        };
        tx.append_consent(subject, Actor::System, &event).map(drop)
    }

    /// Counts somebody behind the cursor.
    fn enter(&mut self, tx: &mut Tx<'_>, subject: SubjectId, fate: &Fate) {
        let campaign = &mut self.campaign;
        let (message, at) = match fate {
            Fate::Sent(message) => {
                campaign.sent += 1;
                (Some(*message), tx.now())
            }
            Fate::PutOff(until) => {
                campaign.put_off += 1;
                (None, *until)
            }
            Fate::Refused => {
                campaign.refused += 1;
                return;
            }
            Fate::Skipped | Fate::Blocked(_) => {
                campaign.skipped += 1;
                return;
            }
        };
        let id = tx.id(&tables::CAMPAIGN_SENDS);
        let row = [
            v(id),
            v(campaign.id),
            v(subject),
            v(message),
            v(at),
            v(None::<i64>),
            v(None::<i64>),
        ];
        tx.put(&tables::CAMPAIGN_SENDS, row);
    }

    /// Counts somebody who was put off before.
    fn settle(&mut self, tx: &Tx<'_>, place: i64, fate: &Fate) -> Result<(), StoreError> {
        let put = |message: Option<MessageId>, at: Timestamp| {
            let sql = "UPDATE campaign_sends SET message_id = $1, at = $2 WHERE id = $3";
            let row = (message.map(|message| message.0), at.micros(), place);
            tx.update_one(&tables::CAMPAIGN_SENDS, sql, row)
        };
        let campaign = &mut self.campaign;
        match fate {
            Fate::PutOff(until) => return put(None, *until),
            Fate::Sent(message) => {
                campaign.sent += 1;
                put(Some(*message), tx.now())?;
            }
            Fate::Refused | Fate::Skipped | Fate::Blocked(_) => {
                if matches!(fate, Fate::Refused) {
                    campaign.refused += 1;
                } else {
                    campaign.skipped += 1;
                }
                let sql = "DELETE FROM campaign_sends WHERE id = $1";
                tx.update_one(&tables::CAMPAIGN_SENDS, sql, [place])?;
            }
        }
        campaign.put_off = campaign.put_off.saturating_sub(1);
        Ok(())
    }

    /// Writes how far it has come; `whole` where nobody is left behind the cursor.
    fn close(&mut self, tx: &mut Tx<'_>, whole: bool) -> Result<(), StoreError> {
        let campaign = &self.campaign;
        let now = tx.now();
        let gone = (campaign.pace / 60)
            .clamp(1, BATCH)
            .saturating_sub(self.left);
        let mut next = now + pause(campaign, gone);
        if let Some(until) = self.blocked {
            next = until;
        } else if whole {
            let sql = "SELECT min(at) FROM campaign_sends \
                       WHERE campaign_id = $1 AND message_id IS NULL AND confirmation_id IS NULL";
            let waits: Option<i64> = tx
                .connection
                .prepare_cached(sql)?
                .query_row([campaign.id.0], |row| row.get(0))?;
            let Some(at) = waits else {
                put(tx, campaign, now)?;
                let to = (campaign, CampaignState::Done);
                row::enter(tx, Actor::System, to, "campaign/done")?;
                return tx.flush();
            };
            next = next.max(Timestamp::from_micros(at));
        }
        put(tx, campaign, next)
    }
}

/// How long so many messages hold up the next ones.
pub(super) fn pause(campaign: &CampaignView, gone: u32) -> Span {
    let pause = i64::from(gone) * Span::minutes(1).as_micros() / i64::from(campaign.pace.max(1));
    Span::micros(pause.max(1))
}

/// What stands in everybody's way, so that nobody is to be counted as refused for it.
const fn concerns_everybody(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::EmergencyStop
            | Reason::TemplateUnknown
            | Reason::TemplatePaused
            | Reason::TemplateNotApproved
            | Reason::PurposeMissing
            | Reason::AccountOff
            | Reason::AccountRestricted { .. }
            | Reason::InitiationRestricted { .. }
    )
}
