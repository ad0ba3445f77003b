//! A gateway with a mail server and a provider of SMS beside it.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::Route;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use egress::mail::MailServer;
use egress::mail::Mailer;
use egress::mail::Security;
use egress::sms::SmsProvider;
use seal::Zeroizing;
use service::OptIn;
use service::Origin;
use service::Outbox;
use service::PortalSettings;
use testkit::Person;
use testkit::TestGateway;
use testkit::smtp::Door;
use testkit::smtp::SmtpServer;
use tokio::net::TcpListener;
use url::Host;
use url::Url;

pub(crate) const PUBLIC: &str = "https://people.example/";
pub(crate) const SMS_TOKEN: &str = "sms-token";
pub(crate) const MAILBOX: &str = "thandi@mail.example";

pub(crate) struct Rig {
    pub(crate) gateway: TestGateway,
    pub(crate) mail: SmtpServer,
    /// The forms that the provider of SMS got.
    pub(crate) texts: Arc<Mutex<Vec<String>>>,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        let mail = SmtpServer::start(Door::Plain, &["localhost"]).await;
        let texts = Arc::new(Mutex::new(Vec::new()));
        let provider = provider(Arc::clone(&texts)).await;
        let port = mail.address.port();
        let gateway = TestGateway::start_told(move |settings| {
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
                    sms: Some(SmsProvider::Twilio {
                        url: provider,
                        account: "AC1".to_owned(),
                        token: Zeroizing::new(SMS_TOKEN.to_owned()),
                        from: "+27210000000".to_owned(),
                    }),
                },
                ..PortalSettings::default()
            };
        })
        .await;
        Self {
            gateway,
            mail,
            texts,
        }
    }

    pub(crate) async fn ask(&self, asked: OptIn) -> service::Taken {
        self.gateway.service.request_consent(asked).await.unwrap()
    }

    pub(crate) async fn post(&self) -> usize {
        self.gateway.service.posts_now().await.unwrap()
    }

    /// The token of the newest mail.
    pub(crate) fn mailed(&self) -> String {
        let mails = self.mail.received();
        token(&mails.last().unwrap().message)
    }

    /// The token of the newest SMS, with the address that its fate is told to.
    pub(crate) fn texted(&self) -> (String, Url) {
        let texts = self.texts.lock().unwrap();
        let form: Vec<(String, String)> =
            url::form_urlencoded::parse(texts.last().unwrap().as_bytes())
                .into_owned()
                .collect();
        let value = |name: &str| form.iter().find(|(key, _)| key == name).unwrap().1.clone();
        let callback = Url::parse(&value("StatusCallback")).unwrap();
        (token(&value("Body")), callback)
    }

    /// The states of a person's ledger, with their grades.
    pub(crate) fn ledger(&self, person: &Person) -> Vec<(ConsentState, EvidenceGrade)> {
        let phone = person.phone.unwrap().to_owned();
        let phone = Identifier::new(IdentifierKind::Phone, phone);
        let events = self.gateway.store.read_now(|reader| {
            let subject = reader.find(&phone)?.unwrap();
            reader.consent_events(subject)
        });
        let events = events.unwrap();
        events
            .iter()
            .map(|event| (event.state, event.grade))
            .collect()
    }
}

/// What a form of ours would ask for a person.
pub(crate) fn form(person: &Person, route: Route) -> OptIn {
    OptIn {
        purposes: vec!["marketing".to_owned()],
        phone: person.phone.map(str::to_owned),
        email: Some(MAILBOX.to_owned()),
        language: "en".to_owned(),
        source: AskedBy::Form,
        route: Some(route),
        actor: Actor::Person,
        origin: Origin::default(),
        reference: None,
    }
}

/// The token in a text: what follows the address of confirmations.
pub(crate) fn token(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let (_, rest) = text.split_once("https://people.example/c/").unwrap();
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

async fn provider(texts: Arc<Mutex<Vec<String>>>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let take = async move |body: Bytes| {
        texts
            .lock()
            .unwrap()
            .push(String::from_utf8(body.to_vec()).unwrap());
        (StatusCode::CREATED, r#"{"sid":"SM1"}"#)
    };
    let router = Router::new().fallback(take);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Url::parse(&format!("http://{address}")).unwrap()
}
