//! The operations of the hot paths, as values: what the writer takes in batches.

use domain::call::Permission;
use domain::consent::Method;
use domain::decision::Decision;
use domain::gate::Content;
use domain::health::Told;
use domain::ids::AppId;
use domain::ids::DecisionId;
use domain::ids::MediaId;
use domain::ids::MessageId;
use domain::ids::NumberId;
use domain::ids::SubjectId;
use domain::keyword::Keyword;
use domain::message::MessageState;
use domain::subject::Identifier;
use domain::time::Timestamp;
use seal::Zeroizing;

use crate::confirmation::ChatSaid;
use crate::echo::EchoSource;
use crate::request::AskAnswer;
use crate::why::WhyAnswer;

/// What one signed POST from Meta brought.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    /// Its items, in order.
    pub items: Vec<Item>,
}

/// One item of a webhook.
#[derive(Clone, Debug)]
pub enum Item {
    /// What a person said by a reference of ours, beside the message it stood in.
    Asked(Box<Asked>),
    /// Whether a person lets a number call.
    CallPermission(Box<CallPermission>),
    /// A message of the business that went out beside the gateway.
    Echo(Box<Echo>),
    /// Something happened to a group.
    Group(Box<GroupNews>),
    /// What Meta says a number or an account may send.
    Health(Health),
    /// A person's message.
    Message(Box<Message>),
    /// WhatsApp's own marketing preference.
    Preference(Preference),
    /// Something kept aside: it could not be read, or nobody here knows what it means.
    Quarantine(Quarantine),
    /// What happened to a message of ours.
    Status(Box<Status>),
    /// A person's id was made anew.
    Succession(Box<Succession>),
    /// A template changed at Meta.
    Template(TemplateChange),
}

/// The key under which an item is recognised when it comes again.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Dedup {
    /// The hour of Meta's timestamp.
    pub hour: i64,
    /// Keyed hash of field ‖ ids ‖ status ‖ timestamp.
    pub tag: [u8; 16],
}

/// What a person said by a reference of ours: they came by a link, or answered a question.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The number they wrote to.
    pub number: NumberId,
    /// Who.
    pub identifiers: Vec<Identifier>,
    /// What.
    pub said: ChatSaid,
    /// How it is recognised when it comes again.
    pub dedup: Dedup,
}

/// Whether a person lets a number call.
#[derive(Clone, Debug)]
pub struct CallPermission {
    /// The number.
    pub number: NumberId,
    /// Who.
    pub identifiers: Vec<Identifier>,
    /// What they said.
    pub permission: Permission,
    /// Meta's timestamp, or when it came.
    pub at: Timestamp,
    /// How it is recognised when it comes again.
    pub dedup: Dedup,
}

/// Something that happened to a group of a number.
#[derive(Clone, Debug)]
pub struct GroupNews {
    /// The number.
    pub number: NumberId,
    /// Meta's id of the group.
    pub meta_id: String,
    /// What happened.
    pub change: GroupChange,
    /// Meta's timestamp, or when it came.
    pub at: Timestamp,
    /// How it is recognised when it comes again; none for what was asked for.
    pub dedup: Option<Dedup>,
}

/// What happened to a group. A person is a list of identifiers, never an empty one.
#[derive(Clone, Debug)]
pub enum GroupChange {
    /// It was made; nobody was in it.
    Created,
    /// It was closed.
    Ended,
    /// Somebody in it wrote.
    Heard(Vec<Identifier>),
    /// People came in.
    Joined(Vec<Vec<Identifier>>),
    /// People went, or were taken out.
    Left(Vec<Vec<Identifier>>),
    /// Everybody who is in it.
    Listed(Vec<Vec<Identifier>>),
    /// Somebody came or went, and nobody knows who.
    Unsure,
}

/// A message of the business that went out beside the gateway.
#[derive(Clone, Debug)]
pub struct Echo {
    /// The number it went out from.
    pub number: NumberId,
    /// To whom.
    pub identifiers: Vec<Identifier>,
    /// Its type on the wire, one of the known ones.
    pub kind: &'static str,
    /// Who sent it.
    pub source: EchoSource,
    /// Meta's timestamp, if it makes sense.
    pub meta_at: Option<Timestamp>,
    /// How it is recognised when it comes again.
    pub dedup: Dedup,
    /// Meta's id of it.
    pub wamid: String,
    /// What is sealed: the message as Meta told it.
    pub content: Vec<u8>,
}

/// What Meta says a number or an account may send.
#[derive(Clone, Debug)]
pub struct Health {
    /// The account.
    pub waba_id: String,
    /// The one number it concerns; all numbers of the account where there is none.
    pub number: Option<NumberId>,
    /// What was told, of each aspect.
    pub told: Vec<Told>,
    /// How it is recognised when it comes again; none for what does not come from Meta.
    pub dedup: Option<Dedup>,
}

/// A person's id was made anew: whoever is under the old one has a successor under the new one.
#[derive(Clone, Debug)]
pub struct Succession {
    /// The id before.
    pub old: Identifier,
    /// The ids from now on.
    pub new: Vec<Identifier>,
    /// How it is recognised when it comes again.
    pub dedup: Dedup,
}

/// A person's message, or call.
#[derive(Clone, Debug)]
pub struct Message {
    /// The number it came in on.
    pub number: NumberId,
    /// Who sent it.
    pub identifiers: Vec<Identifier>,
    /// The profile name that came along.
    pub name: Option<String>,
    /// Its type on the wire, one of the known ones.
    pub kind: &'static str,
    /// Meta's timestamp, if it makes sense.
    pub meta_at: Option<Timestamp>,
    /// How it is recognised when it comes again.
    pub dedup: Dedup,
    /// Meta's id of it.
    pub wamid: String,
    /// What is sealed: the message as Meta sent it.
    pub content: Vec<u8>,
    /// Whether it opens the customer service window.
    pub opens_window: bool,
    /// Whether apps get it.
    pub relayed: bool,
    /// A word with effects.
    pub said: Option<Said>,
    /// The reference to its media object, sealed for itself.
    pub media: Option<Vec<u8>>,
    /// The person's identifiers from now on, where the message tells of a change.
    pub successor: Option<Vec<Identifier>>,
}

/// A word the rulebook recognised.
#[derive(Clone, Debug)]
pub struct Said {
    /// What it asks for.
    pub keyword: Keyword,
    /// The rule that recognised it.
    pub rule: String,
    /// Its language.
    pub language: String,
    /// Whether it was written or tapped.
    pub method: Method,
    /// The body of the one message that confirms it, without recipient.
    pub confirmation: Option<Vec<u8>>,
    /// How a person is answered who asks why.
    pub why: Option<WhyAnswer>,
    /// What a person asks for by right, and how they are answered.
    pub ask: Option<Asking>,
}

/// What a person asks for by right, or answers to a question about it.
#[derive(Clone)]
pub struct Asking {
    /// How they are answered.
    pub answer: AskAnswer,
    /// Their own words.
    pub text: String,
}

impl std::fmt::Debug for Asking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asking")
    }
}

/// WhatsApp's own marketing preference.
#[derive(Clone, Debug)]
pub struct Preference {
    /// Whose.
    pub identifiers: Vec<Identifier>,
    /// `true` for *stop*, `false` for *resume*.
    pub stop: bool,
    /// How it is recognised when it comes again.
    pub dedup: Dedup,
}

/// Something kept aside for 30 days, sealed under the key of its day.
#[derive(Clone, Debug)]
pub struct Quarantine {
    /// Why, in the program's own words.
    pub why: &'static str,
    /// The bytes.
    pub raw: Vec<u8>,
}

/// What happened to a message of ours.
#[derive(Clone, Debug)]
pub struct Status {
    /// The message, from our token in `biz_opaque_callback_data`.
    pub message: MessageId,
    /// Meta's id of it.
    pub wamid: String,
    /// What happened.
    pub state: MessageState,
    /// Meta's error code, for a failure.
    pub code: Option<u32>,
    /// Meta's timestamp.
    pub at: Timestamp,
    /// How it is recognised when it comes again.
    pub dedup: Dedup,
    /// What is sealed: the status as Meta sent it.
    pub raw: Vec<u8>,
}

/// A change of the catalogue told by a webhook.
#[derive(Clone, Debug)]
pub struct TemplateChange {
    /// The account.
    pub waba_id: String,
    /// The template's name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// The new category, if it changed.
    pub category: Option<domain::template::Category>,
    /// The new status, if it changed.
    pub status: Option<domain::template::TemplateStatus>,
}

/// What became of an intake.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct IntakeReply {
    /// Items stored.
    pub stored: u32,
    /// Items that had come before.
    pub duplicates: u32,
    /// Items kept aside.
    pub quarantined: u32,
}

/// A message an app, or the gateway itself, wants to send.
#[derive(Clone, Debug)]
pub struct Send {
    /// The app; none for the gateway's own answers.
    pub app: Option<AppId>,
    /// From which number.
    pub number: NumberId,
    /// To whom.
    pub recipient: Recipient,
    /// What kind of message.
    pub content: Outgoing,
    /// The purpose the app declared.
    pub declared: Option<String>,
    /// Its type on the wire.
    pub kind: &'static str,
    /// The checked body, to be sealed.
    pub body: Vec<u8>,
    /// Messages it refers to: a quoted one, the target of a reaction.
    pub references: Vec<MessageId>,
    /// Media objects it carries.
    pub media: Vec<MediaId>,
    /// The key under which a repetition is recognised, with the hash of the request.
    pub idempotency: Option<([u8; 16], [u8; 32])>,
    /// Whether it may wait, and for how long.
    pub queue: Option<Queueing>,
}

/// A message that may wait for its time.
#[derive(Clone, Debug)]
pub struct Queueing {
    /// Until when at the latest.
    pub until: Timestamp,
    /// Where it is posted to: the caller's own word, given back with the call.
    pub edge: String,
}

/// To whom a message is to go.
#[derive(Clone, Debug)]
pub enum Recipient {
    /// By an alias of the asking app.
    Alias(String),
    /// To everybody in a group, by Meta's id of it.
    Group(String),
    /// By a phone number or a BSUID.
    Identifier(Identifier),
}

/// What kind of message is to go out, before the catalogue is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outgoing {
    /// Anything the gate can judge as it stands.
    Plain(Content),
    /// A template of the number's account.
    Template {
        /// Its name.
        name: String,
        /// Its language.
        language: String,
    },
}

/// What became of a message that was to be sent.
#[derive(Clone, Debug)]
pub enum SendReply {
    /// Judged. If it was allowed, the call to Meta has to follow.
    Judged(Box<Judged>),
    /// The same request was made before under this key.
    Repeated(Repeated),
    /// Another request was made before under this key.
    KeyReused,
    /// The app knows nobody under this alias.
    UnknownRecipient,
    /// It is not known who is in the group.
    UnknownGroup,
    /// A message or media object it refers to does not exist for this app.
    UnknownReference,
}

/// A judged message.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The message.
    pub message: MessageId,
    /// The stored decision.
    pub decision_id: DecisionId,
    /// The decision.
    pub decision: Decision,
    /// Whether it waits in the queue now.
    pub queued: bool,
    /// Where it goes, in clear: for the call only.
    pub address: Address,
    /// Meta's ids of the messages it refers to, in the order asked.
    pub references: Vec<Zeroizing<String>>,
    /// The references of the media objects it carries, in the order asked.
    pub media: Vec<Zeroizing<Vec<u8>>>,
}

/// A person's address in clear.
#[derive(Clone, Debug)]
pub struct Address {
    /// The subject.
    pub subject: SubjectId,
    /// The newest phone number, then the newest BSUID; at least one of the two.
    pub identifiers: Vec<Identifier>,
}

/// A message of the gateway's own that is ready for its call.
#[derive(Clone, Debug)]
pub struct OwnCall {
    /// The message.
    pub message: MessageId,
    /// From which number.
    pub number: NumberId,
    /// Where it goes.
    pub address: Address,
    /// Its body without recipient.
    pub body: Zeroizing<Vec<u8>>,
}

/// How an earlier request under the same idempotency key ended.
#[derive(Clone, Debug)]
pub struct Repeated {
    /// Its message.
    pub message: MessageId,
    /// Where the message stands.
    pub state: MessageState,
    /// The error code it was answered with.
    pub code: Option<u32>,
    /// The decision.
    pub decision_id: Option<DecisionId>,
    /// Its sentences, if it was refused.
    pub sentences: Vec<String>,
    /// Whether it was refused only after it had waited, so that it was answered well at first.
    pub waited: bool,
    /// When it is judged again, while it waits.
    pub due: Option<Timestamp>,
}

/// How the call to Meta ended.
#[derive(Clone, Debug)]
pub struct Called {
    /// The message.
    pub message: MessageId,
    /// `Accepted`, `Rejected` or `Indeterminate`.
    pub state: MessageState,
    /// Meta's id of it.
    pub wamid: Option<String>,
    /// Meta's error code.
    pub code: Option<u32>,
}
