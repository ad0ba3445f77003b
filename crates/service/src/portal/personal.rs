//! The link to a person's own page in a message to them: an app writes a word, and nobody but the
//! person sees what stands in its place.

use domain::audit::Actor;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use serde_json::Value;
use store::operation::Recipient;
use store::registry::Number;
use url::Url;
use whatsapp::error::GraphError;
use whatsapp::outbound::Addressee;
use whatsapp::outbound::SendBody;

use super::Handed;
use crate::Caller;
use crate::Failure;
use crate::Service;
use crate::send::recipient;

/// The word in whose place the link comes.
pub(crate) const WORD: &str = "imvume:preferences";

impl Service {
    /// The message with the person's link in the place of [`WORD`].
    ///
    /// # Errors
    /// Graph's 400 without a public address, or for a group; whoever is not known as an alias is told
    /// so by the send itself.
    pub(crate) async fn personal(
        &self,
        caller: &Caller,
        number: &Number,
        mut message: SendBody,
    ) -> Result<SendBody, Failure> {
        let mut wanted = false;
        each(&mut message.value, &mut |_, text| {
            wanted |= text.contains(WORD);
        });
        if !wanted {
            return Ok(message);
        }
        let Addressee::Person(person) = &message.recipient else {
            return Err(refused("A preference link is for one person, not for a group.").into());
        };
        let to = recipient(caller, person)?;
        let Some(subject) = self.recipient_of(caller, to).await? else {
            return Ok(message);
        };
        let language = message
            .template
            .as_ref()
            .map(|template| template.language.as_str());
        let language = language.unwrap_or_default().replace('_', "-");
        let made = self.make_link((subject, Some(number.id)), &language, Handed::Sent);
        let url = made.map_err(|_| Failure::unavailable())?.ok_or_else(|| {
            refused("There is no public address for preference links; set listen.public_url.")
        })?;
        let tail = tail(&url);
        each(&mut message.value, &mut |place, text| {
            let link = match place {
                Place::Text => url.as_str(),
                Place::UrlButton => &tail,
            };
            *text = text.replace(WORD, link);
        });
        Ok(message)
    }

    /// Whom a message goes to, as a subject; made if nobody has the number, as the send would.
    async fn recipient_of(
        &self,
        caller: &Caller,
        to: Recipient,
    ) -> Result<Option<SubjectId>, Failure> {
        Ok(match to {
            Recipient::Identifier(identifier) => {
                let actor = Actor::App(caller.app);
                Some(self.store.enrol(actor, vec![identifier]).await?)
            }
            Recipient::Alias(alias) => {
                let app = caller.app;
                self.store
                    .read(move |reader| reader.by_alias(app, &alias))
                    .await?
            }
            Recipient::Group(_) => None,
        })
    }

    /// A message of our own with the person's link in the place of [`WORD`].
    pub(crate) fn with_link(
        &self,
        body: &[u8],
        (subject, number): (SubjectId, NumberId),
    ) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(body).ok()?;
        if !text.contains(WORD) {
            return Some(body.to_vec());
        }
        let link = self.make_link((subject, Some(number)), "", Handed::Sent);
        let link = link.ok().flatten();
        // Without an address the line says nothing rather than a word nobody understands.
        let tail = link.as_ref().map(tail).unwrap_or_default();
        let link = link.as_ref().map_or("", Url::as_str);
        let mut body: Value = serde_json::from_str(text).ok()?;
        if body.get("template").is_none() {
            return Some(text.replace(WORD, link).into_bytes());
        }
        each(&mut body, &mut |place, text| {
            let link = match place {
                Place::Text => link,
                Place::UrlButton => &tail,
            };
            *text = text.replace(WORD, link);
        });
        Some(body.to_string().into_bytes())
    }
}

/// An address as the end of a template's button has it: without scheme and host, as its last two parts.
pub(crate) fn tail(url: &Url) -> String {
    let path = url.path_segments().map(Iterator::collect::<Vec<_>>);
    let path = path.unwrap_or_default();
    let tail = path.get(path.len().saturating_sub(2)..);
    tail.unwrap_or_default().join("/")
}

fn refused(why: &'static str) -> GraphError {
    GraphError::invalid(why)
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// A text that the person reads.
    Text,
    /// What a template's URL button ends with: its address is fixed at Meta, so here the link comes
    /// without scheme and host.
    UrlButton,
}

/// Every text of a message in which the word may stand.
fn each(value: &mut Value, seen: &mut impl FnMut(Place, &mut String)) {
    if let Some(Value::String(text)) = value.pointer_mut("/text/body") {
        seen(Place::Text, text);
    }
    let components = value.pointer_mut("/template/components");
    for component in components
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        let button = component.get("type").is_some_and(|kind| kind == "button");
        let place = if button {
            Place::UrlButton
        } else {
            Place::Text
        };
        if button && component.get("sub_type").is_none_or(|kind| kind != "url") {
            continue;
        }
        let parameters = component.get_mut("parameters");
        for parameter in parameters
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if let Some(Value::String(text)) = parameter.get_mut("text") {
                seen(place, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Place;
    use super::each;

    #[test]
    fn the_word_counts_in_texts_parameters_and_url_buttons() {
        for (mut body, places) in [
            (json!({"text": {"body": "a"}}), vec![(Place::Text, "a")]),
            (json!({"image": {"caption": "a"}}), vec![]),
            (
                json!({"template": {"components": [
                    {"type": "body", "parameters": [{"type": "text", "text": "a"}]},
                    {"type": "button", "sub_type": "url", "parameters": [{"text": "b"}]},
                    {"type": "button", "sub_type": "quick_reply", "parameters": [{"text": "c"}]},
                    {"type": "header", "parameters": [{"type": "image"}]},
                ]}}),
                vec![(Place::Text, "a"), (Place::UrlButton, "b")],
            ),
        ] {
            let mut found = Vec::new();
            each(&mut body, &mut |place, text| {
                found.push((place, text.clone()));
            });
            let found: Vec<_> = found
                .iter()
                .map(|(place, text)| (*place, text.as_str()))
                .collect();
            assert_eq!(found, places);
        }
    }
}
