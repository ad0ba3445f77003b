//! A letter outside of a window: an approved template of the category utility that leads to it by its one
//! variable, which stands in the body or in the address of a button.

use domain::template::Category;
use domain::template::TemplateStatus;
use serde_json::Value;
use serde_json::json;
use store::letter::LetterTemplate;
use store::registry::Template;
use url::Url;

/// What is put in the place of the variable.
pub(super) struct Link<'a> {
    /// In the body.
    pub(super) text: &'a str,
    /// At the end of a button's address.
    pub(super) tail: &'a str,
    /// What that address begins with, as Meta keeps it.
    pub(super) base: &'a Url,
}

/// Where a template has its one variable.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Place {
    /// In the body, under this name, or as the first.
    Body(Option<String>),
    /// In the address of the button with this number.
    Button(usize),
}

/// The messages of the template with this name that a letter can go by: for each account at Meta the one
/// in the nearest language.
pub(super) fn messages(
    templates: &[Template],
    (name, language): (&str, &str),
    link: &Link<'_>,
) -> Vec<LetterTemplate> {
    let mut best: Vec<(u8, LetterTemplate)> = Vec::new();
    for template in templates {
        let usable = template.name == name
            && template.category == Category::Utility
            && template.status == TemplateStatus::Approved;
        let near = distance(&template.language, language).filter(|_| usable);
        let Some((near, place)) = near.zip(place(&template.raw, link.base)) else {
            continue;
        };
        let message = LetterTemplate {
            waba_id: template.waba_id.clone(),
            name: template.name.clone(),
            language: template.language.clone(),
            body: body(template, &place, link),
        };
        match best
            .iter_mut()
            .find(|(_, known)| known.waba_id == template.waba_id)
        {
            Some(known) if near < known.0 => *known = (near, message),
            Some(_) => {}
            None => best.push((near, message)),
        }
    }
    best.into_iter().map(|(_, message)| message).collect()
}

/// How far a template's language is from the one wanted: the same, the same elsewhere, or English.
fn distance(language: &str, wanted: &str) -> Option<u8> {
    let (language, wanted) = (plain(language), plain(wanted));
    let first = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
    if language == wanted {
        return Some(0);
    }
    if first(&language) == first(&wanted) {
        return Some(1);
    }
    (first(&language) == "en").then_some(2)
}

fn plain(tag: &str) -> String {
    tag.to_ascii_lowercase().replace('_', "-")
}

/// Where a template as Meta gives it has its variable; none for one that has none, several, or anything
/// else that would have to be filled in.
fn place(raw: &str, base: &Url) -> Option<Place> {
    let raw: Value = serde_json::from_str(raw).ok()?;
    let mut places = Vec::new();
    for component in raw.get("components")?.as_array()? {
        let kind = word(component, "type");
        let text = component.get("text").and_then(Value::as_str);
        let variables = variables(text.unwrap_or_default());
        match kind.as_str() {
            "body" => places.extend(variables.into_iter().map(|name| {
                let named = !name.bytes().all(|byte| byte.is_ascii_digit());
                Place::Body(named.then_some(name))
            })),
            "buttons" => places.extend(buttons(component, base)?),
            "header" if word(component, "format") == "text" && variables.is_empty() => {}
            "footer" => {}
            _ => return None,
        }
    }
    match places.as_slice() {
        [place] => Some(place.clone()),
        _ => None,
    }
}

/// The places in buttons; none if one of them takes something else.
fn buttons(component: &Value, base: &Url) -> Option<Vec<Place>> {
    let mut places = Vec::new();
    let buttons = component.get("buttons")?.as_array()?;
    for (index, button) in buttons.iter().enumerate() {
        match word(button, "type").as_str() {
            "phone_number" | "quick_reply" => {}
            "url" => {
                let address = button.get("url").and_then(Value::as_str)?;
                if address.contains("{{") {
                    let before = address.strip_suffix("{{1}}")?;
                    // Any other address would lead somebody else to the person's page.
                    let ours = base.as_str().trim_end_matches('/');
                    (before.strip_suffix('/') == Some(ours)).then_some(())?;
                    places.push(Place::Button(index));
                }
            }
            _ => return None,
        }
    }
    Some(places)
}

fn word(value: &Value, member: &str) -> String {
    let word = value.get(member).and_then(Value::as_str);
    word.unwrap_or_default().to_ascii_lowercase()
}

/// The names of the variables in a text, each once.
fn variables(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text.split("{{").skip(1) {
        if let Some((name, _)) = part.split_once("}}") {
            let name = name.trim().to_owned();
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

fn body(template: &Template, place: &Place, link: &Link<'_>) -> Vec<u8> {
    let component = match place {
        Place::Body(None) => json!({
            "type": "body",
            "parameters": [{"type": "text", "text": link.text}],
        }),
        Place::Body(Some(name)) => json!({
            "type": "body",
            "parameters": [{"type": "text", "parameter_name": name, "text": link.text}],
        }),
        Place::Button(index) => json!({
            "type": "button",
            "sub_type": "url",
            "index": index.to_string(),
            "parameters": [{"type": "text", "text": link.tail}],
        }),
    };
    let body = json!({
        "messaging_product": "whatsapp",
        "type": "template",
        "template": {
            "name": template.name,
            "language": {"code": template.language},
            "components": [component],
        },
    });
    body.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::Place;
    use super::distance;
    use super::place;

    #[test]
    fn one_variable_in_a_body_or_an_address_of_ours() {
        let base = Url::parse("https://people.example/").unwrap();
        let body = |text: &str| json!({"type": "BODY", "text": text});
        let button =
            |url: &str| json!({"type": "BUTTONS", "buttons": [{"type": "URL", "url": url}]});
        let other = |kind: &str| json!({"type": "BUTTONS", "buttons": [{"type": kind}]});
        let header = |format: &str| json!({"type": "HEADER", "format": format, "text": "News"});
        let named = || Some(Place::Body(Some("link".to_owned())));
        for (components, expected) in [
            (json!([body("See {{1}}")]), Some(Place::Body(None))),
            (json!([body("See {{1}}, {{1}}")]), Some(Place::Body(None))),
            (json!([body("See {{link}}")]), named()),
            (json!([body("See {{1}} and {{2}}")]), None),
            (json!([body("See below")]), None),
            (
                json!([
                    header("TEXT"),
                    body("Below"),
                    button("https://people.example/{{1}}")
                ]),
                Some(Place::Button(0)),
            ),
            (
                json!([body("Below"), button("https://other.example/{{1}}")]),
                None,
            ),
            (
                json!([body("Below"), button("https://people.example.evil/{{1}}")]),
                None,
            ),
            (
                json!([body("{{1}}"), button("https://people.example/{{1}}")]),
                None,
            ),
            (
                json!([body("{{1}}"), button("https://shop.example/")]),
                Some(Place::Body(None)),
            ),
            (
                json!([body("{{1}}"), other("QUICK_REPLY")]),
                Some(Place::Body(None)),
            ),
            (json!([body("{{1}}"), other("OTP")]), None),
            (json!([header("IMAGE"), body("{{1}}")]), None),
            (json!([{"type": "CAROUSEL"}, body("{{1}}")]), None),
        ] {
            let raw = json!({"components": components}).to_string();
            assert_eq!(place(&raw, &base), expected, "{raw}");
        }
        assert_eq!(place("", &base), None);
    }

    #[test]
    fn the_nearest_language_is_taken() {
        for (language, wanted, expected) in [
            ("de", "de", Some(0)),
            ("en_US", "en-US", Some(0)),
            ("de_AT", "de", Some(1)),
            ("en_GB", "fr", Some(2)),
            ("af", "fr", None),
        ] {
            assert_eq!(distance(language, wanted), expected, "{language} {wanted}");
        }
    }
}
