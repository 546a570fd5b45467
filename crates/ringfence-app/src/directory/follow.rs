//! How a node keeps up: it loads everything once, then follows the change feed.
//!
//! It is woken in-process and by the database, and looks every [`crate::context::Settings::poll_ms`] anyway.

use super::snapshot::{CredentialRights, KeyEntry, Snapshot, UserRights};
use crate::context::Ctx;
use crate::error::{Error, chain};
use ringfence_core::id::{AccountId, ApplicationId, CredentialId, GrantId, KeyId, TokenId, UserId};
use ringfence_core::jwt::key::{SigningKey, VerifyingKey};
use ringfence_store::credentials::{self, packed};
use ringfence_store::db::{self, Listener, Tx};
use ringfence_store::feed::{CHANNEL, FeedKind, FeedRow, feed_after, feed_head};
use ringfence_store::keys::StoredKey;
use ringfence_store::{accounts, applications, keys, revocations, users};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

const CREDENTIALS_A_PAGE: u32 = 20_000;
const LISTEN_LIMIT: Duration = Duration::from_secs(1);
const LOOK_LIMIT: Duration = Duration::from_secs(8);
const LINES_A_LOOK: u32 = 2_000;
const LOOK_AGAIN_MS: u64 = 10;
const LOOK_AGAIN_PATIENCE: Duration = Duration::from_millis(250);

/// Loads everything and puts it in force.
///
/// # Errors
/// The store cannot be read, or a key cannot be opened with this master key.
pub async fn load(ctx: &Ctx) -> Result<(), Error> {
    let _alone = ctx.directory.read_alone().await;
    load_all(ctx).await
}

async fn load_all(ctx: &Ctx) -> Result<(), Error> {
    let began = ctx.clock.monotonic_ms();
    let mut tx = ctx.db.begin_read().await?;
    let mut next = Snapshot {
        seq: feed_head(&mut tx).await?.seq,
        ..Snapshot::default()
    };
    for account in accounts::account_load_all(&mut tx).await? {
        next.accounts.insert(account.id, Arc::new(account));
    }
    for user in users::user_load_all(&mut tx).await? {
        next.users.insert(user.id, Arc::new(UserRights::from(user)));
    }
    for application in applications::application_load_all(&mut tx).await? {
        next.application_set(application.id, Some(application));
    }
    next = credentials_load(&mut tx, next).await?;
    for token in revocations::revoked_token_load(&mut tx, ctx.now()).await? {
        next.revoked.insert(token.id, token.expires_at);
    }
    for grant in revocations::revoked_grant_load(&mut tx, ctx.now()).await? {
        next.revoked_grants.insert(grant.id, grant.expires_at);
    }
    for key in keys::key_list(&mut tx).await? {
        next.keys.push(Arc::new(key_open(ctx, &key)?));
    }
    ctx.directory.install(next);
    ctx.directory.saw_feed(began);
    Ok(())
}

/// Adds every credential. While the database packs a page, the one before it is read.
async fn credentials_load(tx: &mut Tx, mut next: Snapshot) -> Result<Snapshot, Error> {
    let mut fetched = packed::credential_page(tx, "", CREDENTIALS_A_PAGE).await?;
    while let Some(page) = fetched {
        let after = page.last_id().to_owned();
        let reading = tokio::task::spawn_blocking(move || {
            for credential in page.credentials()? {
                let rights = CredentialRights::from(credential);
                next.credentials.insert(rights.id, Arc::new(rights));
            }
            Ok::<_, db::Error>(next)
        });
        let (following, read) = tokio::join!(
            packed::credential_page(tx, &after, CREDENTIALS_A_PAGE),
            reading
        );
        next = read.map_err(Error::internal)??;
        fetched = following?;
    }
    Ok(next)
}

/// Takes in what the feed holds beyond the snapshot in force. True when something changed.
///
/// # Errors
/// The store cannot be read; the snapshot stays as it was.
pub async fn catch_up(ctx: &Ctx) -> Result<bool, Error> {
    let _alone = ctx.directory.read_alone().await;
    let began = ctx.clock.monotonic_ms();
    let current = ctx.directory.snapshot();
    let mut tx = ctx.db.begin_read().await?;
    let head = feed_head(&mut tx).await?;
    if head.seq == current.seq {
        ctx.directory.saw_feed(began);
        return Ok(false);
    }
    if head.pruned > current.seq || head.seq < current.seq {
        drop(tx);
        load_all(ctx).await?;
        return Ok(true);
    }
    let mut next = Snapshot::clone(&current);
    let mut done = HashSet::new();
    while next.seq < head.seq {
        let lines = feed_after(&mut tx, next.seq, LINES_A_LOOK).await?;
        let Some(last) = lines.last() else {
            break;
        };
        next.seq = last.seq;
        for line in lines {
            // The transaction sees one state, so a thing that changed twice is read once.
            if done.insert((line.kind, line.subject_id.clone())) {
                take_in(ctx, &mut tx, &mut next, &line).await?;
            }
        }
    }
    let now = ctx.now();
    next.revoked.retain(|expires_at| *expires_at > now);
    next.revoked_grants.retain(|expires_at| *expires_at > now);
    ctx.directory.install(next);
    ctx.directory.saw_feed(began);
    Ok(true)
}

/// Looks at the feed for a request that is about to be refused: what it lacks may have been written a moment ago.
///
/// However many ask, a look is made at most every 10 ms, and nobody waits longer than a
/// quarter of a second. True when the snapshot is another one now.
pub async fn look_again(ctx: &Ctx) -> bool {
    let before = ctx.directory.look().seq;
    let asked_ms = ctx.clock.monotonic_ms();
    let look = async {
        let _turn = ctx.directory.ask_in_turn().await;
        let now_ms = ctx.clock.monotonic_ms();
        let age_ms = ctx.directory.staleness_ms(now_ms);
        if age_ms < now_ms.saturating_sub(asked_ms) {
            // Somebody looked while this one waited.
            return;
        }
        if let Some(early_ms) = LOOK_AGAIN_MS.checked_sub(age_ms) {
            tokio::time::sleep(Duration::from_millis(early_ms)).await;
        }
        if let Err(error) = catch_up(ctx).await {
            tracing::debug!(error = %chain(&error), "no second look at the change feed");
        }
    };
    // Whether it was in time shows in the snapshot.
    let _in_time = tokio::time::timeout(LOOK_AGAIN_PATIENCE, look).await;
    ctx.directory.look().seq != before
}

/// Follows the feed until the task is dropped.
pub async fn run(ctx: Ctx) {
    let poll = Duration::from_millis(ctx.settings.poll_ms.max(1));
    let mut listener = None;
    loop {
        if listener.is_none() {
            // Without a listener there is the poll, so nothing waits long for one.
            let listening = tokio::time::timeout(LISTEN_LIMIT, ctx.db.listen(CHANNEL)).await;
            listener = listening.ok().and_then(Result::ok);
        }
        tokio::select! {
            () = ctx.directory.woken() => {}
            () = tokio::time::sleep(poll) => {}
            told = notified(listener.as_mut()) => if told.is_err() {
                listener = None;
            },
        }
        let reason = match tokio::time::timeout(LOOK_LIMIT, catch_up(&ctx)).await {
            Ok(Ok(_)) => continue,
            Ok(Err(error)) => chain(&error),
            // A connection whose other end has vanished never answers.
            Err(_) => "no answer".to_owned(),
        };
        let staleness_ms = ctx.directory.staleness_ms(ctx.clock.monotonic_ms());
        tracing::warn!(error = %reason, staleness_ms, "cannot read the change feed; serving the last snapshot");
        tokio::time::sleep(poll).await;
    }
}

async fn notified(listener: Option<&mut Listener>) -> Result<(), db::Error> {
    match listener {
        Some(listener) => listener.wait().await,
        None => std::future::pending().await,
    }
}

async fn take_in(ctx: &Ctx, tx: &mut Tx, next: &mut Snapshot, line: &FeedRow) -> Result<(), Error> {
    let damaged = || {
        Error::from(db::Error::Corrupt {
            table: "feed",
            row: line.seq.to_string(),
            column: "subject_id",
        })
    };
    match line.kind {
        FeedKind::Account => {
            let id = AccountId::parse(&line.subject_id).map_err(|_| damaged())?;
            match accounts::account_find(tx, id).await? {
                Some(account) => next.accounts.insert(id, Arc::new(account)),
                None => next.accounts.remove(&id),
            };
        }
        FeedKind::User => {
            let id = UserId::parse(&line.subject_id).map_err(|_| damaged())?;
            match users::user_find(tx, id).await? {
                Some(user) => next.users.insert(id, Arc::new(UserRights::from(user))),
                None => next.users.remove(&id),
            };
        }
        FeedKind::Credential => {
            let id = CredentialId::parse(&line.subject_id).map_err(|_| damaged())?;
            match credentials::credential_find(tx, id).await? {
                Some(credential) => next
                    .credentials
                    .insert(id, Arc::new(CredentialRights::from(credential))),
                None => next.credentials.remove(&id),
            };
        }
        FeedKind::Key => {
            let id = KeyId::parse(&line.subject_id).map_err(|_| damaged())?;
            next.keys.retain(|key| key.id != id);
            if let Some(key) = keys::key_find(tx, id).await? {
                next.keys.push(Arc::new(key_open(ctx, &key)?));
            }
        }
        FeedKind::Token => {
            let id = TokenId::parse(&line.subject_id).map_err(|_| damaged())?;
            if let Some(token) = revocations::revoked_token_find(tx, id).await? {
                next.revoked.insert(id, token.expires_at);
            }
        }
        FeedKind::Application => {
            let id = ApplicationId::parse(&line.subject_id).map_err(|_| damaged())?;
            next.application_set(id, applications::application_find(tx, id).await?);
        }
        FeedKind::Grant => {
            let id = GrantId::parse(&line.subject_id).map_err(|_| damaged())?;
            if let Some(grant) = revocations::revoked_grant_find(tx, id).await? {
                next.revoked_grants.insert(id, grant.expires_at);
            }
        }
    }
    Ok(())
}

fn key_open(ctx: &Ctx, key: &StoredKey) -> Result<KeyEntry, Error> {
    let pkcs8 = ctx
        .key_sealer
        .open(key.id.as_bytes(), &key.sealed)
        .map_err(Error::internal)?;
    Ok(KeyEntry {
        signing: SigningKey::from_pkcs8(key.id, key.alg, pkcs8.expose())
            .map_err(Error::internal)?,
        verifying: VerifyingKey::parse(key.id, key.alg, &key.public_key)
            .map_err(Error::internal)?,
        id: key.id,
        alg: key.alg,
        announced_at: key.announced_at,
        active_from: key.active_from,
        retire_at: key.retire_at,
        remove_at: key.remove_at,
        withdrawn_at: key.withdrawn_at,
    })
}
