//! What comes back on an older snapshot beside the keys, and what is not sent a second time.

use std::collections::BTreeSet;

use backup::bundle::Piece;
use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::ConfirmationState;
use domain::confirmation::Route;
use domain::erasure::EraseReason;
use domain::hold::Scope;
use domain::ids::HoldId;
use domain::ids::RequestId;
use domain::ids::SubjectId;
use domain::letter::LetterState;
use domain::record_class::RecordClass;
use domain::request::Assurance;
use domain::request::LetterKind;
use domain::request::RequestKind;
use domain::request::RequestSource;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use domain::time::Timestamp;
use store::Store;
use store::confirmation::NewRequest;
use store::confirmation::Posted;
use store::erase::EraseOrder;
use store::erase::ErasureFilter;
use store::erase::KeptView;
use store::hold::HoldChange;
use store::hold::HoldView;
use store::hold::NewHold;
use store::letter::NewLetter;
use store::letter::Said;
use store::request::RequestFilter;
use testkit::ANNELIE;
use testkit::SIPHO;
use testkit::THANDI;

use crate::backups_rig::Kind;
use crate::backups_rig::Rig;
use crate::backups_rig::STAFF;

async fn place(rig: &Rig, code: &str, subjects: &[SubjectId]) -> HoldId {
    let hold = NewHold {
        code: code.to_owned(),
        matter: "Dlamini against the shop".to_owned(),
        owner: "legal".to_owned(),
        scope: Scope {
            subjects: subjects.to_vec(),
            classes: [RecordClass::Conversation].into_iter().collect(),
            ..Scope::default()
        },
        review_at: rig.gateway.clock.now() + Span::days(90),
    };
    rig.gateway.store.place_hold(STAFF, hold).await.unwrap()
}

async fn release(rig: &Rig, id: HoldId) {
    let seen = hold_of(&rig.gateway.store, id).version;
    let released = rig
        .gateway
        .store
        .release_hold(STAFF, (id, seen), "settled".to_owned());
    released.await.unwrap();
}

fn hold_of(store: &Store, id: HoldId) -> HoldView {
    let held = store.read_now(|reader| reader.hold(id));
    held.unwrap().unwrap()
}

fn held(store: &Store, code: &str) -> HoldView {
    let held = store.read_now(|reader| reader.hold_by_code(code));
    held.unwrap().unwrap()
}

/// What an erasure of a person left.
fn left(store: &Store, subject: SubjectId) -> Vec<KeptView> {
    let left = store.read_now(|reader| {
        let mut all = Vec::new();
        for erasure in reader.erasures(ErasureFilter::default(), 100)? {
            if erasure.subject == subject {
                all.extend(reader.erasure_kept(erasure.id)?);
            }
        }
        Ok(all)
    });
    left.unwrap()
}

/// The data keys that are not destroyed.
fn keys(store: &Store) -> BTreeSet<i64> {
    let mut keys = BTreeSet::new();
    let gathered = store.read_now(|reader| {
        reader.gather(None, &mut |piece| {
            if let Piece::Key(id, _) = piece {
                keys.insert(id);
            }
            Ok(())
        })
    });
    gathered.unwrap();
    keys
}

/// Three people: one is erased under a hold. A snapshot. After it that hold is released; another is placed,
/// changes hands, and keeps something of the third, who is erased.
async fn a_snapshot_between_holds(rig: &Rig) -> [SubjectId; 3] {
    let gateway = &rig.gateway;
    let mut people = Vec::new();
    for person in [&THANDI, &SIPHO, &ANNELIE] {
        gateway.hear_text(person, person.handle).await;
        people.push(gateway.subject(person).await);
    }
    let [thandi, sipho, annelie] = people.try_into().unwrap();
    let before = place(rig, "before", &[sipho]).await;
    rig.erase(&SIPHO).await;
    rig.append().await;
    rig.snapshot().await;
    let after = place(rig, "after", &[thandi, annelie]).await;
    let change = HoldChange {
        owner: Some("the court".to_owned()),
        review_at: None,
    };
    let changed = gateway.store.change_hold(STAFF, (after, 1), change);
    changed.await.unwrap();
    rig.append().await;
    rig.erase(&ANNELIE).await;
    let kept = keys(&gateway.store);
    release(rig, before).await;
    rig.append().await;
    assert_eq!(keys(&gateway.store).len() + 1, kept.len());
    [thandi, sipho, annelie]
}

/// The hold is in force: an erasure leaves what it covers, and its release lets that go.
async fn in_force(store: &Store, hold: &HoldView, subject: SubjectId) {
    let order = EraseOrder {
        subject,
        request: None,
        reason: EraseReason::Requested,
        recipients_within: EraseOrder::RECIPIENTS_WITHIN,
    };
    let erased = store.erase(STAFF, order).await.unwrap();
    let mut kept = erased.kept.iter();
    assert!(kept.any(|kept| kept.class == RecordClass::Conversation));
    let left = keys(store);
    let seen = (hold.id, hold.version);
    let released = store.release_hold(STAFF, seen, "settled".to_owned());
    assert_eq!(released.await.unwrap(), 2);
    assert_eq!(keys(store).len() + 2, left.len());
}

async fn holds_come_back(kind: Kind) {
    let rig = Rig::start(kind).await;
    let [thandi, sipho, annelie] = a_snapshot_between_holds(&rig).await;
    let machine = rig.machine("machine");
    let came = machine.restore().await.unwrap();
    assert_eq!(came.restored.holds, 2, "{came:?}");
    let store = machine.open();
    let all = store.read_now(|reader| reader.holds(false, None, 10));
    assert_eq!(all.unwrap().len(), 2);
    assert!(held(&store, "before").released_at.is_some());
    let after = held(&store, "after");
    assert_eq!((after.released_at, after.people), (None, 2));
    assert_eq!(after.owner, "the court");
    // Whoever was erased under it keeps what it holds.
    assert_eq!(keys(&store), keys(&rig.gateway.store));
    let kept = left(&store, annelie);
    let by_it = |kept: &KeptView| kept.hold == Some(after.id) && kept.ended_at.is_none();
    assert!(kept.iter().any(by_it), "{kept:?}");
    // What the released one had kept went with its release.
    let kept = left(&store, sipho);
    let by_none = |kept: &KeptView| kept.hold.is_none() || kept.ended_at.is_some();
    assert!(kept.iter().all(by_none), "{kept:?}");
    in_force(&store, &after, thandi).await;
    store.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_of_after_the_snapshot_are_in_force_again() {
    for kind in [Kind::File, Kind::Server] {
        Box::pin(holds_come_back(kind)).await;
    }
}

/// A bundle that has a hold is not given to a program that would skip it.
#[tokio::test(flavor = "multi_thread")]
async fn a_place_of_before_is_given_the_holds() {
    let rig = Rig::start(Kind::File).await;
    rig.gateway.hear_text(&THANDI, "hello").await;
    rig.append().await;
    let parts = rig.files("one", "bundle/").len();
    rig.append().await;
    assert_eq!(rig.files("one", "bundle/").len(), parts, "nothing is due");
    let thandi = rig.gateway.subject(&THANDI).await;
    let hold = place(&rig, "one", &[thandi]).await;
    rig.append().await;
    assert_eq!(rig.files("one", "bundle/").len(), parts + 1, "it is placed");
    release(&rig, hold).await;
    rig.append().await;
    assert_eq!(
        rig.files("one", "bundle/").len(),
        parts + 2,
        "it is released"
    );
    rig.append().await;
    assert_eq!(
        rig.files("one", "bundle/").len(),
        parts + 2,
        "nothing is due"
    );
}

async fn case(store: &Store, subject: SubjectId) -> RequestId {
    let new = store::request::NewRequest {
        subject,
        kind: RequestKind::Complaint,
        source: RequestSource::Staff,
        assurance: Assurance::Staff,
        language: "en".to_owned(),
        text: String::new(),
        received_at: None,
    };
    store.open_request(STAFF, new).await.unwrap().request.id
}

fn letter(request: RequestId) -> NewLetter {
    NewLetter {
        request,
        kind: LetterKind::Completion,
        language: "en".to_owned(),
        said: Said {
            subject: "Done".to_owned(),
            text: "It is done.".to_owned(),
            ..Said::default()
        },
        chat: None,
        templates: Vec::new(),
        mail: true,
    }
}

/// Somebody of whom a letter waits, and somebody of whom a confirmation does.
async fn something_waits(store: &Store) -> (RequestId, SubjectId) {
    let mut known = THANDI.identifiers();
    known.push(mailbox("thandi@example.org"));
    let thandi = store.enrol(STAFF, known).await.unwrap();
    let request = case(store, thandi).await;
    let written = store.write_letter(Actor::System, letter(request)).await;
    assert_eq!(written.unwrap().state, LetterState::Waiting);
    let purpose = store
        .registry()
        .purpose_by_code("marketing")
        .unwrap()
        .purpose
        .id;
    let mut known = SIPHO.identifiers().into_iter();
    let asked = NewRequest {
        purposes: vec![purpose],
        phone: known.find(|one| one.kind() == IdentifierKind::Phone),
        email: Some(mailbox("sipho@example.org")),
        language: "en".to_owned(),
        source: AskedBy::Form,
        route: Route::Email,
        good_for: Span::hours(48),
        details: "{}".to_owned(),
    };
    store.request_consent(Actor::Person, asked).await.unwrap();
    let sipho = store.enrol(STAFF, SIPHO.identifiers()).await.unwrap();
    (request, sipho)
}

fn mailbox(address: &str) -> Identifier {
    Identifier::new(IdentifierKind::Email, address.to_owned())
}

async fn nothing_twice(kind: Kind) {
    let rig = Rig::start(kind).await;
    let store = &rig.gateway.store;
    let (request, sipho) = something_waits(store).await;
    rig.append().await;
    rig.snapshot().await;
    // Both go out after it.
    let mailing = store.next_letter().await.unwrap().unwrap();
    store.letter_posted(mailing.id, Posted::Sent).await.unwrap();
    let post = store.next_post(vec![Route::Email]).await.unwrap().unwrap();
    store.posted(post.ids, Posted::Sent).await.unwrap();
    rig.append().await;

    let machine = rig.machine("machine");
    let came = machine.restore().await.unwrap();
    let told = (came.restored.letters, came.restored.confirmations);
    assert_eq!(told, (1, 1), "{came:?}");
    let store = machine.open();
    rig.gateway.advance(Span::days(1)).await;
    assert!(store.next_letter().await.unwrap().is_none());
    let post = store.next_post(Route::ALL.to_vec()).await.unwrap();
    assert!(post.is_none(), "{post:?}");
    // Staff sees whose they are.
    let filter = RequestFilter {
        untold: true,
        ..RequestFilter::default()
    };
    let listed = store.read_now(|reader| reader.requests(&filter, None, 10));
    let listed: Vec<RequestId> = listed.unwrap().iter().map(|case| case.id).collect();
    assert_eq!(listed, [request]);
    let letters = store.read_now(|reader| reader.letters(request)).unwrap();
    let state = letters.first().map(|letter| letter.state);
    assert_eq!(state, Some(LetterState::Unknown));
    let asked = store
        .read_now(|reader| reader.confirmations(sipho))
        .unwrap();
    let state = asked.first().map(|asked| asked.state);
    assert_eq!(state, Some(ConfirmationState::Unknown));
    store.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_a_snapshot_is_not_sent_again() {
    for kind in [Kind::File, Kind::Server] {
        Box::pin(nothing_twice(kind)).await;
    }
}

/// The horizon is an epoch, a day for the roll, and the days for which places keep what was removed there;
/// it is reached when those are over, and the certificate says the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_horizon_is_one_number() {
    let rig = Rig::start_told(Kind::File, |told| {
        told.epoch = Some(Span::days(7));
        told.backup.copies = Span::days(30);
    })
    .await;
    rig.gateway.hear_text(&THANDI, "hello").await;
    rig.append().await;
    let subject = rig.erase(&THANDI).await;
    let erased = rig.gateway.clock.now();
    let days = |days: u32| erased + Span::days(days);
    let horizon = rig.gateway.service.settings().horizon();
    assert_eq!(horizon, Some(Span::days(38)));
    let told = horizon_of(&rig, subject).await;
    assert_eq!(told, (None, format!("expected {}", days(38))));
    rig.gateway.advance(Span::days(2)).await;
    rig.roll().await;
    rig.gateway.store.reach_horizons().await.unwrap();
    let told = horizon_of(&rig, subject).await;
    assert_eq!(told, (Some(days(32)), format!("expected {}", days(32))));
    rig.gateway.advance(Span::days(30)).await;
    let told = horizon_of(&rig, subject).await;
    assert_eq!(told, (Some(days(32)), format!("reached {}", days(32))));
}

/// What stands of the horizon of a person's erasure, and what its certificate says.
async fn horizon_of(rig: &Rig, subject: SubjectId) -> (Option<Timestamp>, String) {
    let filter = ErasureFilter::default();
    let cases = rig
        .gateway
        .store
        .read_now(|reader| reader.erasures(filter, 9));
    let mut cases = cases.unwrap().into_iter();
    let case = cases.find(|case| case.subject == subject).unwrap();
    let forms = rig.gateway.service.erasure_certificate(case.id, "en").await;
    let note = forms.unwrap().unwrap().note;
    let mut lines = note.lines();
    let line = lines.find_map(|line| line.strip_prefix("horizon: "));
    (case.horizon_at, line.unwrap().to_owned())
}
