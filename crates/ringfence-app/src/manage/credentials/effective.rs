//! What a credential can do now: each scope, the content it sees, the rule that cuts what is missing, and who can change
//! that rule.
//!
//! Everything is read from the store in one transaction, so a right taken away shows at once, on every node.

use super::content::content;
use super::rules::{Bar, Cut, HiddenBy, Keeper};
use super::{PersonName, Shown, seen};
use crate::caller::Caller;
use crate::context::Ctx;
use crate::directory::snapshot::UserRights;
use crate::error::Error;
use ringfence_core::account::{Account, AccountStatus};
use ringfence_core::credential::{Credential, Owner};
use ringfence_core::id::{AccountId, CredentialId};
use ringfence_core::interaction::Direction;
use ringfence_core::permission::Permission;
use ringfence_core::scope::{Scope, ScopeSet};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{Role, Username};
use ringfence_store::credentials::usage::{ScopeUse, scope_uses};
use ringfence_store::db::Tx;
use ringfence_store::interactions::newest_start;
use ringfence_store::{accounts, users};

/// The days of interactions that are looked at.
pub const WINDOW_DAYS: i64 = 7;
/// Counting stops here.
pub const MOST_COUNTED: u32 = 10_000;
const MOST_ADMINS: u32 = 6;

/// A scope that the credential holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScopeNow {
    /// The scope.
    pub scope: Scope,
    /// Why it does not work; `None` when it does.
    pub cut: Option<Cut>,
    /// When it was last in a token that was issued.
    pub issued_at: Option<Timestamp>,
    /// When it last opened a call.
    pub opened_at: Option<Timestamp>,
}

/// A feature permission as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PermissionNow {
    /// The permission.
    pub permission: Permission,
    /// Yes or No.
    pub yes: bool,
}

/// What decides which interactions are within reach, and how much that is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReachNow {
    /// All of the account: an account-level credential.
    Account,
    /// The owner's lines, so many.
    Lines(usize),
    /// The owner's groups, so many.
    Groups(usize),
}

/// Interactions that a rule hides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hidden {
    /// The rule.
    pub by: HiddenBy,
    /// Which way they went.
    pub direction: Direction,
    /// How many.
    pub n_interactions: i64,
}

/// The content a credential sees.
#[derive(Clone, Debug)]
pub struct ContentNow {
    /// The feature permissions.
    pub permissions: Vec<PermissionNow>,
    /// What is within reach.
    pub reach: ReachNow,
    /// The week that was counted.
    pub week: Week,
    /// Interactions with content in the window that it sees.
    pub n_seen: i64,
    /// Those it does not see, by rule.
    pub hidden: Vec<Hidden>,
    /// Whether counting stopped at [`MOST_COUNTED`] somewhere.
    pub cut_short: bool,
}

/// The week in which interactions are counted: the last one, or where that had no call, the last one that had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Week {
    /// Its first instant.
    pub from: Timestamp,
    /// The instant after its last.
    pub until: Timestamp,
    /// It does not reach until now.
    pub is_past: bool,
}

impl Week {
    /// The week that tells most about an account at this moment.
    ///
    /// # Errors
    /// The store broke off.
    pub(super) async fn of_account(
        tx: &mut Tx,
        account_id: AccountId,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let newest = newest_start(tx, account_id, now).await?;
        let last_began = now.plus_secs(-WINDOW_DAYS * 86_400);
        let past = newest.filter(|at| *at < last_began);
        let until = past.map_or(now, |at| at.plus_ms(1));
        Ok(Self {
            from: until.plus_secs(-WINDOW_DAYS * 86_400),
            until,
            is_past: past.is_some(),
        })
    }

    /// The week in a sentence: `the last 7 days`.
    #[must_use]
    pub fn words(self) -> String {
        if self.is_past {
            let until = self.until.to_iso_date();
            format!("the {WINDOW_DAYS} days up to {until} (the latest with calls)")
        } else {
            format!("the last {WINDOW_DAYS} days")
        }
    }
}

/// What a credential can do now.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The credential.
    pub shown: Shown,
    /// Its account.
    pub account: Account,
    /// The owner's licence; `None` for an account-level one, and for an owner who is gone.
    pub licence: Option<Role>,
    /// Why nothing works; empty when something may.
    pub bars: Vec<Bar>,
    /// Each scope it holds.
    pub scopes: Vec<ScopeNow>,
    /// The content it sees where `interaction-content:read` works.
    pub content: ContentNow,
    /// Some admins of the account: user names and names.
    pub admins: Vec<(Username, String)>,
}

/// What a credential that the caller may see can do now.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller may know of.
pub async fn credential_effective(
    ctx: &Ctx,
    caller: &Caller,
    id: CredentialId,
) -> Result<Effective, Error> {
    let mut tx = ctx.db.begin_read().await?;
    effective(ctx, &mut tx, caller, id).await
}

pub(super) async fn effective(
    ctx: &Ctx,
    tx: &mut Tx,
    caller: &Caller,
    id: CredentialId,
) -> Result<Effective, Error> {
    let shown = seen(tx, caller, id).await?;
    let account = accounts::account_find(tx, shown.credential.account_id).await?;
    let account = account.ok_or_else(|| Error::NotFound(format!("credential {id}")))?;
    let owner = match shown.credential.owner {
        Owner::Account => None,
        Owner::User(id) => users::user_find(tx, id).await?.map(UserRights::from),
    };
    let uses = scope_uses(tx, id).await?;
    let now = ctx.now();
    let bars = bars(&account, &shown.credential, owner.as_ref(), now);
    let scopes = scopes(&shown.credential, owner.as_ref(), &bars, &uses);
    let content = content(tx, &account, &shown.credential, owner.as_ref(), now).await?;
    let admins = users::admin_names(tx, account.id, MOST_ADMINS).await?;
    Ok(Effective {
        shown,
        account,
        licence: owner.map(|owner| owner.role),
        bars,
        scopes,
        content,
        admins,
    })
}

impl Effective {
    /// Whether a scope works now.
    #[must_use]
    pub fn works(&self, scope: Scope) -> bool {
        let held = self.scopes.iter().find(|s| s.scope == scope);
        held.is_some_and(|s| s.cut.is_none())
    }

    /// Scopes that were never in a token and never opened a call, once others have been.
    #[must_use]
    pub fn unused_scopes(&self) -> ScopeSet {
        let used = |s: &&ScopeNow| s.issued_at.is_some() || s.opened_at.is_some();
        if !self.scopes.iter().any(|s| used(&s)) {
            return ScopeSet::EMPTY;
        }
        let unused = self.scopes.iter().filter(|s| !used(s));
        unused.map(|s| s.scope).collect()
    }

    /// How many interactions with content of the window it does not see.
    #[must_use]
    pub fn n_hidden(&self) -> i64 {
        self.content.hidden.iter().map(|h| h.n_interactions).sum()
    }

    /// Who can change a rule, by name: `Sam Lee, Ann Ray`.
    #[must_use]
    pub fn keepers(&self, keeper: Keeper) -> String {
        match (keeper, &self.shown.owner) {
            (Keeper::Operator, _) => "whoever runs this installation".to_owned(),
            (Keeper::Owner, Some(PersonName { name, .. })) => name.clone(),
            (Keeper::Owner, None) | (Keeper::Admins, _) => self.admin_names(),
        }
    }

    fn admin_names(&self) -> String {
        let names: Vec<&str> = self.admins.iter().map(|(_, name)| name.as_str()).collect();
        match names.as_slice() {
            [] => "an admin of the account (there is none who can sign in)".to_owned(),
            [one] => format!("{one} (admin)"),
            several => format!("{} (admins)", several.join(", ")),
        }
    }
}

fn bars(
    account: &Account,
    credential: &Credential,
    owner: Option<&UserRights>,
    now: Timestamp,
) -> Vec<Bar> {
    let mut bars = Vec::new();
    if account.status == AccountStatus::Suspended {
        bars.push(Bar::AccountSuspended);
    }
    match (credential.owner, owner) {
        (Owner::Account, _) => {}
        (Owner::User(_), Some(owner)) if owner.active => {
            if owner.locked {
                bars.push(Bar::OwnerLocked);
            }
        }
        (Owner::User(_), _) => bars.push(Bar::OwnerArchived),
    }
    if let Some(at) = credential.expires_at.filter(|at| *at <= now) {
        bars.push(Bar::Expired { at });
    }
    if credential.secrets.iter().all(|s| s.expired(now)) {
        bars.push(Bar::NoSecret);
    }
    bars
}

fn scopes(
    credential: &Credential,
    owner: Option<&UserRights>,
    bars: &[Bar],
    uses: &[ScopeUse],
) -> Vec<ScopeNow> {
    let licence = owner.map(|owner| owner.role);
    let allowed = licence.map_or(credential.scopes, ScopeSet::of_licence);
    let now = |scope| {
        let used = uses.iter().find(|used| used.scope == scope);
        let barred = bars.first().map(|bar| Cut::Barred(*bar));
        let by_licence = licence
            .filter(|_| !allowed.contains(scope))
            .map(Cut::Licence);
        ScopeNow {
            scope,
            cut: by_licence.or(barred),
            issued_at: used.and_then(|used| used.issued_at),
            opened_at: used.and_then(|used| used.opened_at),
        }
    };
    credential.scopes.iter().map(now).collect()
}
