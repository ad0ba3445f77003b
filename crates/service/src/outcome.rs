//! What is known of a call to Meta once it has ended.

use bytes::Bytes;
use domain::ids::MessageId;
use domain::message::MessageState;
use egress::EgressError;
use egress::Response;
use http::HeaderMap;
use store::operation::Called;
use whatsapp::error::parse_upstream;
use whatsapp::response::parse_send;

use crate::Failure;
use crate::send::mapped;

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Outbound {
    /// Meta has it, or may have it: the app gets our id, and statuses will tell.
    Accepted,
    /// Meta refused it, or it never left.
    Refused(Failure),
}

/// What is known once the call for a message has ended.
pub(crate) fn conclusion(
    message: MessageId,
    sent: Result<Response, EgressError>,
) -> (Called, Outbound) {
    let read = |body: &[u8]| {
        let accepted = parse_send(body).ok()?;
        Some(accepted.wamid.into_string())
    };
    concluded(message, sent, read)
}

/// What is known once a call to Meta has ended, with its id from a good answer. Only what certainly
/// did not take place is rejected: what Graph refused, what was redirected, and what never left.
pub(crate) fn concluded(
    message: MessageId,
    sent: Result<Response, EgressError>,
    read: impl FnOnce(&[u8]) -> Option<String>,
) -> (Called, Outbound) {
    let called = |state, wamid, code| Called {
        message,
        state,
        wamid,
        code,
    };
    let indeterminate = || {
        (
            called(MessageState::Indeterminate, None, None),
            Outbound::Accepted,
        )
    };
    let rejected = |failure: Failure| {
        (
            called(MessageState::Rejected, None, Some(failure.error.code)),
            Outbound::Refused(failure),
        )
    };
    match sent.or_else(unread) {
        Ok(response) if response.status.is_success() => match read(&response.body) {
            Some(id) => (
                called(MessageState::Accepted, Some(id), None),
                Outbound::Accepted,
            ),
            None => indeterminate(),
        },
        Ok(response) => {
            let upstream = parse_upstream(response.status.as_u16(), &response.body);
            // A gateway before Graph may have passed the request on; a change of protocol is no
            // answer at all.
            let unclear = response.status.is_server_error() || response.status.is_informational();
            if !upstream.from_graph && unclear {
                return indeterminate();
            }
            rejected(mapped(&response))
        }
        Err(EgressError::NotSent(_)) => rejected(Failure::unavailable()),
        Err(EgressError::Unknown(_) | EgressError::TooLarge { .. }) => indeterminate(),
    }
}

/// An answer too large to be read has its status all the same.
fn unread(error: EgressError) -> Result<Response, EgressError> {
    match error {
        EgressError::TooLarge { status, .. } => Ok(Response {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }),
        error => Err(error),
    }
}
