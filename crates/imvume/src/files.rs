//! How many files and sockets this process may have open.

use imvume::listen::Limits;
use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;

/// The listeners.
const LISTENERS: u64 = 3;
/// For the database, the log, media objects, and connections to Meta and to apps.
const OTHERS: u64 = 512;

/// Makes room for all connections that may be open at once: the soft limit is raised, and where the
/// hard one leaves no room the start is refused, before a full house drops connections at random.
pub(crate) fn make_room(limits: &Limits) -> anyhow::Result<()> {
    let connections = u64::try_from(limits.max_connections)?;
    let wanted = LISTENERS * connections + OTHERS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| wanted <= current) {
        return Ok(());
    }
    if let Some(maximum) = maximum.filter(|maximum| *maximum < wanted) {
        anyhow::bail!(
            "limits.connections: {LISTENERS} listeners of {connections} connections and the rest \
             want {wanted} open files, and this process may have {maximum}: raise `ulimit -Hn` or \
             `LimitNOFILE=`, or lower limits.connections"
        );
    }
    let raised = Rlimit {
        current: Some(wanted),
        maximum,
    };
    setrlimit(Resource::Nofile, raised)?;
    tracing::info!(files = wanted, "raised how many files may be open");
    Ok(())
}

/// How many files this process may have open; `None` if there is no bound.
pub(crate) fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}
