//! A name server on the loopback, and a resolver that asks it over UDP (RFC 1035).

use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use egress::Resolver;
use tokio::net::UdpSocket;

const A: u16 = 1;
const AAAA: u16 = 28;
const HEADER: usize = 12;

/// Gives its answers in turn, the last one for ever, each to be kept for no time at all.
pub(crate) struct NameServer {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl NameServer {
    pub(crate) async fn start(answers: &[&str]) -> Self {
        Self::serve(answers.iter().map(|answer| addresses(answer)).collect()).await
    }

    /// It takes every question and answers none.
    pub(crate) async fn silent() -> Self {
        Self::serve(Vec::new()).await
    }

    async fn serve(answers: Vec<Vec<IpAddr>>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: socket.local_addr().unwrap(),
            asked: Arc::default(),
        };
        let asked = Arc::clone(&server.asked);
        tokio::spawn(async move {
            let mut question = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                let turn = asked.fetch_add(1, Ordering::SeqCst);
                let Some(answer) = answers.get(turn.min(answers.len().saturating_sub(1))) else {
                    continue;
                };
                let reply = reply(question.get(..length).unwrap(), answer);
                socket.send_to(&reply, from).await.unwrap();
            }
        });
        server
    }

    /// How many questions came.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn resolver(&self) -> Stub {
        Stub(self.address)
    }
}

fn addresses(text: &str) -> Vec<IpAddr> {
    text.split(' ').map(|one| one.parse().unwrap()).collect()
}

/// The question, with its answers behind it; each says its name by pointing at the question's.
fn reply(question: &[u8], answer: &[IpAddr]) -> Vec<u8> {
    let mut reply = question.to_vec();
    let count = u16::try_from(answer.len()).unwrap().to_be_bytes();
    reply.get_mut(2..4).unwrap().copy_from_slice(&[0x81, 0x80]);
    reply.get_mut(6..8).unwrap().copy_from_slice(&count);
    for address in answer {
        let (kind, bytes) = match address {
            IpAddr::V4(v4) => (A, v4.octets().to_vec()),
            IpAddr::V6(v6) => (AAAA, v6.octets().to_vec()),
        };
        let length = u16::try_from(bytes.len()).unwrap();
        reply.extend([0xc0, 12]);
        reply.extend(kind.to_be_bytes());
        reply.extend([0, 1]);
        reply.extend(0_u32.to_be_bytes());
        reply.extend(length.to_be_bytes());
        reply.extend(bytes);
    }
    reply
}

/// Asks one name server, keeps nothing.
#[derive(Debug)]
pub(crate) struct Stub(SocketAddr);

impl Resolver for Stub {
    fn resolve(
        &self,
        host: String,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let server = self.0;
        Box::pin(async move {
            let socket = UdpSocket::bind("127.0.0.1:0").await?;
            socket.connect(server).await?;
            let question = question(&host);
            socket.send(&question).await?;
            let mut reply = [0; 512];
            let length = socket.recv(&mut reply).await?;
            let reply = reply.get(..length).unwrap_or_default();
            answers(reply, question.len()).ok_or_else(|| io::Error::other("no answer"))
        })
    }
}

fn question(host: &str) -> Vec<u8> {
    // Id, recursion desired, one question.
    let mut question = vec![0x1d, 0x0e, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in host.trim_end_matches('.').split('.') {
        question.push(u8::try_from(label.len()).unwrap());
        question.extend(label.bytes());
    }
    question.push(0);
    question.extend(A.to_be_bytes());
    question.extend([0, 1]);
    question
}

/// The addresses behind a question of this length.
fn answers(reply: &[u8], question: usize) -> Option<Vec<IpAddr>> {
    let count = u16::from_be_bytes(reply.get(6..8)?.try_into().ok()?);
    let mut at = question.max(HEADER);
    let mut found = Vec::new();
    for _ in 0..count {
        let length = u16::from_be_bytes(reply.get(at + 10..at + 12)?.try_into().ok()?);
        let data = reply.get(at + 12..at + 12 + usize::from(length))?;
        found.push(match data.len() {
            4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?)),
            _ => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?)),
        });
        at += 12 + usize::from(length);
    }
    Some(found)
}
