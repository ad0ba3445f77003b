//! The person's own page.

use domain::audit::Actor;
use domain::consent::ConsentState;
use domain::ids::PurposeId;
use service::Handed;
use testkit::Person;
use testkit::SIPHO;
use testkit::THANDI;
use url::form_urlencoded;

use crate::desk_rig::Reply;
use crate::desk_rig::Rig;
use crate::desk_rig::SITE;

/// The path of a link to somebody's page.
async fn link(rig: &Rig, person: &Person) -> String {
    let subject = rig.gateway.subject(person).await;
    let who = (subject, Some(rig.gateway.number));
    let url = rig.gateway.service.preference_link(who, "en", Handed::Sent);
    url.unwrap().unwrap().path().to_owned()
}

/// A session of theirs, as the cookie that carries it.
async fn enter(rig: &Rig, person: &Person) -> String {
    let reply = rig.get(&link(rig, person).await).await;
    assert_eq!(reply.status, 303, "{}", reply.body);
    assert_eq!(reply.header("location"), "/preferences/opened");
    let set = reply.header("set-cookie");
    assert!(set.starts_with("__Host-imvume-session="), "{set}");
    assert!(
        set.ends_with("; Path=/; Max-Age=1800; HttpOnly; SameSite=Strict; Secure"),
        "{set}"
    );
    reply.cookie()
}

async fn choices(rig: &Rig, cookie: &str) -> Reply {
    rig.get_with("/preferences", &[("cookie", cookie)]).await
}

async fn post(rig: &Rig, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
    let token = choices(rig, cookie).await.token();
    let mut all = vec![("token", token.as_str())];
    all.extend_from_slice(fields);
    rig.post_with(path, &[("origin", SITE), ("cookie", cookie)], &all)
        .await
}

async fn state(rig: &Rig, person: &Person) -> ConsentState {
    let subject = rig.gateway.subject(person).await;
    let events = rig
        .gateway
        .store
        .read(move |reader| reader.consent_events(subject))
        .await
        .unwrap();
    events
        .last()
        .map_or(ConsentState::Unknown, |event| event.state)
}

#[tokio::test]
async fn a_link_opens_the_page_and_leaves_the_address_bar() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    rig.gateway.consent(&THANDI, "marketing").await;
    let cookie = enter(&rig, &THANDI).await;
    let page = choices(&rig, &cookie).await;
    assert_eq!(page.status, 200);
    for text in [
        "Your choices",
        "Messages come from +27\u{a0}21\u{a0}555\u{a0}0100.",
        "Offers and promotions",
        "21 November 2026",
        "Because you agreed",
        "/notices/messages/1/en",
        "Stop everything",
    ] {
        assert!(page.says(text), "{text}: {}", page.body);
    }
    assert!(!page.says("27825550142") && !page.says("Thandi"));
    let opened = rig.get("/preferences/opened").await;
    assert!(opened.says("<meta http-equiv=\"refresh\" content=\"0; url=/preferences\">"));
}

#[tokio::test]
async fn without_a_session_there_is_nothing_to_see() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    let good = enter(&rig, &THANDI).await;
    let altered = format!("{good}A");
    for cookie in [
        "",
        "__Host-imvume-session=",
        "__Host-imvume-session=x",
        &altered,
    ] {
        let page = choices(&rig, cookie).await;
        assert_eq!(page.status, 303, "{cookie}");
        assert_eq!(page.header("location"), "/preferences/enter");
    }
    for path in [
        "/preferences/switch",
        "/preferences/stop",
        "/preferences/start",
        "/preferences/leave",
    ] {
        let reply = rig.post(path, &[("token", "x")]).await;
        assert_eq!(reply.status, 403, "{path}");
        assert!(reply.says("For your safety your choices close"));
    }
    let half_an_hour = domain::time::Span::seconds(30 * 60 + 1);
    rig.gateway
        .clock
        .set(rig.gateway.clock.now() + half_an_hour);
    assert_eq!(choices(&rig, &good).await.status, 303);
}

#[tokio::test]
async fn a_purpose_is_switched_off_and_on() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    rig.gateway.consent(&THANDI, "marketing").await;
    let cookie = enter(&rig, &THANDI).await;
    for (to, done, expected) in [
        ("off", "This is off now", ConsentState::Withdrawn),
        ("on", "This is on now", ConsentState::Given),
        ("off", "This is off now", ConsentState::Withdrawn),
    ] {
        let fields = [("purpose", "marketing"), ("to", to)];
        let reply = post(&rig, &cookie, "/preferences/switch", &fields).await;
        assert_eq!(reply.status, 303, "{}", reply.body);
        let back = reply.header("location").to_owned();
        assert_eq!(back, format!("/preferences?done={to}"));
        let page = rig.get_with(&back, &[("cookie", &cookie)]).await;
        assert!(page.says(done), "{to}");
        assert_eq!(state(&rig, &THANDI).await, expected);
    }
    for (fields, status, location) in [
        ([("purpose", "marketing"), ("to", "sideways")], 400, ""),
        (
            [("purpose", "none"), ("to", "on")],
            303,
            "/preferences?done=no",
        ),
        (
            [("purpose", "customer-care"), ("to", "off")],
            303,
            "/preferences?done=no",
        ),
    ] {
        let reply = post(&rig, &cookie, "/preferences/switch", &fields).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("location")),
            (status, location)
        );
    }
}

#[tokio::test]
async fn everything_is_stopped_and_started_again() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    let cookie = enter(&rig, &THANDI).await;
    let stopped = post(&rig, &cookie, "/preferences/stop", &[]).await;
    assert_eq!(stopped.header("location"), "/preferences?done=stop");
    let page = choices(&rig, &cookie).await;
    assert!(page.says("You have stopped everything since 21 November 2026."));
    assert!(page.says("action=\"/preferences/start?language=en\""));
    assert!(!page.says("action=\"/preferences/stop?language=en\""));
    let started = post(&rig, &cookie, "/preferences/start", &[]).await;
    assert_eq!(started.header("location"), "/preferences?done=start");
    assert!(
        !choices(&rig, &cookie)
            .await
            .says("You have stopped everything")
    );
}

#[tokio::test]
async fn one_session_cannot_send_the_form_of_another() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    rig.gateway.hear_text(&SIPHO, "Molo").await;
    let (hers, his) = (enter(&rig, &THANDI).await, enter(&rig, &SIPHO).await);
    let token = choices(&rig, &his).await.token();
    let headers = [("origin", SITE), ("cookie", hers.as_str())];
    let reply = rig
        .post_with("/preferences/stop", &headers, &[("token", &token)])
        .await;
    assert_eq!(reply.status, 403);
    let from_elsewhere = [("origin", "https://shop.example"), ("cookie", his.as_str())];
    let reply = rig
        .post_with("/preferences/stop", &from_elsewhere, &[("token", &token)])
        .await;
    assert_eq!(reply.status, 403);
    assert!(
        !choices(&rig, &his)
            .await
            .says("You have stopped everything")
    );
}

#[tokio::test]
async fn a_page_is_closed() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    let cookie = enter(&rig, &THANDI).await;
    let reply = post(&rig, &cookie, "/preferences/leave", &[]).await;
    assert!(
        reply
            .header("set-cookie")
            .starts_with("__Host-imvume-session=; Path=/; Max-Age=0;")
    );
    let page = rig.get(reply.header("location")).await;
    assert!(page.says("Your choices are closed on this device."));
}

#[tokio::test]
async fn links_that_are_none_are_told_alike() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    let good = link(&rig, &THANDI).await;
    let last = good.chars().next_back().unwrap();
    let mut pages = Vec::new();
    for wrong in ["/p/x", &format!("{good}A"), good.trim_end_matches(last)] {
        let page = rig.get(wrong).await;
        assert_eq!(page.status, 404, "{wrong}");
        assert_eq!(page.header("set-cookie"), "");
        pages.push(page.body);
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
    rig.gateway.clock.set(
        rig.gateway.clock.now() + domain::time::Span::days(30) + domain::time::Span::seconds(1),
    );
    assert_eq!(rig.get(&good).await.status, 410);
}

#[tokio::test]
async fn the_browsers_objection_is_kept_and_shown() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    let cookie = enter(&rig, &THANDI).await;
    assert!(!choices(&rig, &cookie).await.says("Global Privacy Control"));
    let headers = [("cookie", cookie.as_str()), ("sec-gpc", "1")];
    // While nobody receives data by consent alone there is nothing to object to.
    let page = rig.get_with("/preferences", &headers).await;
    assert_eq!(page.status, 200);
    assert!(!page.says("Global Privacy Control"));
    assert_eq!(recorded(&rig, &THANDI).await, []);
    let marketing = share(&rig).await;
    rig.gateway.consent(&THANDI, "marketing").await;
    let given = recorded(&rig, &THANDI).await;
    assert_eq!(choices(&rig, &cookie).await.status, 200);
    assert_eq!(recorded(&rig, &THANDI).await, given, "without the signal");
    // However often the browser says it, it counts once, and the page says so at once.
    for _ in 0..3 {
        let page = rig.get_with("/preferences", &headers).await;
        assert!(page.says("Global Privacy Control"), "{}", page.body);
        let events = recorded(&rig, &THANDI).await;
        assert_eq!(events.len(), given.len() + 1);
        let (state, rule, purpose) = events.last().unwrap();
        assert_eq!(*state, ConsentState::Withdrawn);
        assert_eq!(rule, store::preference::SIGNAL);
        assert_eq!(*purpose, marketing);
    }
    // A later yes of the person's own holds against the browser's standing word.
    let fields = [("purpose", "marketing"), ("to", "on")];
    post(&rig, &cookie, "/preferences/switch", &fields).await;
    rig.get_with("/preferences", &headers).await;
    assert_eq!(state(&rig, &THANDI).await, ConsentState::Given);
}

/// Makes an app receive people's data only by their consent to marketing.
async fn share(rig: &Rig) -> PurposeId {
    let store = &rig.gateway.store;
    let registry = store.registry();
    let marketing = registry.purpose_by_code("marketing").unwrap().purpose.id;
    let app = registry.apps.first().unwrap().id;
    store
        .set_sharing(Actor::System, app, Some(marketing))
        .await
        .unwrap();
    marketing
}

/// The ledger of a person: states, rules and purposes.
async fn recorded(rig: &Rig, person: &Person) -> Vec<(ConsentState, String, PurposeId)> {
    let subject = rig.gateway.subject(person).await;
    let events = rig
        .gateway
        .store
        .read(move |reader| reader.consent_events(subject))
        .await
        .unwrap();
    events
        .into_iter()
        .map(|event| (event.state, event.rule, event.purpose))
        .collect()
}

#[tokio::test]
async fn without_sms_the_way_to_ones_choices_leads_through_the_chat() {
    let rig = Rig::start_without_sms().await;
    let page = rig.get("/preferences/enter?language=de").await;
    assert_eq!(page.status, 200);
    assert!(!page.says("name=\"phone\""), "nobody could be sent a code");
    assert!(page.says("data:image/svg+xml;base64,"));
    let link = page.between("href=\"https://wa.me/27215550100?text=", "\"");
    let text = form_urlencoded::parse(format!("text={link}").as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned();
    rig.gateway.hear_text(&SIPHO, &text).await;
    let sent = rig.gateway.sent().await;
    let answer = sent.last().unwrap()["body"]["text"]["body"]
        .as_str()
        .unwrap();
    let (_, token) = answer.split_once(&format!("{SITE}/p/")).unwrap();
    let opened = rig.get(&format!("/p/{token}")).await;
    assert_eq!(opened.status, 303, "{}", opened.body);
    assert_eq!(choices(&rig, &opened.cookie()).await.status, 200);
}

#[tokio::test]
async fn with_sms_the_chat_stands_beside_the_code() {
    let rig = Rig::start().await;
    let page = rig.get("/preferences/enter").await;
    assert!(page.says("name=\"phone\"") && page.says("https://wa.me/27215550100"));
}

/// Asks for a code. Returns the page on which it is entered.
async fn ask_code(rig: &Rig, phone: &str) -> Reply {
    let token = rig.token("/preferences/enter").await;
    let fields = [("token", token.as_str()), ("phone", phone)];
    rig.post("/preferences/enter", &fields).await
}

async fn enter_code(rig: &Rig, page: &Reply, (phone, code): (&str, &str)) -> Reply {
    let token = page.token();
    let fields = [("token", token.as_str()), ("phone", phone), ("code", code)];
    rig.post("/preferences/code", &fields).await
}

#[tokio::test]
async fn a_code_opens_the_page_once() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    let phone = THANDI.phone.unwrap();
    let page = ask_code(&rig, phone).await;
    assert_eq!(page.status, 200);
    let (to, text) = rig.next_sms().await;
    assert_eq!(to, phone);
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    let code = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .find(digits)
        .unwrap()
        .to_owned();
    let opened = enter_code(&rig, &page, (phone, &code)).await;
    assert_eq!(opened.status, 303);
    assert_eq!(opened.header("location"), "/preferences");
    assert_eq!(choices(&rig, &opened.cookie()).await.status, 200);
    assert_eq!(
        enter_code(&rig, &page, (phone, &code)).await.status,
        422,
        "a second time"
    );
}

#[tokio::test]
async fn known_and_unknown_numbers_are_asked_for_a_code_alike() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    let known = ask_code(&rig, THANDI.phone.unwrap()).await;
    let unknown = ask_code(&rig, "+27825550199").await;
    assert_eq!(rig.next_sms().await.0, THANDI.phone.unwrap());
    assert!(rig.no_more_sms().await);
    assert_eq!(known.status, unknown.status);
    assert_eq!(
        known.body.replace("+27825550142", "+27825550199"),
        unknown.body
    );
    assert_eq!(
        format!("{:?}", known.headers),
        format!("{:?}", unknown.headers)
    );
    let wrong = ask_code(&rig, "082 555 0142").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.says("with its country code"));
}

#[tokio::test]
async fn codes_that_do_not_fit_are_all_refused_alike() {
    let rig = Rig::start().await;
    rig.gateway.hear_text(&THANDI, "Molo").await;
    let phone = THANDI.phone.unwrap();
    let page = ask_code(&rig, phone).await;
    let mut pages = Vec::new();
    for code in [
        "000000",
        "12345",
        "1234567",
        "abcdef",
        "１２３４５６",
        " 123456 ",
        "null",
        "",
    ] {
        let page = enter_code(&rig, &page, (phone, code)).await;
        assert_eq!(page.status, 422, "{code}");
        pages.push(page.body);
    }
    let nobody = enter_code(&rig, &page, ("+27825550199", "000000")).await;
    pages.push(nobody.body.replace("+27825550199", phone));
    pages.dedup();
    assert_eq!(pages.len(), 1);
}

#[tokio::test]
async fn a_receipt_is_a_file_that_names_nobody() {
    let rig = Rig::start().await;
    rig.gateway.consent(&THANDI, "marketing").await;
    let path = "/preferences/receipt/marketing";
    let nobody = rig.get(path).await;
    assert_eq!(nobody.status, 303);
    let cookie = enter(&rig, &THANDI).await;
    let page = choices(&rig, &cookie).await;
    assert!(page.body.contains(path), "{}", page.body);
    let receipt = rig.get_with(path, &[("cookie", &cookie)]).await;
    assert_eq!(receipt.status, 200);
    assert_eq!(receipt.header("content-type"), "application/ld+json");
    assert_eq!(
        receipt.header("content-disposition"),
        "attachment; filename=\"receipt.jsonld\""
    );
    assert_eq!(receipt.header("cache-control"), "no-store");
    assert!(receipt.body.contains("dpv:ConsentGiven"));
    assert!(
        !receipt
            .body
            .contains(THANDI.address().trim_start_matches('+'))
    );
    for missing in ["service-updates", "nothing"] {
        let path = format!("/preferences/receipt/{missing}");
        let reply = rig.get_with(&path, &[("cookie", &cookie)]).await;
        assert_eq!(reply.status, 404, "{missing}");
    }
}
