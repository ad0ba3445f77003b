//! One-time codes.

use std::sync::Arc;

use domain::time::Span;

use super::fixture::TestStore;
use super::fixture::both;
use super::fixture::phone;

async fn make(test: &TestStore, n: u32) -> Option<String> {
    let made = test.store.make_code(phone(n)).await.unwrap();
    made.map(|made| made.code.to_string())
}

async fn opens(test: &TestStore, n: u32, code: &str) -> bool {
    let found = test.store.try_code(phone(n), code).await.unwrap();
    found.is_some_and(|subject| Some(subject) == test.find(&phone(n)))
}

fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test]
async fn a_code_opens_once_and_for_ten_minutes() {
    let test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    let code = make(&test, 1).await.unwrap();
    assert_eq!(code.len(), 6);
    assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
    assert!(!test.holds(code.as_bytes()));
    for other in [
        "",
        "12345",
        "1234567",
        "abcdef",
        " 123456 ",
        "\u{ff11}\u{ff12}3456",
    ] {
        let refused = test.store.try_code(phone(2), other).await.unwrap();
        assert_eq!(refused, None, "{other}");
    }
    assert!(!opens(&test, 2, &code).await, "another number");
    assert!(opens(&test, 1, &code).await);
    assert!(!opens(&test, 1, &code).await, "twice");
    let code = make(&test, 1).await.unwrap();
    test.pass(Span::minutes(10));
    assert!(!opens(&test, 1, &code).await, "too late");
    test.pass(Span::hours(2));
    let code = make(&test, 1).await.unwrap();
    test.pass(Span::seconds(599));
    assert!(opens(&test, 1, &code).await);
}

#[tokio::test]
async fn five_tries_whatever_happens_in_between() {
    let mut test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    let code = make(&test, 1).await.unwrap();
    for _ in 0..3 {
        assert!(!opens(&test, 1, wrong(&code)).await);
    }
    // Neither a new code nor a restart gives more tries.
    test.pass(Span::minutes(5));
    let code = make(&test, 1).await.unwrap();
    test.reopen();
    for _ in 0..2 {
        assert!(!opens(&test, 1, wrong(&code)).await);
    }
    assert!(!opens(&test, 1, &code).await, "locked");
    assert_eq!(make(&test, 1).await, None, "no new code either");
    test.pass(Span::minutes(60));
    assert!(!opens(&test, 1, &code).await);
    assert_eq!(make(&test, 1).await, None, "still within the hour");
    test.pass(Span::minutes(10));
    let code = make(&test, 1).await.unwrap();
    assert!(opens(&test, 1, &code).await);
}

#[tokio::test]
async fn tries_at_once_are_counted_one_by_one() {
    let test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    let code = make(&test, 1).await.unwrap();
    let bad = wrong(&code);
    let tries: Vec<_> = (0..200)
        .map(|_| {
            let store = Arc::clone(&test.store);
            tokio::spawn(async move { store.try_code(phone(1), bad).await })
        })
        .collect();
    for tried in tries {
        assert_eq!(tried.await.unwrap().unwrap(), None);
    }
    assert_eq!(count(&test), "5");
    assert!(!opens(&test, 1, &code).await);
}

fn count(test: &TestStore) -> String {
    test.raw()
        .rows("SELECT attempts FROM codes ORDER BY id DESC LIMIT 1")[0][0]
        .clone()
}

#[tokio::test]
async fn a_number_nobody_has_is_treated_alike() {
    let test = TestStore::new().await;
    assert_eq!(make(&test, 1).await, None, "nothing to send");
    assert_eq!(count(&test), "0", "and yet there is a row");
    for tried in 1..=7 {
        assert!(!opens(&test, 1, "123456").await);
        assert_eq!(count(&test), tried.min(5).to_string());
    }
    assert_eq!(test.find(&phone(1)), None);
    assert!(!opens(&test, 3, "123456").await, "never asked for");
    assert_eq!(count(&test), "1");
}

#[tokio::test]
async fn three_codes_in_an_hour() {
    let test = TestStore::new().await;
    test.hear(&both(1), 1).await;
    let mut made = 0;
    for _ in 0..5 {
        made += u32::from(make(&test, 1).await.is_some());
        test.pass(Span::seconds(1));
    }
    assert_eq!(made, 3);
    test.pass(Span::hours(1));
    assert!(make(&test, 1).await.is_some());
}
