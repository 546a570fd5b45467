//! `ringfence serve`: the server.

use crate::config::{Config, Role};
use crate::failure::{Done, Unreachable};
use crate::shell::Shell;
use anyhow::Context as _;
use clap::Args;
use ringfence_app::context::{Ctx, spawn};
use ringfence_app::directory::follow;
use ringfence_app::sign_in::link::setup_link;
use ringfence_app::{keys, upkeep, usage};
use ringfence_core::credential::Network;
use ringfence_server::app::{App, Limits, Roles};
use ringfence_server::gateway::routes::{RouteSetting, RouteTable};
use ringfence_server::router::router;
use ringfence_server::web::listener::{ListenerSettings, listener_serve};
use ringfence_server::web::operations::operations_router;
use ringfence_server::web::proxies::Proxies;
use ringfence_server::web::tls::Tls;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

/// Flags of the server; each stands over the setting of its name.
#[derive(Debug, Default, Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Certificate chain (PEM); with --tls-key
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Make a certificate for this run; clients must be told to trust it
    #[arg(long, conflicts_with = "tls_cert")]
    pub(crate) tls_self_signed: bool,
    /// Jobs of this node, comma-separated: issue, guard, apis, portal [default: all]
    #[arg(long, value_delimiter = ',', value_parser = role)]
    pub(crate) roles: Vec<Role>,
}

/// A server that is ready to take requests.
pub(crate) struct Server {
    /// The context of its acts.
    pub(crate) ctx: Ctx,
    listener: TcpListener,
    tls: Option<Tls>,
    operators: Option<TcpListener>,
    app: App,
    settings: ListenerSettings,
    tasks: Vec<JoinHandle<Option<()>>>,
}

/// Serves until SIGTERM or SIGINT, then drains.
pub(crate) async fn run(mut shell: Shell, args: ServeArgs) -> anyhow::Result<Done> {
    apply(&mut shell.config, args);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = Server::start(&shell).await?;
    announce(&shell, &server).await?;
    server
        .serve(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await?;
    Ok(Done::Clean)
}

impl Server {
    /// Binds, opens the store, loads the directory and makes the first keys.
    pub(crate) async fn start(shell: &Shell) -> anyhow::Result<Self> {
        let config = &shell.config;
        let listen = config.server.listen;
        let listener = bind(listen).await?;
        let operators = match config.server.metrics_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let tls = tls(config, listen)?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let ctx = shell
            .open(Some(format!("{scheme}://{}", listener.local_addr()?)))
            .await?;
        follow::load(&ctx).await?;
        keys::keys_tick(&ctx).await?;
        follow::catch_up(&ctx).await?;
        let tasks = vec![
            spawn("follow", follow::run(ctx.clone())),
            spawn("usage", usage::run(ctx.clone())),
            spawn("keys", keys::run(ctx.clone())),
            spawn("upkeep", upkeep::run(ctx.clone())),
        ];
        let mut app = App::new(ctx.clone(), limits(config)?);
        if app.limits.roles.guard {
            app = app.with_upstreams(routes(config)?)?;
        }
        Ok(Self {
            ctx,
            listener,
            tls,
            operators,
            app,
            settings: listener_settings(config)?,
            tasks,
        })
    }

    /// Serves until `stop` is ready; requests under way finish.
    pub(crate) async fn serve(
        mut self,
        stop: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()> {
        if let Some(listener) = self.operators {
            // Operators may ask until the very end: how a drain goes is what they want to know.
            let routes = operations_router(self.app.clone());
            let settings = self.settings.clone();
            let never = std::future::pending();
            self.tasks.push(spawn("operators", async move {
                if let Err(error) = listener_serve(listener, None, routes, settings, never).await {
                    tracing::error!(%error, "the operators' listener ended");
                }
            }));
        }
        let app = self.app.clone();
        let stop = async move {
            stop.await;
            app.drain_begin();
        };
        listener_serve(
            self.listener,
            self.tls,
            router(self.app),
            self.settings,
            stop,
        )
        .await?;
        for task in self.tasks {
            task.abort();
        }
        usage::flush(&self.ctx).await?;
        self.ctx.db.close().await;
        Ok(())
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Unreachable(format!("cannot listen on {address}: {error}")).into())
}

async fn announce(shell: &Shell, server: &Server) -> anyhow::Result<()> {
    let url = &server.ctx.settings.public_url;
    let tokens = format!("{url}/Auth/connect/token");
    let setup = if server.app.limits.roles.portal {
        setup_link(&server.ctx).await?
    } else {
        None
    };
    let setup = setup.map(|token| format!("{url}/setup/{}", token.expose()));
    if shell.json {
        let listen = server.listener.local_addr()?.to_string();
        let mut ready = serde_json::json!({"url": url, "listen": listen, "token_endpoint": tokens});
        if let Some(link) = &setup {
            ready["setup_url"] = link.as_str().into();
        }
        shell.print_json(&ready);
    }
    shell.say(format!("ringfence is ready: {url} (tokens: {tokens})"));
    if let Some(link) = setup {
        shell.say(format!(
            "Set up: {link} (nobody can sign in yet; works once, for 24 hours)"
        ));
    }
    // Under systemd's Type=notify; elsewhere there is nobody to tell.
    if let Err(error) = sd_notify::notify(false, &[sd_notify::NotifyState::Ready]) {
        tracing::debug!(%error, "the service manager was not told");
    }
    Ok(())
}

/// Puts flags over settings.
pub(crate) fn apply(config: &mut Config, args: ServeArgs) {
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    if args.tls_cert.is_some() {
        config.server.tls_cert = args.tls_cert;
        config.server.tls_key = args.tls_key;
        config.server.tls_self_signed = false;
    }
    if args.tls_self_signed {
        config.server.tls_cert = None;
        config.server.tls_key = None;
        config.server.tls_self_signed = true;
    }
    if !args.roles.is_empty() {
        config.server.roles = args.roles;
    }
}

fn tls(config: &Config, listen: SocketAddr) -> anyhow::Result<Option<Tls>> {
    if let (Some(cert), Some(key)) = (&config.server.tls_cert, &config.server.tls_key) {
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        return Ok(Some(Tls::from_pem(&read(cert)?, &read(key)?)?));
    }
    if !config.server.tls_self_signed {
        return Ok(None);
    }
    let mut names = vec!["localhost".to_owned(), listen.ip().to_string()];
    for (_, region) in config.region.named() {
        names.extend(region.hosts.iter().cloned());
    }
    Ok(Some(Tls::self_signed(&names)?))
}

fn limits(config: &Config) -> anyhow::Result<Limits> {
    let mut trusted = Vec::new();
    for address in &config.server.trusted_proxies {
        trusted.push(Network::parse(address).context("server.trusted_proxies")?);
    }
    Ok(Limits {
        proxies: Proxies(trusted),
        body_bytes_max: usize::try_from(config.server.max_body_bytes)?,
        metrics_apart: config.server.metrics_listen.is_some(),
        roles: roles(config),
        ..Limits::default()
    })
}

fn roles(config: &Config) -> Roles {
    let has = |role| config.server.roles.contains(&role);
    Roles {
        issue: has(Role::Issue),
        guard: has(Role::Guard),
        apis: has(Role::Apis),
        portal: has(Role::Portal),
    }
}

/// The routes to programs behind the gateway, as the settings name them.
fn routes(config: &Config) -> anyhow::Result<RouteTable> {
    let settings: Vec<RouteSetting> = config
        .gateway
        .routes
        .iter()
        .map(|route| RouteSetting {
            name: route.name.clone(),
            methods: route.methods.clone(),
            path: route.path.clone(),
            scopes: route.scopes.clone(),
            per_minute: route.requests_per_minute,
            body_bytes_max: route.max_body_bytes,
            upstream: route.upstream.clone(),
            forward_token: route.forward_token,
            head_timeout_ms: config.gateway.upstream_timeout_secs.saturating_mul(1000),
            ..RouteSetting::default()
        })
        .collect();
    RouteTable::from_settings(&settings).context("gateway.route")
}

fn listener_settings(config: &Config) -> anyhow::Result<ListenerSettings> {
    Ok(ListenerSettings {
        n_connections_max: usize::try_from(config.server.max_connections)?,
        head_bytes_max: usize::try_from(config.server.max_header_bytes)?,
        head_timeout: Duration::from_secs(config.server.header_timeout_secs),
        drain: Duration::from_secs(config.server.drain_secs),
        ..ListenerSettings::default()
    })
}

fn role(text: &str) -> Result<Role, String> {
    match text {
        "issue" => Ok(Role::Issue),
        "guard" => Ok(Role::Guard),
        "apis" => Ok(Role::Apis),
        _ => Err("a role is issue, guard or apis".to_owned()),
    }
}
