//! Links to a mailbox or a number: where the answer is wanted, and who asks.

use std::time::Duration;

use domain::audit::Actor;
use domain::ids::RequestId;
use domain::letter::LetterRoute;
use domain::request::Assurance;
use domain::request::LetterKind;
use domain::request::RequestState;
use domain::request::step::Step;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use letters::Facts;
use service::ProofRoute;
use service::Reached;
use store::request::StepOrder;
use testkit::THANDI;

use crate::desk_rig::Rig;
use crate::desk_rig::SITE;
use crate::desk_rig::unfold;
use crate::rights::cases;
use crate::rights::enter;
use crate::rights::post;

const MAILBOX: &str = "zanele@example.org";

/// The path of the link in a text.
fn link(text: &str) -> String {
    let (_, rest) = text.split_once(&format!("{SITE}/m/")).unwrap();
    let end = |c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c));
    format!("/m/{}", rest.split(end).next().unwrap())
}

/// The newest mail once there are so many: to whom, and what.
async fn mail(rig: &Rig, count: usize) -> (String, String) {
    for _ in 0..1_000 {
        let mails = rig.mail.received();
        if mails.len() >= count {
            let newest = mails.last().unwrap();
            return (newest.to.clone(), unfold(&newest.message));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no mail came");
}

/// Opens a link as often as mail programs do, then says yes on its page.
async fn say_yes(rig: &Rig, path: &str) -> u16 {
    for _ in 0..3 {
        assert_eq!(rig.get(path).await.status, 200);
    }
    assert_eq!(rig.post(path, &[]).await.status, 403, "not from its page");
    let token = rig.token(path).await;
    let said = rig.post(path, &[("token", token.as_str())]).await;
    said.status.as_u16()
}

async fn case(rig: &Rig) -> RequestId {
    cases(rig).await[0].id
}

#[tokio::test]
async fn an_address_that_was_given_gets_the_answers_once_its_reader_says_so() {
    let rig = Rig::start().await;
    let cookie = enter(&rig, &THANDI).await;
    let bad = [("kind", "complaint"), ("email", "zanele@")];
    let check = "/preferences/requests/check";
    let refused = post(&rig, &cookie, check, &bad).await;
    assert_eq!(refused.status, 422);
    assert!(refused.says("zanele@"), "what was typed stays");
    let fields = [("kind", "complaint"), ("email", MAILBOX)];
    let shown = post(&rig, &cookie, check, &fields).await;
    assert!(shown.says(MAILBOX), "{}", shown.body);
    let send = "/preferences/requests/send";
    assert_eq!(post(&rig, &cookie, send, &bad).await.status, 400);
    let sent = post(&rig, &cookie, send, &fields).await;
    assert_eq!(sent.header("location"), "/preferences/requests?done=new");
    let (to, text) = mail(&rig, 1).await;
    assert_eq!(to, MAILBOX);
    for personal in ["Thandi", "27825550142"] {
        assert!(!text.contains(personal), "{text}");
    }
    let id = case(&rig).await;
    // The chat is closed by then.
    rig.gateway.advance(Span::days(2)).await;
    let service = &rig.gateway.service;
    let before = service.write_letter(id, LetterKind::Expiry, Facts::default());
    assert_eq!(before.await.unwrap().route, LetterRoute::Page);
    let path = link(&text);
    assert_eq!(say_yes(&rig, &path).await, 200);
    let after = service.write_letter(id, LetterKind::Completion, Facts::default());
    assert_eq!(after.await.unwrap().route, LetterRoute::Email);
    let (to, text) = mail(&rig, 2).await;
    assert_eq!(to, MAILBOX);
    assert!(text.contains("case 1"), "{text}");
    rig.gateway.advance(Span::days(8)).await;
    let old = rig.get(&path).await;
    assert_eq!(old.status, 410, "{}", old.body);
    assert_eq!(rig.get("/m/x").await.status, 404);
}

async fn ask_identity(rig: &Rig, id: RequestId) {
    let order = StepOrder {
        id,
        version: None,
        step: Step::AskIdentity,
        note: None,
    };
    let asked = rig.gateway.service.step_request(Actor::System, order).await;
    assert_eq!(
        asked.unwrap().request.request.state,
        RequestState::IdentityPending
    );
}

#[tokio::test]
async fn who_reads_where_they_were_known_long_before_has_proved_who_they_are() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    let phone = THANDI.address().trim_start_matches('+');
    let phone = Identifier::new(IdentifierKind::Phone, format!("+{phone}"));
    let email = Identifier::new(IdentifierKind::Email, MAILBOX.to_owned());
    let store = &rig.gateway.store;
    let enrolled = store.enrol(Actor::System, vec![phone, email]).await;
    assert_eq!(enrolled.unwrap(), rig.gateway.subject(&THANDI).await);
    rig.gateway.advance(Span::days(31)).await;
    let cookie = enter(&rig, &THANDI).await;
    let send = "/preferences/requests/send";
    post(&rig, &cookie, send, &[("kind", "complaint")]).await;
    let id = case(&rig).await;
    let service = &rig.gateway.service;
    let early = service.ask_proof(Actor::System, id, ProofRoute::Email);
    assert!(early.await.is_err(), "nobody waits for it");
    for (round, route) in [ProofRoute::Email, ProofRoute::Sms].into_iter().enumerate() {
        ask_identity(&rig, id).await;
        let asked = service.ask_proof(Actor::System, id, route).await;
        assert_eq!(asked.unwrap(), Reached::Sent);
        let text = if round == 0 {
            let (to, text) = mail(&rig, 1).await;
            assert_eq!(to, MAILBOX);
            text
        } else {
            rig.next_sms().await.1
        };
        let path = link(&text);
        assert_eq!(say_yes(&rig, &path).await, 200);
        let [case] = cases(&rig).await.try_into().unwrap();
        assert_eq!(case.request.assurance, Assurance::SecondChannel);
        assert_ne!(case.request.state, RequestState::IdentityPending);
        assert_eq!(rig.get(&path).await.status, 410, "once");
    }
}

#[tokio::test]
async fn what_was_known_a_moment_ago_proves_nothing() {
    let rig = Rig::start().await;
    let cookie = enter(&rig, &THANDI).await;
    let phone = THANDI.address().trim_start_matches('+');
    let phone = Identifier::new(IdentifierKind::Phone, format!("+{phone}"));
    let email = Identifier::new(IdentifierKind::Email, MAILBOX.to_owned());
    let store = &rig.gateway.store;
    store
        .enrol(Actor::System, vec![phone, email])
        .await
        .unwrap();
    let send = "/preferences/requests/send";
    post(&rig, &cookie, send, &[("kind", "complaint")]).await;
    let id = case(&rig).await;
    ask_identity(&rig, id).await;
    for route in [ProofRoute::Email, ProofRoute::Sms] {
        let asked = rig.gateway.service.ask_proof(Actor::System, id, route);
        assert_eq!(asked.await.unwrap(), Reached::Unknown);
    }
}
