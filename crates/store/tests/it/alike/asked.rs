//! What people are asked elsewhere, and what they say there.

use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::Route;
use domain::ids::ConfirmationId;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::strategy::Just;
use proptest::strategy::Strategy;
use store::confirmation::Answer;
use store::confirmation::NewRequest;
use store::confirmation::Posted;
use store::preference::Act;
use store::preference::Wish;

use crate::on_sqlite::fixture::STAFF;
use crate::on_sqlite::fixture::phone;

use super::PEOPLE;
use super::Side;

#[derive(Clone, Debug)]
pub(super) enum Asked {
    Request(u32, Route, AskedBy),
    /// The next confirmation is posted, with what end.
    Posted(Posted),
    Answer(bool),
    Bounce,
    Cancel(u32),
    Code(u32),
    /// A code is tried: the one that was made last, or another.
    Try(u32, bool),
    Wish(u32, u8, bool),
}

pub(super) fn asked() -> impl Strategy<Value = Asked> {
    let person = 0..PEOPLE;
    let route = prop_oneof![Just(Route::Email), Just(Route::Sms)];
    let source = prop_oneof![
        Just(AskedBy::Form),
        Just(AskedBy::App),
        Just(AskedBy::Till),
        Just(AskedBy::Staff),
    ];
    let posted = prop_oneof![
        4 => Just(Posted::Sent),
        1 => Just(Posted::Again(Some(421))),
        1 => Just(Posted::Never(Some(550))),
    ];
    prop_oneof![
        4 => (person.clone(), route, source).prop_map(|(p, r, s)| Asked::Request(p, r, s)),
        4 => posted.prop_map(Asked::Posted),
        3 => any::<bool>().prop_map(Asked::Answer),
        1 => Just(Asked::Bounce),
        1 => person.clone().prop_map(Asked::Cancel),
        1 => person.clone().prop_map(Asked::Code),
        2 => (person.clone(), any::<bool>()).prop_map(|(p, right)| Asked::Try(p, right)),
        3 => (person, 0..5_u8, any::<bool>()).prop_map(|(p, w, proved)| Asked::Wish(p, w, proved)),
    ]
}

impl Side {
    pub(super) async fn asked(&mut self, step: &Asked) {
        match *step {
            Asked::Request(person, route, source) => {
                let address = format!("person{person}@mail.example");
                let request = NewRequest {
                    purposes: vec![self.test.purpose("marketing")],
                    phone: Some(phone(person)),
                    email: Some(Identifier::new(IdentifierKind::Email, address)),
                    language: "en".to_owned(),
                    source,
                    route,
                    good_for: Span::hours(48),
                    details: "{}".to_owned(),
                };
                let taken = self.test.store.request_consent(Actor::Person, request);
                let taken = taken.await;
                self.note(taken);
            }
            Asked::Posted(posted) => {
                let routes = vec![Route::Email, Route::Sms];
                let next = self.test.store.next_post(routes).await.unwrap();
                if let Some(post) = next {
                    self.links.push((post.ids.clone(), post.token.to_string()));
                    let done = self.test.store.posted(post.ids, posted).await;
                    self.note(done);
                }
            }
            Asked::Answer(yes) => {
                if let Some((_, token)) = self.links.last() {
                    let answer = if yes { Answer::Yes } else { Answer::No };
                    let looked = self.test.store.link(token).await;
                    let answered = self.test.store.answer_link(token, answer, "{}".to_owned());
                    let answered = answered.await;
                    self.note(looked);
                    self.note(answered);
                }
            }
            Asked::Bounce => {
                let first = self.links.first().and_then(|(ids, _)| ids.first());
                let id = first.copied().unwrap_or(ConfirmationId(1));
                let told = self.test.store.confirmation_bounced(id, Some(511)).await;
                self.note(told);
            }
            Asked::Cancel(person) => {
                if let Some(subject) = self.test.find(&phone(person)) {
                    let open = self.test.read(|reader| reader.confirmations(subject));
                    if let Some(last) = open.last() {
                        let whose = (subject, last.id);
                        let ended = self.test.store.cancel_confirmation(STAFF, whose).await;
                        self.note(ended);
                    }
                }
            }
            _ => self.on_a_page(step).await,
        }
    }

    async fn on_a_page(&mut self, step: &Asked) {
        match *step {
            Asked::Code(person) => {
                let made = self.test.store.make_code(phone(person)).await.unwrap();
                self.code = made.map(|made| made.code.to_string());
                self.told.push(format!("{:?}", self.code));
            }
            Asked::Try(person, right) => {
                let code = self.code.clone().filter(|_| right);
                let code = code.unwrap_or_else(|| "000000".to_owned());
                let found = self.test.store.try_code(phone(person), &code).await;
                self.note(found);
            }
            Asked::Wish(person, wish, proved) => {
                let Some(subject) = self.test.find(&phone(person)) else {
                    return;
                };
                let marketing = self.test.purpose("marketing");
                let act = Act {
                    subject,
                    wish: match wish {
                        0 => Wish::Off(marketing),
                        1 => Wish::On(marketing, self.test.given().notice),
                        2 => Wish::Unshared,
                        3 => Wish::StopEverything,
                        _ => Wish::StartAgain,
                    },
                    proved,
                    language: "en".to_owned(),
                    details: "{}".to_owned(),
                };
                let done = self.test.store.act(act).await;
                self.note(done);
            }
            _ => {}
        }
    }
}
