//! One request on a connection of its own, for tests that care about answers and not about bytes.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer takes this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// Field lines beside the usual ones, each with its line end.
    pub(crate) fields: String,
    pub(crate) body: String,
}

impl<'a> Ask<'a> {
    pub(crate) fn get(path: &'a str) -> Self {
        Self {
            method: "GET",
            path,
            fields: String::new(),
            body: String::new(),
        }
    }

    pub(crate) fn post(path: &'a str, body: &Value) -> Self {
        Self {
            method: "POST",
            path,
            fields: String::new(),
            body: body.to_string(),
        }
    }

    pub(crate) fn bearer(mut self, token: &str) -> Self {
        self.fields.push_str("Authorization: Bearer ");
        self.fields.push_str(token);
        self.fields.push_str("\r\n");
        self
    }

    /// Signed as Meta signs.
    pub(crate) fn signed(mut self, secret: &str) -> Self {
        let signature = whatsapp::signature::sign(secret, self.body.as_bytes());
        self.fields.push_str("X-Hub-Signature-256: ");
        self.fields.push_str(&signature);
        self.fields.push_str("\r\n");
        self
    }

    /// With a field line of its own.
    pub(crate) fn field(mut self, line: &str) -> Self {
        self.fields.push_str(line);
        self.fields.push_str("\r\n");
        self
    }

    /// The request as it stands on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self {
            method,
            path,
            fields,
            body,
        } = self;
        format!(
            "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n{fields}\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    /// Status and body, or nothing if the peer went away.
    pub(crate) async fn of(self, address: SocketAddr) -> Option<(u16, Value)> {
        timeout(PATIENCE, self.exchange(address)).await.ok()?
    }

    async fn exchange(self, address: SocketAddr) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(&self.bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let answer = String::from_utf8(answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((
            status,
            serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned())),
        ))
    }
}
