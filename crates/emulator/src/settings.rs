//! A number's settings and its registration.

use serde_json::Value;
use serde_json::json;

use crate::account::Call;
use crate::error::Refusal;
use crate::json::set;
use crate::json::text;
use crate::world::World;

/// Where data at rest can be kept, as Meta lists it.
const REGIONS: &[&str] = &[
    "AE", "AU", "BH", "BR", "CA", "CH", "DE", "GB", "ID", "IN", "JP", "KR", "SG", "ZA",
];

impl World {
    /// `POST /{number}/settings`: one setting in each call.
    pub(crate) fn change_settings(&mut self, call: &Call<'_>) -> Result<Value, Refusal> {
        let members: Vec<(&String, &Value)> = call.body.as_object().into_iter().flatten().collect();
        let [(name, value)] = members.as_slice() else {
            return Err(Refusal::parameter(
                "Exactly one setting must be given in each request.",
            ));
        };
        let Some(state) = self.number_mut(call.node) else {
            return Err(Refusal::no_node(call.method, call.node));
        };
        match name.as_str() {
            "storage_configuration" => {
                if state.registered {
                    return Err(Refusal::parameter(
                        "The storage configuration of a registered number cannot be changed; deregister it first.",
                    ));
                }
                let kept = storage(value)?;
                set(&mut state.settings, name, kept);
            }
            "user_identity_change" => {
                let Some(on) = value.get("enable_identity_key_check") else {
                    return Err(Refusal::parameter(
                        "Param user_identity_change must have enable_identity_key_check.",
                    ));
                };
                let kept = json!({"enable_identity_key_check": on.as_bool().unwrap_or_default()});
                set(&mut state.settings, name, kept);
            }
            _ => return Err(Refusal::parameter("There is no such setting.")),
        }
        Ok(json!({"success": true}))
    }

    /// `POST /{number}/register` and `/deregister`.
    pub(crate) fn set_registered(&mut self, call: &Call<'_>, on: bool) -> Result<Value, Refusal> {
        if on {
            if text(call.body, "messaging_product") != Some("whatsapp") {
                return Err(Refusal::parameter(
                    "The parameter messaging_product is required.",
                ));
            }
            let pin = text(call.body, "pin").unwrap_or_default();
            if pin.len() != 6 || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Refusal::parameter("Param pin must have six digits."));
            }
        }
        let Some(state) = self.number_mut(call.node) else {
            return Err(Refusal::no_node(call.method, call.node));
        };
        state.registered = on;
        Ok(json!({"success": true}))
    }
}

fn storage(value: &Value) -> Result<Value, Refusal> {
    let status = text(value, "status").unwrap_or_default();
    match status {
        "IN_COUNTRY_STORAGE_DISABLED" => Ok(json!({"status": status})),
        "IN_COUNTRY_STORAGE_ENABLED" => match text(value, "data_localization_region") {
            Some(region) if REGIONS.contains(&region) => {
                Ok(json!({"status": status, "data_localization_region": region}))
            }
            _ => Err(Refusal::parameter(
                "Param data_localization_region is none of the regions.",
            )),
        },
        "NO_STORAGE_ENABLED" => match value.get("retention_minutes").and_then(Value::as_u64) {
            Some(60) => Ok(json!({"status": status, "retention_minutes": 60})),
            _ => Err(Refusal::parameter("Param retention_minutes must be 60.")),
        },
        _ => Err(Refusal::parameter(
            "Param storage_configuration['status'] is none of the known.",
        )),
    }
}
