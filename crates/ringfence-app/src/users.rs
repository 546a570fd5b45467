//! People: made, listed, changed, disabled.

use crate::accounts::account_show;
use crate::context::{Actor, Change, Ctx};
use crate::error::Error;
use crate::groups::group_ensure;
use crate::password::password_hash;
use crate::provisioning::numbers::{person_make, person_rename};
use crate::token::grant::end::password_grants_end;
use ringfence_core::account::AccountName;
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::permission::Permission;
use ringfence_core::secret::Secret;
use ringfence_core::user::{AgentNumber, Line, PermissionOverrides, Role, User, Username};
use ringfence_store::db::{self, Tx};
use ringfence_store::feed::{FeedKind, feed_lock};
use ringfence_store::sessions::session_end_others;
use ringfence_store::sign_in::links::link_revoke;
use ringfence_store::{groups, users as store};
use serde_json::json;

const PAGE: u32 = 1_000;
const LONGEST_NAME: usize = 200;
const MOST_LINES: usize = 10_000;

/// What a new person is made from.
#[derive(Debug)]
pub struct NewUser {
    /// Their unique name.
    pub username: Username,
    /// How people call them.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Role and licence.
    pub role: Role,
    /// Their number when they act as an agent.
    pub agent: Option<AgentNumber>,
    /// Their password, if they may sign in with one.
    pub password: Option<Secret<String>>,
    /// Whether they run the installation.
    pub operator: bool,
}

/// What to change of a person; what is `None` stays.
#[derive(Debug, Default)]
pub struct UserEdit {
    /// Their unique name.
    pub username: Option<Username>,
    /// How people call them.
    pub name: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Role and licence.
    pub role: Option<Role>,
    /// Their number; it can be given once.
    pub agent: Option<AgentNumber>,
    /// Archived or not.
    pub active: Option<bool>,
    /// Locked or not.
    pub locked: Option<bool>,
    /// Runs the installation or not.
    pub operator: Option<bool>,
    /// Feature permissions to set by hand.
    pub permissions: Vec<(Permission, bool)>,
    /// Feature permissions to let follow the role again.
    pub permissions_default: Vec<Permission>,
    /// Exactly the lines they may reach.
    pub lines: Option<Vec<Line>>,
    /// Exactly the groups they belong to, by name; missing ones are made.
    pub groups: Option<Vec<String>>,
    /// A new password.
    pub password: Option<Secret<String>>,
    /// The version that the edit is of; `None` edits whatever is there.
    pub expected: Option<UserVersion>,
}

/// A version of a person: another one whenever anything that can be edited differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserVersion(pub String);

impl UserVersion {
    /// The version of a person as they are.
    #[must_use]
    pub fn of(user: &User) -> Self {
        // To sign in is no edit.
        let stable = User {
            last_login_at: None,
            ..user.clone()
        };
        let digest = ContentDigest::of(format!("{stable:?}").as_bytes()).to_string();
        Self(digest.chars().take(16).collect())
    }
}

/// Makes a person.
///
/// # Errors
/// [`Error::Conflict`] when the user name or agent number is taken; [`Error::NotFound`] when the account does not exist.
pub async fn user_create(
    ctx: &Ctx,
    actor: &Actor,
    account: &AccountName,
    new: NewUser,
) -> Result<User, Error> {
    let account = account_show(ctx, account).await?;
    let hash = match &new.password {
        Some(password) => Some(password_hash(&*ctx.random, password.clone()).await?),
        None => None,
    };
    let mut tx = ctx.db.begin_write().await?;
    let user = user_make(ctx, &mut tx, actor, (account.id, new)).await?;
    store::user_password_set(&mut tx, user.id, hash.as_deref()).await?;
    ctx.commit(tx).await?;
    Ok(user)
}

/// Makes a person within a transaction, without a password.
pub(crate) async fn user_make(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    (account_id, new): (AccountId, NewUser),
) -> Result<User, Error> {
    check_text("name", &new.name)?;
    check_text("e-mail address", &new.email)?;
    let user = User {
        id: UserId::new(ctx.now(), &*ctx.random),
        account_id,
        username: new.username,
        name: new.name,
        email: new.email,
        role: new.role,
        active: true,
        locked: false,
        operator: new.operator,
        agent: new.agent,
        permissions: PermissionOverrides::default(),
        lines: Vec::new(),
        groups: Vec::new(),
        readable_groups: Vec::new(),
        epoch: 0,
        created_at: ctx.now(),
        last_login_at: None,
    };
    taken(store::user_insert(tx, &user).await)?;
    person_make(tx, &user).await?;
    let detail = json!({"role": user.role.as_str(), "operator": user.operator});
    ctx.record(tx, change(&user, "user.create", detail, actor))
        .await?;
    Ok(user)
}

/// An account's people, by user name.
///
/// # Errors
/// [`Error::NotFound`] when the account does not exist.
pub async fn user_list(ctx: &Ctx, account: &AccountName) -> Result<Vec<User>, Error> {
    let account = account_show(ctx, account).await?;
    let mut tx = ctx.db.begin_read().await?;
    let mut users = Vec::new();
    let mut after = String::new();
    loop {
        let page = store::user_list(&mut tx, account.id, &after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(users);
        };
        after = last.username.as_str().to_owned();
        users.extend(page);
    }
}

/// One person.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that name.
pub async fn user_show(
    ctx: &Ctx,
    account: &AccountName,
    username: &Username,
) -> Result<User, Error> {
    let account = account_show(ctx, account).await?;
    let mut tx = ctx.db.begin_read().await?;
    let user = store::user_find_by_username(&mut tx, account.id, username).await?;
    user.ok_or_else(|| Error::NotFound(format!("user {}", username.as_str())))
}

/// The names of a person's groups.
///
/// # Errors
/// The store broke off.
pub async fn user_group_names(ctx: &Ctx, user: &User) -> Result<Vec<String>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let mut names = Vec::new();
    for id in &user.groups {
        if let Some(group) = groups::group_find(&mut tx, user.account_id, *id).await? {
            names.push(group.name);
        }
    }
    Ok(names)
}

/// Changes a person. Archiving or locking ends every token of their credentials for good.
///
/// # Errors
/// [`Error::NotFound`] when there is none; [`Error::Conflict`] when an agent number is taken or was given before.
pub async fn user_set(
    ctx: &Ctx,
    actor: &Actor,
    account: &AccountName,
    username: &Username,
    edit: UserEdit,
) -> Result<User, Error> {
    let user = user_show(ctx, account, username).await?;
    user_edit(ctx, actor, user.id, edit).await
}

/// Changes the person of that id, as [`user_set`].
///
/// # Errors
/// As [`user_set`].
pub async fn user_edit(
    ctx: &Ctx,
    actor: &Actor,
    id: UserId,
    mut edit: UserEdit,
) -> Result<User, Error> {
    let hash = match edit.password.take() {
        Some(password) => Some(password_hash(&*ctx.random, password).await?),
        None => None,
    };
    let mut tx = ctx.db.begin_write().await?;
    let user = user_change(ctx, &mut tx, actor, id, (&edit, hash.as_deref())).await?;
    ctx.commit(tx).await?;
    Ok(user)
}

/// Changes a person within a transaction.
pub(crate) async fn user_change(
    ctx: &Ctx,
    tx: &mut Tx,
    actor: &Actor,
    id: UserId,
    (edit, hash): (&UserEdit, Option<&str>),
) -> Result<User, Error> {
    // Of two edits at the same moment, the second sees what the first did.
    feed_lock(tx).await?;
    let found = store::user_find(tx, id).await?;
    let before = found.ok_or_else(|| Error::NotFound("user".to_owned()))?;
    if edit
        .expected
        .as_ref()
        .is_some_and(|expected| *expected != UserVersion::of(&before))
    {
        return Err(Error::Stale);
    }
    let mut user = edited(&before, edit)?;
    if let Some(names) = &edit.groups {
        user.groups.clear();
        for name in names {
            user.groups
                .push(group_ensure(ctx, tx, user.account_id, name).await?.id);
        }
        user.groups.sort_unstable();
        user.groups.dedup();
        groups::user_groups_set(tx, user.id, &user.groups).await?;
    }
    if let Some(hash) = hash {
        store::user_password_set(tx, user.id, Some(hash)).await?;
        // Whoever signed in with the old one, or holds a link to set another, is out.
        session_end_others(tx, user.id, None).await?;
        password_grants_end(ctx, tx, user.id, actor).await?;
        link_revoke(tx, user.id).await?;
    }
    if (user.operator && !before.operator) || user.epoch != before.epoch {
        // A link made for them when they were less, or before they were shut out, opens nothing now.
        link_revoke(tx, user.id).await?;
    }
    if user == before && hash.is_none() {
        return Ok(user);
    }
    taken(store::user_update(tx, &user).await)?;
    if user.name != before.name {
        person_rename(tx, &user).await?;
    }
    let detail = difference(&before, &user, hash.is_some());
    ctx.record(tx, change(&user, "user.set", detail, actor))
        .await?;
    Ok(user)
}

/// The person as an edit makes them, but for groups.
pub(crate) fn edited(before: &User, edit: &UserEdit) -> Result<User, Error> {
    let mut user = before.clone();
    if let Some(username) = &edit.username {
        user.username.clone_from(username);
    }
    if let Some(name) = &edit.name {
        check_text("name", name)?;
        user.name.clone_from(name);
    }
    if let Some(email) = &edit.email {
        check_text("e-mail address", email)?;
        user.email.clone_from(email);
    }
    user.role = edit.role.unwrap_or(user.role);
    user.active = edit.active.unwrap_or(user.active);
    user.locked = edit.locked.unwrap_or(user.locked);
    user.operator = edit.operator.unwrap_or(user.operator);
    match (&user.agent, &edit.agent) {
        (Some(old), Some(new)) if old != new => {
            return Err(Error::Conflict(
                "an agent id can be given once and not changed".to_owned(),
            ));
        }
        (_, Some(new)) => user.agent = Some(new.clone()),
        (_, None) => {}
    }
    for (permission, value) in &edit.permissions {
        user.permissions.set(*permission, *value);
    }
    for permission in &edit.permissions_default {
        user.permissions.clear(*permission);
    }
    if let Some(lines) = &edit.lines {
        if lines.len() > MOST_LINES {
            return Err(Error::Invalid(format!(
                "a user can reach at most {MOST_LINES} lines"
            )));
        }
        user.lines.clone_from(lines);
        user.lines.sort();
        user.lines.dedup();
    }
    // A stay or a token from before somebody ran the installation must not run it.
    let is_promoted = user.operator && !before.operator;
    if before.may_act() && !user.may_act() || is_promoted {
        user.epoch += 1;
    }
    Ok(user)
}

// Says what changed without names, addresses or numbers of people.
fn difference(before: &User, after: &User, password: bool) -> serde_json::Value {
    json!({
        "role": after.role.as_str(),
        "active": after.active,
        "locked": after.locked,
        "operator": after.operator,
        "permissions_yes": after.permissions.yes.bits(),
        "permissions_no": after.permissions.no.bits(),
        "lines_changed": before.lines != after.lines,
        "groups_changed": before.groups != after.groups,
        "password_changed": password,
    })
}

fn check_text(what: &str, text: &str) -> Result<(), Error> {
    if text.is_empty() || text.chars().count() > LONGEST_NAME || text.chars().any(char::is_control)
    {
        return Err(Error::Invalid(format!(
            "the {what} has 1 to {LONGEST_NAME} characters without control characters"
        )));
    }
    Ok(())
}

fn taken<T>(done: Result<T, db::Error>) -> Result<T, Error> {
    match done {
        Err(db::Error::Duplicate) => Err(Error::Conflict(
            "a user of that user name or agent id exists in the account".to_owned(),
        )),
        done => Ok(done?),
    }
}

fn change<'c>(
    user: &User,
    act: &'static str,
    detail: serde_json::Value,
    actor: &'c Actor,
) -> Change<'c> {
    Change {
        kind: FeedKind::User,
        account_id: Some(user.account_id),
        act,
        subject: user.id.to_string(),
        detail,
        actor,
    }
}
