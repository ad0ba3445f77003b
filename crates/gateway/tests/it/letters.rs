//! Letters about what people ask for by right, where no window is open.

use domain::audit::Actor;
use domain::ids::RequestId;
use domain::letter::LetterRoute;
use domain::letter::LetterState;
use domain::request::Assurance;
use domain::request::LetterKind;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::time::Span;
use letters::Facts;
use serde_json::Value;
use serde_json::json;
use store::request::NewRequest;
use testkit::ACCOUNT;
use testkit::Person;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestGateway;
use url::Url;

const NEWS: &str = "request_news";

fn body(text: &str) -> Value {
    json!({"type": "BODY", "text": text, "example": {"body_text": [["https://people.example/p/x"]]}})
}

fn button() -> Value {
    let url = "https://people.example/{{1}}";
    json!({"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Lees", "url": url,
           "example": ["https://people.example/p/x"]}]})
}

/// A gateway whose letters may go by a template, in English by its text and in Afrikaans by its button.
async fn start() -> TestGateway {
    let gateway = TestGateway::start_told(|settings| {
        settings.portal.public_url = Some(Url::parse("https://people.example/").unwrap());
        settings.portal.letters.template = Some(NEWS.to_owned());
    })
    .await;
    let path = format!("/v23.0/{ACCOUNT}/message_templates");
    for (language, components) in [
        (
            "en",
            json!([body(
                "We answered your request: {{1}} is where you read it."
            )]),
        ),
        (
            "af",
            json!([{"type": "BODY", "text": "Ons het u versoek beantwoord."}, button()]),
        ),
    ] {
        let template = json!({"name": NEWS, "language": language, "category": "UTILITY",
                              "components": components});
        let made = gateway.call(&gateway.real, "POST", &path, &template).await;
        assert_eq!(made.status, 200, "{:?}", made.body);
    }
    gateway.advance(Span::seconds(3)).await;
    gateway.service.sync_templates().await;
    gateway
}

async fn case(gateway: &TestGateway, person: &Person, language: &str) -> RequestId {
    let new = NewRequest {
        subject: gateway.subject(person).await,
        kind: RequestKind::Complaint,
        source: RequestSource::Staff,
        assurance: Assurance::Staff,
        language: language.to_owned(),
        text: String::new(),
        received_at: None,
    };
    let opened = gateway.service.open_request(Actor::System, new).await;
    opened.unwrap().request.id
}

/// The template that left last: its name, language and components.
async fn newest(gateway: &TestGateway) -> (Value, Value, Value) {
    let sent = gateway.sent().await;
    let message = sent.last().unwrap();
    let template = message
        .pointer("/body/template")
        .or_else(|| message.get("template"));
    let template = template.unwrap_or_else(|| panic!("{message}"));
    (
        template["name"].clone(),
        template["language"]["code"].clone(),
        template["components"].clone(),
    )
}

#[tokio::test]
async fn a_template_leads_to_the_letter_whatever_the_person_stopped() {
    let gateway = start().await;
    for (person, language) in [(&THANDI, "en"), (&SIPHO, "af")] {
        gateway.hear_text(person, "Molo").await;
        gateway.hear_text(person, "STOP").await;
        let request = case(&gateway, person, language).await;
        let service = &gateway.service;
        let open = service.write_letter(request, LetterKind::Expiry, Facts::default());
        assert_eq!(open.await.unwrap().route, LetterRoute::Chat);
        gateway.advance(Span::days(2)).await;
        let before = gateway.sent().await.len();
        let closed = service.write_letter(request, LetterKind::Expiry, Facts::default());
        let closed = closed.await.unwrap();
        assert_eq!(
            (closed.route, closed.state),
            (LetterRoute::Template, LetterState::Sent)
        );
        assert_eq!(gateway.sent().await.len(), before + 1, "once");
        let (name, code, components) = newest(&gateway).await;
        assert_eq!((&name, &code), (&json!(NEWS), &json!(language)));
        let link = components[0]["parameters"][0]["text"].as_str().unwrap();
        let begins = if language == "en" {
            assert_eq!(components[0]["type"], "body");
            "https://people.example/p/"
        } else {
            assert_eq!(components[0]["sub_type"], "url");
            "p/"
        };
        assert!(link.starts_with(begins), "{link}");
        let token = link.rsplit('/').next().unwrap();
        service.open_link(token).unwrap();
    }
}

#[tokio::test]
async fn where_the_page_goes_with_the_person_the_template_leads_to_the_certificate() {
    let gateway = start().await;
    gateway.hear_text(&THANDI, "Molo").await;
    let request = case(&gateway, &THANDI, "en").await;
    gateway.advance(Span::days(2)).await;
    let certificate = gateway.service.certificate_link(request).unwrap().unwrap();
    let facts = Facts {
        certificate: Some(certificate.to_string()),
        ..Facts::default()
    };
    let told = gateway
        .service
        .write_letter(request, LetterKind::Completion, facts);
    assert_eq!(told.await.unwrap().route, LetterRoute::Template);
    let (_, _, components) = newest(&gateway).await;
    assert_eq!(components[0]["parameters"][0]["text"], certificate.as_str());
}

#[tokio::test]
async fn without_a_template_that_fits_it_waits_on_the_page() {
    let gateway = start().await;
    gateway.hear_text(&THANDI, "Molo").await;
    let request = case(&gateway, &THANDI, "en").await;
    gateway.advance(Span::days(2)).await;
    for language in ["en", "af"] {
        let delete = format!("/v23.0/{ACCOUNT}/message_templates?name={NEWS}");
        let gone = gateway.call(&gateway.real, "DELETE", &delete, &Value::Null);
        assert!(matches!(gone.await.status, 200 | 404), "{language}");
    }
    gateway.service.sync_templates().await;
    let letter = gateway
        .service
        .write_letter(request, LetterKind::Expiry, Facts::default());
    let letter = letter.await.unwrap();
    assert_eq!(
        (letter.route, letter.state),
        (LetterRoute::Page, LetterState::OnPage)
    );
}
