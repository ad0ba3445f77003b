//! What a person asks for by right on their page, and what they get.

use axum::body::Body;
use domain::audit::Actor;
use domain::ids::RequestId;
use domain::letter::LetterRoute;
use domain::letter::LetterState;
use domain::request::Assurance;
use domain::request::LetterKind;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use http::Method;
use letters::Facts;
use service::Handed;
use service::erasure_certificate::ErasureNote;
use store::request::NewRequest;
use store::request::RequestFilter;
use store::request::RequestView;
use testkit::Person;
use testkit::SIPHO;
use testkit::THANDI;
use tlog::VerifyingKey;

use crate::desk_rig::Reply;
use crate::desk_rig::Rig;
use crate::desk_rig::SITE;
use crate::desk_rig::browser;

const REQUESTS: &str = "/preferences/requests";

pub(crate) async fn enter(rig: &Rig, person: &Person) -> String {
    rig.gateway.hear_text(person, "Molo").await;
    let subject = rig.gateway.subject(person).await;
    let who = (subject, Some(rig.gateway.number));
    let url = rig.gateway.service.preference_link(who, "en", Handed::Sent);
    let path = url.unwrap().unwrap().path().to_owned();
    rig.get(&path).await.cookie()
}

pub(crate) async fn see(rig: &Rig, cookie: &str, path: &str) -> Reply {
    rig.get_with(path, &[("cookie", cookie)]).await
}

pub(crate) async fn post(rig: &Rig, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
    let form = format!("{REQUESTS}/new/access");
    let token = see(rig, cookie, &form).await.token();
    let mut all = vec![("token", token.as_str())];
    all.extend_from_slice(fields);
    let headers = [("origin", SITE), ("cookie", cookie)];
    rig.post_with(path, &headers, &all).await
}

/// Asks as a person does: the form, the second look, and then the button.
async fn ask(rig: &Rig, cookie: &str, kind: &str, text: &str) -> Reply {
    let form = see(rig, cookie, &format!("{REQUESTS}/new/{kind}")).await;
    assert_eq!(form.status, 200, "{}", form.body);
    let fields = [("kind", kind), ("text", text)];
    let check = post(rig, cookie, "/preferences/requests/check", &fields).await;
    assert_eq!(check.status, 200, "{}", check.body);
    assert!(check.says("Is this right?") && check.says(text));
    post(rig, cookie, "/preferences/requests/send", &fields).await
}

pub(crate) async fn cases(rig: &Rig) -> Vec<RequestView> {
    let read = rig
        .gateway
        .store
        .read(|reader| reader.requests(&RequestFilter::default(), None, 10));
    read.await.unwrap()
}

#[tokio::test]
async fn a_person_asks_and_sees_the_case_and_the_letter() {
    let rig = Rig::start().await;
    let cookie = enter(&rig, &THANDI).await;
    let page = see(&rig, &cookie, "/preferences").await;
    assert!(page.says("Your data and your rights") && page.says("/preferences/requests?"));
    let empty = see(&rig, &cookie, REQUESTS).await;
    assert!(empty.says("You have not asked for anything yet."));
    for kind in [
        "access",
        "portability",
        "correction",
        "deletion",
        "restriction",
    ] {
        assert!(empty.says(&format!("{REQUESTS}/new/{kind}")), "{kind}");
    }
    let sent = ask(&rig, &cookie, "correction", "My name is Thandeka").await;
    assert_eq!(sent.header("location"), "/preferences/requests?done=new");
    let list = see(&rig, &cookie, "/preferences/requests?done=new").await;
    assert!(list.says("We have your request.") && list.says("Correct my data"));
    assert!(list.says("Answer by"), "{}", list.body);
    let again = ask(&rig, &cookie, "correction", "It is Thandeka").await;
    assert_eq!(again.header("location"), "/preferences/requests?done=known");
    let [case] = cases(&rig).await.try_into().unwrap();
    assert_eq!(case.request.kind, RequestKind::Correction);
    let read = see(&rig, &cookie, &format!("{REQUESTS}/{}", case.id)).await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert!(read.says("We have your request (case "), "{}", read.body);
    assert!(
        !read.says("imvume:preferences"),
        "no page tells the word of a chat"
    );
    let number = case.id.to_string();
    let fields = [("case", number.as_str())];
    let taken = post(&rig, &cookie, "/preferences/requests/withdraw", &fields).await;
    assert_eq!(
        taken.header("location"),
        "/preferences/requests?done=withdrawn"
    );
    let list = see(&rig, &cookie, REQUESTS).await;
    assert!(list.says("Taken back"), "{}", list.body);
}

#[tokio::test]
async fn nobody_sees_or_touches_what_is_somebody_elses() {
    let rig = Rig::start().await;
    let thandi = enter(&rig, &THANDI).await;
    let sipho = enter(&rig, &SIPHO).await;
    ask(&rig, &thandi, "complaint", "").await;
    let [case] = cases(&rig).await.try_into().unwrap();
    let path = format!("{REQUESTS}/{}", case.id);
    assert_eq!(see(&rig, &thandi, &path).await.status, 200);
    for wrong in [
        path.as_str(),
        "/preferences/requests/0",
        "/preferences/requests/x",
    ] {
        assert_eq!(see(&rig, &sipho, wrong).await.status, 404, "{wrong}");
    }
    let number = case.id.to_string();
    let fields = [("case", number.as_str())];
    let taken = post(&rig, &sipho, "/preferences/requests/withdraw", &fields).await;
    assert_eq!(taken.header("location"), "/preferences/requests?done=no");
    assert!(cases(&rig).await[0].request.is_open());
    for path in [REQUESTS, "/preferences/requests/new/access", path.as_str()] {
        let away = rig.get(path).await;
        assert_eq!(away.header("location"), "/preferences/enter", "{path}");
    }
}

#[tokio::test]
async fn forms_take_what_this_site_sends_and_no_more() {
    let rig = Rig::start().await;
    let cookie = enter(&rig, &THANDI).await;
    let send = "/preferences/requests/send";
    for (headers, token) in [
        (vec![("cookie", cookie.as_str())], true),
        (vec![("cookie", cookie.as_str()), ("origin", "null")], true),
        (vec![("cookie", cookie.as_str()), ("origin", SITE)], false),
    ] {
        let form = see(&rig, &cookie, "/preferences/requests/new/access").await;
        let token = if token { form.token() } else { "x".to_owned() };
        let fields = [("token", token.as_str()), ("kind", "deletion")];
        let refused = rig.post_with(send, &headers, &fields).await;
        assert_eq!(refused.status, 403);
    }
    for (kind, status) in [("withdrawal", 400), ("everything", 400), ("", 400)] {
        let refused = post(&rig, &cookie, send, &[("kind", kind)]).await;
        assert_eq!(refused.status, status, "{kind}");
    }
    let long = "é".repeat(2_001);
    let fields = [("kind", "access"), ("text", long.as_str())];
    let check = post(&rig, &cookie, "/preferences/requests/check", &fields).await;
    assert_eq!(check.status, 422);
    assert!(check.says("2,000 characters") && check.says(&long));
    assert_eq!(post(&rig, &cookie, send, &fields).await.status, 400);
    assert!(cases(&rig).await.is_empty());
    assert_eq!(
        see(&rig, &cookie, "/preferences/requests/new/x")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn who_is_erased_has_a_certificate_that_holds() {
    let rig = Rig::start().await;
    let cookie = enter(&rig, &THANDI).await;
    let certificate = |case: RequestId| {
        let link = rig.gateway.service.certificate_link(case);
        link.unwrap().unwrap().path().to_owned()
    };
    let early = rig.get(&certificate(RequestId(1))).await;
    assert_eq!(early.status, 404);
    assert!(early.says("There is no certificate here"));
    let sent = ask(&rig, &cookie, "deletion", "").await;
    assert_eq!(sent.header("location"), "/preferences/requests?done=new");
    let [case] = cases(&rig).await.try_into().unwrap();
    let path = certificate(case.id);
    for _ in 0..10 {
        rig.gateway.advance(Span::minutes(1)).await;
        rig.gateway.service.requests_now().await.unwrap();
        rig.gateway.service.step_erasures().await.unwrap();
    }
    let page = rig.get(&path).await;
    assert_eq!(page.status, 200, "{}", page.body);
    for text in ["Certificate of erasure", "What was erased", "up to 30 days"] {
        assert!(page.says(text), "{text}: {}", page.body);
    }
    assert!(!page.says("Thandi") && !page.says("27825550142"));
    let note = rig.get(&format!("{path}/note")).await;
    let path_of_key = rig.gateway.data().join("log/key.vkey");
    let key = std::fs::read_to_string(path_of_key).unwrap();
    let key: VerifyingKey = key.trim().parse().unwrap();
    let held = ErasureNote::verify(&note.body, &key).unwrap();
    assert_eq!(held.facts.request, Some(case.id));
    for line in note.body.lines().filter(|line| line.contains(": ")) {
        let cut = note.body.replace(&format!("{line}\n"), "");
        assert!(ErasureNote::verify(&cut, &key).is_err(), "{line}");
    }
    let pdf = rig.get(&format!("{path}/pdf")).await;
    assert!(pdf.body.starts_with("%PDF-1.7"));
    let gone = see(&rig, &cookie, &format!("{REQUESTS}/{}", case.id)).await;
    assert_eq!(
        gone.status, 403,
        "the session leads to nobody: {}",
        gone.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_looked_at_often_and_fetched_once() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    let subject = rig.gateway.subject(&THANDI).await;
    let service = &rig.gateway.service;
    let begun = service.prepare_package(Actor::System, None, subject);
    let id = begun.await.unwrap();
    service.packages_now().await.unwrap();
    let linked = rig.gateway.store.link_package(Actor::System, id).await;
    let path = format!("/package/{}", linked.unwrap().as_str());
    for method in [Method::HEAD, Method::GET] {
        let request = browser(method, &path, &[]).body(Body::empty()).unwrap();
        assert_eq!(rig.ask(request).await.status, 200);
    }
    let token = rig.token(&path).await;
    assert_eq!(rig.post(&path, &[]).await.status, 403, "not from its page");
    let fields = [("token", token.as_str())];
    let fetched = rig.post(&path, &fields).await;
    assert_eq!(fetched.status, 200);
    assert_eq!(fetched.header("content-type"), "application/zip");
    assert!(fetched.body.starts_with("PK"));
    assert_eq!(rig.post(&path, &fields).await.status, 404, "once");
    assert_eq!(rig.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_link_to_a_package_that_is_none_leads_nowhere() {
    let rig = Rig::start().await;
    for token in ["x", "0123456789abcdef0123456789abcdef"] {
        let path = format!("/package/{token}");
        assert_eq!(rig.get(&path).await.status, 404);
        assert_eq!(rig.post(&path, &[]).await.status, 403);
    }
}

#[tokio::test]
async fn a_letter_goes_by_mail_where_no_chat_is_open() {
    let rig = Rig::start().await;
    let address = "nomsa@example.org";
    let named = vec![Identifier::new(IdentifierKind::Email, address.to_owned())];
    let store = &rig.gateway.store;
    let subject = store.enrol(Actor::System, named).await.unwrap();
    let new = NewRequest {
        subject,
        kind: RequestKind::Complaint,
        source: RequestSource::Staff,
        assurance: Assurance::Staff,
        language: "de-AT".to_owned(),
        text: String::new(),
        received_at: None,
    };
    let opened = store.open_request(Actor::System, new).await.unwrap();
    let id = opened.request.id;
    let service = &rig.gateway.service;
    let write = |kind| service.write_letter(id, kind, Facts::default());
    let letter = write(LetterKind::Acknowledgement).await.unwrap();
    assert_eq!(letter.route, LetterRoute::Email);
    assert_eq!(
        (letter.state, letter.language.as_str()),
        (LetterState::Sent, "de")
    );
    let received = rig.mail.received();
    let mail = &received.last().unwrap().message;
    assert!(mail.contains(&format!("To: {address}")), "{mail}");
    assert!(mail.contains("Content-Language: de"), "{mail}");
    // An extension without a reason is none.
    let refused = write(LetterKind::Extension).await.unwrap_err().to_string();
    assert_eq!(
        refused,
        "letter: the template `de/extension` cannot be filled at line 5"
    );
    assert_eq!(rig.mail.received().len(), received.len());
}
