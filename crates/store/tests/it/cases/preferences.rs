//! What people set on their own page.

use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::suppression::SuppressionScope;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use store::preference::Act;
use store::preference::Wish;

use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::template;

async fn shop() -> (TestStore, SubjectId) {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    let catalogue = [
        ("sale", Category::Marketing, TemplateStatus::Approved),
        ("parcel", Category::Utility, TemplateStatus::Approved),
    ];
    test.templates(&catalogue).await;
    let subject = test.hear(&both(1), 1).await;
    test.pass(Span::days(2));
    (test, subject)
}

async fn wish(test: &TestStore, subject: SubjectId, wish: Wish, proved: bool) -> bool {
    let act = Act {
        subject,
        wish,
        proved,
        language: "en".to_owned(),
        details: "{}".to_owned(),
    };
    test.store.act(act).await.unwrap()
}

async fn refused(test: &TestStore, name: &str) -> bool {
    test.code(&phone(1), template(name)).await.is_some()
}

#[tokio::test]
async fn a_purpose_goes_on_and_off() {
    let (test, subject) = shop().await;
    let marketing = test.purpose("marketing");
    let notice = test.given().notice;
    for _ in 0..2 {
        assert!(wish(&test, subject, Wish::On(marketing, notice), true).await);
        assert!(!refused(&test, "sale").await);
        assert!(wish(&test, subject, Wish::Off(marketing), true).await);
        assert!(refused(&test, "sale").await);
        assert!(
            !wish(&test, subject, Wish::Off(marketing), true).await,
            "already off"
        );
    }
    let events = test.read(|reader| reader.consent_events(subject));
    let states: Vec<_> = events.iter().map(|event| event.state).collect();
    let (given, withdrawn) = (ConsentState::Given, ConsentState::Withdrawn);
    assert_eq!(states, [given, withdrawn, given, withdrawn]);
    assert!(events.iter().all(|event| event.actor == "person"));
    assert!(
        events
            .iter()
            .all(|event| event.grade == EvidenceGrade::Confirmed)
    );
    test.whole();
}

#[tokio::test]
async fn a_page_that_staff_opened_lifts_no_stop() {
    let (test, subject) = shop().await;
    let marketing = test.purpose("marketing");
    let notice = test.given().notice;
    test.say(&both(1), 2, Keyword::Stop).await;
    wish(&test, subject, Wish::On(marketing, notice), false).await;
    assert!(refused(&test, "sale").await);
    let events = test.read(|reader| reader.consent_events(subject));
    assert_eq!(events.last().unwrap().grade, EvidenceGrade::Recorded);
    wish(&test, subject, Wish::On(marketing, notice), true).await;
    assert!(!refused(&test, "sale").await);
    test.whole();
}

#[tokio::test]
async fn everything_stops_and_starts_again_without_promotions() {
    let (test, subject) = shop().await;
    let marketing = test.purpose("marketing");
    let notice = test.given().notice;
    let updates = test.purpose("service-updates");
    wish(&test, subject, Wish::On(marketing, notice), true).await;
    wish(&test, subject, Wish::On(updates, None), true).await;
    assert!(wish(&test, subject, Wish::StopEverything, false).await);
    assert!(
        !wish(&test, subject, Wish::StopEverything, false).await,
        "already"
    );
    assert!(refused(&test, "sale").await && refused(&test, "parcel").await);
    assert!(wish(&test, subject, Wish::StartAgain, true).await);
    assert!(
        !wish(&test, subject, Wish::StartAgain, true).await,
        "already"
    );
    assert!(refused(&test, "sale").await, "promotions wait for a yes");
    assert!(
        !refused(&test, "parcel").await,
        "what was agreed to before holds"
    );
    let scopes: Vec<_> = test.store.suppressions(subject).await.unwrap();
    let scopes: Vec<_> = scopes.iter().map(|held| held.scope).collect();
    assert_eq!(scopes, [SuppressionScope::Promotional]);
    test.whole();
}

#[tokio::test]
async fn nobody_acts_for_a_person_who_is_not_there() {
    let (test, _) = shop().await;
    let act = Act {
        subject: SubjectId(99),
        wish: Wish::StopEverything,
        proved: true,
        language: "en".to_owned(),
        details: "{}".to_owned(),
    };
    assert!(test.store.act(act).await.is_err());
}
