//! What the admin API asks of whoever reads lists of people, asked of the service.

use std::sync::Arc;

use api::ListFault;
use api::ListOnItsWay;
use api::ListTaken;
use api::ListToTake;
use api::Lists;
use service::Service;
use service::people::Country;
use service::people::Encoding;
use service::people::ImportError;
use service::people::Layout;
use service::people::Options;
use service::people::Spool;
use store::StoreError;

/// How many rows one transaction takes: others wait for the store, too.
const SLICE: usize = 64;

/// Whoever may read lists.
pub(crate) struct ByService(pub(crate) Arc<Service>);

struct OnItsWay {
    service: Arc<Service>,
    spool: Spool,
    options: Options,
}

impl Lists for ByService {
    fn take(&self, asked: ListToTake) -> Result<Box<dyn ListOnItsWay>, ListFault> {
        let options = options(&self.0, asked)?;
        let spool = self.0.take_list().map_err(|error| {
            tracing::error!(%error, "a list cannot be kept while it comes in");
            ListFault::Unavailable
        })?;
        Ok(Box::new(OnItsWay {
            service: Arc::clone(&self.0),
            spool,
            options,
        }))
    }
}

fn options(service: &Service, asked: ListToTake) -> Result<Options, ListFault> {
    let layout = Layout::from_name(&asked.layout);
    let encoding = asked.encoding.as_deref().map(Encoding::from_name);
    let country = asked.country.as_deref().map(Country::from_code);
    let registry = service.store().registry();
    let purpose = registry.purpose_by_code(&asked.purpose);
    Ok(Options {
        actor: asked.actor,
        layout: layout.ok_or(ListFault::Value(
            "layout",
            "takes generic, wati, braze or shopify",
        ))?,
        encoding: encoding
            .unwrap_or_else(|| Some(Encoding::default()))
            .ok_or(ListFault::Value(
                "encoding",
                "takes unicode or windows-1252",
            ))?,
        country: country
            .map(|known| known.ok_or(ListFault::Value("country", "takes a code such as ZA")))
            .transpose()?,
        purpose: purpose
            .ok_or(ListFault::Value("purpose", "there is no such purpose"))?
            .purpose
            .id,
        provenance: asked.provenance,
        skip_bad: asked.skip_bad,
        slice: SLICE,
    })
}

impl ListOnItsWay for OnItsWay {
    fn put(&mut self, bytes: &[u8]) -> Result<(), ListFault> {
        self.spool.put(bytes).map_err(|error| {
            tracing::error!(%error, "a list cannot be kept while it comes in");
            ListFault::Unavailable
        })
    }

    fn end(self: Box<Self>) -> ListTaken {
        Box::pin(async move {
            let Self {
                service,
                spool,
                options,
            } = *self;
            let begun = service.bring_list(spool, options).await;
            begun.map_err(|error| match error {
                ImportError::Before(id) => ListFault::Before(id),
                ImportError::Sheet(fault) => ListFault::File(fault.to_string()),
                ImportError::Changed | ImportError::Store(StoreError::Busy) => {
                    ListFault::Unavailable
                }
                ImportError::Store(error) => {
                    tracing::error!(%error, "a list cannot be brought in");
                    ListFault::Unavailable
                }
            })
        })
    }
}
