//! The sample account of VBC: two locations, twelve people, and extensions with their numbers and devices; and a developer.

use anyhow::Context as _;
use ringfence_app::accounts::{NewAccount, account_create};
use ringfence_app::context::{Actor, Ctx};
use ringfence_app::developers::{NewDeveloper, developer_create};
use ringfence_app::import::provisioning::provisioning_import;
use ringfence_core::account::{Account, AccountKind, AccountName, Region, TokenAlg};
use ringfence_core::developer::DeveloperName;
use ringfence_core::secret::{Handle, Secret};
use std::path::Path;

/// The account of the sample, whose number is 4711.
pub(super) const VBC_ACCOUNT: &str = "widgets";
/// Its Account Administrator, without a password.
pub(super) const VBC_ADMIN: &str = "pat.example";

const ENTRIES: &[u8] = include_bytes!("../../../../demo/widgets.jsonl");

/// Makes the account and loads its entries, as `ringfence import provisioning` does.
pub(super) async fn vbc_sample(ctx: &Ctx, data_dir: &Path) -> anyhow::Result<Account> {
    let actor = Actor::command_line();
    let new = NewAccount {
        name: AccountName::parse(VBC_ACCOUNT)?,
        region: Region::Nam,
        kind: AccountKind::Vbc,
        token_alg: TokenAlg::Rs256,
    };
    let account = account_create(ctx, &actor, new).await?;
    let file = data_dir.join("demo-widgets.jsonl");
    std::fs::write(&file, ENTRIES).with_context(|| format!("cannot write {}", file.display()))?;
    provisioning_import(ctx, &actor, account.id, &file).await?;
    Ok(account)
}

/// The sample developer.
pub(super) const DEVELOPER: &str = "dana.api";

/// Makes the developer, and gives the password made for them.
pub(super) async fn developer_sample(ctx: &Ctx) -> anyhow::Result<Secret<String>> {
    let password = Secret::new(Handle::generate(&*ctx.random).expose().to_owned());
    let new = NewDeveloper {
        username: DeveloperName::parse(DEVELOPER)?,
        name: "Dana Dev".to_owned(),
        email: "dana@software.example".to_owned(),
        company: "Example Software".to_owned(),
        password: Some(password.clone()),
    };
    developer_create(ctx, &Actor::command_line(), new).await?;
    Ok(password)
}

/// What the walk says of it.
pub(super) fn told(account: &Account) -> String {
    format!(
        "   Beside it, the VBC account {} has two locations, twelve people and their extensions; {VBC_ADMIN} administers it",
        account.name
    )
}
