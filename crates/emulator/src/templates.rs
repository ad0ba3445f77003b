//! The template catalogue: read, create, edit, delete, and the webhooks its changes cause.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;
use url::form_urlencoded;

use crate::account::pick_fields;
use crate::config::Template;
use crate::error::Refusal;
use crate::json::list;
use crate::json::set;
use crate::json::text;
use crate::world::Event;
use crate::world::World;

/// How long the review of a new template takes, microseconds.
const REVIEW: i64 = 2_000_000;
const CATEGORIES: &[&str] = &["AUTHENTICATION", "MARKETING", "UTILITY"];
/// When the quality of templates was last judged, seconds since 1970; clients expect a date.
const QUALITY_DATE: i64 = 1_746_082_800;
/// Templates kept.
const MOST: usize = 6_000;

impl World {
    pub(crate) fn template(&self, name: &str, language: &str) -> Option<&Template> {
        self.templates
            .iter()
            .find(|template| template.name == name && template.language == language)
    }

    pub(crate) fn template_by_id(&self, id: &str) -> Option<&Template> {
        let id: u64 = id.parse().ok()?;
        self.templates.iter().find(|template| template.id == id)
    }

    pub(crate) fn template_id(&mut self) -> u64 {
        self.rng.digits(15).parse().unwrap_or(1)
    }

    /// `GET /{account}/message_templates`.
    pub(crate) fn list_templates(&self, query: &BTreeMap<String, String>) -> Value {
        let keep = |template: &&Template| {
            [
                ("category", &template.category),
                ("language", &template.language),
                ("name", &template.name),
                ("status", &template.status),
            ]
            .into_iter()
            .all(|(key, value)| {
                query
                    .get(key)
                    .is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
            })
        };
        let number = |key: &str| query.get(key).and_then(|value| value.parse::<usize>().ok());
        let start = number("after").unwrap_or(0);
        let limit = number("limit").unwrap_or(25).clamp(1, 1000);
        let found: Vec<&Template> = self.templates.iter().filter(keep).collect();
        let page: Vec<Value> = found
            .iter()
            .skip(start)
            .take(limit)
            .map(|template| template_json(template))
            .collect();
        let end = start + page.len();
        let cursors = json!({"before": start.to_string(), "after": end.to_string()});
        let mut answer = json!({"data": page, "paging": {"cursors": cursors}});
        if end < found.len() {
            let path = format!("{}/message_templates", self.config.waba_id);
            let next = self.link(&path, query, ("after", &end.to_string()));
            if let Some(paging) = answer.get_mut("paging") {
                set(paging, "next", next);
            }
        }
        if query.contains_key("summary") {
            let summary = json!({
                "total_count": found.len(), "message_template_count": self.templates.len(),
                "message_template_limit": MOST, "are_translations_complete": true,
            });
            set(&mut answer, "summary", summary);
        }
        answer
    }

    /// The address of another page, which on the real side, too, holds the token of the caller.
    pub(crate) fn link(
        &self,
        path: &str,
        query: &BTreeMap<String, String>,
        (name, cursor): (&str, &str),
    ) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        let replaced = ["access_token", "after", "appsecret_proof", "before"];
        for (key, value) in query
            .iter()
            .filter(|(key, _)| !replaced.contains(&key.as_str()))
        {
            pairs.append_pair(key, value);
        }
        let token = self.config.access_token.first().map_or("", String::as_str);
        pairs
            .append_pair(name, cursor)
            .append_pair("access_token", token);
        format!("{}/v23.0/{path}?{}", self.base_url, pairs.finish())
    }

    /// `POST /{account}/message_templates`: pending at first, approved after a short review.
    pub(crate) fn create_template(&mut self, body: &Value) -> Result<Value, Refusal> {
        let name = text(body, "name")
            .ok_or_else(|| Refusal::parameter("The parameter name is required."))?;
        let language = text(body, "language")
            .ok_or_else(|| Refusal::parameter("The parameter language is required."))?;
        let category = text(body, "category")
            .unwrap_or_default()
            .to_ascii_uppercase();
        let well_named = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !well_named || name.len() > 512 {
            return Err(Refusal::parameter(
                "Param name must be lower-case letters, digits and underscores.",
            ));
        }
        if !CATEGORIES.contains(&category.as_str()) {
            return Err(Refusal::parameter(
                "Param category must be one of {AUTHENTICATION, MARKETING, UTILITY}",
            ));
        }
        if !list(body, "components")
            .iter()
            .any(|component| text(component, "type") == Some("BODY"))
        {
            return Err(Refusal::parameter("Param components must have a BODY."));
        }
        if self.template(name, language).is_some() || self.templates.len() >= MOST {
            return Err(Refusal::parameter(
                "There is already content in this language for this template.",
            ));
        }
        let spec = creative_features(body)?;
        let id = self.template_id();
        self.template_specs.extend(spec.map(|spec| (id, spec)));
        self.templates.push(Template {
            category: category.clone(),
            components: body.get("components").cloned().unwrap_or_default(),
            id,
            language: language.to_owned(),
            name: name.to_owned(),
            parameter_format: text(body, "parameter_format")
                .unwrap_or("POSITIONAL")
                .to_ascii_uppercase(),
            status: "PENDING".to_owned(),
        });
        self.schedule(self.now() + REVIEW, Event::Approve { template: id });
        Ok(json!({"id": id.to_string(), "status": "PENDING", "category": category}))
    }

    /// The review of a new template ends well.
    pub(crate) fn approve(&mut self, id: u64) {
        let Some(template) = self.templates.iter_mut().find(|template| template.id == id) else {
            return;
        };
        if template.status == "PENDING" {
            "APPROVED".clone_into(&mut template.status);
            let changed = template.clone();
            self.emit_template_status(&changed, "NONE");
        }
    }

    /// `POST /{template}`.
    pub(crate) fn edit_template(
        &mut self,
        id: &str,
        body: &Value,
    ) -> Result<Option<Value>, Refusal> {
        let id: u64 = id.parse().unwrap_or_default();
        let mut templates = self.templates.iter_mut();
        let Some(template) = templates.find(|template| template.id == id) else {
            return Ok(None);
        };
        if !["APPROVED", "PAUSED", "REJECTED"].contains(&template.status.as_str()) {
            return Err(Refusal::parameter(
                "Only an approved, paused or rejected template can be edited.",
            ));
        }
        let category = text(body, "category").unwrap_or(&template.category);
        if !CATEGORIES.contains(&category.to_ascii_uppercase().as_str()) {
            return Err(Refusal::parameter(
                "Param category must be one of {AUTHENTICATION, MARKETING, UTILITY}",
            ));
        }
        let spec = creative_features(body)?;
        self.template_specs.extend(spec.map(|spec| (id, spec)));
        if let Some(components) = body.get("components") {
            template.components = components.clone();
        }
        if let Some(category) = text(body, "category") {
            template.category = category.to_ascii_uppercase();
        }
        Ok(Some(json!({"success": true})))
    }

    /// `GET /{template}`; the creative features stand in it only if they are asked for.
    pub(crate) fn template_node(&self, template: &Template, fields: Option<&String>) -> Value {
        let mut node = template_json(template);
        if fields.is_some_and(|fields| fields.contains("degrees_of_freedom_spec"))
            && let Some(Value::Object(features)) = self.template_specs.get(&template.id)
        {
            let features: Vec<Value> = features
                .iter()
                .map(|(key, value)| json!({"key": key.to_ascii_uppercase(), "value": value}))
                .collect();
            let spec = json!({"creative_features_spec": features});
            set(&mut node, "degrees_of_freedom_spec", spec);
        }
        pick_fields(&node, fields)
    }

    /// `DELETE /{account}/message_templates?name=…`, or one language with `hsm_id`.
    pub(crate) fn delete_templates(
        &mut self,
        query: &BTreeMap<String, String>,
    ) -> Result<Value, Refusal> {
        let name = query
            .get("name")
            .ok_or_else(|| Refusal::parameter("The parameter name is required."))?;
        let id = query.get("hsm_id");
        let before = self.templates.len();
        self.templates.retain(|template| {
            template.name != *name || id.is_some_and(|id| *id != template.id.to_string())
        });
        if self.templates.len() == before {
            return Err(Refusal::new(132_001, "There is no such template."));
        }
        Ok(json!({"success": true}))
    }

    /// The control API's way: makes or changes a template at once and sends the webhooks it causes.
    pub(crate) fn upsert_template(&mut self, body: &Value) -> Result<Value, String> {
        let name = text(body, "name").ok_or("name is missing")?;
        let language = text(body, "language").unwrap_or("en");
        let upper = |key: &str| text(body, key).map(str::to_ascii_uppercase);
        let (category, status) = (upper("category"), upper("status"));
        if category
            .as_deref()
            .is_some_and(|category| !CATEGORIES.contains(&category))
        {
            return Err("category is not AUTHENTICATION, MARKETING or UTILITY".to_owned());
        }
        let before = self.template(name, language).cloned();
        let mut template = match before.clone() {
            Some(template) => template,
            None => Template {
                category: "UTILITY".to_owned(),
                components: json!([{"type": "BODY", "text": "Hello"}]),
                id: self.template_id(),
                language: language.to_owned(),
                name: name.to_owned(),
                parameter_format: "POSITIONAL".to_owned(),
                status: "APPROVED".to_owned(),
            },
        };
        template.category = category.unwrap_or(template.category);
        template.status = status.unwrap_or(template.status);
        template.parameter_format = upper("parameter_format").unwrap_or(template.parameter_format);
        if let Some(components) = body.get("components") {
            template.components = components.clone();
        }
        self.templates.retain(|other| other.id != template.id);
        self.templates.push(template.clone());
        if body.get("webhook") != Some(&Value::Bool(false)) {
            self.emit_template_changes(
                before.as_ref(),
                &template,
                text(body, "reason").unwrap_or("NONE"),
            );
        }
        Ok(template_json(&template))
    }

    fn emit_template_changes(&mut self, before: Option<&Template>, after: &Template, reason: &str) {
        if before.is_none_or(|before| before.status != after.status) {
            self.emit_template_status(after, reason);
        }
        let Some(before) = before.filter(|before| before.category != after.category) else {
            return;
        };
        let mut value = template_head(after);
        set(&mut value, "previous_category", before.category.clone());
        set(&mut value, "new_category", after.category.clone());
        self.emit("template_category_update", None, &value);
    }

    fn emit_template_status(&mut self, template: &Template, reason: &str) {
        let mut value = template_head(template);
        set(&mut value, "event", template.status.clone());
        set(&mut value, "reason", reason);
        set(
            &mut value,
            "message_template_category",
            template.category.clone(),
        );
        if template.status == "PAUSED" {
            let info = json!({"title": "FIRST_PAUSE", "description": "Paused for three hours because of low quality."});
            set(&mut value, "other_info", info);
        }
        self.emit("message_template_status_update", None, &value);
    }
}

/// `creative_features_spec` of a body, if it is there.
fn creative_features(body: &Value) -> Result<Option<Value>, Refusal> {
    let Some(spec) = body.get("degrees_of_freedom_spec") else {
        return Ok(None);
    };
    let broken = || Refusal::parameter("Param degrees_of_freedom_spec is malformed.");
    let features = spec.get("creative_features_spec").ok_or_else(broken)?;
    let each = features.as_object().ok_or_else(broken)?;
    let known =
        |feature: &Value| matches!(text(feature, "enroll_status"), Some("OPT_IN" | "OPT_OUT"));
    if each.values().all(known) {
        Ok(Some(features.clone()))
    } else {
        Err(broken())
    }
}

fn template_head(template: &Template) -> Value {
    json!({
        "message_template_id": template.id, "message_template_name": template.name,
        "message_template_language": template.language,
    })
}

/// A template as Graph lists it.
pub(crate) fn template_json(template: &Template) -> Value {
    json!({
        "name": template.name, "parameter_format": template.parameter_format, "components": template.components,
        "language": template.language, "status": template.status, "category": template.category,
        "id": template.id.to_string(), "quality_score": {"score": "UNKNOWN", "date": QUALITY_DATE},
    })
}
