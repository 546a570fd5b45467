//! What every act is given: the store, the time, randomness, the keys and the directory.

use crate::directory::Directory;
use crate::error::Error;
use crate::gateway::Gateway;
use crate::quota::Limits;
use crate::session::SessionLimits;
use crate::sign_in::sso::{Provider, SsoSettings};
use crate::token::{FailureLimits, TokenService};
use crate::traffic::{Traffic, TrafficLimits};
use crate::usage::Usage;
use futures_util::FutureExt as _;
use ringfence_core::account::Region;
use ringfence_core::audit::AuditEntry;
use ringfence_core::context::{Clock, Random};
use ringfence_core::id::{AccountId, AuditId};
use ringfence_core::key_schedule::KeySchedule;
use ringfence_core::seal::{MasterKey, Purpose, Sealer};
use ringfence_core::secret::DigestKey;
use ringfence_core::time::Timestamp;
use ringfence_store::audit::audit_append;
use ringfence_store::blobs::BlobStore;
use ringfence_store::db::{Db, Tx};
use ringfence_store::feed::{FeedKind, feed_append, feed_lock};
use std::sync::Arc;

/// The context of every act, shared by all of a process.
#[derive(Clone, Debug)]
pub struct Ctx(Arc<Parts>);

/// What a context is made of.
#[derive(Debug)]
pub struct Parts {
    /// The store.
    pub db: Db,
    /// Where recordings and other content lie.
    pub blobs: BlobStore,
    /// The only source of time.
    pub clock: Arc<dyn Clock>,
    /// The only source of randomness.
    pub random: Arc<dyn Random>,
    /// Digests client secrets.
    pub digest_key: DigestKey,
    /// Seals signing keys.
    pub key_sealer: Sealer,
    /// Seals list cursors.
    pub cursor_sealer: Sealer,
    /// Seals shared secrets of authenticator apps.
    pub totp_sealer: Sealer,
    /// Seals steps of a sign-in that a browser carries.
    pub step_sealer: Sealer,
    /// Derives refresh tokens, so that one can be given again without being kept.
    pub refresh_key: DigestKey,
    /// Seals secrets of providers that accounts sign in through.
    pub provider_sealer: Sealer,
    /// Who may do what, in memory.
    pub directory: Directory,
    /// What the token service keeps between requests.
    pub token: TokenService,
    /// Verified tokens and used quotas.
    pub gateway: Gateway,
    /// Uses of credentials, gathered until the next flush.
    pub usage: Usage,
    /// Answered requests, gathered until the next flush.
    pub traffic: Traffic,
    /// The few settings that acts need.
    pub settings: Settings,
}

/// The few settings that acts need.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The outside URL without a slash at the end; issuers and links begin with it.
    pub public_url: String,
    /// Host names by region; a call to one of them must carry a token of that region.
    pub hosts: Vec<(String, Region)>,
    /// Life of an access token, in seconds.
    pub token_ttl_secs: u32,
    /// Clock difference that is forgiven, in seconds; at most 60.
    pub clock_skew_secs: u32,
    /// How long a node serves from its last snapshot, in milliseconds.
    pub max_staleness_ms: u64,
    /// How often a node looks at the feed when nothing wakes it, in milliseconds.
    pub poll_ms: u64,
    /// How many calls may be made.
    pub limits: Limits,
    /// The life cycle of signing keys.
    pub keys: KeySchedule,
    /// How fast failed client authentication is slowed.
    pub failure_limits: FailureLimits,
    /// How long people stay signed in.
    pub session_limits: SessionLimits,
    /// How much is kept of answered requests.
    pub traffic: TrafficLimits,
    /// Providers that people sign in through.
    pub providers: Vec<Provider>,
    /// How providers are spoken with.
    pub sso: SsoSettings,
    /// Tokens of applications.
    pub vbc: VbcSettings,
}

/// How long tokens of applications live, and which of the platform's ways are followed (vbc-api §3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VbcSettings {
    /// Whether applications may be set to the password grant at all.
    pub password_grant: bool,
    /// Whether the password grant gives a token that still lives once more, as the platform does (vbc-api §3.4).
    pub token_reuse: bool,
    /// Life of an access token, in seconds.
    pub access_ttl_secs: u32,
    /// Life of a refresh token that is not used, in seconds.
    pub refresh_idle_secs: u32,
    /// How long a person need not sign in again, in seconds; never extended by use.
    pub refresh_longest_secs: u32,
    /// Life of an authorization code, in seconds.
    pub code_ttl_secs: u32,
    /// For how long an answer that was lost can be had again, in seconds.
    pub retry_window_secs: u32,
    /// Life of an ID token, in seconds.
    pub id_token_ttl_secs: u32,
    /// After how many wrong passwords the password grant is locked for a person.
    pub lockout_failures: u32,
    /// For how long, in seconds, from the last try.
    pub lockout_secs: u32,
    /// How many calls a minute the plan Standard allows an application and suite; `None` for any number.
    pub standard_plan_per_minute: Option<u32>,
    /// In which form the gateway says why it refuses.
    pub fault_form: FaultForm,
}

/// In which form the VBC gateway says why it refuses (vbc-api §4.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum FaultForm {
    /// JSON with everything in `fault`.
    #[default]
    Fault,
    /// JSON without.
    Flat,
    /// XML.
    Xml,
}

impl Default for VbcSettings {
    fn default() -> Self {
        Self {
            password_grant: true,
            token_reuse: true,
            access_ttl_secs: 86_400,
            refresh_idle_secs: 7 * 86_400,
            refresh_longest_secs: 90 * 86_400,
            code_ttl_secs: 60,
            retry_window_secs: 10,
            id_token_ttl_secs: 3_600,
            lockout_failures: 5,
            lockout_secs: 30 * 60,
            standard_plan_per_minute: None,
            fault_form: FaultForm::default(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            hosts: Vec::new(),
            token_ttl_secs: 900,
            clock_skew_secs: 30,
            max_staleness_ms: 60_000,
            poll_ms: 200,
            limits: Limits::default(),
            keys: KeySchedule::default(),
            failure_limits: FailureLimits::default(),
            traffic: TrafficLimits::default(),
            session_limits: SessionLimits::default(),
            providers: Vec::new(),
            sso: SsoSettings::default(),
            vbc: VbcSettings::default(),
        }
    }
}

/// Who does an act, for the audit trail.
#[derive(Clone, Debug)]
pub struct Actor(pub String);

/// What an act did, for feed and audit trail.
#[derive(Debug)]
pub struct Change<'c> {
    /// Which part of the directory changed.
    pub kind: FeedKind,
    /// The account it concerns.
    pub account_id: Option<AccountId>,
    /// What was done: `credential.create`.
    pub act: &'static str,
    /// The id of the thing.
    pub subject: String,
    /// What changed, as JSON, without secrets.
    pub detail: serde_json::Value,
    /// Who did it.
    pub actor: &'c Actor,
}

/// What an act did that concerns no right, for the audit trail alone.
#[derive(Debug)]
pub struct Note<'c> {
    /// The account it concerns.
    pub account_id: Option<AccountId>,
    /// What was done: `session.begin`.
    pub act: &'static str,
    /// The id of the thing.
    pub subject: String,
    /// What else there is to say, as JSON, without secrets.
    pub detail: serde_json::Value,
    /// Who did it.
    pub actor: &'c Actor,
}

impl Ctx {
    /// Puts a context together. The directory is empty until [`crate::directory::follow::load`].
    ///
    /// # Errors
    /// The master key yields no subkeys.
    pub fn new(
        db: Db,
        blobs: BlobStore,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        master: &MasterKey,
        settings: Settings,
    ) -> Result<Self, Error> {
        let digest_key = master.digest_key().map_err(Error::internal)?;
        let key_sealer = master
            .sealer(Purpose::SigningKeys)
            .map_err(Error::internal)?;
        let cursor_sealer = master.sealer(Purpose::Cursors).map_err(Error::internal)?;
        let totp_sealer = master
            .sealer(Purpose::TotpSecrets)
            .map_err(Error::internal)?;
        let step_sealer = master
            .sealer(Purpose::SignInSteps)
            .map_err(Error::internal)?;
        let refresh_key = master.refresh_key().map_err(Error::internal)?;
        let provider_sealer = master
            .sealer(Purpose::ProviderSecrets)
            .map_err(Error::internal)?;
        Ok(Self(Arc::new(Parts {
            db,
            blobs,
            clock,
            random,
            digest_key,
            key_sealer,
            cursor_sealer,
            totp_sealer,
            step_sealer,
            refresh_key,
            provider_sealer,
            directory: Directory::default(),
            gateway: Gateway::new(settings.limits),
            token: TokenService::new(&settings),
            usage: Usage::default(),
            traffic: Traffic::new(settings.traffic),
            settings,
        })))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Writes the lines of a change into feed and audit trail, in the change's own transaction.
    ///
    /// # Errors
    /// The store refused it or broke off.
    pub async fn record(&self, tx: &mut Tx, change: Change<'_>) -> Result<(), Error> {
        feed_append(tx, change.kind, &change.subject, self.now()).await?;
        let note = Note {
            account_id: change.account_id,
            act: change.act,
            subject: change.subject,
            detail: change.detail,
            actor: change.actor,
        };
        self.append(tx, note).await
    }

    /// Writes a line of the audit trail, in the transaction of what it tells.
    ///
    /// # Errors
    /// The store refused it or broke off.
    pub async fn note(&self, tx: &mut Tx, note: Note<'_>) -> Result<(), Error> {
        // The trail's order is that of the feed's lock, also where nothing goes into the feed.
        feed_lock(tx).await?;
        self.append(tx, note).await
    }

    async fn append(&self, tx: &mut Tx, note: Note<'_>) -> Result<(), Error> {
        let at = self.now();
        let entry = AuditEntry {
            id: AuditId::new(at, &*self.random),
            at,
            account_id: note.account_id,
            actor: note.actor.0.clone(),
            act: note.act.into(),
            subject: note.subject,
            detail: note.detail.to_string(),
        };
        audit_append(tx, &entry).await?;
        Ok(())
    }

    /// Commits a change and wakes this process's follower.
    ///
    /// # Errors
    /// The change may not be durable.
    pub async fn commit(&self, tx: Tx) -> Result<(), Error> {
        tx.commit().await?;
        self.directory.wake();
        Ok(())
    }
}

impl std::ops::Deref for Ctx {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Actor {
    /// Somebody with access to the machine.
    #[must_use]
    pub fn command_line() -> Self {
        Self("cli".to_owned())
    }

    /// Ringfence itself, by schedule.
    #[must_use]
    pub fn system() -> Self {
        Self("system".to_owned())
    }
}

/// Runs a task beside everything else. A panic in it is logged under its name, since nobody may be waiting for it.
pub fn spawn<F>(name: &'static str, task: F) -> tokio::task::JoinHandle<Option<F::Output>>
where
    F: Future<Output: Send> + Send + 'static,
{
    #[expect(clippy::disallowed_methods, reason = "this is the named wrapper")]
    tokio::spawn(async move {
        match std::panic::AssertUnwindSafe(task).catch_unwind().await {
            Ok(output) => Some(output),
            Err(_) => {
                tracing::error!(task = name, "a background task panicked and has ended");
                None
            }
        }
    })
}
