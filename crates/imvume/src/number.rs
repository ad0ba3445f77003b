//! `imvume number`: the numbers whose tokens are kept in the database, while the gateway is stopped.
//! While it runs, the admin API does the same.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use domain::audit::Actor;
use serde_json::json;
use service::AddNumber;
use service::Added;
use service::NumberError;
use service::Service;
use service::Tested;
use service::Token;
use store::Store;
use whatsapp::recipient::E164;

use crate::Verdict;
use crate::cli;
use crate::config::Config;
use crate::config::read_private;
use crate::instance;
use crate::output;

/// How long calls to Meta that are under way may take at the end.
const END: Duration = Duration::from_secs(5);

/// Adds a number: Meta is asked for its names, its account's webhooks are subscribed to, its account's
/// templates fetched.
pub(crate) fn add(arguments: &cli::AddNumber) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let to = match &arguments.test_to {
        Some(to) => Some(E164::parse(to).map_err(|_| {
            anyhow::anyhow!("--test-to: wants a phone number with its country code, +27…")
        })?),
        None => None,
    };
    let new = AddNumber {
        phone_number_id: arguments.phone_number_id.clone(),
        waba_id: arguments.waba_id.clone(),
        token: token(&arguments.token_file)?,
    };
    anyhow::ensure!(
        [&new.phone_number_id, &new.waba_id]
            .iter()
            .all(|id| is_id(id)),
        "--phone-number-id, --waba-id: want the digits that WhatsApp Manager shows"
    );
    let (added, tested) = with_service(&config, async |service: &Service| {
        let added = service.add_number(Actor::System, new).await;
        let added = added.map_err(|error| told(&error))?;
        let tested = match &to {
            Some(to) => Some(service.test_number(added.number, to).await?),
            None => None,
        };
        Ok((added, tested))
    })?;
    let taken = matches!(tested, None | Some(Tested::Accepted));
    let whole = added.subscribed && added.synced && taken;
    if arguments.json {
        show_json(&added, tested.as_ref());
    } else {
        show(&added, tested.as_ref());
    }
    Ok(if whole {
        Verdict::Held
    } else {
        Verdict::Failed
    })
}

/// Gives a number another token.
pub(crate) fn change_token(arguments: &cli::NumberToken) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let token = token(&arguments.token_file)?;
    with_service(&config, async |service: &Service| {
        let registry = service.store().registry();
        let held = registry.number_by_phone_number_id(&arguments.phone_number_id);
        let number = held
            .context("there is no such number; add it with `imvume number add`")?
            .id;
        let changed = service.change_token(Actor::System, number, token).await;
        changed.map_err(|error| told(&error))
    })?;
    if arguments.json {
        output::json(&json!({"changed": true}));
    } else {
        output::line("Calls to Meta for this number are made with the new token from now on.");
    }
    Ok(Verdict::Held)
}

/// Does something with an instance that does not run.
fn with_service<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Service) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let store: Arc<Store> = instance::open_existing(config)
        .context("while the gateway runs, use the admin API: POST /api/v1/numbers")?;
    let runtime = instance::runtime()?;
    runtime.block_on(async {
        let settings = config.settings.clone();
        let service = Service::start(store, &config.directory, settings).await?;
        let done = work(&service).await;
        service.close(END).await;
        done
    })
}

fn token(file: &Path) -> anyhow::Result<Token> {
    let text = read_private(file).with_context(|| file.display().to_string())?;
    Token::of(&text).with_context(|| {
        format!(
            "{}: wants one line of visible ASCII without spaces",
            file.display()
        )
    })
}

fn is_id(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why it was not done, with the mend.
fn told(error: &NumberError) -> anyhow::Error {
    let mend = match error {
        NumberError::Configured => "change `access_token_file` there, or take the number out of it",
        NumberError::Elsewhere => "look both ids up in WhatsApp Manager",
        NumberError::Missing => "add it with `imvume number add`",
        NumberError::Meta(code) => match code {
            190 => "Meta refuses the token; make a new one for a system user",
            100 => "Meta does not know this number, or the token may not see it",
            _ => "look at `meta.graph_url`, the network, and the token's permissions",
        },
        NumberError::Store(_) => "nothing was changed",
    };
    anyhow::anyhow!("{error}; {mend}")
}

fn show(added: &Added, tested: Option<&Tested>) {
    let Added {
        number,
        display,
        verified_name,
        ..
    } = added;
    output::line(format_args!(
        "Number {number}: {display}, {verified_name}. Its token is sealed in the database; remove \
         the file it came in."
    ));
    output::line(if added.subscribed {
        "The webhooks of its account come to the token's app."
    } else {
        "The webhooks of its account could not be subscribed to: the token needs \
         whatsapp_business_management. Nothing will come in."
    });
    output::line(if added.synced {
        "The templates of its account are here."
    } else {
        "The templates of its account could not be fetched; the gateway tries again."
    });
    match tested {
        None => {}
        Some(Tested::Accepted) => output::line("Meta took the test message."),
        Some(Tested::Failed) => output::line("Meta did not take the test message."),
        Some(Tested::Refused(sentences)) => output::line(format_args!(
            "The test message was not sent. {}",
            sentences.join(" ")
        )),
    }
}

fn show_json(added: &Added, tested: Option<&Tested>) {
    let (test, reasons) = match tested {
        None => (None, None),
        Some(Tested::Accepted) => (Some("accepted"), None),
        Some(Tested::Failed) => (Some("failed"), None),
        Some(Tested::Refused(sentences)) => (Some("refused"), Some(sentences)),
    };
    output::json(&json!({
        "number": added.number.0,
        "display": added.display,
        "verified_name": added.verified_name,
        "subscribed": added.subscribed,
        "synced": added.synced,
        "test": test,
        "reasons": reasons,
    }));
}
