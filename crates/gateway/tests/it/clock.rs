//! The clock is set back, or forward and back.

use domain::message::MessageState;
use domain::time::Span;
use domain::time::Timestamp;
use testkit::Heard;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::TestApp;
use testkit::TestGateway;

use crate::faults::newest;
use crate::sends::text;

fn texts(app: &TestApp) -> usize {
    app.take().iter().filter_map(Heard::message).count()
}

#[tokio::test]
async fn a_clock_set_back_stops_nothing_and_opens_nothing() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let noon = gateway.clock.now();
    let hello = text(THANDI.address());
    let send = || gateway.send(&gateway.real, &hello);
    assert_eq!(send().await.verdict(), (200, 0));
    gateway.real.take();
    // An hour ago: messages come, are relayed and answered as before.
    gateway.clock.set(back(noon, Span::hours(1)));
    gateway.hear_text(&THANDI, "Still there?").await;
    assert_eq!(texts(&gateway.real), 1);
    assert_eq!(send().await.verdict(), (200, 0));
    gateway.settle().await;
    assert_eq!(newest(&gateway, &THANDI).await, MessageState::Read);
    // A stop said at noon holds in the hour before noon.
    gateway.clock.set(noon);
    gateway.hear_text(&SIPHO, "STOP").await;
    gateway.clock.set(back(noon, Span::days(2)));
    gateway.consent(&SIPHO, "marketing").await;
    let offer = crate::sends::template("spring_sale", SIPHO.address(), &["you", "20%"]);
    let refused = gateway.send(&gateway.real, &offer).await;
    assert_eq!(refused.verdict(), (400, 131_050), "{:?}", refused.body);
    gateway.clock.set(noon);
    let refused = gateway.send(&gateway.real, &offer).await;
    assert_eq!(refused.verdict(), (400, 131_050), "{:?}", refused.body);
}

#[tokio::test]
async fn a_clock_set_a_year_ahead_and_back_leaves_no_trace() {
    let gateway = TestGateway::start().await;
    gateway.hear_text(&THANDI, "Hello").await;
    let noon = gateway.clock.now();
    gateway.clock.set(noon + Span::days(300));
    let late = gateway.send(&gateway.real, &text(THANDI.address())).await;
    assert_eq!(late.verdict(), (400, 131_047), "the window is long over");
    gateway.clock.set(noon);
    let now = gateway.send(&gateway.real, &text(THANDI.address())).await;
    assert_eq!(now.verdict(), (200, 0), "and now it is not");
}

fn back(at: Timestamp, by: Span) -> Timestamp {
    Timestamp::from_micros(at.micros() - by.as_micros())
}
