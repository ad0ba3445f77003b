//! The rows of messages to many: beginning, looking, changing, stopping.

use domain::audit::Action;
use domain::audit::Actor;
use domain::campaign::CampaignKind;
use domain::campaign::CampaignState;
use domain::confirmation::ConfirmationState;
use domain::event::EventKind;
use domain::ids::CampaignId;
use domain::ids::ConfirmationId;
use domain::ids::ImportId;
use domain::ids::NoticeId;
use domain::ids::NumberId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::message::MessageState;
use domain::time::Timestamp;

use crate::audience::Audience;
use crate::dialect::Connection;
use crate::dialect::Row;
use crate::dossier;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::event::About;
use crate::import;
use crate::operation::Outgoing;
use crate::question::Matter;
use crate::question::Question;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// After how many messages the share of those who said stop means something.
const MEASURED: u64 = 50;

const COLUMNS: &str = "id, kind, number_id, template, language, purpose_id, about_purpose, notice_id, \
                       import_id, body, stop_permille, created_at, state, cursor, pace, people, sent, \
                       refused, skipped, put_off, stops, next_at, updated_at";

/// A message to many that is to begin.
#[derive(Clone, Debug)]
pub struct NewCampaign {
    /// What it is for.
    pub kind: CampaignKind,
    /// From which number.
    pub number: NumberId,
    /// The template's name.
    pub template: String,
    /// Its language at Meta.
    pub language: String,
    /// The checked body with the template's variables, without recipient: one text for everybody.
    pub body: String,
    /// The purpose it is about: whose notice has changed, or consent to which is asked for.
    pub about: PurposeId,
    /// The notice version it tells of, or asks for consent under.
    pub notice: Option<NoticeId>,
    /// The list whose people it is for; without one, whoever has a consent record for the purpose
    /// (asking) or agreed to it last (telling).
    pub import: Option<ImportId>,
    /// How many messages leave in a minute.
    pub pace: u32,
    /// At how many stops for a thousand messages it stops by itself.
    pub stop_permille: u32,
}

/// A message to many, and how far it has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CampaignView {
    /// Its id.
    pub id: CampaignId,
    /// What it is for.
    pub kind: CampaignKind,
    /// From which number.
    pub number: NumberId,
    /// The template's name.
    pub template: String,
    /// Its language at Meta.
    pub language: String,
    /// The purpose the template was bound to when it began.
    pub purpose: PurposeId,
    /// The purpose it is about.
    pub about: PurposeId,
    /// The notice version behind it.
    pub notice: Option<NoticeId>,
    /// The list whose people it is for.
    pub import: Option<ImportId>,
    /// At how many stops for a thousand messages it stops by itself.
    pub stop_permille: u32,
    /// When it began.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: CampaignState,
    /// How many messages leave in a minute.
    pub pace: u32,
    /// For how many people it was when it began.
    pub people: u64,
    /// To how many a message left.
    pub sent: u64,
    /// To how many the gate let none leave.
    pub refused: u64,
    /// How many needed none: WhatsApp cannot reach them, or they have agreed meanwhile.
    pub skipped: u64,
    /// How many wait for their time.
    pub put_off: u64,
    /// How many said stop after it; where people are asked outside of WhatsApp, also how many could not
    /// be reached there.
    pub stops: u64,
    /// When the next batch is due, while it runs.
    pub next_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// How many of the messages failed: at Meta, on their way, or as they came back.
    pub failed: u64,
    pub(super) body: String,
    pub(super) cursor: i64,
}

/// What is to become of a message to many.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CampaignChange {
    /// It ends.
    Cancel,
    /// Another number of messages leaves in a minute.
    Pace(u32),
    /// It waits until somebody lets it go on.
    Pause,
    /// It goes on.
    Resume,
}

impl CampaignView {
    /// Whom it is for.
    pub(super) const fn audience(&self) -> Audience {
        audience(self.kind, self.about, self.import)
    }

    /// Whether too many of those who got it said stop.
    pub(super) const fn is_too_much(&self) -> bool {
        let share = self.stops.saturating_mul(1_000);
        MEASURED <= self.sent && share > self.sent * self.stop_permille as u64
    }
}

const fn audience(kind: CampaignKind, about: PurposeId, import: Option<ImportId>) -> Audience {
    match (import, kind) {
        (Some(import), _) => Audience::Import(import),
        (None, CampaignKind::AskAnew | CampaignKind::AskByEmail | CampaignKind::AskBySms) => {
            Audience::Purpose(about)
        }
        (None, CampaignKind::Tell) => Audience::Agreed(about),
    }
}

pub(super) fn view(row: &Row<'_>) -> Result<CampaignView, StoreError> {
    let id: i64 = row.get(0)?;
    let damaged = |column| StoreError::Damaged {
        table: "campaigns",
        column,
        id,
    };
    let count = |column| row.get(column).map(i64::cast_unsigned);
    let at = |column| row.get(column).map(Timestamp::from_micros);
    Ok(CampaignView {
        id: CampaignId(id),
        kind: CampaignKind::from_code(row.get(1)?).ok_or_else(|| damaged("kind"))?,
        number: NumberId(row.get(2)?),
        template: row.get(3)?,
        language: row.get(4)?,
        purpose: PurposeId(row.get(5)?),
        about: PurposeId(row.get(6)?),
        notice: row.get::<Option<i64>>(7)?.map(NoticeId),
        import: row.get::<Option<i64>>(8)?.map(ImportId),
        body: row.get(9)?,
        stop_permille: row.get(10)?,
        created_at: at(11)?,
        state: CampaignState::from_code(row.get(12)?).ok_or_else(|| damaged("state"))?,
        cursor: row.get(13)?,
        pace: row.get(14)?,
        people: count(15)?,
        sent: count(16)?,
        refused: count(17)?,
        skipped: count(18)?,
        put_off: count(19)?,
        stops: count(20)?,
        next_at: at(21)?,
        updated_at: at(22)?,
        failed: 0,
    })
}

pub(super) fn list(
    connection: &Connection,
    before: Option<CampaignId>,
    limit: u32,
) -> Result<Vec<CampaignView>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM campaigns WHERE id < $1 ORDER BY id DESC LIMIT $2");
    let before = before.map_or(i64::MAX, |id| id.0);
    let mut list = Vec::new();
    {
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query((before, limit))?;
        while let Some(row) = rows.next()? {
            list.push(view(&row)?);
        }
    }
    for campaign in &mut list {
        campaign.failed = failed(connection, campaign.id)?;
    }
    Ok(list)
}

fn failed(connection: &Connection, id: CampaignId) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM campaign_sends s JOIN messages m ON m.id = s.message_id \
               WHERE s.campaign_id = $1 AND m.state IN ($2, $3)";
    let states = (MessageState::Rejected.code(), MessageState::Failed.code());
    let mut statement = connection.prepare_cached(sql)?;
    let count: i64 = statement.query_row((id.0, states.0, states.1), |row| row.get(0))?;
    let sql = "SELECT count(*) FROM campaign_sends s JOIN confirmations f ON f.id = s.confirmation_id \
               WHERE s.campaign_id = $1 AND f.state = $2";
    let undelivered = ConfirmationState::Undeliverable.code();
    let mut statement = connection.prepare_cached(sql)?;
    let outside: i64 = statement.query_row((id.0, undelivered), |row| row.get(0))?;
    Ok((count + outside).cast_unsigned())
}

pub(super) fn one(
    connection: &Connection,
    id: CampaignId,
) -> Result<Option<CampaignView>, StoreError> {
    let found = list(connection, Some(CampaignId(id.0.saturating_add(1))), 1)?;
    Ok(found.into_iter().find(|campaign| campaign.id == id))
}

/// The one that is due first of those that run.
pub(super) fn first(
    connection: &Connection,
    now: Timestamp,
) -> Result<Option<CampaignView>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM campaigns WHERE state = $1 AND next_at <= $2 \
         ORDER BY next_at, id LIMIT 1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query((CampaignState::Running.code(), now.micros()))?;
    rows.next()?.map(|row| view(&row)).transpose()
}

pub(super) fn due(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(next_at) FROM campaigns WHERE state = $1";
    let mut statement = connection.prepare_cached(sql)?;
    let due: Option<i64> =
        statement.query_row([CampaignState::Running.code()], |row| row.get(0))?;
    Ok(due.map(Timestamp::from_micros))
}

pub(super) fn begin(
    tx: &mut Tx<'_>,
    actor: Actor,
    new: &NewCampaign,
) -> Result<CampaignId, StoreError> {
    let purpose = checked(tx, new)?;
    write(tx, actor, new, purpose)
}

/// Writes a message to many that has been checked.
pub(super) fn write(
    tx: &mut Tx<'_>,
    actor: Actor,
    new: &NewCampaign,
    purpose: PurposeId,
) -> Result<CampaignId, StoreError> {
    let people = audience(new.kind, new.about, new.import).count(tx.connection)?;
    let id = CampaignId(tx.id(&tables::CAMPAIGNS));
    let row = [
        v(id),
        v(new.kind.code()),
        v(new.number),
        v(new.template.as_str()),
        v(new.language.as_str()),
        v(purpose),
        v(new.about),
        v(new.notice),
        v(new.import),
        v(new.body.as_str()),
        v(new.stop_permille),
        v(tx.now()),
        v(CampaignState::Running.code()),
        v(0_i64),
        v(new.pace.max(1)),
        v(people.cast_signed()),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v(0_i64),
        v(tx.now()),
        v(tx.now()),
    ];
    let told = (
        actor,
        Action::CampaignChanged,
        &["campaign/begun"] as &[&str],
    );
    tx.record(&tables::CAMPAIGNS, row, told)?;
    tell(tx, id, new.about, CampaignState::Running)?;
    tx.flush()?;
    Ok(id)
}

/// That everything is there that it names. Returns the purpose that binds the template.
fn checked(tx: &Tx<'_>, new: &NewCampaign) -> Result<PurposeId, StoreError> {
    let registry = tx.registry();
    registry
        .purpose(new.about)
        .ok_or(Refusal::Missing("purpose"))?;
    registry
        .number(new.number)
        .ok_or(Refusal::Missing("number"))?;
    if let Some(notice) = new.notice {
        registry.notice(notice).ok_or(Refusal::Missing("notice"))?;
    }
    if let Some(id) = new.import {
        import::one(tx.connection, id)?.ok_or(Refusal::Missing("import"))?;
    }
    let content = Outgoing::Template {
        name: new.template.clone(),
        language: new.language.clone(),
    };
    let question = Question {
        number: new.number,
        content: &content,
        declared: None,
        body: Some(new.body.as_bytes()),
    };
    let matter = Matter::of(&registry, &question);
    let bound = matter.bound().ok_or(Refusal::Missing("template"))?;
    if new.kind == CampaignKind::AskAnew && bound.terms.asks_for != Some(new.about) {
        let wanted = "template whose purpose asks for consent to this one";
        return Err(Refusal::Missing(wanted).into());
    }
    Ok(bound.id)
}

fn tell(
    tx: &mut Tx<'_>,
    id: CampaignId,
    purpose: PurposeId,
    state: CampaignState,
) -> Result<(), StoreError> {
    let about = About {
        purpose: Some(purpose),
        thing: Some(id.0),
        detail: Some(state.code().into()),
        ..About::default()
    };
    tx.emit(EventKind::CampaignChanged, about)
}

pub(super) fn change(
    tx: &mut Tx<'_>,
    actor: Actor,
    id: CampaignId,
    change: CampaignChange,
) -> Result<(), StoreError> {
    use CampaignState::{Cancelled, Paused, Running, Stopped};
    let campaign = one(tx.connection, id)?.ok_or(Refusal::Missing("campaign"))?;
    let (state, rule) = match (change, campaign.state) {
        (CampaignChange::Cancel, Running | Paused | Stopped) => (Cancelled, "campaign/cancelled"),
        (CampaignChange::Pause, Running | Paused) => (Paused, "campaign/paused"),
        (CampaignChange::Resume, Running | Paused) => (Running, "campaign/resumed"),
        (CampaignChange::Pace(_), state @ (Running | Paused)) => (state, "campaign/pace"),
        _ => return Err(Refusal::Ended("campaign").into()),
    };
    if let CampaignChange::Pace(pace) = change {
        let sql = "UPDATE campaigns SET pace = $1 WHERE id = $2";
        tx.update_one(&tables::CAMPAIGNS, sql, (pace.max(1), id.0))?;
    }
    enter(tx, actor, (&campaign, state), rule)?;
    tx.flush()
}

/// Has a campaign enter a state, and tells of it.
pub(super) fn enter(
    tx: &mut Tx<'_>,
    actor: Actor,
    (campaign, state): (&CampaignView, CampaignState),
    rule: &'static str,
) -> Result<(), StoreError> {
    let now = tx.now();
    let sql = "UPDATE campaigns SET state = $1, next_at = $2, updated_at = $3 WHERE id = $4";
    let row = (state.code(), now.micros(), now.micros(), campaign.id.0);
    tx.update_one(&tables::CAMPAIGNS, sql, row)?;
    let detail = format!(
        "campaign {}: {}; {} sent, {} refused, {} stops",
        campaign.id,
        state.name(),
        campaign.sent,
        campaign.refused,
        campaign.stops
    );
    tx.note(None, &detail, (actor, Action::CampaignChanged, &[rule]))?;
    if state == campaign.state {
        return Ok(());
    }
    tell(tx, campaign.id, campaign.about, state)
}

/// A condition for rows of `campaign_sends` whose message to many still runs.
fn running() -> String {
    format!(
        "s.stopped_at IS NULL AND c.state IN ({}, {}) ORDER BY s.id",
        CampaignState::Running.code(),
        CampaignState::Paused.code()
    )
}

/// Counts a confirmation that came back against the message to many that it belongs to.
pub(super) fn undelivered(tx: &mut Tx<'_>, id: ConfirmationId) -> Result<(), StoreError> {
    let got: Vec<(i64, i64)> = {
        let sql = format!(
            "SELECT s.id, s.campaign_id FROM campaign_sends s \
             JOIN campaigns c ON c.id = s.campaign_id WHERE s.confirmation_id = $1 AND {}",
            running()
        );
        let mut statement = tx.connection.prepare_cached(&sql)?;
        statement.query_map([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?
    };
    count_stops(tx, got)
}

/// Counts a stop against every message to many that the person got and that still runs.
pub(super) fn complained(tx: &mut Tx<'_>, subject: SubjectId) -> Result<(), StoreError> {
    let same: Vec<i64> = tx.linked(subject)?.iter().map(|one| one.0).collect();
    let mut got: Vec<(i64, i64)> = Vec::new();
    let text = |list: &str| {
        format!(
            "SELECT s.id, s.campaign_id FROM campaign_sends s \
             JOIN campaigns c ON c.id = s.campaign_id \
             WHERE s.subject_id IN ({list}) \
             AND (s.message_id IS NOT NULL OR s.confirmation_id IS NOT NULL) AND {}",
            running()
        )
    };
    dossier::each(tx.connection, &same, text, |row| {
        got.push((row.get(0)?, row.get(1)?));
        Ok(())
    })?;
    got.sort_unstable();
    got.dedup();
    count_stops(tx, got)
}

fn count_stops(tx: &mut Tx<'_>, got: Vec<(i64, i64)>) -> Result<(), StoreError> {
    for (send, id) in got {
        let now = tx.now().micros();
        let sql = "UPDATE campaign_sends SET stopped_at = $1 WHERE id = $2";
        tx.update_one(&tables::CAMPAIGN_SENDS, sql, (now, send))?;
        let sql = "UPDATE campaigns SET stops = stops + 1, updated_at = $1 WHERE id = $2";
        tx.update_one(&tables::CAMPAIGNS, sql, (now, id))?;
        let campaign = one(tx.connection, CampaignId(id))?.ok_or(Refusal::Missing("campaign"))?;
        if campaign.state == CampaignState::Running && campaign.is_too_much() {
            stop(tx, &campaign)?;
        }
    }
    Ok(())
}

/// It stops by itself.
pub(super) fn stop(tx: &mut Tx<'_>, campaign: &CampaignView) -> Result<(), StoreError> {
    let to = (campaign, CampaignState::Stopped);
    enter(tx, Actor::System, to, "campaign/too-many-stops")
}
