//! Who carries e-mail and SMS: whether they answer, and take the account.

use egress::Egress;
use egress::Stage;
use egress::Undelivered;
use egress::sms::Texter;

use crate::check::Finding;
use crate::config::Config;

pub(super) async fn check(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(mailer) = &config.mail {
        findings.push(match mailer.probe().await {
            Ok(()) => Finding::fine("mail", "the server answers as configured"),
            Err(error) => Finding::problem("mail", mend("mail", &error)),
        });
    }
    findings.extend(sms(config).await);
    findings
}

async fn sms(config: &Config) -> Option<Finding> {
    let provider = config.sms.clone()?;
    let settings = &config.settings;
    let egress = match Egress::new(settings.egress.clone()) {
        Ok(egress) => egress,
        Err(error) => return Some(Finding::problem("sms", error)),
    };
    let texter = Texter::new(egress, provider, settings.call_timeout);
    Some(match texter.probe().await {
        None => Finding::note("sms", "cannot be asked without sending something"),
        Some(Ok(())) => Finding::fine("sms", "the provider knows the account and its token"),
        Some(Err(error)) => Finding::problem("sms", mend("sms", &error)),
    })
}

/// What went wrong, and where to look.
fn mend(section: &str, error: &Undelivered) -> String {
    let look = match error {
        Undelivered::NotAllowed => "a private address wants `egress.allow_private`",
        Undelivered::Tls if section == "mail" => {
            "look at `mail.security`, at the name in the server's certificate, and at \
             `mail.authorities_file`"
        }
        Undelivered::NoLogin => "leave out `mail.user`, or ask the server's operator",
        Undelivered::Refused(refusal) if refusal.stage == Stage::Login => {
            "look at the account and its secret"
        }
        Undelivered::BadAddress
        | Undelivered::BadValue
        | Undelivered::NotUnderstood
        | Undelivered::Refused(_)
        | Undelivered::TimedOut
        | Undelivered::Tls
        | Undelivered::Unknown
        | Undelivered::Unreachable => "look at the host, the port and the network",
    };
    format!("{error}; {look}")
}
