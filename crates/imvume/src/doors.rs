//! The three listeners and what stands behind them: what `serve` and `demo` both run.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ::rulebook::Handle;
use ::rulebook::Refused;
use anyhow::Context as _;
use api::ApiState;
use axum::Router;
use imvume::listen::Certificates;
use imvume::listen::Door;
use imvume::listen::Renewal;
use service::Service;
use store::Database;
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::config::TlsFiles;
use crate::erasing;
use crate::health;
use crate::known;
use crate::lists;
use crate::meta::ByService;
use crate::metrics::Metrics;
use crate::office::ByRulebook;
use crate::portal;
use crate::request;
use crate::standing;
use crate::standing::Behind;

/// How often a process that shares its database asks whether it is still its turn.
const PULSE: Duration = Duration::from_secs(2);

/// Listeners that are bound and answer, with nothing behind them yet.
pub(crate) struct Listeners {
    /// Where Meta reaches the gateway.
    pub(crate) public: SocketAddr,
    /// Where apps reach it.
    pub(crate) apps: SocketAddr,
    /// Where staff reach it.
    pub(crate) staff: SocketAddr,
    behind_public: Behind,
    behind_apps: Behind,
    behind_staff: Behind,
    certificates: Vec<(&'static str, Arc<Certificates>)>,
    closing: CancellationToken,
    metrics: Arc<Metrics>,
    tasks: TaskTracker,
}

/// A gateway that is open.
pub(crate) struct Doors {
    /// Where Meta reaches it.
    pub(crate) public: SocketAddr,
    /// Where apps reach it.
    pub(crate) apps: SocketAddr,
    /// Where staff reach it.
    pub(crate) staff: SocketAddr,
    /// What stands behind the doors.
    pub(crate) service: Arc<Service>,
    rulebook: Arc<Handle>,
    listeners: Listeners,
    drain: Duration,
}

/// A listener that is bound and not served yet.
struct Bound {
    address: SocketAddr,
    certificates: Option<Arc<Certificates>>,
    listener: TcpListener,
    name: &'static str,
}

impl Listeners {
    /// Binds the three listeners and has them answer that there is nothing to be had yet.
    pub(crate) async fn bind(config: &Config) -> anyhow::Result<Self> {
        let tls = &config.tls;
        let public = Bound::open("public", config.public, tls.public.as_ref()).await?;
        let apps = Bound::open("apps", config.apps, tls.apps.as_ref()).await?;
        let staff = Bound::open("staff", config.staff, tls.staff.as_ref()).await?;
        let metrics = Arc::new(Metrics::new(config));
        let mut listeners = Self {
            public: public.address,
            apps: apps.address,
            staff: staff.address,
            behind_public: Behind::nothing(standing::public()),
            behind_apps: Behind::nothing(standing::apps()),
            behind_staff: Behind::nothing(standing::staff(metrics.router())),
            certificates: Vec::new(),
            closing: CancellationToken::new(),
            metrics,
            tasks: TaskTracker::new(),
        };
        for (bound, behind) in [
            (public, listeners.behind_public.clone()),
            (apps, listeners.behind_apps.clone()),
            (staff, listeners.behind_staff.clone()),
        ] {
            listeners.serve(config, bound, &behind);
        }
        listeners.tasks.close();
        Ok(listeners)
    }

    /// Starts the service, and puts it behind the listeners.
    pub(crate) async fn open(
        self,
        config: &Config,
        store: Arc<Store>,
        rulebook: Arc<Handle>,
    ) -> anyhow::Result<Doors> {
        let mut settings = config.settings.clone();
        if settings.apps_url.port() == Some(0) {
            // Whichever port the system gave.
            let _ = settings.apps_url.set_port(Some(self.apps.port()));
        }
        let people = settings.portal.public_url.as_mut();
        if let Some(url) = people.filter(|url| url.port() == Some(0)) {
            let _ = url.set_port(Some(self.public.port()));
        }
        let service = Service::start(Arc::clone(&store), &config.directory, settings).await?;
        self.metrics.lead(&service);
        let checkpoints = Arc::clone(&service);
        let state = ApiState {
            store: Arc::clone(&store),
            checkpoint: Arc::new(move || checkpoints.checkpoint()),
            meta: Arc::new(ByService(Arc::clone(&service))),
            office: Arc::new(ByRulebook {
                rulebook: Arc::clone(&rulebook),
                service: Arc::clone(&service),
            }),
            erasing: Arc::new(erasing::ByService(Arc::clone(&service))),
            lists: Arc::new(lists::ByService(Arc::clone(&service))),
            portal: Arc::new(portal::ByService(Arc::clone(&service))),
            requests: Arc::new(request::ByService(Arc::clone(&service))),
        };
        let office = api::router(state)
            .merge(health::router(Arc::clone(&service)))
            .merge(self.metrics.router());
        let meta = gateway::public(Arc::clone(&service));
        let meta = match pages(config, &service)? {
            Some(pages) => meta.merge(pages),
            None => meta,
        };
        let meta = known::by_path(meta, &service);
        let software = known::for_apps(gateway::apps(Arc::clone(&service)), &service);
        self.behind_public.begin(meta);
        self.behind_apps.begin(software);
        self.behind_staff.begin(known::by_path(office, &service));
        service.run();
        if matches!(config.database, Database::Server(_)) {
            self.tasks.spawn(pulse(store, self.closing.clone()));
        }
        Ok(Doors {
            public: self.public,
            apps: self.apps,
            staff: self.staff,
            service,
            rulebook,
            listeners: self,
            drain: config.limits.drain_timeout,
        })
    }

    fn serve(&mut self, config: &Config, bound: Bound, behind: &Behind) {
        let name = bound.name;
        if let Some(certificates) = &bound.certificates {
            self.watch(config, name, Arc::clone(certificates));
        }
        let door = Door {
            certificates: bound.certificates,
            proxies: config.proxies.clone(),
            measures: self.metrics.listeners().clone(),
            // Whoever writes to the public listener may be a person; the others serve software and
            // staff, whose networks help to find a leaked token.
            tells_networks: name != "public",
            ..Door::plain(name, config.limits)
        };
        let (app, closing): (Router, _) = (behind.router(), self.closing.clone());
        self.tasks.spawn(async move {
            if let Err(error) = door.serve(bound.listener, app, closing).await {
                tracing::error!(%error, listener = name, "a listener has failed");
            }
        });
    }

    fn watch(&mut self, config: &Config, name: &'static str, certificates: Arc<Certificates>) {
        self.metrics.expect_renewals(name);
        self.certificates.push((name, Arc::clone(&certificates)));
        let (every, metrics) = (config.tls.every, Arc::clone(&self.metrics));
        let closing = self.closing.clone();
        self.tasks.spawn(async move {
            let heard = |renewal: &Renewal| tell(&metrics, name, renewal);
            tokio::select! {
                () = closing.cancelled() => {}
                () = certificates.watch(every, heard) => {}
            }
        });
    }

    /// Puts the certificates' files in force as they are now, and says what came of it. Nothing else
    /// is read again.
    pub(crate) async fn reload(&self) {
        for (name, certificates) in &self.certificates {
            let files = Arc::clone(certificates);
            if let Ok(renewal) = tokio::task::spawn_blocking(move || files.renew_now()).await {
                tell(&self.metrics, name, &renewal);
            }
        }
        tracing::info!(
            certificates = self.certificates.len(),
            "looked at the certificates again; for anything else in the configuration, restart"
        );
    }

    async fn close(&self) {
        self.closing.cancel();
        self.tasks.wait().await;
    }
}

impl Doors {
    /// Binds the three listeners, starts the service, and serves.
    pub(crate) async fn open(
        config: &Config,
        store: Arc<Store>,
        rulebook: Arc<Handle>,
    ) -> anyhow::Result<Self> {
        let listeners = Listeners::bind(config).await?;
        listeners.open(config, store, rulebook).await
    }

    /// As [`Listeners::reload`], and the rulebook too.
    pub(crate) async fn reload(&self) {
        self.listeners.reload().await;
        reread(&self.rulebook).await;
    }

    /// Takes no more connections, lets open requests finish, and ends the service; all within a
    /// bound.
    pub(crate) async fn close(self) {
        self.listeners.close().await;
        self.service.close(self.drain).await;
    }

    /// Ends because another process has taken over: whoever asks is told to come again, and neither
    /// the database nor the log's files are touched any more.
    pub(crate) async fn abandon(self) {
        let Listeners {
            behind_public,
            behind_apps,
            behind_staff,
            ..
        } = &self.listeners;
        for behind in [behind_public, behind_apps, behind_staff] {
            behind.end();
        }
        self.service.abandon();
        self.listeners.close().await;
    }
}

/// The pages for people, if they have an address under which people may come.
fn pages(config: &Config, service: &Arc<Service>) -> anyhow::Result<Option<Router>> {
    let Some(address) = service.settings().portal.public_url.clone() else {
        tracing::warn!("the pages for people are off: set listen.public_url to an https address");
        return Ok(None);
    };
    let settings = desk::Settings {
        address,
        languages: config.pages.languages.clone(),
        language: service.settings().language.clone(),
        zone: config.pages.zone.clone(),
        forms: config.pages.forms.clone(),
    };
    let pages = desk::router(Arc::clone(service), settings).context("portal")?;
    Ok(Some(pages))
}

/// Reads the rulebook's files anew, and says what came of it.
async fn reread(rulebook: &Arc<Handle>) {
    let handle = Arc::clone(rulebook);
    match tokio::task::spawn_blocking(move || handle.reload()).await {
        Ok(Ok(_)) => tracing::info!("the rulebook was read again and is in force"),
        Ok(Err(Refused(faults))) => {
            for fault in faults {
                tracing::error!(%fault, "the rulebook is refused; the one before stays in force");
            }
        }
        Err(error) => tracing::error!(%error, "the rulebook cannot be read again"),
    }
}

/// Has the writer ask whether it is still this process's turn: traffic that would find out may be
/// long in coming.
async fn pulse(store: Arc<Store>, closing: CancellationToken) {
    let mut beat = tokio::time::interval(PULSE);
    loop {
        tokio::select! {
            () = closing.cancelled() => return,
            _ = beat.tick() => {}
        }
        tokio::select! {
            () = closing.cancelled() => return,
            // Whatever is wrong, the writer tells.
            _ = store.write(|_| Ok(())) => {}
        }
    }
}

fn tell(metrics: &Metrics, listener: &'static str, renewal: &Renewal) {
    metrics.renewed(listener, renewal);
    match renewal {
        Renewal::Kept(error) => tracing::error!(
            %error,
            listener,
            "the new certificate cannot be used; the one before stays in force"
        ),
        Renewal::Renewed => tracing::info!(listener, "a new certificate is in force"),
        Renewal::Unchanged => {}
    }
}

impl Bound {
    async fn open(
        name: &'static str,
        address: SocketAddr,
        tls: Option<&TlsFiles>,
    ) -> anyhow::Result<Self> {
        let certificates = tls.map(TlsFiles::open).transpose();
        let certificates = certificates.with_context(|| format!("listen.tls, for {name}"))?;
        let listener = bind(name, address).await?;
        Ok(Self {
            address: listener.local_addr()?,
            certificates: certificates.map(Arc::new),
            listener,
            name,
        })
    }
}

async fn bind(name: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listen.{name}: cannot listen on {address}"))
}
