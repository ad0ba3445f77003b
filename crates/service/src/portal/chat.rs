//! Links that open a chat: what is in them, and what a person says by them.

use domain::ids::ConfirmationId;
use domain::ids::PurposeId;
use qrcode::EcLevel;
use qrcode::QrCode;
use qrcode::render::svg;
use serde_json::json;
use store::confirmation::Answer;
use store::confirmation::ChatSaid;
use store::confirmation::ChatStep;
use store::operation::Asked;
use store::operation::Item;
use url::Url;
use whatsapp::webhook::InboundMessage;
use whatsapp::webhook::SignalSource;

use super::ChatLink;
use super::Field;
use super::PortalError;
use super::link::Use;
use super::personal::WORD;
use super::texts;
use crate::Service;

/// So many purposes fit a link that is still a QR code for a poster, and the id of a button.
const MAX_PURPOSES: usize = 10;

/// What precedes a reference in a text, and the id of a button.
const MARK: &str = "imvume:";
const YES: &str = "imvume:yes:";
const NO: &str = "imvume:no:";

/// How many pixels the QR code has at least, each way.
const PIXELS: u32 = 240;

/// The request, in digits of one length; the language; the purposes.
type Parts = (String, String, Vec<i64>);

impl Service {
    pub(super) fn open_chat_link(
        &self,
        purposes: &[String],
        language: &str,
    ) -> Result<ChatLink, PortalError> {
        let purposes = self.purposes(purposes)?;
        self.make_chat_link(None, &purposes, language)
    }

    pub(super) fn named_chat_link(
        &self,
        request: ConfirmationId,
        purposes: &[PurposeId],
        language: &str,
    ) -> Result<ChatLink, PortalError> {
        self.make_chat_link(Some(request), purposes, language)
    }

    /// A link that opens a chat in which the person is answered with the link to their own page.
    /// Nobody is named in it.
    pub(super) fn open_choices_link(&self, language: &str) -> Result<ChatLink, PortalError> {
        let reference = self.seal_portal(Use::Choices, &(language,))?;
        self.to_chat(&texts::coming(language, &format!("{MARK}{reference}")))
    }

    fn make_chat_link(
        &self,
        request: Option<ConfirmationId>,
        purposes: &[PurposeId],
        language: &str,
    ) -> Result<ChatLink, PortalError> {
        if MAX_PURPOSES < purposes.len() {
            return Err(PortalError::Field(Field::Purposes));
        }
        // A request that was not noted has a link of the same length as one that was.
        let request = request.map_or_else(String::new, |id| format!("{:019}", id.0));
        let ids: Vec<i64> = purposes.iter().map(|purpose| purpose.0).collect();
        let reference = self.seal_portal(Use::Chat, &(request, language, ids))?;
        self.to_chat(&texts::opening(language, &format!("{MARK}{reference}")))
    }

    /// A link to a chat with our first number, with a text that stands ready in it.
    fn to_chat(&self, text: &str) -> Result<ChatLink, PortalError> {
        let registry = self.store.registry();
        let number = registry.numbers.first().ok_or(PortalError::Unavailable)?;
        let digits: String = number
            .display
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        let url = Url::parse_with_params(&format!("https://wa.me/{digits}"), [("text", text)])
            .map_err(|_| PortalError::Unavailable)?;
        let svg = picture(&url).ok_or(PortalError::Unavailable)?;
        Ok(ChatLink { url, svg })
    }

    /// What a person says in a message by a reference of ours.
    pub(crate) fn asked_of(&self, message: &InboundMessage<'_>, item: &Item) -> Option<Asked> {
        let Item::Message(taken) = item else {
            return None;
        };
        // Others read along in a group, and another app answers on standby.
        if !taken.relayed {
            return None;
        }
        let said = message
            .signals()
            .find_map(|signal| self.said_by(signal.source, &signal.text))?;
        let parts: [&[u8]; 2] = [b"asked", message.id.as_bytes()];
        let seconds = taken.meta_at.map(domain::time::Timestamp::seconds);
        Some(Asked {
            number: taken.number,
            identifiers: taken.identifiers.clone(),
            said,
            dedup: self.dedup(&parts, seconds, self.store.clock().now()),
        })
    }

    fn said_by(&self, source: SignalSource, text: &str) -> Option<ChatSaid> {
        let (reference, answer) = match source {
            SignalSource::ReplyId => match (text.strip_prefix(YES), text.strip_prefix(NO)) {
                (Some(reference), _) => (reference, Some(Answer::Yes)),
                (None, Some(reference)) => (reference, Some(Answer::No)),
                (None, None) => return None,
            },
            SignalSource::Typed => {
                let (_, rest) = text.split_once(MARK)?;
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c));
                (rest.get(..end.unwrap_or(rest.len()))?, None)
            }
            _ => return None,
        };
        let Some((request, language, ids)) = self.open_portal::<Parts>(Use::Chat, reference) else {
            return self.came(source, reference);
        };
        let request = match request.as_str() {
            "" => None,
            digits => Some(ConfirmationId(digits.parse().ok()?)),
        };
        let purposes: Vec<PurposeId> = ids.into_iter().map(PurposeId).collect();
        let step = match answer {
            Some(answer) => ChatStep::Answered(answer),
            None => ChatStep::Opened(self.question(&purposes, &language, reference)),
        };
        Some(ChatSaid {
            request,
            purposes,
            language,
            step,
        })
    }

    /// What somebody says who came for their own page.
    fn came(&self, source: SignalSource, reference: &str) -> Option<ChatSaid> {
        if source != SignalSource::Typed || self.settings.portal.public_url.is_none() {
            return None;
        }
        let (language,): (String,) = self.open_portal(Use::Choices, reference)?;
        // The link is made when the message leaves, for whoever it goes to.
        let text = texts::choices(&language, &self.settings.organisation, WORD);
        let body = json!({"messaging_product": "whatsapp", "type": "text", "text": {"body": text}});
        Some(ChatSaid {
            request: None,
            purposes: Vec::new(),
            language,
            step: ChatStep::Choices(body.to_string().into_bytes()),
        })
    }

    /// The message that asks, with its two buttons.
    fn question(&self, purposes: &[PurposeId], language: &str, reference: &str) -> Vec<u8> {
        let asked: Vec<_> = purposes
            .iter()
            .filter_map(|id| self.explain(*id, language))
            .collect();
        let page = |notice: &super::NoticeRef| {
            let version = notice.version.to_string();
            self.public(&["notices", &notice.code, &version, &notice.language])
        };
        let organisation = &self.settings.organisation;
        let (text, yes, no) = texts::question(language, organisation, &asked, page);
        let button = |mark, title| json!({"type": "reply", "reply": {"id": format!("{mark}{reference}"), "title": title}});
        let body = json!({
            "messaging_product": "whatsapp",
            "type": "interactive",
            "interactive": {
                "type": "button",
                "body": {"text": text},
                "action": {"buttons": [button(YES, yes), button(NO, no)]},
            },
        });
        body.to_string().into_bytes()
    }
}

/// A QR code as an SVG document.
fn picture(url: &Url) -> Option<String> {
    let code = QrCode::with_error_correction_level(url.as_str(), EcLevel::M).ok()?;
    let picture = code
        .render::<svg::Color<'_>>()
        .min_dimensions(PIXELS, PIXELS)
        .quiet_zone(true)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    Some(picture)
}
