//! Groups of users.

use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::id::{AccountId, GroupId};
use ringfence_core::user::Group;
use ringfence_store::db::Tx;
use ringfence_store::groups as store;

const LONGEST_NAME: usize = 100;
// vcc-api §15.8 gives 10 s as the default; wrap-up has none, so a minute.
const DEFAULT_UNEXPECTED_SECS: u32 = 10;
const DEFAULT_WRAP_UP_SECS: u32 = 60;
const FIRST_DISPLAY_ID: i64 = 101;

/// The account's group of that name, made when it is not there.
///
/// # Errors
/// [`Error::Invalid`] when the name is empty, too long or holds control characters.
pub(crate) async fn group_ensure(
    ctx: &Ctx,
    tx: &mut Tx,
    account_id: AccountId,
    name: &str,
) -> Result<Group, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        return Err(Error::Invalid(format!(
            "a group name has 1 to {LONGEST_NAME} characters without control characters"
        )));
    }
    if let Some(group) = store::group_find_by_name(tx, account_id, name).await? {
        return Ok(group);
    }
    let display_id = FIRST_DISPLAY_ID + store::group_count(tx, account_id).await?;
    let group = Group {
        id: GroupId::new(ctx.now(), &*ctx.random),
        account_id,
        display_id: display_id.to_string(),
        name: name.to_owned(),
        max_unexpected_secs: DEFAULT_UNEXPECTED_SECS,
        max_wrap_up_secs: DEFAULT_WRAP_UP_SECS,
    };
    store::group_insert(tx, &group).await?;
    Ok(group)
}
