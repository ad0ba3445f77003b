//! A mail server on the loopback that keeps what it takes in memory and misbehaves when told to.
//!
//! It speaks the part of RFC 5321 that a client sending one message needs, with TLS from the first
//! byte or after STARTTLS, and AUTH PLAIN and LOGIN. Tests of the crates below this one take in this
//! file itself, so it depends on nothing else here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::CertifiedIssuer;
use rcgen::IsCa;
use rcgen::KeyPair;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// The account the server knows.
pub const ACCOUNT: &str = "imvume";
/// Its password.
pub const PASSWORD: &str = "a-password";

/// How the server is reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Door {
    /// In plain, and nothing else.
    Plain,
    /// In plain, with TLS on demand.
    StartTls,
    /// By TLS from the first byte.
    Tls,
}

/// A step of a talk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// The client has connected.
    Connect,
    /// EHLO.
    Hello,
    /// STARTTLS.
    StartTls,
    /// AUTH.
    Login,
    /// MAIL.
    Sender,
    /// RCPT.
    Recipient,
    /// DATA.
    Data,
    /// The dot that ends a message.
    End,
    /// QUIT.
    Quit,
}

/// What the server does at a step instead of what it should.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Odd {
    /// It closes the connection.
    Cut,
    /// It says this for ever.
    Flood(&'static str),
    /// It says this, which need not be whole, and then nothing more.
    Hang(&'static str),
    /// It says this and goes on as if it had not.
    Say(&'static str),
}

/// A message that was taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Received {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipient.
    pub to: String,
    /// Headers and body, as they stood before the wire: the dots are single again.
    pub message: String,
    /// Whether it came through TLS.
    pub secure: bool,
    /// Whether the account had logged in.
    pub account: bool,
}

/// A running server.
#[derive(Debug)]
pub struct SmtpServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// The certificate of the authority that vouches for it.
    pub root: CertificateDer<'static>,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    door: Door,
    connections: AtomicUsize,
    odd: Mutex<Vec<(Step, Odd)>>,
    received: Mutex<Vec<Received>>,
}

impl SmtpServer {
    /// Starts on a free port with a certificate for these names.
    pub async fn start(door: Door, names: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", door, names).await
    }

    /// The same at an address of the loopback's.
    pub async fn start_at(address: &str, door: Door, names: &[&str]) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let (root, config) = certify(names);
        let server = Self {
            address: listener.local_addr().unwrap(),
            root,
            state: Arc::new(State {
                door,
                connections: AtomicUsize::new(0),
                odd: Mutex::default(),
                received: Mutex::default(),
            }),
        };
        let state = Arc::clone(&server.state);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                state.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, acceptor.clone(), Arc::clone(&state)));
            }
        });
        server
    }

    /// The authority's certificate as a file holds it (RFC 7468).
    pub fn root_pem(&self) -> String {
        let text = STANDARD.encode(&self.root);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    /// From now on it misbehaves at this step.
    pub fn misbehave(&self, step: Step, odd: Odd) {
        self.state.odd.lock().unwrap().push((step, odd));
    }

    /// From now on it behaves.
    pub fn behave(&self) {
        self.state.odd.lock().unwrap().clear();
    }

    /// How many connections it took.
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// The messages it took, the first first.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }
}

/// An authority's certificate, and a server's configuration with one that it gave.
fn certify(names: &[&str]) -> (CertificateDer<'static>, ServerConfig) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(names).unwrap();
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (authority.der().clone(), config)
}

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// What the talk has come to.
struct Talk {
    wire: Box<dyn Wire>,
    state: Arc<State>,
    secure: bool,
    account: bool,
    from: String,
    to: String,
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, state: Arc<State>) -> Option<()> {
    let secure = state.door == Door::Tls;
    let wire: Box<dyn Wire> = if secure {
        Box::new(acceptor.accept(stream).await.ok()?)
    } else {
        Box::new(stream)
    };
    let mut talk = Talk {
        wire,
        state,
        secure,
        account: false,
        from: String::new(),
        to: String::new(),
    };
    talk.answer(Step::Connect, "220 mail.example ready\r\n")
        .await?;
    loop {
        let line = talk.line().await?;
        let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
        match verb.as_str() {
            "EHLO" => talk.hello().await?,
            "STARTTLS" => {
                talk.answer(Step::StartTls, "220 go ahead\r\n").await?;
                talk.wire = Box::new(acceptor.accept(talk.wire).await.ok()?);
                talk.secure = true;
            }
            "AUTH" => talk.login(&line).await?,
            "MAIL" => {
                talk.from = path(&line)?;
                talk.answer(Step::Sender, "250 2.1.0 ok\r\n").await?;
            }
            "RCPT" => {
                talk.to = path(&line)?;
                talk.answer(Step::Recipient, "250 2.1.5 ok\r\n").await?;
            }
            "DATA" => talk.data().await?,
            "QUIT" => {
                talk.answer(Step::Quit, "221 2.0.0 bye\r\n").await?;
                return Some(());
            }
            _ => talk.write("500 5.5.2 what\r\n").await?,
        }
    }
}

/// What stands between the angle brackets.
fn path(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('<')?;
    rest.split_once('>').map(|(path, _)| path.to_owned())
}

impl Talk {
    /// One line without its end; `None` when the client has gone.
    async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(self.wire.read_u8().await.ok()?);
        }
        line.truncate(line.len() - 2);
        String::from_utf8(line).ok()
    }

    async fn write(&mut self, text: &str) -> Option<()> {
        self.wire.write_all(text.as_bytes()).await.ok()?;
        self.wire.flush().await.ok()
    }

    /// What it should say at a step, or what it was told to; `None` when the talk is over.
    async fn answer(&mut self, step: Step, text: &str) -> Option<()> {
        let odd = {
            let odd = self.state.odd.lock().unwrap();
            odd.iter().rfind(|(at, _)| *at == step).map(|(_, odd)| *odd)
        };
        match odd {
            None => self.write(text).await,
            Some(Odd::Say(text)) => self.write(text).await,
            Some(Odd::Cut) => None,
            Some(Odd::Hang(text)) => {
                self.write(text).await?;
                // Until the client goes.
                while self.wire.read_u8().await.is_ok() {}
                None
            }
            Some(Odd::Flood(text)) => loop {
                self.write(text).await?;
            },
        }
    }

    async fn hello(&mut self) -> Option<()> {
        let starttls = self.state.door == Door::StartTls && !self.secure;
        let starttls = if starttls { "250-STARTTLS\r\n" } else { "" };
        let text =
            format!("250-mail.example\r\n250-SIZE 1000000\r\n{starttls}250 AUTH PLAIN LOGIN\r\n");
        self.answer(Step::Hello, &text).await
    }

    async fn login(&mut self, line: &str) -> Option<()> {
        let given = if let Some(word) = line.split(' ').nth(2) {
            STANDARD.decode(word).ok()?
        } else {
            let mut given = Vec::new();
            for question in ["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"] {
                self.write(question).await?;
                given.push(0);
                given.extend(STANDARD.decode(self.line().await?).ok()?);
            }
            given
        };
        self.account = given == format!("\0{ACCOUNT}\0{PASSWORD}").into_bytes();
        let text = if self.account {
            "235 2.7.0 welcome\r\n"
        } else {
            "535 5.7.8 wrong\r\n"
        };
        self.answer(Step::Login, text).await
    }

    async fn data(&mut self) -> Option<()> {
        self.answer(Step::Data, "354 go ahead\r\n").await?;
        let mut message = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                break;
            }
            message.push_str(line.strip_prefix('.').unwrap_or(&line));
            message.push_str("\r\n");
        }
        self.state.received.lock().unwrap().push(Received {
            from: self.from.clone(),
            to: self.to.clone(),
            message,
            secure: self.secure,
            account: self.account,
        });
        self.answer(Step::End, "250 2.0.0 taken\r\n").await
    }
}
