//! API credentials as people manage them: vcc-api §4.1 to the letter.
//!
//! An admin sees everybody's, edits their own and the account's, deletes any. A supervisor knows of their own only. For
//! everybody else the area does not exist. [`effective`] says what a credential can do now, [`checklist`] whether it is
//! ready for a partner, [`secrets`] and [`handover`] how its secrets come and go. A little longer than other files: one
//! rule, `acts_of`, and everything that asks it.

pub mod checklist;
mod content;
pub mod effective;
pub mod handover;
pub mod rules;
pub mod secrets;
pub mod usage;

use crate::caller::Caller;
use crate::context::Ctx;
use crate::credentials as acts;
use crate::credentials::{CredentialEdit, NewCredential};
use crate::error::Error;
use crate::manage::slice::Slice;
use crate::paging::{Page, PageRequest};
use handover::{Delivery, Made};
use ringfence_core::credential::{Credential, CredentialName, Network, Owner};
use ringfence_core::id::{CredentialId, UserId};
use ringfence_core::scope::{Scope, ScopeSet};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{Role, Username};
use ringfence_store::credentials::search::{
    CredentialLine, CredentialSearch, SortBy, Whose, account_level_exists, credential_search,
    credential_search_count,
};
use ringfence_store::credentials::{self as store};
use ringfence_store::db::Tx;
use ringfence_store::users;

/// A person as others see them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonName {
    /// Their id.
    pub id: UserId,
    /// Their user name.
    pub username: Username,
    /// How people call them.
    pub name: String,
}

/// What the caller may do to a credential they can see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acts {
    /// Change name, scopes, networks, lives and secrets.
    pub edit: bool,
    /// Delete it.
    pub delete: bool,
}

/// A line of the list.
#[derive(Clone, Debug)]
pub struct Line {
    /// The credential, without its secrets.
    pub credential: Credential,
    /// Its owner; `None` for an account-level one.
    pub owner: Option<(Username, String)>,
    /// Its last use.
    pub last_used_at: Option<Timestamp>,
    /// What the caller may do to it.
    pub acts: Acts,
}

/// Which credentials to list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tab {
    /// Those of people.
    #[default]
    Users,
    /// The deprecated ones of the account itself.
    Accounts,
}

/// In which order to list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// By the owner's name.
    Owner,
    /// By when it was made.
    Created,
    /// By when it was last used.
    LastUse,
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    /// Which tab.
    pub tab: Tab,
    /// Only the caller's own.
    pub mine: bool,
    /// A part of the name, client id, owner or scope.
    pub text: String,
    /// The order.
    pub order: Order,
    /// From the last to the first.
    pub descending: bool,
}

/// A page of the list, and what surrounds it.
#[derive(Debug)]
pub struct Listed {
    /// The page.
    pub page: Page<Line>,
    /// Whether the caller has a tab *Accounts*.
    pub accounts_tab: bool,
    /// Whether the caller may create.
    pub may_create: bool,
}

/// A credential that the caller may see.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The credential.
    pub credential: Credential,
    /// Its owner; `None` for an account-level one.
    pub owner: Option<PersonName>,
    /// What the caller may do to it.
    pub acts: Acts,
}

/// What a person makes a new credential from.
#[derive(Debug)]
pub struct NewOwn {
    /// What people call it.
    pub name: CredentialName,
    /// The scopes it may ask for.
    pub scopes: ScopeSet,
    /// Networks it may be used from; empty means any.
    pub networks: Vec<Network>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

/// The scopes on offer for a new credential: those the caller's own licence allows.
///
/// # Errors
/// [`Error::NotFound`] when the area does not exist for the caller; [`Error::Forbidden`] in another account than their
/// own.
pub fn scopes_on_offer(caller: &Caller) -> Result<ScopeSet, Error> {
    area_enter(caller)?;
    create_check(caller)?;
    Ok(ScopeSet::of_licence(caller.role()))
}

/// The scopes that may be added to a credential the caller may edit.
#[must_use]
pub fn scopes_to_add(caller: &Caller, shown: &Shown) -> ScopeSet {
    let licence = ScopeSet::of_licence(caller.role());
    match shown.credential.owner {
        Owner::User(_) => licence,
        // The Management API asks who the person is, and there is none.
        Owner::Account => licence.difference(
            ScopeSet::EMPTY
                .with(Scope::ManagementRead)
                .with(Scope::ManagementWrite),
        ),
    }
}

/// A page of the credentials the caller may see.
///
/// # Errors
/// [`Error::NotFound`] when the area or the tab does not exist for the caller.
pub async fn credential_list(
    ctx: &Ctx,
    caller: &Caller,
    request: &ListRequest,
    page: PageRequest,
) -> Result<Listed, Error> {
    area_enter(caller)?;
    let admin = caller.role() == Role::Admin;
    let mut tx = ctx.db.begin_read().await?;
    let accounts_tab = admin && account_level_exists(&mut tx, caller.account.id).await?;
    let whose = match request.tab {
        Tab::Accounts if accounts_tab => Whose::Account,
        Tab::Accounts => return Err(Error::NotFound("page".to_owned())),
        Tab::Users if admin && !request.mine => Whose::Users,
        Tab::Users => Whose::One(caller.user.id),
    };
    let search = CredentialSearch {
        account_id: caller.account.id,
        whose,
        text: request.text.trim(),
        sort: match request.order {
            Order::Name => SortBy::Name,
            Order::Owner => SortBy::Owner,
            Order::Created => SortBy::Created,
            Order::LastUse => SortBy::LastUse,
        },
        descending: request.descending,
        after: "",
    };
    let total = credential_search_count(&mut tx, &search).await?;
    let found = credential_search(&mut tx, &search, page.offset(), page.limit()).await?;
    let lines = found.into_iter().map(|found| line(caller, found)).collect();
    Ok(Listed {
        page: page.page(lines, total),
        accounts_tab,
        may_create: may_create(caller),
    })
}

/// The credentials the caller may see, in the order they were made, after an id. With `owner`, only that person's.
///
/// # Errors
/// [`Error::NotFound`] when the area does not exist for the caller.
pub async fn credential_slice(
    ctx: &Ctx,
    caller: &Caller,
    request: &ListRequest,
    after: &str,
    limit: u32,
) -> Result<Slice<Line>, Error> {
    area_enter(caller)?;
    let admin = caller.role() == Role::Admin;
    let whose = match request.tab {
        Tab::Accounts if admin => Whose::Account,
        Tab::Accounts => return Err(Error::NotFound("page".to_owned())),
        Tab::Users if admin && !request.mine => Whose::Users,
        Tab::Users => Whose::One(caller.user.id),
    };
    let search = CredentialSearch {
        account_id: caller.account.id,
        whose,
        text: request.text.trim(),
        sort: SortBy::Id,
        descending: false,
        after,
    };
    let mut tx = ctx.db.begin_read().await?;
    let found = credential_search(&mut tx, &search, 0, limit.saturating_add(1)).await?;
    let lines = found.into_iter().map(|found| line(caller, found)).collect();
    Ok(Slice::cut(lines, limit, |line: &Line| {
        line.credential.id.to_string()
    }))
}

/// One credential.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller may know of.
pub async fn credential_show(ctx: &Ctx, caller: &Caller, id: CredentialId) -> Result<Shown, Error> {
    let mut tx = ctx.db.begin_read().await?;
    seen(&mut tx, caller, id).await
}

/// Makes a credential of the caller's own, and hands its secret over as asked. A request that has made one already, by
/// its nonce, makes no second.
///
/// # Errors
/// [`Error::Forbidden`] in an account that is not the caller's own; [`Error::Invalid`] when their licence does not allow
/// a scope.
pub async fn credential_create(
    ctx: &Ctx,
    caller: &Caller,
    new: NewOwn,
    delivery: &Delivery,
    nonce: Option<&str>,
) -> Result<Made, Error> {
    area_enter(caller)?;
    write_check(caller)?;
    create_check(caller)?;
    if new.scopes.is_empty() {
        return Err(Error::Invalid("choose at least one scope".to_owned()));
    }
    if new.expires_at.is_some_and(|at| at <= ctx.now()) {
        return Err(Error::Invalid(
            "the credential would have expired already; choose a later day".to_owned(),
        ));
    }
    let new = NewCredential {
        owner: Some(caller.username.clone()),
        name: new.name,
        scopes: new.scopes,
        token_alg: None,
        token_ttl_secs: None,
        networks: new.networks,
        expires_at: new.expires_at,
        secret_expires_at: None,
    };
    let mut tx = ctx.db.begin_write().await?;
    if let Some(made) = handover::made_before(&mut tx, caller, nonce).await? {
        return Ok(made);
    }
    let actor = caller.actor();
    let secret = acts::credential_make(ctx, &mut tx, &actor, &caller.account, new).await?;
    let made = handover::deliver(ctx, &mut tx, caller, (secret, nonce), delivery).await?;
    ctx.commit(tx).await?;
    Ok(made)
}

/// Edits a credential of the caller's own, or one of the account's when they are an admin.
///
/// # Errors
/// [`Error::Forbidden`] when it is somebody else's; [`Error::Stale`] when it has changed since it was read.
pub async fn credential_edit(
    ctx: &Ctx,
    caller: &Caller,
    id: CredentialId,
    edit: CredentialEdit,
) -> Result<Credential, Error> {
    edit_check(ctx, caller, id).await?;
    if edit.scopes.is_some_and(ScopeSet::is_empty) {
        return Err(Error::Invalid("choose at least one scope".to_owned()));
    }
    match acts::credential_edit(ctx, &caller.actor(), id, edit).await {
        // Between the look and the write: the same as a version that is not the one read.
        Err(Error::Conflict(_)) => Err(Error::Stale),
        outcome => outcome,
    }
}

/// Deletes a credential, with every secret and every token.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller may know of.
pub async fn credential_delete(
    ctx: &Ctx,
    caller: &Caller,
    id: CredentialId,
) -> Result<Credential, Error> {
    let shown = credential_show(ctx, caller, id).await?;
    write_check(caller)?;
    if shown.acts.delete {
        acts::credential_delete(ctx, &caller.actor(), id).await
    } else {
        Err(not_owner(&shown))
    }
}

/// The credential, when the caller may edit it.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller may know of; [`Error::Forbidden`] when it is somebody else's.
pub async fn edit_check(ctx: &Ctx, caller: &Caller, id: CredentialId) -> Result<Shown, Error> {
    let shown = credential_show(ctx, caller, id).await?;
    write_check(caller)?;
    if shown.acts.edit {
        Ok(shown)
    } else {
        Err(not_owner(&shown))
    }
}

/// The credential, when the caller may know of it.
pub(super) async fn seen(tx: &mut Tx, caller: &Caller, id: CredentialId) -> Result<Shown, Error> {
    area_enter(caller)?;
    let not_found = || Error::NotFound(format!("credential {id}"));
    let credential = store::credential_find(tx, id).await?;
    let credential = credential
        .filter(|c| c.account_id == caller.account.id)
        .ok_or_else(not_found)?;
    let owner = match credential.owner {
        Owner::Account => None,
        Owner::User(id) => users::user_names(tx, id)
            .await?
            .map(|(username, name)| PersonName { id, username, name }),
    };
    let own = credential.owner == Owner::User(caller.user.id);
    if caller.role() != Role::Admin && !own {
        return Err(not_found());
    }
    Ok(Shown {
        acts: acts_of(caller, credential.owner),
        credential,
        owner,
    })
}

/// For whom the area exists (vcc-api §4.1).
pub(super) fn area_enter(caller: &Caller) -> Result<(), Error> {
    match caller.role() {
        Role::Admin | Role::Supervisor => Ok(()),
        Role::Agent | Role::Wallboard => Err(Error::NotFound("page".to_owned())),
    }
}

fn write_check(caller: &Caller) -> Result<(), Error> {
    if caller.may_write() {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "the token lacks the scope management:write".to_owned(),
        ))
    }
}

fn may_create(caller: &Caller) -> bool {
    caller.account.id == caller.home.id
}

fn create_check(caller: &Caller) -> Result<(), Error> {
    if may_create(caller) {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "an API credential belongs to a user of the account it is made in; sign in as a user of {} to make one there",
        caller.account.name
    )))
}

fn acts_of(caller: &Caller, owner: Owner) -> Acts {
    let admin = caller.role() == Role::Admin;
    match owner {
        // It reads all content of the account, which is not for an operator from elsewhere (decision 0019).
        Owner::Account => Acts {
            edit: admin && caller.account.id == caller.home.id,
            delete: admin,
        },
        Owner::User(id) => Acts {
            edit: id == caller.user.id,
            delete: admin || id == caller.user.id,
        },
    }
}

fn not_owner(shown: &Shown) -> Error {
    if shown.credential.owner == Owner::Account {
        return Error::Forbidden(
            "only an admin of the account can change this credential, because it acts for the whole account; you can delete it"
                .to_owned(),
        );
    }
    let owner = shown.owner.as_ref();
    let owner = owner.map_or("its owner", |owner| owner.name.as_str());
    Error::Forbidden(format!(
        "only {owner} can change this credential, because it acts with their rights; you can delete it"
    ))
}

fn line(caller: &Caller, found: CredentialLine) -> Line {
    Line {
        acts: acts_of(caller, found.credential.owner),
        credential: found.credential,
        owner: found.owner,
        last_used_at: found.last_used_at,
    }
}
