//! The default cast: a coffee shop in Cape Town, its customers and its templates.

use serde_json::Value;
use serde_json::json;

use crate::config::Number;
use crate::config::Person;
use crate::config::Template;

pub(crate) fn numbers() -> Vec<Number> {
    vec![Number {
        display_phone_number: "+27 21 555 0100".to_owned(),
        phone_number_id: "106540352242922".to_owned(),
        verified_name: "Kaapse Koffie".to_owned(),
    }]
}

pub(crate) fn people() -> Vec<Person> {
    vec![
        person(
            "thandi",
            "Thandi Mokoena",
            Some("27825550142"),
            "ZA.13491208655302741918",
        ),
        person(
            "sipho",
            "Sipho Ndlovu",
            Some("27835550117"),
            "ZA.20771634908215560343",
        ),
        person(
            "annelie",
            "Annelie van Wyk ☕",
            Some("27725550163"),
            "ZA.31846290175520938827",
        ),
        Person {
            username: Some("zoe.adams".to_owned()),
            ..person("zoe", "Zoë Adams", None, "ZA.48820163357790142265")
        },
    ]
}

fn person(id: &str, name: &str, phone: Option<&str>, user_id: &str) -> Person {
    Person {
        id: id.to_owned(),
        name: name.to_owned(),
        parent_user_id: None,
        phone: phone.map(str::to_owned),
        user_id: user_id.to_owned(),
        username: None,
    }
}

pub(crate) fn templates() -> Vec<Template> {
    let mut all = orders();
    all.extend(promotions());
    all.extend(codes_and_notes());
    for (index, template) in (0_u64..).zip(&mut all) {
        template.id = 594_425_479_261_596 + index * 7;
    }
    all
}

fn orders() -> Vec<Template> {
    vec![
        template(
            ("order_update", "en", "UTILITY"),
            json!([
                {"type": "BODY", "text": "Hi {{1}}, your order {{2}} is on its way.",
                 "example": {"body_text": [["Lerato", "KK-1042"]]}},
                {"type": "FOOTER", "text": "Kaapse Koffie"},
            ]),
        ),
        template(
            ("order_update", "af", "UTILITY"),
            json!([
                {"type": "BODY", "text": "Hallo {{1}}, jou bestelling {{2}} is op pad.",
                 "example": {"body_text": [["Retha", "KK-1042"]]}},
                {"type": "FOOTER", "text": "Kaapse Koffie"},
            ]),
        ),
        template(
            ("order_receipt", "en", "UTILITY"),
            json!([
                {"type": "HEADER", "format": "DOCUMENT", "example": {"header_handle": ["receipt.pdf"]}},
                {"type": "BODY", "text": "Thank you, {{1}}. Your receipt for {{2}} is attached.",
                 "example": {"body_text": [["Lerato", "R184.00"]]}},
                {"type": "BUTTONS", "buttons": [
                    {"type": "URL", "text": "Track order", "url": "https://kaapsekoffie.example/track/{{1}}",
                     "example": ["https://kaapsekoffie.example/track/KK-1042"]},
                ]},
            ]),
        ),
        Template {
            parameter_format: "NAMED".to_owned(),
            ..template(
                ("pickup_reminder", "en", "UTILITY"),
                json!([
                    {"type": "HEADER", "format": "TEXT", "text": "Ready for pick-up"},
                    {"type": "BODY", "text": "{{first_name}}, your coffee waits until {{time}}.",
                     "example": {"body_text_named_params": [
                        {"param_name": "first_name", "example": "Kagiso"},
                        {"param_name": "time", "example": "17:00"}]}},
                    {"type": "BUTTONS", "buttons": [
                        {"type": "QUICK_REPLY", "text": "On my way"},
                        {"type": "QUICK_REPLY", "text": "Keep it for tomorrow"}]},
                ]),
            )
        },
    ]
}

fn promotions() -> Vec<Template> {
    vec![
        template(
            ("spring_sale", "en", "MARKETING"),
            json!([
                {"type": "HEADER", "format": "TEXT", "text": "Spring at Kaapse Koffie"},
                {"type": "BODY", "text": "{{1}}, all beans are {{2}} off until Sunday.",
                 "example": {"body_text": [["Lerato", "20%"]]}},
                {"type": "FOOTER", "text": "Not interested? Tap Stop promotions"},
                {"type": "BUTTONS", "buttons": [
                    {"type": "URL", "text": "See the beans", "url": "https://kaapsekoffie.example/beans"},
                    {"type": "QUICK_REPLY", "text": "Stop promotions"}]},
            ]),
        ),
        template(
            ("spring_sale", "af", "MARKETING"),
            json!([
                {"type": "HEADER", "format": "TEXT", "text": "Lente by Kaapse Koffie"},
                {"type": "BODY", "text": "{{1}}, alle bone is {{2}} goedkoper tot Sondag.",
                 "example": {"body_text": [["Retha", "20%"]]}},
                {"type": "FOOTER", "text": "Nie lus nie? Tik Stop promosies"},
                {"type": "BUTTONS", "buttons": [
                    {"type": "URL", "text": "Sien die bone", "url": "https://kaapsekoffie.example/bone"},
                    {"type": "QUICK_REPLY", "text": "Stop promosies"}]},
            ]),
        ),
        template(
            ("loyalty_picture", "en", "MARKETING"),
            json!([
                {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["cup.jpg"]}},
                {"type": "BODY", "text": "Your tenth cup is on us this week."},
                {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop promotions"}]},
            ]),
        ),
    ]
}

fn codes_and_notes() -> Vec<Template> {
    vec![
        template(
            ("login_code", "en", "AUTHENTICATION"),
            json!([
                {"type": "BODY", "text": "{{1}} is your verification code. For your security, do not share this code.",
                 "add_security_recommendation": true, "example": {"body_text": [["482913"]]}},
                {"type": "FOOTER", "text": "This code expires in 10 minutes.", "code_expiration_minutes": 10},
                {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Copy code",
                    "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}",
                    "example": ["https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp482913"]}]},
            ]),
        ),
        template(
            ("hello_world", "en_US", "UTILITY"),
            json!([
                {"type": "HEADER", "format": "TEXT", "text": "Hello World"},
                {"type": "BODY", "text": "Welcome and congratulations!! This message demonstrates your ability to send a WhatsApp message notification."},
                {"type": "FOOTER", "text": "WhatsApp Business Platform sample message"},
            ]),
        ),
        Template {
            status: "PAUSED".to_owned(),
            ..template(
                ("winter_sale", "en", "MARKETING"),
                json!([{"type": "BODY", "text": "Warm up: hot chocolate is half price."}]),
            )
        },
    ]
}

fn template((name, language, category): (&str, &str, &str), components: Value) -> Template {
    Template {
        category: category.to_owned(),
        components,
        id: 0,
        language: language.to_owned(),
        name: name.to_owned(),
        parameter_format: "POSITIONAL".to_owned(),
        status: "APPROVED".to_owned(),
    }
}

/// What the token of a system user may do that was set up as Meta's guides say.
pub(crate) fn token_scopes() -> Vec<String> {
    [
        "whatsapp_business_management",
        "whatsapp_business_messaging",
    ]
    .map(str::to_owned)
    .to_vec()
}
