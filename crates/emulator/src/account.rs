//! The Graph calls around the messages: numbers, profile, subscriptions, templates, media nodes.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::error::Refusal;
use crate::json::set;
use crate::json::text;
use crate::json::text_at;
use crate::world::NumberState;
use crate::world::World;

/// Characters a callback address may have.
const URL: usize = 200;

/// A Graph call that is neither a message nor an upload.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) body: &'a Value,
    pub(crate) edge: Option<&'a str>,
    pub(crate) method: &'a str,
    pub(crate) node: &'a str,
    pub(crate) query: &'a BTreeMap<String, String>,
}

/// What a call comes to.
#[derive(Debug)]
pub(crate) enum Step {
    Answer(Value),
    /// Done for a part; with a status of its own.
    Partly(u16, Value),
    /// The callback must prove itself first.
    Verify {
        change: Change,
        token: String,
        url: String,
    },
}

/// A callback that takes effect after the handshake.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Account,
    App { fields: Vec<String> },
    Number(String),
}

impl World {
    pub(crate) fn call(&mut self, call: &Call<'_>) -> Result<Step, Refusal> {
        let known_edge = if call.node == self.config.waba_id {
            self.account_call(call)?
        } else if call.node == self.config.app_id {
            self.app_call(call)?
        } else if self.number(call.node).is_some() {
            self.number_call(call)?
        } else if self.template_by_id(call.node).is_some() {
            self.template_call(call)?
        } else if self.groups.contains_key(call.node) {
            self.group_call(call)?
        } else {
            self.media_call(call)?
        };
        let path = call.edge.map_or_else(
            || format!("/{}", call.node),
            |edge| format!("/{}/{edge}", call.node),
        );
        known_edge.ok_or_else(|| Refusal::no_path(&path))
    }

    fn account_call(&mut self, call: &Call<'_>) -> Result<Option<Step>, Refusal> {
        Ok(Some(Step::Answer(match (call.method, call.edge) {
            ("GET", None) => json!({
                "id": call.node, "name": self.business_name(), "currency": "ZAR", "timezone_id": "131",
                "message_template_namespace": "7b3f0a52_1c4d_4f7e_9a5b_2d6e8c1f0a34",
            }),
            ("GET", Some("phone_numbers")) => {
                let data: Vec<Value> = self.numbers.iter().map(number_json).collect();
                json!({"data": data, "paging": {"cursors": {"before": "0", "after": data.len().to_string()}}})
            }
            ("GET", Some("message_templates")) => self.list_templates(call.query),
            ("POST", Some("message_templates")) => self.create_template(call.body)?,
            ("DELETE", Some("message_templates")) => self.delete_templates(call.query)?,
            ("GET", Some("subscribed_apps")) => {
                let mut entry = json!({"whatsapp_business_api_data": {
                    "id": self.config.app_id, "name": "Emulator", "link": format!("{}/_phone/", self.base_url)}});
                if let Some(url) = &self.subscription.waba_override {
                    set(&mut entry, "override_callback_uri", url.clone());
                }
                json!({"data": [entry]})
            }
            ("POST", Some("subscribed_apps")) => match text(call.body, "override_callback_uri") {
                Some(url) => return self.verify_step(Change::Account, url, call.body).map(Some),
                None => self.clear_account_override(),
            },
            ("DELETE", Some("subscribed_apps")) => self.clear_account_override(),
            _ => return Ok(None),
        })))
    }

    fn clear_account_override(&mut self) -> Value {
        self.subscription.waba_override = None;
        json!({"success": true})
    }

    fn app_call(&mut self, call: &Call<'_>) -> Result<Option<Step>, Refusal> {
        Ok(Some(match (call.method, call.edge) {
            ("GET", None) => Step::Answer(json!({"id": call.node, "name": "Emulator"})),
            ("GET", Some("subscriptions")) => {
                let fields: Vec<Value> = self
                    .subscription
                    .fields
                    .iter()
                    .map(|name| json!({"name": name, "version": "v23.0"}))
                    .collect();
                let data: Vec<Value> = self
                    .subscription
                    .callback_url
                    .iter()
                    .map(|url| json!({"object": "whatsapp_business_account", "callback_url": url, "active": true, "fields": fields}))
                    .collect();
                Step::Answer(json!({"data": data}))
            }
            ("POST", Some("subscriptions")) => {
                let pick = |key: &str| {
                    text(call.body, key).or_else(|| call.query.get(key).map(String::as_str))
                };
                let Some(url) = pick("callback_url") else {
                    return Err(Refusal::parameter(
                        "The parameter callback_url is required.",
                    ));
                };
                let token = pick("verify_token").unwrap_or_default().to_owned();
                let fields = match call.body.get("fields") {
                    Some(Value::Array(names)) => names
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect(),
                    _ => pick("fields")
                        .unwrap_or_default()
                        .split(',')
                        .map(str::trim)
                        .filter(|name| !name.is_empty())
                        .map(str::to_owned)
                        .collect(),
                };
                Step::Verify {
                    change: Change::App { fields },
                    token,
                    url: url.to_owned(),
                }
            }
            ("DELETE", Some("subscriptions")) => {
                self.subscription.callback_url = None;
                Step::Answer(json!({"success": true}))
            }
            _ => return Ok(None),
        }))
    }

    fn number_call(&mut self, call: &Call<'_>) -> Result<Option<Step>, Refusal> {
        let Some(state) = self.number(call.node) else {
            return Ok(None);
        };
        Ok(Some(Step::Answer(match (call.method, call.edge) {
            ("GET", None) => pick_fields(&self.number_node(state), call.query.get("fields")),
            ("POST", None) => {
                if let Some(url) =
                    text_at(call.body, "/webhook_configuration/override_callback_uri")
                {
                    let settings = call
                        .body
                        .get("webhook_configuration")
                        .unwrap_or(&Value::Null);
                    return self
                        .verify_step(Change::Number(call.node.to_owned()), url, settings)
                        .map(Some);
                }
                self.clear_number_override(call)
            }
            ("GET", Some("whatsapp_business_profile")) => {
                json!({"data": [pick_fields(&state.profile, call.query.get("fields"))]})
            }
            ("POST", Some("whatsapp_business_profile")) => self.update_profile(call)?,
            ("GET", Some("settings")) => state.settings.clone(),
            ("POST", Some("settings")) => self.change_settings(call)?,
            ("POST", Some("register")) => self.set_registered(call, true)?,
            ("POST", Some("deregister")) => self.set_registered(call, false)?,
            ("GET", Some("block_users")) => self.blocked_page(call)?,
            ("DELETE" | "POST", Some("block_users")) => return self.block(call).map(Some),
            ("POST", Some("calls")) => self.business_call(call)?,
            ("DELETE", Some("contact_book")) => self.delete_contact(call)?,
            _ => return Ok(None),
        })))
    }

    /// `""` takes an override away; anything else set on a number changes nothing here.
    fn clear_number_override(&mut self, call: &Call<'_>) -> Value {
        if call.body.get("webhook_configuration").is_some()
            && let Some(state) = self.number_mut(call.node)
        {
            state.override_url = None;
        }
        json!({"success": true})
    }

    fn update_profile(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        if text(call.body, "messaging_product") != Some("whatsapp") {
            return Err(Refusal::parameter(
                "The parameter messaging_product is required.",
            ));
        }
        for (key, most) in [
            ("about", 139),
            ("address", 256),
            ("description", 512),
            ("email", 128),
        ] {
            if text(call.body, key).is_some_and(|value| value.chars().count() > most) {
                return Err(Refusal::parameter(format!(
                    "Param {key} must be at most {most} characters long."
                )));
            }
        }
        let Some(state) = self.number_mut(call.node) else {
            return Err(Refusal::no_node(call.method, call.node));
        };
        for key in [
            "about",
            "address",
            "description",
            "email",
            "vertical",
            "websites",
        ] {
            if let Some(value) = call.body.get(key) {
                set(&mut state.profile, key, value.clone());
            }
        }
        Ok(json!({"success": true}))
    }

    fn template_call(&mut self, call: &Call<'_>) -> Result<Option<Step>, Refusal> {
        Ok(match (call.method, call.edge) {
            ("GET", None) => self
                .template_by_id(call.node)
                .map(|template| self.template_node(template, call.query.get("fields")))
                .map(Step::Answer),
            ("POST", None) => self.edit_template(call.node, call.body)?.map(Step::Answer),
            _ => None,
        })
    }

    fn media_call(&mut self, call: &Call<'_>) -> Result<Option<Step>, Refusal> {
        let missing = || Refusal::no_node(call.method, call.node);
        if self.live_media(call.node).is_none() {
            return Err(missing());
        }
        if call
            .query
            .get("phone_number_id")
            .is_some_and(|id| self.number(id).is_none())
        {
            return Err(missing());
        }
        match (call.method, call.edge) {
            ("GET", None) => self
                .locate_media(call.node)
                .ok_or_else(missing)
                .map(|found| Some(Step::Answer(found))),
            ("DELETE", None) => Ok(Some(Step::Answer(
                json!({"success": self.delete_media(call.node)}),
            ))),
            _ => Ok(None),
        }
    }

    fn verify_step(&self, change: Change, url: &str, settings: &Value) -> Result<Step, Refusal> {
        if url.len() > URL {
            return Err(Refusal::parameter(format!(
                "Param override_callback_uri must be at most {URL} characters long."
            )));
        }
        let token = text(settings, "verify_token")
            .unwrap_or(&self.subscription.verify_token)
            .to_owned();
        Ok(Step::Verify {
            change,
            token,
            url: url.to_owned(),
        })
    }

    /// Puts a callback into effect that passed the handshake.
    pub(crate) fn apply(&mut self, change: Change, url: String, token: String) {
        match change {
            Change::Account => self.subscription.waba_override = Some(url),
            Change::App { fields } => {
                self.subscription.callback_url = Some(url);
                self.subscription.fields = fields;
                self.subscription.verify_token = token;
            }
            Change::Number(id) => {
                if let Some(state) = self.number_mut(&id) {
                    state.override_url = Some(url);
                }
            }
        }
    }

    fn business_name(&self) -> String {
        self.numbers
            .first()
            .map(|state| state.number.verified_name.clone())
            .unwrap_or_default()
    }

    fn number_node(&self, state: &NumberState) -> Value {
        let mut node = number_json(state);
        let mut hooks = Map::new();
        for (key, url) in [
            ("phone_number", state.override_url.as_ref()),
            (
                "whatsapp_business_account",
                self.subscription.waba_override.as_ref(),
            ),
            ("application", self.subscription.callback_url.as_ref()),
        ] {
            if let Some(url) = url {
                hooks.insert(key.to_owned(), url.clone().into());
            }
        }
        set(&mut node, "webhook_configuration", hooks);
        let entity = json!({"entity_type": "PHONE_NUMBER", "id": state.number.phone_number_id, "can_send_message": "AVAILABLE"});
        set(
            &mut node,
            "health_status",
            json!({"can_send_message": "AVAILABLE", "entities": [entity]}),
        );
        node
    }
}

fn number_json(state: &NumberState) -> Value {
    json!({
        "id": state.number.phone_number_id,
        "display_phone_number": state.number.display_phone_number,
        "verified_name": state.number.verified_name,
        "quality_rating": "GREEN", "code_verification_status": "VERIFIED", "status": "CONNECTED",
        "name_status": "APPROVED", "platform_type": "CLOUD_API", "account_mode": "LIVE",
        "is_official_business_account": false, "throughput": {"level": "STANDARD"},
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
    })
}

/// The members a `fields` parameter asks for (and always the id), or all of them.
pub(crate) fn pick_fields(node: &Value, fields: Option<&String>) -> Value {
    let Some(fields) = fields else {
        let rare = ["health_status", "webhook_configuration"];
        return node
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| !rare.contains(&key.as_str()))
            .map(own)
            .collect();
    };
    let wanted: Vec<&str> = fields.split(',').map(str::trim).collect();
    let keep = |key: &str| wanted.contains(&key) || matches!(key, "id" | "messaging_product");
    node.as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| keep(key))
        .map(own)
        .collect()
}

fn own((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}
