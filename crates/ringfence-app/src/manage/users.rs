//! People of an account, for its admins. Supervisors and agents do not know of the area.
//!
//! An operator is changed by operators only: whoever could change one, or give one a new password, would be one.
//! Nobody disables, locks or demotes themselves, so an account keeps an admin.

use super::slice::Slice;
use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use crate::paging::{Page, PageRequest};
use crate::sign_in::link::invite_link;
use crate::users::{self as acts, NewUser, UserEdit, UserVersion};
use ringfence_core::credential::Credential;
use ringfence_core::id::UserId;
use ringfence_core::scope::ScopeSet;
use ringfence_core::secret::Secret;
use ringfence_core::user::{Role, User};
use ringfence_store::credentials::search::{CredentialSearch, SortBy, Whose, credential_search};
use ringfence_store::db::Tx;
use ringfence_store::user_search as store;
pub use ringfence_store::user_search::{UserSearch, UserSort, UserState};
use ringfence_store::{groups, users};

/// Most credentials of one person that are looked at.
pub const MOST_CREDENTIALS: u32 = 500;

/// A person with everything around them.
#[derive(Clone, Debug)]
pub struct UserDetail {
    /// The person.
    pub user: User,
    /// The names of their groups.
    pub groups: Vec<String>,
    /// Their credentials, by name.
    pub credentials: Vec<OwnCredential>,
    /// The version that an edit names.
    pub version: UserVersion,
}

/// A credential of somebody, and what it may do now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnCredential {
    /// The credential, without its secrets.
    pub credential: Credential,
    /// The scopes it holds that the owner's licence allows; none when the owner may not act or it has run out.
    pub works: ScopeSet,
}

/// A page of people with numbers.
///
/// # Errors
/// [`Error::NotFound`] for who is no admin of the account.
pub async fn user_page(
    ctx: &Ctx,
    caller: &Caller,
    search: &UserSearch,
    page: PageRequest,
) -> Result<Page<User>, Error> {
    caller.require_admin()?;
    let id = caller.account.id;
    let mut tx = ctx.db.begin_read().await?;
    let total = store::user_search_count(&mut tx, id, search).await?;
    let found = store::user_search(&mut tx, id, search, page.offset(), page.limit()).await?;
    Ok(page.page(found, total))
}

/// People by user name, after a user name.
///
/// # Errors
/// [`Error::NotFound`] for who is no admin of the account.
pub async fn user_list(
    ctx: &Ctx,
    caller: &Caller,
    search: &UserSearch,
    limit: u32,
) -> Result<Slice<User>, Error> {
    caller.require_admin()?;
    let mut tx = ctx.db.begin_read().await?;
    let found = store::user_search(&mut tx, caller.account.id, search, 0, limit + 1).await?;
    let key = |user: &User| user.username.as_str().to_owned();
    Ok(Slice::cut(found, limit, key))
}

/// One person.
///
/// # Errors
/// [`Error::NotFound`] when the account has none, or the caller is no admin of it.
pub async fn user_show(ctx: &Ctx, caller: &Caller, id: UserId) -> Result<UserDetail, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let user = user_known(&mut tx, caller, id).await?;
    let mut names = Vec::with_capacity(user.groups.len());
    for group in &user.groups {
        let group = groups::group_find(&mut tx, user.account_id, *group).await?;
        names.extend(group.map(|group| group.name));
    }
    names.sort();
    let credentials = credentials_of(ctx, &mut tx, &user).await?;
    Ok(UserDetail {
        version: UserVersion::of(&user),
        user,
        groups: names,
        credentials,
    })
}

/// Makes a person.
///
/// # Errors
/// [`Error::NotFound`] for who is no admin of the account; [`Error::Forbidden`] when somebody else would make an operator;
/// [`Error::Conflict`] when the user name or agent id is taken.
pub async fn user_create(ctx: &Ctx, caller: &Caller, new: NewUser) -> Result<User, Error> {
    caller.require_admin()?;
    if new.operator && !caller.is_operator() {
        return Err(operators_only());
    }
    acts::user_create(ctx, &caller.actor(), &caller.account.name, new).await
}

/// Changes a person. Archiving or locking ends every token of their credentials for good.
///
/// # Errors
/// [`Error::NotFound`] when the account has none, or the caller is no admin of it; [`Error::Forbidden`] when it takes an
/// operator; [`Error::Conflict`] when the caller would lock themselves out; [`Error::Stale`] when another version is there.
pub async fn user_edit(
    ctx: &Ctx,
    caller: &Caller,
    id: UserId,
    edit: UserEdit,
) -> Result<User, Error> {
    let before = {
        let mut tx = ctx.db.begin_read().await?;
        user_known(&mut tx, caller, id).await?
    };
    edit_allowed(caller, &before, &edit)?;
    acts::user_edit(ctx, &caller.actor(), id, edit).await
}

/// Lets those pass who may change that person, or let them in anew.
///
/// # Errors
/// As [`user_edit`].
pub async fn user_changeable(ctx: &Ctx, caller: &Caller, id: UserId) -> Result<User, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let user = user_known(&mut tx, caller, id).await?;
    edit_allowed(caller, &user, &UserEdit::default())?;
    Ok(user)
}

/// Makes a link, shown once, by which that person sets their password; with `forget`, their second factors are removed.
///
/// # Errors
/// As [`user_edit`]; [`Error::Conflict`] when they could not sign in.
pub async fn user_invite(
    ctx: &Ctx,
    caller: &Caller,
    id: UserId,
    forget: bool,
) -> Result<(User, Secret<String>), Error> {
    if id == caller.user.id {
        // It would ask for neither the old password nor a code.
        return Err(Error::Forbidden(
            "change your own password and devices on your own page".to_owned(),
        ));
    }
    let user = user_changeable(ctx, caller, id).await?;
    let handle = invite_link(ctx, &caller.actor(), id, forget).await?;
    let link = format!("{}/invite/{}", ctx.settings.public_url, handle.expose());
    Ok((user, Secret::new(link)))
}

/// The person of that id in the account that the caller looks at.
pub(super) async fn user_known(tx: &mut Tx, caller: &Caller, id: UserId) -> Result<User, Error> {
    caller.require_admin()?;
    let found = users::user_find(tx, id).await?;
    found
        .filter(|user| user.account_id == caller.account.id)
        .ok_or_else(|| Error::NotFound("user".to_owned()))
}

pub(super) async fn credentials_of(
    ctx: &Ctx,
    tx: &mut Tx,
    user: &User,
) -> Result<Vec<OwnCredential>, Error> {
    let search = CredentialSearch {
        account_id: user.account_id,
        whose: Whose::One(user.id),
        text: "",
        sort: SortBy::Name,
        descending: false,
        after: "",
    };
    let lines = credential_search(tx, &search, 0, MOST_CREDENTIALS).await?;
    let now = ctx.now();
    let own = |credential: Credential| OwnCredential {
        works: if credential.expired(now) {
            ScopeSet::EMPTY
        } else {
            works_for(user, credential.scopes)
        },
        credential,
    };
    Ok(lines.into_iter().map(|line| own(line.credential)).collect())
}

/// The scopes of a credential of that person that work.
pub(super) fn works_for(user: &User, scopes: ScopeSet) -> ScopeSet {
    if user.may_act() {
        scopes.intersection(ScopeSet::of_licence(user.role))
    } else {
        ScopeSet::EMPTY
    }
}

fn edit_allowed(caller: &Caller, before: &User, edit: &UserEdit) -> Result<(), Error> {
    let makes_operator = edit
        .operator
        .is_some_and(|operator| operator != before.operator);
    if (before.operator || makes_operator) && !caller.is_operator() {
        return Err(operators_only());
    }
    if before.id != caller.user.id {
        return Ok(());
    }
    let leaves = edit.active == Some(false)
        || edit.locked == Some(true)
        || edit.role.is_some_and(|role| role != Role::Admin)
        || edit.operator == Some(false) && before.operator;
    if leaves {
        return Err(Error::Conflict(
            "nobody takes their own rights away; ask another administrator".to_owned(),
        ));
    }
    Ok(())
}

fn operators_only() -> Error {
    Error::Forbidden("only an operator makes or changes an operator".to_owned())
}
