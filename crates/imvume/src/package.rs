//! `imvume subject export`: a copy of a person's data, into a file.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use clap::ValueEnum;
use domain::audit::Actor;
use domain::ids::PackageId;
use domain::ids::SubjectId;
use serde_json::json;
use service::Service;
use store::package::PackageKind;
use store::package::PackageState;
use store::package::PackageView;

use crate::Verdict;
use crate::config::Config;
use crate::instance;
use crate::output;
use crate::signals::Signals;

/// How long what is under way may take at the end.
const END: Duration = Duration::from_secs(5);
/// How often it is told how far the work is.
const TELL: Duration = Duration::from_millis(200);

/// What a copy is to hold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Holds {
    /// Everything that is kept of the person
    #[default]
    Access,
    /// What the person has provided, to take along
    Portability,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The person, by the number the admin API has for them
    #[arg(long, value_name = "ID")]
    pub(crate) subject: i64,
    /// The file to write, a ZIP archive, which must not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// What it is to hold
    #[arg(long, value_enum, default_value_t)]
    pub(crate) kind: Holds,
    /// Leave nothing out: passages about others stay, too
    #[arg(long)]
    pub(crate) with_others: bool,
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(arguments: &Export) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    // A link that leads nowhere is something, too.
    match arguments.out.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        _ => anyhow::bail!(
            "`{}` exists and is not written to; name another",
            arguments.out.display()
        ),
    }
    let store = instance::open_existing(&config)
        .context("while the gateway runs, use the admin API: /api/v1/subjects/{id}/packages")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let service = Service::start(store, &config.directory, config.settings.clone()).await?;
        let done = tokio::select! {
            // Keeps the write-ahead log short meanwhile.
            () = service.store().checkpoints() => Err(anyhow::anyhow!("the store has stopped")),
            done = export(arguments, &service) => done,
        };
        service.close(END).await;
        done
    })
}

async fn export(arguments: &Export, service: &Arc<Service>) -> anyhow::Result<Verdict> {
    let kind = match arguments.kind {
        Holds::Access => PackageKind::Access,
        Holds::Portability => PackageKind::Portability,
    };
    let whose = (None, SubjectId(arguments.subject));
    let begun = service.prepare_package_of(Actor::System, whose, kind);
    let id = begun.await.context("--subject")?;
    let mut signals = Signals::listen()?;
    let made = tokio::select! {
        () = async { signals.next().await; } => {
            output::progress_done();
            service.store().cancel_package(Actor::System, id).await?;
            output::note("Stopped; nothing was exported.");
            return Ok(Verdict::Cut);
        }
        made = make(arguments, service, id) => made,
    };
    output::progress_done();
    let written = match made {
        Ok(package) => hand_over(arguments, service, &package).await,
        Err(error) => Err(error),
    };
    // What was handed over is not kept; what could not be made, neither.
    service.store().cancel_package(Actor::System, id).await?;
    service.packages_now().await?;
    written
}

/// Has the package made; passages about others go as it is proposed, unless they are to stay.
async fn make(
    arguments: &Export,
    service: &Arc<Service>,
    id: PackageId,
) -> anyhow::Result<PackageView> {
    loop {
        let work = service.packages_now();
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => {
                    done?;
                    break;
                }
                () = tokio::time::sleep(TELL) => {
                    let package = look(service, id).await?;
                    let (state, items) = (package.state.name(), package.items);
                    output::progress(format_args!("{state}: {items} items"));
                }
            }
        }
        let package = look(service, id).await?;
        match package.state {
            PackageState::Ready => return Ok(package),
            PackageState::Review => {
                let store = service.store();
                if arguments.with_others {
                    let keep = (store::package::Which::All, store::package::Decision::Keep);
                    store.decide_redactions(Actor::System, id, keep).await?;
                }
                store.approve_package(Actor::System, id).await?;
            }
            state => anyhow::bail!("the copy cannot be made: it is {}", state.name()),
        }
    }
}

async fn look(service: &Arc<Service>, id: PackageId) -> anyhow::Result<PackageView> {
    let package = service
        .store()
        .read(move |reader| reader.package(id))
        .await?;
    package.context("the copy was removed meanwhile")
}

async fn hand_over(
    arguments: &Export,
    service: &Arc<Service>,
    package: &PackageView,
) -> anyhow::Result<Verdict> {
    let out = arguments.out.as_path();
    let size = service.export_package(Actor::System, package.id, out).await;
    let size = size.with_context(|| format!("`{}`", out.display()))?;
    if arguments.json {
        output::json(&json!({
            "items": package.items,
            "size": size,
            "sha256": package.hash.as_deref().map(seal::hex),
        }));
    } else {
        output::line(format_args!(
            "A copy of {} items is in `{}`; index.html in it is where to begin.",
            package.items,
            out.display()
        ));
    }
    Ok(Verdict::Held)
}
