//! `[mail]` and `[sms]`: who carries messages to people outside WhatsApp.

use std::fs::File;
use std::io::Read as _;
use std::num::NonZeroU16;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use egress::Policy;
use egress::mail::Login;
use egress::mail::MailServer;
use egress::mail::Mailer;
use egress::mail::Sender;
use egress::sms::SmsProvider;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use toml::Spanned;
use url::Host;
use url::Url;

use crate::config::document::field::positive;
use crate::config::document::field::some_path;
use crate::config::document::field::some_url;
use crate::config::seconds;
use crate::config::secret::Secrets;

/// Certificates of authorities are never longer than this, in bytes.
const LONGEST: u64 = 1 << 20;
/// Where Twilio is.
const TWILIO: &str = "https://api.twilio.com/";

/// `[mail]` as it is written.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Mail {
    host: Option<Spanned<String>>,
    port: Option<NonZeroU16>,
    security: Security,
    user: Option<Spanned<String>>,
    password: Option<Spanned<String>>,
    password_file: Option<Spanned<PathBuf>>,
    from: Option<Spanned<String>>,
    bounce_domain: Option<Spanned<String>>,
    #[serde(deserialize_with = "some_path")]
    authorities_file: Option<PathBuf>,
    #[serde(deserialize_with = "positive")]
    timeout_seconds: u32,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            security: Security::Tls,
            user: None,
            password: None,
            password_file: None,
            from: None,
            bounce_domain: None,
            authorities_file: None,
            timeout_seconds: 60,
        }
    }
}

/// How the talk with the mail server is protected.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Security {
    Plain,
    StartTls,
    Tls,
}

impl From<Security> for egress::mail::Security {
    fn from(security: Security) -> Self {
        match security {
            Security::Plain => Self::Plain,
            Security::StartTls => Self::StartTls,
            Security::Tls => Self::Tls,
        }
    }
}

/// `[sms]` as it is written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sms {
    provider: Option<Spanned<Provider>>,
    #[serde(deserialize_with = "some_url")]
    url: Option<Url>,
    account: Option<Spanned<String>>,
    token: Option<Spanned<String>>,
    token_file: Option<Spanned<PathBuf>>,
    from: Option<Spanned<String>>,
}

/// Whose protocol the provider speaks.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Provider {
    Generic,
    Twilio,
}

/// The mailer, if a server is named. Other hosts of the organisation are allowed by `policy`.
pub(super) fn mail(
    secrets: &Secrets<'_>,
    policy: &Policy,
    mail: Mail,
) -> anyhow::Result<Option<Mailer>> {
    let Some(host) = &mail.host else {
        let others = [&mail.user, &mail.password, &mail.from, &mail.bounce_domain];
        let mut others = others.into_iter().flatten().map(|value| value.span().start);
        return match others.next() {
            None => Ok(None),
            Some(at) => Err(secrets.source.fault(at, "host", "is missing")),
        };
    };
    let at = host.span().start;
    let fault = |at: usize, key: &str, cause: &str| secrets.source.fault(at, key, cause);
    let host = Host::parse(host.get_ref())
        .map_err(|_| fault(at, "host", "wants the name of a host, or its address"))?;
    let sender = sender(secrets, at, &mail)?;
    let policy = Policy {
        extra_roots: match &mail.authorities_file {
            None => Vec::new(),
            Some(file) => authorities(&secrets.base.join(file))
                .map_err(|error| fault(at, "authorities_file", &format!("{error:#}")))?,
        },
        ..policy.clone()
    };
    let security = egress::mail::Security::from(mail.security);
    let server = MailServer {
        host,
        port: mail.port.map_or_else(|| security.port(), NonZeroU16::get),
        security,
        timeout: seconds(mail.timeout_seconds),
        login: login(secrets, mail)?,
    };
    Mailer::new(policy, server, sender)
        .map(Some)
        .map_err(|error| fault(at, "authorities_file", &error.to_string()))
}

fn sender(secrets: &Secrets<'_>, at: usize, mail: &Mail) -> anyhow::Result<Sender> {
    let fault = |at: usize, key: &str, cause: &str| secrets.source.fault(at, key, cause);
    let from = mail
        .from
        .as_ref()
        .ok_or_else(|| fault(at, "from", "is missing; give the address mail comes from"))?;
    let sender: Sender = from.get_ref().parse().map_err(|_| {
        let cause = "wants an address, such as \"Name <notices@example.org>\"";
        fault(from.span().start, "from", cause)
    })?;
    match &mail.bounce_domain {
        None => Ok(sender),
        Some(domain) => sender
            .with_bounces(domain.get_ref())
            .map_err(|_| fault(domain.span().start, "bounce_domain", "wants a domain")),
    }
}

fn login(secrets: &Secrets<'_>, mail: Mail) -> anyhow::Result<Option<Login>> {
    let Some(user) = mail.user else {
        let value = mail.password.map(|password| password.span().start);
        let at = value.or_else(|| mail.password_file.map(|file| file.span().start));
        return match at {
            None => Ok(None),
            Some(at) => Err(secrets.source.fault(at, "user", "is missing")),
        };
    };
    let at = user.span().start;
    let account = user.into_inner();
    if account.is_empty() || account.contains(char::is_control) {
        let cause = "wants a name on one line";
        return Err(secrets.source.fault(at, "user", cause));
    }
    let password = secrets.take(at, "password", mail.password, mail.password_file)?;
    Ok(Some(Login { account, password }))
}

fn authorities(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
        .context("cannot be read")?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let found = found.map_err(|_| anyhow::anyhow!("is not PEM"))?;
    anyhow::ensure!(!found.is_empty(), "holds no certificate");
    Ok(found)
}

/// Who carries SMS, if one is named.
pub(super) fn sms(secrets: &Secrets<'_>, sms: Sms) -> anyhow::Result<Option<SmsProvider>> {
    let Some(provider) = sms.provider else {
        let others = [&sms.account, &sms.token, &sms.from];
        let mut others = others.into_iter().flatten().map(|value| value.span().start);
        return match others.next() {
            None => Ok(None),
            Some(at) => Err(secrets.source.fault(at, "provider", "is missing")),
        };
    };
    let at = provider.span().start;
    let token = secrets.take(at, "token", sms.token, sms.token_file)?;
    let missing = |key: &str| secrets.source.fault(at, key, "is missing");
    let line = |key: &str, value: Option<Spanned<String>>| match value {
        None => Ok(None),
        Some(value) => {
            let (at, text) = (value.span().start, value.into_inner());
            let sound = (1..=64).contains(&text.len()) && !text.contains(char::is_control);
            let cause = "wants 1 to 64 characters on one line";
            sound
                .then_some(Some(text))
                .ok_or_else(|| secrets.source.fault(at, key, cause))
        }
    };
    let from = line("from", sms.from)?;
    let account = line("account", sms.account)?;
    Ok(Some(match provider.into_inner() {
        Provider::Generic => SmsProvider::Generic {
            url: sms.url.ok_or_else(|| missing("url"))?,
            token,
            from,
        },
        Provider::Twilio => SmsProvider::Twilio {
            url: match sms.url {
                Some(url) => url,
                None => Url::parse(TWILIO).context("sms url")?,
            },
            account: account.ok_or_else(|| missing("account"))?,
            token,
            from: from.ok_or_else(|| missing("from"))?,
        },
    }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tempfile::TempDir;

    use crate::config::Config;
    use crate::config::write_private;

    const EXAMPLE: &str = include_str!("../../../../imvume.example.toml");

    fn folder() -> TempDir {
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("secrets")).unwrap();
        for name in ["app-secret", "verify-token", "access-token"] {
            write_private(&folder.path().join("secrets").join(name), "a-secret\n").unwrap();
        }
        std::fs::write(folder.path().join("not-pem"), "nothing").unwrap();
        folder
    }

    /// The example with these lines under a header.
    fn load(folder: &Path, header: &str, lines: &str) -> anyhow::Result<Config> {
        let path = folder.join("imvume.toml");
        let _ = std::fs::remove_file(&path);
        let text = EXAMPLE.replace(header, &format!("{header}\n{lines}"));
        write_private(&path, &text)?;
        Config::load(&path)
    }

    #[test]
    fn mail_is_off_or_whole() {
        let folder = folder();
        let load = |lines: &str| load(folder.path(), "[mail]", lines);
        assert!(load("").unwrap().mail.is_none());
        assert!(
            load("port = 25\nsecurity = \"plain\"")
                .unwrap()
                .mail
                .is_none()
        );
        let good = "host = \"mail.example\"\nfrom = \"Kaapse <a@b.example>\"\n";
        let cases = [
            ("", "port: 465"),
            ("security = \"starttls\"\n", "port: 587"),
            ("port = 2525\n", "port: 2525"),
            (
                "user = \"u\"\npassword_file = \"secrets/app-secret\"\n",
                "Some(Login { .. })",
            ),
            ("bounce_domain = \"b.b.example\"\n", "mail.example"),
        ];
        for (more, wanted) in cases {
            let mailer = load(&format!("{good}{more}")).unwrap().mail.unwrap();
            let shown = format!("{mailer:?}");
            assert!(shown.contains(wanted), "{shown}");
            assert!(!shown.contains("a-secret"), "{shown}");
        }
    }

    #[test]
    fn what_is_wrong_with_mail_is_told_without_values() {
        let folder = folder();
        let load = |lines: &str| load(folder.path(), "[mail]", lines);
        let bad = [
            ("from = \"a@b.example\"\n", "[mail] host: is missing"),
            ("host = \"mail.example\"\n", "[mail] from: is missing"),
            (
                "host = \"a b\"\nfrom = \"a@b.example\"\n",
                "[mail] host: wants the name",
            ),
            (
                "host = \"h\"\nfrom = \"nobody\"\n",
                "[mail] from: wants an address",
            ),
            (
                "host = \"h\"\nfrom = \"a@b.example\"\nuser = \"u\"\n",
                "[mail] password: is missing",
            ),
            (
                "host = \"h\"\nfrom = \"a@b.example\"\npassword = \"p\"\n",
                "[mail] user: is missing",
            ),
            (
                "host = \"h\"\nfrom = \"a@b.example\"\nbounce_domain = \"b c\"\n",
                "[mail] bounce_domain",
            ),
            (
                "host = \"h\"\nfrom = \"a@b.example\"\nauthorities_file = \"not-pem\"\n",
                "holds no certificate",
            ),
            (
                "host = \"h\"\nfrom = \"a@b.example\"\nauthorities_file = \"none\"\n",
                "cannot be read",
            ),
            ("security = \"none\"\n", "[mail] security"),
            ("port = 0\n", "[mail] port"),
        ];
        for (lines, wanted) in bad {
            let error = load(lines).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
            assert!(
                !error.contains("nobody") && !error.contains("a b"),
                "{error}"
            );
        }
    }

    #[test]
    fn sms_is_off_or_whole() {
        let folder = folder();
        let load = |lines: &str| load(folder.path(), "[sms]", lines);
        assert!(load("").unwrap().sms.is_none());
        let token = "token_file = \"secrets/app-secret\"\n";
        let good = [
            (
                "provider = \"twilio\"\naccount = \"AC1\"\nfrom = \"+27000000000\"\n",
                "Twilio",
            ),
            (
                "provider = \"generic\"\nurl = \"https://sms.example/v1\"\n",
                "Generic",
            ),
        ];
        for (lines, wanted) in good {
            let sms = load(&format!("{lines}{token}")).unwrap().sms.unwrap();
            assert_eq!(format!("{sms:?}"), wanted);
        }
        let bad = [
            ("token = \"t\"\n", "[sms] provider: is missing"),
            ("provider = \"twilio\"\n", "[sms] token: is missing"),
            ("provider = \"pigeon\"\n", "[sms] provider"),
            (
                "provider = \"twilio\"\ntoken = \"t\"\nfrom = \"K\"\n",
                "[sms] account: is missing",
            ),
            (
                "provider = \"twilio\"\ntoken = \"t\"\naccount = \"A\"\n",
                "[sms] from: is missing",
            ),
            (
                "provider = \"twilio\"\ntoken = \"t\"\naccount = \"\"\n",
                "[sms] account: wants",
            ),
            (
                "provider = \"generic\"\ntoken = \"t\"\n",
                "[sms] url: is missing",
            ),
        ];
        for (lines, wanted) in bad {
            let error = load(lines).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
