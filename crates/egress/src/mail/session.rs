//! One talk with a mail server.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::mail::Login;
use crate::mail::compose::Parcel;
use crate::mail::reply::Lines;
use crate::mail::reply::Wire;
use crate::undelivered::Stage;
use crate::undelivered::Undelivered;

/// How to log in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mechanism {
    /// Account and password in two answers; older servers offer nothing else.
    Login,
    /// Both in one line (RFC 4616).
    Plain,
}

/// What the server said it can do.
#[derive(Clone, Copy, Default)]
struct Offers {
    login: Option<Mechanism>,
    size: bool,
    starttls: bool,
}

impl Offers {
    /// From the lines of its answer to EHLO (RFC 5321 §4.1.1.1); the first is its name.
    fn read(lines: &[String]) -> Self {
        let mut offers = Self::default();
        for line in lines.iter().skip(1) {
            let line = line.to_ascii_uppercase();
            let mut words = line.split([' ', '=']);
            match words.next() {
                Some("STARTTLS") => offers.starttls = true,
                Some("SIZE") => offers.size = true,
                Some("AUTH") => {
                    let known = words.filter_map(|word| match word {
                        "LOGIN" => Some(Mechanism::Login),
                        "PLAIN" => Some(Mechanism::Plain),
                        _ => None,
                    });
                    offers.login = known.chain(offers.login).max_by_key(|one| *one as u8);
                }
                _ => {}
            }
        }
        offers
    }
}

pub(super) struct Session {
    lines: Lines,
    offers: Offers,
}

impl Session {
    /// The server speaks first.
    pub(super) async fn begin(wire: Box<dyn Wire>, hello: &str) -> Result<Self, Undelivered> {
        let mut lines = Lines::new(wire);
        lines.reply().await?.expect(Stage::Greeting, &[220])?;
        Self::greet(lines, hello).await
    }

    /// After STARTTLS both begin anew, without a banner (RFC 3207 §4.2).
    pub(super) async fn resume(wire: Box<dyn Wire>, hello: &str) -> Result<Self, Undelivered> {
        Self::greet(Lines::new(wire), hello).await
    }

    async fn greet(mut lines: Lines, hello: &str) -> Result<Self, Undelivered> {
        lines.write(format!("EHLO {hello}\r\n").as_bytes()).await?;
        let reply = lines.reply().await?.expect(Stage::Greeting, &[250])?;
        let offers = Offers::read(&reply.lines);
        Ok(Self { lines, offers })
    }

    /// Asks for TLS and gives the wire for it.
    pub(super) async fn give_up_for_tls(mut self) -> Result<Box<dyn Wire>, Undelivered> {
        if !self.offers.starttls {
            return Err(Undelivered::Tls);
        }
        self.lines.write(b"STARTTLS\r\n").await?;
        let reply = self.lines.reply().await?;
        if reply.code != 220 {
            return Err(Undelivered::Tls);
        }
        self.lines.into_wire()
    }

    pub(super) async fn login(&mut self, login: &Login) -> Result<(), Undelivered> {
        let password = login.password.as_bytes();
        match self.offers.login {
            None => Err(Undelivered::NoLogin),
            Some(Mechanism::Plain) => {
                let account = login.account.as_bytes();
                let word = Zeroizing::new([b"\0", account, b"\0", password].concat());
                self.word("AUTH PLAIN ", &word, 235).await
            }
            Some(Mechanism::Login) => {
                self.step("AUTH LOGIN\r\n", Stage::Login, &[334]).await?;
                self.word("", login.account.as_bytes(), 334).await?;
                self.word("", password, 235).await
            }
        }
    }

    async fn word(&mut self, before: &str, word: &[u8], code: u16) -> Result<(), Undelivered> {
        let word = Zeroizing::new(STANDARD.encode(word));
        let line = Zeroizing::new(format!("{before}{}\r\n", word.as_str()));
        self.step(&line, Stage::Login, &[code]).await
    }

    /// Hands one message over; `handed` is set just before the mark that ends it is written.
    pub(super) async fn hand_over(
        &mut self,
        parcel: &Parcel,
        handed: &AtomicBool,
    ) -> Result<(), Undelivered> {
        let size = if self.offers.size {
            format!(" SIZE={}", parcel.message.len())
        } else {
            String::new()
        };
        let sender = format!("MAIL FROM:<{}>{size}\r\n", parcel.from);
        self.step(&sender, Stage::Sender, &[250]).await?;
        let recipient = format!("RCPT TO:<{}>\r\n", parcel.to);
        self.step(&recipient, Stage::Recipient, &[250, 251]).await?;
        self.step("DATA\r\n", Stage::Message, &[354]).await?;
        self.lines.write(&parcel.message).await?;
        handed.store(true, Ordering::Relaxed);
        // From here on a lost connection tells nothing.
        let lost = |error| match error {
            Undelivered::Unreachable | Undelivered::NotUnderstood => Undelivered::Unknown,
            other => other,
        };
        self.lines.write(b".\r\n").await.map_err(lost)?;
        let reply = self.lines.reply().await.map_err(lost)?;
        reply.expect(Stage::Message, &[250]).map_err(lost)?;
        Ok(())
    }

    pub(super) async fn quit(mut self) {
        if self.lines.write(b"QUIT\r\n").await.is_ok() {
            let _ = self.lines.reply().await;
        }
        self.lines.close().await;
    }

    async fn step(&mut self, line: &str, stage: Stage, codes: &[u16]) -> Result<(), Undelivered> {
        self.lines.write(line.as_bytes()).await?;
        self.lines.reply().await?.expect(stage, codes)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Mechanism::Login;
    use super::Mechanism::Plain;
    use super::Offers;

    #[test]
    fn offers_are_read_as_servers_spell_them() {
        let read = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            let offers = Offers::read(&lines);
            (offers.starttls, offers.size, offers.login)
        };
        let cases: [(&[&str], _); 7] = [
            (&["mail", "STARTTLS", "size 1000"], (true, true, None)),
            (&["mail", "AUTH LOGIN plain"], (false, false, Some(Plain))),
            (&["mail", "AUTH PLAIN LOGIN"], (false, false, Some(Plain))),
            (
                &["mail", "AUTH PLAIN", "AUTH=LOGIN"],
                (false, false, Some(Plain)),
            ),
            (&["mail", "AUTH=LOGIN"], (false, false, Some(Login))),
            (&["STARTTLS", "STARTTLSX"], (false, false, None)),
            (&["mail", "AUTH XOAUTH2", "HELP"], (false, false, None)),
        ];
        for (lines, expected) in cases {
            assert_eq!(read(lines), expected, "{lines:?}");
        }
    }
}
