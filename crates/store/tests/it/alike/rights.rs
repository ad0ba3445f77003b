//! What people ask for by right.

use domain::request::Assurance;
use domain::request::LetterKind;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::request::step::Step;
use proptest::prop_oneof;
use proptest::strategy::Just;
use proptest::strategy::Strategy;
use store::confirmation::Posted;
use store::letter::NewLetter;
use store::letter::Said;
use store::request::NewRequest;
use store::request::RequestFilter;
use store::request::StepOrder;

use crate::on_sqlite::fixture::STAFF;
use crate::on_sqlite::fixture::phone;

use super::PEOPLE;
use super::Side;

#[derive(Clone, Debug)]
pub(super) enum Right {
    /// Somebody asks for something.
    Ask(u32, RequestKind),
    /// The newest case takes a step, or cannot.
    Go(Step),
    /// Reminders are looked for.
    Look,
    /// A letter about the newest case is written.
    Write(LetterKind),
    /// The next letter is taken by the mail server, or not.
    Mail(Posted),
}

pub(super) fn right() -> impl Strategy<Value = Right> {
    let kind = proptest::sample::select(RequestKind::ALL);
    let step = prop_oneof![
        Just(Step::Acknowledge),
        Just(Step::AskIdentity),
        Just(Step::ProveIdentity(Assurance::Staff)),
        Just(Step::AskClarification),
        Just(Step::Resume),
        Just(Step::Decide),
        Just(Step::Fulfil),
        Just(Step::Withdraw),
        Just(Step::Close),
    ];
    prop_oneof![
        2 => (0..PEOPLE, kind).prop_map(|(person, kind)| Right::Ask(person, kind)),
        3 => step.prop_map(Right::Go),
        1 => Just(Right::Look),
        1 => proptest::sample::select(LetterKind::ALL).prop_map(Right::Write),
        1 => prop_oneof![
            Just(Posted::Sent),
            Just(Posted::Again(Some(451))),
            Just(Posted::Never(Some(550))),
        ]
        .prop_map(Right::Mail),
    ]
}

impl Side {
    #[expect(clippy::too_many_lines, reason = "one arm for each step")]
    pub(super) async fn right(&mut self, step: &Right) {
        let store = &self.test.store;
        match step {
            Right::Ask(person, kind) => {
                let Some(subject) = self.test.find(&phone(*person)) else {
                    return;
                };
                let new = NewRequest {
                    subject,
                    kind: *kind,
                    source: RequestSource::Staff,
                    assurance: Assurance::Claimed,
                    language: "en".to_owned(),
                    text: format!("case {}", self.serial),
                    received_at: None,
                };
                let opened = store.open_request(STAFF, new).await;
                self.note(opened);
            }
            Right::Go(step) => {
                let all = RequestFilter::default();
                let newest = self.test.read(|reader| reader.requests(&all, None, 1));
                let Some(case) = newest.first() else {
                    return;
                };
                let order = StepOrder {
                    id: case.id,
                    version: Some(case.version),
                    step: step.clone(),
                    note: Some("a note".to_owned()),
                };
                let stepped = store.step_request(STAFF, order).await;
                self.note(stepped);
            }
            Right::Look => {
                let looked = store.look_after_requests().await;
                self.note(looked);
            }
            Right::Write(kind) => {
                let all = RequestFilter::default();
                let newest = self.test.read(|reader| reader.requests(&all, None, 1));
                let Some(case) = newest.first() else {
                    return;
                };
                let letter = NewLetter {
                    request: case.id,
                    kind: *kind,
                    language: "en".to_owned(),
                    said: Said {
                        to: Some("person@example.org".to_owned()),
                        ..Said::default()
                    },
                    chat: Some(br#"{"type":"text","text":{"body":"x"}}"#.to_vec()),
                    templates: Vec::new(),
                    mail: true,
                };
                let written = store.write_letter(STAFF, letter).await;
                self.note(written);
            }
            Right::Mail(posted) => {
                let next = store.next_letter().await;
                if let Ok(Some(mailing)) = &next {
                    let posted = store.letter_posted(mailing.id, *posted).await;
                    posted.unwrap();
                }
                let told = next.map(|next| next.map(|mailing| (mailing.id, mailing.attempt)));
                self.note(told);
            }
        }
    }
}
