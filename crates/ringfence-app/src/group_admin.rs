//! Groups as programs see them: who belongs to them, and who may reach them (vcc-api §15.7, §15.8).

use crate::context::Ctx;
use crate::directory::rights::Live;
use crate::error::Error;
use crate::paging::{Page, PageRequest};
use crate::user_admin::{UserKey, admin_user_find, record_user};
use ringfence_core::id::{GroupId, UserId};
use ringfence_core::user::{Group, GroupAccess, Member, User};
use ringfence_store::db::Tx;
use ringfence_store::{groups as store, memberships};
use std::collections::BTreeSet;

/// Most entries of a list that is put.
pub const LONGEST_LIST: usize = 10_000;

/// The account's groups, by name.
///
/// # Errors
/// The store cannot be read.
pub async fn group_list(ctx: &Ctx, live: &Live, page: PageRequest) -> Result<Page<Group>, Error> {
    let account_id = live.account.id;
    let mut tx = ctx.db.begin_read().await?;
    let total = store::group_count(&mut tx, account_id).await?;
    let groups = store::group_page(&mut tx, account_id, page.offset(), page.limit()).await?;
    Ok(page.page(groups, total))
}

/// The active people who belong to a group, by user name.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such group.
pub async fn group_member_list(
    ctx: &Ctx,
    live: &Live,
    id: GroupId,
    page: PageRequest,
) -> Result<Page<Member>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    find(&mut tx, live, id).await?;
    let total = memberships::member_count(&mut tx, id).await?;
    let members = memberships::member_page(&mut tx, id, page.offset(), page.limit()).await?;
    Ok(page.page(members, total))
}

/// Makes exactly these people members of a group. Archived members, whom the list does not show, stay.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such group; [`Error::Invalid`] when the list is too long or names somebody
/// who is not an active person of the account.
pub async fn group_members_put(
    ctx: &Ctx,
    live: &Live,
    id: GroupId,
    users: &[UserId],
) -> Result<(), Error> {
    check_length(users.len())?;
    let mut tx = ctx.db.begin_write().await?;
    find(&mut tx, live, id).await?;
    let wanted: BTreeSet<UserId> = users.iter().copied().collect();
    let mut present = BTreeSet::new();
    for user_id in memberships::member_ids(&mut tx, id).await? {
        if wanted.contains(&user_id) || is_active(&mut tx, live, user_id).await? {
            present.insert(user_id);
        }
    }
    for user_id in wanted.difference(&present) {
        if !is_active(&mut tx, live, *user_id).await? {
            return Err(Error::Invalid(format!("user {user_id} does not exist")));
        }
        memberships::member_add(&mut tx, id, *user_id).await?;
    }
    for user_id in present.difference(&wanted) {
        memberships::member_remove(&mut tx, id, *user_id).await?;
    }
    for user_id in wanted.symmetric_difference(&present) {
        record_user(ctx, &mut tx, live, (*user_id, "user.groups"), 1).await?;
    }
    ctx.commit(tx).await
}

/// The groups that a person belongs to, by name.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such person.
pub async fn user_group_list(
    ctx: &Ctx,
    live: &Live,
    id: UserId,
    page: PageRequest,
) -> Result<(User, Page<Group>), Error> {
    let mut tx = ctx.db.begin_read().await?;
    let user = admin_user_find(&mut tx, live, &UserKey::Id(id)).await?;
    let mut groups = Vec::with_capacity(user.groups.len());
    for group_id in &user.groups {
        groups.extend(store::group_find(&mut tx, user.account_id, *group_id).await?);
    }
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((user, page.cut(groups)))
}

/// Makes a person a member of exactly these groups.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such person; [`Error::Invalid`] when the list is too long or names a group
/// the account does not have.
pub async fn user_groups_put(
    ctx: &Ctx,
    live: &Live,
    id: UserId,
    groups: &[GroupId],
) -> Result<(), Error> {
    check_length(groups.len())?;
    let mut tx = ctx.db.begin_write().await?;
    let user = admin_user_find(&mut tx, live, &UserKey::Id(id)).await?;
    check_groups(&mut tx, live, groups.iter().copied()).await?;
    store::user_groups_set(&mut tx, user.id, groups).await?;
    let act = (user.id, "user.groups");
    record_user(ctx, &mut tx, live, act, groups.len()).await?;
    ctx.commit(tx).await
}

/// The groups that a person may reach without belonging to them, by name.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such person.
pub async fn group_permission_list(
    ctx: &Ctx,
    live: &Live,
    id: UserId,
    page: PageRequest,
) -> Result<(User, Page<(Group, GroupAccess)>), Error> {
    let mut tx = ctx.db.begin_read().await?;
    let user = admin_user_find(&mut tx, live, &UserKey::Id(id)).await?;
    let mut groups = Vec::new();
    for (group_id, access) in memberships::group_access_list(&mut tx, user.id).await? {
        if let Some(group) = store::group_find(&mut tx, user.account_id, group_id).await? {
            groups.push((group, access));
        }
    }
    groups.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    Ok((user, page.cut(groups)))
}

/// Lets a person reach exactly these groups without belonging to them.
///
/// # Errors
/// As [`user_groups_put`].
pub async fn group_permissions_put(
    ctx: &Ctx,
    live: &Live,
    id: UserId,
    groups: &[(GroupId, GroupAccess)],
) -> Result<(), Error> {
    check_length(groups.len())?;
    let mut tx = ctx.db.begin_write().await?;
    let user = admin_user_find(&mut tx, live, &UserKey::Id(id)).await?;
    check_groups(&mut tx, live, groups.iter().map(|(id, _)| *id)).await?;
    memberships::group_access_set(&mut tx, user.id, groups).await?;
    let act = (user.id, "user.group_permissions");
    record_user(ctx, &mut tx, live, act, groups.len()).await?;
    ctx.commit(tx).await
}

async fn find(tx: &mut Tx, live: &Live, id: GroupId) -> Result<Group, Error> {
    let group = store::group_find(tx, live.account.id, id).await?;
    group.ok_or_else(|| Error::NotFound("group".to_owned()))
}

async fn is_active(tx: &mut Tx, live: &Live, id: UserId) -> Result<bool, Error> {
    match admin_user_find(tx, live, &UserKey::Id(id)).await {
        Ok(user) => Ok(user.active),
        Err(Error::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn check_groups(
    tx: &mut Tx,
    live: &Live,
    groups: impl Iterator<Item = GroupId>,
) -> Result<(), Error> {
    for id in groups {
        if store::group_find(tx, live.account.id, id).await?.is_none() {
            return Err(Error::Invalid(format!("group {id} does not exist")));
        }
    }
    Ok(())
}

fn check_length(n_entries: usize) -> Result<(), Error> {
    if n_entries > LONGEST_LIST {
        return Err(Error::Invalid(format!(
            "the list holds at most {LONGEST_LIST} entries"
        )));
    }
    Ok(())
}
