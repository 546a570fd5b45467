//! `ringfence user`: people, their licence, permissions, lines and groups.

use crate::failure::Done;
use crate::shell::{Shell, secret_from_stdin};
use clap::{Args, Subcommand};
use ringfence_app::context::{Actor, Ctx};
use ringfence_app::sign_in::link::invite_link;
use ringfence_app::users as app;
use ringfence_core::account::AccountName;
use ringfence_core::permission::{PERMISSIONS, Permission};
use ringfence_core::secret::Secret;
use ringfence_core::user::{AgentNumber, Line, Role, User, Username};
use serde_json::json;

const PERMISSION_HELP: &str = "Feature permissions: view-inbound-content, view-outbound-content, \
access-groups-content (agents' groups decide instead of lines), view-screen-recordings, delete-content, \
view-ivr-data, bulk-download. An admin sees inbound and outbound content unless told otherwise; nobody else does.";

/// People.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make a user
    Create(CreateArgs),
    /// List an account's users
    List(ListArgs),
    /// Show one user with permissions, lines and groups
    Show(WhoArgs),
    /// Change role, permissions, lines or groups; live tokens of the user's credentials follow within one second
    #[command(after_help = PERMISSION_HELP)]
    Set(SetArgs),
    /// Archive a user: their credentials and every token of them are refused within one second
    Disable(WhoArgs),
    /// Print a one-time link by which a user sets their password and is signed in; works for 24 hours
    Link(LinkArgs),
    /// Take a user out of the archive; tokens of the time before stay refused
    Enable(WhoArgs),
}

#[derive(Debug, Args)]
pub(crate) struct WhoArgs {
    /// The user's name
    #[arg(value_parser = Username::parse)]
    username: Username,
    /// The account
    #[arg(long, value_parser = AccountName::parse)]
    account: AccountName,
}

#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// Remove their authenticator app, recovery codes and passkeys at once, and end their sessions: they lost a device
    #[arg(long)]
    forget: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The account
    #[arg(long, value_parser = AccountName::parse)]
    account: AccountName,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// Role and licence: Admin, Supervisor, Agent or Wallboard
    #[arg(long, value_parser = Role::parse)]
    role: Role,
    /// How people call them [default: the user name]
    #[arg(long)]
    name: Option<String>,
    /// E-mail address [default: the user name]
    #[arg(long)]
    email: Option<String>,
    /// Their number when they act as an agent
    #[arg(long, value_parser = AgentNumber::parse)]
    agent_id: Option<AgentNumber>,
    /// Whether they run the installation: sees every account and the signing keys [default: no]
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    operator: Option<bool>,
    /// Read their password from standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    #[command(flatten)]
    who: WhoArgs,
    /// Role and licence: Admin, Supervisor, Agent or Wallboard
    #[arg(long, value_parser = Role::parse)]
    role: Option<Role>,
    /// How people call them
    #[arg(long)]
    name: Option<String>,
    /// E-mail address
    #[arg(long)]
    email: Option<String>,
    /// Their number; it can be given once
    #[arg(long, value_parser = AgentNumber::parse)]
    agent_id: Option<AgentNumber>,
    /// A feature permission, NAME=yes or NAME=no; may be repeated
    #[arg(long = "permission", value_name = "NAME=yes|no", value_parser = permission)]
    permissions: Vec<(Permission, bool)>,
    /// A line they may reach; may be repeated, and replaces the lines they had
    #[arg(long = "line", value_parser = Line::parse)]
    lines: Vec<Line>,
    /// Let them reach no line
    #[arg(long, conflicts_with = "lines")]
    no_lines: bool,
    /// A group they belong to, by name; may be repeated, and replaces the groups they had; a new name makes a group
    #[arg(long = "group")]
    groups: Vec<String>,
    /// Take them out of every group
    #[arg(long, conflicts_with = "groups")]
    no_groups: bool,
    /// Lock or unlock them
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    locked: Option<bool>,
    /// Whether they run the installation: sees every account and the signing keys
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    operator: Option<bool>,
    /// Read a new password from standard input
    #[arg(long)]
    password_stdin: bool,
}

/// Runs the command.
pub(crate) async fn run(shell: &Shell, command: UserCommand) -> anyhow::Result<Done> {
    let ctx = shell.open(None).await?;
    let actor = Actor::command_line();
    let switch = |active| app::UserEdit {
        active: Some(active),
        ..app::UserEdit::default()
    };
    let user = match command {
        UserCommand::List(args) => return list(shell, &ctx, &args.account).await,
        UserCommand::Create(args) => {
            let fallback = args.who.username.as_str().to_owned();
            let new = app::NewUser {
                username: args.who.username,
                name: args.name.unwrap_or_else(|| fallback.clone()),
                email: args.email.unwrap_or(fallback),
                role: args.role,
                agent: args.agent_id,
                password: password(args.password_stdin)?,
                operator: args.operator.unwrap_or(false),
            };
            app::user_create(&ctx, &actor, &args.who.account, new).await?
        }
        UserCommand::Link(args) => return link(shell, &ctx, &actor, &args).await,
        UserCommand::Show(who) => app::user_show(&ctx, &who.account, &who.username).await?,
        UserCommand::Set(args) => {
            let edit = app::UserEdit {
                username: None,
                name: args.name,
                email: args.email,
                role: args.role,
                agent: args.agent_id,
                active: None,
                locked: args.locked,
                operator: args.operator,
                permissions: args.permissions,
                lines: (args.no_lines || !args.lines.is_empty()).then_some(args.lines),
                groups: (args.no_groups || !args.groups.is_empty()).then_some(args.groups),
                password: password(args.password_stdin)?,
                ..app::UserEdit::default()
            };
            app::user_set(&ctx, &actor, &args.who.account, &args.who.username, edit).await?
        }
        UserCommand::Disable(who) => {
            app::user_set(&ctx, &actor, &who.account, &who.username, switch(false)).await?
        }
        UserCommand::Enable(who) => {
            app::user_set(&ctx, &actor, &who.account, &who.username, switch(true)).await?
        }
    };
    let groups = app::user_group_names(&ctx, &user).await?;
    print(shell, &user, &groups);
    Ok(Done::Clean)
}

async fn link(shell: &Shell, ctx: &Ctx, actor: &Actor, args: &LinkArgs) -> anyhow::Result<Done> {
    let user = app::user_show(ctx, &args.who.account, &args.who.username).await?;
    let token = invite_link(ctx, actor, user.id, args.forget).await?;
    let link = format!("{}/invite/{}", ctx.settings.public_url, token.expose());
    if shell.json {
        shell.print_json(&json!({"username": user.username.as_str(), "link": link}));
    }
    shell.say(link);
    Ok(Done::Clean)
}

async fn list(shell: &Shell, ctx: &Ctx, account: &AccountName) -> anyhow::Result<Done> {
    let mut rows = Vec::new();
    let mut views = Vec::new();
    for user in app::user_list(ctx, account).await? {
        let groups = app::user_group_names(ctx, &user).await?;
        rows.push(vec![
            user.username.as_str().to_owned(),
            user.role.as_str().to_owned(),
            state(&user).to_owned(),
            user.agent
                .as_ref()
                .map_or("", AgentNumber::as_str)
                .to_owned(),
            groups.join(", "),
            user.name.clone(),
        ]);
        views.push(view(&user, &groups));
    }
    shell.table(&["USER", "ROLE", "STATE", "AGENT", "GROUPS", "NAME"], &rows);
    if shell.json {
        shell.print_json(&serde_json::Value::Array(views));
    }
    Ok(Done::Clean)
}

fn print(shell: &Shell, user: &User, groups: &[String]) {
    if shell.json {
        shell.print_json(&view(user, groups));
        return;
    }
    let in_force = user.permissions_in_force();
    let lines = user.lines.iter().map(Line::as_str).collect::<Vec<_>>();
    let none = |text: String| {
        if text.is_empty() {
            "none".to_owned()
        } else {
            text
        }
    };
    let mut rows = vec![
        vec!["user".to_owned(), user.username.as_str().to_owned()],
        vec!["id".to_owned(), user.id.to_string()],
        vec!["name".to_owned(), user.name.clone()],
        vec!["role".to_owned(), user.role.as_str().to_owned()],
        vec!["state".to_owned(), state(user).to_owned()],
        vec![
            "agent id".to_owned(),
            none(
                user.agent
                    .as_ref()
                    .map_or("", AgentNumber::as_str)
                    .to_owned(),
            ),
        ],
        vec!["lines".to_owned(), none(lines.join(", "))],
        vec!["groups".to_owned(), none(groups.join(", "))],
    ];
    for info in &PERMISSIONS {
        let yes = if in_force.contains(info.permission) {
            "Yes"
        } else {
            "No"
        };
        rows.push(vec![info.name.to_owned(), yes.to_owned()]);
    }
    shell.table(&["", ""], &rows);
}

fn view(user: &User, groups: &[String]) -> serde_json::Value {
    let in_force = user.permissions_in_force();
    let permissions = PERMISSIONS
        .iter()
        .map(|i| (i.name.to_owned(), in_force.contains(i.permission).into()));
    json!({
        "id": user.id.to_string(),
        "username": user.username.as_str(),
        "name": user.name,
        "email": user.email,
        "role": user.role.as_str(),
        "active": user.active,
        "locked": user.locked,
        "operator": user.operator,
        "agent_id": user.agent.as_ref().map(AgentNumber::as_str),
        "permissions": permissions.collect::<serde_json::Map<_, _>>(),
        "lines": user.lines.iter().map(Line::as_str).collect::<Vec<_>>(),
        "groups": groups,
    })
}

const fn state(user: &User) -> &'static str {
    if !user.active {
        "archived"
    } else if user.locked {
        "locked"
    } else {
        "active"
    }
}

fn password(from_stdin: bool) -> anyhow::Result<Option<Secret<String>>> {
    if !from_stdin {
        return Ok(None);
    }
    Ok(Some(Secret::new(secret_from_stdin("password")?)))
}

fn permission(text: &str) -> Result<(Permission, bool), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=yes or NAME=no")?;
    Ok((
        Permission::parse_name(name).map_err(|e| e.to_string())?,
        yes_or_no(value)?,
    ))
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("write yes or no".to_owned()),
    }
}
