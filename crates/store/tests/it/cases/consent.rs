//! The ledger and what rests on it.

use domain::consent::ConsentState;
use domain::consent::EvidenceGrade;
use domain::consent::Method;
use domain::ids::NoticeId;
use domain::ids::PurposeId;
use domain::ids::SubjectId;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use store::NewConsent;
use store::Refusal;
use store::StoreError;
use store::admin::NewNotice;
use store::registry::NoticeChange;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;
use super::fixture::template;

async fn shop() -> (TestStore, SubjectId) {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    test.templates(&[("sale", Category::Marketing, TemplateStatus::Approved)])
        .await;
    let subject = test.hear(&both(1), 1).await;
    (test, subject)
}

async fn sale(test: &TestStore) -> Option<u32> {
    test.code(&phone(1), template("sale")).await
}

#[tokio::test]
async fn only_given_consent_carries_a_promotion() {
    use ConsentState::{
        Expired, Given, Invalidated, Refused, Renewed, Requested, Unknown, Withdrawn,
    };
    for (steps, code) in [
        (&[][..], Some(131_005)),
        (&[Requested], Some(131_005)),
        (&[Requested, Given], None),
        (&[Given, Renewed], None),
        (&[Given, Expired], Some(131_005)),
        (&[Given, Withdrawn], Some(131_005)),
        (&[Given, Withdrawn, Given], None),
        (&[Refused], Some(131_005)),
        (&[Given, Invalidated], Some(131_005)),
        (&[Unknown], Some(131_005)),
    ] {
        let (test, subject) = shop().await;
        for state in steps {
            let event = NewConsent {
                state: *state,
                ..test.given()
            };
            test.store
                .record_consent(STAFF, subject, event)
                .await
                .unwrap();
        }
        assert_eq!(sale(&test).await, code, "{steps:?}");
        let events = test.read(|reader| reader.consent_events(subject));
        assert_eq!(events.len(), steps.len());
        test.whole();
    }
}

#[tokio::test]
async fn what_does_not_follow_is_refused_without_a_trace() {
    let (test, subject) = shop().await;
    let before = test.actions().len();
    let given = test.given();
    for event in [
        NewConsent {
            state: ConsentState::Renewed,
            ..given.clone()
        },
        NewConsent {
            method: Method::Import,
            ..given.clone()
        },
        NewConsent {
            purpose: PurposeId(99),
            ..given.clone()
        },
        NewConsent {
            notice: Some(NoticeId(99)),
            ..given.clone()
        },
    ] {
        let refused = test.store.record_consent(STAFF, subject, event).await;
        assert!(
            matches!(refused, Err(StoreError::Refused(_))),
            "{refused:?}"
        );
    }
    let nobody = test.store.record_consent(STAFF, SubjectId(99), given).await;
    assert!(matches!(
        nobody,
        Err(StoreError::Refused(Refusal::Missing("subject")))
    ));
    assert_eq!(test.actions().len(), before);
    test.whole();
}

#[tokio::test]
async fn consent_runs_out_by_itself() {
    let (test, subject) = shop().await;
    let event = NewConsent {
        expires: Some(test.clock.now() + Span::days(30)),
        ..test.given()
    };
    test.store
        .record_consent(STAFF, subject, event)
        .await
        .unwrap();
    for (wait, code) in [
        (Span::ZERO, None),
        (Span::days(29), None),
        (Span::days(1), Some(131_005)),
    ] {
        test.pass(wait);
        assert_eq!(sale(&test).await, code, "{wait}");
    }
    test.whole();
}

#[tokio::test]
async fn weak_evidence_does_not_carry_marketing() {
    for (grade, code) in [
        (EvidenceGrade::Asserted, Some(131_005)),
        (EvidenceGrade::Recorded, None),
        (EvidenceGrade::Confirmed, None),
    ] {
        let (test, subject) = shop().await;
        let event = NewConsent {
            grade,
            ..test.given()
        };
        test.store
            .record_consent(STAFF, subject, event)
            .await
            .unwrap();
        assert_eq!(sale(&test).await, code, "{grade:?}");
    }
}

#[tokio::test]
async fn a_notice_can_need_consent_anew() {
    for (change, language, code) in [
        (NoticeChange::Editorial, "en", None),
        (NoticeChange::Told, "en", None),
        (NoticeChange::ConsentAnew, "en", Some(131_005)),
        // The same version in another language changes nothing.
        (NoticeChange::ConsentAnew, "af", None),
    ] {
        let (test, subject) = shop().await;
        let given = test.given();
        test.store
            .record_consent(STAFF, subject, given)
            .await
            .unwrap();
        let notice = NewNotice {
            code: "messages".to_owned(),
            language: language.to_owned(),
            title: "Messages".to_owned(),
            body: "Another text".to_owned(),
            change,
        };
        let (_, version) = test.store.publish_notice(STAFF, notice).await.unwrap();
        assert_eq!(version, if language == "en" { 2 } else { 1 });
        assert_eq!(sale(&test).await, code, "{change:?} {language}");
        // Under the newest notice it stands again.
        let renewed = NewConsent {
            state: ConsentState::Renewed,
            ..test.given()
        };
        test.store
            .record_consent(STAFF, subject, renewed)
            .await
            .unwrap();
        assert_eq!(sale(&test).await, None);
        test.whole();
    }
}
