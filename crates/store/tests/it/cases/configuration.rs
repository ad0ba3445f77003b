//! Numbers, apps, tokens, purposes, media: what staff and apps set up.

use std::sync::Arc;

use domain::access::AppScope;
use domain::ids::AppId;
use domain::ids::TokenId;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Span;
use seal::DataKey;
use store::Refusal;
use store::StoreError;
use store::admin::NewNumber;
use store::admin::NewToken;
use store::catalogue::ListedTemplate;
use store::media::KeptObject;
use store::media::NewMedia;
use store::operation::Item;
use store::operation::Message;

use super::fixture::STAFF;
use super::fixture::TestStore;
use super::fixture::WABA;
use super::fixture::both;

fn token(test: &TestStore, app: Option<AppId>) -> NewToken {
    NewToken {
        app,
        name: "first".to_owned(),
        scopes: [AppScope::Send, AppScope::Read].into_iter().collect(),
        expires: test.clock.now() + Span::days(1),
    }
}

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>, why: Refusal) {
    match result {
        Err(StoreError::Refused(refusal)) => assert_eq!(refusal, why),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_token_lasts_until_it_expires_or_is_revoked() {
    let test = TestStore::new().await;
    let app = test.app("shop", false).await;
    let held = |secret: &str| {
        let hash = test.store.keyring().token_hash(secret);
        let registry = test.store.registry();
        registry.token(&hash, test.clock.now()).map(|held| held.id)
    };
    let first = test.store.issue_token(STAFF, token(&test, Some(app)));
    let first = first.await.unwrap();
    let staff = test.store.issue_token(STAFF, token(&test, None));
    let staff = staff.await.unwrap();
    assert!(first.secret.starts_with("imvume_app_"));
    assert!(staff.secret.starts_with("imvume_staff_"));
    assert_eq!(held(&first.secret), Some(first.id));
    assert_eq!(held("imvume_app_guess"), None);
    test.pass(Span::hours(23));
    assert_eq!(held(&first.secret), Some(first.id));
    test.store.revoke_token(STAFF, first.id).await.unwrap();
    assert_eq!(held(&first.secret), None);
    let again = test.store.revoke_token(STAFF, first.id).await;
    refused(again, Refusal::Missing("token in force"));
    let unknown = test.store.revoke_token(STAFF, TokenId(99)).await;
    refused(unknown, Refusal::Missing("token in force"));
    assert_eq!(held(&staff.secret), Some(staff.id));
    test.pass(Span::hours(1));
    assert_eq!(held(&staff.secret), None);
    test.whole();
}

#[tokio::test]
async fn an_ended_app_has_nothing_left() {
    let test = TestStore::new().await;
    let app = test.app("shop", true).await;
    let issued = test.store.issue_token(STAFF, token(&test, Some(app)));
    let issued = issued.await.unwrap();
    test.store.end_app(STAFF, app).await.unwrap();
    let hash = test.store.keyring().token_hash(&issued.secret);
    let registry = test.store.registry();
    assert!(registry.token(&hash, test.clock.now()).is_none());
    refused(
        test.store.issue_token(STAFF, token(&test, Some(app))).await,
        Refusal::Ended("app"),
    );
    refused(test.store.end_app(STAFF, app).await, Refusal::Ended("app"));
    refused(
        test.store.end_app(STAFF, AppId(99)).await,
        Refusal::Missing("app"),
    );
    test.whole();
}

#[tokio::test]
async fn names_are_taken_once() {
    let test = TestStore::new().await;
    test.app("shop", false).await;
    let new = store::admin::NewApp {
        name: "shop".to_owned(),
        number: None,
        identity: domain::message::IdentityMode::Real,
        relay_url: None,
    };
    refused(test.store.add_app(STAFF, new).await, Refusal::Exists("app"));
    let new = store::admin::NewPurpose {
        code: "marketing".to_owned(),
        title: "Again".to_owned(),
        class: domain::purpose::PurposeClass::Care,
        basis: domain::purpose::LegalBasis::Consent,
        grade: domain::consent::EvidenceGrade::Asserted,
        identity_check: false,
    };
    refused(
        test.store.add_purpose(STAFF, new).await,
        Refusal::Exists("purpose"),
    );
    test.whole();
}

#[tokio::test]
async fn a_number_keeps_its_id_and_changes_its_names() {
    let mut test = TestStore::new().await;
    let renamed = NewNumber {
        phone_number_id: "1001".to_owned(),
        waba_id: WABA.to_owned(),
        display: "+27 21 555 0001".to_owned(),
        verified_name: "Shop".to_owned(),
    };
    for _ in 0..2 {
        let id = test.store.put_number(renamed.clone()).await.unwrap();
        assert_eq!(id, test.number);
    }
    assert_eq!(test.count("number.changed"), 3);
    test.reopen();
    let registry = test.store.registry();
    let held = registry.number_by_phone_number_id("1001").unwrap();
    assert_eq!(held.display, "+27 21 555 0001");
    assert_eq!(registry.purposes.len(), 4);
    assert_eq!(test.count("instance.created"), 1);
    test.whole();
}

#[tokio::test]
async fn media_are_kept_and_end() {
    let test = TestStore::new().await;
    let app = test.app("shop", false).await;
    let message = Message {
        kind: "image",
        media: Some(b"meta reference".to_vec()),
        ..test.message(&both(1), 1)
    };
    test.take(vec![Item::Message(Box::new(message))]).await;
    let subject = test.find(&both(1)[0]).unwrap();
    let heard = test.last_message(subject);
    let inbound = test.read(|reader| reader.media_of(heard)).unwrap();
    let new = NewMedia {
        app,
        number: test.number,
        reference: b"ours".to_vec(),
    };
    let uploaded = test.store.add_media(new).await.unwrap();
    for (id, reference) in [(inbound, &b"meta reference"[..]), (uploaded, b"ours")] {
        let key = Arc::new(DataKey::generate(test.store.random()).unwrap());
        let kept = KeptObject {
            object: "a0b1".to_owned(),
            key: Arc::clone(&key),
            reference: reference.to_vec(),
            size: 1_234,
        };
        test.store.keep_media(id, kept).await.unwrap();
        let row = test.read(|reader| reader.media(id)).unwrap();
        assert_eq!(row.reference.as_slice(), reference);
        let object_key = row.object_key.unwrap();
        assert_eq!(object_key.commitment(), key.commitment());
        test.whole();
        let removed = test.store.delete_media(id).await.unwrap();
        assert_eq!(removed.as_deref(), Some("a0b1"));
        assert!(test.read(|reader| reader.media(id)).is_none());
        refused(
            test.store.delete_media(id).await,
            Refusal::Missing("media object"),
        );
    }
    test.whole();
}

/// PostgreSQL has no U+0000 in text; what Meta sends must not stop a sync there.
#[tokio::test]
async fn a_nul_in_what_meta_lists_stops_nothing() {
    let mut test = TestStore::new().await;
    let listed = |body: &str| {
        let template = |name: &str| ListedTemplate {
            meta_id: format!("id of {name}"),
            name: name.to_owned(),
            language: "en".to_owned(),
            category: Category::Utility,
            status: TemplateStatus::Approved,
            body: body.to_owned(),
            raw: format!("raw {body}"),
        };
        vec![template("od\0d"), template("even")]
    };
    let waba = WABA.to_owned();
    for (body, changes) in [("Hello\0", 2), ("Hello\0", 0), ("Hello", 2)] {
        let changed = test.store.sync_templates(waba.clone(), listed(body)).await;
        assert_eq!(changed.unwrap(), changes, "{body:?}");
    }
    let changed = test.store.sync_templates(waba.clone(), listed("\0")).await;
    assert_eq!(changed.unwrap(), 2);
    let app = test.app("a\0b", false).await;
    test.reopen();
    let registry = test.store.registry();
    let held = registry.template(&waba, "od\u{fffd}d", "en").unwrap();
    assert_eq!(held.body, "\u{fffd}");
    assert_eq!(registry.app(app).unwrap().name, "a\u{fffd}b");
    test.whole();
}
