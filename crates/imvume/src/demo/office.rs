//! The administrator, at the admin API.

use http::Method;
use seal::Zeroizing;
use serde_json::Value;
use serde_json::json;

use crate::demo::http::Http;
use crate::demo::people::Mode;
use crate::demo::people::Person;
use crate::demo::people::Who;

/// What staff do.
pub(crate) struct Office {
    http: Http,
    base: String,
    token: Zeroizing<String>,
}

/// An app that was let in.
pub(crate) struct App {
    pub(crate) id: i64,
    pub(crate) secret: String,
    pub(crate) token: String,
}

/// A decision, as it was stored.
pub(crate) struct Decision {
    pub(crate) outcome: String,
    pub(crate) code: Option<u64>,
    pub(crate) sentences: Vec<String>,
}

impl Office {
    pub(crate) fn new(http: Http, staff: std::net::SocketAddr, token: Zeroizing<String>) -> Self {
        Self {
            http,
            base: format!("http://{staff}/api/v1"),
            token,
        }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.base);
        let what = format!("{method} {path}");
        self.http
            .call((method, &url), Some(&self.token), body)
            .await?
            .good(&what)
    }

    /// Lets an app in and issues its token.
    pub(crate) async fn let_in(&self, mode: Mode, relay_url: &str) -> anyhow::Result<App> {
        let new = json!({"name": mode.title(), "identity": mode.name(), "relay_url": relay_url});
        let app = self.ask(Method::POST, "/apps", Some(&new)).await?;
        let id = number(&app, "id")?;
        let (_, token) = self.token_for(id, "demo").await?;
        Ok(App {
            id,
            secret: string(&app, "secret")?,
            token,
        })
    }

    /// Issues a token: its id, and itself.
    pub(crate) async fn token_for(&self, app: i64, name: &str) -> anyhow::Result<(i64, String)> {
        let scopes = ["send", "media", "read", "mint"];
        let new = json!({"name": name, "scopes": scopes, "expires_in_days": 30});
        let path = format!("/apps/{app}/tokens");
        let issued = self.ask(Method::POST, &path, Some(&new)).await?;
        Ok((number(&issued, "id")?, string(&issued, "token")?))
    }

    pub(crate) async fn revoke(&self, token: i64) -> anyhow::Result<()> {
        self.ask(Method::DELETE, &format!("/tokens/{token}"), None)
            .await
            .map(drop)
    }

    /// Sets that people agree beforehand to messages for a purpose at any hour.
    pub(crate) async fn any_hour(&self, purpose: &str) -> anyhow::Result<()> {
        let terms = json!({
            "notice": "messages", "description": "New beans and offers.", "any_hour": true,
        });
        let path = format!("/purposes/{purpose}/terms");
        self.ask(Method::PUT, &path, Some(&terms)).await.map(drop)
    }

    /// Records that a person agreed at the till, on paper.
    pub(crate) async fn agreed(&self, who: Who, purposes: &[&str]) -> anyhow::Result<()> {
        let person = Person::of(who)?;
        let found = self
            .ask(Method::POST, "/subjects", Some(&person.identifiers()))
            .await?;
        let path = format!("/subjects/{}/consent", number(&found, "subject")?);
        for purpose in purposes {
            let event = json!({
                "purpose": purpose, "state": "given", "method": "paper", "grade": "recorded",
                "language": "en", "evidence": "Signed the card at the till in Bree Street.",
            });
            self.ask(Method::POST, &path, Some(&event)).await?;
        }
        Ok(())
    }

    pub(crate) async fn decision(&self, id: i64) -> anyhow::Result<Decision> {
        let decision = self
            .ask(Method::GET, &format!("/decisions/{id}"), None)
            .await?;
        let sentences = decision.get("sentences").and_then(Value::as_array);
        Ok(Decision {
            outcome: string(&decision, "outcome")?,
            code: decision.get("code").and_then(Value::as_u64),
            sentences: sentences
                .into_iter()
                .flatten()
                .filter_map(|sentence| sentence.as_str().map(str::to_owned))
                .collect(),
        })
    }

    pub(crate) async fn emergency_stop(&self, stop: bool) -> anyhow::Result<()> {
        let body = json!({"stop": stop, "reason": "the demo shows it"});
        self.ask(Method::PUT, "/emergency-stop", Some(&body))
            .await
            .map(drop)
    }
}

fn number(value: &Value, key: &str) -> anyhow::Result<i64> {
    value
        .get(key)
        .and_then(Value::as_i64)
        .ok_or_else(|| anyhow::anyhow!("the answer has no `{key}`"))
}

fn string(value: &Value, key: &str) -> anyhow::Result<String> {
    value
        .get(key)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| anyhow::anyhow!("the answer has no `{key}`"))
}
