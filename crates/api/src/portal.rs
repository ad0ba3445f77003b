//! What the admin API asks of whoever writes to people outside of WhatsApp.

use std::future::Future;
use std::pin::Pin;

use axum::body::Bytes;
use domain::audit::Actor;
use domain::confirmation::AskedBy;
use domain::confirmation::Route;
use domain::ids::CampaignId;
use domain::ids::ImportId;
use domain::ids::SubjectId;

/// An answer that is on its way.
pub type Told<T> = Pin<Box<dyn Future<Output = Result<T, PortalFault>> + Send>>;

/// What can be asked.
pub trait Portal: Send + Sync {
    /// Asks a person for consent: a confirmation goes out.
    fn request(&self, actor: Actor, asked: ConsentAsked) -> Told<ConsentTaken>;

    /// Begins to ask the people of a list for consent by e-mail or SMS.
    fn ask_list(&self, actor: Actor, asked: ListAsked) -> Told<CampaignId>;

    /// A link to a person's own page, for staff to hand out; none without a public address.
    fn link(&self, subject: SubjectId, language: &str) -> Result<Option<String>, PortalFault>;

    /// Takes in a report of a mail server. Returns whether it ended a request.
    fn bounced(&self, report: Bytes) -> Told<bool>;
}

/// A request for consent.
#[derive(Clone)]
pub struct ConsentAsked {
    /// The codes of the purposes.
    pub purposes: Vec<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The language.
    pub language: String,
    /// Where it comes from.
    pub source: AskedBy,
    /// How the confirmation goes out, if that is asked for.
    pub route: Option<Route>,
    /// The caller's own word for it.
    pub reference: Option<String>,
}

impl std::fmt::Debug for ConsentAsked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConsentAsked")
            .field("purposes", &self.purposes)
            .finish_non_exhaustive()
    }
}

/// The people of a list are to be asked for consent.
#[derive(Clone, Debug)]
pub struct ListAsked {
    /// The list.
    pub import: ImportId,
    /// The code of the purpose.
    pub purpose: String,
    /// How the confirmations go out.
    pub route: Route,
    /// The language for people of whom none is known.
    pub language: String,
    /// How many are asked in a minute.
    pub pace: u32,
    /// At how many stops and addresses that do not take it, for a thousand, it stops by itself.
    pub stop_permille: u32,
}

/// A request that was taken.
#[derive(Clone, Debug)]
pub struct ConsentTaken {
    /// How the confirmation goes out.
    pub route: Route,
    /// For the chat: the link that opens it.
    pub chat_url: Option<String>,
    /// The same as a QR code, an SVG document.
    pub chat_qr_svg: Option<String>,
}

/// Why it was not done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PortalFault {
    /// A field cannot be used.
    Field(&'static str),
    /// It is no report on a message from here.
    NotOurs,
    /// Not now, or not set up.
    Unavailable,
}
