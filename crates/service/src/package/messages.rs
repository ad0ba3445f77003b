//! The messages of a package: as JSON, as pages, with their media, who got them, and what was left out.

use std::collections::BTreeMap;
use std::io::Write;

use domain::ids::AppId;
use domain::ids::MessageId;
use domain::message::Direction;
use domain::time::Timestamp;
use package::Cut;
use package::List;
use package::Listed;
use package::Other;
use package::Texts;
use package::Writer;
use package::cut;
use package::readable;
use serde::Serialize;
use serde_json::Value;
use store::StoreError;
use store::package::Decision;
use store::package::DeliveryCursor;
use store::package::Disclosed;
use store::package::FullMessage;
use store::package::PackageKind;
use store::package::Redaction;
use tokio::runtime::Handle;

use super::PackageError;
use super::make::Making;
use super::source::Thread;
use super::source::parsed;
use crate::Service;

const MESSAGES: List = List {
    name: "messages",
    columns: &[],
};

/// To whom messages were handed, and when first and last.
pub(super) type Recipients = BTreeMap<AppId, (u64, Timestamp, Timestamp)>;

/// A message in a package.
#[derive(Serialize)]
struct View<'a> {
    id: i64,
    conversation: i64,
    number: &'a str,
    direction: &'static str,
    #[serde(rename = "type")]
    kind: &'a str,
    state: &'static str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    disclosed_to: Vec<Disclosure>,
    content: &'a Value,
}

#[derive(Serialize)]
struct Disclosure {
    app: String,
    at: String,
}

/// What is beside the messages of a segment.
struct Beside {
    cuts: Vec<Redaction>,
    disclosed: Vec<Disclosed>,
}

/// What came of the messages.
pub(super) struct Written {
    pub(super) listed: Listed,
    pub(super) recipients: Recipients,
    pub(super) media: u64,
    /// How many passages were left out.
    pub(super) left_out: u64,
    /// How many messages of others in groups were passed over.
    pub(super) of_others: u64,
    /// What the summary tells of them.
    pub(super) about: About,
}

/// What a summary tells of the messages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About {
    /// When the oldest and the newest were written.
    pub(super) span: Option<(Timestamp, Timestamp)>,
    /// How many media objects there are.
    pub(super) media: u64,
    /// How many messages of others in groups were passed over.
    pub(super) of_others: u64,
}

impl About {
    fn count(&mut self, at: Timestamp) {
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
    }
}

impl Service {
    pub(super) fn write_messages<W: Write>(
        &self,
        runtime: &Handle,
        making: &Making,
        writer: &mut Writer<W>,
    ) -> Result<Written, PackageError> {
        let mut list = writer.list(MESSAGES);
        let (mut cursor, mut recipients) = (DeliveryCursor::default(), Recipients::new());
        let (mut media, mut left_out, mut of_others, mut told) = (0, 0, 0, 0);
        let (mut thread_now, mut about) = (None, About::default());
        let walked = self.walk(&making.view, &making.source, &mut |thread, messages| {
            // Each thread begins anew in time, and so does the way through the deliveries.
            if thread_now.replace(thread.id) != Some(thread.id) {
                cursor = DeliveryCursor::default();
            }
            let beside = self.beside(making, messages, &mut cursor)?;
            for message in messages {
                if !making.wants(message.direction) {
                    continue;
                }
                let mut content = parsed(message);
                if !making.source.holds(thread, &content) {
                    of_others += 1;
                    continue;
                }
                left_out += cut(&mut content, &beside.cuts_of(message.id)) as u64;
                let file = self.write_media(runtime, message, list.package())?;
                media += u64::from(file.is_some());
                let view = view(
                    making,
                    (thread, message),
                    (&content, file.as_deref()),
                    &beside,
                );
                let text = readable(&content, &making.texts);
                about.count(message.at);
                beside.count(message.id, &mut recipients);
                list.push(&view, |page| page_of(page, &view, (&text, &making.texts)))?;
            }
            if told + super::scan::STEP <= list.items() {
                told = list.items();
                runtime.block_on(self.store.package_progress(making.view.id, told))?;
            }
            Ok::<_, PackageError>(())
        });
        walked?;
        Ok(Written {
            listed: list.end()?,
            recipients,
            media,
            left_out,
            of_others,
            about: About {
                media,
                of_others,
                ..about
            },
        })
    }

    fn beside(
        &self,
        making: &Making,
        messages: &[FullMessage],
        cursor: &mut DeliveryCursor,
    ) -> Result<Beside, StoreError> {
        let (Some(first), Some(last)) = (messages.first(), messages.last()) else {
            return Ok(Beside {
                cuts: Vec::new(),
                disclosed: Vec::new(),
            });
        };
        let span = (first.id, last.id);
        let inbound = messages
            .iter()
            .filter(|message| message.direction == Direction::Inbound)
            .map(|message| (message.id, message.at));
        let inbound: Vec<(MessageId, Timestamp)> = inbound.collect();
        let (id, whole) = (making.view.id, making.view.kind == PackageKind::Access);
        self.store.read_now(|reader| {
            let mut cuts = reader.redactions_between(id, span)?;
            cuts.retain(|cut| cut.decision == Decision::LeaveOut);
            let disclosed = if whole {
                reader.disclosures(cursor, &inbound)?
            } else {
                Vec::new()
            };
            Ok(Beside { cuts, disclosed })
        })
    }
}

fn view<'a>(
    making: &'a Making,
    (thread, message): (&Thread, &'a FullMessage),
    (content, media): (&'a Value, Option<&'a str>),
    beside: &Beside,
) -> View<'a> {
    let registry = &making.registry;
    let number = registry.number(thread.number);
    let named = |app: AppId| {
        registry
            .app(app)
            .map_or_else(String::new, |app| app.name.clone())
    };
    View {
        id: message.id.0,
        conversation: message.conversation.0,
        number: number.map_or("", |number| number.display.as_str()),
        direction: match message.direction {
            Direction::Inbound => "from-you",
            Direction::Outbound => "to-you",
        },
        kind: &message.kind,
        state: message.state.name(),
        at: message.at.to_string(),
        meta_at: message.meta_at.map(|at| at.to_string()),
        sent_by: message.app.map(|app| named(AppId(app))),
        decision: message.decision,
        error_code: message.code,
        media,
        disclosed_to: beside
            .of(message.id)
            .map(|disclosed| Disclosure {
                app: named(disclosed.app),
                at: disclosed.at.to_string(),
            })
            .collect(),
        content,
    }
}

impl Beside {
    /// Both lists stand in the order of messages.
    fn of(&self, message: MessageId) -> impl Iterator<Item = &Disclosed> {
        let start = self
            .disclosed
            .partition_point(|disclosed| disclosed.message < message);
        let rest = self.disclosed.get(start..).unwrap_or_default();
        rest.iter()
            .take_while(move |disclosed| disclosed.message == message)
    }

    fn cuts_of(&self, message: MessageId) -> Vec<Cut> {
        let start = self.cuts.partition_point(|cut| cut.message < message);
        let rest = self.cuts.get(start..).unwrap_or_default();
        rest.iter()
            .take_while(|cut| cut.message == message)
            .map(|cut| Cut {
                what: Other::from_code(cut.kind).unwrap_or(Other::ContactCard),
                start: cut.start,
                length: cut.length,
            })
            .collect()
    }

    fn count(&self, message: MessageId, recipients: &mut Recipients) {
        for disclosed in self.of(message) {
            let (count, first, last) =
                recipients
                    .entry(disclosed.app)
                    .or_insert((0, disclosed.at, disclosed.at));
            *count += 1;
            *first = (*first).min(disclosed.at);
            *last = (*last).max(disclosed.at);
        }
    }
}

fn page_of(page: &mut package::Html, view: &View<'_>, (text, texts): (&str, &Texts)) {
    let ours = view.direction == "to-you";
    page.raw(if ours {
        "<li class=\"out\"><p class=\"dim\">"
    } else {
        "<li><p class=\"dim\">"
    });
    page.text(texts.say(if ours {
        "chat-we-wrote"
    } else {
        "chat-you-wrote"
    }));
    page.raw(" ");
    // To the second: the JSON has the rest.
    page.text(view.at.get(..19).unwrap_or(&view.at));
    page.raw(" · ");
    page.text(view.number);
    if ours {
        page.raw(" · ");
        page.text(texts.word("state", view.state));
    }
    page.raw("</p><p>");
    page.text(text);
    page.raw("</p>");
    if let Some(file) = view.media {
        page.raw("<p>");
        page.link(1, file, texts.say("chat-file"));
        page.raw("</p>");
    }
    page.raw("</li>\n");
}
