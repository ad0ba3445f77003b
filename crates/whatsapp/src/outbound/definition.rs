//! Templates as an app defines them: checked as far as the gate needs, and for what Meta would do
//! with the organisation's pictures and words unless told otherwise.

use std::fmt;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::body::strict;
use super::fault::BodyError;
use super::fault::Fault;
use super::schema::Field;
use super::schema::Shape;
use super::schema::check_object;
use super::schema::may;
use super::schema::must;
use super::schema::object;
use super::schema::text;
use super::template::language;
use super::template::name;
use crate::ascii::ascii_json;

/// The automatic creative optimisations Meta documents for templates of the Marketing Messages API.
/// Each is on until it is opted out of.
const FEATURES: &[&str] = &[
    "add_text_overlay",
    "auto_promotion_tag",
    "image_animation",
    "image_background_gen",
    "image_brightness_and_contrast",
    "image_touchups",
    "product_extensions",
    "text_extraction_for_headline",
    "text_extraction_for_tap_target",
    "text_formatting_optimization",
];

/// The longest time a template message may wait for delivery, in seconds (30 days).
const LONGEST_WAIT: f64 = 2_592_000.0;

const COMPONENTS: Shape = Shape::List(1, 16, &Shape::By(component));
const CATEGORY: Shape = Shape::By(category);

static CREATION: &[Field] = &[
    must("name", "name", Shape::By(name)),
    must("language", "language", Shape::By(language)),
    must("category", "category", CATEGORY),
    must("components", "components", COMPONENTS),
    may("parameter_format", "parameter_format", Shape::By(format)),
    may(
        "allow_category_change",
        "allow_category_change",
        Shape::Bool,
    ),
    may(
        "cta_url_link_tracking_opted_out",
        "cta_url_link_tracking_opted_out",
        Shape::Bool,
    ),
    may(
        "is_primary_device_delivery_only",
        "is_primary_device_delivery_only",
        Shape::Bool,
    ),
    may("sub_category", "sub_category", Shape::Text(1, 64)),
    TTL,
    FREEDOM,
];

static EDIT: &[Field] = &[
    may("category", "category", CATEGORY),
    may("components", "components", COMPONENTS),
    may("parameter_format", "parameter_format", Shape::By(format)),
    may(
        "cta_url_link_tracking_opted_out",
        "cta_url_link_tracking_opted_out",
        Shape::Bool,
    ),
    TTL,
    FREEDOM,
];

const TTL: Field = may(
    "message_send_ttl_seconds",
    "message_send_ttl_seconds",
    Shape::Number(LONGEST_WAIT),
);

const FREEDOM: Field = may(
    "degrees_of_freedom_spec",
    "degrees_of_freedom_spec",
    Shape::Object(&[must(
        "creative_features_spec",
        "degrees_of_freedom_spec.creative_features_spec",
        Shape::By(features),
    )]),
);

static FEATURE: &[Field] = &[must(
    "enroll_status",
    "degrees_of_freedom_spec.creative_features_spec of a feature",
    Shape::OneOf(&["OPT_IN", "OPT_OUT"]),
)];

/// The checked body that creates or edits a template.
#[derive(Clone)]
pub struct TemplateBody {
    value: Value,
}

impl fmt::Debug for TemplateBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TemplateBody").finish_non_exhaustive()
    }
}

/// Reads and checks the body of a POST to `…/message_templates`.
pub fn parse_template_creation(body: &[u8]) -> Result<TemplateBody, BodyError> {
    parse(body, CREATION)
}

/// Reads and checks the body of a POST to `/{template-id}`. A body that changes nothing is refused.
pub fn parse_template_edit(body: &[u8]) -> Result<TemplateBody, BodyError> {
    let body = parse(body, EDIT)?;
    if body.value.as_object().is_some_and(Map::is_empty) {
        return Err(BodyError::new("components", Fault::Missing));
    }
    Ok(body)
}

fn parse(body: &[u8], fields: &[Field]) -> Result<TemplateBody, BodyError> {
    let value = strict(body)?;
    check_object(object(&value, "body")?, "body", fields)?;
    Ok(TemplateBody { value })
}

impl TemplateBody {
    /// The category it asks for, in Meta's spelling.
    pub fn category(&self) -> Option<String> {
        let category = self.value.get("category").and_then(Value::as_str)?;
        Some(category.to_ascii_uppercase())
    }

    /// Opts out of every creative feature it names, and of all that are known where `all` says so:
    /// for a template that promotes they are on unless they are opted out of.
    pub fn withhold_creative_features(&mut self, all: bool) {
        let named = self
            .value
            .pointer("/degrees_of_freedom_spec/creative_features_spec")
            .and_then(Value::as_object)
            .map(|features| features.keys().cloned().collect())
            .unwrap_or_default();
        let mut names: Vec<String> = named;
        if all {
            names.extend(FEATURES.iter().map(|&name| name.to_owned()));
        }
        if names.is_empty() {
            return;
        }
        let features: Map<String, Value> = names
            .into_iter()
            .map(|name| (name, json!({"enroll_status": "OPT_OUT"})))
            .collect();
        if let Value::Object(body) = &mut self.value {
            let spec = json!({"creative_features_spec": features});
            body.insert("degrees_of_freedom_spec".to_owned(), spec);
        }
    }

    /// The body for Meta, from the checked value.
    pub fn to_upstream(&self) -> Vec<u8> {
        let mut value = self.value.clone();
        if let (Some(category), Value::Object(body)) = (self.category(), &mut value) {
            body.insert("category".to_owned(), Value::String(category));
        }
        ascii_json(&value).into_bytes()
    }
}

fn category(value: &Value, path: &'static str) -> Result<(), BodyError> {
    let known = ["AUTHENTICATION", "MARKETING", "UTILITY"];
    let category = text(value, path)?.to_ascii_uppercase();
    if known.contains(&category.as_str()) {
        Ok(())
    } else {
        Err(BodyError::new(path, Fault::Value))
    }
}

fn format(value: &Value, path: &'static str) -> Result<(), BodyError> {
    match text(value, path)?.to_ascii_uppercase().as_str() {
        "NAMED" | "POSITIONAL" => Ok(()),
        _ => Err(BodyError::new(path, Fault::Value)),
    }
}

/// Components have many shapes, and new ones every few months; what is in them decides nothing
/// here.
fn component(value: &Value, path: &'static str) -> Result<(), BodyError> {
    let kind = object(value, path)?
        .get("type")
        .ok_or_else(|| BodyError::new("components[].type", Fault::Missing))?;
    let kind = text(kind, "components[].type")?;
    let plain = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    if (1..=64).contains(&kind.len()) && kind.bytes().all(plain) {
        Ok(())
    } else {
        Err(BodyError::new("components[].type", Fault::Value))
    }
}

fn features(value: &Value, path: &'static str) -> Result<(), BodyError> {
    let features = object(value, path)?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    for (name, feature) in features {
        if name.len() > 64 || !name.bytes().all(plain) {
            return Err(BodyError::new(path, Fault::Unknown));
        }
        check_object(object(feature, path)?, path, FEATURE)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn creation() -> Value {
        json!({"name": "new_beans", "language": "en", "category": "utility",
            "components": [{"type": "BODY", "text": "They are here."}]})
    }

    #[test]
    fn creations() {
        let check = |key: &str, member: Value, expected: Result<(), u32>| {
            let mut body = creation();
            body[key] = member.clone();
            let parsed = parse_template_creation(body.to_string().as_bytes());
            let code = parsed.map(drop).map_err(|error| error.code());
            assert_eq!(code, expected, "{key}: {member}");
        };
        check("name", json!("new_beans"), Ok(()));
        check("name", json!("New"), Err(131_009));
        check("name", json!(""), Err(131_009));
        check("name", json!("a".repeat(513)), Err(131_009));
        check("name", Value::Null, Err(131_008));
        check("category", json!("MARKETING"), Ok(()));
        check("category", json!("SPAM"), Err(131_009));
        check("category", json!(1), Err(100));
        check("category", Value::Null, Err(131_008));
        check("language", json!("en_US"), Ok(()));
        check("language", json!("../x"), Err(131_009));
        check("components", json!([]), Err(131_009));
        check("components", json!([{"text": "x"}]), Err(131_008));
        check("components", json!([{"type": "BO DY"}]), Err(131_009));
        check("components", json!({}), Err(100));
        check("parameter_format", json!("named"), Ok(()));
        check("parameter_format", json!("other"), Err(131_009));
        check("message_send_ttl_seconds", json!(-1), Ok(()));
        check("message_send_ttl_seconds", json!(2_592_001), Err(131_009));
        check("unheard_of", json!(1), Err(100));
        check(
            "degrees_of_freedom_spec",
            json!({"creative_features_spec": {"image_touchups": {"enroll_status": "OPT_IN"}}}),
            Ok(()),
        );
        check(
            "degrees_of_freedom_spec",
            json!({"creative_features_spec": {"image_touchups": {"enroll_status": "MAYBE"}}}),
            Err(131_009),
        );
        check("degrees_of_freedom_spec", json!({"other": {}}), Err(100));
    }

    #[test]
    fn edits() {
        let check = |body: &str, expected: Result<(), u32>| {
            let parsed = parse_template_edit(body.as_bytes());
            let code = parsed.map(drop).map_err(|error| error.code());
            assert_eq!(code, expected, "{body}");
        };
        check(r#"{"category":"MARKETING"}"#, Ok(()));
        check(r#"{"components":[{"type":"BODY","text":"x"}]}"#, Ok(()));
        check("{}", Err(131_008));
        check(r#"{"category":null}"#, Err(131_008));
        check(r#"{"name":"another"}"#, Err(100));
        check(r#"{"category":"MARKETING","category":"UTILITY"}"#, Err(100));
        check("[]", Err(100));
    }

    #[test]
    fn features_are_opted_out_of() {
        let sent =
            |body: &TemplateBody| -> Value { serde_json::from_slice(&body.to_upstream()).unwrap() };
        let parse = |body: &Value| parse_template_creation(body.to_string().as_bytes()).unwrap();
        let mut plain = parse(&creation());
        plain.withhold_creative_features(false);
        let out = sent(&plain);
        assert_eq!(out["category"], "UTILITY");
        assert_eq!(out.get("degrees_of_freedom_spec"), None);
        let mut asking = creation();
        asking["degrees_of_freedom_spec"] = json!({"creative_features_spec": {
            "image_touchups": {"enroll_status": "OPT_IN"}, "newer": {"enroll_status": "OPT_IN"}}});
        let mut named = parse(&asking);
        named.withhold_creative_features(false);
        let pointer = "/degrees_of_freedom_spec/creative_features_spec";
        let of = |body: &TemplateBody| sent(body).pointer(pointer).unwrap().clone();
        let out = json!({"enroll_status": "OPT_OUT"});
        assert_eq!(of(&named), json!({"image_touchups": out, "newer": out}));
        let mut all = parse(&asking);
        all.withhold_creative_features(true);
        let all = of(&all);
        assert_eq!(all.as_object().unwrap().len(), FEATURES.len() + 1);
        assert!(!all.to_string().contains("OPT_IN"), "{all}");
    }

    proptest! {
        #[test]
        fn total(body in "\\PC{0,80}", name in "\\PC{0,20}") {
            let _ = parse_template_creation(body.as_bytes());
            let _ = parse_template_edit(body.as_bytes());
            let mut body = creation();
            body["name"] = json!(name);
            let _ = parse_template_creation(body.to_string().as_bytes());
        }
    }
}
