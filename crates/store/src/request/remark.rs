//! What is noted about a case between its steps: where the person wants the answer, and that they were
//! asked over a second channel who they are.

use domain::audit::Action;
use domain::audit::Actor;
use domain::ids::RequestId;
use domain::request::Assurance;
use domain::request::RequestState;
use domain::request::step::RequestFault;
use seal::RecordKind;
use seal::Zeroizing;

use super::NOTE;
use super::RequestView;
use super::row;
use super::take;
use crate::erase::is_erased;
use crate::error::Refusal;
use crate::error::StoreError;
use crate::store::Store;
use crate::tx::Tx;
use crate::tx::place;

/// How often one may be asked for one case: nobody's mailbox is flooded in another's name.
const MOST: usize = 5;

const ASK_MAILBOX: &str = "request/ask-mailbox";
const PROVE_MAILBOX: &str = "request/prove-mailbox";
const ASK_PROOF: &str = "request/ask-proof";

/// Whoever gave the address was sure enough to be the person.
const VOUCHED: &str = "request/vouched";
/// They only said so.
const CLAIMED: &str = "request/claimed";

/// What is noted about a case.
#[derive(Clone)]
pub enum Remark {
    /// Somebody gave an e-mail address for the answers. Nothing about the person goes there yet.
    MailboxAsked(Zeroizing<String>),
    /// Whoever reads that mailbox said so.
    MailboxProved {
        /// The address.
        address: Zeroizing<String>,
        /// Whether whoever gave it was sure enough to be the person: only then the result goes there.
        vouched: bool,
    },
    /// A link that proves who asks went to an address or a number that was known before.
    ProofAsked {
        /// `request/by-email` or `request/by-sms`.
        by: &'static str,
    },
}

impl std::fmt::Debug for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::MailboxAsked(_) => "MailboxAsked",
            Self::MailboxProved { .. } => "MailboxProved",
            Self::ProofAsked { .. } => "ProofAsked",
        })
    }
}

/// A remark that was noted.
#[derive(Clone, Debug)]
pub struct Remarked {
    /// The case afterwards; its version is the remark's number.
    pub request: RequestView,
    /// Whether the person is known well enough for the answer to go where they say.
    pub vouched: bool,
    /// Whether it is news: a mailbox that was proved before is not.
    pub is_new: bool,
}

impl Store {
    /// Notes something about a case.
    ///
    /// # Errors
    /// [`Refusal::Missing`] for a case that is not there, or whose person is erased;
    /// [`Refusal::Request`] where it is over, where identity is not what it waits for, or where it was
    /// asked too often.
    pub async fn remark_request(
        &self,
        actor: Actor,
        id: RequestId,
        remark: Remark,
    ) -> Result<Remarked, StoreError> {
        self.write(move |tx| note(tx, actor, id, &remark)).await
    }
}

fn note(
    tx: &mut Tx<'_>,
    actor: Actor,
    id: RequestId,
    remark: &Remark,
) -> Result<Remarked, StoreError> {
    let view = take::seen(tx, id, None)?;
    may(tx, &view, remark)?;
    let sure = Assurance::Channel <= view.request.assurance;
    let (taken, rule, text, vouched) = match remark {
        Remark::MailboxAsked(address) => (ASK_MAILBOX, word(sure), Some(address), sure),
        Remark::MailboxProved { address, vouched } => {
            (PROVE_MAILBOX, word(*vouched), Some(address), *vouched)
        }
        Remark::ProofAsked { by } => (ASK_PROOF, *by, None, sure),
    };
    if let Remark::MailboxProved { address, vouched } = remark
        && mailbox(tx, id, *vouched)?.is_some_and(|known| known.as_str() == address.as_str())
    {
        return Ok(Remarked {
            request: view,
            vouched: *vouched,
            is_new: false,
        });
    }
    let mut leaf = tx.open_leaf()?;
    let text = text.map(|text| text.as_str());
    let said = (&view.request, actor, [taken, rule], text);
    take::note(tx, &mut leaf, (id, view.subject), said)?;
    tx.close_leaf(leaf, actor, Action::RequestChanged, &[taken, rule]);
    tx.flush()?;
    Ok(Remarked {
        request: take::seen(tx, id, None)?,
        vouched,
        is_new: true,
    })
}

const fn word(vouched: bool) -> &'static str {
    if vouched { VOUCHED } else { CLAIMED }
}

/// That something may be noted about a case now.
fn may(tx: &Tx<'_>, view: &RequestView, remark: &Remark) -> Result<(), StoreError> {
    if is_erased(tx.connection, view.subject)? {
        return Err(Refusal::Missing("request").into());
    }
    if view.request.closed_at.is_some() {
        return Err(Refusal::Request(RequestFault::Ended).into());
    }
    let asking = match remark {
        Remark::MailboxAsked(_) => ASK_MAILBOX,
        Remark::ProofAsked { .. } => ASK_PROOF,
        Remark::MailboxProved { .. } => return Ok(()),
    };
    let waits = asking == ASK_MAILBOX || view.request.state == RequestState::IdentityPending;
    let steps = row::steps(tx.connection, view.id)?;
    let before = steps.iter().filter(|step| is(&step.rule, asking)).count();
    if waits && before < MOST {
        return Ok(());
    }
    Err(Refusal::Request(RequestFault::NotNow).into())
}

fn is(rule: &str, taken: &str) -> bool {
    rule.split(' ').next() == Some(taken)
}

/// The address that was given for a case and proved last; none if there is none, or none that is vouched
/// for where it has to be.
pub(crate) fn mailbox(
    tx: &mut Tx<'_>,
    id: RequestId,
    vouched: bool,
) -> Result<Option<Zeroizing<String>>, StoreError> {
    let steps = row::steps(tx.connection, id)?;
    let fits = |rule: &str| is(rule, PROVE_MAILBOX) && (!vouched || rule.ends_with(VOUCHED));
    let Some(step) = steps.into_iter().rev().find(|step| fits(&step.rule)) else {
        return Ok(None);
    };
    let damaged = || StoreError::Damaged {
        table: "request_steps",
        column: "sealed_note",
        id: step.id,
    };
    let Some(note) = &step.note else {
        return Ok(None);
    };
    let key = match tx.key_by_id(step.key) {
        Ok(key) => key,
        Err(StoreError::Refused(Refusal::Missing(_))) => return Ok(None),
        Err(error) => return Err(error),
    };
    let place = place(RecordKind::Request, NOTE, step.id, step.key.0);
    let text = key.open(&place, note).map_err(|_| damaged())?;
    let text = String::from_utf8(text.to_vec()).map_err(|_| damaged())?;
    Ok(Some(Zeroizing::new(text)))
}
