//! What Meta says of the app: which webhooks it gets and where, and what its tokens may do.

use domain::time::Span;
use domain::time::Timestamp;
use seal::Random;
use serde::Deserialize;
use service::NumberSettings;
use store::Clock;
use whatsapp::storage::Storage;

use crate::check::Finding;
use crate::check::meta::Meta;

/// The webhook fields the gateway acts on.
const WANTED: [&str; 16] = [
    "account_alerts",
    "account_review_update",
    "account_update",
    "business_capability_update",
    "calls",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "messages",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_message_echoes",
    "standby",
    "template_category_update",
    "user_preferences",
];
/// Fields that bring what nobody asked for.
const UNWANTED: [&str; 3] = ["automatic_events", "history", "smb_app_state_sync"];
/// What an access token has to be allowed.
const SCOPES: [&str; 2] = [
    "whatsapp_business_management",
    "whatsapp_business_messaging",
];
/// A token that ends sooner than this is to be replaced now.
const SOON: Span = Span::days(14);

#[derive(Deserialize)]
struct Subscriptions {
    data: Vec<Subscription>,
}

#[derive(Deserialize)]
struct Subscription {
    object: String,
    #[serde(default)]
    callback_url: String,
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
}

/// Meta's answer to `GET /debug_token` ("Access Token Debugging" in the Graph API reference).
#[derive(Deserialize)]
struct Inspected {
    data: Token,
}

#[derive(Deserialize)]
#[serde(default)]
struct Token {
    app_id: String,
    is_valid: bool,
    /// Unix seconds; 0 for one that does not end.
    expires_at: i64,
    scopes: Vec<String>,
}

impl Default for Token {
    fn default() -> Self {
        Self {
            app_id: String::new(),
            is_valid: true,
            expires_at: 0,
            scopes: Vec::new(),
        }
    }
}

impl Meta<'_> {
    /// Which webhooks the app gets, and what its tokens may do: what an app is asked for with its own
    /// token, made of its id and its secret.
    pub(super) async fn app(&self, findings: &mut Vec<Finding>) {
        let Some(app_id) = &self.config.app_id else {
            findings.push(Finding::note(
                "meta.app_id",
                "is not given, so the app's webhooks and what its tokens may do are not looked at",
            ));
            return;
        };
        let token = format!("{app_id}|{}", self.config.settings.app_secret.as_str());
        findings.extend(self.subscriptions(app_id, &token).await);
        for number in &self.numbers {
            findings.push(self.inspect(app_id, &token, number).await);
        }
    }

    async fn subscriptions(&self, app_id: &str, token: &str) -> Vec<Finding> {
        let what = "webhook fields";
        let body = match self.read(token, &[app_id, "subscriptions"], &[]).await {
            Ok(body) => body,
            Err(why) => {
                let mend = format!("{why}; look at `meta.app_id` and `meta.app_secret`");
                return vec![Finding::problem(what, mend)];
            }
        };
        let listed: Option<Subscriptions> = serde_json::from_slice(&body).ok();
        let all = listed.into_iter().flat_map(|listed| listed.data);
        let ours = |one: &Subscription| one.object == "whatsapp_business_account";
        let Some(ours) = all.into_iter().find(ours) else {
            let mend = "the app gets no webhooks: in the App Dashboard, WhatsApp, Configuration, give \
                        the address of the public listener and the verify token";
            return vec![Finding::problem(what, mend)];
        };
        vec![fields(&ours), self.callback(&ours)]
    }

    /// Where the app's webhooks go. Some fields follow no override of a number or an account.
    fn callback(&self, ours: &Subscription) -> Finding {
        let what = "callback";
        let Some(public) = &self.config.public_url else {
            let known = format!(
                "webhooks go to {}; is that this gateway?",
                ours.callback_url
            );
            return Finding::note(what, known);
        };
        let wanted = webhook(public.as_str());
        if ours.callback_url == wanted {
            Finding::fine(what, wanted)
        } else {
            let mend = format!(
                "the app's webhooks go to {}; make it {wanted} in the App Dashboard",
                ours.callback_url
            );
            Finding::problem(what, mend)
        }
    }

    async fn inspect(&self, app_id: &str, token: &str, number: &NumberSettings) -> Finding {
        let what = format!("token {}", number.display);
        let query = [("input_token", number.access_token.as_str())];
        let body = match self.read(token, &["debug_token"], &query).await {
            Ok(body) => body,
            Err(why) => return Finding::problem(what, why),
        };
        match serde_json::from_slice::<Inspected>(&body) {
            Ok(inspected) => judge(what, app_id, &inspected.data),
            Err(_) => Finding::note(what, "Meta's answer about it cannot be read"),
        }
    }

    /// Whether the public address leads here: Meta's own way of asking.
    pub(super) async fn reachable(&self) -> Finding {
        let what = "listen.public_url";
        let Some(public) = &self.config.public_url else {
            let known = "is not given, so nobody asked whether Meta can reach the gateway";
            return Finding::note(what, known);
        };
        let challenge = match Random::system().array::<8>() {
            Ok(bytes) => u64::from_be_bytes(bytes).to_string(),
            Err(error) => return Finding::problem(what, error),
        };
        let Ok(mut url) = url::Url::parse(&webhook(public.as_str())) else {
            return Finding::problem(what, "is no address");
        };
        url.query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.challenge", &challenge)
            .append_pair("hub.verify_token", &self.config.settings.verify_token);
        match self.fetch(&url, None).await {
            Ok(response) if response.body == challenge.as_bytes() => Finding::fine(
                what,
                "leads to this gateway, or one with the same verify token",
            ),
            Ok(response) => {
                let mend = format!(
                    "answers with status {}, not as this gateway does: start the gateway, or look at \
                     the proxy before it",
                    response.status.as_u16()
                );
                Finding::problem(what, mend)
            }
            Err(error) => {
                let mend = format!(
                    "cannot be reached from here ({error}); start the gateway, or look at the name, \
                     the certificate and the proxy; a private address wants `egress.allow_private`"
                );
                Finding::problem(what, mend)
            }
        }
    }

    /// What Meta keeps of a number's messages, and where.
    pub(super) async fn kept(&self, number: &NumberSettings) -> Option<Finding> {
        let what = format!("storage {}", number.display);
        let path = [number.phone_number_id.as_str(), "settings"];
        let body = self.read(&number.access_token, &path, &[]).await.ok()?;
        Some(match Storage::parse(&body).ok()? {
            Storage::Default => Finding::note(
                what,
                "Meta keeps messages for up to 30 days wherever it likes; choose a region or none \
                 with PUT /api/v1/numbers/{id}/storage",
            ),
            Storage::InCountry(region) => Finding::fine(
                what,
                format_args!("Meta keeps messages at rest in {region} only"),
            ),
            Storage::None => Finding::note(
                what,
                "Meta keeps messages for an hour, and tries webhooks again for an hour only",
            ),
            Storage::Unknown => Finding::note(what, "Meta keeps messages in a way not known here"),
        })
    }
}

fn webhook(public: &str) -> String {
    format!("{}/webhook", public.trim_end_matches('/'))
}

fn fields(ours: &Subscription) -> Finding {
    let what = "webhook fields";
    let has = |name: &&str| ours.fields.iter().any(|field| field.name == *name);
    let missing: Vec<&str> = WANTED.into_iter().filter(|name| !has(name)).collect();
    let unwanted: Vec<&str> = UNWANTED.into_iter().filter(has).collect();
    if !missing.is_empty() {
        let mend = format!(
            "the app is not subscribed to {}: subscribe in the App Dashboard, WhatsApp, Configuration",
            missing.join(", ")
        );
        return Finding::problem(what, mend);
    }
    if !unwanted.is_empty() {
        let known = format!(
            "the app gets {}, which is dropped unread: unsubscribe, so that Meta does not send it",
            unwanted.join(", ")
        );
        return Finding::note(what, known);
    }
    Finding::fine(what, "the app gets everything the gateway acts on")
}

fn judge(what: String, app_id: &str, token: &Token) -> Finding {
    if !token.is_valid {
        return Finding::problem(
            what,
            "Meta says it is not valid; make a new one for a system user",
        );
    }
    if token.app_id != app_id {
        let mend = "was issued for another app than `meta.app_id`; make one for this app";
        return Finding::problem(what, mend);
    }
    let has = |scope: &&str| token.scopes.iter().any(|held| held == scope);
    let missing: Vec<&str> = SCOPES.into_iter().filter(|scope| !has(scope)).collect();
    if !missing.is_empty() {
        let mend = format!("is not allowed {}: make one that is", missing.join(", "));
        return Finding::problem(what, mend);
    }
    let end = Timestamp::from_seconds(token.expires_at);
    if token.expires_at == 0 {
        Finding::fine(what, "may do what it has to, and does not end")
    } else if end < Clock::default().now() + SOON {
        let mend = format!("ends at {end}; make one of a system user that does not end");
        Finding::problem(what, mend)
    } else {
        Finding::note(
            what,
            format_args!("ends at {end}; one of a system user need not"),
        )
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Span;
    use store::Clock;

    use super::Field;
    use super::SCOPES;
    use super::Subscription;
    use super::Token;
    use super::WANTED;
    use super::fields;
    use super::judge;

    fn token(expires_at: i64) -> Token {
        Token {
            app_id: "1".to_owned(),
            is_valid: true,
            expires_at,
            scopes: SCOPES.map(str::to_owned).to_vec(),
        }
    }

    #[test]
    fn a_token_is_judged_by_what_meta_says_of_it() {
        let now = Clock::default().now();
        let in_days = |days| (now + Span::days(days)).seconds();
        let narrow = Token {
            scopes: vec!["whatsapp_business_messaging".to_owned()],
            ..token(0)
        };
        let ended = Token {
            is_valid: false,
            ..token(0)
        };
        for (token, app, state, wanted) in [
            (token(0), "1", "ok", "does not end"),
            (token(in_days(90)), "1", "note", "ends at"),
            (token(in_days(2)), "1", "problem", "ends at"),
            (token(0), "2", "problem", "another app"),
            (narrow, "1", "problem", "whatsapp_business_management"),
            (ended, "1", "problem", "not valid"),
        ] {
            let finding = judge("token".to_owned(), app, &token);
            let (found, text) = finding.parts();
            assert_eq!(found, state, "{text}");
            assert!(text.contains(wanted), "{text}");
        }
    }

    #[test]
    fn every_field_is_asked_for_and_none_too_many() {
        let subscribed = |names: &[&str]| Subscription {
            object: "whatsapp_business_account".to_owned(),
            callback_url: String::new(),
            fields: names
                .iter()
                .map(|name| Field {
                    name: (*name).to_owned(),
                })
                .collect(),
        };
        assert_eq!(fields(&subscribed(&WANTED)).parts().0, "ok");
        for name in WANTED {
            let others: Vec<&str> = WANTED.into_iter().filter(|other| *other != name).collect();
            let finding = fields(&subscribed(&others));
            assert_eq!(finding.parts().0, "problem");
            assert!(finding.parts().1.contains(name));
        }
        let more = [WANTED.as_slice(), &["history"]].concat();
        assert_eq!(fields(&subscribed(&more)).parts().0, "note");
    }
}
