//! What Meta tells about numbers, the account and its templates: a ready-made value for each field.

use serde_json::Value;
use serde_json::json;

use crate::json::set;
use crate::json::text;
use crate::world::World;

impl World {
    /// `POST /_emulator/account`: a webhook of an account field; `value` goes over the ready-made one.
    pub(crate) fn account_notice(&mut self, body: &Value) -> Result<Value, String> {
        let phone_number_id = self.number_of(body)?;
        let field = text(body, "field").ok_or("field is missing")?;
        let own = self.own_digits(&phone_number_id);
        let mut value = about_account(field, &own, &phone_number_id)
            .or_else(|| self.about_template(field))
            .ok_or("field is not known")?;
        match body.get("value") {
            None => {}
            Some(Value::Object(given)) => {
                for (key, member) in given {
                    set(&mut value, key, member.clone());
                }
            }
            Some(_) => return Err("value is no object".to_owned()),
        }
        Ok(json!({"webhook": self.emit(field, None, &value)}))
    }

    fn about_template(&self, field: &str) -> Option<Value> {
        let template = self.templates.first()?;
        let mut value = json!({
            "message_template_id": template.id, "message_template_name": template.name,
            "message_template_language": template.language,
        });
        let more = match field {
            "message_template_components_update" => {
                json!({"message_template_element": "Hi {{1}}, your order {{2}} has left.", "message_template_footer": "Kaapse Koffie"})
            }
            "message_template_quality_update" => {
                json!({"previous_quality_score": "GREEN", "new_quality_score": "YELLOW"})
            }
            "message_template_status_update" => {
                let info = json!({"title": "FIRST_PAUSE", "description": "Paused for three hours because of low quality."});
                json!({"event": "PAUSED", "reason": "NONE", "message_template_category": template.category, "other_info": info})
            }
            "template_category_update" | "template_correct_category_detection" => {
                let at = self.seconds().saturating_add(86_400);
                json!({"correct_category": "MARKETING", "new_category": template.category, "category_update_timestamp": at})
            }
            _ => return None,
        };
        for (key, member) in more.as_object().into_iter().flatten() {
            set(&mut value, key, member.clone());
        }
        Some(value)
    }
}

fn about_account(field: &str, own: &str, phone_number_id: &str) -> Option<Value> {
    Some(match field {
        "account_alerts" => json!({
            "entity_type": "BUSINESS", "entity_id": 506_914_307_656_634_u64,
            "alert_info": {"alert_severity": "WARNING", "alert_status": "ACTIVE",
                "alert_type": "INCREASED_CAPABILITIES_ELIGIBILITY_NEED_MORE_INFO",
                "alert_description": "More information is needed to raise the messaging limit."},
        }),
        "account_review_update" => json!({"decision": "APPROVED"}),
        "account_settings_update" => json!({
            "messaging_product": "whatsapp", "type": "phone_number_settings",
            "phone_number_settings": {"phone_number_id": phone_number_id, "calling": {"status": "ENABLED"}},
        }),
        "account_update" => json!({
            "event": "ACCOUNT_RESTRICTION", "phone_number": own,
            "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1_795_521_600}],
        }),
        "automatic_events" => {
            json!({"automatic_events": [{"id": "wamid.x", "event_name": "LeadSubmitted", "timestamp": 1_795_262_400}]})
        }
        "business_capability_update" => {
            json!({"max_daily_conversations_per_business": 2000, "max_phone_numbers_per_business": 25})
        }
        "business_username_updates" => {
            json!({"display_phone_number": own, "username": "kaapsekoffie", "status": "approved"})
        }
        "messaging_handovers" => json!({
            "type": "control_passed", "recipient": {"phone_number_id": phone_number_id, "display_phone_number": own},
        }),
        "partner_solutions" => {
            json!({"event": "SOLUTION_CREATED", "solution_id": "774485461512159", "solution_status": "INITIATED"})
        }
        "payment_configuration_update" => {
            json!({"configuration_name": "koffie", "provider_name": "razorpay", "status": "Needs_Testing"})
        }
        "phone_number_name_update" => json!({
            "display_phone_number": own, "decision": "APPROVED", "requested_verified_name": "Kaapse Koffie",
            "rejection_reason": null,
        }),
        "phone_number_quality_update" => json!({
            "display_phone_number": own, "event": "DOWNGRADE", "old_limit": "TIER_10K", "current_limit": "TIER_2K",
            "max_daily_conversations_per_business": "TIER_2K",
        }),
        "security" => {
            json!({"display_phone_number": own, "event": "PIN_CHANGED", "requester": "61555822107539"})
        }
        _ => return None,
    })
}
