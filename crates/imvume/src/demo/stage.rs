//! The stage: an emulated Meta, a gateway, a receiving program, and the data directory.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use seal::Random;
use toml::Value;

use crate::config::Config;
use crate::config::write_private;
use crate::demo::http::Http;
use crate::demo::office::App;
use crate::demo::office::Office;
use crate::demo::people::Mode;
use crate::demo::people::cast;
use crate::demo::phones::Phones;
use crate::demo::receiver::Receiver;
use crate::doors::Doors;
use crate::instance;

/// Everything the demo consists of.
pub(crate) struct Stage {
    pub(crate) directory: PathBuf,
    pub(crate) config: Config,
    pub(crate) emulator: emulator::Running,
    pub(crate) doors: Doors,
    pub(crate) http: Http,
    pub(crate) office: Office,
    pub(crate) phones: Phones,
    pub(crate) receiver: Receiver,
    pub(crate) apps: BTreeMap<Mode, App>,
    pub(crate) number_id: String,
    pub(crate) waba_id: String,
    temporary: bool,
}

impl Stage {
    /// Opens everything over fresh data, in `directory` or in the system's temporary folder.
    pub(crate) async fn set(directory: Option<&Path>) -> anyhow::Result<Self> {
        let temporary = directory.is_none();
        let directory = fresh(directory)?;
        let meta = emulator::Config {
            people: cast(),
            ..emulator::Config::default()
        };
        let emulator = emulator::start(meta.clone()).await?;
        let config = configure(&directory, &meta, &emulator.base_url())?;
        let law = instance::law(&config)?;
        let lease = instance::take(&config)?;
        let store = instance::lead(&config, lease, Arc::clone(&law))?;
        let token = instance::first_token(&store)
            .await?
            .context("the data are not fresh")?;
        let doors = Doors::open(&config, store, law).await?;
        let http = Http::new()?;
        let phones = Phones::new(http.clone(), &emulator.base_url());
        let webhook = format!("http://{}/webhook", doors.public);
        phones.subscribe(&webhook, &meta.verify_token).await?;
        anyhow::ensure!(
            doors.service.sync_templates().await,
            "the templates cannot be had"
        );
        let number = meta.numbers.first().context("the emulator has no number")?;
        Ok(Self {
            directory,
            config,
            office: Office::new(http.clone(), doors.staff, token),
            emulator,
            doors,
            phones,
            receiver: Receiver::start().await?,
            http,
            apps: BTreeMap::new(),
            number_id: number.phone_number_id.clone(),
            waba_id: meta.waba_id,
            temporary,
        })
    }

    /// Lets an app in, whose webhooks go to `url`.
    pub(crate) async fn let_in(&mut self, mode: Mode, url: &str) -> anyhow::Result<()> {
        let app = self.office.let_in(mode, url).await?;
        self.receiver.trust(mode, &app.secret);
        self.apps.insert(mode, app);
        Ok(())
    }

    pub(crate) fn app(&self, mode: Mode) -> anyhow::Result<&App> {
        self.apps
            .get(&mode)
            .with_context(|| format!("the {} is not there", mode.title()))
    }

    /// Closes everything. Data in the temporary folder go if they are not needed any more.
    pub(crate) async fn strike(self, done: bool) {
        self.doors.close().await;
        self.receiver.close();
        self.emulator.shutdown().await;
        if done && self.temporary {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// The directory, which must hold nothing.
fn fresh(directory: Option<&Path>) -> anyhow::Result<PathBuf> {
    let directory = if let Some(directory) = directory {
        directory.to_owned()
    } else {
        let name: u64 = u64::from_be_bytes(Random::system().array()?);
        std::env::temp_dir().join(format!("imvume-demo-{name:016x}"))
    };
    instance::private_directory(&directory)?;
    let empty = std::fs::read_dir(&directory)?.next().is_none();
    anyhow::ensure!(
        empty,
        "--dir: `{}` is not empty; name a folder that is or that does not exist",
        directory.display()
    );
    // Links in the path must not stand between the demo and its own files.
    Ok(directory.canonicalize()?)
}

/// Writes a configuration file, and reads it as `serve` would.
fn configure(directory: &Path, meta: &emulator::Config, graph: &str) -> anyhow::Result<Config> {
    let secrets = [
        ("app-secret", &meta.app_secret),
        ("verify-token", &meta.verify_token),
        (
            "access-token",
            meta.access_token
                .first()
                .context("the emulator has no token")?,
        ),
    ];
    for (name, secret) in secrets {
        write_private(&directory.join(name), secret)?;
    }
    let number = meta.numbers.first().context("the emulator has no number")?;
    let text = |text: &str| Value::String(text.to_owned());
    let file = format!(
        r#"# The demo's instance. Its listeners take whichever ports are free.
[instance]
directory = "data"
organisation = {organisation}
country = "ZA"
log_name = "kaapsekoffie.example/log"

[listen]
public = "127.0.0.1:0"
apps = "127.0.0.1:0"
staff = "127.0.0.1:0"

[meta]
graph_url = {graph}
app_secret_file = "app-secret"
verify_token_file = "verify-token"

[[number]]
phone_number_id = {id}
waba_id = {waba}
display = {display}
verified_name = {organisation}
access_token_file = "access-token"

[egress]
allow_private = ["127.0.0.1"]

[portal]
time_zone = "Africa/Johannesburg"

[[form]]
code = "news"
purposes = ["marketing"]

[trace]
level = "warn"
"#,
        organisation = text(&number.verified_name),
        graph = text(graph),
        id = text(&number.phone_number_id),
        waba = text(&meta.waba_id),
        display = text(&number.display_phone_number),
    );
    let path = directory.join("imvume.toml");
    write_private(&path, &file)?;
    Config::load(&path)
}
