//! Double opt-in, codes and preference links, with a real mail server beside the gateway.

use domain::confirmation::Route;
use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::time::Span;
use egress::sms::callback;
use http::Request;
use serde_json::Value;
use serde_json::json;
use service::Handed;
use service::LinkFault;
use service::OptIn;
use service::Origin;
use service::PortalError;
use service::Switch;
use testkit::ANNELIE;
use testkit::NUMBER;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::smtp::Odd;
use testkit::smtp::Step;

use crate::optin_rig::MAILBOX;
use crate::optin_rig::Rig;
use crate::optin_rig::SMS_TOKEN;
use crate::optin_rig::form;
use crate::optin_rig::token;
use crate::sends::template;

const REQUESTED: (ConsentState, EvidenceGrade) = (ConsentState::Requested, EvidenceGrade::Asserted);
const GIVEN: (ConsentState, EvidenceGrade) = (ConsentState::Given, EvidenceGrade::Confirmed);

fn sale(to: &str) -> Value {
    template("spring_sale", to, &["you", "20%"])
}

pub(crate) async fn verdict(rig: &Rig, to: &str) -> (u16, u64) {
    let answer = rig.gateway.send(&rig.gateway.real, &sale(to)).await;
    answer.verdict()
}

#[tokio::test]
async fn from_the_form_by_mail_to_the_promotion() {
    let rig = Rig::start().await;
    let service = &rig.gateway.service;
    rig.ask(form(&THANDI, Route::Email)).await;
    assert_eq!(rig.post().await, 1);
    let mails = rig.mail.received();
    assert_eq!((mails.len(), mails[0].to.as_str()), (1, MAILBOX));
    for said in [
        "Kaapse Koffie",
        "Messages on WhatsApp, version 1",
        "If it was not you",
    ] {
        assert!(
            mails[0].message.replace("=\r\n", "").contains(said),
            "{said}"
        );
    }
    assert!(
        !mails[0].message.contains("82555"),
        "the number stands in no mail"
    );
    let token = rig.mailed();
    for _ in 0..2 {
        // Mail scanners look ahead.
        let pending = service.confirmation(&token).await.unwrap();
        assert_eq!(pending.purposes[0].code, "marketing");
        assert_eq!(pending.purposes[0].notice.as_ref().unwrap().version, 1);
    }
    assert_eq!(rig.ledger(&THANDI), [REQUESTED]);
    assert_eq!(verdict(&rig, THANDI.address()).await, (403, 131_005));
    let done = service.confirm(&token, Origin::default()).await.unwrap();
    assert!(done.session.is_none(), "a mailbox opens nobody's page");
    assert_eq!(rig.ledger(&THANDI), [REQUESTED, GIVEN]);
    assert_eq!(verdict(&rig, THANDI.address()).await, (200, 0));
    let again = service.confirm(&token, Origin::default()).await;
    assert_eq!(again.unwrap_err(), PortalError::Link(LinkFault::Used));
    let again = service.decline(&token, Origin::default()).await;
    assert_eq!(again.unwrap_err(), PortalError::Link(LinkFault::Used));
}

#[tokio::test]
async fn a_mail_server_that_is_away_delays_and_counts_for_nothing() {
    let rig = Rig::start().await;
    rig.ask(form(&THANDI, Route::Email)).await;
    let odd = [
        (Step::Connect, Odd::Cut, 30),
        (Step::Recipient, Odd::Say("450 4.2.0 later\r\n"), 120),
        (Step::End, Odd::Cut, 600),
    ];
    for (step, odd, pause) in odd {
        rig.mail.misbehave(step, odd);
        assert_eq!(rig.post().await, 1);
        rig.gateway
            .clock
            .set(rig.gateway.clock.now() + Span::seconds(pause - 1));
        assert_eq!(rig.post().await, 0);
        rig.gateway
            .clock
            .set(rig.gateway.clock.now() + Span::seconds(1));
        rig.mail.behave();
    }
    assert_eq!(rig.ledger(&THANDI), [REQUESTED]);
    assert_eq!(verdict(&rig, THANDI.address()).await, (403, 131_005));
    assert_eq!(rig.post().await, 1);
    let token = rig.mailed();
    rig.gateway
        .service
        .confirm(&token, Origin::default())
        .await
        .unwrap();
    assert_eq!(rig.ledger(&THANDI), [REQUESTED, GIVEN]);
}

#[tokio::test]
async fn an_address_that_is_refused_for_good_is_not_tried_again() {
    let rig = Rig::start().await;
    let odd = Odd::Say("550 5.1.1 nobody\r\n");
    rig.mail.misbehave(Step::Recipient, odd);
    rig.ask(form(&THANDI, Route::Email)).await;
    assert_eq!(rig.post().await, 1);
    rig.mail.behave();
    rig.gateway
        .clock
        .set(rig.gateway.clock.now() + Span::days(1));
    assert_eq!(rig.post().await, 0);
    assert!(rig.mail.received().is_empty());
}

#[tokio::test]
async fn links_that_are_not_right_say_so_and_nothing_else() {
    let rig = Rig::start().await;
    let service = &rig.gateway.service;
    rig.ask(form(&THANDI, Route::Email)).await;
    rig.post().await;
    let token = rig.mailed();
    let mut altered = token.clone();
    altered.replace_range(31.., if token.ends_with('0') { "1" } else { "0" });
    let long = "a".repeat(100_000);
    for bad in [
        altered.as_str(),
        "",
        "x",
        token.get(1..).unwrap(),
        &long,
        "\u{ff10}",
        "' OR 1=1--",
    ] {
        let looked = service.confirmation(bad).await.unwrap_err();
        assert_eq!(looked, PortalError::Link(LinkFault::Altered));
        let said = service.confirm(bad, Origin::default()).await.unwrap_err();
        assert_eq!(said, PortalError::Link(LinkFault::Altered));
    }
    rig.gateway
        .clock
        .set(rig.gateway.clock.now() + Span::hours(48));
    let late = service
        .confirm(&token, Origin::default())
        .await
        .unwrap_err();
    assert_eq!(late, PortalError::Link(LinkFault::Expired));
    assert_eq!(rig.ledger(&THANDI), [REQUESTED]);
}

#[tokio::test]
async fn the_answer_is_the_same_whoever_it_is_about() {
    let rig = Rig::start().await;
    rig.gateway.consent(&SIPHO, "marketing").await;
    rig.gateway.hear_text(&ANNELIE, "STOP").await;
    for route in [Route::Email, Route::Sms, Route::Chat] {
        let mut answers = Vec::new();
        for person in [
            &THANDI, &SIPHO, &ANNELIE, &ANNELIE, &ANNELIE, &ANNELIE, &ANNELIE,
        ] {
            let taken = rig.ask(form(person, route)).await;
            let chat = taken
                .chat
                .map(|chat| (chat.url.as_str().len(), chat.svg.len()));
            answers.push((taken.route, chat.map(|(length, _)| length)));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{route:?} {answers:?}");
    }
}

/// Something that is wrong with a request.
type Change<'a> = &'a dyn Fn(&mut OptIn);

#[tokio::test]
async fn what_cannot_be_used_is_named_by_its_field() {
    let rig = Rig::start().await;
    let purposes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    let cases: [(&str, Change<'_>); 10] = [
        ("purposes", &|asked| asked.purposes.clear()),
        ("purposes", &|asked| asked.purposes = purposes(&["nothing"])),
        ("purposes", &|asked| {
            asked.purposes = purposes(&["customer-care"]);
        }),
        ("phone", &|asked| {
            asked.phone = Some("0821234567".to_owned());
        }),
        ("phone", &|asked| asked.phone = Some("=1+1".to_owned())),
        ("email", &|asked| {
            asked.email = Some("a@b\r\nBcc: x".to_owned());
        }),
        ("contact", &|asked| asked.email = None),
        ("contact", &|asked| {
            asked.email = None;
            asked.phone = Some(" ".to_owned());
            asked.route = None;
        }),
        ("language", &|asked| asked.language = "<script>".to_owned()),
        ("reference", &|asked| {
            asked.reference = Some("x".repeat(201));
        }),
    ];
    for (field, change) in cases {
        let mut asked = form(&THANDI, Route::Email);
        change(&mut asked);
        match rig.gateway.service.request_consent(asked).await {
            Err(PortalError::Field(found)) => assert_eq!(found.name(), field),
            other => panic!("{field}: {other:?}"),
        }
    }
    assert_eq!(rig.post().await, 0);
}

#[tokio::test]
async fn an_sms_confirms_opens_the_page_and_tells_its_fate() {
    let rig = Rig::start().await;
    let service = &rig.gateway.service;
    rig.ask(form(&THANDI, Route::Sms)).await;
    rig.ask(form(&SIPHO, Route::Sms)).await;
    assert_eq!(rig.post().await, 2);
    let (token, told) = rig.texted();
    let here = told
        .as_str()
        .replace("https://people.example", &rig.gateway.public_url);
    let body = "MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30006";
    let right = callback::sign(SMS_TOKEN, told.as_str(), body.as_bytes());
    let tell = async |url: &str, signature: Option<&str>| {
        let request =
            Request::post(url).header("content-type", "application/x-www-form-urlencoded");
        let request = match signature {
            Some(signature) => request.header("x-twilio-signature", signature),
            None => request,
        };
        rig.gateway.client.call(request, body).await.status
    };
    assert_eq!(tell(&here, None).await, 401);
    assert_eq!(tell(&here, Some("AAAA")).await, 401);
    assert_eq!(
        tell(&format!("{here}0"), Some(&right)).await,
        401,
        "another message"
    );
    service.confirmation(&token).await.unwrap();
    assert_eq!(tell(&here, Some(&right)).await, 204);
    let gone = service.confirmation(&token).await.unwrap_err();
    assert_eq!(gone, PortalError::Link(LinkFault::Used));
    // The other person's message arrived.
    let first = token_of(&rig, 0);
    let done = service.confirm(&first, Origin::default()).await.unwrap();
    let session = done.session.unwrap();
    let page = service.preferences(&session, "en").await.unwrap();
    let marketing = page
        .purposes
        .iter()
        .find(|one| one.purpose.code == "marketing")
        .unwrap();
    assert!(marketing.on && marketing.switchable);
    assert_eq!(rig.ledger(&SIPHO), [REQUESTED]);
}

fn token_of(rig: &Rig, place: usize) -> String {
    let texts = rig.texts.lock().unwrap();
    let mut form = url::form_urlencoded::parse(texts[place].as_bytes());
    let (_, body) = form.find(|(name, _)| name == "Body").unwrap();
    token(&body)
}

#[tokio::test]
async fn a_report_of_the_mail_server_ends_the_request() {
    let rig = Rig::start().await;
    let service = &rig.gateway.service;
    rig.ask(form(&THANDI, Route::Email)).await;
    rig.post().await;
    let mail = rig.mail.received().remove(0).message;
    let id = mail
        .lines()
        .find(|line| line.starts_with("Message-ID:"))
        .unwrap();
    let report = |id: &str| {
        format!(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nno\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a\r\n\r\n\
             Final-Recipient: rfc822; x@y.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n\
             --b\r\nContent-Type: message/rfc822\r\n\r\n{id}\r\n\r\nHello\r\n--b--\r\n"
        )
    };
    let forged = id.replace(['a', 'b', 'c', 'd', 'e', 'f'], "0");
    assert!(service.bounced(report(&forged).as_bytes()).await.is_err());
    assert!(service.bounced(b"Subject: hello\r\n\r\n").await.is_err());
    assert!(service.bounced(report(id).as_bytes()).await.unwrap());
    let gone = service.confirmation(&rig.mailed()).await.unwrap_err();
    assert_eq!(gone, PortalError::Link(LinkFault::Used));
}

#[tokio::test]
async fn an_app_asks_for_its_own_form() {
    let rig = Rig::start().await;
    let path = format!("/v23.0/{NUMBER}/imvume_consent_requests");
    let body = json!({
        "purposes": ["marketing"], "phone": THANDI.address(), "email": MAILBOX, "language": "de",
        "route": "email", "reference": "order 7",
        "origin": {"address": "192.0.2.1", "agent": "Shop", "form": "checkout"},
    });
    let (gateway, real) = (&rig.gateway, &rig.gateway.real);
    let answer = gateway.call(real, "POST", &path, &body).await;
    assert_eq!(
        (answer.status, &answer.json()["route"]),
        (200, &json!("email"))
    );
    assert_eq!(rig.post().await, 1);
    assert!(
        rig.mail.received()[0]
            .message
            .contains("Content-Language: de")
    );
    for (member, value) in [
        ("phone", json!("082")),
        ("route", json!("pigeon")),
        ("purposes", json!("marketing")),
        ("extra", json!(1)),
    ] {
        let mut bad = body.clone();
        bad[member] = value;
        let answer = gateway.call(real, "POST", &path, &bad).await;
        assert_eq!(answer.verdict(), (400, 131_009), "{member}");
    }
}

#[tokio::test]
async fn a_link_opens_a_chat_that_asks_and_confirms() {
    let rig = Rig::start().await;
    let service = &rig.gateway.service;
    let marketing = ["marketing".to_owned()];
    let open = service.chat_link(&marketing, "en").unwrap();
    assert!(open.svg.starts_with("<?xml") && open.svg.contains("<svg"));
    let named = rig.ask(form(&SIPHO, Route::Chat)).await.chat.unwrap();
    assert!(
        named
            .url
            .as_str()
            .starts_with("https://wa.me/27215550100?text=")
    );
    for (person, link, grade) in [
        (&THANDI, open, EvidenceGrade::Direct),
        (&SIPHO, named, EvidenceGrade::Confirmed),
    ] {
        let (_, text) = link.url.query_pairs().next().unwrap();
        let before = rig.gateway.sent().await.len();
        rig.gateway
            .hear_text(person, &text.replace("imvume:", "imvume:A"))
            .await;
        assert_eq!(rig.gateway.sent().await.len(), before, "not one of ours");
        rig.gateway.hear_text(person, &text).await;
        let sent = rig.gateway.sent().await;
        assert_eq!(sent.len(), before + 1);
        let asked = &sent.last().unwrap()["body"]["interactive"];
        let text = asked["body"]["text"].as_str().unwrap();
        assert!(text.contains("Offers and promotions") && text.contains("/notices/messages/1/en"));
        assert_eq!(rig.ledger(person), [REQUESTED]);
        let reply = asked["action"]["buttons"][0]["reply"].clone();
        // Somebody else who got hold of the button changes nothing.
        let tap =
            |handle: &str| json!({"from": handle, "type": "button_reply", "button_reply": reply});
        rig.gateway.hear(tap(ANNELIE.handle)).await;
        assert_eq!(rig.ledger(person), [REQUESTED]);
        rig.gateway.hear(tap(person.handle)).await;
        assert_eq!(
            rig.ledger(person),
            [REQUESTED, (ConsentState::Given, grade)]
        );
        assert_eq!(verdict(&rig, person.address()).await, (200, 0));
    }
}

#[tokio::test]
async fn whoever_comes_by_the_link_to_the_chat_is_answered_with_their_own_page() {
    let rig = Rig::start().await;
    let service = &rig.gateway.service;
    let link = service.choices_chat_link("de").unwrap();
    assert!(link.url.as_str().starts_with("https://wa.me/27215550100?"));
    let (_, text) = link.url.query_pairs().next().unwrap();
    rig.gateway.consent(&THANDI, "marketing").await;
    // Known or not, stopped or not: whoever writes has shown that the number is theirs.
    rig.gateway.hear_text(&SIPHO, "STOP").await;
    for (person, after) in [
        (&THANDI, ConsentState::Renewed),
        (&SIPHO, ConsentState::Given),
        (&ANNELIE, ConsentState::Given),
    ] {
        let before = rig.gateway.sent().await.len();
        let bent = text.replace("imvume:", "imvume:A");
        rig.gateway.hear_text(person, &bent).await;
        assert_eq!(rig.gateway.sent().await.len(), before, "not one of ours");
        rig.gateway.hear_text(person, &text).await;
        let sent = rig.gateway.sent().await;
        assert_eq!(sent.len(), before + 1);
        let answer = sent.last().unwrap()["body"]["text"]["body"]
            .as_str()
            .unwrap();
        assert!(answer.starts_with("Hier sehen und ändern Sie"), "{answer}");
        let (_, token) = answer.split_once("https://people.example/p/").unwrap();
        let session = service.open_link(token).unwrap();
        let on = ("marketing", Switch::On);
        service
            .switch(&session, on, Origin::default())
            .await
            .unwrap();
        assert_eq!(
            rig.ledger(person).last(),
            Some(&(after, EvidenceGrade::Confirmed))
        );
        assert_eq!(verdict(&rig, person.address()).await, (200, 0));
    }
    // Nothing else opens it: not as the answer to a button, not for an opt-in.
    let reference = text.split_once("imvume:").unwrap().1.trim_end_matches(')');
    let before = rig.gateway.sent().await.len();
    for id in ["imvume:yes:", "imvume:no:", "imvume:"] {
        let reply = json!({"id": format!("{id}{reference}"), "title": "x"});
        let tap = json!({"from": THANDI.handle, "type": "button_reply", "button_reply": reply});
        rig.gateway.hear(tap).await;
    }
    assert_eq!(rig.gateway.sent().await.len(), before);
}

#[tokio::test]
async fn a_stop_tells_where_to_set_more_and_the_page_switches() {
    let rig = Rig::start().await;
    let service = &rig.gateway.service;
    rig.gateway.consent(&THANDI, "marketing").await;
    rig.gateway.hear_text(&THANDI, "STOP").await;
    let sent = rig.gateway.sent().await;
    let text = sent[0]["body"]["interactive"]["body"]["text"]
        .as_str()
        .unwrap();
    let (_, token) = text.split_once("https://people.example/p/").unwrap();
    let session = service.open_link(token.trim()).unwrap();
    let cookie = service.cookie(&session).unwrap();
    assert_eq!(service.session(&cookie), Ok(session));
    assert_eq!(service.session(token.trim()), Err(PortalError::NoSession));
    assert!(service.open_link(&cookie).is_err());
    let page = service.preferences(&session, "en").await.unwrap();
    assert!(
        page.purposes
            .iter()
            .any(|one| one.purpose.code == "marketing" && !one.on)
    );
    assert_eq!(page.suppressions.len(), 1);
    let switch = async |code: &str, wanted| {
        service
            .switch(&session, (code, wanted), Origin::default())
            .await
    };
    switch("marketing", Switch::On).await.unwrap();
    assert_eq!(verdict(&rig, THANDI.address()).await, (200, 0));
    switch("marketing", Switch::Off).await.unwrap();
    // Off for one purpose is no opt-out from all promotions: the code is that of missing consent.
    assert_eq!(verdict(&rig, THANDI.address()).await, (403, 131_005));
    for fixed in ["customer-care", "nothing"] {
        let refused = switch(fixed, Switch::Off).await;
        assert_eq!(refused, Err(PortalError::NotSwitchable));
    }
    rig.gateway
        .clock
        .set(rig.gateway.clock.now() + Span::minutes(30));
    assert_eq!(service.session(&cookie), Err(PortalError::NoSession));
    assert_eq!(
        switch("marketing", Switch::On).await,
        Err(PortalError::NoSession)
    );
    service.open_link(token.trim()).unwrap();
    rig.gateway
        .clock
        .set(rig.gateway.clock.now() + Span::days(30));
    let late = service.open_link(token.trim());
    assert_eq!(late, Err(PortalError::Link(LinkFault::Expired)));
}

#[tokio::test]
async fn a_link_of_staff_lifts_nothing() {
    let rig = Rig::start().await;
    let service = &rig.gateway.service;
    rig.gateway.hear_text(&THANDI, "STOP").await;
    let subject = rig.gateway.subject(&THANDI).await;
    let link = service.preference_link((subject, None), "af", Handed::Staff);
    let link = link.unwrap().unwrap();
    let session = service
        .open_link(link.path_segments().unwrap().next_back().unwrap())
        .unwrap();
    assert_eq!(session.language(), "af");
    let on = ("marketing", Switch::On);
    service
        .switch(&session, on, Origin::default())
        .await
        .unwrap();
    assert_eq!(verdict(&rig, THANDI.address()).await, (400, 131_050));
    let again = service.start_again(&session, Origin::default()).await;
    assert_eq!(again, Err(PortalError::NotSwitchable));
    service
        .stop_everything(&session, Origin::default())
        .await
        .unwrap();
    assert!(
        service
            .preferences(&session, "en")
            .await
            .unwrap()
            .everything_stopped
    );
}

#[tokio::test]
async fn an_app_writes_a_word_and_the_person_gets_a_link() {
    let rig = Rig::start().await;
    let (gateway, service) = (&rig.gateway, &rig.gateway.service);
    gateway.hear_text(&THANDI, "Hello").await;
    let body = "Set it here: imvume:preferences";
    let text = json!({
        "messaging_product": "whatsapp", "to": THANDI.address(), "type": "text",
        "text": {"body": body},
    });
    let answer = gateway.send(&gateway.real, &text).await;
    assert_eq!(answer.verdict(), (200, 0));
    assert!(!String::from_utf8_lossy(&answer.body).contains("people.example"));
    let sent = gateway.sent().await;
    let text = sent.last().unwrap()["body"]["text"]["body"]
        .as_str()
        .unwrap();
    let (_, token) = text.split_once("here: https://people.example/p/").unwrap();
    let session = service.open_link(token).unwrap();
    service.preferences(&session, "en").await.unwrap();
    // In a template too; the person is found or made as by any send.
    gateway.consent(&SIPHO, "marketing").await;
    let sale = template(
        "spring_sale",
        SIPHO.address(),
        &["you", "imvume:preferences"],
    );
    assert_eq!(gateway.send(&gateway.real, &sale).await.verdict(), (200, 0));
    let sent = gateway.sent().await;
    let sent = sent.last().unwrap()["body"].to_string();
    assert!(sent.contains("https://people.example/p/") && !sent.contains("imvume:preferences"));
}

#[tokio::test]
async fn a_code_by_sms_opens_the_page() {
    let rig = Rig::start().await;
    let service = &rig.gateway.service;
    rig.gateway.hear_text(&THANDI, "Hello").await;
    service.ask_code(SIPHO.address(), "en").await.unwrap();
    service.ask_code(THANDI.address(), "en").await.unwrap();
    let code = loop {
        tokio::task::yield_now().await;
        let texts = rig.texts.lock().unwrap();
        if let Some(form) = texts.last() {
            let digits: String = form.split("is+").nth(1).unwrap().chars().take(6).collect();
            break digits;
        }
    };
    assert_eq!(
        rig.texts.lock().unwrap().len(),
        1,
        "nobody has the other number"
    );
    for (phone, bad) in [
        (SIPHO.address(), code.as_str()),
        (THANDI.address(), "000000000"),
        ("nonsense", &code),
    ] {
        let refused = service.enter_code(phone, bad, "en").await;
        assert_eq!(refused, Err(PortalError::NoSession));
    }
    let session = service
        .enter_code(THANDI.address(), &code, "en")
        .await
        .unwrap();
    service.preferences(&session, "en").await.unwrap();
    let twice = service.enter_code(THANDI.address(), &code, "en").await;
    assert_eq!(twice, Err(PortalError::NoSession));
}
