//! `ringfence demo`: the main job on sample calls, from a credential to collected recordings.

mod sample;
mod vbc_sample;

use crate::connection;
use crate::failure::Done;
use crate::serve::{ServeArgs, Server, apply};
use crate::shell::Shell;
use anyhow::Context as _;
use clap::Args;
use ringfence_app::accounts::account_show;
use ringfence_app::context::{Actor, Ctx, spawn};
use ringfence_app::credentials::{NewCredential, NewSecret, credential_create};
use ringfence_app::import::recordings_import;
use ringfence_app::sign_in::link::invite_link;
use ringfence_app::users::{UserEdit, user_set, user_show};
use ringfence_collect::check::{CheckResult, connection_check};
use ringfence_collect::connection::{ConnectionName, NewConnection, Place, connection_add};
use ringfence_collect::context::CollectCtx;
use ringfence_collect::report::RunReport;
use ringfence_collect::run::{RunOptions, collect_run};
use ringfence_collect::upstream::client::Upstream;
use ringfence_collect::upstream::line::{Api, Line, Request};
use ringfence_core::account::AccountName;
use ringfence_core::credential::CredentialName;
use ringfence_core::scope::ScopeSet;
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use ringfence_core::user::Username;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

const SCOPES: &str = "interaction-content:read users:read stats";
const SINCE: &str = "2026-03-01T00:00:00Z";
const UNTIL: &str = "2026-03-08T00:00:00Z";
const LONGEST_WAIT_MS: u64 = 5_000;

/// Flags of the demo.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Address and port to listen on [default: a free port of 127.0.0.1]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// End after the walk instead of staying up
    #[arg(long)]
    once: bool,
}

/// Runs the walk, and stays up until SIGINT or SIGTERM.
pub(crate) async fn run(mut shell: Shell, args: DemoArgs) -> anyhow::Result<Done> {
    // Without a folder of the caller's, everything goes away with the demo.
    let temporary = if shell.data_dir_given {
        None
    } else {
        Some(tempfile::tempdir()?)
    };
    if let Some(folder) = &temporary {
        shell.config.data_dir = folder.path().to_owned();
    }
    let listen = args
        .listen
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    apply(
        &mut shell.config,
        ServeArgs {
            listen: Some(listen),
            ..ServeArgs::default()
        },
    );
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let server = Server::start(&shell).await?;
    let ctx = server.ctx.clone();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = spawn(
        "server",
        server.serve(async move {
            // A demo that failed drops its end, which is as good a word.
            let _ = stopped.await;
        }),
    );
    let walked = Box::pin(walk(&shell, &ctx)).await;
    if walked.is_ok() && !args.once {
        shell.say("\nThe server stays up; Ctrl-C ends it.");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    // The receiver is gone only if the server has ended, which is what is asked for.
    let _ = stop.send(());
    serving.await?.context("the server ended")??;
    walked?;
    Ok(Done::Clean)
}

async fn walk(shell: &Shell, ctx: &Ctx) -> anyhow::Result<()> {
    let url = ctx.settings.public_url.clone();
    shell.say(format!(
        "1. A server is up at {url}; its data is in {}",
        shell.config.data_dir.display()
    ));

    let account = sample::people(ctx).await?;
    let folder = sample::calls(&shell.config.data_dir)?;
    let report = recordings_import(
        ctx,
        &Actor::command_line(),
        account.id,
        &folder,
        &mut |_| {},
    )
    .await?;
    shell.say(format!(
        "2. Account {} has {} calls of one week, {} of them recorded (two channels, synthesised speech)",
        account.name, report.interactions_new, report.items_new
    ));

    let widgets = vbc_sample::vbc_sample(ctx, &shell.config.data_dir).await?;
    shell.say(vbc_sample::told(&widgets));

    let made = credential(ctx).await?;
    let (id, secret) = (
        made.credential.id.to_string(),
        made.secret.expose().to_owned(),
    );
    shell.say(format!(
        "3. Sam Lee, an admin, makes an API credential for {SCOPES}"
    ));
    shell.say(format!("     client_id      {id}\n     client_secret  {secret}   (shown once; only a digest is kept)"));
    shell.say(format!(
        "   A token by hand:\n     curl -X POST {url}/Auth/connect/token -H 'content-type: application/x-www-form-urlencoded' \\\n       -d 'grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=interaction-content%3Aread'"
    ));

    let collect = connection::open(shell).await?;
    let name = connect(&collect, &url, &id, &secret).await?;
    let guarded = Guarded::new(&collect, &url, &id, &secret)?;
    let n_visible = guarded.calls().await?;
    shell.say(format!(
        "4. With a token of it, a call through the gateway lists {n_visible} calls with content"
    ));

    let refused_ms = take_away_and_give_back(ctx, &collect, &guarded).await?;
    // A client that was refused asks again only when it is started anew.
    let again = Guarded::new(&collect, &url, &id, &secret)?;
    again
        .calls()
        .await
        .context("a new token works once the owner is enabled")?;
    shell.say(format!(
        "5. Sam is disabled: the token is refused {refused_ms} ms later. Sam is enabled again: a new token works"
    ));

    let failed = check(shell, &collect, &name).await?;
    let report = run_collection(&collect, &name).await?;
    say_report(shell, &report);
    let doors = doors(shell, ctx, &url).await?;
    shell.say(format!(
        "\n   The corpus for analysts:\n     {}",
        shell.config.data_dir.join("corpus/acme").display()
    ));
    shell.say(format!(
        "   What programs ask:\n     curl {url}/Auth/.well-known/openid-configuration\n     curl {url}/metrics"
    ));
    if shell.json {
        shell.print_json(&json!({
            "url": url,
            "portal_url": doors.admin,
            "developer": vbc_sample::DEVELOPER,
            "developer_password": doors.developer_password.expose(),
            "vbc_admin_url": doors.vbc_admin,
            "data_dir": shell.config.data_dir,
            "client_id": id,
            "calls_visible": n_visible,
            "refused_after_ms": refused_ms,
            "checks_failed": failed,
            "collection": report.to_json(),
        }));
    }
    Ok(())
}

/// How the reader becomes somebody of the sample.
struct Doors {
    admin: String,
    developer_password: Secret<String>,
    vbc_admin: String,
}

/// Opens the doors of both portals, and says where they are.
async fn doors(shell: &Shell, ctx: &Ctx, url: &str) -> anyhow::Result<Doors> {
    let doors = Doors {
        admin: portal_link(ctx, url, (sample::ACCOUNT, sample::OWNER)).await?,
        developer_password: vbc_sample::developer_sample(ctx).await?,
        vbc_admin: portal_link(ctx, url, (vbc_sample::VBC_ACCOUNT, vbc_sample::VBC_ADMIN)).await?,
    };
    shell.say(format!(
        "\n8. Now you are Sam. Choose a password and look around in the Admin Portal; the link works once:\n     {}",
        doors.admin
    ));
    shell.say(format!(
        "9. Or you are {}, who builds an application for widgets; docs/developers.md goes on from here:\n     {url}/devportal   password {}",
        vbc_sample::DEVELOPER,
        doors.developer_password.expose()
    ));
    shell.say(format!(
        "   Who allows it to act is {}; choose a password:\n     {}",
        vbc_sample::VBC_ADMIN,
        doors.vbc_admin
    ));
    Ok(doors)
}

/// A one-time link by which the reader becomes a sample admin.
async fn portal_link(
    ctx: &Ctx,
    url: &str,
    (account, username): (&str, &str),
) -> anyhow::Result<String> {
    let account = AccountName::parse(account)?;
    let admin = user_show(ctx, &account, &Username::parse(username)?).await?;
    let link = invite_link(ctx, &Actor::command_line(), admin.id, false).await?;
    Ok(format!("{url}/invite/{}", link.expose()))
}

async fn credential(ctx: &Ctx) -> anyhow::Result<NewSecret> {
    let new = NewCredential {
        owner: Some(Username::parse(sample::OWNER)?),
        name: CredentialName::parse("demo")?,
        scopes: ScopeSet::parse(SCOPES)?,
        token_alg: None,
        token_ttl_secs: None,
        networks: Vec::new(),
        expires_at: None,
        secret_expires_at: None,
    };
    let account = AccountName::parse(sample::ACCOUNT)?;
    let made = credential_create(ctx, &Actor::command_line(), &account, new).await?;
    // The server of this process is woken at once; its snapshot is a few milliseconds behind.
    let id = made.credential.id;
    wait_until(ctx, || ctx.directory.look().credential(id).is_some()).await?;
    Ok(made)
}

async fn connect(
    collect: &CollectCtx,
    url: &str,
    id: &str,
    secret: &str,
) -> anyhow::Result<ConnectionName> {
    let name = ConnectionName::parse(sample::ACCOUNT)?;
    let new = NewConnection {
        name: name.clone(),
        place: Place::Url(url.parse()?),
        client_id: id.to_owned(),
        client_secret: Secret::new(secret.to_owned()),
        owner: Some(sample::OWNER.to_owned()),
    };
    connection_add(collect, &new).await?;
    Ok(name)
}

/// A client program with a token.
struct Guarded {
    upstream: Upstream,
    search: Request,
}

impl Guarded {
    fn new(collect: &CollectCtx, url: &str, id: &str, secret: &str) -> anyhow::Result<Self> {
        let hosts = Place::Url(url.parse()?).hosts()?;
        let line = Line::new(
            collect,
            hosts,
            id.to_owned(),
            Secret::new(secret.to_owned()),
        )?;
        let search = Request::new(Api::Content, &["interaction-content", "interactions"])
            .with("start", SINCE)
            .with("end", UNTIL)
            .with("limit", "1000");
        Ok(Self {
            upstream: Upstream::new(collect, &line, &["interaction-content:read"])?,
            search,
        })
    }

    /// How many calls with content it may see.
    async fn calls(&self) -> anyhow::Result<usize> {
        let read = |body: &[u8]| serde_json::from_slice::<Value>(body).ok();
        let listing = self.upstream.get_json(&self.search, read).await?;
        Ok(listing["items"].as_array().map_or(0, Vec::len))
    }
}

/// Disables the owner, waits for the first refusal, and enables them again. Gives the milliseconds in between.
async fn take_away_and_give_back(
    ctx: &Ctx,
    collect: &CollectCtx,
    guarded: &Guarded,
) -> anyhow::Result<u64> {
    let actor = Actor::command_line();
    let account = account_show(ctx, &AccountName::parse(sample::ACCOUNT)?).await?;
    let owner = Username::parse(sample::OWNER)?;
    let active = |active| UserEdit {
        active: Some(active),
        ..UserEdit::default()
    };
    let user = user_set(ctx, &actor, &account.name, &owner, active(false)).await?;
    let began_ms = collect.clock.monotonic_ms();
    let refused_ms = loop {
        let elapsed_ms = collect.clock.monotonic_ms() - began_ms;
        if guarded.calls().await.is_err() {
            break elapsed_ms;
        }
        anyhow::ensure!(
            elapsed_ms < LONGEST_WAIT_MS,
            "the token still works after {elapsed_ms} ms"
        );
    };
    user_set(ctx, &actor, &account.name, &owner, active(true)).await?;
    wait_until(ctx, || {
        ctx.directory.look().user(user.id).is_some_and(|u| u.active)
    })
    .await?;
    Ok(refused_ms)
}

async fn check(
    shell: &Shell,
    collect: &CollectCtx,
    name: &ConnectionName,
) -> anyhow::Result<usize> {
    let lines = connection_check(collect, name).await?;
    let count = |result| lines.iter().filter(|line| line.result == result).count();
    shell.say(format!(
        "6. The handoff checklist checks itself: {} lines pass, {} fail, {} cannot be known from here",
        count(CheckResult::Pass),
        count(CheckResult::Fail),
        count(CheckResult::Unknown)
    ));
    for line in lines.iter().filter(|line| line.result != CheckResult::Pass) {
        shell.say(format!("     {}: {}", line.result.as_str(), line.title));
    }
    Ok(count(CheckResult::Fail))
}

async fn run_collection(collect: &CollectCtx, name: &ConnectionName) -> anyhow::Result<RunReport> {
    let options = RunOptions {
        since: Some(Timestamp::parse(SINCE)?),
        until: Some(Timestamp::parse(UNTIL)?),
        ..RunOptions::default()
    };
    Ok(collect_run(collect, name, &options).await?)
}

fn say_report(shell: &Shell, report: &RunReport) {
    let tally = report.tally;
    shell.say(format!(
        "7. A collection lists {} recordings: {} fetched and verified, {} refused, {} failed; it is {}",
        tally.listed,
        tally.fetched,
        tally.refused,
        tally.failed,
        if report.balanced { "balanced" } else { "NOT balanced" }
    ));
    for gap in &report.gaps {
        shell.say(format!(
            "     no recording of {}: {} ({})",
            gap.guid, gap.reason, gap.detail
        ));
    }
}

async fn wait_until(ctx: &Ctx, ready: impl Fn() -> bool) -> anyhow::Result<()> {
    let began_ms = ctx.clock.monotonic_ms();
    while !ready() {
        anyhow::ensure!(
            ctx.clock.monotonic_ms() - began_ms < LONGEST_WAIT_MS,
            "the server does not follow its store"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
