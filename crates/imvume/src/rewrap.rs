//! `imvume keys rewrap`: the keyring under another root key.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use seal::Random;
use serde_json::json;

use crate::Verdict;
use crate::config::Config;
use crate::config::Root;
use crate::instance;
use crate::output;

#[derive(Args, Debug)]
pub(crate) struct Rewrap {
    /// The configuration file, which names the root key as it is now
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    to: Target,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Target {
    /// To a key file; made if it is not there
    #[arg(long = "to-key-file", value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// To the passphrase in a file, closed to others
    #[arg(long = "to-passphrase-file", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// To a credential that systemd passes on
    #[arg(long = "to-credential", value_name = "NAME", value_parser = credential)]
    credential: Option<String>,
}

fn credential(name: &str) -> Result<String, &'static str> {
    if crate::config::is_credential_name(name) {
        Ok(name.to_owned())
    } else {
        Err("wants letters, digits, `.`, `-` and `_`")
    }
}

impl Target {
    fn root(&self) -> anyhow::Result<Root> {
        let key_file = self.key_file.clone().map(Root::KeyFile);
        let passphrase = self.passphrase_file.clone().map(Root::Passphrase);
        let credential = self.credential.clone().map(Root::Credential);
        let named = key_file.or(passphrase).or(credential);
        named.context("name the root key that is to be")
    }
}

pub(crate) fn run(arguments: &Rewrap) -> anyhow::Result<Verdict> {
    let config = Config::load(&arguments.config)?;
    let to = arguments.to.root()?;
    // The keyring is opened first: nothing is made for a root key that is wrong.
    instance::open_keyring(&config)?;
    let lease = instance::take(&config)?;
    anyhow::ensure!(
        !lease.is_new(),
        "there is nothing to seal anew: this instance has not been started yet"
    );
    // Whoever had the turn before may have changed it.
    let keyring = instance::open_keyring(&config)?;
    let key = match &to {
        Root::KeyFile(path) if !path.exists() => instance::make_key_file(path)?,
        named => named.read()?,
    };
    keyring
        .rewrap(&key, &Random::system())
        .context("instance.keyring")?;
    if arguments.json {
        output::json(&json!({"instance": keyring.instance_id(), "key": to.key()}));
        return Ok(Verdict::Held);
    }
    output::line(format_args!(
        "The keyring is sealed under {to} now; the root key it had opens it no more. Name the new one in \
         the configuration, `{}`, before the next start.",
        to.key()
    ));
    Ok(Verdict::Held)
}
