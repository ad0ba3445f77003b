//! A person's life with the organisation, with a word of its own in every way in.

use std::io::Cursor;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::confirmation::AskedBy;
use domain::confirmation::Route;
use domain::consent::Channel;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::event::EventKind;
use domain::ids::SubjectId;
use domain::message::IdentityMode;
use domain::person::TraitKind;
use domain::person::TraitSource;
use domain::request::Assurance;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::request::step::Step;
use egress::mail::MailServer;
use egress::mail::Mailer;
use egress::mail::Security;
use http::Request;
use seal::Zeroizing;
use serde_json::Value;
use serde_json::json;
use service::Handed;
use service::OptIn;
use service::Origin;
use service::Outbox;
use service::PortalSettings;
use service::Switch;
use service::people;
use service::people::Encoding;
use service::people::Layout;
use store::NewConsent;
use store::event::NewEndpoint;
use store::package::PackageState;
use store::request::NewRequest;
use store::request::StepOrder;
use testkit::Answer;
use testkit::NUMBER;
use testkit::Needles;
use testkit::Person;
use testkit::TestGateway;
use testkit::smtp::Door;
use testkit::smtp::SmtpServer;
use url::Host;
use url::Url;

use crate::backups_rig::Kind;
use crate::backups_rig::Rig;
use crate::backups_rig::STAFF;

const PUBLIC: &str = "https://people.example/";

/// A gateway with backup places and a mail server.
pub(crate) struct House {
    pub(crate) rig: Rig,
    mail: SmtpServer,
}

/// What was planted of a person.
pub(crate) struct Planted {
    pub(crate) person: Person,
    pub(crate) subject: SubjectId,
    words: Vec<(&'static str, String)>,
    /// A word in a webhook that nobody could read: it is known to be nobody's.
    pub(crate) aside: String,
}

impl Planted {
    /// Everything that tells of the person, however spelled, but what was kept aside.
    pub(crate) fn needles(&self) -> Needles {
        let needles = Needles::default().person(&self.person);
        let words = self.words.iter();
        words.fold(needles, |needles, (way, word)| needles.text(way, word))
    }

    /// The same with what was kept aside.
    pub(crate) fn all(&self) -> Needles {
        self.needles().text("aside", &self.aside)
    }

    /// What of it cannot be found there: ways in.
    pub(crate) fn missing(&self, haystack: &[u8]) -> Vec<&str> {
        let person = Needles::default().person(&self.person);
        let found = person.found_in(haystack);
        let known = ["number", "BSUID", "name"].into_iter();
        let unknown = known.filter(|what| !found.iter().any(|found| found.contains(what)));
        let words = self.words.iter();
        let unsaid = words.filter(|(way, word)| {
            let needles = Needles::default().text(way, word);
            needles.found_in(haystack).is_empty()
        });
        unknown.chain(unsaid.map(|(way, _)| *way)).collect()
    }

    /// A word of the person's for a way in, with a letter that JSON and URLs spell otherwise.
    fn word(&mut self, way: &'static str) -> String {
        let word = format!("{way} \u{eb} of {}", self.person.handle);
        self.words.push((way, word.clone()));
        word
    }

    /// The same where only plain letters go.
    fn plain(&mut self, way: &'static str) -> String {
        let word = format!("{way}-of-{}", self.person.handle);
        self.words.push((way, word.clone()));
        word
    }

    fn address(&mut self, way: &'static str) -> String {
        let word = format!("{way}.{}@mail.example", self.person.handle);
        self.words.push((way, word.clone()));
        word
    }
}

impl House {
    pub(crate) async fn start(kind: Kind) -> Self {
        let mail = SmtpServer::start(Door::Plain, &["localhost"]).await;
        let port = mail.address.port();
        let rig = Rig::start_told(kind, move |settings| {
            let server = MailServer {
                host: Host::Ipv4([127, 0, 0, 1].into()),
                port,
                security: Security::Plain,
                login: None,
                timeout: Duration::from_secs(2),
            };
            let sender = "Kaapse Koffie <post@shop.example>".parse().unwrap();
            let mailer = Mailer::new(settings.egress.clone(), server, sender).unwrap();
            settings.portal = PortalSettings {
                public_url: Some(Url::parse(PUBLIC).unwrap()),
                even: Duration::ZERO,
                outbox: Outbox {
                    mail: Some(mailer),
                    sms: None,
                },
                ..PortalSettings::default()
            };
        })
        .await;
        Self { rig, mail }
    }

    fn gateway(&self) -> &TestGateway {
        &self.rig.gateway
    }

    /// Everything that a person can leave behind.
    pub(crate) async fn plant(&self, person: Person) -> Planted {
        self.endpoint(&person).await;
        let mut planted = Planted {
            person,
            subject: self.gateway().subject(&person).await,
            words: Vec::new(),
            aside: format!("aside of {}", person.handle),
        };
        self.chat(&mut planted).await;
        self.form(&mut planted).await;
        self.apps(&mut planted).await;
        self.office(&mut planted).await;
        self.rights(&mut planted).await;
        self.page(&mut planted).await;
        self.list(&mut planted).await;
        self.waiting(&mut planted).await;
        planted
    }

    /// An endpoint of the event channel that takes nothing: what it is told of is dead.
    async fn endpoint(&self, person: &Person) {
        let gateway = self.gateway();
        let listener = gateway.add_app(person.handle, IdentityMode::Alias).await;
        let registry = gateway.store.registry();
        let url = registry.app(listener.id).unwrap().relay_url.clone();
        gateway.store.end_app(STAFF, listener.id).await.unwrap();
        listener.answer_with(&[(410, None)]);
        let new = NewEndpoint {
            name: format!("crm-{}", person.handle),
            url: url.unwrap(),
            kinds: EventKind::ALL.into_iter().collect(),
        };
        gateway.store.add_event_endpoint(STAFF, new).await.unwrap();
    }

    async fn chat(&self, planted: &mut Planted) {
        let gateway = self.gateway();
        let person = planted.person;
        let handle = person.handle;
        gateway.hear_text(&person, &planted.word("text")).await;
        let caption = planted.word("caption");
        gateway
            .hear(json!({"from": handle, "type": "image", "image": {"caption": caption}}))
            .await;
        let bytes = format!("%PDF-1.7 {}", planted.plain("file-itself"));
        let document = json!({"filename": planted.plain("file-name"),
            "caption": planted.word("caption of a file"), "mime_type": "application/pdf",
            "data": STANDARD.encode(bytes)});
        gateway
            .hear(json!({"from": handle, "type": "document", "document": document}))
            .await;
        let echo = json!({"person": handle, "field": "smb_message_echoes",
            "text": {"body": planted.word("echo")}});
        gateway.control("echo", &echo).await;
        gateway.settle().await;
        // Cut off in the middle: nobody can say whose it is.
        let torn = format!(r#"{{"object": "{}"#, planted.aside);
        assert_eq!(gateway.webhook(&torn).await.status, 200);
    }

    /// A form of the organisation's own, confirmed by mail.
    async fn form(&self, planted: &mut Planted) {
        let service = &self.gateway().service;
        let asked = OptIn {
            purposes: vec!["marketing".to_owned()],
            phone: planted.person.phone.map(str::to_owned),
            email: Some(planted.address("form")),
            language: "en".to_owned(),
            source: AskedBy::Form,
            route: Some(Route::Email),
            actor: domain::audit::Actor::Person,
            origin: origin(planted.plain("browser-of-form")),
            reference: Some(planted.plain("reference")),
        };
        service.request_consent(asked).await.unwrap();
        assert_eq!(service.posts_now().await.unwrap(), 1);
        let mails = self.mail.received();
        let text = mails.last().unwrap().message.replace("=\r\n", "");
        let (_, rest) = text.split_once("https://people.example/c/").unwrap();
        let token: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
        let browser = origin(planted.plain("browser-of-mail"));
        service.confirm(&token, browser).await.unwrap();
    }

    async fn apps(&self, planted: &mut Planted) {
        let gateway = self.gateway();
        let to = planted.person.address();
        let answer = json!({"messaging_product": "whatsapp", "to": to, "type": "text",
            "text": {"body": planted.word("answer")},
            "biz_opaque_callback_data": planted.plain("callback-data")});
        sent(&gateway.send(&gateway.real, &answer).await);
        self.agree(planted).await;
        let parameters = json!([{"type": "text", "text": planted.word("variable")},
            {"type": "text", "text": "A17"}]);
        let template = json!({"messaging_product": "whatsapp", "to": to, "type": "template",
            "template": {"name": "order_update", "language": {"code": "en"},
            "components": [{"type": "body", "parameters": parameters}]}});
        sent(&gateway.send(&gateway.real, &template).await);
        let key = json!({"customer_key": planted.plain("customer-key"), "phone": to});
        let path = format!("/v23.0/{NUMBER}/imvume_aliases");
        let minted = gateway.call(&gateway.alias, "POST", &path, &key).await;
        assert_eq!(minted.status, 200, "{:?}", minted.body);
        self.queue(planted).await;
        gateway.settle().await;
    }

    /// Consent that staff record, with what they write down as its proof.
    async fn agree(&self, planted: &mut Planted) {
        let store = &self.gateway().store;
        let registry = store.registry();
        let purpose = registry.purpose_by_code("service-updates").unwrap();
        let event = NewConsent {
            purpose: purpose.purpose.id,
            channel: Channel::WhatsApp,
            state: ConsentState::Given,
            method: Method::Paper,
            grade: EvidenceGrade::Confirmed,
            notice: registry.notices.first().map(|notice| notice.id),
            language: "en".to_owned(),
            jurisdictions: "ZA".to_owned(),
            rule: "staff/record".to_owned(),
            evidence: planted.word("proof"),
            expires: None,
        };
        let recorded = store.record_consent(STAFF, planted.subject, event);
        recorded.await.unwrap();
    }

    /// As many messages as Meta takes at once, and one more: it waits.
    async fn queue(&self, planted: &mut Planted) {
        let gateway = self.gateway();
        let body = json!({"messaging_product": "whatsapp", "to": planted.person.address(),
            "type": "text", "text": {"body": planted.word("queued")}});
        for _ in 0..64 {
            let request = Request::post("/")
                .header("content-type", "application/json")
                .header("imvume-queue", "until=+600");
            let path = format!("/v23.0/{NUMBER}/messages");
            let answer = gateway
                .request(&gateway.real, &path, request, body.to_string())
                .await;
            sent(&answer);
            if answer.header("imvume-queued-until").is_some() {
                return;
            }
        }
        panic!("nothing waits");
    }

    async fn office(&self, planted: &mut Planted) {
        let store = &self.gateway().store;
        let subject = planted.subject;
        let reads = Zeroizing::new(planted.word("trait"));
        let kind = (TraitKind::Languages, TraitSource::Staff);
        store.put_trait(STAFF, subject, kind, reads).await.unwrap();
        let reason = planted.word("why it was read");
        let revealed = store.reveal((STAFF, subject), &reason, move |reader| {
            reader.name(subject)
        });
        assert!(revealed.await.unwrap().is_some());
        let reason = planted.word("why restricted");
        for restricted in [true, false] {
            let set = store.set_restriction(STAFF, subject, restricted, reason.clone());
            set.await.unwrap();
        }
    }

    /// What is asked for by right: a case with a note and a letter, and a copy of everything.
    async fn rights(&self, planted: &mut Planted) {
        let gateway = self.gateway();
        let new = NewRequest {
            subject: planted.subject,
            kind: RequestKind::Correction,
            source: RequestSource::Staff,
            assurance: Assurance::Staff,
            language: "en".to_owned(),
            text: planted.word("request"),
            received_at: None,
        };
        let opened = gateway.service.open_request(STAFF, new).await.unwrap();
        let order = StepOrder {
            id: opened.request.id,
            version: None,
            step: Step::AskClarification,
            note: Some(planted.word("note")),
        };
        gateway.service.step_request(STAFF, order).await.unwrap();
        gateway.settle().await;
        let prepared = gateway
            .service
            .prepare_package(STAFF, None, planted.subject);
        let package = prepared.await.unwrap();
        while gateway.service.packages_now().await.unwrap() {
            let view = gateway.store.read_now(|reader| reader.package(package));
            // Where passages about others were found, somebody looks through them.
            if view.unwrap().unwrap().state == PackageState::Review {
                let approved = gateway.store.approve_package(STAFF, package);
                approved.await.unwrap();
            }
        }
        let link = gateway.store.link_package(STAFF, package).await;
        assert!(link.is_ok(), "it is ready");
    }

    /// The person's own page.
    async fn page(&self, planted: &mut Planted) {
        let gateway = self.gateway();
        let who = (planted.subject, Some(gateway.number));
        let link = gateway.service.preference_link(who, "en", Handed::Sent);
        let link = link.unwrap().unwrap();
        let token = link.path_segments().unwrap().next_back().unwrap();
        let session = gateway.service.open_link(token).unwrap();
        let browser = origin(planted.plain("browser-of-page"));
        let off = ("marketing", Switch::Off);
        let switched = gateway.service.switch(&session, off, browser);
        switched.await.unwrap();
    }

    /// A list of people from elsewhere.
    async fn list(&self, planted: &mut Planted) {
        let store = &self.gateway().store;
        let registry = store.registry();
        let purpose = registry.purpose_by_code("marketing").unwrap();
        let options = people::Options {
            actor: STAFF,
            layout: Layout::Generic,
            encoding: Encoding::Unicode,
            country: None,
            purpose: purpose.purpose.id,
            provenance: "the till".to_owned(),
            skip_bad: false,
            slice: 16,
        };
        let phone = planted.person.phone.unwrap();
        let text = format!("phone,email\n{phone},{}\n", planted.address("list"));
        let text: Arc<[u8]> = text.into_bytes().into();
        let open: Arc<people::Open> =
            Arc::new(move || Ok(Box::new(Cursor::new(Arc::clone(&text))) as Box<dyn Read + Send>));
        let quiet: (Arc<people::Watch>, bool) = (Arc::new(|_| {}), false);
        let report = people::bring(store, open, options, quiet).await.unwrap();
        assert_eq!(report.ended, people::Ended::Done);
    }

    /// A message that an app does not take: it is told again later.
    async fn waiting(&self, planted: &mut Planted) {
        let gateway = self.gateway();
        gateway.alias.answer_with(&[(500, None)]);
        let text = planted.word("delivery");
        gateway.hear_text(&planted.person, &text).await;
    }
}

fn origin(browser: String) -> Origin {
    Origin {
        agent: Some(browser),
        ..Origin::default()
    }
}

fn sent(answer: &Answer) {
    let told: Value = answer.json();
    assert_eq!(answer.status, 200, "{told}");
}
