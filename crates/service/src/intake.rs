//! Receive: signed webhooks from Meta become items of one durable intake.

use std::borrow::Cow;

use domain::consent::Method;
use domain::keyword::Keyword;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::subject::IdentifierKind;
use domain::template::Category;
use domain::template::TemplateStatus;
use domain::time::Timestamp;
use store::StoreError;
use store::operation::Asking;
use store::operation::Dedup;
use store::operation::Intake;
use store::operation::IntakeReply;
use store::operation::Item;
use store::operation::Message;
use store::operation::Preference;
use store::operation::Quarantine;
use store::operation::Said;
use store::operation::Status;
use store::operation::TemplateChange;
use whatsapp::recipient::Bsuid;
use whatsapp::recipient::E164;
use whatsapp::signature;
use whatsapp::signature::SignatureError;
use whatsapp::webhook;
use whatsapp::webhook::InboundMessage;
use whatsapp::webhook::InteractiveKind;
use whatsapp::webhook::MessageKind;
use whatsapp::webhook::PreferenceValue;
use whatsapp::webhook::SignalSource;
use whatsapp::webhook::StatusKind;
use whatsapp::webhook::TemplateEvent;

use crate::Service;
use crate::ask;
use crate::confirm;
use crate::ids;
use crate::why;

/// How far Meta's timestamp may lie back and still sort a repetition: it repeats for 7 days.
const PLAUSIBLE_PAST: i64 = 30 * 24;

/// Meta's own label for the opt-out button of marketing templates. A tap on it is as plain as STOP.
const OPT_OUT_LABELS: &[&str] = &["stop promotions", "stop marketing messages"];

/// Why a webhook is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// It has no body.
    #[error("the body is empty")]
    Empty,
    /// It is not signed as Meta signs.
    #[error("signature: {0}")]
    Signature(#[from] SignatureError),
    /// It could not be stored.
    #[error("store: {0}")]
    Store(#[from] StoreError),
}

impl Service {
    /// Whether the word of a verification request is ours.
    pub fn knows_verify_token(&self, token: &str) -> bool {
        seal::constant_time_eq(token.as_bytes(), self.settings.verify_token.as_bytes())
    }

    /// Takes in a webhook. When this returns, everything in it is durable and every stop in it is in
    /// force.
    ///
    /// # Errors
    /// [`IntakeError`]; what is signed and odd is no error but kept aside.
    pub async fn intake(
        &self,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<IntakeReply, IntakeError> {
        let taken = self.take_in(signature, body).await;
        self.measures.webhook(&taken);
        taken
    }

    async fn take_in(
        &self,
        signature: Option<&str>,
        body: &[u8],
    ) -> Result<IntakeReply, IntakeError> {
        if body.is_empty() {
            return Err(IntakeError::Empty);
        }
        signature::verify(&self.settings.app_secret, signature, body)?;
        let now = self.store.clock().now();
        let intake = match webhook::parse(body) {
            Ok(items) => Intake {
                items: items.iter().flat_map(|i| self.taken(i, now)).collect(),
            },
            Err(_) => Intake {
                items: vec![aside("not a webhook", &webhook::keepable(body))],
            },
        };
        Ok(self.store.intake(intake).await?)
    }

    /// An item, and what it tells beside.
    fn taken(&self, item: &webhook::Item<'_>, now: Timestamp) -> impl Iterator<Item = Item> {
        let aside = match item {
            webhook::Item::Message(message) => self.aside_of(message, now),
            _ => None,
        };
        let taken = self.item(item, now);
        let asked = match (item, &taken) {
            (webhook::Item::Message(message), Some(taken)) => self.asked_of(message, taken),
            _ => None,
        };
        let asked = asked.map(|asked| Item::Asked(Box::new(asked)));
        taken.into_iter().chain(asked).chain(aside)
    }

    fn item(&self, item: &webhook::Item<'_>, now: Timestamp) -> Option<Item> {
        let aside = |why, raw: &str| Some(aside(why, raw.as_bytes()));
        match item {
            webhook::Item::Message(message) => Some(
                self.message(message, now)
                    .unwrap_or_else(|why| self::aside(why, message.raw.as_str().as_bytes())),
            ),
            webhook::Item::Status(status) => Some(
                self.status(status, now)
                    .unwrap_or_else(|why| self::aside(why, status.raw.as_str().as_bytes())),
            ),
            webhook::Item::Preference(preference) => match self.preference(preference, now) {
                Some(preference) => Some(Item::Preference(preference)),
                None => aside("preference", preference.raw.as_str()),
            },
            webhook::Item::TemplateChange(change) => match template(change) {
                Some(change) => Some(Item::Template(change)),
                None => aside("template", change.raw.as_str()),
            },
            // Minimisation: what nobody asked for is not kept, not even sealed.
            webhook::Item::Dropped(dropped) => {
                self.measures.dropped(dropped.kind.as_str());
                None
            }
            webhook::Item::Call(call) => Some(
                self.ring(call, now)
                    .unwrap_or_else(|why| self::aside(why, call.raw.as_str().as_bytes())),
            ),
            webhook::Item::CallStatus(status) => aside("call status", status.raw.as_str()),
            webhook::Item::Echo(echo) => Some(
                self.echo(echo, now)
                    .unwrap_or_else(|why| self::aside(why, echo.raw.as_str().as_bytes())),
            ),
            webhook::Item::Errors(errors) => aside("errors", errors.raw.as_str()),
            webhook::Item::Group(change) => Some(
                self.group(change, now)
                    .unwrap_or_else(|why| self::aside(why, change.raw.as_str().as_bytes())),
            ),
            webhook::Item::Health(health) => Some(
                self.health(health, now)
                    .unwrap_or_else(|why| self::aside(why, health.raw.as_str().as_bytes())),
            ),
            webhook::Item::IdentityChange(change) => Some(
                self.succession(change, now)
                    .unwrap_or_else(|why| self::aside(why, change.raw.as_str().as_bytes())),
            ),
            webhook::Item::Notice(notice) => Some(
                self.notice(notice, now)
                    .unwrap_or_else(|why| self::aside(why, notice.raw.as_str().as_bytes())),
            ),
            webhook::Item::Unhandled { raw, .. } => aside("field not handled", raw.as_str()),
            webhook::Item::Unknown { raw, .. } => aside("unknown field", raw.as_str()),
            webhook::Item::Unreadable { raw, .. } => aside("unreadable", raw.as_str()),
            _ => None,
        }
    }

    fn message(&self, message: &InboundMessage<'_>, now: Timestamp) -> Result<Item, &'static str> {
        let registry = self.store.registry();
        let scope = &message.scope;
        let number = scope
            .phone_number_id
            .as_deref()
            .and_then(|id| registry.number_by_phone_number_id(id))
            .ok_or("number not ours")?;
        let change = message.system.as_deref();
        let identifiers = read_identifiers(
            message
                .from
                .as_deref()
                .or_else(|| change?.old_phone.as_deref()),
            message
                .user_id
                .as_deref()
                .or_else(|| change?.old_user_id.as_deref()),
            message.parent_user_id.as_deref(),
        );
        if identifiers.is_empty() {
            return Err("sender not readable");
        }
        let successor = change
            .map(|change| {
                read_identifiers(
                    change.new_phone.as_deref(),
                    change.new_user_id.as_deref(),
                    change.new_parent_user_id.as_deref(),
                )
            })
            .filter(|new| !new.is_empty());
        let meta_at = message.timestamp.filter(|_| !message.timestamp_odd);
        let dedup = self.dedup(
            &[
                b"message",
                number.phone_number_id.as_bytes(),
                message.id.as_bytes(),
            ],
            meta_at,
            now,
        );
        let overheard = message.standby || message.group_id.is_some();
        Ok(Item::Message(Box::new(Message {
            number: number.id,
            identifiers,
            name: message.profile_name.as_deref().map(str::to_owned),
            kind: name(message.kind),
            meta_at: meta_at.map(Timestamp::from_seconds),
            dedup,
            wamid: message.id.as_str().to_owned(),
            content: content(message),
            opens_window: message.opens_window() && !overheard,
            relayed: !overheard,
            said: self.heard(message, overheard),
            media: message.media.as_deref().map(reference),
            successor,
        })))
    }

    /// The word with effects where it was said. Others read along in a group, and another app answers
    /// what came on standby: a stop counts there as well, nothing else does, and nobody is answered.
    fn heard(&self, message: &InboundMessage<'_>, overheard: bool) -> Option<Said> {
        let said = self.said(message)?;
        if !overheard {
            return Some(said);
        }
        stops(&said).then_some(Said {
            confirmation: None,
            why: None,
            ask: None,
            ..said
        })
    }

    /// The word with effects in a message, if there is one.
    fn said(&self, message: &InboundMessage<'_>) -> Option<Said> {
        message.signals().find_map(|signal| {
            let method = if signal.source.is_button() {
                Method::ChatButton
            } else {
                Method::ChatKeyword
            };
            let (keyword, rule, language) = self.keyword(signal.source, &signal.text)?;
            let confirmation = confirm::body(keyword, &language, &self.settings);
            let page = self.settings.portal.public_url.is_some();
            let why = (keyword == Keyword::Why).then(|| why::answer(&language, page));
            let ask = ask::answer(keyword, &language, page).map(|answer| Asking {
                answer,
                text: signal.text.as_str().to_owned(),
            });
            Some(Said {
                keyword,
                rule,
                language,
                method,
                confirmation,
                why: why.flatten(),
                ask,
            })
        })
    }

    fn keyword(&self, source: SignalSource, text: &str) -> Option<(Keyword, String, String)> {
        let default = || self.settings.language.clone();
        if source == SignalSource::ReplyId && text == confirm::STOP_EVERYTHING {
            return Some((
                Keyword::StopEverything,
                "button/stop-everything".into(),
                default(),
            ));
        }
        if source == SignalSource::ReplyId
            && let Some((keyword, rule)) = ask::button(text)
        {
            return Some((keyword, rule.to_owned(), default()));
        }
        let label = text.trim().to_lowercase();
        if source.is_button() && OPT_OUT_LABELS.contains(&label.as_str()) {
            return Some((Keyword::Stop, "button/stop-promotions".into(), default()));
        }
        let found = self.words.detect(text, &self.languages)?;
        let language = if found.language == "mul" {
            default()
        } else {
            found.language.to_owned()
        };
        Some((Keyword::from(found.intent), found.rule.to_owned(), language))
    }

    fn status(&self, status: &webhook::Status<'_>, now: Timestamp) -> Result<Item, &'static str> {
        let token = status
            .biz_opaque_callback_data
            .as_deref()
            .unwrap_or_default();
        let message =
            ids::open_callback(&self.callback, token).ok_or("status of an unknown message")?;
        let state = match status.kind {
            StatusKind::Sent => MessageState::Sent,
            StatusKind::Delivered => MessageState::Delivered,
            StatusKind::Read => MessageState::Read,
            StatusKind::Played => MessageState::Played,
            StatusKind::Failed => MessageState::Failed,
            StatusKind::Other => return Err("unknown status"),
        };
        let at = status.timestamp.filter(|_| !status.timestamp_odd);
        let number = status.scope.phone_number_id.as_deref().unwrap_or_default();
        let seconds = at.unwrap_or_default().to_be_bytes();
        let parts: [&[u8]; 5] = [
            b"status",
            number.as_bytes(),
            status.id.as_bytes(),
            status.kind.as_str().as_bytes(),
            &seconds,
        ];
        Ok(Item::Status(Box::new(Status {
            message,
            wamid: status.id.as_str().to_owned(),
            state,
            code: status
                .errors
                .first()
                .map(|error| error.code)
                .filter(|code| *code != 0),
            at: at.map_or(now, Timestamp::from_seconds),
            dedup: self.dedup(&parts, at, now),
            raw: status.raw.as_str().as_bytes().to_vec(),
        })))
    }

    fn preference(
        &self,
        preference: &webhook::Preference<'_>,
        now: Timestamp,
    ) -> Option<Preference> {
        let stop = match preference.value {
            PreferenceValue::Stop => true,
            PreferenceValue::Resume => false,
            _ => return None,
        };
        let identifiers = read_identifiers(
            preference.wa_id.as_deref(),
            preference.user_id.as_deref(),
            preference.parent_user_id.as_deref(),
        );
        if identifiers.is_empty() {
            return None;
        }
        let at = preference.timestamp.filter(|_| !preference.timestamp_odd);
        let seconds = at.unwrap_or_default().to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![b"preference", if stop { b"1" } else { b"0" }, &seconds];
        parts.extend(
            identifiers
                .iter()
                .map(|identifier| identifier.value().as_bytes()),
        );
        let dedup = self.dedup(&parts, at, now);
        Some(Preference {
            identifiers,
            stop,
            dedup,
        })
    }

    /// The key of an item. A timestamp that cannot be sorts the item by when it came.
    pub(crate) fn dedup(&self, parts: &[&[u8]], seconds: Option<i64>, now: Timestamp) -> Dedup {
        let hour = seconds
            .map(|seconds| Timestamp::from_seconds(seconds).hour())
            .filter(|hour| now.hour() - PLAUSIBLE_PAST <= *hour && *hour <= now.hour() + 24)
            .unwrap_or_else(|| now.hour());
        Dedup {
            hour,
            tag: self.store.keyring().dedup_tag(parts),
        }
    }
}

fn aside(why: &'static str, raw: &[u8]) -> Item {
    Item::Quarantine(Quarantine {
        why,
        raw: raw.to_vec(),
    })
}

const fn stops(said: &Said) -> bool {
    match said.keyword {
        Keyword::Stop | Keyword::StopAmbiguous | Keyword::StopEverything => true,
        Keyword::Ask(_)
        | Keyword::ConfirmDeletion
        | Keyword::Help
        | Keyword::KeepData
        | Keyword::Start
        | Keyword::Why => false,
    }
}

/// The identifiers that can be read; canonical, the phone with its `+`.
pub(crate) fn read_identifiers(
    phone: Option<&str>,
    user_id: Option<&str>,
    parent: Option<&str>,
) -> Vec<Identifier> {
    let phone = phone.and_then(|phone| E164::from_wa_id(phone).ok());
    let account = user_id.and_then(|id| Bsuid::parse(id).ok());
    let parent = parent.and_then(|id| Bsuid::parse(id).ok());
    let mut all = Vec::with_capacity(3);
    all.extend(phone.map(|p| Identifier::new(IdentifierKind::Phone, p.as_str().to_owned())));
    all.extend(account.map(|id| Identifier::new(IdentifierKind::Bsuid, id.as_str().to_owned())));
    all.extend(
        parent.map(|id| Identifier::new(IdentifierKind::ParentBsuid, id.as_str().to_owned())),
    );
    all
}

/// What is sealed of a message: the message and its sender's card as they came, with what the
/// envelope said of the number.
fn content(message: &InboundMessage<'_>) -> Vec<u8> {
    let contact = message.contact_raw.map_or("null", whatsapp::Raw::as_str);
    let raw = message.raw.as_str();
    let mut out = Vec::with_capacity(raw.len() + contact.len() + 32);
    out.extend_from_slice(br#"{"message":"#);
    out.extend_from_slice(raw.as_bytes());
    out.extend_from_slice(br#","contact":"#);
    out.extend_from_slice(contact.as_bytes());
    out.push(b'}');
    out
}

/// What is sealed of a media object: where Meta has it and what it says it is.
fn reference(media: &webhook::Media<'_>) -> Vec<u8> {
    let value = serde_json::json!({
        "id": media.id.as_str(),
        "mime_type": media.mime_type.as_deref(),
        "filename": media.filename.as_deref(),
    });
    value.to_string().into_bytes()
}

fn template(change: &webhook::TemplateChange<'_>) -> Option<TemplateChange> {
    let language = change.language.as_deref()?;
    let (category, status): (Option<Cow<'_, str>>, Option<&str>) = match &change.event {
        TemplateEvent::CategoryChanged { new, .. } => (Some(new.as_str().into()), None),
        TemplateEvent::Status {
            status, category, ..
        } => (category.as_deref().map(Cow::from), Some(status.as_str())),
        _ => return None,
    };
    Some(TemplateChange {
        waba_id: change.scope.waba_id.as_str().to_owned(),
        name: change.name.as_str().to_owned(),
        language: language.to_owned(),
        category: category.map(|name| Category::from_name(&name)),
        status: status.map(TemplateStatus::from_name),
    })
}

/// The name a kind of message has in the store.
pub(crate) const fn name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Audio => "audio",
        MessageKind::Button => "button",
        MessageKind::Contacts => "contacts",
        MessageKind::Document => "document",
        MessageKind::Edit => "edit",
        MessageKind::Image => "image",
        MessageKind::Interactive(InteractiveKind::ButtonReply) => "interactive.button_reply",
        MessageKind::Interactive(InteractiveKind::ListReply) => "interactive.list_reply",
        MessageKind::Interactive(InteractiveKind::NfmReply) => "interactive.nfm_reply",
        MessageKind::Interactive(_) => "interactive",
        MessageKind::Location => "location",
        MessageKind::MediaPlaceholder => "media_placeholder",
        MessageKind::Order => "order",
        MessageKind::Other => "other",
        MessageKind::Reaction => "reaction",
        MessageKind::RequestWelcome => "request_welcome",
        MessageKind::Revoke => "revoke",
        MessageKind::Sticker => "sticker",
        MessageKind::System => "system",
        MessageKind::Text => "text",
        MessageKind::Unknown => "unknown",
        MessageKind::Unsupported => "unsupported",
        MessageKind::Video => "video",
    }
}
