//! The stage for programs that test clients: people in known states, and a file that tells all.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;

use crate::config::write_private;
use crate::demo::people::Mode;
use crate::demo::people::Person;
use crate::demo::people::Who;
use crate::demo::stage::Stage;
use crate::output;

/// The part each person has, by the name that tests use.
const PARTS: [(&str, Who); 4] = [
    ("cold", Who::Naledi),
    ("consented", Who::Thandi),
    ("keen", Who::Sipho),
    ("stopped", Who::Annelie),
];

/// Brings people into their states, lets the apps in, and writes `file` once all is open.
pub(crate) async fn prepare(
    stage: &mut Stage,
    file: &Path,
    webhooks: [Option<&str>; 2],
) -> anyhow::Result<()> {
    stage.office.any_hour("marketing").await?;
    stage
        .office
        .agreed(Who::Thandi, &["service-updates"])
        .await?;
    stage
        .office
        .agreed(Who::Sipho, &["service-updates", "marketing"])
        .await?;
    stage.phones.writes(Who::Thandi, "Molo!").await?;
    let mark = stage.phones.mark().await?;
    stage.phones.writes(Who::Annelie, "STOP").await?;
    stage.phones.await_sent(mark).await?;
    stage.phones.settle().await?;
    // The apps come last: what was said so far is not theirs.
    for (mode, webhook) in Mode::ALL.into_iter().zip(webhooks) {
        let url = webhook.map_or_else(|| stage.receiver.url(mode), str::to_owned);
        stage.let_in(mode, &url).await?;
    }
    let facts = facts(stage).await?;
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    write_private(Path::new(&name), facts.to_string())?;
    std::fs::rename(&name, file).with_context(|| format!("`{}`", file.display()))?;
    output::line(format_args!(
        "Everything is open; addresses and tokens are in `{}`.",
        file.display()
    ));
    Ok(())
}

async fn facts(stage: &Stage) -> anyhow::Result<Value> {
    let real = stage.app(Mode::Real)?;
    let (revoked, revoked_token) = stage.office.token_for(real.id, "revoked").await?;
    stage.office.revoke(revoked).await?;
    let phone = |who| Person::of(who)?.phone.context("a person without a number");
    let (consented, cold) = (phone(Who::Thandi)?, phone(Who::Naledi)?);
    let people: serde_json::Map<String, Value> = PARTS
        .into_iter()
        .map(|(part, who)| {
            let Person {
                name,
                phone,
                user_id,
            } = Person::of(who)?;
            let person = json!({
                "handle": who.handle(), "name": name, "phone": phone, "user_id": user_id,
            });
            Ok((part.to_owned(), person))
        })
        .collect::<anyhow::Result<_>>()?;
    let settings = &stage.config.settings;
    let client = |mode: Mode| -> anyhow::Result<Value> {
        let app = stage.app(mode)?;
        let word = format!("{}-verify-token", mode.name());
        Ok(json!({"token": app.token, "secret": app.secret, "verify_token": word}))
    };
    Ok(json!({
        "public": stage.doors.public.to_string(),
        "apps": stage.doors.apps.to_string(),
        "staff": stage.doors.staff.to_string(),
        "emulator": stage.emulator.addr().to_string(),
        "staff_token": stage.office.token(),
        "app_secret": settings.app_secret.as_str(),
        "revoked_token": revoked_token,
        "names": {
            "APP_TOKEN": real.token,
            "COLD": format!("+{cold}"),
            "CONSENTED": format!("+{consented}"),
            "CONSENTED_WA_ID": consented,
            "NUMBER_ID": stage.number_id,
            "VERIFY_TOKEN": settings.verify_token.as_str(),
            "WABA_ID": stage.waba_id,
        },
        "clients": {"real": client(Mode::Real)?, "alias": client(Mode::Alias)?},
        "people": people,
    }))
}
