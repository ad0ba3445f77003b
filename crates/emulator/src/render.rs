//! From messages to what a phone shows: a small view the page draws without knowing the wire.

use serde_json::Value;
use serde_json::json;

use crate::config::Template;
use crate::json::list;
use crate::json::set;
use crate::json::set_some;
use crate::json::text;
use crate::json::text_at;
use crate::media;
use crate::world::World;

/// The component of this type in the catalogue.
pub(crate) fn component<'a>(template: &'a Template, kind: &str) -> Option<&'a Value> {
    template
        .components
        .as_array()?
        .iter()
        .find(|component| text(component, "type") == Some(kind))
}

/// The variables of a template text, in order, each once: `1`, `2` or names.
pub(crate) fn variables(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for piece in source.split("{{").skip(1) {
        let Some((name, _)) = piece.split_once("}}") else {
            continue;
        };
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Fills in parameters by name, or by place.
pub(crate) fn fill(source: &str, parameters: &[Value]) -> String {
    let mut out = source.to_owned();
    for (name, place) in variables(source).into_iter().zip(0..) {
        let named = parameters
            .iter()
            .find(|parameter| text(parameter, "parameter_name") == Some(name));
        let by_place = name
            .parse::<usize>()
            .ok()
            .and_then(|number| parameters.get(number.checked_sub(1)?));
        let Some(parameter) = named.or(by_place).or_else(|| parameters.get(place)) else {
            continue;
        };
        let kind = text(parameter, "type").unwrap_or_default();
        let value = text(parameter, "text")
            .or_else(|| {
                parameter
                    .get(kind)
                    .and_then(|value| text(value, "fallback_value"))
            })
            .unwrap_or_default();
        out = out.replace(&format!("{{{{{name}}}}}"), value);
    }
    out
}

/// `index` of a button component, written as a number or as a string.
pub(crate) fn button_index(component: &Value) -> Option<usize> {
    match component.get("index")? {
        Value::String(index) => index.parse().ok(),
        index => usize::try_from(index.as_u64()?).ok(),
    }
}

/// The first parameter sent for the button at `index`.
pub(crate) fn button_parameter(components: &[Value], index: usize) -> Option<&Value> {
    let component = components.iter().find(|component| {
        text(component, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("button"))
            && button_index(component) == Some(index)
    })?;
    list(component, "parameters").first()
}

/// What the phone shows of a message from the business.
pub(crate) fn outgoing(world: &World, body: &Value) -> Value {
    let kind = text(body, "type").unwrap_or("text");
    let content = body.get(kind).unwrap_or(&Value::Null);
    let mut view = match kind {
        "template" => template(world, content),
        "interactive" => interactive(world, content),
        _ => plain(world, kind, content),
    };
    set(&mut view, "kind", kind);
    if let Some(quoted) = text_at(body, "/context/message_id") {
        set_some(&mut view, "quote", world.quote(quoted));
    }
    view
}

/// What the phone shows of a message the person sent.
pub(crate) fn incoming(world: &World, message: &Value) -> Value {
    let kind = text(message, "type").unwrap_or("text");
    let content = message.get(kind).unwrap_or(&Value::Null);
    let mut view = match kind {
        "button" => json!({"text": text(content, "text")}),
        "interactive" => {
            let reply = text(content, "type")
                .and_then(|kind| content.get(kind))
                .unwrap_or(&Value::Null);
            json!({"text": text(reply, "title").or_else(|| text(reply, "body")).or_else(|| text(reply, "response"))})
        }
        "order" => {
            json!({"text": format!("Order of {} item(s)", list(content, "product_items").len())})
        }
        "edit" => json!({"text": text_at(content, "/message/text/body"), "note": "edited"}),
        "revoke" => json!({"note": "message deleted"}),
        "request_welcome" => json!({"note": "opened the chat"}),
        "unknown" | "unsupported" => json!({"note": "a message type the API does not carry"}),
        _ => plain(world, kind, content),
    };
    set(&mut view, "kind", kind);
    if let Some(quoted) = text_at(message, "/context/id") {
        set_some(&mut view, "quote", world.quote(quoted));
    }
    view
}

fn plain(world: &World, kind: &str, content: &Value) -> Value {
    match kind {
        "text" => json!({"text": text(content, "body")}),
        "location" => json!({
            "text": text(content, "name"),
            "note": format!("Location {}, {}", number(content, "latitude"), number(content, "longitude")),
        }),
        "contacts" => {
            json!({"text": text_at(content, "/0/name/formatted_name"), "note": "Contact card"})
        }
        kind if media::KINDS.contains(&kind) => {
            json!({"media": media_view(world, kind, content), "text": text(content, "caption")})
        }
        _ => json!({"note": format!("A {kind} message")}),
    }
}

fn number(content: &Value, key: &str) -> String {
    match content.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

/// Stored media by its page address; a link is named, not loaded.
fn media_view(world: &World, kind: &str, content: &Value) -> Value {
    let name = text(content, "filename");
    match text(content, "id").and_then(|id| world.media.find(id).map(|object| (id, object))) {
        Some((id, object)) => json!({
            "kind": kind, "name": name, "src": format!("/_phone/media/{id}"), "mime": object.mime,
        }),
        None => json!({"kind": kind, "name": name.or_else(|| text(content, "link"))}),
    }
}

fn interactive(world: &World, content: &Value) -> Value {
    let action = content.get("action").unwrap_or(&Value::Null);
    let mut actions = Vec::new();
    for button in list(action, "buttons") {
        actions.push(reply(
            "button_reply",
            button.get("reply").unwrap_or(&Value::Null),
        ));
    }
    for section in list(action, "sections") {
        for row in list(section, "rows") {
            let mut entry = reply("list_reply", row);
            set_some(&mut entry, "section", text(section, "title"));
            set_some(&mut entry, "hint", text(row, "description"));
            actions.push(entry);
        }
    }
    actions.extend(single_action(
        text(content, "type").unwrap_or_default(),
        action,
    ));
    let mut view = header(world, content.get("header").unwrap_or(&Value::Null));
    set_some(&mut view, "text", text_at(content, "/body/text"));
    set_some(&mut view, "footer", text_at(content, "/footer/text"));
    set_some(&mut view, "menu", text(action, "button"));
    set(&mut view, "actions", actions);
    view
}

fn reply(kind: &str, source: &Value) -> Value {
    let mut chosen = json!({"id": text(source, "id"), "title": text(source, "title")});
    set_some(&mut chosen, "description", text(source, "description"));
    json!({"label": text(source, "title"), "send": {"type": "interactive", "interactive": {"type": kind, kind: chosen}}})
}

fn single_action(kind: &str, action: &Value) -> Option<Value> {
    let label = |name: &str| text_at(action, &format!("/parameters/{name}"));
    Some(match kind {
        "call_permission_request" => {
            json!({"label": "Allow calls", "send": {"type": "call_permission_reply"}})
        }
        "cta_url" => json!({"label": label("display_text"), "url": label("url")}),
        "flow" => {
            let answer =
                json!({"flow_token": label("flow_token").unwrap_or("unused"), "answer": "yes"});
            let nfm = json!({"name": "flow", "body": "Sent", "response_json": answer.to_string()});
            json!({"label": label("flow_cta"), "send": {"type": "interactive",
                "interactive": {"type": "nfm_reply", "nfm_reply": nfm}}})
        }
        "location_request_message" => {
            json!({"label": "Send location", "send": {"type": "location"}})
        }
        "request_contact_info" => {
            json!({"label": "Share my number", "send": {"type": "contacts", "origin": "contact_request"}})
        }
        _ => return None,
    })
}

fn header(world: &World, header: &Value) -> Value {
    let kind = text(header, "type").unwrap_or_default();
    match header.get(kind) {
        Some(media) if media::KINDS.contains(&kind) => {
            json!({"media": media_view(world, kind, media)})
        }
        _ => json!({"header": text(header, "text")}),
    }
}

fn template(world: &World, content: &Value) -> Value {
    let name = text(content, "name").unwrap_or_default();
    let language = text_at(content, "/language/code").unwrap_or_default();
    let Some(template) = world.template(name, language) else {
        return json!({"template": name});
    };
    let components = list(content, "components");
    let given = |kind: &str| {
        let component = components.iter().find(|component| {
            text(component, "type").is_some_and(|other| other.eq_ignore_ascii_case(kind))
        });
        component.map_or(&[][..], |component| list(component, "parameters"))
    };
    let mut view =
        json!({"template": format!("{name} ({language}), {}", template.category.to_lowercase())});
    if let Some(part) = component(template, "HEADER") {
        match text(part, "text") {
            Some(source) => set(&mut view, "header", fill(source, given("header"))),
            None => set(&mut view, "media", header_media(world, given("header"))),
        }
    }
    let body = component(template, "BODY")
        .and_then(|part| text(part, "text"))
        .unwrap_or_default();
    set(&mut view, "text", fill(body, given("body")));
    set_some(
        &mut view,
        "footer",
        component(template, "FOOTER").and_then(|part| text(part, "text")),
    );
    let buttons = component(template, "BUTTONS").map_or(&[][..], |part| list(part, "buttons"));
    let actions: Vec<Value> = buttons
        .iter()
        .enumerate()
        .map(|(index, button)| template_button(button, button_parameter(components, index)))
        .collect();
    set(&mut view, "actions", actions);
    view
}

fn header_media(world: &World, parameters: &[Value]) -> Value {
    let Some(parameter) = parameters.first() else {
        return Value::Null;
    };
    let kind = text(parameter, "type").unwrap_or_default();
    media_view(world, kind, parameter.get(kind).unwrap_or(&Value::Null))
}

fn template_button(button: &Value, parameter: Option<&Value>) -> Value {
    let label = text(button, "text").unwrap_or_default();
    match text(button, "type") {
        Some("QUICK_REPLY") => {
            let payload = parameter
                .and_then(|parameter| text(parameter, "payload"))
                .unwrap_or(label);
            json!({"label": label, "send": {"type": "button", "button": {"payload": payload, "text": label}}})
        }
        Some("URL") => {
            let url = fill(
                text(button, "url").unwrap_or_default(),
                parameter.map(std::slice::from_ref).unwrap_or_default(),
            );
            json!({"label": label, "url": url})
        }
        Some("REQUEST_CONTACT_INFO") => {
            json!({"label": label, "send": {"type": "contacts", "origin": "contact_request"}})
        }
        _ => json!({"label": label}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_by_place_and_by_name() {
        let by_place = [
            json!({"type": "text", "text": "A"}),
            json!({"type": "currency", "currency": {"fallback_value": "R1"}}),
        ];
        let by_name = [
            json!({"type": "text", "parameter_name": "b", "text": "B"}),
            json!({"type": "text", "parameter_name": "a", "text": "A"}),
        ];
        for (source, parameters, expected) in [
            ("{{1}} and {{2}}, {{1}}", &by_place, "A and R1, A"),
            ("{{a}}-{{b}}", &by_name, "A-B"),
            ("no variable }} {{", &by_name, "no variable }} {{"),
        ] {
            assert_eq!(fill(source, parameters), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_template_is_filled(source in "[a{}1]{0,40}", value in ".{0,8}") {
            let filled = fill(&source, &[json!({"type": "text", "text": value})]);
            proptest::prop_assert!(!variables(&source).is_empty() || filled == source);
        }
    }

    #[test]
    fn variables_once_each() {
        assert_eq!(variables("{{1}} {{2}} {{1}}"), ["1", "2"]);
        assert!(variables("plain").is_empty());
    }
}
