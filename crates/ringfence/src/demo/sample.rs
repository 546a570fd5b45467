//! The sample account of the demo: people, rights and nine calls, seven of them recorded.

use anyhow::Context as _;
use ringfence_app::accounts::{NewAccount, account_create};
use ringfence_app::context::{Actor, Ctx};
use ringfence_app::users::{NewUser, UserEdit, user_create, user_edit};
use ringfence_core::account::{Account, AccountKind, AccountName, Region, TokenAlg};
use ringfence_core::permission::Permission;
use ringfence_core::user::{AgentNumber, Line, Role, Username};
use std::path::{Path, PathBuf};

/// Who owns the demo's credential.
pub(super) const OWNER: &str = "sam.lee@acme.example";
/// The demo's account.
pub(super) const ACCOUNT: &str = "acme";

// Synthesised two-channel speech; demo/make-calls.py remakes it.
const FILES: [(&str, &[u8]); 8] = [
    (
        "manifest.csv",
        include_bytes!("../../../../demo/calls/manifest.csv"),
    ),
    (
        "0001.wav",
        include_bytes!("../../../../demo/calls/0001.wav"),
    ),
    (
        "0002.wav",
        include_bytes!("../../../../demo/calls/0002.wav"),
    ),
    (
        "0003.wav",
        include_bytes!("../../../../demo/calls/0003.wav"),
    ),
    (
        "0005.wav",
        include_bytes!("../../../../demo/calls/0005.wav"),
    ),
    (
        "0006.wav",
        include_bytes!("../../../../demo/calls/0006.wav"),
    ),
    (
        "0008.wav",
        include_bytes!("../../../../demo/calls/0008.wav"),
    ),
    (
        "0009.wav",
        include_bytes!("../../../../demo/calls/0009.wav"),
    ),
];

/// Makes the account and its people: an admin who may see everything, a supervisor, and an agent.
pub(super) async fn people(ctx: &Ctx) -> anyhow::Result<Account> {
    let actor = Actor::command_line();
    let new = NewAccount {
        name: AccountName::parse(ACCOUNT)?,
        region: Region::Emea,
        kind: AccountKind::Vcc,
        token_alg: TokenAlg::Rs256,
    };
    let account = account_create(ctx, &actor, new).await?;
    let people = [
        (
            OWNER,
            "Sam Lee",
            Role::Admin,
            "2041",
            ["Billing", "Sales"].as_slice(),
        ),
        (
            "robin.okafor@acme.example",
            "Robin Okafor",
            Role::Supervisor,
            "2043",
            ["Sales"].as_slice(),
        ),
        (
            "kim.diaz@acme.example",
            "Kim Diaz",
            Role::Agent,
            "2042",
            ["Sales"].as_slice(),
        ),
    ];
    for (username, name, role, agent, groups) in people {
        let new = NewUser {
            // Sam runs the demo's installation besides.
            operator: role == Role::Admin,
            username: Username::parse(username)?,
            name: name.to_owned(),
            email: username.to_owned(),
            role,
            agent: Some(AgentNumber::parse(agent)?),
            password: None,
        };
        let user = user_create(ctx, &actor, &account.name, new).await?;
        let mut edit = UserEdit {
            groups: Some(groups.iter().map(|g| (*g).to_owned()).collect()),
            ..UserEdit::default()
        };
        if role == Role::Admin {
            edit.permissions = vec![
                (Permission::ViewInboundContent, true),
                (Permission::ViewOutboundContent, true),
                (Permission::AccessGroupsContent, true),
            ];
            edit.lines = Some(vec![
                Line::parse("+441632960900")?,
                Line::parse("+441632960910")?,
            ]);
        }
        user_edit(ctx, &actor, user.id, edit).await?;
    }
    Ok(account)
}

/// Writes the calls and their manifest into a folder and gives it.
pub(super) fn calls(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let folder = data_dir.join("demo-calls");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    for (name, bytes) in FILES {
        let path = folder.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(folder)
}
