//! What one can type.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::Parser;
use clap::Subcommand;

/// A privacy gateway for the WhatsApp Business Platform: it decides what may be sent, seals what it
/// keeps, and proves what it did.
///
/// Ends with 0 when all is well, 1 when a check does not hold, 2 when it was called or configured
/// wrongly.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Verify, reconcile or export the audit log
    #[command(subcommand)]
    Audit(Audit),
    /// Make, list, verify and restore backups
    #[command(subcommand)]
    Backup(crate::backup::Command),
    /// Look for what would keep an instance from working, and say how to mend it
    Check(Configured),
    /// Show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Records that prove consent: verify them, export them
    #[command(subcommand)]
    Consent(crate::consent::Command),
    /// Play a day at a shop in Cape Town, on emulated WhatsApp
    Demo(Demo),
    /// Run a WhatsApp Cloud API on this machine, with a phone page to play the people
    Emulator(Emulator),
    /// Legal holds: place, list, release
    #[command(subcommand)]
    Hold(crate::hold::Command),
    /// Show or roll the keys
    #[command(subcommand)]
    Keys(Keys),
    /// Move everything to another database and prove that nothing was lost (the gateway must not run)
    Move(Move),
    /// Add a number, or change its access token (the gateway must not run)
    #[command(subcommand)]
    Number(Number),
    /// Bring in lists of people from elsewhere
    #[command(subcommand)]
    People(crate::people::Command),
    /// Show what the gate would say of a message to many, in counts (the gateway must not run)
    Preview(crate::preview::Preview),
    /// Registries of people whom promotion must not reach: their lists and certificates
    #[command(subcommand)]
    Registry(crate::registry::Command),
    /// What people ask for by right: cases, where they stand and when they are due
    #[command(subcommand)]
    Request(crate::request::Command),
    /// How long what is kept: the schedule
    #[command(subcommand)]
    Retention(crate::retention::Command),
    /// Check and show the law as data, and say whose law holds for a person
    #[command(subcommand)]
    Rulebook(crate::rulebook::Command),
    /// Run the gateway
    Serve(Serve),
    /// Show counts of messages, decisions, consent, requests and erasures (the gateway must not run)
    Statistics(crate::retention::Statistics),
    /// What is done about one person: export, erase
    #[command(subcommand)]
    Subject(crate::subject::Command),
}

/// The commands over the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Verify the certificate of an erasure, with the log's key alone
    Certificate(crate::audit::Certificate),
    /// Write entries of the log as lines of JSON, with the newest checkpoint and the key
    Export(Export),
    /// Compare the database with the log and name every difference (the gateway must not run)
    Reconcile(Configured),
    /// Verify the log from its files alone and name the first difference
    Verify(Verify),
}

/// The commands over the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every key with the value in force, where it comes from, and what it means
    Explain(Configured),
}

/// The commands over the keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Seal the keyring under another root key (the gateway must not run)
    Rewrap(crate::rewrap::Rewrap),
    /// Make a new epoch key, bring everything under it, destroy the old one (the gateway, which rolls
    /// by itself, must not run)
    Roll(Configured),
    /// Show which keys there are
    Status(Configured),
}

/// The commands over numbers whose access token is kept in the database.
#[derive(Debug, Subcommand)]
pub(crate) enum Number {
    /// Add a number: ask Meta for its names, subscribe to its account, fetch its templates
    Add(AddNumber),
    /// Give a number another access token
    Token(NumberToken),
}

#[derive(Args, Debug)]
pub(crate) struct AddNumber {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// The number's id at Meta
    #[arg(long, value_name = "ID")]
    pub(crate) phone_number_id: String,
    /// The WhatsApp Business Account it belongs to
    #[arg(long, value_name = "ID")]
    pub(crate) waba_id: String,
    /// A file, closed to others, that holds the access token of a system user
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: PathBuf,
    /// Send WhatsApp's greeting template to this phone number, if the gate lets it out
    #[arg(long, value_name = "PHONE")]
    pub(crate) test_to: Option<String>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct NumberToken {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// The number's id at Meta
    #[arg(long, value_name = "ID")]
    pub(crate) phone_number_id: String,
    /// A file, closed to others, that holds the new access token
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Configured {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Move {
    /// The configuration file, which names the database as it is now
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Where to: a file, closed to others, that holds the address of an empty PostgreSQL database
    #[arg(long, value_name = "FILE", required_unless_present = "to_file")]
    pub(crate) to_server: Option<PathBuf>,
    /// The certificates (PEM) of those who may have issued that server's
    #[arg(long, value_name = "FILE", requires = "to_server")]
    pub(crate) authorities: Option<PathBuf>,
    /// Where to: a file (SQLite) in the data directory
    #[arg(long, conflicts_with = "to_server")]
    pub(crate) to_file: bool,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The log's directory, or the data directory it stands in
    pub(crate) directory: PathBuf,
    /// The log's key as you got it from its owner (`name+id+key`); without it, the one that lies
    /// with the log
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// A checkpoint you kept earlier: only such a one shows that the log's end was dropped
    #[arg(long = "checkpoint", value_name = "FILE")]
    pub(crate) checkpoints: Vec<PathBuf>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// The position of the first entry
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) from: u64,
    /// The position behind the last entry; without it, all that are signed
    #[arg(long, value_name = "N")]
    pub(crate) to: Option<u64>,
    /// The file to write, which must not exist; `-` is the standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Emulator {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4999")]
    pub(crate) listen: SocketAddr,
    /// Where webhooks go; without it, where somebody subscribes
    #[arg(long, value_name = "URL")]
    pub(crate) callback: Option<String>,
    /// The seed of every id and delay
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Let time stand still at this instant (RFC 3339) until it is moved
    #[arg(long, value_name = "INSTANT")]
    pub(crate) virtual_clock: Option<domain::time::Timestamp>,
    /// What webhooks are signed with
    #[arg(long, value_name = "SECRET", default_value = "emulator-app-secret")]
    pub(crate) app_secret: String,
    /// What a call has to bear
    #[arg(long, value_name = "TOKEN", default_value = "emulator-access-token")]
    pub(crate) access_token: String,
    /// What the verification of a callback sends
    #[arg(long, value_name = "TOKEN", default_value = "emulator-verify-token")]
    pub(crate) verify_token: String,
}

#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// Where its data go: a folder that is empty or does not exist; without it, one in the
    /// system's temporary folder
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Play the day, check every outcome, and end
    #[arg(long, conflicts_with = "clients")]
    pub(crate) once: bool,
    /// Play nothing; write addresses and tokens into this file for programs that test clients
    #[arg(long, value_name = "FILE")]
    pub(crate) clients: Option<PathBuf>,
    /// Where the webhooks of the app that sees numbers go
    #[arg(long, value_name = "URL", requires = "clients")]
    pub(crate) real_webhook: Option<String>,
    /// Where the webhooks of the app that sees aliases go
    #[arg(long, value_name = "URL", requires = "clients")]
    pub(crate) alias_webhook: Option<String>,
}
