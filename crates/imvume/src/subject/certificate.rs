//! `imvume subject certificate`.

use std::time::Duration;

use anyhow::Context as _;
use domain::ids::ErasureId;
use service::Service;
use service::erasure_certificate::CertificateForms;

use super::Certificate;
use crate::Verdict;
use crate::config::Config;
use crate::config::write_private;
use crate::instance;
use crate::output;

/// How long what is under way may take at the end.
const END: Duration = Duration::from_secs(5);

pub(super) fn run(arguments: &Certificate) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let store = instance::open_existing(&config).context(
        "while the gateway runs, use the admin API: GET /api/v1/erasures/ID/certificate",
    )?;
    let id = ErasureId(arguments.erasure);
    let forms = instance::runtime()?.block_on(async {
        let service = Service::start(store, &config.directory, config.settings.clone()).await?;
        let forms = made(&service, id, &arguments.language).await;
        service.close(END).await;
        forms
    })?;
    let bytes = if arguments.pdf {
        forms.pdf().context("the PDF cannot be written")?
    } else {
        forms.note.into_bytes()
    };
    write_private(&arguments.out, bytes)?;
    let out = arguments.out.display();
    output::line(format_args!("Wrote the certificate to `{out}`."));
    if !arguments.pdf {
        output::line("Whoever has the log's key verifies it with `imvume audit certificate`.");
    }
    Ok(Verdict::Held)
}

async fn made(
    service: &Service,
    id: ErasureId,
    language: &str,
) -> anyhow::Result<CertificateForms> {
    let known = service
        .store()
        .read(move |reader| reader.erasure(id))
        .await?;
    known.context("--erasure: there is no such erasure; see `imvume subject erasures`")?;
    let made = service.erasure_certificate(id, language).await?;
    made.context("the log does not bear this erasure out; see `imvume audit reconcile`")
}
