//! `imvume serve`: the gateway, until a signal.

use std::time::Duration;

use crate::Verdict;
use crate::cli;
use crate::config::Config;
use crate::doors::Doors;
use crate::instance;
use crate::output;
use crate::signals::Signals;
use crate::trace;

/// What is still running when a second signal comes gets this long.
const CUT: Duration = Duration::from_millis(100);

pub(crate) fn run(arguments: &cli::Serve) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    trace::start(config.trace);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let verdict = runtime.block_on(serve(&config));
    runtime.shutdown_timeout(CUT);
    verdict
}

async fn serve(config: &Config) -> anyhow::Result<Verdict> {
    let mut signals = Signals::listen()?;
    let store = instance::open(config)?;
    let token = instance::first_token(&store).await?;
    let doors = Doors::open(config, store).await?;
    if let Some(token) = token {
        output::line(format_args!(
            "The administrator's token, shown this once, good for a year: {}",
            *token
        ));
    }
    output::line(format_args!(
        "Listening: webhooks on http://{}/webhook, apps on http://{}, staff on http://{}",
        doors.public, doors.apps, doors.staff
    ));
    signals.next().await;
    output::line("Closing; a second signal ends at once.");
    tokio::select! {
        () = doors.close() => Ok(Verdict::Held),
        () = signals.next() => Ok(Verdict::Cut),
    }
}
