//! What staff set for purposes, notices and apps beside their first row, and what they note of people.

use std::collections::BTreeMap;

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::AppId;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::notice;
use domain::purpose::Purpose;
use domain::purpose::Terms;
use domain::terms;

use crate::admin;
use crate::admin::NewNotice;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::registry::PurposeTerms;
use crate::rows::v;
use crate::tables;
use crate::tx::Tx;

/// The layers of a notice beside its page.
#[derive(Clone, Debug)]
pub struct NewLayers {
    /// The short text for a chat.
    pub short: String,
    /// What the notice says of each element, by its number.
    pub elements: BTreeMap<String, String>,
}

/// Sets a purpose's terms: one more row, of which the newest counts.
///
/// # Errors
/// [`Refusal::Terms`] where they do not fit the purpose; [`Refusal::Missing`] for an unknown purpose or
/// notice.
pub(crate) fn set(
    tx: &mut Tx<'_>,
    actor: Actor,
    purpose: PurposeId,
    (held, shown): (Terms, &PurposeTerms),
) -> Result<(), StoreError> {
    let registry = tx.registry();
    let entry = registry
        .purpose(purpose)
        .ok_or(Refusal::Missing("purpose"))?;
    if let Some(code) = &shown.notice
        && !registry.notices.iter().any(|notice| notice.code == *code)
    {
        return Err(Refusal::Missing("notice").into());
    }
    let others: Vec<&Purpose> = registry
        .purposes
        .iter()
        .map(|entry| &entry.purpose)
        .collect();
    terms::check(&entry.purpose, held, shown.notice.is_some(), &others).map_err(Refusal::Terms)?;
    let id = tx.id(&tables::PURPOSE_TERMS);
    let class = shown.record_class.map_or(0, seal::RecordClass::code);
    let row = [
        v(id),
        v(purpose),
        v(shown.notice.as_deref()),
        v(shown.description.as_str()),
        v(shown.recipients.as_str()),
        v(class),
        v(i64::from(held.soft_opt_in)),
        v(i64::from(held.special)),
        v(i64::from(held.any_hour)),
        v(i64::from(shown.confirm)),
        v(held.cap.map(|cap| cap.count)),
        v(held.cap.map(|cap| cap.days)),
        v(held.lapse_days),
        v(held.asks_for),
        v(tx.now()),
    ];
    let told = (actor, Action::PurposeChanged, &["purpose/terms"] as &[&str]);
    tx.record(&tables::PURPOSE_TERMS, row, told)?;
    tx.effects.registry = true;
    tx.flush()
}

/// Publishes a notice with all its layers, bound together by one hash.
pub(crate) fn publish(
    tx: &mut Tx<'_>,
    actor: Actor,
    (new, layers): (&NewNotice, &NewLayers),
) -> Result<(NoticeId, u32), StoreError> {
    let (id, version) = admin::publish_notice(tx, actor, new)?;
    let elements = serde_json::to_string(&layers.elements).unwrap_or_default();
    let parts = [
        new.code.as_str(),
        &new.language,
        &new.title,
        &new.body,
        &layers.short,
    ];
    let hash = seal::sha256(&notice::bound(parts, &layers.elements));
    let row = [v(id), v(layers.short.as_str()), v(elements), v(hash)];
    let told = (
        actor,
        Action::NoticePublished,
        &["notice/layers"] as &[&str],
    );
    tx.record(&tables::NOTICE_LAYERS, row, told)?;
    tx.effects.registry = true;
    tx.flush()?;
    Ok((id, version))
}

/// Has an app get people's data only with their consent to a purpose, or without asking them again.
pub(crate) fn set_sharing(
    tx: &mut Tx<'_>,
    actor: Actor,
    app: AppId,
    purpose: Option<PurposeId>,
) -> Result<(), StoreError> {
    let registry = tx.registry();
    let held = registry.app(app).ok_or(Refusal::Missing("app"))?;
    if held.ended_at.is_some() {
        return Err(Refusal::Ended("app").into());
    }
    if purpose.is_some_and(|purpose| registry.purpose(purpose).is_none()) {
        return Err(Refusal::Missing("purpose").into());
    }
    let sql = "UPDATE apps SET sharing_purpose_id = $1 WHERE id = $2";
    tx.update_one(&tables::APPS, sql, (purpose.map(|id| id.0), app.0))?;
    let (rule, detail) = match purpose {
        Some(purpose) => (
            "app/sharing-asks",
            format!("app {app}, consent to purpose {purpose}"),
        ),
        None => ("app/sharing-free", format!("app {app}")),
    };
    tx.note(None, &detail, (actor, Action::AppChanged, &[rule]))?;
    tx.effects.registry = true;
    tx.flush()
}
