//! What is deleted at Meta before a person's own identifiers go.

use domain::audit::Action;
use domain::audit::Actor;
use domain::subject::IdentifierKind;
use domain::time::Span;
use egress::EgressError;
use egress::Response;
use http::Method;
use http::StatusCode;
use store::StoreError;
use store::erase::Errand;
use store::erase::ErrandEnd;
use whatsapp::error::parse_upstream;

use crate::Service;
use crate::media;

/// How many errands are run before it is looked for more.
const PAGE: u32 = 32;

/// Graph's code for "there is no such object, or it may not be seen".
const UNKNOWN: u32 = 100;

/// How long the first repetition waits; each further one twice as long.
const FIRST_PAUSE: u32 = 15;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Span = Span::minutes(10);

impl Service {
    /// Runs the errands that are due.
    pub(super) async fn run_errands(&self) -> Result<(), StoreError> {
        loop {
            let now = self.store.clock().now();
            let due = self.store.read(move |reader| reader.errands_due(now, PAGE));
            let due = due.await?;
            if due.is_empty() {
                return Ok(());
            }
            for errand in due {
                let end = self.run_errand(&errand).await?;
                self.store.errand_ended(errand.id, end).await?;
            }
        }
    }

    async fn run_errand(&self, errand: &Errand) -> Result<ErrandEnd, StoreError> {
        let registry = self.store.registry();
        let Some(number) = registry.number(errand.number) else {
            return Ok(ErrandEnd::GivenUp(None));
        };
        let (subject, object) = (errand.subject, errand.media);
        let named = self.store.read(move |reader| {
            if let Some(id) = object {
                let row = reader.media(id)?;
                Ok(row.map(|row| media::upstream_id(&row.reference)))
            } else {
                let identifiers = reader.identifiers(subject)?;
                let mut bsuids = identifiers
                    .iter()
                    .filter(|identifier| identifier.kind() == IdentifierKind::Bsuid);
                Ok(bsuids.next().map(|bsuid| bsuid.value().to_owned()))
            }
        });
        let Some(id) = named.await?.filter(|id| !id.is_empty()) else {
            // It went meanwhile, in another way.
            return Ok(ErrandEnd::Done);
        };
        let url = if object.is_some() {
            let mut url = self.graph(&[&id]);
            url.query_pairs_mut()
                .append_pair("phone_number_id", &number.phone_number_id);
            url
        } else {
            let detail = format!("number {}", number.id);
            let told = (
                Actor::System,
                Action::ContactDeleted,
                "contact-book/erasure",
            );
            self.store.note(told, Some(subject), detail).await?;
            let mut url = self.graph(&[&number.phone_number_id, "contact_book"]);
            url.query_pairs_mut()
                .append_pair("messaging_product", "whatsapp")
                .append_pair("bsuid", &id);
            url
        };
        let what = (Method::DELETE, &url);
        let ended = self.call(what, &number.phone_number_id, None).await;
        Ok(self.errand_came(errand, ended))
    }

    /// What an attempt came to. Deleting twice does no harm, so whatever is not known is tried again.
    fn errand_came(&self, errand: &Errand, ended: Result<Response, EgressError>) -> ErrandEnd {
        let again = || {
            let pause = Span::seconds(FIRST_PAUSE << errand.attempts.min(8)).min(LONGEST_PAUSE);
            ErrandEnd::Again(self.store.clock().now() + pause)
        };
        let Ok(response) = ended else { return again() };
        if response.status.is_success() {
            return ErrandEnd::Done;
        }
        let upstream = parse_upstream(response.status.as_u16(), &response.body);
        let gone = errand.media.is_some()
            && upstream.from_graph
            && (response.status == StatusCode::NOT_FOUND || upstream.code == UNKNOWN);
        if gone {
            return ErrandEnd::Done;
        }
        if !upstream.from_graph || upstream.retryable() {
            return again();
        }
        ErrandEnd::GivenUp(Some(upstream.code))
    }
}
