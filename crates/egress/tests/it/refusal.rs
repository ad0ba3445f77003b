use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;

use egress::Egress;
use egress::EgressError;
use egress::NotSent;
use egress::Policy;
use egress::Resolver;
use url::Url;

use crate::host::Host;
use crate::host::Then;
use crate::host::get;
use crate::host::policy;

const CLOSING: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Gives the prepared answers in turn, and then the one for ever, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Scripted {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    always: Option<Vec<IpAddr>>,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn new(answers: &[&str]) -> Arc<Self> {
        let parse = |answer: &&str| {
            answer
                .split(' ')
                .map(|text| text.parse().unwrap())
                .collect()
        };
        let answers = Mutex::new(answers.iter().map(parse).collect());
        Arc::new(Self {
            answers,
            ..Self::default()
        })
    }

    pub(crate) fn always(answer: &[IpAddr]) -> Arc<Self> {
        Arc::new(Self {
            always: Some(answer.to_vec()),
            ..Self::default()
        })
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Resolver for Scripted {
    fn resolve(
        &self,
        host: String,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        self.asked.lock().unwrap().push(host);
        let answer = self.answers.lock().unwrap().pop_front();
        let answer = answer.or_else(|| self.always.clone());
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no answer")) })
    }
}

fn client(allowances: &[&str], resolver: &Arc<Scripted>) -> Egress {
    let resolver = Arc::<Scripted>::clone(resolver);
    Egress::new(Policy {
        resolver,
        ..policy(allowances)
    })
    .unwrap()
}

async fn call(allowances: &[&str], resolver: &Arc<Scripted>, url: &str) -> Result<(), EgressError> {
    let client = client(allowances, resolver);
    client.send(get(&Url::parse(url).unwrap())).await.map(drop)
}

#[tokio::test]
async fn a_name_does_not_hide_an_address() {
    let trap = Host::start(Then::Answer(CLOSING)).await;
    let port = trap.address.port();
    for answer in [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "0.0.0.0",
        "10.0.0.1 192.168.0.1 169.254.169.254 fe80::1 fd00::1",
    ] {
        let resolver = Scripted::new(&[answer]);
        let found = call(&[], &resolver, &format!("https://inside.example:{port}/")).await;
        assert_eq!(
            found,
            Err(EgressError::NotSent(NotSent::AddressRefused)),
            "{answer}"
        );
        assert_eq!(resolver.asked(), ["inside.example"]);
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn only_addresses_that_passed_are_connected_to() {
    let host = Host::start(Then::Answer(CLOSING)).await;
    let port = host.address.port();
    // The second of these is where the host listens; the first must not be tried.
    let resolver = Scripted::new(&["169.254.169.254 127.0.0.1"]);
    let name = format!("relay.internal:{port}");
    assert_eq!(
        call(&[&name], &resolver, &format!("http://{name}/")).await,
        Ok(())
    );
    assert_eq!(host.connections(), 1);
}

#[tokio::test]
async fn a_name_that_moves_inside_is_refused_at_the_next_connection() {
    let host = Host::start(Then::Answer(CLOSING)).await;
    let trap = Host::start(Then::Answer(CLOSING)).await;
    let name = format!("moving.example:{}", host.address.port());
    let resolver = Scripted::new(&["127.0.0.1", "169.254.169.254", "0.0.0.0 ::"]);
    let client = client(&[&name], &resolver);
    let url = Url::parse(&format!("http://{name}/")).unwrap();
    assert!(client.send(get(&url)).await.is_ok());
    for _ in 0..2 {
        let found = client.send(get(&url)).await.unwrap_err();
        assert_eq!(found, EgressError::NotSent(NotSent::AddressRefused));
    }
    // One look-up a connection: what was checked is what was connected to.
    assert_eq!(resolver.asked().len(), 3);
    assert_eq!((host.connections(), trap.connections()), (1, 0));
}

#[tokio::test]
async fn names_without_an_address_are_not_called() {
    let resolver = Scripted::new(&[]);
    let found = call(&[], &resolver, "https://nowhere.example/").await;
    assert_eq!(found, Err(EgressError::NotSent(NotSent::Name)));
}

#[tokio::test]
async fn addresses_in_a_url_are_not_looked_up() {
    let resolver = Scripted::new(&["8.8.8.8"]);
    for (url, expected) in [
        ("https://127.0.0.1/", NotSent::AddressRefused),
        ("https://0x7f.1/", NotSent::AddressRefused),
        ("https://[::1]/", NotSent::AddressRefused),
        ("http://localhost/", NotSent::PlainRefused),
        ("https://a@example.org/", NotSent::UrlRefused),
        ("gopher://example.org/", NotSent::UrlRefused),
    ] {
        assert_eq!(
            call(&[], &resolver, url).await,
            Err(EgressError::NotSent(expected)),
            "{url}"
        );
    }
    assert!(resolver.asked().is_empty());
}

#[tokio::test]
async fn the_systems_resolver_is_checked_too() {
    let host = Host::start(Then::Answer(CLOSING)).await;
    let port = host.address.port();
    let url = Url::parse(&format!("https://localhost:{port}/")).unwrap();
    let found = Egress::new(policy(&[]))
        .unwrap()
        .send(get(&url))
        .await
        .unwrap_err();
    assert_eq!(found, EgressError::NotSent(NotSent::AddressRefused));
    let name = format!("localhost:{port}");
    let url = Url::parse(&format!("http://{name}/")).unwrap();
    assert!(
        Egress::new(policy(&[&name]))
            .unwrap()
            .send(get(&url))
            .await
            .is_ok()
    );
    assert_eq!(host.connections(), 1);
}
