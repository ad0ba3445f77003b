//! Checks of a template send against the catalogue.

use serde_json::Value;

use crate::config::Template;
use crate::error::Refusal;
use crate::json::list;
use crate::json::text;
use crate::json::text_at;
use crate::render;
use crate::validate::missing;
use crate::world::World;

/// Characters the filled body may have.
const BODY: usize = 1024;
/// Characters a one-time code may have.
const CODE: usize = 15;

/// Checks the template of `body`; tells its category.
pub(crate) fn check(world: &World, body: &Value, by_user_id: bool) -> Result<String, Refusal> {
    let name = text_at(body, "/template/name").unwrap_or_default();
    let language = text_at(body, "/template/language/code").unwrap_or_default();
    let Some(template) = world.template(name, language) else {
        return Err(Refusal::new(
            132_001,
            format!("template name ({name}) does not exist in {language}"),
        ));
    };
    match template.status.as_str() {
        "APPROVED" => {}
        "PAUSED" => {
            return Err(Refusal::new(
                132_015,
                "The template is paused because of low quality.",
            ));
        }
        "DISABLED" => return Err(Refusal::new(132_016, "The template is disabled.")),
        _ => {
            return Err(Refusal::new(
                132_001,
                format!("template name ({name}) is not approved in {language}"),
            ));
        }
    }
    if by_user_id && template.category == "AUTHENTICATION" {
        return Err(Refusal::new(
            131_062,
            "Authentication templates need a phone number.",
        ));
    }
    let given = body
        .pointer("/template/components")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    check_header(template, given)?;
    check_body(template, given)?;
    check_buttons(template, given)?;
    Ok(template.category.clone())
}

/// The component of this type as sent.
fn given<'a>(components: &'a [Value], kind: &str) -> Option<&'a Value> {
    components.iter().find(|component| {
        text(component, "type").is_some_and(|other| other.eq_ignore_ascii_case(kind))
    })
}

fn check_header(template: &Template, components: &[Value]) -> Result<(), Refusal> {
    let parameters =
        given(components, "header").map_or(&[][..], |component| list(component, "parameters"));
    let Some(header) = render::component(template, "HEADER") else {
        return count("header", parameters.len(), 0);
    };
    let format = text(header, "format").unwrap_or("TEXT");
    if format == "TEXT" {
        return variables(
            template,
            "header",
            text(header, "text").unwrap_or_default(),
            parameters,
        );
    }
    count("header", parameters.len(), 1)?;
    let kind = parameters
        .first()
        .and_then(|parameter| text(parameter, "type"))
        .unwrap_or_default();
    if !kind.eq_ignore_ascii_case(format) {
        return Err(Refusal::new(
            132_012,
            format!("header: Format mismatch, expected {format}, received {kind}"),
        ));
    }
    let media = parameters.first().and_then(|parameter| parameter.get(kind));
    if format != "LOCATION"
        && media
            .and_then(|media| text(media, "id").or_else(|| text(media, "link")))
            .is_none()
    {
        return Err(missing("header media"));
    }
    Ok(())
}

fn check_body(template: &Template, components: &[Value]) -> Result<(), Refusal> {
    let parameters =
        given(components, "body").map_or(&[][..], |component| list(component, "parameters"));
    let text_of_body = render::component(template, "BODY")
        .and_then(|body| text(body, "text"))
        .unwrap_or_default();
    variables(template, "body", text_of_body, parameters)?;
    if render::fill(text_of_body, parameters).chars().count() > BODY {
        return Err(Refusal::new(
            132_005,
            format!("body: the filled text is longer than {BODY} characters"),
        ));
    }
    if template.category == "AUTHENTICATION" {
        let code = parameters
            .first()
            .and_then(|parameter| text(parameter, "text"))
            .unwrap_or_default();
        if code.chars().count() > CODE {
            return Err(Refusal::new(
                132_012,
                format!("body: a code has at most {CODE} characters"),
            ));
        }
    }
    Ok(())
}

fn variables(
    template: &Template,
    place: &str,
    source: &str,
    parameters: &[Value],
) -> Result<(), Refusal> {
    let wanted = render::variables(source);
    count(place, parameters.len(), wanted.len())?;
    for parameter in parameters {
        let kind = text(parameter, "type").unwrap_or_default();
        let filled = match kind {
            "currency" | "date_time" => parameter
                .get(kind)
                .and_then(|value| text(value, "fallback_value")),
            "text" => text(parameter, "text"),
            _ => {
                return Err(Refusal::new(
                    132_012,
                    format!("{place}: Format mismatch, expected TEXT, received {kind}"),
                ));
            }
        };
        if filled.is_none() {
            return Err(missing(&format!("{place} parameter text")));
        }
        if template.parameter_format == "NAMED" {
            let name = text(parameter, "parameter_name").unwrap_or_default();
            if !wanted.contains(&name) {
                return Err(Refusal::new(
                    132_012,
                    format!("{place}: Parameter name is missing or not in the template"),
                ));
            }
        }
    }
    Ok(())
}

fn check_buttons(template: &Template, components: &[Value]) -> Result<(), Refusal> {
    let buttons = render::component(template, "BUTTONS")
        .map_or(&[][..], |component| list(component, "buttons"));
    for component in components {
        if !text(component, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("button")) {
            continue;
        }
        let index = render::button_index(component).ok_or_else(|| missing("button['index']"))?;
        let Some(button) = buttons.get(index) else {
            return Err(Refusal::new(
                132_000,
                format!("buttons: there is no button at index {index}"),
            ));
        };
        let sub_type = text(component, "sub_type").ok_or_else(|| missing("button['sub_type']"))?;
        if !fits(sub_type, text(button, "type").unwrap_or_default()) {
            return Err(Refusal::new(
                132_012,
                format!("buttons: the button at index {index} is of another type"),
            ));
        }
    }
    for (index, button) in buttons.iter().enumerate() {
        let takes = text(button, "type") == Some("URL")
            && !render::variables(text(button, "url").unwrap_or_default()).is_empty();
        let value = render::button_parameter(components, index)
            .and_then(|parameter| text(parameter, "text"));
        if takes && value.is_none() {
            return Err(Refusal::new(
                131_008,
                format!("buttons: Button at index {index} of type Url requires a parameter"),
            ));
        }
        if takes && template.category == "AUTHENTICATION" && value != code(components) {
            return Err(Refusal::new(
                132_012,
                "buttons: the code of the button differs from the code of the body",
            ));
        }
    }
    Ok(())
}

fn code(components: &[Value]) -> Option<&str> {
    text(
        list(given(components, "body")?, "parameters").first()?,
        "text",
    )
}

fn fits(sub_type: &str, kind: &str) -> bool {
    let sub_type = sub_type.to_ascii_uppercase();
    sub_type == kind
        || (sub_type == "URL" && matches!(kind, "OTP"))
        || (sub_type == "COPY_CODE" && kind == "OTP")
}

fn count(place: &str, found: usize, wanted: usize) -> Result<(), Refusal> {
    if found == wanted {
        return Ok(());
    }
    Err(Refusal::new(
        132_000,
        format!(
            "{place}: number of localizable_params ({found}) does not match the expected number of params ({wanted})"
        ),
    ))
}
