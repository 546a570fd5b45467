//! What a snapshot holds: as little as deciding needs.

use super::shards::Shards;
use ringfence_core::account::{Account, TokenAlg};
use ringfence_core::application::Application;
use ringfence_core::consumer::ConsumerKey;
use ringfence_core::credential::{Credential, Network, Owner, SecretInfo};
use ringfence_core::id::{
    AccountId, ApplicationId, CredentialId, GrantId, GroupId, KeyId, TokenId, UserId,
};
use ringfence_core::jwt::key::{SigningKey, VerifyingKey};
use ringfence_core::permission::PermissionSet;
use ringfence_core::scope::ScopeSet;
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line, Role, User};
use std::sync::Arc;

/// Who may do what, at one place in the order of changes.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The last change it contains.
    pub seq: i64,
    pub(super) accounts: Shards<AccountId, Arc<Account>>,
    pub(super) users: Shards<UserId, Arc<UserRights>>,
    pub(super) credentials: Shards<CredentialId, Arc<CredentialRights>>,
    pub(super) applications: Shards<ApplicationId, Arc<Application>>,
    pub(super) consumer_keys: Shards<ConsumerKey, ApplicationId>,
    pub(super) revoked: Shards<TokenId, Timestamp>,
    pub(super) revoked_grants: Shards<GrantId, Timestamp>,
    pub(super) keys: Vec<Arc<KeyEntry>>,
}

/// What deciding needs to know of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserRights {
    /// Their id.
    pub id: UserId,
    /// The account they belong to.
    pub account_id: AccountId,
    /// Role and licence.
    pub role: Role,
    /// Not archived.
    pub active: bool,
    /// Locked after too many failed sign-ins.
    pub locked: bool,
    /// Runs the installation.
    pub operator: bool,
    /// Their number as an agent.
    pub agent: Option<AgentNumber>,
    /// The feature permissions in force.
    pub permissions: PermissionSet,
    /// The lines they may reach.
    pub lines: Box<[Line]>,
    /// The groups whose agents' content they may reach: their own and those opened to them.
    pub groups: Box<[GroupId]>,
    /// Tokens of an earlier epoch are refused.
    pub epoch: u32,
}

/// What deciding needs to know of a credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialRights {
    /// Its id, the `client_id`.
    pub id: CredentialId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// Whom it acts for.
    pub owner: Owner,
    /// The scopes it may ask for.
    pub scopes: ScopeSet,
    /// Signature of its tokens where it differs from the account's.
    pub token_alg: Option<TokenAlg>,
    /// Life of its tokens in seconds where it differs from the server's.
    pub token_ttl_secs: Option<u32>,
    /// Tokens of an earlier epoch are refused.
    pub epoch: u32,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Networks it may be used from; empty means any.
    pub networks: Box<[Network]>,
    /// Its live secrets.
    pub secrets: Box<[SecretInfo]>,
}

/// A signing key, parsed once.
#[derive(Debug)]
pub struct KeyEntry {
    /// Its id, the `kid`.
    pub id: KeyId,
    /// What it signs with.
    pub alg: TokenAlg,
    /// Verifies.
    pub verifying: VerifyingKey,
    /// Signs.
    pub signing: SigningKey,
    /// When it was first published.
    pub announced_at: Timestamp,
    /// From when on it signs.
    pub active_from: Timestamp,
    /// From when on it signs no more.
    pub retire_at: Option<Timestamp>,
    /// From when on nothing it signed is accepted.
    pub remove_at: Option<Timestamp>,
    /// When it was withdrawn in an emergency.
    pub withdrawn_at: Option<Timestamp>,
}

impl Snapshot {
    /// The account of that id.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&Arc<Account>> {
        self.accounts.get(&id)
    }

    /// The person of that id.
    #[must_use]
    pub fn user(&self, id: UserId) -> Option<&Arc<UserRights>> {
        self.users.get(&id)
    }

    /// The credential of that id.
    #[must_use]
    pub fn credential(&self, id: CredentialId) -> Option<&Arc<CredentialRights>> {
        self.credentials.get(&id)
    }

    /// The application of that id.
    #[must_use]
    pub fn application(&self, id: ApplicationId) -> Option<&Arc<Application>> {
        self.applications.get(&id)
    }

    /// The application whose keys have that consumer key.
    #[must_use]
    pub fn application_by_key(&self, key: ConsumerKey) -> Option<&Arc<Application>> {
        self.application(*self.consumer_keys.get(&key)?)
    }

    /// Puts an application in, or takes it out, together with its consumer key.
    pub(super) fn application_set(&mut self, id: ApplicationId, now: Option<Application>) {
        let key = |application: &Application| application.keys.as_ref().map(|k| k.consumer_key);
        if let Some(old) = self.applications.remove(&id)
            && let Some(key) = key(&old)
        {
            self.consumer_keys.remove(&key);
        }
        if let Some(application) = now {
            if let Some(key) = key(&application) {
                self.consumer_keys.insert(key, id);
            }
            self.applications.insert(id, Arc::new(application));
        }
    }

    /// Whether what a person allowed was taken back.
    #[must_use]
    pub fn is_grant_revoked(&self, id: GrantId) -> bool {
        self.revoked_grants.get(&id).is_some()
    }

    /// Whether a token was revoked singly.
    #[must_use]
    pub fn is_revoked(&self, id: TokenId) -> bool {
        self.revoked.get(&id).is_some()
    }

    /// The key that verifies tokens naming it, unless it was withdrawn or its time is over.
    #[must_use]
    pub fn verifying_key(&self, id: KeyId, now: Timestamp) -> Option<&VerifyingKey> {
        self.keys
            .iter()
            .find(|k| k.id == id && k.verifies_at(now))
            .map(|k| &k.verifying)
    }

    /// The key that signs now: of those in use, the one that came into use last.
    #[must_use]
    pub fn signing_key(&self, alg: TokenAlg, now: Timestamp) -> Option<&Arc<KeyEntry>> {
        self.keys
            .iter()
            .filter(|k| k.alg == alg && k.signs_at(now))
            .max_by_key(|k| (k.active_from, k.id))
    }

    /// The keys to publish.
    pub fn published_keys(&self, now: Timestamp) -> impl Iterator<Item = &VerifyingKey> {
        self.keys
            .iter()
            .filter(move |k| k.verifies_at(now))
            .map(|k| &k.verifying)
    }

    /// Every key, in any state.
    #[must_use]
    pub fn keys(&self) -> &[Arc<KeyEntry>] {
        &self.keys
    }

    /// How many accounts, users, credentials and revoked tokens it holds.
    #[must_use]
    pub const fn sizes(&self) -> [usize; 4] {
        [
            self.accounts.len(),
            self.users.len(),
            self.credentials.len(),
            self.revoked.len(),
        ]
    }
}

impl KeyEntry {
    /// Whether tokens that name it are accepted.
    #[must_use]
    pub fn verifies_at(&self, now: Timestamp) -> bool {
        self.withdrawn_at.is_none() && self.remove_at.is_none_or(|at| now < at)
    }

    /// Whether it signs new tokens.
    #[must_use]
    pub fn signs_at(&self, now: Timestamp) -> bool {
        self.verifies_at(now) && self.active_from <= now && self.retire_at.is_none_or(|at| now < at)
    }
}

impl From<User> for UserRights {
    fn from(user: User) -> Self {
        let permissions = user.permissions_in_force();
        let mut groups = user.groups;
        groups.extend(user.readable_groups);
        groups.sort_unstable();
        groups.dedup();
        Self {
            id: user.id,
            account_id: user.account_id,
            role: user.role,
            active: user.active,
            locked: user.locked,
            operator: user.operator,
            agent: user.agent,
            permissions,
            lines: user.lines.into(),
            groups: groups.into(),
            epoch: user.epoch,
        }
    }
}

impl From<Credential> for CredentialRights {
    fn from(credential: Credential) -> Self {
        Self {
            id: credential.id,
            account_id: credential.account_id,
            owner: credential.owner,
            scopes: credential.scopes,
            token_alg: credential.token_alg,
            token_ttl_secs: credential.token_ttl_secs,
            epoch: credential.epoch,
            expires_at: credential.expires_at,
            networks: credential.networks.into(),
            secrets: credential.secrets.into(),
        }
    }
}
