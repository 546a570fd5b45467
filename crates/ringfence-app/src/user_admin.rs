//! People as programs see them: the User Admin API's acts, within the caller's own account (vcc-api §15).
//!
//! A list that is put replaces the whole list. Whoever is of another account is not found.

use crate::contents::caller;
use crate::context::{Change, Ctx};
use crate::directory::rights::Live;
use crate::error::Error;
use crate::paging::{Page, PageRequest};
use crate::users::{NewUser, UserEdit, user_change, user_make};
use ringfence_core::id::UserId;
use ringfence_core::profile::Profile;
use ringfence_core::user::{AgentNumber, Line, User, Username};
use ringfence_store::db::Tx;
use ringfence_store::feed::FeedKind;
use ringfence_store::users as store;
use serde_json::{Map, Value, json};

/// Most users or list entries of a page.
pub const LARGEST_PAGE: u32 = 5_000;

/// A person with the rest of their object.
#[derive(Debug)]
pub struct AdminUser {
    /// The person.
    pub user: User,
    /// What is kept for callers.
    pub profile: Profile,
}

/// How to find one person.
#[derive(Debug)]
pub enum UserKey {
    /// By id.
    Id(UserId),
    /// By user name.
    Username(Username),
    /// By the number they have as an agent.
    Agent(AgentNumber),
}

/// The account's people by user name: all, or those that are active or archived.
///
/// # Errors
/// The store cannot be read.
pub async fn admin_user_page(
    ctx: &Ctx,
    live: &Live,
    active: Option<bool>,
    page: PageRequest,
) -> Result<Page<AdminUser>, Error> {
    let account_id = live.account.id;
    let mut tx = ctx.db.begin_read().await?;
    let total = store::user_count(&mut tx, account_id, active).await?;
    let rows = store::user_page(&mut tx, account_id, active, page.offset(), page.limit()).await?;
    let items = rows.into_iter().map(|(user, profile)| AdminUser {
        user,
        profile: Profile::parse(&profile),
    });
    Ok(page.page(items.collect(), total))
}

/// One person of the account.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn admin_user_show(ctx: &Ctx, live: &Live, key: &UserKey) -> Result<AdminUser, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let user = admin_user_find(&mut tx, live, key).await?;
    let profile = Profile::parse(&store::user_profile(&mut tx, user.id).await?);
    Ok(AdminUser { user, profile })
}

/// Makes a person; `object` is the whole User Admin object, of which the rest is kept.
///
/// # Errors
/// [`Error::Invalid`] when a field is wrong; [`Error::Conflict`] when the user name or agent id is taken.
pub async fn admin_user_create(
    ctx: &Ctx,
    live: &Live,
    new: NewUser,
    object: &Map<String, Value>,
    edit: UserEdit,
) -> Result<AdminUser, Error> {
    let mut profile = Profile::default();
    profile.merge(object).map_err(Error::invalid)?;
    let actor = caller(live);
    let mut tx = ctx.db.begin_write().await?;
    let made = user_make(ctx, &mut tx, &actor, (live.account.id, new)).await?;
    let user = user_change(ctx, &mut tx, &actor, made.id, (&edit, None)).await?;
    check_agent(&user, &profile)?;
    store::user_profile_set(&mut tx, user.id, &profile.to_text()).await?;
    ctx.commit(tx).await?;
    Ok(AdminUser { user, profile })
}

/// Changes a person; what `edit` and `object` do not name stays.
///
/// # Errors
/// [`Error::NotFound`] when there is none; [`Error::Invalid`] when a field is wrong; [`Error::Conflict`] when the user
/// name or agent id is taken, or an agent id was given before.
pub async fn admin_user_edit(
    ctx: &Ctx,
    live: &Live,
    id: UserId,
    object: &Map<String, Value>,
    edit: UserEdit,
) -> Result<AdminUser, Error> {
    let actor = caller(live);
    let mut tx = ctx.db.begin_write().await?;
    let found = admin_user_find(&mut tx, live, &UserKey::Id(id)).await?;
    changeable(live, &found)?;
    let mut profile = Profile::parse(&store::user_profile(&mut tx, found.id).await?);
    profile.merge(object).map_err(Error::invalid)?;
    let user = user_change(ctx, &mut tx, &actor, found.id, (&edit, None)).await?;
    check_agent(&user, &profile)?;
    store::user_profile_set(&mut tx, user.id, &profile.to_text()).await?;
    ctx.commit(tx).await?;
    Ok(AdminUser { user, profile })
}

/// Lets a person reach exactly these lines.
///
/// # Errors
/// [`Error::NotFound`] when there is none; [`Error::Invalid`] when there are too many lines.
pub async fn admin_lines_put(
    ctx: &Ctx,
    live: &Live,
    id: UserId,
    lines: Vec<Line>,
) -> Result<User, Error> {
    let edit = UserEdit {
        lines: Some(lines),
        ..UserEdit::default()
    };
    admin_rights_edit(ctx, live, id, edit).await
}

/// Changes what a person may do or reach.
///
/// # Errors
/// As [`admin_lines_put`].
pub async fn admin_rights_edit(
    ctx: &Ctx,
    live: &Live,
    id: UserId,
    edit: UserEdit,
) -> Result<User, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let found = admin_user_find(&mut tx, live, &UserKey::Id(id)).await?;
    changeable(live, &found)?;
    let user = user_change(ctx, &mut tx, &caller(live), found.id, (&edit, None)).await?;
    ctx.commit(tx).await?;
    Ok(user)
}

// Whoever could rename, lock or disable an operator could become one, or keep one out.
fn changeable(live: &Live, user: &User) -> Result<(), Error> {
    let by_operator = live.owner.as_ref().is_some_and(|owner| owner.operator);
    if user.operator && !by_operator {
        return Err(Error::Forbidden(
            "only an operator changes an operator".to_owned(),
        ));
    }
    Ok(())
}

/// The person of the account whom a key names.
pub(crate) async fn admin_user_find(
    tx: &mut Tx,
    live: &Live,
    key: &UserKey,
) -> Result<User, Error> {
    let account_id = live.account.id;
    let found = match key {
        UserKey::Id(id) => store::user_find(tx, *id)
            .await?
            .filter(|user| user.account_id == account_id),
        UserKey::Username(name) => store::user_find_by_username(tx, account_id, name).await?,
        UserKey::Agent(agent) => store::user_find_by_agent(tx, account_id, agent).await?,
    };
    found.ok_or_else(|| Error::NotFound("user".to_owned()))
}

/// Writes the lines of a change to a person into feed and audit trail.
pub(crate) async fn record_user(
    ctx: &Ctx,
    tx: &mut Tx,
    live: &Live,
    (id, act): (UserId, &'static str),
    n_groups: usize,
) -> Result<(), Error> {
    let change = Change {
        kind: FeedKind::User,
        account_id: Some(live.account.id),
        act,
        subject: id.to_string(),
        detail: json!({"groups": n_groups}),
        actor: &caller(live),
    };
    ctx.record(tx, change).await
}

fn check_agent(user: &User, profile: &Profile) -> Result<(), Error> {
    if profile.flag("actAsAgent") == Some(true) && user.agent.is_none() {
        return Err(Error::Invalid(
            "agentDisplayId must be given when actAsAgent becomes true".to_owned(),
        ));
    }
    Ok(())
}
