//! Asking the people of a list for consent by e-mail or SMS: WhatsApp lets nobody be asked there who has
//! neither written in nor agreed before. Each gets a confirmation of their own ([`crate::confirmation`]),
//! once: whoever was asked before, said no or said stop is left in peace, whatever the law would allow.

use domain::audit::Actor;
use domain::campaign::CampaignKind;
use domain::campaign::CampaignState;
use domain::confirmation::AskedBy;
use domain::confirmation::ConfirmationState;
use domain::confirmation::Route;
use domain::gate;
use domain::ids::CampaignId;
use domain::ids::ConfirmationId;
use domain::ids::ImportId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::person::TraitKind;
use domain::purpose::LegalBasis;
use domain::purpose::PurposeClass;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::subject::Restriction;
use domain::time::Span;

use super::row;
use super::row::CampaignView;
use super::row::NewCampaign;
use super::step;
use super::step::Stepped;
use crate::confirmation;
use crate::confirmation::NewRequest;
use crate::confirmation::Requested;
use crate::consent;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::import;
use crate::people;
use crate::people::Which;
use crate::preference;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// Asking the people of a list.
#[derive(Clone, Debug)]
pub struct NewAsking {
    /// The list.
    pub import: ImportId,
    /// Consent to what is asked for.
    pub about: PurposeId,
    /// [`CampaignKind::AskByEmail`] or [`CampaignKind::AskBySms`].
    pub kind: CampaignKind,
    /// The language for people of whom none is known (BCP 47).
    pub language: String,
    /// How many hours each has to confirm.
    pub hours: u16,
    /// How many are asked in a minute.
    pub pace: u32,
    /// At how many stops and addresses that do not take it, for a thousand, it stops by itself.
    pub stop_permille: u32,
}

pub(super) fn begin(
    tx: &mut Tx<'_>,
    actor: Actor,
    new: &NewAsking,
) -> Result<CampaignId, StoreError> {
    let registry = tx.registry();
    let entry = registry
        .purpose(new.about)
        .ok_or(Refusal::Missing("purpose"))?;
    let purpose = &entry.purpose;
    let agreed = purpose.basis == LegalBasis::Consent || purpose.class != PurposeClass::Care;
    if !agreed || purpose.terms.asks_for.is_some() || new.kind.outside().is_none() {
        return Err(Refusal::Missing("purpose that people agree to").into());
    }
    let number = registry
        .numbers
        .first()
        .ok_or(Refusal::Missing("number"))?
        .id;
    import::one(tx.connection, new.import)?.ok_or(Refusal::Missing("import"))?;
    let campaign = NewCampaign {
        kind: new.kind,
        number,
        template: String::new(),
        language: new.language.clone(),
        body: new.hours.to_string(),
        about: new.about,
        notice: None,
        import: Some(new.import),
        pace: new.pace,
        stop_permille: new.stop_permille,
    };
    row::write(tx, actor, &campaign, new.about)
}

/// What one person came to.
enum Fate {
    Asked(ConfirmationId),
    Refused,
    Skipped,
}

/// Asks the next people of the list.
pub(super) fn step(
    tx: &mut Tx<'_>,
    mut campaign: CampaignView,
    route: Route,
) -> Result<Stepped, StoreError> {
    let now = tx.now();
    if tx.registry().emergency_stop {
        step::put(tx, &campaign, now + gate::PAUSE)?;
        return Ok(Stepped::Moved);
    }
    // While the mail server is away nothing piles up behind it.
    let waiting: i64 = tx
        .connection
        .prepare_cached("SELECT count(*) FROM confirmations WHERE state = $1")?
        .query_row([ConfirmationState::Waiting.code()], |row| row.get(0))?;
    if step::WAITING <= waiting {
        step::put(tx, &campaign, now + step::SOON)?;
        return Ok(Stepped::Moved);
    }
    let most = (campaign.pace / 60).clamp(1, step::BATCH);
    let mut asked = 0;
    let mut looked = 0;
    while looked < step::LOOKED_AT && asked < most {
        let page = campaign
            .audience()
            .page(tx.connection, campaign.cursor, step::BATCH)?;
        if page.is_empty() {
            step::put(tx, &campaign, now)?;
            let to = (&campaign, CampaignState::Done);
            row::enter(tx, Actor::System, to, "campaign/done")?;
            tx.flush()?;
            return Ok(Stepped::Moved);
        }
        for subject in page {
            if asked == most {
                break;
            }
            asked += u32::from(deal(tx, &mut campaign, (subject, route))?);
            looked += 1;
        }
    }
    let next = now + step::pause(&campaign, asked);
    step::put(tx, &campaign, next)?;
    tx.flush()?;
    Ok(Stepped::Moved)
}

/// Deals with one person, and counts it. Returns whether they are asked.
fn deal(
    tx: &mut Tx<'_>,
    campaign: &mut CampaignView,
    (subject, route): (SubjectId, Route),
) -> Result<bool, StoreError> {
    let fate = judge(tx, campaign, (subject, route))?;
    campaign.cursor = subject.0;
    match fate {
        Fate::Refused => campaign.refused += 1,
        Fate::Skipped => campaign.skipped += 1,
        Fate::Asked(confirmation) => {
            campaign.sent += 1;
            let row = [
                v(tx.id(&tables::CAMPAIGN_SENDS)),
                v(campaign.id),
                v(subject),
                v(None::<i64>),
                v(tx.now()),
                v(None::<i64>),
                v(confirmation),
            ];
            tx.put(&tables::CAMPAIGN_SENDS, row);
            return Ok(true);
        }
    }
    Ok(false)
}

fn judge(
    tx: &mut Tx<'_>,
    campaign: &CampaignView,
    (subject, route): (SubjectId, Route),
) -> Result<Fate, StoreError> {
    if people::restriction(tx.connection, Some(subject))? != Restriction::None {
        return Ok(Fate::Refused);
    }
    let held = tx.identifiers(subject, Which::Current)?;
    let first = |kind| held.iter().find(|one| one.kind() == kind).cloned();
    let (phone, email) = (first(IdentifierKind::Phone), first(IdentifierKind::Email));
    // Consent is for messages on WhatsApp: whoever has no number there is not asked for it.
    let Some(phone) = phone else {
        return Ok(Fate::Skipped);
    };
    if route == Route::Email && email.is_none() {
        return Ok(Fate::Skipped);
    }
    let about = campaign.about;
    let ledger = preference::ledger(tx, subject, about)?;
    if ledger.last().is_some_and(|last| last.state.is_sendable()) {
        return Ok(Fate::Skipped);
    }
    let asked = consent::asked(&ledger);
    if asked.times > 0 || asked.ever_given || preference::last_word_is_no(tx, subject, about)? {
        return Ok(Fate::Refused);
    }
    request(tx, campaign, (subject, route), (phone, email))
}

fn request(
    tx: &mut Tx<'_>,
    campaign: &CampaignView,
    (subject, route): (SubjectId, Route),
    (phone, email): (Identifier, Option<Identifier>),
) -> Result<Fate, StoreError> {
    let hours: u32 = campaign.body.parse().map_err(|_| StoreError::Damaged {
        table: "campaigns",
        column: "body",
        id: campaign.id.0,
    })?;
    let new = NewRequest {
        purposes: vec![campaign.about],
        phone: Some(phone),
        email,
        language: language(tx, subject)?.unwrap_or_else(|| campaign.language.clone()),
        source: AskedBy::Import,
        route,
        good_for: Span::hours(hours),
        details: format!(r#"{{"campaign":{}}}"#, campaign.id),
    };
    let requested = confirmation::ask(tx, Actor::System, &new)?;
    Ok(match requested {
        Requested::Taken(ids) => ids.first().map_or(Fate::Skipped, |id| Fate::Asked(*id)),
        Requested::Limited | Requested::NotAsked(_) => Fate::Refused,
    })
}

/// The language that the person reads best, if that is known.
fn language(tx: &mut Tx<'_>, subject: SubjectId) -> Result<Option<String>, StoreError> {
    let traits = tx.traits(subject)?;
    let read = traits
        .iter()
        .find(|known| known.kind == TraitKind::Languages);
    let best = read.and_then(|known| known.value.split(' ').next().map(str::to_owned));
    Ok(best.filter(|tag| !tag.is_empty()))
}
