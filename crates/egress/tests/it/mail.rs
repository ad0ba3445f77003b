//! Mail through a real socket, with servers that behave and misbehave.

use std::sync::Arc;
use std::time::Duration;

use egress::Fate;
use egress::Policy;
use egress::Stage;
use egress::Undelivered;
use egress::mail::Login;
use egress::mail::Mail;
use egress::mail::MailServer;
use egress::mail::Mailer;
use egress::mail::Security;
use egress::mail::Sender;
use url::Host;
use url::Url;

use crate::dns::NameServer;
use crate::host::HASTY;
use crate::host::PATIENT;
use crate::host::policy;
use crate::refusal::Scripted;
use crate::smtp::ACCOUNT;
use crate::smtp::Door;
use crate::smtp::Odd;
use crate::smtp::PASSWORD;
use crate::smtp::SmtpServer;
use crate::smtp::Step;
use crate::targets::Refused;
use crate::targets::targets;

const NAME: &str = "mail.example";

const MAIL: Mail<'_> = Mail {
    token: "k3m9",
    to: "thandi@example.org",
    subject: "Bestätigen",
    text: "Good day\n.\n..\nThandi",
    html: None,
    language: "en",
    unsubscribe: None,
    date: 1_771_113_600,
};

/// A client of one server, changed by each test where it has to be.
struct Rig {
    host: String,
    policy: Policy,
    security: Security,
    password: Option<&'static str>,
    timeout: Duration,
    port: u16,
}

impl Rig {
    /// Knows the server by name, and trusts who vouches for it.
    async fn new(server: &SmtpServer, security: Security) -> Self {
        let names = NameServer::start(&["127.0.0.1"]).await;
        Self {
            host: NAME.to_owned(),
            policy: Policy {
                extra_roots: vec![server.root.clone()],
                resolver: Arc::new(names.resolver()),
                ..policy(&[NAME])
            },
            security,
            password: None,
            timeout: PATIENT,
            port: server.address.port(),
        }
    }

    fn mailer(&self) -> Mailer {
        let login = self.password.map(|password| Login {
            account: ACCOUNT.to_owned(),
            password: password.to_owned().into(),
        });
        let server = MailServer {
            host: Host::parse(&self.host).unwrap(),
            port: self.port,
            security: self.security,
            login,
            timeout: self.timeout,
        };
        let sender: Sender = "Kaapse Koffie <notices@kaapsekoffie.example>"
            .parse()
            .unwrap();
        let sender = sender.with_bounces("b.kaapsekoffie.example").unwrap();
        Mailer::new(self.policy.clone(), server, sender).unwrap()
    }

    async fn send(&self) -> Result<(), Undelivered> {
        self.mailer().send(&MAIL).await
    }
}

const fn door(security: Security) -> Door {
    match security {
        Security::Plain => Door::Plain,
        Security::StartTls => Door::StartTls,
        Security::Tls => Door::Tls,
    }
}

const ALL: [Security; 3] = [Security::Plain, Security::StartTls, Security::Tls];

#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let url = Url::parse("https://kaapsekoffie.example/off?t=x").unwrap();
    for security in ALL {
        let server = SmtpServer::start(door(security), &[NAME]).await;
        let mut rig = Rig::new(&server, security).await;
        rig.password = Some(PASSWORD);
        let mail = Mail {
            html: Some("<p>Good day</p>"),
            unsubscribe: Some(&url),
            ..MAIL
        };
        assert_eq!(rig.mailer().send(&mail).await, Ok(()), "{security:?}");
        assert_eq!(rig.mailer().probe().await, Ok(()), "{security:?}");
        let received = server.received();
        let [message] = received.as_slice() else {
            panic!("{} messages", received.len());
        };
        assert_eq!(message.from, "bounce+k3m9@b.kaapsekoffie.example");
        assert_eq!(message.to, "thandi@example.org");
        assert_eq!(message.secure, security != Security::Plain);
        assert!(message.account);
        for wanted in [
            "Message-ID: <k3m9@kaapsekoffie.example>\r\n",
            "List-Unsubscribe: <https://kaapsekoffie.example/off?t=x>\r\n",
            "\r\n\r\nGood day\r\n.\r\n..\r\nThandi\r\n",
            "<p>Good day</p>",
        ] {
            assert!(message.message.contains(wanted), "{wanted}");
        }
        assert_eq!(server.connections(), 2);
    }
}

#[tokio::test]
async fn without_the_tls_that_was_asked_for_nothing_is_said() {
    // A server that has none, and one on whose way somebody took the offer out.
    for odd in [
        None,
        Some((Step::Hello, Odd::Say("250 mail.example\r\n"))),
        Some((Step::StartTls, Odd::Say("454 not now\r\n"))),
        Some((Step::StartTls, Odd::Say("220 go\r\n250 AUTH PLAIN\r\n"))),
    ] {
        let doors = if odd.is_some() {
            Door::StartTls
        } else {
            Door::Plain
        };
        let server = SmtpServer::start(doors, &[NAME]).await;
        if let Some((step, odd)) = odd {
            server.misbehave(step, odd);
        }
        let rig = Rig::new(&server, Security::StartTls).await;
        assert_eq!(rig.send().await, Err(Undelivered::Tls), "{odd:?}");
        assert!(server.received().is_empty());
    }
    let server = SmtpServer::start(Door::Plain, &[NAME]).await;
    let rig = Rig::new(&server, Security::Tls).await;
    assert_eq!(rig.send().await, Err(Undelivered::Tls));
}

#[tokio::test]
async fn a_certificate_has_to_hold_for_the_name() {
    for security in [Security::StartTls, Security::Tls] {
        let other = SmtpServer::start(door(security), &["else.example", "127.0.0.1"]).await;
        let rig = Rig::new(&other, security).await;
        assert_eq!(rig.send().await, Err(Undelivered::Tls), "{security:?}");
        let unknown = SmtpServer::start(door(security), &[NAME]).await;
        let mut rig = Rig::new(&unknown, security).await;
        rig.policy.extra_roots.clear();
        assert_eq!(rig.send().await, Err(Undelivered::Tls), "{security:?}");
        assert!(other.received().is_empty() && unknown.received().is_empty());
        // By its address, if the certificate says that.
        let mut rig = Rig::new(&other, security).await;
        rig.host = "127.0.0.1".to_owned();
        rig.policy.allow_private = vec!["127.0.0.1".parse().unwrap()];
        assert_eq!(rig.send().await, Ok(()), "{security:?}");
    }
}

#[tokio::test]
async fn a_private_address_is_refused_unless_it_is_allowed() {
    let server = SmtpServer::start(Door::Tls, &[NAME]).await;
    let mut rig = Rig::new(&server, Security::Tls).await;
    rig.policy.allow_private.clear();
    assert_eq!(rig.send().await, Err(Undelivered::NotAllowed));
    rig.host = "127.0.0.1".to_owned();
    assert_eq!(rig.send().await, Err(Undelivered::NotAllowed));
    rig.host = "169.254.169.254".to_owned();
    assert_eq!(rig.send().await, Err(Undelivered::NotAllowed));
    assert_eq!(server.connections(), 0);
}

/// The name first leads to an address that may be called, then to this machine: the address that was
/// checked is the one that is called, and the second is refused.
#[tokio::test]
async fn a_rebound_name_is_refused() {
    let outside = SmtpServer::start_at("127.77.0.1:0", Door::Tls, &[NAME]).await;
    let port = outside.address.port();
    let inside = SmtpServer::start_at(&format!("127.0.0.1:{port}"), Door::Tls, &[NAME]).await;
    let names = NameServer::start(&["127.77.0.1", "127.0.0.1"]).await;
    let mut rig = Rig::new(&outside, Security::Tls).await;
    rig.policy.extra_roots.push(inside.root.clone());
    rig.policy.resolver = Arc::new(names.resolver());
    rig.policy.allow_private = vec!["127.77.0.1/32".parse().unwrap()];
    assert_eq!(rig.send().await, Ok(()));
    assert_eq!((names.asked(), outside.received().len()), (1, 1));
    assert_eq!(rig.send().await, Err(Undelivered::NotAllowed));
    assert_eq!((names.asked(), inside.connections()), (2, 0));
    // Had it been called, it would have taken the message.
    rig.policy.allow_private = vec![NAME.parse().unwrap()];
    assert_eq!(rig.send().await, Ok(()));
    assert_eq!((outside.received().len(), inside.received().len()), (1, 1));
}

#[tokio::test]
async fn nothing_connects_inside_however_it_is_written() {
    let trap = SmtpServer::start(Door::StartTls, &[NAME]).await;
    let mut rig = Rig::new(&trap, Security::StartTls).await;
    let mut hosts = 0;
    for target in targets(trap.address.port()) {
        let host = Url::parse(&target.url)
            .ok()
            .and_then(|url| url.host().map(|host| host.to_owned()));
        let (Refused::Address, Some(host)) = (target.refused, host) else {
            continue;
        };
        hosts += 1;
        rig.host = host.to_string();
        rig.policy = Policy {
            resolver: Scripted::always(&target.addresses),
            ..policy(&["relay.example.com", "10.1.0.0/16", "127.77.0.0/16"])
        };
        let found = rig.send().await;
        assert_eq!(found, Err(Undelivered::NotAllowed), "{}", target.url);
    }
    assert!(hosts > 100, "{hosts}");
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn plain_goes_to_this_machine_only() {
    let server = SmtpServer::start(Door::Plain, &[]).await;
    let names = NameServer::start(&["10.0.0.1"]).await;
    let mut rig = Rig::new(&server, Security::Plain).await;
    rig.policy.allow_private.push("10.0.0.0/8".parse().unwrap());
    rig.policy.resolver = Arc::new(names.resolver());
    assert_eq!(rig.send().await, Err(Undelivered::NotAllowed));
    rig.host = "10.0.0.1".to_owned();
    assert_eq!(rig.send().await, Err(Undelivered::NotAllowed));
    rig.host = "8.8.8.8".to_owned();
    assert_eq!(rig.send().await, Err(Undelivered::NotAllowed));
}

/// At which step, what the server says, what it refuses, and what becomes of the message.
const REFUSALS: [(Step, &str, Stage, Fate); 12] = [
    (Step::Connect, "421 4.3.2 who", Stage::Greeting, Fate::Again),
    (Step::Connect, "554 who", Stage::Greeting, Fate::Again),
    (Step::Hello, "550 who", Stage::Greeting, Fate::Again),
    (Step::Sender, "550 5.7.1 who", Stage::Sender, Fate::Again),
    (
        Step::Recipient,
        "450 4.2.1 who",
        Stage::Recipient,
        Fate::Again,
    ),
    (
        Step::Recipient,
        "421 4.3.2 who",
        Stage::Recipient,
        Fate::Again,
    ),
    (
        Step::Recipient,
        "550 5.1.1 who",
        Stage::Recipient,
        Fate::Never,
    ),
    (Step::Recipient, "550 who", Stage::Recipient, Fate::Never),
    (
        Step::Recipient,
        "554 5.7.1 who",
        Stage::Recipient,
        Fate::Never,
    ),
    (Step::Data, "451 4.3.0 who", Stage::Message, Fate::Again),
    (Step::End, "554 5.6.0 who", Stage::Message, Fate::Never),
    (Step::End, "452 4.2.2 who", Stage::Message, Fate::Again),
];

#[tokio::test]
async fn a_refusal_says_what_was_refused_and_never_who() {
    let server = SmtpServer::start(Door::Plain, &[]).await;
    let rig = Rig::new(&server, Security::Plain).await;
    for (step, text, stage, fate) in REFUSALS {
        server.behave();
        let line = text.replace("who", "<thandi@example.org>") + "\r\n";
        server.misbehave(step, Odd::Say(line.leak()));
        let error = rig.send().await.err().unwrap();
        let Undelivered::Refused(refusal) = error else {
            panic!("{error} for {text}");
        };
        assert_eq!((refusal.stage, error.fate()), (stage, fate), "{text}");
        let enhanced = refusal.enhanced.map(|code| format!("{code} "));
        let said = format!("{} {}who", refusal.code, enhanced.unwrap_or_default());
        assert_eq!(said, text);
        let dead = ["550 5.1.1 who", "550 who"].contains(&text) && step == Step::Recipient;
        assert_eq!(error.is_bounce(), dead, "{text}");
        let told = format!("{error} {error:?}");
        assert!(!told.contains("thandi"), "{told}");
    }
    server.behave();
    assert_eq!(rig.send().await, Ok(()));
}

#[tokio::test]
async fn an_account_that_is_not_taken_is_not_the_recipients_fault() {
    let server = SmtpServer::start(Door::Tls, &[NAME]).await;
    let mut rig = Rig::new(&server, Security::Tls).await;
    rig.password = Some("another");
    let error = rig.send().await.err().unwrap();
    let login = matches!(error, Undelivered::Refused(refusal) if refusal.stage == Stage::Login);
    assert!(login && !error.is_bounce(), "{error}");
    assert_eq!(rig.mailer().probe().await, Err(error));
    rig.password = Some(PASSWORD);
    server.misbehave(
        Step::Hello,
        Odd::Say("250-mail.example\r\n250 AUTH LOGIN\r\n"),
    );
    assert_eq!(rig.send().await, Ok(()));
    server.misbehave(Step::Hello, Odd::Say("250 mail.example\r\n"));
    assert_eq!(rig.send().await, Err(Undelivered::NoLogin));
    server.misbehave(Step::Hello, Odd::Say("250 AUTH XOAUTH2\r\n"));
    assert_eq!(rig.send().await, Err(Undelivered::NoLogin));
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn what_breaks_before_the_message_is_over_may_be_sent_again() {
    let steps = [
        Step::Connect,
        Step::Hello,
        Step::Sender,
        Step::Recipient,
        Step::Data,
    ];
    let server = SmtpServer::start(Door::Plain, &[]).await;
    let mut rig = Rig::new(&server, Security::Plain).await;
    for step in steps {
        server.behave();
        server.misbehave(step, Odd::Cut);
        rig.timeout = PATIENT;
        assert_eq!(rig.send().await, Err(Undelivered::Unreachable), "{step:?}");
        server.misbehave(step, Odd::Flood("250-and more\r\n"));
        let error = rig.send().await;
        assert_eq!(error, Err(Undelivered::NotUnderstood), "{step:?}");
        server.misbehave(step, Odd::Flood("220 and more"));
        let error = rig.send().await;
        assert_eq!(error, Err(Undelivered::NotUnderstood), "{step:?}");
        rig.timeout = HASTY;
        for text in ["", "2", "250-half\r\n", "354 go\r"] {
            server.misbehave(step, Odd::Hang(text));
            assert_eq!(
                rig.send().await,
                Err(Undelivered::TimedOut),
                "{step:?} {text}"
            );
        }
    }
    assert!(server.received().is_empty());
    server.misbehave(Step::Connect, Odd::Say("HTTP/1.1 400 Bad Request\r\n"));
    rig.timeout = PATIENT;
    assert_eq!(rig.send().await, Err(Undelivered::NotUnderstood));
}

#[tokio::test]
async fn what_breaks_after_the_message_has_an_unknown_outcome() {
    let server = SmtpServer::start(Door::Plain, &[]).await;
    let mut rig = Rig::new(&server, Security::Plain).await;
    for odd in [Odd::Cut, Odd::Say("nonsense\r\n"), Odd::Say("333 what\r\n")] {
        server.misbehave(Step::End, odd);
        assert_eq!(rig.send().await, Err(Undelivered::Unknown), "{odd:?}");
    }
    rig.timeout = HASTY;
    server.misbehave(Step::End, Odd::Hang("25"));
    assert_eq!(rig.send().await, Err(Undelivered::Unknown));
    assert_eq!(server.received().len(), 4);
    // Once it is taken, a server that does not say goodbye takes nothing back.
    server.behave();
    server.misbehave(Step::Quit, Odd::Cut);
    rig.timeout = PATIENT;
    assert_eq!(rig.send().await, Ok(()));
}

#[tokio::test]
async fn nobody_there_is_told_as_such() {
    let server = SmtpServer::start(Door::Plain, &[]).await;
    let mut rig = Rig::new(&server, Security::Plain).await;
    // A port that was free a moment ago.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    rig.port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_eq!(rig.send().await, Err(Undelivered::Unreachable));
    let mail = Mail {
        to: "thandi@example.org\r\nRCPT TO:<x@example.org>",
        ..MAIL
    };
    let error = rig.mailer().send(&mail).await;
    assert_eq!(error, Err(Undelivered::BadAddress));
    assert_eq!(server.connections(), 0);
}
