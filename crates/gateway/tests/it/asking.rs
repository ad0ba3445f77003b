//! Asking the people of a list that was brought in, with a real mail server beside the gateway.

use domain::audit::Actor;
use domain::confirmation::Route;
use domain::ids::ImportId;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::time::Span;
use service::AskList;
use service::Field;
use service::Origin;
use service::PortalError;
use store::import::Begun;
use store::import::Brought;
use store::import::ImportState;
use store::import::Listed;
use store::import::NewImport;
use testkit::Person;
use testkit::SIPHO;
use testkit::THANDI;
use testkit::smtp::Odd;
use testkit::smtp::Step;

use crate::optin::verdict;
use crate::optin_rig::Rig;
use crate::optin_rig::token;

#[tokio::test]
async fn the_people_of_a_list_are_asked_by_mail_and_only_who_confirms_has_agreed() {
    let rig = Rig::start().await;
    let service = &rig.gateway.service;
    let import = bring_in(&rig, &[&THANDI, &SIPHO]).await;
    let asked = AskList {
        import,
        purpose: "marketing".to_owned(),
        route: Route::Email,
        language: "de".to_owned(),
        pace: 600,
        stop_permille: 20,
    };
    for (wrong, field) in [
        (
            AskList {
                purpose: "nothing".to_owned(),
                ..asked.clone()
            },
            Field::Purposes,
        ),
        (
            AskList {
                route: Route::Chat,
                ..asked.clone()
            },
            Field::Route,
        ),
        (
            AskList {
                language: "!".to_owned(),
                ..asked.clone()
            },
            Field::Language,
        ),
    ] {
        let refused = service.ask_list(Actor::System, wrong).await;
        assert_eq!(refused.unwrap_err(), PortalError::Field(field));
    }
    // The mail server is away at first: nobody is lost, nobody asked twice.
    rig.mail.misbehave(Step::Sender, Odd::Say("421 later\r\n"));
    service.ask_list(Actor::System, asked).await.unwrap();
    assert!(service.campaigns_now().await.unwrap());
    rig.post().await;
    assert_eq!(rig.mail.received().len(), 0);
    rig.mail.behave();
    for _ in 0..10 {
        let now = rig.gateway.clock.now();
        rig.gateway.clock.set(now + Span::seconds(31));
        service.campaigns_now().await.unwrap();
        rig.post().await;
    }
    let mut mails = rig.mail.received();
    mails.sort_by(|one, other| one.to.cmp(&other.to));
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["person0@mail.example", "person1@mail.example"]);
    assert!(mails[0].message.contains("Content-Language: de"));
    assert_eq!(verdict(&rig, THANDI.address()).await, (403, 131_005));
    let token = token(&mails[0].message);
    let confirmed = service.confirm(&token, Origin::default());
    confirmed.await.unwrap();
    assert_eq!(verdict(&rig, THANDI.address()).await, (200, 0));
    assert_eq!(verdict(&rig, SIPHO.address()).await, (403, 131_005));
}

/// Brings a list in: each with a mailbox of their own.
pub(crate) async fn bring_in(rig: &Rig, people: &[&Person]) -> ImportId {
    let store = &rig.gateway.store;
    let new = NewImport {
        layout: "generic".to_owned(),
        provenance: "the till".to_owned(),
        file_hash: [7; 32],
        purpose: store
            .registry()
            .purpose_by_code("marketing")
            .unwrap()
            .purpose
            .id,
    };
    let begun = store.begin_import(Actor::System, new).await.unwrap();
    let Begun::New(import) = begun else {
        panic!("is not new");
    };
    let set = async |state| {
        let set = store.set_import(Actor::System, import, state, None);
        set.await.unwrap();
    };
    set(ImportState::Writing).await;
    let brought = |(place, person): (usize, &&Person)| Brought {
        line: place as u64 + 2,
        phone: Some(Identifier::new(
            IdentifierKind::Phone,
            person.phone.unwrap().to_owned(),
        )),
        email: Some(Identifier::new(
            IdentifierKind::Email,
            format!("person{place}@mail.example"),
        )),
        traits: Vec::new(),
        denied: false,
    };
    let listed = Listed {
        import,
        from: 0,
        rows: people.len() as u64,
        people: people.iter().enumerate().map(brought).collect(),
    };
    store.bring(Actor::System, listed).await.unwrap();
    set(ImportState::Done).await;
    import
}
