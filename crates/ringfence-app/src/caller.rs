//! Who asks the portals and the Management API: a person, as the directory has them at this moment.
//!
//! There are two ways to be one: a stay after signing in, and a token with a management scope, which acts for the
//! owner of its credential. Everything in [`crate::manage`] takes a [`Caller`] and asks it what it may do.

use crate::accounts::account_show;
use crate::context::{Actor, Ctx};
use crate::directory::follow::look_again;
use crate::directory::snapshot::UserRights;
use crate::error::Error;
use crate::gateway::Admitted;
use ringfence_core::account::{Account, AccountName, AccountStatus};
use ringfence_core::id::{AccountId, CredentialId, SessionId, UserId};
use ringfence_core::scope::{Scope, ScopeSet};
use ringfence_core::user::{Role, Username};
use ringfence_store::users::user_names;
use std::sync::Arc;

/// A person who may act now.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Their rights.
    pub user: Arc<UserRights>,
    /// The account they belong to.
    pub home: Arc<Account>,
    /// The account they look at: their own, or another one that an operator has opened.
    pub account: Arc<Account>,
    /// Their user name.
    pub username: Username,
    /// How people call them.
    pub name: String,
    /// How they proved who they are.
    pub via: Via,
}

/// How a caller proved who they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Via {
    /// They signed in.
    Session(SessionId),
    /// A token of a credential of theirs.
    Token {
        /// The credential.
        credential_id: CredentialId,
        /// The scopes in force.
        scopes: ScopeSet,
    },
}

impl Caller {
    /// Who they are in the audit trail: `user:ID`, or `credential:ID` for a program.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self.via {
            Via::Session(_) => Actor(format!("user:{}", self.user.id)),
            Via::Token { credential_id, .. } => Actor(format!("credential:{credential_id}")),
        }
    }

    /// Whether they run the installation.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.user.operator
    }

    /// Their role in the account they look at. An operator who looks at another account than their own counts as an admin there.
    #[must_use]
    pub fn role(&self) -> Role {
        if self.account.id == self.home.id {
            self.user.role
        } else {
            Role::Admin
        }
    }

    /// Whether they may change anything: a token needs `management:write`.
    #[must_use]
    pub fn may_write(&self) -> bool {
        match self.via {
            Via::Session(_) => true,
            Via::Token { scopes, .. } => scopes.contains(Scope::ManagementWrite),
        }
    }

    /// Lets admins of the account they look at pass.
    ///
    /// # Errors
    /// [`Error::NotFound`]: for anybody else the thing is not there.
    pub fn require_admin(&self) -> Result<(), Error> {
        match self.role() {
            Role::Admin => Ok(()),
            Role::Supervisor | Role::Agent | Role::Wallboard => Err(not_there()),
        }
    }

    /// Lets those pass who run the installation.
    ///
    /// # Errors
    /// [`Error::NotFound`]: for anybody else the thing is not there.
    pub fn require_operator(&self) -> Result<(), Error> {
        if self.is_operator() {
            Ok(())
        } else {
            Err(not_there())
        }
    }

    /// The same caller looking at the account of that name: their own, or any for an operator.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none that they may look at.
    pub async fn at_account(&self, ctx: &Ctx, name: &AccountName) -> Result<Self, Error> {
        if self.account.name == *name {
            return Ok(self.clone());
        }
        let account = if self.home.name == *name {
            Arc::clone(&self.home)
        } else if self.is_operator() {
            Arc::new(account_show(ctx, name).await?)
        } else {
            return Err(Error::NotFound(format!("account {name}")));
        };
        Ok(Self {
            account,
            ..self.clone()
        })
    }
}

/// The caller behind an admitted token with a management scope.
///
/// # Errors
/// [`Error::Forbidden`] when the token's credential acts for no person.
pub async fn caller_of_token(ctx: &Ctx, admitted: &Admitted) -> Result<Caller, Error> {
    let live = &admitted.live;
    let Some(owner) = &live.owner else {
        return Err(Error::Forbidden(
            "an account-level credential cannot use the Management API".to_owned(),
        ));
    };
    let via = Via::Token {
        credential_id: live.credential.id,
        scopes: admitted.scopes,
    };
    caller_named(ctx, Arc::clone(owner), &live.account, via).await
}

/// The person of that id with their account, when they may act now.
///
/// # Errors
/// [`Error::Unauthenticated`] when they may not; [`Error::Unavailable`] while rights are too old to be trusted.
pub(crate) async fn person_live(
    ctx: &Ctx,
    id: UserId,
) -> Result<(Arc<UserRights>, Arc<Account>), Error> {
    let staleness_ms = ctx.directory.staleness_ms(ctx.clock.monotonic_ms());
    if staleness_ms > ctx.settings.max_staleness_ms {
        return Err(Error::Unavailable(
            "rights cannot be checked at the moment; try again".to_owned(),
        ));
    }
    match person_seen(ctx, id) {
        Some(person) => Ok(person),
        // Somebody made or enabled a moment ago, on another node.
        None if look_again(ctx).await => person_seen(ctx, id).ok_or(Error::Unauthenticated),
        None => Err(Error::Unauthenticated),
    }
}

/// Adds the names that the directory does not hold.
///
/// # Errors
/// [`Error::Unauthenticated`] when the person is gone.
pub(crate) async fn caller_named(
    ctx: &Ctx,
    user: Arc<UserRights>,
    home: &Arc<Account>,
    via: Via,
) -> Result<Caller, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let (username, name) = user_names(&mut tx, user.id)
        .await?
        .ok_or(Error::Unauthenticated)?;
    Ok(Caller {
        user,
        home: Arc::clone(home),
        account: Arc::clone(home),
        username,
        name,
        via,
    })
}

/// The account of that id, as the directory has it.
pub(crate) fn account_seen(ctx: &Ctx, id: AccountId) -> Option<Arc<Account>> {
    ctx.directory.look().account(id).cloned()
}

fn person_seen(ctx: &Ctx, id: UserId) -> Option<(Arc<UserRights>, Arc<Account>)> {
    let snapshot = ctx.directory.look();
    let user = snapshot.user(id).filter(|u| u.active && !u.locked)?;
    let account = snapshot
        .account(user.account_id)
        .filter(|a| a.status == AccountStatus::Active)?;
    Some((Arc::clone(user), Arc::clone(account)))
}

fn not_there() -> Error {
    Error::NotFound("page".to_owned())
}
