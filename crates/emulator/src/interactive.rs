//! Checks of interactive messages.

use serde_json::Value;
use url::Url;

use crate::error::Refusal;
use crate::json::list;
use crate::json::text;
use crate::validate::invalid;
use crate::validate::missing;
use crate::validate::string;

pub(crate) fn check(content: &Value) -> Result<(), Refusal> {
    let kind = string(content, "type", "interactive['type']")?;
    let action = content
        .get("action")
        .ok_or_else(|| missing("interactive['action']"))?;
    body(kind, content)?;
    header(kind, content)?;
    if let Some(footer) = content.get("footer") {
        length(
            "footer text",
            string(footer, "text", "interactive['footer']['text']")?,
            60,
        )?;
    }
    match kind {
        "button" => buttons(action),
        "list" => sections(action),
        "cta_url" => cta_url(action),
        "carousel" => carousel(action),
        "flow" => flow(action),
        "location_request_message" => named(action, "send_location"),
        "address_message"
        | "call_permission_request"
        | "catalog_message"
        | "request_contact_info"
        | "voice_call" => named(action, kind),
        "product" => product(action),
        "product_list" => product_list(action),
        "order_details" | "order_status" => Ok(()),
        _ => Err(invalid("interactive['type'] is not known")),
    }
}

fn body(kind: &str, content: &Value) -> Result<(), Refusal> {
    let Some(body) = content.get("body") else {
        return if kind == "product" {
            Ok(())
        } else {
            Err(missing("interactive['body']"))
        };
    };
    let most = if kind == "list" { 4096 } else { 1024 };
    length(
        "body text",
        string(body, "text", "interactive['body']['text']")?,
        most,
    )
}

fn header(kind: &str, content: &Value) -> Result<(), Refusal> {
    let Some(header) = content.get("header") else {
        return Ok(());
    };
    match (
        kind,
        string(header, "type", "interactive['header']['type']")?,
    ) {
        ("carousel" | "product", _) => Err(invalid("header is not supported for this type")),
        (_, "text") => length(
            "header text",
            string(header, "text", "interactive['header']['text']")?,
            60,
        ),
        ("list" | "product_list", _) => Err(invalid("header must be of type text")),
        (_, media @ ("document" | "image" | "video")) => match header.get(media) {
            Some(object)
                if text(object, "id")
                    .or_else(|| text(object, "link"))
                    .is_some() =>
            {
                Ok(())
            }
            _ => Err(missing("interactive['header'] media")),
        },
        _ => Err(invalid("interactive['header']['type'] is not known")),
    }
}

fn buttons(action: &Value) -> Result<(), Refusal> {
    let buttons = list(action, "buttons");
    count("buttons", buttons.len(), 1, 3)?;
    let mut seen = Vec::new();
    for button in buttons {
        if text(button, "type") != Some("reply") {
            return Err(invalid("button type must be reply"));
        }
        let reply = button
            .get("reply")
            .ok_or_else(|| missing("button['reply']"))?;
        let id = string(reply, "id", "button['reply']['id']")?;
        let title = string(reply, "title", "button['reply']['title']")?;
        length("button id", id, 256)?;
        length("button title", title, 20)?;
        if seen.contains(&id) || seen.contains(&title) {
            return Err(invalid("buttons must have different ids and titles"));
        }
        seen.extend(
            [id, title]
                .into_iter()
                .filter(|_| id != title)
                .chain((id == title).then_some(id)),
        );
    }
    Ok(())
}

fn sections(action: &Value) -> Result<(), Refusal> {
    length(
        "list button",
        string(action, "button", "action['button']")?,
        20,
    )?;
    let sections = list(action, "sections");
    count("sections", sections.len(), 1, 10)?;
    let rows: Vec<&Value> = sections
        .iter()
        .flat_map(|section| list(section, "rows"))
        .collect();
    count("rows", rows.len(), 1, 10)?;
    for section in sections {
        match text(section, "title") {
            Some(title) => length("section title", title, 24)?,
            None if sections.len() > 1 => return Err(missing("section['title']")),
            None => {}
        }
    }
    let mut ids = Vec::new();
    for row in rows {
        let id = string(row, "id", "row['id']")?;
        length("row id", id, 200)?;
        length("row title", string(row, "title", "row['title']")?, 24)?;
        length(
            "row description",
            text(row, "description").unwrap_or_default(),
            72,
        )?;
        if ids.contains(&id) {
            return Err(invalid("rows must have different ids"));
        }
        ids.push(id);
    }
    Ok(())
}

fn cta_url(action: &Value) -> Result<(), Refusal> {
    named(action, "cta_url")?;
    let parameters = action
        .get("parameters")
        .ok_or_else(|| missing("action['parameters']"))?;
    length(
        "display text",
        string(parameters, "display_text", "parameters['display_text']")?,
        20,
    )?;
    let url = string(parameters, "url", "parameters['url']")?;
    if Url::parse(url).is_err() {
        return Err(invalid("parameters['url'] is no URL"));
    }
    Ok(())
}

fn carousel(action: &Value) -> Result<(), Refusal> {
    let cards = list(action, "cards");
    count("cards", cards.len(), 2, 10)?;
    let mut kinds = cards
        .iter()
        .map(|card| card.get("header").and_then(|header| text(header, "type")));
    let first = kinds.next().flatten();
    if !matches!(first, Some("image" | "video")) || kinds.any(|kind| kind != first) {
        return Err(invalid(
            "cards must all have a header of the same type, image or video",
        ));
    }
    Ok(())
}

fn flow(action: &Value) -> Result<(), Refusal> {
    named(action, "flow")?;
    let parameters = action
        .get("parameters")
        .ok_or_else(|| missing("action['parameters']"))?;
    string(
        parameters,
        "flow_message_version",
        "parameters['flow_message_version']",
    )?;
    length(
        "flow button",
        string(parameters, "flow_cta", "parameters['flow_cta']")?,
        30,
    )?;
    if text(parameters, "flow_id")
        .or_else(|| text(parameters, "flow_name"))
        .is_none()
    {
        return Err(missing("parameters['flow_id']"));
    }
    Ok(())
}

fn product(action: &Value) -> Result<(), Refusal> {
    string(action, "catalog_id", "action['catalog_id']")?;
    string(
        action,
        "product_retailer_id",
        "action['product_retailer_id']",
    )
    .map(drop)
}

fn product_list(action: &Value) -> Result<(), Refusal> {
    string(action, "catalog_id", "action['catalog_id']")?;
    let sections = list(action, "sections");
    count("sections", sections.len(), 1, 10)?;
    let products = sections
        .iter()
        .map(|section| list(section, "product_items").len())
        .sum();
    count("products", products, 1, 30)
}

fn named(action: &Value, name: &str) -> Result<(), Refusal> {
    if string(action, "name", "action['name']")? == name {
        Ok(())
    } else {
        Err(invalid(&format!("action['name'] must be {name}")))
    }
}

fn length(what: &str, value: &str, most: usize) -> Result<(), Refusal> {
    if value.chars().count() > most {
        return Err(invalid(&format!(
            "{what} length invalid. Min length: 1, Max length: {most}"
        )));
    }
    Ok(())
}

fn count(what: &str, found: usize, least: usize, most: usize) -> Result<(), Refusal> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(invalid(&format!(
        "{what} count invalid. Min allowed: {least}, Max allowed: {most}"
    )))
}
