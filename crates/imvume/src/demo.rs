//! `imvume demo`: a day at a coffee shop in Cape Town, on emulated WhatsApp.
//!
//! Everything is as it is in earnest: the emulator stands for Meta and is spoken to over HTTP, the
//! gateway is opened from a configuration file as `serve` opens it, two apps send through the Cloud
//! API and receive signed webhooks, and consent is recorded through the admin API. The day itself
//! is a list in `script.rs`; to add to it, add a step there, and an act in `play.rs` if it is of a
//! new kind.

mod clients;
mod http;
mod office;
mod people;
mod phones;
mod picture;
mod play;
mod proof;
mod receiver;
mod script;
mod stage;

use crate::Verdict;
use crate::cli;
use crate::config::Level;
use crate::config::Trace;
use crate::demo::people::Mode;
use crate::demo::play::Player;
use crate::demo::script::SCRIPT;
use crate::demo::stage::Stage;
use crate::output;
use crate::signals::Signals;
use crate::trace;

pub(crate) fn run(arguments: cli::Demo) -> anyhow::Result<Verdict> {
    trace::start(Trace {
        level: Level::Warn,
        ..Trace::default()
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(demo(arguments))
}

async fn demo(arguments: cli::Demo) -> anyhow::Result<Verdict> {
    let mut signals = Signals::listen()?;
    let mut stage = Box::pin(Stage::set(arguments.dir.as_deref())).await?;
    let verdict = if let Some(file) = &arguments.clients {
        let urls = [&arguments.real_webhook, &arguments.alias_webhook];
        clients::prepare(&mut stage, file, urls.map(Option::as_deref)).await?;
        Verdict::Held
    } else {
        tokio::select! {
            verdict = day(&mut stage) => verdict,
            () = signals.next() => return Ok(Verdict::Cut),
        }
    };
    if !arguments.once {
        tell(&stage);
        signals.next().await;
    }
    tokio::select! {
        () = stage.strike(arguments.once && verdict == Verdict::Held) => Ok(verdict),
        () = signals.next() => Ok(Verdict::Cut),
    }
}

/// Plays every step. The first that does not come out as it should is named.
async fn day(stage: &mut Stage) -> Verdict {
    output::line(
        "A day at Kaapse Koffie, Cape Town. WhatsApp is emulated; nothing leaves this machine.",
    );
    match play(stage).await {
        Ok(()) => Verdict::Held,
        Err(error) => {
            output::line(format_args!("FAILED: {error:#}"));
            Verdict::Failed
        }
    }
}

async fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let relays = Mode::ALL.map(|mode| (mode, stage.receiver.url(mode)));
    for (mode, url) in relays {
        stage.let_in(mode, &url).await?;
    }
    let mut player = Player::new(stage);
    for (place, step) in (1..).zip(SCRIPT) {
        output::line(format_args!("\n{place:>2}. {}", step.says));
        let told = player.act(&step.act).await;
        let told = told.map_err(|error| error.context(format!("step {place}, “{}”", step.says)))?;
        output::line(format_args!("    {told}"));
    }
    let total = player.close().await?;
    output::line(format_args!("\n{total}"));
    output::line(proof::prove(stage).await?);
    Ok(())
}

/// Where a person of the demo asks for messages, and where they see their choices.
fn pages(stage: &Stage) -> String {
    let address = format!("http://{}", stage.doors.public);
    format!("{address}/opt-in/news, {address}/preferences")
}

fn tell(stage: &Stage) {
    let (doors, emulator) = (&stage.doors, stage.emulator.base_url());
    output::line("\nIt stays up until Ctrl-C:");
    for (what, text) in [
        ("Phones", format!("{emulator}/_phone/")),
        (
            "Gateway for apps",
            format!("http://{}/v23.0/{}/messages", doors.apps, stage.number_id),
        ),
        ("Pages for people", pages(stage)),
        (
            "Admin API",
            format!("http://{}/api/v1/openapi.json", doors.staff),
        ),
        ("Administrator's token", stage.office.token().to_owned()),
    ] {
        output::line(format_args!("  {what:<24} {text}"));
    }
    for (mode, app) in &stage.apps {
        output::line(format_args!(
            "  {:<24} {}",
            format!("Token of the {}", mode.title()),
            app.token
        ));
    }
    output::line(format_args!(
        "  {:<24} {}",
        "Data",
        stage.directory.display()
    ));
}
