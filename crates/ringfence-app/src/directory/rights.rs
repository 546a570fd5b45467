//! What a credential may do at this moment: the one rule behind issuing a token and admitting a call.

use super::snapshot::{CredentialRights, Snapshot, UserRights};
use ringfence_core::account::{Account, AccountStatus};
use ringfence_core::application::{Application, ApplicationStatus};
use ringfence_core::credential::Owner;
use ringfence_core::id::{ApplicationId, CredentialId, UserId};
use ringfence_core::permission::PermissionSet;
use ringfence_core::scope::ScopeSet;
use ringfence_core::time::Timestamp;
use std::sync::Arc;

/// A credential that may act now, with everything its calls depend on.
#[derive(Clone, Debug)]
pub struct Live {
    /// The account it belongs to.
    pub account: Arc<Account>,
    /// The credential.
    pub credential: Arc<CredentialRights>,
    /// The person it acts for; `None` for a legacy account-level one.
    pub owner: Option<Arc<UserRights>>,
    /// The scopes it holds that the owner's licence still allows.
    pub scopes: ScopeSet,
    /// The sum of the epochs of account, owner and credential. Each only rises, so a token of another sum is stale.
    pub epoch: u64,
}

/// Why a credential may not act now.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Barred {
    /// There is no such credential.
    CredentialUnknown,
    /// The credential has run out.
    CredentialExpired,
    /// The account is suspended or gone.
    AccountSuspended,
    /// The owner is archived or gone.
    OwnerInactive,
    /// The owner is locked.
    OwnerLocked,
    /// There is no such application, or it has no keys any more.
    ApplicationUnknown,
    /// The application was suspended.
    ApplicationSuspended,
    /// The person an application acts for is archived or gone.
    UserInactive,
    /// The person an application acts for is locked.
    UserLocked,
}

/// An application that may act for a person now.
#[derive(Clone, Debug)]
pub struct LiveUser {
    /// The person's account.
    pub account: Arc<Account>,
    /// The person.
    pub user: Arc<UserRights>,
    /// The application.
    pub application: Arc<Application>,
    /// The sum of the epochs of account, person and application. Each only rises, so a token of another sum is stale.
    pub epoch: u64,
}

impl Snapshot {
    /// Whether a credential may act now, and with which scopes.
    ///
    /// # Errors
    /// It may not; the reason says which right is missing.
    pub fn live(&self, id: CredentialId, now: Timestamp) -> Result<Live, Barred> {
        let credential = self.credential(id).ok_or(Barred::CredentialUnknown)?;
        let account = self
            .account(credential.account_id)
            .ok_or(Barred::AccountSuspended)?;
        match account.status {
            AccountStatus::Active => {}
            AccountStatus::Suspended => return Err(Barred::AccountSuspended),
        }
        if credential.expires_at.is_some_and(|at| at <= now) {
            return Err(Barred::CredentialExpired);
        }
        let owner = match credential.owner {
            Owner::Account => None,
            Owner::User(user_id) => {
                let owner = self
                    .user(user_id)
                    .filter(|u| u.active)
                    .ok_or(Barred::OwnerInactive)?;
                if owner.locked {
                    return Err(Barred::OwnerLocked);
                }
                Some(Arc::clone(owner))
            }
        };
        let licensed = owner
            .as_ref()
            .map_or(credential.scopes, |o| ScopeSet::of_licence(o.role));
        let owner_epoch = owner.as_ref().map_or(0, |o| o.epoch);
        Ok(Live {
            scopes: credential.scopes.intersection(licensed),
            epoch: u64::from(account.epoch) + u64::from(owner_epoch) + u64::from(credential.epoch),
            account: Arc::clone(account),
            credential: Arc::clone(credential),
            owner,
        })
    }
}

impl Snapshot {
    /// An application that may act now, with its keys.
    ///
    /// # Errors
    /// It may not; the reason says why.
    pub fn live_application(&self, id: ApplicationId) -> Result<&Arc<Application>, Barred> {
        let application = self
            .application(id)
            .filter(|application| application.keys.is_some())
            .ok_or(Barred::ApplicationUnknown)?;
        match application.status {
            ApplicationStatus::Approved => Ok(application),
            ApplicationStatus::Suspended => Err(Barred::ApplicationSuspended),
        }
    }

    /// Whether an application may act for a person now.
    ///
    /// # Errors
    /// It may not; the reason says which right is missing.
    pub fn live_user(&self, id: ApplicationId, user_id: UserId) -> Result<LiveUser, Barred> {
        let application = self.live_application(id)?;
        let user = self
            .user(user_id)
            .filter(|user| user.active)
            .ok_or(Barred::UserInactive)?;
        if user.locked {
            return Err(Barred::UserLocked);
        }
        let account = self
            .account(user.account_id)
            .filter(|account| account.status == AccountStatus::Active)
            .ok_or(Barred::AccountSuspended)?;
        Ok(LiveUser {
            epoch: u64::from(account.epoch) + u64::from(user.epoch) + u64::from(application.epoch),
            account: Arc::clone(account),
            user: Arc::clone(user),
            application: Arc::clone(application),
        })
    }
}

impl Live {
    /// The feature permissions in force. A legacy account-level credential acts for the account and holds all.
    #[must_use]
    pub fn permissions(&self) -> PermissionSet {
        let all = PermissionSet::from_bits(u16::MAX);
        self.owner.as_ref().map_or(all, |owner| owner.permissions)
    }
}

impl Barred {
    /// The reason code in headers, logs and `docs/integrators.md`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CredentialUnknown => "credential_unknown",
            Self::CredentialExpired => "credential_expired",
            Self::AccountSuspended => "account_suspended",
            Self::OwnerInactive => "owner_inactive",
            Self::OwnerLocked => "owner_locked",
            Self::ApplicationUnknown => "application_unknown",
            Self::ApplicationSuspended => "application_suspended",
            Self::UserInactive => "user_inactive",
            Self::UserLocked => "user_locked",
        }
    }
}
