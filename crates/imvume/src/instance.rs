//! An instance's keys and store, opened in the order that loses nothing.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use domain::access::AppScopes;
use domain::audit::Actor;
use domain::time::Span;
use rulebook::Handle;
use seal::Keyring;
use seal::Random;
use seal::RootKey;
use seal::Zeroizing;
use store::Clock;
use store::Database;
use store::Lease;
use store::Store;
use store::StoreError;
use store::admin::NewToken;

use crate::config::Config;
use crate::config::Root;
use crate::output;

/// How long the administrator's first token is good for.
const FIRST_TOKEN: Span = Span::days(365);

/// What a command waits on that does one thing after another.
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Takes the right to write to the instance's database.
pub(crate) fn take(config: &Config) -> anyhow::Result<Lease> {
    private_directory(&config.directory).context("instance.directory")?;
    Lease::take(&config.directory, &config.database).with_context(|| place(config))
}

/// Opens an instance whose database this process may write to, or makes it at its first start. Its keys
/// are read only now: whoever wrote before may have changed them.
pub(crate) fn lead(config: &Config, lease: Lease, law: Arc<Handle>) -> anyhow::Result<Arc<Store>> {
    let root = match &config.root {
        Root::KeyFile(path) if !path.exists() => make_root(config, path, &lease)?,
        named => named.read()?,
    };
    let keyring = if config.keyring.exists() {
        read_keyring(config, &root)?
    } else {
        make_keyring(config, &root, &lease)?
    };
    let (random, clock) = (Random::system(), Clock::default());
    Store::lead(lease, Arc::new(keyring), random, clock, law)
        .map(Arc::new)
        .with_context(|| place(config))
}

/// The rules that hold for people, as they are now.
///
/// # Errors
/// Every fault in the rulebook's directory, with its file and line.
pub(crate) fn law(config: &Config) -> anyhow::Result<Arc<Handle>> {
    let country = &config.settings.country;
    let handle = Handle::open(country, config.rulebook.as_deref()).context("rulebook.directory")?;
    let handle = handle.bound_by(&config.regimes)?;
    Ok(Arc::new(handle))
}

/// Opens an instance that has been started before. Nothing is made.
pub(crate) fn open_existing(config: &Config) -> anyhow::Result<Arc<Store>> {
    if let Some(file) = config.database_file() {
        anyhow::ensure!(
            file.exists(),
            "`{}` is not there: this instance has not been started yet; start it with `imvume serve`",
            file.display()
        );
    }
    // Before the database is touched: without its keys nothing can be done with it.
    open_keyring(config)?;
    lead(config, take(config)?, law(config)?)
}

/// The keyring of an instance that has been started before.
pub(crate) fn open_keyring(config: &Config) -> anyhow::Result<Keyring> {
    read_keyring(config, &config.root.read()?)
}

/// What the database is called in an error.
pub(crate) fn place(config: &Config) -> String {
    match config.database {
        Database::File => format!("`{}`", config.directory.display()),
        Database::Server(_) => "store.url".to_owned(),
    }
}

fn read_keyring(config: &Config, root: &RootKey) -> anyhow::Result<Keyring> {
    Keyring::open(&config.keyring, root)
        .with_context(|| format!("instance.keyring: `{}`", config.keyring.display()))
}

fn make_root(config: &Config, file: &Path, lease: &Lease) -> anyhow::Result<RootKey> {
    let path = file.display();
    anyhow::ensure!(
        !config.keyring.exists() && lease.is_new(),
        "instance.key_file: `{path}` is not there, but the data it opens are; put the root key back"
    );
    make_key_file(file).context("instance.key_file")
}

/// Makes a root key in a file of its own, in a folder of its own if need be.
pub(crate) fn make_key_file(file: &Path) -> anyhow::Result<RootKey> {
    if let Some(parent) = parent(file) {
        private_directory(parent)?;
    }
    let root = RootKey::create_file(file, &Random::system())?;
    let path = file.display();
    output::line(format_args!(
        "Made the root key in `{path}`. Keep a copy of it apart from the data: without it nothing \
         that is kept here can ever be read again."
    ));
    Ok(root)
}

fn make_keyring(config: &Config, root: &RootKey, lease: &Lease) -> anyhow::Result<Keyring> {
    anyhow::ensure!(
        lease.is_new(),
        "instance.keyring: `{}` is not there, but the data it opens are; put the keyring back",
        config.keyring.display()
    );
    if let Some(parent) = parent(&config.keyring) {
        private_directory(parent).context("instance.keyring")?;
    }
    let now = Clock::default().now().micros();
    Keyring::create(&config.keyring, root, &Random::system(), now).context("instance.keyring")
}

fn parent(path: &Path) -> Option<&Path> {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
}

/// Makes a directory that only its owner may enter. One that is there is left as it is.
pub(crate) fn private_directory(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("`{}` cannot be made", path.display()))
}

/// Issues the administrator's token if no token of staff is in force.
pub(crate) async fn first_token(store: &Store) -> Result<Option<Zeroizing<String>>, StoreError> {
    let now = store.clock().now();
    let in_force =
        store.registry().tokens.iter().any(|token| {
            token.app.is_none() && token.revoked_at.is_none() && now < token.expires_at
        });
    if in_force {
        return Ok(None);
    }
    let new = NewToken {
        app: None,
        name: "administrator".to_owned(),
        scopes: AppScopes::from_bits(0),
        expires: now + FIRST_TOKEN,
    };
    let issued = store.issue_token(Actor::System, new).await?;
    Ok(Some(issued.secret))
}
