//! What is counted and not kept: old chats, address books, guesses about people.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::Scope;
use super::wire::Fault;
use super::wire::Metadata;

/// Meta's code for a business that does not share its old chats.
const DECLINED: u64 = 2_593_109;

/// A delivery that nobody asked for. Its content is not here, whatever its shape: an unreadable one
/// is dropped, too.
#[derive(Clone, Debug)]
pub struct Dropped<'a> {
    /// Which number it came to.
    pub scope: Scope<'a>,
    /// What it was.
    pub kind: DroppedKind,
    /// How many messages, contacts or events were in it, as far as it could be read.
    pub pieces: usize,
    /// The business said no to sharing its old chats; there was nothing in it.
    pub declined: bool,
}

/// What was dropped.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum DroppedKind {
    /// `smb_app_state_sync`: the phone's address book.
    AddressBook,
    /// `history`: up to 180 days of old chats.
    History,
    /// `automatic_events`: purchases and leads that Meta infers from chats.
    InferredEvents,
}

impl DroppedKind {
    pub(super) fn of(field: &str) -> Option<Self> {
        match field {
            "automatic_events" => Some(Self::InferredEvents),
            "history" => Some(Self::History),
            "smb_app_state_sync" => Some(Self::AddressBook),
            _ => None,
        }
    }

    /// The word for records and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressBook => "address_book",
            Self::History => "history",
            Self::InferredEvents => "inferred_events",
        }
    }
}

pub(super) fn read<'a>(mut scope: Scope<'a>, kind: DroppedKind, raw: &'a RawValue) -> Dropped<'a> {
    let wire: Wire<'a> = serde_json::from_str(raw.get()).unwrap_or_default();
    if let Some(metadata) = wire.metadata {
        scope.display_phone_number = metadata.display_phone_number;
        scope.phone_number_id = metadata.phone_number_id;
    }
    let chunks = wire.history.unwrap_or_default();
    let declined = chunks
        .iter()
        .filter_map(|chunk| chunk.errors.as_ref())
        .flatten()
        .any(|error| error.code == Some(DECLINED));
    let threads = chunks.iter().filter_map(|chunk| chunk.threads.as_ref());
    let written = threads
        .flatten()
        .filter_map(|thread| thread.messages.as_ref());
    let lists = [wire.messages, wire.state_sync, wire.automatic_events];
    Dropped {
        scope,
        kind,
        pieces: written.map(Vec::len).sum::<usize>()
            + lists.iter().flatten().map(Vec::len).sum::<usize>(),
        declined,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
    #[serde(borrow)]
    history: Option<Vec<Chunk<'a>>>,
    /// The files of old chats come by themselves.
    messages: Option<Vec<IgnoredAny>>,
    state_sync: Option<Vec<IgnoredAny>>,
    automatic_events: Option<Vec<IgnoredAny>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Chunk<'a> {
    threads: Option<Vec<Thread>>,
    #[serde(borrow)]
    errors: Option<Vec<Fault<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Thread {
    messages: Option<Vec<IgnoredAny>>,
}
