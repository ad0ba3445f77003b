//! Requests of people: what the admin API asks of the service, and `imvume request`.

mod list;
mod show;

use std::path::PathBuf;
use std::sync::Arc;

use api::Carried;
use api::Reach;
use api::Requests;
use clap::Args;
use clap::Subcommand;
use domain::audit::Actor;
use domain::email::Email;
use domain::ids::RequestId;
use serde_json::Value;
use serde_json::json;
use service::ProofRoute;
use service::Reached;
use service::Service;
use store::request::NewRequest;
use store::request::Opened;
use store::request::RequestView;
use store::request::StepOrder;
use store::request::Stepped;

use crate::Verdict;

/// Whoever carries requests on.
pub(crate) struct ByService(pub(crate) Arc<Service>);

impl Requests for ByService {
    fn open(&self, actor: Actor, new: NewRequest) -> Carried<Opened> {
        let service = Arc::clone(&self.0);
        Box::pin(async move { service.open_request(actor, new).await })
    }

    fn step(&self, actor: Actor, order: StepOrder) -> Carried<Stepped> {
        let service = Arc::clone(&self.0);
        Box::pin(async move { service.step_request(actor, order).await })
    }

    fn extend(
        &self,
        actor: Actor,
        which: (RequestId, Option<i64>),
        reason: String,
    ) -> Carried<Stepped> {
        let service = Arc::clone(&self.0);
        Box::pin(async move { service.extend_request(actor, which, reason).await })
    }

    fn mailbox(&self, actor: Actor, id: RequestId, address: Email) -> Carried<Reach> {
        let service = Arc::clone(&self.0);
        Box::pin(async move {
            let reached = service.ask_mailbox(actor, id, &address).await?;
            Ok(reach(reached))
        })
    }

    fn proof(&self, actor: Actor, id: RequestId, by_sms: bool) -> Carried<Reach> {
        let service = Arc::clone(&self.0);
        let route = if by_sms {
            ProofRoute::Sms
        } else {
            ProofRoute::Email
        };
        Box::pin(async move { Ok(reach(service.ask_proof(actor, id, route).await?)) })
    }
}

const fn reach(reached: Reached) -> Reach {
    match reached {
        Reached::Sent => Reach::Sent,
        Reached::NotSetUp => Reach::NotSetUp,
        Reached::Unknown => Reach::Unknown,
    }
}

/// The commands over requests of people.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List cases: where they stand and when they are due (the gateway must not run)
    List(List),
    /// Show a case with its steps; not what it says (the gateway must not run)
    Show(Show),
}

#[derive(Args, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "options that are each given or not"
)]
pub(crate) struct List {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// Only what is not done
    #[arg(long)]
    pub(crate) open: bool,
    /// Only what is not done and whose time is over
    #[arg(long)]
    pub(crate) overdue: bool,
    /// Only those with a letter of which nobody knows whether it went out, because it waited when a
    /// backup was made from which the instance came back
    #[arg(long)]
    pub(crate) untold: bool,
    /// Only of this kind: access, complaint, correction, deletion, objection, opt-out, portability,
    /// restriction or withdrawal
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "imvume.toml")]
    pub(crate) config: PathBuf,
    /// The number of the case
    #[arg(value_name = "CASE")]
    pub(crate) id: i64,
    /// Answer in JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<Verdict> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
    }
}

/// A case, without anything by which somebody is recognised.
fn as_json(view: &RequestView) -> Value {
    let request = &view.request;
    json!({
        "id": view.id.0,
        "subject": view.subject.0,
        "kind": request.kind.name(),
        "source": view.source.name(),
        "state": request.state.name(),
        "outcome": request.outcome.map(domain::request::Outcome::name),
        "assurance": request.assurance.name(),
        "received_at": request.received_at.to_string(),
        "due_on": view.due_on,
        "rule": view.rule,
        "extended_at": request.extended_at.map(|at| at.to_string()),
        "provision": view.provision,
        "closed_at": request.closed_at.map(|at| at.to_string()),
        "version": view.version,
    })
}

/// A case in one line.
fn line(view: &RequestView, overdue: bool) -> String {
    let request = &view.request;
    let ended = request.outcome.map(domain::request::Outcome::name);
    let stands = ended.unwrap_or_else(|| request.state.name());
    let late = if overdue { "  OVERDUE" } else { "" };
    format!(
        "{:>8}  {:<12}  {:<20}  due {}{late}",
        view.id.0,
        request.kind.name(),
        stands,
        view.due_on,
    )
}
