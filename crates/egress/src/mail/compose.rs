//! Puts a message together.

use std::time::Duration;
use std::time::UNIX_EPOCH;

use lettre::Address;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::MultiPart;
use lettre::message::SinglePart;
use lettre::message::header::HeaderName;
use lettre::message::header::HeaderValue;
use url::Url;

use crate::mail::MAX_TOKEN;
use crate::mail::Mail;
use crate::mail::RETURN;
use crate::mail::Sender;
use crate::undelivered::Undelivered;

/// The longest text and the longest HTML, in bytes.
const MAX_BODY: usize = 1 << 20;
/// The longest subject, in characters.
const MAX_SUBJECT: usize = 200;
/// The longest address in a header; a line has 998 bytes (RFC 5322 §2.1.1).
const MAX_URL: usize = 900;
/// The first second of the year 10000, which a date cannot say.
const END_OF_DATES: u64 = 253_402_300_800;

/// A message with its envelope, ready for the wire: only the mark that ends it is missing.
pub(super) struct Parcel {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) message: Vec<u8>,
}

/// An address that can stand in an envelope and a header without quotes. Letters beyond ASCII before
/// the `@` want an extension that few servers have (RFC 6531).
pub(super) fn address(text: &str) -> Result<Address, Undelivered> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"(),:;<>[\\]".contains(&byte);
    let (local, domain) = text.rsplit_once('@').ok_or(Undelivered::BadAddress)?;
    let fits = (1..=64).contains(&local.len()) && text.len() <= 254;
    if !fits || !text.bytes().all(plain) || local.contains('@') {
        return Err(Undelivered::BadAddress);
    }
    Address::new(local, domain).map_err(|_| Undelivered::BadAddress)
}

pub(super) fn parcel(sender: &Sender, mail: &Mail<'_>) -> Result<Parcel, Undelivered> {
    let to = address(mail.to)?;
    check(mail)?;
    let domain = sender.domain();
    let date = UNIX_EPOCH.checked_add(Duration::from_secs(mail.date));
    let mut message = Message::builder()
        .from(Mailbox::new(sender.name.clone(), sender.address.clone()))
        .to(Mailbox::new(None, to.clone()))
        .subject(mail.subject)
        .date(date.ok_or(Undelivered::BadValue)?)
        .raw_header(header("Message-ID", format!("<{}@{domain}>", mail.token)))
        // RFC 3834 §5: nobody's absence note answers this.
        .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
        .raw_header(header("Content-Language", mail.language.to_owned()));
    if let Some(url) = mail.unsubscribe {
        message = message.raw_header(header("List-Unsubscribe", format!("<{url}>")));
        if url.scheme() == "https" {
            let click = "List-Unsubscribe=One-Click".to_owned();
            message = message.raw_header(header("List-Unsubscribe-Post", click));
        }
    }
    let text = SinglePart::plain(mail.text.to_owned());
    let message = match mail.html {
        None => message.singlepart(text),
        Some(html) => message.multipart(
            MultiPart::alternative()
                .boundary(boundary(mail))
                .singlepart(text)
                .singlepart(SinglePart::html(html.to_owned())),
        ),
    };
    let message = message.map_err(|_| Undelivered::BadValue)?.formatted();
    // Everything beyond ASCII has been encoded; a server need not take anything else.
    if !message.is_ascii() {
        return Err(Undelivered::BadValue);
    }
    Ok(Parcel {
        from: match sender.bounces() {
            Some(bounces) => format!("{RETURN}{}@{bounces}", mail.token),
            None => sender.address.to_string(),
        },
        to: to.to_string(),
        message: stuff(&message),
    })
}

fn boundary(mail: &Mail<'_>) -> String {
    format!("=_{}", mail.token)
}

/// Refuses what would say something else in a header than it is.
fn check(mail: &Mail<'_>) -> Result<(), Undelivered> {
    let subject = !mail.subject.trim().is_empty()
        && mail.subject.chars().count() <= MAX_SUBJECT
        && !mail.subject.contains(is_break);
    let language = (1..=35).contains(&mail.language.len())
        && mail
            .language
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let bodies = [mail.text, mail.html.unwrap_or_default()];
    let boundary = boundary(mail);
    let bodies = bodies
        .iter()
        .all(|body| body.len() <= MAX_BODY && !body.contains(&boundary) && !body.contains('\0'));
    let sound = is_token(mail.token)
        && subject
        && language
        && bodies
        && mail.unsubscribe.is_none_or(is_target)
        && mail.date < END_OF_DATES;
    if sound {
        Ok(())
    } else {
        Err(Undelivered::BadValue)
    }
}

/// Whether it ends a line somewhere, or is a control character of another kind.
fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether it can stand in the id of a message and in an envelope sender.
pub(crate) fn is_token(token: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(plain)
}

fn is_target(url: &Url) -> bool {
    let text = url.as_str();
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>');
    matches!(url.scheme(), "https" | "mailto") && text.len() <= MAX_URL && text.bytes().all(plain)
}

/// A header whose value is written as it is: checked ASCII, on one line.
fn header(name: &'static str, value: String) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value)
}

/// Lines as they go over the wire: each ends with CR LF, and a dot at the beginning of one is
/// doubled (RFC 5321 §4.5.2). A lone CR or LF ends a line too: servers that read one otherwise than
/// their neighbours have taken one message for two.
fn stuff(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len().saturating_add(256));
    let mut rest = message;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = after.strip_prefix(b"\r\n").unwrap_or_else(|| {
            let (_, after) = after.split_at(after.len().min(1));
            after
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAIL: Mail<'_> = Mail {
        token: "k3m9",
        to: "thandi@example.org",
        subject: "Bestätigen – qinisekisa",
        text: "Good day\n.\nThandi\n",
        html: None,
        language: "zu-ZA",
        unsubscribe: None,
        date: 1_771_113_600,
    };

    fn sender() -> Sender {
        "Kaapse Koffie <notices@kaapsekoffie.example>"
            .parse()
            .unwrap()
    }

    #[test]
    fn a_message_has_what_it_should_and_nothing_else() {
        let parcel = parcel(&sender(), &MAIL).ok().unwrap();
        assert_eq!(parcel.from, "notices@kaapsekoffie.example");
        assert_eq!(parcel.to, "thandi@example.org");
        let text = String::from_utf8(parcel.message).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut names: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with(' '))
            .map(|line| line.split_once(": ").unwrap().0)
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "Auto-Submitted",
                "Content-Language",
                "Content-Transfer-Encoding",
                "Content-Type",
                "Date",
                "From",
                "MIME-Version",
                "Message-ID",
                "Subject",
                "To",
            ]
        );
        assert!(head.contains("Message-ID: <k3m9@kaapsekoffie.example>"));
        assert!(
            head.contains("Date: Sun, 15 Feb 2026 00:00:00 +0000"),
            "{head}"
        );
        assert_eq!(body.trim_end(), "Good day\r\n..\r\nThandi");
    }

    #[test]
    fn html_stands_beside_the_text_and_bounces_carry_the_token() {
        let sender = sender().with_bounces("b.kaapsekoffie.example").unwrap();
        let url = Url::parse("https://kaapsekoffie.example/off/é").unwrap();
        let mail = Mail {
            html: Some("<p>Sanibonani – ü</p>"),
            unsubscribe: Some(&url),
            ..MAIL
        };
        let parcel = parcel(&sender, &mail).ok().unwrap();
        assert_eq!(parcel.from, "bounce+k3m9@b.kaapsekoffie.example");
        let text = String::from_utf8(parcel.message).unwrap();
        for wanted in [
            "List-Unsubscribe: <https://kaapsekoffie.example/off/%C3%A9>\r\n",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "\r\n--=_k3m9--\r\n",
        ] {
            assert!(text.contains(wanted), "{wanted} in {text}");
        }
        assert!(text.is_ascii());
    }

    #[test]
    fn values_that_say_more_than_they_are_are_refused() {
        type Spoil = fn(&mut Mail<'static>);
        let cases: [(&str, Spoil); 12] = [
            ("token", |mail| mail.token = "K"),
            ("token", |mail| mail.token = ""),
            ("token", |mail| mail.token = "a>\r\nBcc: x"),
            ("subject", |mail| mail.subject = "a\r\nBcc: b@c.example"),
            ("subject", |mail| mail.subject = "a\nb"),
            ("subject", |mail| mail.subject = "a\u{2028}b"),
            ("subject", |mail| mail.subject = " "),
            ("language", |mail| mail.language = "en\r\nX: y"),
            ("language", |mail| mail.language = ""),
            ("text", |mail| mail.text = "--=_k3m9--"),
            ("html", |mail| mail.html = Some("\0")),
            ("date", |mail| mail.date = END_OF_DATES),
        ];
        for (what, spoil) in cases {
            let mut mail = MAIL;
            spoil(&mut mail);
            let error = parcel(&sender(), &mail).err();
            assert_eq!(error, Some(Undelivered::BadValue), "{what}");
        }
        let (long, body) = ("x".repeat(MAX_SUBJECT + 1), "x".repeat(MAX_BODY + 1));
        let ftp = Url::parse("ftp://a.example/").unwrap();
        let far = Url::parse(&format!("https://a.example/{}", "x".repeat(MAX_URL))).unwrap();
        for mail in [
            Mail {
                subject: &long,
                ..MAIL
            },
            Mail {
                text: &body,
                ..MAIL
            },
            Mail {
                unsubscribe: Some(&ftp),
                ..MAIL
            },
            Mail {
                unsubscribe: Some(&far),
                ..MAIL
            },
        ] {
            assert_eq!(parcel(&sender(), &mail).err(), Some(Undelivered::BadValue));
        }
    }

    #[test]
    fn addresses_are_plain_or_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        for text in [
            "a@b.example",
            "a.b+c@b.example",
            "o'neill@b.example",
            "a@xn--bcher-kva.example",
        ] {
            assert!(address(text).is_ok(), "{text}");
        }
        let bad = [
            "",
            "a",
            "@b.example",
            "a@",
            "a@b@c.example",
            "a b@c.example",
            "a@b.example\r\n",
            "a\n@b.example",
            "\"a\"@b.example",
            "<a@b.example>",
            "a@b.example,c@d.example",
            "ü@b.example",
            "a@bü.example",
            "a@[127.0.0.1]",
            "a\0@b.example",
            &long,
        ];
        for text in bad {
            assert_eq!(
                address(text).err(),
                Some(Undelivered::BadAddress),
                "{text:?}"
            );
        }
    }

    #[test]
    fn senders() {
        let named = sender();
        assert_eq!(named.domain(), "kaapsekoffie.example");
        let quoted = "\"Kaapse Koffie\" <notices@kaapsekoffie.example>".parse();
        assert_eq!(quoted, Ok(named));
        assert!("notices@kaapsekoffie.example".parse::<Sender>().is_ok());
        assert!("<notices@kaapsekoffie.example>".parse::<Sender>().is_ok());
        for text in [
            "",
            "x",
            "a\r\nb <a@b.example>",
            "Name <a@b.example",
            "Name a@b.example>",
        ] {
            assert!(text.parse::<Sender>().is_err(), "{text:?}");
        }
        assert!(sender().with_bounces("b c").is_err());
    }

    proptest! {
        #[test]
        fn no_text_ends_a_message_or_makes_a_header(
            subject in "\\PC{1,60}",
            text in "(\\PC|[\r\n.]){0,200}",
            html in proptest::option::of("(\\PC|[\r\n.]){0,80}"),
        ) {
            let mail = Mail { subject: &subject, text: &text, html: html.as_deref(), ..MAIL };
            if let Ok(parcel) = parcel(&sender(), &mail) {
                let bytes = parcel.message;
                prop_assert!(bytes.is_ascii() && bytes.ends_with(b"\r\n"));
                prop_assert!(!bytes.windows(5).any(|five| five == b"\r\n.\r\n"));
                prop_assert!(!bytes.starts_with(b".\r\n"));
                let lone = bytes.iter().enumerate().any(|(at, byte)| match byte {
                    b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                    b'\n' => at == 0 || bytes.get(at - 1) != Some(&b'\r'),
                    _ => false,
                });
                prop_assert!(!lone);
                let text = String::from_utf8(bytes).unwrap();
                let (head, _) = text.split_once("\r\n\r\n").unwrap();
                let headers = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
                prop_assert_eq!(headers.count(), if mail.html.is_some() { 9 } else { 10 });
                prop_assert!(text.lines().all(|line| line.len() <= 998));
            }
        }
    }
}
