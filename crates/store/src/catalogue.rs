//! The template catalogue.

use crate::dialect::OptionalRow;
use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::PurposeId;
use domain::template::Category;
use domain::template::TemplateStatus;

use crate::dialect;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::operation::TemplateChange;
use crate::tx::Tx;

/// A template as Meta lists it.
#[derive(Clone, Debug)]
pub struct ListedTemplate {
    /// Its id at Meta.
    pub meta_id: String,
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Its category.
    pub category: Category,
    /// Whether Meta lets it out.
    pub status: TemplateStatus,
    /// Its body with placeholders.
    pub body: String,
    /// The entry as Meta gave it.
    pub raw: String,
}

impl ListedTemplate {
    /// As it is kept, so that it is compared with what is.
    fn storable(&self) -> Self {
        let kept = |text: &str| dialect::storable(text).into_owned();
        Self {
            meta_id: kept(&self.meta_id),
            name: kept(&self.name),
            language: kept(&self.language),
            category: self.category,
            status: self.status,
            body: kept(&self.body),
            raw: kept(&self.raw),
        }
    }
}

/// Brings the catalogue of an account to what Meta lists. Returns how many entries changed.
pub(crate) fn sync(
    tx: &mut Tx<'_>,
    waba_id: &str,
    listed: &[ListedTemplate],
) -> Result<usize, StoreError> {
    let now = tx.now().micros();
    let mut changes = Vec::new();
    let registry = tx.registry();
    let listed: Vec<ListedTemplate> = listed.iter().map(ListedTemplate::storable).collect();
    for template in &listed {
        let held = registry.template(waba_id, &template.name, &template.language);
        if held.is_none_or(|held| {
            held.category != template.category
                || held.status != template.status
                || held.raw != template.raw
        }) {
            changes.push(line(
                &template.name,
                &template.language,
                template.category,
                template.status,
            ));
        }
        put(tx, waba_id, template, now)?;
    }
    let gone = registry.templates.iter().filter(|held| {
        held.waba_id == waba_id
            && held.status != TemplateStatus::Unusable
            && !listed
                .iter()
                .any(|t| t.name == held.name && t.language == held.language)
    });
    for held in gone {
        tx.connection.execute(
            "UPDATE templates SET status = $1, synced_at = $2 WHERE id = $3",
            (TemplateStatus::Unusable.code(), now, held.id.0),
        )?;
        changes.push(line(
            &held.name,
            &held.language,
            held.category,
            TemplateStatus::Unusable,
        ));
    }
    tell(tx, &changes, "catalogue/sync")?;
    Ok(changes.len())
}

fn put(tx: &Tx<'_>, waba_id: &str, template: &ListedTemplate, now: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO templates (id, waba_id, name, language, meta_id, category, status, \
               body, raw, synced_at) VALUES ((SELECT coalesce(max(id), 0) + 1 FROM templates), \
               $1,$2,$3,$4,$5,$6,$7,$8,$9) \
               ON CONFLICT (waba_id, name, language) DO UPDATE SET meta_id = excluded.meta_id, \
               category = excluded.category, status = excluded.status, body = excluded.body, \
               raw = excluded.raw, synced_at = excluded.synced_at";
    tx.connection.prepare_cached(sql)?.execute((
        waba_id,
        &template.name,
        &template.language,
        &template.meta_id,
        template.category.code(),
        template.status.code(),
        &template.body,
        &template.raw,
        now,
    ))?;
    Ok(())
}

/// Applies a change told by a webhook. A template that is not in the catalogue waits for the sync.
pub(crate) fn change(tx: &mut Tx<'_>, change: &TemplateChange) -> Result<(), StoreError> {
    let sql = "UPDATE templates SET category = coalesce($1, category), \
               status = coalesce($2, status) \
               WHERE waba_id = $3 AND name = $4 AND language = $5 RETURNING category, status";
    let row = tx
        .connection
        .prepare_cached(sql)?
        .query_row(
            (
                change.category.map(Category::code),
                change.status.map(TemplateStatus::code),
                &change.waba_id,
                &change.name,
                &change.language,
            ),
            |row| Ok((row.get::<u8>(0)?, row.get::<u8>(1)?)),
        )
        .optional()?;
    let Some((category, status)) = row else {
        return Ok(());
    };
    let category = Category::from_code(category).unwrap_or(Category::Marketing);
    let status = TemplateStatus::from_code(status);
    tell(
        tx,
        &[line(&change.name, &change.language, category, status)],
        "catalogue/webhook",
    )
}

/// Binds a template to a purpose of its own, or back to its category's.
pub(crate) fn bind(
    tx: &mut Tx<'_>,
    actor: Actor,
    (waba_id, name, language): (&str, &str, &str),
    purpose: Option<PurposeId>,
) -> Result<(), StoreError> {
    let registry = tx.registry();
    let template = registry
        .template(waba_id, name, language)
        .ok_or(Refusal::Missing("template"))?;
    if let Some(id) = purpose {
        let entry = registry.purpose(id).ok_or(Refusal::Missing("purpose"))?;
        if entry.purpose.class < template.category.class() {
            return Err(Refusal::Missing("purpose that demands as much as the category").into());
        }
    }
    let sql = "UPDATE templates SET purpose_id = $1 WHERE id = $2";
    tx.connection
        .execute(sql, (purpose.map(|id| id.0), template.id.0))?;
    tx.effects.registry = true;
    let detail = format!("{name} {language} purpose {}", purpose.map_or(0, |id| id.0));
    tx.note(
        None,
        &detail,
        (actor, Action::TemplatesChanged, &["catalogue/bind"]),
    )?;
    tx.flush()
}

fn line(name: &str, language: &str, category: Category, status: TemplateStatus) -> String {
    format!("{name} {language} {} {}", category.name(), status.name())
}

fn tell(tx: &mut Tx<'_>, changes: &[String], rule: &str) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    tx.effects.registry = true;
    tx.note(
        None,
        &changes.join("\n"),
        (Actor::Meta, Action::TemplatesChanged, &[rule]),
    )?;
    tx.flush()
}
