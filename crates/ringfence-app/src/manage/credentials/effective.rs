//! What a credential can do now: each scope, the content it sees, the rule that cuts what is missing, and who can change
//! that rule.
//!
//! Everything is read from the store in one transaction, so a right taken away shows at once, on every node.

use super::{PersonName, Shown, seen};
use crate::caller::Caller;
use crate::context::Ctx;
use crate::directory::snapshot::UserRights;
use crate::error::Error;
use ringfence_core::account::{Account, AccountStatus};
use ringfence_core::credential::{Credential, Owner};
use ringfence_core::id::{AccountId, CredentialId};
use ringfence_core::interaction::Direction;
use ringfence_core::permission::{PERMISSIONS, Permission, PermissionSet};
use ringfence_core::scope::{Scope, ScopeSet};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{Role, Username};
use ringfence_core::visibility::{Reach, Viewer};
use ringfence_store::credentials::usage::{ScopeUse, scope_uses};
use ringfence_store::db::Tx;
use ringfence_store::interactions::{ContentSearch, content_search_count_to, newest_start};
use ringfence_store::{accounts, users};

/// The days of interactions that are looked at.
pub const WINDOW_DAYS: i64 = 7;
/// Counting stops here.
pub const MOST_COUNTED: u32 = 10_000;
const MOST_ADMINS: u32 = 6;

/// Who can change a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeper {
    /// Who runs the installation.
    Operator,
    /// The admins of the account.
    Admins,
    /// The credential's owner; an admin when it is the account's.
    Owner,
}

/// Why nothing works at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bar {
    /// The account is suspended.
    AccountSuspended,
    /// The owner is archived or gone.
    OwnerArchived,
    /// The owner is locked.
    OwnerLocked,
    /// The credential has run out.
    Expired {
        /// Since when.
        at: Timestamp,
    },
    /// It has no secret that still works.
    NoSecret,
}

/// Why a scope does not work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// The owner's licence does not allow it.
    Licence(Role),
    /// Nothing works.
    Barred(Bar),
}

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

/// The rule that hides interactions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HiddenBy {
    /// *View inbound interaction content* is No.
    Inbound,
    /// *View outbound interaction content* is No.
    Outbound,
    /// Their line is none of the owner's.
    Lines,
    /// No agent who handled them is in a group of the owner's.
    Groups,
    /// They have only screen recordings or IVR audio, whose permission is No.
    Kind,
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

impl Bar {
    /// Who can change it.
    #[must_use]
    pub const fn keeper(self) -> Keeper {
        match self {
            Self::AccountSuspended => Keeper::Operator,
            Self::OwnerArchived | Self::OwnerLocked => Keeper::Admins,
            Self::Expired { .. } | Self::NoSecret => Keeper::Owner,
        }
    }

    /// Its name for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountSuspended => "account_suspended",
            Self::OwnerArchived => "owner_inactive",
            Self::OwnerLocked => "owner_locked",
            Self::Expired { .. } => "credential_expired",
            Self::NoSecret => "no_secret",
        }
    }

    /// What is the matter, in a sentence.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::AccountSuspended => "The account is suspended.",
            Self::OwnerArchived => "The owner is archived.",
            Self::OwnerLocked => "The owner is locked.",
            Self::Expired { .. } => "The credential has expired.",
            Self::NoSecret => "No secret of it still works.",
        }
    }
}

impl Cut {
    /// Who can change it.
    #[must_use]
    pub const fn keeper(self) -> Keeper {
        match self {
            Self::Licence(_) => Keeper::Admins,
            Self::Barred(bar) => bar.keeper(),
        }
    }

    /// Its name for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Licence(_) => "licence",
            Self::Barred(bar) => bar.as_str(),
        }
    }

    /// What is the matter, in a sentence.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Licence(role) => {
                format!(
                    "The owner's {} licence does not allow this scope.",
                    role.as_str()
                )
            }
            Self::Barred(bar) => bar.text().to_owned(),
        }
    }
}

impl HiddenBy {
    /// Its name for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "view_inbound_content",
            Self::Outbound => "view_outbound_content",
            Self::Lines => "lines",
            Self::Groups => "groups",
            Self::Kind => "kind",
        }
    }

    /// The rule, in a sentence.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Inbound => "“View inbound interaction content” is No for the owner.",
            Self::Outbound => "“View outbound interaction content” is No for the owner.",
            Self::Lines => {
                "Their line is none of the owner's, and “Access groups of users' content” is No."
            }
            Self::Groups => {
                "“Access groups of users' content” is Yes, and no agent who handled them is in a group that the owner may reach. An archived agent is in no group."
            }
            Self::Kind => {
                "They have only screen recordings or IVR audio, and “View screen recordings” or “View collected IVR data” is No for the owner."
            }
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

async fn content(
    tx: &mut Tx,
    account: &Account,
    credential: &Credential,
    owner: Option<&UserRights>,
    now: Timestamp,
) -> Result<ContentNow, Error> {
    let all = PermissionSet::from_bits(u16::MAX);
    // An owner who is gone sees nothing.
    let none = (credential.owner != Owner::Account).then_some(PermissionSet::EMPTY);
    let permissions = owner.map_or(none.unwrap_or(all), |owner| owner.permissions);
    let user_id = match credential.owner {
        Owner::Account => None,
        Owner::User(id) => Some(id),
    };
    let viewer = Viewer {
        user_id,
        permissions,
        lines: owner.map_or(&[][..], |owner| &owner.lines),
        groups: owner.map_or(&[][..], |owner| &owner.groups),
    };
    let week = Week::of_account(tx, account.id, now).await?;
    let reach = match viewer.reach() {
        Reach::Account => ReachNow::Account,
        Reach::Lines(_) => ReachNow::Lines(viewer.lines.len()),
        Reach::Groups(_) => ReachNow::Groups(viewer.groups.len()),
    };
    let mut counted = Counted {
        tx,
        base: ContentSearch {
            account_id: account.id,
            viewer,
            from: week.from,
            until: week.until,
            agent: None,
            connect_from: None,
            connect_to: None,
            direction: None,
            line: None,
            kind: None,
            newest_first: false,
        },
        cut_short: false,
    };
    let (mut n_seen, mut hidden) = (0, Vec::new());
    for direction in [Direction::Inbound, Direction::Outbound] {
        n_seen += counted.direction(direction, reach, &mut hidden).await?;
    }
    let now_of = |permission| PermissionNow {
        permission,
        yes: permissions.contains(permission),
    };
    Ok(ContentNow {
        permissions: PERMISSIONS.iter().map(|p| now_of(p.permission)).collect(),
        reach,
        week,
        n_seen,
        hidden,
        cut_short: counted.cut_short,
    })
}

/// Counts what different viewers see, to learn which gate hides the rest.
struct Counted<'t, 'v> {
    tx: &'t mut Tx,
    base: ContentSearch<'v>,
    cut_short: bool,
}

impl Counted<'_, '_> {
    async fn direction(
        &mut self,
        direction: Direction,
        reach: ReachNow,
        hidden: &mut Vec<Hidden>,
    ) -> Result<i64, Error> {
        let all = PermissionSet::from_bits(u16::MAX);
        let viewer = self.base.viewer;
        let whole = Viewer {
            user_id: None,
            permissions: all,
            ..viewer
        };
        // The same reach, every kind: reaching by groups hangs on that permission alone.
        let by_groups = viewer.permissions.contains(Permission::AccessGroupsContent);
        let reaching = if by_groups {
            all
        } else {
            all.without(Permission::AccessGroupsContent)
        };
        let every_kind = Viewer {
            permissions: reaching,
            ..viewer
        };
        let total = self.count(direction, whole).await?;
        let seen = self.count(direction, viewer).await?;
        let mut hide = |by, n_interactions| {
            if n_interactions > 0 {
                hidden.push(Hidden {
                    by,
                    direction,
                    n_interactions,
                });
            }
        };
        let (gate, by_direction) = match direction {
            Direction::Inbound => (Permission::ViewInboundContent, HiddenBy::Inbound),
            Direction::Outbound | Direction::Internal => {
                (Permission::ViewOutboundContent, HiddenBy::Outbound)
            }
        };
        if !viewer.permissions.contains(gate) {
            hide(by_direction, total - seen);
            return Ok(seen);
        }
        let within = self.count(direction, every_kind).await?;
        match reach {
            ReachNow::Account => {}
            ReachNow::Lines(_) => hide(HiddenBy::Lines, total - within),
            ReachNow::Groups(_) => hide(HiddenBy::Groups, total - within),
        }
        hide(HiddenBy::Kind, within - seen);
        Ok(seen)
    }

    async fn count(&mut self, direction: Direction, viewer: Viewer<'_>) -> Result<i64, Error> {
        let search = ContentSearch {
            viewer,
            direction: Some(direction),
            ..self.base
        };
        let n = content_search_count_to(self.tx, &search, MOST_COUNTED).await?;
        self.cut_short |= n >= i64::from(MOST_COUNTED);
        Ok(n)
    }
}
