//! The link of a confirmation: looking uses nothing up, answering does.

use axum::body::Body;
use http::Method;
use testkit::THANDI;

use crate::desk_rig::Rig;
use crate::desk_rig::browser;

async fn asked(rig: &Rig) -> String {
    let token = rig.token("/opt-in/news?language=de").await;
    let fields = [
        ("token", token.as_str()),
        ("purpose", "marketing"),
        ("phone", THANDI.phone.unwrap()),
        ("email", "thandi@example.org"),
    ];
    let reply = rig.post("/opt-in/news?language=de", &fields).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    rig.newest_link().await
}

#[tokio::test]
async fn looking_uses_nothing_up_and_an_answer_counts_once() {
    let rig = Rig::start().await;
    let link = asked(&rig).await;
    for method in [Method::HEAD, Method::GET, Method::GET] {
        let request = browser(method, &link, &[]).body(Body::empty()).unwrap();
        assert_eq!(rig.ask(request).await.status, 200);
    }
    // In the language of the form, unless the reader chooses another.
    let page = rig.get(&link).await;
    assert!(page.says("Sind Sie einverstanden?"));
    let page = rig.get(&format!("{link}?language=fr")).await;
    assert!(page.says("Êtes-vous d’accord"));
    assert!(
        page.header("set-cookie")
            .starts_with("__Host-imvume-language=fr; Path=/;")
    );
    let token = page.token();
    let neither = rig
        .post(&link, &[("token", &token), ("answer", "maybe")])
        .await;
    assert_eq!(neither.status, 400);
    let yes = [("token", token.as_str()), ("answer", "yes")];
    let said = rig.post(&link, &yes).await;
    assert_eq!(said.status, 200);
    assert!(said.says("Danke. Sie haben Ja gesagt."));
    assert!(said.says("Offers and promotions"));
    let again = rig.post(&link, &yes).await;
    assert_eq!(again.status, 410);
    assert!(again.says("It was used already"));
    let page = rig.get(&link).await;
    assert_eq!(page.status, 410);
    let subject = rig.gateway.subject(&THANDI).await;
    let events = rig
        .gateway
        .store
        .read(move |reader| reader.consent_events(subject))
        .await
        .unwrap();
    let states: Vec<&str> = events.iter().map(|event| event.state.name()).collect();
    assert_eq!(
        states.iter().filter(|state| **state == "given").count(),
        1,
        "{states:?}"
    );
}

#[tokio::test]
async fn a_no_is_taken_as_one() {
    let rig = Rig::start().await;
    let link = asked(&rig).await;
    let token = rig.token(&link).await;
    let said = rig
        .post(&link, &[("token", &token), ("answer", "no")])
        .await;
    assert_eq!(said.status, 200);
    assert!(said.says("In Ordnung. Sie haben Nein gesagt."));
}

#[tokio::test]
async fn a_link_that_is_none_tells_nothing_of_anybody() {
    let rig = Rig::start().await;
    let link = asked(&rig).await;
    let last = link.chars().next_back().unwrap();
    let mut pages = Vec::new();
    for wrong in [
        "/c/x",
        "/c/AAAAAAAAAAAAAAAAAAAAAA",
        &format!("{link}A"),
        link.trim_end_matches(last),
    ] {
        let page = rig.get(wrong).await;
        assert_eq!(page.status, 404, "{wrong}");
        pages.push(page.body);
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
    assert!(pages[0].contains("not copied whole"));
}

#[tokio::test]
async fn a_link_grows_too_old() {
    let rig = Rig::start().await;
    let link = asked(&rig).await;
    rig.gateway.clock.set(
        rig.gateway.clock.now() + domain::time::Span::hours(48) + domain::time::Span::seconds(1),
    );
    let page = rig.get(&link).await;
    assert_eq!(page.status, 410);
    assert!(page.says("It is too old"));
}
