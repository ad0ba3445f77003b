use std::collections::BTreeSet;
use std::sync::Arc;

use egress::Egress;
use egress::EgressError;
use egress::NotSent;
use egress::Policy;
use url::Url;

use crate::dns::NameServer;
use crate::host::HASTY;
use crate::host::Host;
use crate::host::Then;
use crate::host::get;
use crate::host::policy;
use crate::refusal::Scripted;
use crate::targets::Refused;
use crate::targets::targets;
use crate::tls::Authority;
use crate::tls::Secure;

/// Answers nothing but an end.
const CLOSING: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn nothing_connects_inside_however_it_is_written() {
    let trap = Host::start(Then::Answer(CLOSING)).await;
    // Exceptions for others open nothing here.
    let allowed = [
        "relay.example.com",
        "10.1.0.0/16",
        "127.77.0.0/16",
        "169.254.1.1",
    ];
    let targets = targets(trap.address.port());
    assert!(targets.len() > 150, "only {} targets", targets.len());
    let mut wrong = Vec::new();
    for target in &targets {
        let parsed = Url::parse(&target.url);
        let (Ok(url), expected) = (
            parsed,
            match target.refused {
                Refused::Address => NotSent::AddressRefused,
                Refused::Plain => NotSent::PlainRefused,
                Refused::Url | Refused::Syntax => NotSent::UrlRefused,
            },
        ) else {
            if target.refused != Refused::Syntax {
                wrong.push(format!("{}: {} is no URL", target.group, target.url));
            }
            continue;
        };
        let resolver = Scripted::always(&target.addresses);
        let rules = Policy {
            resolver: Arc::<Scripted>::clone(&resolver),
            ..policy(&allowed)
        };
        let found = Egress::new(rules).unwrap().send(get(&url)).await;
        if target.refused == Refused::Syntax
            || found.map(drop) != Err(EgressError::NotSent(expected))
        {
            wrong.push(format!("{}: {} was not refused", target.group, target.url));
        }
        if target.addresses.is_empty() && !resolver.asked().is_empty() {
            wrong.push(format!("{}: {} was looked up", target.group, target.url));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(trap.connections(), 0);
}

/// The name first leads to an address that may be called, then to this machine, and no answer may be
/// kept: the address that was checked is the one that is called, and the second is refused.
#[tokio::test]
async fn a_rebound_name_is_refused() {
    let authority = Authority::new();
    let name = "rebound.example.com";
    // Outside: allowed like any public address. Inside: this machine, with the same certificate.
    let outside = Secure::start("127.77.0.1:0", authority.certify(&[name])).await;
    let port = outside.address.port();
    let inside = Secure::start(&format!("127.0.0.1:{port}"), authority.certify(&[name])).await;
    let names = NameServer::start(&["127.77.0.1", "127.0.0.1", "127.0.0.1 ::1"]).await;
    let rules = Policy {
        extra_roots: vec![authority.root()],
        resolver: Arc::new(names.resolver()),
        ..policy(&["127.77.0.1/32"])
    };
    let client = Egress::new(rules).unwrap();
    let url = Url::parse(&format!("https://{name}:{port}/")).unwrap();

    assert_eq!(client.send(get(&url)).await.unwrap().body, "ok");
    assert_eq!((names.asked(), outside.connections()), (1, 1));
    // On the connection that is open nobody is asked again.
    assert_eq!(client.send(get(&url)).await.unwrap().body, "ok");
    assert_eq!((names.asked(), outside.connections()), (1, 1));
    // Which the host then closes.
    for asked in 2..=3 {
        let found = client.send(get(&url)).await.unwrap_err();
        assert_eq!(found, EgressError::NotSent(NotSent::AddressRefused));
        assert_eq!(names.asked(), asked);
    }
    assert_eq!((outside.connections(), inside.connections()), (1, 0));
    // Had it been called, it would have answered: the same name, allowed to lead inside.
    let names = NameServer::start(&["127.0.0.1"]).await;
    let rules = Policy {
        extra_roots: vec![authority.root()],
        resolver: Arc::new(names.resolver()),
        ..policy(&[name])
    };
    let found = Egress::new(rules).unwrap().send(get(&url)).await.unwrap();
    assert_eq!((found.body.as_ref(), inside.connections()), (&b"ok"[..], 1));
}

#[tokio::test]
async fn a_name_server_that_says_nothing_costs_the_time_of_a_connection() {
    let names = NameServer::silent().await;
    let rules = Policy {
        connect_timeout: HASTY,
        resolver: Arc::new(names.resolver()),
        ..policy(&[])
    };
    let url = Url::parse("https://silent.example.com/").unwrap();
    let found = Egress::new(rules).unwrap().send(get(&url)).await;
    assert_eq!(
        found.unwrap_err(),
        EgressError::NotSent(NotSent::ConnectTimeout)
    );
}

/// What certificates do not hold for, one by one; and one that holds, so that it is not the rest.
#[tokio::test]
async fn a_certificate_that_does_not_hold_gets_nothing() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let name = "graph.example.com";
    let cases = [
        ("sound", authority.certify(&[name]), Ok(())),
        (
            "another name",
            authority.certify(&["graph.example.org"]),
            Err(()),
        ),
        ("a name above", authority.certify(&["example.com"]), Err(())),
        ("expired", authority.expired(&[name]), Err(())),
        ("not yet valid", authority.early(&[name]), Err(())),
        ("another authority", stranger.certify(&[name]), Err(())),
        ("its own authority", Authority::alone(&[name]), Err(())),
    ];
    for (what, certificate, expected) in cases {
        let server = Secure::start("127.0.0.1:0", certificate).await;
        let names = NameServer::start(&["127.0.0.1"]).await;
        let rules = Policy {
            extra_roots: vec![authority.root()],
            resolver: Arc::new(names.resolver()),
            ..policy(&[name])
        };
        let port = server.address.port();
        let url = Url::parse(&format!("https://{name}:{port}/")).unwrap();
        let found = Egress::new(rules).unwrap().send(get(&url)).await;
        let expected = expected.map_err(|()| EgressError::NotSent(NotSent::Tls));
        assert_eq!(found.map(drop), expected, "{what}");
        // Not a byte of the request, and no second try in plain.
        let requests = usize::from(expected.is_ok());
        assert_eq!(
            (server.connections(), server.requests()),
            (1, requests),
            "{what}"
        );
    }
    let none = Policy {
        extra_roots: vec![b"no certificate".to_vec().into()],
        ..Policy::default()
    };
    assert_eq!(Egress::new(none).err(), Some(egress::SetupError::Root));
}

#[test]
fn the_list_is_sound() {
    let mut seen = BTreeSet::new();
    for target in targets(1) {
        let told = target.link || !target.addresses.is_empty();
        assert!(told, "{}: only a name can look public", target.url);
        assert!(seen.insert(target.url.clone()), "{} twice", target.url);
    }
}
