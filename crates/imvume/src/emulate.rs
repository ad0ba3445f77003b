//! `imvume emulator`: a Cloud API on this machine, until a signal.

use std::net::SocketAddr;

use crate::Verdict;
use crate::cli;
use crate::config::Trace;
use crate::output;
use crate::signals::Signals;
use crate::trace;

pub(crate) fn run(arguments: cli::Emulator) -> anyhow::Result<Verdict> {
    trace::start(Trace::default());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(emulate(arguments))
}

async fn emulate(arguments: cli::Emulator) -> anyhow::Result<Verdict> {
    let mut signals = Signals::listen()?;
    let config = emulator::Config {
        access_token: vec![arguments.access_token],
        app_secret: arguments.app_secret,
        callback_url: arguments.callback,
        listen: arguments.listen,
        seed: arguments.seed,
        verify_token: arguments.verify_token,
        virtual_clock: arguments.virtual_clock.map(domain::time::Timestamp::micros),
        ..emulator::Config::default()
    };
    let running = emulator::start(config).await?;
    let url = running.base_url();
    output::line(format_args!("Graph API: {url}/v23.0/"));
    output::line(format_args!("Phones:    {url}/_phone/"));
    output::line(format_args!("Control:   {url}/_emulator/"));
    if !is_local(running.addr()) {
        output::note(
            "Phones and control have no password: do not offer this address to a network.",
        );
    }
    signals.next().await;
    tokio::select! {
        () = running.shutdown() => Ok(Verdict::Held),
        () = signals.next() => Ok(Verdict::Cut),
    }
}

fn is_local(address: SocketAddr) -> bool {
    address.ip().is_loopback()
}
