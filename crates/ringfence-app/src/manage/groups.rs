//! Groups of users, for the admins of an account.

use super::slice::Slice;
use crate::caller::Caller;
use crate::context::{Ctx, Note};
use crate::error::Error;
use crate::groups::group_ensure;
use crate::paging::{Page, PageRequest};
use ringfence_core::id::GroupId;
use ringfence_core::user::{Group, Member};
use ringfence_store::{groups, memberships, user_search};
use serde_json::json;

/// A group and how many active members it has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupLine {
    /// The group.
    pub group: Group,
    /// Its active members.
    pub n_members: u64,
}

/// Groups whose name holds a text, by name, after a name.
///
/// # Errors
/// [`Error::NotFound`] for who is no admin of the account.
pub async fn group_list(
    ctx: &Ctx,
    caller: &Caller,
    text: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Slice<GroupLine>, Error> {
    caller.require_admin()?;
    let mut tx = ctx.db.begin_read().await?;
    let wanted = (text, after.unwrap_or_default());
    let found = user_search::group_search(&mut tx, caller.account.id, wanted, limit + 1).await?;
    let lines = found
        .into_iter()
        .map(|(group, n_members)| GroupLine { group, n_members })
        .collect();
    let key = |line: &GroupLine| line.group.name.clone();
    Ok(Slice::cut(lines, limit, key))
}

/// One group.
///
/// # Errors
/// [`Error::NotFound`] when the account has none, or the caller is no admin of it.
pub async fn group_show(ctx: &Ctx, caller: &Caller, id: GroupId) -> Result<GroupLine, Error> {
    caller.require_admin()?;
    let mut tx = ctx.db.begin_read().await?;
    let found = groups::group_find(&mut tx, caller.account.id, id).await?;
    let group = found.ok_or_else(|| Error::NotFound("group".to_owned()))?;
    let n_members = memberships::member_count(&mut tx, id).await?.unsigned_abs();
    Ok(GroupLine { group, n_members })
}

/// The active people who belong to a group, by user name.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such group, or the caller is no admin of it.
pub async fn group_members(
    ctx: &Ctx,
    caller: &Caller,
    id: GroupId,
    page: PageRequest,
) -> Result<Page<Member>, Error> {
    caller.require_admin()?;
    let mut tx = ctx.db.begin_read().await?;
    let found = groups::group_find(&mut tx, caller.account.id, id).await?;
    found.ok_or_else(|| Error::NotFound("group".to_owned()))?;
    let total = memberships::member_count(&mut tx, id).await?;
    let members = memberships::member_page(&mut tx, id, page.offset(), page.limit()).await?;
    Ok(page.page(members, total))
}

/// Makes a group.
///
/// # Errors
/// [`Error::NotFound`] for who is no admin of the account; [`Error::Invalid`] when the name is not good;
/// [`Error::Conflict`] when it is taken.
pub async fn group_create(ctx: &Ctx, caller: &Caller, name: &str) -> Result<Group, Error> {
    caller.require_admin()?;
    let account_id = caller.account.id;
    let mut tx = ctx.db.begin_write().await?;
    if groups::group_find_by_name(&mut tx, account_id, name.trim())
        .await?
        .is_some()
    {
        return Err(Error::Conflict("a group of that name exists".to_owned()));
    }
    let group = group_ensure(ctx, &mut tx, account_id, name).await?;
    let note = Note {
        account_id: Some(account_id),
        act: "group.create",
        subject: group.id.to_string(),
        detail: json!({"name": group.name}),
        actor: &caller.actor(),
    };
    ctx.note(&mut tx, note).await?;
    tx.commit().await?;
    Ok(group)
}
