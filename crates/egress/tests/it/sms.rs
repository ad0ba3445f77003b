//! SMS through a real socket.

use std::time::Duration;

use egress::Fate;
use egress::Refusal;
use egress::Stage;
use egress::Undelivered;
use egress::sms::Sms;
use egress::sms::SmsProvider;
use egress::sms::Texter;
use url::Url;

use crate::host::HASTY;
use crate::host::Host;
use crate::host::PATIENT;
use crate::host::Then;

const SMS: Sms<'_> = Sms {
    to: "+27821234567",
    text: "Your code is 123456 – ü & more",
    reference: "k3m9",
    status: None,
};

const CREATED: &str = "HTTP/1.1 201 Created\r\ncontent-length: 38\r\n\r\n\
                       {\"sid\":\"SM01\",\"id\":\"G-7\",\"status\":\"q\"}";

fn twilio(host: &Host, from: &str, timeout: Duration) -> Texter {
    let provider = SmsProvider::Twilio {
        url: host.url("/"),
        account: "AC01".to_owned(),
        token: "a-token".to_owned().into(),
        from: from.to_owned(),
    };
    Texter::new(host.client(), provider, timeout)
}

fn generic(host: &Host, timeout: Duration) -> Texter {
    let provider = SmsProvider::Generic {
        url: host.url("/sms?v=1"),
        token: "a-token".to_owned().into(),
        from: None,
    };
    Texter::new(host.client(), provider, timeout)
}

#[tokio::test]
async fn twilio_is_asked_as_its_reference_says() {
    let host = Host::start(Then::Answer(CREATED)).await;
    let status = Url::parse("https://imvume.example/sms?ref=k3m9").unwrap();
    let sms = Sms {
        status: Some(&status),
        ..SMS
    };
    let id = twilio(&host, "+27000000000", PATIENT).send(&sms).await;
    assert_eq!(id, Ok(Some("SM01".to_owned())));
    let id = twilio(&host, "MG01", PATIENT).send(&SMS).await;
    assert_eq!(id, Ok(Some("SM01".to_owned())));
    let requests = host.requests();
    let (head, body) = requests.first().unwrap().split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /2010-04-01/Accounts/AC01/Messages.json HTTP/1.1\r\n"));
    // base64 of "AC01:a-token".
    assert!(
        head.contains("authorization: Basic QUMwMTphLXRva2Vu\r\n"),
        "{head}"
    );
    assert!(head.contains("content-type: application/x-www-form-urlencoded\r\n"));
    assert_eq!(
        body,
        "To=%2B27821234567&From=%2B27000000000&\
         Body=Your+code+is+123456+%E2%80%93+%C3%BC+%26+more&\
         StatusCallback=https%3A%2F%2Fimvume.example%2Fsms%3Fref%3Dk3m9"
    );
    assert!(
        requests
            .last()
            .unwrap()
            .contains("&MessagingServiceSid=MG01&")
    );
}

#[tokio::test]
async fn the_generic_provider_is_asked_as_documented() {
    let host = Host::start(Then::Answer(CREATED)).await;
    let id = generic(&host, PATIENT).send(&SMS).await;
    assert_eq!(id, Ok(Some("G-7".to_owned())));
    let requests = host.requests();
    let (head, body) = requests.first().unwrap().split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /sms?v=1 HTTP/1.1\r\n"));
    assert!(head.contains("authorization: Bearer a-token\r\n"));
    assert_eq!(
        body,
        "{\"to\":\"+27821234567\",\"text\":\"Your code is 123456 – ü & more\",\"reference\":\"k3m9\"}"
    );
    assert_eq!(generic(&host, PATIENT).probe().await, None);
}

/// What an answer of each provider comes to.
async fn both(answer: Then, timeout: Duration) -> [Result<Option<String>, Undelivered>; 2] {
    let host = Host::start(answer).await;
    [
        twilio(&host, "Kaapse", timeout).send(&SMS).await,
        generic(&host, timeout).send(&SMS).await,
    ]
}

#[tokio::test]
async fn answers_are_sorted_by_what_may_be_done() {
    let cases = [
        (
            "HTTP/1.1 401 x\r\ncontent-length: 14\r\n\r\n{\"code\":20003}",
            Fate::Again,
        ),
        ("HTTP/1.1 404 x\r\ncontent-length: 0\r\n\r\n", Fate::Never),
        (
            "HTTP/1.1 429 x\r\ncontent-length: 14\r\n\r\n{\"code\":20429}",
            Fate::Again,
        ),
        ("HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n", Fate::Again),
        (
            "HTTP/1.1 500 x\r\ncontent-length: 14\r\n\r\n{\"code\":20500}",
            Fate::Unknown,
        ),
        (
            "HTTP/1.1 302 x\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
            Fate::Again,
        ),
    ];
    for (answer, fate) in cases {
        for outcome in both(Then::Answer(answer), PATIENT).await {
            let error = outcome.err().unwrap();
            assert_eq!(error.fate(), fate, "{answer}");
            assert!(!error.is_bounce());
        }
    }
    let unreadable = "HTTP/1.1 200 x\r\ncontent-length: 4\r\n\r\nfine";
    assert_eq!(
        both(Then::Answer(unreadable), PATIENT).await,
        [Ok(None), Ok(None)]
    );
}

#[tokio::test]
async fn a_dead_number_is_told_from_other_refusals() {
    let cases = [
        ("{\"code\":21211}", 21211, Stage::Recipient, true),
        ("{\"code\":21614}", 21614, Stage::Recipient, true),
        ("{\"code\":21610}", 21610, Stage::Recipient, false),
        ("{\"code\":21606}", 21606, Stage::Sender, false),
        ("{\"code\":21617}", 21617, Stage::Message, false),
    ];
    for (body, code, stage, dead_address) in cases {
        let length = body.len();
        let answer: &'static str =
            format!("HTTP/1.1 400 x\r\ncontent-length: {length}\r\n\r\n{body}").leak();
        let host = Host::start(Then::Answer(answer)).await;
        let expected = Undelivered::Refused(Refusal {
            stage,
            code,
            enhanced: None,
            permanent: true,
            dead_address,
        });
        let found = twilio(&host, "Kaapse", PATIENT).send(&SMS).await;
        assert_eq!(found, Err(expected), "{body}");
    }
    let answer = "HTTP/1.1 422 x\r\ncontent-length: 21\r\n\r\n{\"error\":\"recipient\"}";
    let host = Host::start(Then::Answer(answer)).await;
    let error = generic(&host, PATIENT).send(&SMS).await.err().unwrap();
    assert!(error.is_bounce(), "{error}");
}

#[tokio::test]
async fn no_answer_is_an_unknown_outcome() {
    for then in [
        Then::Close("HTTP/1.1 201"),
        Then::Hang("HTTP/1.1 201 Created\r\n"),
        Then::Flood(
            "HTTP/1.1 201 Created\r\n\r\n",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ),
    ] {
        let unknown = Err(Undelivered::Unknown);
        assert_eq!(both(then, HASTY).await, [unknown.clone(), unknown]);
    }
    let host = Host::start(Then::Answer(CREATED)).await;
    let refused = SmsProvider::Generic {
        url: host.url("/"),
        token: "a-token".to_owned().into(),
        from: None,
    };
    let stranger = crate::host::client(&[]);
    let found = Texter::new(stranger, refused, PATIENT).send(&SMS).await;
    assert_eq!(found, Err(Undelivered::NotAllowed));
    assert!(host.requests().is_empty());
}

#[tokio::test]
async fn the_account_can_be_asked_for() {
    let known = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    let host = Host::start(Then::Answer(known)).await;
    assert_eq!(twilio(&host, "K", PATIENT).probe().await, Some(Ok(())));
    let request = host.requests().concat();
    assert!(request.starts_with("GET /2010-04-01/Accounts/AC01.json HTTP/1.1\r\n"));
    let unknown = "HTTP/1.1 401 x\r\ncontent-length: 0\r\n\r\n";
    let host = Host::start(Then::Answer(unknown)).await;
    let found = twilio(&host, "K", PATIENT).probe().await.unwrap();
    assert_eq!(found.err().unwrap().fate(), Fate::Again);
}
