//! `ringfence serve`: the server.

use crate::failure::{Done, Unreachable};
use crate::shell::Shell;
use clap::Args;
use ringfence_app::context::spawn;
use ringfence_app::directory::follow;
use ringfence_app::{keys, usage};
use ringfence_server::app::App;
use ringfence_server::serve::serve;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
}

/// Serves until SIGTERM or SIGINT, then drains.
pub(crate) async fn run(mut shell: Shell, args: ServeArgs) -> anyhow::Result<Done> {
    if let Some(listen) = args.listen {
        shell.config.server.listen = listen;
    }
    let listen = shell.config.server.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| Unreachable(format!("cannot listen on {listen}: {error}")))?;
    let address = listener.local_addr()?;
    let ctx = shell.open(Some(format!("http://{address}"))).await?;
    follow::load(&ctx).await?;
    keys::keys_tick(&ctx).await?;
    follow::catch_up(&ctx).await?;
    let mut stop = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let follower = spawn("follow", follow::run(ctx.clone()));
    let flusher = spawn("usage", usage::run(ctx.clone()));
    let keeper = spawn("keys", keys::run(ctx.clone()));
    shell.say(format!("ringfence serves {}", ctx.settings.public_url));
    serve(listener, App { ctx: ctx.clone() }, async move {
        tokio::select! {
            _ = stop.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
    .await?;
    keeper.abort();
    flusher.abort();
    follower.abort();
    usage::flush(&ctx).await?;
    ctx.db.close().await;
    Ok(Done::Clean)
}
