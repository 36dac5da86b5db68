//! From a configuration to a running proxy and back to a stopped one.
//! Owns the order of starting and stopping, and the housekeeping in between.

use crate::app::{App, LocalOrg, Shared};
use crate::config::{Config, ConfigError, Solo};
use crate::grant::cache::Grants;
use crate::grant::{issuer_key_place, refresh, revoke};
use crate::keys::{KeyError, KeyRing};
use crate::limits::Limiter;
use crate::peers::Forwarders;
use crate::provider::Providers;
use crate::provider::call::AnswerMemory;
use crate::provider::transport::Shared as SharedByProviders;
use crate::rotation::{self, KeyReport, RotationError};
use crate::seal::Sealer;
use crate::server::Doors;
use crate::service_keys::Fetches;
use crate::session::{BadIssuerKey, LocalIssuer, Sessions, new_issuer_key};
use crate::spool::{self, Spool};
use crate::store::{Owner, Store, StoreError, deliveries, events, flows, grant_ends, solo};
use crate::telemetry::Telemetry;
use crate::tenants::Tenants;
use crate::web::Places;
use crate::webhooks::Endpoint;
use crate::{checks, random, refusals, server, web, webhooks};
use portico_core::pkce::sha256_base64url;
use portico_core::wire::{Role, SessionToken};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

/// How long tracked token calls may take to finish once the proxy stops.
const LAST_TOKEN_CALLS: Duration = Duration::from_secs(25);
const SWEEP: Duration = Duration::from_secs(30);

/// Why the proxy does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be right.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The key file is not taken.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A stored secret needs a key that is gone, or the keys in use cannot be read.
    #[error(transparent)]
    Rotation(#[from] RotationError),
    /// The database is not usable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An address cannot be bound or read.
    #[error("the address cannot be used")]
    Address(#[source] io::Error),
    /// The folder of the spool cannot be made or protected.
    #[error("the spool's folder cannot be used")]
    Spool(#[source] io::Error),
    /// TLS or the resolver cannot be set up.
    #[error("outbound HTTP cannot be set up")]
    Outbound(#[from] reqwest::Error),
    /// A stored secret does not open with the keys at hand, or none can be made.
    #[error("{0}")]
    Secrets(String),
    /// Only a solo proxy issues sessions and launch links.
    #[error("there is no [solo] organization in the configuration, so there is no local issuer")]
    NoSolo,
}

impl From<sqlx::Error> for StartError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<BadIssuerKey> for StartError {
    fn from(error: BadIssuerKey) -> Self {
        Self::Secrets(error.to_string())
    }
}

impl From<random::NoRandomness> for StartError {
    fn from(error: random::NoRandomness) -> Self {
        Self::Secrets(error.to_string())
    }
}

impl From<crate::seal::SealError> for StartError {
    fn from(error: crate::seal::SealError) -> Self {
        Self::Secrets(error.to_string())
    }
}

/// The way in.
#[derive(Clone, Copy, Debug)]
pub struct Proxy;

/// A proxy that serves. Dropping it stops it without waiting; [`RunningProxy::shutdown`] waits.
pub struct RunningProxy {
    app: Shared,
    address: SocketAddr,
    launch_ticket: Option<Zeroizing<String>>,
    servers: Vec<JoinHandle<()>>,
}

impl Proxy {
    /// Starts on a listener that is bound already; must be called within a tokio runtime.
    pub async fn start(
        mut config: Config,
        listener: TcpListener,
    ) -> Result<RunningProxy, StartError> {
        config.check()?;
        let address = listener.local_addr().map_err(StartError::Address)?;
        if let Some(origin) = config.base_url.strip_suffix(":0") {
            config.base_url = format!("{origin}:{}", address.port());
        }
        let health = match config.health_listen {
            Some(address) => Some(
                TcpListener::bind(address)
                    .await
                    .map_err(StartError::Address)?,
            ),
            None => None,
        };
        let store = Store::open(&config).await?;
        let sealer = Sealer::new(KeyRing::load_or_create(&config.key_path())?);
        rotation::adopt(&store, &sealer).await?;
        let spool = Spool::open(config.spool_path()).map_err(StartError::Spool)?;
        let solo = match &config.solo {
            Some(settings) => Some(local_org(&store, &sealer, &config, settings).await?),
            None => None,
        };
        let tenants = Tenants::of(&config, solo.as_ref().map(|solo| &solo.issuer));
        let solo_tenant = solo.as_ref().map(|solo| solo.owner.tenant.as_str());
        let endpoints = Endpoint::all(&config.webhooks, solo_tenant)?;
        let telemetry = Telemetry::new();
        let places = |most: u32| Arc::new(Places::new(most as usize));
        let forwarders = Forwarders::new(config.edge.trusted_proxies.clone());
        let app = Arc::new(App {
            sessions: Sessions::new(config.base_url.clone(), tenants),
            providers: Providers::new(
                &config,
                &SharedByProviders {
                    memory: AnswerMemory::new(config.limits.max_answer_mebibytes),
                    telemetry: telemetry.clone(),
                },
            )?,
            endpoints,
            flights: refresh::Flights::default(),
            grants: Grants::default(),
            slots: crate::relay::Slots::default(),
            limiter: Limiter::new(config.limits),
            places: places(config.limits.max_requests),
            streams: places(config.limits.max_event_streams),
            forwarders: forwarders.clone(),
            telemetry: telemetry.clone(),
            refusals: refusals::Refusals::default(),
            fetches: Fetches::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            revocations: Notify::new(),
            config,
            store,
            sealer,
            spool,
            solo,
        });
        let launch_ticket = match &app.solo {
            Some(solo) => Some(new_ticket(&app.store, &solo.owner).await?),
            None => None,
        };
        let mut tx = app.store.begin().await?;
        solo::remember_base_url(&mut tx, &app.config.base_url).await?;
        tx.commit().await?;
        let doors = || Doors {
            most: app.config.limits.max_connections as usize,
            most_per_address: app.config.limits.max_per_address as usize,
            forwarders: forwarders.clone(),
            telemetry: telemetry.clone(),
        };
        let mut servers = vec![tokio::spawn(server::serve(
            listener,
            web::router(app.clone()),
            doors(),
            app.stop.clone(),
        ))];
        if let Some(listener) = health {
            let router = web::health_router(app.clone());
            servers.push(tokio::spawn(server::serve(
                listener,
                router,
                doors(),
                app.stop.clone(),
            )));
        }
        app.tasks.spawn(revoke::run_worker(app.clone()));
        app.tasks.spawn(keep_house(app.clone()));
        app.tasks.spawn(checks::run(app.clone()));
        app.tasks.spawn(rotation::run(app.clone()));
        app.tasks.spawn(spool::run(app.clone()));
        app.tasks.spawn(crate::events::listen(app.clone()));
        for index in 0..app.endpoints.len() {
            app.tasks.spawn(webhooks::run(app.clone(), index));
        }
        tracing::info!(base_url = app.config.base_url, "the proxy serves");
        Ok(RunningProxy {
            app,
            address,
            launch_ticket,
            servers,
        })
    }
}

impl RunningProxy {
    /// Origin of app and interface.
    pub fn base_url(&self) -> &str {
        &self.app.config.base_url
    }

    /// Its parts, for the fuzz targets.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn app(&self) -> Shared {
        self.app.clone()
    }

    /// The bound address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens the app of a solo proxy and introduces the browser, once and within ten minutes.
    pub fn launch_link(&self) -> Option<String> {
        Some(link(self.base_url(), self.launch_ticket()?))
    }

    /// The secret part of [`RunningProxy::launch_link`].
    pub fn launch_ticket(&self) -> Option<&str> {
        self.launch_ticket.as_ref().map(|ticket| ticket.as_str())
    }

    /// A session of the local issuer, as a partner's backend would hand one to its page.
    ///
    /// `origin` must be configured, or the session is refused wherever it is shown.
    pub fn mint_session(
        &self,
        sub: &str,
        role: Role,
        origin: &str,
    ) -> Result<SessionToken, StartError> {
        let solo = self.app.solo.as_ref().ok_or(StartError::NoSolo)?;
        Ok(solo.issuer.mint(sub, role, origin)?)
    }

    /// Puts the tenants of a newer configuration in force at once; open event streams of what is gone end.
    ///
    /// Any other field that differs is logged as waiting for a restart. A configuration with a fault changes
    /// nothing.
    pub fn reload(&self, mut config: Config) -> Result<(), ConfigError> {
        config.check()?;
        let running = &self.app.config;
        if let Some(origin) = config.base_url.strip_suffix(":0") {
            config.base_url = format!("{origin}:{}", self.address.port());
        }
        for field in running.waits_for_restart(&config) {
            tracing::warn!(
                field,
                "this field changed in the configuration; it takes effect with the next start"
            );
        }
        let count = config.tenants.len();
        let newer = Config {
            tenants: config.tenants,
            ..running.clone()
        };
        let issuer = self.app.solo.as_ref().map(|solo| &solo.issuer);
        self.app.sessions.replace(Tenants::of(&newer, issuer));
        tracing::info!(tenants = count, "the tenants were read again");
        Ok(())
    }

    /// Stops accepting, finishes token calls that run, closes the database; at most half a minute.
    pub async fn shutdown(mut self) {
        self.app.stop.cancel();
        for server in self.servers.drain(..) {
            let _ = server.await;
        }
        self.app.tasks.close();
        if timeout(LAST_TOKEN_CALLS, self.app.tasks.wait())
            .await
            .is_err()
        {
            tracing::error!(
                alert = true,
                "token calls did not finish before the proxy stopped"
            );
        }
        if let Err(error) = refusals::write_counts(&self.app, true).await {
            tracing::error!(error = %error, "counts of refused tries could not be written");
        }
        self.app.store.close().await;
    }
}

impl Drop for RunningProxy {
    fn drop(&mut self) {
        self.app.stop.cancel();
    }
}

/// A fresh launch link of a proxy that may be running, through its database.
pub async fn launch_link(config: &Config) -> Result<String, StartError> {
    config.check()?;
    let settings = config.solo.as_ref().ok_or(StartError::NoSolo)?;
    let store = Store::open(config).await?;
    let sealer = Sealer::new(KeyRing::load_or_create(&config.key_path())?);
    rotation::adopt(&store, &sealer).await?;
    let solo = local_org(&store, &sealer, config, settings).await?;
    let ticket = new_ticket(&store, &solo.owner).await?;
    let mut tx = store.begin().await?;
    let base_url = solo::base_url(&mut tx)
        .await?
        .unwrap_or_else(|| config.base_url.clone());
    tx.rollback().await?;
    store.close().await;
    Ok(link(&base_url, &ticket))
}

/// What each key of the file is needed for, from the database. Reads every row; the proxy may be running.
pub async fn key_reports(config: &Config) -> Result<Vec<KeyReport>, StartError> {
    config.check()?;
    let store = Store::open(config).await?;
    let ring = KeyRing::load(&config.key_path())?;
    let reports = rotation::report(&store, &ring).await?;
    store.close().await;
    Ok(reports)
}

fn link(base_url: &str, ticket: &str) -> String {
    format!("{base_url}/#launch={ticket}")
}

async fn new_ticket(store: &Store, owner: &Owner) -> Result<Zeroizing<String>, StartError> {
    let ticket = random::secret()?;
    let mut tx = store.begin().await?;
    solo::insert_ticket(&mut tx, owner, &sha256_base64url(&ticket)).await?;
    tx.commit().await?;
    Ok(ticket)
}

/// The issuer of this installation: its name and key are made once and kept.
async fn local_org(
    store: &Store,
    sealer: &Sealer,
    config: &Config,
    settings: &Solo,
) -> Result<LocalOrg, StartError> {
    let mut tx = store.begin().await?;
    let instance = solo::instance_id(&mut tx, &random::id()).await?;
    let tenant = solo_tenant(&instance);
    let owner = Owner {
        tenant: tenant.clone(),
        org: settings.org.clone(),
    };
    let stored = solo::issuer_key(&mut tx, &owner).await?;
    let (kid, key) = if let Some((kid, envelope)) = stored {
        let key = sealer.open(issuer_key_place(&owner, &kid), &envelope)?;
        (kid, key)
    } else {
        let kid = random::id();
        let key = new_issuer_key()?;
        let envelope = sealer.seal(issuer_key_place(&owner, &kid), &key)?;
        solo::insert_issuer_key(&mut tx, &owner, &kid, &envelope).await?;
        (kid, key)
    };
    tx.commit().await?;
    let issuer = LocalIssuer::new(
        tenant,
        kid,
        config.base_url.clone(),
        settings.org.clone(),
        settings.max_connections,
        &key,
    )?;
    Ok(LocalOrg {
        owner,
        issuer,
        settings: settings.clone(),
    })
}

/// The tenant of a solo proxy, by the name of its installation.
pub(crate) fn solo_tenant(instance: &str) -> String {
    format!("portico-solo:{instance}")
}

/// Ends what timed out, wipes codes that ran out, forgets idle counters.
async fn keep_house(app: Shared) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = sweep(&app).await {
            app.telemetry.fault("database");
            tracing::error!(error = %error, "housekeeping failed");
        }
        if let Err(error) = refusals::write_counts(&app, false).await {
            tracing::error!(error = %error, "counts of refused tries could not be written");
        }
        app.limiter.forget_idle();
        app.fetches.forget_idle();
        app.slots.forget_idle();
    }
}

async fn sweep(app: &Shared) -> Result<(), sqlx::Error> {
    let began = std::time::Instant::now();
    for flow in flows::timed_out(app.store.readers()).await? {
        // One at a time: a transaction is in one organization only.
        let mut tx = app.store.begin_in(&flow.owner()).await?;
        if flows::set_timed_out(&mut tx, &flow).await? {
            app.announce_flow(&mut tx, &flow).await?;
        }
        tx.commit().await?;
    }
    let mut tx = app.store.begin().await?;
    flows::sweep(&mut tx).await?;
    grant_ends::sweep(&mut tx).await?;
    events::sweep(&mut tx).await?;
    deliveries::sweep(&mut tx).await?;
    tx.commit().await?;
    for endpoint in &app.endpoints {
        for state in ["pending", "delivered", "dead"] {
            let mut tx = app.store.begin().await?;
            let dropped = deliveries::drop_surplus(&mut tx, &endpoint.id, state).await?;
            tx.commit().await?;
            if dropped > 0 && state == "pending" {
                tracing::error!(
                    alert = true,
                    endpoint = endpoint.id,
                    dropped,
                    "a webhook endpoint takes nothing, and its oldest messages were dropped"
                );
            }
        }
    }
    app.telemetry.database("sweep", began.elapsed());
    Ok(())
}
