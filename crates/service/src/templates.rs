//! Templates for apps: read from the synced catalogue, changed at Meta.

use std::sync::Arc;

use bytes::Bytes;
use domain::access::AppScope;
use domain::audit::Action;
use domain::audit::Actor;
use domain::template::Category;
use domain::template::TemplateStatus;
use http::Method;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use store::Registry;
use store::registry::Template;
use url::Url;
use whatsapp::error::GraphError;
use whatsapp::outbound::TemplateBody;
use whatsapp::outbound::parse_template_creation;
use whatsapp::outbound::parse_template_edit;
use whatsapp::response::parse_created_template;

use crate::Answer;
use crate::Caller;
use crate::Failure;
use crate::PageQuery;
use crate::Service;
use crate::upstream::succeeded;

/// How many templates one page holds at the most.
const PAGE: usize = 250;

/// The fields of a template an app may ask for.
const FIELDS: &[&str] = &[
    "category",
    "components",
    "correct_category",
    "cta_url_link_tracking_opted_out",
    "degrees_of_freedom_spec",
    "id",
    "language",
    "message_send_ttl_seconds",
    "name",
    "parameter_format",
    "previous_category",
    "quality_score",
    "rejected_reason",
    "status",
    "sub_category",
];

/// Which templates of an account, and what of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct TemplateQuery<'a> {
    /// Only of this name.
    pub name: Option<&'a str>,
    /// Only in this language.
    pub language: Option<&'a str>,
    /// Only of this category.
    pub category: Option<&'a str>,
    /// Only with this status.
    pub status: Option<&'a str>,
    /// Only these members, with commas between them.
    pub fields: Option<&'a str>,
    /// Which page.
    pub page: PageQuery<'a>,
}

impl Service {
    /// `GET /{waba-id}/message_templates`, from the synced catalogue.
    ///
    /// # Errors
    /// Graph's 404 for an account none of whose numbers is the app's, 400 for a field or a cursor
    /// that is none.
    pub fn templates(
        &self,
        caller: &Caller,
        waba_id: &str,
        query: &TemplateQuery<'_>,
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Read)?;
        self.account(caller, waba_id)?;
        let fields = fields(query.fields)?;
        let registry = self.store.registry();
        let found: Vec<(i64, Map<String, Value>)> = registry
            .templates
            .iter()
            .filter(|template| template.waba_id == waba_id)
            .filter_map(|template| Some((template.id.0, shown(template)?)))
            .filter(|(_, template)| fits(template, query))
            .collect();
        let page = Page::of(&found, query.page)?;
        let link = |name: &'static str, cursor: i64| {
            let mut pairs = vec![(name, cursor.to_string())];
            let filters = [
                ("name", query.name),
                ("language", query.language),
                ("category", query.category),
                ("status", query.status),
                ("fields", query.fields),
            ];
            let given = filters
                .into_iter()
                .filter_map(|(key, value)| Some((key, value?)));
            pairs.extend(given.map(|(key, value)| (key, value.to_owned())));
            pairs.extend(query.page.limit.map(|limit| ("limit", limit.to_string())));
            self.at_gateway(&[waba_id, "message_templates"], &pairs)
        };
        let data: Vec<Value> = page
            .entries
            .iter()
            .map(|(_, template)| Value::Object(picked(template.clone(), fields.as_deref())))
            .collect();
        let body = json!({
            "summary": {
                "total_count": found.len(),
                "message_template_count": found.len(),
                "message_template_limit": PAGE,
                "are_translations_complete": true,
            },
            "data": data,
            "paging": page.paging(link),
        });
        Ok(Answer::json(&body))
    }

    /// `GET /{template-id}`, from the synced catalogue; none if the id is not a template's that the
    /// app may see.
    ///
    /// # Errors
    /// Graph's 400 for a field that is not open to apps.
    pub fn template(
        &self,
        caller: &Caller,
        id: &str,
        asked: Option<&str>,
    ) -> Result<Option<Answer>, Failure> {
        let registry = self.store.registry();
        let Some(template) = self.own_template(caller, &registry, id) else {
            return Ok(None);
        };
        caller.needs(AppScope::Read)?;
        let fields = fields(asked)?;
        Ok(shown(template)
            .map(|template| Answer::json(&Value::Object(picked(template, fields.as_deref())))))
    }

    /// `POST /{waba-id}/message_templates`. The catalogue is synced before it is answered.
    ///
    /// A caller who goes away does not cancel it.
    ///
    /// # Errors
    /// Graph's 404 for an account none of whose numbers is the app's, 400 for a body that is not
    /// right; what Meta refuses.
    pub async fn create_template(
        self: &Arc<Self>,
        caller: &Caller,
        waba_id: &str,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Templates)?;
        let number = self.account(caller, waba_id)?;
        let mut body = parse_template_creation(body).map_err(|error| error.graph())?;
        let promotes = body.category().as_deref() == Some(Category::Marketing.name());
        self.restrain(&mut body, promotes);
        let url = self.graph(&[waba_id, "message_templates"]);
        let change = Change {
            waba_id: waba_id.to_owned(),
            phone_number_id: number.phone_number_id,
            method: Method::POST,
            url,
            body: Some(body.to_upstream()),
        };
        self.note_template(caller, "catalogue/app-create", waba_id)
            .await?;
        let body = self.change_catalogue(change).await?;
        let created = parse_created_template(&body).map_err(|_| Failure::unclear())?;
        Ok(Answer::plain(created.to_json()))
    }

    /// `POST /{template-id}`. The catalogue is synced before it is answered.
    ///
    /// A caller who goes away does not cancel it.
    ///
    /// # Errors
    /// Graph's 403 for anything that is not a template of an account of the app's, 400 for a body
    /// that is not right; what Meta refuses.
    pub async fn edit_template(
        self: &Arc<Self>,
        caller: &Caller,
        id: &str,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        let registry = self.store.registry();
        let template = self
            .own_template(caller, &registry, id)
            .ok_or_else(GraphError::control_plane)?;
        caller.needs(AppScope::Templates)?;
        let number = self.account(caller, &template.waba_id)?;
        let mut body = parse_template_edit(body).map_err(|error| error.graph())?;
        let category = body.category();
        let promotes = match category.as_deref() {
            Some(category) => category == Category::Marketing.name(),
            None => template.category == Category::Marketing,
        };
        self.restrain(&mut body, promotes);
        let change = Change {
            waba_id: template.waba_id.clone(),
            phone_number_id: number.phone_number_id,
            method: Method::POST,
            url: self.graph(&[&template.meta_id]),
            body: Some(body.to_upstream()),
        };
        let what = format!("{} {}", template.name, template.language);
        self.note_template(caller, "catalogue/app-edit", &what)
            .await?;
        self.change_catalogue(change).await?;
        Ok(Answer::success())
    }

    /// Puts into the log what an app is about to change, before Meta is asked.
    async fn note_template(
        &self,
        caller: &Caller,
        rule: &'static str,
        what: &str,
    ) -> Result<(), Failure> {
        let leaf = (Actor::App(caller.app), Action::TemplatesChanged, rule);
        Ok(self.store.note(leaf, None, what.to_owned()).await?)
    }

    /// `DELETE /{waba-id}/message_templates?name=…`: all languages, or the one with `hsm_id`. The
    /// catalogue is synced before it is answered.
    ///
    /// A caller who goes away does not cancel it.
    ///
    /// # Errors
    /// As [`Service::create_template`].
    pub async fn delete_template(
        self: &Arc<Self>,
        caller: &Caller,
        waba_id: &str,
        (name, id): (&str, Option<&str>),
    ) -> Result<Answer, Failure> {
        caller.needs(AppScope::Templates)?;
        let number = self.account(caller, waba_id)?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let named = (1..=512).contains(&name.len()) && name.bytes().all(plain);
        let digits =
            |id: &str| (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
        if !named || !id.is_none_or(digits) {
            return Err(GraphError::invalid(
                "name has to be a template's name, and hsm_id, if it is there, its id.",
            )
            .into());
        }
        let mut url = self.graph(&[waba_id, "message_templates"]);
        url.query_pairs_mut().append_pair("name", name);
        if let Some(id) = id {
            url.query_pairs_mut().append_pair("hsm_id", id);
        }
        let change = Change {
            waba_id: waba_id.to_owned(),
            phone_number_id: number.phone_number_id,
            method: Method::DELETE,
            url,
            body: None,
        };
        self.note_template(caller, "catalogue/app-delete", name)
            .await?;
        self.change_catalogue(change).await?;
        Ok(Answer::success())
    }

    /// Takes out of a body what the administrator has not allowed.
    fn restrain(&self, body: &mut TemplateBody, promotes: bool) {
        if !self.settings.creative_features {
            body.withhold_creative_features(promotes);
        }
    }

    /// Makes one call that changes an account's templates, and then brings the catalogue up to what
    /// Meta lists: the next send is to be judged by it. That happens also where it is not clear
    /// whether the change was made.
    async fn change_catalogue(self: &Arc<Self>, change: Change) -> Result<Bytes, Failure> {
        let service = Arc::clone(self);
        let changing = self.tasks.spawn(async move {
            let what = (change.method, &change.url);
            let changed = service
                .change_at_meta(what, &change.phone_number_id, change.body)
                .await;
            service.sync_account(&change.waba_id).await;
            changed
        });
        succeeded(changing.await.map_err(|_| Failure::unavailable())??)
    }

    /// Whether this is the id of a template of an account of the app's.
    pub fn knows_template(&self, caller: &Caller, id: &str) -> bool {
        let registry = self.store.registry();
        self.own_template(caller, &registry, id).is_some()
    }

    fn own_template<'r>(
        &self,
        caller: &Caller,
        registry: &'r Registry,
        id: &str,
    ) -> Option<&'r Template> {
        let mut templates = registry.templates.iter();
        templates.find(|template| {
            template.meta_id == id && self.account(caller, &template.waba_id).is_ok()
        })
    }

    /// An address of this gateway, as apps reach it.
    pub(crate) fn at_gateway(&self, path: &[&str], query: &[(&str, String)]) -> String {
        let mut url = self.settings.apps_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .push(&self.settings.version)
                .extend(path);
        }
        url.query_pairs_mut().extend_pairs(query);
        url.into()
    }
}

/// One call that changes an account's templates.
struct Change {
    waba_id: String,
    phone_number_id: String,
    method: Method,
    url: Url,
    body: Option<Vec<u8>>,
}

/// A template as apps see it. Webhooks may have told more than the last sync; what Meta does not
/// list any more is not there.
fn shown(template: &Template) -> Option<Map<String, Value>> {
    let mut raw: Map<String, Value> = serde_json::from_str(&template.raw).ok()?;
    let listed = raw
        .get("status")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let status = match (TemplateStatus::from_name(listed), template.status) {
        (listed, now) if listed == now => None,
        (_, TemplateStatus::Unusable) => return None,
        (_, TemplateStatus::Approved) => Some("APPROVED"),
        (_, TemplateStatus::Paused) => Some("PAUSED"),
    };
    if let Some(status) = status {
        raw.insert("status".to_owned(), status.into());
    }
    raw.insert("category".to_owned(), template.category.name().into());
    Some(raw)
}

fn fits(template: &Map<String, Value>, query: &TemplateQuery<'_>) -> bool {
    let text = |key: &str| {
        template
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let exactly = |key: &str, wanted: Option<&str>| wanted.is_none_or(|wanted| text(key) == wanted);
    let word = |key: &str, wanted: Option<&str>| {
        wanted.is_none_or(|wanted| text(key).eq_ignore_ascii_case(wanted))
    };
    exactly("name", query.name)
        && exactly("language", query.language)
        && word("category", query.category)
        && word("status", query.status)
}

/// The members asked for, if any were.
fn fields(asked: Option<&str>) -> Result<Option<Vec<&str>>, GraphError> {
    let Some(asked) = asked else {
        return Ok(None);
    };
    let asked: Vec<&str> = asked.split(',').collect();
    if asked.iter().all(|field| FIELDS.contains(field)) {
        Ok(Some(asked))
    } else {
        Err(GraphError::invalid(
            "A field in `fields` is not open to apps; ask for the documented ones.",
        ))
    }
}

/// The members asked for, and always the id.
fn picked(mut template: Map<String, Value>, fields: Option<&[&str]>) -> Map<String, Value> {
    if let Some(fields) = fields {
        template.retain(|key, _| key == "id" || fields.contains(&key.as_str()));
    }
    template
}

/// A piece of a list whose entries have ascending ids, which serve as cursors.
struct Page<'l, T> {
    entries: &'l [(i64, T)],
    has_previous: bool,
    has_next: bool,
}

impl<'l, T> Page<'l, T> {
    fn of(list: &'l [(i64, T)], query: PageQuery<'_>) -> Result<Self, GraphError> {
        let cursor = |text: Option<&str>| {
            let id = text.map(str::parse::<i64>).transpose();
            id.map_err(|_| GraphError::of(131_059, "The cursor is not one of this list."))
        };
        let limit = query.limit.unwrap_or(PAGE).clamp(1, PAGE);
        let (after, before) = (cursor(query.after)?, cursor(query.before)?);
        let (first, last) = match (after, before) {
            (Some(_), Some(_)) => {
                return Err(GraphError::malformed(
                    "only one of after and before may be given",
                ));
            }
            (None, Some(before)) => {
                let end = list.partition_point(|(id, _)| *id < before);
                (end.saturating_sub(limit), end)
            }
            (after, None) => {
                let after = after.unwrap_or(i64::MIN);
                let start = list.partition_point(|(id, _)| *id <= after);
                (start, list.len().min(start.saturating_add(limit)))
            }
        };
        Ok(Self {
            entries: list.get(first..last).unwrap_or_default(),
            has_previous: first > 0,
            has_next: last < list.len(),
        })
    }

    fn paging(&self, link: impl Fn(&'static str, i64) -> String) -> Value {
        let (Some((first, _)), Some((last, _))) = (self.entries.first(), self.entries.last())
        else {
            return json!({"cursors": {}});
        };
        let cursors = json!({"before": first.to_string(), "after": last.to_string()});
        let mut paging = Map::new();
        paging.insert("cursors".to_owned(), cursors);
        if self.has_next {
            paging.insert("next".to_owned(), link("after", *last).into());
        }
        if self.has_previous {
            paging.insert("previous".to_owned(), link("before", *first).into());
        }
        Value::Object(paging)
    }
}

#[cfg(test)]
mod tests {
    use super::Page;
    use crate::PageQuery;

    #[test]
    fn pages() {
        let list: Vec<(i64, ())> = [2, 3, 5, 8, 13].map(|id| (id, ())).to_vec();
        let check = |limit, after, before, expected: Option<(&[i64], bool, bool)>| {
            let query = PageQuery {
                limit,
                after,
                before,
            };
            let page = Page::of(&list, query).ok().map(|page| {
                let ids: Vec<i64> = page.entries.iter().map(|(id, ())| *id).collect();
                (ids, page.has_previous, page.has_next)
            });
            let expected = expected.map(|(ids, previous, next)| (ids.to_vec(), previous, next));
            assert_eq!(page, expected, "{query:?}");
        };
        check(None, None, None, Some((&[2, 3, 5, 8, 13], false, false)));
        check(Some(2), None, None, Some((&[2, 3], false, true)));
        check(Some(0), None, None, Some((&[2], false, true)));
        check(Some(2), Some("3"), None, Some((&[5, 8], true, true)));
        check(Some(2), Some("4"), None, Some((&[5, 8], true, true)));
        check(Some(2), Some("8"), None, Some((&[13], true, false)));
        check(Some(2), Some("13"), None, Some((&[], true, false)));
        check(Some(2), None, Some("8"), Some((&[3, 5], true, true)));
        check(Some(2), None, Some("3"), Some((&[2], false, true)));
        check(None, Some("x"), None, None);
        check(None, None, Some("9999999999999999999999"), None);
        check(None, Some("2"), Some("8"), None);
        check(
            Some(usize::MAX),
            Some("2"),
            None,
            Some((&[3, 5, 8, 13], true, false)),
        );
    }
}
