//! `imvume serve`: the gateway, until a signal, or until another process has taken over.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rulebook::Handle;
use store::Lease;
use store::Store;
use store::StoreError;
use tokio::task::block_in_place;

use crate::Verdict;
use crate::cli;
use crate::config::Config;
use crate::config::TlsFiles;
use crate::doors::Listeners;
use crate::files;
use crate::instance;
use crate::output;
use crate::signals::Asked;
use crate::signals::Signals;
use crate::trace;
use crate::turn;

/// What is still running when a second signal comes gets this long.
const CUT: Duration = Duration::from_millis(100);

pub(crate) fn run(arguments: &cli::Serve) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    trace::start(config.trace);
    files::make_room(&config.limits)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let verdict = runtime.block_on(serve(&config));
    runtime.shutdown_timeout(CUT);
    verdict
}

async fn serve(config: &Config) -> anyhow::Result<Verdict> {
    let mut signals = Signals::listen()?;
    let law = instance::law(config)?;
    let Some((listeners, store)) = led(config, &law, &mut signals).await? else {
        return Ok(Verdict::Held);
    };
    let token = instance::first_token(&store).await?;
    let doors = listeners.open(config, store, law).await?;
    if let Some(token) = token {
        output::line(format_args!(
            "The administrator's token, shown this once, good for a year: {}",
            *token
        ));
    }
    let addresses = addresses(config, [doors.public, doors.apps, doors.staff]);
    output::line(format_args!("Listening: {addresses}"));
    let bare = config.bare_listeners().join(", ");
    if !bare.is_empty() {
        tracing::warn!(
            "{bare}: other machines reach this in plain; give it a certificate (listen.tls), or put \
             a proxy before it and name that in listen.trusted_proxies"
        );
    }
    for fault in &config.letter_faults {
        tracing::warn!("letters.directory: {fault}; the built-in letter stays");
    }
    let service = Arc::clone(&doors.service);
    loop {
        let asked = tokio::select! {
            biased;
            () = service.store().overtaken() => {
                doors.abandon().await;
                return Err(StoreError::Fenced.into());
            }
            asked = signals.asked() => asked,
        };
        match asked {
            Asked::End => break,
            Asked::Reload => doors.reload().await,
        }
    }
    output::line("Closing; a second signal ends at once.");
    tokio::select! {
        biased;
        () = doors.close() => Ok(Verdict::Held),
        () = signals.end() => Ok(Verdict::Cut),
    }
}

/// Takes the right to write, after standing by if another process has it. None if it was asked to end
/// before.
async fn led(
    config: &Config,
    law: &Arc<Handle>,
    signals: &mut Signals,
) -> anyhow::Result<Option<(Listeners, Arc<Store>)>> {
    let taken = tokio::select! {
        taken = turn::take(config) => taken?,
        () = signals.end() => return Ok(None),
    };
    let lead = |lease| block_in_place(|| instance::lead(config, lease, Arc::clone(law)));
    if let Some(lease) = taken {
        let store = lead(lease)?;
        return Ok(Some((Listeners::bind(config).await?, store)));
    }
    let listeners = Listeners::bind(config).await?;
    loop {
        let lease = stand_by(config, &listeners, signals).await?;
        let Some(lease) = lease else {
            return Ok(None);
        };
        match lead(lease) {
            Err(error) if is_away(&error) => {
                tracing::warn!("the database went away again; this one stands by");
            }
            store => return Ok(Some((listeners, store?))),
        }
    }
}

/// Whether the database may be there again in a moment.
fn is_away(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref());
    causes.any(turn::passes)
}

/// Answers that there is nothing to be had until this process has the right to write. None if it was
/// asked to end before.
async fn stand_by(
    config: &Config,
    listeners: &Listeners,
    signals: &mut Signals,
) -> anyhow::Result<Option<Lease>> {
    let addresses = addresses(config, [listeners.public, listeners.apps, listeners.staff]);
    output::line(format_args!("Standing by: {addresses}"));
    tracing::info!("another process writes to the database; this one stands by");
    let mut turn = pin!(turn::wait(config));
    loop {
        tokio::select! {
            lease = &mut turn => {
                let lease = lease?;
                tracing::info!("no other process writes to the database any more; this one takes over");
                return Ok(Some(lease));
            }
            asked = signals.asked() => match asked {
                Asked::End => return Ok(None),
                Asked::Reload => listeners.reload().await,
            },
        }
    }
}

fn addresses(config: &Config, [public, apps, staff]: [SocketAddr; 3]) -> String {
    format!(
        "webhooks on {}/webhook, apps on {}, staff on {}",
        address(public, config.tls.public.as_ref()),
        address(apps, config.tls.apps.as_ref()),
        address(staff, config.tls.staff.as_ref()),
    )
}

fn address(address: SocketAddr, tls: Option<&TlsFiles>) -> String {
    let scheme = if tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{address}")
}
