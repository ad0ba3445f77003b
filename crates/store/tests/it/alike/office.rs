//! What a privacy office sets and brings in, and messages to many.

use domain::campaign::CampaignKind;
use domain::person::TraitKind;
use domain::person::TraitSource;
use domain::purpose::Cap;
use domain::purpose::Terms;
use domain::time::Span;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::strategy::Just;
use proptest::strategy::Strategy;
use seal::RecordClass;
use seal::Zeroizing;
use store::admin::NewNotice;
use store::block_list::BlockList;
use store::block_registry::NewBlockRegistry;
use store::campaign::CampaignChange;
use store::campaign::NewCampaign;
use store::campaign::Stepped;
use store::import::Begun;
use store::import::Brought;
use store::import::ImportState;
use store::import::Listed;
use store::import::NewImport;
use store::registry::NoticeChange;
use store::registry::PurposeTerms;
use store::terms::NewLayers;

use crate::on_sqlite::fixture::STAFF;
use crate::on_sqlite::fixture::phone;

use super::PEOPLE;
use super::Side;

#[derive(Clone, Debug)]
pub(super) enum Office {
    Terms(bool),
    /// A notice in layers, under the code that consent is given under, or under one of its own.
    Layers(bool),
    Share(bool),
    Trait(u32, usize, usize),
    Register,
    Unregister,
    /// A registry's list names these people; some of its lines cannot be read.
    List(u32, bool),
    Override,
    EndOverride,
    /// A list of people, the next of them as well.
    Bring(u32, bool),
    Campaign,
    Change(CampaignChange),
    March,
}

pub(super) fn office() -> impl Strategy<Value = Office> {
    let person = 0..PEOPLE;
    let change = prop_oneof![
        Just(CampaignChange::Cancel),
        Just(CampaignChange::Pace(120)),
        Just(CampaignChange::Pause),
        Just(CampaignChange::Resume),
    ];
    let held = (
        person.clone(),
        0..TraitKind::ALL.len(),
        0..TraitSource::ALL.len(),
    );
    prop_oneof![
        2 => any::<bool>().prop_map(Office::Terms),
        1 => any::<bool>().prop_map(Office::Layers),
        1 => any::<bool>().prop_map(Office::Share),
        3 => held.prop_map(|(p, kind, source)| Office::Trait(p, kind, source)),
        1 => Just(Office::Register),
        1 => Just(Office::Unregister),
        3 => (person.clone(), any::<bool>()).prop_map(|(p, bad)| Office::List(p, bad)),
        2 => Just(Office::Override),
        1 => Just(Office::EndOverride),
        2 => (person, any::<bool>()).prop_map(|(p, denied)| Office::Bring(p, denied)),
        2 => Just(Office::Campaign),
        1 => change.prop_map(Office::Change),
        3 => Just(Office::March),
    ]
}

impl Side {
    pub(super) async fn office(&mut self, step: &Office) {
        match *step {
            Office::Terms(narrow) => self.terms(narrow).await,
            Office::Layers(anew) => self.layers(anew).await,
            Office::Share(on) => {
                let purpose = on.then(|| self.test.purpose("marketing"));
                let shared = self.test.store.set_sharing(STAFF, self.app, purpose).await;
                self.note(shared);
            }
            Office::Trait(person, kind, source) => {
                let Some(subject) = self.test.find(&phone(person)) else {
                    return;
                };
                let kind = TraitKind::ALL[kind];
                let value = match kind {
                    TraitKind::Zone => "Africa/Johannesburg",
                    TraitKind::Residence => "ZA",
                    _ => "1",
                };
                let which = (kind, TraitSource::ALL[source]);
                let value = Zeroizing::new(value.to_owned());
                let put = self.test.store.put_trait(STAFF, subject, which, value);
                let put = put.await;
                self.note(put);
            }
            Office::Bring(person, denied) => self.bring(person, denied).await,
            Office::Campaign => {
                let new = NewCampaign {
                    kind: CampaignKind::Tell,
                    number: self.test.number,
                    template: "sale".to_owned(),
                    language: "en".to_owned(),
                    body: "{}".to_owned(),
                    about: self.test.purpose("marketing"),
                    notice: None,
                    import: None,
                    pace: 60,
                    stop_permille: 20,
                };
                let begun = self.test.store.begin_campaign(STAFF, new).await;
                self.campaign = begun.as_ref().ok().copied().or(self.campaign);
                self.note(begun);
            }
            Office::Change(change) => {
                if let Some(id) = self.campaign {
                    let changed = self.test.store.change_campaign(STAFF, id, change).await;
                    self.note(changed);
                }
            }
            Office::March => self.march().await,
            _ => self.registry(step).await,
        }
    }

    async fn registry(&mut self, step: &Office) {
        let store = &self.test.store;
        match (step, self.register) {
            (Office::Register, _) => self.register().await,
            (Office::Unregister, Some(id)) => {
                let ended = store.end_block_registry(STAFF, id).await;
                self.register = None;
                self.note(ended);
            }
            (Office::List(person, bad), Some(id)) => {
                let mut list = BlockList::begin(store, id).await.unwrap();
                for n in *person..PEOPLE {
                    list.line(&[phone(n)]).await.unwrap();
                }
                if *bad {
                    list.bad();
                }
                let done = list.put_in_force(STAFF, [7; 32]).await.unwrap();
                let told = (done.rows, done.blocked, done.lifted, done.bad);
                self.told.push(format!("{told:?}"));
            }
            (Office::Override, Some(id)) => {
                let which = (id, self.test.purpose("marketing"));
                let who = ("Counsel".to_owned(), "a written opinion".to_owned());
                let made = store.override_registry(STAFF, which, who).await;
                let newest = made.as_ref().ok().map(|made| (id, *made));
                self.overridden = newest.or(self.overridden);
                self.note(made);
            }
            (Office::EndOverride, _) => {
                if let Some(which) = self.overridden.take() {
                    let ended = store.end_override(STAFF, which).await;
                    self.note(ended);
                }
            }
            _ => {}
        }
    }

    pub(super) async fn register(&mut self) {
        let new = NewBlockRegistry {
            code: format!("register-{}", self.serial),
            name: "Opt-out register".to_owned(),
            every_days: Some(31),
        };
        let added = self.test.store.add_block_registry(STAFF, new).await;
        let added = added.unwrap();
        self.register = Some(added);
        self.told.push(format!("{added:?}"));
    }

    async fn terms(&mut self, narrow: bool) {
        let shown = PurposeTerms {
            notice: Some("messages".to_owned()),
            description: "Offers".to_owned(),
            recipients: "Meta".to_owned(),
            record_class: narrow.then_some(RecordClass::Notes),
            confirm: narrow,
        };
        let held = Terms {
            any_hour: true,
            cap: narrow.then_some(Cap { count: 2, days: 9 }),
            lapse_days: narrow.then_some(400),
            ..Terms::default()
        };
        let purpose = self.test.purpose("marketing");
        let set = self.test.store.set_terms(STAFF, purpose, (held, shown));
        let set = set.await;
        self.note(set);
    }

    async fn layers(&mut self, anew: bool) {
        let notice = NewNotice {
            code: if anew { "messages" } else { "offers" }.to_owned(),
            language: "en".to_owned(),
            title: "Layers".to_owned(),
            body: format!("The page, number {}", self.serial),
            change: if anew {
                NoticeChange::ConsentAnew
            } else {
                NoticeChange::Told
            },
        };
        let layers = NewLayers {
            short: "In short".to_owned(),
            elements: [("N01".to_owned(), "Shop, 1 Long Street".to_owned())].into(),
        };
        let published = self.test.store.publish_layers(STAFF, notice, layers).await;
        self.note(published);
    }

    async fn bring(&mut self, person: u32, denied: bool) {
        let store = &self.test.store;
        let mut file_hash = [0; 32];
        file_hash[..4].copy_from_slice(&self.serial.to_be_bytes());
        let new = NewImport {
            layout: "generic".to_owned(),
            provenance: "the till".to_owned(),
            file_hash,
            purpose: self.test.purpose("marketing"),
        };
        let Begun::New(import) = store.begin_import(STAFF, new).await.unwrap() else {
            panic!("is not new");
        };
        let state = |state| store.set_import(STAFF, import, state, None);
        state(ImportState::Writing).await.unwrap();
        let people: Vec<Brought> = [person, PEOPLE + person]
            .into_iter()
            .zip(1..)
            .map(|(n, line)| Brought {
                line,
                phone: Some(phone(n)),
                email: None,
                traits: vec![(TraitKind::Residence, Zeroizing::new("ZA".to_owned()))],
                denied,
            })
            .collect();
        let listed = Listed {
            import,
            from: 0,
            rows: 2,
            people,
        };
        let dealt = store.bring(STAFF, listed).await;
        state(ImportState::Done).await.unwrap();
        self.note(dealt);
    }

    /// A campaign goes on, and what it put into the outbox leaves.
    async fn march(&mut self) {
        let stepped = self.test.store.step_campaign().await.unwrap();
        self.told.push(format!("{stepped:?}"));
        if stepped == Stepped::Moved {
            self.test.pass(Span::seconds(1));
        }
        while let Some(call) = self.test.store.next_own().await.unwrap() {
            self.test.accept(call.message).await;
            self.told.push(format!("{:?}", call.message));
        }
    }
}
