//! Does what the script says, and checks what comes of it.

use std::collections::HashMap;

use anyhow::Context as _;
use http::Method;
use serde_json::Value;
use serde_json::json;

use crate::demo::office::Decision;
use crate::demo::people::Mode;
use crate::demo::people::Person;
use crate::demo::people::Who;
use crate::demo::picture;
use crate::demo::script::Act;
use crate::demo::script::Then;
use crate::demo::script::What;
use crate::demo::stage::Stage;

/// What the caption of the photograph says.
const CAPTION: &str = "My tenth cup";

/// Whoever plays the day.
pub(crate) struct Player<'a> {
    stage: &'a Stage,
    aliases: HashMap<Who, String>,
    /// Messages that must have reached Meta.
    left: usize,
    /// Texts that each app must have heard once.
    heard: Vec<&'static str>,
}

impl<'a> Player<'a> {
    pub(crate) fn new(stage: &'a Stage) -> Self {
        Self {
            stage,
            aliases: HashMap::new(),
            left: 0,
            heard: Vec::new(),
        }
    }

    /// Does one act and tells what came of it.
    pub(crate) async fn act(&mut self, act: &Act) -> anyhow::Result<String> {
        match act {
            Act::Again { text } => self.again(text).await,
            Act::Agrees { who, purposes } => {
                self.stage.office.agreed(*who, purposes).await?;
                Ok(format!(
                    "Recorded with its evidence, for {}.",
                    purposes.join(" and ")
                ))
            }
            Act::AnyHour { purpose } => {
                self.stage.office.any_hour(purpose).await?;
                Ok("Set; without it the law keeps promotions to the day.".to_owned())
            }
            Act::Emergency { stop } => {
                self.stage.office.emergency_stop(*stop).await?;
                Ok(if *stop {
                    "Nothing leaves any more."
                } else {
                    "The gate decides again."
                }
                .to_owned())
            }
            Act::Photographs { who } => self.photographs(*who).await,
            Act::Prefers { who, value } => {
                self.stage.phones.preference(*who, value).await?;
                Ok("WhatsApp tells the gateway, which holds to it.".to_owned())
            }
            Act::Says { who, word } => self.says(*who, word).await,
            Act::Sends {
                app,
                who,
                what,
                then,
            } => self.sends(*app, *who, what, *then).await,
            Act::Writes { who, text } => self.writes(*who, text).await,
        }
    }

    async fn writes(&mut self, who: Who, text: &'static str) -> anyhow::Result<String> {
        let person = Person::of(who)?;
        self.stage.phones.writes(who, text).await?;
        let real = self.stage.receiver.hears(Mode::Real, text).await?;
        let sender = sender(&real)?;
        let known = person.phone.as_deref().unwrap_or(&person.user_id);
        anyhow::ensure!(sender == known, "the shop's app heard of another sender");
        let alias = self.stage.receiver.hears(Mode::Alias, text).await?;
        let alias = alias_of(&alias)?;
        self.aliases.insert(who, alias.clone());
        self.heard.push(text);
        Ok(format!(
            "Sealed, and relayed: to the shop's app from {sender}, to the bot from {alias}, without \
             number and name."
        ))
    }

    async fn says(&mut self, who: Who, word: &str) -> anyhow::Result<String> {
        let mark = self.stage.phones.mark().await?;
        self.stage.phones.writes(who, word).await?;
        let confirmation = self.stage.phones.await_sent(mark).await?;
        self.left += 1;
        let text = ["/interactive/body/text", "/text/body"]
            .into_iter()
            .find_map(|path| confirmation.body.pointer(path)?.as_str())
            .context("the confirmation has no text")?;
        Ok(format!(
            "In force at once; one confirmation arrives: “{text}”"
        ))
    }

    async fn sends(
        &mut self,
        app: Mode,
        who: Who,
        what: &What,
        then: Then,
    ) -> anyhow::Result<String> {
        let mark = self.stage.phones.mark().await?;
        let body = self.body(app, who, what)?;
        let url = format!(
            "http://{}/v23.0/{}/messages",
            self.stage.doors.apps, self.stage.number_id
        );
        let token = &self.stage.app(app)?.token;
        let reply = self
            .stage
            .http
            .call((Method::POST, &url), Some(token), Some(&body))
            .await?;
        let code = reply.json().pointer("/error/code").and_then(Value::as_u64);
        let came = match code {
            Some(code) => Then::Refused(code),
            None => Then::Allowed,
        };
        anyhow::ensure!(
            came == then,
            "{came:?} ({}) instead of {then:?}",
            reply.status
        );
        self.stage.phones.settle().await?;
        let sent = self.stage.phones.sent(mark).await?.len();
        let wanted = usize::from(then == Then::Allowed);
        anyhow::ensure!(
            sent == wanted,
            "{sent} messages reached WhatsApp instead of {wanted}"
        );
        self.left += wanted;
        let id = reply.decision.context("the answer names no decision")?;
        let Decision {
            outcome,
            code,
            sentences,
        } = self.stage.office.decision(id).await?;
        let sentences = sentences.join(" ");
        let agrees = match then {
            Then::Allowed => outcome == "allow" && code.is_none(),
            Then::Refused(wanted) => outcome == "refuse" && code == Some(wanted),
        };
        anyhow::ensure!(agrees, "decision {id} says {outcome} {code:?}: {sentences}");
        Ok(match then {
            Then::Allowed => format!("Allowed (decision {id}). {sentences}"),
            Then::Refused(code) => format!("Refused with {code} (decision {id}). {sentences}"),
        })
    }

    fn body(&self, app: Mode, who: Who, what: &What) -> anyhow::Result<Value> {
        let person = Person::of(who)?;
        let mut body = match what {
            What::Text(text) => json!({"type": "text", "text": {"body": text}}),
            What::Template {
                name,
                language,
                values,
            } => {
                let values = values.map(|value| json!({"type": "text", "text": value}));
                let components = json!([{"type": "body", "parameters": values}]);
                json!({"type": "template", "template": {
                    "name": name, "language": {"code": language}, "components": components,
                }})
            }
        };
        let (key, address) = match (app, person.phone) {
            (Mode::Real, Some(phone)) => ("to", format!("+{phone}")),
            (Mode::Real, None) => ("recipient", person.user_id),
            (Mode::Alias, _) => {
                let alias = self
                    .aliases
                    .get(&who)
                    .context("the bot does not know the person")?;
                ("recipient", alias.clone())
            }
        };
        if let Some(body) = body.as_object_mut() {
            body.insert("messaging_product".to_owned(), "whatsapp".into());
            body.insert(key.to_owned(), address.into());
        }
        Ok(body)
    }

    async fn photographs(&mut self, who: Who) -> anyhow::Result<String> {
        self.stage
            .phones
            .picture(who, &picture::with_place()?, CAPTION)
            .await?;
        let webhook = self.stage.receiver.hears(Mode::Real, CAPTION).await?;
        self.heard.push(CAPTION);
        let id = webhook
            .pointer("/entry/0/changes/0/value/messages/0/image/id")
            .and_then(Value::as_str)
            .context("the webhook names no media object")?;
        let token = &self.stage.app(Mode::Real)?.token;
        let url = format!("http://{}/v23.0/{id}", self.stage.doors.apps);
        let located = self
            .stage
            .http
            .call((Method::GET, &url), Some(token), None)
            .await?;
        let located = located.good("locating the picture")?;
        let url = located
            .get("url")
            .and_then(Value::as_str)
            .context("no address")?
            .to_owned();
        let fetched = self
            .stage
            .http
            .call((Method::GET, &url), Some(token), None)
            .await?;
        anyhow::ensure!(
            fetched.status == 200,
            "fetching the picture: {}",
            fetched.status
        );
        anyhow::ensure!(
            !picture::has_place(&fetched.body),
            "the picture still tells its place"
        );
        anyhow::ensure!(
            fetched.body.starts_with(&[0xff, 0xd8]),
            "that is not the picture"
        );
        Ok(format!(
            "Sealed; the shop's app fetches it through the gateway: {} bytes, and the place is gone.",
            fetched.body.len()
        ))
    }

    async fn again(&mut self, text: &str) -> anyhow::Result<String> {
        let again = self.stage.phones.again(text).await?;
        anyhow::ensure!(again, "there was no such webhook");
        self.once(text)?;
        Ok("Recognised: nothing is stored twice, and no app hears of it again.".to_owned())
    }

    fn once(&self, text: &str) -> anyhow::Result<()> {
        for mode in Mode::ALL {
            let count = self.stage.receiver.count(mode, text);
            anyhow::ensure!(
                count == 1,
                "the {} heard “{text}” {count} times",
                mode.title()
            );
        }
        Ok(())
    }

    /// Counts at the end of the day.
    pub(crate) async fn close(self) -> anyhow::Result<String> {
        self.stage.phones.settle().await?;
        let sent = self.stage.phones.sent(0).await?.len();
        anyhow::ensure!(
            sent == self.left,
            "{sent} messages reached WhatsApp in all instead of {}",
            self.left
        );
        for text in &self.heard {
            self.once(text)?;
        }
        let people: Vec<Person> = Who::ALL
            .into_iter()
            .map(Person::of)
            .collect::<Result<_, _>>()?;
        let names = people.into_iter().flat_map(|person| {
            let first = person.name.split(' ').next().unwrap_or_default().to_owned();
            person.phone.into_iter().chain([person.user_id, first])
        });
        let names: Vec<String> = names.collect();
        let silent = !self.stage.receiver.holds(Mode::Alias, &names);
        anyhow::ensure!(silent, "the bot heard who somebody is");
        Ok(format!(
            "{sent} messages reached WhatsApp, none that should not have. Nothing the bot heard holds \
             a person's number, name or id."
        ))
    }
}

/// Whom a relayed message is from: the number, or the BSUID of somebody without.
fn sender(webhook: &Value) -> anyhow::Result<&str> {
    let message = webhook
        .pointer("/entry/0/changes/0/value/messages/0")
        .context("the webhook holds no message")?;
    ["from", "from_user_id"]
        .into_iter()
        .find_map(|key| message.get(key)?.as_str())
        .context("the message is from nobody")
}

/// The alias a relayed message is from: two letters, a point, twenty digits.
fn alias_of(webhook: &Value) -> anyhow::Result<String> {
    let alias = sender(webhook)?;
    let shaped = alias
        .split_once('.')
        .is_some_and(|(country, digits)| country == "ZA" && digits.len() == 20);
    anyhow::ensure!(shaped, "the bot heard of a sender who is no alias");
    Ok(alias.to_owned())
}
